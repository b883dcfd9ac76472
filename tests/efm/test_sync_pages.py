"""What the pages of a connection say: how fresh, how far behind, what failed and what to do, the history."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from connectors import registry
from connectors.errors import ConfigError, Transient
from efm import clock
from efm.config import Config
from efm.models import Checkpoint, Contact, RawRecord, StreamSetting, SyncRun
from efm.sync import advice, connections, freshness, listing
from efm.sync.runner import Runner
from tests.efm.connected import count, post, run_all, words
from tests.efm.scripted import Script, connect, scripted
from tests.factories import House

FIFTEEN = tuple(f"Object number {n:02} of a CRM" for n in range(15))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    changed = (clock.now() - timedelta(hours=3)).isoformat()
    made = Script(
        rows=[{"id": f"p{n}", "name": f"P {n}", "modified_at": changed} for n in range(25)]
    )
    known = registry.Catalog({"scripted": scripted(made)}, {})
    monkeypatch.setattr(registry, "catalog", lambda: known)
    return made


def read(house: House, config: Config, made: Any, stream: str = "people") -> None:
    """Read a stream, trying once only."""
    with house.unit() as session:
        run = connections.request_run(session, made, stream, clock.now())
    Runner(house.engine, config, house.id, run.id).run()


def test_a_stream_says_when_it_was_read_and_how_old_its_newest_record_was(
    house: House, config: Config, script: Script
) -> None:
    client = house.login()
    made = connect(house, script, config, clock.now())
    before = words(client.get(f"/connections/{made}"))
    assert "nothing was read yet" in before
    assert "not counted" in before
    read(house, config, made)
    for path in (f"/connections/{made}", f"/connections/{made}/stream?stream=people"):
        page = words(client.get(path))
        assert "newest record 3 hours old then" in page, path
        assert "25" in page
    with house.unit() as session:
        session.execute(update(SyncRun).values(finished_at=clock.now() - timedelta(hours=4)))
    page = words(client.get(f"/connections/{made}"))
    assert "Late" in page
    assert page.count("Late") == 2, "the whole connection is late, too"
    with house.unit() as session:
        session.execute(update(RawRecord).values(modified_at=None))
        freshness.count(session, made, "people", clock.now())
    assert "the source gives no time of change" in words(client.get(f"/connections/{made}"))


def test_what_is_deleted_there_is_not_counted(house: House, config: Config, script: Script) -> None:
    made = connect(house, script, config, clock.now())
    read(house, config, made)
    with house.unit() as session:
        some = select(RawRecord.external_id).limit(5)
        session.execute(
            update(RawRecord).where(RawRecord.external_id.in_(some)).values(deleted_at=clock.now())
        )
        freshness.count(session, made, "people", clock.now())
        assert session.scalar(select(Checkpoint.records)) == 20


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (0, "under a minute"), (60, "1 minute"), (119 * 60, "119 minutes"), (7200, "2 hours"),
        (47 * 3600, "47 hours"), (48 * 3600, "2 days"), (400 * 86400, "400 days"),
    ],
)  # fmt: skip
def test_ages_are_said_as_people_say_them(age: int, said: str) -> None:
    assert freshness.said_age(timedelta(seconds=age)) == said


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (ConfigError("The token is refused; enter another."), "admin", "Somebody has to act"),
        (Transient("The source does not answer."), "passing", "often passes by itself"),
        (ValueError("a secret"), "fault", "tell whoever runs this service"),
    ],
)
def test_a_failure_is_said_with_what_to_do(
    house: House, config: Config, script: Script, fault: Exception, kind: str, said: str
) -> None:
    client = house.login()
    made = connect(house, script, config, clock.now())
    script.fault = fault
    read(house, config, made)
    with house.unit() as session:
        assert session.scalar(select(SyncRun.error_kind)) == kind
    for path in ("", "/stream?stream=people", "/runs"):
        page = words(client.get(f"/connections/{made}{path}"))
        assert said in page, path
        assert "a secret" not in page
    assert ("Check the connection" in words(client.get(f"/connections/{made}"))) == (
        kind != "passing"
    )
    read(house, config, made)
    assert (
        said not in words(client.get(f"/connections/{made}/stream?stream=people")).split("Runs")[0]
    )


def test_a_run_without_an_error_needs_no_advice() -> None:
    assert advice.words(SyncRun(state="succeeded")) == ""
    assert advice.words(SyncRun(state="cancelled")) == ""
    assert advice.words(SyncRun(state="failed", error="Old.", error_kind=None)).startswith(
        "Somebody"
    )


def _history(house: House, made: Any, n: int) -> None:
    """Runs of every kind, a minute apart."""
    now = clock.now()
    states = ("succeeded", "succeeded", "failed", "cancelled")
    with house.unit() as session:
        session.execute(
            insert(SyncRun),
            [
                {
                    "organization_id": house.id, "id": clock.new_id(), "connection_id": made,
                    "stream": FIFTEEN[i % 15], "state": states[i % 4], "read": i,
                    "rejected": 1 if i % 10 == 0 else 0,
                    "created_at": now - timedelta(minutes=i), "started_at": now - timedelta(minutes=i),
                    "finished_at": now - timedelta(minutes=i) + timedelta(seconds=30),
                    "error": "It broke." if states[i % 4] == "failed" else None,
                    "requested_by_id": house.people["owner"] if i % 5 == 0 else None,
                }
                for i in range(n)
            ],
        )  # fmt: skip


def test_a_thousand_runs_are_paged_and_filtered(
    house: House, config: Config, script: Script
) -> None:
    client = house.login()
    script.streams = FIFTEEN
    made = connect(house, script, config, clock.now())
    _history(house, made, 1000)
    base, seen = f"/connections/{made}/runs", 0
    path: str | None = base
    while path:
        page = client.get(path)
        seen += page.text.count("<tr>") - 1
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
        path = following[1].replace("&amp;", "&") if following else None
    assert seen == 1000
    failed = client.get(f"{base}?state=failed")
    assert "Succeeded</span>" not in failed.text
    assert 'href="' + f"{base}" in failed.text
    assert "state=failed" in re.search(r'href="([^"]+)" rel="next"', failed.text)[1]  # type: ignore[index]
    with house.unit() as session:
        filters = listing.RunFilters.read(
            {"stream": FIFTEEN[0], "state": "trouble", "by": "person"}
        )
        found = listing.runs(session, made, most=1000, filters=filters).runs
    expected = [i for i in range(0, 1000, 15) if i % 5 == 0 and (i % 4 == 2 or i % 10 == 0)]
    assert sorted(run.read for run in found) == expected
    chips = client.get(f"{base}?stream=Object+number+00+of+a+CRM&by=person")
    assert "Remove this filter" in chips.text
    assert "No such runs" in words(client.get(f"{base}?state=open"))
    for hostile in (
        "?state=x&by=y&after=%00",
        "?stream=%00",
        "?after=2026_x",
        "?stream=" + "x" * 999,
    ):
        assert client.get(base + hostile).status_code == 200


def test_the_pages_of_fifteen_streams_and_many_runs_ask_little(
    house: House, config: Config, script: Script
) -> None:
    script.streams = FIFTEEN
    made = connect(house, script, config, clock.now())
    _history(house, made, 3000)
    with house.unit() as session:
        lines = listing.stream_lines(session, made)
    assert len(lines) == 15
    newest = {FIFTEEN[i % 15]: i for i in reversed(range(3000))}
    assert {each.name: each.last_run.read for each in lines if each.last_run} == newest
    assert all(each.fresh.read_at is not None for each in lines)


def test_reading_anew_is_explained_and_then_done(
    house: House, config: Config, script: Script
) -> None:
    client = house.login()
    made = connect(house, script, config, clock.now())
    read(house, config, made)
    base = f"/connections/{made}"
    asked = client.get(f"{base}/anew?stream=people")
    assert "Read people from the beginning?" in words(asked)
    assert "25 are here now" in words(asked)
    assert "Nothing is doubled" in words(asked)
    assert client.get(f"{base}/anew?stream=nothing").status_code == 404
    done = post(client, f"{base}/runs", stream="people", anew="1", **{"from": "people"})
    assert done.location == f"{base}/stream?stream=people"
    run_all(house, config)
    with house.unit() as session:
        assert session.scalar(select(func.max(Checkpoint.generation))) == 2
        newest = session.scalars(select(SyncRun).order_by(SyncRun.created_at.desc())).first()
    assert newest is not None
    assert (newest.read, newest.created, newest.unchanged) == (25, 0, 25)
    assert count(house, Contact) == 25
    post(client, f"{base}/stream/pause", stream="people")
    assert client.get(f"{base}/anew?stream=people").status_code == 409


def test_who_may_only_look_sees_no_buttons(house: House, config: Config, script: Script) -> None:
    made = connect(house, script, config, clock.now())
    read(house, config, made)
    for role in ("analyst", "cx_manager"):
        client = house.login(role) if role in house.people else None
        if client is None:
            continue
        page = client.get(f"/connections/{made}/stream?stream=people")
        if page.status_code == 200:
            assert "Save schedule" not in page.text
            assert "Read now" not in page.text


def test_the_settings_of_two_at_once_agree(house: House, config: Config, script: Script) -> None:
    """The connection's schedule and a stream's, set by two people: what follows is the same."""
    script.streams = ("a", "b")
    made = connect(house, script, config, clock.now())
    one, two = house.login(), house.login("crm_admin")
    post(one, f"/connections/{made}/stream/schedule", stream="a", kind="never")
    post(two, f"/connections/{made}/schedule", kind="every", every="3", unit="hours")
    post(one, f"/connections/{made}/stream/schedule", stream="a", kind="connection")
    with house.unit() as session:
        found = session.scalars(select(StreamSetting.every_minutes)).all()
    assert found == [180, 180]
