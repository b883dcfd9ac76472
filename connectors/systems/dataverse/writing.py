"""Writing back in batches: columns of customers by id, and records of ours by an id made of our key.

Dataverse lets the caller choose a new record's id, so a key of ours always stands for the same one.
What a new record needs (whom it is about) is not said again when it changes: people may have moved
it on. Source: https://learn.microsoft.com/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.errors import Throttled
from connectors.records import Item, Outcome, Target
from connectors.systems.dataverse import batches
from connectors.systems.dataverse.api import Api
from connectors.systems.dataverse.batches import Answer, Operation
from connectors.systems.dataverse.literals import guid, ours, record
from connectors.systems.dataverse.refusals import outcome_of
from connectors.systems.dataverse.tables import Table
from connectors.systems.dataverse.targets import BATCH, MADE

ONLY_CHANGE = {"If-Match": "*"}
ONLY_MAKE = {"If-None-Match": "*"}
LONGEST = 1_048_576
WAIT = 60.0


class Writing:
    """One call of `write`."""

    def __init__(self, api: Api, table: Table, target: Target) -> None:
        self._api, self._table, self._target = api, table, target
        self._is_update = target.op == "update"

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """One outcome per item, in order."""
        pending: list[Outcome | str] = []
        sent: dict[str, tuple[Item, dict[str, Any]]] = {}
        for item in items:
            try:
                mark, values = self._id(item), self._values(item)
            except ValueError as refused:
                pending.append(Outcome(item.key, False, message=str(refused)))
                continue
            if mark in sent or len(sent) >= BATCH:  # one call takes a record once
                yield from self._flush(pending, sent)
                pending, sent = [], {}
            sent[mark] = (item, values)
            pending.append(mark)
        yield from self._flush(pending, sent)

    def _id(self, item: Item) -> str:
        if not self._is_update:
            if not item.key:
                raise ValueError("It has no key of ours.")
            return ours(self._table.name, item.key)
        found = guid(item.remote_id)
        if not found:
            raise ValueError("It is not said which record to change, or its id is none.")
        return found

    def _values(self, item: Item) -> dict[str, Any]:
        """The item's columns as Dataverse takes them. Raises ValueError with a sentence."""
        stranger = sorted(set(item.values) - set(self._target.fields))
        if stranger:
            raise ValueError(f"The column {', '.join(stranger)} cannot be written.")
        missing = [n for n in sorted(self._target.required) if item.values.get(n) in (None, "")]
        if missing:
            raise ValueError(f"The column {', '.join(missing)} is needed.")
        if not self._is_update and item.remote_id and not guid(item.remote_id):
            raise ValueError("The id of the contact it is about is none.")
        return {n: sendable(n, v, self._target.fields[n]) for n, v in item.values.items()}

    def _flush(
        self,
        pending: Sequence[Outcome | str],
        sent: Mapping[str, tuple[Item, dict[str, Any]]],
    ) -> Iterator[Outcome]:
        changes = {mark: values for mark, (_, values) in sent.items()}
        said = self._send(changes, ONLY_CHANGE)
        news: set[str] = set()
        if not self._is_update:
            news = {mark for mark, answer in said.items() if answer.status == 404}
            said |= self._send({m: self._new(*sent[m]) for m in sent if m in news}, ONLY_MAKE)
        for each in pending:
            if isinstance(each, Outcome):
                yield each
            else:
                yield self._outcome(sent[each][0], each, said[each], each in news)

    def _new(self, item: Item, values: Mapping[str, Any]) -> dict[str, Any]:
        """A new record of ours, about its contact."""
        given = {name: value for name, value in values.items() if value is not None}
        about = MADE[self._table.name].about
        person = guid(item.remote_id)
        return {**given, **({f"{about}@odata.bind": f"/contacts({person})"} if person else {})}

    def _send(
        self, records: Mapping[str, Mapping[str, Any]], headers: Mapping[str, str]
    ) -> dict[str, Answer]:
        """The answers by the records' ids."""
        if not records:
            return {}
        operations = [
            Operation(record(self._table.set_name, mark), headers, values)
            for mark, values in records.items()
        ]
        content, about = batches.compose(operations)
        # Records are named by their ids, so a call whose answer was lost may be made again.
        response = self._api.request(
            "POST", "$batch", content=content, headers=about, is_repeatable=True
        )
        said = batches.read(response, len(operations))
        if all(each.status == 429 for each in said):
            wait = said[0].headers.get("retry-after", "")
            raise Throttled(float(wait) if wait.isascii() and wait.isdigit() else WAIT)
        return dict(zip(records, said, strict=True))

    def _outcome(self, item: Item, mark: str, said: Answer, is_new: bool) -> Outcome:
        if said.is_ok:
            mine = item.remote_id if self._is_update else mark
            return Outcome(item.key, True, mine, is_new)
        message, retry = outcome_of(said.status, said.content)
        return Outcome(item.key, False, message=message, retry=retry)


def sendable(name: str, value: Any, kind: str) -> Any:
    """A value in JSON's types. Raises ValueError with a sentence for one the column cannot hold."""
    if value is None or (isinstance(value, bool) and kind in ("boolean", "any")):
        return value
    if kind == "text":
        return _text(name, value)
    if kind in ("date", "datetime"):
        return _moment(name, value, kind)
    if kind in ("integer", "decimal", "float"):
        return _number(name, value, kind)
    raise ValueError(f"The column {name} cannot hold this kind of value.")


def _text(name: str, value: Any) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if not isinstance(value, (str, int, float, Decimal)) or isinstance(value, bool):
        raise ValueError(f"The column {name} cannot hold this kind of value.")
    text = str(value)
    if len(text) > LONGEST:
        raise ValueError(f"The column {name} holds at most {LONGEST:,} characters.")
    return text


def _moment(name: str, value: Any, kind: str) -> str:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"The column {name} needs a date.") from None
    if isinstance(value, datetime):
        at = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        return at.date().isoformat() if kind == "date" else at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat() if kind == "date" else f"{value.isoformat()}T00:00:00Z"
    raise ValueError(f"The column {name} needs a date.")


def _number(name: str, value: Any, kind: str) -> int | float:
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise ValueError(f"The column {name} needs a number.")
    if value == int(value):
        return int(value)
    if kind == "integer":
        raise ValueError(f"The column {name} needs a whole number.")
    return float(value)
