"""The units of an XLSForm written as questions of ours."""

from __future__ import annotations

import re
from typing import Any

from surveys.formats.xlsform.composites import Composites
from surveys.formats.xlsform.desk import Asked
from surveys.formats.xlsform.kinds import NO, YES, Shape, parameters
from surveys.formats.xlsform.logic import is_dynamic
from surveys.formats.xlsform.units import Unit
from surveys.formats.xpath import logic as xpath_logic
from surveys.formats.xpath.values import Untranslatable
from surveys.parts import Logic


class Writer(Composites):
    """Writes the units as questions."""

    def questions(self) -> list[Asked]:
        """All questions in the order of the sheet."""
        made: list[Asked] = []
        tables: dict[str, Asked] = {}
        for unit in self.units.all:
            if unit.entry is not None:
                name = unit.key.partition(".")[0]
                if name not in tables:
                    tables[name] = self.entries(unit, unit.entry, name)
                    made.append(tables[name])
                tables[name].rows.append(unit)
                if unit.at[-1] == 1:
                    tables[name].document["parts"].append(self.part(unit, tables[name]))
            elif unit.table:
                name = unit.key.partition(".")[0]
                if name not in tables:
                    tables[name] = self.table(unit, name)
                    made.append(tables[name])
                tables[name].rows.append(unit)
                self.row(tables[name], unit)
            elif unit.asks_for is not None:
                made.append(self.more(unit, unit.asks_for[0]))
            elif unit.shape.role != "data":
                made += self._question(unit)
        return made

    def _question(self, unit: Unit) -> list[Asked]:
        node, made = unit.node, unit.shape
        asked = self.begun(unit, {"key": unit.key, "kind": made.kind})
        document = asked.document
        if made.role == "computed":
            return self._computed(asked)
        self.words(asked, node)
        if made.settings:
            document["settings"] = dict(made.settings)
        if made.offered:
            document["choices"] = self.choices(asked)
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


def as_logic(value: Logic) -> Logic:
    """A value as logic that a document may hold: a bare text would be read as an expression."""
    return {"cat": [value]} if isinstance(value, str) else value


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
