"""The closed loop: which answers open a case, whose it becomes, by when it is due, who is told."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from efm import clock
from efm.config import Config
from efm.db.engine import unit
from efm.events.registry import OutboxEvent
from efm.jobs.drain import drain_batch
from efm.jobs.load import load_registry
from efm.models import AuditEntry, Case, CaseNote, Event, Mail, Membership
from efm.scenarios import letters, opening, rules
from efm.web.permissions import ROLE_PERMISSIONS
from tests.efm.cased import ANGRY, URL, contact, events_of, open_all, open_one, react, respond
from tests.efm.collected import Published
from tests.factories import House


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"bands": {"nps": "detractor"}, "is_angry": False}, "detractor"),
        ({"bands": {"nps": "detractor"}, "is_angry": True}, "detractor"),
        ({"bands": {"nps": "passive"}, "is_angry": False}, None),
        ({"bands": {"nps": "promoter"}, "is_angry": True}, "angry_comment"),
        ({"bands": {"csat": "dissatisfied"}, "is_angry": False}, None),
        ({"bands": {}, "is_angry": True}, "angry_comment"),
        ({}, None),
    ],
)
def test_a_detractor_or_an_angry_comment_is_a_reason(
    payload: dict[str, Any], reason: str | None
) -> None:
    assert rules.reason_for(payload) == reason


@pytest.mark.parametrize(
    ("opened", "zone", "due"),
    [
        ("2026-11-23T10:00+00:00", "UTC", "2026-11-25T10:00+00:00"),  # Monday to Wednesday
        ("2026-11-26T10:00+00:00", "UTC", "2026-11-30T10:00+00:00"),  # Thursday to Monday
        ("2026-11-27T10:00+00:00", "UTC", "2026-12-01T10:00+00:00"),  # Friday to Tuesday
        ("2026-11-28T10:00+00:00", "UTC", "2026-12-01T10:00+00:00"),  # Saturday to Tuesday
        ("2026-11-29T10:00+00:00", "UTC", "2026-12-01T10:00+00:00"),  # Sunday to Tuesday
        # Sunday evening in London is Monday morning in Tokyo.
        ("2026-11-29T20:00+00:00", "Asia/Tokyo", "2026-12-01T20:00+00:00"),
        # The clocks of Berlin change in between: the time of day stays.
        ("2026-03-27T09:00+00:00", "Europe/Berlin", "2026-03-31T08:00+00:00"),
    ],
)
def test_due_two_business_days_later_by_the_organizations_clock(
    opened: str, zone: str, due: str
) -> None:
    found = rules.due_at(datetime.fromisoformat(opened), ZoneInfo(zone))
    assert found == datetime.fromisoformat(due)


@given(
    st.integers(1_577_836_800, 2_208_988_800).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
    st.integers(1, 10),
)
def test_due_is_never_on_a_weekend_and_never_early(opened: datetime, zone: str, days: int) -> None:
    due = rules.due_at(opened, ZoneInfo(zone), days)
    local = due.astimezone(ZoneInfo(zone))
    assert local.weekday() < 5
    assert (
        timedelta(hours=24 * days - 2) <= due - opened <= timedelta(days=days + 4 + days // 5 * 2)
    )
    assert rules.due_at(opened, ZoneInfo(zone), days + 1) > due


def test_the_roles_that_may_own_a_case_are_those_that_may_work_on_it() -> None:
    may_work = {role for role, held in ROLE_PERMISSIONS.items() if "cases.work" in held}
    assert set(rules.OWNER_ROLES) == may_work


def test_a_detractor_opens_a_case_with_owner_due_time_mail_and_story(house: House) -> None:
    mia = contact(house, "Mia Example", email="mia@example.org")
    now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # A Friday.
    respond(Published.make(house), 3, "Nobody called me back for a whole week.", mia)
    (case,) = open_all(house, now)
    assert (case.number, case.reason, case.owner_id) == (1, "detractor", house.people["agent"])
    assert (case.contact_id, case.due_at) == (mia, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    with house.unit() as session:
        (mail,) = session.scalars(select(Mail))
        (note,) = session.scalars(select(CaseNote))
        actions = session.scalars(select(AuditEntry.action)).all()
    assert mail.recipient == f"emil.{house.slug}@example.org"
    assert mail.subject == "Case 1: detractor"
    for words in (
        "Hello Emil,", "Customer: Mia Example", "NPS 3 of 10", "Tuesday 24 November, 15:00",
        "They wrote: “Nobody called me back for a whole week.”", f"{URL}/cases/{case.id}",
    ):  # fmt: skip
        assert words in mail.body
    assert "mia@example.org" not in mail.body
    assert note.body == "Opened because of: detractor. Given to Emil."
    assert "case.opened" in actions


def test_an_angry_comment_of_a_satisfied_customer_opens_a_case(house: House) -> None:
    assert open_one(house, 9, ANGRY).reason == "angry_comment"


@pytest.mark.parametrize(("nps", "opens"), [(0, True), (6, True), (7, False), (10, False)])
def test_detractors_end_at_six(house: House, nps: int, opens: bool) -> None:
    respond(Published.make(house), nps)
    assert bool(open_all(house)) is opens


def test_a_comment_scored_later_opens_a_case_too(house: House) -> None:
    response_id = respond(Published.make(house), 9)
    later = OutboxEvent(
        house.id, clock.new_id(), "response.scored", response_id,
        {"bands": {"sentiment": "negative"}, "is_angry": True}, clock.now(), 0,
    )  # fmt: skip
    with house.unit() as session:
        (case,) = react(session, [later])
    assert case.reason == "angry_comment"


def test_a_response_opens_one_case_however_often_it_is_told(house: House) -> None:
    respond(Published.make(house), 2, ANGRY)
    events = events_of(house)
    with house.unit() as session:
        assert len(react(session, events * 2)) == 1
    assert open_all(house) == []
    with house.unit() as session:
        assert len(session.scalars(select(Case)).all()) == 1
        assert len(session.scalars(select(Mail)).all()) == 1


def test_workers_at_the_same_time_number_without_gaps_and_doubles(
    house: House, engine: Engine
) -> None:
    published = Published.make(house)
    for _ in range(12):
        respond(published, 1)
    events = events_of(house)
    start = threading.Barrier(4, timeout=20)
    faults: list[Exception] = []

    def work(part: int) -> None:
        # Each event goes to two workers: what is opened twice is a fault.
        mine = events[part * 3 : part * 3 + 3] + events[(part * 3 + 3) % 12 :][:3]
        start.wait()
        try:
            for event in mine:
                with unit(engine, house.id) as session:
                    react(session, [event])
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    with house.unit() as session:
        assert sorted(session.scalars(select(Case.number))) == list(range(1, 13))


def test_each_organization_numbers_its_own_cases(house: House, stranger: House) -> None:
    assert open_one(house).number == open_one(stranger).number == 1


def test_cases_go_to_the_agent_with_the_fewest(house: House) -> None:
    zoe = house.hire("agent", "Zoe")
    published = Published.make(house)
    for _ in range(4):
        respond(published, 0)
    owners = [case.owner_id for case in open_all(house)]
    assert owners == [house.people["agent"], zoe] * 2
    with house.unit() as session:
        session.execute(
            update(Case)
            .where(Case.owner_id == zoe)
            .values(state="closed", closed_at=clock.now(), resolution="resolved")
        )
    for _ in range(2):
        respond(published, 0)
    assert [case.owner_id for case in open_all(house)] == [zoe, zoe]


def test_without_agents_the_owners_get_them_and_without_anybody_nobody_does(house: House) -> None:
    published = Published.make(house)
    leave(house, "agent")
    respond(published, 0)
    assert [case.owner_id for case in open_all(house)] == [house.people["owner"]]
    leave(house, "owner")
    respond(published, 0)
    assert [case.owner_id for case in open_all(house)] == [None]
    with house.unit() as session:
        assert len(session.scalars(select(Mail)).all()) == 1


def leave(house: House, role: str) -> None:
    with house.unit() as session:
        session.execute(update(Membership).where(Membership.role == role).values(is_active=False))


def test_many_cases_at_once_make_one_mail_that_lists_the_first(house: House) -> None:
    published = Published.make(house)
    for _ in range(letters.LISTED + 5):
        respond(published, 0)
    assert len(open_all(house)) == letters.LISTED + 5
    with house.unit() as session:
        (mail,) = session.scalars(select(Mail))
    assert mail.subject == f"{letters.LISTED + 5} new cases are yours"
    assert mail.body.count("/cases/") == letters.LISTED
    assert f"And 5 more: {URL}/cases?owner=mine" in mail.body


def test_an_excerpt_is_one_line_cut_at_a_word() -> None:
    assert letters.excerpt("  two\n\nlines ") == "two lines"
    long = letters.excerpt("word " * 100)
    assert len(long) <= letters.EXCERPT + 2
    assert long.endswith("word …")
    assert len(letters.excerpt("x" * 900)) == letters.EXCERPT + 2


def test_a_response_that_is_gone_opens_nothing(house: House) -> None:
    ghost = OutboxEvent(
        house.id, clock.new_id(), "response.submitted", uuid.uuid4(),
        {"bands": {"nps": "detractor"}}, clock.now(), 0,
    )  # fmt: skip
    with house.unit() as session:
        assert opening.open_cases(session, [ghost], clock.now(), public_url=URL) == []


def test_the_worker_opens_the_case_from_the_outbox(
    house: House, engine: Engine, config: Config
) -> None:
    """The loop as it runs: a form is submitted, the drain takes the event, the case is there."""
    published = Published.make(house)
    respond(published, 1, "I will cancel.")
    registry = load_registry(config)
    while drain_batch(engine, registry, clock.now()):
        pass
    with house.unit() as session:
        assert len(session.scalars(select(Case)).all()) == 1
        waiting = session.scalars(select(Event).where(Event.handled_at.is_(None))).all()
    assert [(event.kind, event.error) for event in waiting] == []
