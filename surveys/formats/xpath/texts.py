"""XPath's functions of texts as logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from surveys.formats.xpath.parsing import Node
from surveys.formats.xpath.values import Translator, Typed, Untranslatable, as_number, as_text
from surveys.parts import Logic

Function: TypeAlias = Callable[[Translator, tuple[Node, ...]], Typed]


def _text(translator: Translator, node: Node) -> Logic:
    return as_text(translator.value(node))


def _there(translator: Translator, node: Node) -> Logic:
    """A text that is '' and not null where nothing is."""
    logic = _text(translator, node)
    return logic if isinstance(logic, str) else {"cat": [logic]}


def _concat(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return Typed({"cat": [_text(translator, each) for each in given]}, "text")


def _string(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return Typed({"cat": [_text(translator, given[0])]}, "text")


def _length(translator: Translator, given: tuple[Node, ...]) -> Typed:
    text = (
        _text(translator, given[0])
        if given
        else as_text(Typed({"var": translator.scope.itself().path}, "text"))
    )
    return Typed({"length": [text]}, "number")


def _substr(translator: Translator, given: tuple[Node, ...]) -> Typed:
    """substr(text, from, to): from 0, without the sign at ``to``."""
    text = _there(translator, given[0])
    places = [as_number(translator.value(each)).constant for each in given[1:]]
    if not all(isinstance(each, float) and each >= 0 for each in places):
        raise Untranslatable("Which part of the text is meant is calculated.")
    numbers = [int(each) for each in places if isinstance(each, float)]
    if len(numbers) == 1:
        return Typed({"substr": [text, numbers[0]]}, "text")
    return Typed({"substr": [text, numbers[0], max(numbers[1] - numbers[0], 0)]}, "text")


def _asked(name: str) -> Function:
    def asked(translator: Translator, given: tuple[Node, ...]) -> Typed:
        whole, part = _there(translator, given[0]), _there(translator, given[1])
        return Typed({name: [whole, part]}, "boolean")

    return asked


def _changed(name: str) -> Function:
    def changed(translator: Translator, given: tuple[Node, ...]) -> Typed:
        return Typed({name: [_there(translator, given[0])]}, "text")

    return changed


TEXTS: Mapping[str, tuple[Function, int, int]] = {
    "concat": (_concat, 0, 40),
    "string": (_string, 1, 1),
    "string-length": (_length, 0, 1),
    "substr": (_substr, 2, 3),
    "contains": (_asked("contains"), 2, 2),
    "starts-with": (_asked("starts_with"), 2, 2),
    "ends-with": (_asked("ends_with"), 2, 2),
    "normalize-space": (_changed("trim"), 1, 1),
    "lower-case": (_changed("lower"), 1, 1),
    "upper-case": (_changed("upper"), 1, 1),
}
