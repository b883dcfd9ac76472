"""Values as they are sent to Zendesk, and those that are refused before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.systems.zendesk.values import sendable


@pytest.mark.parametrize(
    ("value", "kind", "made"),
    [
        (None, "integer", None), (9, "integer", 9), ("9", "integer", 9), (Decimal(9), "integer", 9),
        (9.0, "integer", 9), (Decimal("8.25"), "decimal", 8.25), ("-0.5", "decimal", -0.5),
        (True, "boolean", True), (True, "text", "yes"), ("x", "text", "x"), ("", "text", ""),
        (Decimal("1E+2"), "text", "100"), (7, "text", "7"),
        (date(2026, 1, 31), "date", "2026-01-31"), ("2026-01-31T10:00:00Z", "date", "2026-01-31"),
        (datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "date", "2026-01-31"),
        (datetime(2026, 1, 31), "date", "2026-01-31"),  # noqa: DTZ001
        (date(2026, 1, 31), "text", "2026-01-31"), (["a", "b"], "json", ["a", "b"]),
    ],
)  # fmt: skip
def test_values_are_sent_as_zendesk_takes_them(value: Any, kind: str, made: Any) -> None:
    assert sendable("f", value, kind) == made


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", "integer"), (8.5, "integer"), (float("nan"), "decimal"), ("Infinity", "decimal"),
        (True, "integer"), (10**18, "integer"), ("", "integer"), ("yes", "boolean"), (1, "boolean"),
        ("tomorrow", "date"), (5, "date"), ("a,b", "json"), ([1], "json"), ({"a": 1}, "text"),
        (float("inf"), "text"), ("x" * 65_537, "text"), (b"x", "text"),
    ],
)  # fmt: skip
def test_values_it_would_not_take_are_refused_in_words(value: Any, kind: str) -> None:
    with pytest.raises(ValueError, match="The field f "):
        sendable("f", value, kind)


def test_values_of_a_list_are_of_that_list() -> None:
    assert sendable("f", "a", "text", ("a", "b")) == "a"
    assert sendable("f", ["b"], "json", ("a", "b")) == ["b"]
    assert sendable("f", "", "text", ("a", "b")) == ""
    for value, kind in (("c", "text"), (["a", "c"], "json")):
        with pytest.raises(ValueError, match="takes only: a, b"):
            sendable("f", value, kind, ("a", "b"))
