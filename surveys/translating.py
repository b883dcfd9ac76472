"""Translations as people bring them: which fit the survey, which are of another version of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from surveys import piping
from surveys.localizing import files, texts, untranslated
from surveys.parts import Definition
from surveys.strings import tidy

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
MAX_TEXT = 20_000


class Translated(NamedTuple):
    """Texts by their place, in one language; ``sources`` are the texts they were made from."""

    language: str
    texts: Mapping[str, str]
    sources: Mapping[str, str]


class Taken(NamedTuple):
    """A definition with new translations, and what became of them.

    ``outdated`` were made from another text than the survey has now, ``unknown`` belong to no text of
    it, ``broken`` lost or gained a piped value. Those are left out, except the outdated ones.
    """

    definition: Definition
    taken: int
    outdated: tuple[str, ...]
    unknown: tuple[str, ...]
    broken: tuple[str, ...]


class Completeness(NamedTuple):
    """How much of a survey there is in a language."""

    language: str
    done: int
    total: int
    missing: tuple[str, ...]


def take(definition: Definition, given: Translated) -> Taken:
    """The definition with these translations; those it has for other texts stay."""
    mine = texts(definition)
    known = dict(definition.translations.get(given.language, {}))
    outdated, unknown, broken = [], [], []
    taken = 0
    for place, text in given.texts.items():
        text = tidy(text)[:MAX_TEXT]
        source = mine.get(place)
        if source is None:
            unknown.append(place)
            continue
        if sorted(piping.paths(source)) != sorted(piping.paths(text)):
            broken.append(place)
            continue
        if place in given.sources and tidy(given.sources[place]) != source:
            outdated.append(place)
        if text:
            taken += known.get(place) != text
            known[place] = text
        else:
            known.pop(place, None)
    made = dict(definition.translations)
    made[given.language] = MappingProxyType(dict(sorted(known.items())))
    return Taken(
        replace(definition, translations=MappingProxyType(dict(sorted(made.items())))),
        taken,
        tuple(outdated),
        tuple(unknown),
        tuple(broken),
    )


def take_files(
    definition: Definition, language: str, addresses: Mapping[str, str | None]
) -> Definition:
    """The definition with files of this language by their places; with None the survey's own serves."""
    known = dict(definition.translations.get(language, {}))
    for place in files(definition).keys() & addresses.keys():
        known.pop(place, None)
        if address := addresses[place]:
            known[place] = address
    made = dict(definition.translations)
    if known or language in made:
        made[language] = MappingProxyType(dict(sorted(known.items())))
    return replace(definition, translations=MappingProxyType(dict(sorted(made.items()))))


def without(definition: Definition, language: str) -> Definition:
    """The definition without one of its languages."""
    left = {code: words for code, words in definition.translations.items() if code != language}
    return replace(definition, translations=MappingProxyType(left))


def completeness(definition: Definition) -> tuple[Completeness, ...]:
    """How much there is in each language, the survey's own first."""
    total = len(texts(definition))
    found = [Completeness(definition.language, total, total, ())]
    for language in definition.languages[1:]:
        missing = untranslated(definition, language)
        found.append(Completeness(language, total - len(missing), total, missing))
    return tuple(found)
