"""What a SurveyJS survey does between its pages: triggers, calculated values, quiz figures, endings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from surveys.formats.surveyjs.comparing import compared
from surveys.formats.surveyjs.desk import Desk, Document, Json, listed, mapping, said
from surveys.formats.surveyjs.elements import Element
from surveys.formats.surveyjs.expressions import Scope
from surveys.formats.surveyjs.grammar import (
    Binary,
    Call,
    Listed,
    Tree,
    Unary,
    Unreadable,
    Variable,
    read,
)
from surveys.formats.surveyjs.pages import Layout, Sheet, quoted
from surveys.formats.surveyjs.pieces import Piece, Unknown, constant, plain, settled
from surveys.formats.surveyjs.shown import Computed
from surveys.formats.surveyjs.tables import Matrix
from surveys.formats.surveyjs.values import Known
from surveys.loading import MAX_SKIPS
from surveys.parts import Logic
from surveys.strings import tidy

_MOST_VALUES = 100
_RIGHT = ("correctAnswers", "correctedAnswers", "correctedAnswerCount")
_WRONG = ("incorrectAnswers", "incorrectedAnswers", "incorrectedAnswerCount")
_ALL = "questionCount"


def variables(text: str) -> list[str]:
    """The names an expression reads; none of one that cannot be read."""
    try:
        left: list[Tree] = [read(text)]
    except Unreadable:
        return []
    found: list[str] = []
    while left:
        tree = left.pop()
        if isinstance(tree, Variable):
            found.append(tree.name.strip())
        elif isinstance(tree, Listed):
            left += tree.items
        elif isinstance(tree, Call):
            left += tree.given
        elif isinstance(tree, Unary):
            left.append(tree.of)
        elif isinstance(tree, Binary):
            left += (tree.left, tree.right)
    return found


class Value:
    """A named value of the survey that nobody is asked."""

    def __init__(
        self, key: str, name: str, reads: list[str], work_out: Callable[[], Piece]
    ) -> None:
        self.key = key
        self.name = name
        self.reads = reads
        self.work_out = work_out


class Flow:
    """Reads what happens beside the questions."""

    def __init__(self, desk: Desk, layout: Layout, document: Json) -> None:
        self.desk = desk
        self.layout = layout
        self.document = document
        self.values: list[Value] = []
        self.triggers = [
            (f"triggers[{number}]", mapping(each))
            for number, each in enumerate(listed(document.get("triggers"))[:200])
        ]
        for path, raw in self.triggers:
            if _kind(raw) == "visible":
                self._show(path, raw)

    def _show(self, path: str, raw: Json) -> None:
        """A trigger of old that shows pages and questions while its condition holds."""
        text = _condition(raw)
        for name in (*listed(raw.get("pages")), *listed(raw.get("questions"))):
            self.layout.shown_by.setdefault(said(name), []).append((path, text))

    def name_values(self) -> None:
        """Give names to calculated values, to what triggers set, and to the figures of a quiz."""
        for number, each in enumerate(listed(self.document.get("calculatedValues"))[:_MOST_VALUES]):
            raw = mapping(each)
            text = said(raw.get("expression"))
            self._name(
                said(raw.get("name")), variables(text), self._expression(text),
                f"calculatedValues[{number}].expression", text,
            )  # fmt: skip
        self._set()
        quiz = self._quiz()
        if quiz and any(_mentions(self.document, name) for name in (*_RIGHT, *_WRONG, _ALL)):
            for name in (*_RIGHT, *_WRONG, _ALL):
                if _mentions(self.document, name):
                    self._name(name, [each.name for each in quiz], self._figure(name, quiz), "", "")

    def _expression(self, text: str) -> Callable[[], Piece]:
        def work_out() -> Piece:
            found = self.desk.worked_out(text, Scope())
            if isinstance(found, Unknown):
                raise found
            return found

        return work_out

    def _name(
        self, name: str, reads: list[str], work_out: Callable[[], Piece], path: str, text: str
    ) -> None:
        known: list[Piece | Unknown] = []

        def found(_: Scope) -> Piece:
            if not known:
                try:
                    known.append(work_out())
                except Unknown as error:
                    known.append(error)
            if isinstance(known[0], Unknown):
                raise known[0]
            return known[0]

        if not self.desk.names.add_later(name, found):
            return
        key = self.desk.keys.key(("value", name), name, "value")
        self.desk.names.paths[name] = key
        self.values.append(Value(key, name, reads, lambda: self._reported(found, path, text)))

    def _reported(self, found: Callable[[Scope], Piece], path: str, text: str) -> Piece:
        if not path:
            return found(Scope())
        logic: list[Piece] = []

        def use(piece: Piece) -> Logic:
            logic.append(piece)
            return piece.logic

        self.desk.calculation(text, path, Scope(), use)
        return logic[0] if logic else constant(None)

    def _figure(self, name: str, quiz: list[Element]) -> Callable[[], Piece]:
        """How many answers are right, wrong, or asked for."""

        def work_out() -> Piece:
            if name == _ALL:
                return constant(len(quiz))
            points: list[Logic] = []
            for each in quiz[:300]:
                answer = _known(each.raw.get("correctAnswer"))
                given = self.desk.names.find(each.name, Scope())
                logic = compared("equal", given, constant(answer))
                points.append({"if": [logic, 1, 0] if name in _RIGHT else [logic, 0, 1]})
            return Piece("number", {"sum": points})

        return work_out

    def _set(self) -> None:
        """Triggers that set values: of a question, or of a name that is asked nowhere."""
        by_target: dict[str, list[tuple[str, Json]]] = {}
        for path, raw in self.triggers:
            target = said(raw.get("setToName"))
            if _kind(raw) in ("setvalue", "copyvalue", "runexpression") and target:
                by_target.setdefault(target, []).append((path, raw))
        for target, triggers in by_target.items():
            element = self.layout.by_name.get(target)
            if element is not None:
                element.set_by = self._setter(element, triggers)
                continue
            reads = [name for _, raw in triggers for name in _reads(raw)]
            self._name(target, reads, self._variable(triggers), "", "")

    def _setter(self, element: Element, triggers: list[tuple[str, Json]]) -> Callable[[], Logic]:
        return lambda: self._chain(triggers, element.answer_of, element.as_answer)

    def _variable(self, triggers: list[tuple[str, Json]]) -> Callable[[], Piece]:
        def work_out() -> Piece:
            return Piece(
                "any",
                self._chain(triggers, _literal, lambda piece: plain(piece).logic),
            )

        return work_out

    def _chain(
        self,
        triggers: list[tuple[str, Json]],
        given: Callable[[object], Logic],
        worked_out: Callable[[Piece], Logic],
    ) -> Logic:
        """The value the last of the triggers sets whose condition holds."""
        chain: list[Logic] = []
        for path, raw in reversed(triggers[:50]):
            text = _condition(raw)
            condition = self.desk.condition(text, f"{path}.expression") if text else True
            if condition is None:
                condition = True
            kind = _kind(raw)
            value: Logic
            if kind == "setvalue":
                value = given(raw.get("setValue"))
            elif kind == "copyvalue":
                source = f"{{{said(raw.get('fromName'))}}}"
                value = self.desk.calculation(source, f"{path}.fromName", Scope(), worked_out)
            else:
                value = self.desk.calculation(
                    raw.get("runExpression"), f"{path}.runExpression", Scope(), worked_out
                )
            chain += [condition, value]
        return {"if": [*chain, None]} if chain else None

    def _quiz(self) -> list[Element]:
        return [
            each
            for sheet in self.layout.sheets
            for each in sheet.members
            if isinstance(each, Element) and each.raw.get("correctAnswer") is not None
            and not isinstance(each, Computed | Matrix)
        ]  # fmt: skip

    def place_values(self, documents: dict[str, list[Document]], sheets: list[Sheet]) -> None:
        """Put each named value on the page of the last question it reads."""
        places = {sheet.key: number for number, sheet in enumerate(sheets)}
        for each in self.values:
            pages = [
                self.layout.page_of.get(_root(name, self.layout.page_of)) for name in each.reads
            ]
            known = [places[page] for page in pages if page is not None]
            try:
                logic = each.work_out().logic
            except Unknown:
                logic = None
            made: Document = {"key": each.key, "kind": "calculated", "text": tidy(each.name)[:2000]}
            if logic is not None:
                made["value"] = settled(logic)
            documents[sheets[max(known, default=0)].key].append(made)

    def skips(self, sheet: Sheet, goals: dict[str, str], order: dict[str, int]) -> list[Document]:
        """Where a page leads on: to the end, or to the page a trigger names."""
        made: list[Document] = []
        for path, raw in self.triggers:
            kind = _kind(raw)
            if kind not in ("complete", "skip"):
                continue
            text = _condition(raw)
            names = {_root(name, self.layout.page_of) for name in variables(text)}
            pages = {self.layout.page_of[name] for name in names if name in self.layout.page_of}
            if pages and sheet.key not in pages:
                continue
            goal = "end"
            if kind == "skip":
                found = goals.get(said(raw.get("gotoName")))
                if found is None or order[found] < order[sheet.key]:
                    self.desk.leave_open(
                        path, text, "It leads back, or to a place that is not there."
                    )
                    continue
                if found == sheet.key:
                    continue
                goal = found
            logic = self.desk.condition(text, f"{path}.expression", Scope(place=sheet.last + 0.5))
            if logic is not None and logic is not False and len(made) < MAX_SKIPS:
                made.append({"to": goal, "when": logic})
        return made

    def leave_rest_open(self) -> None:
        """Triggers that do what no survey here does."""
        for path, raw in self.triggers:
            kind = _kind(raw)
            if kind == "runexpression" and not said(raw.get("setToName")):
                self.desk.condition(raw.get("runExpression"), f"{path}.runExpression")
            elif kind not in (
                "visible",
                "complete",
                "skip",
                "setvalue",
                "copyvalue",
                "runexpression",
            ):
                self.desk.leave_open(path, said(raw.get("type")), "There is no such trigger here.")


def _known(found: object) -> Known:
    if isinstance(found, list):
        return [_known(each) for each in found[:200] if not isinstance(each, list | dict)]
    return found if isinstance(found, str | int | float | bool) else None


def _literal(found: object) -> Logic:
    return tidy(found)[:1000] if isinstance(found, str) else _known(found)  # type: ignore[return-value]


def _kind(raw: Json) -> str:
    return said(raw.get("type")).lower().removesuffix("trigger")


def _condition(raw: Json) -> str:
    """A trigger's condition, from the name, operator and value it was written with of old."""
    text = said(raw.get("expression"))
    name = said(raw.get("name"))
    if text or not name:
        return text
    operator = said(raw.get("operator")) or "equal"
    if operator in ("empty", "notempty"):
        return f"{{{name}}} {operator}"
    return f"{{{name}}} {operator} {quoted(raw.get('value'))}"


def _reads(raw: Json) -> Iterable[str]:
    yield from variables(_condition(raw))
    yield from variables(said(raw.get("runExpression")))
    if said(raw.get("fromName")):
        yield said(raw.get("fromName"))


def _root(name: str, known: dict[str, str]) -> str:
    """The question a name with dots and numbers belongs to."""
    if name in known:
        return name
    parts = re.split(r"[.\[]", name)[:10]
    for length in range(len(parts), 0, -1):
        start = ".".join(parts[:length]).removesuffix("-Comment")
        if start in known:
            return start
    small = name.lower()
    return next((each for each in known if each.lower() == small), name)


def _mentions(document: Json, name: str) -> bool:
    """Whether a name stands in curly brackets anywhere in the file."""
    wanted = f"{{{name.lower()}}}"
    left: list[object] = [document]
    while left:
        found = left.pop()
        if isinstance(found, dict):
            left += found.values()
        elif isinstance(found, list):
            left += found
        elif isinstance(found, str) and "{" in found and wanted in found.lower().replace(" ", ""):
            return True
    return False
