"""How far we have read: closed windows over a change time, and a guard against endless reading.

The rule that survives real systems: filter `modified >= since` (never `>`), page by the immutable
id, and begin the next window where this one ended. What is read twice is absorbed by the upsert.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import CursorExpired, EndlessCursor
from connectors.records import Page

MOST_PAGES = 1_000_000
MOST_EMPTY = 1_000


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise CursorExpired("The stored position is damaged; reading starts anew.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Changes from `since` (None: everything there is) to `until`, both included.

    `after` is the last id of the page before, None at the start of the window. `part` tells
    sections of one window apart (records, then deletions).
    """

    since: datetime | None
    until: datetime
    after: str | None = None
    part: str = ""

    @classmethod
    def open(
        cls,
        state: Mapping[str, Any],
        now: datetime,
        lag: timedelta = timedelta(0),
        overlap: timedelta = timedelta(0),
    ) -> Window:
        """The window a state stands in, or a new one up to `now - lag` by the source's clock.

        A new window reaches `overlap` back behind the end of the last, for records that were
        committed late. Raises CursorExpired for a state that cannot be read.
        """
        since, until = _moment(state.get("since")), _moment(state.get("until"))
        if until is not None:
            after = state.get("after")
            return cls(since, until, None if after is None else str(after), state.get("part") or "")
        end = now.astimezone(UTC) - lag
        if since is not None:
            end = max(end, since)  # a source whose clock went back must not turn the window over
            since -= overlap
        return cls(since, end)

    def at(self, after: str | None, part: str = "") -> Window:
        """The same window, further on."""
        return replace(self, after=after, part=part)

    def state(self) -> dict[str, Any]:
        """JSON from which `open` returns this very window."""
        document: dict[str, Any] = {"until": self.until.isoformat()}
        if self.since is not None:
            document["since"] = self.since.isoformat()
        if self.after is not None:
            document["after"] = self.after
        if self.part:
            document["part"] = self.part
        return document

    def closed(self) -> dict[str, Any]:
        """JSON from which `open` returns the window that follows this one."""
        return {"since": self.until.isoformat()}

    def holds(self, moment: datetime) -> bool:
        """Whether a change at that moment belongs to this window.

        The first window holds everything: a full pass must name each record, also those that
        change while it runs (the next window reads these again).
        """
        return self.since is None or self.since <= moment <= self.until


def guarded(pages: Iterator[Page], most_pages: int = MOST_PAGES) -> Iterator[Page]:
    """The same pages, until they begin to repeat.

    Raises EndlessCursor when a page with content resumes at a state that an earlier page of this
    read had (the state it began with may return once: a window can end where it began), when very
    many pages in a row are empty, or when there are more than `most_pages`.
    """
    seen: set[int] = set()
    empty = 0
    for number, page in enumerate(pages, start=1):
        mark = _fingerprint(page.state)
        filled = bool(page.records or page.deleted or page.rejected)
        if filled and mark in seen:
            raise EndlessCursor(
                "The source hands out the same page again and again; reading was stopped. "
                "Tell whoever runs the source."
            )
        empty = 0 if filled else empty + 1
        if number > most_pages or empty > MOST_EMPTY:
            raise EndlessCursor(
                f"The source did not come to an end after {number:,} pages; reading was stopped."
            )
        seen.add(mark)
        yield page


def _fingerprint(state: Mapping[str, Any]) -> int:
    return hash(json.dumps(state, sort_keys=True, default=str))
