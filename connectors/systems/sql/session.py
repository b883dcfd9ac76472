"""One connection to one database, for one reading: short questions that only read, then nothing left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Inspector, Row, inspect
from sqlalchemy.sql import Executable, Select

from connectors.outside import Outside
from connectors.systems.sql.address import Address, engine_of
from connectors.systems.sql.dialects import Who, dialect_of
from connectors.systems.sql.refusals import told

_BATCH = 250
_PAGE_BYTES = 8 * 1024 * 1024


class Session:
    """A connection, used as a context; its methods raise ConfigError, Throttled or Transient."""

    def __init__(self, address: Address, password: str, outside: Outside, seconds: int) -> None:
        self.address, self.outside, self.seconds = address, outside, seconds
        self.dialect = dialect_of(address.kind)
        self._password = password
        self._engine: Engine | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        self._engine = engine_of(self.address, self._password, self.outside, self.seconds)
        try:
            with self._told("the database"):
                made = self._engine.connect()
                self._connection = made.execution_options(postgresql_readonly=True)
                with made.begin():
                    self.dialect.opened(made, self.seconds)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            self._connection.invalidate() if error is not None else self._connection.close()
            self._connection = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def asking(self, what: str) -> Iterator[Connection]:
        """A transaction that only reads; `what` is the table that errors are about."""
        assert self._connection is not None, "use it as a context"
        with self._told(what), self._connection.begin():
            self.dialect.begin(self._connection, self.seconds)
            yield self._connection

    @contextmanager
    def inspecting(self) -> Iterator[tuple[Connection, Inspector]]:
        """The same, with SQLAlchemy's inspector."""
        with self.asking("the list of tables") as connection:
            yield connection, inspect(connection)

    def now(self) -> datetime:
        """The database's clock."""
        with self.asking("the clock") as connection:
            return self.dialect.now(connection, self.outside)

    def who(self) -> Who:
        """Who we are there."""
        with self.asking("the role") as connection:
            return self.dialect.who(connection)

    def rows(self, statement: Executable, what: str) -> list[Row[Any]]:
        """All rows of an answer that is known to be short."""
        with self.asking(what) as connection:
            return list(connection.execute(statement))

    def page(self, statement: Select[Any], most: int, what: str) -> tuple[list[Row[Any]], bool]:
        """At most so many rows, fewer where they are large; and whether there are more."""
        found: list[Row[Any]] = []
        size = 0
        with self.asking(what) as connection:
            options = {"yield_per": min(_BATCH, most + 1)}
            answer = connection.execute(statement.limit(most + 1), execution_options=options)
            for row in answer:
                if len(found) == most or size > _PAGE_BYTES:
                    answer.close()
                    return found, True
                found.append(row)
                size += _size(row)
        return found, False

    def _told(self, what: str) -> Any:
        return told(self.address.kind, what, self._password)


def _size(row: Sequence[Any]) -> int:
    """About how much memory a row's texts and bytes take."""
    return sum(len(each) for each in row if isinstance(each, (str, bytes, dict, list)))
