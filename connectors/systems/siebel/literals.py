"""Siebel's search language: the only place where values become part of a search specification.

Source: Siebel Object Interfaces Reference, SetSearchExpr and SetSearchSpec; Siebel REST API Guide,
“About URI Parameters” (Oracle E95904, F26413).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo

LONGEST = 500
LONGEST_SPEC = 1_900
"""A search specification holds 2,000 characters."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]").search
_NAME = re.compile(r"[^\[\]\x00-\x1f\x7f]{1,100}").fullmatch


def literal(value: str) -> str:
    """The text as a literal. Raises ValueError for one that no specification can hold.

    It stands between quotation marks it does not hold itself, so that nothing in it needs to be
    marked; where it holds both kinds, the single ones are doubled.
    """
    if _CONTROL(value) or not value.isprintable():
        raise ValueError("a text with line breaks or control characters cannot be looked for")
    if len(value) > LONGEST:
        raise ValueError(f"a text of more than {LONGEST} characters cannot be looked for")
    if "'" in value and '"' not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


def field(name: str) -> str:
    """A field's name as the language takes it. Raises ValueError for one that is none."""
    if not _NAME(name):
        raise ValueError(f"“{name[:50]}” is not the name of a field")
    return f"[{name}]"


def moment(value: datetime, home: tzinfo) -> str:
    """A moment as a literal, cut to the second: always month first, whatever the server shows."""
    return literal(value.astimezone(home).strftime("%m/%d/%Y %H:%M:%S"))


def between(name: str, since: datetime, until: datetime, home: tzinfo) -> str:
    """Changes from `since` to `until`, both included, as the server's clock shows them.

    Around a change of its offset the clock shows an hour twice or not at all; there both ends
    reach two hours further, for what is read twice does no harm.
    """
    bounds = field(name)
    return (
        f"{bounds} >= {moment(_steady(since, home, -1), home)} AND "
        f"{bounds} <= {moment(_steady(until, home, 1), home)}"
    )


def _steady(value: datetime, home: tzinfo, sign: int) -> datetime:
    reach = timedelta(hours=2)
    offsets = {(value + reach * n).astimezone(home).utcoffset() for n in (-1, 0, 1)}
    return value if len(offsets) == 1 else value + reach * sign


def after(key: str) -> str:
    """What follows an id in the order of ids."""
    return f"{field('Id')} > {literal(key)}"


def joined(conditions: Iterable[str]) -> str:
    """All of the conditions; empty for none."""
    return " AND ".join(f"({each})" for each in conditions if each)


def one_of(name: str, values: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Specifications that together find the records whose field has one of the values.

    Each comes with its values, and none is longer than Siebel takes. Raises ValueError as `literal`.
    """
    some: list[str] = []
    length = 0
    for value in values:
        condition = f"{field(name)} = {literal(value)}"
        if some and length + len(condition) + 4 > LONGEST_SPEC:
            yield _any_of(name, some), some
            some, length = [], 0
        some.append(value)
        length += len(condition) + 4
    if some:
        yield _any_of(name, some), some


def _any_of(name: str, values: Sequence[str]) -> str:
    return " OR ".join(f"{field(name)} = {literal(value)}" for value in values)
