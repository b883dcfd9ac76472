"""The simulated environment judged by Microsoft's own client, and read by our connector after it."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import Runner
from connectors.records import Item
from tests.connectors.dataverse.reply import limited
from tests.connectors.dataverse.server import serving
from tests.connectors.dataverse.simulator import Simulator
from tests.connectors.dataverse.sources import connect
from tests.foreign import python_of

JUDGE = Path(__file__).with_name("judge.py")
NAMES = ["O'Brien", "n0", "n1", "n2", "u0", "u1"]


class Judged:
    """An environment that the client has filled, and the client, ready for more."""

    def __init__(self, simulator: Simulator, process: subprocess.Popen[str]) -> None:
        self.simulator, self._process = simulator, process
        self.filled, self.asked = self.say("fill"), self.say("ask")

    def say(self, phase: str) -> dict[str, Any]:
        """What the client found in one phase."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{phase}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the client stopped; see above what it said"
        said: dict[str, Any] = json.loads(line)
        return said


@pytest.fixture(scope="module")
def judged() -> Iterator[Judged]:
    with serving(Simulator()) as simulator:
        simulator.tokens.add("judge")
        with subprocess.Popen(
            [python_of("dataverse"), JUDGE, simulator.url, "judge"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            try:
                yield Judged(simulator, process)
            finally:
                process.kill()


def test_it_makes_tables_and_rows(judged: Judged) -> None:
    assert judged.filled["set"] == "acme_trips"
    rows = judged.simulator.env.rows["contact"]
    assert set(NAMES) <= {row["lastname"] for row in rows.values()}
    assert "n3" not in {row["lastname"] for row in rows.values()}
    assert {rows[key]["efm_band"] for key in judged.filled["people"][:3]} == {3}


def test_it_asks(judged: Judged) -> None:
    said = judged.asked
    assert [len(page) for page in said["pages"]] == [2, 2, 2]
    assert sorted(itertools.chain(*said["pages"])) == NAMES
    assert said["filtered"] == ["n1"]
    assert said["label"] == "Promoter"
    assert said["trip"] == {
        "acme_name": "Rome", "acme_nights": 3, "acme_price": 99.5, "acme_good": True,
    }  # fmt: skip
    assert said["account"] == judged.filled["account"]
    assert said["points"] == "account"
    assert said["within"] == 2
    assert said["missing"] is None
    assert said["bad column"][:2] == [400, "0x80060888"]
    assert said["bad filter"][0] == 400
    assert said["absent"][:2] == [404, "0x80040217"]
    assert said["bad value"][0] == 400


def test_it_sends_batches(judged: Judged) -> None:
    said = judged.say("batch")
    assert said["False"] == [204, 404]
    assert said["True"] == [204, 404, 200]
    assert said["ids True"] == 1
    assert said["error"] == "0x80040217"


def test_it_is_limited(judged: Judged) -> None:
    judged.simulator.faults.append(limited(7))
    assert judged.say("limited")["limited"] == [429, "0x80072322", 7]


def test_we_read_what_it_made(judged: Judged) -> None:
    connector = connect(judged.simulator, tables=["acme_trip"])
    (trip,) = [r for p in connector.read(connector.stream("acme_trip"), {}) for r in p.records]
    assert trip["acme_name"] == "Rome"
    assert trip["acme_nights"] == 3
    assert trip["acme_good"] is True
    assert connector.stream("acme_trip").fields["acme_price"] == "decimal"
    runner, people = Runner(connector.stream("contact")), judged.filled["people"]
    runner.settle(lambda: connect(judged.simulator))
    assert runner.texts("lastname")[people[0]] == "n0"
    assert runner.rows[people[0]]["_account"] == judged.filled["account"]
    assert runner.rows[people[1]]["efm_bandname"] == "Promoter"
    before = list(runner.texts("lastname").values()).count("in a batch")
    judged.say("batch")
    runner.settle(lambda: connect(judged.simulator))
    assert list(runner.texts("lastname").values()).count("in a batch") == before + 2


def test_it_reads_what_we_wrote(judged: Judged) -> None:
    connector, person = connect(judged.simulator), judged.filled["people"][2]
    values = {"efm_nps": 10, "efm_score": 8.5, "efm_day": "2026-03-04"}
    (changed,) = connector.write(connector.target("contact"), [Item("r1", values, person)])
    item = Item("r1", {"subject": "Call them"}, person)
    (made,) = connector.write(connector.target("task of ours"), [item])
    assert changed.ok, changed.message
    assert made.ok, made.message
    said = judged.say("look")
    assert said["contacts"] == [["n2", 8.5, "2026-03-04"]]
    assert said["tasks"] == [["Call them", person]]
