"""A Zendesk account in this process: what its interface answers, and faults on demand.

It follows https://developer.zendesk.com/api-reference/ticketing/ for what the connector uses, and
is judged by a client of others in test_judged.py.
"""

from __future__ import annotations

import base64
import json
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx

from tests.connectors.zendesk.account import NUMBERED, number
from tests.connectors.zendesk.exports import Query, first
from tests.connectors.zendesk.refusal import (
    FORBIDDEN,
    LIMITED,
    NO_ENDPOINT,
    NOT_FOUND,
    STRANGER,
    Refusal,
    too_many,
)
from tests.connectors.zendesk.writes import Row, Writes

EMAIL, TOKEN = "ann@acme.example", "6wiIBWbGkBMo1mRDMuVwkw1EPsNkeUj95PIz2akv"
OAUTH = "gErypPlm4dOVgGRvA1ZzMH5MQ3nLo8bo"
CLIENT_ID, CLIENT_SECRET = "efm_client", "s-34f28ac1-client"
EXPORTED = {"users", "tickets", "organizations"}


def basic(email: str = EMAIL, token: str = TOKEN) -> str:
    """The header of an API token."""
    return "Basic " + base64.b64encode(f"{email}/token:{token}".encode()).decode()


class Account(Writes):
    """One account; `handle` answers calls. `exports_left` counts the exports that are answered."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[httpx.Request] = []
        self.faults: list[httpx.Response] = []
        self.denied: set[str] = set()
        self.role = "admin"
        self.exports_left = 10**9
        self.known = {basic(), f"Bearer {OAUTH}"}
        self.signed_in = 0

    def fail(self, status: int, body: Any = None, times: int = 1, **headers: str) -> None:
        """The next calls fail; names of headers are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        for _ in range(times):
            self.faults.append(httpx.Response(status, headers=named, content=content))

    def handle(self, request: httpx.Request) -> httpx.Response:
        """The answer to a call, as a transport of httpx gives it."""
        request.read()
        self.calls.append(request)
        if self.faults:
            return self.faults.pop(0)
        headers = {"Date": formatdate(self.here, usegmt=True), "X-Rate-Limit": "700",
                   "X-Rate-Limit-Remaining": "699"}  # fmt: skip
        try:
            status, document, more = self._answer(request)
        except Refusal as refusal:
            status, document, more = refusal.status, refusal.error, refusal.headers
        named = {name.replace("_", "-"): value for name, value in more.items()}
        if document is None:
            return httpx.Response(status, headers={**headers, **named})
        return httpx.Response(status, json=document, headers={**headers, **named})

    def _answer(self, request: httpx.Request) -> tuple[int, Any, Row]:
        path = request.url.raw_path.decode().partition("?")[0]
        if path == "/oauth/tokens":
            return 200, self._sign_in(request), {}
        if request.headers.get("Authorization") not in self.known:
            raise Refusal(401, STRANGER)
        if not path.startswith("/api/v2/"):
            raise Refusal(404, NO_ENDPOINT)
        parts = [unquote(each) for each in path.removeprefix("/api/v2/").split("/")]
        parts[-1] = parts[-1].removesuffix(".json")
        if parts[0] in self.denied or (parts[0] == "incremental" and parts[1] in self.denied):
            raise Refusal(403, FORBIDDEN)
        query = parse_qs(request.url.query.decode(), keep_blank_values=True)
        if request.method == "GET":
            return 200, self._get(parts, query), {}
        document = json.loads(request.content) if request.content else {}
        return self._write(request, parts, document)

    def _sign_in(self, request: httpx.Request) -> Row:
        form = parse_qs(request.content.decode())
        if first(form, "client_id") != CLIENT_ID or first(form, "client_secret") != CLIENT_SECRET:
            raise Refusal(401, {"error": "invalid_client", "error_description": "Unknown client."})
        self.signed_in += 1
        access = f"access-{self.signed_in}"
        self.known.add(f"Bearer {access}")
        return {"access_token": access, "token_type": "bearer", "scope": "read write",
                "expires_in": 1800}  # fmt: skip

    def _get(self, parts: list[str], query: Query) -> Row:
        match parts:
            case ["users", "me"]:
                me = {"id": 1, "name": "Ann", "email": EMAIL, "role": self.role}
                return {"user": me}
            case ["incremental", kind, *more] if kind in EXPORTED:
                return self._export(kind, more, query)
            case [kind] if kind in NUMBERED:
                return self.listed(kind, query)
            case [kind] if kind in self.fields:
                return self.paged(kind, self.fields[kind], query)
            case [kind, "count"] if kind in NUMBERED:
                value = len(self.live(kind))
                return {"count": {"refreshed_at": "2026-09-01T00:00:00Z", "value": value}}
            case [kind, "show_many"] if kind in NUMBERED:
                return {kind: self._shown(kind, query)}
            case ["job_statuses", name]:
                return self.job(name)
            case ["tickets", key, "comments"] if key in self.live("tickets"):
                return self.paged("comments", self.comments(key), query)
            case ["tickets", key, "audits"] if key in self.live("tickets"):
                return self.paged("audits", self.audits.get(key, []), query)
            case [kind, key] if kind in NUMBERED and key in self.rows[kind]:
                return {NUMBERED[kind]: self.rows[kind][key]}
            case [kind, *_] if kind in NUMBERED:
                raise Refusal(404, NOT_FOUND)
        raise Refusal(404, NO_ENDPOINT)

    def _export(self, kind: str, more: list[str], query: Query) -> Row:
        if self.exports_left <= 0:
            raise Refusal(429, LIMITED, Retry_After="51")
        self.exports_left -= 1
        if more == ["cursor"] and kind != "organizations":
            return self.by_cursor(kind, query)
        if more:
            raise Refusal(404, NO_ENDPOINT)
        return self.by_time(kind, query)

    def _shown(self, kind: str, query: Query) -> list[Row]:
        keys = [each for each in first(query, "ids").split(",") if each]
        if len(keys) > 100:
            raise Refusal(400, too_many(kind))
        # Deleted users are shown as such, the others not at all.
        rows = self.rows[kind] if kind == "users" else self.live(kind)
        return [self.sideloaded(kind, rows[key], query) for key in keys if key in rows]

    def _write(
        self, request: httpx.Request, parts: list[str], document: Row
    ) -> tuple[int, Any, Row]:
        match request.method, parts:
            case "PUT", [kind, "update_many"] if kind in NUMBERED:
                return 200, self.many(kind, document, is_new=False), {}
            case "POST", [kind, "create_many"] if kind in NUMBERED:
                return 200, self.many(kind, document, is_new=True), {}
            case "POST", ["tickets"]:
                mark = request.headers.get("Idempotency-Key", "")
                made, known = self.once(mark, document.get("ticket", {}))
                return 201, made, {"x_idempotency_lookup": known}
            case "POST", [("users" | "organizations") as kind]:
                given = document.get(NUMBERED[kind], {})
                row = self.put(kind, str(next(self.ids)), **given)
                return 201, {NUMBERED[kind]: row}, {}
            case "PUT", ["tickets", key]:
                return 200, self.change_ticket(key, document.get("ticket", {})), {}
            case "PUT", [("users" | "organizations") as kind, key] if key in self.live(kind):
                row = self.change(kind, key, document.get(NUMBERED[kind], {}))
                return 200, {NUMBERED[kind]: row}, {}
            case "DELETE", ["tickets", key] if key in self.live("tickets"):
                self.delete("tickets", key)
                return 204, None, {}
            case "DELETE", ["users", key] if key in self.live("users"):
                self.delete("users", key)
                return 200, {"user": self.rows["users"][key]}, {}
            case _, [kind, key] if kind in NUMBERED:
                shown = {**NOT_FOUND, "id": number(key)}
                raise Refusal(404, shown)
        raise Refusal(404, NO_ENDPOINT)
