"""Dataverse as a connector: its check, its streams, reading and writing back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.base import Connector
from connectors.errors import ConfigError, NotSupported
from connectors.outside import Outside
from connectors.records import Check, Item, Outcome, Page, Stream, Target
from connectors.systems.dataverse import streams, targets
from connectors.systems.dataverse.api import Api
from connectors.systems.dataverse.config import Config
from connectors.systems.dataverse.linking import Linking
from connectors.systems.dataverse.literals import guid
from connectors.systems.dataverse.reading import Reading
from connectors.systems.dataverse.refusals import Absent, BadRequest, Forbidden
from connectors.systems.dataverse.tables import Table
from connectors.systems.dataverse.writing import Writing


class Dataverse(Connector):
    """One Dataverse environment, as an application user of it.

    The state of a stream is the link to the table's next changes; of a table without change
    tracking, a window over the time of change with the link to the next page.
    """

    name = "dataverse"
    label = "Microsoft Dynamics 365 (Dataverse)"
    summary = "Accounts, contacts, leads, cases, opportunities, activities, orders, invoices."
    icon = "grid-3x3"
    Config = Config

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        self._api = Api(self.outside, self.config)
        self._linking = Linking(self._api)

    def check(self) -> Check:
        """Signs in, says which environment it is, and tries each table by asking for one row."""
        who = self._who()
        may: list[str] = []
        notes: list[str] = []
        for name in self._names():
            table = self._described(name)
            if table is None:
                if name in self.config["tables"]:
                    notes.append(f"There is no table “{name}” that this app may see.")
                continue
            lacks, note = self._tried(table)
            if lacks:
                notes.append(f"{table.label} cannot be read: {lacks}")
            else:
                may.append(f"Read {table.label.lower()}")
                notes += [note] if note else []
        if not may:
            raise ConfigError(
                f"The app may read nothing here. {' '.join(notes)}".strip(),
                {"client_id": ["It may read nothing in this environment."]},
            )
        offered = self.targets()
        may += [f"Write {each.label[0].lower()}{each.label[1:]}" for each in offered]
        if not {each.name for each in offered}.intersection(targets.UPDATED):
            notes.append("To have scores written back, add columns for them to Contact or Account.")
        return Check(True, who, may, notes, self._api.left)

    def streams(self) -> Sequence[Stream]:
        """The known tables and those of the settings, as far as the environment has them."""
        found = [self._described(name) for name in self._names()]
        return [streams.make(each, self.config["region"]) for each in found if each]

    def stream(self, name: str) -> Stream:
        """One stream, for one definition instead of all of them."""
        found = self._described(name) if name in self._names() else None
        return streams.make(found, self.config["region"]) if found else super().stream(name)

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Changes with deletions by delta links; without change tracking, windows."""
        table = self._described(stream.name)
        if table is None:
            raise NotSupported(f"The environment has no table “{stream.name}” any more.")
        yield from Reading(self._api, self._linking, table, self.config, self.outside).pages(state)

    def targets(self) -> Sequence[Target]:
        """Custom columns of customers; tasks, notes and cases about contacts."""
        return targets.offered(self._api, self._described)

    def target(self, name: str) -> Target:
        """One target, for one definition instead of all of them."""
        found = targets.offered(self._api, self._described, name)
        return next((each for each in found if each.name == name), None) or super().target(name)

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Changes records by id, and makes ours, in batches of 100."""
        offered = self.target(target.name)
        table = self._api.table(targets.table_of(offered))
        yield from Writing(self._api, table, offered).outcomes(items)

    def _names(self) -> list[str]:
        return list(dict.fromkeys([*streams.ENTITY_OF, *self.config["tables"]]))

    def _described(self, name: str) -> Table | None:
        """The table, None when the environment has none or does not show it."""
        try:
            return self._api.table(name)
        except (Absent, BadRequest, Forbidden):
            return None

    def _who(self) -> str:
        host = self._api.home.url.partition("://")[2]
        said = self._api.document("WhoAmI")
        organization = guid(said.get("OrganizationId"))
        try:
            path = f"organizations({organization})?$select=name"
            name = self._api.document(path).get("name") if organization else None
        except (Absent, BadRequest, Forbidden):  # the app may not be allowed to see its name
            name = None
        return f"{name} ({host})" if isinstance(name, str) and name else host

    def _tried(self, table: Table) -> tuple[str, str]:
        """Why a table cannot be read, and what is worth knowing when it can; empty for nothing."""
        options = {"$select": table.key}
        if table.is_tracked:
            try:
                self._api.rows(table.set_name, options, "odata.maxpagesize=1,odata.track-changes")
                return "", ""
            except (Absent, BadRequest, Forbidden):
                note = "its role does not reach all rows, so deletions are not seen."
        else:
            note = "turn on “Track changes” for the table, or deletions are not seen."
        try:
            self._api.rows(table.set_name, options, "odata.maxpagesize=1")
        except (Absent, BadRequest, Forbidden) as error:
            return error.message, ""
        return "", f"{table.label}: {note}"
