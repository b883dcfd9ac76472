"""Questions and pages of a definition made ready to be walked: conditions compiled, parts written out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from surveys import kinds
from surveys.logic import Condition, Data, condition
from surveys.parts import Block, Page, Question
from surveys.values import Answer


class Atom(NamedTuple):
    """A question that takes an answer: itself, or a part of a composite one."""

    question: Question
    show: Condition | None
    # The row or choice it belongs to: gone when that is not offered.
    belongs_to: str
    is_beside: bool


class Step(NamedTuple):
    """A question made ready: its conditions and the atoms it consists of."""

    question: Question
    show: Condition | None
    required: Condition | None
    value: Condition | None
    atoms: tuple[Atom, ...]
    choices: Mapping[str, Condition]
    rows: Mapping[str, Condition]
    is_arranged: bool


class Leg(NamedTuple):
    """A page made ready."""

    place: int
    page: Page
    block: Block | None
    show: Condition | None
    block_show: Condition | None
    skips: tuple[tuple[str, Condition | None], ...]
    steps: tuple[Step, ...]


def step(question: Question) -> Step:
    """A question made ready."""
    composite = kinds.kind(question.kind).expand is not None
    is_given = question.kind == "hidden" and question.value is None
    atoms = []
    for atom in kinds.atoms(question):
        parts = atom.key.split(".")
        is_beside = not composite and atom is not question
        atoms.append(
            Atom(atom, condition(atom.show_if) if atom is not question else None,
                 parts[1] if len(parts) > 1 else "", is_beside)
        )  # fmt: skip
    return Step(
        question,
        condition(question.show_if),
        condition(question.required_if),
        condition({"var": f"_data.{question.key}"} if is_given else question.value),
        tuple(atoms),
        {
            each.key: Condition(each.show_if)
            for each in question.choices
            if each.show_if is not None
        },
        {each.key: Condition(each.show_if) for each in question.rows if each.show_if is not None},
        question.choice_order != "as_given"
        or question.row_order != "as_given"
        or question.choices_from is not None
        or question.rows_from is not None
        or any(each.show_if is not None for each in (*question.choices, *question.rows)),
    )


def offered(each: Step, question: Question, data: Data) -> list[Atom]:
    """The atoms this person is asked: of the rows and choices that are offered."""
    if not each.is_arranged and not any(atom.show for atom in each.atoms):
        return list(each.atoms)
    keys = {choice.key for choice in (question.rows or question.choices)}
    return [
        atom
        for atom in each.atoms
        if (atom.show is None or atom.show.holds(data))
        and (not atom.is_beside or atom.belongs_to in keys)
        and (not question.rows or atom.belongs_to in keys)
    ]


def within(answer: Answer, question: Question, atom: Atom) -> Answer | None:
    """The answer without choices that are no longer offered; None when nothing is left of it."""
    if answer.choices is None or not question.choices or atom.is_beside:
        return answer
    keys = {choice.key for choice in atom.question.choices} & {
        choice.key for choice in question.choices
    }
    chosen = tuple(each for each in answer.choices if each in keys)
    if len(chosen) == len(answer.choices):
        return answer
    return answer._replace(choices=chosen) if chosen else None


def is_plain(each: Step) -> bool:
    return not (
        each.show
        or each.required
        or each.value
        or each.is_arranged
        or each.question.checks
        or each.question.is_requested
        or not kinds.kind(each.question.kind).is_asked
    )
