"""The desk an XLSForm's questions are written at: words, conditions and choices in their places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from surveys.formats.xlsform.choices import Offered
from surveys.formats.xlsform.logic import Logics
from surveys.formats.xlsform.texts import Texts
from surveys.formats.xlsform.tree import Node
from surveys.formats.xlsform.units import At, Unit, Units
from surveys.formats.xpath import logic as xpath_logic
from surveys.formats.xpath.parsing import Binary, Call, Negative, Path, XPathError, parse
from surveys.formats.xpath.parsing import Node as Part
from surveys.formats.xpath.values import Untranslatable, any_of
from surveys.parts import Logic

_MOST_FILTERS = 20_000


@dataclass(slots=True, eq=False)
class Asked:
    """One question of ours: its document, when it is shown, and what must stand before it.

    ``guards`` are the conditions of groups, outermost first; ``own`` its own condition.
    """

    unit: Unit
    document: dict[str, Any]
    page: tuple[Node, At]
    guards: list[Logic] = field(default_factory=list)
    own: Logic = None
    before: set[Unit] = field(default_factory=set)
    is_computed: bool = False
    rows: list[Unit] = field(default_factory=list)

    @property
    def units(self) -> list[Unit]:
        """The unit, and the others of a table or of entries."""
        return [self.unit, *self.rows]


@dataclass(slots=True)
class Open:
    """What a person has to decide."""

    path: str
    text: str
    reason: str


def label_choices(units: Units, texts: Texts) -> None:
    """Give the units the words of their choices, which expressions may ask for."""
    for unit in units.all:
        for each in unit.shape.offered:
            key = unit.shape.names.get(each.name, each.key)
            label = texts.each(each.row, "label").get(texts.language)
            unit.labels.setdefault(key, label or each.name)


class Desk:
    """Writes what all questions have; what is lost is told to their shapes."""

    def __init__(self, logics: Logics, texts: Texts) -> None:
        self.logics = logics
        self.units = logics.units
        self.texts = texts
        self.open: list[Open] = []
        self._filters_left = _MOST_FILTERS
        self._opened: set[tuple[int, str]] = set()

    def leave_open(self, node: Node, what: str, text: str, reason: str, key: str) -> None:
        """Note what a person has to decide, once for all repetitions."""
        if (id(node), what) not in self._opened:
            self._opened.add((id(node), what))
            self.open.append(Open(f"{key}.{what}"[:300], text[:20_000], reason[:2000]))

    def begun(self, unit: Unit, document: dict[str, Any]) -> Asked:
        """A question with its conditions."""
        asked = Asked(unit, document, unit.page)
        for guard in unit.guards:
            read = self.logics.guard(guard)
            asked.guards.append(read.logic)
            asked.before.update(read.used)
            if read.reason:
                what = "relevant" if guard.text == guard.node.relevant else "repeat_count"
                self.leave_open(
                    guard.node, what, guard.text, read.reason, guard.node.name or "group"
                )
        if unit.entry is None and unit.node.relevant and not unit.asks_for and not unit.table:
            read = self.logics.condition(unit, "relevant", unit.node.relevant)
            asked.own = read.logic
            asked.before.update(read.used)
            if read.reason:
                self.leave_open(unit.node, "show_if", unit.node.relevant, read.reason, unit.key)
        return asked

    def words(self, asked: Asked, node: Node) -> None:
        """Its text and its help."""
        unit = asked.unit
        document = asked.document
        label = self.texts.each(node.row, "label")
        document["text"] = self.said(unit, f"{unit.key}.text", label, node.name, 10_000)
        hints = self.texts.each(node.row, "hint")
        for code, text in self.texts.each(node.row, "guidance_hint").items():
            hints[code] = f"{hints[code]}\n\n{text}" if code in hints else text
        if hints:
            document["help"] = self.said(unit, f"{unit.key}.help", hints, "", 10_000)

    def said(
        self, unit: Unit, place: str, texts: dict[str, str], otherwise: str, longest: int
    ) -> str:
        """Words at their place, in all languages, with what they pipe."""
        scope = self.logics.place(unit.node, unit.at, unit)

        def path_of(name: str) -> str | None:
            try:
                return scope.variable(name).path
            except Untranslatable:
                unit.shape.lessen("approximated", f"{name[:60]!r} in its words leads nowhere.")
                return None

        return self.texts.place(
            place, texts, otherwise, longest, lambda text: self.texts.piped(text, path_of)
        )

    def choices(self, asked: Asked, place: str = "") -> list[dict[str, Any]]:
        """Its choices, each with when it is offered."""
        unit, node = asked.unit, asked.unit.node
        filters = self._filters(asked)
        documents = []
        for each in unit.shape.offered:
            key = unit.shape.names.get(each.name, each.key)
            label = self.texts.each(each.row, "label")
            text = self.said(unit, f"{place or unit.key}.choices.{key}", label, each.name, 2000)
            made: dict[str, Any] = {"key": key, "label": text}
            if each.takes_text:
                made["takes_text"] = True
            when = filters(each) if not (each.takes_text and node.has_other) else True
            if when is not True:
                made["show_if"] = when
            documents.append(made)
        return documents

    def _filters(self, asked: Asked) -> Any:
        """What a choice filter says of each choice; choices alike in what it looks at share it."""
        unit, node = asked.unit, asked.unit.node
        text = node.cell("choice_filter")
        if not text:
            return lambda each: True
        columns = _names(text)
        known: dict[tuple[str | None, ...], Logic] = {}
        failed: list[str] = []

        def of_row(row: Any) -> Logic:
            alike = tuple(row.get(name) for name in columns)
            if alike not in known and self._filters_left <= 0:
                known[alike] = False
                failed.append("There are more conditions on choices than can be looked at.")
            if alike not in known:
                self._filters_left -= 1
                scope = self.logics.place(node, unit.at, unit).of(unit, row)
                try:
                    known[alike] = xpath_logic.condition(text, scope)
                except Untranslatable as error:
                    known[alike] = False
                    failed.append(str(error))
                asked.before.update(scope.used)
            return known[alike]

        def of_choice(each: Offered) -> Logic:
            return any_of([of_row(row) for row in each.columns])

        for each in unit.shape.offered:
            of_choice(each)
        for name in columns:
            if (
                not self.units.lists.knows_column(node.choices, name)
                and name not in self.units.nodes
            ):
                unit.shape.lessen(
                    "approximated",
                    f"Its filter names {name[:60]!r}, which is no column of its choices.",
                )
        self.logics.tell(node, "choice_filter", text, failed[0] if failed else "")
        if failed:
            self.leave_open(node, "choice_filter", text, failed[0], unit.key)
        return of_choice


def _names(text: str) -> tuple[str, ...]:
    """The bare names an expression has, such as columns of choices."""
    try:
        left: list[Part] = [parse(text)]
    except XPathError:
        return ()
    found: list[str] = []
    while left:
        part = left.pop()
        if isinstance(part, Binary):
            left += [part.left, part.right]
        elif isinstance(part, Negative):
            left.append(part.part)
        elif isinstance(part, Call):
            left += part.arguments
        elif isinstance(part, Path):
            found += [step.name for step in part.steps]
            left += [inside for step in part.steps for inside in step.conditions]
    return tuple(dict.fromkeys(found))
