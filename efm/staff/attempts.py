"""Counting attempts, each in a transaction of its own, so that a refusal does not undo the count."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Engine, text

from efm.errors import TooMany


def count(
    engine: Engine, bucket: str, limit: int, seconds: int, message: str, now: datetime
) -> None:
    """Count an attempt; raises TooMany once `limit` is passed within the window."""
    hits, ends_at = hit(engine, bucket, seconds, now)
    if hits > limit:
        wait = max(1, int((ends_at - now).total_seconds()))
        raise TooMany(message, retry_after_seconds=wait)


def hit(engine: Engine, bucket: str, seconds: int, now: datetime) -> tuple[int, datetime]:
    """Count an attempt; how many there were in this window, and when it ends."""
    with engine.begin() as connection:
        row = connection.execute(
            text("SELECT * FROM efm_hit(:bucket, :seconds, :now)"),
            {"bucket": bucket[:200], "seconds": seconds, "now": now},
        ).one()
    return row.hits, row.window_ends_at


def refuse_over(
    engine: Engine, bucket: str, limit: int, seconds: int, message: str, now: datetime
) -> None:
    """Raise TooMany when the bucket is full already; counts nothing."""
    with engine.connect() as connection:
        hits = connection.execute(
            text("SELECT efm_hits(:bucket, :now)"), {"bucket": bucket[:200], "now": now}
        ).scalar_one()
    if hits >= limit:
        raise TooMany(message, retry_after_seconds=seconds)


def add(engine: Engine, bucket: str, seconds: int, now: datetime) -> None:
    """Count an attempt without refusing it."""
    with engine.begin() as connection:
        connection.execute(
            text("SELECT efm_hit(:bucket, :seconds, :now)"),
            {"bucket": bucket[:200], "seconds": seconds, "now": now},
        )


def forgive(engine: Engine, bucket: str) -> None:
    """Forget the attempts of a bucket: the person has proved who they are."""
    with engine.begin() as connection:
        connection.execute(text("SELECT efm_forgive(:bucket)"), {"bucket": bucket[:200]})


def bucket(purpose: str, subject: str) -> str:
    """The name under which attempts are counted; the subject (an address) is not readable in it."""
    return f"{purpose}:{hashlib.sha256(subject.encode('utf-8', 'replace')).hexdigest()[:32]}"
