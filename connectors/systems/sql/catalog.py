"""What a database offers: its tables, views and queries, reflected once, with keys and change columns."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Inspector, exc
from sqlalchemy.engine.reflection import ObjectKind, ObjectScope

from connectors.systems.sql.columns import (
    Column,
    Listed,
    Reference,
    Table,
    changed_columns,
    created_column,
)
from connectors.systems.sql.config import columns_of, queries_of
from connectors.systems.sql.queries import described
from connectors.systems.sql.session import Session
from connectors.systems.sql.statements import form_of

MOST_TABLES = 3000
_PLACE = tuple[str | None, str]


@dataclass
class Catalog:
    """All tables of a connection by the name of their stream, readable or not.

    `notes` tell what an admin should know: tables that are not there, settings that fit nothing.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    listed: Sequence[Listed] = ()

    def readable(self) -> list[Table]:
        """Those with an identity, in the order of their names."""
        return [each for each in self.tables.values() if each.key]


@dataclass(frozen=True, slots=True)
class _Reflected:
    """What the inspector says, each by schema and name."""

    columns: Mapping[_PLACE, Any]
    keys: Mapping[_PLACE, Any]
    uniques: Mapping[_PLACE, Any]
    indexes: Mapping[_PLACE, Any]
    foreign: Mapping[_PLACE, Any]

    def referred(self, place: _PLACE) -> list[list[str]]:
        """The columns of a table that foreign keys of others name."""
        return [
            list(each["referred_columns"])
            for keys in self.foreign.values()
            for each in keys or ()
            if each["referred_table"] == place[1]
            and each.get("referred_schema") in (None, place[0])
        ]


def reflect(session: Session, config: Mapping[str, Any]) -> Catalog:
    """The catalog of the settings' tables: one question for each kind of thing where a database
    knows such a question, otherwise some for each table."""
    found = Catalog()
    wanted = list(config["tables"])
    with session.inspecting() as (connection, inspector), _quiet():
        listed: list[Listed] = []
        for schema in _schemas(config["schema"], wanted, session.address.kind):
            found_here = session.dialect.listing(connection, inspector, schema)
            if schema and not config["schema"]:
                found_here = [replace(e, stream=f"{schema}.{e.name}") for e in found_here]
            listed += found_here
        found.listed = _chosen(listed, wanted, found.notes)
        if len(found.listed) > MOST_TABLES:
            found.notes.append(
                f"There are {len(found.listed):,} tables; the first {MOST_TABLES:,} are offered. "
                "Name those you need."
            )
            found.listed = found.listed[:MOST_TABLES]
        reflected = _ask(inspector, found.listed)
    chosen = _Settings(columns_of(config["keys"]), columns_of(config["cursors"]), found.notes)
    for each in found.listed:
        place = (each.schema, each.name)
        found.tables[each.stream] = _table(session, each, place, reflected, chosen)
    for query in queries_of(config["queries"]).values():
        columns = described(session, query)
        listed_query = Listed(None, query.name, query.name, is_view=True)
        table = Table(listed_query, columns, is_unique=False, query=query)
        found.tables[query.name] = _finished(session, table, frozenset(), chosen)
    chosen.tell_unknown(found.tables)
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Reflection warns of types and indexes it does not know; these are read as text here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)
        yield


def _schemas(schema: str, wanted: Sequence[str], kind: str) -> list[str]:
    """The schemas to list; empty stands for what the role sees by itself."""
    if schema or kind in ("postgresql", "sqlite"):
        return [schema]
    named = sorted({each.rpartition(".")[0] for each in wanted})
    return named or [""]


def _chosen(listed: Sequence[Listed], wanted: Sequence[str], notes: list[str]) -> list[Listed]:
    """The wanted ones, by stream, by schema.table or by table; all when none is named."""
    if not wanted:
        return list(listed)
    chosen: dict[Listed, None] = {}
    for name in wanted:
        fitting = [each for each in listed if name == each.stream]
        fitting = fitting or [each for each in listed if name == f"{each.schema}.{each.name}"]
        lower = name.lower()
        fitting = fitting or [each for each in listed if each.stream.lower() == lower]
        if not fitting:
            notes.append(
                f"There is no table “{name}”, or the role may not read it; check its name and "
                "schema, or let SELECT be granted."
            )
        chosen |= dict.fromkeys(fitting)
    return list(chosen)


def _ask(inspector: Inspector, listed: Sequence[Listed]) -> _Reflected:
    by_schema: dict[str | None, list[str]] = {}
    for each in listed:
        by_schema.setdefault(each.schema, []).append(each.name)

    def every(ask: Callable[..., Any]) -> dict[_PLACE, Any]:
        answer: dict[_PLACE, Any] = {}
        for schema, names in by_schema.items():
            answer |= ask(
                schema=schema, filter_names=names, kind=ObjectKind.ANY, scope=ObjectScope.DEFAULT
            )
        return answer

    return _Reflected(
        every(inspector.get_multi_columns),
        every(inspector.get_multi_pk_constraint),
        every(inspector.get_multi_unique_constraints),
        every(inspector.get_multi_indexes),
        every(inspector.get_multi_foreign_keys),
    )


@dataclass
class _Settings:
    """What an admin says of keys and change columns, and what of it fits nothing."""

    keys: Mapping[str, Sequence[str]]
    cursors: Mapping[str, Sequence[str]]
    notes: list[str]

    def columns(self, said: Mapping[str, Sequence[str]], table: Table) -> tuple[Column, ...] | None:
        """The named columns of a table, None when nothing is said or a column is not there."""
        names = said.get(table.name)
        if not names:
            return None
        by_name = {each.name.lower(): each for each in table.columns}
        by_name |= {each.name: each for each in table.columns}
        absent = [
            name for name in names if (by_name.get(name) or by_name.get(name.lower())) is None
        ]
        if absent:
            self.notes.append(f"“{table.name}” has no column “{absent[0]}”; check the settings.")
            return None
        return tuple(by_name.get(name) or by_name[name.lower()] for name in names)

    def tell_unknown(self, tables: Mapping[str, Table]) -> None:
        """Notes the settings about tables that are not there."""
        for name in sorted({*self.keys, *self.cursors} - set(tables)):
            self.notes.append(f"A key or change column is set for “{name}”, which is not read.")


def _table(
    session: Session, listed: Listed, place: _PLACE, reflected: _Reflected, chosen: _Settings
) -> Table:
    columns = tuple(
        session.dialect.column(str(each["name"]), each["type"], bool(each.get("nullable", True)))
        for each in reflected.columns.get(place, ())
        if listed.only is None or each["name"] in listed.only
    )
    indexes = reflected.indexes.get(place) or ()
    key = _unique(columns, reflected, place, indexes, session.address.kind)
    table = Table(listed, columns, key, refers=_refers(reflected.foreign.get(place) or ()))
    indexed = {(each.get("column_names") or [None])[0] for each in indexes}
    return _finished(session, table, frozenset(filter(None, indexed)), chosen)


def _unique(
    columns: Sequence[Column],
    reflected: _Reflected,
    place: _PLACE,
    indexes: Sequence[Any],
    kind: str,
) -> tuple[Column, ...]:
    """The primary key, or the shortest unique one whose columns are never empty.

    A unique column that other tables refer to goes before a primary key of several: it is what
    their records name this one by.
    """
    by_name = {each.name: each for each in columns}
    primary = list((reflected.keys.get(place) or {}).get("constrained_columns") or ())
    others = [list(each["column_names"]) for each in reflected.uniques.get(place) or ()]
    for each in indexes:
        # A partial index or one over expressions says nothing of the whole table.
        is_partial = any(name.endswith("_where") for name in each.get("dialect_options") or {})
        if each.get("unique") and not is_partial:
            others.append(list(each.get("column_names") or []))
    others.sort(key=lambda names: (len(names), [str(each) for each in names]))
    referred = [names for names in others if names in reflected.referred(place)]
    for names in [*(referred if len(primary) > 1 else ()), primary, *others]:
        found = tuple(by_name[each] for each in names if each in by_name)
        if not found or len(found) < len(names):
            continue
        if names == primary and kind != "sqlite":  # where even a primary key may be empty
            return tuple(replace(each, is_nullable=False) for each in found)
        if names == primary or not any(each.is_nullable for each in found):
            return found
    return ()


def _refers(foreign: Sequence[Any]) -> dict[str, Reference]:
    """Columns that hold the key of another table: of foreign keys over one column."""
    return {
        str(each["constrained_columns"][0]): Reference(
            each.get("referred_schema"), each["referred_table"], each["referred_columns"][0]
        )
        for each in foreign
        if len(each["constrained_columns"]) == len(each.get("referred_columns") or ()) == 1
    }


def _finished(session: Session, table: Table, indexed: frozenset[str], chosen: _Settings) -> Table:
    """The table with what an admin said, and with the column that tells the last change."""
    key = chosen.columns(chosen.keys, table)
    if key is not None:
        is_same = {each.name for each in key} == {each.name for each in table.key}
        table = replace(table, key=key, is_unique=is_same and table.is_unique)
    if list(chosen.cursors.get(table.name, ())) == ["none"]:
        return table
    said = chosen.columns(chosen.cursors, table)
    candidates = list(said) if said else changed_columns(table.columns, indexed)
    for column in candidates:
        form = form_of(session, table, column)
        if form is not None:
            return replace(table, cursor=column, created=created_column(table.columns), form=form)
    if said:
        chosen.notes.append(
            f"“{table.name}”: “{said[0].name}” holds no times that can be compared, so the table "
            "is read whole each time."
        )
    return table
