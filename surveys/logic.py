"""Conditions of a definition made ready to ask, and the data they are asked of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from surveys import kinds
from surveys.expressions import Expression, ExpressionError, Value, compile_expression
from surveys.parts import DataField, Logic
from surveys.values import Answer, JsonValue

Data: TypeAlias = dict[str, Any]
# From a comment to a number from -1 to 1, None where it cannot be told; raised by nothing.
Feeling: TypeAlias = Callable[[str, str], float | None]


class Context(NamedTuple):
    """What is known of a response beside its answers.

    ``data`` are the values of the data fields by key, ``seed`` what random orders are drawn from: the
    same seed gives the same order. ``today`` is the day in the zone of the survey. ``drawn`` holds
    draws that were stored: the blocks shown by a randomizer, by its key.
    """

    data: Mapping[str, object] = {}
    seed: str = ""
    language: str = ""
    today: date | None = None
    feeling: Feeling | None = None
    drawn: Mapping[str, Sequence[str]] = {}


class Condition:
    """One piece of logic; ``paths`` are the variables it reads."""

    __slots__ = ("_expression", "is_closed", "paths")

    def __init__(self, logic: Logic) -> None:
        self._expression: Expression = compile_expression(logic)
        self.paths = self._expression.paths
        self.is_closed = self._expression.is_closed

    def holds(self, data: Data) -> bool:
        """Whether it is true; logic that runs beyond its bounds is not."""
        return bool(self.value(data))

    def value(self, data: Data) -> Value:
        """What it comes to; nothing where it runs beyond its bounds."""
        try:
            found = self._expression.evaluate(data)
        except ExpressionError:
            return None
        return found if found != [] else None


def condition(logic: Logic) -> Condition | None:
    """The condition of a part, None where it has none."""
    return None if logic is None else Condition(logic)


def to_json(answer: Answer) -> JsonValue:
    """The JSON value of an answer, which logic reads: number, text, key, list of keys or ISO date."""
    if answer.number is not None:
        return answer.number
    if answer.text is not None:
        return answer.text
    if answer.on is not None:
        return answer.on.isoformat()
    chosen = answer.choices or ()
    return list(chosen) if kinds.kind(answer.kind).takes_many else chosen[0]


def put(data: Data, path: str, value: object) -> None:
    """Set a value at a path of keys; entries are numbered from 1 and become a list."""
    parts = path.split(".")
    inside: Any = data
    for part in parts[:-1]:
        held = inside.get(part)
        if not isinstance(held, dict):
            held = inside[part] = {}
        inside = held
    inside[parts[-1]] = value


def starts(path: str) -> Iterator[str]:
    """The keys of the questions a path may name: those of questions in loops have dots themselves."""
    for beside in ("_text.", "_sentiment."):
        path = path.removeprefix(beside)
    at = path.find(".")
    while at >= 0:
        yield path[:at]
        at = path.find(".", at + 1)
    yield path


def copied(data: Data, keys: Iterable[str]) -> Data:
    """A copy in which the answers to these questions can be put; the rest of it is shared.

    Lists are replaced whole, never changed.
    """
    made = dict(data)
    for name in {"_text", "_sentiment", *(key.partition(".")[0] for key in keys)}:
        if isinstance(made.get(name), dict):
            made[name] = _whole_copy(made[name])
    return made


def _whole_copy(data: Data) -> Data:
    return {
        name: _whole_copy(value) if isinstance(value, dict) else value
        for name, value in data.items()
    }


def begin(context: Context, fields: Iterable[DataField]) -> Data:
    """The data before any answer: what came with the link, the language, the day."""
    known = dict(context.data)
    data: Data = {
        "_data": known,
        "_text": {},
        "_sentiment": {},
        "_language": context.language,
        "_today": context.today.isoformat() if context.today is not None else None,
    }
    for each in fields:
        if each.key not in known and each.source == "value" and each.value is not None:
            known[each.key] = Condition(each.value).value(data)
        elif each.key not in known and each.source == "random" and each.choices:
            known[each.key] = each.choices[draw(context.seed, each.key) % len(each.choices)]
    return data


def draw(seed: str, name: str) -> int:
    """A large number that is the same for the same seed and name, and else as good as random.

    It is FNV-1a over both, mixed once more (Fowler, Noll and Vo; the last step of MurmurHash3), so that
    a page can draw the same in a browser.
    """
    found = 0x811C9DC5
    for byte in f"{seed}\0{name}".encode():
        found = ((found ^ byte) * 0x01000193) & 0xFFFFFFFF
    found ^= found >> 16
    found = (found * 0x85EBCA6B) & 0xFFFFFFFF
    found ^= found >> 13
    found = (found * 0xC2B2AE35) & 0xFFFFFFFF
    return found ^ (found >> 16)
