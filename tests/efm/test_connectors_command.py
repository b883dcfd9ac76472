"""`efm connectors` and `efm import` as somebody at a terminal uses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from efm import log
from efm.__main__ import main
from efm.config import Config
from tests.efm.test_sync import _connect, _orders
from tests.factories import House


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, config: Config) -> Iterator[None]:
    """What a terminal gives a command; afterwards log lines go where they went before."""
    monkeypatch.setenv("EFM_DATABASE_URL", config.database_url or "")
    monkeypatch.setenv("EFM_OWNER_URL", config.owner_url or "")
    monkeypatch.setenv("EFM_DATA_FOLDER", str(config.data_folder))
    yield
    log.configure(config.log_format, config.log_level)


@pytest.fixture
def orders(house: House, config: Config) -> House:
    """A house with a connection over a file of orders."""
    from efm.sync import connections

    _orders(connections.folder_of(config, house.id) / "orders.csv", 30, bad=frozenset({4}))
    _connect(house, config)
    return house


def test_list_names_connectors_and_connections(
    orders: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["connectors", "list", "--organization", orders.slug, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {"files", "memory"} <= set(said["connectors"])
    assert [c["connection"] for c in said["connections"]] == ["Orders"]


def test_check_and_sync_tell_what_they_did(
    orders: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["connectors", "check", "Orders", "--organization", orders.slug]) == 0
    assert "1 file" in capsys.readouterr().out
    assert main(["connectors", "sync", "Orders", "--organization", orders.slug, "--json"]) == 0
    run = json.loads(capsys.readouterr().out)
    assert (run["state"], run["read"], run["rejected"]) == ("succeeded", 30, 1)


def test_what_is_not_there_is_said_and_fails(
    orders: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["connectors", "check", "Nothing", "--organization", orders.slug]) == 1
    assert "no connection" in capsys.readouterr().err
    assert main(["connectors", "list", "--organization", "no-such-slug"]) == 1


def test_import_says_what_it_recognised_and_loads_it_once(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"reviews {house.slug}.csv"
    file.write_text(
        "id,Rating,Comment,Department\n1,5,I love it very much,Shoes\n2,1,Awful and slow,Hats\n"
        "3,9,Nearly perfect service,Hats\n",
        encoding="utf-8",
    )
    assert main(["import", str(file), "--plan"]) == 0
    assert "Each row is a response" in capsys.readouterr().out
    owner = f"anna.{house.slug}@example.org"
    for expected in ((3, 0), (0, 3)):
        assert main(["import", str(file), "--owner", owner, "--json"]) == 0
        done = json.loads(capsys.readouterr().out)
        assert (done["responses"], done["already_there"]) == expected


def test_import_tells_of_a_file_it_cannot_use_and_goes_on(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    good = tmp_path / f"orders {house.slug}.csv"
    _orders(good, 5)
    owner = f"anna.{house.slug}@example.org"
    assert main(["import", str(tmp_path), "--owner", owner]) == 1
    said = capsys.readouterr()
    assert "empty.csv" in said.err
    assert "5 records" in said.out
    assert main(["import", str(tmp_path / "missing.csv")]) == 1
