"""Measures as pages and commands show them: what each says, how it is set, who has a value."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from efm.measures import counting, settings, writing
from efm.measures.declared import PERIODS, UNITS
from efm.measures.parameters import Parameter
from efm.measures.settings import Chosen
from efm.models import Connection, MeasureState

ENTITY_WORDS = {"contact": "contacts", "account": "accounts"}
# The names of facts, for what a measure needs.
FACTS = {
    "orders": "orders", "invoices": "invoices", "interactions": "interactions",
    "subscriptions": "subscriptions or contracts",
}  # fmt: skip
_BROUGHT = text(
    "SELECT c.name, count(*) AS n FROM measurements m JOIN connections c ON c.id = m.connection_id"
    " WHERE m.metric = :name GROUP BY c.name ORDER BY n DESC, c.name LIMIT 5"
)
_VALUES = text(
    "SELECT metric, measured_on, value, amount_minor, currency, attributes->>'facts' AS facts"
    " FROM measurements WHERE metric = ANY(:metrics) AND (contact_id = :id OR account_id = :id)"
    " ORDER BY measured_on DESC, metric, currency LIMIT 200"
)


@dataclass(frozen=True)
class Count:
    """How many contacts or accounts there are, have a value and lack one, with why."""

    entity: str
    state: MeasureState | None
    why: Sequence[tuple[str, int]] = ()

    @property
    def words(self) -> str:
        """Contacts or accounts."""
        return ENTITY_WORDS[self.entity]

    @property
    def is_under_way(self) -> bool:
        """Whether a derivation of all of them has begun and not ended."""
        return self.state is not None and self.state.resume_after is not None


@dataclass
class Line:
    """One measure: how it is set, and its counts."""

    chosen: Chosen
    counts: list[Count] = field(default_factory=list)

    @property
    def unit(self) -> str:
        """In words."""
        return UNITS[self.chosen.measure.kind]

    @property
    def period(self) -> str:
        """In words."""
        return dict(PERIODS)[self.chosen.measure.period(self.chosen.values)]

    @property
    def needs(self) -> str:
        """The facts it is made of, in words."""
        names = [FACTS[table] for table in self.chosen.measure.tables]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"

    @property
    def condition(self) -> tuple[str, str]:
        """A kind of band and its words."""
        if not self.chosen.is_on:
            return "neutral", "Off"
        if self.chosen.problems:
            return "mixed", "Needs settings"
        if any(each.state is None or each.is_under_way for each in self.counts):
            return "pending", "Being derived"
        return "positive", "On"


def lines(session: Session) -> list[Line]:
    """All measures."""
    states = {(row.name, row.entity): row for row in session.scalars(select(MeasureState))}
    return [_line(chosen, states) for chosen in settings.chosen(session)]


def line(session: Session, name: str) -> Line:
    """One measure; raises NotFound."""
    chosen = settings.one(session, name)
    query = select(MeasureState).where(MeasureState.name == name)
    return _line(chosen, {(row.name, row.entity): row for row in session.scalars(query)})


def _line(chosen: Chosen, states: Mapping[tuple[str, str], MeasureState]) -> Line:
    counts = []
    for entity in chosen.measure.entities:
        state = states.get((chosen.measure.name, entity)) if chosen.is_derived else None
        why = counting.lacking(chosen.measure, state) if state else []
        counts.append(Count(entity, state, why))
    return Line(chosen, counts)


def brought(session: Session, name: str) -> Sequence[Row[Any]]:
    """The connections that bring measurements of the same name themselves."""
    return session.execute(_BROUGHT, {"name": name}).all()


def connections(session: Session) -> list[tuple[str, str]]:
    """All connections facts may come from: id and name."""
    rows = session.execute(select(Connection).order_by(Connection.name)).scalars()
    return [(str(row.id), row.name) for row in rows if not writing.is_source(row)]


def origins(session: Session) -> list[tuple[str, list[str]]]:
    """What stands for sales in which connection: for each way, the names."""
    found, names = settings.sources(session), dict(connections(session))
    by_orders = [each for each in (*found.ordered, *found.told) if each not in found.invoiced]
    ways = (("Invoices", found.invoiced), ("Orders", by_orders))
    return [(way, sorted(names.get(str(each), "?") for each in ids)) for way, ids in ways if ids]


def sql(chosen: Chosen, entity: str) -> str:
    """The SQL, and the parameters it is given as they are set."""
    given = "\n".join(
        f"-- :{each.name} {each.label}: {_told(each, chosen.values[each.name])}"
        for each in chosen.measure.parameters
        if f":{each.name}" in chosen.measure.whole_sql(entity)
    )
    return f"{given}\n{chosen.measure.whole_sql(entity)}"


def _told(parameter: Parameter, value: Any) -> str:
    """A parameter's value on one line of a comment."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    shown = parameter.shown(value)
    words = ", ".join(shown) if isinstance(shown, list) else str(shown or "")
    return " ".join(words.split()) or ("0" if value == 0 and value is not None else "not set")


def values(session: Session, chosen: Chosen, customer_id: uuid.UUID) -> Sequence[Row[Any]]:
    """The values of one customer, the newest first; at most 200."""
    metrics = [chosen.measure.metric(entity) for entity in chosen.measure.entities]
    return session.execute(_VALUES, {"metrics": metrics, "id": customer_id}).all()
