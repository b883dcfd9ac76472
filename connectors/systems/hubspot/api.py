"""Calls to HubSpot under one token; every answer is checked for its shape, and calls are counted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx

from connectors.errors import ConfigError, Transient
from connectors.http import Http
from connectors.outside import Outside
from connectors.quota import Quota
from connectors.records import Rejected
from connectors.systems.hubspot import refusals
from connectors.systems.hubspot.config import home

BATCH = 100
"""Records one call reads or writes."""
LISTED = 100
SEARCHES = 4.0
"""Searches a second; HubSpot allows the account five of them."""
_USED = 0.8


@dataclass(frozen=True, slots=True)
class Listing:
    """One page: objects with an id, what else was in it, the mark of the next page, the total."""

    objects: Sequence[dict[str, Any]]
    rejected: Sequence[Rejected]
    after: str | None
    total: int | None


class Api:
    """HubSpot's interface for one account. `account_zone` is known once somebody has asked."""

    def __init__(self, outside: Outside, config: Mapping[str, Any]) -> None:
        self._outside = outside
        self._percent = int(config["quota_percent"])
        token, rate = config["access_token"], int(config["plan"]) / 10 * _USED
        base = home(config["base_url"], outside.guard) + "/"
        self._http = self._client(base, "hubspot", token, rate, int(rate * 5))
        # Searches have a limit of their own, which all apps of the account share.
        self._search = self._client(base, "hubspot search", token, SEARCHES, 4)
        self._ahead = timedelta(0)
        self.daily: int | None = None
        self.left: int | None = None
        self.account_zone: ZoneInfo | None = None

    def _client(self, base: str, budget: str, token: str, rate: float, burst: int) -> Http:
        return self._outside.http(
            base,
            connector=budget,
            credential=token,
            rate=rate,
            burst=burst,
            headers={"Authorization": f"Bearer {token}"},
            secrets=(token,),
            classify=lambda response: refusals.classify(response, self.until_midnight, token),
        )

    # --- time and quota --------------------------------------------------------------------

    def now(self) -> datetime:
        """What time it is with HubSpot, as its answers have told: whole seconds, never too late."""
        return (self._outside.now().astimezone(UTC) + self._ahead).replace(microsecond=0)

    def until_midnight(self) -> float:
        """Seconds until the calls of a new day: at midnight in the account's zone; or an hour."""
        if self.account_zone is None:
            return 3600.0
        here = self.now().astimezone(self.account_zone)
        day = (here + timedelta(days=1)).date()
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.account_zone)
        return (midnight.astimezone(UTC) - self.now()).total_seconds()

    def quota(self) -> Quota | None:
        """The account's calls of today, as of the last answer; all are given back at midnight."""
        if self.daily is None or self.left is None:
            return None
        midnight = self.now() + timedelta(seconds=self.until_midnight())
        known = midnight if self.account_zone is not None else None
        return Quota(max(0, self.daily - self.left), self.daily, self._percent, known)

    def require_quota(self) -> None:
        """Raises QuotaReached once the share of the daily calls that may be used up is."""
        self._outside.require(self.quota(), self.now())

    def _tell_time(self, http: Http) -> None:
        if http.server_time is not None:
            self._ahead = http.server_time.astimezone(UTC) - self._outside.now().astimezone(UTC)

    def _note(self, http: Http, response: httpx.Response) -> httpx.Response:
        self._tell_time(http)
        daily = _count(response.headers.get("X-HubSpot-RateLimit-Daily"))
        left = _count(response.headers.get("X-HubSpot-RateLimit-Daily-Remaining"))
        if daily is not None and left is not None:
            self.daily, self.left = daily, left
        return response

    # --- calls -----------------------------------------------------------------------------

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The document at a path."""
        return document(self._note(self._http, self._http.request("GET", path, params=params)))

    def tried(self, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """The document of a call that not every token or account may make; None when it may not."""
        given = {} if body is None else {"json": body}
        try:
            response = self._http.request(method, path, is_repeatable=True, **given)
        except (refusals.Absent, refusals.BadRequest, refusals.Forbidden):
            self._tell_time(self._http)
            return None
        return document(self._note(self._http, response))

    def post(self, path: str, body: Any, is_repeatable: bool = True) -> dict[str, Any]:
        """What a call answers that reads, or changes records by their id."""
        response = self._http.request("POST", path, json=body, is_repeatable=is_repeatable)
        return document(self._note(self._http, response))

    def page(
        self, kind: str, names: Sequence[str], after: str | None, size: int, is_archived: bool
    ) -> Listing:
        """A page of all records of a kind, in the order of HubSpot's own mark."""
        params = {"limit": min(size, LISTED), "archived": "true" if is_archived else "false"}
        if names:
            params["properties"] = ",".join(names)
        if after is not None:
            params["after"] = after
        return _listing(self.get(place(kind), params))

    def search(self, kind: str, body: Mapping[str, Any]) -> Listing:
        """A page of a search."""
        response = self._search.request(
            "POST", f"{place(kind)}/search", json=body, is_repeatable=True
        )
        return _listing(document(self._note(self._search, response)))

    def read(
        self, kind: str, ids: Iterable[str], names: Sequence[str], id_property: str = ""
    ) -> list[dict[str, Any]]:
        """The records of those ids that are there, also by another unique property."""
        some = list(ids)
        found: list[dict[str, Any]] = []
        for start in range(0, len(some), BATCH):
            body: dict[str, Any] = {
                "inputs": [{"id": each} for each in some[start : start + BATCH]],
                "properties": list(names),
                "propertiesWithHistory": [],
            }
            if id_property:
                body["idProperty"] = id_property
            said = self.post(f"{place(kind)}/batch/read", body)
            _require_told(said)
            found += _listing(said).objects
        return found


def place(kind: str) -> str:
    """The path of a kind of object, whose name was checked with the settings."""
    return f"crm/v3/objects/{quote(kind, safe='')}"


def document(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer. Raises ConfigError for a web page, Transient for what is cut."""
    try:
        said = json.loads(response.content)
    except (ValueError, RecursionError) as error:
        start = response.content[:100].lstrip().lower()
        if start.startswith((b"<!doctype", b"<html", b"<?xml")):
            raise ConfigError(
                "A web page came instead of HubSpot's answer; ask the operator what stands between."
            ) from error
        raise Transient("HubSpot sent an answer that is cut or damaged.") from error
    if not isinstance(said, dict):
        raise Transient("HubSpot sent something that is no answer of its own.")
    return said


def items_of(said: Mapping[str, Any], name: str = "results") -> list[Mapping[str, Any]]:
    """The objects in a list of an answer. Raises Transient when there is no such list."""
    found = said.get(name)
    if not isinstance(found, list):
        raise Transient("HubSpot sent something that is no list.")
    return [each for each in found if isinstance(each, dict)]


def text_of(value: Any) -> str:
    """An id or a name as text; empty for what is neither."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if isinstance(value, str) else str(value) if is_number else ""


def rank(record_id: str) -> tuple[int, str]:
    """By what ids are ordered: they are numbers, too large for some to compute with."""
    return len(record_id), record_id


def _listing(said: Mapping[str, Any]) -> Listing:
    data = said.get("results")
    if not isinstance(data, list):
        raise Transient("HubSpot sent something that is no list.")
    objects: list[dict[str, Any]] = []
    rejected: list[Rejected] = []
    for each in data:
        key = text_of(each.get("id")) if isinstance(each, dict) else ""
        if key and isinstance(each.get("properties"), dict):
            objects.append({**each, "id": key})
        else:
            shown = each if isinstance(each, dict) else {"value": str(each)[:1000]}
            why = "The record has no properties." if key else "The record has no id."
            rejected.append(Rejected(key or None, None, why, shown))
    paging = said.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    after = text_of(following.get("after")) if isinstance(following, dict) else ""
    if after and not data:
        raise Transient("HubSpot says that there is more, but sent nothing.")
    return Listing(objects, rejected, after or None, _count(said.get("total")))


def _require_told(said: Mapping[str, Any]) -> None:
    """Raises Transient when records are missing for another reason than that they are not there."""
    errors = said.get("errors")
    for each in errors if isinstance(errors, list) else ():
        category = each.get("category") if isinstance(each, dict) else None
        if category not in ("OBJECT_NOT_FOUND", "NOT_FOUND"):
            raise Transient("HubSpot could not read some of the records.")


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:15])
    return value if type(value) is int and value >= 0 else None


def zone_of(name: Any) -> ZoneInfo | None:
    """The time zone of that name, None when it is none."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
