"""How many customers have a value of each measure, how many lack one, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from efm.measures.declared import MEASURES, Measure
from efm.measures.relations import DEEPEST
from efm.models import MeasureState

# Counting looks at everybody's facts, so it is not done for each change.
COUNTED_EVERY = timedelta(hours=1)
FACTS = ("orders", "order_lines", "invoices", "payments", "interactions", "subscriptions")
_ALL = {
    entity: text(f"SELECT count(*) FROM {entity}s WHERE merged_into_id IS NULL")
    for entity in ("contact", "account")
}
_VALUED = {
    entity: text(
        f"SELECT metric, count(DISTINCT {entity}_id) AS n FROM measurements"
        f" WHERE metric = ANY(:metrics) AND {entity}_id IS NOT NULL"
        " AND connection_id IN (SELECT id FROM connections WHERE connector = 'own')"
        " GROUP BY metric"
    )
    for entity in ("contact", "account")
}


def _having(tables: Sequence[str], entity: str) -> str:
    """The customers of whom the tables hold anything, counted.

    Beside orders, of interactions only those that are orders matter.
    """
    narrowed = {"interactions": " AND f.kind = 'order'"} if "orders" in tables else {}
    if entity == "contact":
        parts = " UNION ".join(
            f"SELECT f.contact_id AS id FROM {table} f WHERE f.contact_id IS NOT NULL"
            f"{narrowed.get(table, '')}"
            for table in tables
        )
        return (
            f"SELECT count(DISTINCT k.id) FROM ({parts}) k JOIN contacts c ON c.id = k.id"
            " WHERE c.merged_into_id IS NULL"
        )
    parts = " UNION ".join(
        f"SELECT coalesce(f.account_id, c.account_id) AS id FROM {table} f"
        f" LEFT JOIN contacts c ON f.account_id IS NULL AND c.id = f.contact_id"
        f" WHERE coalesce(f.account_id, c.account_id) IS NOT NULL{narrowed.get(table, '')}"
        for table in tables
    )
    return (
        f"WITH RECURSIVE direct AS ({parts}), up AS (SELECT id, 0 AS depth FROM direct UNION"
        " SELECT a.parent_account_id, up.depth + 1 FROM up JOIN accounts a ON a.id = up.id"
        f" WHERE a.parent_account_id IS NOT NULL AND up.depth < {DEEPEST})"
        " SELECT count(DISTINCT up.id) FROM up JOIN accounts a ON a.id = up.id"
        " WHERE a.merged_into_id IS NULL"
    )


def count(session: Session, now: datetime, *, is_needed: bool) -> None:
    """Count anew when everybody was derived, or when the last count is old."""
    states = [row for row in session.scalars(select(MeasureState)) if row.name in MEASURES]
    is_old = any(row.counted_at is None or row.counted_at < now - COUNTED_EVERY for row in states)
    if not states or not (is_needed or is_old):
        return
    for entity in ("contact", "account"):
        _count(session, entity, [row for row in states if row.entity == entity], now)


def _count(session: Session, entity: str, states: Iterable[MeasureState], now: datetime) -> None:
    everybody = session.execute(_ALL[entity]).scalar_one()
    measures = {state.name: MEASURES[state.name] for state in states}
    metrics = [each.metric(entity) for each in measures.values()]
    valued = {row.metric: row.n for row in session.execute(_VALUED[entity], {"metrics": metrics})}
    known: dict[tuple[str, ...], int] = {}
    for state in states:
        measure = measures[state.name]
        if measure.tables not in known:
            statement = text(_having(measure.tables, entity))
            known[measure.tables] = session.execute(statement).scalar_one()
        state.customers, state.known = everybody, known[measure.tables]
        state.valued, state.counted_at = valued.get(measure.metric(entity), 0), now


def lacking(measure: Measure, state: MeasureState) -> list[tuple[str, int]]:
    """Why customers have no value, in words, and how many each; empty before the first count."""
    if state.customers is None or state.known is None or state.valued is None:
        return []
    unknown = max(state.customers - max(state.known, state.valued), 0)
    left_out = max(state.known - state.valued, 0)
    found = [(measure.none, unknown), (measure.not_counted, left_out)]
    return [(words, n) for words, n in found if n]


def facts(session: Session) -> int:
    """How many facts there are that measures may be made of."""
    parts = " + ".join(f"(SELECT count(*) FROM {table})" for table in FACTS)
    return int(session.execute(text(f"SELECT {parts}")).scalar_one())
