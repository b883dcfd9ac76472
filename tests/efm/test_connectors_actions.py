"""`efm connectors streams|dry-run|resync|replay|write-back|describe|conformance|new` at a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from connectors.examining import examine
from connectors.systems.memory.connector import Memory
from efm import log
from efm.__main__ import main
from efm.config import Config
from efm.models import Interaction, RawRecord, RejectedRecord
from efm.sync import connections
from efm.sync.rehearsal import rehearse
from tests.efm.test_sync import _connect, _count, _orders, _run
from tests.efm.written import World
from tests.factories import House

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, config: Config) -> Iterator[None]:
    """What a terminal gives a command; afterwards log lines go where they went before."""
    monkeypatch.setenv("EFM_DATABASE_URL", config.database_url or "")
    monkeypatch.setenv("EFM_OWNER_URL", config.owner_url or "")
    monkeypatch.setenv("EFM_DATA_FOLDER", str(config.data_folder))
    yield
    log.configure(config.log_format, config.log_level)


@pytest.fixture
def orders(house: House, config: Config) -> dict[str, Any]:
    """A connection over a file of thirty orders, one of them refused; not yet read."""
    file = connections.folder_of(config, house.id) / "orders.csv"
    _orders(file, 30, bad=frozenset({4}))
    return {"file": file, **_connect(house, config)}


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert main(["connectors", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_streams_are_told_with_their_fields(
    house: House, orders: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    (stream,) = told(capsys, "streams", "Orders", "--organization", house.slug)
    assert (stream["stream"], stream["key"], stream["is_read"]) == (
        "orders.csv",
        ["order_id"],
        True,
    )
    assert stream["fields"]["amount"] == "decimal"
    assert main(["connectors", "streams", "Orders", "--organization", house.slug]) == 0
    assert "* orders.csv" in capsys.readouterr().out


def test_a_dry_run_tells_all_and_keeps_nothing(
    house: House, config: Config, orders: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(capsys, "dry-run", "Orders", "orders.csv", "--organization", house.slug)
    assert (said["read"], said["created"], said["rejected"]) == (30, 29, 1)
    assert list(said["reasons"].values()) == [1]
    assert [_count(house, table) for table in (RawRecord, RejectedRecord, Interaction)] == [0, 0, 0]
    _run(house, config, orders["run"])
    changed = orders["file"].read_text().replace(",5.50,", ",99.25,")
    orders["file"].write_text(changed)
    said = told(capsys, "dry-run", "Orders", "orders.csv", "--organization", house.slug)
    assert said["changes"][0]["fields"] == {"amount": ["5.50", "99.25"]}
    assert said["updated"] == len(said["changes"]) == 1
    with house.unit() as session:
        amounts = session.scalars(select(Interaction.amount_minor)).all()
    assert 550 in amounts
    assert 9925 not in amounts, "nothing was kept"


def test_a_dry_run_ends_where_it_is_told(house: House, config: Config) -> None:
    _orders(connections.folder_of(config, house.id) / "orders.csv", 50)
    made = _connect(house, config, page_size=10)
    found = rehearse(house.engine, config, house.id, made["connection"], made["stream"], most=15)
    assert (found.read, found.is_whole) == (20, False)


def test_resync_reads_everything_and_doubles_nothing(
    house: House, orders: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "sync", "Orders", "--organization", house.slug)
    again = told(capsys, "sync", "Orders", "--organization", house.slug)
    assert again["read"] == 0
    anew = told(capsys, "resync", "Orders", "--organization", house.slug)
    assert (anew["read"], anew["created"], anew["unchanged"]) == (30, 0, 29)


def test_replay_takes_what_the_mapping_now_reads(
    house: House, orders: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "sync", "Orders", "--organization", house.slug)
    arguments = ("replay", "Orders", "orders.csv", "--organization", house.slug)
    assert told(capsys, *arguments, code=1) == {"tried": 1, "taken": 0, "rejected": 1}
    with house.unit() as session:
        setting = connections.setting_of(session, orders["connection"], "orders.csv")
        assert setting is not None
        (mapping,) = setting.mapping["mappings"]
        fields = [f for f in mapping["fields"] if f["target"] != "occurred_at"]
        fixed = {"source": "", "target": "occurred_at", "converter": "constant",
                 "options": {"value": "2026-01-01"}}  # fmt: skip
        setting.mapping = {"mappings": [{**mapping, "fields": [*fields, fixed]}]}
    assert told(capsys, *arguments)["taken"] == 1
    with house.unit() as session:
        assert session.scalar(select(func.count()).select_from(Interaction)) == 30


def test_write_back_writes_and_says_so(
    house: House, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World.make(house, config)
    world.answer("k1", 9)
    assert main(["connectors", "write-back", "CRM", "--organization", house.slug]) == 1
    assert "add one on the connection's page" in capsys.readouterr().err
    world.rule(notes="nps")
    (said,) = told(capsys, "write-back", "CRM", "--organization", house.slug)
    assert (said["target"], said["state"], said["written"]) == ("contact", "on", 1)
    assert world.there("k1")["notes"] == "9"


def test_describe_draws_the_declaration(capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, "describe", "memory")
    assert {each["name"]: each["secret"] for each in said["settings"]}["token"] is True
    assert main(["connectors", "describe", "files"]) == 0
    out = capsys.readouterr().out
    assert "Folder (needed)" in out
    assert main(["connectors", "describe", "no_such"]) == 1


def test_conformance_is_kept_by_a_configured_connection(
    house: House, orders: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(capsys, "conformance", "Orders", "--organization", house.slug)
    assert {each["is_kept"] for each in said} == {True}
    assert {"It can be read", "Every record has its key"} <= {each["promise"] for each in said}


def test_conformance_finds_what_is_broken() -> None:
    class Twice(Memory):
        def read(self, stream: Any, state: Any) -> Any:
            for page in super().read(stream, state):
                yield type(page)([*page.records, *page.records], page.state, page.deleted)

        def __repr__(self) -> str:
            return str(self.config)

    config = {"store": "examined", "token": "very-secret", "page_size": 2}
    store = Memory(config).store
    for n in range(5):
        store.put("contacts", f"k{n}", name="N")
    found = {
        each.promise for each in examine(Twice(config), lambda: Twice(config)) if not each.is_kept
    }
    assert found == {"Secrets do not show", "Every record has its key"}


def test_a_new_connector_passes_its_own_tests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["connectors", "new", "acme_crm", "--folder", str(tmp_path)]) == 0
    assert "connector.py" in capsys.readouterr().out
    home = tmp_path / "efm-acme-crm"
    # Lines are counted here, not there: the one who counts would look for our folders.
    own = {name: value for name, value in os.environ.items() if not name.startswith("SLIPCOVER")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
         "-k", "not random"],
        cwd=home, capture_output=True, text=True, timeout=120, check=False,
        env={**own, "PYTHONPATH": f"{ROOT}:{home}"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert " passed" in ran.stdout
    assert main(["connectors", "new", "acme_crm", "--folder", str(tmp_path)]) == 1
    assert main(["connectors", "new", "Bad-Name", "--folder", str(tmp_path)]) == 1
