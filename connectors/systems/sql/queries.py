"""Queries that admins write, seen as tables: what columns they have, of which types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import column, select, text
from sqlalchemy import types as sql
from sqlalchemy.sql.selectable import Subquery

from connectors.errors import ConfigError
from connectors.systems.sql.columns import Column
from connectors.systems.sql.config import Query
from connectors.systems.sql.session import Session

_SAMPLED = 50
_TYPES: tuple[tuple[type, sql.TypeEngine[Any]], ...] = (
    (bool, sql.Boolean()), (int, sql.BigInteger()), (Decimal, sql.Numeric()),
    (float, sql.Float()), (datetime, sql.DateTime()), (date, sql.Date()),
    (str, sql.String()), (bytes, sql.LargeBinary()),
)  # fmt: skip


def selected(query: Query, names: Sequence[str]) -> Subquery:
    """The query in parentheses, as something to select from."""
    escaped = query.text.replace(":", "\\:")  # a colon begins a parameter otherwise
    return text(escaped).columns(*[column(name) for name in names]).subquery("efm_query")


def described(session: Session, query: Query) -> tuple[Column, ...]:
    """Its columns, as the database describes the answer or else as the first rows look.

    Raises ConfigError beside the setting when the query cannot be asked.
    """
    what = f"the query “{query.name}”"
    statement = select(text("*")).select_from(selected(query, ()))
    try:
        with session.asking(what) as connection:
            answer = connection.execute(statement.limit(_SAMPLED))
            facts = list(answer.cursor.description) if answer.cursor is not None else []
            names = [str(fact[0]) for fact in facts]
            is_postgres = session.address.kind == "postgresql"
            rows = [] if is_postgres else list(answer)
            answer.close()
            known = connection.dialect.ischema_names if is_postgres else {}  # type: ignore[attr-defined]
    except ConfigError as error:
        raise ConfigError(error.message, {"queries": [error.message]}) from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        said = f"{what} has several columns “{twice[0]}”; name each with AS.".capitalize()
        raise ConfigError(said, {"queries": [said]})
    return tuple(
        session.dialect.column(
            name,
            _declared(facts[at], known) if is_postgres else _seen([row[at] for row in rows]),
            True,
        )
        for at, name in enumerate(names)
    )


def _declared(fact: Any, known: Any) -> sql.TypeEngine[Any]:
    """The type PostgreSQL names in the description of an answer."""
    from psycopg import postgres

    info = postgres.types.get(fact[1])
    name = info.regtype if info is not None else ""
    if info is not None and info.array_oid == fact[1]:
        return _array()
    if name in ("timestamp with time zone", "timestamp without time zone"):
        return sql.DateTime(timezone="with time" in name)
    made = known.get(name)
    return made() if made is not None else sql.NullType()


def _array() -> sql.TypeEngine[Any]:
    from sqlalchemy.dialects.postgresql import ARRAY

    return ARRAY(sql.Text())


def _seen(values: Sequence[Any]) -> sql.TypeEngine[Any]:
    """The type that fits all values that are there."""
    given = [value for value in values if value is not None]
    for kind, made in _TYPES:
        if given and all(isinstance(value, kind) for value in given):
            return made
    numbers = (int, float, Decimal)
    if given and all(isinstance(value, numbers) for value in given):
        return sql.Numeric()
    return sql.String()
