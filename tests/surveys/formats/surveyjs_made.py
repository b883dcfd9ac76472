"""Small SurveyJS surveys for tests, and walks through them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from surveys.compiled import Compiled
from surveys.formats.report import Imported
from surveys.formats.surveyjs import read_surveyjs
from surveys.logic import Context

TODAY = date(2026, 3, 15)
CHOICES = ["a", "b", "Third one"]
# One question of each shape an expression may read.
ASKED: list[dict[str, object]] = [
    {"type": "radiogroup", "name": "one", "choices": CHOICES},
    {"type": "dropdown", "name": "other one", "choices": CHOICES},
    {"type": "checkbox", "name": "many", "choices": [1, 2, "x"]},
    {"type": "boolean", "name": "yes"},
    {"type": "text", "name": "words"},
    {"type": "text", "name": "n", "inputType": "number"},
    {"type": "text", "name": "m", "inputType": "number"},
    {"type": "text", "name": "day", "inputType": "date"},
    {"type": "matrix", "name": "rows", "columns": [1, 2], "rows": ["top", "low row"]},
]


def read(*elements: Mapping[str, object], **around: object) -> Imported:
    """A survey of these elements on one page."""
    return read_surveyjs(json.dumps({"elements": elements, **around}).encode())


def is_shown(expression: str, answers: Mapping[str, object]) -> bool:
    """Whether a question with this visibleIf is shown to somebody with these answers."""
    imported = read(*ASKED, {"type": "comment", "name": "seen", "visibleIf": expression})
    assert [each.outcome for each in imported.report.logic] == ["evaluated"], imported.report.logic
    compiled = Compiled(imported.definition)
    context = Context(seed="walk", today=TODAY, language="en")
    cleaned = compiled.clean_all(dict(answers), partial=True, context=context)
    assert cleaned.is_valid, dict(cleaned.errors)
    route = compiled.flow.walk(cleaned.answers, context)
    return any(question.key == "seen" for stop in route.stops for question in stop.questions)
