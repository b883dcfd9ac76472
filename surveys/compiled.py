"""A definition made ready to read answers quickly: everything that can be decided once, is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from surveys import kinds, translations
from surveys.definition import Definition
from surveys.errors import AnswerError, UnknownName
from surveys.kinds.base import FormReader, JsonReader
from surveys.scoring import Score, score_questions
from surveys.strings import shown
from surveys.values import Answer, Cleaned, Refusal

# Beyond so many unknown keys a caller has sent another survey's answers, and knows it by then.
_MOST_UNKNOWN = 20


class _Line(NamedTuple):
    """One question's row in the tables."""

    key: str
    form: FormReader
    json: JsonReader
    is_required: bool


class Compiled:
    """Reads answers to one definition; safe to share between threads, kept by version id."""

    __slots__ = ("_keys", "_pages", "_questions", "_scored", "definition")

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        pages = []
        for page in definition.pages:
            lines = []
            for question in page.questions:
                form, json = kinds.kind(question.kind).readers(question)
                lines.append(_Line(question.key, form, json, question.is_required))
            pages.append(tuple(lines))
        self._pages = tuple(pages)
        self._questions = tuple(line for lines in pages for line in lines)
        self._keys = frozenset(line.key for line in self._questions)
        self._scored = tuple(each for each in definition.questions if kinds.metrics(each))

    def clean_form_page(self, page_index: int, form: Mapping[str, Sequence[str]]) -> Cleaned:
        """Read one page of a form; fields of other pages and unknown fields are left alone.

        ``form`` maps each name to all strings sent for it (a web framework's ``to_dict(flat=False)``).
        Raises UnknownName for a page that is not there.
        """
        if not 0 <= page_index < len(self._pages):
            raise UnknownName(f"There is no page {shown(page_index)}.")
        answers: dict[str, Answer] = {}
        raw: dict[str, object] = {}
        refused: dict[str, Refusal] = {}
        for key, read, _, is_required in self._pages[page_index]:
            typed: Sequence[str] = form.get(key, ())
            if isinstance(typed, str):
                typed = (typed,)
            raw[key] = typed
            try:
                answer = read(typed)
            except Refusal as refusal:
                refused[key] = refusal
                continue
            if answer is not None:
                answers[key] = answer
            elif is_required:
                refused[key] = Refusal("required")
        return self._cleaned(answers, refused, raw)

    def clean_all(self, values: object, *, partial: bool = False) -> Cleaned:
        """Read a whole response from JSON values by question key.

        ``partial`` lets required answers be missing. Unknown keys are errors of their own; None
        means not answered. Raises AnswerError only where ``values`` is no mapping at all.
        """
        if not isinstance(values, Mapping):
            raise AnswerError("", "Give the answers as an object: question key to value.", "object")
        answers: dict[str, Answer] = {}
        refused: dict[str, Refusal] = {}
        for key, _, read, is_required in self._questions:
            value = values.get(key)
            if value is not None:
                try:
                    answer = read(value)
                except Refusal as refusal:
                    refused[key] = refusal
                    continue
                if answer is not None:
                    answers[key] = answer
                    continue
            if is_required and not partial:
                refused[key] = Refusal("required")
        if not self._keys.issuperset(values):
            unknown: Iterable[object] = (name for name in values if name not in self._keys)
            for name in islice(unknown, _MOST_UNKNOWN):
                refused[shown(name)] = Refusal("unknown_question")
        return self._cleaned(answers, refused, values)

    def score(self, answers: Mapping[str, Answer]) -> tuple[Score, ...]:
        """The scores of a response, as ``scoring.score`` gives them."""
        return score_questions(self._scored, answers)

    def _cleaned(
        self, answers: dict[str, Answer], refused: dict[str, Refusal], raw: Mapping[str, object]
    ) -> Cleaned:
        if not refused:
            return Cleaned(answers, _NOTHING, _NOTHING, raw)
        language = self.definition.language
        words = {
            key: translations.text(language, f"errors.{refusal.code}", **refusal.blanks)
            for key, refusal in refused.items()
        }
        return Cleaned(answers, words, {key: each.code for key, each in refused.items()}, raw)


_NOTHING: Mapping[str, str] = {}


def compile(definition: Definition) -> Compiled:
    """Prepare a definition for reading answers; about 0.1 ms, worth keeping."""
    return Compiled(definition)
