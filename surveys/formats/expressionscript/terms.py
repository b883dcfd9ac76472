"""What the variables and values of ExpressionScript are to our logic: numbers, texts, codes, marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from surveys.parts import Logic

# number: null or a number. text: anything typed or calculated. date: an ISO day. choice: the key of
# one choice. mark: a choice of several that is chosen or not. truth: true or false.
Nature: TypeAlias = Literal["number", "text", "date", "choice", "mark", "truth"]

NUMERIC = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"
_LONGEST_CHAIN = 120


class Untranslatable(Exception):
    """An expression has a meaning that our logic does not; the message says which part."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the source: how our logic reads it, and what its codes are called here.

    ``codes`` are keys by code, ``labels`` and ``values`` words and assessment values by code.
    ``owner`` is the id of the question whose being shown it depends on, ``facts`` what never changes
    about it. What is not ``is_readable`` has no answer here.
    """

    logic: Logic
    nature: Nature
    owner: str = ""
    suffix: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    mark: str = "Y"
    words: str = ""
    is_comment: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Term:
    """A translated part: its logic, what kind of value it comes to, the constant it is if it is one."""

    logic: Logic
    nature: Nature
    variable: Variable | None = None
    constant: str | None = None
    is_quoted: bool = False
    is_nullable: bool = True


def is_numeric(text: str) -> bool:
    """Whether PHP would take a text for a number."""
    try:
        float(text)
    except ValueError:
        return False
    return (
        text.strip() == text and text.lower().lstrip("+-")[:1] not in ("i", "n") and "_" not in text
    )


def as_number(text: str) -> int | float:
    """The number a numeric text says."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def constant(text: str, *, is_quoted: bool) -> Term:
    """The term of a text or number as it was written."""
    if is_numeric(text) and abs(float(text)) < 1e300:
        return Term(as_number(text), "number", None, text, is_quoted, False)
    return Term(text, "text", None, text, is_quoted, text == "")


def negated(logic: Logic) -> Logic:
    """The opposite, without a double negation."""
    if isinstance(logic, bool):
        return not logic
    if isinstance(logic, dict) and list(logic) == ["!"]:
        inside = logic["!"]
        return inside[0] if isinstance(inside, list) else inside
    for one, other in (("is_empty", "is_answered"), ("is_answered", "is_empty")):
        if isinstance(logic, dict) and list(logic) == [one]:
            return {other: logic[one]}
    return {"!": [logic]}


def joined(sign: str, parts: list[Logic]) -> Logic:
    """Parts with "and" or "or" between them, plain truths taken out."""
    kept: list[Logic] = []
    for part in parts:
        if part is (sign == "or"):
            return sign == "or"
        if isinstance(part, bool):
            continue
        inside = part.get(sign) if isinstance(part, dict) and len(part) == 1 else None
        for each in inside if isinstance(inside, list) else [part]:
            if each not in kept:
                kept.append(each)
    if not kept:
        return sign == "and"
    return kept[0] if len(kept) == 1 else {sign: kept}


def chain(variable: Variable, words: Mapping[str, str], otherwise: Logic = None) -> Logic:
    """A text for each code of a variable: its code, its label or its assessment value."""
    if len(variable.codes) > _LONGEST_CHAIN:
        raise Untranslatable("it reads the code of a question with more than 120 choices")
    parts: list[Logic] = []
    for code, key in variable.codes.items():
        if code in words:
            found: Logic = words[code]
            if is_numeric(words[code]):
                found = as_number(words[code]) if words is variable.values else words[code]
            parts += [{"==": [variable.logic, key]}, found]
    return {"if": [*parts, otherwise]} if parts else otherwise


def coded(term: Term) -> Logic:
    """A term as the value LimeSurvey has for it: codes of choices, "Y" of marks; null where blank."""
    variable = term.variable
    if term.nature == "mark":
        return {"if": [term.logic, variable.mark if variable else "Y", None]}
    if term.nature == "truth":
        return {"if": [term.logic, 1, None]}
    if term.nature == "date":
        return {"if": [{"is_answered": [term.logic]}, {"cat": [term.logic, " 00:00"]}, None]}
    if term.nature == "choice" and variable is not None:
        if all(code == key for code, key in variable.codes.items()):
            return term.logic
        return chain(variable, {code: code for code in variable.codes})
    return term.logic


def numeric(term: Term) -> Logic:
    """A term as a number; null where it is none."""
    if term.nature == "number":
        return term.logic
    if term.nature == "truth":
        return {"if": [term.logic, 1, 0]}
    if term.nature in ("mark", "date"):
        return (
            {"if": [term.logic, 1, None]} if term.variable and term.variable.mark == "1" else None
        )
    if term.nature == "choice" and term.variable is not None:
        codes = term.variable.codes
        if codes and all(is_numeric(code) and code == key for code, key in codes.items()):
            return {"+": [term.logic]}
        numbers = {code: code for code in codes if is_numeric(code)}
        made = chain(term.variable, numbers)
        return {"+": [made]} if numbers else None
    if term.constant is not None:
        return None
    return {"if": [{"matches": [term.logic, NUMERIC]}, {"+": [term.logic]}, None]}


def blank(term: Term) -> Logic:
    """Whether a term is nothing to LimeSurvey: not answered, not chosen, false."""
    if not term.is_nullable:
        return False
    if term.constant is not None:
        return term.constant == ""
    if term.nature in ("mark", "truth"):
        return negated(term.logic)
    return {"is_empty": [term.logic]}


def truth(term: Term) -> Logic:
    """Whether a term is true to PHP: not blank and not zero."""
    if term.nature in ("truth", "mark"):
        return term.logic
    if term.constant is not None:
        return term.constant not in ("", "0")
    if term.nature == "number":
        return {"!!": [term.logic]}
    if term.nature == "choice" and term.variable is not None:
        zero = term.variable.codes.get("0")
        given: Logic = {"is_answered": [term.logic]}
        return given if zero is None else joined("and", [given, {"!=": [term.logic, zero]}])
    if term.nature == "date":
        return {"is_answered": [term.logic]}
    return joined("and", [{"is_answered": [term.logic]}, {"!=": [{"cat": [term.logic]}, "0"]}])
