"""A page as one person is asked it: the questions that are shown, their order, answers piped in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from surveys import kinds
from surveys.addresses import filled as filled_address
from surveys.compiled import Compiled
from surveys.flow import Route
from surveys.kinds import files
from surveys.logic import Condition, Context, Data, begin
from surveys.page_logic import page_logic, whole
from surveys.parts import Choice, Ending, Page, Question
from surveys.piping import piped
from surveys.values import Answer

ValueOf = Callable[[str], str | None]
Say = Callable[[Question, Answer, Mapping[str, Answer] | None], str]


class AskedPage(NamedTuple):
    """A page ready to be drawn; ``number`` counts from 0 among the ``total`` pages of this way.

    ``is_last`` says that nothing can follow, whatever is answered. Of its questions the ``dormant`` ones
    are not asked yet: answers on the same page may bring them up. ``whole`` are those of which answers on
    the page decide what they offer, with all of it. ``logic`` is what a browser is told of all this.
    ``defaults`` stand in the fields of a page nothing was answered on yet, by the keys of the fields.
    """

    page: Page
    place: int
    number: int
    total: int
    is_last: bool
    has_inner_logic: bool = False
    dormant: frozenset[str] = frozenset()
    logic: Mapping[str, object] | None = None
    whole: Mapping[str, Question] = {}
    defaults: Mapping[str, object] = {}


def ask(
    compiled: Compiled, place: int, answers: Mapping[str, Answer], context: Context
) -> AskedPage:
    """The page with this index as it is asked after these answers."""
    page = compiled.definition.pages[place]
    count = len(compiled.definition.pages)
    if compiled.is_plain and not compiled.has_pipes:
        told = page_logic(compiled, place, answers, context)
        given = defaults(compiled, place, answers, begin(context, compiled.definition.data))
        return AskedPage(page, place, place, count, place + 1 == count, logic=told, defaults=given)
    route = compiled.flow.walk(answers, context)
    places = [stop.place for stop in route.stops]
    order = [leg.place for leg in compiled.flow.order(context)]
    shown = next((stop.questions for stop in route.stops if stop.place == place), ())
    inner = compiled.flow.asks_within(place)
    dormant: tuple[Question, ...] = ()
    moving: dict[str, Question] = {}
    if inner:
        moving = whole(compiled, place, answers, context)
        shown, dormant = _with_dormant(compiled, place, shown, moving, context)
    made = filled(replace(page, questions=shown), compiled, route)
    all_of = filled(replace(page, questions=tuple(moving.values())), compiled, route)
    number = places.index(place) if place in places else len(places)
    return AskedPage(
        made,
        place,
        number,
        max(len(places), number + 1),
        order[-1:] == [place],
        inner,
        frozenset(question.key for question in dormant),
        page_logic(compiled, place, answers, context),
        {each.key: each for each in all_of.questions},
        defaults(compiled, place, answers, route.data),
    )


def _with_dormant(
    compiled: Compiled,
    place: int,
    shown: tuple[Question, ...],
    moving: Mapping[str, Question],
    context: Context,
) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """All questions a page may ask, in their order, and those of them that it does not ask yet."""
    flow = compiled.flow
    by_key = {question.key: question for question in shown}
    every = []
    dormant = []
    for each in flow.on_page(flow.legs[place], context):
        question = each.question
        if not kinds.kind(question.kind).is_asked:
            continue
        if question.key not in by_key:
            question = moving.get(question.key, question)
            dormant.append(question)
        every.append(by_key.get(question.key, question))
    return tuple(every), tuple(dormant)


def defaults(
    compiled: Compiled, place: int, answers: Mapping[str, Answer], data: Data
) -> dict[str, object]:
    """What stands in the fields of a page from the beginning: plain values or logic over the data.

    The value of a composite question is an object, one value for each of its parts.
    """
    questions = compiled.definition.pages[place].questions
    if not any(question.default is not None for question in questions):
        return {}
    if not compiled.keys_on(place).isdisjoint(answers):
        return {}
    found: dict[str, object] = {}
    for question in questions:
        if question.default is not None:
            _spread(question.key, Condition(question.default).value(data), found)
    return {key: value for key, value in found.items() if value is not None}


def _spread(key: str, value: object, found: dict[str, object]) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            _spread(f"{key}.{name}", part, found)
    else:
        found[key] = value


def filled(page: Page, compiled: Compiled, route: Route) -> Page:
    """The page with answers and data put into its texts."""
    if not compiled.has_pipes:
        return page
    value_of = words_of(compiled, route)
    return replace(
        page,
        title=piped(page.title, value_of),
        description=piped(page.description, value_of),
        questions=tuple(_question(each, value_of) for each in page.questions),
    )


def ended(ending: Ending, compiled: Compiled, route: Route) -> Ending:
    """The ending with answers and data put into its texts, and into the address it leads on to.

    The address is read by a program, so choices go there by their keys, which never change.
    """
    value_of = words_of(compiled, route)
    return replace(
        ending,
        title=piped(ending.title, value_of),
        text=piped(ending.text, value_of),
        redirect=filled_address(ending.redirect, words_of(compiled, route, in_keys)),
    )


def wants_values(ending: Ending) -> bool:
    """Whether anything is put into an ending, so that it is only whole with the answers."""
    return any("{{" in each for each in (ending.title, ending.text, ending.redirect))


def words_of(compiled: Compiled, route: Route, say: Say | None = None) -> ValueOf:
    """What a path says: an answer's label or text, or a value that came with the link.

    Only questions of the survey and its declared data may be named; anything else is nothing.
    """
    say = say or in_words
    atoms = compiled.atoms
    fields = {each.key for each in compiled.definition.data}
    known = route.data.get("_data", {})

    def value_of(path: str) -> str | None:
        if path.startswith("_data."):
            name = path.removeprefix("_data.")
            value = known.get(name) if name in fields else None
            return None if value is None or isinstance(value, dict | list) else f"{value}"
        if path.startswith("_text."):
            # Words beside a choice go by the name that logic knows them by, too.
            path = f"{path.removeprefix('_text.')}.text"
        answer = route.answers.get(path)
        atom = atoms.get(path)
        return None if answer is None or atom is None else say(atom, answer, route.answers)

    return value_of


def in_words(
    question: Question, answer: Answer, answers: Mapping[str, Answer] | None = None
) -> str:
    """An answer as people read it: labels of choices, whole numbers without a point.

    Words written beside a choice follow its label, where ``answers`` has them.
    """
    if answer.kind == "file_upload":
        return ", ".join(map(files.name_of, answer.choices or ()))
    if answer.choices is not None:
        labels = {choice.key: choice.label for choice in question.choices}
        return ", ".join(
            _with_words(labels.get(key, key), (answers or {}).get(f"{question.key}.{key}.text"))
            for key in answer.choices
        )
    if answer.number is not None:
        return f"{answer.number:.15g}"
    return answer.on.isoformat() if answer.on is not None else answer.text or ""


def in_keys(question: Question, answer: Answer, _: Mapping[str, Answer] | None = None) -> str:
    """An answer as programs read it: the keys of choices, else as people do."""
    if answer.choices is not None and answer.kind != "file_upload":
        return ",".join(answer.choices)
    return in_words(question, answer)


def _with_words(label: str, beside: Answer | None) -> str:
    return label if beside is None or not beside.text else beside.text


def _question(question: Question, value_of: ValueOf) -> Question:
    return replace(
        question,
        text=piped(question.text, value_of),
        help=piped(question.help, value_of),
        choices=tuple(_choice(each, value_of) for each in question.choices),
        rows=tuple(_choice(each, value_of) for each in question.rows),
        parts=tuple(_question(each, value_of) for each in question.parts),
        settings={
            name: piped(value, value_of) if isinstance(value, str) else value
            for name, value in question.settings.items()
        },
    )


def _choice(choice: Choice, value_of: ValueOf) -> Choice:
    if "{{" not in choice.label:
        return choice
    return replace(choice, label=piped(choice.label, value_of))
