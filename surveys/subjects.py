"""What logic can ask about: answers to questions and their parts, sentiment, data, the language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from surveys import kinds
from surveys.carrying import widened
from surveys.looping import unrolled
from surveys.parts import Definition, Question

Shape: TypeAlias = Literal["number", "choice", "choices", "text", "date"]
_SHAPES: dict[str, Shape] = {"numeric": "number", "text": "text", "date": "date"}
_LONGEST = 70


class Subject(NamedTuple):
    """A variable of logic as people know it; ``options`` are keys with their labels."""

    path: str
    label: str
    shape: Shape
    options: tuple[tuple[str, str], ...] = ()
    points: tuple[int, ...] = ()


def subjects(definition: Definition, before: str = "") -> dict[str, Subject]:
    """All subjects by their paths; with `before`, only questions asked before this one.

    `before` is the key of a question (whose own answer does not count) or of a page.
    """
    found: dict[str, Subject] = {}
    for page in widened(unrolled(definition)).pages:
        if before and page.key == before:
            break
        asked = [each.key for each in page.questions]
        for question in page.questions:
            if question.key == before:
                break
            for subject in of_question(question):
                found[subject.path] = subject
        if before in asked:
            break
    for each in definition.data:
        options = tuple((value, value) for value in each.choices)
        shape: Shape = "choice" if options else "text"
        found[f"_data.{each.key}"] = Subject(
            f"_data.{each.key}", each.name or each.key, shape, options
        )
    if len(definition.languages) > 1:
        codes = tuple((code, code) for code in definition.languages)
        found["_language"] = Subject("_language", "Language", "choice", codes)
    return found


def of_question(question: Question) -> Iterable[Subject]:
    """The subjects of one question: its answer, its parts', and the sentiment of a comment."""
    atoms = kinds.atoms(question)
    keys = {atom.key for atom in atoms}
    for atom in atoms:
        kind = kinds.kind(atom.kind)
        path = atom.key
        if kinds.host(question, atom.key, keys):
            path = f"_text.{atom.key.removesuffix('.text')}"
        shape = _SHAPES.get(kind.answer)
        if kind.answer == "choices":
            shape = "choices" if kind.takes_many else "choice"
        if kind.name in ("calculated", "hidden"):
            shape = "text" if kind.name == "hidden" else "number"
        if shape is None:
            continue
        options = tuple((each.key, each.label) for each in atom.choices)
        yield Subject(path, shortly(atom.text), shape, options, kinds.points(atom))
        if kind.name == "long_text":
            yield Subject(f"_sentiment.{atom.key}", f"Sentiment of {shortly(atom.text)}", "number")


def shortly(text: str) -> str:
    """The beginning of a text."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
