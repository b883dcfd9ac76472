"""How far a run is, in words: what was read, how long it may still take."""

from __future__ import annotations

from datetime import datetime

from efm.models import SyncRun

SURE_AFTER_SECONDS = 2.0


def seconds_left(
    done: int, total: int | None, started_at: datetime | None, now: datetime
) -> float | None:
    """Seconds to go on at the speed so far; None while nobody can tell."""
    if not total or not done or started_at is None or done > total:
        return None
    elapsed = (now - started_at).total_seconds()
    return None if elapsed < SURE_AFTER_SECONDS else (total - done) * elapsed / done


def said_left(seconds: float | None) -> str:
    """About 20 seconds left; blank while nobody can tell."""
    if seconds is None:
        return ""
    if seconds < 3:
        return "nearly done"
    if seconds < 55:
        return f"about {max(5, round(seconds / 5) * 5)} seconds left"
    if seconds < 5400:
        minutes = max(1, round(seconds / 60))
        return f"about {minutes} minute{'s' if minutes > 1 else ''} left"
    return f"about {round(seconds / 3600)} hours left"


def words(run: SyncRun, now: datetime) -> str:
    """What the run is doing now, in one line."""
    if run.state == "queued":
        waited = (now - run.created_at).total_seconds()
        late = " If this stays, the worker is not running." if waited > 60 else ""
        return f"{run.stream}: waiting for a worker.{late}"
    if run.error:
        return f"{run.stream}: {run.read:,} records read, waiting. {run.error}"
    total = max(run.total, run.read) if run.total else None
    of = f" of {total:,}" if total else ""
    left = said_left(seconds_left(run.read, total, run.started_at, now))
    return f"{run.stream}: {run.read:,}{of} records read{', ' + left if left else ''}"


def took(run: SyncRun) -> str:
    """How long an ended run took; blank while it has not ended."""
    if run.started_at is None or run.finished_at is None:
        return ""
    seconds = (run.finished_at - run.started_at).total_seconds()
    if seconds < 60:
        return f"took {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"took {round(seconds / 60)} min"
    return f"took {seconds / 3600:.1f} h"


def counts(run: SyncRun) -> str:
    """What the run did so far: created, updated, unchanged, deleted, rejected."""
    parts = [
        (run.created, "created"), (run.updated, "updated"), (run.unchanged, "unchanged"),
        (run.deleted, "deleted"), (run.rejected, "rejected"),
    ]  # fmt: skip
    said = [f"{n:,} {word}" for n, word in parts if n or word in ("created", "rejected")]
    return ", ".join(said)
