"""The customer's page: one time line, money, identities; and the linkage page, as people read them."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connectors.canonical import Account, Contact, Interaction, Measurement
from efm import clock
from efm.customers import identity, sources
from efm.customers.upsert import upsert
from efm.feedback import authoring, collect
from tests.factories import House

THEN = datetime(2026, 3, 1, 9, tzinfo=UTC)


def _person(house: House, name: str = "Dora <b>Lind</b>") -> uuid.UUID:
    """A contact of an account with a support call, an order, revenue and an undated figure."""
    with house.unit() as session:
        source = sources.own_connection(session, "CRM")
        upsert(
            session,
            source.id,
            [
                Account(external_id="a", name="Acme"),
                Contact(external_id="c", account_external_id="a", name=name, email="dora@x.example"),
                Interaction(
                    external_id="i", contact_external_id="c", kind="support_contact", channel="phone",
                    subject="Line fails", outcome="solved", occurred_at=THEN,
                ),
                Interaction(
                    external_id="o", contact_external_id="c", kind="order", occurred_at=THEN,
                    amount_minor=123456, currency="EUR",
                ),
                Measurement(
                    external_id="m", account_external_id="a", metric="churn", value=Decimal(0),
                    measured_on=(THEN + timedelta(days=90)).date(),
                ),
                Measurement(
                    external_id="u", contact_external_id="c", metric="tenure", value=Decimal(7)
                ),
            ],
            clock.now(),
        )  # fmt: skip
        contact_id = identity.known(session, source.id, "contact", ["c"])["c"]
        survey = authoring.create_from_template(session, "relationship_nps", clock.now())
        authoring.publish(session, survey.id, clock.now())
        collect.submit_json(
            session,
            collect.Incoming(
                survey.id, {"recommend": 9, "reason": "Great people, I love it."},
                contact_id=contact_id, submitted_at=THEN + timedelta(days=1),
            ),
            clock.now(),
        )  # fmt: skip
    return contact_id


def test_one_time_line_of_what_happened_was_said_and_was_paid(house: House) -> None:
    contact_id = _person(house)
    page = house.login("agent").get(f"/customers/{contact_id}").text
    for words in (
        "Line fails",
        "€1,234.56",
        "Great people, I love it.",
        "Promoter 9",
        "Tenure",
        "Acme",
    ):
        assert words in page, words
    assert "Dora &lt;b&gt;Lind" in page
    assert page.index("Great people") < page.index("Line fails"), "newest first"


def test_the_time_line_narrows_and_pages(house: House) -> None:
    contact_id = _person(house)
    with house.unit() as session:
        source = sources.own_connection(session, "CRM")
        calls = [
            Interaction(
                external_id=f"n{i}", contact_external_id="c", kind="call", subject=f"Call number {i}.",
                occurred_at=THEN + timedelta(minutes=i),
            )
            for i in range(120)
        ]  # fmt: skip
        upsert(session, source.id, calls, clock.now())
    client = house.login("analyst")
    assert "Line fails" not in client.get(f"/customers/{contact_id}?show=response").text
    url, seen = f"/customers/{contact_id}?show=interaction", []
    for _ in range(5):
        text = client.get(url).text
        seen += re.findall(r"Call number (\d+)\.", text)
        more = re.search(r'href="([^"]*after=[^"]+)"', text)
        if not more:
            break
        url = more.group(1).replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 120


def test_lists_are_searched_without_wildcards(house: House) -> None:
    _person(house)
    client = house.login("crm_admin")
    assert "dora@x.example" in client.get("/customers?q=DORA").text
    assert "No contact matches" in client.get("/customers?q=%25").text
    assert "Acme" in client.get("/customers/accounts?q=acm").text


def test_linkage_tells_its_finding_its_n_and_its_limits(house: House) -> None:
    _person(house)
    analyst = house.login("analyst")
    page = analyst.get("/insight/linkage?said=nps.recommend&done=churn.dated").text
    assert "Point in time" in page
    assert "Fewer than 5 customers" in page
    undated = analyst.get("/insight/linkage?said=nps.recommend&done=tenure.undated").text
    assert "Cross-sectional" in undated
    assert analyst.get("/insight/linkage?said=no.such&done=thing").status_code == 404


def test_linkage_without_data_says_what_is_missing(house: House) -> None:
    assert "Nothing to link yet" in house.login("analyst").get("/insight/linkage").text


def test_strangers_see_none_of_it(house: House, stranger: House) -> None:
    contact_id = _person(stranger, "Somebody elsewhere")
    owner = house.login("owner")
    assert owner.get(f"/customers/{contact_id}").status_code == 404
    assert "Somebody elsewhere" not in owner.get("/customers").text


def test_sentiment_stands_against_the_ratings(house: House) -> None:
    analyst = house.login("analyst")
    assert "No comments beside ratings yet" in analyst.get("/insight/comments").text
    _person(house)
    page = analyst.get("/insight/comments").text
    assert "Likelihood to recommend (NPS): recommend" in page
    assert "too few comments" in page
