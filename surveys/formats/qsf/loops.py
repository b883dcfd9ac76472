"""Loops of a QSF: over rows that are written down, chosen options, or as often as a number says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from surveys.formats.qsf.parts import When
from surveys.formats.qsf.values import entries, mapping, name
from surveys.strings import tidy

MOST_LOOPS = 100
_ROUNDS = 10


class Round(NamedTuple):
    """One time a loop is gone through: its id, what it merges into texts, when it is."""

    id: str
    fields: Mapping[str, str]
    logic: When | None


def rounds(
    options: Mapping[str, object], questions: Mapping[str, Mapping[str, object]]
) -> list[Round] | None:
    """The rounds of a block; None where it is not looped."""
    how = name(options.get("Looping"))
    if how in ("", "None", "false"):
        return None
    chosen = mapping(options.get("LoopingOptions"))
    rows = {
        name(key): {
            name(part): tidy(str(text)[:2000]) for part, text in mapping(row).items() if text
        }
        for key, row in mapping(chosen.get("Static")).items()
    }
    asked = name(chosen.get("QID"))
    if how == "Static" or asked not in questions:
        found = sorted(rows.items(), key=lambda row: (not row[0].isdecimal(), _as_int(row[0])))
        return [Round(key, fields, None) for key, fields in found]
    locator = name(chosen.get("ChoiceGroupLocator") or chosen.get("Locator"))
    if "MergeOnNumericResponse" in locator:
        return _as_often(asked, rows)
    return _over_choices(asked, questions[asked], locator, rows)


def _as_often(asked: str, rows: Mapping[str, Mapping[str, str]]) -> list[Round]:
    """As many rounds as a number that was typed says."""
    found = []
    for number in range(1, min(len(rows) or _ROUNDS, MOST_LOOPS) + 1):
        logic = _condition(f"q://{asked}/ChoiceTextEntryValue", "GreaterThanOrEqual", number)
        fields = rows.get(str(number), {})
        found.append(Round(str(number), fields, When(logic, f"{asked}.Looping")))
    return found


def _over_choices(
    asked: str,
    payload: Mapping[str, object],
    locator: str,
    rows: Mapping[str, Mapping[str, str]],
) -> list[Round]:
    """A round for each choice of a question that was selected, displayed, typed beside..."""
    # "SelectedChoices", or that in a column of a matrix.
    which = locator.partition("/ChoiceGroup/")[2].partition("?")[0].partition("/")[0]
    found = []
    for key, choice in entries(payload.get("Choices")).items():
        fields = {"1": tidy(str(choice.get("Display") or "")[:2000]), **rows.get(key, {})}
        left, operator = f"q://{asked}/SelectableChoice/{key}", "Selected"
        if which == "UnselectedChoices":
            operator = "NotSelected"
        elif which == "DisplayedChoices":
            left, operator = f"q://{asked}/ChoiceDisplayed/{key}", "Displayed"
        elif which.endswith("TextEntry") or which == "EnteredTextChoices":
            left, operator = f"q://{asked}/ChoiceTextEntryValue/{key}", "NotEmpty"
        elif which not in ("SelectedChoices", "AllChoices"):
            left = f"{locator}/{key}"
        logic = When(_condition(left, operator), f"{asked}.Looping")
        found.append(Round(key, fields, None if which == "AllChoices" else logic))
    return found


def _condition(left: str, operator: str, right: object = None) -> dict[str, object]:
    expression: dict[str, object] = {
        "Type": "Expression",
        "LogicType": "Question",
        "LeftOperand": left,
        "Operator": operator,
    }
    if right is not None:
        expression["RightOperand"] = str(right)
    return {"Type": "BooleanExpression", "0": {"Type": "If", "0": expression}}


def _as_int(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
