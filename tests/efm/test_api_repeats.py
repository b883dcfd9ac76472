"""Requests with an Idempotency-Key: done once, answered alike, however often and however at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from efm import clock
from efm.events import repeats
from efm.events.repeats import Answer, InFlight, Repeatable
from tests.efm.api import CONTACTS, RESPONSES, Program
from tests.efm.collected import Published
from tests.factories import House


@pytest.fixture
def survey(house: House) -> Published:
    """An open survey."""
    return Published.make(house)


@pytest.fixture
def program(house: House) -> Program:
    """A program that may do everything."""
    return Program(house)


def _body(survey: Published, score: int = 9) -> dict[str, Any]:
    return {"survey_id": str(survey.survey_id), "answers": {"recommend": score}}


def test_a_repeated_request_gets_the_first_answer(program: Program, survey: Published) -> None:
    first = program.post(RESPONSES, _body(survey), Idempotency_Key="k1")
    again = program.post(RESPONSES, _body(survey), Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert first.mimetype == again.mimetype
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = program.post(RESPONSES, _body(survey), Idempotency_Key="k2")
    assert other.get_json() != first.get_json()
    assert survey.count("responses") == 2


def test_another_body_under_the_same_key_is_refused(program: Program, survey: Published) -> None:
    program.post(RESPONSES, _body(survey), Idempotency_Key="k1")
    response = program.post(RESPONSES, _body(survey, 0), Idempotency_Key="k1")
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert "another body" in response.get_json()["detail"]
    assert survey.count("responses") == 1


def test_a_refused_request_leaves_its_key_free(program: Program, survey: Published) -> None:
    assert program.post(RESPONSES, _body(survey, 11), Idempotency_Key="k1").status_code == 422
    assert program.post(RESPONSES, _body(survey, 10), Idempotency_Key="k1").status_code == 201


def test_keys_are_of_one_token_one_address_one_organization(
    program: Program, house: House, stranger: House, survey: Published
) -> None:
    theirs = Published.make(stranger)
    batch = {"responses": [_body(survey)]}
    answers = [
        program.post(RESPONSES, _body(survey), Idempotency_Key="k"),
        Program(house).post(RESPONSES, _body(survey), Idempotency_Key="k"),
        Program(stranger).post(RESPONSES, _body(theirs), Idempotency_Key="k"),
        program.post(f"{RESPONSES}/batch", batch, Idempotency_Key="k"),
    ]
    assert [each.status_code for each in answers] == [201, 201, 201, 200]
    assert (survey.count("responses"), theirs.count("responses")) == (3, 1)


def test_a_batch_is_repeated_whole(program: Program, survey: Published) -> None:
    batch = {"responses": [_body(survey), _body(survey, 11)]}
    first = program.post(f"{RESPONSES}/batch", batch, Idempotency_Key="k")
    again = program.post(f"{RESPONSES}/batch", batch, Idempotency_Key="k")
    assert first.data == again.data
    assert first.get_json()["created"] == 1
    assert survey.count("responses") == 1
    people = {"contacts": [{"external_id": "c", "name": "Ana"}]}
    first = program.post(f"{CONTACTS}/batch", people, Idempotency_Key="k")
    again = program.post(f"{CONTACTS}/batch", people, Idempotency_Key="k")
    assert first.data == again.data
    assert first.get_json()["created"] == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "ключ".encode().decode("latin-1")])
def test_a_key_that_is_none(program: Program, survey: Published, key: str) -> None:
    response = program.post(RESPONSES, _body(survey), Idempotency_Key=key)
    assert response.status_code == 400
    assert survey.count("responses") == 0


def test_keys_last_a_day(program: Program, survey: Published) -> None:
    first = program.post(RESPONSES, _body(survey), Idempotency_Key="k").get_json()
    almost = clock.now() - timedelta(hours=23, minutes=59)
    survey.execute("UPDATE idempotency_keys SET created_at = :at", at=almost)
    assert program.post(RESPONSES, _body(survey), Idempotency_Key="k").get_json() == first
    survey.execute("UPDATE idempotency_keys SET created_at = :at", at=almost - timedelta(minutes=2))
    assert program.post(RESPONSES, _body(survey, 0), Idempotency_Key="k").get_json() != first
    assert survey.count("idempotency_keys") == 1


def test_a_request_in_flight_is_told_so(house: House) -> None:
    asked = Repeatable("token:1", "/api/v1/responses", "k", b"hash")
    now = clock.now()
    with house.unit() as first:
        assert repeats.first_answer(first, asked, now) is None
        with house.unit() as second, pytest.raises(InFlight):
            repeats.first_answer(second, asked, now)
        repeats.keep(first, asked, Answer(201, "{}"), now)
    with house.unit() as third:
        assert repeats.first_answer(third, asked, now) == Answer(201, "{}")


def test_a_request_in_flight_answers_409(
    program: Program, house: House, survey: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    from efm.web.api import responses

    entered, leave = threading.Event(), threading.Event()
    submit = responses.collect.submit_json

    def slowly(*args: Any, **kwargs: Any) -> Any:
        entered.set()
        assert leave.wait(20)
        return submit(*args, **kwargs)

    monkeypatch.setattr(responses.collect, "submit_json", slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(program.post, RESPONSES, _body(survey), Idempotency_Key="k")
        try:
            assert entered.wait(20)
            response = program.post(RESPONSES, _body(survey), Idempotency_Key="k")
        finally:
            leave.set()
        assert (response.status_code, response.mimetype) == (409, "application/problem+json")
        assert first.result().status_code == 201
    again = program.post(RESPONSES, _body(survey), Idempotency_Key="k")
    assert again.data == first.result().data
    assert survey.count("responses") == 1


def test_a_crash_leaves_neither_key_nor_work(
    program: Program, survey: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    from efm.web.api import room

    def crash(*_: Any) -> None:
        raise RuntimeError("the process died here")

    with monkeypatch.context() as patched:
        patched.setattr(room.repeats, "keep", crash)
        response = program.post(RESPONSES, _body(survey), Idempotency_Key="k")
    assert response.status_code == 500
    assert (survey.count("responses"), survey.count("idempotency_keys")) == (0, 0)
    assert program.post(RESPONSES, _body(survey), Idempotency_Key="k").status_code == 201


def _until_answered(program: Program, body: dict[str, Any], key: str) -> TestResponse:
    """Send as a careful program does: again with the same key while the first is under way."""
    for _ in _tries():
        response = program.post(RESPONSES, body, Idempotency_Key=key)
        if response.status_code != 409:
            return response
    raise AssertionError("never answered")


def _tries() -> Iterator[None]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        yield


@pytest.mark.parametrize("keys", [5, pytest.param(200, marks=pytest.mark.full)])
def test_twenty_at_once_make_one_row(house: House, survey: Published, keys: int) -> None:
    """Acceptance figure T4: keys x 20 parallel sends = exactly `keys` rows, byte-equal answers."""
    program = Program(house)
    program.app.extensions["efm.api_limiter"].limit, limit = (
        0, program.app.extensions["efm.api_limiter"].limit,
    )  # fmt: skip
    try:
        with ThreadPoolExecutor(8) as pool:
            for number in range(keys):
                sent = [
                    pool.submit(_until_answered, program, _body(survey, number % 11), f"k{number}")
                    for _ in range(20)
                ]
                answers = {(each.result().status_code, each.result().data) for each in sent}
                assert len(answers) == 1
                assert next(iter(answers))[0] == 201
    finally:
        program.app.extensions["efm.api_limiter"].limit = limit
    assert survey.count("responses") == keys


def test_the_control_without_a_key_makes_twenty(house: House, survey: Published) -> None:
    program = Program(house)
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(program.post, RESPONSES, _body(survey)) for _ in range(20)]
        assert {each.result().status_code for each in sent} == {201}
    assert survey.count("responses") == 20


def test_old_keys_are_swept_away(house: House, program: Program, survey: Published) -> None:
    program.post(RESPONSES, _body(survey), Idempotency_Key="k")
    with house.unit() as session:
        session.execute(text("SELECT efm_forget(:before)"), {"before": clock.now()})
    assert survey.count("idempotency_keys") == 0
