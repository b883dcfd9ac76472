"""When a question is shown: its relevance, the older table of conditions, and filters of its rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from surveys.formats.expressionscript.functions import FUNCTIONS
from surveys.formats.expressionscript.logic import Script
from surveys.formats.expressionscript.parsing import BadScript
from surveys.formats.expressionscript.terms import (
    Term,
    Untranslatable,
    blank,
    is_numeric,
    joined,
    negated,
)
from surveys.formats.limesurvey.layout import OTHER
from surveys.formats.limesurvey.ledger import Ledger
from surveys.formats.limesurvey.source import Asked, number
from surveys.formats.limesurvey.tables import Row
from surveys.formats.limesurvey.variables import Variables
from surveys.parts import Logic

_METHODS = frozenset({"==", "!=", "<", "<=", ">", ">=", "RX"})
_PLACE = re.compile(r"@([0-9]+X[0-9]+X[0-9]+.*)@", re.DOTALL)


class Conditions:
    """Reads the logic of one survey; what cannot be read hides what it guards."""

    def __init__(self, variables: Variables, ledger: Ledger) -> None:
        self.variables = variables
        self.ledger = ledger

    def read(self, text: str, path: str, *, otherwise: Logic = False) -> Logic:
        """A condition as our logic; None where it is always true."""
        text = text.strip()
        if text in ("", "1"):
            return None
        if text == "0":
            return False
        try:
            logic = Script(self.variables, FUNCTIONS).condition(text)
        except (BadScript, Untranslatable) as error:
            reason = str(error)
            self.ledger.left(path, text, reason[:1].upper() + reason[1:].rstrip(".") + ".")
            return otherwise
        self.ledger.evaluated(path, text)
        return None if logic is True else logic

    def of_question(self, asked: Asked, path: str) -> Logic:
        """When a question is shown by itself: its conditions where it has some, else its relevance."""
        converted = self._from_table(asked.conditions) if asked.conditions else ""
        return self.read(converted or asked.relevance or asked.attribute("relevance"), path)

    def _from_table(self, rows: Sequence[Row]) -> str:
        """Rows of one scenario and question are alternatives, questions all must hold, scenarios any."""
        scenarios: dict[int, dict[tuple[str, str, int], list[str]]] = {}
        for place, row in enumerate(rows):
            written = self._condition(row)
            if not written:
                continue
            name = row.get("cfieldname", "").strip()
            question = row.get("cqid", "").strip()
            # A place that is named in full stands for itself, so it is joined by "and".
            alone = place + 1 if name.startswith("+") or question in ("", "0") else 0
            part = "" if self._is_marked(question) else name
            groups = scenarios.setdefault(number(row.get("scenario")) or 1, {})
            groups.setdefault((question, part, alone), []).append(written)
        return " or ".join(
            "(" + " and ".join(f"({' or '.join(each)})" for each in groups.values()) + ")"
            for _, groups in sorted(scenarios.items())
        )

    def _is_marked(self, qid: str) -> bool:
        made = self.variables.layouts.get(qid)
        return made is not None and made.kind == "multiple_choice"

    def _condition(self, row: Row) -> str:
        """One row as an expression."""
        name, method = row.get("cfieldname", "").strip(), row.get("method", "").strip() or "=="
        value = row.get("value", "")
        if method not in _METHODS:
            return f"unknown_method({quoted(method)})"
        if name.startswith("{") and name.endswith("}"):
            field = name[1:-1]
        elif name.startswith("+"):
            field = f"{name[1:]}.NAOK"
        elif self._is_marked(row.get("cqid", "").strip()):
            field, value = f"{name}{value.strip()}.NAOK", "Y"
        else:
            field = f"{name}.NAOK"
        if method == "RX":
            pattern = value if value.startswith("/") and value.endswith("/") else f"/{value}/"
            return f"regexMatch({quoted(pattern)},{field})"
        if value.strip() == "":
            if method in ("==", "!="):
                return f"{'!' if method == '!=' else ''}is_empty({field})"
            return f'{field} {method} ""'
        return self._compared(field, method, value)

    def _compared(self, field: str, method: str, value: str) -> str:
        place = _PLACE.fullmatch(value)
        if place:
            wanted = place[1]
        elif value.startswith("{") and value.endswith("}"):
            wanted = value[1:-1]
        else:
            wanted = value if is_numeric(value) and value[:1].isdigit() else quoted(value)
        is_plain = wanted.startswith('"') or (is_numeric(wanted) and wanted != "0")
        if method in ("<", "<=") or (not is_plain and method in ("==", ">=")):
            return f"(!is_empty({field}) && ({field} {method} {wanted}))"
        if not is_plain and method == "!=":
            return f"(is_empty({field}) || ({field} != {wanted}))"
        return f"{field} {method} {wanted}"

    def of_rows(self, asked: Asked, codes: Sequence[str], path: str) -> dict[str, Logic]:
        """When each row, or choice that is a subquestion, is offered; those always offered are left out."""
        own = {sub.code: sub.relevance for sub in asked.rows()}
        wanted, unwanted = self._filters(asked)
        found: dict[str, Logic] = {}
        for code in codes:
            parts: list[Logic] = []
            if own.get(code):
                condition = self.read(own[code], f"{path}.{code}")
                if condition is not None:
                    parts.append(condition)
            for qid, is_wanted in (
                *((each, True) for each in wanted),
                *((each, False) for each in unwanted),
            ):
                given = self._is_given(qid, code)
                if given is not None:
                    parts.append(given if is_wanted else negated(given))
            if parts:
                logic = joined("and", parts)
                if logic is not True:
                    found[code] = logic
        for name in ("array_filter", "array_filter_exclude"):
            if asked.attribute(name):
                self.ledger.evaluated(path, f"{name}: {asked.attribute(name)}")
        return found

    def _filters(self, asked: Asked) -> tuple[list[str], list[str]]:
        """The ids of questions whose answers filter the rows, through those that filter them in turn."""
        by_id = {each.qid: each for each in self.variables.source.questions()}
        wanted: list[str] = []
        unwanted: list[str] = []
        left = [(asked, 0)]
        while left:
            each, depth = left.pop()
            for name, found in (("array_filter", wanted), ("array_filter_exclude", unwanted)):
                for code in filter(
                    None, (part.strip() for part in each.attribute(name).split(";"))
                ):
                    qid = self.variables.qid(code)
                    if not qid and each is asked:
                        self.ledger.note(f"{asked.code} is filtered by {code}, which is not there.")
                    if qid and qid not in found and qid != asked.qid and depth < 20:
                        found.append(qid)
                        left.append((by_id[qid], depth + 1))
        return wanted, unwanted

    def _is_given(self, qid: str, code: str) -> Logic:
        """Whether the row of this code was answered in another question; None where it has none."""
        layout = self.variables.layouts[qid]
        if layout.kind in ("ranking", "multiple_choice"):
            key = layout.choices.get(code)
            if key is None and code == "other":
                key = layout.choices.get(OTHER)
            return {"in": [key, {"var": layout.key}]} if key is not None else None
        parts: list[Logic] = []
        for suffix, variable in self.variables.of(qid):
            row = (
                re.split(r"[#_]", suffix)[0] if layout.kind == "grid" or layout.columns else suffix
            )
            if (row == code or suffix == code) and not variable.is_comment:
                parts.append(negated(blank(Term(variable.logic, variable.nature, variable))))
        return joined("or", parts) if parts else None


def quoted(text: str) -> str:
    """A text as a constant of ExpressionScript."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
