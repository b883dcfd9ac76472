"""Parties and complaints of a real Tryton as sources for the conformance kit, faults included."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.conformance import CANARY, Source
from connectors.guard import Guard
from connectors.outside import Outside
from connectors.systems.tryton.connector import Tryton
from tests.connectors.tryton.server import System

_NETWORK = httpx.HTTPTransport(verify=False)
Fault = Callable[[httpx.Request], httpx.Response | None]


class Faulty(httpx.BaseTransport):
    """The network, with a fault in its way; `asked` are the requests that came by."""

    def __init__(self, fault: Fault = lambda request: None) -> None:
        self.fault = fault
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        request.read()
        return self.fault(request) or _NETWORK.handle_request(request)


def connected(system: System, transport: httpx.BaseTransport | None = None, **more: Any) -> Tryton:
    """A connection to the server, through a transport of the test's if one is given."""
    outside = Outside(Guard(["127.0.0.1"]), transport=transport or _NETWORK)
    return Tryton(system.config(**{"page_size": 3, "lag_seconds": 5, **more}), outside)


def emptied(system: System) -> System:
    """The system without parties, complaints and notes, but for its own company's."""
    own = "SELECT party FROM company_company UNION SELECT party FROM company_employee"
    tables = ("party_contact_mechanism", "sale_complaint", "ir_note")
    system.sql(
        *(f"DELETE FROM {name}" for name in tables),
        f"DELETE FROM party_address WHERE party NOT IN ({own})",
        f"DELETE FROM party_party WHERE id NOT IN ({own})",
    )
    return system


class PartySource(Source):
    """The parties of a database, told by the ids that Tryton gave them."""

    stream = "party"
    text = "name"
    written_text = "description"
    missing = "999999"
    model = "party.party"

    def __init__(self, system: System) -> None:
        self.system = emptied(system)
        self.ids: dict[str, int] = {}
        self.transport = Faulty()
        self._held: str | None = None
        self._faults: list[httpx.Response] = []
        self.transport.fault = self._fault
        # The company and its employee are parties too, and stay: they become the first keys.
        self._spare = [each["id"] for each in system.find(self.model)]

    def make(self) -> Tryton:
        return connected(self.system, self.transport)

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = self.system.config()
        return (
            {}, {**good, "key": ""}, {**good, "database": "../efm"}, {**good, "database": "a/b"},
            {**good, "page_size": 0}, {**good, "currency": "EURO"}, {**good, "region": "GBR"},
            {**good, "address": "tryton.example.com", "key": CANARY},
            {**good, "address": f"https://{CANARY}@tryton.example.com"},
            {**good, "address": "http://tryton.example.com"},
        )  # fmt: skip

    def put(self, key: str, text: str) -> None:
        if key not in self.ids and self._spare:
            self.ids[key] = self._spare.pop(0)
        if key in self.ids:
            self.system.write(self.model, self.ids[key], self.values(text))
        else:
            self.ids[key] = self.system.create(self.model, self.values(text))
        self._stamp(self.ids[key])

    def fill(self, count: int) -> None:
        """Many records at once, edited an hour ago."""
        made = [self.values(f"text {number}") for number in range(count)]
        own, self._spare = self._spare, []
        for number, each in enumerate(own):
            self.system.write(self.model, each, made[number])
        ids = [*own, *self.system.create_many(self.model, made[len(own) :])]
        self.ids = {f"k{number:02d}": each for number, each in enumerate(ids)}
        self.system.age(self.model, "party.contact_mechanism", "party.address")

    def values(self, text: str) -> dict[str, Any]:
        """The values of a record with that text."""
        return {self.text: text}

    def rows(self) -> Mapping[str, str]:
        found = self.system.find(self.model, [], self.text)
        return {str(each["id"]): str(each[self.text] or "") for each in found}

    def written(self) -> Sequence[str]:
        found = self.system.find("sale.complaint", [["reference", "!=", None]], "description")
        return [each["description"] for each in found]

    def hold_clock(self, held: bool) -> None:
        self._held = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}" if held else None

    def throttle(self) -> None:
        self._faults.append(httpx.Response(429, headers={"Retry-After": "3600"}))

    def stumble(self) -> None:
        self._faults.append(httpx.Response(200, content=b'[{"id": 3, "na'))

    def loop(self) -> None:
        first: list[httpx.Response] = []

        def fault(request: httpx.Request) -> httpx.Response | None:
            if not request.url.path.endswith(f"/model/{self.model}"):
                return None
            if not first:
                with httpx.Client(verify=False) as client:
                    first.append(client.get(str(request.url), headers=request.headers))
            return httpx.Response(200, content=first[0].content)

        self.transport.fault = fault

    def _fault(self, request: httpx.Request) -> httpx.Response | None:
        return self._faults.pop(0) if self._faults else None

    def _stamp(self, number: int) -> None:
        if self._held is not None:
            table = self.model.replace(".", "_")
            stamps = f"create_date = '{self._held}', write_date = NULL"
            self.system.sql(f"UPDATE {table} SET {stamps} WHERE id = {number}")


class ComplaintSource(PartySource):
    """The complaints of one customer, whose descriptions are long texts."""

    stream = "sale_complaint"
    text = "description"
    written_text = "no such field"
    model = "sale.complaint"

    def __init__(self, system: System) -> None:
        super().__init__(system)
        self._customer = system.create("party.party", {"name": "Somebody"})

    def values(self, text: str) -> dict[str, Any]:
        return {"description": text, "customer": self._customer, "company": 1, "type": 1}
