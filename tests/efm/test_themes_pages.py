"""How a survey looks: chosen on a page, shown to respondents, kept from being unreadable."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from efm import clock
from efm.feedback import authoring
from surveys.definition import load
from tests.efm.collected import Published
from tests.factories import House

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60


@pytest.fixture
def survey(house: House) -> Published:
    return Published.make(house)


def sent(client: Any, survey: Published, **fields: Any) -> Any:
    address = f"/surveys/{survey.survey_id}/theme"
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    assert token
    data = {"csrf_token": token[1], "brand": "#8a1c7c", "brand_dark": "", "font": "serif"} | fields
    return client.post(address, data=data, content_type="multipart/form-data")


def test_a_theme_is_shown_to_respondents(survey, house):
    client = house.login("designer")
    assert sent(client, survey, logo=(io.BytesIO(PNG), "logo.png")).status_code == 302
    with house.unit() as session:
        authoring.publish(session, survey.survey_id, clock.now())
    public = house.app.test_client()
    page = public.get(survey.url).text
    style = re.search(r'href="(/themes/[^"]+\.css)"', page)
    logo = re.search(r'src="(/pictures/[^"]+)"', page)
    assert style
    assert logo
    reply = public.get(style[1])
    assert (reply.status_code, reply.mimetype) == (200, "text/css")
    assert "--brand: #8a1c7c" in reply.text
    assert public.get(logo[1]).data == PNG


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"brand": "red"}, "Write a colour such as"),
        ({"font": "comic"}, "Choose one of"),
        ({"logo": (io.BytesIO(b"<svg/>"), "x.svg")}, "Choose a picture"),
    ],
)
def test_what_is_no_theme_is_refused_and_stays_typed(survey, house, fields, words):
    client = house.login("designer")
    reply = sent(client, survey, **fields)
    assert reply.status_code == 422
    assert words in reply.text
    (row,) = survey.rows("surveys")
    assert load(row.draft).theme == {}


def test_a_pale_colour_is_told(survey, house):
    client = house.login("designer")
    sent(client, survey, brand="#ffff99")
    shown = client.get(f"/surveys/{survey.survey_id}/theme").text
    assert "is hard to see on its page" in shown


def test_the_logo_is_taken_away_again(survey, house):
    client = house.login("designer")
    sent(client, survey, logo=(io.BytesIO(PNG), "logo.png"))
    sent(client, survey, without_logo="1")
    (row,) = survey.rows("surveys")
    assert set(load(row.draft).theme) == {"brand", "font"}
    assert house.app.test_client().get("/themes/x.css").status_code == 404


def test_a_typeface_of_ours_says_what_it_adds_and_is_kept_by_browsers(survey, house):
    client = house.login("designer")
    assert sent(client, survey, font="inter").status_code == 302
    shown = client.get(f"/surveys/{survey.survey_id}/theme").text
    assert "Inter adds 48 kB to the first page" in shown
    style = re.search(
        r"/themes/[^\"]+\.css", client.get(f"/surveys/{survey.survey_id}/preview").text
    )
    assert style
    address = re.search(r"url\(\"\.\.(/static/[^\"]+-latin\.woff2)", client.get(style[0]).text)
    assert address
    font = house.app.test_client().get(address[1])
    assert (font.status_code, font.mimetype, font.data[:4]) == (200, "font/woff2", b"wOF2")
    assert font.headers["Cache-Control"] == "public, max-age=31536000, immutable"
