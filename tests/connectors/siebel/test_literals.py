"""Search specifications from hostile values: each finds exactly the record that has the value."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.systems.siebel import literals
from connectors.systems.siebel.config import base_of
from connectors.systems.siebel.times import Times
from tests.connectors.siebel.specs import compiled

HOSTILE = [
    "1-ABC+D.E", "O'Neil", '5" pipe', "O'Neil 5\"", "''", '""', "' OR '1'='1", "x'' OR [Id] LIKE '*",
    '" OR "a"="a', "') OR ([Id] > '", "[Id]", "a AND b", "NOT NULL", "*", "A*", "?", "~x", "ü€👍",
    "a\\'b", "%27", "(", ")", "=", "<>", "", " ", "x" * 500, '\'"\'"', "'\"' OR [Id] > '",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_a_literal_is_its_value_and_nothing_else(value: str) -> None:
    test = compiled(f"[Name] = {literals.literal(value)}", frozenset(), frozenset({"Name", "Id"}))
    assert test({"Name": value, "Id": "1"})
    for other in ("", "else", value + "x", "x" + value):
        assert test({"Name": other, "Id": "1"}) is (other == value)


@pytest.mark.parametrize(
    "value", ["a\0b", "a\nb", "a\rb", "\x1b", "a\u2028b", "x" * 501, "\u202ea"]
)
def test_what_no_specification_can_hold_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be looked for"):
        literals.literal(value)


@pytest.mark.parametrize("name", ["", "a]", "[a", "a\nb", "x" * 101, "Id] > '' OR [Id"])
def test_what_is_no_fields_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a field"):
        literals.field(name)


def test_many_values_are_asked_for_in_pieces_siebel_takes() -> None:
    values = [f"efm-{number:04d}-O'Neil" for number in range(300)]
    pieces = list(literals.one_of("X_EFM_ID", values))
    assert [value for _, some in pieces for value in some] == values
    assert len(pieces) > 1
    assert all(len(spec) <= 2000 for spec, _ in pieces)
    test = compiled(pieces[0][0], frozenset(), frozenset({"X_EFM_ID"}))
    assert test({"X_EFM_ID": values[0]})
    assert not test({"X_EFM_ID": values[-1]})


@pytest.mark.parametrize(
    ("zone", "since", "spec"),
    [
        ("UTC", datetime(2026, 11, 22, 9, 8, 7, 999, tzinfo=UTC), "'11/22/2026 09:08:07'"),
        ("Europe/Berlin", datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "'11/23/2026 00:30:00'"),
        ("America/New_York", datetime(2026, 7, 1, 2, 0, tzinfo=UTC), "'06/30/2026 22:00:00'"),
    ],
)
def test_moments_are_written_month_first_in_the_servers_zone(
    zone: str, since: datetime, spec: str
) -> None:
    assert literals.moment(since, ZoneInfo(zone)) == spec


def test_around_a_change_of_the_clock_the_window_reaches_further() -> None:
    """On 25 October 2026 Berlin's clock shows the hour from 2 to 3 twice."""
    berlin = ZoneInfo("Europe/Berlin")
    since = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # shown as 02:30, the first time
    spec = literals.between("Updated", since, datetime(2026, 10, 25, 1, 15, tzinfo=UTC), berlin)
    test = compiled(spec, frozenset({"Updated"}), frozenset({"Updated"}))
    for moment in (since, datetime(2026, 10, 25, 1, 10, tzinfo=UTC)):
        shown = moment.astimezone(berlin).strftime("%m/%d/%Y %H:%M:%S")
        assert test({"Updated": shown}), shown


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("https://s.example:9001", "https://s.example:9001/siebel/v1.0/"),
        ("s.example", "https://s.example/siebel/v1.0/"),
        ("https://s.example/siebel-rest/v1.0/", "https://s.example/siebel-rest/v1.0/"),
        ("https://s.example/siebel/v1.0/data/Account", "https://s.example/siebel/v1.0/"),
        ("https://s.example/gov/v1.0?x=1", "https://s.example/gov/v1.0/"),
        ("http://s.example/", "http://s.example/siebel/v1.0/"),
    ],
)
def test_an_address_is_completed(typed: str, base: str) -> None:
    assert base_of(typed) == base


@pytest.mark.parametrize(
    ("format_", "zone", "text", "moment"),
    [
        ("mm/dd/yyyy", "UTC", "11/02/2026 03:04:05", datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC)),
        ("dd/mm/yyyy", "UTC", "11/02/2026 03:04:05", datetime(2026, 2, 11, 3, 4, 5, tzinfo=UTC)),
        ("dd.mm.yyyy", "Europe/Berlin", "2.11.2026", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("mm/dd/yyyy", "UTC", "2026-11-02T03:04:05Z", datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC)),
        ("mm/dd/yyyy", "UTC", "23/11/2026 03:04:05", None),
        ("mm/dd/yyyy", "UTC", "", None),
        ("mm/dd/yyyy", "UTC", None, None),
        ("mm/dd/yyyy", "UTC", ["x"], None),
    ],
)
def test_times_are_read_as_the_settings_say(
    format_: str, zone: str, text: object, moment: datetime | None
) -> None:
    assert Times(format_, zone).read(text) == moment
