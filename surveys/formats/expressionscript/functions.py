"""The functions of ExpressionScript that our logic can follow; others are left to a person."""

from __future__ import annotations

import math
from collections.abc import Mapping

from surveys.formats.expressionscript.comparing import equal, related
from surveys.formats.expressionscript.logic import Function, Script, arity, literal
from surveys.formats.expressionscript.parsing import Call, Node
from surveys.formats.expressionscript.terms import (
    NUMERIC,
    Nature,
    Term,
    Untranslatable,
    blank,
    coded,
    constant,
    is_numeric,
    joined,
    negated,
    numeric,
    truth,
)
from surveys.formats.expressionscript.words import WORDS, letters, pattern_of
from surveys.parts import Logic

_SIGNS = {
    "==": "==", "eq": "==", "!=": "!=", "ne": "!=", "<": "<", "lt": "<", "<=": "<=", "le": "<=",
    ">": ">", "gt": ">", ">=": ">=", "ge": ">=",
}  # fmt: skip
_CURRENT: Logic = {"var": "current"}
_SO_FAR: Logic = {"var": "accumulator"}
_EACH: Logic = {"var": ""}


def _number(logic: Logic, *, is_nullable: bool = True) -> Term:
    return Term(logic, "number", is_nullable=is_nullable)


def _if(script: Script, call: Call) -> Term:
    arity(call, 3)
    test, then, otherwise = (script.term(each) for each in call.given)
    nature: Nature = "text"
    if then.nature == otherwise.nature and then.nature in ("number", "truth"):
        nature = then.nature
    elif (_is_blank(then) and otherwise.nature == "number") or (
        _is_blank(otherwise) and then.nature == "number"
    ):
        nature = "number"
    made: Logic = {"if": [truth(test), _side(then, nature), _side(otherwise, nature)]}
    return Term(made, nature)


def _is_blank(term: Term) -> bool:
    return term.constant == ""


def _side(term: Term, nature: Nature) -> Logic:
    if nature == "truth":
        return truth(term)
    if _is_blank(term):
        return None
    if nature == "text" and term.constant is not None:
        return term.constant
    return coded(term)


def _is_empty(script: Script, call: Call) -> Term:
    arity(call, 1)
    terms = script.terms(call.given)
    if len(terms) != 1:
        raise Untranslatable("is_empty is asked of several variables at once")
    return Term(blank(terms[0]), "truth")


def _count(script: Script, call: Call) -> Term:
    terms = script.terms(call.given)
    flags: list[Logic] = [{"if": [negated(blank(each)), 1, 0]} for each in terms]
    return _number({"+": flags} if flags else 0, is_nullable=False)


def _sum(script: Script, call: Call) -> Term:
    numbers = [numeric(each) for each in script.terms(call.given)]
    kept: list[Logic] = [each for each in numbers if each is not None]
    return _number({"sum": kept} if kept else 0, is_nullable=False)


def _avg(script: Script, call: Call) -> Term:
    return _number({"avg": [numeric(each) for each in script.terms(call.given)]})


def _test(sign: str, each: Term, wanted: Term, script: Script) -> Logic:
    if sign == "==":
        return equal(each, wanted)
    if sign == "!=":
        return negated(equal(each, wanted))
    return related(sign, each, wanted, script.version)


def _counted(script: Script, sign: str, wanted: Node, nodes: tuple[Node, ...]) -> Term:
    value = script.term(wanted)
    flags: list[Logic] = [
        {"if": [_test(sign, each, value, script), 1, 0]} for each in script.terms(nodes)
    ]
    return _number({"+": flags} if flags else 0, is_nullable=False)


def _countif(script: Script, call: Call) -> Term:
    if len(call.given) < 2:
        raise Untranslatable("countif has nothing to count")
    return _counted(script, "==", call.given[0], call.given[1:])


def _operator(script: Script, call: Call) -> str:
    if len(call.given) < 3:
        raise Untranslatable(f"the function {call.name} has nothing to count")
    return literal(script, call.given[0])


def _countifop(script: Script, call: Call) -> Term:
    sign = _operator(script, call)
    if sign == "RX":
        pattern = pattern_of(literal(script, call.given[1]))
        flags: list[Logic] = [
            {"if": [{"matches": [letters(each), pattern]}, 1, 0]}
            for each in script.terms(call.given[2:])
        ]
        return _number({"+": flags}, is_nullable=False)
    if sign not in _SIGNS:
        raise Untranslatable(f"countifop compares by {sign}")
    return _counted(script, _SIGNS[sign], call.given[1], call.given[2:])


def _sumifop(script: Script, call: Call) -> Term:
    sign = _operator(script, call)
    if sign not in _SIGNS:
        raise Untranslatable(f"sumifop compares by {sign}")
    value = script.term(call.given[1])
    parts: list[Logic] = [
        {"if": [_test(_SIGNS[sign], each, value, script), numeric(each), None]}
        for each in script.terms(call.given[2:])
    ]
    return _number({"sum": parts}, is_nullable=False)


def _sumif(script: Script, call: Call) -> Term:
    if len(call.given) < 2:
        raise Untranslatable("sumif has nothing to add")
    value = script.term(call.given[0])
    parts: list[Logic] = [
        {"if": [equal(each, value), numeric(each), None]} for each in script.terms(call.given[1:])
    ]
    return _number({"sum": parts}, is_nullable=False)


def _extreme(sign: str) -> Function:
    def extreme(script: Script, call: Call) -> Term:
        terms = script.terms(call.given)
        numbers: list[Logic] = [numeric(each) for each in terms]
        if not numbers:
            raise Untranslatable(f"{sign} has nothing to compare")
        if not any(each.is_nullable for each in terms):
            return _number({sign: numbers}, is_nullable=False)
        if sign == "min":
            # Nothing is less than any number, so it is the least.
            all_there = joined("and", [{"is_answered": [each]} for each in numbers])
            return _number({"if": [all_there, {"min": numbers}, None]})
        step: Logic = {"if": [{"is_empty": [_SO_FAR]}, _CURRENT, {"max": [_SO_FAR, _CURRENT]}]}
        given: Logic = {"filter": [{"merge": numbers}, {"is_answered": [_EACH]}]}
        return _number({"reduce": [given, step, None]})

    return extreme


def _of_number(name: str) -> Function:
    def of_number(script: Script, call: Call) -> Term:
        arity(call, 1)
        term = script.term(call.given[0])
        return _number({name: [numeric(term)]}, is_nullable=term.is_nullable)

    return of_number


def _round(script: Script, call: Call) -> Term:
    arity(call, 1, 2)
    term = script.term(call.given[0])
    digits: list[Logic] = [numeric(script.term(each)) for each in call.given[1:]]
    return _number({"round": [numeric(term), *digits]}, is_nullable=term.is_nullable)


def _intval(script: Script, call: Call) -> Term:
    arity(call, 1)
    number = numeric(script.term(call.given[0]))
    made: Logic = {"if": [{"<": [number, 0]}, {"ceil": [number]}, {"floor": [number]}]}
    return _number({"sum": [made]}, is_nullable=False)


def _floatval(script: Script, call: Call) -> Term:
    arity(call, 1)
    return _number({"sum": [numeric(script.term(call.given[0]))]}, is_nullable=False)


def _pow(script: Script, call: Call) -> Term:
    arity(call, 2)
    base = numeric(script.term(call.given[0]))
    power = literal(script, call.given[1])
    if not power.isdigit() or not 1 <= int(power) <= 6:
        raise Untranslatable("it takes a power that is no whole number from 1 to 6")
    return _number({"*": [base] * int(power)} if power != "1" else base)


def _pi(script: Script, call: Call) -> Term:
    return constant(repr(math.pi), is_quoted=False)


def _is_numeric(script: Script, call: Call) -> Term:
    arity(call, 1)
    term = script.term(call.given[0])
    if term.constant is not None:
        return Term(is_numeric(term.constant), "truth")
    if term.nature == "number":
        return Term({"is_answered": [term.logic]}, "truth")
    return Term({"matches": [coded(term), NUMERIC]}, "truth")


def _is_string(script: Script, call: Call) -> Term:
    """Answers are texts to PHP; what is calculated may be a number."""
    arity(call, 1)
    term = script.term(call.given[0])
    if term.variable is None and not term.is_quoted:
        raise Untranslatable("it asks whether something calculated is a text")
    return Term(True, "truth")


def _is_int(script: Script, call: Call) -> Term:
    arity(call, 1)
    return Term({"matches": [letters(script.term(call.given[0])), r"^-?[0-9]+$"]}, "truth")


def _is_float(script: Script, call: Call) -> Term:
    arity(call, 1)
    return Term({"matches": [letters(script.term(call.given[0])), r"^-?[0-9]*\.[0-9]+$"]}, "truth")


def _unique(script: Script, call: Call) -> Term:
    terms = script.terms(call.given)
    if len(terms) > 30:
        raise Untranslatable("it compares more than 30 answers with one another")
    parts: list[Logic] = []
    for place, one in enumerate(terms):
        for other in terms[place + 1 :]:
            parts.append(joined("or", [blank(one), negated(equal(one, other))]))
    return Term(joined("and", parts), "truth")


FUNCTIONS: Mapping[str, Function] = {
    "if": _if,
    "iif": _if,
    "is_empty": _is_empty,
    "is_null": _is_empty,
    "count": _count,
    "countif": _countif,
    "countifop": _countifop,
    "sum": _sum,
    "sumif": _sumif,
    "sumifop": _sumifop,
    "average": _avg,
    "max": _extreme("max"),
    "min": _extreme("min"),
    "abs": _of_number("abs"),
    "ceil": _of_number("ceil"),
    "floor": _of_number("floor"),
    "round": _round,
    "intval": _intval,
    "floatval": _floatval,
    "pow": _pow,
    "pi": _pi,
    "is_numeric": _is_numeric,
    "is_string": _is_string,
    "is_int": _is_int,
    "is_float": _is_float,
    "unique": _unique,
    **WORDS,
}
