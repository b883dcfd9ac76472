"""What a column of a file can become in a survey: a question, a part of one, one of its choices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from surveys import kinds, translations
from surveys.carrying import widened
from surveys.definition import Definition, Question
from surveys.localizing import localized
from surveys.looping import unrolled

# How a cell is read: a point of a scale, one choice, several in one cell, one choice chosen or not,
# the place of a choice, choices in order, a number, a day, a text, a text or number.
Shape: TypeAlias = Literal[
    "point", "one", "several", "chosen", "place", "ranked", "number", "day", "text", "value"
]
T = TypeVar("T")
_NOT_WORDS = re.compile(r"[\W_]+")
# What nobody answers, and what a table cannot hand over.
_NEVER = frozenset({"calculated", "file_upload"})


@dataclass(frozen=True, slots=True)
class Target:
    """One thing a column can become, named as exports name its column; ``key`` is the answer's.

    ``wordings`` are the same question in each language of the survey, its own first.
    """

    name: str
    label: str
    key: str
    shape: Shape
    wordings: tuple[Question, ...]
    choice: str = ""

    @property
    def question(self) -> Question:
        """The question in the survey's own language."""
        return self.wordings[0]


def targets(definition: Definition) -> dict[str, Target]:
    """All that columns can become, by name, in the order of asking."""
    spoken = [_leaves(definition)]
    spoken += [_leaves(localized(definition, each)) for each in definition.languages[1:]]
    made: dict[str, Target] = {}
    for key, question in spoken[0].items():
        wordings = tuple(leaves[key] for leaves in spoken if key in leaves)
        for target in _of(question, wordings):
            made[target.name] = target
    return made


def _leaves(definition: Definition) -> dict[str, Question]:
    """The questions that are answered, by the key of the answer."""
    return {
        atom.key: atom
        for question in widened(unrolled(definition)).questions
        for atom in kinds.atoms(question)
        if kinds.kind(atom.kind).answer != "none" and atom.kind not in _NEVER
    }


def _of(question: Question, wordings: tuple[Question, ...]) -> Iterator[Target]:
    declared = kinds.kind(question.kind)
    key = question.key
    if declared.takes_many:
        is_ranked = question.kind == "ranking"
        yield Target(key, question.text, key, "ranked" if is_ranked else "several", wordings)
        for choice in question.choices:
            label = f"{question.text}: {choice.label}"
            shape: Shape = "place" if is_ranked else "chosen"
            yield Target(f"{key}.{choice.key}", label, key, shape, wordings, choice.key)
    elif declared.answer == "choices":
        yield Target(key, question.text, key, "one", wordings)
    elif declared.answer == "numeric":
        shape = "point" if kinds.points(question) else "number"
        yield Target(key, question.text, key, shape, wordings)
    elif declared.answer == "date":
        yield Target(key, question.text, key, "day", wordings)
    elif question.kind == "hidden":
        yield Target(key, question.text, key, "value", wordings)
        yield Target(f"{key}.text", f"{question.text} (as text)", key, "text", wordings)
    else:
        yield Target(key, question.text, key, "text", wordings)


def plain(text: str) -> str:
    """Words without case, accents of writing and signs between them, for comparing."""
    return " ".join(_NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).split())


class Words(Generic[T]):
    """What is meant by a word: exactly as written first, then without case, then without signs.

    The layers come in order of trust; within one, a word that means two things means nothing.
    """

    def __init__(self, *layers: Iterable[tuple[str, T]]) -> None:
        self._layers = [_meanings(layer) for layer in layers]

    def find(self, text: str) -> T | None:
        """The meaning, or None."""
        forms = (text.strip(), " ".join(text.casefold().split()), plain(text))
        for layer in self._layers:
            for form, known in zip(forms, layer, strict=True):
                if form and form in known:
                    return known[form]
        return None


def _meanings(pairs: Iterable[tuple[str, T]]) -> tuple[Mapping[str, T], ...]:
    given = [(text, meaning) for text, meaning in pairs if text]
    made = []
    for form in (str.strip, lambda text: " ".join(text.casefold().split()), plain):
        found: dict[str, T] = {}
        twice: set[str] = set()
        for text, meaning in given:
            word = form(text)
            if form is plain and word.isdecimal():
                continue  # Without its signs -1 would be 1.
            if found.setdefault(word, meaning) != meaning:
                twice.add(word)
        made.append({word: meaning for word, meaning in found.items() if word not in twice})
    return tuple(made)


def choice_words(target: Target) -> Words[str]:
    """The key of a choice by its key, by its label in any language, by its number."""
    question = target.question
    keys = [(choice.key, choice.key) for choice in question.choices]
    labels = [
        (choice.label, choice.key) for wording in target.wordings for choice in wording.choices
    ]
    numbers = [(f"{each.value:g}", each.key) for each in question.choices if each.value is not None]
    return Words(keys, labels, [*numbers, *_usual(question)])


def _usual(question: Question) -> Iterator[tuple[str, str]]:
    """Words for yes and no in every language there is, and as programs write them."""
    fixed = dict(kinds.kind(question.kind).fixed_choices)
    for key, words in fixed.items():
        for language in translations.LANGUAGES:
            yield translations.text(language, words), key
    for key, said in (("yes", YES), ("no", NO), ("agreed", YES)):
        if key in fixed:
            yield from ((word, key) for word in said)


YES = ("1", "true", "yes", "y", "x", "✓", "✔", "checked", "selected", "chosen", "on")
NO = ("0", "false", "no", "n", "unchecked", "not selected", "not chosen", "off")


def point_words(target: Target) -> Words[int]:
    """The point of a scale by its number or its words in any language."""
    points = kinds.points(target.question)
    said: list[tuple[str, int]] = []
    for wording in target.wordings:
        for language in _languages(wording):
            scale = kinds.scale(wording, language)
            if scale is None:
                continue
            said += zip(scale.words, points, strict=False)
            said += [(scale.low_words, points[0]), (scale.high_words, points[-1])]
    return Words([(str(point), point) for point in points], said)


def _languages(wording: Question) -> tuple[str, ...]:
    """Ends without words of their own have the usual ones, in whatever language was shown."""
    own = wording.settings.get("low_label") or wording.settings.get("labels")
    return ("en",) if own else translations.LANGUAGES
