"""Past responses from files into a survey: matched, looked at, loaded once, resumed, sent back equal."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from werkzeug.test import TestResponse

from efm import clock, log
from efm.__main__ import main
from efm.config import Config
from efm.events.registry import JobContext
from efm.feedback import authoring, collect, sheets, workbooks
from efm.feedback.listing import ResponseFilter
from efm.imports import requests as uploaded
from efm.imports.responses import jobs, loading, requests
from efm.mail import make_mailer
from efm.models import AuditEntry, Contact, DataImport, Event, Response
from efm.vault import Vault
from surveys.definition import load
from tests.factories import House

WHEN = datetime(2026, 3, 29, 0, 30, 15, 123456, tzinfo=UTC)
CHOICES = [
    {"key": "order", "label": "Order", "value": 7},
    {"key": "other", "label": "Something, else", "takes_text": True},
]
QUESTIONS: list[dict[str, Any]] = [
    {"key": "recommend", "kind": "nps", "text": "How likely are you to recommend us?"},
    {"key": "about", "kind": "single_choice", "text": "What was it about?", "choices": CHOICES},
    {
        "key": "wishes",
        "kind": "multiple_choice",
        "text": "What should be better?",
        "choices": [{"key": "speed", "label": "Speed"}, {"key": "price", "label": "Price"}],
    },
    {
        "key": "rate",
        "kind": "matrix_single",
        "text": "Rate us",
        "rows": [{"key": "shop", "label": "Shop"}, {"key": "staff", "label": "Staff"}],
        "choices": [{"key": "good", "label": "Good"}, {"key": "bad", "label": "Bad"}],
    },
    {"key": "spent", "kind": "number", "text": "Spent?", "settings": {"decimals": 2}},
    {"key": "visited", "kind": "date", "text": "When were you here?"},
    {"key": "comment", "kind": "long_text", "text": "Anything else?"},
]


def make(house: House, questions: list[dict[str, Any]] | None = None, **more: Any) -> uuid.UUID:
    document = {
        "title": "Past", "name": "Past answers", "language": "en",
        "pages": [{"key": "p", "questions": questions or QUESTIONS}], **more,
    }  # fmt: skip
    with house.unit() as session:
        survey = authoring.create(session, load(document), clock.now())
        authoring.publish(session, survey.id, clock.now())
    return survey.id


@pytest.fixture
def context(house: House, config: Config) -> JobContext:
    mailer = make_mailer(config.mail_url)
    return JobContext(
        house.engine, config, Vault(config.secret_key), mailer, organization_id=house.id
    )


def upload(client: FlaskClient, survey_id: uuid.UUID, name: str, content: str | bytes) -> Any:
    given = content.encode() if isinstance(content, str) else content
    data = {"csrf_token": client.csrf, "files": (io.BytesIO(given), name)}  # type: ignore[attr-defined]
    return client.post(
        f"/surveys/{survey_id}/responses/import", data=data, content_type="multipart/form-data"
    )


def words(response: TestResponse) -> str:
    text = re.sub(r"<[^>]+>", " ", response.text).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).replace("&#39;", "'").replace("&#34;", '"')


def press(client: FlaskClient, url: str, action: str, **form: str) -> TestResponse:
    return client.post(f"{url}/{action}", data={"csrf_token": client.csrf, **form})  # type: ignore[attr-defined]


def stored(house: House, url: str) -> DataImport:
    with house.unit() as session:
        return session.get_one(DataImport, (house.id, uuid.UUID(url.rsplit("/", 1)[1])))


def run(context: JobContext, url: str) -> None:
    jobs.bring_in(context, import_id=url.rsplit("/", 1)[1])


def answers(house: House, survey_id: uuid.UUID) -> list[dict[str, Any]]:
    """The responses as JSON Lines say them, without what every response has anew."""
    text = house.login().get(f"/surveys/{survey_id}/responses.jsonl").text
    found = []
    for line in text.splitlines():
        response = json.loads(line)
        for name in ("response_id", "version"):
            del response[name]
        found.append(response)
    return found


def count(house: House, survey_id: uuid.UUID) -> int:
    with house.unit() as session:
        query = select(func.count()).select_from(Response).where(Response.survey_id == survey_id)
        return session.scalar(query) or 0


FILE = """ID,How likely are you to recommend us,What was it about,What should be better? [Speed],What should be better? [Price],Rate us - Shop,Spent,When were you here,Anything else,Date submitted
a1,9,Order,1,0,Good,"12,50",31.01.2026,Fine,2026-02-01 10:00
a2,10 - Extremely likely,something else,0,0,Bad,3,5.2.2026,,2026-02-02 11:30
a3,twelve,Order,,,,,,,2026-02-02 11:30
a4,12,Order,,,,,,,2026-02-02 11:30
"""


def test_a_file_of_another_tool_is_guessed_shown_and_brought_in(
    house: House, context: JobContext
) -> None:
    survey_id, client = make(house), house.login("designer")
    assert "Bring responses in" in words(client.get(f"/surveys/{survey_id}"))
    made = upload(client, survey_id, "old.csv", FILE)
    assert made.status_code == 302, words(made)
    page = words(client.get(made.location))
    assert "Of the 4 rows, 2 become responses, and 2 are refused" in page
    assert "“twelve” is no point of the scale" in page
    assert "12.5" in page
    assert press(client, made.location, "start").status_code == 302
    assert "Waiting for a worker" in words(client.get(made.location))
    run(context, made.location)
    page = words(client.get(made.location))
    assert "Brought in 2" in page
    assert "Refused 2" in page
    first, second = answers(house, survey_id)
    assert first["submitted_at"] == "2026-02-01T10:00:00+00:00"
    assert first["answers"] == {
        "recommend": 9, "about": "order", "wishes": ["speed"], "rate.shop": "good",
        "spent": 12.5, "visited": "2026-01-31", "comment": "Fine",
    }  # fmt: skip
    assert second["answers"] == {
        "recommend": 10, "about": "other", "rate.shop": "bad", "spent": 3, "visited": "2026-02-05",
    }  # fmt: skip
    refused = client.get(f"{made.location}/refused.csv")
    table = list(csv.reader(io.StringIO(refused.data.decode("utf-8-sig"), newline="")))
    assert [row[0] for row in table[1:]] == ["4", "5"]
    assert "twelve" in table[1][1]
    assert table[1][2] == "a3"
    with house.unit() as session:
        assert session.scalar(select(func.count()).select_from(Event).where(Event.kind == "response.submitted")) == 0  # fmt: skip
        actions = set(session.scalars(select(AuditEntry.action)))
    assert {"responses_import.uploaded", "responses_import.started"} <= actions
    assert press(client, made.location, "forget").status_code == 302
    assert client.get(f"{made.location}/refused.csv").status_code == 404


def test_the_same_file_again_adds_nothing(house: House, context: JobContext) -> None:
    survey_id, client = make(house), house.login("designer")
    for name in ("one.csv", "two.csv"):
        made = upload(client, survey_id, name, "recommend,about\n9,order\n9,order\n3,other\n")
        press(client, made.location, "start")
        run(context, made.location)
    assert count(house, survey_id) == 3
    assert stored(house, made.location).loaded["already"] == 3
    assert "3 are there already" in words(
        client.get(upload(client, survey_id, "x.csv", "recommend,about\n9,order\n9,order\n3,other\n").location)
    )  # fmt: skip


KINDS: list[dict[str, Any]] = [
    *QUESTIONS,
    {"key": "email", "kind": "email", "text": "Where do we reach you?"},
    {"key": "sure", "kind": "yes_no", "text": "Sure?"},
    {"key": "terms", "kind": "consent", "text": "Agree?"},
    {"key": "stars", "kind": "stars", "text": "Stars?"},
    {"key": "slide", "kind": "slider", "text": "How much?"},
    {"key": "order", "kind": "ranking", "text": "Rank", "settings": {"minimum": 1}, "choices": [*CHOICES[:1], {"key": "b", "label": "B"}, {"key": "c", "label": "C"}]},
    {"key": "split", "kind": "constant_sum", "text": "Split", "choices": [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}]},
    {"key": "many", "kind": "matrix_multiple", "text": "Many", "rows": [{"key": "r", "label": "R"}], "choices": [{"key": "x", "label": "X"}, {"key": "y", "label": "Y"}]},
    {"key": "points", "kind": "matrix_rating", "text": "Points", "rows": [{"key": "r", "label": "R"}]},
    {"key": "home", "kind": "address", "text": "Home"},
    {"key": "people", "kind": "entries", "text": "People", "parts": [{"key": "age", "kind": "number", "text": "Age"}, {"key": "name", "kind": "short_text", "text": "Name"}]},
    {"key": "best", "kind": "max_diff", "text": "Best", "settings": {"size": 3, "sets": 1}, "choices": [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}, {"key": "c", "label": "C"}]},
    {"key": "came", "kind": "hidden", "text": "Came from"},
    {"key": "at", "kind": "time", "text": "At what time?"},
    {"key": "site", "kind": "url", "text": "Site?"},
    {"key": "call", "kind": "phone", "text": "Phone?"},
]  # fmt: skip
GIVEN: list[dict[str, Any]] = [
    {
        "recommend": 0, "about": "other", "about.other.text": "=cmd()", "wishes": ["price", "speed"],
        "rate.shop": "good", "rate.staff": "bad", "spent": -12.05, "visited": "2024-02-29",
        "comment": '=HYPERLINK("http://x")\n"quoted", and \'so on\'; תקלה 👩‍👩‍👧', "email": "x@example.org",
        "sure": "no", "terms": "agreed", "stars": 5, "slide": 100, "order": ["c", "order"],
        "split.a": 40, "split.b": 60, "many.r": ["y"], "points.r": 3, "home.city": "Köln",
        "people.1.age": 44, "people.1.name": "007", "people.2.age": 3, "best.1.best": "a",
        "best.1.worst": "c", "came": "12", "at": "14:30", "site": "https://example.org/?a=1",
        "call": "+49 221 12345",
    },
    {"recommend": 10, "came": 12.5, "comment": "N/A", "wishes": ["speed"], "sure": "yes"},
    {"comment": "-"},
    {"comment": "007"},
]  # fmt: skip


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_what_goes_out_comes_back_equal(house: House, context: JobContext, ending: str) -> None:
    first, second = make(house, KINDS), make(house, KINDS)
    with house.unit() as session:
        contact = Contact(name="Nora", email="nora@example.org")
        session.add(contact)
        session.flush()
        sent = [
            collect.Incoming(
                first, given, submitted_at=WHEN + timedelta(minutes=n), channel="kiosk",
                started_at=WHEN - timedelta(minutes=1), touchpoint="@desk" if n else "",
                contact_id=contact.id if n == 1 else None,
            )
            for n, given in enumerate(GIVEN)
        ]  # fmt: skip
        outcomes = collect.submit_batch(session, sent, clock.now())
        assert [each.problems for each in outcomes] == [None] * len(GIVEN)
    client = house.login()
    out = client.get(f"/surveys/{first}/responses.{ending}").data
    back = upload(client, second, f"past.{ending}", out)
    assert back.status_code == 302, words(back)
    page = words(client.get(back.location))
    assert "Of the 4 rows, 4 become responses." in page, page
    assert "1 of them name a contact, and 1 is known here" in page
    press(client, back.location, "start")
    run(context, back.location)
    assert stored(house, back.location).loaded["created"] == 4
    assert answers(house, second) == answers(house, first)
    again = upload(client, first, f"past.{ending}", out)
    assert "0 become responses, 4 are there already" in words(client.get(again.location))
    press(client, again.location, "start")
    run(context, again.location)
    assert count(house, first) == 4
    assert stored(house, again.location).loaded["already"] == 4


def test_a_workbook_of_several_sheets_is_read_in_turn(
    house: House, context: JobContext, tmp_path: Path
) -> None:
    first, second = make(house), make(house)
    with house.unit() as session:
        sent = [
            collect.Incoming(first, {"recommend": n}, submitted_at=WHEN + timedelta(days=n))
            for n in range(7)
        ]
        collect.submit_batch(session, sent, clock.now())
    with house.unit(read_only=True) as session:
        about = sheets.sheet(session, authoring.get(session, first))
        found = list(sheets.responses(session, about, ResponseFilter()))
    workbooks.write(about, found, tmp_path / "w.xlsx", most_rows=4)
    client = house.login()
    made = upload(client, second, "w.xlsx", (tmp_path / "w.xlsx").read_bytes())
    press(client, made.location, "start")
    run(context, made.location)
    assert answers(house, second) == answers(house, first)


def test_columns_are_chosen_by_hand_and_wrong_choices_are_told(
    house: House, context: JobContext
) -> None:
    survey_id, client = make(house), house.login("designer")
    made = upload(client, survey_id, "odd.csv", "A,B,C\n7,x,n1\n3,y,n2\n")
    page = client.get(made.location)
    assert "Choose at least one column that is a question." in words(page)
    twice = press(client, made.location, "look", c0="recommend", c1="recommend")
    assert twice.status_code == 422
    assert "“A” becomes the same already" in words(twice)
    assert press(client, made.location, "start", c0="nowhere").status_code == 422
    wrong = press(client, made.location, "look", c0="recommend", zone="Mars/Base")
    assert "Enter a time zone" in words(wrong)
    kept = press(client, made.location, "look", c0="recommend", c1="@attribute", c2="@key")
    assert kept.status_code == 302
    assert "Of the 2 rows, 2 become responses" in words(client.get(made.location))
    press(client, made.location, "start", c0="recommend", c1="@attribute:Branch", c2="@key")
    run(context, made.location)
    with house.unit() as session:
        found = session.scalars(select(Response).order_by(Response.submit_key)).all()
    assert [each.submit_key for each in found] == [
        f"{survey_id.hex}:n1", f"{survey_id.hex}:n2",
    ]  # fmt: skip
    assert [each.attributes for each in found] == [{"Branch": "x"}, {"Branch": "y"}]
    assert press(client, made.location, "look", c0="recommend").status_code == 409


def test_days_and_decimals_are_a_visible_choice(house: House) -> None:
    survey_id, client = make(house), house.login("designer")
    made = upload(client, survey_id, "d.csv", "visited;spent\n03/04/2026;1.234\n05/06/2026;2.500\n")
    page = words(client.get(made.location))
    assert "fit both orders" in page
    assert "2026-04-03" in page
    assert "1 becomes a response, and 1 is refused" in page
    press(client, made.location, "look", order="mdy", decimals=",")
    page = words(client.get(made.location))
    assert "2026-03-04" in page
    assert "1234" in page
    assert "2 become responses" in page


def _many(n: int) -> str:
    rows = "".join(f"{i % 11},{'order' if i % 3 else 'nonsense'},row {i}\n" for i in range(n))
    return "recommend,about,comment\n" + rows


class Killed(BaseException):
    """Nothing that code of ours would tidy up after."""


def _cut_after(monkeypatch: pytest.MonkeyPatch, batches: int, then: Callable[[], None]) -> None:
    original, done = loading._batch, []

    def cut(*given: Any) -> None:
        original(*given)
        done.append(1)
        if len(done) == batches:
            then()

    monkeypatch.setattr(loading, "BATCH", 10)
    monkeypatch.setattr(loading, "_batch", cut)


def test_a_load_that_is_killed_goes_on_where_it_was(
    house: House, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey_id, client = make(house), house.login("designer")
    made = upload(client, survey_id, "many.csv", _many(60))
    press(client, made.location, "start")

    def kill() -> None:
        raise Killed

    _cut_after(monkeypatch, 3, kill)
    with pytest.raises(Killed):
        run(context, made.location)
    assert stored(house, made.location).state == "running"
    assert stored(house, made.location).done == 20
    assert "20 of 60 rows read" in words(client.get(f"{made.location}/live"))
    monkeypatch.undo()
    run(context, made.location)
    found = stored(house, made.location)
    assert (found.state, found.loaded["created"], found.loaded["refused"]) == ("succeeded", 40, 20)
    assert found.loaded["already"] == 0
    assert count(house, survey_id) == 40
    lines = client.get(f"{made.location}/refused.csv").data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [str(n + 2) for n in range(0, 60, 3)]


def test_without_its_notes_a_load_doubles_nothing(house: House, context: JobContext) -> None:
    survey_id, client = make(house), house.login("designer")
    made = upload(client, survey_id, "many.csv", _many(30))
    press(client, made.location, "start")
    path = uploaded.path_of(context.config, stored(house, made.location))
    content = path.read_bytes()
    run(context, made.location)
    with house.unit() as session:
        found = session.get_one(DataImport, (house.id, stored(house, made.location).id))
        found.state, found.finished_at, found.loaded, found.done = "running", None, {}, 0
    path.write_bytes(content)
    run(context, made.location)
    assert count(house, survey_id) == 20
    assert stored(house, made.location).loaded["already"] == 20


def test_a_stopped_load_keeps_what_is_in_and_can_go_on(
    house: House, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey_id, client = make(house), house.login("designer")
    made = upload(client, survey_id, "many.csv", _many(30))
    press(client, made.location, "start")

    def stop() -> None:
        press(client, made.location, "cancel")

    _cut_after(monkeypatch, 2, stop)
    run(context, made.location)
    assert stored(house, made.location).state == "cancelled"
    assert stored(house, made.location).done == 10
    assert "It was stopped" in words(client.get(made.location))
    monkeypatch.undo()
    assert press(client, made.location, "start").status_code == 302
    run(context, made.location)
    assert count(house, survey_id) == 20
    assert stored(house, made.location).loaded["already"] == 0


def test_a_worker_that_is_told_to_end_hands_it_on(house: House, context: JobContext) -> None:
    survey_id, client = make(house), house.login("designer")
    made = upload(client, survey_id, "many.csv", _many(30))
    press(client, made.location, "start")
    run(replace(context, is_stopping=lambda: True), made.location)
    assert stored(house, made.location).state == "running"
    run(context, made.location)
    assert stored(house, made.location).state == "succeeded"


def test_a_lost_file_and_a_fault_of_ours_are_told(
    house: House, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey_id, client = make(house), house.login("designer")
    made = upload(client, survey_id, "many.csv", _many(30))
    press(client, made.location, "start")
    assert press(client, made.location, "start").status_code == 409

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr(jobs, "load", broken)
    with pytest.raises(ZeroDivisionError):
        run(context, made.location)
    page = client.get(made.location)
    assert "fault of the service" in words(page)
    assert "secret words" not in page.text
    uploaded.path_of(context.config, stored(house, made.location)).unlink()
    assert press(client, made.location, "start").status_code == 409


def test_contacts_are_matched_and_never_made(house: House, context: JobContext) -> None:
    survey_id, client = make(house), house.login("designer")
    with house.unit() as session:
        session.add(Contact(name="Nora", email="nora@example.org"))
        session.add_all([Contact(name="Two", email="two@example.org") for _ in range(2)])
    text = "recommend,E-mail\n9, Nora@Example.org\n8,two@example.org\n7,new@example.org\n6,\n"
    made = upload(client, survey_id, "c.csv", text)
    assert "3 of them name a contact, and 1 is known here" in words(client.get(made.location))
    press(client, made.location, "start")
    run(context, made.location)
    loaded = stored(house, made.location).loaded
    assert (loaded["linked"], loaded["unmatched"]) == (1, 2)
    with house.unit() as session:
        assert session.scalar(select(func.count()).select_from(Contact)) == 3
        session.execute(delete(Contact))


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("cp1252", ";"), ("latin-1", "|")],
)
def test_encodings_and_delimiters_are_found_out(
    house: House, encoding: str, delimiter: str
) -> None:
    survey_id, client = make(house), house.login("designer")
    text = '"recommend","comment"\r\n9,"Größe"\r\n8,"naïve ""quoted"""\r\n'.replace(",", delimiter)
    made = upload(client, survey_id, "e.csv", text.encode(encoding))
    assert made.status_code == 302, words(made)
    page = words(client.get(made.location))
    assert "2 become responses" in page
    assert "Größe" in page
    assert 'naïve "quoted"' in page


def _bomb() -> bytes:
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.exe", b"x", "is not a CSV, Excel (.xlsx) or Parquet file"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"recommend\n", "no row that can be read"),
        ("a.csv", b"\x00\x01\x02\x03", "a.csv"),
        ("a.csv", b"PK\x03\x04 no text", "give it its right ending"),
        ("a.xlsx", b"PK\x03\x04 broken", "a.xlsx is damaged"),
        ("a.xlsx", b"no workbook", "is not an Excel workbook"),
        ("a.xlsx", None, "unpacks to far more than it should"),
        ("a.parquet", b"PAR1", "a.parquet"),
        ("a.csv", b'recommend,comment\n"' + b"x" * (3 << 20), "no row that can be read"),
        ("a.csv", ",".join(f"c{n}" for n in range(1600)).encode() + b"\n1\n", "1,500 columns"),
        ("a.csv", b"x" * 300 + b",b\n1,2\n", "name of 300 characters"),
        ("../../a.csv", b"", "a.csv is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(
    house: House, config: Config, name: str, content: bytes | None, said: str
) -> None:
    survey_id, client = make(house), house.login("designer")
    refused = upload(client, survey_id, name, _bomb() if content is None else content)
    assert refused.status_code == 422, words(refused)
    assert said in words(refused)
    assert str(config.data_folder) not in refused.text
    left = config.data_folder / "files" / str(house.id) / "imports"
    assert not left.exists() or not any(left.iterdir())


def test_hostile_cells_are_refused_or_shown_as_text(house: House, context: JobContext) -> None:
    survey_id, client = make(house), house.login("designer")
    rows = [
        "9,<script>alert(1)</script>", "1e400,x", "9" * 400 + ",x", "8,a\x00b", "7," + "y" * 6000,
        "inf,x", "6,x,y,z", "²,x", "5,fine", '-1,"a\nb"', "0,{{contact.email}}",
    ]  # fmt: skip
    made = upload(client, survey_id, "h.csv", "recommend,comment\n" + "\n".join(rows) + "\n")
    page = client.get(made.location)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    press(client, made.location, "start")
    run(context, made.location)
    found = stored(house, made.location)
    assert found.state == "succeeded"
    assert {each["answers"]["recommend"] for each in answers(house, survey_id)} == {9, 5, 0}
    assert found.loaded["refused"] == len(rows) - 3


def test_a_file_that_breaks_off_says_so_and_keeps_what_is_in(
    house: House, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey_id, client = make(house), house.login("designer")
    made = upload(client, survey_id, "q.csv", _many(6) + '9,order,"never closed\n' + _many(3))
    monkeypatch.setattr(loading, "BATCH", 3)
    press(client, made.location, "start")
    run(context, made.location)
    found = stored(house, made.location)
    assert found.state == "succeeded"
    assert any("never closed" in reason for reason in found.loaded["reasons"])
    assert count(house, survey_id) == 4


def test_only_published_surveys_of_ones_own_take_responses(
    house: House, stranger: House, context: JobContext
) -> None:
    with house.unit() as session:
        document = {"title": "D", "language": "en", "pages": [{"key": "p", "questions": QUESTIONS}]}
        draft = authoring.create(session, load(document), clock.now()).id
    client = house.login("designer")
    refused = upload(client, draft, "a.csv", "recommend\n9\n")
    assert refused.status_code == 422
    assert "Publish the survey first" in words(refused)
    survey_id = make(house)
    assert upload(house.login("analyst"), survey_id, "a.csv", "recommend\n9\n").status_code == 403
    made = upload(client, survey_id, "a.csv", "recommend\n9\n")
    other = stranger.login("designer")
    assert upload(other, survey_id, "a.csv", "recommend\n9\n").status_code == 404
    for path in ("", "/live", "/refused.csv"):
        assert other.get(made.location + path).status_code == 404
    for action in ("look", "start", "cancel", "forget"):
        assert press(other, made.location, action).status_code == 404
    assert house.login().get(f"/import/{made.location.rsplit('/', 1)[1]}").status_code == 404
    with house.unit() as session:
        authoring.close(session, survey_id, clock.now())
    press(client, made.location, "start")
    run(context, made.location)
    assert count(house, survey_id) == 1


def test_a_qualtrics_file_has_three_head_lines(house: House) -> None:
    survey_id, client = make(house), house.login("designer")
    text = (
        "StartDate,EndDate,ResponseId,Q1\n"
        "Start Date,End Date,Response ID,How likely are you to recommend us?\n"
        '"{""ImportId"":""startDate""}","{""ImportId"":""endDate""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}"\n'
        "2026-01-02 03:04:05,2026-01-02 03:05:00,R_1,9\n"
    )
    made = upload(client, survey_id, "q.csv", text)
    page = words(client.get(made.location))
    assert "Of the 1 row, 1 becomes a response." in page


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, config: Config) -> Iterator[None]:
    """What a terminal gives a command; afterwards log lines go where they went before."""
    monkeypatch.setenv("EFM_DATABASE_URL", config.database_url or "")
    monkeypatch.setenv("EFM_OWNER_URL", config.owner_url or "")
    monkeypatch.setenv("EFM_DATA_FOLDER", str(config.data_folder))
    yield
    log.configure(config.log_format, config.log_level)


def test_the_command_tries_and_brings_in(
    house: House, terminal: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    survey_id = str(make(house))
    file, refused = tmp_path / "old.csv", tmp_path / "refused.csv"
    file.write_text("Score,Why\n9,Good\nnine,Bad\n")
    command = ["responses", "import", survey_id, str(file), "--map", "Score=recommend"]
    assert main([*command, "--map", "Why=comment", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "Score → recommend  (How likely are you to recommend us?)" in said
    assert "1 would be brought in" in said
    for created in (1, 0):
        assert main([*command, "--map", "Why=", "--json", "--refused", str(refused)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["brought_in"], told["already_there"], told["refused"]) == (created, 1 - created, 1)  # fmt: skip
    assert "nine" in refused.read_text(encoding="utf-8-sig")
    assert main([*command, "--map", "Nope=recommend"]) != 0
    assert "with a column of the file" in capsys.readouterr().err
    assert main([*command[:3], str(tmp_path / "gone.csv")]) != 0
    assert "gone.csv cannot be read" in capsys.readouterr().err


def test_the_first_files_are_found_again(house: House) -> None:
    survey_id, client = make(house), house.login("designer")
    made = upload(client, survey_id, "a.csv", "recommend\n9\n")
    assert "waits for you" in words(client.get(f"/surveys/{survey_id}/responses/import"))
    assert upload(client, survey_id, "", "").status_code == 422
    assert press(client, made.location, "cancel").status_code == 302
    folder = uploaded.folder_of(
        house.app.extensions["efm.config"], house.id, stored(house, made.location).id
    )
    assert not folder.exists()
    with house.unit() as session:
        assert [each.state for each in requests.newest(session, survey_id)] == ["cancelled"]
