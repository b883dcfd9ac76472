"""Rolls closed days up into counts, and counts days again that got late answers.

The survey's row is locked FOR UPDATE first. Whoever stores an answer holds it FOR KEY SHARE until
the commit, so a roll-up begins when answers on their way have landed, and an answer that comes
meanwhile waits, sees the new `rolled_through_on`, and marks its day dirty.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from efm.insight.counting import ask, counted, do, live, starts, zone_of
from efm.insight.filters import today_in

# A day is closed a little after its end: answers given before midnight may still be on their way.
CLOSED_AFTER = timedelta(minutes=15)
# Answers to the survey wait while a batch is rolled, so it is small: some 100 milliseconds.
RESPONSES_A_BATCH = 4_000
DIRTY_DAYS_A_BATCH = 7

_LOCK = """
SELECT rolled_through_on, rolled_time_zone FROM surveys
WHERE organization_id = %(organization)s AND id = %(survey)s FOR UPDATE
"""
_SURVEYS = """
SELECT s.id FROM surveys s
WHERE s.organization_id = %(organization)s AND s.state <> 'draft' AND (
    s.rolled_through_on IS NULL OR s.rolled_through_on < %(target)s
    OR s.rolled_time_zone IS DISTINCT FROM %(zone)s
    OR EXISTS (SELECT 1 FROM dirty_days d
               WHERE d.organization_id = s.organization_id AND d.survey_id = s.id))
ORDER BY s.id
"""
# The day on which the batch is full, or NULL when it never is.
_FULL_ON = f"""
SELECT (submitted_at AT TIME ZONE %(zone)s)::date FROM responses
WHERE organization_id = %(organization)s AND survey_id = %(survey)s AND state = 'complete'
  AND submitted_at >= {starts("%(after)s::date + 1")}
  AND (submitted_at AT TIME ZONE %(zone)s)::date > %(after)s::date
ORDER BY submitted_at OFFSET %(offset)s LIMIT 1
"""
_TAKE_DIRTY = """
DELETE FROM dirty_days WHERE organization_id = %(organization)s AND survey_id = %(survey)s
  AND on_day IN (SELECT on_day FROM dirty_days
                 WHERE organization_id = %(organization)s AND survey_id = %(survey)s
                 ORDER BY on_day DESC LIMIT %(limit)s)
RETURNING on_day
"""
_CLEAR = (
    "DELETE FROM score_days WHERE organization_id = %(organization)s AND survey_id = %(survey)s"
    " AND on_day = ANY(%(days)s)",
    "DELETE FROM score_sums WHERE organization_id = %(organization)s AND survey_id = %(survey)s"
    " AND grain IN ('day', 'channel') AND on_day = ANY(%(days)s)",
)
_COUNT = f"""
WITH spans AS MATERIALIZED (
    SELECT %(survey)s::uuid AS survey_id, first_day, last_day
    FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) AS span(first_day, last_day)
), live AS MATERIALIZED ({live("spans")}
), everything AS ({counted("live")})
INSERT INTO score_days (organization_id, survey_id, on_day, metric, question_key, channel,
    touchpoint, bucket, n, total, total_of_squares)
SELECT %(organization)s, survey_id, on_day, metric, question_key, channel, touchpoint, bucket,
    sum(n), sum(total), sum(squares)
FROM everything GROUP BY 2, 3, 4, 5, 6, 7, 8
"""
_ADD_DAYS = """
INSERT INTO score_sums (organization_id, survey_id, grain, on_day, metric, question_key, channel,
    touchpoint, bucket, n, total, total_of_squares)
SELECT s.organization_id, s.survey_id,
    CASE grouping(s.channel) WHEN 0 THEN 'channel' ELSE 'day' END,
    s.on_day, s.metric, s.question_key, coalesce(s.channel, ''), '', s.bucket,
    sum(s.n), sum(s.total), sum(s.total_of_squares)
FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) AS span(first_day, last_day)
JOIN score_days s ON s.organization_id = %(organization)s AND s.survey_id = %(survey)s
    AND s.on_day BETWEEN span.first_day AND span.last_day
GROUP BY GROUPING SETS (
    (s.organization_id, s.survey_id, s.on_day, s.metric, s.question_key, s.bucket),
    (s.organization_id, s.survey_id, s.on_day, s.metric, s.question_key, s.bucket, s.channel))
"""
_CLEAR_MONTHS = """
DELETE FROM score_sums WHERE organization_id = %(organization)s AND survey_id = %(survey)s
  AND grain = 'month' AND on_day = ANY(%(months)s)
"""
# Touchpoints are compared by their loyalty figures only.
_ADD_MONTHS = """
INSERT INTO score_sums (organization_id, survey_id, grain, on_day, metric, question_key, channel,
    touchpoint, bucket, n, total, total_of_squares)
SELECT s.organization_id, s.survey_id, 'month', month.first_day, s.metric, s.question_key,
    s.channel, s.touchpoint, s.bucket, sum(s.n), sum(s.total), sum(s.total_of_squares)
FROM unnest(%(months)s::date[]) AS month(first_day)
JOIN score_days s ON s.organization_id = %(organization)s AND s.survey_id = %(survey)s
    AND s.on_day >= month.first_day AND s.on_day < month.first_day + interval '1 month'
WHERE s.metric IN ('nps', 'csat', 'ces')
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
_REACHED = """
UPDATE surveys SET rolled_through_on = %(through)s, rolled_time_zone = %(zone)s
WHERE organization_id = %(organization)s AND id = %(survey)s
"""
_FORGET = (
    "DELETE FROM score_sums WHERE organization_id = %(organization)s AND survey_id = %(survey)s",
    "DELETE FROM score_days WHERE organization_id = %(organization)s AND survey_id = %(survey)s",
    "DELETE FROM dirty_days WHERE organization_id = %(organization)s AND survey_id = %(survey)s",
    "UPDATE surveys SET rolled_through_on = NULL, rolled_time_zone = NULL"
    " WHERE organization_id = %(organization)s AND id = %(survey)s",
)


def last_closed_day(zone: str, now: datetime) -> date:
    """The last day that is over in a time zone, with a little time for answers on their way."""
    return today_in(zone, now - CLOSED_AFTER) - timedelta(days=1)


def surveys_to_roll(session: Session, now: datetime) -> list[uuid.UUID]:
    """The surveys with closed days that are not counted, or not counted rightly any more."""
    zone = zone_of(session)
    found = ask(
        session,
        _SURVEYS,
        {
            "organization": session.info["organization_id"],
            "target": last_closed_day(zone, now),
            "zone": zone,
        },
    )
    return [row[0] for row in found]


def roll_some(
    session: Session,
    survey_id: uuid.UUID,
    now: datetime,
    *,
    responses: int = RESPONSES_A_BATCH,
    dirty_days: int = DIRTY_DAYS_A_BATCH,
) -> bool:
    """Roll up one batch of a survey in the session's transaction; whether there may be more.

    Counts made in another time zone are thrown away first. The caller commits, then calls again.
    """
    zone = zone_of(session)
    values: dict[str, Any] = {
        "organization": session.info["organization_id"],
        "survey": survey_id,
        "zone": zone,
    }
    standing = ask(session, _LOCK, values)
    if not standing:
        return False
    through, rolled_zone = standing[0]
    if rolled_zone is not None and rolled_zone != zone:
        for statement in _FORGET:
            do(session, statement, values)
        through = None
    target = last_closed_day(zone, now)
    if through is None or through < target:
        reached = _roll_forward(session, values, through, target, responses)
        return reached < target or _is_dirty(session, values)
    return _roll_again(session, values, through, dirty_days)


def _roll_forward(
    session: Session, values: dict[str, Any], through: date | None, target: date, responses: int
) -> date:
    """Count days after `through`, at least one that has answers; the day it came to."""
    after: date | str = "-infinity" if through is None else through
    full = ask(session, _FULL_ON, values | {"after": after, "offset": responses})
    first = ask(session, _FULL_ON, values | {"after": after, "offset": 0})
    reached = target
    if full:
        # The day that overflows is left for the next batch, unless it is the first one.
        reached = min(target, max(first[0][0], full[0][0] - timedelta(days=1)))
    if through is not None:
        begin = through + timedelta(days=1)
    elif first:
        # Where clocks are turned back over midnight, the first answer may be of the second day.
        begin = first[0][0] - timedelta(days=1)
    else:
        begin = reached
    if first:
        _count(session, values | {"firsts": [begin], "lasts": [reached]})
    _add_months(session, values, _months_closed(begin, reached))
    do(session, _REACHED, values | {"through": reached})
    return reached


def _roll_again(session: Session, values: dict[str, Any], through: date, limit: int) -> bool:
    days = [row[0] for row in ask(session, _TAKE_DIRTY, values | {"limit": limit})]
    if days:
        for statement in _CLEAR:
            do(session, statement, values | {"days": days})
        _count(session, values | {"firsts": days, "lasts": days})
        months = {day.replace(day=1) for day in days}
        _add_months(session, values, [m for m in months if _last_day(m) <= through])
        # The row's new revision tells dashboards that closed days are others now.
        do(session, _REACHED, values | {"through": through})
    return len(days) == limit


def _count(session: Session, values: dict[str, Any]) -> None:
    do(session, _COUNT, values)
    do(session, _ADD_DAYS, values)


def _add_months(session: Session, values: dict[str, Any], months: list[date]) -> None:
    """Add whole closed months up, anew where they were."""
    if months:
        do(session, _CLEAR_MONTHS, values | {"months": months})
        do(session, _ADD_MONTHS, values | {"months": months})


def _months_closed(begin: date, reached: date) -> list[date]:
    """The first days of the months whose last day is from `begin` to `reached`."""
    months, month = [], begin.replace(day=1)
    while _last_day(month) <= reached:
        months.append(month)
        month = _last_day(month) + timedelta(days=1)
    return months


def _last_day(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _is_dirty(session: Session, values: dict[str, Any]) -> bool:
    statement = (
        "SELECT 1 FROM dirty_days WHERE organization_id = %(organization)s"
        " AND survey_id = %(survey)s LIMIT 1"
    )
    return bool(ask(session, statement, values))
