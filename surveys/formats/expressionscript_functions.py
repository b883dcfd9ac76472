"""The functions of ExpressionScript that our logic can follow; others are left to a person."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from surveys.expressions.errors import BadPattern
from surveys.expressions.patterns import compile_pattern
from surveys.formats.expressionscript import Call, Name, Node
from surveys.formats.expressionscript_comparing import equal, related
from surveys.formats.expressionscript_logic import Function, Script, literal
from surveys.formats.expressionscript_terms import (
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
from surveys.parts import Logic

_DELIMITED = re.compile(
    r"\s*(?P<sign>[^\w\s\\])(?P<inside>.*)(?P=sign)(?P<flags>[a-zA-Z]*)\s*", re.DOTALL
)
_SIGNS = {
    "==": "==", "eq": "==", "!=": "!=", "ne": "!=", "<": "<", "lt": "<", "<=": "<=", "le": "<=",
    ">": ">", "gt": ">", ">=": ">=", "ge": ">=",
}  # fmt: skip
_CURRENT: Logic = {"var": "current"}
_SO_FAR: Logic = {"var": "accumulator"}
_EACH: Logic = {"var": ""}


def _arity(call: Call, least: int, most: int | None = None) -> None:
    if not least <= len(call.given) <= (least if most is None else most):
        raise Untranslatable(f"the function {call.name} has too few or too many arguments")


def _number(logic: Logic, *, is_nullable: bool = True) -> Term:
    return Term(logic, "number", is_nullable=is_nullable)


def _if(script: Script, call: Call) -> Term:
    _arity(call, 3)
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
    _arity(call, 1)
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
        pattern = _pattern(literal(script, call.given[1]))
        flags: list[Logic] = [
            {"if": [{"matches": [_letters(each), pattern]}, 1, 0]}
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
        _arity(call, 1)
        term = script.term(call.given[0])
        return _number({name: [numeric(term)]}, is_nullable=term.is_nullable)

    return of_number


def _round(script: Script, call: Call) -> Term:
    _arity(call, 1, 2)
    term = script.term(call.given[0])
    digits: list[Logic] = [numeric(script.term(each)) for each in call.given[1:]]
    return _number({"round": [numeric(term), *digits]}, is_nullable=term.is_nullable)


def _intval(script: Script, call: Call) -> Term:
    _arity(call, 1)
    number = numeric(script.term(call.given[0]))
    made: Logic = {"if": [{"<": [number, 0]}, {"ceil": [number]}, {"floor": [number]}]}
    return _number({"sum": [made]}, is_nullable=False)


def _floatval(script: Script, call: Call) -> Term:
    _arity(call, 1)
    return _number({"sum": [numeric(script.term(call.given[0]))]}, is_nullable=False)


def _pow(script: Script, call: Call) -> Term:
    _arity(call, 2)
    base = numeric(script.term(call.given[0]))
    power = literal(script, call.given[1])
    if not power.isdigit() or not 1 <= int(power) <= 6:
        raise Untranslatable("it takes a power that is no whole number from 1 to 6")
    return _number({"*": [base] * int(power)} if power != "1" else base)


def _pi(script: Script, call: Call) -> Term:
    return constant(repr(math.pi), is_quoted=False)


def _letters(term: Term) -> Logic:
    return term.constant if term.constant is not None else coded(term)


def _pattern(given: str) -> str:
    """A Perl pattern with its delimiters as ours."""
    found = _DELIMITED.fullmatch(given)
    if found is None:
        raise Untranslatable("its regular expression has no delimiters")
    flags = set(found["flags"]) - set("uDUX")
    if flags - {"i"}:
        raise Untranslatable(f"its regular expression has flags ({found['flags']}) not known here")
    inside = found["inside"].replace(
        f"\\{found['sign']}", found["sign"] if found["sign"] in "/#~@%!" else f"\\{found['sign']}"
    )
    pattern = f"(?i){inside}" if flags else inside
    try:
        compile_pattern(pattern)
    except BadPattern as error:
        raise Untranslatable(
            f"its regular expression cannot be run in linear time: {error.message}"
        ) from None
    return pattern


def _regex(script: Script, call: Call) -> Term:
    _arity(call, 2)
    pattern = _pattern(literal(script, call.given[0]))
    return Term({"matches": [_letters(script.term(call.given[1])), pattern]}, "truth")


def _is_numeric(script: Script, call: Call) -> Term:
    _arity(call, 1)
    term = script.term(call.given[0])
    if term.constant is not None:
        return Term(is_numeric(term.constant), "truth")
    if term.nature == "number":
        return Term({"is_answered": [term.logic]}, "truth")
    return Term({"matches": [coded(term), NUMERIC]}, "truth")


def _is_string(script: Script, call: Call) -> Term:
    """Answers are texts to PHP; what is calculated may be a number."""
    _arity(call, 1)
    term = script.term(call.given[0])
    if term.variable is None and not term.is_quoted:
        raise Untranslatable("it asks whether something calculated is a text")
    return Term(True, "truth")


def _is_int(script: Script, call: Call) -> Term:
    _arity(call, 1)
    return Term({"matches": [_letters(script.term(call.given[0])), r"^-?[0-9]+$"]}, "truth")


def _is_float(script: Script, call: Call) -> Term:
    _arity(call, 1)
    return Term({"matches": [_letters(script.term(call.given[0])), r"^-?[0-9]*\.[0-9]+$"]}, "truth")


def _unique(script: Script, call: Call) -> Term:
    terms = script.terms(call.given)
    if len(terms) > 30:
        raise Untranslatable("it compares more than 30 answers with one another")
    parts: list[Logic] = []
    for place, one in enumerate(terms):
        for other in terms[place + 1 :]:
            parts.append(joined("or", [blank(one), negated(equal(one, other))]))
    return Term(joined("and", parts), "truth")


def _of_text(name: str) -> Function:
    def of_text(script: Script, call: Call) -> Term:
        _arity(call, 1)
        return Term({name: [_letters(script.term(call.given[0]))]}, "text")

    return of_text


def _strlen(script: Script, call: Call) -> Term:
    _arity(call, 1)
    return _number({"length": [{"cat": [_letters(script.term(call.given[0]))]}]}, is_nullable=False)


def _substr(script: Script, call: Call) -> Term:
    _arity(call, 2, 3)
    text, *places = (script.term(each) for each in call.given)
    numbers: list[Logic] = [numeric(each) for each in places]
    return Term({"substr": [{"cat": [_letters(text)]}, *numbers]}, "text")


def _join(script: Script, call: Call) -> Term:
    return Term({"cat": [_letters(each) for each in script.terms(call.given)]}, "text")


def _glued(parts: list[Logic], glue: str, *, only_given: bool) -> Term:
    listed: Logic = {"merge": parts}
    if only_given:
        listed = {"filter": [listed, {"is_answered": [_EACH]}]}
    step: Logic = {
        "if": [{"===": [_SO_FAR, None]}, {"cat": [_CURRENT]}, {"cat": [_SO_FAR, glue, _CURRENT]}]
    }
    return Term({"reduce": [listed, step, None]}, "text")


def _implode(script: Script, call: Call) -> Term:
    glue = literal(script, call.given[0]) if call.given else ""
    return _glued([_letters(each) for each in script.terms(call.given[1:])], glue, only_given=False)


def _list(script: Script, call: Call) -> Term:
    return _glued([_letters(each) for each in script.terms(call.given)], ", ", only_given=True)


def _rand(script: Script, call: Call) -> Term:
    _arity(call, 2)
    low, high = (literal(script, each) for each in call.given)
    if not (low.isdigit() and high.isdigit()) or not int(low) < int(high) <= int(low) + 199:
        raise Untranslatable("it draws a number of a range that is not from 0 up, of at most 200")
    return Term({"+": [script.names.drawn(int(low), int(high))]}, "number", is_nullable=False)


_PARTS: Mapping[str, str] = {"Y": "year", "n": "month", "j": "day"}
_PLACES: Mapping[str, tuple[int, int]] = {"Y": (0, 4), "y": (2, 2), "m": (5, 2), "d": (8, 2)}


def _date(script: Script, call: Call) -> Term:
    """The parts of today or of a date; others need a clock."""
    _arity(call, 1, 2)
    day: Logic = {"var": "_today"}
    if len(call.given) == 2:
        inside = call.given[1]
        if not isinstance(inside, Call) or inside.name.lower() != "strtotime":
            raise Untranslatable("it formats a moment in seconds")
        day = _day(script, inside)
    shape = literal(script, call.given[0])
    if shape in _PARTS:
        return _number({_PARTS[shape]: [day]})
    parts: list[Logic] = []
    for sign in shape:
        if sign in _PLACES:
            parts.append({"substr": [{"cat": [day]}, *_PLACES[sign]]})
        elif sign.isalpha():
            raise Untranslatable(f"it formats a date as {shape!r}")
        else:
            parts.append(sign)
    return Term({"cat": parts} if len(parts) != 1 else parts[0], "text")


def _day(script: Script, call: Call) -> Logic:
    _arity(call, 1)
    node = call.given[0]
    term = script.term(node)
    if term.constant is not None:
        if term.constant.lower() in ("now", "today"):
            return {"var": "_today"}
        raise Untranslatable("it reads a date from words")
    return term.logic if isinstance(node, Name) else coded(term)


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
    "regexmatch": _regex,
    "is_numeric": _is_numeric,
    "is_string": _is_string,
    "is_int": _is_int,
    "is_float": _is_float,
    "unique": _unique,
    "strlen": _strlen,
    "substr": _substr,
    "strtolower": _of_text("lower"),
    "strtoupper": _of_text("upper"),
    "trim": _of_text("trim"),
    "join": _join,
    "implode": _implode,
    "list": _list,
    "rand": _rand,
    "date": _date,
}
