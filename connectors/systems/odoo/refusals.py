"""What Odoo's errors mean, by what to do about them.

JSON-2 says `{"name", "message", "arguments", "context", "debug"}` with a status of its own; XML-RPC
says a fault, of which code 1 carries a traceback. Source:
https://www.odoo.com/documentation/19.0/developer/reference/external_api.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from connectors.errors import ConfigError, ConnectorError, Transient
from connectors.systems.odoo.wire import Fault

LONGEST = 500
_RAISED = re.compile(r"([A-Za-z_][\w.]*): (.*)", re.DOTALL)
_NO_DATABASE = re.compile(r'database "?[^"\n]*"? does not exist|database not found', re.IGNORECASE)
_PASSING = frozenset(
    (
        "OperationalError", "InterfaceError", "SerializationFailure", "LockNotAvailable",
        "DeadlockDetected", "QueryCanceled", "PoolError", "LockError", "ConcurrencyError",
        "MemoryError", "TimeoutError", "TooManyRequests",
    )
)  # fmt: skip


class Refused(ConfigError):
    """Odoo understood and refused, in words of its own."""


class Forbidden(Refused):
    """The key's user may not do this."""


class Absent(Refused):
    """There is no such model, method or record (any more)."""


def one_line(text: Any) -> str:
    """A text in one line, cut to a length one reads."""
    return " ".join(str(text).split())[:LONGEST] if isinstance(text, str) else ""


def refused_key() -> ConfigError:
    """The refusal of the credential."""
    text = "Odoo refuses the API key; it was deleted, has expired, or is of another database."
    return ConfigError(text, {"key": ["Odoo refuses it; make a new one."]})


def no_database() -> ConfigError:
    """The refusal of the database's name."""
    text = "There is no such database at this address; check its name."
    return ConfigError(text, {"database": [text]})


def named(name: str, message: str, status: int) -> ConnectorError:
    """The error for one of Odoo's exceptions, by its name and the status it came with."""
    kind = name.rpartition(".")[2]
    said = one_line(message)
    if kind in ("AccessDenied", "Unauthorized", "SessionExpiredException"):
        return refused_key()
    if _NO_DATABASE.search(message):
        return no_database()
    if kind == "AccessError":
        return Forbidden(f"Odoo does not let the key’s user do this: {said}")
    if kind in ("NotFound", "MissingError") or status == 404:
        return Absent(f"Odoo has nothing there: {said}" if said else "Odoo has nothing there.")
    if kind in _PASSING or status in (502, 503, 504):
        return Transient("Odoo is busy or not well at the moment.")
    text = said or f"it failed and did not say why ({kind or status}); its log does"
    return Refused(f"Odoo refuses: {text}")


def classify(response: httpx.Response) -> ConnectorError | None:
    """The error of an answer's status, None for success and what the usual rules know as well."""
    status = response.status_code
    if status < 400 or status in (408, 425, 429) or "Retry-After" in response.headers:
        return None
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, Mapping) and isinstance(body.get("name"), str):
        return named(body["name"], str(body.get("message") or ""), status)
    if status == 401:
        return refused_key()
    if status == 404:
        text = "No Odoo answers at this address, or not for this database; check both."
        return ConfigError(text, {"address": [text], "database": [text]})
    return None


def faulted(fault: Fault) -> ConnectorError:
    """The error for a fault of XML-RPC."""
    if fault.code == "3" or fault.code == "AccessDenied":
        return refused_key()
    if fault.code == "4":
        return named("AccessError", fault.text, 403)
    if fault.code == "2":
        return named("UserError", fault.text, 422)
    name, message = raised(fault.text)
    return named(name, message, 500)


def raised(traceback: str) -> tuple[str, str]:
    """(name, message) of the exception a traceback ends with; of another text ("", all of it)."""
    lines = traceback.strip().splitlines()
    for number in range(len(lines) - 1, -1, -1):
        found = None if lines[number][:1].isspace() else _RAISED.fullmatch(lines[number])
        if found is not None:
            return found[1], "\n".join([found[2], *lines[number + 1 :]])
    return "", traceback
