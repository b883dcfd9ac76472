"""Exports and lists of the simulated account, page by page.

As recordings of the real service show: an export by time gives a page that holds a single second
all of that second, and goes on a second later; else it goes on with the last second of the page.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from tests.connectors.zendesk.account import HOME, NUMBERED, Records, Row, age
from tests.connectors.zendesk.refusal import BAD_CURSOR, BAD_PAGE, TOO_RECENT, Refusal

LATER = 10_000_000_000
Query = Mapping[str, list[str]]


class Exports(Records):
    """Pages of records. `generation` counts how often all cursors were made invalid, `widest` is
    the most an export by time gives of one second, `endless` repeats a page for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.generation, self.widest, self.endless = 0, LATER, False
        self.knows_metrics_inside = True

    # --- exports ---------------------------------------------------------------------------

    def by_cursor(self, kind: str, query: Query) -> Row:
        """An export with a cursor."""
        size = min(1000, int(first(query, "per_page", "1000")))
        rows = self.told(kind)
        if "cursor" in query:
            after = self._opened(first(query, "cursor"))
            rows = [each for each in rows if (each[0], age(each[1])) > after]
        else:
            start = self._start(query)
            rows = [each for each in rows if each[0] >= start]
        page, is_last = rows[:size], len(rows) <= size
        mark = first(query, "cursor") if "cursor" in query else None
        if page:
            mark = self._closed(page[-1][0], page[-1][1])
        if self.endless:
            mark, is_last = self._closed(1, "1"), False
        return {
            kind: [self.sideloaded(kind, row, query) for _, _, row in page],
            "after_url": mark and f"{HOME}/incremental/{kind}/cursor.json?cursor={mark}",
            "before_url": None, "after_cursor": mark, "before_cursor": None,
            "end_of_stream": is_last, **self._beside(kind, [key for _, key, _ in page], query),
        }  # fmt: skip

    def by_time(self, kind: str, query: Query) -> Row:
        """An export by time."""
        size, start = min(1000, int(first(query, "per_page", "1000"))), self._start(query)
        rows = [each for each in self.told(kind) if each[0] >= start]
        page = rows[:size]
        end = page[-1][0] if page else None
        if page and page[0][0] == end and len(rows) > size:
            page = [each for each in rows if each[0] == end][: max(self.widest, size)]
            end += 0 if len(rows) > len(page) and rows[len(page)][0] == end else 1
        is_last = len(page) == len(rows) and not self.endless
        return {
            kind: [row for _, _, row in page], "count": len(page), "end_of_stream": is_last,
            "end_time": page[-1][0] if page and is_last else end,
            "next_page": end and f"{HOME}/incremental/{kind}.json?start_time={end}",
        }  # fmt: skip

    def _start(self, query: Query) -> int:
        start = int(first(query, "start_time", "-1"))
        if start < 0:
            raise Refusal(400, {"error": "MissingParameter", "description": "start_time"})
        if start > self.here - 60:
            raise Refusal(422, TOO_RECENT)
        return start

    def _closed(self, second: int, key: str) -> str:
        mark = f"{second}.0||{key}|" + "e" * self.generation
        return base64.b64encode(mark.encode()).decode()

    def _opened(self, cursor: str) -> tuple[int, tuple[int, str]]:
        try:
            second, _, rest = base64.b64decode(cursor, validate=True).decode().partition(".0||")
            key, _, generation = rest.partition("|")
            at = int(second)
        except ValueError as error:
            raise Refusal(400, BAD_CURSOR) from error
        if len(generation) != self.generation:
            raise Refusal(400, BAD_CURSOR)
        return at, age(key)

    def sideloaded(self, kind: str, row: Row, query: Query) -> Row:
        """The record with its metrics, if they are asked for."""
        key = str(row["id"])
        wanted = "metric_sets" in first(query, "include").split(",")
        if kind == "tickets" and "ids" not in query:
            row = {**row, "generated_timestamp": self.stamps[kind, key] + 1}
        if kind == "tickets" and wanted and self.knows_metrics_inside and key in self.metrics:
            row = {**row, "metric_set": self.metrics[key]}
        return row

    def _beside(self, kind: str, keys: list[str], query: Query) -> Row:
        """The metrics beside the tickets, as some endpoints give them."""
        if kind != "tickets" or self.knows_metrics_inside or "include" not in query:
            return {}
        return {"metric_sets": [self.metrics[key] for key in keys if key in self.metrics]}

    # --- lists -----------------------------------------------------------------------------

    def listed(self, kind: str, query: Query) -> Row:
        """A list of records: by cursor, or by page numbers."""
        rows = [row for _, row in sorted(self.live(kind).items(), key=lambda each: age(each[0]))]
        if "external_id" in query:
            rows = [row for row in rows if row.get("external_id") == first(query, "external_id")]
        if "role[]" in query:
            rows = [row for row in rows if row["role"] in query["role[]"]]
        if kind == "satisfaction_ratings":
            rows = [row for row in rows if self._is_asked(row, query)]
        return self.paged(kind, rows, query)

    def paged(self, name: str, rows: list[Row], query: Query) -> Row:
        """A page of these rows."""
        if "page[size]" not in query:
            size, page = int(first(query, "per_page", "100")), int(first(query, "page", "1"))
            some = rows[(page - 1) * size : page * size]
            more = f"{HOME}/{name}.json?page={page + 1}" if len(rows) > page * size else None
            return {name: some, "next_page": more, "previous_page": None, "count": len(rows)}
        size = int(first(query, "page[size]"))
        if not 1 <= size <= 100:
            raise Refusal(400, BAD_PAGE)
        after = 0
        if "page[after]" in query:
            try:
                text = base64.b64decode(first(query, "page[after]"), validate=True).decode()
                after = int(text.removeprefix(f"{self.generation}:"))
            except ValueError as error:
                raise Refusal(400, BAD_PAGE) from error
        is_endless = self.endless and name in NUMBERED
        some, has_more = rows[after : after + size], len(rows) > after + size or is_endless
        mark = base64.b64encode(f"{self.generation}:{after + len(some)}".encode()).decode()
        if is_endless:
            some, mark = rows[:size], base64.b64encode(f"{self.generation}:0".encode()).decode()
        link = f"{HOME}/{name}.json?page%5Bafter%5D={mark}&page%5Bsize%5D={size}"
        return {
            name: some,
            "meta": {"has_more": has_more, "after_cursor": mark if some else None,
                     "before_cursor": mark if some else None},
            "links": {"prev": None, "next": link if has_more else None},
        }  # fmt: skip

    def _is_asked(self, row: Row, query: Query) -> bool:
        at = self.stamps["satisfaction_ratings", str(row["id"])]
        within = int(first(query, "start_time", "0")) <= at
        within = within and at <= int(first(query, "end_time", str(LATER)))
        score = first(query, "score")
        return within and (score != "received" or row["score"] in ("good", "bad"))


def first(query: Query, name: str, default: str = "") -> str:
    """The first value of a parameter."""
    given: Any = query.get(name)
    return given[0] if given else default
