"""Files brought in through the browser: planned, started, watched, resumed after a crash; by role."""

from __future__ import annotations

import io
import re
import secrets
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from efm import clock
from efm.config import Config
from efm.db.engine import unit
from efm.events.registry import JobContext
from efm.imports import jobs, load, requests
from efm.mail import make_mailer
from efm.models import AuditEntry, Contact, DataImport, RawRecord, Response, SyncRun
from efm.vault import Vault
from tests.factories import House

REVIEWS = "review_id,Rating,Review Text,Department\n" + "".join(
    f"r{i},{i % 5 + 1},Lovely fit and colour number {i},{'Tops' if i % 2 else 'Dresses'}\n"
    for i in range(40)
)
ORDERS = "order_id,customer_id,order_date,amount\n" + "".join(
    f"o{i},c{i % 7},2026-01-{i % 28 + 1:02d},{i}.50\n" for i in range(60)
)


@pytest.fixture
def context(house: House, config: Config) -> JobContext:
    mailer = make_mailer(config.mail_url)
    return JobContext(
        house.engine, config, Vault(config.secret_key), mailer, organization_id=house.id
    )


def upload(client: FlaskClient, *files: tuple[str, str | bytes]) -> TestResponse:
    given = [
        (io.BytesIO(text.encode() if isinstance(text, str) else text), name) for name, text in files
    ]
    data = {"csrf_token": client.csrf, "files": given}  # type: ignore[attr-defined]
    return client.post("/import", data=data, content_type="multipart/form-data")


def words(response: TestResponse) -> str:
    text = re.sub(r"<[^>]+>", " ", response.text).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).replace("&#39;", "'")


def start(client: FlaskClient, url: str, **form: str) -> TestResponse:
    return client.post(f"{url}/start", data={"csrf_token": client.csrf, **form})  # type: ignore[attr-defined]


def id_of(url: str) -> uuid.UUID:
    return uuid.UUID(url.rsplit("/", 1)[1])


def stored(house: House, url: str) -> DataImport:
    with house.unit() as session:
        return requests.get(session, id_of(url))


def unique(name: str) -> str:
    return f"{name} {secrets.token_hex(4)}"


def count(house: House, table: Any, organization_id: uuid.UUID | None = None) -> int:
    with unit(house.engine, organization_id or house.id) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_reviews_go_into_an_organization_of_their_own(house: House, context: JobContext) -> None:
    client = house.login("crm_admin")
    made = upload(client, ("reviews.csv", REVIEWS))
    assert made.status_code == 302, words(made)
    plan = words(client.get(made.location))
    assert "Each row is a response: Rating, Review text." in plan
    assert "The touchpoint is “Department”." in plan
    assert "The answers have no dates" in plan
    assert "Lovely fit and colour number 0" in plan
    assert "40 rows" in plan
    name = unique("Reviews")
    assert start(client, made.location, target="own", name=name, currency="eur").status_code == 302
    assert "Waiting for a worker" in words(client.get(made.location))
    jobs.bring_in(context, import_id=str(id_of(made.location)))
    page = words(client.get(made.location))
    assert "Brought in" in page
    assert "Responses 40" in page
    assert f"Go to {name}" in page
    found = stored(house, made.location)
    other = uuid.UUID(found.loaded["organization_id"])
    assert count(house, Response, other) == 40
    assert count(house, Response) == 0
    switched = client.post(
        f"/organizations/{other}/switch",
        data={"csrf_token": client.csrf},  # type: ignore[attr-defined]
    )
    assert switched.status_code in (302, 303)
    assert not requests.folder_of(context.config, house.id, found.id).exists()


def test_orders_join_this_organization(house: House, context: JobContext) -> None:
    client = house.login()
    made = upload(client, ("orders.csv", ORDERS))
    assert "Each row is an interaction" in words(client.get(made.location))
    start(client, made.location, target="here", name="Shop orders", currency="EUR")
    jobs.bring_in(context, import_id=str(id_of(made.location)))
    assert count(house, RawRecord) == 60
    assert count(house, Contact) == 7
    page = words(client.get(made.location))
    assert "Records 60" in page
    assert "See customers" in page
    assert "Shop orders" in words(client.get("/connections"))
    assert "60 records" in words(client.get("/import"))


def test_several_files_at_once_wait_in_the_list_and_the_unusable_is_told(house: House) -> None:
    client = house.login()
    made = upload(client, ("a.csv", REVIEWS), ("b.csv", ORDERS), ("c.exe", "x"), ("d.csv", ""))
    assert made.location == "/import"
    page = words(client.get("/import"))
    assert page.count("waits for you") == 2
    assert "c.exe is not a CSV, Excel or Parquet file" in page
    assert "d.csv is empty" in page


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("", "", "Choose at least one file"),
        ("notes.txt.exe", "a", "not a CSV, Excel or Parquet file"),
        ("broken.xlsx", b"no workbook", "broken.xlsx"),
        ("broken.parquet", b"PAR1 no", "broken.parquet"),
        ("only.csv", "a\n", "only.csv"),
        ("../../../etc/passwd.csv", "", "passwd.csv is empty"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(
    house: House, config: Config, name: str, text: str | bytes, said: str
) -> None:
    client = house.login()
    refused = upload(client, (name, text)) if name else upload(client)
    assert refused.status_code == 422, words(refused)
    assert said in words(refused)
    assert str(config.data_folder) not in refused.text
    left = config.data_folder / "files" / str(house.id) / "imports"
    assert not left.exists() or not any(left.iterdir())


def test_what_is_typed_wrongly_is_told_beside_and_kept(house: House) -> None:
    client = house.login()
    made = upload(client, ("orders.csv", ORDERS))
    refused = start(client, made.location, target="there", name=" ! ", currency="Euros")
    assert refused.status_code == 422
    page = words(refused)
    for said in ("Enter a name", "Choose where it goes", "three letters"):
        assert said in page
    assert 'value="EUROS"' in refused.text or 'value="Euros"' in refused.text
    assert stored(house, made.location).state == "planned"


def test_a_second_press_does_not_bring_it_in_twice(house: House, context: JobContext) -> None:
    client = house.login()
    made = upload(client, ("orders.csv", ORDERS))
    form = {"target": "here", "name": "Orders", "currency": "EUR"}
    assert start(client, made.location, **form).status_code == 302
    assert start(client, made.location, **form).status_code == 409
    for _ in range(2):
        jobs.bring_in(context, import_id=str(id_of(made.location)))
    assert count(house, RawRecord) == 60
    assert start(client, made.location, **form).status_code == 409


def test_a_name_of_a_stranger_is_passed_over_without_a_word(
    house: House, stranger: House, context: JobContext
) -> None:
    name = unique("Namesake")
    ids = []
    for each in (stranger, house):
        client = each.login()
        made = upload(client, ("reviews.csv", REVIEWS))
        start(client, made.location, target="own", name=name, currency="EUR")
        mine = replace(context, organization_id=each.id)
        jobs.bring_in(mine, import_id=str(id_of(made.location)))
        page = words(client.get(made.location))
        assert "Brought in" in page
        assert "already" not in page
        ids.append(stored(each, made.location).loaded["organization_id"])
    assert ids[0] != ids[1]
    assert count(house, Response, uuid.UUID(ids[0])) == 40


def test_the_same_file_again_changes_nothing(house: House, context: JobContext) -> None:
    client, name = house.login(), unique("Twice")
    for _ in range(2):
        made = upload(client, ("reviews.csv", REVIEWS))
        start(client, made.location, target="own", name=name, currency="EUR")
        jobs.bring_in(context, import_id=str(id_of(made.location)))
    other = uuid.UUID(stored(house, made.location).loaded["organization_id"])
    assert count(house, Response, other) == 40


def test_a_worker_that_dies_leaves_it_to_another(
    house: House, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut between two batches as by kill -9: nothing of the cut attempt is tidied up."""
    client = house.login()
    made = upload(client, ("reviews.csv", REVIEWS))
    start(client, made.location, target="own", name=unique("Cut"), currency="EUR")
    monkeypatch.setattr(load, "BATCH", 10)
    batches = []
    original = load._batch

    class Killed(BaseException):
        pass

    def cut(*given: Any) -> None:
        if len(batches) == 2:
            raise Killed
        batches.append(1)
        original(*given)

    monkeypatch.setattr(load, "_batch", cut)
    with pytest.raises(Killed):
        jobs.bring_in(context, import_id=str(id_of(made.location)))
    assert stored(house, made.location).state == "running"
    assert "Brought in" not in words(client.get(made.location))
    monkeypatch.setattr(load, "_batch", original)
    jobs.bring_in(context, import_id=str(id_of(made.location)))
    found = stored(house, made.location)
    assert (found.state, found.loaded["responses"]) == ("succeeded", 40)
    other = uuid.UUID(found.loaded["organization_id"])
    assert count(house, Response, other) == 40


def test_while_another_holds_the_records_the_job_comes_back_later(
    house: House, context: JobContext
) -> None:
    client = house.login()
    made = upload(client, ("orders.csv", ORDERS))
    start(client, made.location, target="here", name="Orders", currency="EUR")
    identity = str(id_of(made.location))
    jobs.bring_in(context, import_id=identity)
    until = clock.now() + timedelta(seconds=90)
    with house.unit() as session:
        session.execute(
            update(SyncRun).values(
                state="running", finished_at=None, lease_token=clock.new_id(), locked_until=until
            )
        )
        session.execute(update(DataImport).values(state="running", finished_at=None, loaded={}))
    path = requests.path_of(context.config, stored(house, made.location))
    path.parent.mkdir(parents=True)
    path.write_text(ORDERS)
    jobs.bring_in(context, import_id=identity)
    assert stored(house, made.location).state == "running"
    with house.unit() as session:
        at = session.execute(
            text(
                "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'data.import'"
                " AND args->>'import_id' = :id ORDER BY id DESC LIMIT 1"
            ),
            {"id": identity},
        ).scalar_one()
    assert at == until + timedelta(seconds=1)


def test_a_worker_that_is_told_to_end_hands_it_on(house: House, context: JobContext) -> None:
    client = house.login()
    made = upload(client, ("orders.csv", ORDERS))
    start(client, made.location, target="here", name="Orders", currency="EUR")
    identity = str(id_of(made.location))
    jobs.bring_in(replace(context, is_stopping=lambda: True), import_id=identity)
    assert stored(house, made.location).state == "running"
    jobs.bring_in(context, import_id=identity)
    assert stored(house, made.location).state == "succeeded"
    assert count(house, RawRecord) == 60


def test_a_stopped_import_keeps_what_is_in_and_can_go_on(
    house: House, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.login()
    made = upload(client, ("reviews.csv", REVIEWS))
    start(client, made.location, target="here", name="Reviews", currency="EUR")
    monkeypatch.setattr(load, "BATCH", 10)
    monkeypatch.setattr(jobs, "TOLD_EVERY_SECONDS", 0.0)
    original = load._batch

    def stop_after_one(*given: Any) -> None:
        original(*given)
        client.post(f"{made.location}/cancel", data={"csrf_token": client.csrf})  # type: ignore[attr-defined]

    monkeypatch.setattr(load, "_batch", stop_after_one)
    jobs.bring_in(context, import_id=str(id_of(made.location)))
    assert stored(house, made.location).state == "cancelled"
    assert count(house, Response) == 10
    assert "It was stopped" in words(client.get(made.location))
    monkeypatch.setattr(load, "_batch", original)
    assert start(client, made.location).status_code == 302
    jobs.bring_in(context, import_id=str(id_of(made.location)))
    assert stored(house, made.location).state == "succeeded"
    assert count(house, Response) == 40


def test_a_file_that_cannot_be_brought_in_says_why(house: House, context: JobContext) -> None:
    client = house.login()
    made = upload(client, ("orders.csv", ORDERS))
    start(client, made.location, target="here", name="Orders", currency="EUR")
    requests.path_of(context.config, stored(house, made.location)).unlink()
    jobs.bring_in(context, import_id=str(id_of(made.location)))
    page = words(client.get(made.location))
    assert "The file could not be brought in." in page
    assert "Upload it again." in page


def test_a_fault_of_ours_is_told_after_the_last_attempt(
    house: House, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.login()
    made = upload(client, ("orders.csv", ORDERS))
    start(client, made.location, target="here", name="Orders", currency="EUR")

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr(jobs, "load", broken)
    identity = str(id_of(made.location))
    with pytest.raises(ZeroDivisionError):
        jobs.bring_in(replace(context, attempt=1, attempts=2), import_id=identity)
    assert stored(house, made.location).state == "running"
    with pytest.raises(ZeroDivisionError):
        jobs.bring_in(replace(context, attempt=2, attempts=2), import_id=identity)
    page = client.get(made.location)
    assert "fault of the service" in words(page)
    assert "secret words" not in page.text


def test_progress_is_told_and_the_live_part_answers_304_when_nothing_changed(
    house: House,
) -> None:
    client = house.login()
    made = upload(client, ("reviews.csv", REVIEWS))
    start(client, made.location, target="here", name="Reviews", currency="EUR")
    now = clock.now()
    with house.unit() as session:
        session.execute(
            update(DataImport).values(
                state="running", phase="responses", done=10, total=40,
                started_at=now - timedelta(seconds=20), heartbeat_at=now,
            )
        )  # fmt: skip
    live = client.get(f"{made.location}/live")
    assert "10 of 40 responses brought in, about 1 minute left" in words(live)
    assert "You can leave this page" in words(live)
    with house.unit() as session:
        session.execute(update(DataImport).values(heartbeat_at=now - timedelta(minutes=10)))
    assert "Nothing was heard of it" in words(client.get(f"{made.location}/live"))
    done = client.post(f"{made.location}/cancel", data={"csrf_token": client.csrf})  # type: ignore[attr-defined]
    assert done.status_code == 302
    first = client.get(f"{made.location}/live")
    again = client.get(f"{made.location}/live", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("role", ["designer", "analyst", "agent"])
def test_who_may_not_import_may_not_see_it_either(house: House, role: str) -> None:
    client = house.login(role)
    assert client.get("/import").status_code == 403
    assert upload(client, ("orders.csv", ORDERS)).status_code == 403
    assert client.get(f"/import/{uuid.uuid4()}").status_code == 403


def test_a_strangers_import_is_as_if_it_were_not_there(house: House, stranger: House) -> None:
    theirs = upload(stranger.login(), ("orders.csv", ORDERS)).location
    client = house.login()
    for path in ("", "/live"):
        foreign = client.get(theirs + path)
        missing = client.get(f"/import/{uuid.uuid4()}{path}")
        assert foreign.status_code == missing.status_code == 404
        assert _neutral(foreign) == _neutral(missing)
    for action in ("start", "cancel"):
        sent = client.post(f"{theirs}/{action}", data={"csrf_token": client.csrf})  # type: ignore[attr-defined]
        assert sent.status_code == 404
    assert "orders.csv" not in client.get("/import").text
    assert stored(stranger, theirs).state == "planned"


def _neutral(page: TestResponse) -> str:
    return re.sub(r"[0-9a-f]{32}|[0-9a-f-]{36}", "·", page.text)


def test_forgetting_a_file_deletes_it(house: House, config: Config) -> None:
    client = house.login()
    made = upload(client, ("orders.csv", ORDERS))
    folder = requests.folder_of(config, house.id, id_of(made.location))
    assert folder.is_dir()
    client.post(f"{made.location}/cancel", data={"csrf_token": client.csrf})  # type: ignore[attr-defined]
    assert not folder.exists()
    refused = start(client, made.location, target="here", name="x", currency="EUR")
    assert refused.status_code == 409
    assert "Upload it again" in words(refused)


def test_each_step_is_in_the_audit_log_without_what_the_file_says(house: House) -> None:
    client = house.login()
    made = upload(client, ("orders.csv", ORDERS))
    start(client, made.location, target="here", name="Orders", currency="EUR")
    with house.unit() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.subject_kind == "data_import")
        ).all()
    assert {e.action for e in entries} == {"data_import.planned", "data_import.started"}
    assert "o1" not in str([e.detail for e in entries])


def test_hostile_cells_are_shown_as_text(house: House) -> None:
    client = house.login()
    bad = (
        "id,Rating,Review Text\n"
        + "".join(
            f"{i},{i % 5 + 1},<script>alert({i})</script> =HYPERLINK bad text {i}\n"
            for i in range(9)
        )
        + "9,1,a \x00 in it\n"
    )
    made = upload(client, ("bad.csv", bad))
    assert made.status_code == 302, words(made)
    page = client.get(made.location)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(0)" in page.text
    assert "1 of the first 10 rows cannot be read" in words(page)


def test_the_folder_of_an_import_is_inside_the_organizations_own(config: Config) -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    folder = requests.folder_of(config, one, two)
    assert folder.is_relative_to(Path(config.data_folder) / "files" / str(one))
