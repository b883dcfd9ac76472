"""The statements that write derived measurements: a part of the customers at a time, all at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from efm.customers import sources
from efm.measures.declared import MEASURES
from efm.measures.settings import Chosen
from efm.models import Connection

SOURCE = "Derived"
OTHER = "Derived from facts"
LARGEST = 9_223_372_036_854_775_807
REMOVED_AT_ONCE = 20_000
# Ids are UUIDv7 of one moment; the rest is of the key, so that neighbours are written side by side.
_ID = "CAST(:stamp || substr(k.hash, 1, 3) || '9' || substr(k.hash, 4, 15) AS uuid)"
# What is held is looked up customer by customer, and what was made is hashed, so neither is read more
# than once. A metric or connection the statistics have not seen yet would be taken for rare, and all
# of it read for each customer; behind a SELECT the planner takes it for one of average size.
_WRITE = """{prelude},
found AS (
{sql}
),
made AS MATERIALIZED (
    SELECT customer_id, period_start, currency, facts, {value},
        CAST(:metric AS text) || '/' || customer_id
        || CASE WHEN :period = 'none' THEN '' ELSE '/' || period_start END
        || coalesce('/' || currency, '') AS external_id
    FROM found
    WHERE abs(value) <= {largest}
        AND period_start BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'
),
gone AS (
    DELETE FROM measurements WHERE ctid = ANY(ARRAY(
        SELECT held.place FROM unnest(CAST(:customers AS uuid[])) AS c (id)
        CROSS JOIN LATERAL (
            SELECT m.ctid AS place, m.external_id FROM measurements m
            WHERE m.{owner} = c.id AND m.metric = (SELECT CAST(:metric AS text))
                AND m.connection_id = (SELECT CAST(:connection AS uuid)) OFFSET 0
        ) held
        WHERE held.external_id NOT IN (SELECT external_id FROM made)
    ))
    RETURNING 1
),
written AS (
    INSERT INTO measurements AS m (organization_id, id, connection_id, external_id, {owner},
        metric, value, amount_minor, currency, measured_on, attributes)
    SELECT efm_current_organization(), {id}, :connection, external_id, customer_id,
        :metric, number, amount, currency, period_start,
        jsonb_build_object('derived', CAST(:kind AS text), 'facts', facts)
    FROM made CROSS JOIN LATERAL (SELECT md5(external_id) AS hash) k
    ON CONFLICT (organization_id, connection_id, external_id) DO UPDATE SET
        value = excluded.value, amount_minor = excluded.amount_minor,
        measured_on = excluded.measured_on, {owner} = excluded.{owner},
        attributes = excluded.attributes
    WHERE (m.value, m.amount_minor, m.measured_on, m.{owner}, m.attributes) IS DISTINCT FROM
        (excluded.value, excluded.amount_minor, excluded.measured_on, excluded.{owner},
        excluded.attributes)
    RETURNING 1
)
SELECT (SELECT count(*) FROM written) AS written, (SELECT count(*) FROM gone) AS gone"""
_MONEY = "CAST(NULL AS numeric) AS number, CAST(round(value) AS bigint) AS amount"
_NUMBER = "CAST(value AS numeric) AS number, CAST(NULL AS bigint) AS amount"
_REMOVE = text(
    "DELETE FROM measurements WHERE (organization_id, id) IN (SELECT organization_id, id"
    " FROM measurements WHERE metric = :metric AND connection_id = :connection LIMIT :most)"
)


@dataclass(frozen=True)
class Written:
    """How many values were new or changed, and how many there are no more."""

    written: int = 0
    gone: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(self.written + other.written, self.gone + other.gone)


@cache
def _statement(name: str, entity: str) -> TextClause:
    measure = MEASURES[name]
    whole = measure.whole_sql(entity)
    return text(
        _WRITE.format(
            prelude=whole[: -len(measure.sql) - 1], sql=measure.sql, id=_ID, largest=LARGEST,
            owner=f"{entity}_id", value=_MONEY if measure.kind == "money" else _NUMBER,
        )
    )  # fmt: skip


def source(session: Session) -> Connection:
    """The connection derived measurements belong to, which tells them from those brought by others."""
    found = sources.own_connection(session, SOURCE)
    # Somebody may have called a connection of theirs so.
    return found if is_source(found) else sources.own_connection(session, OTHER)


def is_source(connection: Connection) -> bool:
    """Whether a connection stands for what is derived."""
    return connection.connector == "own" and connection.name in (SOURCE, OTHER)


def write(
    session: Session,
    chosen: Chosen,
    entity: str,
    customers: Sequence[uuid.UUID],
    given: Mapping[str, Any],
    *,
    connection_id: uuid.UUID,
    as_of: date,
    now: datetime,
) -> Written:
    """Derive one measure for some customers: what differs is written, what no longer follows goes."""
    stamp = f"{int(now.timestamp() * 1000):012x}7"
    row = session.execute(
        _statement(chosen.measure.name, entity),
        {
            **given, "customers": list(customers), "connection": connection_id, "as_of": as_of,
            "metric": chosen.measure.metric(entity), "kind": chosen.measure.kind, "stamp": stamp,
        },
    ).one()  # fmt: skip
    return Written(row.written, row.gone)


def remove(session: Session, metric: str, connection_id: uuid.UUID) -> int:
    """Delete some values of a measure that is off; how many, 0 when none is left."""
    result: Any = session.execute(
        _REMOVE, {"metric": metric, "connection": connection_id, "most": REMOVED_AT_ONCE}
    )
    return int(result.rowcount)
