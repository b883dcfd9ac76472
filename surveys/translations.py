"""The words a respondent reads around the questions, in the languages we ship."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from surveys import documents
from surveys.errors import UnknownName

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "ja", "ar")
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)", re.IGNORECASE)


def text(language: str, key: str, **blanks: object) -> str:
    """The words for a key, its blanks filled; English where the language is not shipped.

    "de-AT" reads "de". Raises UnknownName for a key that English does not have.
    """
    words = _words(base(language)).get(key) or _words("en").get(key)
    if words is None:
        raise UnknownName(f"There are no words for {key!r}.")
    return words.format_map(blanks) if blanks else words


def base(language: str) -> str:
    """The shipped language that serves a language code: itself, its base, or English."""
    name = language.partition("-")[0]
    return name if name in LANGUAGES else "en"


def best(accepted: str, offered: Sequence[str]) -> str:
    """The offered language that an Accept-Language header prefers; the first when it names none.

    The header is weighed as RFC 9110 section 12.5.4 says. A range is looked up as RFC 4647 section
    3.4 says, then among the regional forms of its language.
    """
    wanted = []
    for place, part in enumerate(accepted[:500].split(",")):
        name, _, weight = part.partition(";")
        found = _WEIGHT.fullmatch(weight.strip())
        wanted.append((-float(found[1]) if found else -1.0, place, name.strip().lower()))
    plain = {each.lower(): each for each in reversed(offered)}
    for _, _, name in sorted(each for each in wanted if each[0] < 0 and each[2]):
        pieces = name.split("-")
        for length in range(len(pieces), 0, -1):
            if (known := plain.get("-".join(pieces[:length]))) is not None:
                return known
        alike = (each for each in offered if each.lower().partition("-")[0] == pieces[0])
        if (near := next(alike, None)) is not None:
            return near
    return offered[0]


def language_names() -> dict[str, str]:
    """Each shipped language by code, named in itself, as a language switch shows it."""
    return {language: text(language, "language_name") for language in LANGUAGES}


def keys() -> tuple[str, ...]:
    """All keys there are words for."""
    return tuple(_words("en"))


@cache
def _words(language: str) -> Mapping[str, str]:
    resource = resources.files("surveys") / "data" / f"words.{language}.yaml"
    document = documents.from_yaml(resource.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise UnknownName(f"The words for {language!r} are not a mapping.")
    words: dict[str, str] = {}
    for key, part in document.items():
        if isinstance(part, dict):
            words.update({f"{key}.{name}": str(value) for name, value in part.items()})
        else:
            words[str(key)] = str(part)
    return words
