"""Reading tables: by lists of changes, in windows, whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import pytest

from connectors.conformance import Runner
from connectors.cursor import guarded
from connectors.errors import (
    ConfigError,
    CursorExpired,
)
from connectors.records import Page
from tests.connectors.dataverse.environment import id_of
from tests.connectors.dataverse.reply import lacking, refusal
from tests.connectors.dataverse.simulator import Simulator
from tests.connectors.dataverse.sources import connect


def read(simulator: Simulator, table: str, state: Mapping[str, Any], **more: Any) -> list[Page]:
    connector = connect(simulator, **more)
    return list(guarded(connector.read(connector.stream(table), state)))


def fill(simulator: Simulator, count: int, table: str = "contact") -> list[str]:
    keys = [id_of(f"c{n:02d}") for n in range(count)]
    for number, key in enumerate(keys):
        simulator.env.put(table, key, lastname=f"n{number}")
    return sorted(keys)


def keys_of(pages: list[Page], key: str = "contactid") -> list[str]:
    return [record[key] for page in pages for record in page.records]


def asked(simulator: Simulator, word: str) -> list[str]:
    return [unquote(url) for _, url in simulator.calls if word in unquote(url)]


# --- lists of changes --------------------------------------------------------------------------


def test_a_short_table_is_one_call_and_a_link(simulator: Simulator) -> None:
    keys = fill(simulator, 3)
    pages = read(simulator, "contact", {})
    assert keys_of(pages) == keys
    assert [page.total for page in pages] == [3]
    assert "$deltatoken=" in pages[-1].state["delta"]
    assert set(pages[-1].state) == {"delta", "columns"}
    assert read(simulator, "contact", pages[-1].state)[0].records == []


def test_an_empty_table_has_a_link_too(simulator: Simulator) -> None:
    (page,) = read(simulator, "lead", {})
    assert not page.records
    simulator.env.put("lead", fullname="Zoë")
    (page,) = read(simulator, "lead", page.state)
    assert page.records[0]["fullname"] == "Zoë"


def test_changes_and_deletions_follow_the_link(simulator: Simulator) -> None:
    keys = fill(simulator, 5)
    state = read(simulator, "contact", {})[-1].state
    simulator.env.put("contact", keys[0], efm_nps=9)
    simulator.env.delete("contact", keys[1])
    (page,) = read(simulator, "contact", state)
    assert keys_of([page]) == [keys[0]]
    assert page.records[0]["efm_nps"] == 9
    assert page.deleted == [keys[1]]


def test_what_was_restored_is_not_deleted(simulator: Simulator) -> None:
    keys = fill(simulator, 5)
    state = read(simulator, "contact", {})[-1].state
    row = dict(simulator.env.rows["contact"][keys[2]])
    simulator.env.delete("contact", keys[2])
    simulator.env.delete("contact", keys[3])
    simulator.env.put("contact", keys[2], lastname=row["lastname"])
    pages = read(simulator, "contact", state)
    assert keys_of(pages) == [keys[2]]
    assert [each for page in pages for each in page.deleted] == [keys[3]]


def test_many_deletions_go_over_several_pages(simulator: Simulator) -> None:
    keys = fill(simulator, 10)
    state = read(simulator, "contact", {})[-1].state
    for key in keys[:7]:
        simulator.env.delete("contact", key)
    simulator.env.put("contact", keys[9], efm_nps=1)
    pages = read(simulator, "contact", state)
    assert [len(page.records) + len(page.deleted) for page in pages] == [3, 3, 2]
    assert sorted(each for page in pages for each in page.deleted) == keys[:7]
    assert set(pages[0].state) >= {"delta", "link", "way"}
    runner = Runner(connect(simulator).stream("contact"))
    runner.state = dict(pages[0].state)
    runner.settle(lambda: connect(simulator))
    assert runner.count + len(pages[0].records) == 1


@pytest.mark.parametrize("is_late", [False, True])
def test_a_change_during_a_long_first_pass_is_not_lost(simulator: Simulator, is_late: bool) -> None:
    simulator.is_late = is_late
    keys = fill(simulator, 11)
    connector = connect(simulator)
    runner = Runner(connector.stream("contact"))
    runner.run(connector, most_pages=2)
    simulator.env.put("contact", keys[0], lastname="changed behind us")
    runner.settle(lambda: connect(simulator))
    assert runner.texts("lastname")[keys[0]] == "changed behind us"
    assert "delta" in runner.state
    before = runner.count
    runner.settle(lambda: connect(simulator))
    assert runner.count - before <= (0 if is_late else 1)


def test_catching_up_goes_over_pages_and_resumes(simulator: Simulator) -> None:
    keys = fill(simulator, 8)
    connector = connect(simulator)
    runner = Runner(connector.stream("contact"))
    runner.run(connector, most_pages=1)
    for key in keys[:3] + keys[4:6]:
        simulator.env.put("contact", key, efm_nps=5)
    ways = []
    while "way" in runner.state and len(ways) < 20:
        ways.append(runner.state["way"])
        runner.run(connect(simulator), most_pages=1)
    assert ways == ["changes", "changes", "catch", "catch"]
    assert [row["efm_nps"] for _, row in sorted(runner.rows.items())][:3] == [5, 5, 5]


def test_links_are_followed_as_they_are(simulator: Simulator) -> None:
    fill(simulator, 7)
    pages = read(simulator, "contact", {})
    links = [page.state["link"] for page in pages if page.state.get("way") == "changes"]
    assert len(links) == 2
    taken = [simulator.url + url for _, url in simulator.calls]
    assert all(link in taken for link in links)
    assert "%25253C" in links[0]  # the cookie is escaped twice, and stays so


def test_what_is_asked_for(simulator: Simulator) -> None:
    fill(simulator, 1)
    read(simulator, "contact", {})
    (url,) = asked(simulator, "v9.2/contacts?")
    select = url.partition("$select=")[2].split(",")
    assert "_parentcustomerid_value" in select
    assert "efm_topics" in select
    assert not {"versionnumber", "owneridname", "entityimage", "parentcustomerid"} & set(select)
    assert "$filter" not in url


def test_an_old_link_starts_anew(simulator: Simulator) -> None:
    fill(simulator, 2)
    state = read(simulator, "contact", {})[-1].state
    simulator.env.lost_before = 10**6
    with pytest.raises(CursorExpired):
        read(simulator, "contact", state)


@pytest.mark.parametrize("status", [400, 404, 410, 412])
def test_a_refused_link_starts_anew(simulator: Simulator, status: int) -> None:
    state = read(simulator, "contact", {})[-1].state
    connector = connect(simulator)
    stream = connector.stream("contact")
    simulator.faults.append(refusal(status, "0x80060888", "Bad Request - Error in query syntax."))
    with pytest.raises(CursorExpired):
        list(connector.read(stream, state))


@pytest.mark.parametrize("is_tracked", [True, False])
def test_a_link_that_was_just_given_is_not_too_old(simulator: Simulator, is_tracked: bool) -> None:
    simulator.env.tables["contact"].is_tracked = is_tracked
    fill(simulator, 7)
    connector = connect(simulator)
    reading = connector.read(connector.stream("contact"), {})
    next(reading)
    simulator.refused["contacts"] = refusal(400, "0x80060888", "Malformed XML in the Paging Cookie")
    with pytest.raises(ConfigError, match="Paging Cookie"):
        next(reading)


def test_a_lost_privilege_keeps_the_place(simulator: Simulator) -> None:
    state = read(simulator, "contact", {})[-1].state
    simulator.refused["contacts"] = lacking("prvReadContact")
    with pytest.raises(ConfigError, match="prvReadContact"):
        read(simulator, "contact", state)


def test_new_columns_have_everything_read_again(simulator: Simulator) -> None:
    fill(simulator, 2)
    state = read(simulator, "contact", {})[-1].state
    simulator.env.tables["contact"].columns["efm_new"] = "String"
    for row in simulator.env.rows["contact"].values():
        row["efm_new"] = "filled in by a migration"
    runner = Runner(connect(simulator).stream("contact"))
    runner.state = dict(state)
    runner.settle(lambda: connect(simulator))
    assert runner.generations == 2
    assert {row["efm_new"] for row in runner.rows.values()} == {"filled in by a migration"}


def test_a_column_that_is_not_there_after_all_is_left_out(simulator: Simulator) -> None:
    keys = fill(simulator, 4)
    connector = connect(simulator)
    stream = connector.stream("contact")
    del simulator.env.tables["contact"].columns["efm_day"]
    pages = list(connector.read(stream, {}))
    assert keys_of(pages) == keys
    assert "efm_day" not in pages[0].records[0]


def test_of_very_many_columns_all_are_asked_for(simulator: Simulator) -> None:
    columns = simulator.env.tables["contact"].columns
    columns |= {f"efm_a_rather_long_name_of_a_column_{n:03d}": "String" for n in range(600)}
    keys = fill(simulator, 4)
    assert keys_of(read(simulator, "contact", {})) == keys
    assert all("$select" not in url for url in asked(simulator, "v9.2/contacts?"))
    assert len(keys_of(read(simulator, "contact", {}))) == 4


# --- without tracking ----------------------------------------------------------------------------


def test_a_role_that_does_not_reach_all_reads_in_windows(simulator: Simulator) -> None:
    keys = fill(simulator, 5)
    simulator.refused_tracking = lacking("prvReadContact")
    pages = read(simulator, "contact", {})
    assert keys_of(pages) == keys
    assert pages[-1].state["way"] == "windows"
    simulator.env.put("contact", keys[0], efm_nps=3)
    again = read(simulator, "contact", pages[-1].state)
    assert keys[0] in keys_of(again)
    assert asked(simulator, "modifiedon ge 2026-01-01T")


def test_no_link_after_all_goes_on_in_windows(simulator: Simulator) -> None:
    keys = fill(simulator, 5)
    simulator.is_untrackable = True
    pages = read(simulator, "contact", {})
    assert keys_of(pages) == keys
    simulator.env.put("contact", keys[4], efm_nps=3)
    assert keys[4] in keys_of(read(simulator, "contact", pages[-1].state))


def test_a_table_that_is_tracked_by_now_starts_anew(simulator: Simulator) -> None:
    simulator.env.tables["contact"].is_tracked = False
    fill(simulator, 2)
    state = read(simulator, "contact", {})[-1].state
    simulator.env.tables["contact"].is_tracked = True
    with pytest.raises(CursorExpired, match="tracked now"):
        read(simulator, "contact", state)


def test_windows_reach_back_and_pages_go_by_id(simulator: Simulator) -> None:
    simulator.env.tables["contact"].is_tracked = False
    keys = fill(simulator, 7)
    pages = read(simulator, "contact", {}, lag_seconds=300)
    assert keys_of(pages) == keys
    assert [page.total for page in pages] == [7, 7, 7]
    again = read(simulator, "contact", pages[-1].state, lag_seconds=300)
    assert keys_of(again) == keys  # all within the last five minutes
    assert all("$orderby=contactid" in url for url in asked(simulator, "v9.2/contacts?"))


def test_a_refused_link_of_a_window_goes_back_to_its_beginning(simulator: Simulator) -> None:
    simulator.env.tables["contact"].is_tracked = False
    keys = fill(simulator, 7)
    connector = connect(simulator)
    stream = connector.stream("contact")
    first = next(iter(connector.read(stream, {})))
    simulator.faults.append(refusal(400, "0x80060888", "Malformed XML in the Paging Cookie"))
    assert keys_of(list(connector.read(stream, first.state))) == keys


def test_a_table_without_a_time_of_change_is_read_whole(simulator: Simulator) -> None:
    for number in range(4):
        simulator.env.put("acme_setting", id_of(f"s{number}"), acme_name=f"s{number}")
    connector = connect(simulator, tables=["acme_setting"])
    stream = connector.stream("acme_setting")
    assert (stream.cursor, stream.deletes) == (None, "sweep")
    runner = Runner(stream)
    runner.settle(lambda: connect(simulator, tables=["acme_setting"]))
    simulator.env.delete("acme_setting", id_of("s1"))
    runner.settle(lambda: connect(simulator, tables=["acme_setting"]))
    assert sorted(runner.texts("acme_name").values()) == ["s0", "s2", "s3"]
