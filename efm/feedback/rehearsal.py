"""A draft tried out before anybody answers it: a page for itself, logic with sample answers; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from surveys.alone import alone
from surveys.asking import AskedPage, ask
from surveys.compiled import Compiled
from surveys.definition import Definition, load
from surveys.flow import Route
from surveys.kinds import kind
from surveys.logic import Condition, Context, put
from surveys.parts import Choice, Ending, Page, Question
from surveys.piping import piped
from surveys.values import Refusal


def compiled(document: Mapping[str, Any], language: str = "") -> Compiled:
    """The draft made ready, in one of its languages."""
    return Compiled(load(document)).speaking(language)


def ending(made: Compiled, key: str) -> Ending | None:
    """An ending by its key; None stands for plain thanks."""
    found = next((each for each in made.definition.endings if each.key == key), None)
    return (
        None
        if found is None
        else replace(found, title=_blank(found.title), text=_blank(found.text))
    )


def laid_out(made: Compiled, key: str, always: str = "") -> AskedPage:
    """A page for itself, the first where there is no such page.

    Answers on it decide what is asked, as they do for respondents; what earlier pages would decide is
    shown, and so is the question `always`.
    """
    legs = made.flow.legs
    place = made.flow.places.get(key, 0)
    page = legs[place].page
    shown = replace(_titled(page), questions=tuple(map(_filled, page.questions)))
    single = Compiled(alone(made.definition, shown, always))
    about = Context(seed="preview", language=made.definition.language)
    asked = ask(single, 0, {}, about)
    return asked._replace(
        place=place, number=place, total=len(legs), is_last=place + 1 == len(legs)
    )


def _titled(page: Page) -> Page:
    return replace(page, title=_blank(page.title), description=_blank(page.description))


def _blank(text: str) -> str:
    """A text whose places show what would be put in."""
    return piped(text, lambda path: f"[{path}]")


def _filled(question: Question) -> Question:
    return replace(
        question,
        text=_blank(question.text),
        help=_blank(question.help),
        choices=tuple(map(_choice, question.choices)),
        rows=tuple(map(_choice, question.rows)),
    )


def _choice(choice: Choice) -> Choice:
    return replace(choice, label=_blank(choice.label)) if "{{" in choice.label else choice


def paths_of(logics: Sequence[Any]) -> set[str]:
    """The variables that logic reads."""
    return {path for logic in logics for path in Condition(logic).paths}


def walked(definition: Definition, samples: Mapping[str, str]) -> Route:
    """The way of somebody with these sample answers, by path; what is no answer is left out."""
    made = Compiled(definition)
    answers = {}
    for path, text in samples.items():
        atom = made.atoms.get(
            path.removeprefix("_text.") + (".text" if path.startswith("_text.") else "")
        )
        if atom is None or not text:
            continue
        try:
            answer = (
                kind(atom.kind)
                .readers(atom)
                .form(text.split("|") if kind(atom.kind).takes_many else [text])
            )
        except Refusal:
            continue
        if answer is not None:
            answers[answer.question_key] = answer
    data = {path[6:]: text for path, text in samples.items() if path.startswith("_data.") and text}
    felt = {path: text for path, text in samples.items() if path.startswith("_sentiment.") and text}
    route = made.flow.walk(answers, Context(data=data, seed="trial", language=definition.language))
    for path, text in felt.items():
        put(route.data, path, _number(text))
    return route


def holds(logic: Any, route: Route) -> bool:
    """Whether a condition is true for this way."""
    return Condition(logic).holds(route.data)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
