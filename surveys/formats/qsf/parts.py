"""What the reading of a QSF passes on: texts and logic still to be settled, questions being made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from surveys.formats.report import Outcome
from surveys.parts import Logic

Form: TypeAlias = Literal[
    "none", "single", "multiple", "scale", "number", "text", "ranking",
    "rows_own", "rows_single", "rows_multiple", "rows_scale", "rows_number", "rows_text", "swapped",
]  # fmt: skip
Document: TypeAlias = dict[str, object]


class Unknown(Exception):
    """Some piece of the source has no meaning here; the text says why, in a sentence."""


class Html(NamedTuple):
    """A text as it stands in the file, with its translations; settled when all keys are known."""

    text: object
    others: Mapping[str, object] = {}
    otherwise: str = ""
    longest: int = 2000
    # Texts of preset answers are logic of ours and not shown as they are.
    is_value: bool = False


@dataclass(frozen=True)
class Visit:
    """One time a block is gone through: several where the flow comes to it again, or loops.

    ``guards`` are the conditions of the branches around it, ``unit`` is our block, ``loop`` the id,
    number and total of the loop, ``fields`` what it merges into texts.
    """

    number: int
    block: str
    guards: tuple[When, ...] = ()
    unit: str = ""
    loop: tuple[str, int, int] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


class At(NamedTuple):
    """A point in the flow that something is read from: what comes later is not known there."""

    number: int
    visit: Visit | None = None


@dataclass
class Place:
    """One question at one visit; ``shown_if`` are the conditions under which it is asked."""

    source: str
    visit: Visit
    number: int
    made: Made
    shown_if: list[Logic] | None = None
    page: Document | None = None
    seen: str = ""


class When(NamedTuple):
    """Logic as it stands in the file: compiled when the keys of all questions are known."""

    logic: object
    path: str
    # What must hold beside it, in our own logic.
    also: Logic = None
    is_check: bool = False


@dataclass(frozen=True)
class Shape:
    """How the answers of a question are addressed: what the ids of its locators mean here.

    ``choices`` are keys, or the numbers of a scale; ``cell`` is what follows the key of a row,
    ``columns`` the parts asked in each row, or which states of a picture mean chosen ("on"). ``beside`` are the paths of texts by choice.
    """

    form: Form
    key: str
    choices: Mapping[str, str | int | float] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)
    recodes: Mapping[str, object] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Shape] = field(default_factory=dict)
    cell: str = ""


@dataclass
class Made:
    """A question as ours, its logic and texts not yet settled.

    ``reasons`` are sentences that say in what it differs; ``more`` are questions asked right after.
    """

    document: Document
    shape: Shape
    reasons: list[str] = field(default_factory=list)
    outcome: Outcome = "mapped"
    more: list[Document] = field(default_factory=list)

    def differs(self, reason: str) -> None:
        """Say once in what it differs from the source."""
        if reason not in self.reasons:
            self.reasons.append(reason)

    @property
    def result(self) -> Outcome:
        """What became of it."""
        return "approximated" if self.outcome == "mapped" and self.reasons else self.outcome
