"""The questions asked of a table: a page after a key, changes since a moment, how many there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    tuple_,
)
from sqlalchemy import types as sql

from connectors import dates
from connectors.systems.sql.columns import Column, Table
from connectors.systems.sql.dialects import Dialect
from connectors.systems.sql.queries import selected
from connectors.systems.sql.session import Session

MOST_COUNTED = 100_000
_SAMPLED = 100
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?P<time>[ T]\d\d:\d\d(?P<second>:\d\d([.,]\d+)?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_UNKNOWN_ZONE = timedelta(hours=14)
_ANY_ZONES = timedelta(hours=26)


class Questions:
    """The statements about one table, put together from reflected names and bound values only."""

    def __init__(self, found: Table, dialect: Dialect, zone: str) -> None:
        self.table, self.dialect = found, dialect
        self.zone = zone
        names = [each.name for each in found.columns]
        self.source: FromClause
        if found.query is not None:
            self.source = selected(found.query, names)
        else:
            listed = found.listed
            self.source = table(
                listed.name, *[column(name) for name in names], schema=listed.schema
            )

    def element(self, each: Column) -> ColumnElement[Any]:
        """A column of the table."""
        return self.source.c[each.name]

    def records(self) -> Select[Any]:
        """All columns as they are read, then the key as it is kept."""
        shown = [
            self.dialect.shown(self.element(each), each).label(f"c{at}")
            for at, each in enumerate(self.table.columns)
        ]
        kept = [
            self.dialect.kept(self.element(each), each).label(f"k{at}")
            for at, each in enumerate(self.table.key)
        ]
        return select(*shown, *kept).select_from(self.source)

    def page(self, since: datetime | None, after: Sequence[Any] | None) -> Select[Any]:
        """The records that have a key, changed since then, after that key, in the key's order."""
        order = self._order()
        conditions: list[ColumnElement[bool]] = [
            self.element(each).is_not(None) for each in self.table.loose
        ]
        if since is not None:
            conditions.append(self.changed(since))
        if after is not None:
            conditions.append(self._after(order, after))
        return self.records().where(and_(True, *conditions)).order_by(*order)

    def nameless(self, since: datetime | None) -> Select[Any] | None:
        """The records in whose key a part is empty; None when the key allows none."""
        if not self.table.loose:
            return None
        conditions: list[ColumnElement[bool]] = [
            or_(*[self.element(each).is_(None) for each in self.table.loose])
        ]
        if since is not None:
            conditions.append(self.changed(since))
        return self.records().where(*conditions)

    def sample(self) -> Select[Any]:
        """Some records in no order, for guessing."""
        return self.records()

    def count(self) -> Select[Any]:
        """How many records with a key there are, counted up to `MOST_COUNTED` and one."""
        some: Select[Any] = select(literal_column("1").label("one")).select_from(self.source)
        some = some.where(*[self.element(each).is_not(None) for each in self.table.loose])
        return select(func.count()).select_from(some.limit(MOST_COUNTED + 1).subquery("some"))

    def changed(self, since: datetime) -> ColumnElement[bool]:
        """Changed since then. A record that was never changed counts by when it was made, and
        always where that is not told: what is read twice is absorbed."""
        cursor = self.table.cursor
        assert cursor is not None, "only asked of tables with a change column"
        element = self.element(cursor)
        later = element >= self.moment(cursor, since)
        conditions = [later]
        if cursor.is_nullable:
            empty: ColumnElement[bool] = element.is_(None)
            created = self.table.created
            if created is not None and created.kind == "datetime" and not self.table.form:
                made = self.element(created)
                empty = and_(empty, or_(made.is_(None), made >= self.moment(created, since)))
            conditions.append(empty)
        if self.table.form:
            usual = "text" if self.table.form in ("text", "utc", "offset", "day") else "number"
            odd = ("null", "text") if usual == "text" else ("null", "integer", "real")
            conditions.append(func.typeof(element).not_in(odd))
        return or_(*conditions)

    def moment(self, cursor: Column, since: datetime) -> ColumnElement[Any]:
        """The parameter a change column is compared with: at or before `since`, however the
        column writes its times."""
        form = self.table.form
        since = since.replace(microsecond=0)  # a column may keep whole seconds only
        if form in ("epoch", "epoch_ms"):
            factor = 1000 if form == "epoch_ms" else 1
            return bindparam(None, int(since.timestamp()) * factor, type_=sql.NullType())
        if cursor.is_aware:
            return bindparam(None, since, type_=cursor.type)
        local = since.astimezone(UTC).replace(tzinfo=None)
        if form == "offset":
            local -= _ANY_ZONES
        elif form != "utc":
            local = _earliest(since, self.zone)
        if form:
            # A blank sorts before T, so both ways of writing are found.
            said = local.isoformat(" ", "seconds")
            said = said[:10] if form == "day" else said
            return bindparam(None, said, type_=sql.NullType())
        if cursor.kind == "date":
            return bindparam(None, local.date(), type_=cursor.type)
        return bindparam(None, local, type_=cursor.type)

    def _order(self) -> list[ColumnElement[Any]]:
        is_unique = self.table.is_unique
        return [
            self.dialect.ordered(self.element(each), each, is_unique) for each in self.table.key
        ]

    def _after(
        self, order: Sequence[ColumnElement[Any]], after: Sequence[Any]
    ) -> ColumnElement[bool]:
        """Beyond that key: by comparing rows, or part by part where rows cannot be compared."""
        bound = [
            self.dialect.bound(each, value)
            for each, value in zip(self.table.key, after, strict=True)
        ]
        if len(order) == 1:
            return order[0] > bound[0]
        if self.dialect.compares_rows:
            return tuple_(*order) > tuple_(*bound)
        steps = [
            and_(*[order[i] == bound[i] for i in range(at)], order[at] > bound[at])
            for at in range(len(order))
        ]
        return and_(order[0] >= bound[0], or_(*steps))


def _earliest(since: datetime, zone: str) -> datetime:
    """The least local time that any moment from `since` on can have, without its zone.

    When summer time ends, the clock goes back within the next hours. A zone nobody named may be
    any: the furthest behind UTC is assumed.
    """
    utc = since.astimezone(UTC)
    if not zone:
        return (utc - _UNKNOWN_ZONE).replace(tzinfo=None)
    home: tzinfo = dates.zone(zone)
    offsets = [
        (utc + timedelta(hours=hours)).astimezone(home).utcoffset() or timedelta(0)
        for hours in range(3)
    ]
    return (utc + min(offsets)).replace(tzinfo=None)


def form_of(session: Session, found: Table, cursor: Column) -> str | None:
    """How a column writes times: empty for a type of times, None when it does not.

    SQLite has no such type, so there it is told by values: `day`, `text` (without a zone), `utc`,
    `offset`, `epoch`, `epoch_ms`.
    """
    if session.address.kind != "sqlite":
        return "" if cursor.kind in ("datetime", "date") else None
    questions = Questions(found, session.dialect, "")
    element = questions.element(cursor)
    asked = select(element).select_from(questions.source).where(element.is_not(None))
    rows = session.rows(asked.limit(_SAMPLED), f"“{found.name}”")
    values = [row[0] for row in rows]
    if not values:
        return "text" if cursor.kind == "datetime" else None
    if all(isinstance(value, (int, float)) for value in values):
        size = min(abs(value) for value in values)
        return "epoch_ms" if size >= 1e11 else "epoch" if size >= 1e8 else None
    texts = [_ISO.fullmatch(value.strip()) for value in values if isinstance(value, str)]
    if len(texts) < len(values) or not all(texts):
        return None
    parts = [(each["time"], each["zone"]) for each in texts if each is not None]
    if any(time is None for time, _ in parts):
        return "day"
    zones = {zone for _, zone in parts}
    if not all(each["second"] for each in texts if each is not None):
        return "offset"  # which reaches back far enough for whole minutes too
    if zones == {None}:
        return "text"
    return "utc" if zones <= {"Z", "+00:00", "+0000"} else "offset"
