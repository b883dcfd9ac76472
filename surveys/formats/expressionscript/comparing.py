"""How ExpressionScript compares: as PHP does, with its own rules where something is blank."""

from __future__ import annotations

from surveys.formats.expressionscript.terms import (
    Term,
    as_number,
    blank,
    coded,
    is_numeric,
    joined,
    negated,
    numeric,
    truth,
)
from surveys.parts import Logic

# Versions of the database since when a blank is less than no number, and since when a number in
# quotes makes a comparison one of letters.
BLANK_IS_NO_NUMBER = 255
QUOTED_IS_TEXT = 400
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def equal(left: Term, right: Term) -> Logic:
    """Whether two terms are the same: numbers by value, codes exactly, blank only as blank."""
    if left.constant is not None and right.constant is None:
        left, right = right, left
    if left.constant is not None and right.constant is not None:
        both = is_numeric(left.constant) and is_numeric(right.constant)
        if both:
            return float(left.constant) == float(right.constant)
        return left.constant == right.constant
    if right.constant is None:
        return _same(left, right)
    if right.constant == "":
        return blank(left)
    return _is(left, right.constant)


def _is(term: Term, wanted: str) -> Logic:
    """Whether a term is this constant."""
    variable = term.variable
    if term.nature == "truth":
        return term.logic if wanted != "0" else negated(term.logic)
    if term.nature == "mark":
        return term.logic if variable is None or _matches(variable.mark, wanted) else False
    if term.nature == "choice" and variable is not None:
        keys = [key for code, key in variable.codes.items() if _matches(code, wanted)]
        return joined("or", [{"==": [term.logic, key]} for key in keys])
    if term.nature == "date":
        return {"==": [coded(term), wanted]}
    if is_numeric(wanted):
        return {"==": [term.logic, as_number(wanted)]}
    return False if term.nature == "number" else {"==": [term.logic, wanted]}


def _matches(code: str, wanted: str) -> bool:
    if is_numeric(code) and is_numeric(wanted):
        return float(code) == float(wanted)
    return code == wanted


def _same(left: Term, right: Term) -> Logic:
    if "truth" in (left.nature, right.nature):
        a, b = truth(left), truth(right)
        return joined("or", [joined("and", [a, b]), joined("and", [negated(a), negated(b)])])
    one, other = left.variable, right.variable
    if (
        left.nature == right.nature == "choice"
        and one
        and other
        and dict(one.codes) == dict(other.codes)
    ):
        return {"==": [left.logic, right.logic]}
    if left.nature == right.nature == "date":
        return {"==": [left.logic, right.logic]}
    return {"==": [coded(left), coded(right)]}


def related(sign: str, left: Term, right: Term, version: int) -> Logic:
    """Whether one term is less or more than another."""
    if left.constant is not None and right.constant is None:
        sign, left, right = _MIRRORED[sign], right, left
    wanted = right.constant
    if wanted is not None and is_numeric(wanted):
        if right.is_quoted and version >= QUOTED_IS_TEXT:
            return _to_quoted(sign, left, wanted)
        return _to_number(sign, left, wanted, version)
    if wanted is not None:
        return _to_text(sign, left, wanted, version)
    if left.nature == right.nature == "date":
        return {sign: [{"cat": [left.logic]}, {"cat": [right.logic]}]}
    if {left.nature, right.nature} <= {"number", "truth"}:
        return _numbers(sign, left, right, version)
    return _any(sign, left, right, version)


def _is_number(term: Term) -> Logic:
    """Whether a term is a number when it is asked."""
    number = numeric(term)
    if number is None:
        return False
    return {"is_answered": [number]} if term.is_nullable else True


def _text(term: Term) -> Logic:
    return {"cat": [coded(term)]}


def _to_number(sign: str, term: Term, wanted: str, version: int) -> Logic:
    number, least = numeric(term), as_number(wanted)
    is_modern = version >= BLANK_IS_NO_NUMBER
    parts: list[Logic] = []
    if number is not None:
        compared: Logic = {sign: [number, least]}
        # Nothing counts as zero in our logic, so it is not more than these by itself.
        needs_none = (sign == ">" and least >= 0) or (sign == ">=" and least > 0)
        parts.append(compared if needs_none else joined("and", [_is_number(term), compared]))
    if sign in ("<", "<=") and (not is_modern or least == 0):
        parts.append(blank(term))
    if is_modern and wanted == "0" and term.nature not in ("number", "truth"):
        # Zero is as good as blank to newer versions, so words are compared with it by letters.
        words: Logic = {"is_answered": [coded(term)]}
        parts.append(joined("and", [words, negated(_is_number(term)), {sign: [_text(term), "0"]}]))
    return joined("or", parts)


def _to_quoted(sign: str, term: Term, wanted: str) -> Logic:
    compared: Logic = {sign: [_text(term), wanted]}
    return compared if wanted == "0" else joined("and", [_is_number(term), compared])


def _to_text(sign: str, term: Term, wanted: str, version: int) -> Logic:
    compared: Logic = {sign: [_text(term), wanted]}
    zero: Logic = {"==": [_text(term), "0"]}
    if wanted == "":
        if version >= BLANK_IS_NO_NUMBER:
            compared = joined("and", [joined("or", [negated(_is_number(term)), zero]), compared])
        if sign == "<=":
            return joined("or", [compared, zero])
        return joined("and", [compared, negated(zero)]) if sign == ">" else compared
    allowed = negated(_is_number(term))
    if version >= BLANK_IS_NO_NUMBER:
        allowed = joined("or", [allowed, zero])
    return joined("and", [allowed, compared])


def _numbers(sign: str, left: Term, right: Term, version: int) -> Logic:
    """Two numbers, either of which may be missing."""
    a, b = numeric(left), numeric(right)
    no_a, no_b = negated(_is_number(left)), negated(_is_number(right))
    parts: list[Logic] = [joined("and", [negated(no_a), negated(no_b), {sign: [a, b]}])]
    if sign in ("<=", ">="):
        parts.append(joined("and", [no_a, no_b]))
    no_left: Logic = {"==": [b, 0]}
    no_right: Logic = {"==": [a, 0]}
    if version >= BLANK_IS_NO_NUMBER:
        if sign in ("<", "<="):
            parts.append(joined("and", [no_a, negated(no_b), no_left]))
        if sign in ("<=", ">="):
            parts.append(joined("and", [no_b, negated(no_a), no_right]))
        return joined("or", parts)
    if sign in ("<", "<="):
        parts.append(joined("and", [no_a, negated(no_b)]))
    if sign == ">=":
        parts.append(joined("and", [no_b, negated(no_a)]))
    if sign == ">":
        parts.append(joined("and", [no_b, negated(no_a), negated(no_right)]))
    if sign == "<=":
        parts.append(joined("and", [no_b, negated(no_a), no_right]))
    return joined("or", parts)


def _any(sign: str, left: Term, right: Term, version: int) -> Logic:
    """Two values that may be numbers or words; only like is compared with like."""
    is_a, is_b = _is_number(left), _is_number(right)
    a, b = _text(left), _text(right)
    zero_a: Logic = {"==": [a, "0"]}
    zero_b: Logic = {"==": [b, "0"]}
    no_a: Logic = {"==": [a, ""]}
    no_b: Logic = {"==": [b, ""]}
    if version >= BLANK_IS_NO_NUMBER:
        text_a, text_b = (
            joined("or", [negated(is_a), zero_a]),
            joined("or", [negated(is_b), zero_b]),
        )
        allowed = joined("and", [text_a, text_b])
    else:
        allowed = joined("or", [no_a, no_b, joined("and", [negated(is_a), negated(is_b)])])
    words = joined("and", [allowed, {sign: [a, b]}])
    if sign in ("<=", ">"):
        special = joined("or", [joined("and", [zero_a, no_b]), joined("and", [no_a, zero_b])])
        words = {"if": [special, sign == "<=", words]}
    if is_a is False or is_b is False:
        return words
    return {"if": [joined("and", [is_a, is_b]), {sign: [numeric(left), numeric(right)]}, words]}
