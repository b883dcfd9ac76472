"""One statement in a transaction of one organization, sent whole and answered whole: one round trip.

psycopg's own pipeline does the same; this talks to libpq through `psycopg.pq`, which takes a
quarter of the processor time where thousands of answers a second arrive. While PostgreSQL works,
the thread waits on the socket and other threads run.
"""

from __future__ import annotations

import re
import select
import uuid
from collections.abc import Mapping
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from efm.db.columns import OIDS
from efm.db.direct import Connection

LONGEST_MILLISECONDS = 40_000  # Longer than the server's own statement_timeout.

_BEGIN = b"efm_begin"
_TELL = b"efm_tell"
_COMMIT = b"efm_commit"
_COMMON = (
    (_BEGIN, b"BEGIN"),
    (_TELL, b"SELECT set_config('efm.organization', $1, true), set_config('efm.user', '', true)"),
    (_COMMIT, b"COMMIT"),
)
_NAMED = re.compile(r"%\((\w+)\)s")


class Statement:
    """A statement with named values (`%(name)s`), prepared once on each connection it meets.

    `types` names the type of a value where PostgreSQL cannot tell it from its place; a value of an
    array's type is given in binary (efm.db.columns), every other as text.
    """

    def __init__(self, name: str, sql: str, types: Mapping[str, str]) -> None:
        self._name = name.encode()
        self._values: list[str] = []

        def numbered(found: re.Match[str]) -> str:
            if found[1] not in self._values:
                self._values.append(found[1])
            return f"${self._values.index(found[1]) + 1}"

        self._sql = _NAMED.sub(numbered, sql).encode()
        named = [types.get(value, "") for value in self._values]
        self._types = [OIDS.get(each, 0) for each in named]
        self._formats = [1 if each.endswith("[]") else 0 for each in named]
        self._ready: WeakKeyDictionary[Connection, bool] = WeakKeyDictionary()

    def commit(
        self,
        connection: Connection,
        organization_id: uuid.UUID,
        values: Mapping[str, bytes | None],
    ) -> list[bytes | None]:
        """Run it in a transaction of its own; the first column of its rows, as text.

        Raises psycopg's errors; then nothing was stored, except that with an OperationalError the
        commit may have happened and its answer been lost.
        """
        try:
            return self._commit(connection, organization_id, values)
        except errors.InvalidSqlStatementName:
            # psycopg forgets all prepared statements of a connection that rolled back.
            self._ready.pop(connection, None)
            return self._commit(connection, organization_id, values)

    def _commit(
        self,
        connection: Connection,
        organization_id: uuid.UUID,
        values: Mapping[str, bytes | None],
    ) -> list[bytes | None]:
        pgconn = self._prepared(connection)
        given = [values[name] for name in self._values]
        pgconn.nonblocking = 0
        pgconn.enter_pipeline_mode()
        try:
            pgconn.send_query_prepared(_BEGIN, None)
            pgconn.send_query_prepared(_TELL, [str(organization_id).encode()])
            pgconn.send_query_prepared(self._name, given, self._formats)
            pgconn.send_query_prepared(_COMMIT, None)
            pgconn.pipeline_sync()
            results = _results(pgconn)
            pgconn.exit_pipeline_mode()
        finally:
            pgconn.nonblocking = 1
        for result in results:
            if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
                if pgconn.transaction_status != TransactionStatus.IDLE:
                    pgconn.exec_(b"ROLLBACK")
                raise errors.error_from_result(result)
        return _first_column(results[2])

    def run(self, connection: Connection, values: Mapping[str, bytes | None]) -> list[bytes | None]:
        """Run it in the connection's open transaction; the first column of its rows, as text.

        It is planned anew each time, which many rows pay for. Raises psycopg's errors.
        """
        pgconn = connection.pgconn
        given = [values[name] for name in self._values]
        pgconn.nonblocking = 0
        try:
            pgconn.send_query_params(self._sql, given, self._types, self._formats)
            (result,) = _results(pgconn, is_piped=False)
        finally:
            pgconn.nonblocking = 1
        _check(result, ExecStatus.TUPLES_OK)
        return _first_column(result)

    def _prepared(self, connection: Connection) -> PGconn:
        pgconn = connection.pgconn
        if connection not in self._ready:
            for name, sql in _COMMON:
                _check(pgconn.prepare(name, sql))
            _check(pgconn.prepare(self._name, self._sql, self._types))
            self._ready[connection] = True
        return pgconn


def _first_column(rows: PGresult) -> list[bytes | None]:
    return [rows.get_value(row, 0) for row in range(rows.ntuples)]


def _results(pgconn: PGconn, *, is_piped: bool = True) -> list[PGresult]:
    """The results of all that was sent, up to the sync of a pipeline or the end of one statement."""
    waiting = select.poll()
    waiting.register(pgconn.socket, select.POLLIN)
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            if not waiting.poll(LONGEST_MILLISECONDS):
                raise psycopg.OperationalError("PostgreSQL did not answer in time")
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            if pgconn.status == ConnStatus.BAD:
                raise psycopg.OperationalError("the connection was lost")
            if not is_piped:
                return results
            continue  # The end of one statement's results.
        if result.status == ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)


def _check(result: PGresult, wanted: ExecStatus = ExecStatus.COMMAND_OK) -> None:
    """Raise what a statement was refused with; one that is prepared already will do."""
    if result.status != wanted:
        error = errors.error_from_result(result)
        if not isinstance(error, errors.DuplicatePreparedStatement):
            raise error
