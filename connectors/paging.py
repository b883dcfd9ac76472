"""Ways in which sources page: offset, page number, token, links; each pure, its place in JSON.

A pager is asked for what to send (`ask`), is shown the reply, and says where reading goes on
(`after`; None at the end). Places are small JSON objects that resume exactly after a page. What a
server does wrong (a page for ever the same, fewer rows than asked for, a page beyond the last that
is not empty, rows that move up while reading) is met here once for all connectors.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from connectors.canonical import NOTHING
from connectors.errors import CursorExpired, EndlessCursor, Transient

At = Mapping[str, Any]
Find = Callable[[Any], Any]

MOST_BACKS = 20
LONGEST_TOKEN = 16_000


@dataclass(frozen=True, slots=True)
class Ask:
    """What to send for a page: parameters, or a link to follow exactly as it is."""

    params: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a pager looks at: the body, the entries on the page (refused ones too), the headers.

    `total` is the number of entries in all pages, where the source tells.
    """

    body: Any
    entries: Sequence[Any] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    total: int | None = None


class Pager(Protocol):
    """One way of paging; `{}` is the place before the first page."""

    def ask(self, at: At) -> Ask:
        """What to send for the page at this place. Raises CursorExpired for a damaged place."""

    def after(self, at: At, reply: Reply) -> dict[str, Any] | None:
        """The place after that page, None at the end. Raises EndlessCursor when it repeats."""


@dataclass(frozen=True, slots=True)
class Single:
    """Everything in one answer."""

    def ask(self, at: At) -> Ask:
        """Nothing to send."""
        return Ask()

    def after(self, at: At, reply: Reply) -> dict[str, Any] | None:
        """There is no second page."""
        return None


@dataclass(frozen=True, slots=True)
class Counted:
    """By position: `param` holds the offset of the first row, or with `is_page` a page's number.

    `start` is the first position, `size_param` (may be empty) carries `size`. A first page that
    is short may be the whole, or a server that gives fewer rows than it is asked for: one more
    page tells.
    """

    param: str
    size: int
    size_param: str = ""
    start: int = 0
    is_page: bool = False

    def ask(self, at: At) -> Ask:
        """The position, and the size where the source takes one."""
        params: dict[str, Any] = {self.size_param: self.size} if self.size_param else {}
        return Ask({**params, self.param: self._position(at)})

    def after(self, at: At, reply: Reply) -> dict[str, Any] | None:
        """The next position; a step back when rows moved up because others were deleted."""
        here, count, total = self._position(at), len(reply.entries), reply.total
        mark, length = fingerprint(reply.entries), max(count, _whole(at.get("length", 0)))
        if count and mark == at.get("mark"):
            if length < self.size:
                return None  # a list without pages, to which the position means nothing
            raise _repeats()
        seen = count + (here - self.start) * (length if self.is_page else 1)
        is_all = total is not None and seen >= total
        # A full page is never taken for the last: some sources call the page's length the total.
        if not count or (count < length and (total is None or is_all)):
            return None
        if is_all and count < self.size:
            return None
        place = {"at": here + (1 if self.is_page else count), "mark": mark, "length": length}
        if total is None:
            return place
        return self._stepped_back({**place, "total": total}, at, here)

    def _stepped_back(self, place: dict[str, Any], at: At, here: int) -> dict[str, Any]:
        """The place moved back by as many rows as there are fewer now than a page before."""
        backs, gone = _whole(at.get("backs", 0)), _whole(at.get("total", 0)) - place["total"]
        if gone > 0 and backs < MOST_BACKS:
            backs += 1
            back = math.ceil(gone / place["length"]) if self.is_page else gone
            place["at"] = max(self.start, here - back)
            del place["mark"]
        return {**place, "backs": backs} if backs else place

    def _position(self, at: At) -> int:
        return _whole(at.get("at", self.start))


@dataclass(frozen=True, slots=True)
class Token:
    """By a token: `find` takes the next one out of the body, or with `of_last` out of the last
    entry (“starting after”). `more` (optional) says in the body whether there is more.
    """

    param: str
    find: Find
    size: int = 0
    size_param: str = ""
    more: Find | None = None
    of_last: bool = False

    def ask(self, at: At) -> Ask:
        """The token, once there is one, and the size where the source takes one."""
        params: dict[str, Any] = {self.size_param: self.size} if self.size_param else {}
        if "token" in at:
            params[self.param] = at["token"]
        return Ask(params)

    def after(self, at: At, reply: Reply) -> dict[str, Any] | None:
        """The next token; an empty one, or a `more` that is false, is the end."""
        if self.more is not None and self.more(reply.body) in (None, False, "", 0, "false"):
            return None
        if self.of_last and not reply.entries:
            return None
        token = self.find(reply.entries[-1] if self.of_last else reply.body)
        if token is None or isinstance(token, (bool, list, dict)) or str(token).strip() == "":
            return None
        if len(str(token)) > LONGEST_TOKEN:
            raise _too_long()
        if str(token) == str(at.get("token")):
            raise _repeats()
        return {"token": token if isinstance(token, int) else str(token)}


@dataclass(frozen=True, slots=True)
class Link:
    """By a link to the next page, out of the body (`find`) or of the Link header (RFC 8288).

    Links are followed exactly as they are; whether they stay on the host is asked by the HTTP door.
    """

    find: Find | None = None
    size: int = 0
    size_param: str = ""

    def ask(self, at: At) -> Ask:
        """The link, once there is one."""
        if "link" in at:
            return Ask(link=str(at["link"]))
        return Ask({self.size_param: self.size} if self.size_param else {})

    def after(self, at: At, reply: Reply) -> dict[str, Any] | None:
        """The next link, None without one."""
        found = next_link(reply.headers.get("link", "")) if self.find is None else self.find(
            reply.body
        )  # fmt: skip
        if not isinstance(found, str) or not found.strip():
            return None
        if len(found) > LONGEST_TOKEN:
            raise _too_long()
        if found.strip() == at.get("link"):
            raise _repeats()
        return {"link": found.strip()}


_LINK = re.compile(
    r"<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s\";,]*))?)*)"
)
_PARAMETER = re.compile(r";\s*([^\s=;,]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,]*))")


def next_link(header: str) -> str | None:
    """The target of the link whose relation is `next` in a Link header (RFC 8288), if any."""
    for target, parameters in _LINK.findall(header[:LONGEST_TOKEN]):
        for name, quoted, bare in _PARAMETER.findall(parameters):
            if name.lower() == "rel" and "next" in (quoted or bare).lower().split():
                return str(target).strip() or None
    return None


def fingerprint(entries: Sequence[Any]) -> str:
    """A short text that is the same for the same entries in the same order."""
    try:
        text = json.dumps(entries, default=str, sort_keys=True)
    except RecursionError as error:
        raise Transient("The source sent an answer that is nested too deeply.") from error
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def began(asked: datetime, answered: datetime, server: datetime | None) -> datetime:
    """When a question was asked by the source's clock, never too late.

    `asked` and `answered` are moments of our clock around the first call, `server` the Date the
    source put on its answer (whole seconds, cut), without which our own clock must do.
    """
    took = max(timedelta(0), answered - asked)
    return (asked if server is None else server - took).astimezone(UTC)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise CursorExpired("The stored position is damaged; reading starts anew.")
    return value


def _repeats() -> EndlessCursor:
    return EndlessCursor(
        "The source hands out the same page again and again; reading was stopped. "
        "Check how the pages are declared."
    )


def _too_long() -> EndlessCursor:
    return EndlessCursor("The source's mark of the next page is too long; reading was stopped.")
