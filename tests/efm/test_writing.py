"""Writing back: what differs is told once, what somebody changed there is respected, too much is held."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, text

from connectors.errors import ConfigError, Throttled, Transient
from connectors.records import Outcome, Target
from connectors.systems.memory.connector import Memory
from efm import clock
from efm.config import Config
from efm.errors import Conflict, Invalid, NotFound
from efm.models import Interaction, WriteItem
from efm.sync import connections
from efm.writing import rules, values
from tests.efm.cased import open_all
from tests.efm.written import World
from tests.factories import House


@pytest.fixture
def world(house: House, config: Config) -> World:
    return World.make(house, config)


def test_a_score_is_written_to_the_record_once(world: World) -> None:
    world.answer("k1", 9, "Lovely people, I love it.")
    rule = world.rule(notes="nps", language="nps_band")
    world.run(rule)
    assert world.there("k1")["notes"] == "9"
    assert world.there("k1")["language"] == "promoter"
    assert "notes" not in world.there("k0"), "who said nothing is left alone"
    item = world.items(rule)["k1"]
    assert (item.state, item.attempts) == ("written", 1)
    world.run(rule)
    assert world.items(rule)["k1"].attempts == 1, "nothing differs, so nothing is sent"


def test_only_the_newest_score_counts(world: World) -> None:
    world.answer("k1", 9)
    rule = world.rule(notes="nps")
    world.run(rule)
    world.answer("k1", 2)
    world.run(rule)
    assert world.there("k1")["notes"] == "2"
    assert world.items(rule)["k1"].accepted == {"notes": "2"}


def test_what_is_there_already_is_not_sent(world: World) -> None:
    world.crm.put("contacts", "k1", notes="9")
    world.sync("contacts")
    world.answer("k1", 9)
    rule = world.rule(notes="nps")
    world.run(rule)
    item = world.items(rule)["k1"]
    assert (item.state, item.attempts) == ("written", 0)


def test_a_new_response_makes_only_its_customer_due(world: World) -> None:
    for who in ("k0", "k1"):
        world.answer(who, 9)
    rule = world.rule(notes="nps")
    world.run(rule)
    world.drain()
    world.run(rule, scope="due")
    world.answer("k1", 3)
    world.drain()
    states = {key: each.state for key, each in world.items(rule).items()}
    assert states == {"k0": "written", "k1": "due"}
    with world.house.unit() as session:
        jobs = session.execute(
            text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'write_back.run'"
                 " AND status = 'todo' AND args ->> 'rule_id' = :rule AND args ->> 'scope' = 'due'"),
            {"rule": str(rule)},
        ).scalar_one()  # fmt: skip
    assert jobs == 1
    world.run(rule, scope="due", approved=False)
    assert world.there("k1")["notes"] == "3"


def test_who_is_not_known_there_yet_is_told_after_a_sync(world: World) -> None:
    rule = world.rule(notes="nps")
    with world.house.unit() as session:
        session.execute(text("UPDATE raw_records SET deleted_at = now() WHERE external_id = 'k1'"))
    world.answer("k1", 4)
    world.drain()
    world.run(rule, scope="due")
    assert world.items(rule) == {}
    world.crm.put("contacts", "k1", name="Back")
    world.sync("contacts")
    world.run(rule, scope="new", approved=False)
    assert world.there("k1")["notes"] == "4"


@pytest.mark.parametrize(("policy", "says"), [("ours", "9"), ("theirs", "by hand")])
def test_what_somebody_changed_there(world: World, policy: str, says: str) -> None:
    world.answer("k1", 9)
    rule = world.rule(notes="nps")
    world.edit(rule, on_conflict=policy)
    world.run(rule)
    world.crm.put("contacts", "k1", notes="by hand")
    world.sync("contacts")
    world.run(rule)
    assert world.there("k1")["notes"] == says
    state = "written" if policy == "ours" else "conflict"
    assert world.items(rule)["k1"].state == state
    world.run(rule)
    assert world.there("k1")["notes"] == says


def test_our_own_write_read_back_is_no_conflict(world: World) -> None:
    world.answer("k1", 9)
    rule = world.rule(notes="nps")
    world.edit(rule, on_conflict="theirs")
    world.run(rule)
    world.sync("contacts")
    world.answer("k1", 5)
    world.run(rule)
    assert world.there("k1")["notes"] == "5"


def test_a_note_of_each_response_is_written_once_and_not_read_as_history(world: World) -> None:
    rule = world.rule("note", "response", subject="title", outcome="comment", kind="text:survey")
    response = world.answer("k1", 2, "Nobody answers the phone.")
    world.run(rule)
    world.run(rule)
    notes = list(world.crm.documents("interactions").values())
    assert [each["contact_external_id"] for each in notes] == ["k1"]
    assert notes[0]["subject"].startswith("NPS 2 (detractor), ")
    assert notes[0]["outcome"] == "Nobody answers the phone."
    world.crm.put("interactions", "theirs", contact_external_id="k1", kind="call",
                  occurred_at="2026-01-05T10:00:00+00:00")  # fmt: skip
    made = world.items(rule)["k1"]
    assert made.key == str(response)
    world.crm.put("interactions", str(made.made_id), occurred_at="2026-01-06T10:00:00+00:00")
    world.sync("interactions")
    with world.house.unit() as session:
        kinds = session.scalars(select(Interaction.kind)).all()
    assert kinds == ["call"], "what we wrote there is nothing the customer did"


def test_responses_before_the_rule_are_not_told(world: World) -> None:
    world.answer("k1", 2)
    rule = world.rule("note", "response", subject="title")
    world.run(rule)
    assert world.crm.documents("interactions") == {}
    world.answer("k1", 3)
    world.run(rule)
    assert len(world.crm.documents("interactions")) == 1


def test_a_rule_may_tell_only_of_some(world: World) -> None:
    rule = world.rule("note", "response", subject="title")
    world.edit(rule, filters={"bands": ["detractor"]})
    world.answer("k1", 2)
    world.answer("k2", 10)
    world.run(rule)
    told = [each["contact_external_id"] for each in world.crm.documents("interactions").values()]
    assert told == ["k1"]


def test_a_case_is_told_and_changed_with_it(world: World) -> None:
    rule = world.rule("note", "case", subject="title", outcome="state")
    world.answer("k1", 0, "Terrible.")
    (case,) = open_all(world.house)
    world.run(rule)
    (note,) = world.crm.documents("interactions").values()
    assert note["subject"] == f"Case {case.number}, opened by a detractor"
    assert note["outcome"] == "open"
    with world.house.unit() as session:
        session.execute(
            text("UPDATE cases SET state = 'closed', closed_at = now(), resolution = 'solved'")
        )
    world.run(rule)
    (note,) = world.crm.documents("interactions").values()
    assert note["outcome"] == "closed", "the same note, changed"


def test_more_than_a_tenth_is_held_until_somebody_agrees(house: House, config: Config) -> None:
    world = World.make(house, config, people=25)
    for n in range(25):
        world.answer(f"k{n}", 9)
    rule = world.rule(notes="nps")
    world.run(rule, approved=False)
    held = world.state(rule)
    assert (held.state, held.held_changes) == ("held", 25)
    assert "notes" not in world.there("k3")
    with house.unit() as session:
        rules.turn_on(session, rules.get(session, rule))
    world.run(rule)
    assert world.there("k3")["notes"] == "9"
    assert world.state(rule).state == "on"


def test_one_may_be_tried_before_all(world: World) -> None:
    for n in range(3):
        world.answer(f"k{n}", 9)
    rule = world.rule(notes="nps")
    world.run(rule, most=1)
    states = sorted(each.state for each in world.items(rule).values())
    assert states == ["waiting", "waiting", "written"]


class _Broken:
    """Takes the place of how the memory system writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> None:
        self.answers = list(answers)
        self.batches: list[int] = []
        monkeypatch.setattr(Memory, "write", self._write_of())

    def _write_of(self) -> Any:
        def write(_self: Memory, _target: Target, items: Any) -> Iterator[Outcome]:
            self.batches.append(len(items))
            for item in items:
                answer = self.answers.pop(0) if self.answers else True
                if isinstance(answer, Exception):
                    raise answer
                if isinstance(answer, Outcome):
                    yield Outcome(item.key, answer.ok, None, False, answer.message, answer.retry)
                else:
                    yield Outcome(item.key, True, item.remote_id)

        return write


def _three(world: World) -> uuid.UUID:
    for n in range(3):
        world.answer(f"k{n}", 9)
    return world.rule(notes="nps")


def test_one_refusal_stops_nobody_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = _three(world)
    _Broken(monkeypatch, True, Outcome("", False, message="Locked by Bob."), True)
    world.run(rule)
    items = world.items(rule).values()
    assert sorted(each.state for each in items) == ["refused", "written", "written"]
    assert [each.message for each in items if each.state == "refused"] == ["Locked by Bob."]
    monkeypatch.undo()
    with world.house.unit() as session:
        assert rules.try_again(session, rules.get(session, rule), world.state(rule).starts_at) == 1
    world.run(rule)
    assert {each.state for each in world.items(rule).values()} == {"written"}


def test_what_may_go_well_later_is_tried_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = _three(world)
    _Broken(monkeypatch, Outcome("", False, message="Row is locked.", retry=True))
    assert world.run(rule) is not None
    assert sorted(e.state for e in world.items(rule).values()) == ["waiting", "written", "written"]


@pytest.mark.parametrize("error", [Throttled(30), Transient("The line is down.")])
def test_a_passing_fault_keeps_what_was_done(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    rule = _three(world)
    broken = _Broken(monkeypatch, True, error)
    assert world.run(rule) is not None
    assert sorted(e.state for e in world.items(rule).values()) == ["waiting", "waiting", "written"]
    assert world.run(rule) is None
    assert broken.batches == [3, 2], "what was written is not written again"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConfigError("They refuse the token; enter another."), "refuse the token"),
        (RuntimeError("secret-token-1"), "failed in a way it should not"),
    ],
)
def test_what_an_admin_must_mend_pauses_the_rule(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    rule = _three(world)
    _Broken(monkeypatch, error)
    assert world.run(rule) is None
    paused = world.state(rule)
    assert paused.state == "paused"
    assert says in (paused.message or "")
    assert "secret-token-1" not in (paused.message or "")


def test_a_rule_that_is_off_or_whose_connection_is_paused_writes_nothing(world: World) -> None:
    rule = _three(world)
    with world.house.unit() as session:
        connections.get(session, world.connection_id).state = "paused"
    world.run(rule)
    assert world.items(rule) == {}
    with world.house.unit() as session:
        connections.get(session, world.connection_id).state = "active"
        rules.pause(session, rules.get(session, rule))
    world.run(rule)
    assert world.items(rule) == {}


def test_fields_are_checked_when_they_are_mapped(world: World) -> None:
    declared = Target(
        "case", "Cases", "upsert", "contacts", {"subject": "text", "due": "date", "n": "integer"},
        required=frozenset({"subject"}),
    )  # fmt: skip
    with world.house.unit() as session:
        connection = connections.get(session, world.connection_id)
        rule = rules.create(session, connection, declared, "response", clock.now())
        with pytest.raises(Invalid) as caught:
            rules.change(session, rule, declared, {"due": "text:soon", "n": "no such value"})
        assert set(caught.value.problems) == {"subject", "due", "n"}
        rules.change(session, rule, declared, {"subject": "title", "due": "responded_at"})
        assert rule.fields == {"subject": {"value": "title"}, "due": {"value": "responded_at"}}
        with pytest.raises(Conflict):
            rules.create(session, connection, declared, "response", clock.now())
        with pytest.raises(Invalid):
            rules.create(session, connection, declared, "customer", clock.now())


def test_a_strangers_rule_is_not_found(world: World, stranger: House) -> None:
    rule = world.rule()
    with stranger.unit() as session:
        with pytest.raises(NotFound):
            rules.get(session, rule)
        assert session.scalar(select(func.count()).select_from(WriteItem)) == 0


@pytest.mark.parametrize(
    ("value", "kind", "fitted"),
    [
        (9.0, "text", "9"), (9.0, "integer", 9), ("7", "integer", 7), (0.4939, "decimal", "0.4939"),
        (None, "text", None), ("", "integer", None), ("yes", "boolean", True),
        ("2026-03-01T23:30:00-05:00", "date", "2026-03-02"),
        ("2026-03-01", "datetime", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01", "date", "2026-03-01"),
    ],
)  # fmt: skip
def test_values_fit_the_type_of_the_field(value: Any, kind: str, fitted: Any) -> None:
    assert values.fit(value, kind) == fitted


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("many", "integer"),
        (2.5, "integer"),
        ("NaN", "decimal"),
        ("soon", "date"),
        ("si", "boolean"),
    ],
)
def test_values_that_do_not_fit_say_so(value: Any, kind: str) -> None:
    with pytest.raises(ValueError, match=r"is (not|neither)"):
        values.fit(value, kind)
