"""Pictures and videos of statements: brought in by the builder, shown to respondents, sent in stretches."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from efm import clock
from efm.feedback import authoring, media
from surveys.definition import dump, load
from surveys.errors import DefinitionError
from tests.efm.collected import Published
from tests.factories import House

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60
MP4 = b"\0\0\0\x18ftypisom\0\0\0\0" + bytes(range(256)) * 40
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + b"\0" * 50
VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000 align:start\n<c.x>Hello</c>\n"
DOCUMENT = {
    "title": "Film",
    "language": "en",
    "pages": [
        {
            "key": "one",
            "questions": [
                {"key": "film", "kind": "statement", "text": "See how it works"},
                {"key": "nps", "kind": "nps", "text": "Recommend?"},
            ],
        }
    ],
}


@pytest.fixture
def survey(house: House) -> Published:
    return Published.of(house, DOCUMENT)


def brought(client: Any, survey: Published, **parts: Any) -> Any:
    """Send files to the statement, by part; a plain value is another field."""
    address = f"/surveys/{survey.survey_id}/build"
    page = client.get(f"{address}?at=question.film").text
    fields = dict(re.findall(r'name="(csrf_token|revision)" value="([^"]+)"', page))
    files = {f"media.{name}": (io.BytesIO(part[0]), part[1]) for name, part in parts.items()
             if isinstance(part, tuple)}  # fmt: skip
    others = {name.replace("_", "."): part for name, part in parts.items() if isinstance(part, str)}
    data = {**fields, "at": "question.film", **files, **others}
    return client.post(f"{address}/media", data=data, content_type="multipart/form-data")


def settings(survey: Published) -> dict[str, Any]:
    (row,) = survey.rows("surveys")
    return dict(load(row.draft).question("film").settings)


def test_a_video_with_its_captions_reaches_respondents(survey, house):
    client = house.login("designer")
    assert brought(client, survey, video=(MP4, "How.mp4")).status_code == 303
    reply = brought(client, survey, captions=(VTT, "en.vtt"), poster=(PNG, "still.png"))
    assert reply.status_code == 303
    shown = client.get(f"/surveys/{survey.survey_id}/build?at=question.film").text
    assert 'name="setting.video_text"' in shown
    with house.unit() as session:
        authoring.publish(session, survey.survey_id, clock.now())
    public = house.app.test_client()
    page = public.get(survey.url)
    assert "/static/answer-media.css" in page.text
    assert "media-src 'self'" in page.headers["Content-Security-Policy"]
    found = re.search(r"<video controls preload=\"none\"[^>]* src=\"([^\"]+)\" poster=\"([^\"]+)\">"
                      r"<track kind=\"captions\" src=\"([^\"]+)\"", page.text)  # fmt: skip
    assert found
    video, poster, captions = (public.get(address) for address in found.groups())
    assert (video.mimetype, video.data) == ("video/mp4", MP4)
    assert (poster.mimetype, poster.data) == ("image/png", PNG)
    assert captions.mimetype == "text/vtt"
    assert captions.text == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000 align:start\nHello\n"
    assert f'<a href="{found[1]}" download>Download the video</a>' in page.text


@pytest.mark.parametrize(
    ("asked", "status", "start", "stop"),
    [
        ("bytes=0-", 206, 0, len(MP4)),
        ("bytes=0-99", 206, 0, 100),
        ("bytes=100-9999999", 206, 100, len(MP4)),
        ("bytes=-50", 206, len(MP4) - 50, len(MP4)),
        ("bytes=0-1,5-6", 200, 0, len(MP4)),
        ("lines=0-1", 200, 0, len(MP4)),
        (f"bytes={len(MP4)}-", 416, 0, 0),
    ],
)
def test_players_get_the_stretch_they_ask_for(house, asked, status, start, stop):
    with house.unit() as session:
        video = media.add_video(session, "a.mp4", MP4, clock.now())
    reply = house.app.test_client().get(f"/pictures/{video}", headers={"Range": asked})
    assert (reply.status_code, reply.data) == (status, MP4[start:stop])
    if status == 206:
        assert reply.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(MP4)}"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_a_large_video_is_sent_piece_by_piece(house, monkeypatch):
    monkeypatch.setattr(media, "PIECE_BYTES", 1000)
    with house.unit() as session:
        video = media.add_video(session, "a.webm", WEBM + MP4, clock.now())
    client = house.app.test_client()
    first = client.get(f"/pictures/{video}", headers={"Range": "bytes=0-"})
    assert first.headers["Content-Range"] == f"bytes 0-999/{len(WEBM + MP4)}"
    whole = client.get(f"/pictures/{video}")
    assert (whole.data, whole.content_length) == (WEBM + MP4, len(WEBM + MP4))
    again = client.get(f"/pictures/{video}", headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"video": (b"<html>", "x.mp4")}, "Choose a video"),
        ({"video": (b"\0\0\0\x18ftypheic" + b"\0" * 99, "x.mp4")}, "Choose a video"),
        ({"image": (b"<svg/>", "x.svg")}, "Choose a picture"),
        ({"captions": (b"Hello", "x.vtt")}, "There are no captions in it"),
        ({}, "Choose a file to bring in"),
    ],
    ids=["page", "photo", "drawing", "captions", "nothing"],
)
def test_what_is_none_of_them_is_refused(survey, house, parts, words):
    reply = brought(house.login("designer"), survey, **parts)
    assert reply.status_code == 422
    assert words in reply.text
    assert settings(survey) == {}


def test_a_video_goes_with_what_belongs_to_it(survey, house):
    client = house.login("designer")
    brought(client, survey, image=(PNG, "a.png"), video=(WEBM, "a.webm"))
    brought(client, survey, captions=(VTT, "a.vtt"))
    assert set(settings(survey)) == {"image", "video", "captions"}
    assert brought(client, survey, without_video="1").status_code == 303
    assert set(settings(survey)) == {"image"}


def showing(shown: dict[str, str]) -> dict[str, Any]:
    """The survey whose statement shows these."""
    pages: Any = DOCUMENT["pages"]
    film, *others = pages[0]["questions"]
    questions = [{**film, "settings": shown}, *others]
    return {**DOCUMENT, "pages": [{"key": "one", "questions": questions}]}


def test_what_is_shown_is_part_of_the_definition():
    address = "/pictures/01a203c5-82ea-7134-9f01-4b7802c7646c"
    shown = {
        "video": address,
        "video_text": "Anna opens the box.\n\nShe smiles.",
        "poster": address,
    }
    made = load(showing(shown))
    assert dict(made.question("film").settings) == shown
    assert load(dump(made)) == made


def brought_in(client: Any, survey: Published, language: str, **fields: Any) -> Any:
    """Send files of one language, by their places; a plain value is another field."""
    address = f"/surveys/{survey.survey_id}/translations/{language}"
    page = client.get(address).text
    given = dict(re.findall(r'name="(csrf_token|revision)" value="([^"]+)"', page))
    data = given | {
        name.replace("_", "."): (io.BytesIO(part), "x.vtt") if isinstance(part, bytes) else part
        for name, part in fields.items()
    }
    return client.post(f"{address}/files", data=data, content_type="multipart/form-data")


def track(client: Any, address: str) -> str:
    """The captions that respondents are given at an address."""
    found = re.search(r'<track kind="captions" src="([^"]+)"', client.get(address).text)
    assert found
    return str(client.get(found[1]).text)


def test_a_language_has_captions_of_its_own(survey, house):
    client = house.login("designer")
    brought(client, survey, video=(WEBM, "a.webm"))
    brought(client, survey, captions=(VTT, "en.vtt"))
    reply = brought_in(client, survey, "de", file_film_captions=VTT.replace(b"Hello", b"Hallo"))
    assert reply.status_code == 302, reply.text
    page = client.get(f"/surveys/{survey.survey_id}/translations/de").text
    assert "0 of " in page
    assert "its own in Deutsch" in page
    with house.unit() as session:
        authoring.publish(session, survey.survey_id, clock.now())
    public = house.app.test_client()
    assert "Hallo" in track(public, f"{survey.url}?language=de")
    assert "Hello" in track(public, survey.url)
    assert brought_in(client, survey, "de", without_film_captions="1").status_code == 302
    (row,) = survey.rows("surveys")
    assert load(row.draft).translations == {"de": {}}


def test_what_another_language_cannot_show_is_refused(survey, house):
    client = house.login("designer")
    brought(client, survey, video=(WEBM, "a.webm"))
    for fields, words in (
        ({"file_film_video": b"<html>"}, "Choose a video: an MP4"),
        ({"file_film_captions": VTT}, "Choose a file to bring in"),
        ({}, "Choose a file to bring in"),
    ):
        reply = brought_in(client, survey, "de", **fields)
        assert reply.status_code == 422
        assert words in reply.text
    (row,) = survey.rows("surveys")
    assert load(row.draft).translations == {}


def test_a_video_takes_its_captions_along_in_every_language(survey, house):
    client = house.login("designer")
    brought(client, survey, video=(WEBM, "a.webm"))
    brought(client, survey, captions=(VTT, "en.vtt"))
    assert brought_in(client, survey, "de", file_film_captions=VTT).status_code == 302
    assert brought(client, survey, without_video="1").status_code == 303
    (row,) = survey.rows("surveys")
    assert load(row.draft).translations == {"de": {}}


def test_only_files_of_ours_are_shown_in_other_languages():
    shown = {"video": "/pictures/01a203c5-82ea-7134-9f01-4b7802c7646c"}
    translations = {"de": {"film.video": "https://elsewhere.example/a.mp4"}}
    with pytest.raises(DefinitionError, match="Bring in a file"):
        load({**showing(shown), "translations": translations})
