"""Kinds answered by a quantity or a day: number, slider and date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from math import isfinite

from surveys.kinds.base import (
    Asked,
    Kind,
    Readers,
    Setting,
    one_of,
    simple_column,
    whole,
)
from surveys.parts import SettingValue
from surveys.values import Answer, Refusal

LARGEST = 10**12
_NUMBER = re.compile(r"([+-]?)([0-9]{1,15})(?:[.,]([0-9]{1,10}))?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TYPED_DAY = re.compile(r"([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})")

# Digits people type on Arabic, Persian and Japanese keyboards, the true minus, and the spaces
# that group thousands.
_TYPED: dict[int, str | None] = {
    **{first + digit: str(digit) for first in (0x660, 0x6F0, 0xFF10) for digit in range(10)},
    0x2212: "-",
    0x066B: ".",
    **dict.fromkeys((0x20, 0xA0, 0x202F, 0x2009), None),
}

_NUMBER_SETTINGS = (
    Setting("minimum", "number", "Smallest answer", minimum=-LARGEST, maximum=LARGEST),
    Setting("maximum", "number", "Largest answer", minimum=-LARGEST, maximum=LARGEST),
    Setting("decimals", "integer", "Decimal places", default=0, minimum=0, maximum=6),
    Setting("step", "number", "Step", "Counted from the smallest answer.", None, 0, LARGEST),
    Setting("unit", "text", "Unit", "Shown after the box, such as days."),
)
_SLIDER_SETTINGS = (
    Setting("minimum", "number", "Left end", default=0, minimum=-LARGEST, maximum=LARGEST),
    Setting("maximum", "number", "Right end", default=100, minimum=-LARGEST, maximum=LARGEST),
    Setting("decimals", "integer", "Decimal places", default=0, minimum=0, maximum=6),
    Setting("step", "number", "Step", "Counted from the left end.", 1, 0, LARGEST),
    Setting("low_label", "text", "Words at the left end"),
    Setting("high_label", "text", "Words at the right end"),
)
_DATE_SETTINGS = (
    Setting("minimum", "date", "First day accepted"),
    Setting("maximum", "date", "Last day accepted"),
)


def exact(value: SettingValue | None) -> Decimal | None:
    """A numeric setting as the decimal number a person wrote, 0.1 and not its binary neighbour."""
    return Decimal(repr(value)) if isinstance(value, int | float) else None


def _in_words(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _number_readers(question: Asked) -> Readers:
    settings = question.settings
    decimals = whole(settings.get("decimals"), 0)
    minimum = exact(settings.get("minimum"))
    low = Decimal(-LARGEST) if minimum is None else minimum
    maximum = exact(settings.get("maximum"))
    high = Decimal(LARGEST) if maximum is None else maximum
    step = exact(settings.get("step"))
    start = minimum or Decimal(0)
    key, kind = question.key, question.kind

    def read(value: Decimal) -> Answer:
        if value < low:
            raise Refusal("too_small", minimum=_in_words(low))
        if value > high:
            raise Refusal("too_large", maximum=_in_words(high))
        if step and (value - start) % step:
            raise Refusal("step", step=_in_words(step), start=_in_words(start))
        # Adding zero turns the float's negative zero into the only zero people know.
        return Answer(key, kind, float(value) + 0.0 if decimals else int(value))

    def form(typed: Sequence[str]) -> Answer | None:
        if len(typed) > 1:
            raise Refusal("one_only")
        text = one_of(typed)
        if not text:
            return None
        parts = _NUMBER.fullmatch(text[:100].translate(_TYPED))
        if parts is None:
            raise Refusal("number")
        sign, integer, fraction = parts.groups()
        # More places than asked for may be a thousands separator: "1.000" is not one in German.
        if fraction and len(fraction) > decimals:
            raise Refusal("decimals" if decimals else "whole", decimals=decimals)
        return read(Decimal(f"{sign}{integer}.{fraction or 0}"))

    def json(value: object) -> Answer | None:
        if value is None:
            return None
        if type(value) is int:
            # Compared before it is converted: a number of a million digits is cheap to compare.
            if not -LARGEST <= value <= LARGEST:
                raise Refusal("number")
            return read(Decimal(value))
        if type(value) is not float or not isfinite(value):
            raise Refusal("number")
        number = Decimal(repr(value))
        if abs(value) <= LARGEST and number != round(number, decimals):
            raise Refusal("decimals" if decimals else "whole", decimals=decimals)
        return read(number)

    return Readers(form, json)


def _date_readers(question: Asked) -> Readers:
    low = _day(question.settings.get("minimum"), date.min)
    high = _day(question.settings.get("maximum"), date.max)

    def read(pattern: re.Pattern[str], text: str) -> Answer:
        parts = pattern.fullmatch(text)
        if parts is None:
            raise Refusal("date")
        try:
            on = date(*map(int, parts.groups()))
        except ValueError:
            raise Refusal("date") from None
        if on < low:
            raise Refusal("too_early", minimum=low.isoformat())
        if on > high:
            raise Refusal("too_late", maximum=high.isoformat())
        return Answer(question.key, question.kind, on=on)

    def form(typed: Sequence[str]) -> Answer | None:
        if len(typed) > 1:
            raise Refusal("one_only")
        text = one_of(typed)
        return read(_TYPED_DAY, text[:40].translate(_TYPED)) if text else None

    def json(value: object) -> Answer | None:
        if value is None:
            return None
        if type(value) is not str:
            raise Refusal("date")
        return read(_DAY, value)

    return Readers(form, json)


def _day(value: SettingValue | None, otherwise: date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else otherwise


def _check_number(question: Asked) -> Iterable[tuple[str, str]]:
    settings = question.settings
    low, high = exact(settings.get("minimum")), exact(settings.get("maximum"))
    if low is not None and high is not None and low > high:
        yield "maximum", "It is less than the minimum. Swap them."
    decimals = whole(settings.get("decimals"), 0)
    for name in ("minimum", "maximum", "step"):
        value = exact(settings.get(name))
        if value is not None and value != round(value, decimals):
            yield name, f"It has more than {decimals} decimal places. Raise decimals or round it."
    if settings.get("step") == 0:
        yield "step", "Leave it out for any step; zero is none."


def _check_date(question: Asked) -> Iterable[tuple[str, str]]:
    settings = question.settings
    if _day(settings.get("minimum"), date.min) > _day(settings.get("maximum"), date.max):
        yield "maximum", "It is before the minimum. Swap them."


MEASURING: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="number",
            title="Number",
            answer="numeric",
            template="number",
            readers=_number_readers,
            columns=simple_column(lambda answer: answer.number),
            settings=_NUMBER_SETTINGS,
            metrics=lambda _: ("mean",),
            check=_check_number,
            seconds=8.0,
        ),
        Kind(
            name="slider",
            title="Slider",
            answer="numeric",
            template="number",
            readers=_number_readers,
            columns=simple_column(lambda answer: answer.number),
            settings=_SLIDER_SETTINGS,
            metrics=lambda _: ("mean",),
            check=_check_number,
            seconds=6.0,
        ),
        Kind(
            name="date",
            title="Date",
            answer="date",
            template="date",
            readers=_date_readers,
            columns=simple_column(lambda answer: answer.on.isoformat() if answer.on else None),
            settings=_DATE_SETTINGS,
            check=_check_date,
            seconds=8.0,
        ),
    )
}
