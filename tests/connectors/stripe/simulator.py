"""A Stripe account in this process: lists, events, permissions, idempotency, faults on demand.

It follows https://docs.stripe.com/api for what the connector uses, and is judged by Stripe's own
client in test_judged.py. Its clock is its own: one second an edit and one a call.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from connectors.systems.stripe.reading import LAG

KEY = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
START = 1_790_000_000
DAY = 86_400
OBJECTS = {
    "customers": "customer",
    "products": "product",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "credit_notes": "credit_note",
    "events": "event",
}
PREFIXES = {"subscriptions": "customer.subscription", "disputes": "charge.dispute"}
FILTERS = {"subscriptions": {"status"}, "refunds": {"charge"}, "events": {"type", "types"}}
PAGING = {"limit", "starting_after", "expand", "created"}

Form = dict[str, Any]


class Refusal(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": "invalid_request_error", "message": message, **more}


class Account:
    """One account with its records; `handle` answers calls, the other methods edit and disturb."""

    def __init__(self) -> None:
        self.now = START
        self.rows: dict[str, dict[str, dict[str, Any]]] = {path: {} for path in OBJECTS}
        self.gone: set[str] = set()
        self.calls: list[httpx.Request] = []
        self.faults: list[httpx.Response] = []
        self.denied: set[str] = set()
        self.frozen = False
        self.endless = False
        self._order: dict[str, int] = {}
        self._ids = itertools.count(1)
        self._replies: dict[str, tuple[bytes, httpx.Response]] = {}

    # --- edits -----------------------------------------------------------------------------

    def put(self, path: str, key: str, event: str = "", **values: Any) -> dict[str, Any]:
        """Creates an object or changes the given values of it, and tells of it in an event."""
        self._tick()
        old = self.rows[path].get(key)
        if not old:
            self._number(key)
        base = old or {"id": key, "object": OBJECTS[path], "created": self.now, "livemode": False}
        self.rows[path][key] = row = {**base, **values}
        self.gone.discard(key)
        self._tell(path, event or ("updated" if old else "created"), row)
        return row

    def delete(self, path: str, key: str) -> None:
        """Deletes an object; nothing when there is none."""
        row = self.rows[path].pop(key, None)
        if row is not None:
            self._tick()
            self.gone.add(key)
            self._tell(path, "deleted", row)

    def expire(self) -> None:
        """A month passes, and the events of before are no longer listed."""
        self.now += 31 * DAY

    def last_event(self, key: str) -> dict[str, Any]:
        """The newest event about an object."""
        about = [e for e in self.rows["events"].values() if e["data"]["object"]["id"] == key]
        return about[-1]

    def _number(self, key: str) -> None:
        self._order[key] = next(self._ids)

    def _tell(self, path: str, what: str, row: Mapping[str, Any]) -> None:
        key = f"evt_{next(self._ids):06d}"
        self._number(key)
        kind = what if "." in what else f"{PREFIXES.get(path, OBJECTS[path])}.{what}"
        self.rows["events"][key] = {
            "id": key,
            "object": "event",
            "api_version": "2024-12-18.acacia",
            "created": self.now,
            "data": {"object": json.loads(json.dumps(row))},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": "req_1", "idempotency_key": None},
            "type": kind,
        }

    def _tick(self) -> None:
        self.now += 0 if self.frozen else 1

    # --- faults ----------------------------------------------------------------------------

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
        self._tick()
        if self.faults:
            return self.faults.pop(0)
        try:
            response = self._answer(request)
        except Refusal as refusal:
            response = httpx.Response(refusal.status, json={"error": refusal.error})
        response.headers["Request-Id"] = f"req_{len(self.calls)}"
        response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", "")
        return response

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            raise Refusal(401, "Invalid API Key provided: sk_test_********")
        parts = [unquote(p) for p in request.url.raw_path.decode().partition("?")[0].split("/")[2:]]
        form = _tree(parse_qsl(request.url.query.decode() or request.content.decode(), True))
        if parts[0] in self.denied:
            name = OBJECTS.get(parts[0], parts[0])
            raise Refusal(
                403,
                "The provided key 'rk_test_********' does not have the required permissions for "
                "this endpoint on account 'acct_1'. Having the "
                f"'rak_{name}_read' permission would allow this request to continue.",
            )
        if parts == ["account"]:
            name = {"dashboard": {"display_name": "Rocket Rides"}}
            return self._json({"id": "acct_1", "object": "account", "settings": name})
        if parts[0] not in OBJECTS or len(parts) > 2:
            path = request.url.path
            raise Refusal(404, f"Unrecognized request URL ({request.method}: {path}).")
        if request.method == "POST" and len(parts) == 2:
            return self._once(request, parts[0], parts[1], form)
        return self._json(
            self._list(parts[0], form) if len(parts) == 1 else self._get(*parts, form)
        )

    def _list(self, path: str, form: Form) -> dict[str, Any]:
        unknown = set(form) - PAGING - FILTERS.get(path, set())
        if unknown:
            name = min(unknown)
            text = f"Received unknown parameter: {name}"
            raise Refusal(400, text, code="parameter_unknown", param=name)
        limit = int(form.get("limit", 10))
        if not 1 <= limit <= 100:
            raise Refusal(400, "This value must be between 1 and 100.", param="limit")
        rows = sorted(self.rows[path].values(), key=self._age, reverse=True)
        rows = [row for row in rows if self._fits(path, row, form)]
        if self.endless:
            return self._page(path, rows[:limit], True)
        after = form.get("starting_after")
        if after is not None:
            place = [n for n, row in enumerate(rows) if row["id"] == after]
            if not place:
                text = f"No such {OBJECTS[path]}: '{after}'"
                raise Refusal(400, text, code="resource_missing", param="starting_after")
            rows = rows[place[0] + 1 :]
        expand = form.get("expand", [])
        found = [self._expanded(row, [e.removeprefix("data.") for e in expand]) for row in rows]
        return self._page(path, found[:limit], len(found) > limit)

    def _age(self, row: Mapping[str, Any]) -> tuple[int, int]:
        return row["created"], self._order.get(row["id"], 0)

    def _page(self, path: str, rows: list[Any], has_more: bool) -> dict[str, Any]:
        return {"object": "list", "url": f"/v1/{path}", "has_more": has_more, "data": rows}

    def _fits(self, path: str, row: Mapping[str, Any], form: Form) -> bool:
        if path == "events":
            kinds = [form["type"]] if "type" in form else form.get("types")
            if len(kinds or ()) > 20:
                raise Refusal(400, "You can pass at most 20 types.", param="types")
            if row["created"] < self.now - 30 * DAY or (kinds and row["type"] not in kinds):
                return False
        bounds = form.get("created") or {}
        tests = {
            "gte": lambda a, b: a >= b, "gt": lambda a, b: a > b,
            "lte": lambda a, b: a <= b, "lt": lambda a, b: a < b,
        }  # fmt: skip
        if not all(tests[name](row["created"], int(edge)) for name, edge in bounds.items()):
            return False
        if path == "subscriptions":
            status = form.get("status")
            return status == "all" or row.get("status") != "canceled"
        return "charge" not in form or row.get("charge") == form["charge"]

    def _get(self, path: str, key: str, form: Form) -> dict[str, Any]:
        row = self.rows[path].get(key)
        if row is None and path == "customers" and key in self.gone:
            return {"id": key, "object": "customer", "deleted": True}
        if row is None:
            text = f"No such {OBJECTS[path]}: '{key}'"
            raise Refusal(404, text, code="resource_missing", param="id")
        return self._expanded(row, form.get("expand", []))

    def _expanded(self, row: dict[str, Any], names: list[str]) -> dict[str, Any]:
        whole = {name: self.rows[f"{name}s"].get(row.get(name) or "") for name in names}
        return {**row, **{name: found for name, found in whole.items() if found}}

    def _once(self, request: httpx.Request, path: str, key: str, form: Form) -> httpx.Response:
        """A change, remembered under its idempotency key."""
        mark = request.headers.get("Idempotency-Key", "")
        if mark in self._replies:
            body, reply = self._replies[mark]
            if body != request.url.raw_path + request.content:
                text = "Keys for idempotent requests can only be used with the same parameters."
                raise Refusal(400, text, type="idempotency_error")
            return httpx.Response(
                reply.status_code, content=reply.content, headers={"Idempotent-Replayed": "true"}
            )
        row = self.rows[path].get(key)
        if row is None:
            text = f"No such {OBJECTS[path]}: '{key}'"
            raise Refusal(404, text, code="resource_missing", param="id")
        metadata = dict(row.get("metadata") or {})
        for name, value in form.get("metadata", {}).items():
            if len(value) > 500 or len(name) > 40:
                raise Refusal(400, f"Metadata values can have up to 500 characters: {name}")
            metadata[name] = value
        metadata = {name: value for name, value in metadata.items() if value}
        plain = {n: v for n, v in form.items() if isinstance(v, str)}
        reply = self._json(self.put(path, key, **plain, metadata=metadata))
        if mark:
            self._replies[mark] = (request.url.raw_path + request.content, reply)
        return reply

    def _json(self, document: Any) -> httpx.Response:
        moment = self.now + int(LAG.total_seconds())
        return httpx.Response(200, json=document, headers={"Date": formatdate(moment, usegmt=True)})


def _tree(pairs: list[tuple[str, str]]) -> Form:
    """`a[b]` as a dictionary, `a[]` and `a[0]` as a list."""
    form: Form = {}
    for name, value in pairs:
        found = re.fullmatch(r"(\w+)\[(\w*)\]", name)
        if found is None:
            form[name] = value
        elif found[2] == "" or found[2].isdigit():
            form.setdefault(found[1], []).append(value)
        else:
            form.setdefault(found[1], {})[found[2]] = value
    return form
