"""Which question each figure is made of, from the published versions of the surveys.

The rule: of several questions of one metric a survey's figure counts the first one asked. The
newest version decides; an older version that did not ask that question counts its own first one.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.insight.cells import Aside
from efm.models import Survey, SurveyVersion

REMEMBERED = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """What surveys ask: the metrics, the questions that stand aside, the questions' texts."""

    metrics: frozenset[str]
    asides: tuple[Aside, ...]
    texts: Mapping[tuple[uuid.UUID, str], str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class _Frozen:
    """The measuring questions of one published version: key, metric and text, in order."""

    questions: tuple[tuple[str, str, str], ...]


_known: dict[uuid.UUID, _Frozen] = {}
_guard = threading.Lock()


def surveys(session: Session) -> dict[uuid.UUID, str]:
    """The surveys that were ever published, by name."""
    rows = session.execute(
        select(Survey.id, Survey.name).where(Survey.state != "draft").order_by(Survey.name)
    )
    return {row.id: row.name for row in rows}


def asked(session: Session, survey_ids: Sequence[uuid.UUID]) -> Asked:
    """What the published versions of these surveys ask."""
    by_survey = _versions(session, survey_ids)
    asides: list[Aside] = []
    metrics: set[str] = set()
    texts: dict[tuple[uuid.UUID, str], str] = {}
    for survey_id, versions in by_survey.items():
        main = _main(versions)
        for version in reversed(versions):
            for key, metric, words in version.questions:
                metrics.add(metric)
                texts[survey_id, key] = words
                aside = Aside(survey_id, metric, key)
                if key not in main[metric] and aside not in asides:
                    asides.append(aside)
    return Asked(frozenset(metrics), tuple(asides), texts)


def _main(versions: Sequence[_Frozen]) -> dict[str, set[str]]:
    """The questions that count, by metric; `versions` newest first."""
    main: dict[str, set[str]] = {}
    for version in versions:
        by_metric: dict[str, list[str]] = {}
        for key, metric, _ in version.questions:
            by_metric.setdefault(metric, []).append(key)
        for metric, keys in by_metric.items():
            chosen = main.setdefault(metric, set())
            if not chosen.intersection(keys):
                chosen.add(keys[0])
    return main


def _versions(session: Session, survey_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[_Frozen]]:
    """The versions of each survey, newest first; a version never changes, so it is read once."""
    rows = session.execute(
        select(SurveyVersion.id, SurveyVersion.survey_id)
        .where(SurveyVersion.survey_id.in_(survey_ids))
        .order_by(SurveyVersion.survey_id, SurveyVersion.number.desc())
    ).all()
    missing = [row.id for row in rows if row.id not in _known]
    if missing:
        _learn(session, missing)
    found: dict[uuid.UUID, list[_Frozen]] = {}
    for row in rows:
        found.setdefault(row.survey_id, []).append(_known[row.id])
    return found


def _learn(session: Session, ids: Sequence[uuid.UUID]) -> None:
    read = {
        row.id: _Frozen(tuple(_questions(row.definition)))
        for row in session.execute(
            select(SurveyVersion.id, SurveyVersion.definition).where(SurveyVersion.id.in_(ids))
        )
    }
    with _guard:
        if len(_known) + len(read) > REMEMBERED:
            _known.clear()
        _known.update(read)


def _questions(definition: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The questions that make a loyalty figure: a frozen definition has its defaults written out."""
    for page in definition.get("pages", ()):
        for question in page.get("questions", ()):
            kind = question.get("kind")
            if kind in ("stars", "smileys") and question.get("settings", {}).get("is_csat"):
                kind = "csat"
            if kind in ("nps", "csat", "ces"):
                yield question["key"], kind, question["text"]
