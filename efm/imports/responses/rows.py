"""A row of a file read as a response, with what each of its cells says or why it cannot be read."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from efm.feedback.cells import RISKY
from efm.feedback.collect import LONGEST_KEY, Incoming
from efm.imports.responses.mapping import ColumnMap, Goal
from surveys import matching
from surveys.moments import moment
from surveys.strings import shown
from surveys.tabular import Read, Unreadable, reader

_TEXTS = {
    matching.LANGUAGE: "language",
    matching.CHANNEL: "channel",
    matching.TOUCHPOINT: "touchpoint",
    matching.EMAIL: "email",
    matching.EXTERNAL_ID: "external_id",
    matching.KEY: "key",
}
_TIMES = {matching.SUBMITTED: "submitted_at", matching.STARTED: "started_at"}
_BROKEN = ("\t", "\r", "\n")


@dataclass(slots=True)
class Taken:
    """One row as a response; `problems` say by column why a cell cannot be read."""

    row: int
    answers: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    hash: str = ""

    @property
    def key(self) -> str:
        """What makes it count once: its own key, else what the row says and where it stands."""
        given = str(self.about.get("key") or "")
        if not given:
            return f"row {self.hash} {self.row}"
        if len(given) > LONGEST_KEY:
            return hashlib.sha256(given.encode("utf-8", "replace")).hexdigest()
        return given

    def incoming(self, survey_id: uuid.UUID, contact_id: uuid.UUID | None) -> Incoming:
        """As the one way responses enter takes it."""
        about = self.about
        return Incoming(
            survey_id=survey_id, answers=self.answers, key=self.key, contact_id=contact_id,
            submitted_at=about.get("submitted_at"), started_at=about.get("started_at"),
            channel=about.get("channel", ""), touchpoint=about.get("touchpoint", ""),
            language=about.get("language"), attributes=self.attributes,
        )  # fmt: skip


class Reader:
    """Reads the rows of one file by its mapping; made once, since it remembers words."""

    def __init__(self, goal: Goal, mapping: ColumnMap, *, is_escaped: bool = True) -> None:
        self._goal, self._habits = goal, mapping.habits
        self._zone = ZoneInfo(mapping.zone)
        self._is_escaped = is_escaped
        self._choice_order = {
            target.key: [choice.key for choice in target.question.choices]
            for target in goal.targets.values()
            if target.choice
        }
        self._columns: list[tuple[str, Callable[[Any, Taken], None]]] = [
            (column, self._setter(column, name))
            for column, name in mapping.targets.items()
            if name != matching.NOTHING
        ]
        self._has_key = matching.KEY in mapping.targets.values()

    def read(self, record: Mapping[str, Any]) -> Taken:
        """The row as a response."""
        taken = Taken(record["_row"])
        for column, put in self._columns:
            value = record.get(column)
            if value is None or value == "":
                continue
            if self._is_escaped and type(value) is str and value[0] == "'":
                value = _unescaped(value)
            try:
                put(value, taken)
            except Unreadable as error:
                taken.problems[column] = str(error)
        for key, chosen in taken.answers.items():
            if isinstance(chosen, _Parts):
                taken.answers[key] = chosen.joined(self._choice_order[key])
        if not self._has_key or "key" not in taken.about:
            taken.hash = _hash(record)
        return taken

    def _setter(self, column: str, name: str) -> Callable[[Any, Taken], None]:
        if name in _TEXTS:
            return _text(_TEXTS[name])
        if name in _TIMES:
            return self._time(_TIMES[name])
        if name.partition(":")[0] == matching.ATTRIBUTE:
            return _attribute(name.partition(":")[2] or column)
        target = self._goal.targets[name]
        read, key = reader(target, self._habits), target.key
        if target.choice:
            return _part(read, key, target.choice, is_place=target.shape == "place")

        def put(value: Any, taken: Taken) -> None:
            found = read(value)
            if found is not None:
                taken.answers[key] = found

        return put

    def _time(self, name: str) -> Callable[[Any, Taken], None]:
        order, zone = self._habits.order, self._zone

        def put(value: Any, taken: Taken) -> None:
            found: datetime | None = moment(value, order, zone)
            if found is None:
                raise Unreadable(f"“{shown(value)}” is no time that can be read.")
            taken.about[name] = found

        return put


class _Parts:
    """One answer spread over columns, a choice each: chosen or not, or its place."""

    def __init__(self) -> None:
        self.chosen: dict[str, int] = {}

    def joined(self, order: list[str]) -> list[str] | None:
        """The choices in the order of the survey, or of their places."""
        keys = sorted(self.chosen, key=lambda each: (self.chosen[each], order.index(each)))
        return keys or None


def _part(read: Read, key: str, choice: str, *, is_place: bool) -> Callable[[Any, Taken], None]:
    def put(value: Any, taken: Taken) -> None:
        found = read(value)
        parts = taken.answers.setdefault(key, _Parts())
        if found is None or found is False:
            return
        if is_place and found in parts.chosen.values():
            raise Unreadable(f"Two choices have the place {found}.")
        parts.chosen[choice] = found if is_place and isinstance(found, int) else 0

    return put


def _text(name: str) -> Callable[[Any, Taken], None]:
    def put(value: Any, taken: Taken) -> None:
        text = str(value).strip()
        if not text:
            return
        taken.about[name] = text.replace("_", "-") if name == "language" else text

    return put


def _attribute(name: str) -> Callable[[Any, Taken], None]:
    def put(value: Any, taken: Taken) -> None:
        is_plain = isinstance(value, bool | int | str)
        taken.attributes[name] = value if is_plain else str(value)

    return put


def _unescaped(value: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running a text as a formula."""
    rest = value[1:]
    return rest if rest[:1] in _BROKEN or RISKY.match(rest) else value


def _hash(record: Mapping[str, Any]) -> str:
    """What the row says, in few letters."""
    said = "\x1f".join(f"{name}\x1e{value}" for name, value in record.items() if name != "_row")
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]
