"""Files as answers: received, refused with words, kept on a page shown again, given out only to staff."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

import pytest
from sqlalchemy import text

from efm import clock
from efm.db.engine import unit
from efm.feedback import files
from efm.models import File
from tests.efm.collected import Published
from tests.factories import House

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60
DOCUMENT = {
    "title": "Damage",
    "language": "en",
    "pages": [
        {
            "key": "one",
            "questions": [
                {"key": "nps", "kind": "nps", "text": "Recommend?", "is_required": True},
                {
                    "key": "photo",
                    "kind": "file_upload",
                    "text": "A photo",
                    "settings": {"max_files": 2, "max_megabytes": 1, "types": ["png", "pdf"]},
                },
            ],
        },
    ],
}


@pytest.fixture
def survey(house: House) -> Published:
    return Published.of(house, DOCUMENT)


def key_of(page: str) -> str:
    found = re.search(r'name="_key" value="([^"]+)"', page)
    assert found
    return found[1]


def send(
    client: Any, survey: Published, page: str, *handed: tuple[bytes, str], **fields: Any
) -> Any:
    data = {"_key": key_of(page), "_page": "one", **fields}
    kept = data.pop("kept", [])
    data["photo"] = [*kept, *((io.BytesIO(content), name) for content, name in handed)]
    return client.post(survey.url, data=data, content_type="multipart/form-data")


def test_a_file_is_received_and_given_out_as_a_download(survey, house):
    client = house.app.test_client()
    page = client.get(survey.url).text
    assert 'enctype="multipart/form-data"' in page
    sent = send(client, survey, page, (PNG, "../<b>dent</b>.png"), nps="3")
    assert sent.status_code == 303
    (row,) = [each for each in survey.rows("answers") if each.question_key == "photo"]
    (handed,) = row.choices
    assert handed.endswith("~b>.png")
    staff = house.login("analyst")
    (response,) = survey.rows("responses")
    shown = staff.get(f"/responses/{response.id}").text
    address = re.search(rf'href="(/responses/{response.id}/files/[^"]+)"', shown)
    assert address
    reply = staff.get(address[1])
    assert reply.data == PNG
    assert reply.mimetype == "application/octet-stream"
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in reply.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (PNG, "x.exe", "This kind of file is not taken here"),
        (b"<html>", "x.png", "This kind of file is not taken here"),
        (b"", "x.png", "This file is empty"),
        (PNG + b"\0" * (1024 * 1024), "x.png", "This file is too large"),
    ],
)
def test_a_file_is_refused_with_words_and_nothing_is_kept(survey, house, content, name, words):
    client = house.app.test_client()
    page = client.get(survey.url).text
    sent = send(client, survey, page, (content, name), nps="3")
    assert sent.status_code == 422
    assert words in sent.text
    assert survey.rows("files") == []


def test_files_stay_when_another_answer_is_missing(survey, house):
    client = house.app.test_client()
    page = client.get(survey.url).text
    again = send(client, survey, page, (PNG, "a.png"))
    assert again.status_code == 422
    found = re.findall(r'name="photo" value="([^"]+)" checked', again.text)
    assert len(found) == 1
    sent = send(client, survey, again.text, (b"%PDF-1.7 x", "b.pdf"), nps="9", kept=found)
    assert sent.status_code == 303
    (row,) = [each for each in survey.rows("answers") if each.question_key == "photo"]
    assert [each.partition("~")[2] for each in row.choices] == ["a.png", "b.pdf"]


def test_too_many_files_are_refused(survey, house):
    client = house.app.test_client()
    page = client.get(survey.url).text
    sent = send(client, survey, page, *((PNG, f"{n}.png") for n in range(3)), nps="9")
    assert sent.status_code == 422
    assert "Please send at most 2 files." in sent.text


def test_a_file_of_another_response_cannot_be_named(survey, house):
    client = house.app.test_client()
    first = client.get(survey.url).text
    send(client, survey, first, (PNG, "secret.png"), nps="9")
    (row,) = [each for each in survey.rows("answers") if each.question_key == "photo"]
    second = client.get(survey.url).text
    sent = send(client, survey, second, nps="9", kept=list(row.choices))
    assert sent.status_code == 303
    assert len([each for each in survey.rows("answers") if each.question_key == "photo"]) == 1


def test_strangers_and_other_responses_give_nothing(survey, house, stranger):
    client = house.app.test_client()
    send(client, survey, client.get(survey.url).text, (PNG, "a.png"), nps="9")
    (file,) = survey.rows("files")
    (response,) = survey.rows("responses")
    address = f"/responses/{response.id}/files/{file.id}"
    assert stranger.login("owner").get(address).status_code == 404
    assert house.login("owner").get(f"/responses/{uuid.uuid4()}/files/{file.id}").status_code == 404
    assert house.app.test_client().get(address).status_code in (302, 303, 401)
    assert house.app.test_client().get(f"/pictures/{file.id}").status_code == 404


def test_files_without_a_response_are_forgotten(survey, house, engine):
    client = house.app.test_client()
    send(client, survey, client.get(survey.url).text, (PNG, "kept.png"), nps="9")
    send(client, survey, client.get(survey.url).text, (PNG, "lost.png"))
    assert len(survey.rows("files")) == 2
    with engine.begin() as connection:
        forgotten = connection.execute(
            text("SELECT efm_forget_files(:before)"), {"before": clock.now()}
        ).scalar_one()
    assert forgotten >= 1
    assert [row.name for row in survey.rows("files")] == ["kept.png"]


def test_a_picture_is_shown_to_everybody(house, engine):
    with unit(engine, house.id) as session:
        picture_id = files.add_picture(session, "logo.png", PNG, clock.now())
        assert session.get(File, (house.id, picture_id)) is not None
    reply = house.app.test_client().get(f"/pictures/{picture_id}")
    assert (reply.status_code, reply.mimetype, reply.data) == (200, "image/png", PNG)
    assert "immutable" in reply.headers["Cache-Control"]
