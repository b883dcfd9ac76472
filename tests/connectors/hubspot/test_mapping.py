"""The proposed mappings on records as HubSpot tells them, read over the simulated account."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import RecordError
from connectors.mapping import Mapping
from connectors.systems.hubspot import mappings
from connectors.systems.hubspot.kinds import KINDS, custom
from connectors.systems.hubspot.portal import Account as Portal
from connectors.systems.hubspot.shapes import moment
from tests.connectors.hubspot.simulator import Account
from tests.connectors.hubspot.sources import connect

WHOLE = Portal("1", "STANDARD", "Europe/Berlin", "EUR")
OPENED = datetime(2026, 11, 1, 8, 0, 3, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    """An account with one person and one company."""
    found = Account()
    found.put("contacts", "101", firstname="Zoë")
    found.put("companies", "501", name="Łukasz AG")
    return found


def mapped(account: Account, kind: str, **values: str) -> Any:
    """The canonical record of a record with these values, associated to the two customers."""
    account.put(kind, "901", **values)
    for name in KINDS[kind].to:
        about = {"contacts": "101", "companies": "501"}.get(name)
        if about:
            account.link(kind, "901", name, about)
    connector = connect(account, objects=list(dict.fromkeys([kind, "contacts", "companies"])))
    stream = connector.stream(kind)
    assert stream.default_mapping is not None
    assert stream.default_mapping.problems() == {}
    records = [r for page in connector.read(stream, {}) for r in page.records]
    for record in records:
        assert {name for name in record if name[0] != "_"} <= set(stream.fields)
    return stream.default_mapping.apply(next(r for r in records if r["id"] == "901"))


@pytest.mark.parametrize("account_", [WHOLE, Portal()], ids=["known", "unknown"])
@pytest.mark.parametrize("name", [*KINDS, "pets"])
def test_all_mappings_are_whole(name: str, account_: Portal) -> None:
    kind = KINDS.get(name) or custom(name)
    fields = {**kind.usual, kind.created: "datetime", "createdAt": "datetime"}
    found = mappings.of(kind, fields, account_)
    assert found.problems() == {}
    assert Mapping.from_document(found.document()).document() == found.document()
    assert found.entity == kind.entity


def test_a_contact(account: Account) -> None:
    found = mapped(
        account, "contacts", firstname=" Ana ", lastname="Łukasz", email="Ana@Example.com",
        mobilephone="+49 30 901820", hs_language="pt-br", associatedcompanyid="501",
        jobtitle="Buyer",
    )  # fmt: skip
    assert (found.external_id, found.account_external_id) == ("901", "501")
    assert (found.name, found.email, found.phone) == (
        "Ana Łukasz",
        "ana@example.com",
        "+4930901820",
    )
    assert found.language == "pt-BR"
    assert found.attributes["jobtitle"] == "Buyer"
    assert found.modified_at == OPENED


def test_a_contact_with_little_and_wrong(account: Account) -> None:
    found = mapped(account, "contacts", lastname="Only", email="not an address", phone="ask her")
    assert (found.name, found.email, found.phone) == ("Only", None, None)
    assert found.attributes["email"] == "not an address"
    assert found.attributes["_phone"] == "ask her"


def test_a_company(account: Account) -> None:
    found = mapped(
        account, "companies", name="One", domain="ONE.example", hs_parent_company_id="501",
        annualrevenue="1000000",
    )  # fmt: skip
    assert (found.name, found.domain, found.parent_external_id) == ("One", "one.example", "501")
    assert found.attributes["annualrevenue"] == "1000000"


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"hs_is_closed_won": "true", "hs_is_closed": "true"}, "won"),
        ({"hs_is_closed_won": "false", "hs_is_closed": "true"}, "lost"),
        ({"hs_is_closed_won": "false", "hs_is_closed": "false"}, "open"),
        ({"dealstage": "closedwon"}, "won"),
        ({"dealstage": "closedlost"}, "lost"),
        ({"dealstage": "777"}, "won"),
        ({"dealstage": "778"}, "lost"),
        ({"dealstage": "779"}, "open"),
        ({}, "open"),
    ],
)
def test_the_state_of_a_deal(account: Account, values: dict[str, str], state: str) -> None:
    account.stage("deals", "777", "Signed", isClosed="true", probability="1.0")
    account.stage("deals", "778", "Gone", isClosed="true", probability="0.0")
    account.stage("deals", "779", "Talking", isClosed="false", probability="0.4")
    assert mapped(account, "deals", **values).state == state


def test_a_deal(account: Account) -> None:
    account.stage("deals", "777", "Signed", isClosed="true", probability="1.0")
    found = mapped(
        account, "deals", dealname="Big", dealstage="777", amount="1200.505",
        deal_currency_code="USD", closedate="2026-11-30T23:30:00.000Z",
    )  # fmt: skip
    assert (found.name, found.stage, found.state) == ("Big", "Signed", "won")
    assert (found.amount_minor, found.currency) == (120050, "USD")
    assert (found.contact_external_id, found.account_external_id) == ("101", "501")
    assert found.closes_on == date(2026, 12, 1), "it is the next day in Berlin already"
    assert found.opened_at == OPENED


def test_amounts_without_a_currency_are_in_the_account_s(account: Account) -> None:
    found = mapped(account, "deals", dealname="Big", amount="10")
    assert (found.amount_minor, found.currency) == (1000, "EUR")
    account.hidden.add("account-info/v3/details")
    found = mapped(account, "deals", dealname="Big", amount="10")
    assert (found.amount_minor, found.attributes["amount"]) == (None, "10")


def test_a_ticket(account: Account) -> None:
    account.stage("tickets", "4", "Closed", ticketState="CLOSED")
    found = mapped(
        account, "tickets", subject="It broke", hs_pipeline_stage="4", source_type="EMAIL"
    )
    assert (found.kind, found.channel, found.outcome) == ("support_contact", "email", "Closed")
    assert (found.subject, found.occurred_at) == ("It broke", OPENED)
    assert (found.contact_external_id, found.account_external_id) == ("101", "501")


@pytest.mark.parametrize(
    ("kind", "values", "wanted"),
    [
        ("calls", {"hs_call_title": "Hello", "hs_call_duration": "90500", "hs_call_status": "DONE"},
         ("call", "phone", "Hello", "DONE", 90)),
        ("calls", {"hs_call_duration": "soon"}, ("call", "phone", None, None, None)),
        ("meetings", {"hs_meeting_title": "Demo", "hs_meeting_outcome": "NO_SHOW",
                      "hs_meeting_start_time": "2026-10-01T10:00:00Z",
                      "hs_meeting_end_time": "2026-10-01T10:45:00Z"},
         ("meeting", None, "Demo", "NO_SHOW", 2700)),
        ("emails", {"hs_email_subject": "Re", "hs_email_status": "SENT"},
         ("email", "email", "Re", "SENT", None)),
        ("notes", {"hs_note_body": "<p>Called <b>back</b></p>"},
         ("note", None, "Called back", None, None)),
        ("tasks", {"hs_task_subject": "Call", "hs_task_status": "COMPLETED"},
         ("task", None, "Call", "COMPLETED", None)),
    ],
)  # fmt: skip
def test_engagements(account: Account, kind: str, values: dict[str, str], wanted: Any) -> None:
    found = mapped(account, kind, hs_timestamp="2026-10-01T10:00:00.000Z", **values)
    said = (found.kind, found.channel, found.subject, found.outcome, found.duration_seconds)
    assert said == wanted
    assert found.occurred_at == datetime(2026, 10, 1, 10, tzinfo=UTC)
    assert found.contact_external_id == "101"


def test_an_order(account: Account) -> None:
    found = mapped(
        account, "orders", hs_order_name="#14545", hs_external_order_status="shipped",
        hs_total_price="19.99", hs_currency_code="GBP", hs_source_store="REI - Portland",
        hs_external_created_date="2026-10-05T10:00:00Z",
    )  # fmt: skip
    assert (found.number, found.state, found.channel) == ("#14545", "shipped", "rei - portland")
    assert (found.amount_minor, found.currency) == (1999, "GBP")
    assert found.ordered_at == datetime(2026, 10, 5, 10, tzinfo=UTC)


def test_an_order_without_a_time_of_its_own(account: Account) -> None:
    account.stage("orders", "s1", "Processed")
    found = mapped(account, "orders", hs_pipeline_stage="s1", hs_external_order_id="77")
    assert (found.ordered_at, found.state, found.number) == (OPENED, "Processed".lower(), "77")


@pytest.mark.parametrize(
    ("word", "state"),
    [("draft", "draft"), ("OPEN", "open"), ("overdue", "open"), ("paid", "paid"),
     ("voided", "void")],
)  # fmt: skip
def test_an_invoice(account: Account, word: str, state: str) -> None:
    found = mapped(
        account, "invoices", hs_number="INV-1", hs_invoice_status=word, hs_amount_billed="100.00",
        hs_currency="EUR", hs_invoice_date="1790812800000", hs_due_date="2026-11-15",
        hs_payment_date="2026-10-20",
    )  # fmt: skip
    assert (found.number, found.state) == ("INV-1", state)
    assert (found.amount_minor, found.currency) == (10000, "EUR")
    assert (found.issued_on, found.due_on) == (date(2026, 10, 1), date(2026, 11, 15))
    assert found.paid_on == (date(2026, 10, 20) if state == "paid" else None)


def test_an_invoice_in_an_unknown_state_is_rejected_with_the_reason(account: Account) -> None:
    with pytest.raises(RecordError, match="State"):
        mapped(account, "invoices", hs_invoice_status="haunted", hs_amount_billed="1")


@pytest.mark.parametrize(
    ("word", "state"),
    [("active", "active"), ("past_due", "active"), ("unpaid", "paused"), ("scheduled", "trial"),
     ("paused", "paused"), ("canceled", "ended"), ("expired", "ended")],
)  # fmt: skip
def test_a_subscription(account: Account, word: str, state: str) -> None:
    found = mapped(
        account, "subscriptions", hs_name="Gold", hs_status=word, hs_currency_code="EUR",
        hs_recurring_billing_frequency="monthly", hs_recurring_billing_start_date="2026-01-31",
        hs_next_payment_due_date="2026-11-30", hs_last_payment_amount="49.5",
        hs_recurring_billing_end_date="2026-10-31",
    )  # fmt: skip
    assert (found.name, found.state, found.interval) == ("Gold", state, "month")
    assert (found.started_on, found.renews_on) == (date(2026, 1, 31), date(2026, 11, 30))
    assert (found.amount_minor, found.currency) == (4950, "EUR")
    assert found.ended_on == (date(2026, 10, 31) if state == "ended" else None)
    assert found.attributes["status"] == word


def test_a_rhythm_nobody_has_a_word_for_is_kept_beside(account: Account) -> None:
    values = {"hs_status": "active", "hs_recurring_billing_frequency": "per_two_years"}
    found = mapped(account, "subscriptions", **values)
    assert (found.interval, found.attributes["frequency"]) == (None, "per_two_years")


def test_a_product_and_the_line_of_an_order(account: Account) -> None:
    product = mapped(account, "products", name="Rope", hs_sku="R-1", hs_product_type="inventory")
    assert (product.name, product.number, product.category) == ("Rope", "R-1", "inventory")
    account.put("orders", "801")
    account.link("line_items", "901", "orders", "801")
    line = mapped(
        account, "line_items", name="Rope, 10 m", quantity="2", amount="39.98",
        hs_product_id="901", hs_line_item_currency_code="EUR",
    )  # fmt: skip
    assert (line.order_external_id, line.product_external_id) == ("801", "901")
    assert (line.quantity, line.amount_minor) == (Decimal(2), 3998)


def test_a_survey_response_of_hubspot_s_own(account: Account) -> None:
    found = mapped(
        account, "feedback_submissions", hs_survey_name="After support", hs_survey_type="NPS",
        hs_survey_channel="EMAIL", hs_value="9", hs_sentiment="Promoter",
        hs_submission_timestamp="2026-10-07T12:00:00Z", hs_contact_id="101", hs_content="Fine",
    )  # fmt: skip
    assert (found.kind, found.channel, found.subject) == ("survey", "email", "After support")
    assert (found.outcome, found.contact_external_id) == ("Promoter", "101")
    assert found.attributes["hs_value"] == "9"
    assert found.occurred_at == datetime(2026, 10, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("2026-10-01T10:00:00.123Z", datetime(2026, 10, 1, 10, 0, 0, 123000, tzinfo=UTC)),
        ("2026-10-01T10:00:00Z", datetime(2026, 10, 1, 10, tzinfo=UTC)),
        ("2026-10-01", datetime(2026, 10, 1, tzinfo=UTC)),
        ("1790848800000", datetime(2026, 10, 1, 10, tzinfo=UTC)),
        (1790848800000, datetime(2026, 10, 1, 10, tzinfo=UTC)),
        ("1601011202030", datetime(2020, 9, 25, 5, 20, 2, 30000, tzinfo=UTC)),
        ("-1", datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)),
        ("", None), ("soon", None), (None, None), ([], None), ("9" * 15, None), ("9" * 40, None),
    ],
)  # fmt: skip
def test_times(given: Any, wanted: datetime | None) -> None:
    assert moment(given) == wanted


def test_a_time_in_milliseconds_is_no_compact_date(account: Account) -> None:
    found = mapped(account, "notes", hs_note_body="x", hs_timestamp="1601011202030")
    assert found.occurred_at == datetime(2020, 9, 25, 5, 20, 2, 30000, tzinfo=UTC)
