"""Languages of a survey: typed, given to translators and taken back, answered in."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efm import clock
from efm.feedback import authoring
from surveys.definition import Definition, dump, load
from surveys.formats.errors import FormatError
from surveys.formats.xliff import read_xliff, write_xliff
from surveys.localizing import texts
from surveys.translating import Translated, completeness, take
from tests.efm.collected import Published
from tests.factories import House
from tests.surveys.drawn_surveys import definitions, few


@pytest.fixture
def survey(house: House) -> Published:
    return Published.make(house)


def page(client: Any, survey: Published, language: str = "de") -> str:
    return f"/surveys/{survey.survey_id}/translations/{language}"


def sent(client: Any, address: str, **fields: Any) -> Any:
    html = client.get(address).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', html)
    revision = re.search(r'name="revision" value="([^"]+)"', html)
    assert token
    assert revision
    return client.post(
        address,
        data={"csrf_token": token[1], "revision": revision[1], **fields},
        content_type="multipart/form-data",
    )


def draft(survey: Published) -> Definition:
    (row,) = survey.rows("surveys")
    return load(row.draft)


def test_texts_typed_are_saved_and_answered_in(survey, house):
    client = house.login("designer")
    address = page(client, survey)
    reply = sent(client, address, **{"text.recommend.text": "Würden Sie uns empfehlen?"})
    assert reply.status_code == 302
    assert draft(survey).translations["de"] == {"recommend.text": "Würden Sie uns empfehlen?"}
    listed = client.get(f"/surveys/{survey.survey_id}/translations").text
    assert "1 of " in listed
    with house.unit() as session:
        authoring.publish(session, survey.survey_id, clock.now())
    assert (
        "Würden Sie uns empfehlen?" in house.app.test_client().get(f"{survey.url}?language=de").text
    )


@pytest.mark.parametrize("ending", ["xlf", "xlsx"])
def test_files_go_to_a_translator_and_come_back(survey, house, ending):
    client = house.login("designer")
    address = page(client, survey)
    file = client.get(f"{address}.{ending}")
    assert file.headers["Content-Disposition"].startswith("attachment")
    translated = {place: f"<{text}> ä&" for place, text in texts(draft(survey)).items()}
    content = filled(ending, file.data, translated)
    reply = sent(client, address, file=(io.BytesIO(content), f"x.{ending}"))
    assert reply.status_code == 302, reply.text
    assert dict(draft(survey).translations["de"]) == translated
    again = client.get(f"{address}.{ending}").data
    reply = sent(client, address, file=(io.BytesIO(again), f"x.{ending}"))
    assert reply.status_code == 302
    assert dict(draft(survey).translations["de"]) == translated


def filled(ending: str, content: bytes, translated: dict[str, str]) -> bytes:
    """The file as a translator sends it back."""
    if ending == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        for row in book.worksheets[0].iter_rows(min_row=2):
            row[2].value = translated[row[0].value]
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()
    text = content.decode()
    for place, words in translated.items():
        escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = re.sub(
            rf'(name="{re.escape(place)}"><segment[^>]*><source[^>]*>[^<]*</source>)',
            lambda found, escaped=escaped: f"{found[1]}<target>{escaped}</target>",
            text,
        )
    return text.encode()


SMALL = {
    "title": "T",
    "language": "en",
    "pages": [{"questions": [{"key": "q", "kind": "nps", "text": "How {{_data.x}}?"}]}],
    "data": [{"key": "x"}],
}


def test_what_was_made_for_another_wording_is_told():
    definition = load(SMALL)
    given_texts = {"q.text": "Wie {{_data.x}}?", "title": "Titel", "gone.text": "Weg"}
    taken = take(
        definition, Translated("de", given_texts, {"title": "Old", "q.text": "How {{_data.x}}?"})
    )
    assert (taken.taken, taken.outdated, taken.unknown) == (2, ("title",), ("gone.text",))
    broken = take(definition, Translated("de", {"q.text": "Wie?"}, {}))
    assert (broken.taken, broken.broken) == (0, ("q.text",))
    assert completeness(taken.definition)[1].missing == ()


XLIFF_1 = b"""<?xml version="1.0"?><xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
<file source-language="en" target-language="de" datatype="plaintext" original="x"><body>
<trans-unit id="1" resname="title"><source>T</source><target>Ti<g id="1">tel</g></target></trans-unit>
</body></file></xliff>"""


def test_the_older_version_is_read():
    assert read_xliff(XLIFF_1) == Translated("de", {"title": "Titel"}, {"title": "T"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<a/>",
        b"\xff\xfe",
        b"<xliff/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xliff><unit name="t"><target>&a;</target></unit></xliff>',
        b"<xliff" + b"<a>" * 2000,
        b"PK\x03\x04broken",
    ],
)
def test_hostile_files_are_refused_with_words(survey, house, content):
    if not content.startswith(b"PK"):
        with pytest.raises(FormatError):
            read_xliff(content)
    client = house.login("designer")
    reply = sent(client, page(client, survey), file=(io.BytesIO(content), "x.xlf"))
    assert reply.status_code == 422
    assert "Problem" in reply.text


def test_a_file_of_another_language_is_refused(survey, house):
    client = house.login("designer")
    address = page(client, survey, "fr")
    reply = sent(client, address, file=(io.BytesIO(XLIFF_1), "x.xlf"))
    assert reply.status_code == 422
    assert "a translation to de" in reply.text


def test_two_translators_never_lose_each_other(survey, house):
    client = house.login("designer")
    address = page(client, survey)
    html = client.get(address).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert token
    sent(client, address, **{"text.title": "Erster"})
    late = client.post(
        address, data={"csrf_token": token[1], "revision": "1", "text.title": "Zweiter"}
    )
    assert late.status_code == 409
    assert "Zweiter" in late.text
    assert draft(survey).translations["de"]["title"] == "Erster"


def test_the_page_itself_stays_in_the_language_of_staff(survey, house):
    html = house.login("designer").get(page(None, survey, "ar")).text
    assert '<html lang="en"' in html
    assert 'lang="ar" dir="rtl"' in html


def test_unknown_languages_and_the_own_one(survey, house):
    client = house.login("designer")
    for language in ("en", "xx_1", "%00"):
        assert client.get(page(client, survey, language)).status_code == 404


@few
@given(definitions, st.data())
def test_xliff_brings_every_text_back(definition, data):
    given_texts = {place: text + "?" for place, text in texts(definition).items()}
    taken = take(definition, Translated("ja", given_texts, {})).definition
    read = read_xliff(write_xliff(taken, "ja"))
    again = take(definition, read).definition
    assert dump(again) == dump(taken)
