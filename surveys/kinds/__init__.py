"""The question kinds there are. A new kind is one declaration in a module of this package."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from surveys import translations
from surveys.errors import UnknownName
from surveys.kinds.arrays import ARRAYS
from surveys.kinds.base import Asked, Cell, Column, Kind, Readers, Setting
from surveys.kinds.beside import beside
from surveys.kinds.choosing import CHOOSING
from surveys.kinds.computed import COMPUTED
from surveys.kinds.contacts import CONTACTS
from surveys.kinds.files import FILES
from surveys.kinds.measuring import MEASURING
from surveys.kinds.ordering import ORDERING
from surveys.kinds.particulars import PARTICULARS
from surveys.kinds.scales import SCALES
from surveys.kinds.writing import WRITING
from surveys.parts import Posed, SettingValue
from surveys.strings import shown

__all__ = [
    "KINDS",
    "Asked",
    "Cell",
    "Column",
    "Kind",
    "Readers",
    "Scale",
    "Setting",
    "SettingValue",
    "atoms",
    "columns",
    "host",
    "kind",
    "metrics",
    "names",
    "points",
    "scale",
    "seconds",
]

KINDS: dict[str, Kind] = {
    **SCALES,
    **CHOOSING,
    **ORDERING,
    **ARRAYS,
    **WRITING,
    **MEASURING,
    **PARTICULARS,
    **CONTACTS,
    **FILES,
    **COMPUTED,
}


def names() -> tuple[str, ...]:
    """The names of all kinds, in the order a designer is offered them."""
    return tuple(KINDS)


def kind(name: str) -> Kind:
    """The declaration of a kind; raises UnknownName."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownName(f"There is no question kind {shown(name)!r}.") from None


def metrics(question: Asked) -> tuple[str, ...]:
    """The metrics the question's answers are scored to: of nps, csat, ces, mean; often none."""
    return kind(question.kind).metrics(question)


def points(question: Asked) -> tuple[int, ...]:
    """The points of the question's scale from low to high; empty where there is no scale."""
    return kind(question.kind).points(question)


class Scale(NamedTuple):
    """A scale as it is shown: its points from low to high, words for both ends, words per point.

    ``words`` is empty or has one entry a point.
    """

    points: tuple[int, ...]
    low_words: str
    high_words: str
    words: tuple[str, ...]


def scale(question: Asked, language: str) -> Scale | None:
    """The question's scale in words: its own where it has them, else the language's usual ones."""
    declared = kind(question.kind)
    points = declared.points(question)
    ends = declared.ends(question)
    if not points or ends is None:
        return None
    words = question.settings.get("labels")
    words = words if isinstance(words, tuple) else ()
    low, high = (translations.text(language, key) for key in ends)
    if words:
        low, high = words[0], words[-1]
    low = str(question.settings.get("low_label") or low)
    high = str(question.settings.get("high_label") or high)
    return Scale(points, low, high, words)


def atoms(question: Asked) -> tuple[Asked, ...]:
    """The questions that take the answers: itself, or the parts of a composite one; words beside a

    choice ("Other, please say") are one more, under the keys of both. Of a question put to one person
    they are those that are asked.
    """
    expand = kind(question.kind).expand
    if expand is None:
        return (question, *beside(question))
    if not isinstance(question, Posed):
        return expand(question)
    asks = question.asks
    return tuple(_offering(each, asks[each.key]) for each in expand(question) if each.key in asks)


def host(question: Asked, key: str, keys: Collection[str]) -> str:
    """The key of the atom beside whose choice these words are asked; nothing for any other atom.

    ``keys`` are those of all atoms of the question.
    """
    before, _, tail = key.rpartition(".")
    of = before.rpartition(".")[0]
    return of if tail == "text" and of in keys and key != question.key else ""


def _offering(atom: Asked, offered: frozenset[str] | None) -> Asked:
    """An atom with the choices that are offered."""
    if offered is None:
        return atom
    return replace(atom, choices=tuple(each for each in atom.choices if each.key in offered))


def seconds(question: Asked) -> float:
    """What answering takes beyond reading."""
    declared = kind(question.kind)
    if declared.expand is None:
        return declared.seconds
    return sum(kind(each.kind).seconds for each in declared.expand(question)) * 0.7


def columns(question: Asked) -> tuple[Column, ...]:
    """The export columns of the question; a dot, which no key has, separates a choice's key."""
    return tuple(
        column._replace(key=atom.key)
        for atom in atoms(question)
        for column in kind(atom.kind).columns(atom)
    )
