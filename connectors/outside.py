"""What a connector may reach of the world outside: which addresses, which folders, at what time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.guard import Guard
from connectors.http import Classify, Http, budget_for
from connectors.quota import Quota


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Outside:
    """Given to every connector by the one who runs it.

    `guard` judges addresses that people typed. `roots` are the folders files may be read from
    (empty: any). `transport` takes the place of the network in tests. `may_use_rest` says that
    somebody wants what is left of the day's calls to be used.
    """

    guard: Guard = field(default_factory=Guard)
    roots: Sequence[str] = ()
    now: Callable[[], datetime] = _now
    transport: httpx.BaseTransport | None = None
    may_use_rest: bool = False

    def require(self, quota: Quota | None, now: datetime | None = None) -> None:
        """Raises QuotaReached when the share of the day's calls that may be used is."""
        if quota is not None and quota.is_reached and not self.may_use_rest:
            raise quota.reached(now or self.now())

    def http(
        self,
        base_url: str,
        *,
        connector: str,
        credential: str,
        rate: float,
        burst: int,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        classify: Classify | None = None,
        **more: Any,
    ) -> Http:
        """A client of one host for one credential, within the call budget they share.

        `rate` and `burst` are calls a second and at once. `credential` is any text that is the
        same for the same account there; only its hash is kept, as the name of the budget.
        """
        mark = hashlib.sha256(f"{base_url} {credential}".encode()).hexdigest()
        return Http(
            base_url,
            headers=headers,
            secrets=secrets,
            budget=budget_for(connector, mark, rate, burst),
            guard=self.guard,
            classify=classify,
            transport=self.transport,
            now=self.now,
            **more,
        )
