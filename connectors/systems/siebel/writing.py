"""Writing back: fields of customers by their ids, and records of ours found again by our key.

A batch that Siebel refuses is refused as a whole, so its records are then written one by one.
Source: Siebel REST API Guide, “Upserting Multiple Siebel CRM Business Components” and “Inserting
Multiple Siebel CRM Business Components When a Record Already Exists”.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import httpx

from connectors.errors import Transient
from connectors.records import Item, Outcome, Target
from connectors.systems.siebel import literals, refusals
from connectors.systems.siebel.described import Described
from connectors.systems.siebel.refusals import Absent, Refused
from connectors.systems.siebel.server import Server, entries, parsed
from connectors.systems.siebel.targets import BATCH, MADE, stream_of
from connectors.systems.siebel.times import Times

LONGEST = 16_350
_UNCHANGED = 304
Row = dict[str, str]


class Writing:
    """One call of `write`. `key` is the field that holds our key, for what is made."""

    def __init__(self, server: Server, target: Target, found: Described, key: str) -> None:
        self._server, self._target, self._found, self._key = server, target, found, key
        self._is_update = target.op == "update"
        self._takes_batches = True
        self._pending: list[Outcome | Item] = []
        self._rows: dict[str, Row] = {}

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """One outcome per item, in order."""
        for item in items:
            mark = item.remote_id if self._is_update else item.key
            if mark in self._rows or len(self._rows) >= BATCH:
                yield from self._flush()  # one call takes a record once
            try:
                self._rows[mark] = self._row(item)
            except ValueError as refused:
                self._pending.append(Outcome(item.key, False, message=str(refused)))
                continue
            self._pending.append(item)
        yield from self._flush()

    # --- one item --------------------------------------------------------------------------

    def _row(self, item: Item) -> Row:
        """The item as Siebel takes it. Raises ValueError with a sentence."""
        strangers = sorted(set(item.values) - set(self._target.fields))
        if strangers:
            raise ValueError(f"The field {', '.join(strangers)} cannot be written.")
        row = {name: self._sendable(name, value) for name, value in item.values.items()}
        if self._is_update:
            if not item.remote_id:
                raise ValueError("It is not said which record to change.")
            self._require_literal(item.remote_id, "The id")
            return {**row, "Id": item.remote_id}
        missing = [n for n in sorted(self._target.required) if not row.get(n, "").strip()]
        if missing or not item.key:
            raise ValueError(f"The field {', '.join(missing) or 'key'} is needed.")
        self._require_literal(item.key, "Our key")
        self._require_fit(self._key, item.key)
        about = self._found.first(*MADE[stream_of(self._target)].about)
        return {**row, self._key: item.key, **({about: item.remote_id} if item.remote_id else {})}

    def _sendable(self, name: str, value: Any) -> str:
        text = sendable(name, value, self._found.fields.get(name, "text"), self._server.times)
        self._require_fit(name, text)
        return text

    def _require_fit(self, name: str, text: str) -> None:
        most = self._found.lengths.get(name, LONGEST)
        if len(text) > most:
            raise ValueError(f"The field {name} holds at most {most:,} characters.")

    @staticmethod
    def _require_literal(text: str, what: str) -> None:
        try:
            literals.literal(text)
        except ValueError as error:
            raise ValueError(f"{what} cannot be used: {error}.") from error

    # --- one batch -------------------------------------------------------------------------

    def _flush(self) -> Iterator[Outcome]:
        rows, pending = self._rows, self._pending
        self._rows, self._pending = {}, []
        done = self._written(rows) if rows else {}
        for each in pending:
            if isinstance(each, Outcome):
                yield each
                continue
            mark = each.remote_id if self._is_update else each.key
            found = done[mark]
            yield Outcome(
                each.key, found.ok, found.remote_id, found.created, found.message, found.retry
            )

    def _written(self, rows: Mapping[str, Row]) -> dict[str, Outcome]:
        """What became of each row, by its mark (its id, or our key)."""
        known = self._known("Id" if self._is_update else self._key, list(rows))
        changed = {mark: {**row, "Id": known[mark]} for mark, row in rows.items() if mark in known}
        done = self._put(changed)
        new = {mark: row for mark, row in rows.items() if mark not in known}
        if self._is_update:
            # Siebel would make a record of an id it does not know, if it could.
            text = "There is no such record in Siebel (any more)."
            return {**done, **{mark: Outcome("", False, message=text) for mark in new}}
        return {**done, **self._make(new)}

    def _known(self, name: str, values: Sequence[str]) -> dict[str, str]:
        """Which of the values the field of some record has, and the ids of those records."""
        found: dict[str, str] = {}
        wanted = set(values)
        for spec, some in literals.one_of(name, values):
            params = {"searchspec": spec, "PageSize": str(BATCH)}
            params["fields"] = "Id" if name == "Id" else f"Id,{name}"
            answer = self._server.find(self._found.component, params)
            alike = {each.casefold() for each in some}
            for each in answer.entries:
                key = each.get("Id") if isinstance(each, Mapping) else None
                value = str(each.get(name) or "").strip() if isinstance(each, Mapping) else ""
                if value.casefold() not in alike:
                    raise Transient(
                        f"Siebel did not look for the field {name}; nothing is written."
                    )
                if isinstance(key, str) and key and value in wanted:
                    found.setdefault(value, key)
        return found

    def _put(self, rows: Mapping[str, Row]) -> dict[str, Outcome]:
        """Changes records by their ids; what a lost answer was about may be sent again."""
        if len(rows) > 1 and self._takes_batches:
            try:
                self._call("PUT", self._found.component.path, list(rows.values()))
                return {mark: Outcome("", True, row["Id"]) for mark, row in rows.items()}
            except Refused:
                pass
        done = {mark: self._one("PUT", self._found.component.record(row["Id"]), row)
                for mark, row in rows.items()}  # fmt: skip
        if len(rows) > 1 and all(each.ok for each in done.values()):
            self._takes_batches = False  # an older server, which takes one record at a time
        return done

    def _make(self, rows: Mapping[str, Row]) -> dict[str, Outcome]:
        """Makes records; after a refused batch only those that it did not make after all."""
        path, done = self._found.component.path, dict[str, Outcome]()
        if len(rows) > 1 and self._takes_batches:
            try:
                said = parsed(self._call("POST", path, list(rows.values())))
                return self._made(rows, _ids(said))
            except Refused:
                known = self._known(self._key, list(rows))
                done = {mark: Outcome("", True, key, True) for mark, key in known.items()}
        for mark, row in rows.items():
            if mark not in done:
                done[mark] = self._one("POST", path, row)
        return done

    def _made(self, rows: Mapping[str, Row], ids: Sequence[str]) -> dict[str, Outcome]:
        """The outcomes of a batch: ids come in the order of the records, or are looked up."""
        if len(ids) == len(rows) and all(ids):
            known = dict(zip(rows, ids, strict=True))
        else:
            known = self._known(self._key, list(rows))
        text = "Siebel did not say what became of it; it is written again later."
        return {
            mark: Outcome("", True, known[mark], True)
            if mark in known
            else Outcome("", False, message=text, retry=True)
            for mark in rows
        }

    def _one(self, method: str, path: str, row: Row) -> Outcome:
        try:
            response = self._call(method, path, row)
        except Absent:
            return Outcome("", False, message="There is no such record in Siebel (any more).")
        except Refused as refused:
            return Outcome("", False, message=refused.message)
        if method == "PUT":
            return Outcome("", True, row["Id"])
        ids = _ids(refusals.body_of(response))
        mark = row[self._key]
        made = ids[0] if ids and ids[0] else self._known(self._key, [mark]).get(mark)
        return Outcome("", True, made, True)

    def _call(self, method: str, path: str, body: Any) -> httpx.Response:
        return self._server.request(method, path, accept=(_UNCHANGED,), json=body)


def _ids(said: Any) -> list[str]:
    """The ids of the records in an answer, in their order."""
    try:
        found = entries(said)
    except Transient:
        return []
    keys = (each.get("Id") if isinstance(each, Mapping) else None for each in found)
    return [key if isinstance(key, str) else "" for key in keys]


def sendable(name: str, value: Any, kind: str, times: Times) -> str:
    """A value as Siebel takes it, all of them text; the empty text empties the field.

    Raises ValueError with a sentence for a value it cannot take.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, (int, Decimal, float)):
        if not math.isfinite(value):
            raise ValueError(f"The field {name} cannot hold this number.")
        number = Decimal(str(value)) + 0
        return format(number.to_integral_value() if number == int(number) else number, "f")
    if isinstance(value, datetime) and kind == "date":
        return times.write(value.astimezone(times.zone).date() if value.tzinfo else value.date())
    if isinstance(value, (datetime, date)):
        return times.write(value)
    if isinstance(value, str) and "\0" not in value:
        return value
    raise ValueError(f"The field {name} cannot hold this kind of value.")
