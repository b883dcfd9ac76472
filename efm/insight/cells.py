"""What is counted: scores and responses by survey, day, channel, touchpoint and bucket.

Closed days that nothing happened to since are read from `score_days`; all other days are counted
from the rows themselves. Both in one statement, so from one snapshot: each response counts once,
whatever is being rolled up meanwhile. The day of a response is its date in the organization's time
zone as PostgreSQL says it; ranges of time only help to find rows, so a midnight that happens twice
or never loses none.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.insight.filters import Filter

# Clocks are turned by at most two hours.
MARGIN = "interval '3 hours'"


class Aside(NamedTuple):
    """A question that is not the one its survey's figure is made of."""

    survey_id: uuid.UUID
    metric: str
    question_key: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Which surveys are counted, in which time zone, and which questions stand aside."""

    zone: str
    survey_ids: Sequence[uuid.UUID]
    asides: Sequence[Aside] = ()


class Cell(NamedTuple):
    """How many fell into one bucket; `total` and `squares` add up their values.

    `grouping` says what it was grouped by: "slot", "question" or "touchpoint"; the other two
    are None.
    """

    grouping: str
    is_now: bool
    metric: str
    is_main: bool
    slot: date | None
    survey_id: uuid.UUID | None
    question_key: str | None
    touchpoint: str | None
    bucket: str
    n: int
    total: float
    squares: float


def starts(day: str) -> str:
    """SQL: a moment not after the first of a day."""
    return f"(({day})::timestamp AT TIME ZONE %(zone)s) - {MARGIN}"


def ends(day: str) -> str:
    """SQL: a moment not before the last of a day."""
    return f"((({day}) + 1)::timestamp AT TIME ZONE %(zone)s) + {MARGIN}"


def live(spans: str, where: str = "TRUE") -> str:
    """SQL: the complete responses of `spans` (survey_id, first_day, last_day), each with its day."""
    return f"""
    SELECT r.id, r.survey_id, r.distribution_id, r.channel, r.touchpoint, d.on_day
    FROM {spans} span
    JOIN responses r ON r.organization_id = %(organization)s AND r.survey_id = span.survey_id
        AND r.state = 'complete'
        AND r.submitted_at >= {starts("span.first_day")}
        AND r.submitted_at < {ends("span.last_day")}
    CROSS JOIN LATERAL (SELECT (r.submitted_at AT TIME ZONE %(zone)s)::date AS on_day) d
    WHERE d.on_day BETWEEN span.first_day AND span.last_day AND {where}"""


def counted(source: str) -> str:
    """SQL: one row for each response and each score of the responses in `source`, not added up.

    The bucket of a response is how it was reached; of a comment its sentiment, or why there is
    none; of a score its value when that is a whole number of a scale.
    """
    return f"""
    SELECT l.survey_id, l.on_day, 'response' AS metric, '' AS question_key, l.channel,
        l.touchpoint, d.kind AS bucket, 1 AS n, 0.0::double precision AS total,
        0.0::double precision AS squares
    FROM {source} l
    JOIN distributions d ON d.organization_id = %(organization)s AND d.id = l.distribution_id
    UNION ALL
    SELECT l.survey_id, l.on_day, c.metric, c.question_key, l.channel, l.touchpoint,
        CASE WHEN c.state <> 'scored' THEN c.state
             WHEN c.metric = 'sentiment' THEN coalesce(c.band, '')
             WHEN c.value = trunc(c.value) AND abs(c.value) <= 100 THEN c.value::int::text
             ELSE '' END,
        1, coalesce(c.value, 0.0), coalesce(c.value * c.value, 0.0)
    FROM {source} l
    JOIN scores c ON c.organization_id = %(organization)s AND c.response_id = l.id"""


# Where each survey stands, and the days of it that are counted from the rows.
STANDING = """
standing AS MATERIALIZED (
    SELECT s.id AS survey_id,
        CASE WHEN s.rolled_time_zone = %(zone)s THEN s.rolled_through_on END AS through_on
    FROM surveys s
    WHERE s.organization_id = %(organization)s AND s.id = ANY(%(surveys)s)
), dirty AS MATERIALIZED (
    SELECT d.survey_id, d.on_day FROM dirty_days d
    JOIN standing s ON s.survey_id = d.survey_id AND d.on_day <= s.through_on
    WHERE d.organization_id = %(organization)s
), spans AS MATERIALIZED (
    SELECT survey_id, greatest(coalesce(through_on + 1, %(first)s::date), %(first)s::date)
        AS first_day, %(until)s::date AS last_day
    FROM standing
    UNION ALL
    SELECT survey_id, on_day, on_day FROM dirty
    WHERE on_day BETWEEN %(first)s::date AND %(until)s::date
)"""

_NARROWED = """
    (%(touchpoint)s::text IS NULL OR {0}.touchpoint = %(touchpoint)s::text)
    AND (%(channel)s::text IS NULL OR {0}.channel = %(channel)s::text)"""

_READ = f"""
WITH {STANDING}, live AS MATERIALIZED ({live("spans", _NARROWED.format("r"))}
), everything AS ({counted("live")}
    UNION ALL
    SELECT s.survey_id, s.on_day, s.metric, s.question_key, s.channel, s.touchpoint, s.bucket,
        s.n, s.total, s.total_of_squares
    FROM standing
    JOIN score_days s ON s.organization_id = %(organization)s
        AND s.survey_id = standing.survey_id AND s.on_day <= standing.through_on
        AND s.on_day BETWEEN %(first)s::date AND %(until)s::date
    WHERE {_NARROWED.format("s")} AND NOT EXISTS (
        SELECT 1 FROM dirty WHERE dirty.survey_id = s.survey_id AND dirty.on_day = s.on_day)
), gathered AS (
    SELECT on_day >= %(since)s::date AS is_now,
        CASE WHEN on_day >= %(since)s::date THEN date_trunc(%(step)s, on_day::timestamp)::date END
            AS slot,
        survey_id, metric, question_key, touchpoint, bucket,
        sum(n) AS n, sum(total) AS total, sum(squares) AS squares
    FROM everything GROUP BY 1, 2, 3, 4, 5, 6, 7
), marked AS (
    SELECT g.*, a.metric IS NULL AS is_main
    FROM gathered g LEFT JOIN unnest(
        %(aside_surveys)s::uuid[], %(aside_metrics)s::text[], %(aside_questions)s::text[]
    ) AS a(survey_id, metric, question_key) USING (survey_id, metric, question_key)
)
SELECT CASE grouping(slot, survey_id, touchpoint)
        WHEN 3 THEN 'slot' WHEN 5 THEN 'question' ELSE 'touchpoint' END,
    is_now, metric, is_main, slot, survey_id, question_key, touchpoint, bucket,
    sum(n)::bigint, sum(total), sum(squares)
FROM marked
GROUP BY GROUPING SETS (
    (is_now, metric, is_main, bucket, slot),
    (is_now, metric, is_main, bucket, survey_id, question_key),
    (is_now, metric, is_main, bucket, touchpoint))
"""

# Cheap enough to be asked each second: it changes whenever a count can have changed.
_VERSION = f"""
WITH {STANDING}
SELECT
    (SELECT count(*) FROM standing),
    (SELECT max(through_on) FROM standing),
    (SELECT count(*) FROM dirty),
    (SELECT count(*) FROM spans span JOIN responses r ON r.organization_id = %(organization)s
        AND r.survey_id = span.survey_id AND r.state = 'complete'
        AND r.submitted_at >= {starts("span.first_day")}
        AND r.submitted_at < {ends("span.last_day")}),
    (SELECT max(newest.submitted_at) FROM standing, LATERAL (
        SELECT r.submitted_at FROM responses r WHERE r.organization_id = %(organization)s
            AND r.survey_id = standing.survey_id AND r.state = 'complete'
        ORDER BY r.submitted_at DESC LIMIT 1) newest),
    (SELECT count(*) FROM scores WHERE organization_id = %(organization)s AND state = 'pending')
"""


def read(session: Session, wanted: Filter, scope: Scope) -> list[Cell]:
    """All counts of a filter, of its period and of the one before."""
    return [Cell(*row) for row in _ask(session, _READ, parameters(session, wanted, scope))]


def version(session: Session, wanted: Filter, scope: Scope) -> str:
    """A text that differs whenever what `read` answers may differ."""
    row = _ask(session, _VERSION, parameters(session, wanted, scope))[0]
    return "|".join(str(value) for value in row)


def parameters(session: Session, wanted: Filter, scope: Scope) -> dict[str, Any]:
    """What the statements here are told."""
    since = date.min if wanted.since is None else wanted.since
    previous = wanted.previous
    return {
        "organization": session.info["organization_id"],
        "zone": scope.zone,
        "surveys": list(scope.survey_ids),
        "first": _day(previous[0] if previous else since),
        "since": _day(since),
        "until": wanted.until,
        "touchpoint": wanted.touchpoint or None,
        "channel": wanted.channel or None,
        "step": wanted.step,
        "aside_surveys": [aside.survey_id for aside in scope.asides],
        "aside_metrics": [aside.metric for aside in scope.asides],
        "aside_questions": [aside.question_key for aside in scope.asides],
    }


def _day(day: date) -> date | str:
    """A day as PostgreSQL is told it: none begins time, and very early ones are cut."""
    return "-infinity" if day < date(1, 2, 1) else day


def _ask(session: Session, statement: str, values: Mapping[str, Any]) -> list[Any]:
    """Run a statement by the driver: its parameters are typed there, and the plan is its own."""
    session.flush()
    driver: Any = session.connection().connection.driver_connection
    return list(driver.execute(statement, values, prepare=False).fetchall())


def ask(session: Session, statement: str, values: Mapping[str, Any]) -> list[Any]:
    """As the statements here are run, for those built of their parts."""
    return _ask(session, statement, values)


def zone_of(session: Session) -> str:
    """The organization's time zone."""
    found = session.execute(
        text("SELECT time_zone FROM organizations WHERE id = :id"),
        {"id": session.info["organization_id"]},
    ).scalar_one()
    return str(found)


_CHOICES = f"""
WITH {STANDING}, live AS MATERIALIZED ({live("spans")})
SELECT channel, touchpoint FROM distributions
WHERE organization_id = %(organization)s AND survey_id = ANY(%(surveys)s)
UNION
SELECT channel, touchpoint FROM live
UNION
SELECT s.channel, s.touchpoint FROM standing
JOIN score_days s ON s.organization_id = %(organization)s AND s.survey_id = standing.survey_id
    AND s.on_day <= standing.through_on AND s.metric = 'response'
    AND s.on_day BETWEEN %(first)s::date AND %(until)s::date
"""


def choices(session: Session, wanted: Filter, scope: Scope) -> tuple[list[str], list[str]]:
    """The channels and the touchpoints there are to choose from in a period, each sorted."""
    found = _ask(session, _CHOICES, parameters(session, wanted, scope))
    channels = {row[0] for row in found} | {wanted.channel}
    places = {row[1] for row in found} | {wanted.touchpoint}
    return sorted(channels - {""}), sorted(places - {""}, key=str.casefold)
