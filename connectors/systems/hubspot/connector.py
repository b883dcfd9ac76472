"""HubSpot as a connector: its check, its streams, reading, webhooks and writing back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from connectors import signatures
from connectors.base import Connector
from connectors.errors import ConfigError
from connectors.outside import Outside
from connectors.quota import Quota
from connectors.records import Check, Delivery, Item, Outcome, Page, Stream, Target
from connectors.systems.hubspot import receiving, streams, targets
from connectors.systems.hubspot.api import Api
from connectors.systems.hubspot.config import Config, home
from connectors.systems.hubspot.kinds import Kind
from connectors.systems.hubspot.linking import Linking
from connectors.systems.hubspot.portal import Portal
from connectors.systems.hubspot.reading import Reading
from connectors.systems.hubspot.refusals import Absent, BadRequest, Forbidden
from connectors.systems.hubspot.shapes import OWN, keeps, merged
from connectors.systems.hubspot.writing import Writing


class HubSpot(Connector):
    """One HubSpot account, under the token of a private app or a service key.

    The state of a stream is a window over the time of change with the last id, and until when
    deleted records were looked for. Source: https://developers.hubspot.com/docs/api-reference
    """

    name = "hubspot"
    label = "HubSpot"
    summary = "Contacts, companies, deals, tickets, engagements, orders, invoices, surveys."
    icon = "users"
    Config = Config
    takes_webhooks = True

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        home(self.config["base_url"], self.outside.guard)

    @cached_property
    def _api(self) -> Api:
        return Api(self.outside, self.config)

    @cached_property
    def _portal(self) -> Portal:
        return Portal(self._api, self.config["objects"])

    @cached_property
    def _linking(self) -> Linking:
        return Linking(self._api, self._portal)

    @property
    def _kinds(self) -> list[Kind]:
        return [self._portal.kind(name) for name in self._portal.names]

    def check(self) -> Check:
        """Which account it is, and which objects the token may read, by asking for one record.

        Raises ConfigError for a refused token, and for one that may read nothing.
        """
        may: list[str] = []
        notes: list[str] = []
        who = self._who()
        for kind in self._kinds:
            lacks = self._lacks(kind)
            if lacks:
                notes.append(f"{kind.label} cannot be read: {lacks}")
            else:
                may.append(f"Read {kind.label.lower()}")
        if not may:
            raise ConfigError(
                f"The token may read nothing of what is chosen. {' '.join(notes)}",
                {"access_token": ["It may read nothing of what is chosen."]},
            )
        offered = self.targets()
        may += [f"Write {each.label[0].lower()}{each.label[1:]}" for each in offered]
        notes += targets.advice(self._portal, list(offered))
        if not self.config["client_secret"]:
            notes.append("Webhooks are refused until the app's client secret is set.")
        return Check(True, who, may, notes, self._api.left)

    def _who(self) -> str:
        account = self._portal.account()
        if not account.portal:
            told = self._portal.introspected(self.config["access_token"])
            return f"HubSpot account {told.portal}" if told.portal else "HubSpot account"
        kind = account.kind.replace("_", " ").lower()
        more = [each for each in (kind, account.currency, account.zone) if each]
        return f"HubSpot account {account.portal}" + (f" ({', '.join(more)})" if more else "")

    def _lacks(self, kind: Kind) -> str:
        """Why a kind cannot be read; empty when it can."""
        try:
            self._api.page(kind.name, ["hs_object_id"], None, 1, False)
        except Forbidden as error:
            return error.message
        except (Absent, BadRequest) as error:
            return f"{error.message} Check its name in the settings."
        return ""

    def quota(self) -> Quota | None:
        """The account's calls of today."""
        return self._api.quota()

    def streams(self) -> Sequence[Stream]:
        """The objects of the settings, with the properties the account has for them."""
        return [streams.stream(each, self._portal) for each in self._kinds]

    def stream(self, name: str) -> Stream:
        """One stream, for one description instead of all of them."""
        if name in self._portal.names:
            return streams.stream(self._portal.kind(name), self._portal)
        return super().stream(name)

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """All by list, then changes in closed windows by search, and now and then deletions."""
        self._portal.account()  # tells the time there, and the zone in which its days begin
        kind = self._portal.kind(stream.name)
        yield from Reading(self._api, self._linking, kind, stream, self.config).pages(state)

    def targets(self) -> Sequence[Target]:
        """Properties people made; notes, tasks and tickets where they have a key of ours."""
        return targets.offered(self._portal)

    def target(self, name: str) -> Target:
        """One target, for one description instead of all of them."""
        return next(iter(targets.offered(self._portal, name)), None) or super().target(name)

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Changes and makes records in batches of 100."""
        return Writing(self._api, self._portal, self.target(target.name)).outcomes(items)

    def verify(self, delivery: Delivery) -> str:
        """What tells the delivery from others, once its signature (version 3) is good."""
        return receiving.mark(self._events(delivery))

    def receive(self, delivery: Delivery) -> Iterator[tuple[str, Page]]:
        """The records the events tell of, fetched as they are now: events come in any order.

        What cannot be found any more is gone, whether it was deleted, erased or merged.
        """
        events = self._events(delivery)
        told = receiving.touched(events, self._kinds, self._portal.account().portal)
        for name, ids in told.items():
            stream = self.stream(name)
            kind = self._portal.kind(name)
            found = self._api.read(name, ids, [each for each in stream.fields if each not in OWN])
            alive = [each for each in found if each.get("archived") is not True]
            there = {each["id"] for each in alive}
            gone = [each for each in ids if each not in there]
            for each in alive:
                gone += [one for one in merged(each) if one not in gone]
            records = self._linking.records(kind, alive, stream.fields)
            yield name, Page([each for each in records if keeps(each, kind)], {}, gone)

    def _events(self, delivery: Delivery) -> list[Mapping[str, Any]]:
        signatures.within_size(delivery)
        signatures.hubspot(delivery, signatures.several(self.config["client_secret"]))
        return receiving.events_of(delivery)
