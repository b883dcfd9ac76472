"""The writer: shared commits, one organization each; alone at once; nobody fails for a neighbour."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text

from efm import clock
from efm.config import Config
from efm.db.direct import Connection, Direct
from efm.errors import Unready
from efm.feedback import collect, store, writer
from efm.feedback.collect import Incoming
from efm.feedback.store import Row
from efm.feedback.writer import Writer
from tests.efm.collected import Published
from tests.factories import House


class _Held(Direct):
    """Connections that wait for a gate, so that a test decides when the writer goes on."""

    def __init__(self, url: str) -> None:
        super().__init__(url, size=3)
        self.gate = threading.Event()
        self.entered = threading.Semaphore(0)
        self.times = 0

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        self.times += 1
        self.entered.release()
        assert self.gate.wait(30)
        with super().connection() as connection:
            yield connection


@pytest.fixture
def direct(config: Config) -> Iterator[_Held]:
    made = _Held(config.database_url or "")
    made.gate.set()
    yield made
    made.close()


@pytest.fixture
def survey(house: House) -> Published:
    return Published.make(house)


def row(survey: Published, **changes: Any) -> Row:
    with survey.house.unit() as session:
        target = collect.target_of(session, survey.survey_id, clock.now())
    given = Incoming(survey.survey_id, {"recommend": 9, "comment": "Very good."})
    made = collect.read(given, target, clock.now())
    assert isinstance(made, Row)
    return replace(made, **changes)


def transactions(survey: Published) -> int:
    """How many transactions wrote the responses of this organization."""
    with survey.house.unit(read_only=True) as session:
        found: int = session.execute(
            text("SELECT count(DISTINCT xmin::text) FROM responses")
        ).scalar_one()
    return found


def test_one_alone_is_written_at_once(direct: _Held, survey: Published) -> None:
    mine = row(survey)
    outcome = Writer(direct).store(survey.house.id, mine)
    assert (outcome.state, outcome.id) == ("created", mine.id)
    assert survey.count("answers") == 2
    assert survey.count("scores") == 2


def test_those_that_come_meanwhile_share_one_commit(direct: _Held, survey: Published) -> None:
    direct.gate.clear()
    shared = Writer(direct)
    rows = [row(survey) for _ in range(9)]
    with ThreadPoolExecutor(9) as crowd:
        first = crowd.submit(shared.store, survey.house.id, rows[0])
        assert direct.entered.acquire(timeout=20)
        others = [crowd.submit(shared.store, survey.house.id, each) for each in rows[1:]]
        while shared._count < 9:
            threading.Event().wait(0.005)
        direct.gate.set()
        assert {each.result(30).state for each in (first, *others)} == {"created"}
    assert survey.count("responses") == 9
    assert transactions(survey) == 2


def test_organizations_never_share(direct: _Held, survey: Published, stranger: House) -> None:
    other = Published.make(stranger)
    direct.gate.clear()
    shared = Writer(direct)
    pairs = [(each.house.id, row(each)) for each in (survey, other) for _ in range(4)]
    with ThreadPoolExecutor(8) as crowd:
        waiting = [crowd.submit(shared.store, *pair) for pair in pairs]
        while shared._count < 8:
            threading.Event().wait(0.005)
        direct.gate.set()
        assert {each.result(30).state for each in waiting} == {"created"}
    assert (survey.count("responses"), other.count("responses")) == (4, 4)


def test_a_row_the_database_refuses_fails_alone(direct: _Held, survey: Published) -> None:
    direct.gate.clear()
    shared = Writer(direct)
    rows = [row(survey) for _ in range(4)]
    rows.insert(2, row(survey, contact_id=uuid.uuid4()))  # A contact that is not there (any more).
    rows.insert(4, row(survey, touchpoint="x" * 300))
    with ThreadPoolExecutor(6) as crowd:
        waiting = [crowd.submit(shared.store, survey.house.id, each) for each in rows]
        while shared._count < 6:
            threading.Event().wait(0.005)
        direct.gate.set()
        states = [each.result(30).state for each in waiting]
    assert states == ["created", "created", "refused", "created", "refused", "created"]
    assert survey.count("responses") == 4


def test_the_same_form_in_one_batch_is_one_response(direct: _Held, survey: Published) -> None:
    direct.gate.clear()
    shared = Writer(direct)
    mine = row(survey)
    with ThreadPoolExecutor(5) as crowd:
        waiting = [crowd.submit(shared.store, survey.house.id, mine) for _ in range(5)]
        while shared._count < 5:
            threading.Event().wait(0.005)
        direct.gate.set()
        assert {each.result(30).id for each in waiting} == {mine.id}
    assert (survey.count("responses"), survey.count("answers")) == (1, 2)


def test_a_key_that_was_used_gives_the_first_response(direct: _Held, survey: Published) -> None:
    shared = Writer(direct)
    one = row(survey, submit_key="same")
    shared.store(survey.house.id, one)
    again = shared.store(survey.house.id, row(survey, submit_key="same"))
    assert (again.state, again.id) == ("duplicate", one.id)


def test_too_many_waiting_are_told_to_come_back(direct: _Held, survey: Published) -> None:
    direct.gate.clear()
    shared = Writer(direct, most_waiting=2)
    with ThreadPoolExecutor(2) as crowd:
        waiting = [crowd.submit(shared.store, survey.house.id, row(survey)) for _ in range(2)]
        while shared._count < 2:
            threading.Event().wait(0.005)
        with pytest.raises(Unready):
            shared.store(survey.house.id, row(survey))
        direct.gate.set()
        assert {each.result(30).state for each in waiting} == {"created"}
    assert shared.store(survey.house.id, row(survey)).state == "created"


def test_a_lost_connection_is_tried_again_and_counts_once(
    direct: _Held, survey: Published, owner_engine: Engine
) -> None:
    shared = Writer(direct)
    shared.store(survey.house.id, row(survey))
    backends = [connection.info.backend_pid for connection, _ in direct._free]
    with psycopg.connect(direct._conninfo, autocommit=True) as other:
        for backend in backends:
            other.execute("SELECT pg_terminate_backend(%s)", (backend,))
    assert shared.store(survey.house.id, row(survey)).state == "created"
    assert survey.count("responses") == 2


def test_a_commit_whose_answer_was_lost_is_not_doubled(
    direct: _Held, survey: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Writer(direct)
    real = shared._transaction
    calls = []

    def loses_its_answer(*arguments: Any) -> Any:
        outcomes = real(*arguments)
        calls.append(outcomes)
        if len(calls) == 1:
            raise psycopg.OperationalError("the connection is lost")
        return outcomes

    monkeypatch.setattr(shared, "_transaction", loses_its_answer)
    mine = row(survey)
    outcome = shared.store(survey.house.id, mine)
    assert outcome.id == mine.id
    assert len(calls) == 2
    assert survey.count("responses") == 1


def test_a_database_that_is_away_is_said_so(survey: Published) -> None:
    nowhere = Direct("postgresql+psycopg://nobody@127.0.0.1:1/none", size=1)
    with pytest.raises(Unready, match="cannot be reached"):
        Writer(nowhere).store(survey.house.id, row(survey))


def test_a_fault_reaches_everyone_who_waits_and_the_next_is_served(
    direct: _Held, survey: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Writer(direct)
    with monkeypatch.context() as patched:
        patched.setattr(writer, "parameters", lambda *_: 1 / 0)
        with pytest.raises((ZeroDivisionError, Unready)):
            shared.store(survey.house.id, row(survey))
    assert shared.store(survey.house.id, row(survey)).state == "created"
    assert not shared._groups


def test_plans_made_for_small_tables_are_forgotten(
    direct: _Held, survey: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "FORGET_PLANS_AT", (3,))
    said: list[str] = []
    real = psycopg.Connection.execute

    def execute(self: Any, query: Any, *arguments: Any, **more: Any) -> Any:
        said.append("discard" if query == "DISCARD PLANS" else "other")
        return real(self, query, *arguments, **more)

    monkeypatch.setattr(psycopg.Connection, "execute", execute)
    shared = Writer(direct)
    found = []
    for _ in range(4):
        said.clear()
        shared.store(survey.house.id, row(survey))
        found.append(said.count("discard"))
    assert found == [0, 0, 1, 0]


def test_a_connection_that_forgot_its_statements_prepares_them_again(
    direct: _Held, survey: Published
) -> None:
    mine = Writer(direct)
    assert mine.store(survey.house.id, row(survey)).state == "created"
    with direct.connection() as connection:
        connection.execute("DEALLOCATE ALL", prepare=False)  # As psycopg does after a roll-back.
    assert mine.store(survey.house.id, row(survey)).state == "created"
    assert survey.count("responses") == 2


def test_store_and_writer_agree_on_the_row_limit() -> None:
    assert writer.LARGEST_BATCH <= store.ROWS_A_STATEMENT
