"""ODK's functions over repeated groups as logic: count, sum, least and most, join, position."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from surveys.formats.xpath.parsing import Node, Path, Step
from surveys.formats.xpath.values import (
    Translator,
    Typed,
    Untranslatable,
    all_of,
    answered,
    as_number,
    as_text,
    constant,
    of_variable,
    settled,
)
from surveys.parts import Logic

Function: TypeAlias = Callable[[Translator, tuple[Node, ...]], Typed]


class Found(NamedTuple):
    """One of several values: when it is there and which it is, None for a whole repetition."""

    is_there: Logic
    value: Typed | None
    is_chosen: bool = False


def _found(translator: Translator, node: Node) -> list[Found] | None:
    """The values a path leads to, None where it is no path."""
    if not isinstance(node, Path) or node.call is not None:
        return None
    scope = translator.scope
    named = [step for step in node.steps if step.name not in ("..",)]
    if node.start not in ("", "/"):
        named = [Step(node.start, _own(named)), *(each for each in named if each.name != ".")]
    named = [each for each in named if each.name != "."]
    if not named:
        return None
    for place, step in enumerate(named):
        copies = scope.copies(step.name)
        if copies is None:
            continue
        rest = named[place + 1 :]
        found = []
        for copy in copies:
            inside = translator.within(copy.scope)
            chosen = [inside.truth(each) for each in step.conditions]
            is_there = all_of([copy.is_there, *chosen])
            value = of_variable(copy.scope.variable(rest[-1].name)) if rest else None
            found.append(Found(is_there, value, bool(chosen)))
        if any(each.conditions for each in rest):
            raise Untranslatable("Conditions within a repetition are not followed.")
        return found
    if any(each.conditions for each in named):
        raise Untranslatable("Conditions on a path are only followed on repeated groups.")
    every = scope.every(named[-1].name)
    return [Found(is_there, of_variable(variable)) for is_there, variable in every]


def _own(steps: list[Step]) -> tuple[Node, ...]:
    return steps[0].conditions if steps and steps[0].name == "." else ()


def _all(translator: Translator, given: tuple[Node, ...]) -> list[Found]:
    if not given:
        raise Untranslatable("It is given nothing.")
    found = []
    for node in given:
        inside = _found(translator, node)
        found += inside if inside is not None else [Found(True, translator.value(node))]
    if not found:
        raise Untranslatable("Nothing is found there.")
    return found


def _count(translator: Translator, given: tuple[Node, ...]) -> Typed:
    found = _found(translator, given[0])
    if found is None:
        raise Untranslatable("What is counted is no group and no question.")
    counted: list[Logic] = [
        1 if each.is_there is True else {"if": [each.is_there, 1, 0]}
        for each in found
        if each.is_there is not False
    ]
    if all(each == 1 for each in counted):
        return constant(float(len(counted)))
    return Typed({"sum": counted}, "number")


def _numbers(translator: Translator, given: tuple[Node, ...]) -> list[Logic]:
    numbers: list[Logic] = []
    for each in _all(translator, given):
        if each.value is None:
            raise Untranslatable("A whole group is no number.")
        number = settled(as_number(each.value))
        numbers.append({"if": [each.is_there, number, None]} if each.is_chosen else number)
    return numbers


def _sum(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return Typed({"sum": _numbers(translator, given)}, "number")


def _extreme(name: str) -> Function:
    def extreme(translator: Translator, given: tuple[Node, ...]) -> Typed:
        numbers = _numbers(translator, given)
        if len(numbers) == len(given):
            # Single values: one that is missing leaves no answer.
            needs = [each for each in numbers if not isinstance(each, int | float)]
            return Typed({name: numbers}, "number", tuple(needs), not needs)
        best: Logic = {name: [{"var": "accumulator"}, {"var": "current"}]}
        step: Logic = {"if": [{"is_answered": [{"var": "accumulator"}]}, best, {"var": "current"}]}
        found: Logic = {"reduce": [_there(numbers), step, None]}
        return Typed(found, "number", (found,))

    return extreme


def _there(values: list[Logic]) -> Logic:
    return {"filter": [values, {"is_answered": [{"var": ""}]}]}


def _filled(translator: Translator, given: tuple[Node, ...]) -> Typed:
    values: list[Logic] = []
    for each in _all(translator, given):
        if each.value is None:
            raise Untranslatable("A whole group is no value.")
        there = all_of([each.is_there, *answered([settled(each.value)])])
        values.append({"if": [there, 1, 0]})
    return Typed({"sum": values}, "number")


def _join(translator: Translator, given: tuple[Node, ...]) -> Typed:
    between = translator.value(given[0])
    if not isinstance(between.constant, str):
        raise Untranslatable("What is put between the texts is calculated.")
    texts: list[Logic] = []
    for each in _all(translator, given[1:]):
        if each.value is None:
            raise Untranslatable("A whole group is no text.")
        text = as_text(each.value)
        texts.append({"if": [each.is_there, text, None]} if each.is_chosen else text)
    longer: Logic = {"cat": [{"var": "accumulator"}, between.constant, {"var": "current"}]}
    step: Logic = {"if": [{"is_answered": [{"var": "accumulator"}]}, longer, {"var": "current"}]}
    found: Logic = {"reduce": [_there(texts), step, None]}
    return Typed(found, "text", (found,))


def _position(translator: Translator, given: tuple[Node, ...]) -> Typed:
    """position(..): which repetition this is."""
    position = translator.scope.position()
    if position is None:
        raise Untranslatable("There is no repeated group around it.")
    if given and isinstance(given[0], Path) and len(given[0].steps) > 1:
        raise Untranslatable("The position of another group is not known here.")
    return constant(float(position))


def _indexed(translator: Translator, given: tuple[Node, ...]) -> Typed:
    """indexed-repeat(${question}, ${group}, number)."""
    wanted, group = given[0], given[1]
    if not isinstance(wanted, Path) or not isinstance(group, Path) or len(given) != 3:
        raise Untranslatable("Groups within groups are not indexed here.")
    copies = translator.scope.copies(group.start or (group.steps[-1].name if group.steps else ""))
    if copies is None:
        raise Untranslatable("What is indexed is no repeated group.")
    name = wanted.start if wanted.start not in ("", "/") else wanted.steps[-1].name
    values = [of_variable(copy.scope.variable(name)) for copy in copies]
    place = translator.number(given[2])
    if isinstance(place.constant, float):
        number = int(place.constant)
        return values[number - 1] if 0 < number <= len(values) else constant("")
    branches: list[Logic] = []
    for number, value in enumerate(values, 1):
        branches += [{"==": [place.logic, number]}, settled(value)]
    found: Logic = {"if": [*branches, None]}
    first = values[0]
    return Typed(found, first.type, (found,), names=first.names, labels=first.labels)


REPEATED: Mapping[str, tuple[Function, int, int]] = {
    "count": (_count, 1, 1),
    "sum": (_sum, 1, 40),
    "min": (_extreme("min"), 1, 40),
    "max": (_extreme("max"), 1, 40),
    "count-non-empty": (_filled, 1, 1),
    "join": (_join, 2, 40),
    "position": (_position, 0, 1),
    "indexed-repeat": (_indexed, 3, 7),
}
