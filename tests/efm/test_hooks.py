"""Webhooks from outside: judged, kept once, answered at once, taken in afterwards, forgotten in time."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from connectors.errors import ConfigError, Transient
from connectors.signatures import sign_standard
from connectors.systems.webhook.connector import Webhook
from efm import clock
from efm.config import Config
from efm.jobs.load import load_registry
from efm.models import Delivery, Interaction
from efm.sync import connections, hooks
from efm.vault import Vault
from tests.efm.connected import post, words
from tests.factories import House

SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()
REVIEW = {
    "id": "r1", "customer": "c1", "kind": "review", "occurred_at": "2026-05-01T10:00:00Z",
    "subject": "Came late", "modified_at": "2026-05-01T10:00:00Z",
}  # fmt: skip


@dataclass
class Line:
    """A connection that is only called, its one kind of delivery mapped."""

    house: House
    config: Config
    connection_id: uuid.UUID
    url: str

    def call(
        self, body: Any, *, name: str = "d1", secret: str = SECRET, url: str = ""
    ) -> TestResponse:
        """A delivery as the sender signs it."""
        content = json.dumps(body).encode() if not isinstance(body, bytes) else body
        headers = sign_standard(secret, name, clock.now(), content)
        path = (url or self.url).removeprefix(self.config.public_url)
        return self.house.app.test_client().post(
            path, data=content, headers={**headers, "Content-Type": "application/json"}
        )

    def work(self) -> None:
        """Take in what waits, as the job does."""
        for each in self.kept("waiting"):
            hooks.take(self.house.engine, self.config, self.house.id, each.id, clock.now())

    def kept(self, state: str | None = None) -> list[Delivery]:
        """The calls that are kept."""
        with self.house.unit() as session:
            query = select(Delivery).order_by(Delivery.id)
            query = query.where(Delivery.state == state) if state else query
            return list(session.scalars(query))

    def subjects(self) -> list[str]:
        """What customers are known to have done."""
        with self.house.unit() as session:
            return list(
                session.scalars(select(Interaction.subject).order_by(Interaction.external_id))
            )


@pytest.fixture
def line(house: House, config: Config) -> Line:
    vault = Vault(config.secret_key)
    given = {
        "secret": SECRET,
        "streams": ["review"],
        "key": "id",
        "sample": json.dumps({"data": REVIEW}),
    }
    with house.unit() as session:
        made = connections.create(session, vault, "webhook", "Reviews", given, clock.now())
        connector = connections.open_connector(config, vault, made)
        stream = connector.stream("review")
        connections.enable(
            session, made, stream.name, connections.proposed(stream), now=clock.now()
        )
        return Line(house, config, made.id, hooks.url_of(config, vault, made))


def event(**more: Any) -> dict[str, Any]:
    return {"type": "review", "data": {**REVIEW, **more}}


def test_a_call_is_kept_answered_and_taken_in(line: Line) -> None:
    assert line.call(event()).status_code == 204
    (kept,) = line.kept()
    assert (kept.state, kept.name) == ("waiting", "d1")
    assert kept.call is not None
    assert b"Came late" not in kept.call, "sealed at rest"
    assert line.subjects() == []
    line.work()
    assert line.subjects() == ["Came late"]
    assert [(each.state, each.read) for each in line.kept()] == [("taken", 1)]


def test_a_call_twice_is_one(line: Line) -> None:
    for _ in range(2):
        assert line.call(event()).status_code == 204
        line.work()
    assert len(line.kept()) == 1
    assert line.subjects() == ["Came late"]


def test_a_late_call_does_not_undo_a_newer_one(line: Line) -> None:
    newer = event(subject="Came after all", modified_at="2026-05-02T10:00:00Z")
    line.call(newer, name="d2")
    line.work()
    line.call(event(), name="d1")
    line.work()
    assert line.subjects() == ["Came after all"]


def test_what_is_not_signed_is_refused_and_not_kept(line: Line) -> None:
    other = "whsec_" + base64.b64encode(b"y" * 32).decode()
    assert line.call(event(), secret=other).status_code == 401
    path = line.url.removeprefix(line.config.public_url)
    client = line.house.app.test_client()
    assert client.post(path, json=event()).status_code == 401
    assert client.post(path, data=b"x" * (1024 * 1024 + 1)).status_code == 413
    assert line.kept() == []


@pytest.mark.parametrize("token", ["x", "", "AAAA.BBBB", "%00", "é", "a" * 500, "a.b.c"])
def test_a_made_up_address_is_nothing(house: House, token: str) -> None:
    assert house.app.test_client().post(f"/hooks/{token}", data=b"{}").status_code in (404, 405)


def test_an_address_of_one_house_opens_no_other(line: Line, stranger: House) -> None:
    both, _, proof = line.url.rpartition("/")[2].partition(".")
    raw = bytearray(base64.urlsafe_b64decode(both + "=="))
    raw[:16] = stranger.id.bytes
    forged = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    assert (
        line.call(event(), url=f"{line.config.public_url}/hooks/{forged}.{proof}").status_code
        == 404
    )


def test_a_connection_that_is_gone_takes_nothing(line: Line) -> None:
    with line.house.unit() as session:
        session.delete(connections.get(session, line.connection_id))
    assert line.call(event()).status_code == 404


def test_looking_at_the_address_changes_nothing(line: Line) -> None:
    path = line.url.removeprefix(line.config.public_url)
    assert line.house.app.test_client().get(path).status_code == 405


def test_what_cannot_be_used_is_rejected_with_its_reason(line: Line) -> None:
    line.call(event(occurred_at="soon"))
    line.work()
    assert line.subjects() == []
    page = words(line.house.login("crm_admin").get(f"/connections/{line.connection_id}"))
    assert "1 rejected" in page or "Rejected 1" in page


@pytest.mark.parametrize(
    "body", [b"not json", b"[" * 100_000, b'{"type": "other"}', b"{}", b"null"]
)
def test_any_body_that_is_signed_is_answered(line: Line, body: bytes) -> None:
    assert line.call(body).status_code in (204, 400)
    line.work()
    assert line.subjects() == []


def test_a_fault_is_tried_again_and_in_the_end_told(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.call(event())

    def broken(*_: Any) -> Any:
        raise Transient("The source is not well.")
        yield

    monkeypatch.setattr(Webhook, "receive", broken)
    with pytest.raises(Transient):
        line.work()
    (kept,) = line.kept("waiting")
    with line.house.unit() as session:
        hooks.give_up(session, kept.id, "The source is not well.", clock.now())
    client = line.house.login("crm_admin")
    page = words(client.get(f"/connections/{line.connection_id}"))
    assert "Failed The source is not well." in page
    monkeypatch.undo()
    post(client, f"/connections/{line.connection_id}/deliveries")
    line.work()
    assert line.subjects() == ["Came late"]


def test_what_an_admin_must_mend_is_told(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.call(event())

    def refused(*_: Any) -> Any:
        raise ConfigError("The secret is gone; enter it again.")
        yield

    monkeypatch.setattr(Webhook, "receive", refused)
    line.work()
    (kept,) = line.kept()
    assert (kept.state, kept.message) == ("failed", "The secret is gone; enter it again.")


def test_the_address_is_shown_to_who_sets_it_up(line: Line) -> None:
    page = line.house.login("crm_admin").get(f"/connections/{line.connection_id}").text
    assert line.url in page
    assert "No call came yet." in page
    assert SECRET not in page


def test_fields_are_mapped_from_what_came(line: Line) -> None:
    line.call(event(color="blue"))
    client = line.house.login("crm_admin")
    page = client.get(f"/connections/{line.connection_id}/fields?stream=review")
    assert "blue" in page.text


def test_calls_are_forgotten_in_time(line: Line) -> None:
    line.call(event())
    line.work()
    now = clock.now()
    for days, calls, rows in ((6, 1, 1), (8, 0, 1), (91, 0, 0)):
        with line.house.unit() as session:
            hooks.forget(session, now + timedelta(days=days))
        kept = line.kept()
        assert (len([each for each in kept if each.call]), len(kept)) == (calls, rows)


def test_the_job_takes_it_in(line: Line) -> None:
    line.call(event())
    registry = load_registry(line.config)
    assert {"sync.receive", "sync.forget"} <= set(registry.jobs)
    with line.house.unit() as session:
        args = session.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'sync.receive'"
                 " AND status = 'todo' ORDER BY id DESC LIMIT 1")
        ).scalar_one()  # fmt: skip
    assert args["delivery_id"] == str(line.kept()[0].id)
