"""The proposed mappings on realistic records: from Siebel's texts to the canonical records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.entities import ENTITIES
from connectors.systems.siebel.config import Component
from connectors.systems.siebel.described import Described
from connectors.systems.siebel.kinds import ACTIONS, KINDS
from connectors.systems.siebel.streams import complete, make
from connectors.systems.siebel.times import Times

TIMES = Times("mm/dd/yyyy", "America/New_York")
CONFIG = {"reread_days": 7, "gone": [], "currency": "", "region": "US"}
STAMPS = {"Created": "11/20/2026 08:00:00", "Updated": "11/22/2026 09:30:00"}
CHANGED = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


def described(name: str, record: dict[str, str], child: str = "") -> Described:
    component = KINDS[name].components[0] if name in KINDS else Component(name, name)
    if child:
        component = Component("Order Entry (Sales)", "Order Entry - Orders", child)
    return Described(component, {"Id": "text", **dict.fromkeys(record, "text")})


def mapped(name: str, record: dict[str, str], entity: str = "", **config: Any) -> Any:
    """The canonical record of a raw one, by the mapping its stream proposes."""
    stream = make(name, described(name, record), TIMES, {**CONFIG, **config}, entity)
    assert stream.default_mapping is not None, name
    assert stream.default_mapping.problems() == {}
    return stream.default_mapping.apply(complete(name, dict(record), TIMES))


def test_an_account() -> None:
    found = mapped("Account", {
        "Id": "1-6", "Name": "3Com", "Location": "HQ", "Home Page": "https://www.3Com.example/en",
        "Parent Account Id": "1-5", "Account Status": "Active", **STAMPS,
    })  # fmt: skip
    assert (found.external_id, found.name, found.domain) == ("1-6", "3Com", "3com.example")
    assert found.parent_external_id == "1-5"
    assert found.modified_at == CHANGED
    assert found.attributes["Account Status"] == "Active"
    assert "_domain" not in found.attributes


@pytest.mark.parametrize(
    ("page", "domain"),
    [("www.acme.example", "acme.example"), ("acme", None), ("http://[", None), ("", None),
     ("mailto:a b", None), ("ACME.example:8080/x", "acme.example")],
)  # fmt: skip
def test_a_home_page_becomes_a_domain(page: str, domain: str | None) -> None:
    assert mapped("Account", {"Id": "1", "Name": "a", "Home Page": page}).domain == domain


def test_a_contact() -> None:
    found = mapped("Contact", {
        "Id": "0CR-1MF5Z6", "First Name": "Zoë", "Middle Name": "", "Last Name": "O'Neil",
        "Email Address": "Zoe@Example.com", "Cellular Phone #": "", "Work Phone #": "2015550123",
        "Account Id": "1-6", "Preferred Language Code": "DEU", **STAMPS,
    })  # fmt: skip
    assert (found.name, found.email, found.language) == ("Zoë O'Neil", "zoe@example.com", "de")
    assert (found.account_external_id, found.modified_at) == ("1-6", CHANGED)


def test_what_of_a_contact_cannot_be_read_is_kept_beside_it() -> None:
    found = mapped("Contact", {
        "Id": "1", "Last Name": "x", "First Name": "", "Email Address": "none",
        "Cellular Phone #": "ext 5", "Preferred Language Code": "XYZ",
    })  # fmt: skip
    assert (found.name, found.email, found.phone, found.language) == ("x", None, None, None)
    assert found.attributes["Email Address"] == "none"


def test_a_service_request() -> None:
    found = mapped("Service Request", {
        "Id": "1-SR", "SR Number": "1-123", "Abstract": "No signal", "Status": "Closed",
        "Area": "Network", "Source": "Phone", "Contact Id": "1-C", "Account Id": "1-A", **STAMPS,
    })  # fmt: skip
    assert (found.kind, found.channel, found.touchpoint) == ("support_contact", "phone", "Network")
    assert (found.subject, found.outcome) == ("No signal", "Closed")
    assert found.occurred_at == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert (found.contact_external_id, found.account_external_id) == ("1-C", "1-A")


@pytest.mark.parametrize(
    ("stage", "state"),
    [("08 - Closed/Won", "won"), ("Closed - Lost", "lost"), ("05 - Short List", "open"), ("", "open")],
)  # fmt: skip
def test_an_opportunity(stage: str, state: str) -> None:
    found = mapped("Opportunity", {
        "Id": "1-O", "Name": "100 phones", "Sales Stage": stage, "Account Id": "1-A",
        "Key Contact Id": "1-C", "Primary Revenue Amount": "1200.50", "Currency Code": "USD",
        "Primary Revenue Close Date": "12/31/2026", **STAMPS,
    })  # fmt: skip
    assert (found.state, found.stage) == (state, stage or None)
    assert (found.amount_minor, found.currency) == (120050, "USD")
    assert found.closes_on == date(2026, 12, 31)
    assert (found.contact_external_id, found.account_external_id) == ("1-C", "1-A")


def test_an_order_and_its_lines() -> None:
    order = mapped("Order", {
        "Id": "1-O", "Order Number": "77", "Status": "Submitted", "Order Date": "11/21/2026 23:30:00",
        "Order Total": "19.999", "Currency Code": "EUR", "Account Id": "1-A", **STAMPS,
    })  # fmt: skip
    assert (order.number, order.state, order.amount_minor, order.currency) == ("77", "submitted", 2000, "EUR")  # fmt: skip
    assert order.ordered_at == datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
    record = {"Id": "1-L", "Product Id": "1-P", "Product": "Phone", "Quantity Requested": "2.5",
              "Net Price": "10", "Currency Code": "", **STAMPS}  # fmt: skip
    stream = make("Order line", described("Order line", record, "Order Entry - Line Items"), TIMES,
                  {**CONFIG, "currency": "GBP"})  # fmt: skip
    assert stream.default_mapping is not None
    line: Any = stream.default_mapping.apply({**record, "_parent_id": "1-O"})
    assert (line.order_external_id, line.product_external_id) == ("1-O", "1-P")
    assert (line.quantity, line.amount_minor, line.currency) == (Decimal("2.5"), 1000, "GBP")


@pytest.mark.parametrize(
    ("type_", "kind"), [*list(ACTIONS.items())[:4], ("Demonstration", "demonstration"), ("", "activity")]
)  # fmt: skip
def test_an_activity(type_: str, kind: str) -> None:
    found = mapped("Activity", {
        "Id": "1-T", "Type": type_, "Description": "Asked for a price", "Status": "Done",
        "Primary Contact Id": "1-C", "Planned": "12/24/2026 10:00:00", "Started": "",
        "Done": "11/21/2026 10:00:00", **STAMPS,
    })  # fmt: skip
    assert found.kind == kind
    assert found.occurred_at == datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    assert (found.subject, found.outcome) == ("Asked for a price", "Done")


def test_what_is_only_planned_has_not_happened() -> None:
    found = mapped("Activity", {
        "Id": "1-T", "Type": "Call", "Planned": "12/24/2026 10:00:00", "Account Id": "1", **STAMPS,
    })  # fmt: skip
    assert found.occurred_at == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)


def test_agreements_assets_invoices_and_products() -> None:
    agreement = mapped("Agreement", {
        "Id": "1", "Name": "Gold", "Agreement Status": "Current", "Account Id": "1-A",
        "Agreement Start Date": "01/31/2026", "Agreement End Date": "01/31/2027",
    })  # fmt: skip
    assert (agreement.state, agreement.started_on) == ("active", date(2026, 1, 31))
    assert agreement.renews_on == date(2027, 1, 31)
    asset = mapped("Asset", {
        "Id": "1", "Product Name": "Router", "Status": "Inactive", "Contact Id": "1-C",
        "Install Date": "", "Start Date": "02/01/2026 00:00:00", "End Date": "03/01/2026",
    })  # fmt: skip
    assert (asset.state, asset.started_on, asset.ended_on) == ("ended", date(2026, 2, 1), date(2026, 3, 1))  # fmt: skip
    invoice = mapped("Invoice", {
        "Id": "1", "Invoice Number": "R1", "Status": "Partially Paid", "Invoice Date": "11/01/2026",
        "Due Date": "12/01/2026", "Total Amount": "-5", "Currency Code": "JPY", "Account Id": "1-A",
    })  # fmt: skip
    assert (invoice.state, invoice.amount_minor, invoice.currency) == ("open", -5, "JPY")
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 11, 1), date(2026, 12, 1))
    product = mapped("Product", {"Id": "1", "Name": "Phone", "Part #": "P-1", "Type": "Device"})
    assert (product.name, product.number, product.category) == ("Phone", "P-1", "Device")


def test_a_declared_component_is_mapped_by_the_usual_names() -> None:
    found = mapped("Site Visit", {
        "Id": "1", "Name": "Visit", "Status": "Good", "Contact Id": "1-C", **STAMPS,
    }, "interaction")  # fmt: skip
    assert (found.kind, found.contact_external_id, found.outcome) == ("site visit", "1-C", "Good")


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_declared_component_of_any_kind_is_no_trouble(entity: str) -> None:
    record = {"Id": "1", **STAMPS}
    stream = make("Thing", described("Thing", record), TIMES, CONFIG, entity)
    assert stream.entity == entity
    assert stream.default_mapping is None or not stream.default_mapping.problems()


def test_records_about_nobody_are_proposed_no_mapping() -> None:
    found = described("Service Request", {"Id": "1", "Abstract": "x", "Created": "y"})
    assert make("Service Request", found, TIMES, CONFIG).default_mapping is None
