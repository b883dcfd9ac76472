"""Roll-ups are exact: whatever is rolled, late, scored later or moved to another time zone."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from efm.events.registry import JobContext, Registry
from efm.feedback import jobs as feedback_jobs
from efm.feedback.collect import Incoming, submit_batch, target_of
from efm.feedback.saving import save_page
from efm.feedback.score import Scored
from efm.feedback.store import Row, store_many
from efm.insight import dashboard, rollup
from efm.insight import jobs as insight_jobs
from efm.insight.dashboard import Dashboard
from efm.insight.figures import METRICS, estimated
from efm.web.flask import EfmFlask
from surveys.values import Answer
from tests.drawing import IS_FULL
from tests.efm.collected import Published
from tests.factories import House

# Zones by what is hard about them, each with the night on which it is.
NIGHTS = {
    "UTC": datetime(2025, 6, 1, tzinfo=UTC),
    "Europe/Vienna": datetime(2025, 3, 30, 1, tzinfo=UTC),
    "America/New_York": datetime(2025, 11, 2, 6, tzinfo=UTC),
    "Asia/Kolkata": datetime(2025, 6, 1, 18, 30, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2025, 4, 5, 15, tzinfo=UTC),  # Half an hour.
    "America/Havana": datetime(2025, 11, 2, 5, tzinfo=UTC),  # Its day's first hour comes twice.
    "America/Sao_Paulo": datetime(2018, 11, 4, 3, tzinfo=UTC),  # Its day has no midnight.
    "America/St_Johns": datetime(2010, 11, 7, 2, 31, tzinfo=UTC),  # Back over midnight.
    "Pacific/Apia": datetime(2011, 12, 30, 10, tzinfo=UTC),  # A day left out.
    "Pacific/Kiritimati": datetime(2025, 1, 1, 10, tzinfo=UTC),
}
COMMENTS = (
    None,
    "I love it, the best service ever. Thank you so much.",
    "Terrible, I hate this awful portal. It never works.",
    "The parcel came on Tuesday with the other one.",
    "Der Techniker kam nicht und niemand hat mir gesagt, wann er kommen würde.",
)


def answered(rng: random.Random, survey_id: uuid.UUID, near: datetime) -> Incoming:
    """One response at a time near a moment, often at the very edge of a day."""
    at = near + timedelta(minutes=rng.choice([0, rng.randint(-90, 90), rng.randint(-4000, 4000)]))
    answers: dict[str, Any] = {"recommend": rng.randint(0, 10)}
    if rng.random() < 0.6:
        answers["satisfaction"] = rng.randint(1, 5)
    comment = rng.choice(COMMENTS)
    if comment:
        answers["comment"] = comment
    return Incoming(
        survey_id,
        answers,
        submitted_at=at,
        channel=rng.choice(["", "email"]),
        touchpoint=rng.choice(["", "Shop", "Support"]),
    )


def raw(house: House, zone: str) -> list[dict[str, Any]]:
    """Every complete response with its scores, read from the rows alone."""
    with house.unit(read_only=True) as session:
        rows = session.execute(
            text(
                "SELECT r.id, r.submitted_at, r.channel, r.touchpoint, s.metric, s.state, s.value,"
                " s.band FROM responses r LEFT JOIN scores s ON s.response_id = r.id"
                " WHERE r.state = 'complete'"
            )
        ).all()
    found: dict[uuid.UUID, dict[str, Any]] = {}
    for row in rows:
        each = found.setdefault(
            row.id,
            {
                "day": row.submitted_at.astimezone(ZoneInfo(zone)).date(),
                "at": row.submitted_at,
                "channel": row.channel,
                "touchpoint": row.touchpoint,
            },
        )
        if row.metric is not None:
            value = row.band if row.metric == "sentiment" else row.value
            each[row.metric] = value if row.state == "scored" else row.state
    return list(found.values())


def expected(responses: list[dict[str, Any]], board: Dashboard) -> dict[str, Any]:
    """The figures by hand."""
    wanted = board.filter
    inside = [
        each
        for each in responses
        if (not wanted.touchpoint or each["touchpoint"] == wanted.touchpoint)
        and (not wanted.channel or each["channel"] == wanted.channel)
    ]
    now = [e for e in inside if (wanted.since or date.min) <= e["day"] <= wanted.until]
    before = []
    if wanted.previous:
        before = [e for e in inside if wanted.previous[0] <= e["day"] <= wanted.previous[1]]
    found: dict[str, Any] = {
        "responses": len(now),
        "before": len(before),
        "last_at": max((e["at"] for e in now), default=None),
        "arrived": Counter(dashboard.step_of(e["day"], wanted.step) for e in now),
        "sentiment": Counter(e["sentiment"] for e in now if "sentiment" in e),
    }
    for metric in ("nps", "csat"):
        scored = [e for e in now if metric in e]
        found[metric] = Counter(int(e[metric]) for e in scored)
        if wanted.previous:
            earlier = Counter(int(e[metric]) for e in before if metric in e)
            found[metric + " before"] = estimated(METRICS[metric], earlier)
        found[metric + " trend"] = Counter(
            (dashboard.step_of(e["day"], wanted.step), int(e[metric])) for e in scored
        )
        found[metric + " places"] = Counter((e["touchpoint"], int(e[metric])) for e in scored)
    return found


def shown(board: Dashboard) -> dict[str, Any]:
    """The same of the dashboard."""
    said = board.sentiment
    found: dict[str, Any] = {
        "responses": board.responses,
        "before": board.responses_before or 0,
        "last_at": board.last_at,
        "arrived": +Counter(board.arrived),
        "sentiment": +Counter({name: getattr(said, name) for name in said.__dataclass_fields__}),
    }
    for section in board.sections:
        key = section.figure.metric.key
        found[key] = Counter(section.figure.counts)
        found[key + " trend"] = Counter(
            {(p.since, value): n for p in section.trend for value, n in p.figure.counts.items()}
        )
        found[key + " places"] = Counter(
            {
                (p.name, value): n
                for p in section.touchpoints
                for value, n in p.figure.counts.items()
            }
        )
        if section.figure.before is not None:
            found[key + " before"] = section.figure.before
    return found


def look(house: House, now: datetime, **arguments: str) -> Dashboard:
    with house.unit(read_only=True) as session:
        view = dashboard.view(session, arguments, now)
        assert not view.problems
        return dashboard.make(session, view)


VIEWS = (
    {"period": "all"},
    {"period": "7d", "by": "day"},
    {"period": "12m"},
    {"period": "30d", "touchpoint": "Shop"},
    {"period": "12m", "channel": "email"},
    {"period": "90d", "channel": "email", "touchpoint": "Support"},
    {"period": "today"},
)


def check(house: House, zone: str, now: datetime, *views: dict[str, str]) -> None:
    """The dashboard of these views, or of all, is what the raw rows say."""
    responses = raw(house, zone)
    for arguments in views or VIEWS:
        board = look(house, now, **arguments)
        assert shown(board) == expected(responses, board), (zone, arguments)


@pytest.mark.parametrize("zone", NIGHTS)
def test_a_hard_night_is_counted_hour_by_hour(app: EfmFlask, engine: Engine, zone: str) -> None:
    """An answer every ten minutes for two days and a half, looked at and rolled up on the way."""
    house = House.found(app, engine, time_zone=zone)
    survey = Published.make(house)
    rng = random.Random(zone)
    begin = NIGHTS[zone] - timedelta(hours=30)
    for hour in range(0, 60, 5):
        now = begin + timedelta(hours=hour + 5)
        times = [begin + timedelta(hours=hour, minutes=10 * n + 1) for n in range(30)]
        some = [replace(answered(rng, survey.survey_id, now), submitted_at=at) for at in times]
        with house.unit() as session:
            submit_batch(session, some, now, seconds=None)
        roll_all(house, survey.survey_id, now)
        check(house, zone, now, {"period": "all"}, {"period": "today"})
    check(house, zone, now)


@settings(
    max_examples=12 if IS_FULL else 5, deadline=None, derandomize=True, phases=[Phase.generate]
)
@given(seed=st.integers(0, 2**32), zone=st.sampled_from(sorted(NIGHTS)))
def test_figures_are_those_of_the_raw_rows_whatever_happens(
    app: EfmFlask, engine: Engine, seed: int, zone: str
) -> None:
    rng = random.Random(seed)
    house = House.found(app, engine, time_zone=zone)
    survey = Published.make(house)
    now = NIGHTS[zone] - timedelta(days=3)
    for _ in range(14):
        now += timedelta(hours=rng.choice([0.1, rng.random() * 30, rng.random() * 500]))
        step = rng.choices(["submit", "roll", "roll all", "score", "move"], [10, 5, 5, 3, 1])[0]
        with house.unit() as session:
            if step == "submit":
                ago = rng.choice([0, 0, 2, 33, 66])
                near = rng.choice([now, NIGHTS[zone]]) - timedelta(days=ago)
                some = [answered(rng, survey.survey_id, near) for _ in range(rng.randint(1, 8))]
                some = [one for one in some if one.submitted_at and one.submitted_at <= now]
                # Comments beyond `seconds` stay pending, to be scored later.
                submit_batch(session, some, now, seconds=rng.choice([0.0, None]))
            elif step == "roll":
                rollup.roll_some(
                    session, survey.survey_id, now, responses=rng.randint(1, 4), dirty_days=1
                )
            elif step == "score":
                feedback_jobs.score_some(session, now)
            elif step == "move":
                zone = rng.choice(sorted(NIGHTS))
                session.execute(text("UPDATE organizations SET time_zone = :z"), {"z": zone})
        if step == "roll all":
            roll_all(house, survey.survey_id, now)
        check(house, zone, now, VIEWS[0], rng.choice(VIEWS[1:]))
    roll_all(house, survey.survey_id, now)
    check(house, zone, now)


def roll_all(house: House, survey_id: uuid.UUID, now: datetime) -> None:
    for _ in range(1000):
        with house.unit() as session:
            if not rollup.roll_some(session, survey_id, now, responses=3, dirty_days=2):
                return
    raise AssertionError("Rolling up does not come to an end.")


class Later(threading.Thread):
    """Something that must wait for another transaction; what it raised is raised by `done`."""

    def __init__(self, work: Any) -> None:
        super().__init__(daemon=True)
        self.work, self.error = work, None
        self.start()

    def run(self) -> None:
        try:
            self.work()
        except BaseException as error:
            self.error = error

    def done(self) -> None:
        self.join(20)
        assert not self.is_alive(), "It waits for ever."
        if self.error:
            raise self.error


def wait_for_lock(engine: Engine) -> None:
    """Return once a statement of this database waits for another transaction."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query ILIKE '%surveys%'"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(20_000):
            if connection.execute(waiting).scalar_one():
                return
    raise AssertionError("Nothing waits.")


YESTERDAY = datetime(2026, 3, 9, 12, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def one(survey: Published, value: int) -> Incoming:
    answers = {"recommend": value, "comment": COMMENTS[1]}
    return Incoming(survey.survey_id, answers, submitted_at=YESTERDAY)


def test_a_roll_up_waits_for_an_answer_on_its_way(house: House, engine: Engine) -> None:
    survey = Published.make(house)
    with house.unit() as session:
        submit_batch(session, [one(survey, 9)], NOW)
        session.flush()
        rolling = Later(lambda: roll_all(house, survey.survey_id, NOW))
        wait_for_lock(engine)
    rolling.done()
    assert look(house, NOW).responses == 1
    assert survey.count("score_days") > 0
    assert survey.count("dirty_days") == 0


def test_an_answer_that_meets_a_roll_up_marks_its_day_dirty(house: House, engine: Engine) -> None:
    survey = Published.make(house)
    with house.unit() as session:
        submit_batch(session, [one(survey, 9)], NOW)

    def submit() -> None:
        with house.unit() as session:
            submit_batch(session, [one(survey, 2)], NOW)

    with house.unit() as session:
        assert not rollup.roll_some(session, survey.survey_id, NOW)
        late = Later(submit)
        wait_for_lock(engine)
    late.done()
    assert [row.on_day for row in survey.rows("dirty_days")] == [YESTERDAY.date()]
    assert look(house, NOW).responses == 2
    roll_all(house, survey.survey_id, NOW)
    assert survey.count("dirty_days") == 0
    assert look(house, NOW).responses == 2


def test_a_comment_scored_while_its_day_is_rolled_is_counted_again(
    house: House, engine: Engine
) -> None:
    survey = Published.make(house)
    with house.unit() as session:
        submit_batch(session, [one(survey, 9)], NOW, seconds=0.0)

    def score() -> None:
        with house.unit() as session:
            feedback_jobs.score_some(session, NOW)

    with house.unit() as session:
        rollup.roll_some(session, survey.survey_id, NOW)
        scoring = Later(score)
        wait_for_lock(engine)
    scoring.done()
    assert look(house, NOW).sentiment.positive == 1
    roll_all(house, survey.survey_id, NOW)
    assert look(house, NOW).sentiment == look(house, NOW, period="all").sentiment
    assert look(house, NOW).sentiment.positive == 1
    assert look(house, NOW).sentiment.pending == 0


def test_a_response_completed_after_its_day_was_rolled_marks_it_dirty(house: House) -> None:
    survey = Published.make(house, ["recommend"])
    with house.unit() as session:
        target = target_of(session, survey.survey_id, YESTERDAY)
        row = Row(
            survey.survey_id, target.version_id, target.distribution_id, "begun", "en", {},
            Scored(()), YESTERDAY, None,
        )  # fmt: skip
        store_many(session, [row], YESTERDAY)
    roll_all(house, survey.survey_id, NOW)
    with house.unit() as session:
        answers = {"recommend": Answer("recommend", "nps", 9.0)}
        # A server whose clock is a day behind the one that rolled up.
        assert save_page(session, row.id, target.compiled, 0, answers, YESTERDAY).is_complete
    assert [row.on_day for row in survey.rows("dirty_days")] == [YESTERDAY.date()]
    assert look(house, NOW).responses == 1


def test_a_day_is_closed_a_quarter_of_an_hour_after_its_end_in_its_zone() -> None:
    ten_past = datetime(2026, 3, 9, 15, 10, tzinfo=UTC)  # 00:10 in Tokyo.
    assert rollup.last_closed_day("Asia/Tokyo", ten_past) == date(2026, 3, 8)
    assert rollup.last_closed_day("Asia/Tokyo", ten_past + timedelta(minutes=5)) == date(2026, 3, 9)
    assert rollup.last_closed_day("UTC", ten_past) == date(2026, 3, 8)


def test_closed_days_are_read_from_their_counts(house: House) -> None:
    survey = Published.make(house)
    with house.unit() as session:
        some = [replace(one(survey, 9), touchpoint="Shop") for _ in range(6)]
        submit_batch(session, some, NOW)
    april = NOW + timedelta(days=30)
    roll_all(house, survey.survey_id, april)
    survey.execute("UPDATE score_days SET n = n * 10 WHERE metric = 'nps'")
    survey.execute("UPDATE score_sums SET n = n * 20 WHERE metric = 'nps' AND grain = 'day'")
    survey.execute("UPDATE score_sums SET n = n * 30 WHERE metric = 'nps' AND grain = 'month'")
    survey.execute("UPDATE score_sums SET n = n * 40 WHERE metric = 'nps' AND grain = 'channel'")
    for channel, n in ({}, 120), ({"channel": "api"}, 240):
        board = look(house, april, period="all", **channel)
        assert board.sections[0].figure.n == n
        assert board.sections[0].touchpoints[0].figure.n == 180
    assert look(house, april, period="all", touchpoint="Shop").sections[0].figure.n == 60
    within = {"from": "2026-03-02", "to": "2026-03-31"}
    assert look(house, april, **within).sections[0].touchpoints[0].figure.n == 60


def test_the_job_rolls_up_every_survey_of_its_organization_and_no_other(
    house: House, stranger: House, engine: Engine, app: EfmFlask
) -> None:
    surveys = [Published.make(each) for each in (house, house, stranger)]
    for survey in surveys:
        with survey.house.unit() as session:
            submit_batch(session, [one(survey, 9)], NOW)
    config, vault = app.extensions["efm.config"], app.extensions["efm.vault"]
    registry = Registry(config, vault)
    insight_jobs.register(registry)
    context = JobContext(engine, config, vault, None, house.id)  # type: ignore[arg-type]
    registry.jobs["insight.roll_up"].run(context)
    rolled = {row.survey_id for row in surveys[0].rows("score_days")}
    assert rolled == {surveys[0].survey_id, surveys[1].survey_id}
    assert surveys[2].count("score_days") == 0
    with house.unit(read_only=True) as session:
        assert rollup.surveys_to_roll(session, context.now()) == []


def waiting(house: House) -> int:
    """How many roll-ups of this organization wait in the queue."""
    with house.unit(read_only=True) as session:
        return session.execute(
            text("SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock = :key"),
            {"key": f"insight.roll_up:{house.id}"},
        ).scalar_one()


def test_imports_and_a_new_time_zone_ask_for_a_roll_up(house: House, stranger: House) -> None:
    survey = Published.make(house)
    with house.unit() as session:
        submit_batch(session, [one(survey, 9)], NOW)
    assert waiting(house) == 0
    for _ in range(2):
        with house.unit() as session:
            submit_batch(session, [one(survey, 9)], NOW, kind="import", name="Import")
    assert waiting(house) == 1
    form = {"name": "Far", "time_zone": "Asia/Tokyo", "language": "en", "currency": "EUR"}
    client = stranger.login("owner")
    csrf = client.csrf  # type: ignore[attr-defined]
    for _ in range(2):
        assert client.post("/settings", data={**form, "csrf_token": csrf}).status_code == 303
    assert waiting(stranger) == 1
