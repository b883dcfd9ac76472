"""What databases say when they refuse, as errors named by recovery; by code, and by words if need be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from connectors.errors import ConfigError, ConnectorError, Throttled, Transient

_BUSY_SECONDS = 60
_PASSWORD = "The database refuses the user or the password; enter them again."  # noqa: S105
_NO_DATABASE = "There is no such database on this server; check the address."
_DENIED = "The role may not read {what}; let an admin of the database grant SELECT on it."
_ABSENT = "{what} is not there any more, or was changed; choose the tables again."
_SLOW = (
    "{what} took longer than the limit. It is tried again; an index on its key and on the column "
    "that tells the last change helps, or a higher limit."
)
_LOST = "The connection to the database was lost or not made; it is tried again."
_BUSY = "The database has no connection free; it is asked again later."
_WRITES = "{what} tries to write, which is never done; leave out what changes data."

# SQLSTATE, exactly or by its class of two letters: PostgreSQL, appendix A of its manual.
_POSTGRES = {
    "28": _PASSWORD, "3D": _NO_DATABASE, "42501": _DENIED, "42P01": _ABSENT, "42703": _ABSENT,
    "3F": _ABSENT, "57014": _SLOW, "55P03": _SLOW, "53300": _BUSY, "53": _BUSY, "08": _LOST,
    "57": _LOST, "40": _LOST, "25": _WRITES, "58": _LOST,
}  # fmt: skip
# Error numbers: MySQL and MariaDB server error references.
_MYSQL = {
    1045: _PASSWORD, 1698: _PASSWORD, 1044: _DENIED, 1142: _DENIED, 1143: _DENIED,
    1049: _NO_DATABASE, 1146: _ABSENT, 1054: _ABSENT, 1356: _ABSENT, 1040: _BUSY, 1203: _BUSY,
    1226: _BUSY, 3024: _SLOW, 1969: _SLOW, 1205: _SLOW, 1317: _SLOW, 1792: _WRITES, 1213: _LOST,
    2002: _LOST, 2003: _LOST, 2006: _LOST, 2013: _LOST, 1053: _LOST,
}  # fmt: skip
# Microsoft's list of engine errors; 20003 and the like are of the FreeTDS library.
_MSSQL = {
    18456: _PASSWORD, 18452: _PASSWORD, 4060: _NO_DATABASE, 229: _DENIED, 230: _DENIED,
    208: _ABSENT, 207: _ABSENT, 10928: _BUSY, 10929: _BUSY, 1222: _SLOW, 20003: _SLOW,
    1205: _LOST, 20002: _LOST, 20006: _LOST, 20009: _LOST, 20047: _LOST,
}  # fmt: skip
# Oracle Database Error Messages, by number.
_ORACLE = {
    1017: _PASSWORD, 28000: _PASSWORD, 28001: _PASSWORD, 12514: _NO_DATABASE, 12505: _NO_DATABASE,
    1031: _DENIED, 942: _ABSENT, 904: _ABSENT, 20: _BUSY, 18: _BUSY, 12516: _BUSY, 12519: _BUSY,
    1013: _SLOW, 3156: _SLOW, 1456: _WRITES, 3113: _LOST, 3114: _LOST, 3135: _LOST, 12541: _LOST,
    12170: _LOST, 1555: _LOST,
}  # fmt: skip
_NUMBERS = {"mysql": _MYSQL, "mariadb": _MYSQL, "mssql": _MSSQL, "oracle": _ORACLE}
_WORDS = (
    (r"password authentication failed|no password supplied|Login failed", _PASSWORD),
    (r"role \".*\" does not exist|is not permitted to log in", _PASSWORD),
    (r"database \".*\" does not exist", _NO_DATABASE),
    (r"too many (clients|connections)|remaining connection slots", _BUSY),
    (r"no such (table|column)", _ABSENT),
    (r"interrupted", _SLOW),
    (r"database (table )?is locked|starting up|shutting down|recovery mode", _LOST),
    (r"attempt to write|readonly database", _WRITES),
)
_SETTINGS = {_PASSWORD: "password", _NO_DATABASE: "address", _DENIED: "tables"}
_FILE = re.compile(r"unable to open|not a database|malformed|disk image|encrypted")
_TLS = re.compile(r"\bSSL\b|certificate|\bTLS\b")


@contextmanager
def told(dialect: str, what: str, password: str = "") -> Iterator[None]:
    """Lets errors of the database pass as ours; `what` is the table or question they are about.

    Raises ConfigError, Throttled or Transient, never with the password in it.
    """
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise _judge(error, dialect, what, password) from error
    except (OSError, EOFError) as error:
        raise Transient(_LOST) from error
    except UnicodeError as error:
        said = f"{what} holds texts that are not in the encoding the database declares."
        raise ConfigError(f"{said} Leave it out, or let them be mended.") from error


def _judge(error: exc.SQLAlchemyError, dialect: str, what: str, password: str) -> ConnectorError:
    own = getattr(error, "orig", None) or error
    said = " ".join(str(own).split())
    verdict = _by_code(own, dialect) or _by_words(said)
    if verdict == _BUSY:
        return Throttled(_BUSY_SECONDS, _BUSY)
    if verdict in (_SLOW, _LOST):
        return Transient(verdict.format(what=what))
    if verdict is not None:
        text = verdict.format(what=what)
        field = _SETTINGS.get(verdict)
        return ConfigError(text, {field: [text]} if field else None)
    shown = _shown(said, password)
    if dialect == "sqlite" and _FILE.search(said):
        text = f"The file cannot be read as a SQLite database: {shown}."
        return ConfigError(text, {"address": [text]})
    if "FATAL" in said or _TLS.search(said):
        text = f"The database refuses the connection: {shown}. Check the address and the role."
        return ConfigError(text, {"address": [text]})
    # SQLite names what it does not understand as it names what passes; that was told above.
    if isinstance(error, exc.ProgrammingError) or (
        dialect == "sqlite" and isinstance(error, exc.OperationalError) and "I/O" not in said
    ):
        return ConfigError(f"The database does not understand the question about {what}: {shown}.")
    if isinstance(error, (exc.DataError, exc.NotSupportedError)):
        # The message may quote values, which are nobody's business here.
        kind = type(own).__name__
        return ConfigError(f"The database cannot compute {what} ({kind}); mend its definition.")
    if isinstance(error, exc.DBAPIError):
        return Transient(_LOST)
    return ConfigError(f"{what} cannot be read ({type(error).__name__}).")


def _by_code(own: BaseException, dialect: str) -> str | None:
    state = getattr(own, "sqlstate", None)
    if dialect == "postgresql":
        text = state if isinstance(state, str) else ""
        return _POSTGRES.get(text) or _POSTGRES.get(text[:2])
    first = own.args[0] if own.args else None
    code = getattr(first, "code", first)
    return _NUMBERS.get(dialect, {}).get(code) if isinstance(code, int) else None


def _by_words(said: str) -> str | None:
    for pattern, verdict in _WORDS:
        if re.search(pattern, said):
            return verdict
    return None


def _shown(said: str, password: str) -> str:
    """The database's own words: short, without the password, without their full stop."""
    if password:
        said = said.replace(password, "…")
    said = re.split(r" (?:LINE \d|HINT:|DETAIL:|CONTEXT:|\[SQL)", said)[0]
    return said[:300].rstrip(" .")
