"""The first people after a start wait no longer than others, however many come at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import Client

from efm.app import make_app
from efm.config import Config
from efm.web.answer_pages import AnswerPages
from efm.web.compiled import prepare_answer_pages
from efm.web.fast import Entrance
from efm.web.flask import EfmFlask
from tests.efm.collected import Published
from tests.factories import House

PEOPLE = 12


@pytest.fixture
def begun(config: Config, engine: Engine) -> EfmFlask:
    """An application that has drawn nothing yet."""
    return make_app(config, engine=engine)


def test_one_thread_draws_what_many_ask_for(
    begun: EfmFlask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = Published.make(house).url
    drawn, draw, together = [], AnswerPages._draw, threading.Barrier(PEOPLE)

    def counted(self: AnswerPages, *arguments: Any) -> str:
        drawn.append(arguments)
        return draw(self, *arguments)

    monkeypatch.setattr(AnswerPages, "_draw", counted)
    entrance = Entrance(begun)

    def shown(_: int) -> int:
        together.wait()
        return Client(entrance).get(url).status_code

    with ThreadPoolExecutor(PEOPLE) as people:
        assert list(people.map(shown, range(PEOPLE))) == [200] * PEOPLE
    assert len(drawn) == 1


def test_answer_pages_are_compiled_before_anybody_asks(begun: EfmFlask, house: House) -> None:
    prepare_answer_pages(begun)
    cache = begun.jinja_env.cache
    assert cache is not None
    before = set(cache.keys())
    client = Client(Entrance(begun))
    assert client.get(Published.make(house).url).status_code == 200
    assert client.get("/s/unknown").status_code == 404
    assert set(cache.keys()) == before
