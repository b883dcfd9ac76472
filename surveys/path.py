"""The way through a survey: which page comes next, what is missing, how far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from surveys.definition import Definition, Page
from surveys.values import Answer


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a person is, in numbers people count by: page 2 of about 5."""

    page: int
    pages: int

    @property
    def share(self) -> float:
        """The share of pages already behind, in 0..1."""
        return (self.page - 1) / self.pages


def progress(definition: Definition, page_index: int) -> Progress:
    """Progress on the page with this index (from 0)."""
    return Progress(page_index + 1, max(len(definition.pages), 1))


def next_page(definition: Definition, page_index: int) -> int | None:
    """The index of the page that follows, None after the last."""
    return page_index + 1 if page_index + 1 < len(definition.pages) else None


def previous_page(definition: Definition, page_index: int) -> int | None:
    """The index of the page before, None on the first."""
    return page_index - 1 if page_index > 0 else None


def page_of(definition: Definition, question_key: str) -> int | None:
    """The index of the page that asks this question, None where none does."""
    for index, page in enumerate(definition.pages):
        if any(question.key == question_key for question in page.questions):
            return index
    return None


def first_missing(definition: Definition, answers: Mapping[str, Answer]) -> int | None:
    """The index of the first page with a required question not answered; None when complete."""
    for index, page in enumerate(definition.pages):
        if _misses(page, answers):
            return index
    return None


def resume_page(definition: Definition, answers: Mapping[str, Answer]) -> int:
    """Where a person who comes back continues: after the last page with an answer.

    A page with a missing required answer before that comes first.
    """
    reached = 0
    for index, page in enumerate(definition.pages):
        if any(question.key in answers for question in page.questions):
            reached = min(index + 1, len(definition.pages) - 1)
    missing = first_missing(definition, answers)
    return reached if missing is None else min(reached, missing)


def _misses(page: Page, answers: Mapping[str, Answer]) -> bool:
    return any(question.is_required and question.key not in answers for question in page.questions)
