"""Connections through the browser: set up, read, watched, mended, deleted; by role, and by nobody else."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from connectors import registry
from connectors.errors import Transient
from efm import clock
from efm.config import Config
from efm.events.registry import JobContext
from efm.mail import make_mailer
from efm.models import (
    Account,
    AuditEntry,
    Connection,
    Contact,
    Interaction,
    Measurement,
    RawRecord,
    RejectedRecord,
    StreamSetting,
    SyncRun,
)
from efm.sync import connections, jobs, uploads
from efm.vault import Vault
from tests.efm.connected import (
    IN_EUROS,
    ORDERS,
    connection_id,
    count,
    drafted,
    fields_of,
    file,
    post,
    run_all,
    set_up,
    started,
    words,
)
from tests.factories import House


@pytest.fixture
def context(house: House, config: Config) -> JobContext:
    mailer = make_mailer(config.mail_url)
    return JobContext(
        house.engine, config, Vault(config.secret_key), mailer, organization_id=house.id
    )


def test_a_crm_admin_sets_up_files_reads_them_and_sees_what_came(
    house: House, config: Config
) -> None:
    client = house.login("crm_admin")
    assert "No connections yet" in words(client.get("/connections"))
    assert 'aria-label="Connect Files"' in client.get("/connections/new").text
    assert "Name of this connection" in words(client.get("/connections/new/files"))
    made = post(client, "/connections/new/files", name="Orders", files=file(ORDERS, "orders.csv"))
    base = made.location.removesuffix("/check")
    check = words(client.get(made.location))
    assert "It works" in check
    assert "Uploaded files: 1 file that can be read" in check
    assert "May read." in check
    assert str(config.data_folder) not in client.get(made.location).text
    streams = words(client.get(f"{base}/streams"))
    assert "each record becomes an interaction" in streams
    chosen = post(client, f"{base}/streams", streams="orders.csv")
    editor = client.get(chosen.location)
    assert "has no currency" in words(editor)
    saved = post(client, chosen.location, **fields_of(editor), go="save")
    assert saved.status_code == 422
    assert "Amount has no currency" in words(saved)
    assert 'href="#field-m0.amount_minor.source"' in saved.text
    saved = post(client, chosen.location, **(fields_of(saved) | IN_EUROS), go="save")
    assert saved.location == f"{base}/start"
    told = words(client.get(saved.location))
    assert "3 records are read." in told
    assert "1 cannot be used as they are" in told
    assert "Amounts are in EUR" in told
    assert count(house, SyncRun) == 0
    begun = post(client, f"{base}/start", every="6", unit="hours")
    assert begun.location == base
    assert "waiting for a worker" in words(client.get(base))
    run_all(house, config)
    page = words(client.get(base))
    assert "Succeeded" in page
    assert "every 6 hours" in page
    assert "2 created, 1 rejected" in page
    assert count(house, Interaction) == 2
    rejected = words(client.get(f"{base}/rejected"))
    assert "o3" in rejected
    assert "is not a date in the form YYYY-MM-DD" in rejected
    assert "Working" in words(client.get("/connections"))
    assert "2 created" in words(client.get(f"{base}/runs"))


def test_one_table_becomes_accounts_and_measurements(house: House, config: Config) -> None:
    rows = "customer_id,Churn,MonthlyCharges\n" + "".join(
        f"k{i},{'Yes' if i % 3 else 'No'},{'NA' if i == 1 else 20 + i}\n" for i in range(9)
    )
    client = house.login()
    base, mapping = drafted(client, text=rows, called="customers.csv")
    form = fields_of(client.get(mapping))
    entities = [form[f"m{i}.entity"] for i in range(3)]
    assert entities == ["contact", "measurement", "measurement"]
    added = post(client, mapping, **(form | {"add": "interaction"}), go="add")
    assert fields_of(added)["count"] == str(int(form["count"]) + 1)
    assert "Happened at is needed" not in words(added)
    refused = post(client, mapping, **fields_of(added), go="save")
    assert refused.status_code == 422
    removed = post(client, mapping, **fields_of(refused), go=f"remove:{form['count']}")
    assert fields_of(removed)["count"] == form["count"]
    saved = post(client, mapping, **fields_of(removed), go="save")
    assert saved.location == f"{base}/start", words(saved)
    assert "All of the first 9 can be used" in words(client.get(saved.location))
    post(client, f"{base}/start")
    run_all(house, config)
    assert count(house, Contact) == 9
    assert count(house, Measurement) == 17
    assert count(house, RejectedRecord) == 0


def test_what_was_typed_is_kept_with_its_mistakes_when_one_leaves(house: House) -> None:
    client = house.login()
    base, mapping = drafted(client)
    form = fields_of(client.get(mapping))
    typed = form | {
        "m0.occurred_at.options": "not an option",
        "m0.channel.source": "constant",
        "m0.channel.options": "shop",
        "m0.a0.name": "Lane",
        "m0.a0.source": "field:kind",
    }
    refused = post(client, mapping, **typed, go="save")
    assert refused.status_code == 422
    assert "is not name = value" in words(refused)
    later = fields_of(client.get(mapping))
    assert later["m0.occurred_at.options"] == "not an option"
    assert (later["m0.channel.source"], later["m0.channel.options"]) == ("constant", "shop")
    assert later["m0.a0.name"] == "Lane"
    page = words(client.get(base))
    assert "The set-up is not finished" in page
    start = post(client, f"{base}/start")
    assert start.status_code == 422
    assert count(house, SyncRun) == 0


def test_options_are_read_as_they_are_written(house: House, config: Config) -> None:
    rows = 'order_id,customer_id,when,amount,level\no1,c1,05/02/2026,"1.234,50",G\no2,c2,06/02/2026,7,X\n'
    client = house.login()
    base, mapping = drafted(client, text=rows)
    form = fields_of(client.get(mapping)) | {
        "m0.external_id.source": "field:order_id",
        "m0.occurred_at.source": "field:when",
        "m0.occurred_at.options": "formats = dd/mm/yyyy\nzone = Europe/Berlin",
        "m0.amount_minor.source": "field:amount",
        "m0.amount_minor.options": "currency = EUR\ndecimal = ,\ngroup = .",
        "m0.channel.source": "field:level",
        "m0.channel.converter": "enum",
        "m0.channel.options": "G => gold desk\nunknown = empty",
        "m0.subject.source": "join",
        "m0.subject.options": "customer_id, order_id",
    }
    shown = words(post(client, f"{mapping.replace('/fields', '/fields/preview')}", **form))
    for each in ("2026-02-04 23:00 UTC", "1234.50 EUR", "gold desk", "c1|o1"):
        assert each in shown
    saved = post(client, mapping, **form, go="save")
    assert saved.location == f"{base}/start", words(saved)
    later = fields_of(client.get(mapping))
    assert later["m0.channel.options"].splitlines() == ["G => gold desk", "unknown = empty"]
    assert set(later["m0.occurred_at.options"].splitlines()) == {
        "formats = dd/mm/yyyy",
        "zone = Europe/Berlin",
    }
    post(client, f"{base}/start")
    run_all(house, config)
    with house.unit() as session:
        found = {i.external_id: i for i in session.scalars(select(Interaction))}
    assert (found["o1"].amount_minor, found["o1"].channel) == (123450, "gold desk")
    assert found["o2"].channel is None


def test_a_changed_mapping_reads_everything_anew(house: House, config: Config) -> None:
    client = house.login()
    base = started(client, house, config)
    mapping = f"{base}/fields?stream=orders.csv"
    form = fields_of(client.get(mapping)) | {
        "m0.occurred_at.options": "default = 2026-03-01",
        "m0.kind.source": "constant",
        "m0.kind.options": "sale",
    }
    post(client, mapping, **form, go="save")
    with house.unit() as session:
        kinds = set(session.scalars(select(Interaction.kind)))
    assert kinds == {"order"}, "what is in use stays in use until it is started"
    assert "Mapping changed" in words(client.get(f"{base}/start"))
    post(client, f"{base}/start")
    run_all(house, config)
    with house.unit() as session:
        kinds = set(session.scalars(select(Interaction.kind)))
    assert kinds == {"sale"}
    assert count(house, Interaction) == 2


def test_rejected_records_are_tried_again_one_and_all(
    house: House, config: Config, context: JobContext
) -> None:
    client = house.login()
    rows = ORDERS + "o4,c2,soon,1.00,order\n,c9,2026-01-01,1.00,order\n"
    base, mapping = drafted(client, text=rows)
    form = fields_of(client.get(mapping)) | IN_EUROS | {"m0.external_id.source": "field:order_id"}
    post(client, mapping, **form, go="save")
    post(client, f"{base}/start")
    run_all(house, config)
    with house.unit() as session:
        rejected = {r.external_id: r.id for r in session.scalars(select(RejectedRecord))}
    first = next(id_ for name, id_ in rejected.items())
    again = post(client, f"{base}/rejected/{first}")
    assert again.status_code == 302
    assert "still refused" in words(client.get(again.location))
    with house.unit() as session:
        assert session.get_one(RejectedRecord, (house.id, first)).attempts == 2
    mend = form | {"m0.occurred_at.source": "constant", "m0.occurred_at.options": "2026-05-05"}
    post(client, mapping, **mend, go="save")
    with house.unit() as session:
        setting = session.scalars(select(StreamSetting)).one()
        setting.mapping = {"mappings": setting.mapping["draft"]}
    post(client, f"{base}/rejected/{first}")
    with house.unit() as session:
        assert session.get_one(RejectedRecord, (house.id, first)).resolved_at is not None
    before = count(house, Interaction)
    everything = post(client, f"{base}/rejected", stream="orders.csv")
    assert "tried again. Reload" in words(client.get(everything.location))
    jobs.replay_all(context, connection_id=str(connection_id(base)), stream="orders.csv")
    assert count(house, Interaction) == before + 1
    left = words(client.get(f"{base}/rejected"))
    assert "External id is empty" in left
    assert "o4" in words(client.get(f"{base}/rejected?state=resolved"))


def test_a_replayed_record_is_unchanged_for_the_next_run(house: House, config: Config) -> None:
    client = house.login()
    base = started(client, house, config)
    with house.unit() as session:
        setting = session.scalars(select(StreamSetting)).one()
        document = setting.mapping["mappings"][0]
        fields = [
            f if f["target"] != "occurred_at" else {**f, "options": {"nulls": ["not a day"], "default": "2026-01-09"}}
            for f in document["fields"]
        ]  # fmt: skip
        setting.mapping = {"mappings": [{**document, "fields": fields}]}
        record = session.scalars(select(RejectedRecord)).one()
    post(client, f"{base}/rejected/{record.id}")
    assert count(house, Interaction) == 3
    post(client, f"{base}/runs", stream="orders.csv", anew="1")
    run_all(house, config)
    with house.unit() as session:
        last = session.scalars(select(SyncRun).order_by(SyncRun.created_at.desc())).first()
    assert last is not None
    assert (last.read, last.unchanged, last.created, last.rejected) == (3, 3, 0, 0)


def test_reading_anew_begins_a_new_generation_and_doubles_nothing(
    house: House, config: Config
) -> None:
    client = house.login()
    base = started(client, house, config)
    post(client, f"{base}/runs", anew="1")
    with house.unit() as session:
        row = session.execute(text("SELECT state, generation FROM checkpoints")).one()
    assert (row.state, row.generation) == ({}, 2)
    run_all(house, config)
    assert count(house, Interaction) == 2
    assert "2 unchanged" in words(client.get(f"{base}/runs"))


def test_pausing_stops_reading_and_resuming_makes_it_due(house: House, config: Config) -> None:
    client = house.login()
    base = set_up(client)
    post(client, f"{base}/start", every="1", unit="days")
    paused = post(client, f"{base}/pause")
    assert "Paused." in words(client.get(paused.location))
    with house.unit() as session:
        assert session.scalars(select(SyncRun.state)).all() == ["cancelled"]
    assert post(client, f"{base}/runs").status_code == 409
    assert post(client, f"{base}/pause").status_code == 409
    post(client, f"{base}/resume")
    with house.unit() as session:
        due = session.execute(
            text("SELECT * FROM efm_due_streams(:now)"), {"now": clock.now()}
        ).all()
    assert connection_id(base) in {row.connection_id for row in due}
    assert post(client, f"{base}/resume").status_code == 409


@pytest.mark.parametrize(
    ("every", "unit", "minutes"),
    [("15", "minutes", 15), ("6", "hours", 360), ("1", "days", 1440), ("", "hours", None)],
)
def test_schedules_are_kept(
    house: House, config: Config, every: str, unit: str, minutes: int | None
) -> None:
    client = house.login()
    base = started(client, house, config)
    assert post(client, f"{base}/schedule", every=every, unit=unit).location == base
    with house.unit() as session:
        setting = session.scalars(select(StreamSetting)).one()
    assert setting.every_minutes == minutes
    assert (setting.next_run_at is not None) == (minutes is not None)
    assert f'value="{every}"' in client.get(base).text


@pytest.mark.parametrize("every", ["0", "-3", "4", "x", "1.5", "99999999", "٣٠"])
def test_a_schedule_that_makes_no_sense_is_refused_beside_the_field(
    house: House, config: Config, every: str
) -> None:
    client = house.login()
    base = started(client, house, config)
    refused = post(client, f"{base}/schedule", every=every, unit="minutes")
    assert refused.status_code == 422
    assert "5 minutes to 31 days" in words(refused)


def test_a_run_is_stopped_and_what_it_read_stays(house: House, config: Config) -> None:
    client = house.login()
    base = set_up(client)
    post(client, f"{base}/start")
    with house.unit() as session:
        run = session.scalars(select(SyncRun)).one()
    stopped = post(client, f"{base}/runs/{run.id}/cancel")
    assert "The run was stopped" in words(client.get(stopped.location))
    assert post(client, f"{base}/runs/{uuid.uuid4()}/cancel").status_code == 404


def test_progress_says_how_far_and_how_long(house: House, config: Config) -> None:
    client = house.login()
    base = set_up(client)
    post(client, f"{base}/start")
    with house.unit() as session:
        session.execute(
            update(SyncRun).values(
                state="running", started_at=clock.now() - timedelta(seconds=40), total=3000,
                read=2000, created=1990, rejected=10,
            )
        )  # fmt: skip
    live = client.get(f"{base}/live")
    assert "2,000 of 3,000 records read, about 20 seconds left" in words(live)
    assert "1,990 created, 10 rejected" in words(live)
    assert "Stop" in words(live)
    assert "<html" not in live.text
    assert 'data-live="' in client.get(base).text


def test_the_live_part_answers_304_when_nothing_changed(house: House, config: Config) -> None:
    client = house.login()
    base = started(client, house, config)
    with house.unit() as session:
        session.execute(update(SyncRun).values(finished_at=clock.now() - timedelta(days=3)))
        session.execute(update(SyncRun).values(started_at=clock.now() - timedelta(days=3)))
    first = client.get(f"{base}/live")
    again = client.get(f"{base}/live", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_a_failed_run_is_said_on_the_list_and_the_page(
    house: House, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.login()
    base = set_up(client)
    post(client, f"{base}/start")

    def broken(*_: Any) -> Any:
        raise Transient("The shop does not answer; try later.")

    monkeypatch.setattr("connectors.systems.files.connector.Files.read", broken)
    run_all(house, config)
    for page in (words(client.get("/connections")), words(client.get(base))):
        assert "Failed" in page
        assert "The shop does not answer; try later." in page


def test_a_scheduled_stream_that_is_overdue_is_called_late(house: House, config: Config) -> None:
    client = house.login()
    base = started(client, house, config)
    post(client, f"{base}/schedule", every="10", unit="minutes")
    with house.unit() as session:
        old = clock.now() - timedelta(minutes=31)
        session.execute(update(SyncRun).values(created_at=old, started_at=old, finished_at=old))
    assert "Late" in words(client.get("/connections"))
    assert "Late" in words(client.get(base))


CANARY = "canary-7f3a1c-secret-token"


def test_a_secret_is_never_shown_again_logged_or_audited(
    house: House, config: Config, capfd: pytest.CaptureFixture[str]
) -> None:
    client = house.login()
    refused = post(
        client, "/connections/new/memory", name="", store="s", token=CANARY, page_size="10"
    )
    assert refused.status_code == 422
    assert CANARY not in refused.text
    made = post(client, "/connections/new/memory", name="CRM", store=str(house.id), token=CANARY, page_size="10")  # fmt: skip
    base = made.location.removesuffix("/check")
    settings = client.get(f"{base}/settings")
    assert "A value is set; leave this empty to keep it." in words(settings)
    bad = post(client, f"{base}/settings", name="CRM", store="s", token=CANARY, page_size="0")
    assert bad.status_code == 422
    pages = [bad, settings] + [
        client.get(base + path)
        for path in ("", "/check", "/streams", "/live", "/runs", "/rejected", "/delete")
    ]
    pages.append(client.get("/connections"))
    assert all(page.status_code in (200, 422) for page in pages)
    assert all(CANARY not in page.text for page in pages)
    with house.unit() as session:
        connection = connections.get(session, connection_id(base))
        opened = connections.stored_settings(Vault(config.secret_key), connection)
        assert opened["token"] == CANARY
        entries = [str(e.detail) for e in session.scalars(select(AuditEntry))]
        rows = session.execute(text("SELECT c::text FROM connections c")).scalars().all()
    assert CANARY not in "".join(entries)
    assert CANARY not in "".join(rows)
    assert CANARY.encode() not in (connection.secrets_sealed or b"")
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err
    kept = post(
        client, f"{base}/settings", name="CRM 2", store=str(house.id), token="", page_size="20"
    )
    assert kept.status_code == 302
    with house.unit() as session:
        connection = connections.get(session, connection_id(base))
        opened = connections.stored_settings(Vault(config.secret_key), connection)
    assert (opened["token"], opened["page_size"], connection.name) == (CANARY, 20, "CRM 2")


def test_a_sealed_secret_moved_elsewhere_does_not_open(
    house: House, stranger: House, config: Config
) -> None:
    bases = {}
    for each in (house, stranger):
        made = post(each.login(), "/connections/new/memory", name="CRM", store="s", token=CANARY, page_size="9")  # fmt: skip
        bases[each.slug] = made.location.removesuffix("/check")
    other = post(house.login(), "/connections/new/memory", name="B", store="s", token="b", page_size="9")  # fmt: skip
    second = other.location.removesuffix("/check")
    with stranger.unit() as session:
        sealed = connections.get(session, connection_id(bases[stranger.slug])).secrets_sealed
    with house.unit() as session:
        moved = connections.get(session, connection_id(bases[house.slug]))
        own = moved.secrets_sealed
        moved.secrets_sealed = sealed
        connections.get(session, connection_id(second)).secrets_sealed = own
    client = house.login()
    for base in (bases[house.slug], second):
        checked = post(client, f"{base}/check")
        page = words(client.get(checked.location))
        assert "A stored secret cannot be opened; enter it again" in page
        assert client.get(f"{base}/settings").status_code == 200
        fresh = post(
            client, f"{base}/settings", name=f"N{base[-4:]}", store="s", token="new", page_size="9"
        )
        assert "It works" in words(client.get(fresh.location))


def test_a_refused_credential_is_said_beside_what_to_do(house: House) -> None:
    client = house.login()
    made = post(
        client, "/connections/new/memory", name="CRM", store="s", token="wrong", page_size="9"
    )
    page = words(client.get(made.location))
    assert "It does not work yet" in page
    assert "refuses the token; enter another" in page
    base = made.location.removesuffix("/check")
    streams = client.get(f"{base}/streams")
    assert streams.status_code == 200
    assert "Check failed" in words(client.get(base))


def test_the_in_memory_system_is_read_with_all_its_streams(house: House, config: Config) -> None:
    from connectors.systems.memory.connector import forget, store

    name = str(house.id)
    store(name).put("contacts", "p1", external_id="p1", name="Mia", email="mia@example.org")
    store(name).put("accounts", "a1", external_id="a1", name="Acme")
    client = house.login()
    made = post(client, "/connections/new/memory", name="CRM", store=name, token="t", page_size="9")
    base = made.location.removesuffix("/check")
    post(client, f"{base}/streams", streams=["accounts", "contacts"])
    assert "2 of 2" in words(client.get(f"{base}/start"))
    assert post(client, f"{base}/start").status_code == 302
    run_all(house, config)
    assert (count(house, Account), count(house, Contact)) == (1, 1)
    unchosen = post(client, f"{base}/streams", streams=["contacts"])
    assert unchosen.status_code == 302
    page = words(client.get(base))
    assert "Not read any more" in page
    assert count(house, Account) == 1
    forget(name)


def test_a_connector_that_is_gone_is_a_normal_state(
    house: House, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.login()
    base = started(client, house, config)
    without = registry.Catalog({}, {"files": "ImportError: no module"})
    monkeypatch.setattr(registry, "catalog", lambda: without)
    index = words(client.get("/connections"))
    assert "Connector missing" in index
    assert "is installed but does not load" in index
    page = words(client.get(base))
    assert "is not installed here any more" in page
    assert "Read now" not in page
    for path in ("/settings", "/check", "/streams", "/start", "/rejected", "/runs", "/delete"):
        assert client.get(base + path).status_code == 200, path
    assert client.get(f"{base}/fields?stream=orders.csv").status_code == 200
    checked = post(client, f"{base}/check")
    assert "is not available here" in words(client.get(checked.location))
    post(client, f"{base}/runs")
    run_all(house, config)
    assert "is not available here" in words(client.get(base))
    assert client.get("/connections/new/files").status_code == 404


def test_a_connector_that_breaks_is_told_by_kind_never_by_its_words(
    house: House, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.login()
    base = set_up(client)

    def broken(*_: Any) -> Any:
        raise KeyError(CANARY)

    for name in ("check", "streams", "read"):
        monkeypatch.setattr(f"connectors.systems.files.connector.Files.{name}", broken)
    post(client, f"{base}/check")
    pages = [
        client.get(base + path)
        for path in ("/check", "/streams", "/fields?stream=orders.csv", "/start")
    ]
    for page in pages:
        assert page.status_code == 200
        assert CANARY not in page.text
        assert "KeyError" in words(page)
    post(client, f"{base}/start")
    run_all(house, config)
    last = client.get(base)
    assert "The connector failed in a way it should not (KeyError)" in words(last)
    assert CANARY not in last.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("script.sh", "x", "is not a CSV, Excel"),
        ("empty.csv", "", "is empty"),
        (".csv", "a,b\n1,2\n", "is not a CSV, Excel"),
    ],
)
def test_files_that_cannot_be_taken_are_refused_and_leave_nothing(
    house: House, config: Config, name: str, content: str, said: str
) -> None:
    client = house.login()
    refused = post(client, "/connections/new/files", name="Mine", files=file(content, name))
    assert refused.status_code == 422
    assert said in words(refused)
    assert 'value="Mine"' in refused.text
    folder = config.data_folder / "files" / str(house.id) / "connections"
    assert not folder.exists() or not any(folder.iterdir())
    assert count(house, Connection) == 0


def test_a_file_name_cannot_lead_out_of_its_folder(house: House, config: Config) -> None:
    client = house.login()
    made = post(
        client, "/connections/new/files", name="Evil", files=file(ORDERS, "../../../up/orders.csv")
    )
    base = made.location.removesuffix("/check")
    folder = uploads.folder_of(config, house.id, connection_id(base))
    assert uploads.names(folder) == ["orders.csv"]
    away = post(client, f"{base}/files/delete", file="../../secret-key")
    assert away.status_code == 404
    assert post(client, f"{base}/files/delete", file="orders.csv").status_code == 302
    assert uploads.names(folder) == []


@pytest.mark.parametrize(
    "given",
    ["x" * 300 + ".csv", "a/b\\c.csv", "..csv.csv", "Kunden Übersicht (1).xlsx", "a\x00b.csv"],
)
def test_safe_names_are_plain_and_short(given: str) -> None:
    name = uploads.safe_name(given)
    assert len(name) <= 110
    assert not re.search(r"[/\\\x00]", name)
    assert not name.startswith(".")


def test_a_folder_outside_is_refused_by_the_check(house: House) -> None:
    client = house.login()
    made = post(client, "/connections/new/files", name="Etc", folder="/etc", settle_seconds="0")
    page = words(client.get(made.location))
    assert "It does not work yet" in page
    assert "outside the places files may be read from" in page


def test_a_name_is_needed_and_is_unique(house: House) -> None:
    client = house.login()
    assert "Enter a name." in words(
        post(client, "/connections/new/files", name=" ", files=file(ORDERS, "o.csv"))
    )
    set_up(client, "Orders")
    again = post(client, "/connections/new/files", name="Orders", files=file(ORDERS, "o.csv"))
    assert again.status_code == 422
    assert "There is already a connection called “Orders”" in words(again)
    assert "Choose the files again" in words(again)


def test_deleting_says_what_goes_and_keeps_the_customers(
    house: House, config: Config, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.login()
    base = started(client, house, config)
    asked = words(client.get(f"{base}/delete"))
    assert "2 interactions, 2 raw records, 1 rejected record" in asked
    refused = post(client, f"{base}/delete", confirmation="yes")
    assert refused.status_code == 422
    monkeypatch.setattr("efm.sync.control.DELETED_AT_ONCE", 1)
    slow = post(client, f"{base}/delete", confirmation="delete")
    assert "is being deleted" in words(client.get(slow.location))
    assert "being deleted" in words(client.get(base))
    assert post(client, f"{base}/runs").status_code == 409
    jobs.delete(context, connection_id=str(connection_id(base)))
    assert client.get(base).status_code == 404
    assert (count(house, Interaction), count(house, RawRecord)) == (0, 0)
    assert count(house, Contact) == 1
    monkeypatch.setattr("efm.sync.control.DELETED_AT_ONCE", 100)
    second = started(client, house, config)
    folder = uploads.folder_of(config, house.id, connection_id(second))
    gone = post(client, f"{second}/delete", confirmation=" Delete ")
    assert "is deleted" in words(client.get(gone.location))
    assert not folder.exists()
    assert count(house, Connection) == 0


READS = ("", "/live", "/runs", "/rejected")
EDITS = ("/settings", "/check", "/streams", "/fields?stream=orders.csv", "/start", "/delete")
WRITES = (
    "/settings", "/check", "/streams", "/fields?stream=orders.csv", "/fields/preview?stream=orders.csv",
    "/start", "/runs", "/schedule", "/pause", "/resume", "/delete", "/rejected", "/files/delete",
    f"/runs/{uuid.uuid4()}/cancel", f"/rejected/{uuid.uuid4()}",
)  # fmt: skip


@pytest.mark.parametrize("role", ["designer", "analyst", "agent"])
def test_roles_without_connections_see_none(house: House, role: str) -> None:
    base, client = set_up(house.login()), house.login(role)
    for path in ("/connections", "/connections/new", "/connections/new/files"):
        assert client.get(path).status_code == 403
    for path in READS + EDITS:
        assert client.get(base + path).status_code == 403, path
    for path in WRITES:
        assert post(client, base + path).status_code == 403, path
    assert 'href="/connections"' not in client.get("/overview").text


def _neutral(text: str) -> str:
    return re.sub(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}", "·", text)


def test_a_strangers_connection_is_as_if_it_were_not_there(house: House, stranger: House) -> None:
    theirs, client = set_up(stranger.login()), house.login()
    random = f"/connections/{uuid.uuid4()}"
    for path in READS + EDITS:
        foreign, missing = client.get(theirs + path), client.get(random + path)
        assert foreign.status_code == missing.status_code == 404, path
        assert _neutral(foreign.text) == _neutral(missing.text), path
    for path in WRITES:
        form = {
            "name": "x",
            "confirmation": "delete",
            "streams": "orders.csv",
            "file": "orders.csv",
        }
        foreign, missing = post(client, theirs + path, **form), post(client, random + path, **form)
        assert foreign.status_code == missing.status_code == 404, path
        assert _neutral(foreign.text) == _neutral(missing.text), path
    assert "Orders" not in words(client.get("/connections"))
    assert stranger.login().get(theirs).status_code == 200


def test_a_rejected_record_and_a_run_of_another_connection_are_not_found(
    house: House, stranger: House, config: Config
) -> None:
    theirs = started(stranger.login(), stranger, config)
    client = house.login()
    mine = started(client, house, config)
    with stranger.unit() as session:
        record, run = session.scalars(select(RejectedRecord)).one(), session.scalars(select(SyncRun)).one()  # fmt: skip
    assert post(client, f"{mine}/rejected/{record.id}").status_code == 404
    assert post(client, f"{mine}/runs/{run.id}/cancel").status_code == 404
    assert client.get(f"{mine}/fields?stream=other.csv").status_code == 404
    assert theirs != mine


def test_forms_without_their_token_are_refused(house: House) -> None:
    client = house.login()
    base = set_up(client)
    for path in WRITES:
        assert client.post(base + path).status_code == 403, path


def test_each_step_is_audited(house: House, config: Config) -> None:
    client = house.login("crm_admin")
    base = started(client, house, config)
    post(client, f"{base}/runs")
    post(client, f"{base}/pause")
    with house.unit() as session:
        found = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject_id == connection_id(base))
        ).all()
    assert set(found) >= {
        "connection.created", "connection.streams_chosen", "connection.started",
        "sync.requested", "connection.paused",
    }  # fmt: skip


def test_the_pages_hold_no_inline_code(house: House, config: Config) -> None:
    client = house.login()
    base = started(client, house, config)
    for path in READS + EDITS:
        page = client.get(base + path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page), path
        assert not re.search(r"\s(style|on[a-z]+)=", page), path


def test_the_in_memory_system_is_not_offered_in_production(house: House, config: Config) -> None:
    from dataclasses import replace

    offered = set(connections.kinds(config))
    assert {"files", "memory", "salesforce"} <= offered
    assert set(connections.kinds(replace(config, mode="production"))) == offered - {"memory"}
