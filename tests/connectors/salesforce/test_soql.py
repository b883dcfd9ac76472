"""SOQL: literals of hostile values, names, and the questions asked of one object."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.cursor import Window
from connectors.systems.salesforce import soql
from tests.connectors.salesforce.questions import answer
from tests.connectors.salesforce.tables import Tables

NOW = datetime(2026, 3, 1, 12, 0, 30, 999_999, tzinfo=UTC)
CONTACT = soql.Question("Contact", ("Id", "LastName"), "SystemModstamp", True)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("", "''"),
        ("O'Brien", r"'O\'Brien'"),
        ("\\", r"'\\'"),
        ("\\' OR Id != '", r"'\\\' OR Id != \''"),
        ('"', r"'\"'"),
        ("a\nb\r\t\b\f", r"'a\nb\r\t\b\f'"),
        ("\x00\x1f", r"'\u0000\u001f'"),
        ("Zoë 👩‍👧", "'Zoë 👩‍👧'"),
    ],
)
def test_a_string_stays_a_string(value: str, literal: str) -> None:
    assert soql.string(value) == literal


@given(st.text(max_size=40))
def test_no_value_gets_out_of_its_literal(value: str) -> None:
    org = Tables()
    org.put("Contact", "k1", LastName=value or "x")
    org.put("Contact", "k2", LastName="other than the one looked for")
    question = f"SELECT Id FROM Contact WHERE LastName = {soql.string(value or 'x')}"
    assert [row["Id"] for row in answer(org, question, with_deleted=False).rows] == ["k1"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1a",
        "a b",
        "Id FROM User",
        "a'b",
        "a.b",
        "é",
        "a" * 81,
        "Name\n",
        "Id,Name",
        "(SELECT Id)",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="API name"):
        soql.name(text)
    with pytest.raises(ValueError, match="API name"):
        soql.Question("Contact", ("Id", text), "", False).whole(Window(None, NOW))
    with pytest.raises(ValueError, match="API name"):
        soql.Question(text, ("Id",), "", False).whole(Window(None, NOW))


def test_moments_are_unquoted_whole_seconds_in_utc() -> None:
    assert soql.moment(NOW) == "2026-03-01T12:00:30Z"
    zone = timezone(timedelta(hours=5, minutes=30))
    assert soql.moment(datetime(2026, 3, 1, 1, 0, tzinfo=zone)) == "2026-02-28T19:30:00Z"
    with pytest.raises(ValueError, match="zone"):
        soql.moment(datetime(2026, 3, 1))  # noqa: DTZ001


def test_the_first_window_asks_for_what_is_there() -> None:
    window = Window(None, NOW)
    assert CONTACT.page(window, 200) == (
        "SELECT Id, LastName FROM Contact WHERE IsDeleted = false ORDER BY Id LIMIT 200"
    )
    assert CONTACT.page(window.at("a'b"), 200) == (
        "SELECT Id, LastName FROM Contact WHERE IsDeleted = false AND Id > 'a\\'b' "
        "ORDER BY Id LIMIT 200"
    )
    assert CONTACT.count(window) == "SELECT COUNT() FROM Contact WHERE IsDeleted = false"
    assert "ORDER" not in CONTACT.whole(window)


def test_later_windows_are_closed_on_both_sides() -> None:
    window = Window(NOW - timedelta(hours=1), NOW, "k1")
    assert CONTACT.page(window, 5) == (
        "SELECT Id, LastName FROM Contact WHERE SystemModstamp >= 2026-03-01T11:00:30Z AND "
        "SystemModstamp <= 2026-03-01T12:00:30Z AND Id > 'k1' ORDER BY Id LIMIT 5"
    )


def test_an_object_without_times_or_marks_is_read_whole() -> None:
    bare = soql.Question("Setting__c", ("Id",), "", False)
    assert bare.page(Window(NOW, NOW), 5) == "SELECT Id FROM Setting__c ORDER BY Id LIMIT 5"
    assert bare.alive(["a", "b'"]) == (
        "SELECT Id FROM Setting__c WHERE Id IN ('a', 'b\\'') ORDER BY Id LIMIT 2"
    )
