"""A definition made ready to read answers quickly: everything that can be decided once, is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from surveys import kinds, translations
from surveys.carrying import widened
from surveys.conversation import Conversation
from surveys.definition import Definition
from surveys.errors import AnswerError, UnknownName
from surveys.flow import Flow, Route
from surveys.kinds.base import FormReader, JsonReader
from surveys.localizing import localized, texts
from surveys.logic import Context
from surveys.looping import unrolled
from surveys.parts import Question, Turn
from surveys.scoring import Score, score_questions
from surveys.strings import shown
from surveys.values import Answer, Cleaned, Refusal

# Beyond so many unknown keys a caller has sent another survey's answers, and knows it by then.
_MOST_UNKNOWN = 20
_PLAIN = Context()


class _Line(NamedTuple):
    """One question's row in the tables."""

    key: str
    form: FormReader
    json: JsonReader
    is_required: bool


class Compiled:
    """Reads answers to one definition; safe to share between threads, kept by version id."""

    __slots__ = (
        "_asked_about",
        "_composites",
        "_conversation",
        "_keys",
        "_other_languages",
        "_pages",
        "_questions",
        "_scored",
        "_written",
        "atoms",
        "definition",
        "flow",
        "has_pipes",
        "is_plain",
        "languages",
        "original_language",
        "takes_files",
        "told",
    )

    def __init__(self, definition: Definition) -> None:
        self._written = definition
        definition = unrolled(definition)
        self.definition = definition
        self.original_language = definition.language
        self.languages = definition.languages
        wide = widened(definition)
        self.flow = Flow(wide)
        self._conversation = Conversation(self.flow)
        self._other_languages: dict[str, Compiled] = {}
        pages = []
        composites = []
        scored: list[Question] = []
        self.atoms: dict[str, Question] = {}
        self.has_pipes = any("{{" in text for text in texts(definition).values())
        for page in wide.pages:
            lines = []
            for question in page.questions:
                atoms = kinds.atoms(question)
                if len(atoms) != 1 or atoms[0] is not question:
                    composites.append(question)
                for atom in atoms:
                    self.atoms[atom.key] = atom
                    form, json = kinds.kind(atom.kind).readers(atom)
                    lines.append(_Line(atom.key, form, json, atom.is_required))
                    if kinds.metrics(atom):
                        scored.append(atom)
            pages.append(tuple(lines))
        # What a browser is told of the pages of a plain survey, each made when it is first asked for.
        self.told: dict[int, dict[str, object]] = {}
        self.takes_files = any(atom.kind == "file_upload" for atom in self.atoms.values())
        self._pages = tuple(pages)
        self._questions = tuple(line for lines in pages for line in lines)
        self._keys = frozenset(line.key for line in self._questions)
        self._scored = tuple(scored)
        self._composites = {question.key: question for question in composites}
        self._asked_about = frozenset(
            question.key.partition(".")[0]
            for page in wide.pages
            if isinstance(page, Turn)
            for question in page.questions
        )
        # Composite questions are judged as a whole, and logic needs all that came before.
        self.is_plain = self.flow.is_plain and not composites

    def speaking(self, language: str) -> Compiled:
        """The same survey in another of its languages; itself where it is not translated to that."""
        if language == self.definition.language or language not in self.definition.translations:
            return self
        found = self._other_languages.get(language)
        if found is None:
            found = Compiled(localized(self._written, language))
            found.original_language = self.definition.language
            found.languages = self.languages
            self._other_languages[language] = found
        return found

    def keys_on(self, page_index: int) -> frozenset[str]:
        """The keys of all answers a page may take."""
        return frozenset(line.key for line in self._pages[page_index])

    def clean_form_page(
        self,
        page_index: int,
        form: Mapping[str, Sequence[str]],
        before: Mapping[str, Answer] | None = None,
        context: Context = _PLAIN,
        ahead: Route | None = None,
    ) -> Cleaned:
        """Read one page of a form; fields of other pages and unknown fields are left alone.

        ``form`` maps each name to all strings sent for it (a web framework's ``to_dict(flat=False)``),
        ``before`` holds the answers of other pages; ``ahead`` may stand for them, as ``Way.ahead`` gives it.
        Raises UnknownName for a page that is not there.
        """
        if not 0 <= page_index < len(self._pages):
            raise UnknownName(f"There is no page {shown(page_index)}.")
        if not self.is_plain:
            found = self._conversation.read_page(page_index, form, before or {}, context, ahead)
            return self._cleaned(found.answers, found.refused, found.raw, found.unseen)
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

    def clean_all(
        self, values: object, *, partial: bool = False, context: Context = _PLAIN
    ) -> Cleaned:
        """Read a whole response from JSON values by question key.

        ``partial`` lets required answers be missing. Unknown keys are errors of their own; None
        means not answered; answers to questions that were not shown are left out. Raises AnswerError
        only where ``values`` is no mapping at all.
        """
        if not isinstance(values, Mapping):
            raise AnswerError("", "Give the answers as an object: question key to value.", "object")
        if self._composites or self._asked_about:
            values = self._flat(values)
        answers: dict[str, Answer] = {}
        refused: dict[str, Refusal] = {}
        is_plain = self.is_plain
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
            if is_required and is_plain and not partial:
                refused[key] = Refusal("required")
        if not self._keys.issuperset(values):
            unknown: Iterable[object] = (name for name in values if name not in self._keys)
            for name in islice(unknown, _MOST_UNKNOWN):
                refused[shown(name)] = Refusal("unknown_question")
        if not is_plain:
            answers, wrong = self._conversation.judge_all(
                answers, refused, context, partial=partial
            )
            refused |= wrong
        return self._cleaned(answers, refused, values)

    def first_missing(self, answers: Mapping[str, Answer], context: Context) -> int | None:
        """The index of the first page on the way with something required not answered."""
        return self._conversation.first_missing(answers, context)

    def score(self, answers: Mapping[str, Answer]) -> tuple[Score, ...]:
        """The scores of a response, as ``scoring.score`` gives them."""
        return score_questions(self._scored, answers)

    def _flat(self, values: Mapping[object, object]) -> dict[object, object]:
        """Answers of composite questions under the keys of their parts: ``{"m": {"row": "a"}}``

        is ``{"m.row": "a"}``, and a list of entries is numbered from 1. So are answers in loops, by what
        they are about.
        """
        flat: dict[object, object] = {}
        for name, value in values.items():
            if name in self._asked_about and isinstance(value, dict):
                _spread(str(name), value, flat, 4)
                continue
            if name in self._composites and isinstance(value, dict | list):
                kind = kinds.kind(self._composites[name].kind)
                if kind.expand is not None:
                    _spread(str(name), value, flat, 3)
                    continue
            flat[name] = value
        return flat

    def _cleaned(
        self,
        answers: dict[str, Answer],
        refused: dict[str, Refusal],
        raw: Mapping[Any, object],
        unseen: tuple[str, ...] = (),
    ) -> Cleaned:
        if not refused:
            return Cleaned(answers, _NOTHING, _NOTHING, raw, unseen)
        language = self.definition.language
        words = {
            key: str(refusal.blanks["words"])
            if refusal.code == "check" and refusal.blanks.get("words")
            else translations.text(language, f"errors.{refusal.code}", **refusal.blanks)
            for key, refusal in refused.items()
        }
        codes = {key: each.code for key, each in refused.items()}
        return Cleaned(answers, words, codes, raw, unseen)


_NOTHING: Mapping[str, str] = {}


def _spread(name: str, value: object, flat: dict[object, object], levels: int) -> None:
    if levels and isinstance(value, dict):
        for key, part in value.items():
            _spread(f"{name}.{key}", part, flat, levels - 1)
    elif levels and isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for number, part in enumerate(value, 1):
            _spread(f"{name}.{number}", part, flat, levels - 1)
    else:
        flat[name] = value


def compile(definition: Definition) -> Compiled:
    """Prepare a definition for reading answers; about 0.1 ms, worth keeping."""
    return Compiled(definition)
