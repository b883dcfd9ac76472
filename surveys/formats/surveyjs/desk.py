"""What one import of a SurveyJS survey keeps while it works: keys, names, texts and the report."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeAlias

from surveys.formats.naming import Keys
from surveys.formats.report import Item, LogicItem, Outcome
from surveys.formats.surveyjs.expressions import SURVEY, Scope, condition, value
from surveys.formats.surveyjs.names import Names
from surveys.formats.surveyjs.pieces import Piece, Unknown, plain
from surveys.formats.surveyjs.words import Words
from surveys.loading import RESERVED
from surveys.parts import Logic
from surveys.strings import tidy

Json: TypeAlias = Mapping[str, object]
Document: TypeAlias = dict[str, object]

_KEY = re.compile(r"[a-z0-9_]{1,40}")
MOST_UNRESOLVED = 500
MOST_QUESTIONS = 900
_MOST_IN_ONE_ANOTHER = 10


def mapping(found: object) -> Json:
    """An object of the file; an empty one where something else stands."""
    return found if isinstance(found, dict) else {}


def listed(found: object) -> list[object]:
    """A list of the file; an empty one where something else stands."""
    return found if isinstance(found, list) else []


def said(found: object) -> str:
    """A name or an expression of the file as text; nothing where something else stands."""
    if isinstance(found, str):
        return found
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)[:40]
    return ""


def first(raw: Json, *names: str) -> object:
    """What stands under the first of these names that is there: the new name and older ones."""
    return next((raw[name] for name in names if raw.get(name) is not None), None)


def whole(found: object, otherwise: int) -> int:
    """A whole number of the file, written as a number or as text."""
    if isinstance(found, str) and len(found) < 16 and found.strip().lstrip("-").isdigit():
        return int(found)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return otherwise
    return int(found) if -(10**9) < found < 10**9 else otherwise


def _asked_in(document: Json) -> int:
    """How many questions a file has at least, so that lists do not crowd them out."""
    left: list[object] = [document]
    count = 0
    while left:
        part = left.pop()
        if isinstance(part, dict):
            if isinstance(part.get("type"), str) and "name" in part:
                count += 2 if part["type"] == "expression" else 1
            left += part.values()
        elif isinstance(part, list):
            left += part
    return count


class OwnKeys(Keys):
    """Keys by the names of the source; a name that could be a key of ours stays what it is."""

    def key(self, source: Hashable, name: str = "", otherwise: str = "q") -> str:
        """The key of a source's id, its name itself where that may be."""
        if source not in self._given and _KEY.fullmatch(name) and name not in self._taken:
            self._taken.add(name)
            self._given[source] = name
        return super().key(source, name, otherwise)


class Desk:
    """The one place all parts of an import write to."""

    def __init__(self, document: Json, make: Callable[..., Any]) -> None:
        self._make = make
        # How many questions lists may still be spread to, and how deep in one another they are.
        self.room = max(MOST_QUESTIONS - _asked_in(document), 1)
        self.depth = 0
        self.names = Names()
        self.texts = Words(document, self.names)
        self.keys = OwnKeys(RESERVED)
        self.page_keys = OwnKeys()
        self.items: list[Item] = []
        self.logic: list[LogicItem] = []
        self.unresolved: list[dict[str, str]] = []
        self.notes: list[str] = []
        self._busy: list[str] = []
        self._noted: set[tuple[str, str]] = set()
        # Questions whose choices another may take over, by name.
        self.carried: dict[str, Any] = {}

    def note(self, words: str) -> None:
        """Say something about the survey as a whole, once."""
        if words not in self.notes:
            self.notes.append(words)

    def item(
        self, source: str, kind: str, outcome: Outcome, key: str = "", reason: str = ""
    ) -> None:
        """Report what became of a question."""
        self.items.append(Item(tidy(source)[:200], tidy(kind)[:60], outcome, key, reason))

    def condition(
        self, text: object, path: str, scope: Scope = SURVEY, *, otherwise: Logic = False
    ) -> Logic:
        """A condition of the source; what cannot be carried over is left open and shows nothing."""
        if text is False:
            return False
        expression = said(text)
        if not expression.strip():
            return None
        return self._read(
            expression, path, otherwise, lambda: condition(expression, self.names, scope)
        )

    def calculation(
        self, text: object, path: str, scope: Scope, use: Callable[[Piece], Logic]
    ) -> Logic:
        """A calculated value of the source, None where it cannot be carried over."""
        expression = said(text)
        if not expression.strip():
            return None
        return self._read(expression, path, None, lambda: use(value(expression, self.names, scope)))

    def worked_out(self, text: str, scope: Scope) -> Piece | Unknown:
        """What a named calculation comes to, or why it cannot be known; unreported."""
        if text in self._busy or len(self._busy) >= _MOST_IN_ONE_ANOTHER:
            return Unknown("It depends on itself, or on too many others.")
        self._busy.append(text)
        try:
            return (
                plain(value(text, self.names, scope))
                if text.strip()
                else Unknown("It is not worked out by anything.")
            )
        except Unknown as error:
            return error
        finally:
            self._busy.remove(text)

    def make(self, raw: Json, key: str, at: Any) -> Any:
        """The reader of a question that stands in another."""
        return self._make(self, raw, key, at)

    def _read(self, text: str, path: str, otherwise: Logic, work_out: Callable[[], Logic]) -> Logic:
        is_new = (path, text) not in self._noted
        self._noted.add((path, text))
        try:
            logic = work_out()
        except Unknown as error:
            if is_new:
                self.leave_open(path, text, str(error))
            return otherwise
        if is_new:
            self.logic.append(LogicItem(path, tidy(text)[:2000], "evaluated"))
        return logic

    def leave_open(self, path: str, text: str, reason: str) -> None:
        """Keep a piece of logic for a person to decide; publishing waits for that."""
        kept = tidy(text)[:2000]
        self.logic.append(LogicItem(path, kept, "raw", reason))
        if len(self.unresolved) < MOST_UNRESOLVED:
            self.unresolved.append({"path": path[:300], "text": kept, "reason": reason[:2000]})
