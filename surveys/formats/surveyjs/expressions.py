"""Expressions of SurveyJS translated to our logic, as conditions and as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from surveys.expressions import ExpressionError, compile_expression
from surveys.formats.surveyjs.arithmetic import ARITHMETIC, calculated
from surveys.formats.surveyjs.comparing import compared
from surveys.formats.surveyjs.functions import FUNCTIONS, display, merged
from surveys.formats.surveyjs.grammar import (
    Binary,
    Call,
    Constant,
    Listed,
    Tree,
    Unary,
    Unreadable,
    Variable,
    read,
)
from surveys.formats.surveyjs.pieces import (
    Piece,
    Unknown,
    among,
    both,
    constant,
    either,
    opposite,
    plain,
    truth,
    valued,
)
from surveys.formats.surveyjs.values import Known, as_number, converted, is_empty, text_of
from surveys.parts import Logic


class Names(Protocol):
    """What the names in an expression stand for."""

    def find(self, name: str, scope: Scope) -> Piece:
        """The piece a name stands for where it is read; raises Unknown."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: what row, panel and item are there, and how far a person has come.

    ``place`` counts questions from the first; what is worked out only later is worked out on the spot.
    """

    near: Mapping[str, Piece] = field(default_factory=dict)
    place: float = 1e9


SURVEY = Scope()


def condition(text: str, names: Names, scope: Scope = SURVEY) -> Logic:
    """A condition as our logic, true or false; raises Unknown."""
    try:
        return _checked(_holds(_tree(text), names, scope))
    except RecursionError as error:
        raise Unknown("It nests too deeply.") from error


def value(text: str, names: Names, scope: Scope = SURVEY) -> Piece:
    """A calculation as our logic; raises Unknown."""
    try:
        piece = _piece(_tree(text), names, scope)
    except RecursionError as error:
        raise Unknown("It nests too deeply.") from error
    if piece.shape == "broken":
        raise Unknown(piece.reason)
    _checked(piece.logic)
    return piece


def _tree(text: str) -> Tree:
    try:
        return read(text)
    except Unreadable as error:
        raise Unknown(str(error)) from error


def _checked(logic: Logic) -> Logic:
    try:
        compile_expression(logic)
    except ExpressionError as error:
        raise Unknown(f"It is too large for our logic: {error}") from error
    return logic


def _holds(tree: Tree, names: Names, scope: Scope) -> Logic:
    """Whether a tree comes to true, which in the source 1 does as well but no other value."""
    if isinstance(tree, Binary) and tree.sign in ("and", "or"):
        parts = _chained(tree)
        first = [_is_true(_piece(part, names, scope)) for part in parts[:-1]]
        last = _holds(parts[-1], names, scope)
        if tree.sign == "and":
            return both(*first, last)
        return _bare(either(*(_holds(part, names, scope) for part in parts[:-1]), last))
    piece = _piece(tree, names, scope)
    if piece.shape == "constant":
        return _is_the_truth(piece.value)
    if piece.shape == "one":
        return among(piece, _is_the_truth)
    if piece.shape == "truth":
        return piece.logic
    if piece.shape in ("number", "any", "text"):
        return {"in": [piece.logic, [True, "true", 1, "1"]]}
    if piece.shape in ("broken", "table"):
        raise Unknown(piece.reason or "A whole table is taken for a condition.")
    return False


def _bare(logic: Logic) -> Logic:
    """``q empty or q <= 6`` as the one comparison it is here, where no answer counts as nought."""
    parts = logic.get("or") if isinstance(logic, dict) else None
    if not isinstance(parts, list) or len(parts) != 2:
        return logic
    empty, guarded = parts
    inside = guarded.get("and") if isinstance(guarded, dict) else None
    if not isinstance(empty, dict) or not isinstance(inside, list) or len(inside) != 2:
        return logic
    sought = empty.get("is_empty")
    if sought is None or inside[0] != {"is_answered": sought} or not isinstance(inside[1], dict):
        return logic
    ((sign, given),) = inside[1].items()
    is_such = sign in ("<", "<=", ">", ">=") and isinstance(given, list) and [given[0]] == sought
    return inside[1] if is_such and isinstance(given[1], int | float) else logic  # type: ignore[index]


def _is_the_truth(value: Known) -> bool:
    value = converted(value)
    return value is True or (not isinstance(value, bool) and as_number(value) == 1)


def _chained(tree: Binary) -> list[Tree]:
    """The parts of a chain of the same sign, laid flat without recursion."""
    parts: list[Tree] = []
    left: Tree = tree
    while isinstance(left, Binary) and left.sign == tree.sign:
        parts.append(left.right)
        left = left.left
    return [left, *reversed(parts)]


def _is_true(piece: Piece) -> Logic:
    """Whether JavaScript takes a piece for true."""
    if piece.shape == "truth":
        return piece.logic
    if piece.shape == "constant":
        return bool(piece.value) or isinstance(piece.value, list)
    if piece.shape == "one":
        return among(piece, lambda value: bool(value))
    if piece.shape == "many":
        return {"is_answered": [piece.logic]}
    return {"!!": [valued(piece)]}


def _piece(tree: Tree, names: Names, scope: Scope) -> Piece:
    if isinstance(tree, Constant):
        return constant(_plain(tree))
    if isinstance(tree, Variable):
        return names.find(tree.name.strip(), scope)
    if isinstance(tree, Listed):
        items = [_piece(each, names, scope) for each in tree.items]
        if all(each.shape == "constant" for each in items):
            return constant([each.value for each in items])
        raise Unknown("A list holds more than values written out.")
    if isinstance(tree, Unary):
        return _unary(tree, names, scope)
    if isinstance(tree, Call):
        return _called(tree, names, scope)
    if tree.sign in ("and", "or"):
        parts = [_is_true(_piece(each, names, scope)) for each in _chained(tree)]
        return truth(both(*parts) if tree.sign == "and" else either(*parts))
    left, right = _piece(tree.left, names, scope), _piece(tree.right, names, scope)
    if tree.sign in ARITHMETIC:
        return calculated(tree.sign, left, right)
    return truth(compared(tree.sign, left, right))


def _plain(tree: Constant) -> Known:
    if not isinstance(tree.value, str):
        return tree.value
    said = tree.value
    # Quoted words are the one text that means true; quoted digits stay what they are.
    return said.lower() == "true" if said.lower() in ("true", "false") else said


def _unary(tree: Unary, names: Names, scope: Scope) -> Piece:
    piece = _piece(tree.of, names, scope)
    if tree.sign == "negate":
        return truth(opposite(_is_true(piece)))
    if piece.shape == "constant":
        found = is_empty(piece.value)
        return constant(found if tree.sign == "empty" else not found)
    if piece.shape == "broken":
        raise Unknown(piece.reason)
    if piece.shape == "table":
        parts = [each.logic for each in _leaves(piece)]
        if not parts:
            raise Unknown(piece.reason or "A whole table is asked for.")
        answered: list[Logic] = [{"is_answered": [each]} for each in parts]
        logic = either(*answered)
        return truth(logic if tree.sign == "notempty" else opposite(logic))
    return truth({"is_empty" if tree.sign == "empty" else "is_answered": [piece.logic]})


def _leaves(piece: Piece) -> list[Piece]:
    if piece.shape != "table":
        return [] if piece.shape == "broken" else [piece]
    inside = [*piece.parts.values(), *piece.entries]
    return [leaf for each in inside for leaf in _leaves(each)][:300]


def _called(tree: Call, names: Names, scope: Scope) -> Piece:
    if tree.name == "iif":
        return _either_way(tree, names, scope)
    if tree.name in ("displayValue", "getComment") and len(tree.given) == 1:
        named = _piece(tree.given[0], names, scope)
        if named.shape != "constant" or not isinstance(named.value, str):
            raise Unknown("It asks for a question whose name is not written out.")
        is_comment = tree.name == "getComment"
        found = names.find(f"{named.value}-Comment" if is_comment else named.value, scope)
        return found if is_comment else display(found)
    if tree.name == "getComment" and len(tree.given) == 2:
        return _beside(tree, names, scope)
    known = FUNCTIONS.get(tree.name)
    if known is None:
        raise Unknown(f"There is no function {tree.name[:60]!r} here.")
    least, work_out = known
    if len(tree.given) < least:
        raise Unknown(f"The function {tree.name} is given too little.")
    if tree.name.endswith("InArray") and len(tree.given) > 2:
        return _some_rows(tree, names, scope)
    given = [_piece(each, names, scope) for each in tree.given]
    for each in given:
        if each.shape == "broken":
            raise Unknown(each.reason)
    return work_out(given)


def _beside(tree: Call, names: Names, scope: Scope) -> Piece:
    """The words beside a choice that is written out."""
    named, chosen = (_piece(each, names, scope) for each in tree.given)
    question = names.find(text_of(named.value), scope)
    path = question.logic.get("var") if isinstance(question.logic, dict) else None
    keys = [key for key, own in question.values.items() if text_of(own) == text_of(chosen.value)]
    if not keys or not isinstance(path, str):
        raise Unknown("It asks for the words beside a choice that is not there.")
    return Piece("text", {"var": f"_text.{path}.{keys[0]}"})


def _some_rows(tree: Call, names: Names, scope: Scope) -> Piece:
    """A column of a list added up over the rows a condition holds for."""
    table, name = (_piece(each, names, scope) for each in tree.given[:2])
    if len(tree.given) > 3 or table.shape != "table" or name.shape != "constant":
        raise Unknown("It adds up something other than a column of a list.")
    condition_tree = tree.given[2]
    if isinstance(condition_tree, Constant) and isinstance(condition_tree.value, str):
        condition_tree = _tree(condition_tree.value)
    cells: list[Piece] = []
    for row in [*table.entries] or [*table.parts.values()]:
        cell = row.of(text_of(name.value))
        if cell is not None:
            near = replace(scope, near={**scope.near, **row.parts})
            holds = _holds(condition_tree, names, near)
            cells.append(plain(replace(plain(cell), logic={"if": [holds, valued(cell), None]})))
    column = replace(table, entries=(), parts={str(at): each for at, each in enumerate(cells)})
    return FUNCTIONS[tree.name.removesuffix("InArray")][1]([column])


def _either_way(tree: Call, names: Names, scope: Scope) -> Piece:
    if len(tree.given) < 2:
        return constant(None)
    decides = _is_true(_piece(tree.given[0], names, scope))
    first = _piece(tree.given[1], names, scope)
    second = _piece(tree.given[2], names, scope) if len(tree.given) > 2 else constant(None)
    if isinstance(decides, bool):
        return first if decides else second
    shape = merged(first, second)
    return Piece(
        shape,
        {"if": [decides, valued(first), valued(second)]},
        is_fraction=plain(first).is_fraction or plain(second).is_fraction,
    )
