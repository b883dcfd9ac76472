"""The customer's and the account's page: period, course, cases, consent, whose word, coverage."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update

from connectors.canonical import (
    Account,
    Contact,
    Interaction,
    Invoice,
    Measurement,
    Order,
    Payment,
    Record,
    Subscription,
)
from efm import clock, models
from efm.customers import coverage, identity, merging, provenance, rules, sources, story, worth
from efm.customers.upsert import upsert
from efm.customers.worth import Cell
from efm.db.engine import unit
from efm.feedback import collect, distributions
from efm.models import Case, Invitation, User
from efm.web import customer_chart
from tests.efm import cased
from tests.efm.collected import QUESTIONS, Published, definition
from tests.efm.connected import words
from tests.factories import House

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHO = {"contact_external_id": "c0", "account_external_id": "a"}


def _store(house: House, *records: Record, source: str = "CRM", now: datetime = THEN) -> None:
    with house.unit() as session:
        upsert(session, sources.own_connection(session, source).id, records, now)


def _id(house: House, external_id: str, source: str = "CRM") -> uuid.UUID:
    entity = "account" if external_id.startswith("a") else "contact"
    with house.unit() as session:
        known = identity.known(
            session, sources.own_connection(session, source).id, entity, [external_id]
        )
        found: uuid.UUID = known[external_id]
        return found


def _people(house: House, n: int = 1) -> list[uuid.UUID]:
    """An account "a" of n people c0, c1…, all but the first without an event."""
    _store(
        house,
        Account(external_id="a", name="Acme"),
        *(
            Contact(
                external_id=f"c{i}", account_external_id="a", name=f"Person {i:03}",
                email=f"p{i}@acme.example",
            )
            for i in range(n)
        ),
    )  # fmt: skip
    return [_id(house, f"c{i}") for i in range(n)]


def _call(n: int, at: datetime, **who: Any) -> Interaction:
    return Interaction(
        external_id=f"i{n}", kind="call", subject=f"Call number {n}.", occurred_at=at,
        **(who or WHO),
    )  # fmt: skip


def _say(
    survey: Published, contact_id: uuid.UUID, at: datetime = THEN, **answers: Any
) -> uuid.UUID | None:
    with survey.house.unit() as session:
        incoming = collect.Incoming(
            survey.survey_id, answers, contact_id=contact_id, submitted_at=at
        )
        return collect.submit_json(session, incoming, clock.now()).id


def _move(house: House, role: str, zone: str) -> None:
    who = house.people[role]
    with unit(house.engine, house.id, user_id=who) as session:
        session.execute(update(User).where(User.id == who).values(time_zone=zone))


# ---- The time line in a period ----


@pytest.mark.parametrize(
    ("zone", "evening", "night"),
    [
        ("UTC", True, False),
        ("Europe/Berlin", False, True),
        ("America/Los_Angeles", True, False),
        ("Pacific/Kiritimati", False, True),
    ],
)
def test_a_period_is_of_the_viewers_days(
    house: House, zone: str, evening: bool, night: bool
) -> None:
    """Late on 1 March in UTC is 2 March further east; a day without a time is the same anywhere."""
    (contact,) = _people(house)
    _store(
        house,
        _call(1, datetime(2026, 3, 1, 23, 30, tzinfo=UTC)),
        Measurement(external_id="m", **WHO, metric="tenure", value=Decimal(7), measured_on=date(2026, 3, 2)),
        Invoice(external_id="n", **WHO, number="RE-1", issued_on=date(2026, 3, 1), amount_minor=100, currency="EUR"),
    )  # fmt: skip
    _move(house, "analyst", zone)
    client = house.login("analyst")
    first = words(client.get(f"/customers/{contact}?from=2026-03-01&to=2026-03-01"))
    second = words(client.get(f"/customers/{contact}?from=2026-03-02&to=2026-03-02"))
    assert ("Call number 1." in first, "Call number 1." in second) == (evening, night)
    assert ("RE-1" in first, "RE-1" in second) == (True, False)
    assert ("Tenure: 7" in first, "Tenure: 7" in second) == (False, True)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-03-05&to=2026-03-01", "ends before it begins"),
        ("from=yesterday", "needs days such as 2026-01-31"),
        ("to=0001-01-01", "between the years 1900 and 2999"),
        ("from=9999-12-31&show=nothing&by=minute&after=~", "between the years 1900 and 2999"),
        ("from=%00", "needs days such as"),
    ],
)
def test_a_period_that_cannot_be_is_told_and_left_out(house: House, query: str, said: str) -> None:
    (contact,) = _people(house)
    _store(house, _call(1, THEN))
    page = words(house.login("analyst").get(f"/customers/{contact}?{query}"))
    assert said in page
    assert "Call number 1." in page


def test_paging_keeps_the_period_and_the_kind(house: House) -> None:
    (contact,) = _people(house)
    _store(house, *(_call(n, THEN + timedelta(hours=n // 2)) for n in range(200)))
    client, seen = house.login("analyst"), []
    url = f"/customers/{contact}?show=interaction&from=2026-03-02&to=2026-03-04"
    for _ in range(5):
        page = client.get(url).text
        seen += [int(n) for n in re.findall(r"Call number (\d+)\.", page)]
        more = re.search(r'href="([^"]*after=[^"]+)"', page)
        if not more:
            break
        url = more.group(1).replace("&amp;", "&")
    inside = [n for n in range(200) if 2 <= (THEN + timedelta(hours=n // 2)).day <= 4]
    assert sorted(seen) == inside
    nothing = words(client.get(f"/customers/{contact}?from=2020-01-01&to=2020-01-02"))
    assert "Nothing in this period" in nothing
    assert "No score, no money and no interaction in this period" in nothing


def _most_read(node: dict[str, Any]) -> int:
    """The most rows any node of a plan gave or threw away."""
    own = int(node["Actual Rows"] * node["Actual Loops"]) + int(
        node.get("Rows Removed by Filter", 0)
    )
    return max([own, *(_most_read(each) for each in node.get("Plans", ()))])


@pytest.mark.parametrize("is_account", [False, True])
def test_a_page_of_a_long_story_reads_a_page(
    house: House, owner_engine: Engine, is_account: bool
) -> None:
    (contact,) = _people(house)
    account = _id(house, "a")
    made = """INSERT INTO interactions (organization_id, id, contact_id, account_id, kind, occurred_at)
        SELECT efm_current_organization(), gen_random_uuid(), :contact, :account, 'call',
            CAST(:then AS timestamptz) + n * interval '1 minute' FROM generate_series(1, 10000) n"""
    with house.unit() as session:
        session.execute(text(made), {"contact": contact, "account": account, "then": THEN})
    with owner_engine.begin() as connection:
        connection.execute(text("ANALYZE interactions"))
    middle = (THEN + timedelta(minutes=5000), uuid.UUID(int=0))
    for at, after in ((story._END_OF_TIME, story._LAST_ID), middle):
        values = {
            "id": account if is_account else contact, "zone": "UTC", "at": at, "after": after,
            "since": "-infinity", "until": "infinity", "size": story.PAGE + 1,
        }  # fmt: skip
        statement = story._statement(story.SHOWN[""], is_account).text
        with house.unit() as session:
            plan = session.execute(
                text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"), values
            ).scalar_one()
        assert _most_read(plan[0]["Plan"]) < 500


def test_an_accounts_story_names_whose_it_is(house: House) -> None:
    _people(house, 2)
    _store(house, _call(1, THEN), _call(2, THEN, contact_external_id="c1"))
    page = words(house.login("agent").get(f"/customers/accounts/{_id(house, 'a')}"))
    assert re.search(r"Call number 1\. — Person 000", page)
    assert re.search(r"Call number 2\. — Person 001", page)


# ---- The course ----


def _cells(*months: tuple[int, int], n: int = 1, total: float = 1.0) -> dict[date, Cell]:
    return {date(year, month, 1): Cell(n, total, total, total) for year, month in months}


@pytest.mark.parametrize(
    ("months", "wanted", "step", "steps"),
    [
        ([(2026, 3)], None, "month", 1),
        ([(2024, 1), (2026, 12)], None, "month", 36),
        ([(2023, 12), (2026, 12)], None, "quarter", 13),
        ([(2016, 12), (2026, 12)], None, "year", 11),
        ([(2023, 12), (2026, 12)], "month", "month", 37),
        ([(2026, 1), (2026, 12)], "quarter", "quarter", 4),
        ([(2000, 1), (2026, 12)], "month", "year", 27),
        ([(1850, 1), (2026, 12)], None, "year", 40),
    ],
)
def test_steps_can_be_told_apart(
    months: Sequence[tuple[int, int]], wanted: Any, step: str, steps: int
) -> None:
    made = worth.folded({("interaction", "interactions", None): _cells(*months)}, wanted)
    assert (made.step, len(made.steps)) == (step, steps)
    assert made.steps[-1] == worth.start(date(*months[-1], 1), made.step)
    shown = sum(line.n for line in made.lines)
    assert shown + made.earlier == len(months)


def test_flows_add_up_and_balances_do_not() -> None:
    months = {
        date(2026, month, 1): Cell(1, 100.0, 100.0, 100.0, 90.0 + month, date(2026, month, 9))
        for month in (1, 2, 3)
    }
    made = worth.folded(
        {
            ("measured", "revenue", "EUR"): months,
            ("measured", "balance", "EUR"): months,
            ("money", "paid", "EUR"): months,
            ("money", "paid", "USD"): months,
            ("score", "nps", None): {date(2026, 1, 1): Cell(2, 12.0, 3, 9)},
        },
        "quarter",
    )
    values = {(line.name, line.currency): line.value(date(2026, 1, 1)) for line in made.lines}
    assert values == {
        ("revenue", "EUR"): 300.0, ("balance", "EUR"): 93.0, ("paid", "EUR"): 300.0,
        ("paid", "USD"): 300.0, ("nps", None): 6.0,
    }  # fmt: skip
    assert worth.folded({}, None) == worth.Course("month", (), ())


def test_the_course_stands_in_the_chart_its_table_and_its_csv(house: House) -> None:
    (contact,) = _people(house)
    survey = Published.make(house)
    _say(survey, contact, recommend=9, comment="Great service, I love it.")
    _say(survey, contact, THEN + timedelta(days=40), recommend=2)
    _say(survey, contact, THEN + timedelta(days=41), recommend=5)
    _store(
        house,
        _call(1, THEN), _call(2, THEN + timedelta(days=1)),
        Order(external_id="o1", **WHO, ordered_at=THEN, amount_minor=12345, currency="EUR"),
        Order(external_id="o2", **WHO, ordered_at=THEN, amount_minor=500, currency="JPY"),
        Payment(external_id="p1", **WHO, paid_at=THEN, amount_minor=12345, currency="EUR"),
        Invoice(external_id="n1", **WHO, issued_on=date(2026, 3, 9), paid_on=date(2026, 4, 1), amount_minor=700, currency="EUR"),
        Invoice(external_id="n2", **WHO, issued_on=date(2026, 3, 9), amount_minor=99999, currency="EUR"),
    )  # fmt: skip
    client = house.login("analyst")
    page = words(client.get(f"/customers/{contact}?by=month"))
    assert "3 scores and 1 comment beside 2 interactions, Mar 2026 to Apr 2026" in page
    assert "1 more kind of money" not in page
    march = re.search(r"Mar 2026 (9 \(1\).*?)</|Mar 2026 (9 \(1\).*?) Open a", page + "</")
    assert march
    cells = march.group(0)
    for cell in ("9 (1)", "1 positive", "€123.45 (1)", "¥500 (1)", "2"):
        assert cell in cells, cell
    assert "Apr 2026 3.5 (2)" in page
    assert "€7.00 (1)" in page
    assert "€246.90" not in page, "what was ordered and paid is one money, not two"
    spec = client.get(f"/customers/{contact}/course.json?by=month").json
    assert spec is not None
    rows = spec["data"]["values"]
    titles = [row["shown"] for row in rows if row["part"] == "title"]
    assert titles[0] == "NPS answers, 0 to 10"
    assert {"Ordered, EUR", "Ordered, JPY", "Paid, EUR", "Invoices paid, EUR"} < set(titles)
    assert titles[-1] == "Interactions"
    assert [row["shown"] for row in rows if row["part"] == "dot"] == ["9", "3.5"]
    assert len([row for row in rows if row["part"] == "range"]) == 1
    lanes = next(each["value"] for each in spec["params"] if each["name"] == "lanes")
    assert all(0 <= row["y"] <= lanes for row in rows)
    csv = client.get(f"/customers/{contact}/course.csv?by=month").text.splitlines()
    assert '2026-03-01,"Ordered, EUR",EUR,123.45,,,1' in csv
    assert '2026-04-01,"NPS answers, 0 to 10",,3.5,2.0,5.0,2' in csv
    only = client.get(f"/customers/{contact}/course.json?from=2026-04-01&by=month").json
    assert only is not None
    assert {row["since"] for row in only["data"]["values"] if "since" in row} == {"2026-04-01"}


def test_one_score_is_not_a_trend_and_nothing_is_nothing(house: House) -> None:
    (contact,) = _people(house)
    client = house.login("analyst")
    assert "there is nothing to draw" in words(client.get(f"/customers/{contact}"))
    assert client.get(f"/customers/{contact}/course.json").status_code == 404
    _say(Published.make(house), contact, recommend=9)
    page = words(client.get(f"/customers/{contact}"))
    assert "1 score and 0 comments beside 0 interactions, in Mar 2026" in page
    assert "One score is one answer, not a trend." in page
    assert client.get(f"/customers/{contact}/course.xml").status_code == 404


def test_of_several_questions_of_a_metric_one_counts(house: House) -> None:
    (contact,) = _people(house)
    twice = definition(["recommend"])
    second = {**QUESTIONS[0], "key": "again", "text": "And would you still?", "is_required": False}
    twice["pages"].append({"key": "p9", "questions": [second]})
    _say(Published.of(house, twice), contact, recommend=9, again=1)
    spec = house.login("analyst").get(f"/customers/{contact}/course.json").json
    assert spec is not None
    dots = [row for row in spec["data"]["values"] if row["part"] == "dot"]
    assert [(row["shown"], row["n"]) for row in dots] == [("9", 1)]


def test_lanes_of_refunds_reach_below_zero() -> None:
    made = worth.folded(
        {("money", "paid", "EUR"): {date(2026, 1, 1): Cell(1, -500.0), date(2026, 2, 1): Cell(1, 1500.0)}},
        None,
    )  # fmt: skip
    drawn = customer_chart.drawn(made)
    assert drawn is not None
    bars = [row for row in drawn.rows if row["part"] == "bar"]
    zero = bars[0]["y"]
    assert zero == bars[1]["y"]
    assert bars[0]["y2"] < zero < bars[1]["y2"]
    assert drawn.parameters["words"] == ["-€5", "€0", "€15"]


def test_money_beyond_the_lanes_stays_in_the_table() -> None:
    cells = {date(2026, 1, 1): Cell(1, 100.0)}
    found: Any = {("money", f"kind {n}", "EUR"): cells for n in range(6)}
    drawn = customer_chart.drawn(worth.folded(found, None))
    assert drawn is not None
    assert len([row for row in drawn.rows if row["part"] == "title"]) == customer_chart.MOST_MONEY
    assert "2 more kinds of money only in the table." in drawn.note
    assert len(drawn.columns) == 7


# ---- Cases, consent, roles ----


def test_open_cases_stand_on_both_pages(house: House) -> None:
    contact, other = _people(house, 2)
    survey = Published.make(house)
    for person in (contact, contact, other):
        cased.respond(survey, 2, "This is bad.", person)
    cased.open_all(house)
    with house.unit() as session:
        first = session.scalars(select(Case).where(Case.contact_id == contact)).all()[0]
        first.state, first.closed_at, first.resolution = "closed", clock.now(), "resolved"
        number = first.number
    client = house.login("agent")
    page = words(client.get(f"/customers/{contact}"))
    assert "1 open case " in page
    assert f"Case {number} Open" not in page
    assert "2 open cases" in words(client.get(f"/customers/accounts/{_id(house, 'a')}"))
    assert "open case" not in words(client.get(f"/customers/{contact}?after={_cursor()}"))


def _cursor() -> str:
    return f"{THEN.isoformat().replace('+', '%2B')}~{uuid.UUID(int=1)}"


def test_who_may_not_read_responses_reads_none_here(house: House) -> None:
    (contact,) = _people(house)
    cased.respond(Published.make(house), 2, "Secretly awful.", contact)
    cased.open_all(house)
    _store(house, _call(1, THEN))
    for place in (f"/customers/{contact}", f"/customers/accounts/{_id(house, 'a')}"):
        page = words(house.login("crm_admin").get(place))
        assert "Response · " in page, "that there was one is known"
        for hidden in ("Secretly", "Detractor", "open case", "NPS answers"):
            assert hidden not in page, hidden
        assert "1 interaction beside what was paid" in page
        assert "scores and comments are left out" in page
        spec = house.login("crm_admin").get(f"{place}/course.json").text
        assert "NPS" not in spec
        assert "Secretly awful" in words(house.login("analyst").get(place))
    pages = house.login("crm_admin").get(f"/customers/accounts/{_id(house, 'a')}/coverage")
    assert "so scores are not shown" in words(pages)


def test_consent_tells_its_words_its_version_and_what_came_after(house: House) -> None:
    (contact,) = _people(house)
    document = definition(["recommend"])
    document["pages"][0]["questions"] = [
        QUESTIONS[0],
        {
            "key": "agree", "kind": "consent", "text": "You may <b>write</b> to me.",
            "settings": {"version": "2026-11"}, "choices": [{"key": "agreed", "label": "Yes"}],
        },
    ]  # fmt: skip
    client, survey = house.login("agent"), Published.of(house, document)
    assert "No survey has this person’s agreement on record" in words(
        client.get(f"/customers/{contact}")
    )
    _say(survey, contact, recommend=9, agree="agreed")
    page = client.get(f"/customers/{contact}")
    assert "You may &lt;b&gt;write" in page.text
    assert "agreed on 1 Mar 2026, text version 2026-11" in words(page)
    assert "left open" not in words(page)
    _say(survey, contact, THEN + timedelta(days=9), recommend=9)
    assert "left open when asked again on 10 Mar 2026" in words(client.get(f"/customers/{contact}"))


# ---- Whose word ----


def _two_sources(house: House) -> uuid.UUID:
    crm = Contact(
        external_id="c0", account_external_id="a", name="Dora Lind", email="d@x.example",
        phone="+4312345", attributes={"tier": "gold", "since": 2020, "note": None},
    )  # fmt: skip
    _store(house, Account(external_id="a", name="Acme"), crm, now=THEN)
    shop = Contact(
        external_id="w", name="D. Lind", email="d@x.example",
        attributes={"tier": "silver", "tags": ["x", "<i>"]},
    )  # fmt: skip
    _store(house, shop, source="Shop", now=THEN + timedelta(days=5))
    return _id(house, "c0")


def test_each_word_names_its_source_and_who_says_otherwise(house: House) -> None:
    contact = _two_sources(house)
    page = words(house.login("agent").get(f"/customers/{contact}"))
    assert "CRM: c0" in page
    assert "Shop: w, known by same e-mail" in page
    assert "1 field is told differently" in page
    assert re.search(r"Name D\. Lind Shop, 6 Mar 2026 CRM, 1 Mar 2026: Dora Lind", page)
    assert re.search(r"tier silver Shop, 6 Mar 2026 CRM, 1 Mar 2026: gold", page)
    assert re.search(r"note empty CRM, 1 Mar 2026", page)
    assert "x, &lt;i&gt;" in page


@pytest.mark.parametrize("first", [None, "CRM", "Shop"])
def test_the_word_that_is_shown_is_the_one_that_stands(house: House, first: str | None) -> None:
    """The page ranks sources as the fields are derived, whatever order is declared."""
    with house.unit() as session:
        if first:
            source = str(sources.own_connection(session, first).id)
            order = {name: [source] for name in ("name", "email", "phone", "attributes")}
            rules.save(session, {"priorities": {"contact": order}}, THEN)
    contact = _two_sources(house)
    with house.unit() as session:
        row = session.get_one(models.Contact, (house.id, contact))
        known = provenance.read(session, "contact", contact, rules.of(session))
        assert {name: known.fields[name].stands.value for name in ("name", "email", "phone")} == {
            "name": row.name, "email": row.email, "phone": row.phone,
        }  # fmt: skip
        assert known.fields["account"].stands.value == "Acme"
        assert {k: each.stands.value for k, each in known.attributes.items()} == row.attributes
        assert row.name == ("Dora Lind" if first == "CRM" else "D. Lind")


# ---- Coverage ----


def _invited(survey: Published, contact_ids: Sequence[uuid.UUID], at: datetime = THEN) -> None:
    with survey.house.unit() as session:
        made = distributions.open_plain(
            session, survey.survey_id, at, kind="personal_links", name="Wave", channel="email"
        )
        distributions.invite(session, survey.vault, made, contact_ids, at)


def _answered(house: House, contact_ids: Sequence[uuid.UUID]) -> None:
    with house.unit() as session:
        session.execute(
            update(Invitation)
            .where(Invitation.contact_id.in_(contact_ids))
            .values(answered_at=THEN + timedelta(days=1))
        )


def test_coverage_counts_each_person_once(house: House) -> None:
    people, survey = _people(house, 12), Published.make(house)
    _invited(survey, people[:8])
    _invited(survey, people[:2], THEN + timedelta(days=9))
    _answered(house, people[:3])
    for person in (people[0], people[1], people[1], people[9]):
        _say(survey, person, recommend=9)
    account = _id(house, "a")
    with house.unit() as session:
        counts = coverage.counts(session, coverage.Scope([account]))
        assert counts == coverage.Counts(people=12, asked=8, replied=3, answered=4, unasked=1)
        assert counts.by_state == {"answered": 4, "silent": 5, "never_asked": 3}
        for state, n in counts.by_state.items():
            rows = coverage.page(session, coverage.Scope([account]), state).rows
            assert len(rows) == n
            assert {row.state for row in rows} == {state}
        later = coverage.Scope([account], since=THEN + timedelta(days=3))
        assert coverage.counts(session, later).by_state == {
            "answered": 2, "silent": 0, "never_asked": 10,
        }  # fmt: skip
    client = house.login("analyst")
    page = words(client.get(f"/customers/accounts/{account}/coverage"))
    assert re.search(r"Response rate 38 % 14 to 69 %", page)
    assert "3 of 8 n = 8" in page
    assert "1 person answered without being asked" in page
    assert "Too few people to show a figure: 3 of at least 5." in page
    story_page = words(client.get(f"/customers/accounts/{account}"))
    assert "4 of 12 answered, 5 asked without an answer, 3 never asked" in story_page
    assert "Response rate 38 % ( 14 to 69 % )" in story_page.replace(
        "(14 to 69 %)", "( 14 to 69 % )"
    )


def test_scores_of_an_account_take_each_persons_latest_answer(house: House) -> None:
    people, survey = _people(house, 6), Published.make(house)
    for person in people:
        _say(survey, person, recommend=0)
        _say(survey, person, THEN + timedelta(days=1), recommend=10)
    page = words(house.login("analyst").get(f"/customers/accounts/{_id(house, 'a')}/coverage"))
    assert re.search(r"NPS 100 \d+ to 100", page)
    assert "n = 6" in page


def test_coverage_without_anybody_or_anything_says_so(house: House) -> None:
    _store(house, Account(external_id="a", name="Acme"))
    client, place = house.login("analyst"), f"/customers/accounts/{_id(house, 'a')}/coverage"
    assert "No people yet" in words(client.get(place))
    _people(house, 2)
    page = words(client.get(place))
    assert "Nobody was asked by personal link, so there is no rate." in page
    assert "None of these people has given a score" in page
    assert "not asked no answer none" in page
    nobody = words(client.get(f"{place}?state=answered&from=2026-01-01"))
    assert "Nobody of this account stands here in this period" in nobody


def test_people_are_paged_and_accounts_under_it_join_when_asked(house: House) -> None:
    _people(house, 60)
    _store(
        house,
        Account(external_id="a2", name="Acme Süd", parent_external_id="a"),
        Account(external_id="a3", name="Acme Graz", parent_external_id="a2"),
        *(
            Contact(external_id=f"g{i}", account_external_id="a3", name=f"Person {int(i != 1):03}", email=f"g{i}@x.example")
            for i in range(60)
        ),
        _call(7, THEN, contact_external_id="g1"),
    )  # fmt: skip
    client, account = house.login("agent"), _id(house, "a")
    first = words(client.get(f"/customers/accounts/{account}/coverage"))
    assert "With 2 accounts under it" in first
    assert "g1@x.example" not in first
    url, seen = f"/customers/accounts/{account}/coverage?under=1&state=never_asked", []
    for _ in range(5):
        page = client.get(url)
        seen += re.findall(r"\b([pg]\d+@\w+\.example)", words(page))
        more = re.search(r'href="([^"]*after=[^"]+)"', page.text)
        if not more:
            break
        url = more.group(1).replace("&amp;", "&")
        assert "Person" not in url, "nobody's name stands in an address"
    assert len(seen) == len(set(seen)) == 120
    with house.unit() as session:
        ids = coverage.tree(session, account)
        assert len(ids) == 3
        met = [row for row in coverage.page(session, coverage.Scope(ids)).rows if row.met_at]
        assert [(row.email, row.met_kind) for row in met] == [("g1@x.example", "call")]


def test_a_circle_of_accounts_ends(house: House) -> None:
    _store(
        house,
        Account(external_id="a", name="A"),
        Account(external_id="a2", name="B", parent_external_id="a"),
    )
    one, other = _id(house, "a"), _id(house, "a2")
    with house.unit() as session:
        session.execute(
            text("UPDATE accounts SET parent_account_id = :other WHERE id = :one"),
            {"one": one, "other": other},
        )
        assert set(coverage.tree(session, one)) == {one, other}


# ---- Walls and merges ----


def test_merged_ones_lead_on_with_what_was_asked(house: House) -> None:
    first, second = _people(house, 2)
    _store(house, Account(external_id="a2", name="Acme again"))
    accounts = (_id(house, "a"), _id(house, "a2"))
    with house.unit() as session:
        merging.merge(session, "contact", (first, second), clock.now())
        merging.merge(session, "account", accounts, clock.now())
        lost = session.scalars(
            select(models.Contact).where(models.Contact.merged_into_id.is_not(None))
        ).one()
        gone = session.scalars(
            select(models.Account).where(models.Account.merged_into_id.is_not(None))
        ).one()
        winner, kept, lost_id, gone_id = lost.merged_into_id, gone.merged_into_id, lost.id, gone.id
    client = house.login("agent")
    for place, target in (
        (f"/customers/{lost_id}?show=case&after=x&_scheme=ftp", f"/customers/{winner}?show=case"),
        (f"/customers/{lost_id}/course.csv?by=month", f"/customers/{winner}/course.csv?by=month"),
        (f"/customers/accounts/{gone_id}", f"/customers/accounts/{kept}"),
        (
            f"/customers/accounts/{gone_id}/coverage?under=1&from=2026-01-01",
            f"/customers/accounts/{kept}/coverage?from=2026-01-01&under=1",
        ),
        (f"/customers/accounts/{gone_id}/course.json", f"/customers/accounts/{kept}/course.json"),
    ):
        answer = client.get(place)
        assert answer.status_code == 302
        assert answer.location == target
    page = words(client.get(f"/customers/accounts/{kept}/coverage"))
    assert "1 Everybody" in page or "Everybody 1" in page, "who was merged counts once"


def test_strangers_see_nothing_and_lead_nowhere(house: House, stranger: House) -> None:
    mine, theirs = _people(house, 60), _people(stranger, 2)
    _store(stranger, _call(1, THEN))
    account = _id(stranger, "a")
    client = house.login("owner")
    for place in (
        f"/customers/{theirs[0]}", f"/customers/{theirs[0]}/course.json",
        f"/customers/accounts/{account}", f"/customers/accounts/{account}/coverage",
        f"/customers/accounts/{account}/course.csv",
    ):  # fmt: skip
        assert client.get(place).status_code == 404, place
    own = f"/customers/accounts/{_id(house, 'a')}/coverage"
    start = words(client.get(own))
    assert "p0@acme.example" in start
    assert "p0@acme.example" in words(client.get(f"{own}?after={theirs[1]}")), "the first page"
    assert "p0@acme.example" not in words(client.get(f"{own}?after={mine[3]}"))
    with house.unit() as session:
        assert coverage.counts(session, coverage.Scope([account])).people == 0
        span = worth.Span(None, clock.now(), None, clock.now().date(), "UTC")
        assert worth.course(session, account, span, is_account=True).lines == ()
        assert story.open_cases(session, theirs[0], is_account=False) == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_days_at_the_ends_of_time_are_shown(house: House, zone: str) -> None:
    (contact,) = _people(house)
    ends = (date.min, date.max)
    _store(house, *(
        Measurement(external_id=f"m{day}", **WHO, metric="tenure", value=Decimal(7), measured_on=day)
        for day in ends
    ), Subscription(external_id="s", **WHO, name="Plan", state="ended", started_on=date.min, ended_on=date.max))  # fmt: skip
    _move(house, "analyst", zone)
    page = words(house.login("analyst").get(f"/customers/{contact}"))
    assert "Tenure: 7 Measurement · 31 Dec 9999" in page
    assert "Tenure: 7 Measurement · 1 Jan 1" in page
    assert page.count("Plan Subscription · ") == 2


def test_hostile_words_are_words(house: House) -> None:
    evil = '"><script>alert(1)</script>{{7*7}}\u202e'
    _store(
        house,
        Account(external_id="a", name=evil, attributes={evil: {"x": evil}}),
        Contact(external_id="c0", account_external_id="a", name=evil, attributes={evil: [evil, True]}),
        replace(_call(1, THEN), kind="k" * 60, amount_minor=-(2**62), currency="EUR"),
        Measurement(external_id="m", **WHO, metric="<i>", amount_minor=2**62, currency="XXX", measured_on=date(1, 1, 1)),
    )  # fmt: skip
    client = house.login("owner")
    for place in (f"/customers/{_id(house, 'c0')}", f"/customers/accounts/{_id(house, 'a')}"):
        answer = client.get(place)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "{{7*7}}" in answer.text
        spec = client.get(f"{place}/course.json")
        assert spec.status_code == 200
        assert json.loads(spec.data)["data"]["values"]
    page = client.get(f"/customers/accounts/{_id(house, 'a')}/coverage?state=<i>&under=2&after='")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
