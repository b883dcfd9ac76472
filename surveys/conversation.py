"""Reading answers where one depends on another: what is shown is asked, what is asked is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from surveys import kinds
from surveys.flow import Flow, Route
from surveys.kinds.base import Readers
from surveys.logic import Condition, Context, Data, copied
from surveys.parts import Question
from surveys.steps import Step, offered, within
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

    __slots__ = ("_checks", "_flow", "_readers")

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._readers: dict[str, Readers] = {}
        self._checks: dict[str, tuple[tuple[Condition, str], ...]] = {}
        for leg in flow.legs:
            for each in leg.steps:
                question = each.question
                if question.checks:
                    self._checks[question.key] = tuple(
                        (Condition(check.valid_if), check.message) for check in question.checks
                    )
                for atom in each.atoms:
                    self._readers[atom.question.key] = _readers_of(atom.question)

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
            others = {
                key: answer
                for key, answer in before.items()
                if not any(key == atom.question.key for each in leg.steps for atom in each.atoms)
            }
            route = flow.walk(others, context, until=page_index)
            kept, data = route.answers, route.data
        else:
            kept, data = dict(ahead.answers), copied(ahead.data)
        seen = set(_listed(form, SEEN))
        found = Found({}, {}, {}, ())
        unseen = []
        for each in flow.on_page(leg, context):
            question = self._shown(each, kept, data, context)
            if question is None:
                continue
            if seen and question.key not in seen:
                unseen.append(question.key)
            self._read(each, question, form, found, kept, data, context)
            is_new = bool(seen) and question.key not in seen
            wrong = self._missing(each, question, form, found.answers, data, context)
            if wrong and not is_new and question.key not in found.refused:
                found.refused.update({key: wrong[key] for key in wrong if key not in found.refused})
            if not wrong or is_new:
                self._judge(question, found, data)
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
            self._flow.compute(each, kept, data)
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
    ) -> None:
        chosen: set[str] = set()
        for atom in offered(each, question, data):
            key = atom.question.key
            typed: Sequence[str] = form.get(key, ())
            if isinstance(typed, str):
                typed = (typed,)
            found.raw[key] = typed
            if atom.is_beside and atom.belongs_to not in chosen:
                continue
            try:
                answer = self._readers[key].form(typed)
            except Refusal as refusal:
                found.refused[key] = refusal
                continue
            if answer is not None:
                answer = within(answer, question, atom)
            if answer is None:
                continue
            if not atom.is_beside:
                chosen.update(answer.choices or ())
            found.answers[key] = answer
            self._flow.note(atom, answer, kept, data, context)

    def _missing(
        self,
        each: Step,
        question: Question,
        form: Mapping[str, Sequence[str]] | None,
        answers: Mapping[str, Answer],
        data: Data,
        context: Context,
    ) -> dict[str, Refusal]:
        """What is required of a shown question and not there."""
        is_required = question.is_required or (
            each.required is not None and each.required.holds(data)
        )
        wrong: dict[str, Refusal] = {}
        atoms = offered(each, question, data)
        composite = kinds.kind(question.kind).expand is not None
        for atom in atoms:
            key = atom.question.key
            if key in answers:
                continue
            if atom.is_beside:
                choice = next(c for c in question.choices if c.key == atom.belongs_to)
                mine = answers.get(question.key)
                is_chosen = mine is not None and choice.key in (mine.choices or ())
                if choice.is_text_required and is_chosen:
                    wrong[key] = Refusal("required")
            elif atom.question.is_required or (is_required and not composite):
                wrong[key] = Refusal("required")
        if composite and each.required is not None and is_required and not question.is_required:
            wrong |= {
                atom.question.key: Refusal("required")
                for atom in atoms
                if atom.question.key not in answers
            }
        if (
            wrong
            or form is None
            or not question.is_requested
            or question.key in _listed(form, LEFT)
        ):
            return wrong
        if any(not atom.is_beside and atom.question.key not in answers for atom in atoms):
            wrong[question.key] = Refusal("requested")
        return wrong

    def _judge(self, question: Question, found: Found, data: Data) -> None:
        """What the answers of a question say together, and together with those before."""
        refusal = self._judged(question, found.answers, data)
        if refusal is not None and question.key not in found.refused:
            found.refused[question.key] = refusal

    def _judged(
        self, question: Question, answers: Mapping[str, Answer], data: Data
    ) -> Refusal | None:
        try:
            kinds.kind(question.kind).judge(question, answers)
        except Refusal as refusal:
            return refusal
        is_answered = question.key in answers or any(
            key.startswith(f"{question.key}.") for key in answers
        )
        if is_answered:
            for valid, message in self._checks.get(question.key, ()):
                if not valid.holds(data):
                    return Refusal("check", words=message)
        return None

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
                missing = self._missing(each, question, None, route.answers, route.data, context)
                wrong |= {key: refusal for key, refusal in missing.items() if key not in refused}
                if missing:
                    continue
            refusal = self._judged(question, route.answers, route.data)
            if refusal is not None and question.key not in refused:
                wrong[question.key] = refusal
        return route.answers, wrong

    def first_missing(self, answers: Mapping[str, Answer], context: Context) -> int | None:
        """The index of the first page on the way with something missing or not fitting."""
        route = self._flow.walk(answers, context)
        steps = {each.question.key: each for leg in self._flow.legs for each in leg.steps}
        for stop in route.stops:
            for question in stop.questions:
                each = steps[question.key]
                missing = self._missing(each, question, None, route.answers, route.data, context)
                if missing or self._judged(question, route.answers, route.data) is not None:
                    return stop.place
        return None


def _readers_of(question: Question) -> Readers:
    return kinds.kind(question.kind).readers(question)


def _listed(form: Mapping[str, Sequence[str]], name: str) -> Sequence[str]:
    given = form.get(name, ())
    return (given,) if isinstance(given, str) else given
