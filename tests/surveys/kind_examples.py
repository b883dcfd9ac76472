"""An example question of every kind, made of what the kind declares, with answers that fit it."""

from __future__ import annotations

from typing import Any

from surveys import kinds
from surveys.definition import load
from surveys.parts import Definition, Question

TYPED = {
    "email": "ana@example.com",
    "phone": "+44 20 7946 0000",
    "url": "https://example.com",
    "time": "14:30",
    "date": "2026-01-31",
    "date_time": "2026-01-31T14:30",
}


def example(name: str) -> dict[str, Any]:
    """A question of a kind, made of what the kind declares."""
    kind = kinds.kind(name)
    question: dict[str, Any] = {"key": "q", "kind": name, "text": "Well?"}
    if kind.has_choices and not kind.fixed_choices:
        question["choices"] = [{"key": key, "label": f"Choice {key}"} for key in "abcde"]
        if kind.expand is None:
            question["choices"][1]["takes_text"] = True
    if kind.has_rows:
        question["rows"] = [{"key": key, "label": f"Row {key}"} for key in ("r1", "r2", "r3")]
        if name == "semantic_differential":
            for row in question["rows"]:
                row["opposite"] = f"Opposite of {row['key']}"
    if kind.has_parts:
        question["parts"] = [
            {"key": "p1", "kind": "short_text", "text": "Part one"},
            {"key": "p2", "kind": "number", "text": "Part two"},
            {"key": "p3", "kind": "nps", "text": "Part three"},
        ]
    if name == "calculated":
        question["value"] = 1
    return question


def loaded(*questions: dict[str, Any]) -> Definition:
    return load({"title": "T", "language": "en", "pages": [{"questions": list(questions)}]})


def answered(question: Question) -> dict[str, Any]:
    """An answer in JSON to each atom of a question, so that all of them fit one another."""
    values: dict[str, Any] = {}
    atoms = kinds.atoms(question)
    for atom in atoms:
        kind = kinds.kind(atom.kind)
        if atom.kind == "statement" or not kind.is_asked:
            continue
        if kinds.points(atom):
            values[atom.key] = kinds.points(atom)[-2]
        elif kind.template == "file":
            values[atom.key] = [f"{'0a' * 16}~plan.pdf"]
        elif question.kind == "ranking" and atom is question:
            values[atom.key] = [choice.key for choice in reversed(atom.choices)]
        elif kind.takes_many:
            values[atom.key] = [choice.key for choice in atom.choices[1:3]]
        elif atom.choices:
            at_end = atom.key.endswith(".worst")
            values[atom.key] = atom.choices[-1 if at_end else min(1, len(atom.choices) - 1)].key
        elif kind.answer == "numeric":
            values[atom.key] = 20
        else:
            values[atom.key] = TYPED.get(atom.kind, "Some words")
    return values


def as_form(question: Question, values: dict[str, Any]) -> dict[str, list[str]]:
    """The answers as the fields of a form send them."""
    form = {}
    for key, value in values.items():
        listed = value if isinstance(value, list) else [value]
        if question.kind == "ranking" and key == question.key:
            listed = [f"{choice}={place}" for place, choice in enumerate(listed, 1)]
        form[key] = [str(each) for each in listed]
    return form
