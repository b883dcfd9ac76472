"""A definition read from a plain mapping, every problem found with its path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from types import MappingProxyType

from surveys import kinds, theme, translations
from surveys.entries import RESERVED_PARTS
from surveys.loading_flow import Flow
from surveys.localizing import files
from surveys.parts import Carried, Carry, Check, Choice, Definition, Page, Question, Skip
from surveys.reading import MEDIA, Reader

MAX_PAGES = 2000
MAX_QUESTIONS = 3000
MAX_CHOICES = 1000
MAX_PARTS = 60
MAX_CHECKS = 20
MAX_SKIPS = 50
MAX_TITLE = 200
MAX_LABEL = 2000
MAX_QUESTION_TEXT = 10_000
MAX_PROSE = 20_000
MAX_LANGUAGES = 60
MAX_TEXTS = 20_000

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_CARRIED: tuple[Carried, ...] = ("chosen", "not_chosen", "offered")
# Names under which expressions find what is no answer; no question may take them.
RESERVED = frozenset(
    {
        "_data",
        "_text",
        "_sentiment",
        "_language",
        "_today",
        "_row",
        "_choice",
        "_response",
        "_entry",
        "_loop",
    }
)


def names(of: type) -> tuple[str, ...]:
    """The names a part of a definition is written with."""
    return tuple(each.name for each in fields(of))


class Loader(Flow):
    """One reading of one document."""

    def __init__(self) -> None:
        super().__init__(Reader())
        self.language = "en"

    def definition(self, document: object) -> Definition:
        """The whole; raises DefinitionError with every problem."""
        reader = self.reader
        given = reader.mapping(document, "", names(Definition))
        self.language = self._language(given.get("language"), "language")
        pages = tuple(self._pages(given.get("pages")))
        if not any(page.questions for page in pages):
            reader.refuse("pages", "There is no question yet. Add a page with a question.")
        made = Definition(
            title=reader.text(given.get("title"), "title", MAX_TITLE, is_required=True),
            language=self.language,
            pages=pages,
            anonymous=reader.boolean(given.get("anonymous"), "anonymous", otherwise=True),
            name=reader.text(given.get("name"), "name", MAX_TITLE),
            purpose=reader.text(given.get("purpose"), "purpose", MAX_PROSE),
            category=reader.text(given.get("category"), "category", MAX_TITLE),
            introduction=reader.text(given.get("introduction"), "introduction", MAX_PROSE),
            thank_you=reader.text(given.get("thank_you"), "thank_you", MAX_PROSE),
            privacy=reader.text(given.get("privacy"), "privacy", MAX_PROSE),
            blocks=tuple(self.blocks(given.get("blocks"))),
            randomizers=tuple(self.randomizers(given.get("randomizers"))),
            data=tuple(self.data(given.get("data"))),
            endings=tuple(self.endings(given.get("endings"))),
            quotas=tuple(self.quotas(given.get("quotas"))),
            translations=MappingProxyType(self._translations(given.get("translations"))),
            theme=MappingProxyType(self._theme(given.get("theme"))),
            unresolved=tuple(self.unresolved(given.get("unresolved"))),
        )
        self.check_references(made)
        self._check_files(made)
        reader.finish()
        return made

    def _check_files(self, made: Definition) -> None:
        """Files of other languages are addresses of ours, as the survey's own are."""
        shown = files(made) if made.translations else {}
        for language, words in made.translations.items():
            for place in shown:
                if place in words and not MEDIA.fullmatch(words[place]):
                    self.reader.refuse(
                        f"translations.{language}.{place}",
                        "Bring in a file, and it gets its address.",
                    )

    def _language(self, value: object, path: str) -> str:
        if isinstance(value, str) and _LANGUAGE.fullmatch(value):
            return value
        self.reader.refuse(path, 'Write a language code in quotes, such as "en" or "pt-BR".')
        return "en"

    def _pages(self, value: object) -> Iterator[Page]:
        reader = self.reader
        taken: set[str] = set()
        question_keys: set[str] = set(RESERVED)
        for number, (path, part) in enumerate(reader.each(value, "pages", MAX_PAGES, "pages"), 1):
            given = reader.mapping(part, path, names(Page))
            left = MAX_QUESTIONS + len(RESERVED) - len(question_keys)
            listed = reader.each(given.get("questions"), f"{path}.questions", left, "questions")
            skips = reader.each(given.get("skips"), f"{path}.skips", MAX_SKIPS, "skips")
            yield Page(
                key=reader.key(given.get("key", f"page_{number}"), f"{path}.key", taken),
                title=reader.text(given.get("title"), f"{path}.title", MAX_LABEL),
                description=reader.text(given.get("description"), f"{path}.description", MAX_PROSE),
                block=reader.name(given.get("block"), f"{path}.block"),
                show_if=reader.logic(given.get("show_if"), f"{path}.show_if"),
                question_order=self.order(given.get("question_order"), f"{path}.question_order"),
                loop=self.loop(given.get("loop"), f"{path}.loop"),
                skips=tuple(self._skip(part, where) for where, part in skips),
                questions=tuple(
                    self._question(question, where, question_keys) for where, question in listed
                ),
            )

    def _skip(self, value: object, path: str) -> Skip:
        given = self.reader.mapping(value, path, names(Skip))
        return Skip(
            to=self.reader.name(given.get("to"), f"{path}.to", is_required=True),
            when=self.reader.logic(given.get("when"), f"{path}.when"),
        )

    def _question(
        self, value: object, path: str, taken: set[str], *, is_part: bool = False
    ) -> Question:
        reader = self.reader
        given = reader.mapping(value, path, names(Question))
        name = given.get("kind")
        kind = kinds.KINDS.get(name) if isinstance(name, str) else None
        if kind is None:
            reader.refuse(f"{path}.kind", f"Write one of: {', '.join(kinds.names())}.")
            kind = kinds.kind("statement")
            given = {each: given[each] for each in given if each in ("key", "text", "help")}
        question = Question(
            key=reader.key(given.get("key"), f"{path}.key", taken),
            kind=kind.name,
            text=reader.text(
                given.get("text"),
                f"{path}.text",
                MAX_QUESTION_TEXT,
                is_required=kind.is_asked,
            ),
            help=reader.text(given.get("help"), f"{path}.help", MAX_QUESTION_TEXT),
            is_required=reader.boolean(
                given.get("is_required"), f"{path}.is_required", otherwise=False
            ),
            is_requested=reader.boolean(
                given.get("is_requested"), f"{path}.is_requested", otherwise=False
            ),
            required_if=reader.logic(given.get("required_if"), f"{path}.required_if"),
            show_if=reader.logic(given.get("show_if"), f"{path}.show_if"),
            choices=tuple(self._choices(given.get("choices"), f"{path}.choices"))
            or self._fixed_choices(kind),
            choice_order=self.order(given.get("choice_order"), f"{path}.choice_order"),
            choices_from=self._carry(given.get("choices_from"), f"{path}.choices_from"),
            rows=tuple(self._choices(given.get("rows"), f"{path}.rows")),
            row_order=self.order(given.get("row_order"), f"{path}.row_order"),
            rows_from=self._carry(given.get("rows_from"), f"{path}.rows_from"),
            parts=tuple(self._parts(given.get("parts"), f"{path}.parts")) if not is_part else (),
            settings=MappingProxyType(
                reader.settings(given.get("settings"), f"{path}.settings", kind.settings)
            ),
            checks=tuple(self._checks(given.get("checks"), f"{path}.checks")),
            value=reader.logic(given.get("value"), f"{path}.value"),
            default=reader.value(given.get("default"), f"{path}.default"),
            origin=reader.name(given.get("origin"), f"{path}.origin"),
        )
        if is_part and given.get("parts"):
            reader.refuse(f"{path}.parts", "A part of a question has no parts of its own.")
        if name in kinds.KINDS:
            self._check_question(question, kind, path)
        return question

    def _check_question(self, question: Question, kind: kinds.Kind, path: str) -> None:
        refuse = self.reader.refuse
        fixed = [key for key, _ in kind.fixed_choices]
        if fixed and [choice.key for choice in question.choices] != fixed:
            refuse(
                f"{path}.choices",
                f"Give the choices {' and '.join(fixed)} in this order, or none to use the usual words.",
            )
        elif kind.has_choices and question.choices_from is None:
            if len(question.choices) < kind.least_choices:
                few = {1: "one choice", 2: "two choices"}.get(
                    kind.least_choices, f"{kind.least_choices} choices"
                )
                refuse(f"{path}.choices", f"Offer at least {few}.")
        elif question.choices and not kind.has_choices:
            refuse(f"{path}.choices", f"A question of kind {kind.name} offers no choices.")
        if question.choices_from is not None and (fixed or not kind.has_choices):
            refuse(f"{path}.choices_from", f"A question of kind {kind.name} takes over no choices.")
        if question.rows_from is not None and not kind.has_rows:
            refuse(f"{path}.rows_from", f"A question of kind {kind.name} takes over no rows.")
        if kind.has_rows and not question.rows and question.rows_from is None:
            refuse(f"{path}.rows", "Give at least one row.")
        elif question.rows and not kind.has_rows:
            refuse(f"{path}.rows", f"A question of kind {kind.name} has no rows.")
        if kind.has_parts and not question.parts:
            refuse(f"{path}.parts", "Give at least one part: a question asked in each line.")
        elif question.parts and not kind.has_parts:
            refuse(f"{path}.parts", f"A question of kind {kind.name} has no parts.")
        if question.is_required and kind.answer == "none" and kind.expand is None:
            refuse(f"{path}.is_required", f"A {kind.name} has no answer to require.")
        for setting, message in kind.check(question):
            refuse(f"{path}.settings.{setting}", message)

    def _parts(self, value: object, path: str) -> Iterator[Question]:
        taken: set[str] = set(RESERVED_PARTS)
        for where, part in self.reader.each(value, path, MAX_PARTS, "parts"):
            made = self._question(part, where, taken, is_part=True)
            kind = kinds.kind(made.kind)
            if kind.expand is not None or kind.answer == "none":
                self.reader.refuse(
                    f"{where}.kind", "Ask something here that takes one answer, such as a number."
                )
            yield made

    def _fixed_choices(self, kind: kinds.Kind) -> tuple[Choice, ...]:
        """The choices a kind has by itself, in the words of the definition's language."""
        return tuple(
            Choice(key, translations.text(self.language, words))
            for key, words in kind.fixed_choices
        )

    def _choices(self, value: object, path: str) -> Iterator[Choice]:
        reader = self.reader
        taken: set[str] = set()
        for where, part in reader.each(value, path, MAX_CHOICES, "choices"):
            given = reader.mapping(part, where, names(Choice))
            flags = {
                name: reader.boolean(given.get(name), f"{where}.{name}", otherwise=False)
                for name in ("takes_text", "is_text_required", "is_exclusive", "is_fixed")
            }
            yield Choice(
                key=reader.key(given.get("key"), f"{where}.key", taken),
                label=reader.text(
                    given.get("label"), f"{where}.label", MAX_LABEL, is_required=True
                ),
                value=reader.number(given.get("value"), f"{where}.value"),
                missing=reader.option(
                    given.get("missing"),
                    f"{where}.missing",
                    ("", "dont_know", "refused", "not_applicable"),
                ),
                opposite=reader.text(given.get("opposite"), f"{where}.opposite", MAX_LABEL),
                image=reader.text(given.get("image"), f"{where}.image", MAX_LABEL),
                show_if=reader.logic(given.get("show_if"), f"{where}.show_if"),
                **flags,
            )

    def _carry(self, value: object, path: str) -> Carry | None:
        if value is None:
            return None
        given = self.reader.mapping(value, path, names(Carry))
        which = self.reader.option(given.get("which"), f"{path}.which", _CARRIED)
        return Carry(
            question=self.reader.name(given.get("question"), f"{path}.question", is_required=True),
            which=which,
        )

    def _checks(self, value: object, path: str) -> Iterator[Check]:
        for where, part in self.reader.each(value, path, MAX_CHECKS, "checks"):
            given = self.reader.mapping(part, where, names(Check))
            valid_if = self.reader.logic(given.get("valid_if"), f"{where}.valid_if")
            if valid_if is None:
                self.reader.refuse(f"{where}.valid_if", "Write what must be true.")
            yield Check(
                valid_if=valid_if,
                message=self.reader.text(given.get("message"), f"{where}.message", MAX_LABEL),
            )

    def _theme(self, value: object) -> dict[str, str]:
        if value is None:
            return {}
        given = self.reader.mapping(value, "theme", theme.NAMES)
        read = {name: self.reader.text(given[name], f"theme.{name}", 200) for name in given}
        for name, message in theme.problems(read).items():
            self.reader.refuse(f"theme.{name}", message)
        return {name: read[name] for name in sorted(read) if read[name]}

    def _translations(self, value: object) -> dict[str, MappingProxyType[str, str]]:
        reader = self.reader
        if value is None:
            return {}
        if not isinstance(value, dict) or len(value) > MAX_LANGUAGES:
            reader.refuse("translations", "Write a mapping of language codes to texts.")
            return {}
        read: dict[str, MappingProxyType[str, str]] = {}
        for code, texts in value.items():
            path = f"translations.{code if isinstance(code, str) else '?'}"
            language = self._language(code, path)
            if not isinstance(texts, dict) or len(texts) > MAX_TEXTS:
                reader.refuse(path, "Write a mapping of places to texts.")
                continue
            kept = {}
            for place, text in texts.items():
                if not isinstance(place, str) or len(place) > 300:
                    reader.refuse(path, "Write the place of each text, such as nps.text.")
                    continue
                words = reader.text(text, f"{path}.{place}", MAX_PROSE)
                if words:
                    kept[place] = words
            read[language] = MappingProxyType(dict(sorted(kept.items())))
        return dict(sorted(read.items()))
