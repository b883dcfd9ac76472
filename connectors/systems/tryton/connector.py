"""Tryton as a connector: its check, its streams, reading and writing back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from connectors.base import Connector
from connectors.errors import ConfigError, NotSupported
from connectors.outside import Outside
from connectors.records import Check, Item, Outcome, Page, Stream, Target
from connectors.systems.tryton import streams, writing
from connectors.systems.tryton.config import Config
from connectors.systems.tryton.reading import Reading
from connectors.systems.tryton.server import Server
from connectors.systems.tryton.tables import TABLES

_MORE = ("ir.note",)


class Tryton(Connector):
    """One database of a Tryton server, by its REST interface.

    The state of a stream is a window over the time of change with the last id. Tryton leaves no
    trace of deleted records; parties and products that were put aside are read with their flag.
    """

    name = "tryton"
    label = "Tryton"
    summary = "Parties, opportunities, sales, complaints, invoices, subscriptions, dunnings."
    icon = "building-2"
    Config = Config

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        self._server = Server(self.outside, self.config)

    def check(self) -> Check:
        """Says whose key it is, in which database of which version, and what it may do."""
        tables = streams.offered(*self._rights)
        offered = self.targets()
        if self.config["complaint_type"] and writing.COMPLAINT in offered:
            self._writing(writing.COMPLAINT).kind()
        may = [f"read {', '.join(each.label.lower() for each in tables)}"] if tables else []
        may += [f"write {target.label[0].lower()}{target.label[1:]}" for target in offered]
        return Check(bool(tables), self._who(), may, self._notes())

    def streams(self) -> Sequence[Stream]:
        """The tables whose modules are activated, as far as the key's user may read them."""
        return [
            streams.make(each, self.config["currency"], self.config["region"])
            for each in streams.offered(*self._rights)
        ]

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Changes since the last read, paged by id."""
        table = next((each for each in TABLES if each.name == stream.name), None)
        if table is None:
            raise NotSupported(f"{self.label} offers no stream “{stream.name}”.")
        return Reading(self._server, table, self.config).pages(state)

    def targets(self) -> Sequence[Target]:
        """Complaints and notes about parties, as far as the key's user may make them."""
        return writing.targets(self._rights[1], list(self._types))

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Makes the record, or changes the one that our key finds."""
        return self._writing(target).outcomes(items)

    def _writing(self, target: Target) -> writing.Writing:
        return writing.Writing(
            self._server, target, self._types, str(self.config["complaint_type"])
        )

    @cached_property
    def _rights(self) -> tuple[Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]:
        """The fields of the activated models, and what may be done with these."""
        fields = self._server.fields((*streams.MODELS, *_MORE))
        return fields, self._server.access(sorted(fields))

    @cached_property
    def _types(self) -> Mapping[str, int]:
        """The types of complaint by name, the first one first."""
        if "read" not in self._rights[1].get("sale.complaint", ()):
            return {}
        rows = self._server.every("sale.complaint.type", [], ("name",))
        found: dict[str, int] = {}
        for each in rows:
            if isinstance(each.get("name"), str) and isinstance(each.get("id"), int):
                found.setdefault(each["name"], each["id"])
        return found

    def _who(self) -> str:
        try:
            user = self._server.preferences
        except ConfigError:  # a user may be kept from their own preferences
            user = {}
        name = user.get("name") or user.get("email") or "the key’s user"
        company = user.get("company.rec_name")
        at = f" of {company}" if company else ""
        version = self._server.version()
        series = f", Tryton {version}" if version else ""
        return f"{name}{at} in the database “{self.config['database']}”{series}"

    def _notes(self) -> list[str]:
        fields, access = self._rights
        absent = [each.label.lower() for each in TABLES if each.model not in fields]
        kept = [
            each.label.lower()
            for each in TABLES
            if each.model in fields and "read" not in access.get(each.model, ())
        ]
        notes = []
        if absent:
            notes.append(f"Their modules are not activated in Tryton: {', '.join(absent)}.")
        if kept:
            notes.append(f"This user may not read: {', '.join(kept)}. Add them to its groups.")
        if "sale.complaint" in fields and not self._types and "sale_complaint" not in kept:
            notes.append("Add a type of complaint in Tryton, so that complaints can be made.")
        return notes
