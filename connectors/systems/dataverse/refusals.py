"""What Dataverse's error answers mean, by what to do about them.

Errors are `{"error": {"code": "0x80040220", "message"}}`; the codes are those of Microsoft's “Web
service error codes” (https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from connectors.errors import ConfigError, ConnectorError, CursorExpired, Transient

EXPIRED = "0x80044352"
"""ExpiredVersionStamp: changes are remembered for some days only."""
STRANGER = frozenset(("0x80072560", "0x80040225", "0x80041d1f"))
"""The app is no user of this environment, its user is disabled, or it has no security role."""
PASSING = frozenset(("0x80044151", "0x80071151", "0x80060308", "0x8004a112"))
"""SQL took too long, or the row or its table was locked."""
LIMITS = frozenset(("0x80072321", "0x80072322", "0x80072326"))
"""Execution time, number of requests, requests at once (Service protection API limits)."""
ABSENT = frozenset(("0x80040217", "0x80060891"))
_CODE = re.compile(r"0x[0-9a-fA-F]{8}").fullmatch
_PRIVILEGE = re.compile(r"\bprv[A-Za-z0-9_]{2,100}")


class BadRequest(ConfigError):
    """Dataverse understood and refused: a link, a filter, a column or a value it does not take."""


class Absent(ConfigError):
    """The table or record asked for is not there."""


class Forbidden(ConfigError):
    """The application user lacks a privilege."""


def error_of(content: bytes) -> tuple[str, str]:
    """(code, message) of an error body, both empty when it is none of Dataverse's."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return "", ""
    error = said.get("error", said) if isinstance(said, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    code, message = error.get("code"), error.get("message") or error.get("Message")
    known = code.lower() if isinstance(code, str) and _CODE(code) else ""
    return known, " ".join(message.split())[:500] if isinstance(message, str) else ""


def classify(response: httpx.Response) -> ConnectorError | None:
    """The door's `classify`; None leaves it to the usual rules, such as those for 429."""
    status = response.status_code
    if status < 400:
        return None
    code, said = error_of(response.content)
    if code == EXPIRED or status == 410:
        return CursorExpired("Dataverse no longer knows where we stopped; reading starts anew.")
    if status == 401:
        text = (
            "Dataverse does not accept the sign-in; check that the app belongs to this directory."
        )
        return ConfigError(text, {"client_id": [text]})
    if code in STRANGER:
        text = (
            "The app is no active application user of this environment. Add it in the Power "
            "Platform admin center (Environments, Settings, Application users), with a role."
        )
        return ConfigError(text, {"client_id": [text]})
    if code in PASSING:
        return Transient(f"Dataverse is not well at the moment ({code}).")
    if status == 403 and "Retry-After" not in response.headers:
        return Forbidden(forbidden(said))
    if status == 404:
        return Absent(f"Dataverse has nothing there (404). {shown(code, said)}".strip())
    if 400 <= status < 500 and status not in (408, 425, 429):
        return BadRequest(f"Dataverse refuses the request. {shown(code, said)}".strip())
    if status == 501:
        return BadRequest(f"Dataverse cannot do that. {shown(code, said)}".strip())
    return None


def forbidden(said: str) -> str:
    """A sentence about a missing privilege; it is named where Dataverse names it."""
    found = _PRIVILEGE.search(said)
    named = f"the privilege {found[0]}" if found else "a privilege"
    return f"The application user lacks {named}; give it a security role that has it."


def shown(code: str, said: str) -> str:
    """What Dataverse says, as a sentence to go after ours."""
    return f"It says: {said}{f' ({code})' if code else ''}" if said else code


def outcome_of(status: int, content: bytes) -> tuple[str, bool]:
    """(message, whether it may go well later) of an operation of a batch that failed."""
    code, said = error_of(content)
    if code in LIMITS or status == 429:
        return "Dataverse asks to slow down; it is written again later.", True
    if code in PASSING or status in (408, 412) or status >= 500:
        return f"Dataverse could not take it now. {shown(code, said)}".strip(), True
    if code in ABSENT or status == 404:
        return "There is no such record in Dataverse (any more).", False
    if status == 403:
        return forbidden(said), False
    text = shown(code, said).removeprefix("It says: ") or f"Dataverse refused it ({status})."
    return text, False


def text_of(value: Any) -> str:
    """A text as it is, anything else as none."""
    return value if isinstance(value, str) else ""
