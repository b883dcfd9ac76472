"""Oracle Siebel CRM as a connector: its check, its streams, reading and writing back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from connectors.base import Connector
from connectors.errors import ConfigError, NotSupported
from connectors.outside import Outside
from connectors.records import Check, Item, Outcome, Page, Stream, Target
from connectors.systems.siebel import literals, streams, targets
from connectors.systems.siebel.config import Component, Config, base_of, declared, gone
from connectors.systems.siebel.described import MODIFIED, Described
from connectors.systems.siebel.kinds import KINDS
from connectors.systems.siebel.reading import Reading
from connectors.systems.siebel.server import Server, flat
from connectors.systems.siebel.writing import Writing

AHEAD = timedelta(minutes=10)
"""How far the clocks of the server's parts may be apart."""


class Siebel(Connector):
    """One Siebel server, by the REST interface of its Application Interface.

    The state of a stream is a window over [Updated] with the last id, or with the row number where
    the server does not sort. Source: Siebel REST API Guide (Oracle E95904, F26413).
    """

    name = "siebel"
    label = "Oracle Siebel CRM"
    summary = "Accounts, contacts, service requests, opportunities, orders, activities."
    icon = "building-2"
    Config = Config

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        base_of(self.config["address"])

    @cached_property
    def _server(self) -> Server:
        return Server(self.outside, self.config)

    def check(self) -> Check:
        """Which server it is, and which components this user may read.

        Raises ConfigError for a refused sign-in, a wrong address, and times that cannot be read.
        """
        read, notes = [], []
        for name in self._names():
            found = self._described(name)
            if found is None:
                notes.append(
                    f"“{name}” is not there for this user; expose its business object to REST, or "
                    "take it out of the settings."
                )
            else:
                read.append(name)
                notes += self._surprises(name, found)
        if not read:
            raise ConfigError(f"This user may read nothing of what is chosen. {' '.join(notes)}")
        notes += self._times(read[0])
        offered = self.targets()
        may = [f"Read {name.lower()}" for name in read]
        may += [f"Write {each.label[0].lower()}{each.label[1:]}" for each in offered]
        notes += self._advice({each.name for each in offered})
        user = self.config["user"]
        return Check(
            True, f"{user} at {self._server.host} ({self.config['view_mode']})", may, notes
        )

    def streams(self) -> Sequence[Stream]:
        """The known components and those of the settings, as far as this user may read them."""
        found = ((name, self._described(name)) for name in self._names())
        return [self._stream(name, each) for name, each in found if each is not None]

    def stream(self, name: str) -> Stream:
        """One stream, for one description instead of all of them."""
        found = self._described(name) if name in self._names() else None
        return self._stream(name, found) if found else super().stream(name)

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Everything by id, then changes in closed windows; everything again now and then."""
        found = self._described(stream.name)
        if found is None:
            raise NotSupported(f"{self.label} offers no “{stream.name}” to this user any more.")
        marks = gone(self.config["gone"]).get(stream.name)
        yield from Reading(self._server, stream, found, self.config, marks).pages(state)

    def targets(self) -> Sequence[Target]:
        """Extension fields of customers; service requests and activities with a key of ours."""
        return targets.offered(self._described, self.config, self._names())

    def target(self, name: str) -> Target:
        """One target, for one description instead of all of them."""
        mine = targets.offered(self._described, self.config, self._names(), name)
        return next((each for each in mine if each.name == name), None) or super().target(name)

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Changes and makes records in batches of 100."""
        offered = self.target(target.name)
        found = self._described(targets.stream_of(offered))
        if found is None:
            raise NotSupported(f"{self.label} does not let “{target.name}” be written now.")
        key = targets.key_of(found, self.config)
        yield from Writing(self._server, offered, found, key).outcomes(items)

    # --- what is chosen --------------------------------------------------------------------

    @cached_property
    def _declared(self) -> dict[str, tuple[tuple[Component, ...], str]]:
        """Stream to its candidate components, and the kind an admin declared."""
        named: dict[str, tuple[tuple[Component, ...], str]] = {}
        for line in self.config["objects"]:
            own = declared(line)
            if own is None:
                named[line] = KINDS[line].components, ""
                continue
            component, entity = own
            name = component.name
            if name in named or name in KINDS:
                name = "/".join(
                    each for each in (component.bo, component.bc, component.child) if each
                )
            named[name] = (component,), entity
        return named

    def _names(self) -> list[str]:
        return list(self._declared)

    def _described(self, name: str) -> Described | None:
        """The first of its components that the server exposes; known names also if not chosen."""
        known = KINDS[name].components if name in KINDS else ()
        candidates, _ = self._declared.get(name, (known, ""))
        return next((d for c in candidates if (d := self._server.describe(c)) is not None), None)

    def _stream(self, name: str, found: Described) -> Stream:
        entity = self._declared.get(name, ((), ""))[1]
        return streams.make(name, found, self._server.times, self.config, entity)

    # --- the check -------------------------------------------------------------------------

    def _surprises(self, name: str, found: Described) -> list[str]:
        """What is unusual about a component's description, compared with one of its records."""
        if found.is_sampled:
            return [f"“{name}” is not described; one of its records told its fields."]
        if found.component.child:
            return []
        entries = self._server.find(found.component, {"PageSize": "1"}).entries
        sent = flat(entries[0]) if entries and isinstance(entries[0], Mapping) else {}
        strange = sorted(set(sent) - set(found.fields))
        if not strange:
            return []
        shown = ", ".join(strange[:10])
        return [f"“{name}” comes with fields that are not described: {shown}. Map them by hand."]

    def _times(self, name: str) -> list[str]:
        """Whether times can be read, and whether they are of the zone the settings say."""
        found = self._described(name)
        if found is None or MODIFIED not in found.fields or found.component.child:
            return []
        params = {"PageSize": "1", "fields": f"Id,{MODIFIED}", "sortspec": f"{MODIFIED}:desc"}
        entries = self._server.find(found.component, params).entries
        said = entries[0].get(MODIFIED) if entries and isinstance(entries[0], Mapping) else None
        if not said:
            return []
        at = self._server.times.read(said)
        if at is None:
            text = f"Siebel writes “{str(said)[:40]}”; choose how its days are written."
            raise ConfigError(text, {"date_format": [text]})
        ahead = self._server.now() + AHEAD
        spec = f"{literals.field(MODIFIED)} > {literals.moment(ahead, self._server.times.zone)}"
        if (
            at > ahead
            or self._server.find(found.component, {"PageSize": "1", "searchspec": spec}).entries
        ):
            text = "Siebel shows changes of a time that has not come; choose its time zone."
            raise ConfigError(text, {"zone": [text]})
        zone = self.config["zone"] or "UTC"
        return [f"The last change it shows is of {said} in {zone}; if not, choose its time zone."]

    def _advice(self, names: set[str]) -> list[str]:
        notes = []
        if not names.intersection(targets.UPDATED):
            notes.append(
                "To have scores written back, add extension fields (X_…) to Contact or Account and "
                "expose them, or name the fields in the settings."
            )
        if not names - set(targets.UPDATED):
            notes.append(
                "To have responses written as service requests or activities, expose a field "
                "X_EFM_ID or Integration Id of theirs that may be written."
            )
        return notes
