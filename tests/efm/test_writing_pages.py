"""Writing back by hand: a rule added, mapped, tried, turned on, approved; problems told beside fields."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import select, text

from efm.config import Config
from efm.models import AuditEntry, WriteBack
from tests.efm.connected import post, words
from tests.efm.written import World
from tests.factories import House


@pytest.fixture
def world(house: House, config: Config) -> World:
    return World.make(house, config)


def _added(world: World, what: str) -> str:
    """The address of a rule added by hand."""
    client = world.house.login("crm_admin")
    base = f"/connections/{world.connection_id}/writing"
    answer = post(client, base, what=what)
    assert answer.status_code == 302
    return answer.location


def test_a_rule_is_added_mapped_tried_and_turned_on(world: World) -> None:
    for who in ("k0", "k1"):
        world.answer(who, 9, "Lovely.")
    client = world.house.login("crm_admin")
    page = words(client.get(f"/connections/{world.connection_id}/writing"))
    assert "Each customer's latest score → Fields of contacts" in page
    assert "Each response → Notes on contacts" in page
    url = _added(world, "customer contact")
    assert "Turn on" not in words(client.get(url)), "nothing is mapped yet"
    assert (
        post(
            client, url, **{"v.notes": "nps", "v.language": "text", "t.language": "en"}
        ).status_code
        == 302
    )
    shown = words(client.get(url))
    assert "2 records" in shown
    assert "k0 notes empty or not read 9" in shown
    post(client, f"{url}/try")
    rule = uuid.UUID(url.rsplit("/", 1)[1])
    world.run(rule, most=1)
    assert "Written (1)" in words(client.get(url))
    post(client, f"{url}/on")
    world.run(rule)
    assert world.there("k0")["notes"] == world.there("k1")["notes"] == "9"
    assert world.there("k1")["language"] == "en"
    assert "Everything is there as it should be" in words(client.get(url))
    with world.house.unit() as session:
        noted = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [each for each in noted if each.startswith("writing.")] == [
        "writing.added", "writing.changed", "writing.try", "writing.on",
    ]  # fmt: skip


def test_problems_stand_beside_the_field_and_what_was_typed_stays(world: World) -> None:
    url = _added(world, "customer contact")
    client = world.house.login("crm_admin")
    answer = post(client, url, **{"v.notes": "text", "t.notes": "  ", "v.language": "nps_band"})
    assert answer.status_code == 422
    assert "Choose what to write, or type the text." in words(answer)
    assert re.search(r'name="v.language".*?value="nps_band" selected', answer.text, re.S)
    empty = post(client, url)
    assert "Map at least one field." in words(empty)


def test_too_many_changes_are_shown_and_approved(house: House, config: Config) -> None:
    world = World.make(house, config, people=22)
    for n in range(22):
        world.answer(f"k{n}", 9)
    rule = world.rule(notes="nps")
    world.run(rule, approved=False)
    client, url = house.login("owner"), f"/connections/{world.connection_id}/writing/{rule}"
    page = words(client.get(url))
    assert "22 records would change at once, more than a tenth." in page
    assert "Approve and write 22" in page
    assert "22 records. " in page
    assert re.search(r"k\d+ notes empty or not read 9", page)
    post(client, f"{url}/on")
    with house.unit() as session:
        approved = session.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'write_back.run'"
                 " AND status = 'todo' ORDER BY id DESC LIMIT 1")
        ).scalar_one()  # fmt: skip
    assert (approved["approved"], approved["scope"]) == (True, "all")


def test_what_somebody_wrote_is_shown_as_text(world: World) -> None:
    world.answer("k1", 2, "<script>alert(1)</script>")
    url = _added(world, "customer contact")
    client = world.house.login("crm_admin")
    post(client, url, **{"v.notes": "comment"})
    assert "<script>alert" not in client.get(url).text
    assert "alert(1)" in client.get(url).text


def test_a_rule_is_paused_and_removed(world: World) -> None:
    rule = world.rule()
    client = world.house.login("crm_admin")
    url = f"/connections/{world.connection_id}/writing/{rule}"
    post(client, f"{url}/pause")
    assert "Paused" in words(client.get(url))
    assert post(client, f"{url}/dance").status_code == 404
    post(client, f"{url}/remove")
    with world.house.unit() as session:
        assert session.scalars(select(WriteBack)).all() == []
    assert client.get(url).status_code == 404


def test_who_may_only_look_changes_nothing(world: World) -> None:
    rule = world.rule()
    url = f"/connections/{world.connection_id}/writing/{rule}"
    for role in ("agent", "analyst"):
        client = world.house.login(role)
        assert post(client, f"{url}/pause").status_code == 403
    assert world.state(rule).state == "on"


def test_another_connections_rule_is_not_found_under_this_one(
    world: World, house: House, config: Config
) -> None:
    rule = world.rule()
    with house.unit() as session:
        session.execute(text("UPDATE connections SET name = 'Old'"))
    other = World.make(house, config)
    client = house.login("crm_admin")
    assert client.get(f"/connections/{other.connection_id}/writing/{rule}").status_code == 404


def test_a_target_that_is_gone_is_told(world: World) -> None:
    rule = world.rule()
    world.edit(rule, target="no such target")
    client = world.house.login("crm_admin")
    page = words(client.get(f"/connections/{world.connection_id}/writing/{rule}"))
    assert "“no such target” may not be written any more." in page
    world.run(rule)
    assert world.state(rule).state == "paused"
