"""Columns of files matched to questions, and their cells read, as tables of values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import matching
from surveys.definition import Definition, load
from surveys.moments import day, moment, order_of
from surveys.tabular import Habits, Unreadable, decimals_of, number, reader
from surveys.targets import targets

BERLIN = ZoneInfo("Europe/Berlin")


def definition() -> Definition:
    colours = [
        {"key": "red", "label": "Red", "value": 5},
        {"key": "blue", "label": "Blue, light", "value": 0},
        {"key": "other", "label": "Other", "takes_text": True},
    ]
    return load(
        {
            "title": "T",
            "language": "en",
            "pages": [
                {
                    "questions": [
                        {"key": "nps", "kind": "nps", "text": "How likely are you to recommend us?"},
                        {"key": "sat", "kind": "csat", "text": "Satisfied?", "settings": {"labels": ["Awful", "Bad", "So so", "Good", "Great"]}},
                        {"key": "one", "kind": "single_choice", "text": "Which colour?", "choices": colours},
                        {"key": "many", "kind": "multiple_choice", "text": "Which colours?", "choices": colours},
                        {"key": "rank", "kind": "ranking", "text": "Rank them", "choices": colours},
                        {"key": "sure", "kind": "yes_no", "text": "Sure?"},
                        {"key": "ok", "kind": "consent", "text": "Agreed?"},
                        {"key": "rate", "kind": "matrix_rating", "text": "Rate", "rows": [{"key": "shop", "label": "The shop"}]},
                        {"key": "spent", "kind": "number", "text": "Spent", "settings": {"decimals": 2}},
                        {"key": "on", "kind": "date", "text": "When?"},
                        {"key": "why", "kind": "long_text", "text": "Why do you say so?"},
                        {"key": "from", "kind": "hidden", "text": "From"},
                        {"key": "sum", "kind": "calculated", "text": "Sum", "value": 1},
                        {"key": "file", "kind": "file_upload", "text": "File"},
                        {"key": "note", "kind": "statement", "text": "Note"},
                    ]
                }
            ],
            "translations": {"de": {"one.choices.red": "Rot", "one.text": "Welche Farbe?", "sat.labels.0": "Furchtbar"}},
        }
    )  # fmt: skip


TARGETS = targets(definition())


def test_everything_that_is_answered_is_a_target() -> None:
    assert {name: each.shape for name, each in TARGETS.items()} == {
        "nps": "point", "sat": "point", "one": "one", "one.other.text": "text",
        "many": "several", "many.red": "chosen", "many.blue": "chosen", "many.other": "chosen",
        "many.other.text": "text", "rank": "ranked", "rank.red": "place", "rank.blue": "place",
        "rank.other": "place", "rank.other.text": "text", "sure": "one", "ok": "one",
        "rate.shop": "point", "spent": "number", "on": "day", "why": "text", "from": "value",
        "from.text": "text",
    }  # fmt: skip


CELLS: list[tuple[str, Any, Any]] = [
    ("nps", "9", 9), ("nps", 9, 9), ("nps", Decimal("9"), 9), ("nps", 9.0, 9), ("nps", "9.0", 9),
    ("nps", " 10 - Extremely likely", 10), ("nps", "extremely likely", 10), ("nps", "", None),
    ("nps", "N/A", None), ("nps", "12", 12), ("nps", "-1", -1), ("nps", "Sehr wahrscheinlich", 10),
    ("sat", "great", 5), ("sat", "SO-SO", 3), ("sat", "Furchtbar", 1), ("sat", "2 (Bad)", 2),
    ("one", "red", "red"), ("one", "Red", "red"), ("one", "rot", "red"), ("one", "5", "red"),
    ("one", "0", "blue"), ("one", 5.0, "red"), ("one", "blue light", "blue"), ("one", None, None),
    ("many", "Red;Other", ["red", "other"]), ("many", "Blue, light, Red", ["blue", "red"]),
    ("many", "red", ["red"]), ("many", ["red", "blue"], ["red", "blue"]), ("many", " ", None),
    ("many", "red|red|blue", ["red", "blue"]), ("many", "Red\nOther", ["red", "other"]),
    ("many.red", "1", True), ("many.red", 0, False), ("many.red", "Rot", Unreadable),
    ("many.red", "Red", True), ("many.red", "x", True), ("many.red", "No", False),
    ("many.red", "", None), ("many.red", "2", Unreadable), ("many.red", True, True),
    ("rank", "Red > Blue", Unreadable), ("rank", "Other, Red", ["other", "red"]),
    ("rank.red", "2", 2), ("rank.red", "0", None), ("rank.red", "first", Unreadable),
    ("sure", "TRUE", "yes"), ("sure", "0", "no"), ("sure", "Ja", "yes"), ("sure", "maybe", Unreadable),
    ("ok", "yes", "agreed"), ("ok", "0", None), ("ok", "Ich stimme zu", "agreed"),
    ("rate.shop", "3", 3), ("spent", "12.5", 12.5), ("spent", "1,234.5", 1234.5), ("spent", "3,5", 3.5),
    ("spent", Decimal("3.25"), 3.25), ("spent", "1e400", Unreadable), ("spent", "ten", Unreadable),
    ("spent", float("inf"), Unreadable), ("spent", "1 234", 1234), ("spent", "1,2,3", Unreadable),
    ("on", "31.01.2026", "2026-01-31"), ("on", "2026-01-31", "2026-01-31"),
    ("on", datetime(2026, 1, 31, 5, tzinfo=UTC), "2026-01-31"), ("on", date(2026, 1, 31), "2026-01-31"),
    ("on", "31 January 2026", "2026-01-31"), ("on", "Jan 31, 2026", "2026-01-31"),
    ("on", "2026-01-31 00:00:00", "2026-01-31"), ("on", "01/31/2026", Unreadable),
    ("on", "soon", Unreadable), ("on", "2026-02-30", Unreadable), ("on", "99999", Unreadable),
    ("why", "N/A", "N/A"), ("why", 5.0, "5"), ("why", True, "true"),
    ("from", "12.5", 12.5), ("from", "007", "007"), ("from", "mail", "mail"), ("from.text", "12", "12"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cell", "expected"), CELLS)
def test_cells(name: str, cell: Any, expected: Any) -> None:
    read = reader(TARGETS[name], Habits())
    if expected is Unreadable:
        with pytest.raises(Unreadable, match=r"."):
            read(cell)
        return
    found = read(cell)
    assert found == expected
    assert type(found) is type(expected)


@given(
    st.sampled_from(sorted(TARGETS)),
    st.one_of(
        st.text(), st.floats(), st.integers(), st.booleans(), st.none(), st.dates(),
        st.datetimes(), st.lists(st.text()), st.binary(),
    ),
)  # fmt: skip
def test_no_cell_breaks_a_reader(name: str, cell: Any) -> None:
    read = reader(TARGETS[name], Habits())
    try:
        first = read(cell)
    except Unreadable:
        return
    assert read(cell) == first


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("03/04/2026", "dmy", date(2026, 4, 3)),
        ("03/04/2026", "mdy", date(2026, 3, 4)),
        ("13/04/2026", "mdy", None),
        ("3.4.26", "dmy", date(2026, 4, 3)),
        ("3.4.70", "dmy", date(1970, 4, 3)),
        ("2026/04/03", "mdy", date(2026, 4, 3)),
        ("3-4-2026", "dmy", date(2026, 4, 3)),
        ("3/4-2026", "dmy", None),
        ("1234567890", "dmy", None),
        ("x" * 100, "dmy", None),
    ],
)
def test_days(text: str, order: Any, expected: date | None) -> None:
    assert day(text, order) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00"),
        ("2026-01-31 12:00", "2026-01-31T11:00:00"),
        ("31.01.2026 12:00:05", "2026-01-31T11:00:05"),
        ("31/01/2026 01:30 PM", "2026-01-31T12:30:00"),
        ("31/01/2026, 12:05 a.m.", "2026-01-30T23:05:00"),
        ("31.01.2026", "2026-01-30T23:00:00"),
        ("31.01.2026 10:00 UTC", "2026-01-31T10:00:00"),
        ("1769860800", "2026-01-31T12:00:00"),
        ("1769860800000", "2026-01-31T12:00:00"),
        ("31.01.2026 25:00", None),
        ("yesterday", None),
    ],
)
def test_moments(text: str, expected: str | None) -> None:
    found = moment(text, "dmy", BERLIN)
    assert found == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


def test_what_cells_say_of_orders_and_decimals() -> None:
    assert order_of(["1/2/2026", "13/2/2026"]) == "dmy"
    assert order_of(["1/2/2026", "1/13/2026"]) == "mdy"
    assert order_of(["13/1/2026", "1/13/2026"]) is None
    assert order_of(["1/2/2026", "2026-01-13", 5, None]) is None
    assert decimals_of(["3,5"]) == ","
    assert decimals_of(["3.5", "1,000"]) == "."
    assert decimals_of(["1.000", "1,000"]) is None
    assert decimals_of(["1.234,5"]) == ","
    assert number("1.234,5", ",") == 1234.5
    assert number("1.234", ".") == 1.234
    assert number("1.234", ",") == 1234


COLUMNS: list[tuple[str, list[Any], str]] = [
    ("nps", [], "nps"), ("NPS", ["9"], "nps"), ("How likely are you to recommend us", [], "nps"),
    ("How likely are you to recommend our firm", ["9"], "nps"), ("one", [], "one"),
    ("Welche Farbe", ["Rot"], "one"), ("Which colours? [Red]", ["1"], "many.red"),
    ("many[red]", [], "many.red"), ("Which colours? - Other", ["1"], "many.other"),
    ("Rate - The shop", ["3"], "rate.shop"), ("The shop", ["3"], "rate.shop"),
    ("The shop", ["lovely"], ""), ("Why do you say", ["because"], "why"),
    ("Submit date", ["2026-01-31"], "@submitted_at"), ("StartDate", [], "@started_at"),
    ("Response ID", ["a", "b"], "@key"), ("ID", ["a", "a"], ""), ("E-Mail", [], "@email"),
    ("grade", ["Great", "Bad"], "sat"), ("paint", ["Rot", "Blue, light"], "one"),
    ("region", ["north"], ""), ("campaign", [], "@attribute"), ("one.other.text", [], "one.other.text"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "cells", "expected"), COLUMNS)
def test_guesses(column: str, cells: list[Any], expected: str) -> None:
    found = matching.guess([column], {column: cells}, TARGETS, {}, {"campaign"})
    assert found == {column: expected}


def test_nothing_is_taken_twice_nor_as_a_whole_beside_its_parts() -> None:
    columns = ["nps", "NPS", "Which colours? Red", "Which colours"]
    found = matching.guess(columns, {}, TARGETS, {})
    assert found == {
        "nps": "nps", "NPS": "", "Which colours? Red": "many.red", "Which colours": "",
    }  # fmt: skip


def test_columns_of_our_own_export_need_no_guess() -> None:
    own = {
        "response_id": "@key",
        "submitted_at": "@submitted_at",
        "email": "@email",
        "nps_band": "",
    }
    columns = ["response_id", "submitted_at", "email", "nps_band", "nps"]
    assert list(matching.guess(columns, {}, TARGETS, own).values()) == [
        "@key", "@submitted_at", "@email", "", "nps",
    ]  # fmt: skip


def test_problems_are_told_by_column() -> None:
    found = matching.problems(
        {"a": "nps", "b": "nps", "c": "gone", "d": "many", "e": "many.red", "f": "", "g": "@key"},
        TARGETS,
    )
    assert set(found) == {"b", "c", "e"}
    assert matching.problems({"a": "@key"}, TARGETS).keys() == {"_"}
    assert not matching.problems({"a": "nps", "b": "@attribute", "c": "@attribute:x"}, TARGETS)
