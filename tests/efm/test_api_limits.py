"""How often a token may ask: never more than its limit, whatever the number of processes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from efm import clock
from efm.web.api.limits import Limiter
from efm.web.flask import EfmFlask
from tests.efm.api import RANDOM_ID, RESPONSES, SURVEYS, Program
from tests.factories import House


@pytest.fixture
def tight(app: EfmFlask, engine: Engine) -> Iterator[EfmFlask]:
    """The application with 20 requests a minute."""
    before = app.extensions["efm.api_limiter"]
    app.extensions["efm.api_limiter"] = Limiter(engine, 20)
    yield app
    app.extensions["efm.api_limiter"] = before


def test_a_token_past_its_limit_is_told_when_to_come_back(tight: EfmFlask, house: House) -> None:
    program = Program(house)
    for number in range(20):
        response = program.get(SURVEYS)
        assert response.status_code == 200
        assert response.headers["RateLimit-Policy"] == '"token";q=20;w=60'
        assert response.headers["RateLimit"].startswith(f'"token";r={19 - number};t=')
        assert "Retry-After" not in response.headers
    for path in (SURVEYS, f"{RESPONSES}/{RANDOM_ID}"):
        response = program.get(path)
        assert (response.status_code, response.mimetype) == (429, "application/problem+json")
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert response.headers["RateLimit"].startswith('"token";r=0;t=')
    assert Program(house).get(SURVEYS).status_code == 200


def test_refusals_count_and_say_so(tight: EfmFlask, house: House) -> None:
    program = Program(house, "surveys.view")
    assert program.get(f"{SURVEYS}/{RANDOM_ID}").headers["RateLimit"].startswith('"token";r=19;')
    assert program.post(RESPONSES, {}).status_code == 403


def _taken(limiter: Limiter, token: uuid.UUID, times: int) -> int:
    now = clock.now()
    standings = [limiter.take(token, now) for _ in range(times)]
    return sum(1 for each in standings if each is not None and not each.is_over)


@pytest.mark.parametrize("limit", [1, 7, 20, 45, 600])
def test_processes_together_keep_to_the_limit(engine: Engine, limit: int) -> None:
    token = clock.new_id()
    processes = [Limiter(engine, limit) for _ in range(3)]
    taken = [0, 0, 0]
    for _ in range(limit):
        for number, each in enumerate(processes):
            taken[number] += _taken(each, token, 1)
    share = max(1, limit // 20)
    assert limit - limit % share - 2 * (share - 1) <= sum(taken) <= limit


def test_threads_together_keep_to_the_limit(engine: Engine) -> None:
    limiter, token = Limiter(engine, 40), clock.new_id()
    with ThreadPoolExecutor(4) as pool:
        taken = sum(pool.map(lambda _: _taken(limiter, token, 25), range(4)))
    assert taken == 40


def test_the_next_minute_begins_anew(engine: Engine) -> None:
    limiter, token, now = Limiter(engine, 2), clock.new_id(), clock.now()
    over = [limiter.take(token, now) for _ in range(3)]
    assert [each.is_over for each in over if each] == [False, False, True]
    later = limiter.take(token, now + timedelta(seconds=61))
    assert later is not None
    assert not later.is_over


def test_no_limit(engine: Engine) -> None:
    assert Limiter(engine, 0).take(clock.new_id(), clock.now()) is None


def test_the_database_is_asked_once_in_thirty(engine: Engine) -> None:
    limiter, token = Limiter(engine, 600), clock.new_id()
    asked = []
    listen = lambda *args: asked.append(args[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listen)
    try:
        assert _taken(limiter, token, 600) == 600
        assert len(asked) == 20
        assert _taken(limiter, token, 100) == 0
        assert len(asked) == 21
    finally:
        event.remove(engine, "before_cursor_execute", listen)
