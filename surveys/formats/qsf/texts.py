"""Texts of a QSF as ours: without markup, what is piped into them named as ours, in all languages."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping

from surveys.formats.cleaning import Cleaner
from surveys.formats.naming import Keys
from surveys.formats.qsf.conditions import first_given
from surveys.formats.qsf.file import File, language
from surveys.formats.qsf.locators import locator
from surveys.formats.qsf.logic import Logics
from surveys.formats.qsf.parts import At, Html, Unknown
from surveys.formats.qsf.values import entries, mapping
from surveys.logic import Condition
from surveys.parts import Logic
from surveys.piping import pipe

_PIPE = re.compile(r"\$(\w?)\{([^{}]{1,300})\}")
_MERGED = re.compile(r"\$\{lm://([^{}]{1,100})\}")
_LINK = re.compile(r"<a\s[^>]{0,2000}?href", re.IGNORECASE)
_READ = 200_000


class Texts:
    """Makes the texts of one file. ``said`` are translations by language and place."""

    def __init__(self, file: File, cleaner: Cleaner, logics: Logics, own: str, keys: Keys) -> None:
        self.keys = keys
        # How many questions more the survey may hold.
        self.room = 0
        # Questions that hold the present value of a field at a visit, for texts to pipe.
        self.collected: dict[tuple[int, str], tuple[str, Logic]] = {}
        self.said: dict[str, dict[str, str]] = {}
        self._drawn: list[tuple[str, str]] = []
        self._used: set[str] = set()
        self._file = file
        self._cleaner = cleaner
        self._logics = logics
        self._own = own

    def plain(self, text: object, longest: int = 200) -> str:
        """A text into which nothing is piped, such as a title."""
        return _PIPE.sub("", self._cleaner.text(text, longest)).replace("\\{{", "{ {").strip()

    def words(self, text: object, longest: int = 2000) -> str:
        """A text of a report: the source's own words without markup, what it pipes included."""
        return self._cleaner.text(text, longest).replace("\\{{", "{{")

    def settle(self, text: Html, place: str, at: At, reasons: list[str]) -> str:
        """A text in the survey's language; its translations are noted under the place."""
        self._drawn = []
        made = self._made(text.text, text.longest, at, reasons) or text.otherwise
        for code, given in text.others.items():
            other = language(code)
            if not other or other == self._own:
                continue
            words = self._made(given, text.longest, at, [])
            if words:
                self.said.setdefault(other, {})[place] = words
        return made

    def value(self, text: Html, at: At) -> Logic:
        """A preset answer: the text, or what is piped into it."""
        try:
            return self._logics.expression(self._cleaner.text(text.text, text.longest), at)
        except Unknown:
            return None

    def _made(self, given: object, longest: int, at: At, reasons: list[str]) -> str:
        self._used = set()
        if isinstance(given, str):
            given = self._merged(given[:_READ], at)
            if _LINK.search(given):
                _once(reasons, "Links in its texts are no links here.")
        media = len(self._cleaner.media)
        text = self._cleaner.text(given, longest)
        if len(self._cleaner.media) > media:
            _once(reasons, "Pictures or sounds in its texts are left out.")

        def put(found: re.Match[str]) -> str:
            try:
                if found[1]:
                    return self._sum(found[2], at)
                return self._piped(found[2], at, reasons)
            except Unknown:
                _once(reasons, f"What was piped in with {found[0][:60]} is left out.")
                return ""

        return _PIPE.sub(put, text)[:longest].strip() if "${" in text or "$e{" in text else text

    def _merged(self, text: str, at: At) -> str:
        """What a loop merges into a text, put in as it stands: it may be markup, or pipe more."""

        def put(found: re.Match[str]) -> str:
            try:
                return self._logics.merged(found[1], at)
            except Unknown:
                return found[0]

        return _MERGED.sub(put, text)[: _READ * 2] if "${lm:" in text else text

    def _sum(self, text: str, at: At) -> str:
        """A sum: of numbers, which always comes to the same, or of what was answered before."""
        logic = self._logics.sum(text, at)
        found = Condition(logic)
        if not found.paths:
            value = found.value({})
            return str(value) if isinstance(value, int | float) else ""
        names = {path.partition(".")[0] for path in found.paths}
        if at.visit is None or names & self._logics.answers.keys_at(at.visit):
            raise Unknown(
                "Sums of answers that are given in the same block are not put into texts."
            )
        return pipe(self._collect(f"sum {text}"[:100], logic, at))

    def _piped(self, path: str, at: At, reasons: list[str]) -> str:
        path = path.strip()
        logics = self._logics
        if path.startswith("e://Field/"):
            return pipe(self._field(path.removeprefix("e://Field/"), at))
        if path.startswith("m://"):
            return pipe(logics.fields.contact(path.removeprefix("m://")))
        if path.startswith("rand://"):
            return pipe(self._random(path.removeprefix("rand://")))
        if path.startswith("date://"):
            _once(reasons, "The date in its text is written year-month-day.")
            return pipe("_today")
        if not path.startswith("q://"):
            raise Unknown("This is not known here.")
        if (words := self._quoted(path)) is not None:
            return words
        found, is_only = logics.answers.path(path, at)
        if not is_only:
            _once(reasons, "It pipes in the answer of the last time the question was asked.")
        return pipe(found)

    def _field(self, name: str, at: At) -> str:
        """The path of embedded data; where several places may have set it, of their last value."""
        paths = self._logics.fields.paths(name, at.number)
        if len(paths) == 1 or at.visit is None:
            return paths[0]
        return self._collect(name, first_given([{"var": path} for path in paths]), at)

    def _collect(self, name: str, value: Logic, at: At) -> str:
        """The key of a question that holds a value when a visit begins."""
        assert at.visit is not None
        place = (at.visit.number, name)
        if place not in self.collected:
            self.collected[place] = (self.one_more(("now", *place), name), value)
        return self.collected[place][0]

    def one_more(self, source: Hashable, name: str) -> str:
        """A key for a question more; raises Unknown where there is no room for it."""
        if self.room <= 0:
            raise Unknown("There is no room for one more question.")
        self.room -= 1
        return self.keys.key(source, name, "field")

    def _random(self, path: str) -> str:
        """The path of a drawn number: the same in all languages of a text."""
        for known, drawn in self._drawn:
            if known == path and drawn not in self._used:
                self._used.add(drawn)
                return drawn
        drawn = self._logics.fields.random(path)
        self._drawn.append((path, drawn))
        self._used.add(drawn)
        return drawn

    def _quoted(self, path: str) -> str | None:
        """Words of the source itself: the text of a question or of a choice."""
        wanted = locator(path)
        payload: Mapping[str, object] = self._file.questions.get(wanted.source, {})
        if wanted.selector == "QuestionText":
            return self.plain(payload.get("QuestionText"), 2000)
        if wanted.selector in ("ChoiceDescription", "AnswerDescription") and wanted.ids:
            which = "Choices" if wanted.selector == "ChoiceDescription" else "Answers"
            choice = entries(payload.get(which)).get(wanted.ids[0])
            return self.plain(mapping(choice).get("Display"), 2000)
        return None


def _once(reasons: list[str], reason: str) -> None:
    if reason not in reasons:
        reasons.append(reason)
