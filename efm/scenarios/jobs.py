"""What the closed loop reacts to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from efm.db.engine import TenantSession
from efm.events.registry import OutboxEvent, Registry
from efm.scenarios.opening import open_cases


def register(registry: Registry) -> None:
    """Open cases when a response arrives, and when a comment that had to wait was scored."""
    public_url = registry.config.public_url

    def react(session: TenantSession, events: Sequence[OutboxEvent], now: datetime) -> None:
        open_cases(session, events, now, public_url=public_url)

    registry.on("response.submitted", react)
    registry.on("response.scored", react)
