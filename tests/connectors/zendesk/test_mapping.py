"""The proposed mappings on records as Zendesk gives them, and what is derived for them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.canonical import Account as Company
from connectors.canonical import Contact, Interaction, Measurement
from connectors.errors import RecordError
from connectors.systems.zendesk import shapes
from connectors.systems.zendesk.kinds import KINDS
from tests.connectors.zendesk.simulator import Account
from tests.connectors.zendesk.sources import connect, pages

ALL = tuple(KINDS)


def one(account: Account, stream: str, key: str = "1") -> Any:
    """The canonical record of a record, by the stream's own mapping."""
    connector = connect(account)
    mapping = connector.stream(stream).default_mapping
    assert mapping is not None
    found = (r for p in pages(account, stream) for r in p.records)
    return mapping.apply(next(r for r in found if str(r["id"]) == key))


@pytest.mark.parametrize("stream", ALL)
def test_the_proposals_are_complete(account: Account, stream: str) -> None:
    offered = connect(account).stream(stream)
    assert offered.default_mapping is not None
    for mapping in (offered.default_mapping, *offered.more_mappings):
        assert mapping.problems() == {}
        for line in mapping.fields:
            name = line.source
            assert not name or name.startswith("_") or name in offered.fields, name


def test_a_user_is_a_contact(account: Account) -> None:
    account.define("user_fields", "tier")
    account.put(
        "users", "1", name="Ann Ólafs", email="Ann@Acme.example", phone="+44 20 7946 0958",
        organization_id=9, locale="pt-br", user_fields={"tier": "gold"}, tags=["vip"],
    )  # fmt: skip
    made = one(account, "users")
    assert isinstance(made, Contact)
    assert (made.external_id, made.account_external_id, made.name) == ("1", "9", "Ann Ólafs")
    assert (made.email, made.phone, made.language) == (
        "ann@acme.example", "+442079460958", "pt-BR",
    )  # fmt: skip
    assert made.modified_at == datetime.fromtimestamp(account.now, UTC)
    assert made.attributes["user_fields.tier"] == "gold"
    assert made.attributes["tags"] in (["vip"], '["vip"]')


def test_what_is_no_address_is_kept_as_an_attribute(account: Account) -> None:
    account.put("users", "1", name="x", email="nobody at acme", phone="ext. 7", locale="en-US")
    made = one(account, "users")
    assert (made.email, made.phone) == (None, None)
    assert made.attributes["email"] == "nobody at acme"
    assert made.attributes["phone"] == "ext. 7"


def test_an_organization_is_an_account(account: Account) -> None:
    account.put("organizations", "1", name="Contoso", domain_names=["Contoso.COM", "contoso.de"])
    account.put("organizations", "2", name="Nameless", domain_names=[])
    made = one(account, "organizations")
    assert isinstance(made, Company)
    assert (made.external_id, made.name, made.domain) == ("1", "Contoso", "contoso.com")
    assert one(account, "organizations", "2").domain is None


def test_a_ticket_is_an_interaction(account: Account) -> None:
    account.define("ticket_fields", "27642", "tagger")
    account.put("users", "8", name="Grace", role="agent")
    account.put(
        "tickets", "1", subject="Printer on fire", requester_id=101, organization_id=9,
        assignee_id=8, status="closed", type="question", priority="high",
        via={"channel": "voice"}, custom_fields=[{"id": 27642, "value": "billing"}],
        satisfaction_rating={"id": 5, "score": "bad", "comment": "slow"},
    )  # fmt: skip
    account.metrics["1"] = {
        "ticket_id": 1, "reopens": 1, "reply_time_in_minutes": {"calendar": 3},
        "full_resolution_time_in_minutes": {"calendar": 60},
    }  # fmt: skip
    made = one(account, "tickets")
    assert isinstance(made, Interaction)
    assert (made.external_id, made.contact_external_id, made.account_external_id) == (
        "1", "101", "9",
    )  # fmt: skip
    assert (made.kind, made.channel, made.outcome) == ("support_contact", "phone", "closed")
    assert made.subject == "Printer on fire"
    assert made.duration_seconds == 3600
    assert made.occurred_at == datetime.fromtimestamp(account.now, UTC)
    known = {name: made.attributes[name] for name in ("owner", "satisfaction", "priority")}
    assert known == {"owner": "Grace", "satisfaction": "bad", "priority": "high"}
    assert str(made.attributes["first_reply_minutes"]) == "3"
    assert made.attributes["ticket_field_27642"] == "billing"


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (None, "support_contact"), ("question", "support_contact"), ("incident", "complaint"),
        ("problem", "complaint"), ("task", "task"), ("Wish", "wish"),
    ],
)  # fmt: skip
def test_the_type_tells_the_kind(account: Account, kind: str | None, word: str) -> None:
    account.put("tickets", "1", subject="s", requester_id=101, type=kind)
    made = one(account, "tickets")
    assert made.kind.lower() == word


@pytest.mark.parametrize(
    ("via", "channel"),
    [
        ({"channel": "email"}, "email"), ({"channel": "web"}, "web"), ({"channel": "api"}, "api"),
        ({"channel": "native_messaging"}, "chat"), ({"channel": "twitter_dm"}, "social"),
        ({"channel": "carrier_pigeon"}, "carrier_pigeon"), ({"channel": 33}, "33"),
        ({"channel": "x" * 99}, "x" * 60), ({}, None), ({"channel": None}, None), ("web", None),
    ],
)  # fmt: skip
def test_channels_are_plain_words(account: Account, via: Any, channel: str | None) -> None:
    account.put("tickets", "1", subject="s", requester_id=101, via=via)
    assert one(account, "tickets").channel == channel


@pytest.mark.parametrize(
    ("status", "metrics", "seconds"),
    [
        ("open", {"full_resolution_time_in_minutes": {"calendar": 5}}, None),
        ("solved", {"full_resolution_time_in_minutes": {"calendar": 5}}, 300),
        ("closed", {"full_resolution_time_in_minutes": {"calendar": 0}}, 0),
        ("solved", {"full_resolution_time_in_minutes": {"calendar": None}}, None),
        ("solved", {"full_resolution_time_in_minutes": {"calendar": -1}}, None),
        ("solved", {"full_resolution_time_in_minutes": {"calendar": True}}, None),
        ("solved", {"full_resolution_time_in_minutes": {"calendar": 10**12}}, None),
        ("solved", {"full_resolution_time_in_minutes": 5}, None),
        ("solved", {"reopens": "many"}, None),
        ("solved", [1], None),
    ],
)
def test_how_long_a_ticket_took(status: str, metrics: Any, seconds: int | None) -> None:
    record = {"id": 1, "status": status, "metric_set": metrics}
    made = shapes.complete(record, KINDS["tickets"], dict)
    assert made.get("_duration") == seconds


def test_a_rating_is_a_survey_and_a_number(account: Account) -> None:
    said = "Far  too\nslow " + "x" * 5000
    account.put(
        "satisfaction_ratings", "1", score="bad", comment=said, requester_id=101, ticket_id=7,
        reason="It took too long",
    )  # fmt: skip
    made = one(account, "satisfaction_ratings")
    assert isinstance(made, Interaction)
    assert (made.kind, made.outcome, made.contact_external_id) == ("survey", "bad", "101")
    assert made.subject == " ".join(said.split())[:200]
    assert made.attributes["comment"] == said
    (csat,) = connect(account).stream("satisfaction_ratings").more_mappings
    (page,) = pages(account, "satisfaction_ratings")
    number = csat.apply(page.records[0])
    assert isinstance(number, Measurement)
    assert (number.external_id, number.metric, number.value) == ("1:csat", "csat", Decimal(0))
    assert number.measured_on == datetime.fromtimestamp(account.now, UTC).date()
    assert isinstance(number.measured_on, date)


@pytest.mark.parametrize(
    ("score", "value"), [("good", "1"), ("bad", "0"), ("good_with_comment", "1"), ("offered", None)]
)
def test_scores_as_numbers(score: str, value: str | None) -> None:
    made = shapes.complete({"id": 1, "score": score}, KINDS["satisfaction_ratings"], dict)
    assert made.get("_value") == value


def test_a_record_without_a_customer_is_rejected_with_a_reason(account: Account) -> None:
    account.put("tickets", "1", subject="s", requester_id=None)
    with pytest.raises(RecordError, match="contact or account"):
        one(account, "tickets")
