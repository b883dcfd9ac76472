"""Any database as a connector: its check, its streams, reading; nothing is ever written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connectors.base import Connector
from connectors.errors import NotSupported
from connectors.outside import Outside
from connectors.records import Check, Page, Raw, Stream
from connectors.systems.sql import address
from connectors.systems.sql.config import Config, queries_of

if TYPE_CHECKING:
    from connectors.systems.sql.catalog import Catalog
    from connectors.systems.sql.columns import Table
    from connectors.systems.sql.session import Session

_SHOWN = 10
_SAMPLED_TABLES = 60
_SAMPLE = 100


class Sql(Connector):
    """The tables, views and queries of one database, read through SQLAlchemy.

    Of a table with a column that tells the last change, the state is a window over it with the
    last key; of any other, the last key with a hash of what was read, so that an unchanged table
    is not read out again and a changed one is read whole.
    """

    name = "sql"
    label = "SQL database"
    summary = "The tables and views of PostgreSQL, MySQL, SQL Server, Oracle or SQLite."
    icon = "database"
    Config = Config

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        queries_of(self.config["queries"])
        self._address = address.parse(self.config["address"])
        self._catalog: Catalog | None = None

    def check(self) -> Check:
        """Says who we are where, how many tables there are, and what is in the way of which."""
        with self._session() as session:
            who = session.who()
            catalog = self._reflected(session)
            notes = [*who.notes, *session.dialect.notes(catalog.listed), *catalog.notes]
        tables, readable = list(catalog.tables.values()), catalog.readable()
        notes += _notes(tables)
        if not readable:
            notes.append("There is no table that can be read; grant SELECT on those to be read.")
        database = f" in the database “{who.database}”" if who.database else ""
        place = f"{who.user}{database}, {who.version} at {self._address.place()}"
        counted = "1 table" if len(readable) == 1 else f"{len(readable):,} tables and views"
        return Check(bool(readable), place, (f"read {counted}",), tuple(notes))

    def streams(self) -> Sequence[Stream]:
        """One for each table, view and query that has a key; `check` names the others."""
        with self._session() as session:
            catalog = self._reflected(session)
            return [
                self._stream(session, table, catalog, at)
                for at, table in enumerate(catalog.readable())
            ]

    def stream(self, name: str) -> Stream:
        """The stream of that name, without looking at the others' rows."""
        with self._session() as session:
            catalog = self._reflected(session)
            return self._stream(session, self._table(catalog, name), catalog, 0)

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Changed records, or all of a table that changed, in pages by key over one connection."""
        from connectors.systems.sql.reading import Reading

        with self._session() as session:
            table = self._table(self._reflected(session), stream.name)
            yield from Reading(session, table, stream, self.config).pages(state)

    def _session(self) -> Session:
        from connectors.systems.sql.session import Session

        return Session(
            self._address,
            self.config["password"],
            self.outside,
            self.config["statement_timeout"],
        )

    def _reflected(self, session: Session) -> Catalog:
        """The catalog, asked for once: a connector lives no longer than a run."""
        from connectors.systems.sql.catalog import reflect

        if self._catalog is None:
            self._catalog = reflect(session, self.config)
        return self._catalog

    def _table(self, catalog: Catalog, name: str) -> Table:
        table = catalog.tables.get(name)
        if table is None or not table.key:
            raise NotSupported(
                f"{self.label} offers no stream “{name}” now: the table is gone, the role may not "
                "read it, or it has no key. Check the connection."
            )
        return table

    def _stream(self, session: Session, table: Table, catalog: Catalog, at: int) -> Stream:
        from connectors.systems.sql.proposals import is_worth_sampling, stream_of

        sample: Sequence[Raw] = ()
        if at < _SAMPLED_TABLES and is_worth_sampling(table):
            sample = self._sample(session, table)
        return stream_of(table, catalog, sample, self.config)

    def _sample(self, session: Session, table: Table) -> list[Raw]:
        """Some rows in no order; none where even these take too long."""
        from connectors.errors import ConnectorError
        from connectors.systems.sql.reading import Reading

        bare = Stream(table.name, tuple(each.name for each in table.key), "account")
        reading = Reading(session, table, bare, self.config)
        try:
            rows, _ = session.page(reading.questions.records(), _SAMPLE, reading.what)
        except ConnectorError:
            return []  # reading it says why
        return [reading.record(row) for row in rows]


def _notes(tables: Sequence[Table]) -> list[str]:
    """What an admin may do about tables without a key or without a time of change."""
    notes = []
    keyless = [each.name for each in tables if not each.key]
    if keyless:
        notes.append(
            f"Left out, for they have no key: {_some(keyless)}. Name their key columns in the "
            "settings."
        )
    whole = [each.name for each in tables if each.key and each.cursor is None]
    if whole:
        notes.append(
            f"Read whole each time, for no column tells their last change: {_some(whole)}."
        )
    naive = [
        each.name
        for each in tables
        if each.key and each.cursor and not each.cursor.is_aware and each.form not in _ZONED
    ]
    if naive:
        notes.append(f"Their times of change have no zone; check the time zone: {_some(naive)}.")
    return notes


_ZONED = ("utc", "offset", "epoch", "epoch_ms")


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
