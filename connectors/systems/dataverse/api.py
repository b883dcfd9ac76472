"""Calls to one environment: signing in by Entra ID, pages of rows, and what shapes they may have.

Sources: https://learn.microsoft.com/power-apps/developer/data-platform/webapi/overview and
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from connectors import oauth
from connectors.errors import ConfigError, EndlessCursor, Transient
from connectors.http import Http
from connectors.outside import Outside
from connectors.paging import began
from connectors.systems.dataverse import refusals
from connectors.systems.dataverse.config import API, home
from connectors.systems.dataverse.literals import among
from connectors.systems.dataverse.tables import Table, date_columns, definition, read
from connectors.systems.odata.literals import query

RATE, BURST = 16.0, 100
"""Four fifths of the 6,000 requests in five minutes that Dataverse allows a user."""
ABOUT = {
    "invalid_client": "client_secret",
    "unauthorized_client": "client_id",
    "invalid_request": "tenant",
    "invalid_tenant": "tenant",
    "invalid_resource": "url",
    "invalid_scope": "url",
}
"""Which setting an error of the token endpoint is about."""
LABELS = "OData.Community.Display.V1.FormattedValue"
POINTS_TO = "Microsoft.Dynamics.CRM.lookuplogicalname"
FILTERED = 200
"""Ids that one filter names."""
LONGEST_LINK = 32_768
"""Dataverse takes no longer addresses, so it gives none."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A page: its entries as they came, the links it ends with, and when it was asked for there."""

    entries: Sequence[Any]
    next: str | None
    delta: str | None
    asked_at: datetime


class Api:
    """The Web API of one environment, as one application user."""

    def __init__(self, outside: Outside, config: Mapping[str, Any]) -> None:
        self._outside, self._config = outside, config
        self.home = home(config, outside.guard)
        self._tokens = oauth.Tokens(self._sign_in, outside.now)
        self._bearer = oauth.Bearer(self._tokens, self._door)
        self._endpoint: oauth.Endpoint | None = None
        self._tables: dict[str, Table] = {}
        self.left: int | None = None

    def _sign_in(self) -> oauth.Token:
        if self._endpoint is None:
            url = f"{self.home.login}/{self._config['tenant']}/oauth2/v2.0/token"
            self._endpoint = oauth.Endpoint(
                self._outside, url, connector="dataverse-login",
                client_id=self._config["client_id"], client_secret=self._config["client_secret"],
                auth="body", about=ABOUT,
            )  # fmt: skip
        return self._endpoint.client_credentials(f"{self.home.url}/.default")

    def _door(self, token: oauth.Token) -> Http:
        return self._outside.http(
            f"{self.home.url}/{API}", connector="dataverse", credential=self._config["client_id"],
            rate=RATE, burst=BURST, secrets=[token.access], classify=refusals.classify,
            headers={
                "Authorization": f"Bearer {token.access}",
                "OData-MaxVersion": "4.0", "OData-Version": "4.0",
            },
        )  # fmt: skip

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One call to a path below the version, or to a link of the environment's own."""
        response = self._bearer.request(method, path, **arguments)
        left = response.headers.get("x-ms-ratelimit-burst-remaining-xrm-requests", "")
        self.left = int(left) if left.isascii() and left.isdigit() and len(left) < 10 else self.left
        return response

    def document(self, path: str, **arguments: Any) -> dict[str, Any]:
        """The JSON object at a path, numbers with a point as Decimal."""
        return parsed(self.request("GET", path, **arguments))

    def rows(self, path: str, options: Mapping[str, str] | None = None, prefer: str = "") -> Rows:
        """A page of rows: of a set with query options, or what a link leads to, just as it is.

        Raises EndlessCursor when a link leads to itself.
        """
        asked = self._outside.now()
        address = f"{path}?{query(dict(options))}" if options else path
        body = self.document(address, headers={"Prefer": prefer} if prefer else {})
        entries = body.get("value")
        if not isinstance(entries, list):
            raise Transient("Dataverse sent an answer without rows.")
        onward, server = _link(body, "@odata.nextLink"), self._bearer.http().server_time
        if onward == path:
            raise _again()
        asked_at = began(asked, self._outside.now(), server)
        return Rows(entries, onward, _link(body, "@odata.deltaLink"), asked_at)

    def having(
        self, path: str, column: str, ids: Sequence[str], select: Sequence[str]
    ) -> list[Mapping[str, Any]]:
        """The rows in whose column one of these ids stands."""
        found: list[Mapping[str, Any]] = []
        notes = f'odata.include-annotations="{POINTS_TO}"'
        for start in range(0, len(ids), FILTERED):
            some = among(column, ids[start : start + FILTERED])
            options = {"$select": ",".join(select), "$filter": some}
            page: Rows | None = self.rows(path, options, notes)
            followed: set[str] = set()
            while page is not None:
                found += [each for each in page.entries if isinstance(each, Mapping)]
                if page.next in followed:
                    raise _again()
                followed.add(page.next or "")
                page = self.rows(page.next, None, notes) if page.next else None
        return found

    def table(self, name: str) -> Table:
        """A table's description, remembered. Raises Absent or Forbidden."""
        if name not in self._tables:
            self._tables[name] = read(self.document(definition(name)))
        return self._tables[name]

    def dates(self, name: str) -> frozenset[str]:
        """The columns of a table that hold days without a time."""
        path, options = date_columns(name)
        page = self.rows(path, options)
        return frozenset(
            refusals.text_of(each.get("LogicalName"))
            for each in page.entries
            if isinstance(each, Mapping)
            and isinstance(each.get("DateTimeBehavior"), Mapping)
            and each["DateTimeBehavior"].get("Value") == "DateOnly"
        )

    def count(self, name: str) -> int | None:
        """About how many rows a table has, None when that is not told."""
        names = quote(json.dumps([name]), safe="")
        try:
            said = self.document(f"RetrieveTotalRecordCount(EntityNames=@n)?@n={names}")
        except (ConfigError, Transient):
            return None
        found = said.get("EntityRecordCountCollection")
        values = found.get("Values") if isinstance(found, Mapping) else None
        first = values[0] if isinstance(values, list) and values else None
        return first if type(first) is int and first >= 0 else None


def _again() -> EndlessCursor:
    return EndlessCursor("Dataverse hands out the same page again and again; reading was stopped.")


def _link(body: Mapping[str, Any], name: str) -> str | None:
    """A link of an answer, to be followed just as it is; None without one."""
    found = body.get(name)
    if not isinstance(found, str) or not found.strip():
        return None
    if len(found) > LONGEST_LINK:
        raise EndlessCursor("Dataverse's link to the next page is too long; reading was stopped.")
    return found.strip()


def parsed(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer. Raises ConfigError for a web page, Transient for what is cut."""
    try:
        said = json.loads(response.content, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        if response.content[:200].lstrip().lower().startswith((b"<!doctype", b"<html")):
            raise ConfigError(
                "A web page came instead of Dataverse's answer; check the environment's URL."
            ) from error
        raise Transient("Dataverse sent an answer that is cut or damaged.") from error
    if not isinstance(said, dict):
        raise Transient("Dataverse sent something that is no answer of its own.")
    return said
