"""Pages that are asked once for each of several things, through a link: forward, back, changed, resumed."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.efm.collected import Published
from tests.efm.test_answer_logic import client as client
from tests.efm.test_answer_logic import fields, stored
from tests.factories import House

SHOPS = {
    "title": "Shops",
    "language": "en",
    "pages": [
        {
            "key": "which",
            "questions": [
                {
                    "key": "shops",
                    "kind": "multiple_choice",
                    "text": "Which shops did you visit?",
                    "choices": [
                        {"key": "oslo", "label": "Oslo & Fjord"},
                        {"key": "bergen", "label": "Bergen"},
                        {"key": "other", "label": "Another", "takes_text": True},
                    ],
                }
            ],
        },
        {
            "key": "each",
            "title": "About {{_loop.text}}",
            "loop": {"over": "shops"},
            "questions": [
                {"key": "rating", "kind": "csat", "text": "How was {{_loop.text}}?",
                 "is_required": True},
                {"key": "why", "kind": "short_text", "text": "What was wrong?",
                 "show_if": "is_answered(rating) and rating <= 2"},
            ],
        },
        {"key": "last", "questions": [{"key": "nps", "kind": "nps", "text": "Recommend?"}]},
    ],
}  # fmt: skip


@pytest.fixture
def survey(house: House) -> Published:
    return Published.of(house, SHOPS)


def title(page: Any) -> str:
    """What a page is about, as it is read."""
    found = re.search(r"<h2[^>]*>(About .*?)</h2>", page.text)
    return html.unescape(found[1]) if found else ""


def go(client: Any, address: str, page: Any, way: str = "next", **answers: Any) -> Any:
    """Send a page and open the one that follows."""
    names = {name.replace("__", "."): value for name, value in answers.items()}
    reply = client.post(address, data={**fields(page.text), "_go": way, **names})
    assert reply.status_code == 303, reply.text
    return client.get(reply.location)


def test_a_person_goes_through_a_loop_back_and_on(client, survey, house):
    address, _ = survey.invite()
    page = go(client, address, client.get(address), shops=["oslo", "other"],
              shops__other__text="Kiosk")  # fmt: skip
    assert title(page) == "About Oslo & Fjord"
    page = go(client, address, page, rating__oslo="2", why__oslo="Cold",
              _seen=["rating.oslo", "why.oslo"])  # fmt: skip
    assert title(page) == "About Kiosk"
    page = go(client, address, page, "back")
    assert title(page) == "About Oslo & Fjord"
    assert 'value="Cold"' in page.text
    # Whoever comes back later goes on where the walk stopped, in the middle of the loop.
    page = client.get(address)
    assert title(page) in ("About Oslo & Fjord", "About Kiosk")
    while title(page) != "About Oslo & Fjord":
        page = go(client, address, page, "back")
    page = go(client, address, page, "back")
    assert "Which shops did you visit?" in page.text
    # Another choice: its turn is asked, and what was said of the shop that is gone is not kept.
    page = go(client, address, page, shops=["bergen", "other"], shops__other__text="Kiosk")
    assert title(page) == "About Bergen"
    page = go(client, address, page, rating__bergen="5")
    assert title(page) == "About Kiosk"
    page = go(client, address, page, rating__other="4")
    assert "Recommend?" in page.text
    go(client, address, page, nps="9")
    response, answers = stored(house)
    assert response.state == "complete"
    assert set(answers) >= {"shops", "rating.bergen", "rating.other", "nps"}
    assert not [key for key in answers if key.endswith(".oslo")]


def test_a_turn_refuses_for_itself(client, survey):
    address, _ = survey.invite()
    page = go(client, address, client.get(address), shops=["oslo", "bergen"])
    refused = client.post(address, data={**fields(page.text), "_go": "next"})
    assert refused.status_code == 422
    assert title(refused) == "About Oslo & Fjord"
    assert "Please answer this question." in refused.text
    page = go(client, address, refused, rating__oslo="4")
    assert title(page) == "About Bergen"


def test_who_chose_nothing_is_asked_about_nothing(client, survey, house):
    address, _ = survey.invite()
    page = go(client, address, client.get(address))
    assert "Recommend?" in page.text
    go(client, address, page, nps="9")
    _, answers = stored(house)
    assert set(answers) == {"nps"}
