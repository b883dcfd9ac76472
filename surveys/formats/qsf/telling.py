"""What the report says of a QSF: what became of each question, what is left out as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from surveys.formats.qsf.file import File
from surveys.formats.qsf.parts import Place
from surveys.formats.qsf.questions import has_script, parts_of_type
from surveys.formats.qsf.texts import Texts
from surveys.formats.qsf.values import is_on, name
from surveys.formats.report import Item, LogicItem
from surveys.loading import MAX_QUESTIONS

_OPTIONS = (
    ("PasswordProtection", "Yes", "The source asks for a password."),
    ("BallotBoxStuffingPrevention", "true", "The source lets each browser answer once."),
    ("SurveyProtection", "ByInvitation", "The source is open to those invited only."),
    ("SurveyTermination", "DisplayMessage", "The message at the end is in the source's library."),
)


class Telling:
    """Tells of one import; ``left_out`` are questions there was no room for."""

    def __init__(
        self, file: File, places: Sequence[Place], left_out: Iterable[str], texts: Texts
    ) -> None:
        self._file = file
        self._texts = texts
        self._places: dict[str, list[Place]] = {}
        for place in places:
            if place.page is not None:
                self._places.setdefault(place.source, []).append(place)
        self._left_out = sorted(each for each in left_out if each not in self._places)

    def items(self) -> Iterator[Item]:
        """One item for each question of the source, whatever became of it."""
        for source, places in self._places.items():
            made = places[0].made
            reasons = list(made.reasons)
            if len(places) > 1:
                count = len(places)
                reasons.append(f"It is asked at {count} places, each with a key of its own here.")
            outcome = made.result if made.outcome == "raw" or not reasons else "approximated"
            told = self._texts.words(" ".join(reasons), 5000)
            yield Item(self._plain(source), self._kind(source), outcome, made.shape.key, told)
        for source in self._left_out:
            why = f"There are more than {MAX_QUESTIONS} questions."
            yield Item(self._plain(source), self._kind(source), "dropped", "", why)

    def logic(self, found: Iterable[LogicItem]) -> Iterator[LogicItem]:
        """The pieces of logic, nothing in their words but words."""
        for each in found:
            path, source, reason = (
                self._texts.words(text) for text in (each.path, each.source, each.reason)
            )
            yield LogicItem(path, source, each.outcome, reason)

    def scripts(self) -> int:
        """How many questions come with a script."""
        return sum(map(has_script, self._file.questions.values()))

    def notes(self) -> Iterator[str]:
        """What is left out, and how the source is set."""
        file, options = self._file, self._file.options
        left_out = set(self._left_out)
        never = [
            each for each in file.questions if each not in self._places and each not in left_out
        ]
        if never:
            yield f"Not asked in the source and left out: {self._tags(never)}."
        if file.scored or any(each.get("GradingData") for each in file.questions.values()):
            yield "Scores given to choices are left out."
        if file.others:
            yield f"Elements left out: {', '.join(sorted(file.others))}."
        if options and not is_on(options.get("BackButton")):
            yield "There is no button back in the source."
        for part in ("Header", "Footer"):
            if text := self._texts.plain(options.get(part), 500):
                yield f"The {part.lower()} is left out: {text}"
        for part, wanted, words in _OPTIONS:
            if name(options.get(part)) == wanted:
                yield words

    def _kind(self, source: str) -> str:
        return self._plain("/".join(filter(None, parts_of_type(self._file.questions[source]))))

    def _plain(self, text: str) -> str:
        return self._texts.words(text, 200) if "<" in text or "&" in text else text

    def _tags(self, sources: Sequence[str]) -> str:
        found = [name(self._file.questions[each].get("DataExportTag")) or each for each in sources]
        more = f" and {len(found) - 20} more" if len(found) > 20 else ""
        return ", ".join(each[:40] for each in found[:20]) + more
