"""A definition in another of its languages, and the places of all its texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from surveys import kinds, translations
from surveys.parts import Choice, Definition, Loop, Page, Question, SettingValue

Say = Callable[[str, str], str]


def _same(_: str, value: str) -> str:
    return value


def texts(definition: Definition) -> dict[str, str]:
    """Every text a respondent may read, by its place, such as ``nps.text`` or ``why.choices.price``."""
    found: dict[str, str] = {}

    def note(place: str, text: str) -> str:
        if text:
            found[place] = text
        return text

    _said(definition, note)
    return found


def files(definition: Definition) -> dict[str, str]:
    """Every file that is shown, by its place, such as ``film.captions``: a language may have its own."""
    found: dict[str, str] = {}

    def note(place: str, address: str) -> str:
        found[place] = address
        return address

    _said(definition, _same, note)
    return found


def localized(definition: Definition, language: str) -> Definition:
    """The definition in this language; what is not translated stays as it is."""
    words = {place: translations.text(language, name) for place, name in _usual(definition)}
    words |= definition.translations.get(language, {})

    def say(place: str, text: str) -> str:
        return words.get(place, text)

    return replace(_said(definition, say, say), language=language)


def untranslated(definition: Definition, language: str) -> tuple[str, ...]:
    """The places of texts that have no words in this language."""
    words: Mapping[str, str] = definition.translations.get(language, {})
    usual = {place for place, _ in _usual(definition)}
    return tuple(place for place in texts(definition) if place not in words and place not in usual)


def _usual(definition: Definition) -> Iterator[tuple[str, str]]:
    """Places whose words we have ourselves, such as yes and no, with the name of the words."""
    for question in definition.questions:
        for key, words in kinds.kind(question.kind).fixed_choices:
            label = next((each.label for each in question.choices if each.key == key), "")
            if label == translations.text(definition.language, words):
                yield f"{question.key}.choices.{key}", words


def _said(definition: Definition, say: Say, show: Say = _same) -> Definition:
    return replace(
        definition,
        title=say("title", definition.title),
        introduction=say("introduction", definition.introduction),
        thank_you=say("thank_you", definition.thank_you),
        privacy=say("privacy", definition.privacy),
        pages=tuple(worded(page, say, show) for page in definition.pages),
        blocks=tuple(
            replace(each, loop=_loop(each.loop, f"blocks.{each.key}.loop", say))
            for each in definition.blocks
        ),
        endings=tuple(
            replace(
                each,
                title=say(f"endings.{each.key}.title", each.title),
                text=say(f"endings.{each.key}.text", each.text),
            )
            for each in definition.endings
        ),
    )


def worded(page: Page, say: Say, show: Say = _same) -> Page:
    """A page with each of its texts as it is said, and its files as they are shown."""
    return replace(
        page,
        loop=_loop(page.loop, f"pages.{page.key}.loop", say),
        title=say(f"pages.{page.key}.title", page.title),
        description=say(f"pages.{page.key}.description", page.description),
        questions=tuple(_question(each, each.key, say, show) for each in page.questions),
    )


def _loop(loop: Loop | None, place: str, say: Say) -> Loop | None:
    """A loop with the words of its own things; those of a question are said there."""
    if loop is None or not loop.items:
        return loop
    items = tuple(
        replace(
            each,
            label=say(f"{place}.{each.key}", each.label),
            fields=MappingProxyType(
                {
                    name: say(f"{place}.{each.key}.{name}", text)
                    for name, text in each.fields.items()
                }
            ),
        )
        for each in loop.items
    )
    return replace(loop, items=items)


def _question(question: Question, place: str, say: Say, show: Say) -> Question:
    return replace(
        question,
        text=say(f"{place}.text", question.text),
        help=say(f"{place}.help", question.help),
        choices=_choices(question.choices, f"{place}.choices", say),
        rows=_choices(question.rows, f"{place}.rows", say),
        parts=tuple(
            _question(each, f"{place}.parts.{each.key}", say, show) for each in question.parts
        ),
        checks=tuple(
            replace(check, message=say(f"{place}.checks.{number}", check.message))
            for number, check in enumerate(question.checks)
        ),
        settings=_settings(question, place, say, show),
    )


def _choices(choices: tuple[Choice, ...], place: str, say: Say) -> tuple[Choice, ...]:
    return tuple(
        replace(
            each,
            label=say(f"{place}.{each.key}", each.label),
            opposite=say(f"{place}.{each.key}.opposite", each.opposite),
        )
        for each in choices
    )


def _settings(question: Question, place: str, say: Say, show: Say) -> Mapping[str, SettingValue]:
    """The settings that are texts: labels of scales, units, placeholders; and those that are files."""
    made: dict[str, SettingValue] = dict(question.settings)
    for setting in kinds.kind(question.kind).settings:
        value = made.get(setting.name)
        if setting.name in ("language", "version", "without"):
            continue
        if setting.type in ("text", "prose") and isinstance(value, str):
            made[setting.name] = say(f"{place}.{setting.name}", value)
        elif setting.type == "media" and isinstance(value, str) and value:
            made[setting.name] = show(f"{place}.{setting.name}", value)
        elif setting.type == "texts" and isinstance(value, tuple):
            made[setting.name] = tuple(
                say(f"{place}.{setting.name}.{number}", text) for number, text in enumerate(value)
            )
    return MappingProxyType(made)
