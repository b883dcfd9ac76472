"""What all questions of SurveyJS have in common: title, conditions, checks, comment, defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from surveys.formats.report import Outcome
from surveys.formats.surveyjs.desk import Desk, Document, Json, first, listed, mapping, said
from surveys.formats.surveyjs.expressions import Scope
from surveys.formats.surveyjs.pieces import Piece, both, opposite, plain, settled
from surveys.formats.surveyjs.validators import Demands, demands
from surveys.formats.surveyjs.values import Known, converted, equal
from surveys.parts import Logic

LONGEST_TEXT = 8000
LONGEST_HELP = 4000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question stands: in the file, in the order asked, and under which conditions.

    ``guards`` are the conditions of the panels around it, each with its path. ``place`` is where its
    texts are translated, by default under its key.
    """

    path: str
    scope: Scope
    guards: tuple[tuple[str, object], ...] = ()
    shown: tuple[Logic, ...] = ()
    place: str = ""
    is_part: bool = False


class Element:
    """One question of the source on its way to ours. Kinds of it say what they make of it."""

    # Whether it can stand in a row of a table, and whether it takes an answer at all.
    is_atomic = True
    is_asked = True

    def __init__(self, raw: Json, desk: Desk, key: str, at: Place) -> None:
        self.raw = raw
        self.desk = desk
        self.key = key
        self.at = at
        self.name = said(raw.get("name"))
        self.type = said(raw.get("type")) or said(raw.get("cellType"))
        self.place = at.place or key
        self.outcome: Outcome = "mapped"
        self.reasons: list[str] = []
        # Further copies of a question that is asked of each entry are not reported again.
        self.is_silent = False
        # Nobody is shown it, yet it holds what is filled in beforehand or set by a trigger.
        self.is_hidden = False
        self.set_by: Callable[[], Logic] | None = None
        self.prepare()

    def prepare(self) -> None:
        """Read what must be known before any logic is."""

    def kind(self) -> str:
        """Our kind."""
        raise NotImplementedError

    def settings(self) -> Document:
        """The settings of our kind."""
        return {}

    def piece(self, path: str) -> Piece:
        """What its name stands for in expressions, its answer being at this path."""
        return Piece("any", {"var": path})

    def fill(self, document: Document) -> None:
        """What the kind adds to the document: choices, rows, parts."""

    def own_check(self) -> tuple[Logic, str] | None:
        """A check that comes with the kind itself, and its path in the source."""
        return None

    def approximate(self, reason: str) -> None:
        """Say in what it differs from the source."""
        if self.outcome == "mapped":
            self.outcome = "approximated"
        if reason not in self.reasons:
            self.reasons.append(reason)

    def report(self) -> None:
        """Enter it in the report, once its documents are made."""
        if self.is_silent:
            return
        self.desk.item(self.name, self.type, self.outcome, self.key, " ".join(self.reasons))

    def title(self) -> str:
        """The question's words."""
        title = self.raw.get("title")
        return (
            self.desk.texts.say(title, f"{self.place}.text", LONGEST_TEXT, self.at.scope, "")
            or self.desk.texts.words(self.name, 400)[:400]
            or self.key
        )

    def documents(self) -> list[Document]:
        """Our question, and those that come with it; its report is entered."""
        document = self._unseen() if self.is_hidden else self.document()
        made = [document]
        if not self.is_hidden:
            made += self.after(document.get("show_if"))
        self.report()
        return made

    def _unseen(self) -> Document:
        """A hidden value in place of a question that is never shown."""
        document: Document = {"key": self.key, "kind": "hidden", "text": self.title()}
        self._suggest(document)
        value = document.pop("default", None)
        if value is not None:
            document["value"] = value
        return document

    def document(self) -> Document:
        """Our question."""
        texts, scope = self.desk.texts, self.at.scope
        document: Document = {"key": self.key, "kind": self.kind(), "text": self.title()}
        help_text = texts.say(
            self.raw.get("description"), f"{self.place}.help", LONGEST_HELP, scope
        )
        if help_text:
            document["help"] = help_text
        self.fill(document)
        settings = self.settings()
        if self.is_asked:
            self._require(document)
            self._check(document, settings)
            self._suggest(document)
        if settings:
            document["settings"] = settings
        shown = self.shown()
        if shown is not None:
            document["show_if"] = shown
        return document

    def shown(self) -> Logic:
        """When it is shown: its own condition and those around it."""
        conditions: list[Logic] = [*self.at.shown]
        for path, text in self.at.guards:
            found = self.desk.condition(text, path, self.at.scope)
            conditions += [] if found is None else [found]
        for name in ("visibleIf", "enableIf"):
            found = self.desk.condition(self.raw.get(name), f"{self.at.path}.{name}", self.at.scope)
            if found is None:
                continue
            conditions.append(found)
            if name == "enableIf":
                self.approximate("It is hidden where the source shows it without letting answer.")
        if not conditions:
            return None
        logic = both(*conditions)
        return None if logic is True else logic

    def _require(self, document: Document) -> None:
        if self.raw.get("isRequired") is True:
            document["is_required"] = True
            return
        required = self.desk.condition(
            self.raw.get("requiredIf"), f"{self.at.path}.requiredIf", self.at.scope, otherwise=None
        )
        if required is True:
            document["is_required"] = True
        elif required is not None and required is not False:
            document["required_if"] = required

    def _check(self, document: Document, settings: Document) -> None:
        """Validators as settings where the kind has them, else as checks."""
        found = demands(
            listed(self.raw.get("validators")), self.desk, f"{self.at.path}.validators",
            self.at.scope, {"var": self.key}, self.place,
        )  # fmt: skip
        own = self.own_check()
        if own is not None:
            found.checks.append({"valid_if": own[0]})
        self.demand(found, settings)
        if found.warnings:
            self.approximate("A warning that refuses nothing was left out.")
        if found.required and "is_required" not in document:
            already = document.get("required_if")
            wrong = [opposite(each) for each in found.required]
            needed: Logic = wrong[0] if len(wrong) == 1 else {"or": wrong}
            document["required_if"] = needed if already is None else {"or": [already, needed]}
        if found.checks:
            document["checks"] = found.checks[:20]

    def demand(self, found: Demands, settings: Document) -> None:
        """Let the kind take what its own settings can say."""

    def _suggest(self, document: Document) -> None:
        """What is answered already when the question appears."""
        given = first(self.raw, "defaultValue")
        if given is not None:
            found = self.answer_of(given)
            if found is None:
                self.approximate("What the source fills in beforehand was left out.")
            else:
                document["default"] = settled(found)
        for name in ("defaultValueExpression", "setValueExpression"):
            logic = self.desk.calculation(
                self.raw.get(name), f"{self.at.path}.{name}", self.at.scope, self.as_answer
            )
            if logic is None:
                continue
            if name == "setValueExpression":
                self.approximate("What the source sets again and again is only suggested at first.")
                when = self.desk.condition(
                    self.raw.get("setValueIf"), f"{self.at.path}.setValueIf", self.at.scope
                )
                logic = logic if when is None or when is True else {"if": [when, logic, None]}
            document["default"] = settled(logic)
        if self.set_by is not None:
            set_to = self.set_by()
            if set_to is not None:
                document["default"] = settled(set_to)
            if not self.is_hidden:
                self.approximate("What a trigger of the source sets is only suggested at first.")
        for name in ("setValueIf", "resetValueIf"):
            if name == "setValueIf" and said(self.raw.get("setValueExpression")):
                continue
            if said(self.raw.get(name)):
                self.desk.leave_open(
                    f"{self.at.path}.{name}",
                    said(self.raw[name]),
                    "An answer is emptied by itself, which no question here does.",
                )
                self.approximate("The source empties the answer by itself.")
        if self.raw.get("readOnly") is True:
            self.approximate("It can be answered, where the source only shows it.")

    def answer_of(self, given: object) -> Logic:
        """An answer of the source as ours, None where it is none."""
        return self.desk.texts.words(given, 1000) or None

    def as_answer(self, piece: Piece) -> Logic:
        """A calculated value as an answer of ours."""
        return plain(piece).logic

    def after(self, show_if: object) -> list[Document]:
        """Questions that come with this one: the comment below it."""
        if first(self.raw, "showCommentArea", "hasComment") is not True or self.at.is_part:
            return []
        key = self.desk.keys.key((self.key, "comment"), f"{self.key}_comment")
        words = self.desk.texts.say(
            self.raw.get("commentText"), f"{key}.text", LONGEST_TEXT, self.at.scope
        )
        comment: Document = {"key": key, "kind": "long_text", "text": words or "Other (describe)"}
        if show_if is not None:
            comment["show_if"] = show_if
        return [comment]

    def comment_piece(self) -> Piece | None:
        """What ``{name-Comment}`` stands for."""
        if first(self.raw, "showCommentArea", "hasComment") is not True or self.at.is_part:
            return None
        key = self.desk.keys.key((self.key, "comment"), f"{self.key}_comment")
        return Piece("text", {"var": key})


def keyed(given: object, values: dict[str, Known]) -> str | None:
    """Our key of a value of the source."""
    if not isinstance(given, str | int | float | bool):
        return None
    value = converted(given)
    return next((key for key, own in values.items() if equal(converted(own), value)), None)


def keyed_logic(piece: Piece, values: dict[str, Known]) -> Logic:
    """A calculated value as one of our keys."""
    if piece.shape == "constant":
        return keyed(piece.value, values) if not isinstance(piece.value, list) else None
    if piece.shape == "one" and dict(piece.values) == values:
        return piece.logic
    chain: list[Logic] = []
    value = plain(piece).logic
    for key, own in values.items():
        chain += [{"==": [value, converted(own)]}, key]  # type: ignore[list-item]
    return {"if": [*chain, None]} if chain else None


Maker = Callable[[Json, Desk, str, Place], Element]


def moved(at: Place, scope: Scope) -> Place:
    """The same place seen from another row or panel."""
    return replace(at, scope=scope)


def children(raw: Json, *names: str) -> list[Json]:
    """The elements inside a panel or list."""
    found = first(raw, *names)
    return [mapping(each) for each in listed(found) if mapping(each)]
