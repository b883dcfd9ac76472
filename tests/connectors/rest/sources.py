"""A small interface with rows, a clock, faults and every way of paging, behind httpx's transport."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import httpx

from connectors.conformance import Source
from connectors.http import Http
from connectors.outside import Outside
from connectors.records import Page
from connectors.systems.rest.connector import Rest

HOST = "https://api.example.com/v1/"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
Handler = Callable[[httpx.Request], httpx.Response]


class Still(Outside):
    """The outside without pauses between attempts."""

    def http(self, base_url: str, **more: Any) -> Http:
        return super().http(base_url, sleep=lambda seconds: None, **more)


def still(handler: Handler, now: Callable[[], datetime] | None = None) -> Outside:
    """An outside in which the handler is the network."""
    transport = httpx.MockTransport(handler)
    return Still(transport=transport, now=now) if now else Still(transport=transport)


def connect(handler: Handler, streams: str, **more: Any) -> Rest:
    """A connector to the handler with these streams."""
    given = {"address": HOST, "auth": "none", "streams": streams, "calls_a_second": 100, **more}
    return Rest(given, still(handler))


def pages_of(connector: Rest, name: str, state: Mapping[str, Any] | None = None) -> list[Page]:
    """The pages of one reading."""
    return list(connector.read(connector.stream(name), state or {}))


class Api:
    """Rows in order of their key, changed one second after another."""

    def __init__(self, style: str, cap: int = 3) -> None:
        self.style, self.cap = style, cap
        self.rows: dict[str, dict[str, Any]] = {}
        self.now, self.held = FIRST, False
        self.faults: list[httpx.Response] = []
        self.endless = False
        self.has_filter = True
        self.has_total = False
        self.keeps_deleted = False
        self.old_tokens: set[str] = set()
        self.requests: list[httpx.Request] = []

    def pass_time(self) -> None:
        """One second, unless the clock is held."""
        if not self.held:
            self.now += timedelta(seconds=1)

    def put(self, key: str, text: str) -> None:
        self.pass_time()
        self.rows[key] = {"id": key, "name": text, "updated": self.now, "state": "live"}

    def delete(self, key: str) -> None:
        if key not in self.rows:
            return
        if self.keeps_deleted:
            self.put(key, "")
            self.rows[key]["state"] = "deleted"
        else:
            del self.rows[key]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.faults:
            return self.faults.pop(0)
        sent: dict[str, Any] = dict(request.url.params)
        if request.method == "POST":
            sent |= json.loads(request.content)
        if str(sent.get("cursor", "")) in self.old_tokens:
            return httpx.Response(400, json={"error": "unknown cursor"})
        response = self._answer(request, sent)
        response.headers["Date"] = format_datetime(self.now, usegmt=True)
        return response

    def _answer(self, request: httpx.Request, sent: Mapping[str, Any]) -> httpx.Response:
        rows = [self.rows[key] for key in sorted(self.rows)]
        if sent.get("since") and self.has_filter:
            since = datetime.fromisoformat(str(sent["since"]))
            rows = [row for row in rows if row["updated"] >= since]
        start = self._start(sent, rows)
        size = min(int(sent.get("size", self.cap)), self.cap)
        part = rows if self.style == "none" else rows[start : start + size]
        more = start + size < len(rows) and self.style != "none"
        shown = [{**row, "updated": row["updated"].isoformat()} for row in part]
        if self.endless:
            shown, more = [rows[0] | {"updated": FIRST.isoformat()}] * size, True
        total = {"total": len(rows)} if self.has_total else {}
        return self._body(request, shown, more, {"data": {"items": shown}, **total})

    def _start(self, sent: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> int:
        if self.style == "page":
            return (int(sent.get("page", 1)) - 1) * self.cap
        if self.style in ("offset", "post"):
            return int(sent.get("offset", 0))
        after = str(sent.get("cursor") or sent.get("after") or "")
        return sum(1 for row in rows if str(row["id"]) <= after) if after else 0

    def _body(
        self,
        request: httpx.Request,
        shown: Sequence[Mapping[str, Any]],
        more: bool,
        body: dict[str, Any],
    ) -> httpx.Response:
        last = str(shown[-1]["id"]) if shown else ""
        link = str(request.url.copy_set_param("cursor", last))
        if self.style == "cursor":
            body["next"] = last if more else None
        elif self.style == "last":
            body["has_more"] = more
        elif self.style == "next" and more:
            body["links"] = {"next": link.removeprefix("https://api.example.com")}
        headers = {"Link": f'<{link}>; rel="next"'} if self.style == "link" and more else {}
        return httpx.Response(200, json=body, headers=headers)


PAGING = {
    "none": "{kind: none}",
    "offset": "{kind: offset, param: offset, size_param: size, size: 3}",
    "post": "{kind: offset, param: offset, size_param: size, size: 3}",
    "page": "{kind: page, param: page, size_param: size, size: 3}",
    "cursor": "{kind: cursor, param: cursor, token: next, size_param: size, size: 3}",
    "last": "{kind: cursor, param: after, last: id, more: has_more, size_param: size, size: 3}",
    "link": "{kind: link, size_param: size, size: 3}",
    "next": "{kind: next, next: links.next, size_param: size, size: 3}",
}


class ApiSource(Source):
    """An interface of one style; `more` are further lines of the stream's description."""

    stream = "people"

    def __init__(self, style: str, *more: str) -> None:
        self.api = Api(style)
        self.secret = uuid4().hex
        self.streams = "\n".join(
            [
                "- name: people",
                "  path: people",
                "  records: data.items[*]",
                "  key: id",
                "  entity: contact",
                f"  paging: {PAGING[style]}",
                *(f"  {line}" for line in more),
            ]
        )

    def make(self) -> Rest:
        self.api.pass_time()
        given = {
            "address": HOST,
            "secret": self.secret,
            "streams": self.streams,
            "calls_a_second": 100,
        }
        return Rest(given, still(self.api, lambda: self.api.now))

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = {"address": HOST, "secret": "x", "streams": self.streams}
        return (
            {},
            {**good, "streams": ""},
            {**good, "streams": "- name: [\n"},
            {**good, "streams": self.streams + "\n  colour: red"},
            {**good, "secret": ""},
            {**good, "auth": "basic", "user": ""},
            {**good, "auth": "header"},
            {**good, "auth": "oauth2", "user": "x"},
            {**good, "address": "http://api.example.com/"},
            {**good, "address": "nowhere at all"},
            {**good, "preset": "unheard of"},
        )

    def put(self, key: str, text: str) -> None:
        self.api.put(key, text)

    def rows(self) -> Mapping[str, str]:
        live = (row for row in self.api.rows.values() if row["state"] == "live")
        return {str(row["id"]): str(row["name"]) for row in live}

    def hold_clock(self, held: bool) -> None:
        self.api.held = held

    def throttle(self) -> None:
        self.api.faults = [httpx.Response(429, headers={"Retry-After": "120"})]

    def stumble(self) -> None:
        self.api.faults = [httpx.Response(503) for _ in range(4)]

    def loop(self) -> None:
        self.api.endless = True


class WholeSource(ApiSource):
    """Read whole each time, so that what is missing was deleted."""

    rereads = 1000

    def delete(self, key: str) -> None:
        self.api.delete(key)


class MarkedSource(ApiSource):
    """Deleted records stay, with a mark."""

    def __init__(self, style: str, *more: str) -> None:
        super().__init__(style, *more, "deleted: {field: state, value: deleted}")
        self.api.keeps_deleted = True

    def delete(self, key: str) -> None:
        self.api.delete(key)
