"""How an organization has set a measure: on or off, its parameters, and what its values follow from."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from connectors.money import EXPONENTS
from efm.errors import Invalid, NotFound
from efm.measures.declared import MEASURES, Measure
from efm.measures.parameters import bound
from efm.models import MeasureSetting, Organization

_DIGITS = json.dumps({name: digits for name, digits in EXPONENTS.items() if digits != 2})
# The connections that have posted invoices, credit notes, orders, or orders told as interactions: in
# each the first row decides.
_SOURCES = text("""
    SELECT coalesce(array_agg(c.id ORDER BY c.id) FILTER (WHERE EXISTS (SELECT FROM invoices i
            WHERE i.connection_id = c.id AND i.state IN ('open', 'paid'))), '{}') AS invoiced,
        coalesce(array_agg(c.id ORDER BY c.id) FILTER (WHERE EXISTS (SELECT FROM invoices i
            WHERE i.connection_id = c.id AND i.state IN ('open', 'paid') AND i.amount_minor < 0)),
            '{}') AS credited,
        coalesce(array_agg(c.id ORDER BY c.id) FILTER (WHERE EXISTS (SELECT FROM orders o
            WHERE o.connection_id = c.id)), '{}') AS ordered,
        coalesce(array_agg(c.id ORDER BY c.id) FILTER (WHERE NOT EXISTS (SELECT FROM orders o
            WHERE o.connection_id = c.id) AND EXISTS (SELECT FROM interactions t
            WHERE t.connection_id = c.id AND t.kind = 'order')), '{}') AS told
    FROM connections c
""")


@dataclass(frozen=True)
class Sources:
    """Which connections have posted invoices, credit notes, orders, or tell orders as interactions."""

    invoiced: tuple[uuid.UUID, ...] = ()
    credited: tuple[uuid.UUID, ...] = ()
    ordered: tuple[uuid.UUID, ...] = ()
    told: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True)
class Chosen:
    """A measure as an organization has set it."""

    measure: Measure
    is_on: bool
    values: Mapping[str, Any]

    @property
    def problems(self) -> dict[str, str]:
        """What must be set before it can be derived, by parameter."""
        values, found = self.values, {}
        is_share = values.get("source") == "percent"
        if is_share and values["percent"] is None:
            found["percent"] = "Write which percentage of revenue is margin."
        if self.measure.name == "cost_to_serve":
            if not values["currency"]:
                found["currency"] = "Write the currency of the prices."
            if (values["per_contact"], values["per_minute"], values["prices"]) == (None, None, {}):
                found["per_contact"] = "Write a price of a contact, of a channel or of a minute."
        return found

    @property
    def is_derived(self) -> bool:
        """Whether it is on and has all it needs."""
        return self.is_on and not self.problems

    @property
    def is_daily(self) -> bool:
        """Whether its values change as days pass, or tell the day they were derived."""
        return self.measure.is_daily or self.measure.period(self.values) == "none"

    def bound(self, time_zone: str, sources: Sources) -> dict[str, Any]:
        """What its SQL is given, besides the customers and the day."""
        return {
            **bound(self.measure.parameters, self.values),
            "period": self.measure.period(self.values),
            "zone": time_zone,
            "digits": _DIGITS,
            "invoiced": list(sources.invoiced),
            "credited": list(sources.credited),
            "told": list(sources.told),
        }

    def signature(self, entity: str, given: Mapping[str, Any]) -> str:
        """What the values follow from, besides the facts: the SQL and all it is given that it uses."""
        sql = self.measure.whole_sql(entity)
        used = {name: value for name, value in given.items() if f":{name}" in sql}
        told = json.dumps([sql, used], sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()


def get(name: str) -> Measure:
    """The measure; raises NotFound."""
    if name not in MEASURES:
        raise NotFound("There is no such measure.")
    return MEASURES[name]


def sources(session: Session) -> Sources:
    """Looked up anew: the first invoice of a connection changes what its orders mean."""
    row = session.execute(_SOURCES).one()
    return Sources(tuple(row.invoiced), tuple(row.credited), tuple(row.ordered), tuple(row.told))


def time_zone(session: Session) -> str:
    """The organization's time zone, in which its days begin."""
    return session.scalars(
        select(Organization.time_zone).where(Organization.id == session.info["organization_id"])
    ).one()


def chosen(session: Session) -> list[Chosen]:
    """All measures as they are set, in the order they are declared."""
    kept = {row.name: row for row in session.scalars(select(MeasureSetting))}
    return [_chosen(measure, kept.get(measure.name)) for measure in MEASURES.values()]


def one(session: Session, name: str) -> Chosen:
    """One measure as it is set; raises NotFound."""
    measure = get(name)
    key = (session.info["organization_id"], name)
    return _chosen(measure, session.get(MeasureSetting, key))


def changed_at(session: Session) -> dict[str, datetime]:
    """When each measure was set last."""
    return {row.name: row.updated_at for row in session.scalars(select(MeasureSetting))}


def _chosen(measure: Measure, kept: MeasureSetting | None) -> Chosen:
    values = dict(measure.defaults)
    if kept is not None:
        values |= {name: value for name, value in kept.parameters.items() if name in values}
    return Chosen(measure, measure.is_on if kept is None else kept.is_on, values)


def read(measure: Measure, given: Mapping[str, list[str]]) -> dict[str, Any]:
    """The parameters of a form; raises Invalid with a problem for each that cannot be read."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for each in measure.parameters:
        try:
            values[each.name] = each.read(given.get(each.name, []))
        except ValueError as error:
            # What is no UUID was sent by no form of ours.
            problems[each.name] = str(error) if each.kind != "connections" else "Choose again."
    if problems:
        raise Invalid("Some fields need another look.", problems=problems)
    return values


def save(
    session: Session, name: str, is_on: bool, values: Mapping[str, Any], now: datetime
) -> Chosen:
    """Keep a measure's settings; raises NotFound, and Invalid when it is on and lacks something."""
    measure = get(name)
    made = Chosen(measure, is_on, {**measure.defaults, **values})
    if is_on and made.problems:
        raise Invalid("Some fields need another look.", problems=made.problems)
    session.merge(
        MeasureSetting(
            organization_id=session.info["organization_id"], name=name, is_on=is_on,
            parameters=dict(made.values), updated_at=now,
        )
    )  # fmt: skip
    session.flush()
    return made
