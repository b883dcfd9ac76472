"""Stripe's error answers, named by what to do about them.

Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/rate-limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from connectors.errors import ConfigError, ConnectorError, Throttled, Transient

_KEY = re.compile(r"\b(?:sk|rk|pk|whsec)_[A-Za-z0-9_*.]+")
_PERMISSION = re.compile(r"\brak_[a-z0-9_]+")
_SOON, _LATER = 2.0, 60.0


def envelope(response: httpx.Response) -> Mapping[str, Any]:
    """The `error` object of an answer; empty when there is none, as in a web page."""
    try:
        said = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    error = said.get("error") if isinstance(said, dict) else None
    return error if isinstance(error, dict) else {}


def message(error: Mapping[str, Any]) -> str:
    """What Stripe says about it, without any part of a key."""
    said = error.get("message")
    text = " ".join(said.split()) if isinstance(said, str) else ""
    return _KEY.sub("…", text)[:300]


def missing(error: Mapping[str, Any]) -> str | None:
    """The parameter that names something Stripe does not have (any more), None otherwise."""
    param = error.get("param")
    is_missing = error.get("code") == "resource_missing"
    return (param if isinstance(param, str) else "") if is_missing else None


def permission(error: Mapping[str, Any]) -> str:
    """The permission a restricted key lacks, as Stripe calls it; empty when it does not say."""
    found = _PERMISSION.search(message(error))
    return found.group() if found else ""


def classify(response: httpx.Response) -> ConnectorError | None:
    """The error of an answer, None for success and for what the usual rules know as well."""
    status = response.status_code
    if status < 400:
        return None
    error = envelope(response)
    said = message(error)
    if status == 401:
        text = "Stripe refuses the key; it was rolled or deleted. Enter the one that is valid now."
        return ConfigError(text, {"api_key": ["Stripe refuses it."]})
    if status == 403:
        lacks = permission(error)
        more = f" Give it “{lacks}” under Developers, API keys." if lacks else ""
        return ConfigError(
            f"The key may not do this.{more}", {"api_key": [f"It lacks {lacks or 'a permission'}."]}
        )
    if status == 429:
        return _throttled(response)
    if status == 409 or error.get("code") == "lock_timeout":
        return Transient("Stripe is changing this record at the moment.")
    if 400 <= status < 500 and said and status not in (408, 425):
        return ConfigError(f"Stripe refuses the request: {said}")
    return None


def _throttled(response: httpx.Response) -> Throttled:
    """As long as it says; else soon, or later when it says that trying again does not help."""
    given = response.headers.get("Retry-After", "")
    if given.isascii() and given.isdigit():
        return Throttled(min(float(given), 7 * 86400.0))
    is_vain = response.headers.get("Stripe-Should-Retry", "").lower() == "false"
    return Throttled(_LATER if is_vain else _SOON, "Stripe asks to slow down.")
