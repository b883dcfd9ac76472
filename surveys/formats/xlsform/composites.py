"""Repeated groups and tables of an XLSForm written as questions of several parts or rows."""

from __future__ import annotations

import re
from typing import Any

from surveys.entries import ENTRY
from surveys.expressions.renaming import renamed
from surveys.formats.xlsform import entries as grids
from surveys.formats.xlsform.desk import Asked, Desk
from surveys.formats.xlsform.kinds import NO, YES
from surveys.formats.xlsform.tree import Node
from surveys.formats.xlsform.units import Unit
from surveys.formats.xpath.values import any_of

_MORE = {
    "en": "One more?", "fr": "Encore un ?", "es": "¿Uno más?", "pt": "Mais um?", "de": "Noch eines?",
    "it": "Un altro?", "nl": "Nog een?", "da": "En til?", "sv": "En till?", "pl": "Jeszcze jeden?",
    "ar": "هل من مزيد؟", "ja": "もう1件ありますか？", "sw": "Nyingine?",
}  # fmt: skip


class Composites(Desk):
    """Writes tables, entries, and the question whether there is one more."""

    def entries(self, unit: Unit, repeat: Node, key: str) -> Asked:
        """A repeated group whose questions are the parts of each entry."""
        asked = self.begun(unit, {"key": key, "kind": "entries"})
        texts = self.texts.each(repeat.row, "label")
        asked.document["text"] = self.said(unit, f"{key}.text", texts, repeat.name, 10_000)
        hints = self.texts.each(repeat.row, "hint")
        if hints:
            asked.document["help"] = self.said(unit, f"{key}.help", hints, "", 10_000)
        count = self.units.copies[id(repeat)]
        required = [
            each.cell("bind", "required").strip().lower() in YES and not each.relevant
            for each in grids.parts(repeat)
        ]
        settings = {"maximum": count}
        if any(required):
            # The first entry is always there, and so are all of a fixed number.
            asked.document["is_required"] = True
            settings["minimum"] = count if self.units.counting[id(repeat)] == "fixed" else 1
        asked.document["settings"] = settings
        asked.document["parts"] = []
        return asked

    def part(self, unit: Unit, entries: Asked) -> dict[str, Any]:
        """One question of each entry; what it depends on is named as it is in every one."""
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
        asked = Asked(unit, made, unit.page)
        if unit.shape.offered:
            made["choices"] = self.choices(asked, place)
        self._conditions(asked, place)
        entries.before.update(each for each in asked.before if each.entry is not unit.entry)
        _name_entry(made, unit.key.rpartition(".")[0])
        if unit.shape.is_open:
            self.leave_open(node, "type", node.source_type, unit.shape.reasons[-1], place)
        return made

    def _conditions(self, asked: Asked, place: str) -> None:
        """When a part is asked and required, and what its answer must be."""
        unit, node, made = asked.unit, asked.unit.node, asked.document
        required = node.cell("bind", "required").strip()
        conditions = [("show_if", "relevant", node.relevant)]
        if required.lower() not in YES | NO:
            conditions.append(("required_if", "required", required))
        for name, what, text in conditions:
            if not text:
                continue
            read = self.logics.condition(unit, what, text)
            asked.before.update(read.used)
            if read.reason:
                self.leave_open(node, name, text, read.reason, place)
            if not read.reason or name == "show_if":
                made[name] = read.logic
        checks: list[dict[str, Any]] = []
        text = node.logic("bind", "constraint").strip()
        found = self.logics.condition(unit, "constraint", text) if text else None
        if found is not None and found.reason:
            self.leave_open(node, "constraint", text, found.reason, place)
        elif found is not None and found.logic is not True:
            message = self.texts.each(node.row, "bind", "jr:constraintMsg")
            words = self.said(unit, f"{place}.checks.0", message, "", 2000)
            checks.append({"valid_if": found.logic, "message": words})
        if unit.shape.check is not None:
            checks.append({"valid_if": unit.shape.check({"var": unit.key})})
        if checks:
            made["checks"] = checks

    def more(self, unit: Unit, repeat: Node) -> Asked:
        """Whether there is one more of a repeated group."""
        asked = self.begun(unit, {"key": unit.key, "kind": "yes_no"})
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

    def table(self, unit: Unit, key: str) -> Asked:
        """The matrix a row begins; its choices are those of its rows."""
        group = unit.node.parent
        kind = "matrix_multiple" if unit.node.is_many else "matrix_single"
        asked = self.begun(unit, {"key": key, "kind": kind, "rows": []})
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

    def row(self, table: Asked, unit: Unit) -> None:
        """One row of a matrix, with its condition and its check."""
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


def _name_entry(part: dict[str, Any], path: str) -> None:
    """Let the logic of a part name the others of its entry, whichever it is."""

    def rename(name: str) -> str:
        before = "_text." if name.startswith("_text.") else ""
        inside = name.removeprefix(before)
        return (
            f"{before}{ENTRY}{inside.removeprefix(path)}" if inside.startswith(f"{path}.") else name
        )

    for name in ("show_if", "required_if"):
        if name in part:
            part[name] = renamed(part[name], rename)
    for check in part.get("checks", ()):
        check["valid_if"] = renamed(check["valid_if"], rename)
    for choice in part.get("choices", ()):
        if "show_if" in choice:
            choice["show_if"] = renamed(choice["show_if"], rename)
