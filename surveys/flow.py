"""The way one person takes through a definition: which pages and questions are shown, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from surveys import kinds
from surveys.carrying import source_choices
from surveys.logic import Condition, Context, Data, begin, condition, copied, put, starts, to_json
from surveys.ordering import arranged, choices_for
from surveys.parts import Block, Choice, Definition, Ending, Page, Question, Turn
from surveys.sequence import sequence
from surveys.steps import (
    Asks,
    Atom,
    Leg,
    Step,
    is_begun,
    is_plain,
    offered,
    posed,
    step,
    within,
)
from surveys.strings import tidy
from surveys.values import Answer

Answers = Mapping[str, Answer]
_LONGEST_COMPUTED = 2000
# The sets of a best-worst question are made from its choices as they stand; keys depend on them.
_UNARRANGED = frozenset({"max_diff"})


class Stop(NamedTuple):
    """A page that is shown, with the questions shown on it as they are asked of this person."""

    place: int
    questions: tuple[Question, ...]


class Route(NamedTuple):
    """The whole way, as far as the answers decide it.

    ``answers`` are those that count: hidden questions have none, calculated ones have theirs.
    """

    stops: tuple[Stop, ...]
    ending: Ending | None
    answers: dict[str, Answer]
    data: Data


class Flow:
    """A definition's pages made ready to be walked; safe to share between threads."""

    __slots__ = (
        "_endings",
        "_questions",
        "definition",
        "feelings",
        "is_plain",
        "legs",
        "places",
        "quotas",
    )

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        blocks = {block.key: block for block in definition.blocks}
        self.legs = tuple(
            self._leg(index, page, blocks.get(page.block))
            for index, page in enumerate(definition.pages)
        )
        self._questions = {
            each.question.key: each.question for leg in self.legs for each in leg.steps
        }
        self.places: dict[str, int] = {}
        for index, page in enumerate(definition.pages):
            # A page that is asked about several things is found where it is asked first.
            self.places.setdefault(page.of if isinstance(page, Turn) else page.key, index)
            self.places[page.key] = index
        self._endings = tuple((each, condition(each.show_if)) for each in definition.endings)
        self.quotas = tuple((quota, condition(quota.when)) for quota in definition.quotas)
        self.feelings = self._feelings()
        self.is_plain = not (
            definition.randomizers
            or definition.quotas
            or any(isinstance(page, Turn) for page in definition.pages)
            or any(block.page_order != "as_given" for block in definition.blocks)
            or any(leg.show or leg.block_show or leg.skips for leg in self.legs)
            or any(leg.page.question_order != "as_given" for leg in self.legs)
            or any(not is_plain(step) for leg in self.legs for step in leg.steps)
        )

    def _leg(self, index: int, page: Page, block: Block | None) -> Leg:
        return Leg(
            index,
            page,
            block,
            condition(page.show_if),
            condition(block.show_if) if block is not None else None,
            tuple((skip.to, condition(skip.when)) for skip in page.skips),
            tuple(step(question) for question in page.questions),
            condition(page.when) if isinstance(page, Turn) else None,
        )

    def _feelings(self) -> frozenset[str]:
        """The comments whose sentiment some logic asks for."""
        definition = self.definition
        conditions = [leg.show for leg in self.legs] + [leg.block_show for leg in self.legs]
        conditions += [when for leg in self.legs for _, when in leg.skips]
        conditions += [condition(ending.show_if) for ending in definition.endings]
        conditions += [condition(quota.when) for quota in definition.quotas]
        for leg in self.legs:
            for each in leg.steps:
                conditions += [each.show, each.required, each.value]
                conditions += [*each.choices.values(), *each.rows.values()]
                conditions += [condition(check.valid_if) for check in each.question.checks]
                conditions += [when for atom in each.atoms for when in atom.conditions]
        paths = {path for each in conditions if each is not None for path in each.paths}
        return frozenset(path.partition(".")[2] for path in paths if path.startswith("_sentiment."))

    def order(self, context: Context) -> tuple[Leg, ...]:
        """The pages in the order this person is led through them."""
        return sequence(self.definition, self.legs, context)

    def walk(self, answers: Answers, context: Context, *, until: int | None = None) -> Route:
        """Lead a person with these answers through the survey, or to the page with this index."""
        way = Way(self, context)
        for leg in way.legs(until):
            way.meet(leg, answers)
        return way.route()

    def steps(
        self, leg: Leg, answers: Answers, kept: dict[str, Answer], data: Data, context: Context
    ) -> list[Question]:
        """The questions of a page that are shown; their answers join ``kept`` and ``data``."""
        shown = []
        for each in self.on_page(leg, context):
            if not _holds(each.show, data):
                continue
            question = self.asked(each, kept, data, context)
            if question is None:
                continue
            asks: Asks = {}
            for atom in offered(each, question, data, asks):
                if atom.value is not None:
                    self.work_out(each, atom, kept, data)
                    continue
                answer = answers.get(atom.question.key)
                if answer is not None:
                    answer = within(answer, question, atom, asks)
                if answer is not None:
                    self.note(atom, answer, kept, data, context)
            if each.value is not None:
                self.compute(question, each.value, kept, data)
            made = posed(each, question, asks, data)
            if made is not None and kinds.kind(question.kind).is_asked:
                shown.append(made)
        return shown

    def asks_within(self, place: int) -> bool:
        """Whether what is asked on a page depends on answers given on the same page."""
        leg = self.legs[place]
        keys = {each.question.key for each in leg.steps}
        for each in leg.steps:
            conditions = [each.show, *each.choices.values(), *each.rows.values()]
            conditions += [atom.show for atom in each.atoms]
            conditions += [when for atom in each.atoms for when in atom.choices.values()]
            named = {
                start
                for when in conditions
                if when is not None
                for path in when.paths
                for start in starts(path)
            }
            carried = {
                carry.question
                for carry in (each.question.choices_from, each.question.rows_from)
                if carry is not None
            }
            if not keys.isdisjoint(named | carried):
                return True
            if any(when is not None and not when.is_closed for when in conditions):
                return True
        return False

    def on_page(self, leg: Leg, context: Context) -> tuple[Step, ...]:
        """The questions of a page in the order they are asked."""
        return arranged(
            leg.steps,
            leg.page.question_order,
            context.seed,
            f"page.{leg.page.key}",
            key=lambda each: each.question.key,
            label=lambda each: each.question.text,
            is_fixed=lambda each: each.question.kind in ("statement", "calculated", "hidden"),
        )

    def asked(self, each: Step, kept: Answers, data: Data, context: Context) -> Question | None:
        """The question with the choices and rows this person is offered; None where none is left."""
        question = each.question
        if not each.is_arranged or question.kind in _UNARRANGED:
            return question
        choices = self._offered(question, "choices", each.choices, kept, data, context)
        rows = self._offered(question, "rows", each.rows, kept, data, context)
        if (question.choices or question.choices_from) and not choices:
            return None
        if (question.rows or question.rows_from) and not rows:
            return None
        return replace(
            question,
            choices=choices_for(choices, question.choice_order, context.seed, question.key),
            rows=choices_for(rows, question.row_order, context.seed, f"{question.key}.rows"),
        )

    def _offered(
        self,
        question: Question,
        which: str,
        conditions: Mapping[str, Condition],
        kept: Answers,
        data: Data,
        context: Context,
    ) -> tuple[Choice, ...]:
        own = question.choices if which == "choices" else question.rows
        carry = question.choices_from if which == "choices" else question.rows_from
        choices = tuple(each for each in own if _holds(conditions.get(each.key), data))
        if carry is None:
            return choices
        source = self._questions.get(carry.question)
        if source is None:
            return choices
        possible = {each.key: each for each in source_choices(source)}
        chosen = _chosen(source, kept)
        offered = []
        for each in choices:
            if each.key not in possible or carry.which == "offered":
                offered.append(each)
            elif (each.key in chosen) == (carry.which == "chosen"):
                offered.append(_carried(each, kept, source.key))
        return tuple(offered)

    def note(
        self, atom: Atom, answer: Answer, kept: dict[str, Answer], data: Data, context: Context
    ) -> None:
        """Let an answer count."""
        key = atom.question.key
        kept[key] = answer
        if atom.is_beside:
            put(data["_text"], key.removesuffix(".text"), answer.text)
            return
        put(data, key, to_json(answer))
        if key in self.feelings and answer.text is not None and context.feeling is not None:
            put(data["_sentiment"], key, context.feeling(answer.text, context.language))

    def work_out(self, each: Step, atom: Atom, kept: dict[str, Answer], data: Data) -> None:
        """The value of a calculated part; an entry nobody began has none."""
        if atom.value is not None and is_begun(each, atom, kept):
            self.compute(atom.question, atom.value, kept, data)

    def compute(
        self, question: Question, value: Condition, kept: dict[str, Answer], data: Data
    ) -> None:
        """The value of a calculated question, or of a hidden one that came with the link."""
        found = value.value(data)
        if found is None and question.kind == "hidden":
            return  # A program may have given it as an answer.
        kept.pop(question.key, None)
        if isinstance(found, bool):
            found = "true" if found else "false"
        if isinstance(found, int | float):
            kept[question.key] = Answer(question.key, question.kind, found)
        elif isinstance(found, str) and (text := tidy(found)[:_LONGEST_COMPUTED]):
            kept[question.key] = Answer(question.key, question.kind, None, text)
        put(data, question.key, found)

    def skip(self, leg: Leg, data: Data) -> str | None:
        """Where to go on after a page; a goal that lies behind is passed over."""
        for to, when in leg.skips:
            if _holds(when, data):
                place = self.places.get(to)
                return None if place is not None and place <= leg.place else to
        return None

    def ending(self, data: Data, goal: str | None = None) -> Ending | None:
        """The ending that was skipped to, else the first whose condition holds."""
        for each, _ in self._endings:
            if each.key == goal:
                return each
        for each, when in self._endings:
            if not each.is_screen_out and _holds(when, data):
                return each
        return None


class Way:
    """A way while it is walked: which page comes next is decided when it is asked for.

    Pages only look back, so each may be met as soon as it is answered; a whole walk is not needed.
    """

    __slots__ = ("_context", "_end", "_flow", "data", "kept", "stops")

    def __init__(self, flow: Flow, context: Context) -> None:
        self._flow = flow
        self._context = context
        self._end: str | None = None
        self.data = begin(context, flow.definition.data)
        self.kept: dict[str, Answer] = {}
        self.stops: list[Stop] = []

    def legs(self, until: int | None = None) -> Iterator[Leg]:
        """The pages on the way, or those to the page with this index; meet each before the next."""
        flow, data = self._flow, self.data
        goal: str | None = None
        taken: dict[str, list[str]] = {}
        for leg in flow.order(self._context):
            page = leg.page
            if (
                goal is not None
                and page.key != goal
                and (not isinstance(page, Turn) or page.of != goal)
            ):
                continue
            goal = None
            if (
                not _holds(leg.block_show, data)
                or (isinstance(page, Turn) and not _has_turn(page, leg.when, taken, data))
                or not _holds(leg.show, data)
            ):
                if leg.place == until:
                    return
                continue
            yield leg
            if leg.place == until:
                return
            goal = flow.skip(leg, data)
            if goal is not None and goal not in flow.places:
                self._end = goal
                return

    def meet(self, leg: Leg, answers: Answers) -> None:
        """Pass a page with these answers."""
        shown = self._flow.steps(leg, answers, self.kept, self.data, self._context)
        if shown:
            self.stops.append(Stop(leg.place, tuple(shown)))

    def ahead(self, leg: Leg) -> Route:
        """The next page as it is shown before it is answered; the way itself stays where it is."""
        keys = [each.question.key for each in leg.steps]
        kept, data = dict(self.kept), copied(self.data, keys)
        shown = tuple(self._flow.steps(leg, {}, kept, data, self._context))
        return Route((Stop(leg.place, shown),) if shown else (), None, kept, data)

    def route(self) -> Route:
        """The way as far as it was walked."""
        ending = self._flow.ending(self.data, self._end)
        return Route(tuple(self.stops), ending, self.kept, self.data)


def _has_turn(page: Turn, when: Condition | None, taken: dict[str, list[str]], data: Data) -> bool:
    """Whether what a page is about has its turn, of those a loop asks about at most."""
    if not _holds(when, data):
        return False
    mine = taken.setdefault(page.within, [])
    if page.about.key not in mine:
        if page.turns.most is not None and len(mine) >= page.turns.most:
            return False
        mine.append(page.about.key)
    return True


def _holds(when: Condition | None, data: Data) -> bool:
    return when is None or when.holds(data)


def _chosen(source: Question, kept: Answers) -> set[str]:
    """The keys chosen in a question; of a matrix the rows that were answered."""
    answer = kept.get(source.key)
    if answer is not None:
        return set(answer.choices or ())
    prefix = f"{source.key}."
    inside = (key.removeprefix(prefix) for key in kept if key.startswith(prefix))
    return {key.partition(".")[0] for key in inside}


def _carried(choice: Choice, kept: Answers, source: str) -> Choice:
    """A choice as it is taken over: what was typed beside it becomes its label."""
    typed = kept.get(f"{source}.{choice.key}.text")
    return choice if typed is None or not typed.text else replace(choice, label=typed.text)
