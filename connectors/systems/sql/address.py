"""From an address people typed to an engine that goes to one judged place and takes nothing of ours along."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connectors.errors import ConfigError
from connectors.outside import Outside

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

_NOWHERE = "/dev/null/none"
"""A path that cannot exist: libpq looks there instead of at the service's own home folder."""
_TLS = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Driver:
    """How one kind of database is reached: modules in the order of preference, package to install."""

    modules: tuple[tuple[str, str], ...]
    port: int
    package: str
    options: tuple[str, ...] = ()


DRIVERS: Mapping[str, Driver] = {
    "postgresql": Driver((("psycopg", "psycopg"),), 5432, "psycopg", ("sslmode",)),
    "mysql": Driver((("pymysql", "pymysql"),), 3306, "PyMySQL", ("charset",)),
    "mariadb": Driver((("pymysql", "pymysql"),), 3306, "PyMySQL", ("charset",)),
    "mssql": Driver(
        (("pymssql", "pymssql"), ("pyodbc", "pyodbc")), 1433, "pymssql", ("charset", "driver")
    ),
    "oracle": Driver((("oracledb", "oracledb"),), 1521, "oracledb", ("service_name",)),
    "sqlite": Driver((("sqlite3", "pysqlite"),), 0, ""),
}
_SAME = {"postgres": "postgresql", "sqlserver": "mssql"}


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address: the kind of database, its driver, and the place it names."""

    kind: str
    driver: str
    user: str = ""
    host: str = ""
    port: int = 0
    database: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def place(self) -> str:
        """Where it is, as people say it; without the user."""
        return self.database if self.kind == "sqlite" else f"{self.host}:{self.port}"


def _refused(said: str) -> ConfigError:
    return ConfigError(said, {"address": [said]})


def parse(text: str) -> Address:
    """The address of that text. Raises ConfigError, which never quotes it: it may hold a password."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise _refused(
            "This is not an address of a database, such as "
            "postgresql://reader@db.example.com:5432/erp."
        ) from None
    if url.password is not None:
        raise _refused("Take the password out of the address and enter it in its own field.")
    kind, _, wanted = url.drivername.partition("+")
    kind = _SAME.get(kind, kind)
    known = DRIVERS.get(kind)
    if known is None:
        raise _refused(f"“{kind}” is no database we can read; choose one of {', '.join(DRIVERS)}.")
    driver = _driver(known, kind, wanted)
    options = _options(url, known, kind)
    if kind == "sqlite":
        return _file(url)
    host = (url.host or "").strip("[]")
    if not host or "/" in host or "," in host or "%" in host or any(c.isspace() for c in host):
        raise _refused("The address needs the name of one host, such as db.example.com.")
    if not url.username:
        raise _refused(
            "The address needs the user, such as postgresql://reader@db.example.com/erp."
        )
    if not url.database and not options.get("service_name"):
        raise _refused("The address needs the database after the host, such as /erp.")
    return Address(
        kind, driver, url.username, host, url.port or known.port, url.database or "", options
    )


def _driver(known: Driver, kind: str, wanted: str) -> str:
    """SQLAlchemy's name of the driver to use. Raises ConfigError when none is installed."""
    offered = [(module, name) for module, name in known.modules if wanted in ("", name)]
    if not offered:
        names = " or ".join(name for _, name in known.modules)
        raise _refused(f"Write {kind}:// without a driver, or with {names}.")
    for module, name in offered:
        if find_spec(module) is not None:
            return name
    raise _refused(
        f"Reading {kind} needs the Python package {known.package}, which is not installed here; "
        "ask the operator to install it."
    )


def _options(url: URL, known: Driver, kind: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in url.query.items():
        if name not in known.options or not isinstance(value, str):
            allowed = ", ".join(known.options) or "nothing"
            raise _refused(
                f"“{name}” cannot be set in the address; of {kind} it can be: {allowed}."
            )
        options[name] = value
    if options.get("sslmode", "prefer") not in _TLS:
        raise _refused(f"sslmode is one of {', '.join(_TLS)}.")
    for name, value in options.items():
        if not all(letter.isalnum() or letter in " ._-" for letter in value):
            raise _refused(f"“{name}” in the address has letters, digits, dots and dashes only.")
    return options


def _file(url: URL) -> Address:
    path = url.database or ""
    if url.host or url.username or not path or path == ":memory:" or path.startswith("file:"):
        raise _refused("Write the full path of the file, such as sqlite:////data/shop.db.")
    if not Path(path).is_absolute() or "\0" in path:
        raise _refused("The path of the file begins with a slash: sqlite:////data/shop.db.")
    return Address("sqlite", "pysqlite", database=path)


def file_of(address: Address, roots: Sequence[str]) -> Path:
    """The real SQLite file. Raises ConfigError when it is not there or not inside the roots."""
    try:
        real = Path(address.database).resolve(strict=True)
    except (OSError, RuntimeError):
        real = None
    inside = [Path(each).expanduser().resolve() for each in roots]
    if inside and not any(each in (real or Path(address.database)).parents for each in inside):
        # Said first, so that nobody learns which files there are elsewhere.
        raise _refused("This file is outside the places files may be read from; ask the operator.")
    if real is None or not real.is_file():
        raise _refused("There is no such file; check the path.")
    if not os.access(real, os.R_OK):
        raise _refused("The file cannot be read; check its permissions.")
    return real


def engine_of(address: Address, password: str, outside: Outside, seconds: int) -> Engine:
    """An engine without a pool, for one reading. `seconds` is the longest question.

    Raises ConfigError or Transient when the host may not be reached or is not found.
    """
    from sqlalchemy import URL, create_engine
    from sqlalchemy.pool import NullPool

    if address.kind == "sqlite":
        opening = partial(_open_file, file_of(address, outside.roots), seconds)
        return create_engine(
            "sqlite+pysqlite://", creator=opening, poolclass=NullPool, hide_parameters=True
        )
    found = outside.guard.resolve(address.host, address.port)
    given = _ARGUMENTS[address.kind](address, found, seconds)
    is_named = address.kind == "postgresql"
    if is_named:
        given["password"] = password  # an empty one too, or PGPASSWORD would take its place
    query = {n: address.options[n] for n in ("driver", "service_name") if n in address.options}
    url = URL.create(
        f"{address.kind}+{address.driver}",
        address.user,
        password or None,
        address.host if is_named else found,
        address.port,
        address.database or None,
        query,
    )
    more: dict[str, Any] = {"connect_args": given, "poolclass": NullPool, "hide_parameters": True}
    return create_engine(url, **more)


def _open_file(path: Path, seconds: int) -> sqlite3.Connection:
    """The file for reading only; it is never made, and texts in no known encoding are told."""
    opened = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro", uri=True, timeout=seconds, check_same_thread=False
    )
    opened.text_factory = _text
    opened.execute("PRAGMA query_only = ON")
    opened.execute("PRAGMA trusted_schema = OFF")
    return opened


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _postgres(address: Address, found: str, seconds: int) -> dict[str, Any]:
    """libpq's parameters, each given, so that no environment variable or file of ours counts.

    The name goes along with the address: the one is what a certificate is judged by, the other
    where the connection goes. https://www.postgresql.org/docs/current/libpq-connect.html
    """
    from psycopg import pq

    mode = address.options.get("sslmode", "prefer")
    given: dict[str, Any] = {
        "hostaddr": found, "passfile": _NOWHERE, "sslcert": _NOWHERE, "sslkey": _NOWHERE,
        "sslrootcert": _NOWHERE, "sslcrl": "", "sslmode": mode, "gssencmode": "disable",
        "options": "", "application_name": "EFM", "client_encoding": "utf8",
        "connect_timeout": CONNECT_SECONDS, "target_session_attrs": "any", "requirepeer": "",
        "channel_binding": "prefer", "krbsrvname": "postgres", "prepare_threshold": None,
        "tcp_user_timeout": (seconds + 30) * 1000,
    }  # fmt: skip
    if pq.version() >= 160000:
        given |= {"require_auth": "!gss,!sspi", "load_balance_hosts": "disable"}
        if mode.startswith("verify"):
            given["sslrootcert"] = "system"
    elif mode.startswith("verify"):
        given["sslrootcert"] = "/etc/ssl/certs/ca-certificates.crt"
    return given


def _mysql(address: Address, found: str, seconds: int) -> dict[str, Any]:
    return {
        "charset": address.options.get("charset", "utf8mb4"),
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": seconds + 30,
        "write_timeout": seconds + 30,
        "local_infile": False,
        "program_name": "EFM",
        "read_default_file": None,
    }


def _mssql(address: Address, found: str, seconds: int) -> dict[str, Any]:
    if address.driver == "pyodbc":
        return {"timeout": CONNECT_SECONDS}
    charset = address.options.get("charset", "UTF-8")
    return {
        "login_timeout": CONNECT_SECONDS, "timeout": seconds, "charset": charset, "appname": "EFM",
    }  # fmt: skip


def _oracle(address: Address, found: str, seconds: int) -> dict[str, Any]:
    return {"tcp_connect_timeout": CONNECT_SECONDS}


_ARGUMENTS = {
    "postgresql": _postgres, "mysql": _mysql, "mariadb": _mysql, "mssql": _mssql,
    "oracle": _oracle,
}  # fmt: skip
