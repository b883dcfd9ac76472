"""What an export to SurveyJS writes its texts, conditions and losses to, and how choices are written."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from surveys.formats.surveyjs.export_logic import Unwritable, Writer
from surveys.parts import Choice, Logic

Element: TypeAlias = dict[str, Any]


class Ledger:
    """What an export writes its texts and losses to."""

    def __init__(
        self, language: str, others: Mapping[str, Mapping[str, str]], writer: Writer
    ) -> None:
        self.language = language
        self._others = others
        self.writer = writer
        self.losses: list[str] = []

    def lose(self, sentence: str) -> None:
        """Say what is left out, once."""
        if sentence not in self.losses:
            self.losses.append(sentence)

    def text(self, words: str, place: str, *, is_html: bool = False) -> object:
        """A text, with its translations where it has any."""
        form: Callable[[str], str] = marked_up if is_html else _piped
        said: dict[str, str] = {"default": form(words)}
        for code, texts in self._others.items():
            if place in texts:
                said[code.lower()] = form(texts[place])
        return said if len(said) > 1 else said["default"]

    def condition(self, logic: Logic, what: str) -> str:
        """A condition; one that cannot be written is never true."""
        try:
            return self.writer.condition(logic)
        except Unwritable as reason:
            self.lose(f"{what} cannot be written and is never true: {reason}")
            return "false"

    def calculation(self, logic: Logic, what: str) -> str:
        """A calculation, nothing where it cannot be written."""
        try:
            return self.writer.calculation(logic)
        except Unwritable as reason:
            self.lose(f"{what} cannot be written and was left out: {reason}")
            return ""


def _piped(words: str) -> str:
    """A text with its piping as SurveyJS has it."""
    made: list[str] = []
    rest = words
    while "{{" in rest:
        before, _, after = rest.partition("{{")
        inside, closed, tail = after.partition("}}")
        if not closed or before.endswith("\\"):
            made.append(before + "{{")
            rest = after
            continue
        path = inside.partition("|")[0].strip().removeprefix("_data.")
        made.append(f"{before}{{{path}}}")
        rest = tail
    return "".join([*made, rest])


def marked_up(words: str) -> str:
    return html.escape(_piped(words), quote=False).replace("\n", "<br>")


def choice_elements(
    choices: tuple[Choice, ...], ledger: Ledger, place: str, what: str, *, has_images: bool = False
) -> list[Element]:
    made: list[Element] = []
    for each in choices:
        choice: Element = {
            "value": each.key,
            "text": ledger.text(each.label, f"{place}.{each.key}"),
        }
        if each.value is not None:
            choice["efmValue"] = each.value
        if each.missing:
            choice["efmMissing"] = each.missing
        if each.takes_text:
            choice["showCommentArea"] = True
            if each.is_text_required:
                choice["isCommentRequired"] = True
        if each.is_exclusive:
            choice["isExclusive"] = True
        if each.is_fixed:
            choice["randomize"] = False
        if each.image and has_images:
            choice["imageLink"] = each.image
        elif each.image:
            ledger.lose(f"{what}: pictures of choices were left out.")
        if each.opposite:
            ledger.lose(f"{what}: words at the right end of a row were left out.")
        if each.show_if is not None:
            choice["visibleIf"] = ledger.condition(
                each.show_if, f"{what}: when a choice is offered"
            )
        made.append(choice)
    return made
