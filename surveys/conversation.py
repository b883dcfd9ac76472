"""Reading answers where one depends on another: what is shown is asked, what is asked is judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from surveys import kinds
from surveys.flow import Flow, Route
from surveys.kinds.base import Readers
from surveys.logic import Condition, Context, Data, copied
from surveys.parts import Posed, Question
from surveys.steps import Asks, Atom, Step, asked_of, offered, posed, within
from surveys.values import Answer, Refusal

# Which questions a form showed, and which of those it asks for were knowingly left unanswered.
SEEN = "_seen"
LEFT = "_left"


class Found(NamedTuple):
    """What was read of a page."""

    answers: dict[str, Answer]
    refused: dict[str, Refusal]
    raw: dict[str, object]
    unseen: tuple[str, ...]


class Conversation:
    """Reads the answers to a definition with logic or composite questions."""

    __slots__ = ("_checks", "_flow", "_readers", "_wordy")

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._readers: dict[str, Readers] = {}
        self._checks: dict[str, tuple[tuple[Condition, str], ...]] = {}
        # Choices that do not go without words, with the atoms they are of.
        self._wordy: set[tuple[str, str]] = set()
        for leg in flow.legs:
            for each in leg.steps:
                question = each.question
                if question.checks:
                    self._checks[question.key] = tuple(
                        (Condition(check.valid_if), check.message) for check in question.checks
                    )
                for atom in each.atoms:
                    self._readers[atom.question.key] = _readers_of(atom.question)
                    self._wordy.update(
                        (atom.question.key, choice.key)
                        for choice in atom.question.choices
                        if choice.is_text_required
                    )

    def read_page(
        self,
        page_index: int,
        form: Mapping[str, Sequence[str]],
        before: Mapping[str, Answer],
        context: Context,
        ahead: Route | None = None,
    ) -> Found:
        """Read the questions of a page one after another, as each may show or hide the next.

        ``ahead`` is what is known before this page, where the caller walks the way anyway.
        """
        flow = self._flow
        leg = flow.legs[page_index]
        if ahead is None:
            mine = {atom.question.key for each in leg.steps for atom in each.atoms}
            others = {key: answer for key, answer in before.items() if key not in mine}
            route = flow.walk(others, context, until=page_index)
            kept, data = route.answers, route.data
        else:
            keys = [each.question.key for each in leg.steps]
            kept, data = dict(ahead.answers), copied(ahead.data, keys)
        seen = {key for listed in _listed(form, SEEN) for key in listed.split()}
        found = Found({}, {}, {}, ())
        unseen = []
        for each in flow.on_page(leg, context):
            whole = self._shown(each, kept, data, context)
            if whole is None:
                continue
            question = self._read(each, whole, form, found, kept, data, context)
            if question is None:
                continue
            new = _new(each, question, seen)
            unseen += new
            is_new = question.key in new
            wrong = self._missing(each, question, form, found.answers, data)
            if wrong and not is_new and question.key not in found.refused:
                said = found.refused.keys() | set(new)
                found.refused.update({key: wrong[key] for key in wrong if key not in said})
            if not wrong or is_new:
                self._judge(each, question, found, data)
        return found._replace(unseen=tuple(unseen))

    def _shown(
        self, each: Step, kept: dict[str, Answer], data: Data, context: Context
    ) -> Question | None:
        """The question as it is asked; a calculated one is computed on the way and not asked."""
        if each.show is not None and not each.show.holds(data):
            return None
        question = self._flow.asked(each, kept, data, context)
        if question is None:
            return None
        if each.value is not None:
            self._flow.compute(question, each.value, kept, data)
        return question if kinds.kind(question.kind).is_asked else None

    def _read(
        self,
        each: Step,
        question: Question,
        form: Mapping[str, Sequence[str]],
        found: Found,
        kept: dict[str, Answer],
        data: Data,
        context: Context,
    ) -> Question | None:
        """Read the fields of a question; None where conditions leave nothing of it to ask."""
        chosen: dict[str, tuple[str, ...]] = {}
        asks: Asks = {}
        for atom in offered(each, question, data, asks):
            key = atom.question.key
            if atom.value is not None:
                self._flow.work_out(each, atom, kept, data)
                continue
            typed: Sequence[str] = form.get(key, ())
            if isinstance(typed, str):
                typed = (typed,)
            found.raw[key] = typed
            if atom.is_beside and atom.belongs_to not in chosen.get(atom.host, ()):
                continue
            try:
                answer = self._readers[key].form(typed)
            except Refusal as refusal:
                found.refused[key] = refusal
                continue
            if answer is not None:
                answer = within(answer, question, atom, asks)
            if answer is None:
                continue
            chosen[key] = answer.choices or ()
            found.answers[key] = answer
            self._flow.note(atom, answer, kept, data, context)
        return posed(each, question, asks, data)

    def _missing(
        self,
        each: Step,
        question: Question,
        form: Mapping[str, Sequence[str]] | None,
        answers: Mapping[str, Answer],
        data: Data,
    ) -> dict[str, Refusal]:
        """What is required of a shown question and not there."""
        is_required = question.is_required or (
            each.required is not None and each.required.holds(data)
        )
        composite = kinds.kind(question.kind).expand is not None
        is_all = is_required and not (composite and (each.required is None or question.is_required))
        needs = question.needs if isinstance(question, Posed) and question.rows else frozenset()
        open_atoms = [
            atom
            for atom in asked_of(each, question)
            if atom.value is None and atom.question.key not in answers
        ]
        wrong: dict[str, Refusal] = {}
        for atom in open_atoms:
            key = atom.question.key
            if atom.is_beside:
                is_missing = self._lacks_words(atom, answers)
            else:
                is_missing = is_all or atom.question.is_required or key in needs
            if is_missing:
                wrong[key] = Refusal("required")
        if (
            wrong
            or form is None
            or not question.is_requested
            or question.key in _listed(form, LEFT)
        ):
            return wrong
        if any(not atom.is_beside for atom in open_atoms):
            wrong[question.key] = Refusal("requested")
        return wrong

    def _lacks_words(self, atom: Atom, answers: Mapping[str, Answer]) -> bool:
        """Whether a choice is taken that does not go without words."""
        mine = answers.get(atom.host)
        if mine is None or atom.belongs_to not in (mine.choices or ()):
            return False
        return (atom.host, atom.belongs_to) in self._wordy

    def _judge(self, each: Step, question: Question, found: Found, data: Data) -> None:
        """What the answers of a question say together, and together with those before."""
        for key, refusal in self._judged(each, question, found.answers, data).items():
            found.refused.setdefault(key, refusal)

    def _judged(
        self, each: Step, question: Question, answers: Mapping[str, Answer], data: Data
    ) -> dict[str, Refusal]:
        wrong: dict[str, Refusal] = {}
        try:
            kinds.kind(question.kind).judge(question, answers)
        except Refusal as refusal:
            wrong[question.key] = refusal
        is_answered = any(atom.question.key in answers for atom in each.atoms)
        if is_answered and not wrong:
            self._check(question.key, self._checks.get(question.key, ()), data, wrong)
        for atom in each.atoms:
            if atom.checks and atom.question.key in answers:
                self._check(atom.question.key, atom.checks, data, wrong)
        return wrong

    @staticmethod
    def _check(
        key: str, checks: Sequence[tuple[Condition, str]], data: Data, wrong: dict[str, Refusal]
    ) -> None:
        for valid, message in checks:
            if not valid.holds(data):
                wrong[key] = Refusal("check", words=message)
                return

    def judge_all(
        self,
        answers: dict[str, Answer],
        refused: Mapping[str, Refusal],
        context: Context,
        *,
        partial: bool,
    ) -> tuple[dict[str, Answer], dict[str, Refusal]]:
        """The answers that count on the way these lead, and what is wrong with them as a whole."""
        route = self._flow.walk(answers, context)
        wrong: dict[str, Refusal] = {}
        shown = {question.key: question for stop in route.stops for question in stop.questions}
        for each in (each for leg in self._flow.legs for each in leg.steps):
            question = shown.get(each.question.key)
            if question is None:
                continue
            if not partial:
                missing = self._missing(each, question, None, route.answers, route.data)
                wrong |= {key: refusal for key, refusal in missing.items() if key not in refused}
                if missing:
                    continue
            judged = self._judged(each, question, route.answers, route.data)
            wrong |= {key: refusal for key, refusal in judged.items() if key not in refused}
        return route.answers, wrong

    def first_missing(self, answers: Mapping[str, Answer], context: Context) -> int | None:
        """The index of the first page on the way with something missing or not fitting."""
        route = self._flow.walk(answers, context)
        steps = {each.question.key: each for leg in self._flow.legs for each in leg.steps}
        for stop in route.stops:
            for question in stop.questions:
                each = steps[question.key]
                missing = self._missing(each, question, None, route.answers, route.data)
                if missing or self._judged(each, question, route.answers, route.data):
                    return stop.place
        return None


def _readers_of(question: Question) -> Readers:
    return kinds.kind(question.kind).readers(question)


def _new(each: Step, question: Question, seen: Collection[str]) -> list[str]:
    """What is asked and was not on the page yet: the question itself, or some of its atoms."""
    if not seen:
        return []
    if question.key not in seen:
        return [question.key]
    if not isinstance(question, Posed):
        return []
    keys = [
        atom.question.key for atom in each.atoms if atom.show and atom.question.key in question.asks
    ]
    return [key for key in keys if key not in seen]


def _listed(form: Mapping[str, Sequence[str]], name: str) -> Sequence[str]:
    given = form.get(name, ())
    return (given,) if isinstance(given, str) else given
