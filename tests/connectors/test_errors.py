"""Errors named by recovery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectors.errors import ConfigError, ConnectorError, RecordError, Throttled, UnknownConnector

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_throttled_knows_when_by_time_or_by_seconds() -> None:
    assert Throttled(30).at(NOW) == NOW + timedelta(seconds=30)
    assert Throttled(-5).seconds(NOW) == 0
    later = Throttled(datetime(2026, 3, 1, 15, 0, tzinfo=timezone(timedelta(hours=2))))
    assert later.at(NOW) == NOW + timedelta(hours=1)
    assert later.at(NOW).tzinfo is UTC
    assert later.seconds(NOW) == 3600
    with pytest.raises(ValueError, match="aware"):
        Throttled(datetime(2026, 3, 1))  # noqa: DTZ001


def test_errors_carry_what_recovery_needs() -> None:
    assert ConfigError("No.", {"token": ("Wrong.",)}).errors == {"token": ["Wrong."]}
    refused = RecordError("7", "Bad.", "email")
    assert (refused.external_id, refused.field, str(refused)) == ("7", "email", "Bad.")
    unknown = UnknownConnector("x", [])
    assert "choose one of: none" in unknown.message
    for error in (Throttled(1), unknown, refused):
        assert isinstance(error, ConnectorError)
        assert error.message.endswith(".")
