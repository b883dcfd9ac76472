"""The functions of ExpressionScript on words, patterns, chance and days."""

from __future__ import annotations

import re
from collections.abc import Mapping

from surveys.expressions.errors import BadPattern
from surveys.expressions.patterns import compile_pattern
from surveys.formats.expressionscript.logic import Function, Script, arity, literal
from surveys.formats.expressionscript.parsing import Call, Name
from surveys.formats.expressionscript.terms import (
    Term,
    Untranslatable,
    coded,
    numeric,
)
from surveys.parts import Logic

_DELIMITED = re.compile(
    r"\s*(?P<sign>[^\w\s\\])(?P<inside>.*)(?P=sign)(?P<flags>[a-zA-Z]*)\s*", re.DOTALL
)
_CURRENT: Logic = {"var": "current"}
_SO_FAR: Logic = {"var": "accumulator"}
_EACH: Logic = {"var": ""}


def letters(term: Term) -> Logic:
    """A term as a text."""
    return term.constant if term.constant is not None else coded(term)


def pattern_of(given: str) -> str:
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
    arity(call, 2)
    pattern = pattern_of(literal(script, call.given[0]))
    return Term({"matches": [letters(script.term(call.given[1])), pattern]}, "truth")


def _of_text(name: str) -> Function:
    def of_text(script: Script, call: Call) -> Term:
        arity(call, 1)
        return Term({name: [letters(script.term(call.given[0]))]}, "text")

    return of_text


def _strlen(script: Script, call: Call) -> Term:
    arity(call, 1)
    text: Logic = {"cat": [letters(script.term(call.given[0]))]}
    return Term({"length": [text]}, "number", is_nullable=False)


def _substr(script: Script, call: Call) -> Term:
    arity(call, 2, 3)
    text, *places = (script.term(each) for each in call.given)
    numbers: list[Logic] = [numeric(each) for each in places]
    return Term({"substr": [{"cat": [letters(text)]}, *numbers]}, "text")


def _join(script: Script, call: Call) -> Term:
    return Term({"cat": [letters(each) for each in script.terms(call.given)]}, "text")


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
    return _glued([letters(each) for each in script.terms(call.given[1:])], glue, only_given=False)


def _list(script: Script, call: Call) -> Term:
    return _glued([letters(each) for each in script.terms(call.given)], ", ", only_given=True)


def _rand(script: Script, call: Call) -> Term:
    arity(call, 2)
    low, high = (literal(script, each) for each in call.given)
    if not (low.isdigit() and high.isdigit()) or not int(low) < int(high) <= int(low) + 199:
        raise Untranslatable("it draws a number of a range that is not from 0 up, of at most 200")
    return Term({"+": [script.names.drawn(int(low), int(high))]}, "number", is_nullable=False)


_PARTS: Mapping[str, str] = {"Y": "year", "n": "month", "j": "day"}
_PLACES: Mapping[str, tuple[int, int]] = {"Y": (0, 4), "y": (2, 2), "m": (5, 2), "d": (8, 2)}


def _date(script: Script, call: Call) -> Term:
    """The parts of today or of a date; others need a clock."""
    arity(call, 1, 2)
    day: Logic = {"var": "_today"}
    if len(call.given) == 2:
        inside = call.given[1]
        if not isinstance(inside, Call) or inside.name.lower() != "strtotime":
            raise Untranslatable("it formats a moment in seconds")
        day = _day(script, inside)
    shape = literal(script, call.given[0])
    if shape in _PARTS:
        return Term({_PARTS[shape]: [day]}, "number")
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
    arity(call, 1)
    node = call.given[0]
    term = script.term(node)
    if term.constant is not None:
        if term.constant.lower() in ("now", "today"):
            return {"var": "_today"}
        raise Untranslatable("it reads a date from words")
    return term.logic if isinstance(node, Name) else coded(term)


WORDS: Mapping[str, Function] = {
    "regexmatch": _regex,
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
