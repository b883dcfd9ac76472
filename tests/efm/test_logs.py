"""Log lines: JSON, one a line, and nothing secret or personal in any of them."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from efm import log
from efm.config import Config
from efm.web import unit
from efm.web.flask import EfmFlask
from tests.factories import House
from tests.staff_steps import quick_hashes

EMAIL = "canary.person@private-mail.example"
PHONE = "+49 40 555 01234"
PASSWORD = "canary-Passw0rd-that-nobody-guesses"
COMMENT = "canary comment about my divorce"
CANARIES = (EMAIL, "canary.person", PHONE, "555 01234", PASSWORD, "canary!", COMMENT, "divorce")


@pytest.fixture
def lines(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything logged during a test, as in production; afterwards as before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure("json", "debug")
    yield stream
    monkeypatch.undo()
    log.configure(config.log_format, config.log_level)
    root.handlers[:] = handlers
    root.setLevel(level)


def told(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines, each one JSON object."""
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert found, "nothing was logged, so nothing was proved"
    for line in found:
        assert {"event", "level", "timestamp"} <= set(line)
    return found


def clean(stream: io.StringIO, *more: str) -> None:
    """Fail when a canary is in the lines."""
    text = stream.getvalue()
    leaked = [canary for canary in (*CANARIES, *more) if canary in text]
    assert leaked == []


def test_requests_leave_no_canary(
    app: EfmFlask, house: House, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_hashes(monkeypatch)
    client: Any = house.login("owner")
    cookie = client.get_cookie("efm").value
    key = house.api_token("customers.write", "customers.read")
    token = key["Authorization"].split()[-1]
    anybody = app.test_client()
    anybody.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    anybody.post("/forgot-password", data={"email": EMAIL})
    client.get("/search", query_string={"q": EMAIL})
    client.get("/customers", query_string={"q": PHONE})
    client.post(
        "/members",
        data={"csrf_token": client.csrf, "email": EMAIL, "name": COMMENT, "role": "agent"},
    )
    for link in ("s", "join", "new-password"):
        anybody.get(f"/{link}/canaryTokenOfALink123")
    given = {"name": COMMENT, "email": EMAIL, "phone": PHONE}
    reply = anybody.put(f"/api/v1/contacts/external/{EMAIL}", headers=key, json=given)
    assert reply.status_code == 201, reply.text
    anybody.put(
        f"/api/v1/contacts/external/{EMAIL}", headers=key, data=b'{"name": "' + COMMENT.encode()
    )
    found = told(lines)
    assert len([line for line in found if line["event"] == "request.answered"]) >= 10
    assert all(line["request_id"] for line in found if line["event"] == "request.answered")
    clean(lines, cookie, client.csrf, token, "canaryTokenOfALink123", "search?q", "q=")


def test_a_fault_is_told_without_what_was_in_its_hands(
    app: EfmFlask, house: House, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(
            f"could not write to {EMAIL} or call {PHONE}, see /s/canaryTokenOfALink123"
        )

    client = house.login("owner")
    monkeypatch.setattr(unit, "session", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    reply = client.get("/customers")
    assert reply.status_code == 500
    assert EMAIL not in reply.text
    (fault,) = [line for line in told(lines) if "RuntimeError" in json.dumps(line)]
    assert fault["level"] == "error"
    assert fault["request_id"] in reply.text, "the person can name the line"
    clean(lines, "canaryTokenOfALink123")


def test_a_database_error_keeps_its_values(house: House, lines: io.StringIO) -> None:
    from efm.models import Contact

    try:
        with house.unit() as session:
            session.add(Contact(name=COMMENT, email=EMAIL, language="x" * 500))
    except Exception:
        log.get("test").exception("contact.refused")
    (line,) = told(lines)
    assert "StringDataRightTruncation" in line["exception"]
    clean(lines)


@pytest.mark.parametrize(
    "fields",
    [
        {"email": EMAIL},
        {"password": PASSWORD},
        {"new_password": PASSWORD},
        {"api_key": PASSWORD},
        {"metrics_token": PASSWORD},
        {"totp_secret": PASSWORD},
        {"headers": {"Authorization": f"Bearer {PASSWORD}", "Cookie": PASSWORD}},
        {"comment": COMMENT},
        {"text": COMMENT},
        {"phone": PHONE},
        {"error": f"550 no such mailbox {EMAIL}"},
        {"numbers": [PHONE, (f"call {PHONE}",)]},
        {"detail": {"to": {"whom": EMAIL}}},
        {"detail": {"settings": {"client_secret": PASSWORD}}},
        {"detail": {"contact": {"email": EMAIL, "comment": COMMENT}}},
        {"line": f"Authorization: Bearer {PASSWORD}"},
        {"url": "https://feedback.example.org/s/canaryTokenOfALink123?x=1"},
        {"url": "https://feedback.example.org/new-password/canaryTokenOfALink123"},
        {"key": "efm_live_canaryTokenOfALink123"},
        {"url": f"postgresql+psycopg://efm_app:{PASSWORD}@db.example/efm"},
        {"url": "postgresql://efm_app:canary!Passw0rd:that@nobody@db.example/efm"},
        {"url": f"smtp://mailer:{PASSWORD}@mail.example:587"},
    ],
)
def test_fields_are_scrubbed_however_deep(lines: io.StringIO, fields: dict[str, Any]) -> None:
    log.get("test").info("something.happened", **fields)
    (line,) = told(lines)
    assert line["event"] == "something.happened"
    clean(lines, "canaryTokenOfALink123")


def test_other_libraries_write_the_same_lines(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("mail to %s refused", EMAIL)
    try:
        raise ValueError(f"bad value {PHONE}")
    except ValueError:
        logging.getLogger("some.library").exception("failed")
    first, second = told(lines)
    assert first["event"] == "mail to [e-mail] refused"
    assert "ValueError" in second["exception"]
    clean(lines)


def test_what_is_neither_secret_nor_personal_stays(lines: io.StringIO) -> None:
    fields = {
        "request_id": "01a201c73be875538b448c6b0a3f6aeb",
        "organization_id": "01a201c7-3be8-7553-8b44-8c6b0a3f6aeb",
        "status": 200,
        "milliseconds": 4.7,
        "route": "/surveys/<uuid:survey_id>",
        "at": "2026-11-22T06:11:00.263403Z",
        "difference": "+12 points",
    }
    log.get("test").info("request.answered", **fields)
    (line,) = told(lines)
    assert {name: line[name] for name in fields} == fields
