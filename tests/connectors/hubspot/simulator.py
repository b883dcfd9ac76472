"""A HubSpot account in this process: lists, searches, batches, associations, faults on demand.

It follows https://developers.hubspot.com/docs/api-reference for what the connector uses, and is
judged by HubSpot's own client in test_judged.py. Its clock is its own: one second an edit.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

import httpx

from connectors.systems.hubspot.kinds import KINDS
from tests.connectors.hubspot import batches, searches
from tests.connectors.hubspot.refusal import Refusal, missing_scopes, problem

TOKEN = "pat-eu1-5d1f0000-canary-0000-token0000"
START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
ACCOUNT = {
    "portalId": 62515, "accountType": "STANDARD", "timeZone": "Europe/Berlin",
    "companyCurrency": "EUR", "additionalCurrencies": ["USD"], "utcOffset": "+01:00",
    "utcOffsetMilliseconds": 3600000, "uiDomain": "app-eu1.hubspot.com",
    "dataHostingLocation": "eu1",
}  # fmt: skip
MISSING_PAGE = (
    "<html>\n<head>\n<title>Error 404 Not Found</title>\n</head>\n"
    "<body><h2>HTTP ERROR 404</h2>\n<p>Resource not found</p>\n</body>\n</html>\n"
)
_TYPES = {"decimal": "number", "boolean": "bool", "date": "date", "datetime": "datetime"}


@dataclass
class Row:
    """One record, with its properties as they were at each time."""

    id: str
    properties: dict[str, str]
    created: datetime
    updated: datetime
    archived: datetime | None = None
    past: list[tuple[datetime, dict[str, str] | None]] = field(default_factory=list)

    def at(self, moment: datetime) -> dict[str, str] | None:
        """The properties as an index knows them that is as old as `moment`."""
        known = [properties for when, properties in self.past if when <= moment]
        return known[-1] if known else None


def written(moment: datetime) -> str:
    """A time as HubSpot writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def rank(key: str) -> tuple[int, str]:
    """The order of ids, which are numbers."""
    return len(key), key


def definition(name: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    """A property as the properties interface tells of it."""
    return {
        "name": name, "label": name.replace("_", " ").capitalize(), "description": "",
        "type": _TYPES.get(kind, "string"), "fieldType": "text", "groupName": "information",
        "options": [], "displayOrder": -1, "calculated": False, "externalOptions": False,
        "hasUniqueValue": False, "hidden": False, "hubspotDefined": True, "formField": False,
        "archived": False,
        "modificationMetadata": {
            "archivable": True, "readOnlyDefinition": True, "readOnlyValue": False
        },
        **more,
    }  # fmt: skip


class Account:
    """One account; `handle` answers calls, the other methods edit and disturb."""

    def __init__(self) -> None:
        self.now = START
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in KINDS}
        self.properties: dict[str, dict[str, dict[str, Any]]] = {}
        self.links: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
        self.pipelines: dict[str, list[dict[str, Any]]] = {}
        self.schemas: dict[str, dict[str, Any]] = {}
        self.calls: list[httpx.Request] = []
        self.faults: list[httpx.Response] = []
        self.denied: dict[str, list[str]] = {}
        self.unsearched: set[str] = set()
        self.hidden: set[str] = set()
        self.wall = searches.WALL
        self.index_lag = timedelta(0)
        self.frozen = self.endless = self.is_unordered = self.is_deaf_to_ids = False
        self.daily, self.left = 650_000, 640_000
        self.ids = itertools.count(90_000_000_001)
        for name, kind in KINDS.items():
            times = dict.fromkeys((kind.created, kind.modified), "datetime")
            own = {**kind.usual, **times, "hs_object_id": "decimal", "hs_merged_object_ids": "text"}
            self.properties[name] = {n: definition(n, t) for n, t in own.items()}

    # --- edits -----------------------------------------------------------------------------

    def define(self, kind: str, name: str, type_: str = "text", **more: Any) -> None:
        """A property that people made."""
        made = definition(name, type_, **{"hubspotDefined": False, **more})
        self.properties.setdefault(kind, {})[name] = made

    def put(self, kind: str, key: str, **values: str) -> Row:
        """Creates a record or changes the given values of it."""
        self.tick()
        rows, about = self.rows.setdefault(kind, {}), KINDS.get(kind)
        row = rows.get(key)
        if row is None:
            row = rows[key] = Row(key, {}, self.now, self.now)
        row.updated, row.archived = self.now, None
        created = about.created if about else "hs_createdate"
        modified = about.modified if about else "hs_lastmodifieddate"
        own = {created: written(row.created), modified: written(self.now), "hs_object_id": key}
        row.properties = {k: v for k, v in {**row.properties, **values, **own}.items() if v != ""}
        row.past.append((self.now, dict(row.properties)))
        return row

    def add(self, kind: str, **values: str) -> Row:
        """Creates a record under an id of its own."""
        return self.put(kind, str(next(self.ids)), **values)

    def archive(self, kind: str, key: str) -> None:
        """Deletes a record; nothing when there is none."""
        row = self.rows[kind].get(key)
        if row is not None and row.archived is None:
            self.tick()
            row.archived = self.now
            row.past.append((self.now, None))

    def merge(self, kind: str, winner: str, loser: str) -> None:
        """Merges one record into another; the other id is no longer listed anywhere."""
        before = self.rows[kind][winner].properties.get("hs_merged_object_ids", "")
        ids = ";".join(each for each in (before, loser) if each)
        del self.rows[kind][loser]
        self.put(kind, winner, hs_merged_object_ids=ids)

    def link(self, kind: str, key: str, to: str, to_key: str, label: str = "") -> None:
        """Associates two records."""
        self.links.setdefault((kind, key, to), []).append((to_key, label))
        self.links.setdefault((to, to_key, kind), []).append((key, label))

    def stage(self, kind: str, key: str, label: str, **metadata: str) -> None:
        """A stage of the one pipeline of a kind."""
        pipelines = self.pipelines.setdefault(kind, [])
        if not pipelines:
            pipelines.append({"id": "0", "label": "Main", "displayOrder": 0, "stages": []})
        stages = pipelines[0]["stages"]
        made = {"id": key, "label": label, "displayOrder": len(stages), "metadata": metadata}
        stages.insert(0, made)  # the order is told by displayOrder alone

    def live(self, kind: str) -> dict[str, Row]:
        """The records that are not deleted."""
        return {key: row for key, row in self.rows[kind].items() if row.archived is None}

    def tick(self, seconds: float = 1) -> None:
        """Time passes, unless it is held."""
        self.now += timedelta(seconds=0 if self.frozen else seconds)

    def fail(self, status: int, body: Any = None, times: int = 1, **headers: str) -> None:
        """The next calls fail; names of headers are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        for _ in range(times):
            self.faults.append(httpx.Response(status, headers=named, content=content))

    # --- calls -----------------------------------------------------------------------------

    def handle(self, request: httpx.Request) -> httpx.Response:
        """The answer to a call, as a transport of httpx gives it."""
        request.read()
        self.calls.append(request)
        if self.faults:
            return self.faults.pop(0)
        try:
            status, said = self._answer(request)
            response = httpx.Response(status, json=said)
        except Refusal as refusal:
            response = refusal.response(len(self.calls))
        response.headers["Date"] = format_datetime(self.now, usegmt=True)
        if not request.url.path.endswith("/search"):
            self.left -= 1
            response.headers.update({
                "X-HubSpot-RateLimit-Daily": str(self.daily),
                "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, self.left)),
                "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
                "X-HubSpot-RateLimit-Max": "190",
                "X-HubSpot-RateLimit-Remaining": "189",
            })  # fmt: skip
        return response

    def _answer(self, request: httpx.Request) -> tuple[int, Any]:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            text = "Authentication credentials not found. This API supports OAuth 2.0."
            raise Refusal(401, problem(text, "INVALID_AUTHENTICATION"))
        if len(request.url.raw_path) > 16_000:
            raise Refusal(414, "<html><body>URI Too Long</body></html>")
        parts = [unquote(p) for p in request.url.raw_path.decode().partition("?")[0].split("/")[1:]]
        if "/".join(parts) in self.hidden:
            raise Refusal(404, MISSING_PAGE)
        body = json.loads(request.content) if request.content else {}
        match request.method, parts:
            case "GET", ["account-info", "v3", "details"]:
                return 200, ACCOUNT
            case "POST", ["oauth", "v2", "private-apps", "get", "access-token-info"]:
                scopes = ["crm.objects.contacts.read", "oauth"]
                return 200, {"userId": 1, "hubId": 62515, "appId": 2, "scopes": scopes}
            case "GET", ["crm", "v3", "properties", kind]:
                return 200, {"results": list(self.properties[self.known(kind)].values())}
            case "GET", ["crm", "v3", "pipelines", kind]:
                return 200, {"results": self.pipelines.get(self.known(kind), [])}
            case "GET", ["crm", "v3", "schemas", kind] if kind in self.schemas:
                return 200, self.schemas[kind]
            case "GET", ["crm", "v3", "objects", kind]:
                return 200, self._list(self.known(kind), request.url.params)
            case "POST", ["crm", "v3", "objects", kind, "search"]:
                if kind in self.unsearched:
                    raise Refusal(400, problem("There was a problem with the request."))
                return 200, searches.search(self, self.known(kind), body)
            case "POST", ["crm", "v3", "objects", kind, "batch", verb]:
                call: Callable[..., tuple[int, Any]] | None = batches.VERBS.get(verb)
                if call is not None:
                    return call(self, self.known(kind), body, request.url.params)
            case "POST", ["crm", "v4", "associations", kind, to, "batch", "read"]:
                return self._associations(self.known(kind), self.known(to), body)
            case "GET", ["crm", "v4", "objects", kind, key, "associations", to]:
                return 200, {"results": self._targets(self.known(kind), key, self.known(to))}
        raise Refusal(404, MISSING_PAGE)

    def known(self, kind: str) -> str:
        """The kind, if there is such a one and the token may use it."""
        if kind not in self.rows:
            text = f"Unable to infer object type from: {kind}"
            raise Refusal(400, {"status": "error", "message": text})
        if kind in self.denied:
            raise Refusal(403, missing_scopes(self.denied[kind]))
        return kind

    def _list(self, kind: str, params: Mapping[str, str]) -> dict[str, Any]:
        is_archived = params.get("archived", "").lower() == "true"
        if is_archived and kind == "meetings":
            text = (
                "Paging through deleted objects is not yet supported for object type "
                "0-47 (MEETING_EVENT)"
            )
            raise Refusal(400, problem(text))
        rows = sorted(self.rows[kind].values(), key=lambda row: rank(row.id))
        rows = [row for row in rows if (row.archived is not None) is is_archived]
        after, limit = params.get("after"), min(int(params.get("limit", 10)), 100)
        if after == "expired":
            raise Refusal(400, problem(f"Invalid 'after' cursor: {after}"))
        if after and not self.endless:
            rows = [row for row in rows if rank(row.id) > rank(after)]
        names = [each for each in params.get("properties", "").split(",") if each]
        said: dict[str, Any] = {"results": [self.shown(kind, row, names) for row in rows[:limit]]}
        if len(rows) > limit:
            last = rows[limit - 1].id
            said["paging"] = {"next": {"after": last, "link": f"?after={last}"}}
        return said

    def shown(
        self, kind: str, row: Row, names: list[str], properties: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """A record as it is told: the properties asked for, null where empty, and the usual ones."""
        given = row.properties if properties is None else properties
        about = KINDS.get(kind)
        always = ["hs_object_id", about.created if about else "hs_createdate"]
        always.append(about.modified if about else "hs_lastmodifieddate")
        known = self.properties[kind]
        wanted = [each for each in [*always, *names] if each in known]
        said = {
            "id": row.id,
            "properties": {name: given.get(name) for name in sorted(set(wanted))},
            "createdAt": written(row.created),
            "updatedAt": given.get(always[-1], written(row.updated)),
            "archived": row.archived is not None,
        }
        return said | ({"archivedAt": written(row.archived)} if row.archived else {})

    def _targets(self, kind: str, key: str, to: str) -> list[dict[str, Any]]:
        return [
            {
                "toObjectId": int(each) if each.isdigit() else each,
                "associationTypes": [
                    {"category": "HUBSPOT_DEFINED", "typeId": 5, "label": label or None}
                ],
            }
            for each, label in self.links.get((kind, key, to), [])
        ]

    def _associations(self, kind: str, to: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        inputs = body.get("inputs")
        if not isinstance(inputs, list) or len(inputs) > 1000:
            raise Refusal(400, problem("The maximum number of inputs is 1000."))
        found, errors = [], []
        for each in inputs:
            targets = self._targets(kind, each["id"], to)
            if targets:
                found.append({"from": {"id": each["id"]}, "to": targets})
            else:
                text = f"No {to} is associated with {each['id']}."
                errors.append(
                    {
                        "status": "error", "category": "OBJECT_NOT_FOUND", "message": text,
                        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                        "context": {"fromObjectId": [each["id"]]},
                    }
                )  # fmt: skip
        said = {"status": "COMPLETE", "results": found}
        if not errors:
            return 200, said
        return 207, {**said, "numErrors": len(errors), "errors": errors}
