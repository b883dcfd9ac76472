"""The counts a dashboard is made of, read in one statement, so from one snapshot.

Closed days that nothing happened to since are read from `score_days` and its sums; all other days
are counted from the rows themselves. Each response counts once, whatever is being rolled up.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from efm.insight.counting import FENCE, STANDING, ask, counted, ends, live, starts
from efm.insight.filters import Filter

LOYALTY = "('nps', 'csat', 'ces')"


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
    """How many fell into one bucket.

    `grouping` says what it was grouped by: "slot" (the step of the trend), "question" or
    "touchpoint"; what belongs to the others is None. Touchpoints are of the period itself only.
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


_NARROWED = """
    (%(touchpoint)s::text IS NULL OR {0}.touchpoint = %(touchpoint)s::text)
    AND (%(channel)s::text IS NULL OR {0}.channel = %(channel)s::text)"""
_CLEAN = """NOT EXISTS (
        SELECT 1 FROM dirty WHERE dirty.survey_id = s.survey_id AND dirty.on_day = s.on_day)"""

_WHEN = """on_day >= %(since)s::date AS is_now,
        CASE WHEN on_day >= %(since)s::date THEN date_trunc(%(step)s, on_day::timestamp)::date END
            AS slot"""
# Closed days, when a touchpoint is asked for: read once, for the trend and the comparison.
_NARROW = f"""
narrow AS MATERIALIZED (
    SELECT {_WHEN}, survey_id, metric, question_key, touchpoint, bucket, sum(n) AS n
    FROM (
        SELECT s.survey_id, s.on_day, s.metric, s.question_key, s.touchpoint, s.bucket, s.n
        FROM standing
        JOIN score_days s ON s.organization_id = %(organization)s
            AND s.survey_id = standing.survey_id AND s.on_day <= standing.through_on
            AND s.on_day BETWEEN %(first)s::date AND %(until)s::date
        WHERE {_NARROWED.format("s")} AND {_CLEAN}) closed
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),"""
_NARROW_DAYS = "SELECT is_now, slot, survey_id, metric, question_key, bucket, n FROM narrow"
# Closed days, when all touchpoints are asked for: each added up over them.
_ALL_DAYS = f"""
    SELECT {_WHEN}, s.survey_id, s.metric, s.question_key, s.bucket, s.n
    FROM standing
    JOIN score_sums s ON s.organization_id = %(organization)s
        AND s.survey_id = standing.survey_id
        AND s.grain = CASE WHEN %(channel)s::text IS NULL THEN 'day' ELSE 'channel' END
        AND (%(channel)s::text IS NULL OR s.channel = %(channel)s::text)
        AND s.on_day <= standing.through_on
        AND s.on_day BETWEEN %(first)s::date AND %(until)s::date
    WHERE {_CLEAN}"""
# Touchpoints, when all are asked for: whole clean months added up, and the days around them.
_MONTHS = """
months AS MATERIALIZED (
    SELECT s.survey_id, s.on_day, s.metric, s.question_key, s.touchpoint, s.bucket, s.n
    FROM standing
    JOIN score_sums s ON s.organization_id = %(organization)s
        AND s.survey_id = standing.survey_id AND s.grain = 'month'
        AND (%(channel)s::text IS NULL OR s.channel = %(channel)s::text)
        AND s.on_day >= %(since)s::date
        AND (s.on_day + interval '1 month')::date - 1 <= least(%(until)s::date, through_on)
        AND through_on IS NOT NULL
    WHERE NOT EXISTS (
        SELECT 1 FROM dirty WHERE dirty.survey_id = s.survey_id AND dirty.on_day >= s.on_day
            AND dirty.on_day < s.on_day + interval '1 month')
), edges AS MATERIALIZED (
    SELECT standing.survey_id, day.at::date AS on_day
    FROM standing
    CROSS JOIN LATERAL (
        SELECT min(s.on_day) AS on_day FROM score_days s
        WHERE s.organization_id = %(organization)s AND s.survey_id = standing.survey_id
            AND s.on_day <= standing.through_on HAVING min(s.on_day) IS NOT NULL) oldest
    CROSS JOIN LATERAL generate_series(
        greatest(oldest.on_day, %(since)s::date)::timestamp,
        least(standing.through_on, %(until)s::date)::timestamp, interval '1 day') AS day(at)
    WHERE NOT EXISTS (
            SELECT 1 FROM (SELECT DISTINCT survey_id, on_day FROM months) m
            WHERE m.survey_id = standing.survey_id AND m.on_day = date_trunc('month', day.at)::date)
        AND NOT EXISTS (SELECT 1 FROM dirty
            WHERE dirty.survey_id = standing.survey_id AND dirty.on_day = day.at::date)
),"""
_ALL_PLACES = f"""
    SELECT survey_id, metric, question_key, touchpoint, bucket, n FROM months
    UNION ALL
    SELECT e.survey_id, s.metric, s.question_key, s.touchpoint, s.bucket, s.n
    FROM edges e CROSS JOIN LATERAL (
        SELECT s.metric, s.question_key, s.touchpoint, s.bucket, s.n FROM score_days s
        WHERE s.organization_id = %(organization)s AND s.survey_id = e.survey_id
            AND s.on_day = e.on_day AND s.metric IN {LOYALTY}
            AND (%(channel)s::text IS NULL OR s.channel = %(channel)s::text) {FENCE}) s"""
_NARROW_PLACES = f"""
    SELECT survey_id, metric, question_key, touchpoint, bucket, n
    FROM narrow WHERE is_now AND metric IN {LOYALTY}"""

_ASIDES = """LEFT JOIN unnest(
        %(aside_surveys)s::uuid[], %(aside_metrics)s::text[], %(aside_questions)s::text[]
    ) AS a(survey_id, metric, question_key) USING (survey_id, metric, question_key)"""


def _read(sources: str, days: str, places: str) -> str:
    return f"""
WITH {STANDING}, live AS MATERIALIZED ({live("spans", _NARROWED.format("r"))}
), fresh AS MATERIALIZED (
    SELECT {_WHEN}, survey_id, metric, question_key, touchpoint, bucket, sum(n) AS n
    FROM ({counted("live")}) counted GROUP BY 1, 2, 3, 4, 5, 6, 7
), {sources} by_slot AS (
    SELECT is_now, slot, survey_id, metric, question_key, bucket, sum(n) AS n
    FROM (SELECT is_now, slot, survey_id, metric, question_key, bucket, n FROM fresh
          UNION ALL {days}) day
    GROUP BY 1, 2, 3, 4, 5, 6
), by_place AS (
    SELECT survey_id, metric, question_key, touchpoint, bucket, sum(n) AS n
    FROM (SELECT survey_id, metric, question_key, touchpoint, bucket, n FROM fresh
          WHERE is_now AND metric IN {LOYALTY}
          UNION ALL {places}) place
    GROUP BY 1, 2, 3, 4, 5
)
SELECT CASE grouping(slot) WHEN 0 THEN 'slot' ELSE 'question' END, is_now, metric,
    a.metric IS NULL AS is_main, slot, survey_id, question_key, NULL::text, bucket, sum(n)::bigint
FROM by_slot {_ASIDES}
GROUP BY GROUPING SETS (
    (is_now, metric, a.metric IS NULL, bucket, slot),
    (is_now, metric, a.metric IS NULL, bucket, survey_id, question_key))
UNION ALL
SELECT 'touchpoint', TRUE, metric, a.metric IS NULL, NULL, NULL, NULL, touchpoint, bucket,
    sum(n)::bigint
FROM by_place {_ASIDES}
GROUP BY metric, a.metric IS NULL, touchpoint, bucket
"""


_READ_ALL = _read(_MONTHS, _ALL_DAYS, _ALL_PLACES)
_READ_NARROWED = _read(_NARROW, _NARROW_DAYS, _NARROW_PLACES)

# Cheap enough to be asked each second: it changes whenever a count can have changed, and never
# comes back to what it was. A late answer makes a day dirty; once that is rolled up nothing tells of
# it but the revision of the survey's row.
_VERSION = f"""
WITH {STANDING}
SELECT
    (SELECT string_agg(revision, ',' ORDER BY survey_id) FROM standing),
    (SELECT count(*) FROM dirty),
    (SELECT sum(counted.n) FROM spans span CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM responses r WHERE r.organization_id = %(organization)s
            AND r.survey_id = span.survey_id AND r.state = 'complete'
            AND r.submitted_at >= {starts("span.first_day")}
            AND r.submitted_at < {ends("span.last_day")} {FENCE}) counted),
    (SELECT max(newest.submitted_at) FROM standing CROSS JOIN LATERAL (
        SELECT r.submitted_at FROM responses r WHERE r.organization_id = %(organization)s
            AND r.survey_id = standing.survey_id AND r.state = 'complete'
        ORDER BY r.submitted_at DESC LIMIT 1) newest),
    (SELECT max(newest.started_at) FROM standing CROSS JOIN LATERAL (
        SELECT r.started_at FROM responses r WHERE r.organization_id = %(organization)s
            AND r.survey_id = standing.survey_id AND r.state = 'partial'
        ORDER BY r.started_at DESC LIMIT 1) newest),
    (SELECT sum(d.invited) FROM distributions d
     WHERE d.organization_id = %(organization)s AND d.survey_id = ANY(%(surveys)s)),
    (SELECT count(*) FROM scores WHERE organization_id = %(organization)s AND state = 'pending')
"""
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
    AND s.on_day BETWEEN %(since)s::date AND %(until)s::date
"""


def read(session: Session, wanted: Filter, scope: Scope) -> list[Cell]:
    """All counts of a filter, of its period and of the one before."""
    statement = _READ_NARROWED if wanted.touchpoint else _READ_ALL
    return [Cell(*row) for row in ask(session, statement, parameters(session, wanted, scope))]


def version(session: Session, wanted: Filter, scope: Scope) -> str:
    """A text that differs whenever what `read` answers may differ."""
    row = ask(session, _VERSION, parameters(session, wanted, scope))[0]
    return "|".join(str(value) for value in row)


def choices(session: Session, wanted: Filter, scope: Scope) -> tuple[list[str], list[str]]:
    """The channels and the touchpoints there are to choose from in a period, each sorted."""
    found = ask(session, _CHOICES, parameters(session, wanted, scope))
    channels = {row[0] for row in found} | {wanted.channel}
    places = {row[1] for row in found} | {wanted.touchpoint}
    return sorted(channels - {""}), sorted(places - {""}, key=str.casefold)


def parameters(session: Session, wanted: Filter, scope: Scope) -> dict[str, Any]:
    """What the statements are told."""
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
    """A day as PostgreSQL is told it; those before all answers are where time begins."""
    return "-infinity" if day.year < 1900 else day
