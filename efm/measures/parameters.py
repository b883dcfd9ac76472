"""Parameters of measures: what a person may set, how it is read, and what the SQL is given."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.money import EXPONENTS, currency_code

MOST_WORDS = 100
LONGEST_WORD = 60
LARGEST = Decimal("1000000000")
KINDS = ("choice", "flag", "words", "prices", "price", "percent", "days", "currency", "word",
         "connections")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `kind` says how it is typed, `default` is its value as JSON keeps it.

    Prices are in the currency's main unit, as decimal text; None is a price nobody set.
    """

    name: str
    kind: str
    label: str
    default: Any
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()

    def read(self, given: Sequence[str]) -> Any:
        """The value of what a form sent; raises ValueError in words for a person."""
        text = given[0].strip() if given else ""
        if self.kind == "connections":
            return sorted(str(uuid.UUID(each)) for each in given if each)
        if self.kind == "flag":
            return bool(text)
        if self.kind == "choice":
            if text not in dict(self.choices):
                raise ValueError("Choose one of the list.")
            return text
        if self.kind == "words":
            return _words(text)
        if self.kind == "prices":
            return _prices(text)
        if self.kind == "days":
            return _whole(text, most=3650)
        if self.kind == "word":
            return _word(text)
        if self.kind == "currency":
            return _currency(text)
        return _decimal(text, most=Decimal(100) if self.kind == "percent" else LARGEST)

    def shown(self, value: Any) -> Any:
        """The value as a form's control holds it."""
        if self.kind == "words":
            return ", ".join(value)
        if self.kind == "prices":
            return "\n".join(f"{channel} = {price}" for channel, price in value.items())
        return value


def _words(text: str) -> list[str]:
    found = list(dict.fromkeys(w.strip().lower() for w in re.split(r"[,\n]", text) if w.strip()))
    if len(found) > MOST_WORDS:
        raise ValueError(f"Write at most {MOST_WORDS} words, parted by commas.")
    if any(len(each) > LONGEST_WORD for each in found):
        raise ValueError(f"Each word has at most {LONGEST_WORD} letters; part them by commas.")
    return found


def _word(text: str) -> str:
    if not re.fullmatch(r"[^\x00-\x1f]{1,60}", text):
        raise ValueError("Write a name of 1 to 60 letters.")
    return text


def _whole(text: str, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > most:
        raise ValueError(f"Write a whole number from 0 to {most:,}.")
    return int(text)


def _currency(text: str) -> str:
    if not text:
        return ""
    try:
        return currency_code(text)
    except ValueError as error:
        raise ValueError(f"“{text[:20]}” {error}.") from None


def _decimal(text: str, most: Decimal) -> str | None:
    if not text:
        return None
    try:
        found = Decimal(text.replace(",", ".") if text.count(",") == 1 else text)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or not 0 <= found <= most:
        raise ValueError(f"Write a number from 0 to {most:,}, such as 4.50.")
    if found != round(found, 6):
        raise ValueError("Write at most six digits after the point.")
    return format(found, "f")


def _prices(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        channel, sign, price = line.rpartition("=")
        channel, price = channel.strip().lower(), price.strip()
        if not sign or not price or not 0 < len(channel) <= LONGEST_WORD:
            raise ValueError(f"“{line.strip()[:60]}” is not a line such as “phone = 4.50”.")
        amount = _decimal(price, LARGEST)
        assert amount is not None, "only an empty price is none"
        found[channel] = amount
    if len(found) > MOST_WORDS:
        raise ValueError(f"Write at most {MOST_WORDS} channels.")
    return found


def bound(parameters: Sequence[Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """What the SQL is given: prices in the smallest unit of the parameter `currency`."""
    unit = Decimal(10) ** EXPONENTS.get(values.get("currency", ""), 2)
    found: dict[str, Any] = {}
    for each in parameters:
        value = values[each.name]
        if each.kind == "price":
            value = None if value is None else Decimal(value) * unit
        elif each.kind == "percent":
            value = None if value is None else Decimal(value)
        elif each.kind == "prices":
            value = json.dumps({name: str(Decimal(price) * unit) for name, price in value.items()})
        elif each.kind == "connections":
            value = [uuid.UUID(one) for one in value]
        found[each.name] = value
    return found
