"""The calls of a day a source allows: what it told, and reading by itself that waits for new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from connectors.errors import QuotaReached
from connectors.quota import Quota
from connectors.records import Page
from efm.models import Connection

# A day and some: whatever a source says, it is asked again after that.
LONGEST_WAIT = timedelta(hours=25)
_MOST = 2**62


def note(connection: Connection, quota: Quota | None, now: datetime) -> None:
    """Keep what the source told; below the share nothing waits any more."""
    if quota is None:
        return
    connection.quota_used = min(max(0, quota.used), _MOST)
    connection.quota_most = min(max(0, quota.most), _MOST)
    connection.quota_percent = quota.percent
    connection.quota_told_at = now
    connection.quota_renews_at = _bounded(quota.again_at(now), now) if quota.is_reached else None


def hold(connection: Connection, error: QuotaReached, now: datetime) -> datetime:
    """Reading by itself waits, as the source or its share says; until when.

    Where the share was not reached, the source itself refused: then all of them are used.
    """
    if held_until(connection, now) is None:
        connection.quota_used = connection.quota_most
    connection.quota_told_at = now
    connection.quota_renews_at = _bounded(error.at(now), now)
    return connection.quota_renews_at


def _bounded(until: datetime, now: datetime) -> datetime:
    return min(max(until, now + timedelta(minutes=1)), now + LONGEST_WAIT)


def held_until(connection: Connection, now: datetime) -> datetime | None:
    """When reading by itself goes on; None while it need not wait."""
    until = connection.quota_renews_at
    return until if until is not None and until > now else None


def within_share(
    pages: Iterator[Page], quota: Callable[[], Quota | None], now: Callable[[], datetime]
) -> Iterator[Page]:
    """The same pages, until the share of the day's calls that may be used is.

    It ends a page late, so that a read that is at its end ends well. Raises QuotaReached then.
    """
    is_used = False
    for page in pages:
        yield page
        told = quota()
        if told is not None and told.is_reached and is_used:
            raise told.reached(now())
        is_used = told is not None and told.is_reached


def is_news(before: Quota | None, told: Quota) -> bool:
    """Whether it is worth while to keep what was told now: by percents, not by single calls."""
    if before is None or before.most != told.most or before.is_reached != told.is_reached:
        return True
    return abs(told.used - before.used) * 100 >= told.most


def words(connection: Connection) -> str:
    """How much is used, as the source told: 80,112 of the 100,000 calls of a day (80 %)."""
    if not connection.quota_most or connection.quota_used is None:
        return "The calls of the day are used up."
    used, most = connection.quota_used, connection.quota_most
    return f"{used:,} of the {most:,} calls of a day are used ({used * 100 // most} %)."


def require(connection: Connection, now: datetime) -> None:
    """Raises QuotaReached while reading by itself waits, without asking the source."""
    until = held_until(connection, now)
    if until is not None:
        raise QuotaReached(until, f"{words(connection)} Reading by itself waits for new ones.")
