"""Converters by value table: what they make, and what they refuse in words without quoting it."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import phones
from connectors.converters import CONVERTERS, make
from connectors.errors import ConfigError
from connectors.money import EXPONENTS, minor_units

BERLIN = {"zone": "Europe/Berlin"}


def convert(name: str, value: Any, raw: Any = None, /, **options: Any) -> Any:
    return make(name, options)(value, raw or {})


@pytest.mark.parametrize(
    ("name", "options", "value", "expected"),
    [
        ("trim", {}, "  a b ", "a b"),
        ("trim", {}, 12.0, "12"),
        ("trim", {}, Decimal("1.50"), "1.50"),
        ("trim", {}, 5e-7, "0.0000005"),
        ("trim", {}, True, "true"),
        ("trim", {}, "   ", None),
        ("text", {}, "  a ", "  a "),
        ("lower", {}, " ÀB ", "àb"),
        ("integer", {}, "12", 12),
        ("integer", {}, "12.0", 12),
        ("integer", {}, "-3", -3),
        ("integer", {}, 7.0, 7),
        ("integer", {"group": ","}, "1,234,567", 1234567),
        ("decimal", {}, "1234.50", Decimal("1234.50")),
        ("decimal", {}, 0.1, Decimal("0.1")),
        ("decimal", {}, "1e3", Decimal("1000")),
        ("decimal", {}, ".5", Decimal("0.5")),
        ("decimal", {}, "(12.50)", Decimal("-12.50")),
        ("decimal", {}, "−4", Decimal("-4")),
        ("decimal", {"decimal": ","}, "1234,5", Decimal("1234.5")),
        ("decimal", {"decimal": ",", "group": "."}, "1.234.567,89", Decimal("1234567.89")),
        ("decimal", {"decimal": ",", "group": " "}, "1\u202f234,5", Decimal("1234.5")),
        ("decimal", {"group": "'"}, "1'234.50", Decimal("1234.50")),
        ("decimal", {}, True, Decimal(1)),
        ("boolean", {}, "Yes", True),
        ("boolean", {}, "0", False),
        ("boolean", {}, 1, True),
        ("boolean", {"true": ["ja"], "false": ["nein"]}, "Nein", False),
        ("date", {}, "2026-01-02", date(2026, 1, 2)),
        ("date", {}, "19970101", date(1997, 1, 1)),
        ("date", {}, 19970101, date(1997, 1, 1)),
        ("date", {"formats": ["dd/mm/yyyy"]}, "3/4/2026", date(2026, 4, 3)),
        ("date", {"formats": ["mm/dd/yyyy"]}, "3/4/2026", date(2026, 3, 4)),
        ("date", {"formats": ["dd.mm.yy"]}, "03.04.68", date(2068, 4, 3)),
        ("date", {"formats": ["dd.mm.yy"]}, "03.04.69", date(1969, 4, 3)),
        ("date", {"formats": ["yyyymmdd"]}, "20260102", date(2026, 1, 2)),
        ("date", {"formats": ["%d %b %Y"]}, "02 Jan 2026", date(2026, 1, 2)),
        ("date", {"formats": ["iso", "dd/mm/yyyy"]}, "03/04/2026", date(2026, 4, 3)),
        ("date", {"formats": ["excel"]}, 46024, date(2026, 1, 2)),
        ("date", {"formats": "dd-mm-yyyy"}, "02-01-2026", date(2026, 1, 2)),
        ("date", BERLIN, "2026-01-01T23:30:00Z", date(2026, 1, 2)),
        ("date", {}, datetime(2026, 1, 2, 23, 59), date(2026, 1, 2)),  # noqa: DTZ001
        ("datetime", {}, "2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("datetime", {}, "2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (
            "datetime",
            {},
            "2026-11-22T02:11:48.000+0000",
            datetime(2026, 11, 22, 2, 11, 48, tzinfo=UTC),
        ),
        ("datetime", BERLIN, "2026-01-02 03:04:05", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("datetime", BERLIN, "2026-07-02 03:04:05", datetime(2026, 7, 2, 1, 4, 5, tzinfo=UTC)),
        # The hour that comes twice is read as its first coming, the one that never comes moves on.
        ("datetime", BERLIN, "2026-10-25 02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("datetime", BERLIN, "2026-03-29 02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("datetime", BERLIN, "2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("datetime", {"formats": ["epoch"]}, 1767323045, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (
            "datetime",
            {"formats": ["epoch_ms"]},
            "1767323045000",
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        ),
        (
            "datetime",
            {"formats": ["dd/mm/yyyy hh:nn"]},
            "2/1/2026 3:04",
            datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        ),
        (
            "datetime",
            {},
            datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 1, 2, 1, tzinfo=UTC),
        ),
        ("e164", {}, "+44 (0)20 7946 0000", "+442079460000"),
        ("e164", {"region": "GB"}, "020 7946 0000", "+442079460000"),
        ("e164", {"region": "us"}, "(212) 555-0123", "+12125550123"),
        ("e164", {"region": "IT"}, "06 698 83145", "+390669883145"),
        ("e164", {"region": "DE"}, "0049 30 901820", "+4930901820"),
        ("e164", {"region": "GB"}, 442079460000, "+442079460000"),
        ("e164", {"region": "US"}, "+81 3-1234-5678", "+81312345678"),
        ("email", {}, " Ann.O'Hara+x@Example.COM ", "ann.o'hara+x@example.com"),
        ("email", {}, "zoë@exämple.de", "zoë@exämple.de"),
        ("language", {}, "EN_gb", "en-GB"),
        ("language", {}, "zh-hant-TW", "zh-Hant-TW"),
        ("currency", {}, "eur", "EUR"),
        ("currency", {}, "£", "GBP"),
        ("money", {"currency": "USD"}, "29.33", (2933, "USD")),
        ("money", {"currency": "USD"}, "29.3", (2930, "USD")),
        ("money", {"currency": "USD"}, "-0.05", (-5, "USD")),
        ("money", {"currency": "USD"}, 19.99, (1999, "USD")),
        ("money", {"currency": "USD"}, "2.500", (250, "USD")),
        ("money", {"currency": "JPY"}, "1500", (1500, "JPY")),
        ("money", {"currency": "JPY"}, "1500.00", (1500, "JPY")),
        ("money", {"currency": "KWD"}, "1.234", (1234, "KWD")),
        ("money", {"currency": "CLF"}, "1.2345", (12345, "CLF")),
        ("money", {"currency": "USD", "group": ","}, "$1,234.50", (123450, "USD")),
        ("money", {"currency": "*"}, "EUR 12.00", (1200, "EUR")),
        ("money", {"currency": "*"}, "12.00 eur", (1200, "EUR")),
        ("money", {"currency": "*", "decimal": ",", "group": "."}, "-1.234,50 €", (-123450, "EUR")),
        ("money", {"currency": "GBP"}, "£5", (500, "GBP")),
        ("money", {"currency": "USD", "rounding": "half_up"}, "0.125", (13, "USD")),
        ("money", {"currency": "USD", "rounding": "half_even"}, "0.125", (12, "USD")),
        ("money", {"currency": "USD"}, "  ", None),
        ("enum", {"map": {"Y": "yes", "N": "no"}}, "y", "yes"),
        ("enum", {"map": {"1": "a"}, "unknown": "keep"}, "7", "7"),
        ("enum", {"map": {"1": "a"}, "unknown": "empty"}, "7", None),
        ("enum", {"map": {"1": "a"}}, 1.0, "a"),
        ("constant", {"value": "order"}, None, "order"),
    ],
)
def test_what_they_make(name: str, options: Any, value: Any, expected: Any) -> None:
    found = convert(name, value, **options)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "options", "value", "reason"),
    [
        ("integer", {}, "1.5", "is not a whole number"),
        ("integer", {}, "9" * 25, "is too large for a whole number"),
        ("decimal", {}, "abc", "is not a number"),
        ("decimal", {}, "1,234", "has a comma; say whether"),
        ("decimal", {}, "nan", "is not a number"),
        ("decimal", {}, float("inf"), "is not a number"),
        ("decimal", {}, "1e999", "is not a number"),
        ("decimal", {}, "1" * 61, "is not a number"),
        ("decimal", {"group": ","}, "1,23", "is not a number"),
        ("boolean", {}, "maybe", "is neither yes nor no"),
        ("date", {}, "31/12/2026", "is not a date in the form YYYY-MM-DD"),
        ("date", {}, "2026-02-30", "is not a date"),
        ("date", {"formats": ["dd/mm/yyyy"]}, "31/13/2026", "is not a date in the form dd/mm/yyyy"),
        ("date", {"formats": ["excel"]}, "60", "is not a date"),
        ("datetime", {"formats": ["epoch"]}, "1e14", "is not a date"),
        ("datetime", {}, "9999-12-31T23:00:00-05:00", "is outside the years"),
        ("datetime", {}, "x" * 100, "is not a date"),
        ("e164", {}, "020 7946 0000", "has no country code; write it as"),
        ("e164", {"region": "GB"}, "call me", "is not a phone number"),
        ("e164", {"region": "GB"}, "12", "is not a phone number"),
        ("e164", {}, "+" + "9" * 80, "is not a phone number"),
        ("email", {}, "ann at example", "is not an e-mail address"),
        ("email", {}, "a@b", "is not an e-mail address"),
        ("email", {}, "a..b@example.com", "is not an e-mail address"),
        ("email", {}, "a@example.com, b@example.com", "is not an e-mail address"),
        ("email", {}, "x" * 65 + "@example.com", "is not an e-mail address"),
        ("language", {}, "English please", "is not a language tag"),
        ("currency", {}, "Euro", "is not a currency code"),
        ("money", {"currency": "USD"}, "0.125", "has more decimals than USD has (2)"),
        ("money", {"currency": "JPY"}, "1.5", "has more decimals than JPY has (0)"),
        ("money", {"currency": "USD"}, "€5", "is written in EUR but the field is declared as USD"),
        ("money", {"currency": "*"}, "5", "has no currency"),
        ("money", {"currency": "USD"}, "1" * 30, "is too large"),
        ("enum", {"map": {"1": "a"}}, "2", "is not one of the values of its map"),
        ("trim", {}, ["a"], "is not a single value"),
    ],
)
def test_what_they_refuse(name: str, options: Any, value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has) ") as caught:
        convert(name, value, **options)
    assert reason in str(caught.value)
    if isinstance(value, str) and len(value) > 3:
        assert value not in str(caught.value)


def test_money_takes_its_currency_from_another_field() -> None:
    money = make("money", {"currency_from": "ccy", "currency": "EUR"})
    assert money("5", {"ccy": "jpy"}) == (5, "JPY")
    assert money("5", {"ccy": ""}) == (500, "EUR")
    assert money("5", {}) == (500, "EUR")
    with pytest.raises(ValueError, match="not a currency code"):
        money("5", {"ccy": "gold"})


def test_join_makes_one_id_of_several_fields() -> None:
    join = make("join", {"sources": ["a", "b"], "prefix": "x-", "suffix": ":revenue"})
    assert join(None, {"a": 1, "b": " 2 "}) == "x-1|2:revenue"
    assert join(None, {"a": 1, "b": ""}) is None


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("nonsense", {}),
        ("trim", {"region": "GB"}),
        ("decimal", {"decimal": ";"}),
        ("decimal", {"decimal": ",", "group": ","}),
        ("date", {"formats": ["soon"]}),
        ("datetime", {"zone": "Mars/Olympus"}),
        ("e164", {"region": "Britain"}),
        ("money", {"currency": "Euro"}),
        ("money", {"currency": "EUR", "rounding": "up"}),
        ("enum", {}),
        ("enum", {"map": {}}),
        ("enum", {"map": {"a": "b"}, "unknown": "guess"}),
        ("constant", {}),
        ("join", {"sources": "a"}),
        ("date", {"formats": 7}),
        ("boolean", {"true": 5}),
    ],
)
def test_wrong_options_are_for_the_admin(name: str, options: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        make(name, options)
    assert caught.value.message.endswith(".")


@given(st.sampled_from(sorted(EXPONENTS)), st.integers(-(10**14), 10**14))
def test_minor_units_and_back(currency: str, units: int) -> None:
    amount = Decimal(units).scaleb(-EXPONENTS[currency])
    assert minor_units(amount, currency) == units
    assert convert("money", format(amount, "f"), currency=currency) == (units, currency)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans(), st.decimals()))
def test_whatever_comes_is_converted_or_refused(value: Any) -> None:
    options: dict[str, dict[str, Any]] = {
        "enum": {"map": {"a": "b"}},
        "constant": {"value": "x"},
        "join": {"sources": ["a"]},
        "money": {"currency": "EUR"},
    }
    reasons: list[str] = []
    for name in CONVERTERS:
        if value is None and name not in ("constant", "join"):
            continue  # the plan never hands an empty value to these
        try:
            convert(name, value, {"a": value}, **options.get(name, {}))
        except ValueError as error:
            reasons.append(str(error))
    assert all(reasons)


def test_the_quick_way_with_phones_agrees_with_phonenumbers() -> None:
    chance = random.Random(11)
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    codes = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
    quick = 0
    for _ in range(4000):
        region = chance.choice([*regions, *[None] * 30])
        tail = "".join(chance.choice("0123456789") for _ in range(chance.randrange(4, 13)))
        text = chance.choice(["+" + chance.choice(codes), "0", "", "00", "1", "8"]) + tail
        example = phonenumbers.example_number(chance.choice(regions))
        if chance.random() < 0.3 and example:
            text = phonenumbers.format_number(example, chance.choice([0, 1, 2]))
        found = phones._quick(text, region)
        if found is not None:
            number = phonenumbers.parse(text, region)
            assert phonenumbers.is_possible_number(number), (text, region)
            assert found == phonenumbers.format_number(number, 0), (text, region)
            quick += 1
    assert quick > 1000, "the quick way should be the usual one"
