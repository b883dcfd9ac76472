"""A survey's definition as a frozen value, how it is read from outside and written back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from surveys import documents, kinds, translations
from surveys.errors import UnknownName
from surveys.kinds import SettingValue
from surveys.reading import Reader
from surveys.strings import shown

MAX_PAGES = 50
MAX_QUESTIONS = 200
MAX_CHOICES = 200
MAX_TITLE = 200
MAX_LABEL = 300
MAX_QUESTION_TEXT = 1000
MAX_PROSE = 4000

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
# Two hundred words a minute, unhurried reading.
_WORDS_A_SECOND = 200 / 60
_NO_SETTINGS: Mapping[str, SettingValue] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a choice question; the key is stored, the label is only shown."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One asked thing. ``settings`` holds what the kind declares, defaults written out by load."""

    key: str
    kind: str
    text: str
    help: str = ""
    is_required: bool = False
    choices: tuple[Choice, ...] = ()
    settings: Mapping[str, SettingValue] = field(default_factory=lambda: _NO_SETTINGS, hash=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Questions asked together."""

    key: str
    title: str = ""
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole survey in one language. Name, purpose and category describe a template."""

    title: str
    language: str
    pages: tuple[Page, ...]
    introduction: str = ""
    thank_you: str = ""
    privacy: str = ""
    anonymous: bool = True
    name: str = ""
    purpose: str = ""
    category: str = ""

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions in the order they are asked, statements included."""
        return tuple(question for page in self.pages for question in page.questions)

    def question(self, key: str) -> Question:
        """The question with this key; raises UnknownName."""
        for question in self.questions:
            if question.key == key:
                return question
        raise UnknownName(f"There is no question {shown(key)!r} in {self.title!r}.")

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """The direction the survey's language is written in, as HTML's dir attribute says it."""
        return "rtl" if self.language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"

    @property
    def minutes(self) -> int:
        """An estimate of the whole minutes it takes: reading, and answering by kind; at least 1."""
        seconds = sum(kinds.kind(question.kind).seconds for question in self.questions)
        words = len(self.introduction.split())
        for question in self.questions:
            words += len(question.text.split()) + len(question.help.split())
            words += sum(len(choice.label.split()) for choice in question.choices)
        return max(1, round((seconds + words / _WORDS_A_SECOND) / 60))


def load(document: object) -> Definition:
    """A definition from a plain mapping, as YAML or JSON give it.

    Raises DefinitionError with every problem and its path. Texts are tidied, settings completed
    with their defaults, so that a later change of a default cannot change this definition.
    """
    reader = Reader()
    definition = _definition(reader, document)
    reader.finish()
    return definition


def load_yaml(text: str) -> Definition:
    """A definition from a YAML document; raises DefinitionError."""
    return load(documents.from_yaml(text))


def from_json(document: bytes) -> Definition:
    """A definition from a JSON document in UTF-8; raises DefinitionError."""
    return load(documents.from_json(document))


def dump(definition: Definition) -> dict[str, object]:
    """The plain mapping that ``load`` turns into an equal definition; its order never varies."""
    document = _filled(
        title=definition.title,
        language=definition.language,
        name=definition.name,
        purpose=definition.purpose,
        category=definition.category,
        introduction=definition.introduction,
        thank_you=definition.thank_you,
        privacy=definition.privacy,
    )
    document["anonymous"] = definition.anonymous
    document["pages"] = [
        {
            **_filled(key=page.key, title=page.title),
            "questions": [_dump_question(question) for question in page.questions],
        }
        for page in definition.pages
    ]
    return document


def dump_yaml(definition: Definition) -> str:
    """The definition as YAML, byte for byte the same each time."""
    return documents.to_yaml(dump(definition))


def to_json(definition: Definition) -> bytes:
    """The definition as canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        dump(definition), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode("utf-8")


def checksum(definition: Definition) -> str:
    """The SHA-256 of the canonical JSON in hexadecimal: equal definitions, equal checksums."""
    return hashlib.sha256(to_json(definition)).hexdigest()


def _definition(reader: Reader, document: object) -> Definition:
    fields = tuple(Definition.__dataclass_fields__)
    given = reader.mapping(document, "", fields)
    language = given.get("language")
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        reader.refuse("language", 'Write a language code in quotes, such as "en" or "pt-BR".')
        language = "en"
    pages = tuple(_pages(reader, given.get("pages"), language))
    if not any(page.questions for page in pages):
        reader.refuse("pages", "There is no question yet. Add a page with a question.")
    return Definition(
        title=reader.text(given.get("title"), "title", MAX_TITLE, is_required=True),
        language=language,
        pages=pages,
        anonymous=reader.boolean(given.get("anonymous"), "anonymous", otherwise=True),
        name=reader.text(given.get("name"), "name", MAX_TITLE),
        purpose=reader.text(given.get("purpose"), "purpose", MAX_PROSE),
        category=reader.text(given.get("category"), "category", MAX_TITLE),
        introduction=reader.text(given.get("introduction"), "introduction", MAX_PROSE),
        thank_you=reader.text(given.get("thank_you"), "thank_you", MAX_PROSE),
        privacy=reader.text(given.get("privacy"), "privacy", MAX_PROSE),
    )


def _pages(reader: Reader, value: object, language: str) -> Iterator[Page]:
    page_keys: set[str] = set()
    question_keys: set[str] = set()
    for number, (path, part) in enumerate(reader.each(value, "pages", MAX_PAGES, "pages"), 1):
        given = reader.mapping(part, path, ("key", "title", "questions"))
        left = MAX_QUESTIONS - len(question_keys)
        questions = reader.each(given.get("questions"), f"{path}.questions", left, "questions")
        yield Page(
            key=reader.key(given.get("key", f"page_{number}"), f"{path}.key", page_keys),
            title=reader.text(given.get("title"), f"{path}.title", MAX_TITLE),
            questions=tuple(
                _question(reader, question, where, question_keys, language)
                for where, question in questions
            ),
        )


def _question(reader: Reader, value: object, path: str, taken: set[str], language: str) -> Question:
    given = reader.mapping(value, path, tuple(Question.__dataclass_fields__))
    name = given.get("kind")
    kind = kinds.KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        reader.refuse(f"{path}.kind", f"Write one of: {', '.join(kinds.names())}.")
        kind = kinds.kind("statement")
        given = {name: part for name, part in given.items() if name not in ("settings", "choices")}
    question = Question(
        key=reader.key(given.get("key"), f"{path}.key", taken),
        kind=kind.name,
        text=reader.text(given.get("text"), f"{path}.text", MAX_QUESTION_TEXT, is_required=True),
        help=reader.text(given.get("help"), f"{path}.help", MAX_QUESTION_TEXT),
        is_required=reader.boolean(
            given.get("is_required"), f"{path}.is_required", otherwise=False
        ),
        choices=tuple(_choices(reader, given.get("choices"), f"{path}.choices"))
        or _fixed_choices(kind, language),
        settings=MappingProxyType(
            reader.settings(given.get("settings"), f"{path}.settings", kind.settings)
        ),
    )
    fixed = [key for key, _ in kind.fixed_choices]
    if fixed and [choice.key for choice in question.choices] != fixed:
        reader.refuse(
            f"{path}.choices",
            f"Give the choices {' and '.join(fixed)} in this order, or none to use the usual words.",
        )
    elif kind.has_choices and len(question.choices) < 2:
        reader.refuse(f"{path}.choices", "Offer at least two choices.")
    elif question.choices and not kind.has_choices:
        reader.refuse(f"{path}.choices", f"A question of kind {kind.name} offers no choices.")
    if question.is_required and kind.answer == "none" and name in kinds.KINDS:
        reader.refuse(f"{path}.is_required", f"A {kind.name} has no answer to require.")
    for setting, message in kind.check(question):
        reader.refuse(f"{path}.settings.{setting}", message)
    return question


def _fixed_choices(kind: kinds.Kind, language: str) -> tuple[Choice, ...]:
    """The choices a kind has by itself, in the words of the definition's language."""
    return tuple(
        Choice(key, translations.text(language, words)) for key, words in kind.fixed_choices
    )


def _choices(reader: Reader, value: object, path: str) -> Iterator[Choice]:
    taken: set[str] = set()
    for where, part in reader.each(value, path, MAX_CHOICES, "choices"):
        given = reader.mapping(part, where, ("key", "label"))
        yield Choice(
            key=reader.key(given.get("key"), f"{where}.key", taken),
            label=reader.text(given.get("label"), f"{where}.label", MAX_LABEL, is_required=True),
        )


def _dump_question(question: Question) -> dict[str, object]:
    document = _filled(key=question.key, kind=question.kind, text=question.text, help=question.help)
    if question.is_required:
        document["is_required"] = True
    if question.choices:
        document["choices"] = [
            {"key": choice.key, "label": choice.label} for choice in question.choices
        ]
    if question.settings:
        document["settings"] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in sorted(question.settings.items())
        }
    return document


def _filled(**parts: str) -> dict[str, object]:
    return {name: part for name, part in parts.items() if part}
