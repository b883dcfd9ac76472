"""Windows over a change time, and the guard against reading for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from connectors.cursor import Window, guarded
from connectors.errors import CursorExpired, EndlessCursor
from connectors.records import Page

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_windows_join_without_a_gap() -> None:
    first = Window.open({}, NOW, lag=MINUTE)
    assert first == Window(None, NOW - MINUTE)
    second = Window.open(first.closed(), NOW + 60 * MINUTE, lag=MINUTE)
    assert second.since == first.until
    assert second.holds(first.until)
    assert second.holds(second.until)
    assert not second.holds(second.until + MINUTE)
    overlapping = Window.open(first.closed(), NOW + MINUTE, overlap=5 * MINUTE)
    assert overlapping.since == first.until - 5 * MINUTE


def test_an_open_window_is_taken_up_where_it_was() -> None:
    window = Window.open({}, NOW).at("id-7", "deleted")
    later = Window.open(window.state(), NOW + 99 * MINUTE, lag=MINUTE, overlap=MINUTE)
    assert later == window
    assert Window.open(window.at(None).state(), NOW).after is None


def test_a_clock_that_goes_back_turns_no_window_over() -> None:
    window = Window.open(Window(None, NOW).closed(), NOW - timedelta(days=1))
    assert window.since == window.until == NOW


def test_the_first_window_holds_everything() -> None:
    assert Window.open({}, NOW).holds(NOW + timedelta(days=9))


@pytest.mark.parametrize("state", [{"since": "yesterday"}, {"until": 7}])
def test_a_damaged_position_starts_anew(state: Any) -> None:
    with pytest.raises(CursorExpired):
        Window.open(state, NOW)


def test_a_naive_position_is_utc() -> None:
    assert Window.open({"since": "2026-03-01T11:00:00"}, NOW).since == NOW - 60 * MINUTE


def _pages(*states: Any, records: Any = ({"id": 1},)) -> Iterator[Page]:
    return (Page(records, state) for state in states)


def test_pages_that_go_on_pass() -> None:
    assert len(list(guarded(_pages({"a": 1}, {"a": 2}, {"a": 3})))) == 3
    assert len(list(guarded(_pages({"a": 1}, {"a": 1}, records=())))) == 2


@pytest.mark.parametrize(
    "states", [({"a": 1}, {"a": 1}), ({"a": 1, "b": 2}, {"a": 2}, {"b": 2, "a": 1})]
)
def test_pages_that_come_again_are_stopped(states: Any) -> None:
    with pytest.raises(EndlessCursor, match="again and again"):
        list(guarded(_pages(*states)))


def test_pages_without_end_are_stopped() -> None:
    with pytest.raises(EndlessCursor, match="did not come to an end after 11 pages"):
        list(guarded(_pages(*({"a": n} for n in range(50))), most_pages=10))
    with pytest.raises(EndlessCursor, match="1,001 pages"):
        list(guarded(Page((), {"a": n}) for n in count()))
