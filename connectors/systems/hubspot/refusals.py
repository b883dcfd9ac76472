"""HubSpot's error answers, named by what to do about them.

They are `{"status", "message", "category", "errors", "correlationId"}`; a missing record may be a
web page. Source: https://developers.hubspot.com/docs/api-reference/error-handling and
https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from connectors.errors import ConfigError, ConnectorError, QuotaReached, Throttled, Transient

_TOKEN = re.compile(r"\b(?:pat|hubspot)-[A-Za-z0-9-]{6,}")
_SCOPE = re.compile(r"[a-z][a-z0-9_.-]{2,80}").fullmatch
_SCOPES = ("requiredGranularScopes", "requiredScopes", "missingScopes")
_WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "TEN_SECONDLY": 10.0}
_LONGEST = 7 * 86400.0


class BadRequest(ConfigError):
    """HubSpot understood and refused: a filter, a property, a cursor or a value it does not take."""

    def __init__(self, message: str, category: str = "") -> None:
        super().__init__(message)
        self.category = category


class Absent(ConfigError):
    """What was asked for is not there, or this way to ask for it is not."""


class Forbidden(ConfigError):
    """The token may not do this, or the account does not have it."""


class MissingScopes(Forbidden):
    """The token lacks a permission; `scopes` are those of which one is needed."""

    def __init__(self, message: str, scopes: tuple[str, ...]) -> None:
        super().__init__(message, {"access_token": [message]})
        self.scopes = scopes


def envelope(response: httpx.Response, secret: str = "") -> Mapping[str, Any]:
    """The error's document without the secret; empty when there is none, as in a web page."""
    hidden = secret.encode()
    content = response.content.replace(hidden, b"...") if hidden else response.content
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def message(error: Mapping[str, Any]) -> str:
    """What HubSpot says about it, in one line, without any token."""
    said = error.get("message")
    text = " ".join(said.split()) if isinstance(said, str) else ""
    return _TOKEN.sub("…", _unpacked(text))[:500]


def classify(
    response: httpx.Response, until_midnight: Callable[[], float], secret: str = ""
) -> ConnectorError | None:
    """The error of an answer, None for success and for what the usual rules know as well.

    `until_midnight` tells in how many seconds the calls of a new day begin. `secret`
    is cut out of what is said.
    """
    status = response.status_code
    if status < 400:
        return None
    error = envelope(response, secret)
    said = message(error)
    if status == 401:
        text = "HubSpot refuses the token; it was rotated, deleted or has expired. Enter a new one."
        return ConfigError(text, {"access_token": ["HubSpot refuses it."]})
    if status == 403:
        return _forbidden(response, error, said)
    if status == 429:
        return _throttled(response, error, until_midnight)
    if status == 423:
        return Transient("HubSpot is changing these records at the moment.")
    if status == 477:  # an account that is being moved to another data centre
        wait = _retry_after(response) or 3600.0
        return Throttled(wait, "HubSpot is moving this account; it can be read again later.")
    if status in (404, 405):
        return Absent(
            f"HubSpot has nothing there ({status})." + (f" It says: {said}" if said else "")
        )
    if 400 <= status < 500 and status not in (408, 425) and error:
        return BadRequest(
            f"HubSpot refuses the request: {said or status}", str(error.get("category") or "")
        )
    return None


def scopes_of(error: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes an error names, of which one is needed."""
    found: list[str] = []
    for context in _contexts(error):
        for name in _SCOPES:
            given = context.get(name)
            found += (
                [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
            )
    return tuple(dict.fromkeys(each for each in found if _SCOPE(each)))


def _contexts(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    several = error.get("errors")
    for each in [error, *(several if isinstance(several, list) else ())]:
        context = each.get("context") if isinstance(each, Mapping) else None
        if isinstance(context, Mapping):
            yield context


def _forbidden(response: httpx.Response, error: Mapping[str, Any], said: str) -> ConnectorError:
    wait = _retry_after(response)
    if wait is not None:
        return Throttled(wait)
    scopes = scopes_of(error)
    if scopes or error.get("category") == "MISSING_SCOPES":
        # The sensitive twins are never the ones to begin with.
        usual = [each for each in scopes if "sensitive" not in each and ".schemas." not in each]
        best = (usual or list(scopes) or [""])[0]
        named = f"the scope “{best}”" if best else "the scope it needs"
        return MissingScopes(f"The token lacks a permission; give the app {named}.", scopes)
    text = f"HubSpot does not allow this (403). {said}".strip()
    return Forbidden(text, {"access_token": ["It may not do this."]})


def _throttled(
    response: httpx.Response, error: Mapping[str, Any], until_midnight: Callable[[], float]
) -> Throttled:
    policy = str(error.get("policyName") or "").upper()
    wait = _retry_after(response)
    if policy == "DAILY":
        text = "The account has used up its calls to HubSpot for today."
        return QuotaReached(until_midnight() if wait is None else wait, text)
    usual = 1.0 if "secondly limit" in message(error).lower() else 10.0
    return Throttled(
        _WAITS.get(policy, usual) if wait is None else wait, "HubSpot asks to slow down."
    )


def _retry_after(response: httpx.Response) -> float | None:
    given = response.headers.get("Retry-After", "").strip()
    return min(float(given), _LONGEST) if given.isascii() and given.isdigit() else None


def _unpacked(text: str) -> str:
    """The sentences within a message about property values, which holds them as JSON."""
    start = text.find("[{")
    if start < 0:
        return text
    try:
        each, _ = json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError):
        return text
    found = [one.get("message") for one in each if isinstance(one, dict)]
    sentences = [one for one in found if isinstance(one, str) and one]
    return "; ".join(sentences) or text
