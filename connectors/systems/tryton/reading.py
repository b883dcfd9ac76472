"""Reading a table: changes since a moment, paged by the id, which never changes.

A read has no upper bound: what changes meanwhile is read now, or by the next read, which begins a
little before this one did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.cursor import Window
from connectors.errors import ConfigError, CursorExpired, EndlessCursor, NotSupported, Transient
from connectors.records import Page, Raw, Rejected
from connectors.systems.tryton.server import Server
from connectors.systems.tryton.tables import Table, changed
from connectors.systems.tryton.wire import decoded, flat


class Reading:
    """One read of one table."""

    def __init__(self, server: Server, table: Table, config: Mapping[str, Any]) -> None:
        self._server, self._table = server, table
        self._size = int(config["page_size"])
        self._lag = timedelta(seconds=config["lag_seconds"])

    def pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Pages of the window the state stands in, or of a new one. Ends when it is read."""
        known, now = self._server.dated_fields(self._table.model)
        if not known:
            raise NotSupported(
                f"Tryton has no {self._table.label.lower()} any more; its module is not activated."
            )
        asked = [path for path in self._table.asked if path.partition(".")[0] in known]
        window = Window.open(state, now, self._lag)
        total = self._total(window)
        is_last = False
        while not is_last:
            found = self._server.rows(self._table.model, self._domain(window), asked, self._size)
            window = window.at(str(self._last(found, window)))
            is_last = len(found) < self._size
            records, rejected = self._records(found)
            state = window.closed() if is_last else window.state()
            yield Page(records, state, total=total, rejected=rejected)

    def _total(self, window: Window) -> int | None:
        """How many records the window has; what stands in the way of counting is told by reading."""
        try:
            return self._server.count(self._table.model, self._domain(window)[:-1])
        except ConfigError:
            return None

    def _domain(self, window: Window) -> list[Any]:
        """The records of the window that come after its place; the place stands last."""
        domain = list(self._table.domain)
        if window.since is not None:
            through = [[link, "where", [changed(window.since)]] for link in self._table.through]
            domain.append(["OR", changed(window.since), *through])
        return [*domain, ["id", ">", _place(window)]]

    def _last(self, found: Sequence[Mapping[str, Any]], window: Window) -> int:
        """The id of the last record; each must be above the one before it."""
        last = _place(window)
        for each in found:
            number = each.get("id")
            if isinstance(number, bool) or not isinstance(number, int):
                raise Transient(f"Tryton sent a record of {self._table.model} without its id.")
            if number <= last:
                raise EndlessCursor(
                    "Tryton does not page as it was asked to; reading was stopped. "
                    "Tell whoever runs the server, or what stands before it."
                )
            last = number
        return last

    def _records(
        self, found: Sequence[Mapping[str, Any]]
    ) -> tuple[Sequence[Raw], Sequence[Rejected]]:
        records: list[Raw] = []
        rejected: list[Rejected] = []
        for each in found:
            try:
                records.append(self._record(each))
            except ValueError as error:
                reason = f"The record {error}."
                rejected.append(Rejected(str(each["id"]), None, reason, dict(each)))
        return records, rejected

    def _record(self, given: Mapping[str, Any]) -> Raw:
        """The record as the stream declares it. Raises ValueError for a damaged value."""
        record = flat(decoded(given), self._table.fields)
        for name, kind in self._table.fields.items():
            if kind == "boolean" and isinstance(record[name], int):
                record[name] = bool(record[name])  # some databases keep 0 and 1
        return {**record, **self._table.complete(record)}


def _place(window: Window) -> int:
    """The last id that was read, -1 before the first."""
    if window.after is None:
        return -1
    try:
        return int(window.after)
    except ValueError as error:
        raise CursorExpired("The stored position is damaged; reading starts anew.") from error
