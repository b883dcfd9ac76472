"""Zendesk Support as a connector: its check, its streams, reading, webhooks and writing back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from connectors import signatures
from connectors.base import Connector
from connectors.errors import ConfigError
from connectors.outside import Outside
from connectors.records import Check, Delivery, Item, Outcome, Page, Stream, Target
from connectors.systems.zendesk import receiving, streams, targets
from connectors.systems.zendesk.api import Api
from connectors.systems.zendesk.config import CLIENT, Config, home
from connectors.systems.zendesk.desk import Desk, Me
from connectors.systems.zendesk.kinds import KINDS
from connectors.systems.zendesk.reading import Reading, sorted_out
from connectors.systems.zendesk.ticketing import Ticketing
from connectors.systems.zendesk.updating import Updating


class Zendesk(Connector):
    """One Zendesk account, under an API token, an OAuth token or an OAuth client.

    The state of users and tickets is the cursor of their export, that of organizations a second,
    that of ratings a window. Source: https://developer.zendesk.com/api-reference/ticketing/
    """

    name = "zendesk"
    label = "Zendesk"
    summary = "Users, organizations, tickets and satisfaction ratings; scores, tickets and notes."
    icon = "life-buoy"
    Config = Config
    takes_webhooks = True

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        home(self.config["subdomain"], self.outside.guard)
        self.sleep: Callable[[float], None] = time.sleep

    @cached_property
    def _api(self) -> Api:
        return Api(self.outside, self.config)

    @cached_property
    def _desk(self) -> Desk:
        return Desk(self._api)

    def check(self) -> Check:
        """Who we are there, and what may be read, by asking for one record of each kind.

        Raises ConfigError for a refused credential, for one that is no administrator's, and for
        one that may read nothing.
        """
        me = self._desk.me()
        self._require_admin(me)
        may: list[str] = []
        notes: list[str] = []
        for kind in KINDS.values():
            lacks = self._api.lacks(kind.name, kind.name)
            if lacks:
                notes.append(f"{kind.label} cannot be read: {lacks}")
            else:
                may.append(f"Read {kind.label.lower()}")
        if not may:
            text = f"The credential may read nothing of what is used here. {' '.join(notes)}"
            raise ConfigError(text, {self._setting: ["It may read nothing."]})
        offered = list(self.targets())
        may += [f"Write {each.label[0].lower()}{each.label[1:]}" for each in offered]
        notes += targets.advice(offered)
        if not self.config["webhook_secret"]:
            notes.append("Webhooks are refused until their signing secret is set.")
        where = home(self.config["subdomain"], self.outside.guard).removeprefix("https://")
        return Check(True, f"{me.name or me.email or 'An administrator'} of {where}", may, notes)

    @property
    def _setting(self) -> str:
        """The setting that holds the credential."""
        return "client_id" if self.config["sign_in"] == CLIENT else "token"

    def _require_admin(self, me: Me) -> None:
        if me.role != "admin":
            text = "Zendesk lets only administrators export; use the credential of one."
            beside = "email" if self.config["email"] else self._setting
            raise ConfigError(text, {beside: [text]})

    def streams(self) -> Sequence[Stream]:
        """Users, organizations, tickets and ratings, with the fields people made."""
        return [streams.stream(each, self._desk) for each in KINDS.values()]

    def stream(self, name: str) -> Stream:
        """One stream, for one description instead of all of them."""
        if name in KINDS:
            return streams.stream(KINDS[name], self._desk)
        return super().stream(name)

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Everything from the beginning, then what changed since, deletions too."""
        kind = KINDS.get(stream.name) or KINDS[self.stream(stream.name).name]
        yield from Reading(self._api, self._desk, kind, stream, self.config).pages(state)

    def targets(self) -> Sequence[Target]:
        """Fields people made; tickets of ours about users; internal notes on tickets."""
        return targets.offered(self._desk)

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Changes fields by jobs of 100; tickets and notes one by one, for each is looked up."""
        known = self.target(target.name)
        if known.op == "update":
            fields = targets.writable(self._desk, known.stream)
            return Updating(self._api, known, fields, self.sleep).outcomes(items)
        return Ticketing(self._api, known, targets.writable(self._desk, "tickets")).outcomes(items)

    def verify(self, delivery: Delivery) -> str:
        """What tells the delivery from others, once its signature is good."""
        return receiving.mark(self._said(delivery), delivery)

    def receive(self, delivery: Delivery) -> Iterator[tuple[str, Page]]:
        """The records it tells of, fetched as they are now: deliveries come in any order.

        What cannot be found any more is gone.
        """
        for name, ids in receiving.touched(self._said(delivery)).items():
            kind, stream = KINDS[name], self.stream(name)
            found = self._api.shown(name, name, ids, kind.params)
            takes_agents = bool(self.config["takes_agents"])
            records, gone, rejected = sorted_out(
                found, kind, stream.fields, self._desk, takes_agents
            )
            there = {*gone, *(str(each["id"]) for each in records)}
            gone += [each for each in ids if each not in there]
            yield name, Page(records, {}, gone, None, rejected)

    def _said(self, delivery: Delivery) -> Mapping[str, Any]:
        signatures.within_size(delivery)
        secrets = signatures.several(self.config["webhook_secret"])
        receiving.require_signed(delivery, secrets)
        return receiving.document(delivery)
