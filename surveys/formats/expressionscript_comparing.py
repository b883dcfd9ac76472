"""How ExpressionScript compares: as PHP does, with its own rules where something is blank."""

from __future__ import annotations

from surveys.formats.expressionscript_terms import (
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
    is_text = _is_text(right)
    quoted = right.constant is not None and right.is_quoted and is_numeric(right.constant)
    if left.nature == right.nature == "date" and right.constant is None:
        return _with_blanks(sign, left, right, left.logic, right.logic, version)
    if is_text or (quoted and version >= QUOTED_IS_TEXT):
        a: Logic = {"cat": [coded(left)]}
        compared: Logic = {sign: [a, right.constant]}
        if quoted:
            return joined("and", [negated({"is_empty": [numeric(left)]}), compared])
        if sign in ("<", "<="):
            return joined("or", [blank(left), compared])
        return joined("and", [negated(blank(left)), compared])
    return _with_blanks(sign, left, right, numeric(left), numeric(right), version)


def _is_text(term: Term) -> bool:
    return term.constant is not None and term.constant != "" and not is_numeric(term.constant)


def _with_blanks(sign: str, left: Term, right: Term, a: Logic, b: Logic, version: int) -> Logic:
    """The comparison of two values of which either may be missing."""
    if a is None or b is None:
        # What is no number is neither less nor more than one.
        return False
    compared: Logic = {sign: [a, b]}
    if right.constant is not None and is_numeric(right.constant):
        least = float(right.constant)
        # Nothing counts as zero in our logic, so it is not more than this by itself.
        if (sign == ">" and least >= 0) or (sign == ">=" and least > 0):
            return compared
    no_a: Logic = {"is_empty": [a]} if left.is_nullable and left.nature != "truth" else False
    no_b: Logic = {"is_empty": [b]} if right.is_nullable and right.nature != "truth" else False
    if no_a is False and no_b is False:
        return compared
    given = joined("and", [negated(no_a), negated(no_b), compared])
    others: list[Logic] = []
    if sign in ("<=", ">="):
        others.append(joined("and", [no_a, no_b]))
    if version < BLANK_IS_NO_NUMBER or right.constant == "0":
        less, more = (no_a, no_b) if sign in ("<", "<=") else (no_b, no_a)
        others.append(joined("and", [less, negated(more)]))
    return joined("or", [given, *others])
