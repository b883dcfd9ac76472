"""T1: the web server killed in the middle of its work loses nothing it acknowledged, doubles nothing."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from efm.config import Config
from tests.efm.collected import Published
from tests.factories import House
from tests.servers import ROOT, free_port

pytestmark = [pytest.mark.flow, pytest.mark.timeout(600)]

COMMENT = "Support was friendly and quick, but the invoice was wrong again and nobody knew."
ANSWERS = {
    "recommend": 9,
    "satisfaction": 4,
    "reason": "order",
    "wishes": ["speed"],
    "comment": COMMENT,
}
KILLED_AFTER = 25  # Acknowledged answers between one kill and the next.


class _Web:
    """The web server as `efm serve` starts it, with two workers that answer."""

    def __init__(self, config: Config) -> None:
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EFM_")}
        self.environ = kept | {
            "EFM_DATABASE_URL": config.database_url or "",
            "EFM_SECRET_KEY": config.secret_key,
            "EFM_DATA_FOLDER": str(config.data_folder),
            "EFM_API_REQUESTS_A_MINUTE": "0",
            "EFM_LOG_LEVEL": "error",
            "PYTHONPATH": str(ROOT),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "efm.cli.web", "127.0.0.1", str(self.port), "2", "4"],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        """SIGKILL for all of it at once: nobody gets to finish anything."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


@contextmanager
def web(config: Config) -> Iterator[_Web]:
    made = _Web(config)
    made.start()
    try:
        yield made
    finally:
        made.kill()


class _Ledger:
    """What clients were told, and when enough of it was told."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, str] = {}
        self.repeated = 0
        self.changed = threading.Condition()

    def note(self, key: str, response_id: str) -> None:
        with self.changed:
            self.acknowledged[key] = response_id
            self.changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.acknowledged) >= count, 240)


def asked(
    port: int, method: str, path: str, body: str = "", **headers: str
) -> tuple[int, str, str]:
    """One request of a connection of its own: status, body, Location. Raises OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read().decode(), reply.headers.get("Location", "")
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def insistent(
    ledger: _Ledger, work: threading.Event, port: int, *request: str, **headers: str
) -> tuple[int, str, str]:
    """Ask until somebody answers: the same request again, as a program or a person does."""
    tries = 0
    while True:
        try:
            status, body, place = asked(port, *request, **headers)
            if status < 500:
                if tries:
                    ledger.repeated += 1
                return status, body, place
        except OSError:
            pass
        tries += 1
        work.wait(0.02)


@pytest.mark.parametrize(
    "kills", [2, pytest.param(12, marks=pytest.mark.full)], ids=["two kills", "twelve kills"]
)
def test_killed_in_the_middle_nothing_is_lost_or_doubled(
    house: House, config: Config, kills: int
) -> None:
    survey = Published.make(house)
    authorization = house.api_token("responses.write")["Authorization"]
    ledger, over, never = _Ledger(), threading.Event(), threading.Event()

    def program(number: int, port: int) -> None:
        turn = 0
        while not over.is_set():
            key = f"program-{number}-{turn}"
            document = {"survey_id": str(survey.survey_id), "key": key, "answers": ANSWERS}
            status, body, _ = insistent(
                ledger, never, port, "POST", "/api/v1/responses", json.dumps(document),
                **{"Authorization": authorization, "Content-Type": "application/json"},
            )  # fmt: skip
            assert status in (200, 201), body
            ledger.note(key, json.loads(body)["id"])
            turn += 1

    def person(number: int, port: int) -> None:
        turn = 0
        while not over.is_set():
            _, page, _ = insistent(ledger, never, port, "GET", survey.url)
            found = re.search('name="_key" value="([^"]+)"', page)
            assert found
            form = urlencode({"_key": found[1], "_page": "p0", **ANSWERS}, doseq=True)
            status, body, place = insistent(
                ledger, never, port, "POST", survey.url, form,
                **{"Content-Type": "application/x-www-form-urlencoded"},
            )  # fmt: skip
            assert (status, place) == (303, f"{survey.url}/thanks"), body
            said = uuid.UUID(bytes=base64.urlsafe_b64decode(found[1])[:16])
            ledger.note(f"person-{number}-{turn}", str(said))
            turn += 1

    with web(config) as server, ThreadPoolExecutor(6) as crowd:
        try:
            working = [crowd.submit(program, n, server.port) for n in range(3)]
            working += [crowd.submit(person, n, server.port) for n in range(3)]
            for number in range(kills):
                ledger.wait_for((number + 1) * KILLED_AFTER)
                server.kill()
                server.start()
            ledger.wait_for((kills + 1) * KILLED_AFTER)
        finally:
            over.set()
        for each in working:
            each.result(120)
    assert ledger.repeated > 0, "no kill met a request under way"
    with house.unit(read_only=True) as session:
        stored = {
            str(row.id): row
            for row in session.execute(
                text(
                    "SELECT r.id, r.submit_key, r.state,"
                    " (SELECT count(*) FROM answers a WHERE a.response_id = r.id) AS answers,"
                    " (SELECT count(*) FROM scores s WHERE s.response_id = r.id) AS scores,"
                    " (SELECT count(*) FROM events e WHERE e.subject_id = r.id) AS events"
                    " FROM responses r"
                )
            )
        }
    acknowledged = set(ledger.acknowledged.values())
    assert not acknowledged - set(stored), "an acknowledged response is lost"
    assert not set(stored) - acknowledged, "a response is doubled"
    assert {(r.state, r.answers, r.scores, r.events) for r in stored.values()} == {
        ("complete", 5, 3, 1)
    }
