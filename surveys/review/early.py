"""Conditions that hold before anything was answered, because nothing counts as zero in JsonLogic."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.logic import Condition
from surveys.parts import Definition, Logic
from surveys.proof.findings import Finding, note

_SMALLER, _GREATER = ("<", "<="), (">", ">=")


def early(definition: Definition) -> Iterator[Finding]:
    """Pages and questions that are shown although the number they ask for was not answered."""
    for i, page in enumerate(definition.pages):
        if _holds_early(page.show_if):
            yield _said(f"pages[{i}].show_if", "page")
        for j, question in enumerate(page.questions):
            if _holds_early(question.show_if):
                yield _said(f"pages[{i}].questions[{j}].show_if", "question", question.key)


def _said(path: str, what: str, key: str = "") -> Finding:
    return note(
        "holds_unanswered", path,
        f"This {what} is shown also where nothing was answered, as no answer counts as zero. If that is "
        "not meant, ask in its condition that it was answered.", key,
    )  # fmt: skip


def _holds_early(logic: Logic) -> bool:
    return logic is not None and _asks_for_little(logic) and Condition(logic).holds({})


def _asks_for_little(logic: object) -> bool:
    """Whether an answer is to be smaller than something, anywhere in the logic."""
    if isinstance(logic, list):
        return any(_asks_for_little(each) for each in logic)
    if not isinstance(logic, dict):
        return False
    for name, given in logic.items():
        terms = given if isinstance(given, list) else [given]
        if name in _SMALLER and _is_answer(terms[0]):
            return True
        if name in _GREATER and len(terms) > 1 and _is_answer(terms[1]):
            return True
        if _asks_for_little(terms):
            return True
    return False


def _is_answer(term: object) -> bool:
    return isinstance(term, dict) and "var" in term
