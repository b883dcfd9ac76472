"""What a survey is made of, as frozen values: choices, questions, pages, blocks, endings, quotas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from surveys.errors import UnknownName
from surveys.strings import shown

SettingValue: TypeAlias = str | int | float | bool | tuple[str, ...]
# JsonLogic as `surveys.expressions` reads it; None stands for no condition at all.
Logic: TypeAlias = "bool | int | float | str | list[Logic] | dict[str, Logic] | None"
Order: TypeAlias = Literal["as_given", "random", "reversed_for_half", "alphabetical"]
Carried: TypeAlias = Literal["chosen", "not_chosen", "offered"]
Missing: TypeAlias = Literal["", "dont_know", "refused", "not_applicable"]
Source: TypeAlias = Literal["link", "contact", "account", "value", "random"]

_NOTHING: Mapping[str, SettingValue] = MappingProxyType({})
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a question, or one row of a matrix; the key is stored, the label only shown.

    ``value`` is what it counts in sums and means. ``takes_text`` asks for words beside it ("Other,
    please say"), ``is_exclusive`` goes with no other choice, ``is_fixed`` keeps its place where the
    order is random. ``missing`` says that it stands for no answer in figures: not known, refused, not
    applicable. ``opposite`` is the right end of a row between two words.
    """

    key: str
    label: str
    value: float | None = None
    takes_text: bool = False
    is_text_required: bool = False
    is_exclusive: bool = False
    is_fixed: bool = False
    missing: Missing = ""
    opposite: str = ""
    image: str = ""
    show_if: Logic = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Carry:
    """Choices or rows taken over from what was chosen in an earlier question."""

    question: str
    which: Carried = "chosen"


@dataclass(frozen=True, slots=True)
class Check:
    """What must be true of an answer together with others, and the words when it is not."""

    valid_if: Logic = field(hash=False)
    message: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One asked thing. ``settings`` holds what the kind declares, defaults written out by load.

    ``is_requested`` asks once more before it lets the question go unanswered. ``rows`` are the lines
    of a matrix, ``parts`` the questions asked in each line or in each entry of a group; their logic may
    name one another as ``_entry.key``. ``value`` is how a calculated value comes about, ``default`` what
    stands in its fields at first: a plain value, or logic that gives one. ``origin`` names the question of the bank it was taken from: questions of the
    same origin ask the same in several surveys.
    """

    key: str
    kind: str
    text: str
    help: str = ""
    is_required: bool = False
    is_requested: bool = False
    required_if: Logic = field(default=None, hash=False)
    show_if: Logic = field(default=None, hash=False)
    choices: tuple[Choice, ...] = ()
    choice_order: Order = "as_given"
    choices_from: Carry | None = None
    rows: tuple[Choice, ...] = ()
    row_order: Order = "as_given"
    rows_from: Carry | None = None
    parts: tuple[Question, ...] = ()
    settings: Mapping[str, SettingValue] = field(default_factory=lambda: _NOTHING, hash=False)
    checks: tuple[Check, ...] = ()
    value: Logic = field(default=None, hash=False)
    default: Logic = field(default=None, hash=False)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Posed(Question):
    """A question as it is put to one person, where conditions decide about parts of it.

    ``asks`` are the keys of the atoms that are asked, each with the choices it offers, None for all.
    ``needs`` are those of them that a condition requires.
    """

    asks: Mapping[str, frozenset[str] | None] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Skip:
    """Where a person goes on after a page when a condition holds: a later page, an ending, "end"."""

    to: str
    when: Logic = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a loop asks about; ``fields`` are more texts it has, by names of the survey's own."""

    key: str
    label: str = ""
    fields: Mapping[str, str] = field(default_factory=lambda: _NO_FIELDS, hash=False)


@dataclass(frozen=True, slots=True)
class Loop:
    """Asks a page, or the pages of a block, once for each of several things.

    They are the choices or rows of the question ``over``: those that were chosen or answered, those
    that were not, all that were offered; of a number each up to it; of entries those filled in. Or they
    are ``items`` of its own, which beside a question say more of its choices. ``most`` bounds how many
    are asked about. Texts and logic name them as ``_loop.text``, ``_loop.key``, ``_loop.number`` and
    ``_loop.`` with the name of a field.
    """

    over: str = ""
    which: Carried = "chosen"
    items: tuple[Item, ...] = ()
    order: Order = "as_given"
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Questions asked together."""

    key: str
    title: str = ""
    description: str = ""
    block: str = ""
    show_if: Logic = field(default=None, hash=False)
    question_order: Order = "as_given"
    loop: Loop | None = None
    skips: tuple[Skip, ...] = ()
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn(Page):
    """A page as it is asked about one of the things of a loop.

    ``of`` is the page as it is written and ``place`` its index there, ``about`` the thing. ``within`` names
    the loop and ``turns`` declares it, ``when`` is what must hold for this thing to have its turn.
    """

    of: str = ""
    place: int = 0
    about: Item = field(default_factory=lambda: Item(""))
    within: str = ""
    turns: Loop = field(default_factory=lambda: Loop())
    when: Logic = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Block:
    """Pages that belong together: shown together, and in a random order of their own."""

    key: str
    title: str = ""
    show_if: Logic = field(default=None, hash=False)
    page_order: Order = "as_given"
    randomizer: str = ""
    loop: Loop | None = None


@dataclass(frozen=True, slots=True)
class Randomizer:
    """Blocks that follow one another in random order; of them only ``show`` where it is given.

    ``is_even`` presents each of them equally often. What was drawn is stored under the key.
    """

    key: str
    show: int | None = None
    is_even: bool = False


@dataclass(frozen=True, slots=True)
class DataField:
    """A value known beside the answers: from the link, the contact, the account, or drawn."""

    key: str
    source: Source = "link"
    name: str = ""
    value: Logic = field(default=None, hash=False)
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a survey ends for those the condition holds for; the first that holds is taken."""

    key: str
    title: str = ""
    text: str = ""
    redirect: str = ""
    is_screen_out: bool = False
    show_if: Logic = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Quota:
    """How many responses are wanted of those a condition holds for, and what happens beyond."""

    key: str
    title: str
    limit: int
    when: Logic = field(default=None, hash=False)
    action: Literal["end", "continue"] = "end"
    ending: str = ""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """What an import could not carry over: where it stood, the source's own words, and why.

    As long as a definition holds one it is not published.
    """

    path: str
    text: str
    reason: str


_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_NO_TRANSLATIONS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole survey. Its texts are in ``language``; ``translations`` holds those of others.

    A translation is kept by language and by the path of the text, such as ``nps.text``. Name,
    purpose and category describe a template.
    """

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
    blocks: tuple[Block, ...] = ()
    randomizers: tuple[Randomizer, ...] = ()
    data: tuple[DataField, ...] = ()
    endings: tuple[Ending, ...] = ()
    quotas: tuple[Quota, ...] = ()
    translations: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: _NO_TRANSLATIONS, hash=False
    )
    theme: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    unresolved: tuple[Unresolved, ...] = ()

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
    def languages(self) -> tuple[str, ...]:
        """The languages it can be answered in, its own first."""
        return (self.language, *(each for each in self.translations if each != self.language))

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """The direction the survey's language is written in, as HTML's dir attribute says it."""
        return "rtl" if self.language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
