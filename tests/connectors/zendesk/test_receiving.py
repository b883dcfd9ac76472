"""Webhooks of the simulated account: their signature, and what they tell of, fetched as it is now."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConfigError
from connectors.records import Delivery, Page
from connectors.signatures import BadSignature, WebhookRefused
from connectors.systems.zendesk import receiving
from tests.connectors.zendesk.simulator import Account
from tests.connectors.zendesk.sources import SECRET, connect, event, signed


def receive(account: Account, said: Any, **settings: Any) -> dict[str, Page]:
    """The pages of a delivery by their stream."""
    return dict(connect(account, **settings).receive(signed(said)))


def told(found: dict[str, Page]) -> dict[str, tuple[list[str], list[str]]]:
    """The ids of records and of what is gone, by stream."""
    return {
        name: ([str(r["id"]) for r in page.records], list(page.deleted))
        for name, page in found.items()
    }


def test_the_signature_is_of_the_time_and_the_body() -> None:
    """As the vendor describes it: base64(HMACSHA256(TIMESTAMP + BODY))."""
    moment, body = "2021-03-25T05:09:27Z", b'{"say": "hello"}'
    wanted = hmac.new(SECRET.encode(), moment.encode() + body, hashlib.sha256).digest()
    assert receiving.sign(SECRET, moment, body) == base64.b64encode(wanted).decode()
    delivery = Delivery(
        "POST", "https://efm.example/",
        [("x-zendesk-webhook-signature", receiving.sign(SECRET, moment, body)),
         ("x-zendesk-webhook-signature-timestamp", moment)],
        body, datetime(2021, 3, 25, 5, 9, 30, tzinfo=UTC),
    )  # fmt: skip
    receiving.require_signed(delivery, [SECRET])
    with pytest.raises(BadSignature, match="does not fit"):
        receiving.require_signed(replace(delivery, body=b'{"say": "bye"}'), [SECRET])


@pytest.mark.parametrize(
    "moment",
    ["1790000000", "yesterday", "2026-13-45T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "Z"],
)
def test_a_time_that_is_none_is_refused(account: Account, moment: str) -> None:
    good = signed(event("user", "101"))
    signature = receiving.sign(SECRET, moment, good.body)
    headers = [(receiving.TIME, moment), (receiving.SIGNATURE, signature)]
    with pytest.raises(BadSignature, match="holds no time"):
        connect(account).verify(replace(good, headers=headers))


def test_times_may_be_written_with_a_zone_and_fractions(account: Account) -> None:
    good = signed(event("user", "101"))
    now = datetime.now(UTC)
    for moment in (
        now.isoformat(timespec="milliseconds"),
        (now - timedelta(minutes=4)).strftime("%Y-%m-%dT%H:%M:%S.123Z"),
    ):
        signature = receiving.sign(SECRET, moment, good.body)
        headers = [(receiving.TIME, moment), (receiving.SIGNATURE, signature)]
        assert connect(account).verify(replace(good, headers=headers))


def test_several_webhooks_may_have_a_secret_each(account: Account) -> None:
    connector = connect(account, webhook_secret="first second")
    for secret in ("first", "second"):
        assert connector.verify(signed(event("user", "101"), secret))
    with pytest.raises(BadSignature):
        connector.verify(signed(event("user", "101"), "first second"))


def test_without_a_secret_nothing_is_taken(account: Account) -> None:
    connector = connect(account, webhook_secret="")
    with pytest.raises(ConfigError, match="signing secret") as caught:
        connector.verify(signed(event("user", "101"), ""))
    assert "webhook_secret" in caught.value.errors
    assert any("Webhooks are refused" in note for note in connector.check().notes)


def test_an_event_brings_the_record_as_it_is_now(account: Account) -> None:
    account.put("tickets", "1", subject="now", requester_id=101)
    account.metrics["1"] = {"ticket_id": 1, "reopens": 4}
    found = receive(account, event("ticket", "1", "status_changed"))
    assert told(found) == {"tickets": (["1"], [])}
    (ticket,) = found["tickets"].records
    assert (ticket["subject"], ticket["_reopens"]) == ("now", 4)
    assert found["tickets"].state == {}
    (exported,) = (r for p in connect(account).read(connect(account).stream("tickets"), {}) for r in p.records)  # fmt: skip
    assert ticket == exported, "it is the same, however it came"


@pytest.mark.parametrize(
    ("word", "kind"), [("user", "users"), ("organization", "organizations"), ("ticket", "tickets")]
)
def test_what_is_deleted_is_gone(account: Account, word: str, kind: str) -> None:
    account.put(kind, "1", name="x", subject="x", requester_id=101)
    account.delete(kind, "1")
    assert told(receive(account, event(word, "1", "deleted"))) == {kind: ([], ["1"])}
    assert told(receive(account, event(word, "404", "deleted"))) == {kind: ([], ["404"])}


def test_both_records_of_a_merger_are_fetched(account: Account) -> None:
    account.delete("users", "102")
    merged = {**event("user", "101", "merged"), "event": {"user": {"id": "102"}}}
    assert told(receive(account, merged)) == {"users": (["101"], ["102"])}
    slashed = {**merged, "type": "zen:event-type/user.merged"}
    assert told(receive(account, slashed)) == {"users": (["101"], ["102"])}


def test_agents_are_no_contacts_here_either(account: Account) -> None:
    account.put("users", "101", role="agent")
    assert told(receive(account, event("user", "101"))) == {"users": ([], ["101"])}
    found = receive(account, event("user", "101"), takes_agents=True)
    assert told(found) == {"users": (["101"], [])}


def test_a_trigger_says_what_people_wrote(account: Account) -> None:
    account.put("tickets", "1", subject="x", requester_id=101)
    found = receive(account, {"ticket_id": "1", "user_id": 101, "note": "ticket 1 is solved"})
    assert told(found) == {"users": (["101"], []), "tickets": (["1"], [])}


def test_a_trigger_that_says_the_same_again_is_another_delivery(account: Account) -> None:
    connector = connect(account)
    one = signed({"ticket_id": 1})
    moment = (datetime.now(UTC) - timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    headers = [(receiving.TIME, moment),
               (receiving.SIGNATURE, receiving.sign(SECRET, moment, one.body))]  # fmt: skip
    other = replace(one, headers=headers)
    assert connector.verify(one) != connector.verify(other)
    # An event has an id of its own, however often it is sent.
    event_one = signed(event("user", "101"))
    again = replace(event_one, headers=[
        (receiving.TIME, moment), (receiving.SIGNATURE, receiving.sign(SECRET, moment, event_one.body)),
    ])  # fmt: skip
    assert connector.verify(event_one) == connector.verify(again)


def test_events_of_what_is_not_read_are_taken_and_tell_nothing(account: Account) -> None:
    for word in ("article", "community_post", "agent"):
        said = event(word, "5", "published")
        assert connect(account).verify(signed(said))
        assert receive(account, said) == {}


@pytest.mark.parametrize(
    "said",
    [None, 5, "x", [], {}, {"ticket_id": None}, {"ticket_id": "{{ticket.id}}"}, {"ticket_id": "1,2"},
     {"ticket_id": ""}, {"ticket_id": [1]}, {"type": 5}, {"type": "zen:other"}, {"user_id": "a/b"}],
)  # fmt: skip
def test_a_delivery_that_names_nothing_is_refused(account: Account, said: Any) -> None:
    with pytest.raises(WebhookRefused, match="ticket_id"):
        connect(account).verify(signed(said))


def test_a_body_that_is_no_json_is_refused(account: Account) -> None:
    for body in (b"", b"{", b"\xff\xfe", b"<xml/>", b"[" * 100_000):
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers = [(receiving.TIME, moment), (receiving.SIGNATURE, receiving.sign(SECRET, moment, body))]  # fmt: skip
        with pytest.raises(WebhookRefused):
            connect(account).verify(
                Delivery("POST", "https://x/", headers, body, datetime.now(UTC))
            )


@pytest.mark.parametrize(
    "more",
    [{"detail": None}, {"detail": []}, {"detail": {"id": {}}}, {"event": []}, {"event": {"user": 5}},
     {"subject": 5}, {"subject": "zen:user:"}, {"subject": "zen:user:1,2"}, {"id": None}, {"id": []}],
)  # fmt: skip
def test_strange_events_harm_nobody(account: Account, more: dict[str, Any]) -> None:
    said = {**event("user", "101"), **more}
    assert connect(account).verify(signed(said))
    assert set(receive(account, said)) <= {"users"}
    assert all(
        json.dumps(page.state) == "{}" and not page.rejected for page in receive(account, said).values()
    )  # fmt: skip
