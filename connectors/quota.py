"""What a source says of its calls of a day, and the share of them that reading leaves to others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.errors import QuotaReached

AGAIN = timedelta(minutes=30)
"""Where a source does not say when calls are given back, it is asked again after so long."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls `used` of the `most` of a day, by everybody who uses the account there.

    Reading by itself pauses at `percent` of them; 100 leaves the end to the source. `renews_at` is
    when all are given back, None where each is given back a day after it was made.
    """

    used: int
    most: int
    percent: int = 80
    renews_at: datetime | None = None

    @property
    def is_reached(self) -> bool:
        """Whether the share that may be used is."""
        return self.most > 0 and self.percent < 100 and self.used * 100 >= self.most * self.percent

    def again_at(self, now: datetime) -> datetime:
        """When it is worth while to ask again: an aware time after `now`."""
        if self.renews_at is None or self.renews_at <= now:
            return (now + AGAIN).astimezone(UTC)
        return self.renews_at.astimezone(UTC)

    def reached(self, now: datetime) -> QuotaReached:
        """The error that pauses reading."""
        return QuotaReached(
            self.again_at(now),
            f"{self.used:,} of the {self.most:,} calls of a day are used. Reading by itself pauses "
            f"at {self.percent} percent, so that others can go on.",
        )
