"""A question taken out of a survey to be asked in others, and put into one under a key of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from surveys import kinds
from surveys.definition import Definition, dump, load
from surveys.editing.places import (
    Document,
    Edited,
    EditRefused,
    copied,
    find_page,
    find_question,
    finished,
    key_from,
    pages,
    question_keys,
    quoted,
    shortly,
)
from surveys.editing.references import (
    Meaning,
    Spot,
    logic_spots,
    sweep,
    take_away,
    text_spots,
    write_out,
)
from surveys.errors import DefinitionError
from surveys.expressions import compile_expression
from surveys.localizing import files, localized, texts

# Known wherever a question is asked, so logic may read it.
_EVERYWHERE = frozenset({"_language", "_today", "_row", "_choice", "_entry"})
_VARIABLE = re.compile(r"(_text\.|_sentiment\.)?([a-z0-9_]+)(\..*)?")


def taken_out(document: Mapping[str, Any], key: str) -> Definition:
    """One question as a survey of its own, with its translations.

    Logic that reads other questions or data goes, texts that pipe them keep their fallback, choices
    that came from another question are written out. Raises EditRefused.
    """
    made = copied(document)
    question = find_question(made, key).question
    if "." in key:
        raise EditRefused("A part stays in its question. Keep the whole question instead.")
    if not kinds.kind(question["kind"]).is_asked:
        raise EditRefused("Nobody is asked this. Only what people see can be kept.")
    for name in ("choices_from", "rows_from"):
        if name in question:
            write_out(made, Spot(f"question.{key}", "", question, name))
    question.pop("origin", None)
    alone: Document = {
        "title": shortly(question["text"]) or "Question",
        "language": made["language"],
        "pages": [{"key": "page_1", "questions": [question]}],
        "translations": _words_of(made, key),
    }
    _alone(alone, key)
    try:
        return load(alone)
    except DefinitionError as error:
        words = "; ".join(dict.fromkeys(each.message for each in error.problems[:5]))
        raise EditRefused(f"It cannot stand by itself: {words}") from error


def _words_of(document: Document, key: str) -> dict[str, dict[str, str]]:
    """The translated texts of a question, by language."""
    found = {
        language: {place: words[place] for place in words if place.startswith(f"{key}.")}
        for language, words in document.get("translations", {}).items()
    }
    return {language: words for language, words in found.items() if words}


def _alone(document: Document, key: str) -> None:
    """Without what reads anything but the question itself."""

    def is_foreign(path: str) -> bool:
        found = _VARIABLE.fullmatch(path)
        return found is None or found[2] not in {*_EVERYWHERE, key}

    foreign, anything = Meaning(is_foreign), Meaning(lambda _: True)
    # Logic whose variables are computed could read anything, so it goes as well.
    for spot in list(logic_spots(document)):
        logic = compile_expression(spot.holder[spot.name])
        if logic.is_closed and any(map(is_foreign, logic.paths)):
            take_away(spot, foreign)
        elif not logic.is_closed and spot.name == "valid_if":
            spot.holder["gone"] = True
        elif not logic.is_closed:
            del spot.holder[spot.name]
    for spot in list(text_spots(document)):
        take_away(spot, anything)
    sweep(document)


def put_in(
    document: Mapping[str, Any],
    kept: Definition,
    page: str,
    *,
    after: str = "",
    origin: str = "",
    name: str = "",
) -> Edited:
    """The survey with a question that was kept, on a page at its end or after another question.

    It comes in the survey's languages as far as it has them, and remembers its origin.
    """
    made = copied(document)
    listed = pages(made)[find_page(made, page)]["questions"]
    old, taken = kept.questions[0].key, question_keys(made)
    key = old if old not in taken else key_from(old, taken, "question")
    language = _spoken(kept, made["language"])
    question = dump(localized(kept, language) if language else kept)["pages"][0]["questions"][0]  # type: ignore[index]
    question = _renamed(question, old, key) | {"key": key}
    if origin:
        question["origin"] = origin
    place = next((i + 1 for i, each in enumerate(listed) if each["key"] == after), len(listed))
    listed.insert(place, question)
    for other, words in made.get("translations", {}).items():
        words.update(_said(kept, other, language or kept.language, old, key))
    what = f"Added from the bank: {quoted(name or question['text'])}"
    return Edited(finished(made), what, f"question.{key}")


def marked(document: Mapping[str, Any], key: str, origin: str, name: str) -> Edited:
    """The survey whose question is one of the bank from now on."""
    made = copied(document)
    find_question(made, key).question["origin"] = origin
    return Edited(finished(made), f"Kept in the bank: {quoted(name)}", f"question.{key}")


def _spoken(kept: Definition, language: str) -> str:
    """The language of the kept question that serves a survey's; nothing where it has none."""
    base = language.partition("-")[0]
    alike = [each for each in kept.languages if each.partition("-")[0] == base]
    return language if language in alike else base if base in alike else next(iter(alike), "")


def _said(kept: Definition, language: str, main: str, old: str, key: str) -> dict[str, str]:
    """The texts in another language of the survey, as far as the kept question has them."""
    spoken = _spoken(kept, language)
    if not spoken or spoken == main:
        return {}
    if spoken == kept.language:
        found: Mapping[str, str] = texts(kept) | files(kept)
    else:
        found = kept.translations[spoken]
    return {
        f"{key}{place[len(old) :]}": text
        for place, text in found.items()
        if place.startswith(f"{old}.")
    }


def _renamed(value: Any, old: str, new: str) -> Any:
    """Logic that reads the question itself reads it under its new key."""
    if old == new:
        return value
    if isinstance(value, list):
        return [_renamed(each, old, new) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _renamed(each, old, new) for name, each in value.items()}
    for name in ("var", "missing"):
        if name in made and len(made) == 1:
            made[name] = _variable(made[name], old, new)
    return made


def _variable(value: Any, old: str, new: str) -> Any:
    if isinstance(value, list):
        return [_variable(value[0], old, new), *value[1:]] if value else value
    found = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[2] != old:
        return value
    return f"{found[1] or ''}{new}{found[3] or ''}"
