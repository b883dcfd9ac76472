"""Conditions of a QSF, of all kinds, compiled to expressions of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from surveys.expressions import ExpressionError, compile_expression
from surveys.formats.cleaning import Cleaner
from surveys.formats.qsf.conditions import both, either, opposite
from surveys.formats.qsf.data import Fields
from surveys.formats.qsf.operands import Answers
from surveys.formats.qsf.parts import At, Unknown
from surveys.formats.qsf.sums import summed
from surveys.formats.qsf.values import is_on, mapping, name, number, numbered
from surveys.parts import Logic
from surveys.strings import tidy

_PIPE = re.compile(r"\$\{([^{}]{1,300})\}")
_SUM = re.compile(r"\$e\{([^{}]*)\}")
_FLAGGED = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_COMPARED: Mapping[str, str] = {
    "GreaterThan": ">",
    "GreaterThanOrEqual": ">=",
    "LessThan": "<",
    "LessThanOrEqual": "<=",
}
_OPPOSITE: Mapping[str, str] = {
    "NotSelected": "Selected",
    "NotDisplayed": "Displayed",
    "NotEqualTo": "EqualTo",
    "IsNot": "Is",
    "DoesNotContain": "Contains",
    "NotEmpty": "Empty",
    "NotMatchesRegex": "MatchesRegex",
}
_ELSEWHERE: Mapping[str, str] = {
    "GeoIP": "Where a person is, as told by the network address, is not known here.",
    "DeviceType": "Which device a person answers on is not known here.",
    "Quota": "Whether a quota is full is not known to conditions here.",
    "Scoring": "The scores of the source are not carried over.",
}


class Found(NamedTuple):
    """Logic compiled, and why some of it could not be."""

    logic: Logic
    problems: tuple[str, ...]


class Logics:
    """Compiles the conditions of one file."""

    def __init__(self, answers: Answers, fields: Fields, cleaner: Cleaner) -> None:
        self.answers = answers
        self.fields = fields
        self._cleaner = cleaner

    def compile(self, given: object, at: At, *, unknown: bool = False) -> Found:
        """A boolean expression of the file; what is unknown in it counts as ``unknown``.

        No logic at all gives None. Conditions are joined by "and" before "or", the sets of
        conditions as well.
        """
        found = self._compile(given, at, unknown=unknown)
        if found.problems:
            # What holds whatever the unknown may be does not depend on it.
            other = self._compile(given, at, unknown=not unknown)
            if other.logic == found.logic:
                return Found(found.logic, ())
        return found

    def _compile(self, given: object, at: At, *, unknown: bool) -> Found:
        problems: list[str] = []
        sets: list[tuple[str, Logic]] = []
        for part in numbered(given):
            conditions: list[tuple[str, Logic]] = []
            for each in numbered(part):
                expression = mapping(each)
                if not expression or is_on(expression.get("_HiddenExpression")):
                    continue
                joined = name(expression.get("Conjuction") or expression.get("Conjunction"))
                try:
                    logic = self.condition(expression, at)
                except Unknown as error:
                    problems.append(str(error))
                    logic = unknown
                conditions.append((joined, logic))
            if conditions:
                kind = name(mapping(part).get("Type"))
                is_or = kind in ("OrIf", "ElseIf")
                sets.append(("Or" if is_or else "And", _joined(conditions)))
        if not sets:
            return Found(None, ())
        found = _joined(sets)
        try:
            compile_expression(found)
        except ExpressionError as error:
            return Found(unknown, (*problems, str(error)))
        return Found(found, tuple(dict.fromkeys(problems)))

    def words(self, given: object) -> str:
        """The source's own words for some logic: its descriptions, else the logic as it stands."""
        said = [
            self._cleaner.text(mapping(each).get("Description"), 300)
            for part in numbered(given)
            for each in numbered(part)
        ]
        if any(said):
            return "; ".join(filter(None, said))[:2000]
        try:
            return json.dumps(given, ensure_ascii=True, default=str)[:2000]
        except (ValueError, RecursionError):
            return ""

    def condition(self, expression: Mapping[str, object], at: At) -> Logic:
        """One condition; raises Unknown."""
        operator = name(expression.get("Operator") or expression.get("Condition"))
        left = expression.get("LeftOperand") or expression.get("ChoiceLocator")
        text = left if isinstance(left, str) else name(left)
        kind = name(expression.get("LogicType")) or _kind_of(text)
        if kind in _ELSEWHERE:
            raise Unknown(_ELSEWHERE[kind])
        if not operator or "undefined" in text:
            raise Unknown("This condition is incomplete in the source.")
        if operator in _OPPOSITE:
            return opposite(self._positive(_OPPOSITE[operator], kind, text, expression, at))
        return self._positive(operator, kind, text, expression, at)

    def _positive(
        self, operator: str, kind: str, left: str, expression: Mapping[str, object], at: At
    ) -> Logic:
        if kind == "BooleanValue":
            return left.strip().lower() in ("true", "1")
        if operator == "Selected" and kind == "Question":
            return self.answers.selected(left, at)
        if operator == "Displayed" and kind == "Question":
            return self.answers.displayed(left, at)
        given = expression.get("RightOperand", expression.get("Value"))
        if operator == "MatchesRegex":
            ignores_case = is_on(expression.get("IgnoreCase"))
            return _matches(self._left(kind, left, at), given, ignores_case)
        right = self._right(given, at)
        if operator == "Contains" and isinstance(right, int | float):
            right = str(given)
        if kind == "Question" and operator != "Empty" and self.answers.is_ranking(left, at):
            return self._ranked(operator, left, right, at)
        value = self._left(kind, left, at)
        return self._compared(operator, value, right, is_on(expression.get("IgnoreCase")))

    def _left(self, kind: str, left: str, at: At) -> Logic:
        if kind == "Question":
            return self.answers.value(left, at)
        if kind in ("EmbeddedField", "EmbeddedData"):
            return self.fields.value(left.removeprefix("e://Field/")[:200], at.number)
        if kind in ("PanelData", "ContactList", "Recipient"):
            return {"var": self.fields.contact(left.removeprefix("m://")[:100])}
        if kind.startswith("Loop") and at.visit is not None:
            return self.merged(left.removeprefix("lm://"), at)
        raise Unknown(f"Conditions on {kind or 'this'} are not known here.")

    def merged(self, path: str, at: At) -> str:
        """What a loop merges in for a path such as ``Field/1``; raises Unknown outside of a loop."""
        visit = at.visit
        if visit is None or visit.loop is None:
            raise Unknown("This stands outside of a loop.")
        if path == "CurrentLoopNumber":
            return str(visit.loop[1])
        if path == "TotalLoops":
            return str(visit.loop[2])
        return visit.fields.get(path.removeprefix("Field/"), "")

    def _right(self, right: object, at: At) -> Logic:
        """What is compared with: a number, a text, or a value that is piped in."""
        if not isinstance(right, str):
            return number(right)
        right = tidy(right[:2000])
        pieces: list[Logic] = []
        end = 0
        for pipe in _PIPE.finditer(right):
            if pipe.start() > end:
                pieces.append(right[end : pipe.start()])
            pieces.append(self.piped(pipe[1], at))
            end = pipe.end()
        if end < len(right):
            pieces.append(right[end:])
        if not pieces:
            return ""
        if len(pieces) > 1:
            return {"cat": pieces}
        value = number(right)
        return pieces[0] if value is None else value

    def piped(self, path: str, at: At) -> Logic:
        """The value of a piped text; raises Unknown."""
        if path.startswith("e://Field/"):
            return self.fields.value(path.removeprefix("e://Field/"), at.number)
        if path.startswith("m://"):
            return {"var": self.fields.contact(path.removeprefix("m://"))}
        if path.startswith("lm://"):
            return self.merged(path.removeprefix("lm://"), at)
        if path.startswith("rand://"):
            return {"var": self.fields.random(path.removeprefix("rand://"))}
        if path.startswith("q://"):
            return self.answers.value(path, at)
        raise Unknown(f"What {path[:40]} stands for is not known here.")

    def sum(self, text: str, at: At) -> Logic:
        """The value of a sum in a text; raises Unknown."""
        return summed(text, lambda path: self.piped(path, at))

    def expression(self, text: object, at: At) -> Logic:
        """A value set in the flow: a text with what is piped into it."""
        if isinstance(text, str) and (found := _SUM.fullmatch(text.strip()[:2000])):
            return self.sum(found[1], at)
        if isinstance(text, str) and "$e{" in text:
            raise Unknown("Sums within a text are not carried over.")
        value = self._right(str(text) if isinstance(text, int | float) else text, at)
        # A text stays a text: it is shown and compared as it was written.
        return tidy(str(text)[:2000]) if isinstance(value, int | float) else value

    def _ranked(self, operator: str, left: str, right: Logic, at: At) -> Logic:
        if isinstance(right, bool) or not isinstance(right, int | float):
            raise Unknown("The place of a choice is compared with something that is no number.")
        holds: Mapping[str, Callable[[int], bool]] = {
            "EqualTo": lambda place: place == right,
            "GreaterThan": lambda place: place > right,
            "GreaterThanOrEqual": lambda place: place >= right,
            "LessThan": lambda place: place < right,
            "LessThanOrEqual": lambda place: place <= right,
        }
        if operator not in holds:
            raise Unknown(f"The comparison {operator} is not known here.")
        return self.answers.ranked(left, at, holds[operator])

    def _compared(self, operator: str, value: Logic, right: Logic, ignores_case: bool) -> Logic:
        if operator == "Empty":
            return {"is_empty": [value]}
        if operator in _COMPARED:
            # What was not answered is neither more nor less than anything.
            if isinstance(right, dict):
                right = {"+": [right]}
            elif not isinstance(right, int | float):
                raise Unknown("It is compared with something that is no number.")
            compared: Logic = {_COMPARED[operator]: [value, right]}
            return {"and": [{"is_answered": [value]}, compared]}
        if ignores_case and not isinstance(right, int | float):
            value, right = {"lower": [value]}, {"lower": [right]}
        if operator in ("EqualTo", "Is"):
            if right == "":
                return {"is_empty": [value]}
            same: Logic = {"==": [value, right]}
            # A blank text would count as zero.
            return {"and": [{"is_answered": [value]}, same]} if right == 0 else same
        if operator == "Contains":
            return {"contains": [value, right]}
        raise Unknown(f"The comparison {operator[:40]} is not known here.")


def _kind_of(left: str) -> str:
    kinds = {
        "q:": "Question",
        "e:": "EmbeddedField",
        "m:": "PanelData",
        "lm": "Loop",
        "lo": "GeoIP",
    }
    return kinds.get(left[:2], "EmbeddedField" if left and "://" not in left else "")


def _joined(conditions: list[tuple[str, Logic]]) -> Logic:
    """Conditions joined, "and" before "or"."""
    ways: list[list[Logic]] = [[]]
    for place, (joined, condition) in enumerate(conditions):
        if place and joined.lower() == "or":
            ways.append([])
        ways[-1].append(condition)
    return either([both(*way) if len(way) > 1 else way[0] for way in ways])


def _matches(value: Logic, right: object, ignores_case: bool) -> Logic:
    if not isinstance(right, str | int | float):
        raise Unknown("The pattern is not written out.")
    pattern = tidy(str(right))
    if found := _FLAGGED.fullmatch(pattern.strip()):
        pattern, ignores_case = found[1], ignores_case or "i" in found[2]
    if ignores_case and not pattern.startswith("(?i)"):
        pattern = f"(?i){pattern}"
    matched: Logic = {"matches": [value, pattern]}
    try:
        compile_expression(matched)
    except ExpressionError as error:
        raise Unknown(str(error)) from None
    return matched
