"""Walks through imported surveys: what a person who answers so is shown, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from surveys.compiled import Compiled
from surveys.logic import Context
from surveys.parts import Definition


def shown(
    definition: Definition, answers: Mapping[str, object], data: Mapping[str, object] | None = None
) -> list[list[str]]:
    """The keys of the questions on each page that is shown to somebody who gives these answers.

    Answers are JSON values by question key (``matrix.row`` for rows); what is not shown counts for
    nothing. Answers the definition refuses fail the walk.
    """
    compiled = Compiled(definition)
    context = Context(data=data or {}, seed="walk", language=definition.language)
    cleaned = compiled.clean_all(dict(answers), partial=True, context=context)
    assert cleaned.is_valid, dict(cleaned.errors)
    route = compiled.flow.walk(cleaned.answers, context)
    return [[question.key for question in stop.questions] for stop in route.stops]


def refused(definition: Definition, answers: Mapping[str, object]) -> Sequence[str]:
    """The keys of the answers a complete response is refused for."""
    return list(Compiled(definition).clean_all(dict(answers), context=Context(seed="walk")).errors)
