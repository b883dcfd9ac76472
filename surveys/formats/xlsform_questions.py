"""The units of an XLSForm written as questions of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from surveys.formats import xlsform_entries, xpath_logic
from surveys.formats.xlsform_choices import Offered
from surveys.formats.xlsform_kinds import NO, YES, Shape, parameters
from surveys.formats.xlsform_logic import Logics, is_dynamic
from surveys.formats.xlsform_texts import Texts
from surveys.formats.xlsform_tree import Node
from surveys.formats.xlsform_units import At, Unit, Units
from surveys.formats.xpath import Binary, Call, Negative, Path, XPathError, parse
from surveys.formats.xpath import Node as Part
from surveys.formats.xpath_values import Untranslatable, any_of
from surveys.parts import Logic

_MOST_FILTERS = 20_000
_MORE = {
    "en": "One more?", "fr": "Encore un ?", "es": "¿Uno más?", "pt": "Mais um?", "de": "Noch eines?",
    "it": "Un altro?", "nl": "Nog een?", "da": "En til?", "sv": "En till?", "pl": "Jeszcze jeden?",
    "ar": "هل من مزيد؟", "ja": "もう1件ありますか？", "sw": "Nyingine?",
}  # fmt: skip


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


class Writer:
    """Writes the units as questions; what is lost is told to their shapes."""

    def __init__(self, logics: Logics, texts: Texts) -> None:
        self.logics = logics
        self.units = logics.units
        self.texts = texts
        self.open: list[Open] = []
        self._filters_left = _MOST_FILTERS
        self._opened: set[tuple[int, str]] = set()

    def questions(self) -> list[Asked]:
        """All questions in the order of the sheet."""
        made: list[Asked] = []
        tables: dict[str, Asked] = {}
        for unit in self.units.all:
            if unit.entry is not None:
                name = unit.key.partition(".")[0]
                if name not in tables:
                    tables[name] = self._entries(unit, unit.entry, name)
                    made.append(tables[name])
                tables[name].rows.append(unit)
                if unit.at[-1] == 1:
                    tables[name].document["parts"].append(self._part(unit))
            elif unit.table:
                name = unit.key.partition(".")[0]
                if name not in tables:
                    tables[name] = self._table(unit, name)
                    made.append(tables[name])
                tables[name].rows.append(unit)
                self._row(tables[name], unit)
            elif unit.asks_for is not None:
                made.append(self._more(unit, unit.asks_for[0]))
            elif unit.shape.role != "data":
                made += self._question(unit)
        return made

    def _entries(self, unit: Unit, repeat: Node, key: str) -> Asked:
        """A repeated group whose questions are the parts of each entry."""
        asked = self._begun(unit, {"key": key, "kind": "entries"})
        texts = self.texts.each(repeat.row, "label")
        asked.document["text"] = self.said(unit, f"{key}.text", texts, repeat.name, 10_000)
        hints = self.texts.each(repeat.row, "hint")
        if hints:
            asked.document["help"] = self.said(unit, f"{key}.help", hints, "", 10_000)
        count = self.units.copies[id(repeat)]
        required = [
            each.cell("bind", "required").strip().lower() in YES
            for each in xlsform_entries.parts(repeat)
        ]
        settings = {"maximum": count}
        if any(required):
            # The first entry is always there, and so are all of a fixed number.
            asked.document["is_required"] = True
            settings["minimum"] = count if self.units.counting[id(repeat)] == "fixed" else 1
        asked.document["settings"] = settings
        asked.document["parts"] = []
        return asked

    def _part(self, unit: Unit) -> dict[str, Any]:
        """One question of each entry."""
        node = unit.node
        whole, _, rest = unit.key.partition(".")
        key = rest.partition(".")[2]
        place = f"{whole}.parts.{key}"
        label = self.texts.each(node.row, "label")
        made: dict[str, Any] = {"key": key, "kind": unit.shape.kind}
        made["text"] = self.said(unit, f"{place}.text", label, node.name, 10_000)
        hints = self.texts.each(node.row, "hint")
        if hints:
            made["help"] = self.said(unit, f"{place}.help", hints, "", 10_000)
        if node.cell("bind", "required").strip().lower() in YES:
            made["is_required"] = True
        if unit.shape.settings:
            made["settings"] = dict(unit.shape.settings)
        if unit.shape.offered:
            made["choices"] = self._choices(Asked(unit, {}, unit.page), place)
        if unit.shape.is_open:
            self.leave_open(node, "type", node.source_type, unit.shape.reasons[-1], place)
        return made

    def leave_open(self, node: Node, what: str, text: str, reason: str, key: str) -> None:
        """Note what a person has to decide, once for all repetitions."""
        if (id(node), what) not in self._opened:
            self._opened.add((id(node), what))
            self.open.append(Open(f"{key}.{what}"[:300], text[:20_000], reason[:2000]))

    def _question(self, unit: Unit) -> list[Asked]:
        node, made = unit.node, unit.shape
        asked = self._begun(unit, {"key": unit.key, "kind": made.kind})
        document = asked.document
        if made.role == "computed":
            return self._computed(asked)
        self._words(asked, node)
        if made.settings:
            document["settings"] = dict(made.settings)
        if made.offered:
            document["choices"] = self._choices(asked)
        elif made.kind == "consent":
            document["choices"] = [{"key": "agreed", "label": "OK"}]
        if parameters(node).get("randomize", "").lower() == "true" and made.offered:
            document["choice_order"] = "random"
        if made.is_open:
            reason = made.reasons[-1] if made.reasons else "A person has to decide."
            self.leave_open(node, "type", node.source_type, reason, unit.key)
        if made.kind != "statement":
            self._required(asked)
            self._checks(asked)
            self._default(asked)
        elif node.cell("bind", "required").lower() in YES and made.outcome == "mapped":
            made.lessen(
                "approximated", "A statement cannot be required, so nobody is held up by it."
            )
        self._read_only(unit)
        return [asked, *self._twin(asked)]

    def _begun(self, unit: Unit, document: dict[str, Any]) -> Asked:
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

    def _words(self, asked: Asked, node: Node) -> None:
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

    def _choices(self, asked: Asked, place: str = "") -> list[dict[str, Any]]:
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

    def _required(self, asked: Asked) -> None:
        unit, node = asked.unit, asked.unit.node
        text = node.cell("bind", "required").strip()
        if not text or text.lower() in NO:
            return
        if text.lower() in YES:
            asked.document["is_required"] = True
            return
        read = self.logics.condition(unit, "required", text)
        if read.reason:
            self.leave_open(node, "required_if", text, read.reason, unit.key)
        elif isinstance(read.logic, bool):
            asked.document["is_required"] = read.logic
        else:
            asked.document["required_if"] = read.logic

    def _checks(self, asked: Asked) -> None:
        unit, node = asked.unit, asked.unit.node
        checks: list[dict[str, Any]] = []
        text = node.logic("bind", "constraint").strip()
        if text:
            read = self.logics.condition(unit, "constraint", text)
            if read.reason:
                self.leave_open(node, "constraint", text, read.reason, unit.key)
            elif read.logic is not True:
                message = self.texts.each(node.row, "bind", "jr:constraintMsg")
                words = self.said(unit, f"{unit.key}.checks.0", message, "", 2000)
                checks.append({"valid_if": read.logic, "message": words})
        if unit.shape.check is not None:
            checks.append({"valid_if": unit.shape.check({"var": unit.key})})
        if checks:
            asked.document["checks"] = checks

    def _default(self, asked: Asked) -> None:
        unit, node = asked.unit, asked.unit.node
        text = node.cell("bind", "calculate") or node.cell("default")
        if not text:
            return
        what = "calculation" if node.cell("bind", "calculate") else "default"
        if what == "default" and not is_dynamic(text):
            found = _constant(unit.shape, text)
            if found is not None:
                asked.document["default"] = found
            return
        scope = self.logics.place(node, unit.at, unit)
        try:
            value = xpath_logic.value(text, scope)
        except Untranslatable as error:
            self.logics.tell(node, what, text, str(error))
            unit.shape.lessen("approximated", "What is filled in at first is not known here.")
            if what == "calculation":
                self.leave_open(node, what, text, str(error), unit.key)
            return
        self.logics.tell(node, what, text)
        logic = value.logic
        asked.document["default"] = as_logic(logic)

    def _read_only(self, unit: Unit) -> None:
        text = unit.node.cell("bind", "readonly").strip()
        if text and text.lower() not in YES | NO:
            reason = "A question that can only sometimes be answered is asked always."
            self.logics.tell(unit.node, "read_only", text, reason)
            unit.shape.lessen("approximated", reason)

    def _twin(self, asked: Asked) -> list[Asked]:
        """The time beside a day."""
        unit = asked.unit
        if not unit.shape.twin:
            return []
        key = self.units.new_key((unit.node, unit.at), f"{unit.key[:34]}_time")
        document = {
            **{
                name: value
                for name, value in asked.document.items()
                if name in ("text", "is_required", "required_if")
            },
            "key": key,
            "kind": unit.shape.twin,
        }
        for texts in self.texts.translations.values():
            if f"{unit.key}.text" in texts:
                texts[f"{key}.text"] = texts[f"{unit.key}.text"]
        return [Asked(unit, document, asked.page, list(asked.guards), asked.own, set(asked.before))]

    def _computed(self, asked: Asked) -> list[Asked]:
        unit, node = asked.unit, asked.unit.node
        value, used = self.logics.values.get(unit, (None, frozenset()))
        asked.is_computed = True
        asked.before.update(used)
        asked.document["text"] = node.name
        if value is not None and value.logic is not None:
            logic = value.logic
            asked.document["value"] = as_logic(logic)
        if not unit.is_known:
            text = node.cell("bind", "calculate") or node.cell("default")
            self.leave_open(node, "value", text, unit.unknown, unit.key)
            unit.shape.lessen(
                "approximated", "It stays empty until a person decides how it is calculated."
            )
        if not unit.shape.is_shown:
            return [asked]
        key = self.units.new_key((node, unit.at), f"{unit.key[:33]}_shown")
        shown = Asked(
            unit, {"key": key, "kind": "statement"}, asked.page, list(asked.guards), asked.own
        )
        shown.before = {unit}
        label = self.texts.each(node.row, "label") or {self.texts.language: node.name}
        pipe = {code: f"{text}: ${{{node.name}}}" for code, text in label.items()}
        shown.document["text"] = self.said(unit, f"{key}.text", pipe, node.name, 10_000)
        return [asked, shown]

    def _more(self, unit: Unit, repeat: Node) -> Asked:
        """Whether there is one more of a repeated group."""
        asked = self._begun(unit, {"key": unit.key, "kind": "yes_no"})
        label = self.texts.each(repeat.row, "label")
        texts = {
            code: ": ".join(
                each
                for each in (
                    self.texts.piped(label.get(code, ""), lambda _: ""),
                    _MORE.get(code, _MORE["en"]),
                )
                if each
            )
            for code in self.texts.languages
        }
        texts = {
            code: re.sub(r"\$\{[^}]*\}|\{\{[^}]*\}\}", "", text) for code, text in texts.items()
        }
        asked.document["text"] = self.texts.place(f"{unit.key}.text", texts, repeat.name, 10_000)
        return asked

    def _table(self, unit: Unit, key: str) -> Asked:
        """The matrix a row begins; its choices are those of its rows."""
        group = unit.node.parent
        kind = "matrix_multiple" if unit.node.is_many else "matrix_single"
        asked = self._begun(unit, {"key": key, "kind": kind, "rows": []})
        texts = self.texts.each(group.row, "label") if group is not None else {}
        asked.document["text"] = self.said(
            unit, f"{key}.text", texts, group.name if group else key, 10_000
        )
        hints = self.texts.each(group.row, "hint") if group is not None else {}
        if hints:
            asked.document["help"] = self.said(unit, f"{key}.help", hints, "", 10_000)
        asked.document["choices"] = [
            {
                "key": each.key,
                "label": self.said(
                    unit,
                    f"{key}.choices.{each.key}",
                    self.texts.each(each.row, "label"),
                    each.name,
                    2000,
                ),
            }
            for each in unit.shape.offered
        ]
        required = {each.cell("bind", "required").strip().lower() in YES for each in unit.table}
        if required == {True}:
            asked.document["is_required"] = True
        elif True in required:
            for each in unit.table:
                reason = "Whether a row must be answered is not told row by row."
                self.units.shapes[id(each)].lessen("approximated", reason)
        return asked

    def _row(self, table: Asked, unit: Unit) -> None:
        node = unit.node
        key, _, row = unit.key.partition(".")
        made: dict[str, Any] = {
            "key": row,
            "label": self.said(
                unit, f"{key}.rows.{row}", self.texts.each(node.row, "label"), node.name, 2000
            ),
        }
        if self.texts.each(node.row, "hint"):
            unit.shape.lessen("approximated", "The hint of a row of a table is not shown.")
        if node.relevant:
            read = self.logics.condition(unit, "relevant", node.relevant)
            made["show_if"] = read.logic
            table.before.update(read.used)
            if read.reason:
                self.leave_open(node, "show_if", node.relevant, read.reason, unit.key)
        text = node.logic("bind", "constraint").strip()
        if text:
            read = self.logics.condition(unit, "constraint", text)
            if read.reason:
                self.leave_open(node, "constraint", text, read.reason, unit.key)
            else:
                checks = table.document.setdefault("checks", [])
                message = self.texts.each(node.row, "bind", "jr:constraintMsg")
                words = self.said(unit, f"{key}.checks.{len(checks)}", message, "", 2000)
                valid = any_of([{"is_empty": [{"var": unit.key}]}, read.logic])
                checks.append({"valid_if": valid, "message": words})
        table.document["rows"].append(made)


def as_logic(value: Logic) -> Logic:
    """A value as logic that a document may hold: a bare text would be read as an expression."""
    return {"cat": [value]} if isinstance(value, str) else value


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


def _constant(made: Shape, text: str) -> Any:
    """A default as logic: what is written is what is meant; None where it is no such answer."""
    text = text.strip()
    if made.type == "number":
        if re.fullmatch(r"-?[0-9]{1,12}(?:[.][0-9]{1,6})?", text):
            value = float(text)
            return int(value) if value == int(value) else value
        return None
    if made.kind in ("multiple_choice", "ranking"):
        keys = [made.names[name] for name in text.split() if name in made.names]
        return keys or None
    if made.type == "choice":
        key = made.names.get(text)
        return None if key is None else as_logic(key)
    if made.type == "day":
        return as_logic(text[:10]) if re.match(r"\d{4}-\d{2}-\d{2}", text) else None
    if made.type == "time":
        return as_logic(text[:5]) if re.match(r"\d{2}:\d{2}", text) else None
    return as_logic(text[:1000])
