"""Scales beside one another: which way they run, how many points they have, whether labels balance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from surveys import kinds
from surveys.parts import Definition, Question
from surveys.proof.findings import Finding, few, note, warning
from surveys.review import vocabulary
from surveys.review.vocabulary import Vocabulary

_FREE_LENGTH = frozenset(
    {"scale", "likert", "stars", "smileys", "matrix_rating", "semantic_differential"}
)
_FEWEST_POLES = 3


class _Scale(NamedTuple):
    path: str
    question: Question
    runs: int


def scales(definition: Definition) -> Iterator[Finding]:
    """Findings on the scales of a survey."""
    words = vocabulary.of(definition.language)
    running = []
    lengths: dict[int, list[str]] = {}
    for i, page in enumerate(definition.pages):
        for j, question in enumerate(page.questions):
            path = f"pages[{i}].questions[{j}]"
            if question.kind in _FREE_LENGTH:
                lengths.setdefault(_length(question), []).append(question.key)
            if words is None:
                continue
            if runs := direction(question, words):
                running.append(_Scale(path, question, runs))
            yield from _balance(path, question, words)
    yield from _mixed(running)
    if len(lengths) > 1:
        usual = max(lengths, key=lambda each: len(lengths[each]))
        others = [
            f"{key} ({count})" for count, keys in lengths.items() if count != usual for key in keys
        ]
        yield note(
            "mixed_lengths", "",
            f"Most scales have {usual} points, others not: {few(others)}. One length is easier to answer "
            "and to compare.",
        )  # fmt: skip


def _length(question: Question) -> int:
    points = kinds.points(question)
    if points:
        return len(points)
    atoms = kinds.atoms(question)
    return len(kinds.points(atoms[0])) if atoms else 0


def direction(question: Question, words: Vocabulary) -> int:
    """1 where good comes last or on the right, -1 where it comes first, 0 where that is not told."""
    if question.kind == "ces":
        return -1 if question.settings.get("direction") == "low_is_easy" else 1
    first, last = _ends(question)
    low, high = words.pole(first), words.pole(last)
    if low * high < 0:
        return 1 if high > 0 else -1
    return 1 if question.kind in ("nps", "csat", "stars", "smileys") else 0


def _ends(question: Question) -> tuple[str, str]:
    if kinds.points(question) or question.kind == "matrix_rating":
        labels = question.settings.get("labels")
        if isinstance(labels, tuple) and labels:
            return labels[0], labels[-1]
        return tuple(str(question.settings.get(name, "")) for name in ("low_label", "high_label"))  # type: ignore[return-value]
    listed = [
        choice for choice in question.choices if not choice.missing and not choice.is_exclusive
    ]
    if question.kind not in ("single_choice", "matrix_single", "dropdown") or len(listed) < 3:
        return "", ""
    return listed[0].label, listed[-1].label


def _mixed(running: Sequence[_Scale]) -> Iterator[Finding]:
    upwards = [each for each in running if each.runs > 0]
    downwards = [each for each in running if each.runs < 0]
    if not upwards or not downwards:
        return
    odd, usual = sorted((downwards, upwards), key=len)
    for each in odd:
        where = "low" if each.runs > 0 else "high"
        yield warning(
            "mixed_direction", each.path,
            f"Here the bad end is {where}, in {usual[0].question.key} it is the other way round; people "
            "then mark the wrong end. Let all scales run one way.", each.question.key,
        )  # fmt: skip


def _balance(path: str, question: Question, words: Vocabulary) -> Iterator[Finding]:
    """As many labels that praise as labels that blame."""
    labels = question.settings.get("labels")
    if kinds.points(question) and isinstance(labels, tuple):
        listed, where = list(labels), "settings.labels"
    elif question.kind in ("single_choice", "dropdown", "matrix_single"):
        listed, where = (
            [choice.label for choice in question.choices if not choice.missing],
            "choices",
        )
    else:
        return
    poles = [pole for each in listed if (pole := words.pole(each))]
    good, bad = poles.count(1), poles.count(-1)
    if good + bad >= _FEWEST_POLES and abs(good - bad) > 1:
        more, fewer = ("praise", "blame") if good > bad else ("blame", "praise")
        yield warning(
            "unbalanced_labels", f"{path}.{where}",
            f"{max(good, bad)} labels {more} and {min(good, bad)} {fewer}, which pulls the answers. "
            "Offer as many of both.", question.key,
        )  # fmt: skip
