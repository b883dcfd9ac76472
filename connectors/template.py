"""What a new connector begins as: files that read a small JSON service, with tests that pass."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.errors import ConfigError

_CONNECTOR = '''"""The {label} connector: reads contacts that changed, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from connectors.base import Connector
from connectors.cursor import Window
from connectors.errors import Transient
from connectors.fields import FieldMapping
from connectors.http import Http
from connectors.mapping import Mapping as FieldMap
from connectors.records import Check, Page, Stream

CONTACTS = Stream(
    name="contacts",
    label="Contacts",
    key=("id",),
    entity="contact",
    cursor="modified_at",
    fields={{"id": "text", "name": "text", "email": "text", "modified_at": "datetime"}},
    default_mapping=FieldMap(
        "contact",
        (
            FieldMapping("id", "external_id"),
            FieldMapping("name", "name"),
            FieldMapping("email", "email"),
            FieldMapping("modified_at", "modified_at"),
        ),
    ),
)


class Config(Schema):
    """Settings, as the form shows them."""

    address = fields.String(
        required=True, metadata={{"label": "Address", "help": "Such as https://api.example.com."}}
    )
    token = fields.String(required=True, metadata={{"label": "Token", "secret": True}})
    page_size = fields.Integer(load_default=100, metadata={{"label": "Records a page"}})


class {klass}(Connector):
    """{label} as a connector."""

    name = "{name}"
    label = "{label}"
    summary = "What it is and which records it brings, in one sentence."
    Config = Config

    def __init__(self, config: Mapping[str, Any], outside: Any = None) -> None:
        super().__init__(config, outside)
        self._http: Http | None = None

    @property
    def http(self) -> Http:
        """The door to the system: ten calls a second for this token."""
        if self._http is None:
            token = self.config["token"]
            self._http = self.outside.http(
                self.config["address"], connector=self.name, credential=token, rate=10, burst=10,
                headers={{"Authorization": f"Bearer {{token}}"}}, secrets=[token],
            )
        return self._http

    def check(self) -> Check:
        """Who we are there."""
        return Check(True, str(self.http.json("GET", "me")["name"]), ("read",))

    def streams(self) -> Sequence[Stream]:
        """What this connection offers."""
        return (CONTACTS,)

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Changes in closed windows, paged by id; see connectors.cursor for the rule."""
        window = Window.open(state, self.outside.now())
        while True:
            found = self._page(stream, window)
            is_last = len(found) < self.config["page_size"]
            if is_last:
                yield Page(found, window.closed())
                return
            window = window.at(str(found[-1]["id"]))
            yield Page(found, window.state())

    def _page(self, stream: Stream, window: Window) -> list[dict[str, Any]]:
        query = {{"limit": self.config["page_size"], "until": window.until.isoformat()}}
        if window.since is not None:
            query["since"] = window.since.isoformat()
        if window.after is not None:
            query["after"] = window.after
        body = self.http.json("GET", stream.name, params=query)
        records = body.get("records") if isinstance(body, dict) else None
        if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
            raise Transient("{label} sent something else than a list of records.")
        return records
'''
_TEST = '''"""{label} keeps the contract, over a small service that answers as it does."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from connectors.conformance import ConnectorContract, Source
from connectors.outside import Outside
from {package}.connector import {klass}

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Service(Source):
    """The service, in memory."""

    stream = "contacts"

    def __init__(self) -> None:
        self._ticks = itertools.count()
        self.records: dict[str, dict[str, str]] = {{}}

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=next(self._ticks))

    def make(self) -> {klass}:
        outside = Outside(now=self.now, transport=httpx.MockTransport(self.answer))
        config = {{"address": "https://api.example.com", "token": "t", "page_size": 3}}
        return {klass}(config, outside)

    def put(self, key: str, text: str) -> None:
        record = {{"id": key, "name": text, "modified_at": self.now().isoformat()}}
        self.records[key] = record

    def rows(self) -> Mapping[str, str]:
        return {{key: each["name"] for key, each in self.records.items()}}

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        return ({{}}, {{"address": "https://api.example.com"}}, {{"address": "no address", "token": "t"}})

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/me":
            return httpx.Response(200, json={{"name": "reader"}})
        query = request.url.params
        found = [
            each
            for key, each in sorted(self.records.items())
            if key > query.get("after", "") and each["modified_at"] <= query["until"]
            and each["modified_at"] >= query.get("since", "")
        ]
        return httpx.Response(200, content=json.dumps({{"records": found[: int(query["limit"])]}}))


class Test{klass}(ConnectorContract):
    """The contract."""

    def make_source(self, folder: Path) -> Source:
        return Service()
'''
_ABOUT = """# {label}

A connector for EFM. Install it into the same environment (`pip install .`): it is found by its entry
point. Then look at it with `efm connectors describe {name}` and try it with `pytest`.
"""
_SETUP = """[metadata]
name = efm-{dashed}
version = 0.1.0

[options]
packages = {package}

[options.entry_points]
efm.connectors =
    {name} = {package}.connector:{klass}
"""
_BUILD = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""


def write(name: str, folder: Path) -> list[Path]:
    """The files of a new connector in a folder of its own below `folder`.

    Raises ConfigError when the name cannot be one, or the folder is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name):
        raise ConfigError("A connector's name has small letters, digits and _, such as acme_crm.")
    home = folder / f"efm-{name.replace('_', '-')}"
    if home.exists():
        raise ConfigError(f"{home} is there already; choose another name or folder.")
    label = name.replace("_", " ").title()
    words = {
        "name": name, "label": label, "klass": label.replace(" ", ""), "package": f"efm_{name}",
        "dashed": name.replace("_", "-"),
    }  # fmt: skip
    package = words["package"]
    texts = {
        "README.md": _ABOUT, "setup.cfg": _SETUP, "pyproject.toml": _BUILD,
        f"{package}/__init__.py": '"""The {label} connector for EFM."""\n',
        f"{package}/connector.py": _CONNECTOR, f"tests/test_{name}.py": _TEST,
    }  # fmt: skip
    made = []
    for place, text in texts.items():
        path = home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**words), encoding="utf-8")
        made.append(path)
    return made
