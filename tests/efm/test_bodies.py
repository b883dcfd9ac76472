"""Bodies of requests: slow senders keep some threads busy, never all of them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import Client, create_environ, run_wsgi_app

from efm.web.bodies import SMALL_BYTES, Bodies, Crowded, CutShort
from efm.web.fast import Entrance
from efm.web.flask import EfmFlask
from tests.efm.collected import Published
from tests.factories import House


class _Slow:
    """A body that arrives when it is told to."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked = threading.Event()
        self.arrives = threading.Event()

    def read(self, _length: int) -> bytes:
        self.asked.set()
        assert self.arrives.wait(30)
        return self.content


def request(source: Any, length: object = 3) -> dict[str, Any]:
    return {"wsgi.input": source, "CONTENT_LENGTH": str(length)}


def test_a_short_body_is_in_memory_before_anybody_works() -> None:
    environ = request(BytesIO(b"abc"))
    assert Bodies(8).take(environ) == []
    assert environ["wsgi.input"].read() == b"abc"


@pytest.mark.parametrize("environ", [{}, {"CONTENT_LENGTH": ""}, {"CONTENT_LENGTH": "0"}])
def test_a_request_without_a_body_waits_for_nobody(environ: dict[str, Any]) -> None:
    assert Bodies(8).take(environ) == []


def test_a_body_cut_short_is_refused() -> None:
    with pytest.raises(CutShort):
        Bodies(8).take(request(BytesIO(b"ab")))


def test_slow_senders_leave_threads_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("efm.web.bodies.STANDSTILL_SECONDS", -1.0)
    bodies = Bodies(8)
    slow = [_Slow(b"abc") for _ in range(6)]
    with ThreadPoolExecutor(6) as crowd:
        waiting = [crowd.submit(bodies.take, request(each)) for each in slow]
        for each in slow:
            assert each.asked.wait(20)
        with pytest.raises(Crowded):
            bodies.take(request(BytesIO(b"abc")))
        slow[0].arrives.set()
        assert waiting[0].result(20) == []
        assert bodies.take(request(BytesIO(b"abc"))) == []
        for each in slow:
            each.arrives.set()


def test_a_body_waits_a_moment_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("efm.web.bodies.STANDSTILL_SECONDS", 60.0)
    monkeypatch.setattr("efm.web.bodies.TURN_SECONDS", 20.0)
    bodies = Bodies(1)
    slow = _Slow(b"abc")
    with ThreadPoolExecutor(2) as crowd:
        first = crowd.submit(bodies.take, request(slow))
        assert slow.asked.wait(20)
        second = crowd.submit(bodies.take, request(BytesIO(b"abc")))
        slow.arrives.set()
        assert (first.result(20), second.result(20)) == ([], [])


@pytest.mark.parametrize("length", [SMALL_BYTES + 1, "9" * 40, "x", "-1"])
def test_long_bodies_are_read_later_two_at_a_time(length: object) -> None:
    bodies = Bodies(8)
    environs = [request(BytesIO(b"abc"), length) for _ in range(3)]
    occupied = [bodies.take(environ) for environ in environs[:2]]
    with pytest.raises(Crowded):
        bodies.take(environs[2])
    for place in occupied[0]:
        place.release()
    assert len(bodies.take(environs[2])) == 2
    assert environs[2]["wsgi.input"].read() == b"abc"


def test_the_entrance_refuses_what_arrived_in_part(app: EfmFlask, house: House) -> None:
    survey = Published.make(house)
    whole = create_environ(
        survey.url, method="POST", input_stream=BytesIO(b"recommend=9"),
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip
    entrance = Entrance(app, keep_seconds=0)
    content, status, _ = run_wsgi_app(entrance, {**whole, "CONTENT_LENGTH": "500"})
    assert status.startswith("400")
    assert b"only in part" in b"".join(content)
    assert survey.count("responses") == 0


def test_long_bodies_give_their_place_back(app: EfmFlask, house: House) -> None:
    survey = Published.make(house)
    client = Client(Entrance(app, keep_seconds=0))
    for _ in range(5):
        assert client.post(survey.url, data={"comment": "x" * 300_000}).status_code == 413
