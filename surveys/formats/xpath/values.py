"""What an XPath expression comes to here: logic with its type, and the questions it may name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from surveys.formats.xpath.parsing import Node
from surveys.parts import Logic

# "moment" is a time of which only the day is known here; "any" may be a number or a text.
Type: TypeAlias = Literal[
    "number", "text", "boolean", "flag", "day", "time", "moment", "choice", "choices", "any"
]
EPOCH = "1970-01-01"
# No key of a choice is written so: it stands for a name that no choice has.
NO_CHOICE = "?"
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?\Z", re.DOTALL)
_NUMBER = re.compile(r"\s*-?(?:\d+\.?\d*|\.\d+)\s*\Z", re.ASCII)
NO_NAMES: Mapping[str, str] = {}


class Untranslatable(Exception):
    """An expression has no logic here that would do the same; the words say why."""


class Variable(NamedTuple):
    """A question, a calculated value or a data field as expressions see it.

    ``names`` are the source's names of its choices with our keys, ``labels`` the words of the keys.
    """

    path: str
    type: Type
    names: Mapping[str, str] = NO_NAMES
    labels: Mapping[str, str] = NO_NAMES


class Typed(NamedTuple):
    """Logic and its type. ``needs`` must all be answered, or it is no value (XPath's NaN);

    ``is_safe`` says that it is null by itself then. ``constant`` is a text or number as written.
    """

    logic: Logic
    type: Type
    needs: tuple[Logic, ...] = ()
    is_safe: bool = True
    names: Mapping[str, str] = NO_NAMES
    labels: Mapping[str, str] = NO_NAMES
    constant: str | float | None = None
    is_variable: bool = False


class Copy(NamedTuple):
    """One repetition of a group: when it is there, and how names are read inside it."""

    is_there: Logic
    scope: Scope


class Scope(Protocol):
    """How names are read where an expression stands."""

    def itself(self) -> Variable:
        """The question the expression belongs to."""

    def variable(self, name: str) -> Variable:
        """The one value a name stands for here."""

    def every(self, name: str) -> Sequence[tuple[Logic, Variable]]:
        """All values of a name in repeated groups, each with when it is there."""

    def copies(self, name: str) -> Sequence[Copy] | None:
        """The repetitions of a repeated group, None when the name is no such group."""

    def position(self) -> int | None:
        """Which repetition this is, from 1."""

    def column(self, name: str) -> str | None:
        """The value of a column of the choice that is looked at, None outside a choice."""

    def in_row(self, row: Mapping[str, str]) -> Scope:
        """The same place, looking at a row of a list."""

    def items(self, name: str) -> Sequence[Mapping[str, str]]:
        """The rows of a list of choices; raises Untranslatable when it is not in the file."""

    def drawn(self) -> str:
        """The path of a number from 0 to 1 drawn once for each response."""


class Translator(Protocol):
    """Turns parts of a tree into logic, for the functions they are given to."""

    @property
    def scope(self) -> Scope:
        """How names are read."""

    def value(self, node: Node) -> Typed:
        """A part as a value."""

    def truth(self, node: Node) -> Logic:
        """A part as a condition."""

    def number(self, node: Node) -> Typed:
        """A part as a number."""

    def within(self, scope: Scope) -> Translator:
        """The same where names are read otherwise."""


def constant(value: str | float) -> Typed:
    """A text or a number as it was written; an empty text is nothing."""
    if isinstance(value, str):
        return Typed(value or None, "text", constant=value)
    if value != value or abs(value) > 1e15:
        raise Untranslatable("A number in it is too large.")
    plain = int(value) if value == int(value) else value
    return Typed(plain, "number", constant=float(value))


def of_variable(variable: Variable) -> Typed:
    """A variable as a value."""
    logic: Logic = {"var": variable.path}
    return Typed(
        logic,
        variable.type,
        (logic,),
        names=variable.names,
        labels=variable.labels,
        is_variable=True,
    )


def answered(needs: Sequence[Logic]) -> list[Logic]:
    """That each of these is answered."""
    return [{"is_answered": [each]} for each in needs]


def all_of(conditions: Sequence[Logic]) -> Logic:
    """All of the conditions together, each once; true where there are none."""
    kept: list[Logic] = []
    for each in conditions:
        inside = each["and"] if isinstance(each, dict) and set(each) == {"and"} else [each]
        for one in inside if isinstance(inside, list) else [inside]:
            if one is False:
                return False
            if one is not True and one not in kept:
                kept.append(one)
    return True if not kept else kept[0] if len(kept) == 1 else {"and": kept}


def any_of(conditions: Sequence[Logic]) -> Logic:
    """One of the conditions at least."""
    kept: list[Logic] = []
    for each in conditions:
        inside = each["or"] if isinstance(each, dict) and set(each) == {"or"} else [each]
        for one in inside if isinstance(inside, list) else [inside]:
            if one is True:
                return True
            if one is not False and one not in kept:
                kept.append(one)
    return False if not kept else kept[0] if len(kept) == 1 else {"or": kept}


def opposite(condition: Logic) -> Logic:
    """That a condition does not hold, in the shortest words."""
    if isinstance(condition, bool):
        return not condition
    if isinstance(condition, dict) and len(condition) == 1:
        ((name, given),) = condition.items()
        if name == "!" and isinstance(given, list):
            return given[0]
        turned = {"==": "!=", "!=": "==", "is_empty": "is_answered", "is_answered": "is_empty"}
        if name in turned:
            return {turned[name]: given}
    return {"!": [condition]}


def settled(value: Typed) -> Logic:
    """The logic of a value that is null where what it needs is missing."""
    if value.type == "boolean":
        return value.logic
    if value.is_safe or not value.needs:
        return value.logic
    return {"if": [all_of(answered(value.needs)), value.logic, None]}


def truth(value: Typed) -> Logic:
    """A value as XPath's boolean(): numbers but zero, texts that are not empty."""
    if value.type == "boolean":
        return value.logic
    if value.constant is not None:
        return bool(value.constant)
    if value.type == "flag":
        return {"==": [value.logic, "true"]}
    if value.type == "number":
        return all_of([*answered(() if value.is_safe else value.needs), {"!!": [value.logic]}])
    if value.type == "any":
        return {"!!": [settled(value)]}
    return {"is_answered": [value.logic]}


def as_number(value: Typed) -> Typed:
    """A value as XPath's number()."""
    if value.type == "number":
        return value
    if isinstance(value.constant, str):
        if _NUMBER.match(value.constant):
            return constant(float(value.constant))
        raise Untranslatable(f"The text {value.constant[:40]!r} is no number.")
    if value.type in ("boolean", "flag"):
        return Typed({"if": [truth(value), 1, 0]}, "number")
    if value.type in ("day", "moment"):
        days: Logic = {"days_between": [EPOCH, settled(value)]}
        return Typed(days, "number", value.needs)
    if value.type in ("choice", "choices"):
        value = Typed(as_text(value), "text", value.needs)
    # A zero is added so that a text is a number or nothing.
    logic = settled(value)
    return Typed({"-": [logic, 0]}, "number", value.needs or (logic,), is_safe=False)


def as_text(value: Typed) -> Logic:
    """A value as XPath's string(): the source's names of choices, nothing where nothing is."""
    if isinstance(value.constant, str):
        return value.constant or None
    if value.type == "boolean":
        return {"if": [value.logic, "true", "false"]}
    if value.type == "moment":
        raise Untranslatable("Only the day is known here, not the time.")
    if value.type == "choice":
        changed = [(key, name) for name, key in value.names.items() if key != name]
        if not changed:
            return value.logic
        branches: list[Logic] = []
        for key, name in changed:
            branches += [{"==": [value.logic, key]}, name]
        return {"if": [*branches, value.logic]}
    if value.type == "choices":
        if len(value.names) > 100:
            raise Untranslatable("So many choices cannot be joined to one text.")
        chosen: list[Logic] = [
            {"if": [{"in": [key, value.logic]}, f" {name}", None]}
            for name, key in value.names.items()
        ]
        return {"trim": [{"cat": chosen}]}
    return settled(value)


def as_day(value: Typed) -> Typed:
    """A value as a day: ISO text; a number counts days from 1970."""
    if value.type in ("day", "moment"):
        return value._replace(type="day")
    if isinstance(value.constant, str):
        found = _DAY.match(value.constant.strip())
        if found is None:
            raise Untranslatable(f"The text {value.constant[:40]!r} is no day.")
        return Typed(found[1], "day", constant=found[1])
    if value.type in ("text", "any"):
        return value._replace(type="day")
    number = as_number(value)
    return Typed({"date_add_days": [EPOCH, number.logic]}, "day", number.needs, number.is_safe)


def key_of(names: Mapping[str, str], name: str | float) -> str:
    """Our key of a choice by the source's name; what no choice has where there is none."""
    if isinstance(name, str):
        return names.get(name, NO_CHOICE + name)
    for each, key in names.items():
        if _NUMBER.match(each) and float(each) == name:
            return key
    return f"{NO_CHOICE}{name:g}"


def common_type(types: Sequence[Type]) -> Type:
    """The type of what is one of several values."""
    kinds = set(types)
    if kinds == {"boolean"} or kinds == {"flag"} or kinds == {"boolean", "flag"}:
        return "boolean"
    return kinds.pop() if len(kinds) == 1 else "any"
