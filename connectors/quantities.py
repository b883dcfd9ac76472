"""Converters of numbers and money: declared signs, exact decimals, minor units."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from connectors.errors import ConfigError
from connectors.money import EXPONENTS, ROUNDINGS, SYMBOLS, currency_code, minor_units
from connectors.scalars import as_text, exact

Convert = Callable[[Any, Mapping[str, Any]], Any]
Options = Mapping[str, Any]

AS_WRITTEN = "*"
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?").fullmatch
_ANY_SYMBOL = "$¥" + "".join(SYMBOLS)
_LARGEST = 2**63 - 1


def _separators(options: Options) -> tuple[str, str | None]:
    decimal, group = str(options.get("decimal", ".")), options.get("group")
    if decimal not in (".", ",") or group not in (None, "", ".", ",", " ", "'"):
        raise ConfigError(
            "The decimal sign is . or , and the thousands sign one of . , ' or space."
        )
    if group == decimal:
        raise ConfigError("The decimal sign and the thousands sign cannot be the same.")
    return decimal, group or None


def _number_reader(options: Options) -> Callable[[Any], Decimal | None]:
    decimal, group = _separators(options)
    mark = re.escape(group or "")
    space = r"[ \u00a0\u2009\u202f]" if group == " " else mark
    grouped = re.compile(
        rf"[+-]?\d{{1,3}}(?:{space}\d{{3}})+(?:{re.escape(decimal)}\d+)?"
    ).fullmatch
    plain = re.compile(
        rf"[+-]?(?:\d+(?:{re.escape(decimal)}\d*)?|{re.escape(decimal)}\d+)"
    ).fullmatch

    def read(value: Any) -> Decimal | None:
        if isinstance(value, bool):
            return Decimal(int(value))
        if isinstance(value, int):
            return Decimal(value)
        if isinstance(value, (float, Decimal)):
            return exact(value)
        text = as_text(value).strip().replace("−", "-")
        if not text:
            return None
        if len(text) > 60:
            raise ValueError("is not a number")
        if text[0] == "(" and text[-1] == ")":  # accountants' negative
            text = "-" + text[1:-1]
        if plain(text):
            return Decimal(text.replace(",", ".") if decimal == "," else text)
        if group and grouped(text):
            digits = re.sub(space, "", text)
            return Decimal(digits.replace(",", ".") if decimal == "," else digits)
        if "," in text and decimal == "." and group is None:
            raise ValueError("has a comma; say whether it is the decimal or the thousands sign")
        if decimal == "." and re.fullmatch(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}", text):
            return exact(Decimal(text))
        raise ValueError("is not a number")

    if decimal == "." and group is None:

        def quick(value: Any) -> Decimal | None:
            if type(value) is str and len(value) < 40 and _PLAIN_NUMBER(value):
                return Decimal(value)
            return read(value)

        return quick
    return read


def decimal_number(options: Options) -> Convert:
    read = _number_reader(options)
    return lambda value, raw: read(value)


def integer_number(options: Options) -> Convert:
    read = _number_reader(options)

    def convert(value: Any, raw: Mapping[str, Any]) -> int | None:
        number = read(value)
        if number is None:
            return None
        if number.adjusted() > 20 or abs(number) > _LARGEST:
            raise ValueError("is too large for a whole number")
        if number != number.to_integral_value():
            raise ValueError("is not a whole number")
        return int(number)

    return convert


class Money:
    """Decimal text to minor units. `currency` is declared (`*`: as each value says), or read from
    the field `currency_from`."""

    def __init__(self, options: Options) -> None:
        declared = options.get("currency")
        try:
            is_code = declared and declared != AS_WRITTEN
            self.currency = currency_code(str(declared)) if is_code else None
        except ValueError as error:
            raise ConfigError(f"Currency: “{declared}” {error}.") from error
        self.source = str(options["currency_from"]) if options.get("currency_from") else None
        self.rounding = options.get("rounding")
        if self.rounding not in (None, *ROUNDINGS):
            raise ConfigError("The rounding is half_up or half_even, or none.")
        self._read = _number_reader(options)
        sign = re.escape(_separators(options)[0])
        self._simple = re.compile(rf"(-?\d{{1,12}})(?:{sign}(\d{{1,4}}))?", re.ASCII).fullmatch

    def currency_of(self, raw: Mapping[str, Any]) -> str | None:
        """The currency of this record, None when neither declared nor given."""
        given = raw.get(self.source) if self.source else None
        if given is None or given == "":
            return self.currency
        text = as_text(given).strip()
        return currency_code(SYMBOLS.get(text, text))

    def __call__(self, value: Any, raw: Mapping[str, Any]) -> tuple[int, str] | None:
        """(minor units, currency), or None for an empty value."""
        currency = self.currency if self.source is None else self.currency_of(raw)
        if currency is not None and type(value) is str:
            found = self._simple(value)
            if found is not None:  # 19.99 and the like, by far the most
                whole, part = found.groups("")
                more = EXPONENTS[currency] - len(part)
                if more >= 0:
                    return int(whole + part) * 10**more, currency
        if type(value) is str and not _PLAIN_NUMBER(value):
            value, currency = self._bare(as_text(value).strip(), currency)
        amount = self._read(value)
        if amount is None:
            return None
        if currency is None:
            raise ValueError(
                "has no currency; choose one for this field, or the column that has it"
            )
        return minor_units(amount, currency, self.rounding), currency

    @staticmethod
    def _bare(text: str, currency: str | None) -> tuple[str, str | None]:
        """The number without its sign or code, and the currency that those name."""
        sign = "-" if text[:1] == "-" else ""
        core, named = text.removeprefix("-").strip(), None
        for mark in (core[:1], core[-1:]):
            if mark and mark in _ANY_SYMBOL:
                core, named = core.strip(mark).strip(), SYMBOLS.get(mark)
                break
        for code in (core[:3].upper(), core[-3:].upper()):
            if code in EXPONENTS:
                core = core[3:].strip() if core[:3].upper() == code else core[:-3].strip()
                named = code
                break
        if named and currency and named != currency:
            raise ValueError(f"is written in {named} but the field is declared as {currency}")
        return sign + core, named or currency
