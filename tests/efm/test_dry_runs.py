"""Dry runs on pages: what reading would do, told field by field; nothing kept, nobody else's, forgotten."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from connectors import registry
from connectors.errors import Transient
from connectors.quota import Quota
from efm import clock
from efm.config import Config
from efm.events.registry import Interrupted, JobContext
from efm.mail import make_mailer
from efm.models import Contact, DryRun, RawRecord, RejectedRecord, SyncRun
from efm.sync import dry_runs, jobs
from efm.vault import Vault
from tests.efm.connected import count, post, run_all, words
from tests.efm.scripted import Script, connect, scripted
from tests.factories import House


@pytest.fixture
def context(house: House, config: Config) -> JobContext:
    mailer = make_mailer(config.mail_url)
    return JobContext(
        house.engine, config, Vault(config.secret_key), mailer, organization_id=house.id
    )


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    rows = [{"id": f"p{n}", "name": f"Person {n}", "modified_at": None} for n in range(25)]
    made = Script(rows=rows)
    known = registry.Catalog({"scripted": scripted(made)}, {})
    monkeypatch.setattr(registry, "catalog", lambda: known)
    return made


def ask(client: Any, base: str, context: JobContext, **form: str) -> str:
    """Ask for a dry run and do what a worker would; its address."""
    asked = post(client, f"{base}/dry-runs", stream="people", **form)
    assert asked.status_code == 302, words(asked)
    jobs.rehearse(context, dry_run_id=asked.location.rsplit("/", 1)[1])
    return str(asked.location)


def test_a_dry_run_tells_what_would_happen_and_keeps_nothing(
    house: House, config: Config, script: Script, context: JobContext
) -> None:
    client = house.login("crm_admin")
    base = f"/connections/{connect(house, script, config, clock.now())}"
    script.rows[3]["id"] = ""
    page = words(client.get(ask(client, base, context)))
    assert "25 records of the source were looked at. If they were read:" in page
    assert "24 would be added" in page
    assert "1 could not be used" in page
    assert "The key “id” is empty" in page
    assert [count(house, table) for table in (Contact, RawRecord, RejectedRecord, SyncRun)] == [
        0
    ] * 4
    post(client, f"{base}/runs", stream="people")
    run_all(house, config)
    script.rows[0] |= {"name": "<b>Zoë</b> 👩‍👩‍👧\0", "title": {"deep": [1, 2]}}
    script.rows[1] |= {"name": "Another"}
    page = words(client.get(ask(client, base, context)))
    assert "The source names nothing that changed" in page, "the script goes by places"
    whole = client.get(ask(client, base, context, anew="1"))
    assert "2 would be changed" in words(whole)
    assert "22 would stay as they are" in words(whole)
    assert "<del>Person 0</del>" in whole.text
    assert "&lt;b&gt;Zoë&lt;/b&gt;" in whole.text
    assert "<b>Zoë</b>" not in whole.text
    assert "{&#34;deep&#34;:[1,2]}" in whole.text
    with house.unit() as session:
        names = set(session.scalars(select(Contact.name)))
    assert "Person 0" in names
    assert count(house, SyncRun) == 1


def test_it_is_watched_and_stopped(
    house: House, config: Config, script: Script, context: JobContext
) -> None:
    client = house.login()
    base = f"/connections/{connect(house, script, config, clock.now())}"
    asked = post(client, f"{base}/dry-runs", stream="people")
    assert "Waiting for a worker" in words(client.get(asked.location))
    again = post(client, f"{base}/dry-runs", stream="people")
    assert again.location == asked.location, "one of a kind at a time"
    assert post(client, f"{base}/dry-runs", stream="people", anew="1").location != asked.location
    live = client.get(f"{asked.location}/live")
    assert "data-live" not in live.text
    tag = live.headers["ETag"]
    assert client.get(f"{asked.location}/live", headers={"If-None-Match": tag}).status_code == 304
    identity = uuid.UUID(asked.location.rsplit("/", 1)[1])
    seen: list[str] = []

    def stopping() -> bool:
        seen.append(words(client.get(f"{asked.location}/live")))
        if len(seen) == 2:
            post(client, f"{asked.location}/cancel")
        return False

    dry_runs.run(house.engine, config, house.id, identity, is_stopping=stopping)
    assert "10 records so far" in seen[1]
    assert len(seen) == 2, "it notices at its next page"
    assert "The dry run was stopped" in words(client.get(asked.location))
    reads = script.reads
    dry_runs.run(house.engine, config, house.id, identity)
    assert script.reads == reads, "what was stopped is not begun again"


def test_a_worker_that_ends_begins_it_again(
    house: House, config: Config, script: Script, context: JobContext
) -> None:
    client = house.login()
    base = f"/connections/{connect(house, script, config, clock.now())}"
    asked = post(client, f"{base}/dry-runs", stream="people")
    identity = uuid.UUID(asked.location.rsplit("/", 1)[1])
    with pytest.raises(Interrupted):
        dry_runs.run(house.engine, config, house.id, identity, is_stopping=lambda: True)
    assert "records so far" in words(client.get(asked.location))
    dry_runs.run(house.engine, config, house.id, identity)
    assert "25 records" in words(client.get(asked.location))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Transient("The source does not answer."), "The source does not answer."),
        (KeyError("a secret"), "failed in a way it should not (KeyError)"),
    ],
)
def test_a_fault_is_said_in_words(
    house: House, config: Config, script: Script, context: JobContext, fault: Exception, said: str
) -> None:
    client = house.login()
    base = f"/connections/{connect(house, script, config, clock.now())}"
    script.fault = fault
    page = words(client.get(ask(client, base, context)))
    assert said in page
    assert "a secret" not in page
    assert "Try again" in page


def test_it_leaves_the_rest_of_the_calls_to_others(
    house: House, config: Config, script: Script, context: JobContext
) -> None:
    client = house.login()
    base = f"/connections/{connect(house, script, config, clock.now())}"
    script.quota, script.asks = Quota(900, 1000), True
    page = words(client.get(ask(client, base, context)))
    assert "900 of the 1,000 calls of a day are used" in page


def test_one_whose_worker_is_gone_is_said_to_be(
    house: House, config: Config, script: Script
) -> None:
    client = house.login()
    base = f"/connections/{connect(house, script, config, clock.now())}"
    asked = post(client, f"{base}/dry-runs", stream="people")
    with house.unit() as session:
        old = clock.now() - timedelta(minutes=9)
        session.execute(update(DryRun).values(state="running", heartbeat_at=old))
    assert "no sign of life" in words(client.get(asked.location))
    assert post(client, f"{base}/dry-runs", stream="people").location != asked.location


def test_dry_runs_are_forgotten_after_a_day(
    house: House, config: Config, script: Script, context: JobContext
) -> None:
    client = house.login()
    base = f"/connections/{connect(house, script, config, clock.now())}"
    kept, old = ask(client, base, context), ask(client, base, context)
    with house.unit() as session:
        session.execute(
            update(DryRun)
            .where(DryRun.id == uuid.UUID(old.rsplit("/", 1)[1]))
            .values(created_at=clock.now() - timedelta(days=1, minutes=1))
        )
    jobs.forget(context)
    assert client.get(old).status_code == 404
    assert client.get(kept).status_code == 200


def test_a_dry_run_is_nobody_elses(
    house: House, stranger: House, config: Config, script: Script, context: JobContext
) -> None:
    client, other = house.login(), stranger.login()
    base = f"/connections/{connect(house, script, config, clock.now())}"
    with house.unit() as session:
        second = session.merge(
            DryRun(connection_id=uuid.UUID(base.rsplit("/", 1)[1]), stream="people")
        )
        session.flush()
        second_id = second.id
    found = ask(client, base, context)
    for path in (found, f"{found}/live"):
        assert other.get(path).status_code == 404
        assert house.login("agent").get(path).status_code == 403
    assert post(other, f"{found}/cancel").status_code == 404
    assert post(other, f"{base}/dry-runs", stream="people").status_code == 404
    with stranger.unit() as session:
        assert session.scalars(select(DryRun)).all() == []
        assert session.get(DryRun, (house.id, second_id)) is None
    assert client.get(f"/connections/{uuid.uuid4()}/dry-runs/{second_id}").status_code == 404


@pytest.mark.parametrize("stream", ["nothing", "", "a\0b", "x" * 4000, "' OR 1=1 --"])
def test_a_stream_that_is_not_chosen_is_not_found(
    house: House, config: Config, script: Script, stream: str
) -> None:
    client = house.login()
    base = f"/connections/{connect(house, script, config, clock.now())}"
    refused = post(client, f"{base}/dry-runs", stream=stream)
    if stream:
        assert refused.status_code == 404
    else:
        assert refused.status_code == 302, "the first is taken where none is named"
