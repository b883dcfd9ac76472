"""An OData v4 service as a connector: by delta links, by keyset over a change time, or whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.base import Connector
from connectors.errors import ConfigError, CursorExpired, NotSupported
from connectors.outside import Outside
from connectors.records import Check, Item, Outcome, Page, Stream, Target
from connectors.systems.odata import delta, windows, writer
from connectors.systems.odata.config import Config
from connectors.systems.odata.metadata import EntitySet
from connectors.systems.odata.naming import changed_of, entity_of, propose
from connectors.systems.odata.service import Service


class OData(Connector):
    """A service that speaks OData v4.

    Sets whose metadata promise change tracking are read by delta links (deletions included); sets
    with a property of the last change in windows; all others whole each time.
    """

    name = "odata"
    label = "OData v4 (SAP and others)"
    summary = "Services that speak OData v4: SAP S/4HANA, SAP CAP, Microsoft and others."
    icon = "globe"
    Config = Config

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        self._service: Service | None = None

    @property
    def service(self) -> Service:
        """The service, connected to on first use."""
        if self._service is None:
            self._service = Service(self.name, self.config, self.outside)
        return self._service

    def check(self) -> Check:
        """Reads the metadata and tries the first sets, as a first reading would."""
        offered, notes = self._offered(), []
        tried: list[ConfigError] = []
        for found in offered[:_TRIED]:
            try:
                notes.extend(windows.try_out(self.service, found, self._changed(found)))
            except ConfigError as error:
                tried.append(error)
                notes.append(f"{found.name}: {error.message}")
        if len(tried) == len(offered[:_TRIED]):
            raise tried[0]
        if len(offered) > _TRIED:
            notes.append(f"Only the first {_TRIED} of {len(offered)} entity sets were tried.")
        whole = [f.name for f in offered if not f.is_tracked and not self._changed(f)]
        if whole:
            notes.append(
                "Read whole each time, for want of a field of the last change: "
                f"{', '.join(whole[:10])}{' and others' if len(whole) > 10 else ''}."
            )
        self.targets()
        user = self.config["user"] if self.config["auth"] in ("basic", "oauth2") else ""
        host = self.service.far.host
        may = ("read", "write") if self.config["writable"] else ("read",)
        return Check(True, f"{user} at {host}" if user else host, may, tuple(notes))

    def streams(self) -> Sequence[Stream]:
        """One per entity set, typed and mapped by the metadata."""
        return [self._stream(each) for each in self._offered()]

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Changes by delta link or window; everything where neither is offered."""
        found = self._find(stream.name)
        changed = self._changed(found)
        if found.is_tracked and ("delta" in state or not state or state.get("way") == "delta"):
            return delta.read(self.service, self.outside, self.config, found, state)
        if state.get("done"):
            raise CursorExpired(f"{found.name} can only be read whole; reading starts anew.")
        return windows.read(self.service, self.outside, self.config, found, changed, state)

    def targets(self) -> Sequence[Target]:
        """The fields the settings list, as updates of the entities of their set."""
        return writer.targets(self.config["writable"], self.service.sets()) if (
            self.config["writable"]
        ) else ()  # fmt: skip

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Changes entities one by one with PATCH."""
        if target.name not in {each.name for each in self.targets()}:
            raise NotSupported(f"{self.label} does not let “{target.name}” be written now.")
        return writer.write(self.service, self._find(target.stream), target, items)

    def _offered(self) -> list[EntitySet]:
        sets = self.service.sets()
        unknown = [name for name in self.config["entity_sets"] if name not in sets]
        if unknown:
            said = (
                f"The service has no entity set “{unknown[0]}” that can be read. "
                f"It has: {', '.join(list(sets)[:30]) or 'none'}."
            )
            raise ConfigError(said, {"entity_sets": [said]})
        if not sets:
            raise ConfigError("The service offers no entity sets with keys; check the address.")
        return [sets[name] for name in self.config["entity_sets"] or sets]

    def _find(self, name: str) -> EntitySet:
        found = self.service.sets().get(name)
        if found is None:
            raise NotSupported(f"The service has no entity set “{name}” any more.")
        return found

    def _changed(self, found: EntitySet) -> str | None:
        return changed_of(found, self.config["changed_at"])

    def _stream(self, found: EntitySet) -> Stream:
        changed = self._changed(found)
        return Stream(
            name=found.name,
            key=found.key,
            entity=entity_of(found.name),
            cursor=changed,
            deletes="tombstones" if found.is_tracked else "none" if changed else "sweep",
            fields={name: each.type for name, each in found.properties.items()},
            label=found.name,
            default_mapping=propose(found, changed),
        )


_TRIED = 10
