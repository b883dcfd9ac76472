"""Small QSF files as the tests need them, written the way the source writes its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from surveys.formats.qsf import read_qsf
from surveys.formats.report import Imported


def question(number: int, kind: str = "MC/SAVR/TX", **more: Any) -> dict[str, Any]:
    """A question "QID<number>" with three choices, forced or not, of this type."""
    parts = [*kind.split("/"), None, None]
    made: dict[str, Any] = {
        "QuestionText": f"Question {number}",
        "DataExportTag": f"Q{number}",
        "QuestionType": parts[0],
        "Selector": parts[1],
        "SubSelector": parts[2],
        "QuestionID": f"QID{number}",
        "Validation": {"Settings": {"ForceResponse": "OFF", "Type": "None"}},
        "Language": [],
    }
    if parts[0] not in ("TE", "DB", "Timing", "Captcha", "Meta"):
        made["Choices"] = {str(n): {"Display": f"Choice {n}"} for n in (1, 2, 3)}
        made["ChoiceOrder"] = ["1", "2", "3"]
    if parts[0] == "Matrix":
        made["Answers"] = {str(n): {"Display": f"Point {n}"} for n in (1, 2, 3)}
        made["AnswerOrder"] = ["1", "2", "3"]
    return made | more


def validation(**settings: Any) -> dict[str, Any]:
    """The validation of a question."""
    return {"Settings": {"ForceResponse": "OFF", "Type": "None"} | settings}


def expression(left: str, operator: str, right: str | None = None, **more: Any) -> dict[str, Any]:
    """One condition; what it is about is told from its left side."""
    kinds = {"q:": "Question", "e:": "EmbeddedField", "m:": "PanelData", "lo": "GeoIP"}
    made: dict[str, Any] = {
        "LogicType": kinds.get(left[:2], "EmbeddedField"),
        "LeftOperand": left,
        "Operator": operator,
        "Type": "Expression",
    }
    if right is not None:
        made["RightOperand"] = right
    return made | more


def logic(*sets: Sequence[dict[str, Any]], kinds: Sequence[str] = ("If",)) -> dict[str, Any]:
    """A boolean expression of sets of conditions."""
    made: dict[str, Any] = {"Type": "BooleanExpression", "inPage": False}
    for number, conditions in enumerate(sets):
        part: dict[str, Any] = {"Type": kinds[number]}
        part |= {str(place): each for place, each in enumerate(conditions)}
        made[str(number)] = part
    return made


def selected(number: int, choice: object = 1) -> dict[str, Any]:
    """That a choice of a question is selected."""
    return expression(f"q://QID{number}/SelectableChoice/{choice}", "Selected")


def elements(*ids: object, skips: dict[int, list[dict[str, Any]]] | None = None) -> list[Any]:
    """The elements of a block: numbers of questions, "|" for a page break."""
    made = []
    for each in ids:
        if each == "|":
            made.append({"Type": "Page Break"})
            continue
        part: dict[str, Any] = {"Type": "Question", "QuestionID": f"QID{each}"}
        if skips and each in skips:
            part["SkipLogic"] = skips[each]  # type: ignore[index]
        made.append(part)
    return made


def skip(number: int, choice: int, to: str, condition: str = "Selected") -> dict[str, Any]:
    """A skip after a question."""
    return {
        "SkipLogicID": 1,
        "ChoiceLocator": f"q://QID{number}/SelectableChoice/{choice}",
        "Condition": condition,
        "SkipToDestination": to,
        "QuestionID": f"QID{number}",
    }


def document(
    questions: Sequence[dict[str, Any]],
    blocks: dict[str, Any] | None = None,
    flow: list[dict[str, Any]] | None = None,
    options: dict[str, dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A whole survey; without blocks all questions stand in one, without a flow it goes by blocks."""
    if blocks is None:
        blocks = {"BL_1": elements(*(each["QuestionID"].removeprefix("QID") for each in questions))}
    if flow is None:
        flow = [block(each) for each in blocks]
    parts: list[dict[str, Any]] = [
        {
            "Element": "BL",
            "Payload": [
                {
                    "Type": "Standard",
                    "ID": source,
                    "Description": source,
                    "BlockElements": inside,
                    "Options": (options or {}).get(source, {}),
                }
                for source, inside in blocks.items()
            ],
        },
        {"Element": "FL", "Payload": {"Type": "Root", "FlowID": "FL_1", "Flow": flow}},
        *({"Element": "SQ", "Payload": each} for each in questions),
        *({"Element": kind, "Payload": payload} for kind, payload in more.items()),
    ]
    return {
        "SurveyEntry": {"SurveyID": "SV_1", "SurveyName": "Survey", "SurveyLanguage": "EN"},
        "SurveyElements": parts,
    }


def block(source: str) -> dict[str, Any]:
    """A block in the flow."""
    return {"Type": "Block", "ID": source, "FlowID": f"FL_{source}"}


def branch(condition: dict[str, Any], *inside: dict[str, Any]) -> dict[str, Any]:
    """A branch in the flow."""
    return {"Type": "Branch", "FlowID": "FL_9", "BranchLogic": condition, "Flow": list(inside)}


def embedded(**fields: str | None) -> dict[str, Any]:
    """Embedded data in the flow; None declares a field only."""
    listed = []
    for name, value in fields.items():
        part = {"Field": name, "Type": "Recipient" if value is None else "Custom"}
        listed.append(part if value is None else part | {"Value": value})
    return {"Type": "EmbeddedData", "FlowID": "FL_8", "EmbeddedData": listed}


def randomizer(*inside: dict[str, Any], show: int = 0, even: bool = False) -> dict[str, Any]:
    """A randomizer in the flow."""
    return {
        "Type": "BlockRandomizer", "FlowID": "FL_7", "SubSet": show, "EvenPresentation": even,
        "Flow": list(inside),
    }  # fmt: skip


def group(*inside: dict[str, Any]) -> dict[str, Any]:
    """A group in the flow."""
    return {"Type": "Group", "FlowID": "FL_6", "Description": "Group", "Flow": list(inside)}


def read(*given: Any, **more: Any) -> Imported:
    """The import of a document with these parts."""
    return read_qsf(json.dumps(document(*given, **more)).encode())
