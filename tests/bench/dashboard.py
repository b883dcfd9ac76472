"""The dashboard over 1,000,000 responses: server time of its data, and the same counted by hand."""

from __future__ import annotations

import statistics
import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, create_engine, text

from efm import clock
from efm.db.engine import make_engine, unit
from efm.insight import dashboard, rollup
from efm.insight.dashboard import Dashboard, View
from tests.bench.options import Options
from tests.bench.processor import seconds_of
from tests.bench.stage import FILLED, Stage, stage

RESPONSES = 1_000_000
DAYS = 365
LIMIT = 300
# What is looked at: a name and its address.
VIEWS: dict[str, dict[str, str]] = {
    "12 months": {"period": "12m"},
    "all time": {"period": "all"},
    "90 days": {},
    "12 months of a touchpoint": {"period": "12m", "touchpoint": "Touchpoint 3"},
    "12 months of a channel": {"period": "12m", "channel": "email"},
    "today": {"period": "today"},
}

# Made where they lie, by the superuser: row-level security and a million round trips are not timed.
_MAKE = (
    """
INSERT INTO responses (organization_id, id, survey_id, version_id, distribution_id, state, channel,
    touchpoint, language, submit_key, started_at, submitted_at)
SELECT d.organization_id, uuidv7(at - clock_timestamp()), d.survey_id, s.current_version_id, d.id, 'complete',
    (ARRAY['link', 'email', 'sms'])[1 + i % 3], 'Touchpoint ' || i % 10, 'en',
    'bench ' || i, at - interval '2 minutes', at
FROM (SELECT i, CAST(:newest AS timestamptz) - make_interval(secs => random() * :seconds) AS at
      FROM generate_series(1, CAST(:count AS bigint)) i ORDER BY at) made
CROSS JOIN distributions d JOIN surveys s ON s.organization_id = d.organization_id AND s.id = d.survey_id
WHERE d.kind = 'anonymous_link' AND d.organization_id = :organization
""",
    """
INSERT INTO scores (organization_id, response_id, metric, question_key, state, value, band)
SELECT r.organization_id, r.id, s.metric, s.question, 'scored', s.value,
    CASE s.metric WHEN 'sentiment' THEN (ARRAY['positive', 'neutral', 'negative'])[1 + r.draw % 3] END
FROM (SELECT organization_id, id, abs(hashtext(id::text)::bigint) AS draw FROM responses
      WHERE organization_id = :organization AND submit_key LIKE 'bench %') r
CROSS JOIN LATERAL (VALUES
    ('nps', 'recommend', (CASE WHEN r.draw % 3 = 0 THEN r.draw % 11 ELSE 8 + r.draw % 3 END)::float),
    ('csat', 'satisfaction', (1 + r.draw % 5)::float),
    ('ces', 'effort', (1 + r.draw % 7)::float),
    ('sentiment', 'comment', r.draw % 200 / 100.0 - 1)) s(metric, question, value)
WHERE s.metric <> 'sentiment' OR r.draw % 2 = 0
""",
    """
INSERT INTO answers (organization_id, response_id, question_key, kind, text)
SELECT c.organization_id, c.response_id, c.question_key, 'long_text',
    'The new portal saves us an hour a week.'
FROM scores c JOIN responses r ON r.organization_id = c.organization_id AND r.id = c.response_id
WHERE c.organization_id = :organization AND c.metric = 'sentiment'
  AND r.submit_key LIKE 'bench %'
""",
)
_BY_HAND = """
SELECT s.metric, s.value::int AS value, r.touchpoint, count(*) AS n FROM responses r
JOIN scores s ON s.organization_id = r.organization_id AND s.response_id = r.id
WHERE r.organization_id = :organization AND r.state = 'complete' AND s.metric <> 'sentiment'
  AND (r.submitted_at AT TIME ZONE 'UTC')::date
      BETWEEN coalesce(CAST(:since AS date), '-infinity') AND CAST(:until AS date)
  AND (CAST(:touchpoint AS text) = '' OR r.touchpoint = :touchpoint)
  AND (CAST(:channel AS text) = '' OR r.channel = :channel)
GROUP BY 1, 2, 3
"""


def fill(superuser_url: str, organization_id: uuid.UUID, now: datetime, responses: int) -> None:
    """Make the responses of closed days, with their scores and comments."""
    part = {
        "organization": organization_id,
        "count": responses,
        "newest": now.replace(hour=0, minute=0, second=0, microsecond=0),
        "seconds": timedelta(days=DAYS).total_seconds(),
    }
    engine = create_engine(superuser_url)
    with engine.begin() as connection:
        # The rows point where they should; checking each reference would take minutes.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SELECT setseed(0.5)"))
        for statement in _MAKE:
            connection.execute(text(statement), part)
    vacuum(superuser_url)
    engine.dispose()


def vacuum(superuser_url: str) -> None:
    """What autovacuum does within minutes after a load."""
    engine = create_engine(superuser_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def roll(engine: Engine, organization_id: uuid.UUID, now: datetime) -> float:
    """Roll up all that is due; the longest that answers to a survey had to wait, in seconds."""
    longest = 0.0
    with unit(engine, organization_id) as session:
        due = rollup.surveys_to_roll(session, now)
    for survey_id in due:
        is_more = True
        while is_more:
            began = time.perf_counter()
            with unit(engine, organization_id) as session:
                is_more = rollup.roll_some(session, survey_id, now)
            longest = max(longest, time.perf_counter() - began)
    return longest


def measure(options: Options) -> dict[str, Any]:
    """Fill, roll up, and look at each view `rounds` times; the first look is not timed."""
    with stage() as made:
        superuser = made.database.superuser_url()
        now = clock.now()
        began = time.perf_counter()
        fill(superuser, made.organization_id, now, RESPONSES - FILLED)
        filled = time.perf_counter()
        engine = make_engine(made.app_url, pool_size=1, application="efm bench")
        longest = roll(engine, made.organization_id, now)
        rolled = time.perf_counter()
        vacuum(superuser)
        views = {name: _timed(made, engine, name, now, options.rounds) for name in VIEWS}
        engine.dispose()
    return {
        "responses": RESPONSES,
        "of_today": FILLED,
        "fill_seconds": round(filled - began, 1),
        "roll_up_seconds": round(rolled - filled, 1),
        "roll_up_longest_milliseconds": round(1000 * longest),
        "limit_milliseconds": LIMIT,
        "views": views,
    }


def _timed(made: Stage, engine: Engine, name: str, now: datetime, rounds: int) -> dict[str, Any]:
    """One view: from an address and an empty session to every figure it shows."""
    data, polls = [], []
    _look(engine, made.organization_id, name, now)
    with unit(engine, made.organization_id, read_only=True) as session:
        # The one connection of the pool, so the process that does the work of each look.
        backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    before = seconds_of(backend) + time.process_time()
    for _ in range(rounds):
        began = time.perf_counter()
        view, board = _look(engine, made.organization_id, name, now)
        data.append(1000 * (time.perf_counter() - began))
    used = seconds_of(backend) + time.process_time() - before
    for _ in range(rounds):
        began = time.perf_counter()
        with unit(engine, made.organization_id, read_only=True) as session:
            dashboard.version(session, dashboard.view(session, VIEWS[name], now))
        polls.append(1000 * (time.perf_counter() - began))
    return {
        "responses": board.responses,
        "median_milliseconds": round(statistics.median(data), 1),
        "slowest_milliseconds": round(max(data), 1),
        "processor_milliseconds": round(1000 * used / rounds, 1),
        "poll_milliseconds": round(statistics.median(polls), 1),
        "is_exact": _by_hand(made, view) == _shown(board),
    }


def _look(
    engine: Engine, organization_id: uuid.UUID, name: str, now: datetime
) -> tuple[View, Dashboard]:
    with unit(engine, organization_id, read_only=True) as session:
        view = dashboard.view(session, VIEWS[name], now)
        dashboard.version(session, view)
        return view, dashboard.make(session, view)


def _by_hand(made: Stage, view: View) -> dict[Any, int]:
    engine = create_engine(made.database.superuser_url())
    wanted = view.filter
    with engine.connect() as connection:
        rows = connection.execute(
            text(_BY_HAND),
            {
                "organization": made.organization_id,
                "since": wanted.since,
                "until": wanted.until,
                "touchpoint": wanted.touchpoint,
                "channel": wanted.channel,
            },
        ).all()
    engine.dispose()
    found: dict[Any, int] = {}
    for row in rows:
        for key in ((row.metric, row.value), (row.metric, row.value, row.touchpoint)):
            found[key] = found.get(key, 0) + row.n
    return found


def _shown(board: Dashboard) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for section in board.sections:
        key = section.figure.metric.key
        found |= {(key, value): n for value, n in section.figure.counts.items()}
        for part in section.touchpoints:
            found |= {(key, value, part.name): n for value, n in part.figure.counts.items()}
    return found


def said(found: dict[str, Any]) -> list[str]:
    """The figures as lines."""
    lines = [
        f"{found['responses']:,} responses, {found['of_today']:,} of them of today and live; rolled "
        f"up in {found['roll_up_seconds']} s, answers waited at most "
        f"{found['roll_up_longest_milliseconds']} ms.",
        f"{'view':28}{'responses':>10}{'median':>9}{'slowest':>9}{'processor':>11}{'poll':>8}  exact",
    ]
    for name, view in found["views"].items():
        lines.append(
            f"{name:28}{view['responses']:>10,}{view['median_milliseconds']:>9.0f}"
            f"{view['slowest_milliseconds']:>9.0f}{view['processor_milliseconds']:>11.0f}"
            f"{view['poll_milliseconds']:>8.1f}  {'yes' if view['is_exact'] else 'NO'}"
        )
    slowest = max(view["median_milliseconds"] for view in found["views"].values())
    lines.append(
        f"Milliseconds. Limit {found['limit_milliseconds']}: "
        f"{'kept' if slowest < found['limit_milliseconds'] else 'BROKEN'} (slowest median "
        f"{slowest:.0f})."
    )
    return lines
