"""A new question of a kind with sensible words, and a question turned into one of another kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveys.editing.places import (
    Document,
    Edited,
    EditRefused,
    copied,
    find_question,
    finished,
    key_from,
    kind_title,
    quoted,
)
from surveys.kinds import KINDS, Kind

_STATEMENT = "New statement"
_QUESTION = "New question"
# What stays whatever the kind: who asks, when it is shown, in which words.
_ALWAYS = ("key", "text", "help", "show_if")
_ASKED = ("is_required", "is_requested", "required_if", "checks", "default")


def new_question(kind: str, taken: set[str], text: str = "") -> Document:
    """A question of this kind that is complete as it stands; raises EditRefused for another kind."""
    declared = KINDS.get(kind)
    if declared is None:
        raise EditRefused("Choose one of the kinds there are.")
    words = _STATEMENT if not takes_answer(declared) else _QUESTION
    question: Document = {
        "key": key_from(text or kind, taken, kind),
        "kind": kind,
        "text": text or words,
    }
    return _completed(question, declared)


def takes_answer(declared: Kind) -> bool:
    """Whether people answer questions of this kind."""
    return declared.answer != "none" or declared.expand is not None


def change_kind(document: Mapping[str, Any], path: str, kind: str) -> Edited:
    """The question asked in another kind, with all that fits it."""
    made = copied(document)
    found = find_question(made, path)
    declared = KINDS.get(kind)
    if declared is None:
        raise EditRefused("Choose one of the kinds there are.")
    before = found.question
    question = {name: before[name] for name in _ALWAYS if name in before} | {"kind": kind}
    if takes_answer(declared):
        question |= {name: before[name] for name in _ASKED if name in before}
    if declared.has_choices and not declared.fixed_choices:
        question |= _listed(before, "choices", _own_choices(before) or before.get("rows", []))
    if declared.has_rows:
        question |= _listed(before, "rows", before.get("rows", []))
    if declared.has_parts and before.get("parts"):
        question["parts"] = before["parts"]
    if kind == "calculated" and "value" in before:
        question["value"] = before["value"]
    question["settings"] = _settings(before, declared)
    found.listed[found.place] = _completed(question, declared)
    what = f"{quoted(before['text'])} is now of the kind {kind_title(kind)}"
    return Edited(_without_unfit(made, path), what, f"question.{path}")


def _own_choices(question: Mapping[str, Any]) -> list[Document]:
    """Choices a designer wrote; those a kind brings with it are not taken along."""
    declared = KINDS.get(question["kind"])
    return [] if declared is not None and declared.fixed_choices else question.get("choices", [])


def _listed(before: Mapping[str, Any], name: str, lines: list[Document]) -> Document:
    singular = name.removesuffix("s")
    kept: Document = {name: lines} if lines else {}
    for more in (f"{name}_from", f"{singular}_order"):
        if more in before:
            kept[more] = before[more]
    return kept


def _settings(before: Mapping[str, Any], declared: Kind) -> Document:
    """The settings that the new kind declares too, of the same sort."""
    old = KINDS.get(before["kind"])
    sorts = {each.name: each.type for each in old.settings} if old is not None else {}
    given: Mapping[str, Any] = before.get("settings", {})
    return {
        each.name: given[each.name]
        for each in declared.settings
        if each.name in given and sorts.get(each.name) == each.type
    }


def _completed(question: Document, declared: Kind) -> Document:
    """With the choices, rows and parts that the kind cannot do without."""
    if declared.has_choices and not declared.fixed_choices and "choices_from" not in question:
        choices = question.setdefault("choices", [])
        taken = {choice["key"] for choice in choices}
        while len(choices) < max(declared.least_choices, 0 if choices else 2):
            number = len(choices) + 1
            key = key_from(f"choice {number}", taken, "choice")
            choices.append({"key": key, "label": f"Choice {number}"})
    if declared.has_rows and "rows_from" not in question and not question.get("rows"):
        question["rows"] = [
            {"key": f"row_{number}", "label": f"Row {number}"}
            | (
                {"opposite": f"Opposite {number}"}
                if question["kind"] == "semantic_differential"
                else {}
            )
            for number in (1, 2)
        ]
    if declared.has_parts and not question.get("parts"):
        question["parts"] = [{"key": "part_1", "kind": "short_text", "text": _QUESTION}]
    return question


def _without_unfit(document: Document, path: str) -> Document:
    """The document without those settings of the question that the new kind refuses."""
    settings = find_question(document, path).question.get("settings", {})
    for _ in range(len(settings) + 1):
        try:
            return finished(document)
        except EditRefused as refused:
            wrong = {
                each.path.rpartition(".settings.")[2].partition("[")[0] for each in refused.problems
            }
            unfit = [name for name in settings if name in wrong]
            if not unfit:
                raise
            for name in unfit:
                del settings[name]
    return finished(document)
