"""The texts of a SurveyJS survey: in which language, in which others, and what is piped into them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from surveys.formats.cleaning import Cleaner
from surveys.formats.surveyjs.expressions import Scope
from surveys.formats.surveyjs.names import NEAR, Names
from surveys.formats.surveyjs.pieces import Piece, Unknown
from surveys.formats.surveyjs.values import text_of
from surveys.piping import pipe
from surveys.strings import tidy

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_PIPED = re.compile(r"(?<![{\\])\{([^{}\n]{1,200})\}(?!\})")
_DEEPEST = 40
_MOST_LANGUAGES = 60
_NOWHERE = Scope()


def language_of(code: str) -> str:
    """A locale of the source as our language code; nothing for what is none."""
    code = code.strip().replace("_", "-")[:40]
    head, _, tail = code.partition("-")
    parts = [head.lower()]
    for part in tail.split("-") if tail else ():
        parts.append(part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part)
    made = "-".join(parts)
    return made if _LANGUAGE.fullmatch(made) else ""


class Words:
    """Says the texts of one survey and keeps what they are in other languages."""

    def __init__(self, document: Mapping[str, object], names: Names) -> None:
        self.cleaner = Cleaner()
        self._names = names
        self.translations: dict[str, dict[str, str]] = {}
        locale = document.get("locale")
        locale = locale if isinstance(locale, str) else ""
        self._default = self._spoken(document, locale)
        self.language = language_of(self._default) or "en"

    def _spoken(self, document: Mapping[str, object], locale: str) -> str:
        """The language plain texts are in: the survey's own where none is translated to it."""
        codes: Counter[str] = Counter()
        has_default = False
        left: list[tuple[object, int]] = [(document, 0)]
        while left:
            value, depth = left.pop()
            if depth > _DEEPEST:
                continue
            if isinstance(value, dict):
                if "default" in value and isinstance(value["default"], str):
                    has_default = True
                    codes.update(key for key in value if isinstance(key, str) and key != "default")
                left += [(each, depth + 1) for each in value.values()]
            elif isinstance(value, list):
                left += [(each, depth + 1) for each in value]
        if locale and (locale not in codes or not has_default):
            return locale
        return "en"

    def words(self, value: object, longest: int = 10_000) -> str:
        """A text in the survey's own language, nothing piped into it."""
        return self.cleaner.text(self._pick(value), longest)

    def say(
        self,
        value: object,
        place: str,
        longest: int = 10_000,
        scope: Scope = _NOWHERE,
        otherwise: str = "",
    ) -> str:
        """A text in the survey's own language; its translations are kept for its place."""
        said = self._piped(self.words(value, longest), scope, longest)
        said = said or self.cleaner.text(otherwise, 400)[:400]
        if isinstance(value, dict) and said:
            for code, text in value.items():
                language = language_of(code) if isinstance(code, str) and code != "default" else ""
                if not language or language == self.language:
                    continue
                if language not in self.translations and len(self.translations) >= _MOST_LANGUAGES:
                    continue
                words = self._piped(self.cleaner.text(text, longest), scope, longest)
                if words:
                    self.translations.setdefault(language, {})[place] = words
        return said

    def address(self, value: object) -> tuple[str, tuple[str, ...]]:
        """An address with the names in it as our piping has them, and how what is put in differs.

        The source puts in the values of choices, and we the keys we made of them.
        """
        told: dict[str, None] = {}
        raw = self._pick(value)
        address = tidy(raw)[:2000] if isinstance(raw, str) else ""
        made = self._piped(address.replace("{{", "\\{{"), _NOWHERE, 2000)
        for found in _PIPED.finditer(address):
            name = found[1].strip().removeprefix("#")
            try:
                piece = self._names.known(name, _NOWHERE)
            except Unknown:
                piece = None
            if piece is None:
                told[f"What {found[0][:60]} puts into an address at the end is not known here."] = (
                    None
                )
            elif any(key != text_of(each) for key, each in piece.values.items()):
                told[
                    f"An address at the end has the keys of {name[:60]} instead of its values."
                ] = None
        return made, tuple(told)

    def _pick(self, value: object) -> object:
        if not isinstance(value, dict):
            return value
        for code in (self._default, self.language, "default", *value):
            text = value.get(code)
            if isinstance(text, str | int | float) and not isinstance(text, bool) and text != "":
                return text
        return ""

    def _piped(self, text: str, scope: Scope, longest: int) -> str:
        """The text with names in curly brackets as our piping has them; unknown ones stay."""
        if "{" not in text:
            return text

        def put(found: re.Match[str]) -> str:
            name = found[1].strip().removeprefix("#")
            try:
                piece = self._names.known(name, scope)
            except Unknown:
                return "" if name.partition(".")[0].lower() in NEAR else found[0]
            if piece is None:
                return found[0]
            path = self._names.paths.get(name)
            return pipe(path) if path else _pipe(piece, name)

        return _PIPED.sub(put, text)[:longest]


def _pipe(piece: Piece, name: str) -> str:
    if piece.shape == "constant":
        # In texts the source counts panels from one.
        if name.lower().endswith("panelindex") and isinstance(piece.value, int):
            return str(piece.value + 1)
        return text_of(piece.value)
    path = piece.logic.get("var") if isinstance(piece.logic, dict) else None
    return pipe(path) if isinstance(path, str) else ""
