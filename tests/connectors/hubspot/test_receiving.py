"""Webhooks of the simulated account: what a delivery tells of is fetched as it is now."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import ConfigError
from connectors.records import Page
from connectors.signatures import BadSignature, WebhookRefused
from tests.connectors.hubspot.simulator import Account
from tests.connectors.hubspot.sources import HOOK, connect, event, signed


def receive(account: Account, *events: Any, **settings: Any) -> dict[str, Page]:
    """The pages of a delivery by their stream."""
    return dict(connect(account, **settings).receive(signed(list(events))))


def told(found: dict[str, Page]) -> dict[str, tuple[list[str], list[str]]]:
    """The ids of records and of what is gone, by stream."""
    return {
        name: ([str(r["id"]) for r in page.records], list(page.deleted))
        for name, page in found.items()
    }


def test_events_of_several_kinds_bring_several_pages(account: Account) -> None:
    account.put("companies", "501", name="One")
    account.put("tickets", "601", subject="Broken")
    account.link("tickets", "601", "contacts", "101")
    found = receive(
        account,
        event("101"), event("101", number=2), event("102", "contact.creation", 3),
        event("501", "company.propertyChange", 4),
        event("601", "object.creation", 5, objectTypeId="0-5"),
        event("777", "conversation.creation", 6),
    )  # fmt: skip
    assert told(found) == {
        "contacts": (["101", "102"], []), "companies": (["501"], []), "tickets": (["601"], [])
    }  # fmt: skip
    assert found["tickets"].records[0]["_contact"] == "101"
    assert all(page.state == {} for page in found.values())


def test_kinds_that_are_not_read_are_passed_over(account: Account) -> None:
    account.put("deals", "201", dealname="one")
    assert receive(account, event("201", "deal.creation"), objects=["contacts"]) == {}


def test_what_is_deleted_erased_or_merged_is_gone(account: Account) -> None:
    account.archive("contacts", "101")
    account.merge("contacts", "103", "104")
    found = receive(
        account,
        event("101", "contact.deletion"),
        event("102", "contact.deletion", 2),
        event("999", "contact.privacyDeletion", 3),
        event("103", "contact.merge", 4, primaryObjectId=103, mergedObjectIds=[104]),
    )
    assert told(found) == {"contacts": (["102", "103"], ["101", "104", "999"])}, (
        "102 was restored since it was deleted"
    )


def test_an_association_concerns_both_ends(account: Account) -> None:
    account.put("deals", "201", dealname="one")
    account.link("deals", "201", "contacts", "105")
    change = event(
        "0", "deal.associationChange", associationType="DEAL_TO_CONTACT", fromObjectId=201,
        toObjectId=105, fromObjectTypeId="0-3", toObjectTypeId="0-1",
    )  # fmt: skip
    del change["objectId"]
    found = receive(account, change)
    assert told(found) == {"deals": (["201"], []), "contacts": (["105"], [])}
    assert found["deals"].records[0]["_contact"] == "105"


def test_other_accounts_tell_nothing(account: Account) -> None:
    assert receive(account, event("101", portalId=1)) == {}


def test_a_repeated_attempt_is_the_same_delivery(account: Account) -> None:
    connector = connect(account)
    first = connector.verify(signed([event("101"), event("102", number=2)]))
    again = [event("102", number=2, attemptNumber=1), event("101", attemptNumber=1)]
    assert connector.verify(signed(again)) == first
    assert connector.verify(signed([event("101")])) != first
    assert connector.verify(signed([event("101", number=7)])) != connector.verify(
        signed([event("101")])
    )


def test_the_address_is_part_of_the_signature(account: Account) -> None:
    delivery = replace(signed([event("101")]), url=HOOK + "&more=1")
    with pytest.raises(BadSignature):
        connect(account).verify(delivery)


def test_two_secrets_may_be_valid(account: Account) -> None:
    connector = connect(account, client_secret="old-secret new-secret")
    for secret in ("old-secret", "new-secret"):
        assert connector.verify(signed([event("101")], secret))
    with pytest.raises(BadSignature):
        connector.verify(signed([event("101")], "old-secret new-secret"))


def test_without_a_secret_nothing_is_taken(account: Account) -> None:
    with pytest.raises(ConfigError, match="signing secret"):
        connect(account, client_secret="").verify(signed([event("101")]))
    notes = connect(account, client_secret="").check().notes
    assert any("client secret" in note for note in notes)


@pytest.mark.parametrize("said", [None, 5, "x", [], {}, [[]], [None], [{"objectId": 1}]])
def test_a_delivery_without_events_is_refused(account: Account, said: Any) -> None:
    with pytest.raises(WebhookRefused):
        connect(account).verify(signed(said))


@pytest.mark.parametrize(
    "more",
    [{"objectId": None}, {"objectId": []}, {"objectId": True}, {"objectId": {"a": 1}},
     {"subscriptionType": 5}, {"subscriptionType": "."}, {"subscriptionType": "object.creation"},
     {"mergedObjectIds": "5"}, {"mergedObjectIds": [None, {}]}, {"portalId": []}],
)  # fmt: skip
def test_strange_events_harm_nobody(account: Account, more: dict[str, Any]) -> None:
    found = receive(account, {**event("101"), **more}, event("102", number=2))
    assert "102" in told(found)["contacts"][0]


def test_many_ids_are_fetched_in_batches(account: Account) -> None:
    for number in range(1000, 1150):
        account.put("contacts", str(number))
    found = receive(account, *(event(str(n), number=n) for n in range(1000, 1150)))
    assert len(found["contacts"].records) == 150
    sizes = [
        len(json.loads(call.content)["inputs"])
        for call in account.calls
        if call.url.path.endswith("contacts/batch/read")
    ]
    assert sizes == [100, 50]
