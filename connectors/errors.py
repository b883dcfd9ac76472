"""What can go wrong with another system, named by what to do about it.

    ConnectorError
    ├── ConfigError         an admin must act; do not retry
    │   ├── UnknownConnector    the kind is not installed here; the connection waits
    │   └── EndlessCursor       the source hands out the same page for ever; stop reading
    ├── Throttled           come back at `until`; keep the state, free the worker
    │   └── QuotaReached        the calls of a day are used, or the share of them that may be
    ├── Transient           try again with back-off; then fail the run, keep the state
    ├── CursorExpired       drop the state and start a new generation
    ├── WebhookRefused      (connectors.signatures) a delivery that is not taken
    ├── RecordError         reject this record with its reason and go on
    └── NotSupported        this connector cannot do that; do not offer it

Messages are for people: what happened, then what to do. They never hold a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta


class ConnectorError(Exception):
    """Something about another system failed; `message` says what and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigError(ConnectorError):
    """An admin must act: wrong settings, refused credentials, a missing permission.

    `errors` maps a setting's name to its messages, so that a form can show them beside the field.
    """

    def __init__(self, message: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.errors: dict[str, list[str]] = {k: list(v) for k, v in (errors or {}).items()}


class UnknownConnector(ConfigError):
    """No connector of this name is installed; `known` lists those that are."""

    def __init__(self, name: str, known: Sequence[str], reason: str | None = None) -> None:
        why = f" It could not be loaded: {reason}." if reason else ""
        super().__init__(
            f"The connector “{name}” is not available here.{why} "
            f"Install it, or choose one of: {', '.join(known) or 'none'}."
        )
        self.name = name
        self.known = tuple(known)
        self.reason = reason


class EndlessCursor(ConfigError):
    """The source keeps repeating a page or never ends; reading on would never stop."""


class Throttled(ConnectorError):
    """The source asks to wait. `until` is an aware time, or a number of seconds from now."""

    def __init__(self, until: datetime | float, message: str | None = None) -> None:
        if isinstance(until, datetime) and until.tzinfo is None:
            raise ValueError("Throttled.until must be an aware time")
        self.until = until
        when = until.isoformat() if isinstance(until, datetime) else f"{until:g} seconds"
        super().__init__(message or f"The source asks to slow down; it can be read again: {when}.")

    def at(self, now: datetime) -> datetime:
        """The aware UTC time from which the source may be asked again."""
        if isinstance(self.until, datetime):
            return self.until.astimezone(UTC)
        return (now + timedelta(seconds=max(0.0, self.until))).astimezone(UTC)

    def seconds(self, now: datetime) -> float:
        """Seconds to wait from `now`, never negative."""
        return max(0.0, (self.at(now) - now).total_seconds())


class QuotaReached(Throttled):
    """The calls of a day are used up, or the share of them that reading may use; end for now."""


class Transient(ConnectorError):
    """A passing fault: a timeout, a 503, a cut connection. The state is still good."""


class CursorExpired(ConnectorError):
    """The stored state is no longer accepted; read everything again as a new generation."""


class RecordError(ConnectorError):
    """One record cannot be used; `field` names the canonical field at fault, if any."""

    def __init__(self, external_id: str | None, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.external_id = external_id
        self.field = field


class NotSupported(ConnectorError):
    """The connector does not offer this operation."""
