"""A connector whose source does as it is told: pages, a quota that is used up, faults; for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from marshmallow import Schema

from connectors.base import Connector
from connectors.fields import FieldMapping
from connectors.mapping import Mapping as FieldMap
from connectors.quota import Quota
from connectors.records import Check, Page, Stream
from efm.models import StreamSetting
from efm.sync import connections
from efm.vault import Vault
from tests.factories import House

MAPPING = FieldMap(
    "contact",
    (
        FieldMapping("id", "external_id"),
        FieldMapping("name", "name"),
        FieldMapping("modified_at", "modified_at"),
    ),
)


class _Config(Schema):
    """No settings."""


@dataclass
class Script:
    """What the source does. Each page takes `costs` calls of the day; one that `asks` looks before."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    streams: tuple[str, ...] = ("people",)
    size: int = 10
    quota: Quota | None = None
    costs: int = 0
    asks: bool = False
    fault: Exception | None = None
    reads: int = 0

    def spend(self) -> None:
        """One call."""
        self.reads += 1
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        if self.quota is not None:
            now = self.quota
            self.quota = Quota(now.used + self.costs, now.most, now.percent, now.renews_at)


def scripted(script: Script) -> type[Connector]:
    """The connector that follows the script."""

    class Scripted(Connector):
        name: ClassVar[str] = "scripted"
        label: ClassVar[str] = "Scripted system"
        Config: ClassVar[type[Schema]] = _Config

        def check(self) -> Check:
            return Check(True, "script", ("read",))

        def streams(self) -> Sequence[Stream]:
            return [
                Stream(
                    name, ("id",), "contact", deletes="tombstones", default_mapping=MAPPING,
                    fields={"id": "text", "name": "text", "modified_at": "datetime"},
                )
                for name in script.streams
            ]  # fmt: skip

        def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
            at = int(state.get("at", 0))
            while at < len(script.rows):
                if script.asks:
                    self.outside.require(script.quota)
                script.spend()
                rows = script.rows[at : at + script.size]
                at += len(rows)
                yield Page([dict(row) for row in rows], {"at": at}, total=len(script.rows))

        def quota(self) -> Quota | None:
            return script.quota

    return Scripted


def connect(
    house: House, script: Script, config: Any, now: Any, *, every_minutes: int | None = 60
) -> Any:
    """A connection to the scripted system with all its streams mapped; its id."""
    with house.unit() as session:
        made = connections.create(session, Vault(config.secret_key), "scripted", "CRM", {}, now)
        made.every_minutes = every_minutes
        for name in script.streams:
            connections.enable(session, made, name, [MAPPING], now=now)
        return made.id


def setting(house: House, stream: str = "people") -> StreamSetting:
    """The setting of one stream."""
    with house.unit() as session:
        found = connections.everything(session)
        made = connections.setting_of(session, found[0].id, stream)
        assert made is not None
        return made
