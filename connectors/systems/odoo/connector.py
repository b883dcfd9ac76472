"""Odoo as a connector: its check, its streams, reading and writing back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from connectors.base import Connector
from connectors.errors import ConfigError, NotSupported
from connectors.outside import Outside
from connectors.records import Check, Item, Outcome, Page, Stream, Target
from connectors.systems.odoo import streams, targets
from connectors.systems.odoo.config import Config, home
from connectors.systems.odoo.reading import Reading
from connectors.systems.odoo.refusals import Refused
from connectors.systems.odoo.server import Server
from connectors.systems.odoo.tables import TABLES, table
from connectors.systems.odoo.writing import Writing


class Odoo(Connector):
    """One database of an Odoo server, as the user of an API key sees it.

    From version 19 it is called by JSON-2, before by XML-RPC. The state of a stream is a window
    over the time of change with the last id, and marks of the ids that were there.
    """

    name = "odoo"
    label = "Odoo"
    summary = "Customers, leads, orders, invoices, payments, stock, tickets, messages, meetings."
    icon = "building-2"
    Config = Config

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        home(self.config["address"])

    @cached_property
    def _server(self) -> Server:
        return Server(self.outside, self.config)

    def check(self) -> Check:
        """Who the key's user is, on which version, and what they may read and write.

        Raises ConfigError for a refused key, and for a user who may read nothing of it.
        """
        who = self._who()
        offered = streams.offered(self._server)
        if not offered:
            raise ConfigError(
                "This user may read nothing of what is synchronised; add them to the groups for "
                "sales or invoicing in Odoo.",
                {"key": ["Its user may read nothing of it."]},
            )
        may = [f"read {', '.join(each.label.lower() for each in offered)}"]
        may += [f"write {each.label[0].lower()}{each.label[1:]}" for each in self.targets()]
        return Check(True, who, may, self._notes([each.name for each in offered]))

    def streams(self) -> Sequence[Stream]:
        """The records whose apps are installed, as far as the key's user may read them."""
        return [self._made(each.name) for each in streams.offered(self._server)]

    def stream(self, name: str) -> Stream:
        """One stream, for one description instead of all of them."""
        found = table(name)
        if found is not None and streams.is_offered(self._server, found):
            return self._made(name)
        return super().stream(name)

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Changes since the last read, paged by id; now and then what is gone."""
        found = table(stream.name)
        if found is None:
            raise NotSupported(f"{self.label} offers no stream “{stream.name}”.")
        yield from Reading(self._server, found, self.config).pages(state)

    def targets(self) -> Sequence[Target]:
        """Fields people made for customers; notes, leads, activities and tickets of ours."""
        return targets.offered(self._server)

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Changes records and makes ours, one after the other, each found again first."""
        yield from Writing(self._server, self.target(target.name)).outcomes(items)

    def _made(self, name: str) -> Stream:
        found = table(name)
        assert found is not None
        known = self._server.fields(found.model)
        return streams.make(found, known, self.config["region"])

    def _who(self) -> str:
        server = self._server
        protocol, user = server.protocol, server.protocol.user()
        name = company = ""
        try:
            rows = server.rows("res.users", [["id", "=", user]], ["name", "company_id"], 1)
            row: Mapping[str, Any] = rows[0] if user and rows else {}
            name, link = str(row.get("name") or ""), row.get("company_id")
            company = str(link[1]) if isinstance(link, list) and len(link) > 1 else ""
        except Refused:
            pass  # a user may be kept from their own card
        at = f" of {company}" if company else ""
        return f"{name or 'the key’s user'}{at}, Odoo {server.version} by {protocol.label}"

    def _notes(self, offered: Sequence[str]) -> list[str]:
        kept = [
            each.label.lower()
            for each in TABLES
            if each.name not in offered and self._server.fields(each.model)
            and (not each.needs or each.needs in self._server.fields(each.model))
        ]  # fmt: skip
        notes = []
        if kept:
            notes.append(f"This user may not read: {', '.join(kept)}. Add them to its groups.")
        if not any(each.op == "update" for each in self.targets()):
            notes.append(
                "To have scores written to customers, make fields for them on contacts in Odoo "
                "(Studio, or Settings, Technical, Fields), such as x_nps_score."
            )
        return notes
