"""What each column of a file becomes: guessed, changed by people, kept as a document, checked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.errors import Invalid, NotFound
from efm.feedback import sheets, versions
from efm.imports.responses.files import Look
from efm.models import Organization, Survey, SurveyVersion
from surveys import codebook, matching, variable_names
from surveys.compiled import Compiled
from surveys.definition import load
from surveys.tabular import Habits
from surveys.targets import Target, targets

# What an export of ours says of a response, and what of it comes back.
_FIXED = {
    "response_id": matching.KEY,
    "submitted_at": matching.SUBMITTED,
    "started_at": matching.STARTED,
    "language": matching.LANGUAGE,
    "channel": matching.CHANNEL,
    "touchpoint": matching.TOUCHPOINT,
    "email": matching.EMAIL,
}
ORDERS = {"dmy": "Day first: 31.01.2026", "mdy": "Month first: 01/31/2026"}
DECIMALS = {".": "Point: 3.5", ",": "Comma: 3,5"}


@dataclass(frozen=True)
class Goal:
    """The survey that takes the responses: its version now and all that columns can become."""

    survey_id: uuid.UUID
    version_id: uuid.UUID
    name: str
    compiled: Compiled
    targets: Mapping[str, Target]
    own: Mapping[str, str]


@dataclass(frozen=True)
class ColumnMap:
    """The target of each column, and how the file writes days, decimals and times."""

    targets: Mapping[str, str]
    habits: Habits
    zone: str
    is_order_sure: bool = True

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "mapping": dict(self.targets), "order": self.habits.order,
            "decimals": self.habits.decimals, "zone": self.zone,
            "is_order_sure": self.is_order_sure,
        }  # fmt: skip


def goal_of(session: Session, survey_id: uuid.UUID) -> Goal:
    """The published survey. Raises NotFound, and Invalid when it was never published."""
    survey = session.get(Survey, (session.info["organization_id"], survey_id))
    if survey is None:
        raise NotFound("There is no such survey.")
    if survey.current_version_id is None or survey.state == "draft":
        raise Invalid("Publish the survey first; then responses can be brought into it.")
    compiled = versions.compiled(session, survey.current_version_id)
    found = targets(compiled.definition)
    own = _own_columns(session, survey_id, found)
    return Goal(survey_id, survey.current_version_id, survey.name, compiled, found, own)


def _own_columns(
    session: Session, survey_id: uuid.UUID, known: Mapping[str, Target]
) -> dict[str, str]:
    """What each column of our own exports becomes; scores and words are made anew, so nothing."""
    rows = session.execute(
        select(SurveyVersion.number, SurveyVersion.definition).where(
            SurveyVersion.survey_id == survey_id
        )
    )
    asked = codebook.variables((row.number, load(row.definition)) for row in rows)
    variables = [*sheets.FIXED, *asked]
    names = variable_names.unique(each.name for each in variables)
    made = {}
    for name, variable in zip(names, variables, strict=True):
        if variable.source == "response":
            made[name] = _FIXED.get(variable.name, matching.NOTHING)
        else:
            is_answer = variable.source == "answer" and variable.name in known
            made[name] = variable.name if is_answer else matching.NOTHING
    return made


def guessed(session: Session, goal: Goal, look: Look) -> ColumnMap:
    """What the columns are likely to become, and how the file writes."""
    samples = {column: look.cells(column)[:200] for column in look.columns}
    data = {name for each in goal.compiled.definition.data for name in (each.key, each.name)}
    found = matching.guess(look.columns, samples, goal.targets, goal.own, data)
    _by_heads(found, samples, goal, look)
    zone = session.scalars(select(Organization.time_zone)).first() or "UTC"
    return _with_habits(ColumnMap(found, Habits(), zone), goal, look)


def _by_heads(
    found: dict[str, str], samples: Mapping[str, list[Any]], goal: Goal, look: Look
) -> None:
    """Give columns whose names say nothing what their second head line says."""
    said = {look.heads[c]: c for c, name in found.items() if not name and look.heads.get(c)}
    cells = {head: samples[column] for head, column in said.items()}
    taken = set(found.values())
    for head, name in matching.guess(list(said), cells, goal.targets, {}).items():
        if name and name not in taken:
            found[said[head]] = name


def _with_habits(mapping: ColumnMap, goal: Goal, look: Look) -> ColumnMap:
    samples = {column: look.cells(column) for column in look.columns}
    order, decimals = matching.habits(mapping.targets, samples, goal.targets)
    made = Habits(order or mapping.habits.order, decimals or mapping.habits.decimals)
    return replace(mapping, habits=made, is_order_sure=order is not None)


def from_document(document: Mapping[str, Any]) -> ColumnMap:
    """The mapping as it was kept."""
    habits = Habits(document["order"], document["decimals"])
    return ColumnMap(
        document["mapping"], habits, document["zone"], bool(document.get("is_order_sure", True))
    )


def from_form(columns: list[str], form: Mapping[str, str], before: ColumnMap) -> ColumnMap:
    """The mapping as a page sends it: `c0`, `c1`... and how the file writes."""
    found = {
        column: form.get(f"c{place}", before.targets.get(column, "")).strip()[:300]
        for place, column in enumerate(columns)
    }
    order = form.get("order", before.habits.order)
    decimals = form.get("decimals", before.habits.decimals)
    zone = form.get("zone", before.zone).strip()[:60]
    made = {
        "order": order if order in ORDERS else before.habits.order,
        "decimals": decimals if decimals in DECIMALS else before.habits.decimals,
        "zone": zone,
    }
    return from_document({"mapping": found, **made})


def problems(mapping: ColumnMap, goal: Goal) -> dict[str, str]:
    """What is wrong with it, by column or `zone`."""
    found = matching.problems(mapping.targets, goal.targets)
    try:
        ZoneInfo(mapping.zone)
    except (ValueError, OSError, KeyError):
        found["zone"] = "Enter a time zone such as Europe/Berlin."
    return found


def check(mapping: ColumnMap, goal: Goal) -> None:
    """Raises Invalid with the problems by column."""
    found = problems(mapping, goal)
    if found:
        raise Invalid("Some columns need another look.", problems=found)
