"""The Stripe connector."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from connectors import signatures
from connectors.base import Connector
from connectors.errors import ConfigError, NotSupported
from connectors.records import Check, Delivery, Item, Outcome, Page, Stream, Target
from connectors.systems.stripe import refusals
from connectors.systems.stripe.api import Api
from connectors.systems.stripe.config import API_VERSION, Config
from connectors.systems.stripe.reading import Found, Reader
from connectors.systems.stripe.streams import Kind, kinds
from connectors.systems.stripe.writing import CUSTOMER, write


class Stripe(Connector):
    """One Stripe account, under a restricted or secret key.

    Source: https://docs.stripe.com/api. Test mode allows 25 calls a second, live mode 100; the
    account's other applications keep a part of either.
    """

    name = "stripe"
    label = "Stripe"
    summary = "Customers, subscriptions, invoices and payments; scores go back as metadata."
    icon = "banknote"
    Config = Config
    takes_webhooks = True
    address: ClassVar[str] = "https://api.stripe.com"

    @cached_property
    def api(self) -> Api:
        """The calls under this connection's key."""
        key = self.config["api_key"]
        http = self.outside.http(
            self.address,
            connector=self.name,
            credential=key,
            rate=20.0,
            burst=20,
            headers={"Authorization": f"Bearer {key}", "Stripe-Version": API_VERSION},
            secrets=(key,),
            classify=refusals.classify,
        )
        return Api(http, self.outside.now)

    @cached_property
    def _kinds(self) -> Sequence[Kind]:
        return kinds(self.config["company_key"])

    @property
    def is_live(self) -> bool:
        """Whether the key is one for real money."""
        return "_test_" not in self.config["api_key"]

    def check(self) -> Check:
        """The account, and which kinds the key may read, by asking for one record of each.

        Raises ConfigError for a refused key, and for one that may read nothing.
        """
        may: list[str] = []
        notes: list[str] = []
        # Of kinds that share a list the first speaks for the others.
        first = {each.path: each for each in reversed(self._kinds)}
        for each in reversed(first.values()):
            lacks = self._lacks(each.path, each.params)
            if lacks is None:
                may.append(f"Read {each.stream.label.lower()}")
            else:
                notes.append(f"{each.stream.label} cannot be read: {lacks}")
        if not may:
            raise ConfigError(
                "The key may read nothing that is used here; give it read access to Customers.",
                {"api_key": ["It may read nothing."]},
            )
        lacks = self._lacks("events", {})
        if lacks is not None:
            notes.append(f"Changes cannot be followed after the first reading: {lacks}")
        if not self.config["webhook_secret"]:
            notes.append("Webhooks are refused until their signing secret is set.")
        return Check(True, self._who(), may, notes)

    def _lacks(self, path: str, params: Mapping[str, str]) -> str | None:
        """Why a list cannot be read, None when it can."""
        response = self.api.status(path, {"limit": 1, **params})
        if response.status_code < 400:
            return None
        permission = refusals.permission(refusals.envelope(response))
        if permission:
            return f"give the key “{permission}”."
        return "the key lacks the permission." if response.status_code == 403 else "not found."

    def _who(self) -> str:
        mode = "live mode" if self.is_live else "test mode"
        response = self.api.status("account", {})
        try:
            account = json.loads(response.content) if response.status_code < 400 else {}
        except (ValueError, RecursionError):
            account = {}
        if not isinstance(account, dict) or not isinstance(account.get("id"), str):
            return f"Stripe account, {mode}"
        return f"{_account_name(account) or account['id']}, {mode}"

    def streams(self) -> Sequence[Stream]:
        """Customers, companies, products, subscriptions, invoices, payments, refunds, disputes
        and credit notes."""
        return tuple(each.stream for each in self._kinds)

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """The whole list once, then what events of the last 30 days tell of."""
        for each in self._kinds:
            if each.stream.name == stream.name:
                return Reader(self.api, each, self.config["page_size"]).pages(state)
        raise NotSupported(f"Stripe offers no stream “{stream.name}”.")

    def targets(self) -> Sequence[Target]:
        """Scores as metadata of customers."""
        return (CUSTOMER,)

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Changes metadata; other keys a customer has are left as they are."""
        if target.name != CUSTOMER.name:
            raise NotSupported(f"Stripe does not let “{target.name}” be written.")
        return write(self.api, items)

    def verify(self, delivery: Delivery) -> str:
        """The event's id, once the signature is good."""
        return str(self._event(delivery)["id"])

    def receive(self, delivery: Delivery) -> Iterator[tuple[str, Page]]:
        """What the event tells of, fetched as it is now: events come late and in any order.

        Events of other accounts (Connect) and of the other mode tell nothing here.
        """
        event = self._event(delivery)
        if event.get("account") or event.get("livemode", self.is_live) is not self.is_live:
            return
        for each in self._kinds:
            found = Found()
            Reader(self.api, each, self.config["page_size"]).touched(event, found)
            if found:
                yield each.stream.name, found.page({})

    def _event(self, delivery: Delivery) -> dict[str, Any]:
        signatures.within_size(delivery)
        signatures.stripe(delivery, signatures.several(self.config["webhook_secret"]))
        try:
            event = json.loads(delivery.body)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("id"), str) or not event["id"]:
            raise signatures.WebhookRefused("The delivery holds no event.")
        return event


def _account_name(account: Mapping[str, Any]) -> str:
    """What the account is called, where it says so."""
    for part, name in (("settings", "dashboard"), ("business_profile", "name")):
        found = account.get(part)
        found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, Mapping):
            found = found.get("display_name")
        if isinstance(found, str) and found.strip():
            return found.strip()[:200]
    return ""
