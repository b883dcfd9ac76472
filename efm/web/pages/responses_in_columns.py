"""The columns of an uploaded file as the mapping page shows them: samples, choices, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from efm.imports.responses.files import Look
from efm.imports.responses.mapping import ColumnMap, Goal
from efm.imports.responses.preview import Preview
from surveys import matching
from surveys.targets import Target

SAMPLES = 3
# Beyond so many options in all, a page of lists is too heavy; one list for all fields takes over.
MOST_OPTIONS = 20_000
_LONGEST = 90


def lines(
    look: Look, goal: Goal, chosen: ColumnMap, errors: Mapping[str, str], shown: Preview | None
) -> dict[str, Any]:
    """One line a column, and the groups of what a column can become."""
    groups = _groups(goal)
    size = sum(len(options) for _, options in groups)
    return {
        "lines": [
            {
                "name": column,
                "field": f"c{place}",
                "samples": _samples(look, column),
                "target": chosen.targets.get(column, ""),
                "error": errors.get(column),
                "unreadable": shown.unreadable.get(column, 0) if shown is not None else 0,
            }
            for place, column in enumerate(look.columns)
        ],
        "groups": groups,
        "is_heavy": size * len(look.columns) > MOST_OPTIONS,
        "summary": _summary(look, errors),
    }


def _summary(look: Look, errors: Mapping[str, str]) -> dict[str, str]:
    """The errors under the names of their fields, for the box on top."""
    fields = {column: f"c{place}" for place, column in enumerate(look.columns)}
    return {
        fields.get(name, name): f"{name}: {why}" if name in fields else why
        for name, why in errors.items()
    }


def _samples(look: Look, column: str) -> list[str]:
    """Three values the column has, each different."""
    found: dict[str, None] = {}
    for cell in look.cells(column):
        text = " ".join(str(cell).replace("\0", "\ufffd").split())
        text = text.encode("utf-8", "replace").decode()
        found[text if len(text) <= 40 else text[:39] + "…"] = None
        if len(found) == SAMPLES:
            break
    return list(found)


def _groups(goal: Goal) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the response says of itself, then the questions; one in several parts is a group."""
    made: list[tuple[str, list[tuple[str, str]]]] = [
        ("About the response", list(matching.RESPONSE.items()))
    ]
    texts = {each.key: each.text for each in goal.compiled.definition.questions}
    for key, grouped in groupby(goal.targets.values(), lambda each: each.name.partition(".")[0]):
        members = list(grouped)
        options = [(each.name, _said(each)) for each in members]
        if len(members) > 1:
            made.append((_cut(texts.get(key, key)), options))
        elif made[-1][0] == "Questions":
            made[-1][1].extend(options)
        else:
            made.append(("Questions", options))
    return made


def _said(target: Target) -> str:
    """The question, and what kind of cell it takes where that is not plain."""
    note = {
        "several": " (all choices in one cell)",
        "ranked": " (all in order in one cell)",
        "chosen": " (1 or 0)",
        "place": " (its place)",
    }.get(target.shape, "")
    return _cut(target.label) + note


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
