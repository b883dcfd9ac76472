"""What is noted of each request that was answered: Prometheus figures and one log line."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import Counter, Histogram

from efm import log

REQUESTS = Counter("efm_requests_total", "Requests answered", ["route", "method", "status"])
SECONDS = Histogram("efm_request_seconds", "Seconds to answer", ["route"])

logger = log.get("web")


def note(method: str, route: str, status: int, seconds: float) -> None:
    """Count the request and write its line; the request's id is in the context of the log."""
    REQUESTS.labels(route, method, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    logger.info(
        "request.answered",
        method=method,
        route=route,
        status=status,
        milliseconds=round(seconds * 1000, 1),
    )


class QuickNotes:
    """The same as `note` where thousands of requests a second are answered.

    Counters are looked up once. As JSON the line is written directly: route, method, status and
    times hold nothing to scrub; in other formats it goes the usual way.
    """

    def __init__(self, log_format: str, log_level: str) -> None:
        self._is_quiet = log_level in ("warning", "error")
        self._is_json = log_format == "json"
        self._counters: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def note(self, request_id: str, method: str, route: str, status: int, seconds: float) -> None:
        """Count the request and write its line."""
        if not self._is_json and not self._is_quiet:
            note(method, route, status, seconds)
            return
        counters = self._counters.get((route, method, status))
        if counters is None:
            counters = (REQUESTS.labels(route, method, str(status)), SECONDS.labels(route))
            self._counters[route, method, status] = counters
        counters[0].inc()
        counters[1].observe(seconds)
        if self._is_quiet:
            return
        line = {
            "part": "web",
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "event": "request.answered",
            "request_id": request_id,
            "level": "info",
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        }
        sys.stderr.write(orjson.dumps(line).decode() + "\n")
