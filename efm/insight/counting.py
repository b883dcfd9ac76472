"""How responses are counted, in SQL: the parts that reading and rolling up share, so both agree.

The day of a response is its date in the organization's time zone as PostgreSQL says it; ranges of
time only help to find rows, so a midnight that happens twice or never loses none. Parameters are
the driver's: %(organization)s, %(zone)s and those each part names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# Clocks are turned by at most two hours.
_MARGIN = "interval '3 hours'"

# A fence for the planner: it cannot guess how few rows a span or a response has, and would read
# whole tables; behind OFFSET 0 each is found by its index.
FENCE = "OFFSET 0"


def starts(day: str) -> str:
    """A moment not after the first of a day."""
    return f"(({day})::timestamp AT TIME ZONE %(zone)s) - {_MARGIN}"


def ends(day: str) -> str:
    """A moment not before the last of a day."""
    return f"((({day}) + 1)::timestamp AT TIME ZONE %(zone)s) + {_MARGIN}"


def live(spans: str, where: str = "TRUE") -> str:
    """The complete responses of `spans` (survey_id, first_day, last_day), each with its day."""
    return f"""
    SELECT r.* FROM {spans} span
    CROSS JOIN LATERAL (
        SELECT r.id, r.survey_id, r.distribution_id, r.channel, r.touchpoint,
            (r.submitted_at AT TIME ZONE %(zone)s)::date AS on_day
        FROM responses r
        WHERE r.organization_id = %(organization)s AND r.survey_id = span.survey_id
            AND r.state = 'complete'
            AND r.submitted_at >= {starts("span.first_day")}
            AND r.submitted_at < {ends("span.last_day")}
            AND (r.submitted_at AT TIME ZONE %(zone)s)::date
                BETWEEN span.first_day AND span.last_day
            AND {where} {FENCE}) r"""


def counted(source: str) -> str:
    """One row for each response and each score of the responses in `source`, not added up.

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
    CROSS JOIN LATERAL (
        SELECT c.metric, c.question_key, c.state, c.value, c.band FROM scores c
        WHERE c.organization_id = %(organization)s AND c.response_id = l.id {FENCE}) c"""


# Where each of %(surveys)s stands (its revision is another one after each roll-up), which of its closed days changed since, and the days from
# %(first)s to %(until)s that are counted from the rows.
STANDING = """
standing AS MATERIALIZED (
    SELECT s.id AS survey_id, s.xmin::text AS revision,
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


def ask(session: Session, statement: str, values: Mapping[str, Any]) -> list[Any]:
    """Run a query by the driver: its parameters are typed there, and each has its own plan."""
    session.flush()
    driver: Any = session.connection().connection.driver_connection
    return list(driver.execute(statement, values, prepare=False).fetchall())


def do(session: Session, statement: str, values: Mapping[str, Any]) -> None:
    """Run a statement that answers nothing, likewise."""
    driver: Any = session.connection().connection.driver_connection
    driver.execute(statement, values, prepare=False)


def zone_of(session: Session) -> str:
    """The organization's time zone."""
    found = session.execute(
        text("SELECT time_zone FROM organizations WHERE id = :id"),
        {"id": session.info["organization_id"]},
    ).scalar_one()
    return str(found)
