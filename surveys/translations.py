"""The words a respondent reads around the questions, in the languages we ship."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from surveys import documents
from surveys.errors import UnknownName

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "ja", "ar")


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
