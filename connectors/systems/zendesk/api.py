"""Calls to one Zendesk account; every answer is checked for its shape.

Exports have a limit of their own, ten calls a minute for the whole account, and so a budget of
their own. Addresses that Zendesk hands out are never followed: what comes next is asked by its mark.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx

from connectors import oauth
from connectors.errors import ConfigError, ConnectorError, EndlessCursor, Transient
from connectors.http import Http
from connectors.outside import Outside
from connectors.systems.zendesk import refusals
from connectors.systems.zendesk.config import BEARER, CLIENT, home

RATE, BURST = 1.5, 20
"""Calls a second besides exports; the smallest plan allows 200 a minute."""
BATCH = 100
"""Records one call reads by their ids, or changes."""
LISTED = 100
_AT_ONCE = 0.3
"""The part of a minute's exports that may be made at once; the others are spread over it."""
_ABOUT = {"invalid_client": "client_secret", "*": "client_id"}


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: its entries as they came, and the mark of the next page."""

    entries: Sequence[Any]
    after: str | None


class Api:
    """Zendesk's interface for one account, version 2."""

    def __init__(self, outside: Outside, config: Mapping[str, Any]) -> None:
        self._outside, self._config = outside, config
        self._base = home(config["subdomain"], outside.guard) + "/"
        # Basic credentials are a text of their own, which must not show either.
        self._basic = base64.b64encode(
            f"{config['email']}/token:{config['token']}".encode()
        ).decode()
        self._ahead = timedelta(0)

    # --- doors -----------------------------------------------------------------------------

    @cached_property
    def _bearers(self) -> Mapping[bool, oauth.Bearer]:
        """The doors of an OAuth client: for exports, and for all else; with one token."""
        endpoint = oauth.Endpoint(
            self._outside, f"{self._base}oauth/tokens", connector="zendesk sign-in",
            client_id=self._config["client_id"], client_secret=self._config["client_secret"],
            auth="body", about=_ABOUT,
        )  # fmt: skip
        tokens = oauth.Tokens(lambda: endpoint.client_credentials("read write"), self._outside.now)

        def bearer(is_export: bool) -> oauth.Bearer:
            return oauth.Bearer(
                tokens, lambda token: self._door(is_export, f"Bearer {token.access}", token.access)
            )

        return {True: bearer(True), False: bearer(False)}

    @cached_property
    def _doors(self) -> Mapping[bool, Http]:
        """The doors of a token: for exports, and for all else."""
        token = self._config["token"]
        is_bearer = self._config["sign_in"] == BEARER
        credential = f"Bearer {token}" if is_bearer else f"Basic {self._basic}"
        return {each: self._door(each, credential, token) for each in (True, False)}

    def _door(self, is_export: bool, credential: str, secret: str) -> Http:
        hidden = (secret, self._basic, self._config["client_secret"])
        setting = "client_id" if self._config["sign_in"] == CLIENT else "token"
        exports = int(self._config["exports_a_minute"])
        at_once = int(exports * _AT_ONCE)
        return self._outside.http(
            f"{self._base}api/v2/",
            connector="zendesk export" if is_export else "zendesk",
            # Zendesk counts by account, whoever calls.
            credential=self._base,
            rate=(exports - at_once) / 60 if is_export else RATE,
            burst=at_once if is_export else BURST,
            headers={"Authorization": credential, "Accept": "application/json"},
            secrets=[each for each in hidden if each],
            classify=lambda response: refusals.classify(response, hidden, setting),
        )

    # --- time ------------------------------------------------------------------------------

    def now(self) -> datetime:
        """What time it is with Zendesk, as its answers have told; whole seconds, never too late."""
        return (self._outside.now().astimezone(UTC) + self._ahead).replace(microsecond=0)

    def _tell_time(self, response: httpx.Response) -> None:
        try:
            told = parsedate_to_datetime(response.headers.get("Date", ""))
        except (ValueError, TypeError, IndexError):
            return
        moment = told if told.tzinfo else told.replace(tzinfo=UTC)
        self._ahead = moment - self._outside.now()

    # --- calls -----------------------------------------------------------------------------

    def call(
        self, method: str, path: str, *, is_export: bool = False, **arguments: Any
    ) -> dict[str, Any]:
        """The document of a call; `path` is below `api/v2/`, the rest is as with `Http.request`."""
        if self._config["sign_in"] == CLIENT:
            response = self._bearers[is_export].request(method, path, **arguments)
        else:
            response = self._doors[is_export].request(method, path, **arguments)
        self._tell_time(response)
        return document(response)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The document at a path."""
        return self.call("GET", path, params=params)

    def export(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The document of an export."""
        return self.call("GET", path, is_export=True, params=params)

    def page(
        self, path: str, name: str, after: str | None, params: Mapping[str, Any], size: int = LISTED
    ) -> Listing:
        """A page of a list, by cursor pagination.

        Source: https://developer.zendesk.com/api-reference/introduction/pagination/
        """
        asked: dict[str, Any] = {**params, "page[size]": min(size, LISTED)}
        if after is not None:
            asked["page[after]"] = after
        said = self.get(path, asked)
        entries, meta = entries_of(said, name), said.get("meta")
        has_more = isinstance(meta, dict) and meta.get("has_more") is True
        mark = text_of(meta.get("after_cursor")) if isinstance(meta, dict) and has_more else ""
        if has_more and not mark:
            raise Transient("Zendesk says that there is more, but not where.")
        # A last page may be empty though the one before said that there is more.
        following = mark if entries else None
        if following is not None and following == after:
            raise repeated()
        return Listing(entries, following or None)

    def listed(
        self, path: str, name: str, params: Mapping[str, Any] | None = None, most: int = 100
    ) -> Iterator[dict[str, Any]]:
        """All objects of a short list, of at most so many pages."""
        after: str | None = None
        for _ in range(most):
            found = self.page(path, name, after, params or {})
            yield from (each for each in found.entries if isinstance(each, dict))
            after = found.after
            if after is None:
                return

    def shown(
        self, path: str, name: str, ids: Sequence[str], params: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The records of those ids that are there."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(ids), BATCH):
            some = ",".join(ids[start : start + BATCH])
            said = self.get(f"{path}/show_many", {"ids": some, **(params or {})})
            found += [each for each in entries_of(said, name) if isinstance(each, dict)]
        return found

    def count(self, path: str) -> int | None:
        """How many there are, about; None where Zendesk does not tell."""
        try:
            said = self.get(f"{path}/count").get("count")
        except (refusals.Absent, refusals.BadRequest, refusals.Forbidden, Transient):
            return None
        value = said.get("value") if isinstance(said, dict) else None
        return value if type(value) is int and value >= 0 else None

    def lacks(self, path: str, name: str) -> str:
        """Why a list cannot be read; empty when it can."""
        try:
            self.page(path, name, None, {}, 1)
        except (refusals.Absent, refusals.BadRequest, refusals.Forbidden) as error:
            return error.message
        return ""


def segment(text: str) -> str:
    """An id as one segment of a path, whatever is in it."""
    return quote(text, safe="").replace(".", "%2E")


def document(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer. Raises ConfigError for a web page, Transient for what is cut."""
    try:
        said = json.loads(response.content)
    except (ValueError, RecursionError) as error:
        start = response.content[:100].lstrip().lower()
        if start.startswith((b"<!doctype", b"<html", b"<?xml")):
            raise ConfigError(
                "A web page came instead of Zendesk’s answer; check the subdomain, and ask the "
                "operator what stands between."
            ) from error
        raise Transient("Zendesk sent an answer that is cut or damaged.") from error
    if not isinstance(said, dict):
        raise Transient("Zendesk sent something that is no answer of its own.")
    return said


def entries_of(said: Mapping[str, Any], name: str) -> list[Any]:
    """The entries of a list in an answer. Raises Transient when there is no such list."""
    found = said.get(name)
    if not isinstance(found, list):
        raise Transient("Zendesk sent something that is no list.")
    return found


def text_of(value: Any) -> str:
    """An id or a name as text; empty for what is neither."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if isinstance(value, str) else str(value) if is_number else ""


def id_of(text: str) -> int | str:
    """An id as Zendesk writes it in JSON."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text


def repeated() -> ConnectorError:
    """What to raise when the next page is the same as this one."""
    return EndlessCursor(
        "Zendesk hands out the same page again and again; reading was stopped. Try again later, "
        "and tell Zendesk if it goes on."
    )
