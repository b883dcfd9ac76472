"""How many requests a token may make in a minute, counted together by all processes.

Counting each request in the database would cost a commit a request. So a process takes a share of
the minute's requests at a time and counts them itself: the limit is never passed, and the database
is asked once in thirty requests. What a process took and did not use is lost until the minute ends.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from efm.staff import attempts

WINDOW_SECONDS = 60
SHARES = 20
MOST_KNOWN = 10_000


@dataclass(frozen=True)
class Standing:
    """Where a token stands in its minute; `is_over` when this request is one too many."""

    limit: int
    remaining: int
    seconds: int
    is_over: bool


@dataclass
class _Count:
    """What one process knows of a token: requests it may still take, and when the minute ends."""

    ends_at: datetime
    left: int = 0
    elsewhere: int = 0
    is_spent: bool = False


class Limiter:
    """Counts the requests of tokens; safe to share between threads. A limit of 0 is no limit."""

    def __init__(self, engine: Engine, limit: int) -> None:
        self.limit = limit
        self._engine = engine
        self._share = max(1, limit // SHARES)
        self._shares = max(1, limit // self._share)
        self._counts: dict[uuid.UUID, _Count] = {}
        self._lock = threading.Lock()

    def take(self, token_id: uuid.UUID, now: datetime) -> Standing | None:
        """Count one request of a token; None when there is no limit."""
        if not self.limit:
            return None
        with self._lock:
            count = self._counts.get(token_id)
            if count is not None and count.ends_at > now:
                if count.left > 0:
                    count.left -= 1
                    return self._standing(count, now)
                if count.is_spent:
                    return self._standing(count, now, is_over=True)
        hits, ends_at = attempts.hit(self._engine, f"api:{token_id}", WINDOW_SECONDS, now)
        with self._lock:
            count = self._counts.get(token_id)
            if count is None or count.ends_at != ends_at:
                self._forget(now)
                count = self._counts[token_id] = _Count(ends_at)
            if hits > self._shares:
                count.is_spent = True
                if count.left <= 0:
                    return self._standing(count, now, is_over=True)
            else:
                count.left += self._share
                count.elsewhere = (self._shares - hits) * self._share
            count.left -= 1
            return self._standing(count, now)

    def _standing(self, count: _Count, now: datetime, *, is_over: bool = False) -> Standing:
        seconds = max(1, -(-(count.ends_at - now) // timedelta(seconds=1)))
        remaining = 0 if is_over else count.left + (0 if count.is_spent else count.elsewhere)
        return Standing(self._shares * self._share, remaining, seconds, is_over)

    def _forget(self, now: datetime) -> None:
        """Keep memory bounded: minutes that ended are forgotten."""
        if len(self._counts) >= MOST_KNOWN:
            self._counts = {k: v for k, v in self._counts.items() if v.ends_at > now}
