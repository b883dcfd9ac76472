"""Validators of SurveyJS as our settings and checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from surveys.expressions import ExpressionError, compile_expression
from surveys.formats.surveyjs.desk import Desk, Document, first, mapping, said, whole
from surveys.formats.surveyjs.expressions import Scope
from surveys.formats.surveyjs.values import as_number
from surveys.parts import Logic


@dataclass(slots=True)
class Demands:
    """What the validators of a question ask for.

    ``required`` are conditions that refuse an empty answer as well where they are not true.
    """

    low: float | None = None
    high: float | None = None
    shortest: int = 0
    longest: int = 0
    fewest: int = 0
    most: int = 0
    is_number: bool = False
    is_email: bool = False
    checks: list[Document] = field(default_factory=list)
    required: list[Logic] = field(default_factory=list)
    warnings: int = 0


def demands(
    validators: list[object], desk: Desk, path: str, scope: Scope, answer: Logic, place: str
) -> Demands:
    """What the validators of a question ask for; ``answer`` is where its answer is found."""
    found = Demands()
    for number, each in enumerate(validators[:20]):
        raw = mapping(each)
        if said(raw.get("notificationType")) in ("warning", "info"):
            found.warnings += 1
            continue
        kind = said(raw.get("type")).lower().removesuffix("validator")
        where = f"{path}[{number}]"
        logic: Logic = None
        if kind == "numeric":
            found.is_number = True
            low, high = as_number(raw.get("minValue")), as_number(raw.get("maxValue"))
            found.low = found.low if low is None else low
            found.high = found.high if high is None else high
        elif kind == "email":
            found.is_email = True
        elif kind == "text":
            found.shortest = max(whole(raw.get("minLength"), 0), found.shortest)
            found.longest = max(whole(raw.get("maxLength"), 0), 0) or found.longest
            if found.shortest:
                logic = {">=": [{"length": [answer]}, found.shortest]}
            if raw.get("allowDigits") is False:
                _say(found, desk, raw, place, {"!": [{"matches": [answer, "[0-9]$"]}]})
        elif kind == "answercount":
            found.fewest = max(whole(raw.get("minCount"), 0), found.fewest)
            found.most = max(whole(raw.get("maxCount"), 0), 0) or found.most
        elif kind == "regex":
            logic = _pattern(raw, desk, where, answer)
        elif kind == "expression":
            logic = desk.condition(
                raw.get("expression"), f"{where}.expression", scope, otherwise=None
            )
            of_answers = _unless_empty(logic, answer)
            if of_answers is not None:
                logic = of_answers
            elif logic is not None and logic is not True:
                found.required.append(logic)
        elif kind:
            desk.leave_open(where, said(raw.get("type")), "There is no such check here.")
        if logic is not None and logic is not True:
            _say(found, desk, raw, place, logic)
    return found


def _unless_empty(logic: Logic, answer: Logic) -> Logic:
    """What is left of a check that lets no answer pass; None of any other."""
    parts = logic.get("or") if isinstance(logic, dict) else None
    if not isinstance(parts, list) or parts[0] != {"is_empty": [answer]} or len(parts) < 2:
        return None
    return parts[1] if len(parts) == 2 else {"or": parts[1:]}


def _say(found: Demands, desk: Desk, raw: Mapping[str, object], place: str, logic: Logic) -> None:
    words = desk.texts.say(raw.get("text"), f"{place}.checks.{len(found.checks)}", 2000)
    found.checks.append({"valid_if": logic, "message": words} if words else {"valid_if": logic})


def _pattern(raw: Mapping[str, object], desk: Desk, path: str, answer: Logic) -> Logic:
    """A regular expression, if ours reads it."""
    pattern = said(raw.get("regex"))
    if not pattern:
        return None
    is_free = first(raw, "caseInsensitive", "insensitive") is True
    logic: Logic = {"matches": [answer, f"(?i){pattern}" if is_free else pattern]}
    try:
        compile_expression(logic)
    except ExpressionError as error:
        desk.leave_open(f"{path}.regex", pattern, str(error))
        return None
    return logic
