"""The mappings the streams propose, applied to realistic records of each object."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import RecordError
from connectors.records import Record
from connectors.systems.salesforce.streams import ENTITY_OF
from tests.connectors.salesforce.simulator import Org
from tests.connectors.salesforce.sources import connect

AT = datetime(2026, 1, 1, 12, 0, 2, tzinfo=UTC)
ACCOUNT, PERSON = "001000000000001AAA", "003000000000001AAA"


def mapped(org: Org, name: str, values: Mapping[str, Any], **more: Any) -> Record:
    """The canonical record of one that was put into the org and read."""
    org.data.put(name, f"{name}-1", **values)
    connector = connect(org, **{"objects": ["Visit__c"], **more})
    stream = connector.stream(name)
    assert stream.default_mapping is not None
    assert stream.default_mapping.problems() == {}
    (raw,) = [record for page in connector.read(stream, {}) for record in page.records]
    return stream.default_mapping.apply(raw)


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "Account",
        {"Name": "Acme GmbH", "ParentId": ACCOUNT, "Website": "https://acme.example"},
        {"name": "Acme GmbH", "parent_external_id": ACCOUNT},
    ),
    (
        "Contact",
        {"FirstName": "Zoë", "LastName": "Ünal", "AccountId": ACCOUNT, "Email": "Zoe@Acme.Example",
         "Phone": "+49 30 901820"},
        {"name": "Zoë Ünal", "account_external_id": ACCOUNT, "email": "zoe@acme.example",
         "phone": "+4930901820"},
    ),
    (
        "Contact",
        {"LastName": "X", "Email": "not an address", "Phone": "ask reception"},
        {"name": "X", "email": None, "phone": None},
    ),
    ("Lead", {"LastName": "L", "Name": "Lea L", "Email": "l@x.example"},
     {"name": "Lea L", "email": "l@x.example"}),
    (
        "Case",
        {"ContactId": PERSON, "AccountId": ACCOUNT, "Subject": "Broken", "Origin": "Phone",
         "Status": "Closed"},
        {"contact_external_id": PERSON, "account_external_id": ACCOUNT, "kind": "support_contact",
         "channel": "phone", "subject": "Broken", "outcome": "Closed", "occurred_at": AT},
    ),
    (
        "Task",
        {"WhoId": PERSON, "Subject": "Called", "TaskSubtype": "Call", "Status": "Completed",
         "CallDurationInSeconds": 90},
        {"contact_external_id": PERSON, "kind": "call", "duration_seconds": 90,
         "outcome": "Completed", "occurred_at": AT},
    ),
    ("Task", {"WhoId": PERSON, "TaskSubtype": None}, {"kind": "task"}),
    ("Task", {"WhoId": PERSON, "TaskSubtype": "Cadence"}, {"kind": "cadence"}),
    (
        "Event",
        {"WhoId": PERSON, "Subject": "Demo", "StartDateTime": "2026-02-03T10:00:00.000+0000"},
        {"kind": "meeting", "subject": "Demo",
         "occurred_at": datetime(2026, 2, 3, 10, tzinfo=UTC)},
    ),
    (
        "CampaignMember",
        {"LeadOrContactId": PERSON, "CampaignId": "701", "Status": "Responded"},
        {"contact_external_id": PERSON, "kind": "campaign", "outcome": "Responded"},
    ),
    (
        "Opportunity",
        {"AccountId": ACCOUNT, "ContactId": PERSON, "Name": "Renewal", "StageName": "Closed Won",
         "Amount": 1234.5, "CloseDate": "2026-03-31", "IsClosed": True, "IsWon": True},
        {"state": "won", "stage": "Closed Won", "amount_minor": 123450, "currency": "EUR",
         "closes_on": date(2026, 3, 31), "opened_at": AT, "contact_external_id": PERSON},
    ),
    ("Opportunity", {"AccountId": ACCOUNT, "Name": "x", "IsClosed": True, "IsWon": False},
     {"state": "lost", "amount_minor": None}),
    ("Opportunity", {"AccountId": ACCOUNT, "Name": "x"}, {"state": "open"}),
    (
        "Order",
        {"AccountId": ACCOUNT, "BillToContactId": PERSON, "OrderNumber": "00000100",
         "Status": "Activated", "EffectiveDate": "2026-02-03", "TotalAmount": 10.0},
        {"number": "00000100", "state": "activated", "amount_minor": 1000,
         "ordered_at": datetime(2026, 2, 3, tzinfo=UTC)},
    ),
    (
        "OrderItem",
        {"OrderId": "801", "Product2Id": "01t", "Quantity": 2.5, "TotalPrice": 25.0},
        {"order_external_id": "801", "product_external_id": "01t", "quantity": Decimal("2.5"),
         "amount_minor": 2500},
    ),
    (
        "Contract",
        {"AccountId": ACCOUNT, "ContractNumber": "C-1", "StatusCode": "Activated",
         "StartDate": "2026-01-01", "EndDate": "2026-12-31"},
        {"name": "C-1", "state": "active", "started_on": date(2026, 1, 1),
         "renews_on": date(2026, 12, 31), "ended_on": None},
    ),
    (
        "Contract",
        {"AccountId": ACCOUNT, "StatusCode": "Terminated", "StartDate": "2026-01-01",
         "EndDate": "2026-06-30"},
        {"state": "ended", "ended_on": date(2026, 6, 30)},
    ),
    ("Contract", {"AccountId": ACCOUNT, "StatusCode": "Draft", "StartDate": "2026-01-01"},
     {"state": "paused"}),
    ("Contract", {"AccountId": ACCOUNT, "StatusCode": "Odd", "StartDate": "2026-01-01"},
     {"state": "active"}),
    ("Product2", {"Name": "Pump", "ProductCode": "P-1", "Family": "Pumps"},
     {"name": "Pump", "number": "P-1", "category": "Pumps"}),
    ("Visit__c", {"Name": "V-1", "Contact__c": PERSON},
     {"kind": "visit", "contact_external_id": PERSON, "subject": "V-1", "occurred_at": AT}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values", "expected"), CASES, ids=lambda each: str(each)[:30])
def test_a_record_becomes_canonical(
    org: Org, name: str, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    org.data.now = AT.replace(second=1)
    record = mapped(org, name, values, currency="EUR")
    assert record.external_id == f"{name}-1"
    assert record.modified_at == AT
    assert {key: getattr(record, key) for key in expected} == expected


def test_every_standard_object_has_a_mapping_that_was_tried() -> None:
    assert {name for name, _, _ in CASES} - {"Visit__c"} == set(ENTITY_OF)


def test_what_is_not_mapped_is_kept_as_it_was(org: Org) -> None:
    record = mapped(org, "Contact", {"LastName": "X", "Email": "no address", "EFM_Score__c": 9})
    assert Decimal(record.attributes["EFM_Score__c"]) == 9
    assert record.attributes["Email"] == "no address"


def test_an_org_of_several_currencies_says_which(org: Org) -> None:
    fields = org.data.tables["Opportunity"].fields
    fields["CurrencyIsoCode"] = {**fields["StageName"], "name": "CurrencyIsoCode"}
    values = {"AccountId": ACCOUNT, "Name": "x", "Amount": 5.0, "CurrencyIsoCode": "JPY"}
    record = mapped(org, "Opportunity", values, currency="EUR")
    assert (record.amount_minor, record.currency) == (5, "JPY")  # type: ignore[union-attr]


def test_without_a_currency_an_amount_is_only_kept(org: Org) -> None:
    record = mapped(org, "Opportunity", {"AccountId": ACCOUNT, "Name": "x", "Amount": 5.0})
    assert record.amount_minor is None  # type: ignore[union-attr]
    assert Decimal(record.attributes["Amount"]) == 5


def test_the_country_of_phone_numbers_is_used(org: Org) -> None:
    record = mapped(org, "Contact", {"LastName": "X", "Phone": "020 7946 0958"}, region="GB")
    assert record.phone == "+442079460958"  # type: ignore[union-attr]


def test_what_is_about_nobody_is_rejected_with_its_reason(org: Org) -> None:
    org.data.put("Task", "t1", Subject="x")
    connector = connect(org)
    stream = connector.stream("Task")
    (raw,) = [record for page in connector.read(stream, {}) for record in page.records]
    assert stream.default_mapping is not None
    with pytest.raises(RecordError, match="contact or account"):
        stream.default_mapping.apply(raw)


def test_an_object_about_nobody_proposes_nothing(org: Org) -> None:
    del org.data.tables["Visit__c"].fields["Contact__c"]
    del org.data.tables["OrderItem"].fields["OrderId"]
    connector = connect(org, objects=["Visit__c"])
    assert connector.stream("Visit__c").default_mapping is None
    assert connector.stream("OrderItem").default_mapping is None
