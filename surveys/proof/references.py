"""What logic names: questions, choices and data that are not there, or not there yet."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from surveys import kinds
from surveys.expressions import ExpressionError, Value, compile_expression, normal
from surveys.expressions.catalogue import operation
from surveys.expressions.limits import Limits, Meter
from surveys.expressions.values import loosely_same, same, to_number, to_text
from surveys.proof.findings import Finding, error, few, note, warning
from surveys.proof.places import Use, uses
from surveys.proof.variables import Named, Variable
from surveys.proof.ways import Ways

_EQUAL = frozenset({"==", "!=", "===", "!=="})
_KEYS = frozenset({"any_of", "all_of", "none_of"})
_BLANK: tuple[Value, ...] = (None, "")


def references(ways: Ways) -> Iterator[Finding]:
    """Findings on the names of every piece of logic."""
    for use in uses(ways.definition):
        try:
            logic = normal(use.logic)
            compiled = compile_expression(logic)
        except ExpressionError as refused:
            yield error("no_logic", use.path, f"This is no logic: {refused}", use.question)
            continue
        for path in sorted(compiled.paths):
            yield from _path(ways, use, path)
        if not compiled.is_closed:
            yield note(
                "not_provable",
                use.path,
                "It reads all data, or a name it makes up as it runs; such logic cannot be proven. "
                "Name the questions it needs.",
                use.question,
            )
        yield from _compared(ways, use, logic)
    yield from _drawn_together(ways)


def _path(ways: Ways, use: Use, path: str) -> Iterator[Finding]:
    named = ways.variables.named(path)
    if named.problem:
        yield error("unknown_reference", use.path, _near(ways, named.problem, path), use.question)
        return
    if use.what == "data":
        yield from _data(ways, use, named)
        return
    for variable in named.variables[:1]:
        found = _order(ways, use, path, variable)
        if found is not None:
            yield found


def _near(ways: Ways, problem: str, path: str) -> str:
    head = re.sub(r"^_(text|sentiment|data)\.", "", path).partition(".")[0]
    known = [*ways.places.asked, *ways.variables.fields]
    near = difflib.get_close_matches(head, known, 1)
    hint = f" Perhaps {near[0]} is meant." if near and near[0] != head else " Correct the name."
    return problem + hint


def _order(ways: Ways, use: Use, path: str, variable: Variable) -> Finding | None:
    if variable.atom is None or ways.variables.is_there(variable, use.site) is True:
        return None
    key = variable.atom.asked.key
    if key == use.question:
        code = "circular_value" if use.what == "value" else "own_answer"
        return error(
            code, use.path,
            f"It depends on the answer to {key} itself, which is not there yet. Use an earlier question.",
            use.question,
        )  # fmt: skip
    if ways.variables.is_there(variable, use.site) is None:
        return warning(
            "random_reference", use.path,
            f"It depends on {path}, which for some people is asked later, as both stand in a random "
            "order. Take one of them out of the random order.",
            use.question,
        )  # fmt: skip
    code = "later_value" if use.what == "value" else "later_reference"
    return error(
        code, use.path,
        f"It depends on {path}, which is asked later. Move {key} before it, or use an earlier question.",
        use.question,
    )  # fmt: skip


def _data(ways: Ways, use: Use, named: Named) -> Iterator[Finding]:
    """A value of the beginning can use only values that are there before it."""
    order = list(ways.variables.fields)
    own = int(use.path[len("data[") : use.path.index("]")])
    for variable in named.variables[:1]:
        if variable.atom is not None:
            yield error(
                "later_reference", use.path,
                f"It is worked out at the beginning, before {variable.atom.asked.key} is asked. "
                "Make it a calculated question instead.",
            )  # fmt: skip
        key = variable.name.removeprefix("_data.")
        if key not in order or not variable.name.startswith("_data."):
            continue
        other = ways.variables.fields[key]
        if order.index(key) >= own and (other.source in ("value", "random") or key == order[own]):
            yield error(
                "circular_value", use.path,
                f"It depends on {key}, which is worked out at the same time or later. Put {key} first.",
            )  # fmt: skip


def _compared(ways: Ways, use: Use, logic: Value) -> Iterator[Finding]:
    """Keys and points that answers are compared with and cannot have."""
    left = [logic]
    while left:
        each = left.pop()
        call = operation(each)
        if call is None:
            if isinstance(each, list):
                left.extend(each)
            continue
        operator, given = call
        left.extend(given)
        if len(given) == 2 and operator in _EQUAL | _KEYS | {"in", "contains"}:
            yield from _pair(ways, use, operator, given[0], given[1])


def _pair(ways: Ways, use: Use, operator: str, first: Value, second: Value) -> Iterator[Finding]:
    for asked, other in ((first, second), (second, first)):
        if not isinstance(asked, dict) or not isinstance(asked.get("var"), str) or len(asked) != 1:
            continue
        if operator in _KEYS | {"contains"} and asked is not first:
            continue
        if operator == "in" and asked is first and not isinstance(other, list):
            continue
        named = ways.variables.named(str(asked["var"]))
        if len(named.variables) != 1 or named.problem:
            continue
        is_inside = operator in ("in", "contains") and not isinstance(other, list)
        for literal in other if isinstance(other, list) else [other]:
            if isinstance(literal, list | dict) or literal in _BLANK:
                continue
            found = _literal(use, named.variables[0], operator, literal, is_inside=is_inside)
            if found is not None:
                yield found


def _literal(
    use: Use, variable: Variable, operator: str, literal: Value, *, is_inside: bool
) -> Finding | None:
    meter = Meter(Limits())
    atom = variable.atom
    if atom is None:
        return _data_literal(use, variable, literal, meter)
    if variable.name.startswith("_"):
        return None
    question = atom.question
    kind = kinds.kind(question.kind)
    points = kind.points(question)
    if points:
        if operator in _EQUAL and to_number(literal, meter) not in points:
            return warning(
                "outside_scale", use.path,
                f"{question.key} goes from {points[0]} to {points[-1]}; it is compared with "
                f"{to_text(literal, meter)}. Write a point of the scale.", use.question,
            )  # fmt: skip
        return None
    if not kind.has_choices or kind.answer != "choices":
        return None
    keys = [choice.key for choice in question.choices]
    if _is_known(keys, literal, operator, is_inside=is_inside and not kind.takes_many):
        return None
    words = to_text(literal, meter)
    return error(
        "unknown_choice", use.path,
        f"{question.key} has no choice {words}. Its choices are {few(keys, 8)}.", use.question,
    )  # fmt: skip


def _is_known(keys: list[str], literal: Value, operator: str, *, is_inside: bool) -> bool:
    meter = Meter(Limits())
    words = to_text(literal, meter)
    if is_inside:
        return any(words in key for key in keys)
    if operator in ("==", "!="):
        # Several choices compared as one text are joined by commas.
        parts = words.split(",")
        return any(loosely_same(key, literal, meter) for key in keys) or (
            len(parts) > 1 and all(part in keys for part in parts)
        )
    if operator in _KEYS:
        return words in keys
    return any(same(key, literal, meter) for key in keys)


def _data_literal(use: Use, variable: Variable, literal: Value, meter: Meter) -> Finding | None:
    values = variable.domain.values
    if not values or any(loosely_same(each, literal, meter) for each in values):
        return None
    words = to_text(literal, meter)
    what = (
        "The survey has no language"
        if variable.name == "_language"
        else f"{variable.name} is never"
    )
    return error(
        "unknown_choice", use.path, f"{what} {words}. There are {few(map(str, values), 8)}.", use.question
    )  # fmt: skip


def _drawn_together(ways: Ways) -> Iterator[Finding]:
    """Randomizers that have nothing to draw."""
    definition = ways.definition
    used: dict[str, int] = {}
    paged = {page.block for page in definition.pages}
    for block in definition.blocks:
        if block.randomizer and block.key in paged:
            used[block.randomizer] = used.get(block.randomizer, 0) + 1
    for i, block in enumerate(definition.blocks):
        if block.key not in paged:
            yield note(
                "empty_block", f"blocks[{i}]", f"The block {block.key} has no page. Remove it."
            )
    for i, each in enumerate(definition.randomizers):
        count = used.get(each.key, 0)
        if count < 2:
            yield warning(
                "nothing_to_draw", f"randomizers[{i}]",
                f"The randomizer {each.key} has {count or 'no'} block with pages, so nothing is drawn.",
            )  # fmt: skip
        elif each.show is not None and each.show >= count:
            yield note(
                "shows_all", f"randomizers[{i}].show",
                f"It shows {each.show} of {count} blocks, which is all of them.",
            )  # fmt: skip
