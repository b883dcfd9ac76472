"""What a mapping would make of a file's first rows: answers shown, cells that cannot be read, counts."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.feedback import collect
from efm.feedback.store import Outcome, Row
from efm.imports.responses import contacts, loading
from efm.imports.responses.files import Look
from efm.imports.responses.mapping import ColumnMap, Goal
from efm.imports.responses.rows import Reader, Taken
from efm.models import Response
from surveys import matching

SHOWN = 20
MOST_SHOWN_COLUMNS = 30
_LONGEST = 120


@dataclass(frozen=True)
class ShownCell:
    """One cell of the preview: what it becomes, or what it says and why that cannot be read."""

    text: str
    problem: str = ""


@dataclass(frozen=True)
class ShownRow:
    """One row of the preview."""

    number: int
    cells: Sequence[ShownCell]
    problem: str = ""
    is_there: bool = False


@dataclass
class Preview:
    """The first rows as answers, and what would become of all rows that were looked at."""

    columns: list[tuple[str, str]] = field(default_factory=list)
    more_columns: int = 0
    rows: list[ShownRow] = field(default_factory=list)
    looked_at: int = 0
    good: int = 0
    already: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)
    named: int = 0
    linked: int = 0
    is_dated: bool = False


def preview(session: Session, goal: Goal, mapping: ColumnMap, look: Look, now: datetime) -> Preview:
    """The preview of a mapping that has no problems; nothing is stored."""
    reader = Reader(goal, mapping, is_escaped=look.is_escaped)
    taken = [reader.read(record) for record in look.records]
    found = contacts.find(session, taken)
    here = _there(session, goal.survey_id, taken)
    made = Preview(
        looked_at=len(taken) + len(look.rejected),
        named=sum(map(contacts.is_named, taken)),
        linked=sum(each is not None for each in found),
        is_dated=matching.SUBMITTED in mapping.targets.values(),
    )
    mapped = [column for column in look.columns if mapping.targets.get(column)]
    reasons = Counter(each.reason for each in look.rejected)
    judged = [_judged(goal, each, now) for each in taken]
    for each, outcome in zip(taken, judged, strict=True):
        reason = loading.said(each.problems) if each.problems else ""
        if not reason and isinstance(outcome, Outcome):
            reason = loading.reason_of(outcome)
        if reason:
            reasons[reason] += 1
            for column in each.problems:
                made.unreadable[column] = made.unreadable.get(column, 0) + 1
        elif each.row in here:
            made.already += 1
        else:
            made.good += 1
    made.refused, made.reasons = sum(reasons.values()), loading.most(reasons)
    shown = _shown_first(mapped, made.unreadable)
    made.columns = [(each, label(goal, mapping.targets[each], each)) for each in shown]
    made.more_columns = len(mapped) - len(shown)
    for each, outcome, record in list(zip(taken, judged, look.records, strict=True))[:SHOWN]:
        made.rows.append(_row(goal, mapping, shown, each, outcome, record, each.row in here))
    return made


def _shown_first(mapped: list[str], unreadable: Mapping[str, int]) -> list[str]:
    """As many columns as a page holds; those with cells that cannot be read are among them."""
    if len(mapped) <= MOST_SHOWN_COLUMNS:
        return mapped
    first = {each for each in mapped if each in unreadable}
    kept = [*first, *(each for each in mapped if each not in first)][:MOST_SHOWN_COLUMNS]
    return sorted(kept, key=mapped.index)


def _there(session: Session, survey_id: uuid.UUID, taken: Sequence[Taken]) -> set[int]:
    """The rows that are in already, by their key or as a response of ours."""
    rows = {collect.submit_key(survey_id, each.key): each.row for each in taken}
    keys = select(Response.submit_key).where(Response.submit_key.in_(rows))
    there = {rows[key] for key in session.scalars(keys) if key in rows}
    twice = {each.row for each in taken} - set(rows.values())
    return there | twice | loading.standing(session, survey_id, taken)


def _judged(goal: Goal, taken: Taken, now: datetime) -> Row | Outcome:
    """The response as the survey would take it; comments are not scored for this."""
    target = collect.Target(
        goal.survey_id, goal.version_id, uuid.UUID(int=0), "import", "", goal.compiled
    )
    return collect.read(taken.incoming(goal.survey_id, None), target, now, seconds=0.0)


def _row(
    goal: Goal, mapping: ColumnMap, shown: Sequence[str], taken: Taken, outcome: Row | Outcome,
    record: Mapping[str, Any], is_there: bool,
) -> ShownRow:  # fmt: skip
    problems = dict(outcome.problems or {}) if isinstance(outcome, Outcome) else {}
    cells, told = [], set()
    for column in shown:
        name = mapping.targets[column]
        field_name = _field(goal, name)
        why = taken.problems.get(column) or problems.get(field_name, "")
        told.add(field_name)
        said = "" if record.get(column) is None else str(record[column])
        cells.append(
            ShownCell(_cut(said), why) if why else ShownCell(_cut(_answer(goal, name, taken, said)))
        )
    rest = {
        name.removeprefix("answers."): why for name, why in problems.items() if name not in told
    }
    return ShownRow(taken.row, cells, loading.said(rest), is_there)


def _field(goal: Goal, name: str) -> str:
    """What a refusal calls the thing a column becomes."""
    target = goal.targets.get(name)
    return f"answers.{target.key}" if target is not None else name.removeprefix("@")


def _answer(goal: Goal, name: str, taken: Taken, said: str) -> str:
    """What a cell was understood as, in the words of the survey."""
    target = goal.targets.get(name)
    if target is None:
        found = taken.about.get(name.removeprefix("@"), said)
        return f"{found:%Y-%m-%d %H:%M} UTC" if isinstance(found, datetime) else str(found)
    value = taken.answers.get(target.key)
    if value is None:
        return ""
    labels = {choice.key: choice.label for choice in target.question.choices}
    if target.choice:
        if target.choice not in value:
            return "not chosen" if target.shape == "chosen" else ""
        return f"{value.index(target.choice) + 1}." if target.shape == "place" else "chosen"
    if isinstance(value, list):
        return ", ".join(labels.get(key, str(key)) for key in value)
    return labels.get(value, str(value)) if target.shape == "one" else str(value)


def label(goal: Goal, name: str, column: str) -> str:
    """What a column becomes, in words."""
    target = goal.targets.get(name)
    if target is not None:
        return target.label
    if name.partition(":")[0] == matching.ATTRIBUTE:
        return f"Attribute {name.partition(':')[2] or column}"
    return matching.RESPONSE.get(name, name)


def _cut(text: str) -> str:
    text = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
