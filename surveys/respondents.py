"""Simulated respondents: random walks through a survey that answer every page as a person could."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from surveys import kinds
from surveys.answers import all_to_json
from surveys.compiled import Compiled
from surveys.conversation import LEFT, SEEN
from surveys.flow import Route, Stop, Way
from surveys.logic import Condition, Context
from surveys.made_up import answered
from surveys.parts import Definition, Question
from surveys.proof.places import comparands
from surveys.statistics import Estimate, share
from surveys.steps import unposed
from surveys.values import Answer, Cleaned

MOST_WALKS = 100_000
_TRIES = 25
_WORDS_A_SECOND = 200 / 60
PLAIN_END = ""
_NOTHING = Cleaned({}, {}, {}, {})


class Spread(NamedTuple):
    """The least, the middle and the most of something counted in each walk."""

    least: float
    middle: float
    most: float


class Reach(NamedTuple):
    """Which share of respondents meets a part of the survey."""

    key: str
    met: int
    share: Estimate


class DeadEnd(NamedTuple):
    """A page some walk could not leave: how often, and what was refused there, by question."""

    page: str
    walks: int
    codes: Mapping[str, str]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What random walks met. ``endings`` counts by key, "" for plain thanks; ``quotas`` counts whom

    each quota holds for. ``disagreements`` are walks whose answers were read otherwise as a whole
    than page by page, the first of ``disagreeing``: there should be none.
    """

    n: int
    seed: int
    pages: tuple[Reach, ...]
    questions: tuple[Reach, ...]
    page_count: Spread
    minutes: Spread
    endings: Mapping[str, int]
    quotas: Mapping[str, int]
    never_reached: tuple[str, ...]
    dead_ends: tuple[DeadEnd, ...]
    disagreements: tuple[str, ...]
    disagreeing: int


class Walk(NamedTuple):
    """One walk: its answers, what it met, how it ended, and where it got stuck, if anywhere."""

    answers: Mapping[str, Answer]
    route: Route
    pages: tuple[int, ...]
    context: Context
    stuck: tuple[int, Cleaned] | None
    differs: str


class Respondents:
    """A survey made ready to be walked many times."""

    def __init__(self, definition: Definition) -> None:
        self.compiled = Compiled(definition)
        self.definition = definition = self.compiled.definition
        self.quotas = [
            (quota.key, None if quota.when is None else Condition(quota.when))
            for quota in definition.quotas
        ]
        self.named = comparands(definition)
        self.words = {
            question.key: _reading(question) for question in self.compiled.flow.definition.questions
        }

    def walk(self, draw: random.Random, number: int) -> Walk:
        """One walk; the same numbers drawn give the same one."""
        context = self._context(draw, number)
        way = Way(self.compiled.flow, context)
        answers: dict[str, Answer] = {}
        visited: list[int] = []
        stuck = None
        for leg in way.legs():
            ahead = way.ahead(leg)
            stops = ahead.stops
            cleaned = self._page(ahead, context, draw) if stops else _NOTHING
            if not cleaned.is_valid:
                stuck = (leg.place, cleaned)
                way.meet(leg, {})
                break
            way.meet(leg, cleaned.answers)
            if stops:
                visited.append(leg.place)
                answers.update(cleaned.answers)
        route = way.route()
        differs = "" if stuck else self._compare(route, context)
        return Walk(answers, route, tuple(visited), context, stuck, differs)

    def _context(self, draw: random.Random, number: int) -> Context:
        data: dict[str, object] = {}
        for each in self.definition.data:
            if each.source in ("link", "contact", "account"):
                known = [*each.choices, *self.named.get(f"_data.{each.key}", ()), None, "else"]
                value = draw.choice(known)
                if value is not None:
                    data[each.key] = value
        languages = self.definition.languages
        return Context(
            data=data,
            seed=f"{number}.{draw.randrange(10**9)}",
            language=draw.choice(languages),
            today=date(2026, 1, 1) + timedelta(days=draw.randrange(365)),
            feeling=lambda text, language: (len(text) % 5 - 2) / 2,
        )

    def _page(self, ahead: Route, context: Context, draw: random.Random) -> Cleaned:
        """The page ahead answered so that it is accepted; the last try where none is."""
        (stop,) = ahead.stops
        cleaned = _NOTHING
        for attempt in range(_TRIES):
            form = self._form(stop, draw, skips=0.15 if attempt < 3 else 0.0)
            for _ in range(3):
                cleaned = self.compiled.clean_form_page(stop.place, form, None, context, ahead)
                if (
                    "requested" not in cleaned.codes.values()
                    or len(set(cleaned.codes.values())) > 1
                ):
                    break
                form[LEFT] = [*form.get(LEFT, ()), *cleaned.codes]
            if cleaned.is_valid:
                break
        return cleaned

    def _form(self, stop: Stop, draw: random.Random, *, skips: float) -> dict[str, list[str]]:
        """All questions of a page, also those that only its own answers bring up."""
        steps = self.compiled.flow.legs[stop.place].steps
        asked = {question.key: question for question in stop.questions}
        form: dict[str, list[str]] = {SEEN: [each.question.key for each in steps]}
        form[SEEN] += [atom.question.key for each in steps if each.is_posed for atom in each.atoms]
        for each in steps:
            if not kinds.kind(each.question.kind).is_asked:
                continue
            is_left = not each.question.is_required and draw.random() < skips
            if not is_left:
                question = unposed(asked.get(each.question.key, each.question))
                # Only a question that was arranged for this person has other parts than all others'.
                same = not each.is_arranged
                atoms = [one.question for one in each.atoms] if same else kinds.atoms(question)
                form.update(answered(question, atoms, self.named, draw))
        return form

    def _compare(self, route: Route, context: Context) -> str:
        """In what reading all at once differs from reading page by page; nothing where it does not."""
        cleaned = self.compiled.clean_all(all_to_json(route.answers), context=context)
        if not cleaned.is_valid:
            return ", ".join(f"{key}: {code}" for key, code in sorted(cleaned.codes.items()))
        both = (dict(cleaned.answers), dict(route.answers))
        keys = {key for one in both for key in one if both[0].get(key) != both[1].get(key)}
        return ", ".join(f"{key}: differs" for key in sorted(keys))

    def minutes(self, walk: Walk) -> float:
        """How long a walk takes: reading what is shown, and answering it."""
        seconds = len(self.definition.introduction.split()) / _WORDS_A_SECOND
        for stop in walk.route.stops:
            seconds += sum(self.words[question.key] for question in stop.questions)
        return seconds / 60


def simulate(
    definition: Definition, n: int, seed: int = 0, goes_on: Callable[[int], bool] = lambda _: True
) -> Simulated:
    """Let ``n`` random respondents answer; the same seed gives the same ones.

    ``goes_on`` is told before each walk how many were walked; where it says no, these are all.
    """
    n = max(0, min(n, MOST_WALKS))
    respondents = Respondents(definition)
    draw = random.Random(seed)  # noqa: S311 - made-up people need no secrecy
    tally = _Tally()
    for number in range(n):
        if not goes_on(number):
            n = number
            break
        tally.add(respondents, respondents.walk(draw, number))
    return tally.told(respondents, n, seed)


class _Tally:
    """Counts what walks meet."""

    def __init__(self) -> None:
        self.pages: Counter[str] = Counter()
        self.questions: Counter[str] = Counter()
        self.endings: Counter[str] = Counter()
        self.quotas: Counter[str] = Counter()
        self.lengths: list[float] = []
        self.minutes: list[float] = []
        self.stuck: dict[str, tuple[int, Cleaned]] = {}
        self.differing: list[str] = []

    def add(self, respondents: Respondents, walk: Walk) -> None:
        """Count one walk."""
        pages = respondents.definition.pages
        if walk.stuck is not None:
            place, cleaned = walk.stuck
            count = self.stuck[pages[place].key][0] if pages[place].key in self.stuck else 0
            self.stuck[pages[place].key] = (count + 1, cleaned)
        for stop in walk.route.stops:
            self.pages[pages[stop.place].key] += 1
            self.questions.update(question.key for question in stop.questions)
        if walk.differs:
            self.differing.append(walk.differs)
        if walk.stuck is not None:
            return
        self.lengths.append(len(walk.pages))
        self.minutes.append(respondents.minutes(walk))
        ending = walk.route.ending
        self.endings[PLAIN_END if ending is None else ending.key] += 1
        for key, when in respondents.quotas:
            if when is None or when.holds(walk.route.data):
                self.quotas[key] += 1

    def told(self, respondents: Respondents, n: int, seed: int) -> Simulated:
        """The counts as figures."""
        definition = respondents.definition
        asked = [each.key for each in definition.questions if kinds.kind(each.kind).is_asked]
        questions = tuple(
            Reach(key, self.questions[key], share(self.questions[key], n)) for key in asked
        )
        pages = tuple(
            Reach(page.key, self.pages[page.key], share(self.pages[page.key], n))
            for page in definition.pages
        )
        return Simulated(
            n=n,
            seed=seed,
            pages=pages,
            questions=questions,
            page_count=_spread(self.lengths),
            minutes=_spread(self.minutes),
            endings=dict(sorted(self.endings.items())),
            quotas={quota.key: self.quotas[quota.key] for quota in definition.quotas},
            never_reached=tuple(each.key for each in questions if not each.met),
            dead_ends=tuple(
                DeadEnd(page, walks, cleaned.codes, cleaned.errors)
                for page, (walks, cleaned) in self.stuck.items()
            ),
            disagreements=tuple(self.differing[:20]),
            disagreeing=len(self.differing),
        )


def _spread(values: Sequence[float]) -> Spread:
    ordered = sorted(values)
    if not ordered:
        return Spread(0.0, 0.0, 0.0)
    half = len(ordered) // 2
    middle = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return Spread(round(ordered[0], 2), round(middle, 2), round(ordered[-1], 2))


def _reading(question: Question) -> float:
    """Seconds to read and answer a question."""
    words = len(question.text.split()) + len(question.help.split())
    words += sum(len(each.label.split()) for each in question.choices + question.rows)
    return kinds.seconds(question) + words / _WORDS_A_SECOND
