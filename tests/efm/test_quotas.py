"""The calls of a day: reading by itself stops at its share, says so, and goes on; a person may go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from connectors import registry
from connectors.errors import QuotaReached, Throttled
from connectors.quota import Quota
from efm import clock, log
from efm.__main__ import main
from efm.config import Config
from efm.events.registry import JobContext
from efm.jobs import chores
from efm.mail import make_mailer
from efm.models import Connection, Contact, StreamSetting, SyncRun
from efm.sync import connections
from efm.sync.runner import Runner
from efm.vault import Vault
from tests.efm.connected import count, post, run_all, words
from tests.efm.scripted import Script, connect, scripted, setting
from tests.factories import House

ROWS = [{"id": f"p{n:03}", "name": f"Person {n}", "modified_at": None} for n in range(60)]


@pytest.fixture
def context(config: Config, engine: Engine) -> JobContext:
    return JobContext(engine, config, Vault(config.secret_key), make_mailer(config.mail_url))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """A source of 60 people in six pages, each of which takes 100 of 1,000 calls."""
    made = Script(rows=list(ROWS), quota=Quota(600, 1000, 80, clock.now() + timedelta(hours=5)))
    made.costs = 100
    known = registry.Catalog({"scripted": scripted(made)}, {})
    monkeypatch.setattr(registry, "catalog", lambda: known)
    return made


def runs(house: House) -> list[SyncRun]:
    with house.unit() as session:
        return list(session.scalars(select(SyncRun).order_by(SyncRun.created_at)))


def one(house: House) -> Connection:
    with house.unit() as session:
        return connections.everything(session)[0]


def by_clock(house: House, config: Config, context: JobContext) -> None:
    """What happens when the stream's time has come."""
    with house.unit() as session:
        session.execute(update(StreamSetting).values(next_run_at=clock.now()))
    chores.start_due_syncs(context)
    run_all(house, config)


@pytest.mark.parametrize("asks", [False, True])
def test_reading_by_itself_stops_at_the_share_and_goes_on_when_there_are_new_calls(
    house: House, config: Config, context: JobContext, script: Script, asks: bool
) -> None:
    script.asks = asks
    renews_at = script.quota.renews_at if script.quota else None
    made = connect(house, script, config, clock.now())
    by_clock(house, config, context)
    (run,) = runs(house)
    # A source that only tells is stopped a page late, so that a read at its end can end.
    assert run.read == (20 if asks else 30)
    assert (run.state, run.error_kind) == ("cancelled", "quota")
    assert "pauses at 80 percent" in (run.error or "")
    assert (one(house).quota_used, one(house).quota_most) == (800 if asks else 900, 1000)
    assert one(house).quota_renews_at == renews_at == setting(house).next_run_at
    client = house.login()
    page = words(client.get(f"/connections/{made}"))
    assert f"{800 if asks else 900} of the 1,000 calls of a day are used" in page
    assert "Reading by itself goes on" in page
    assert "Waiting for new calls" in words(client.get("/connections"))
    reads = script.reads
    by_clock(house, config, context)
    assert script.reads == reads, "the source is not asked before it gives new calls"
    assert setting(house).next_run_at == renews_at
    with house.unit() as session:
        session.execute(update(Connection).values(quota_renews_at=clock.now()))
    script.quota = Quota(0, 1000, 80, clock.now() + timedelta(days=1))
    by_clock(house, config, context)
    assert runs(house)[-1].state == "succeeded"
    assert count(house, Contact) == 60, "nothing was lost at the place where it stopped"
    assert one(house).quota_renews_at is None


def test_a_person_is_told_first_and_may_use_the_rest(
    house: House, config: Config, context: JobContext, script: Script
) -> None:
    made = connect(house, script, config, clock.now())
    by_clock(house, config, context)
    client, before = house.login("crm_admin"), len(runs(house))
    base = f"/connections/{made}"
    asked = post(client, f"{base}/runs", stream="people")
    assert asked.status_code == 409
    assert "Nothing was begun yet" in words(asked)
    assert "900 of the 1,000 calls" in words(asked)
    assert 'name="uses_rest" value="1"' in asked.text
    assert len(runs(house)) == before
    assert post(client, f"{base}/runs", stream="people", uses_rest="1").status_code == 302
    run_all(house, config)
    last = runs(house)[-1]
    assert (last.state, last.is_using_rest, last.read) == ("succeeded", True, 30)
    assert count(house, Contact) == 60
    assert one(house).quota_renews_at is not None, "reading by itself still waits"


def test_a_read_that_ends_at_the_share_ends_well(
    house: House, config: Config, context: JobContext, script: Script
) -> None:
    script.quota = Quota(200, 1000, 80)
    connect(house, script, config, clock.now())
    by_clock(house, config, context)
    (run,) = runs(house)
    assert (run.state, run.read, one(house).quota_used) == ("succeeded", 60, 800)
    held = one(house).quota_renews_at
    assert held is not None
    assert timedelta(minutes=28) < held - clock.now() <= timedelta(minutes=30)


def test_a_run_without_a_schedule_goes_on_by_itself(
    house: House, config: Config, script: Script
) -> None:
    made = connect(house, script, config, clock.now(), every_minutes=None)
    with house.unit() as session:
        connections.request_run(session, made, "people", clock.now())
    run_all(house, config)
    assert runs(house)[0].error_kind == "quota"
    assert setting(house).next_run_at == one(house).quota_renews_at


@pytest.mark.parametrize("percent", [95, 100])
def test_the_share_can_be_set(
    house: House, config: Config, context: JobContext, script: Script, percent: int
) -> None:
    script.quota = Quota(300, 1000, percent)
    connect(house, script, config, clock.now())
    by_clock(house, config, context)
    assert runs(house)[0].state == "succeeded"


def test_calls_that_are_used_up_end_the_run_and_hold_nothing_up(
    house: House, config: Config, context: JobContext, script: Script
) -> None:
    script.quota = Quota(100, 1000, 100)
    script.fault = QuotaReached(7200, "The account has used up its calls for today.")
    made = connect(house, script, config, clock.now())
    by_clock(house, config, context)
    (run,) = runs(house)
    assert (run.state, run.error) == ("cancelled", "The account has used up its calls for today.")
    page = words(house.login().get(f"/connections/{made}"))
    assert "1,000 of the 1,000 calls of a day are used (100 %)" in page
    with house.unit() as session:
        again = connections.request_run(session, made, "people", clock.now())
    assert again.id != run.id, "another run may be asked for"


@pytest.mark.parametrize(
    "told",
    [
        Quota(10**30, 10**30, 80, None), Quota(-5, -5, 80), Quota(5, 0, 80),
        Quota(990, 1000, 80, clock.now() + timedelta(days=9999)),
        Quota(990, 1000, 80, clock.now() - timedelta(days=9)),
    ],
)  # fmt: skip
def test_what_a_source_tells_is_kept_within_bounds(
    house: House, config: Config, context: JobContext, script: Script, told: Quota
) -> None:
    script.quota, script.costs = told, 0
    connect(house, script, config, clock.now())
    by_clock(house, config, context)
    kept = one(house)
    assert kept.quota_used is not None
    assert kept.quota_used >= 0
    if kept.quota_renews_at is not None:
        wait = kept.quota_renews_at - clock.now()
        assert timedelta(0) < wait <= timedelta(hours=25)
    assert runs(house)[0].state in ("succeeded", "cancelled")


def test_a_short_wait_is_no_matter_of_the_day(
    house: House, config: Config, context: JobContext, script: Script
) -> None:
    script.fault = Throttled(30)
    connect(house, script, config, clock.now())
    with house.unit() as session:
        run = connections.request_run(session, one(house).id, "people", clock.now())
    again = Runner(house.engine, config, house.id, run.id).run()
    assert again is not None
    assert runs(house)[0].state == "running"
    assert one(house).quota_renews_at is None


def test_the_check_tells_too(house: House, config: Config, script: Script) -> None:
    made = connect(house, script, config, clock.now())
    client = house.login()
    post(client, f"/connections/{made}/check")
    assert one(house).quota_used == 600
    page = words(client.get(f"/connections/{made}"))
    assert "600 of the 1,000 calls of a day are used (60 %)." in page
    assert "pauses at 80 %" in page


def test_the_command_stops_too_and_may_be_told_to_go_on(
    house: House, config: Config, script: Script, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(house, script, config, clock.now())
    monkeypatch.setenv("EFM_DATABASE_URL", config.database_url or "")
    monkeypatch.setenv("EFM_OWNER_URL", config.owner_url or "")
    monkeypatch.setenv("EFM_DATA_FOLDER", str(config.data_folder))
    arguments = ["connectors", "sync", "CRM", "--organization", house.slug]
    assert main(arguments) == 1
    assert "900 of the 1,000 calls" in capsys.readouterr().out
    assert main([*arguments, "--use-rest"]) == 0
    log.configure(config.log_format, config.log_level)
    assert count(house, Contact) == 60
