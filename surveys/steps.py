"""Questions and pages of a definition made ready to be walked: conditions compiled, parts written out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from surveys import kinds
from surveys.logic import Condition, Data, condition
from surveys.parts import Block, Choice, Page, Posed, Question
from surveys.values import Answer


class Atom(NamedTuple):
    """A question that takes an answer: itself, or a part of a composite one.

    ``row`` is the row or entry it stands in, ``belongs_to`` the choice words are written beside, and
    ``host`` the atom that choice is of. Conditions are those of a part; the ones of a whole question
    are with its step.
    """

    question: Question
    show: Condition | None = None
    required: Condition | None = None
    value: Condition | None = None
    checks: tuple[tuple[Condition, str], ...] = ()
    choices: Mapping[str, Condition] = {}
    row: str = ""
    belongs_to: str = ""
    host: str = ""

    @property
    def is_beside(self) -> bool:
        """Whether it is words written beside a choice."""
        return self.host != ""

    @property
    def conditions(self) -> Iterator[Condition]:
        """All conditions of a part."""
        for each in (self.show, self.required, self.value):
            if each is not None:
                yield each
        yield from self.choices.values()
        yield from (valid for valid, _ in self.checks)


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
    # Whether conditions decide which of its atoms are asked, and how.
    is_posed: bool


class Leg(NamedTuple):
    """A page made ready."""

    place: int
    page: Page
    block: Block | None
    show: Condition | None
    block_show: Condition | None
    skips: tuple[tuple[str, Condition | None], ...]
    steps: tuple[Step, ...]
    # Of a page in a loop: whether what it is about has its turn at all.
    when: Condition | None = None


def step(question: Question) -> Step:
    """A question made ready."""
    is_given = question.kind == "hidden" and question.value is None
    every = kinds.atoms(question)
    keys = {atom.key for atom in every}
    atoms = tuple(_atom(question, atom, kinds.host(question, atom.key, keys)) for atom in every)
    return Step(
        question,
        condition(question.show_if),
        condition(question.required_if),
        condition({"var": f"_data.{question.key}"} if is_given else question.value),
        atoms,
        _conditions(question.choices),
        _conditions(question.rows),
        question.choice_order != "as_given"
        or question.row_order != "as_given"
        or question.choices_from is not None
        or question.rows_from is not None
        or any(each.show_if is not None for each in (*question.choices, *question.rows)),
        any(atom.show or atom.required or atom.value or atom.choices for atom in atoms),
    )


def _atom(question: Question, atom: Question, host: str) -> Atom:
    if atom is question:
        return Atom(atom)
    inside = atom.key[len(question.key) + 1 :].split(".")
    if host:
        return Atom(
            atom, row=inside[0] if host != question.key else "", belongs_to=inside[-2], host=host
        )
    if not question.parts:
        return Atom(atom, condition(atom.show_if), row=inside[0])
    return Atom(
        atom,
        condition(atom.show_if),
        condition(atom.required_if),
        condition(atom.value),
        tuple((Condition(check.valid_if), check.message) for check in atom.checks),
        _conditions(atom.choices),
        row=inside[0],
    )


def _conditions(choices: Iterable[Choice]) -> dict[str, Condition]:
    return {each.key: Condition(each.show_if) for each in choices if each.show_if is not None}


Asks: TypeAlias = dict[str, frozenset[str] | None]


def offered(each: Step, question: Question, data: Data, asks: Asks) -> Iterator[Atom]:
    """The atoms this person is asked: of the rows and choices that are offered.

    One is looked at after the other, so that answers to one decide about the next. ``asks`` notes
    the keys of those that are asked, with the choices they offer where not all are.
    """
    if not each.is_arranged and not each.is_posed:
        asks.update(dict.fromkeys(atom.question.key for atom in each.atoms))
        yield from each.atoms
        return
    rows = {row.key for row in question.rows}
    choices = {choice.key for choice in question.choices}
    for atom in each.atoms:
        if atom.host:
            if atom.host not in asks:
                continue
            listed = asks[atom.host]
            if atom.host == question.key:
                listed = frozenset(choices)
            if listed is not None and atom.belongs_to not in listed:
                continue
        if (rows and atom.row not in rows) or (atom.show is not None and not atom.show.holds(data)):
            continue
        listed = None
        if atom.choices:
            listed = frozenset(
                choice.key
                for choice in atom.question.choices
                if choice.key not in atom.choices or atom.choices[choice.key].holds(data)
            )
            if not listed:
                continue
        asks[atom.question.key] = listed
        yield atom


def is_begun(each: Step, atom: Atom, answers: Collection[str]) -> bool:
    """Whether something is worked out here: in rows always, in an entry once it has an answer."""
    if each.question.rows:
        return True
    line = (other.question.key for other in each.atoms if other.row == atom.row)
    return any(key in answers for key in line)


def posed(each: Step, question: Question, asks: Asks, data: Data) -> Question | None:
    """The question with the atoms it was asked with; None where conditions left none of them."""
    if not each.is_posed:
        return question
    atoms = [atom for atom in each.atoms if atom.question.key in asks]
    if not any(atom.value is None for atom in atoms):
        return None
    needs = (atom.question.key for atom in atoms if atom.required and atom.required.holds(data))
    return Posed(**_own(question), asks=MappingProxyType(asks), needs=frozenset(needs))


def unposed(question: Question) -> Question:
    """The question with all of its atoms again."""
    return Question(**_own(question)) if isinstance(question, Posed) else question


def _own(question: Question) -> dict[str, Any]:
    return {each.name: getattr(question, each.name) for each in fields(Question)}


def asked_of(each: Step, question: Question) -> list[Atom]:
    """The atoms a question was put with."""
    if isinstance(question, Posed):
        return [atom for atom in each.atoms if atom.question.key in question.asks]
    return list(offered(each, question, {}, {}))


def within(answer: Answer, question: Question, atom: Atom, asks: Asks) -> Answer | None:
    """The answer without choices that are no longer offered; None when nothing is left of it."""
    listed = asks.get(atom.question.key)
    if answer.choices is None or atom.is_beside or (listed is None and not question.choices):
        return answer
    keys: Collection[str] = listed or ()
    if listed is None:
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
