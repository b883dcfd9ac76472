"""What Salesforce's error bodies mean, by what to do about them.

Errors come as `[{"message", "errorCode", "fields"}]` (REST API Developer Guide, Status Codes and
Error Responses).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from connectors.errors import (
    ConfigError,
    ConnectorError,
    CursorExpired,
    QuotaReached,
    Throttled,
    Transient,
)

EXPIRED = frozenset(
    ("INVALID_QUERY_LOCATOR", "INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT", "INVALID_LOCATOR")
)
PASSING = frozenset(
    (
        "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG",
        "UNKNOWN_EXCEPTION", "TXN_SECURITY_METERING_ERROR", "APEX_ERROR", "JOB_NOT_READY",
    )
)  # fmt: skip
RETRIED = PASSING | {"REQUEST_LIMIT_EXCEEDED", "PROCESSING_HALTED", "TRANSACTION_ROLLED_BACK"}
"""Codes of refused items that may be taken later."""
QUESTION = frozenset(("INVALID_FIELD", "MALFORMED_QUERY"))
ABSENT = frozenset(("NOT_FOUND", "INVALID_TYPE", "INVALIDENTITY", "INVALID_JOB"))
OLD = frozenset(("UNSUPPORTED_API_VERSION", "API_VERSION_UNSUPPORTED"))
DISABLED = frozenset(("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "ORG_LOCKED"))
DAY = 3600.0
"""How long to wait when the calls of a day are used up; the 24 hours of Salesforce roll."""


class BadQuestion(ConfigError):
    """A query names a field that is not there (any more)."""


class Absent(ConfigError):
    """The object, job or record asked for is not there."""


def errors_of(body: Any) -> list[tuple[str, str]]:
    """(code, message) of each error in a body; empty when it is none of Salesforce's."""
    each = body if isinstance(body, list) else [body]
    return [
        (str(one["errorCode"])[:80], " ".join(str(one.get("message") or "").split())[:500])
        for one in each
        if isinstance(one, Mapping) and isinstance(one.get("errorCode"), str)
    ]


def classify(response: httpx.Response) -> ConnectorError | None:
    """The door's `classify` for everything but the token endpoint."""
    if response.status_code < 400:
        return None
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return named(body, response.status_code, response.headers.get("Retry-After") is not None)


def named(body: Any, status: int, is_timed: bool = False) -> ConnectorError | None:
    """The error a body stands for; None leaves it to the door's usual rules."""
    found = errors_of(body)
    if not found or is_timed:
        return None
    code, message = found[0]
    said = f" It says: {message}" if message else ""
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limited(message)
    if code in EXPIRED:
        return CursorExpired(f"Salesforce no longer knows where we stopped ({code}).")
    if code in PASSING:
        return Transient(f"Salesforce is not well at the moment ({code}).")
    if code in QUESTION:
        return BadQuestion(f"Salesforce refuses the query ({code}).{said}")
    if code in OLD:
        text = "Salesforce does not know this API version; enter another."
        return ConfigError(text, {"api_version": [text]})
    if code in ABSENT or status == 404:
        return Absent(f"Salesforce has nothing of that name for this user ({code}).{said}")
    if code in DISABLED:
        return ConfigError(f"The org does not allow access by API ({code}); enable it there.")
    if status == 401:
        return ConfigError("Salesforce ended the session at once; check the user's session policy.")
    if 400 <= status < 500 and status not in (408, 429):
        return ConfigError(f"Salesforce refuses the request ({code}).{said}")
    return None


def _limited(message: str) -> Throttled:
    if "concurrent" in message.lower():
        return Throttled(60.0, "Salesforce is busy with too many long calls of this org.")
    return QuotaReached(DAY, "The org has used up its calls to Salesforce for today.")


def outcome_of(errors: Any) -> tuple[str, bool]:
    """The message for a refused item, and whether it may be taken later.

    `errors` is the list of an item's result: `[{"statusCode", "message", "fields"}]`.
    """
    each: Sequence[Any] = errors if isinstance(errors, list) else []
    texts, retry = [], bool(each)
    for one in each:
        if not isinstance(one, Mapping):
            continue
        code = str(one.get("statusCode") or one.get("errorCode") or "")[:80]
        text = " ".join(str(one.get("message") or "").split())[:500]
        texts.append(f"{text} ({code})" if code and text else text or code)
        retry = retry and code in RETRIED
    return "; ".join(texts) or "Salesforce refused it and did not say why.", retry and bool(texts)
