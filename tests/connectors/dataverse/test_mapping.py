"""Records of the known tables as they are read, and what the proposed mappings make of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.canonical import Contact, Interaction, Invoice, Measurement, Opportunity, Record
from connectors.errors import RecordError
from connectors.records import Stream
from connectors.systems.dataverse.shapes import _host
from connectors.systems.dataverse.streams import ENTITY_OF
from tests.connectors.dataverse.environment import id_of
from tests.connectors.dataverse.reply import lacking
from tests.connectors.dataverse.simulator import Simulator
from tests.connectors.dataverse.sources import connect

ACCOUNT, PERSON, LEAD = (
    ("account", id_of("acme")),
    ("contact", id_of("ann")),
    ("lead", id_of("lea")),
)
EUR = ("transactioncurrency", id_of("EUR"))
MADE = datetime(2026, 1, 1, 0, 0, tzinfo=UTC)


def records(simulator: Simulator, table: str, **more: Any) -> tuple[Stream, list[Any]]:
    connector = connect(simulator, page_size=100, **more)
    stream = connector.stream(table)
    return stream, [each for page in connector.read(stream, {}) for each in page.records]


def mapped(simulator: Simulator, table: str, **more: Any) -> Any:
    """The canonical record of the table's only row."""
    stream, (raw,) = records(simulator, table, **more)
    assert stream.default_mapping is not None
    assert stream.default_mapping.problems() == {}
    found: Record = stream.default_mapping.apply(raw)
    return found


def seed(simulator: Simulator, table: str, /, **values: Any) -> str:
    return simulator.env.put(table, id_of(table), **values)


def test_all_known_tables_propose_a_whole_mapping(simulator: Simulator) -> None:
    found = {each.name: each for each in connect(simulator).streams()}
    assert list(found) == list(ENTITY_OF)
    for stream in found.values():
        assert stream.default_mapping is not None, stream.name
        assert stream.default_mapping.problems() == {}
        assert all(more.problems() == {} for more in stream.more_mappings)
        assert stream.deletes == "tombstones"
        assert stream.label != stream.name


def test_accounts_with_their_revenue(simulator: Simulator) -> None:
    env = simulator.env
    env.put("account", ACCOUNT[1], name="Acme", websiteurl="HTTPS://www.Acme.example/x?y",
            revenue=1250000.5, transactioncurrencyid=EUR, numberofemployees=40)  # fmt: skip
    env.put("account", id_of("sub"), name="Sub", parentaccountid=ACCOUNT)
    stream, rows = records(simulator, "account")
    raw = {row["accountid"]: row for row in rows}
    assert stream.default_mapping
    acme = stream.default_mapping.apply(raw[ACCOUNT[1]])
    sub = stream.default_mapping.apply(raw[id_of("sub")])
    assert (acme.name, acme.domain) == ("Acme", "acme.example")  # type: ignore[union-attr]
    assert acme.attributes["numberofemployees"] == 40
    assert acme.attributes["statuscodename"] == "Active"
    assert "_revenue" not in acme.attributes
    assert sub.parent_external_id == ACCOUNT[1]  # type: ignore[union-attr]
    (revenue,) = stream.more_mappings
    found = revenue.apply(raw[ACCOUNT[1]])
    assert isinstance(found, Measurement)
    assert (found.metric, found.amount_minor, found.currency) == ("revenue", 125_000_050, "EUR")
    assert found.account_external_id == ACCOUNT[1]
    assert found.external_id == f"{ACCOUNT[1]}:revenue"
    assert found.measured_on is None
    with pytest.raises(RecordError):
        revenue.apply(raw[id_of("sub")])


def test_contacts(simulator: Simulator) -> None:
    seed(simulator, "contact", firstname="Zoë", lastname="Ünal", emailaddress1="Zoe@Acme.Example",
         telephone1="020 7946 0018", parentcustomerid=ACCOUNT, efm_band=3, efm_topics="10,20",
         msa_managingpartnerid=("account", id_of("partner")))  # fmt: skip
    found = mapped(simulator, "contact", region="GB")
    assert isinstance(found, Contact)
    assert (found.name, found.email, found.phone) == (
        "Zoë Ünal",
        "zoe@acme.example",
        "+442079460018",
    )
    assert found.account_external_id == ACCOUNT[1]
    assert found.attributes["efm_bandname"] == "Promoter"
    assert found.attributes["efm_topicsname"] == "Price; Service"
    assert found.modified_at is not None


def test_contacts_of_contacts_and_of_partners_have_no_account(simulator: Simulator) -> None:
    seed(simulator, "contact", lastname="x", parentcustomerid=PERSON,
         msa_managingpartnerid=("account", id_of("partner")), telephone1="call me")  # fmt: skip
    found = mapped(simulator, "contact")
    assert found.account_external_id is None
    assert found.phone is None
    assert found.attributes["_phone"] == "call me"


def test_leads_are_contacts(simulator: Simulator) -> None:
    seed(simulator, "lead", fullname="Lea", mobilephone="+44 7700 900123", parentaccountid=ACCOUNT)
    found = mapped(simulator, "lead")
    assert (found.name, found.phone, found.account_external_id) == (
        "Lea", "+447700900123", ACCOUNT[1],
    )  # fmt: skip


def test_cases_are_support_contacts(simulator: Simulator) -> None:
    seed(simulator, "incident", title="Broken", customerid=ACCOUNT, primarycontactid=PERSON,
         caseorigincode=1, statuscode=5)  # fmt: skip
    found = mapped(simulator, "incident")
    assert isinstance(found, Interaction)
    assert (found.kind, found.channel, found.subject) == ("support_contact", "phone", "Broken")
    assert found.outcome == "Problem Solved"
    assert (found.account_external_id, found.contact_external_id) == (ACCOUNT[1], PERSON[1])
    assert found.occurred_at > MADE


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (
            {"statecode": 0, "estimatedvalue": 99.999, "estimatedclosedate": "2026-05-06",
             "stepname": "2-Develop"},
            ("open", "2-Develop", 10000, date(2026, 5, 6)),
        ),
        (
            {"statecode": 1, "statuscode": 3, "estimatedvalue": 5, "actualvalue": 7,
             "actualclosedate": "2026-04-01", "estimatedclosedate": "2026-05-06"},
            ("won", "Won", 700, date(2026, 4, 1)),
        ),
        ({"statecode": 2, "statuscode": 9}, ("lost", "9", None, None)),
        ({"statecode": 7, "statuscode": None}, ("open", None, None, None)),
    ],
)  # fmt: skip
def test_opportunities(
    simulator: Simulator, values: dict[str, Any], wanted: tuple[Any, ...]
) -> None:
    seed(simulator, "opportunity", name="Deal", customerid=PERSON, parentaccountid=ACCOUNT,
         transactioncurrencyid=EUR, **values)  # fmt: skip
    found = mapped(simulator, "opportunity")
    assert isinstance(found, Opportunity)
    assert (found.state, found.stage, found.amount_minor, found.closes_on) == wanted
    assert (found.contact_external_id, found.account_external_id) == (PERSON[1], ACCOUNT[1])
    assert found.currency == ("EUR" if wanted[2] else None)


def test_orders_and_their_lines(simulator: Simulator) -> None:
    order = seed(simulator, "salesorder", ordernumber="ORD-1", customerid=PERSON, totalamount=19.9,
                 transactioncurrencyid=EUR, submitdate="2026-02-03T04:05:06Z")  # fmt: skip
    product = seed(simulator, "product", name="Wheel", productnumber="W-1")
    seed(simulator, "salesorderdetail", salesorderid=("salesorder", order), quantity=2.5,
         productid=("product", product), extendedamount=19.9, transactioncurrencyid=EUR)  # fmt: skip
    found = mapped(simulator, "salesorder")
    assert (found.number, found.state, found.amount_minor) == ("ORD-1", "active", 1990)
    assert found.ordered_at == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert found.contact_external_id == PERSON[1]
    line = mapped(simulator, "salesorderdetail")
    assert (line.order_external_id, line.product_external_id) == (order, product)
    assert (line.name, line.quantity, line.amount_minor) == ("Wheel", Decimal("2.5"), 1990)
    thing = mapped(simulator, "product")
    assert (thing.name, thing.number, thing.category) == ("Wheel", "W-1", None)


@pytest.mark.parametrize(
    ("state", "reason", "wanted"),
    [(0, 1, "open"), (1, 1, "open"), (2, 100001, "paid"), (2, 100002, "open"), (3, 4, "void")],
)
def test_invoices(simulator: Simulator, state: int, reason: int, wanted: str) -> None:
    seed(simulator, "invoice", invoicenumber="INV-1", customerid=ACCOUNT, totalamount=1000,
         transactioncurrencyid=EUR, statecode=state, statuscode=reason, duedate="2026-02-01")  # fmt: skip
    found = mapped(simulator, "invoice")
    assert isinstance(found, Invoice)
    assert (found.number, found.state, found.amount_minor, found.currency) == (
        "INV-1", wanted, 100_000, "EUR",
    )  # fmt: skip
    assert (found.issued_on, found.due_on) == (date(2026, 1, 1), date(2026, 2, 1))


@pytest.mark.parametrize(
    ("table", "values", "wanted"),
    [
        (
            "phonecall", {"actualstart": "2026-03-01T09:00:00Z", "actualdurationminutes": 12},
            ("call", "phone", datetime(2026, 3, 1, 9, tzinfo=UTC), 720),
        ),
        ("email", {"senton": "2026-03-02T09:00:00Z"}, ("email", "email", datetime(2026, 3, 2, 9, tzinfo=UTC), None)),
        (
            "appointment", {"scheduledstart": "2026-03-03T09:00:00Z", "scheduleddurationminutes": 30},
            ("meeting", None, datetime(2026, 3, 3, 9, tzinfo=UTC), 1800),
        ),
        ("task", {"scheduledstart": "2026-03-03T09:00:00Z"}, ("task", None, None, None)),
    ],
)  # fmt: skip
def test_activities(
    simulator: Simulator, table: str, values: dict[str, Any], wanted: tuple[Any, ...]
) -> None:
    seed(simulator, table, subject="About it", regardingobjectid=PERSON, **values)
    found = mapped(simulator, table)
    kind, channel, at, seconds = wanted
    assert (found.kind, found.channel, found.duration_seconds) == (kind, channel, seconds)
    assert found.occurred_at == at if at else found.occurred_at < datetime(2026, 1, 2, tzinfo=UTC)
    assert found.contact_external_id == PERSON[1]
    assert found.subject == "About it"


def test_activities_about_cases_and_deals_find_their_customers(simulator: Simulator) -> None:
    env = simulator.env
    case = env.put("incident", customerid=ACCOUNT, primarycontactid=PERSON)
    deal = env.put("opportunity", customerid=PERSON)
    first = env.put("phonecall", regardingobjectid=("incident", case))
    second = env.put("phonecall", regardingobjectid=("opportunity", deal))
    lost = env.put("phonecall", regardingobjectid=("incident", id_of("gone")))
    _, rows = records(simulator, "phonecall")
    found = {r["activityid"]: (r.get("_contact"), r.get("_account")) for r in rows}
    assert found == {
        first: (PERSON[1], ACCOUNT[1]), second: (PERSON[1], None), lost: (None, None),
    }  # fmt: skip
    assert len([url for _, url in simulator.calls if "incidents?" in url]) == 1


def test_activities_find_their_customers_among_the_people(simulator: Simulator) -> None:
    env = simulator.env
    first, second = env.put("email", subject="a"), env.put("email", subject="b")
    for mail, party in ((first, ("systemuser", id_of("us"))), (first, LEAD), (second, ACCOUNT)):
        env.put("activityparty", activityid=("email", mail), partyid=party, participationtypemask=2)
    _, rows = records(simulator, "email")
    found = {r["activityid"]: (r.get("_contact"), r.get("_account")) for r in rows}
    assert found == {first: (LEAD[1], None), second: (None, ACCOUNT[1])}


def test_what_may_not_be_looked_up_is_left_and_not_asked_for_again(simulator: Simulator) -> None:
    for number in range(4):
        simulator.env.put("email", subject=f"m{number}")
    simulator.refused = {"activityparties": lacking("prvReadActivity")}
    connector = connect(simulator, page_size=1)
    stream = connector.stream("email")
    rows = [each for page in connector.read(stream, {}) for each in page.records]
    assert len(rows) == 4
    assert not any(row.get("_contact") for row in rows)
    assert len([url for _, url in simulator.calls if "activityparties" in url]) == 1
    assert stream.default_mapping
    with pytest.raises(RecordError, match="One of contact or account"):
        stream.default_mapping.apply(rows[0])


def test_amounts_without_a_known_currency(simulator: Simulator) -> None:
    simulator.refused = {"transactioncurrencies": lacking("prvReadTransactionCurrency")}
    seed(simulator, "salesorder", customerid=PERSON, totalamount=5, transactioncurrencyid=EUR)
    found = mapped(simulator, "salesorder")
    assert found.amount_minor is None
    assert found.attributes["totalamount"] == 5
    seed(simulator, "invoice", customerid=PERSON, totalamount=5, transactioncurrencyid=EUR)
    stream, (raw,) = records(simulator, "invoice")
    assert stream.default_mapping
    with pytest.raises(RecordError, match="no currency"):
        stream.default_mapping.apply(raw)


def test_the_bodies_of_emails_are_not_read(simulator: Simulator) -> None:
    seed(simulator, "email", subject="s", description="<html>long</html>", regardingobjectid=PERSON)
    stream, (raw,) = records(simulator, "email")
    assert "description" not in raw
    assert "description" not in stream.fields


def test_own_tables_are_interactions_of_whom_they_point_to(simulator: Simulator) -> None:
    simulator.env.put("contact", PERSON[1], lastname="Ann")
    seed(simulator, "acme_visit", acme_name="Shop", acme_customer=PERSON, acme_minutes=5)
    found = mapped(simulator, "acme_visit", tables=["acme_visit"])
    assert (found.kind, found.subject, found.contact_external_id) == ("visit", "Shop", PERSON[1])
    assert found.attributes["acme_customername"] == "Ann"


def test_own_tables_that_point_to_nobody_propose_nothing(simulator: Simulator) -> None:
    stream = connect(simulator, tables=["acme_setting"]).stream("acme_setting")
    assert stream.default_mapping is None
    assert stream.more_mappings == ()


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("http://www.acme.example", "acme.example"), ("Acme.Example/shop", "acme.example"),
        ("https://u:p@acme.example:8443/", "acme.example"), ("acme", ""), ("http://[", ""),
        ("", ""), ("not a site.example", ""), ("x" * 300 + ".example", ""),
    ],
)  # fmt: skip
def test_domains_are_read_out_of_websites(address: str, wanted: str) -> None:
    assert _host(address) == wanted
