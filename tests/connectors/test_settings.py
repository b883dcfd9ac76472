"""Settings declared once: forms, masks, sealing and refusals drawn from the schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from marshmallow import Schema, fields, validate, validates_schema

from connectors import registry, settings
from connectors.errors import ConfigError


class Config(Schema):
    """Settings of every kind."""

    token = fields.String(required=True, metadata={"label": "Token", "secret": True, "order": 2})
    url = fields.Url(required=True, metadata={"label": "Address", "help": "Where.", "order": 1})
    mode = fields.String(
        load_default="all", validate=validate.OneOf(["all", "new"], labels=["All", "New ones"])
    )
    depth = fields.Integer(load_default=3, validate=validate.Range(min=1))
    is_fast = fields.Boolean(load_default=True)
    names = fields.List(fields.String(), load_default=lambda: ["a"])
    old_password = fields.String(metadata={"secret": True})

    @validates_schema
    def _fits(self, data: dict[str, Any], **more: Any) -> None:
        if data.get("mode") == "new" and data.get("depth") == 9:
            raise validate.ValidationError("New ones are never that deep.")


GOOD = {"url": "https://example.com", "token": "s3cret"}


def test_the_form_is_drawn_in_order() -> None:
    found = {each.name: each for each in settings.form(Config)}
    assert list(found)[:2] == ["url", "token"]
    assert found["url"].label == "Address"
    assert found["url"].help == "Where."
    assert found["url"].required
    assert (found["token"].secret, found["token"].widget) == (True, "password")
    assert found["mode"].choices == (("all", "All"), ("new", "New ones"))
    assert found["mode"].widget == "select"
    assert (found["depth"].type, found["depth"].widget, found["depth"].default) == (
        "integer",
        "number",
        3,
    )
    assert (found["is_fast"].widget, found["is_fast"].default) == ("checkbox", True)
    assert (found["names"].widget, found["names"].default) == ("lines", ["a"])
    assert found["old_password"].label == "Old password"


def test_loading_fills_defaults_and_ignores_strangers() -> None:
    loaded = settings.load(Config, {**GOOD, "csrf": "x"})
    assert loaded == {**GOOD, "mode": "all", "depth": 3, "is_fast": True, "names": ["a"]}


def test_all_faults_are_told_at_once_beside_their_fields() -> None:
    with pytest.raises(ConfigError) as caught:
        settings.load(Config, {"url": "nonsense", "depth": 0, "names": [1]})
    assert set(caught.value.errors) == {"url", "token", "depth", "names"}
    assert "Address: Not a valid URL." in caught.value.message
    with pytest.raises(ConfigError) as caught:
        settings.load(Config, {**GOOD, "mode": "new", "depth": 9})
    assert caught.value.errors == {"": ["New ones are never that deep."]}


def test_a_refusal_never_repeats_a_secret() -> None:
    class Strict(Schema):
        key = fields.String(metadata={"secret": True}, validate=validate.Length(max=3))

    with pytest.raises(ConfigError) as caught:
        settings.load(Strict, {"key": "very-secret"})
    assert "very-secret" not in caught.value.message
    assert caught.value.__cause__ is None


def test_secrets_are_masked_restored_and_split() -> None:
    full = settings.load(Config, GOOD)
    masked = settings.mask(Config, full)
    assert masked["token"] == settings.MASK
    assert "s3cret" not in json.dumps(masked)
    assert "old_password" not in masked
    assert settings.restore(Config, masked, full) == full
    assert settings.restore(Config, {**masked, "token": ""}, full) == full
    assert settings.restore(Config, {**masked, "token": "new"}, full)["token"] == "new"
    assert "token" not in settings.restore(Config, masked, {})
    plain, secrets = settings.split(Config, full)
    assert secrets == {"token": "s3cret"}
    assert {**plain, **secrets} == full


def test_a_log_line_shows_no_secret_and_no_password_in_an_address() -> None:
    shown = settings.redact(
        Config, {**GOOD, "url": "https://user:pw@example.com", "names": ["x" * 200]}
    )
    assert "s3cret" not in shown
    assert "pw" not in shown
    assert "…@example.com" in shown
    assert len(shown) < 300


def test_what_a_form_posts_is_read() -> None:
    posted = {"url": " https://example.com ", "token": " s ", "names": "a\n\n b \n", "depth": "4"}
    read = settings.read_form(Config, posted)
    assert read == {
        "url": "https://example.com",
        "token": " s ",
        "names": ["a", "b"],
        "depth": "4",
        "is_fast": False,
    }
    assert settings.load(Config, read)["depth"] == 4
    assert settings.read_form(Config, {"is_fast": "on"})["is_fast"] is True


@pytest.mark.parametrize("name", registry.names())
def test_every_installed_connector_can_be_drawn(name: str) -> None:
    kind = registry.get(name)
    form = settings.form(kind.Config)
    assert form
    for each in form:
        assert each.label[0].isupper()
        assert each.label.endswith(tuple("abcdefghijklmnopqrstuvwxyzVE")), each.label
        json.dumps(each.default)
