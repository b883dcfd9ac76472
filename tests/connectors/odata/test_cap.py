"""The OData connector against SAP CAP, a real OData v4 server for Node.

Optional: it is tried where node and `.foreign/cap` are there, which `npm install @sap/cds@^9
@cap-js/sqlite@^2 express@^4` makes in that folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from connectors.guard import Guard
from connectors.outside import Outside
from connectors.records import Item
from connectors.systems.odata.connector import OData
from tests.foreign import ROOT, free_port, running

MODEL = """
using { managed } from '@sap/cds/common';
@path: '/odata/v4/crm' service Crm {
  entity Contacts : managed { key ID : String(60); name : LargeString; score : Decimal(9,2); vip : Boolean; }
  entity Lines { key order : String(20); key pos : Integer; text : String; }
}
"""
# The server listens on every address whatever it is told; this keeps it at home.
LOOPBACK = """
const net = require('net'), listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  if (port && typeof port === 'object') return listen.call(this, { ...port, host: '127.0.0.1' }, ...rest)
  if (typeof rest[0] === 'string') rest.shift()
  return listen.call(this, port, '127.0.0.1', ...rest)
}
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[str]:
    node, modules = shutil.which("node"), ROOT / ".foreign" / "cap" / "node_modules"
    if node is None or not (modules / "@sap" / "cds").is_dir():
        pytest.skip("SAP CAP is not installed: node or .foreign/cap/node_modules is missing")
    home = tmp_path
    _lay_out(home, modules)
    port = free_port()
    serve = modules / "@sap" / "cds" / "bin" / "serve.js"
    command = [node, "-r", home / "loopback.js", serve, "all", "--port", str(port)]
    with running(command, port, home / "log", cwd=home, environ={"NODE_ENV": "test"}):
        yield f"http://127.0.0.1:{port}/odata/v4/crm/"


def _lay_out(home: Path, modules: Path) -> None:
    (home / "node_modules").symlink_to(modules)
    (home / "srv").mkdir()
    (home / "srv" / "crm.cds").write_text(MODEL)
    (home / "loopback.js").write_text(LOOPBACK)
    sqlite = {"kind": "sqlite", "credentials": {"url": ":memory:"}}
    settings = {
        "requires": {"db": sqlite, "auth": {"kind": "mocked"}},
        "query": {"limit": {"max": 4, "default": 4}},
    }
    package = {
        "name": "crm",
        "private": True,
        "dependencies": {"@sap/cds": "^9", "@cap-js/sqlite": "^2"},
        "cds": settings,
    }
    (home / "package.json").write_text(json.dumps(package))


def connect(service: str, size: int = 6) -> OData:
    given = {"address": service, "auth": "none", "page_size": size, "lag_seconds": 0,
             "calls_a_second": 100, "writable": ["Contacts: name, score, vip"]}  # fmt: skip
    return OData(given, Outside(Guard(["127.0.0.1"])))


def test_cap_is_read_and_resumed_after_any_page(service: str) -> None:
    with httpx.Client(base_url=service, trust_env=False) as client:
        keys = [f"k{number:02d}" for number in range(9)] + ["O'Neil/1 ü"]
        for key in keys:
            client.post(
                "Contacts", json={"ID": key, "name": f"Zoë {key}", "score": 1.5}
            ).raise_for_status()
        for order in ("o'1", "o2", "o3"):
            for pos in (1, 2, 10):
                client.post("Lines", json={"order": order, "pos": pos}).raise_for_status()
    connector = connect(service)
    assert connector.check().ok
    contacts = connector.stream("Contacts")
    assert (contacts.cursor, contacts.deletes) == ("modifiedAt", "none")
    pages = list(connector.read(contacts, {}))
    assert len(pages) >= 2
    assert pages[0].total == len(keys)
    assert sorted(r["ID"] for page in pages for r in page.records) == sorted(keys)
    assert pages[0].records[0]["score"] == Decimal("1.5")
    for cut, page in enumerate(pages[:-1], start=1):
        rest = [
            r["ID"] for each in connect(service).read(contacts, page.state) for r in each.records
        ]
        before = [r["ID"] for each in pages[:cut] for r in each.records]
        assert sorted(before + rest) == sorted(keys)
    lines = connector.stream("Lines")
    read = [lines.external_id(r) for page in connector.read(lines, {}) for r in page.records]
    assert sorted(read) == sorted(f"{o}|{p}" for o in ("o'1", "o2", "o3") for p in (1, 2, 10))


def test_cap_is_changed_and_the_change_is_read(service: str) -> None:
    with httpx.Client(base_url=service, trust_env=False) as client:
        for key in ("w1 'ü/", "w2"):
            client.post("Contacts", json={"ID": key, "name": "x"}).raise_for_status()
    connector = connect(service)
    contacts = connector.stream("Contacts")
    *_, last = connector.read(contacts, {})
    outcomes = list(
        connector.write(
            connector.target("fields of Contacts"),
            [
                Item("1", {"score": Decimal("9.75"), "vip": True}, "w1 'ü/"),
                Item("2", {"score": Decimal("123456789.25")}, "w2"),
                Item("3", {"name": "nobody"}, "zz"),
            ],
        )
    )
    assert [each.ok for each in outcomes] == [True, False, False]
    assert "Decimal(9,2)" in outcomes[1].message
    changed = [r for page in connector.read(contacts, last.state) for r in page.records]
    (mine,) = [r for r in changed if r["ID"] == "w1 'ü/"]
    assert (mine["score"], mine["vip"]) == (Decimal("9.75"), True)
