"""Partners of a simulated Odoo as a source of the conformance kit, and connectors that reach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.conformance import CANARY, Source
from connectors.guard import Guard
from connectors.http import Http
from connectors.outside import Outside
from connectors.records import Page
from connectors.systems.odoo.connector import Odoo
from connectors.systems.odoo.tables import TABLES
from tests.connectors.odoo.simulator import Answer, Asked, Simulator, failing
from tests.connectors.odoo.store import KEY, LOGIN, Database


class Quick(Outside):
    """Outside without a pause between calls, so that tests do not wait."""

    def http(self, base_url: str, **more: Any) -> Http:
        hurried = {"rate": 1e6, "burst": 10**6, "sleep": lambda seconds: None}
        return super().http(base_url, **{**more, **hurried})


def settings(server: Simulator, database: str = "acme", **more: Any) -> dict[str, Any]:
    """The settings of a connection to that database, with small pages."""
    return {
        "address": server.address, "key": KEY, "database": database, "login": LOGIN,
        "page_size": 3, "lag_seconds": 0, "deletions_hours": 0, **more,
    }  # fmt: skip


def connect(server: Simulator, database: str = "acme", **more: Any) -> Odoo:
    """A connector to that database."""
    return Odoo(settings(server, database, **more), Quick(Guard(["127.0.0.1"])))


def pages(
    server: Simulator, stream: str, state: Mapping[str, Any] | None = None, **more: Any
) -> list[Page]:
    """The pages of a stream after that state."""
    connector = connect(server, **more)
    return list(connector.read(connector.stream(stream), state or {}))


def records(found: Sequence[Page]) -> list[Mapping[str, Any]]:
    """Their records, in order."""
    return [record for page in found for record in page.records]


def ids(found: Sequence[Page]) -> list[int]:
    """The ids of their records, in order."""
    return [record["id"] for record in records(found)]


def gone(found: Sequence[Page]) -> list[str]:
    """The ids they tell to be gone, in order."""
    return [each for page in found for each in page.deleted]


def mapped(server: Simulator, database: Database, stream: str, **values: Any) -> Any:
    """The canonical record of a record with these values; None when it is no record here."""
    offered = connect(server, page_size=100).stream(stream)
    model = next(each.model for each in TABLES if each.name == stream)
    number = database.put(model, **values)
    assert offered.default_mapping is not None
    assert offered.default_mapping.problems() == {}
    found = records(pages(server, stream, page_size=100))
    for each in found:
        assert {name for name in each if name[0] != "_"} <= set(offered.fields)
    raw = next((each for each in found if each["id"] == number), None)
    return None if raw is None else offered.default_mapping.apply(raw)


class PeopleSource(Source):
    """The people of a database, told by the ids that Odoo gives them."""

    stream = "res.partner"
    text = "x_remark"
    written_text = "body"
    missing = "999999"
    rereads = 1  # the window that follows begins within the second of the last edit

    def __init__(self, server: Simulator, version: str) -> None:
        self.server = server
        self.name = f"db{len(server.databases)}"
        self.database = server.databases[self.name] = Database(version)
        self.ids: dict[str, int] = {}

    def make(self) -> Odoo:
        return connect(self.server, self.name)

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        good = settings(self.server, self.name)
        return (
            {}, {**good, "key": ""}, {**good, "key": "two words"}, {**good, "address": ""},
            {**good, "database": "../efm"}, {**good, "database": "a\nb"}, {**good, "page_size": 0},
            {**good, "region": "GBR"}, {**good, "key": CANARY}, {**good, "address": "http://["},
            {**good, "address": f"https://{CANARY}@odoo.example.com"},
            {**good, "address": "http://odoo.example.com"},
            {**good, "address": "ftp://127.0.0.1"}, {**good, "address": "http://10.0.0.1"},
        )  # fmt: skip

    def put(self, key: str, text: str) -> None:
        known = self.ids.get(key)
        self.ids[key] = self.database.put("res.partner", known, name=key, x_remark=text)

    def delete(self, key: str) -> None:
        if key in self.ids:
            self.database.drop("res.partner", self.ids.pop(key))

    def rows(self) -> Mapping[str, str]:
        rows = self.database.rows["res.partner"]
        return {str(number): row["x_remark"] or "" for number, row in rows.items()}

    def written(self) -> Sequence[str]:
        rows = self.database.rows["mail.message"].values()
        return [row["body"].removeprefix("<p>").removesuffix("</p>") for row in rows]

    def hold_clock(self, held: bool) -> None:
        self.database.is_frozen = held

    def throttle(self) -> None:
        self.server.faults.append(failing(429, Retry_After="3600"))

    def stumble(self) -> None:
        self.server.faults += [failing(502, b"<html>Bad gateway</html>")] * 4

    def loop(self) -> None:
        first: list[Answer] = []

        def again(asked: Asked, answer: Any) -> Answer | None:
            if b"search_read" not in asked.body and "search_read" not in asked.path:
                return None
            if not first:
                first.append(answer(asked))
            return first[0]

        self.server.fault = again
