"""Zendesk's error answers, named by what to do about them.

They are `{"error": "RecordInvalid", "description": "...", "details": {field: [{"description"}]}}`,
where `error` may also be `{"title", "message"}`; cursor pagination answers
`{"errors": [{"code", "title", "detail"}]}`. Source:
https://developer.zendesk.com/api-reference/introduction/requests/#response-format
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from connectors.errors import ConfigError, ConnectorError, CursorExpired, Throttled, Transient

_LONGEST = 7 * 86_400.0
_DEEPEST = 6


class BadRequest(ConfigError):
    """Zendesk understood and refused: a value, a parameter, a record that may not change."""


class Absent(ConfigError):
    """What was asked for is not there, or this account does not have it."""


class Forbidden(ConfigError):
    """The credential may not do this."""


class TooRecent(ConnectorError):
    """The export cannot begin so late; nothing is older yet."""


def classify(
    response: httpx.Response, hidden: Sequence[str], setting: str
) -> ConnectorError | None:
    """The error of an answer, None for success and for what the usual rules know as well.

    `hidden` are texts cut out of what is said, `setting` is the one that holds the credential.
    """
    status = response.status_code
    if status < 400:
        return None
    said = document(response)
    text = message(said, hidden)
    if status == 401:
        return ConfigError(
            "Zendesk refuses to let us in; check the e-mail address and the token, and that token "
            "access is on (Admin Center, Zendesk API).",
            {setting: ["Zendesk refuses it."]},
        )
    if status == 429:
        return _throttled(response, said)
    if status == 403 and "Retry-After" not in response.headers:
        return Forbidden(
            f"Zendesk does not allow this (403). {text}".strip(),
            {setting: ["It may not do this."]},
        )
    if status in (409, 423):
        return Transient("Zendesk is changing this record at the moment.")
    if status in (404, 405):
        return Absent(_absent(status, said, text))
    if said and status in (400, 402, 406, 410, 413, 422):
        return _refused(response, said, text)
    return None


def document(response: httpx.Response) -> Mapping[str, Any]:
    """The error's document; empty when there is none, as in a web page."""
    try:
        said = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def message(said: Mapping[str, Any], hidden: Sequence[str] = ()) -> str:
    """What Zendesk says about it, in one line: the reasons of fields, else the description."""
    reasons = list(dict.fromkeys(_reasons(said.get("details"))))
    error = said.get("error")
    several = [
        _first(each, "detail", "title", "code", "message") if isinstance(each, Mapping) else each
        for each in _listed(said.get("errors"))
    ]
    found = "; ".join(reasons) or _first(said, "description", "message", "details", "error_description")  # fmt: skip
    if not found and isinstance(error, Mapping):
        found = ": ".join(t for t in (_first(error, "title"), _first(error, "message")) if t)
    found = found or "; ".join(each for each in several if isinstance(each, str))
    found = found or _first(said, "errors", "error")
    text = " ".join(found.split())
    for each in hidden:
        text = text.replace(each, "…") if each else text
    return text[:500]


def code(said: Mapping[str, Any]) -> str:
    """The error's name, such as RecordInvalid; empty when it has none."""
    error = said.get("error")
    if isinstance(error, Mapping):
        error = error.get("title")
    several = [each for each in _listed(said.get("errors")) if isinstance(each, Mapping)]
    if not isinstance(error, str) and several:
        error = several[0].get("code")
    return error if isinstance(error, str) else ""


def _refused(response: httpx.Response, said: Mapping[str, Any], text: str) -> ConnectorError:
    # What was written may hold any words; of what was asked for only we chose them.
    words = f"{code(said)} {text}".lower() if response.request.method == "GET" else ""
    if "recent" in words and "start" in words:
        return TooRecent("Nothing is old enough to be exported yet.")
    if "cursor" in words or "paginationparameter" in words or "page[after]" in words:
        return CursorExpired("Zendesk no longer knows where we stopped; reading starts anew.")
    return BadRequest(f"Zendesk refuses the request: {text or code(said) or response.status_code}")


def _absent(status: int, said: Mapping[str, Any], text: str) -> str:
    if "help desk" in text.lower():
        return "There is no Zendesk of this name; check the subdomain."
    shown = f" It says: {text}" if said and text else ""
    return f"Zendesk has nothing there ({status}).{shown}"


def _throttled(response: httpx.Response, said: Mapping[str, Any]) -> Throttled:
    given = response.headers.get("Retry-After", "").strip()
    is_number = given.isascii() and given.replace(".", "", 1).isdigit()
    wait = min(float(given), _LONGEST) if is_number else None
    if "job" in code(said).lower():
        text = "Zendesk has as many jobs waiting as it takes; this one is sent again later."
        return Throttled(60.0 if wait is None else wait, text)
    return Throttled(60.0 if wait is None else wait, "Zendesk asks to slow down.")


def _reasons(details: Any, depth: int = 0) -> Iterator[str]:
    """The descriptions within the details, which are by field, and lists or not."""
    if depth > _DEEPEST:
        return
    if isinstance(details, Mapping):
        own = _first(details, "description")
        if own:
            yield own
        else:
            for each in details.values():
                yield from _reasons(each, depth + 1)
    elif isinstance(details, list):
        for each in details:
            if isinstance(each, str):
                yield each
            else:
                yield from _reasons(each, depth + 1)


def _first(said: Mapping[str, Any], *names: str) -> str:
    found = (said.get(name) for name in names)
    return next((each for each in found if isinstance(each, str) and each), "")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
