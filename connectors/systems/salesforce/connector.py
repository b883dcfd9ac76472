"""Salesforce as a connector: its check, its streams, reading and writing back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.base import Connector
from connectors.errors import ConfigError, Transient
from connectors.outside import Outside
from connectors.quota import Quota
from connectors.records import Check, Item, Outcome, Page, Stream, Target
from connectors.systems.salesforce import streams, writing
from connectors.systems.salesforce.config import Config
from connectors.systems.salesforce.described import Described
from connectors.systems.salesforce.org import Org
from connectors.systems.salesforce.reading import Reading
from connectors.systems.salesforce.refusals import Absent

_COMPANY = "SELECT Name, OrganizationType, IsSandbox FROM Organization LIMIT 1"


class Salesforce(Connector):
    """One Salesforce org, by REST and Bulk 2.0.

    The state of a stream is a window over SystemModstamp with the last id, or the job and locator
    of the bulk query that makes the first pass.
    """

    name = "salesforce"
    label = "Salesforce"
    summary = "Accounts, contacts, leads, cases, opportunities, activities, orders, contracts."
    icon = "contact"
    Config = Config

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        self.sleep: Callable[[float], None] = time.sleep
        self._org = Org(self.outside, self.config)

    def check(self) -> Check:
        """Signs in and says which org it is, what it offers and how many calls are left."""
        objects = self._org.objects()
        offered = self.targets()
        read = [name for name in self._names() if name in objects and objects[name].is_queryable]
        may = [f"read {', '.join(read)}"] if read else []
        may += [f"write {target.label[0].lower()}{target.label[1:]}" for target in offered]
        return Check(bool(read), self._who(), may, self._notes(objects, offered), self._left())

    def quota(self) -> Quota | None:
        """The org's calls of the last 24 hours."""
        return self._org.quota()

    def streams(self) -> Sequence[Stream]:
        """The known objects and those of the settings, as far as this user may query them."""
        objects = self._org.objects()
        found = [
            self._described(name)
            for name in self._names()
            if name in objects and objects[name].is_queryable
        ]
        return [self._stream(each) for each in found if each]

    def stream(self, name: str) -> Stream:
        """One stream, for one description instead of all of them."""
        found = self._described(name) if name in self._names() else None
        return self._stream(found) if found else super().stream(name)

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Changes in closed windows paged by id, then deletions; a large first pass in bulk."""
        return Reading(self._org, stream, self.config, self.sleep).pages(state)

    def targets(self) -> Sequence[Target]:
        """Custom fields of customers; tasks and cases where they have an external id of ours."""
        return writing.offered(self._described)

    def target(self, name: str) -> Target:
        """One target, for one description instead of all of them."""
        mine = writing.offered(self._described, name.removesuffix(" of ours"))
        return next((each for each in mine if each.name == name), None) or super().target(name)

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Updates by id, upserts by our external id, in calls of 200."""
        return writing.Writing(self._org, target).outcomes(items)

    def _names(self) -> list[str]:
        return list(dict.fromkeys([*streams.ENTITY_OF, *self.config["objects"]]))

    def _described(self, name: str) -> Described | None:
        """The object, None when this user cannot query it."""
        try:
            found = self._org.describe(name)
        except Absent:
            return None
        return found if found.is_queryable and "Id" in found.fields else None

    def _stream(self, found: Described) -> Stream:
        return streams.make(found, self.config["currency"], self.config["region"])

    def _who(self) -> str:
        try:
            rows = self._org.ask(_COMPANY, is_all=False).rows
        except ConfigError:  # an integration user may not be allowed to see the company
            rows = ()
        row = rows[0] if rows else {}
        host = self._org.url.partition("://")[2]
        name = str(row.get("Name") or host)
        kind = " (sandbox)" if row.get("IsSandbox") is True else ""
        user = f" as {self.config['username']}" if self.config["username"] else ""
        return f"{name}{kind}{user}"

    def _left(self) -> int | None:
        try:
            said = self._org.json("GET", "limits")
        except (ConfigError, Transient):
            return None
        calls = said.get("DailyApiRequests") if isinstance(said, Mapping) else None
        left = calls.get("Remaining") if isinstance(calls, Mapping) else None
        return left if type(left) is int else None

    def _notes(self, objects: Mapping[str, Described], offered: Sequence[Target]) -> list[str]:
        notes = [
            f"The object “{name}” is not there for this user; check its name and permissions."
            for name in self.config["objects"]
            if name not in objects or not objects[name].is_queryable
        ]
        if not any(name in objects and objects[name].is_queryable for name in streams.ENTITY_OF):
            notes.append(
                "This user may see none of the known objects; give it read access to them."
            )
        names = {each.name for each in offered}
        if "Task of ours" not in names and "Case of ours" not in names:
            notes.append(
                f"To have responses written as tasks or cases, add a text field {writing.EXTERNAL_ID} "
                "(External ID, Unique) to Activity or Case and let this user edit it."
            )
        if not names.intersection(writing.UPDATED):
            notes.append(
                "To have scores written back, add custom fields for them to Contact or Account and "
                "let this user edit them."
            )
        if not self.config["currency"] and "CurrencyType" not in objects:
            notes.append("Enter the org's currency, or amounts are kept as plain numbers only.")
        return notes
