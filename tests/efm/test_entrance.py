"""The bare entrance: the same answers as Flask, and never more than the database allows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from efm import clock
from efm.app import make_app
from efm.config import Config
from efm.errors import Unready
from efm.feedback import authoring, collect
from efm.feedback.writer import Writer
from efm.models import ApiToken
from efm.web import access
from efm.web.fast import INGEST, ROUTES, Entrance
from efm.web.flask import EfmFlask
from efm.web.permissions import permission_of
from tests.efm.collected import Published
from tests.efm.test_answer import key_of, send
from tests.factories import House

GOOD = {"recommend": 9, "comment": "Quick and friendly."}


class _Refusing:
    """A WSGI application in Flask's place that says it was asked."""

    def __init__(self, app: EfmFlask) -> None:
        self.view_functions = app.view_functions
        self.url_map = app.url_map
        self.extensions = app.extensions

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response("418 I'M A TEAPOT", [])
        return [b"flask was asked"]


@pytest.fixture
def survey(house: House) -> Published:
    return Published.make(house)


@pytest.fixture
def token(house: House) -> dict[str, str]:
    return house.api_token("responses.write")


@pytest.fixture
def alone(app: EfmFlask) -> Client:
    """The entrance with nobody behind it."""
    return Client(Entrance(_Refusing(app), keep_seconds=0))  # type: ignore[arg-type]


def post(client: Client, headers: dict[str, str], document: Any, **more: Any) -> TestResponse:
    data = document if isinstance(document, bytes) else json.dumps(document)
    return client.post(INGEST, data=data, content_type="application/json", headers=headers, **more)


def test_ordinary_requests_need_no_flask(
    alone: Client, survey: Published, token: dict[str, str]
) -> None:
    shown = alone.get(survey.url)
    assert shown.status_code == 200
    assert send(alone, survey.url, shown, recommend="9").status_code == 303
    assert alone.get(f"{survey.url}/thanks").status_code == 200
    assert alone.get("/s/unknown", environ_base={"REMOTE_ADDR": "10.9.9.9"}).status_code == 404
    stored = post(alone, token, {"survey_id": str(survey.survey_id), "answers": GOOD})
    assert stored.status_code == 201
    assert survey.count("responses") == 2


def test_everything_else_is_passed_on(
    alone: Client, survey: Published, token: dict[str, str]
) -> None:
    document = {"survey_id": str(survey.survey_id), "answers": GOOD}
    passed = [
        alone.get("/"),
        alone.head(survey.url),
        alone.get("/s/ä"),
        alone.get(f"{survey.url}/more"),
        alone.post(f"{survey.url}/thanks", data={}),
        alone.post(survey.url, json={}),
        alone.post(survey.url, data={"comment": "x" * 300_000}),
        alone.get(INGEST),
        post(alone, {}, document),
        post(alone, {"Authorization": "Bearer nobody"}, document),
        post(alone, token | {"Idempotency-Key": "k1"}, document),
        post(alone, token, document | {"contact_id": str(uuid.uuid4())}),
        post(alone, token, document | {"answers": {}}),
        post(alone, token, document | {"survey_id": str(uuid.uuid4())}),
        post(alone, token, b"{"),
    ]
    assert {reply.status_code for reply in passed} == {418}
    assert survey.count("responses") == 0


@pytest.fixture
def both(app: EfmFlask) -> tuple[Client, Client]:
    return app.test_client(), Client(Entrance(app, keep_seconds=0))


CHANGING = {"X-Request-ID", "Date", "RateLimit"}


def same(one: TestResponse, two: TestResponse) -> None:
    """The same status and headers, whatever differs from request to request left out."""
    assert one.status_code == two.status_code
    left, right = (
        {name: value for name, value in each.headers if name not in CHANGING} for each in (one, two)
    )
    assert left == right


HOSTILE: list[Any] = [
    b"", b"{", b"[]", b"null", b"\xff", b"[" * 3000, b'{"a":1,"a":2}', b'{"answers":{"recommend":1e999}}',
    b'{"key":"\\ud800"}', b'{"key":"\\u0000"}', b'{"recommend":' + b"9" * 5000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_bodies_get_one_answer_at_both_doors(
    both: tuple[Client, Client], token: dict[str, str], number: int
) -> None:
    replies = [post(client, token, HOSTILE[number]) for client in both]
    same(*replies)
    assert 400 <= replies[0].status_code < 500


def test_a_response_gets_one_answer_at_both_doors(
    both: tuple[Client, Client], survey: Published, token: dict[str, str]
) -> None:
    document = {"survey_id": str(survey.survey_id), "answers": GOOD}
    first, second = (post(client, token, document) for client in both)
    same(first, second)
    assert first.status_code == 201
    keyed = document | {"key": "order-1"}
    again = [post(client, token, keyed) for client in (*both, *both)]
    assert [reply.status_code for reply in again] == [201, 200, 200, 200]
    assert len({reply.data for reply in again}) == 1
    assert survey.count("responses") == 3
    wrong = [post(client, token, document | {"answers": {"recommend": 99}}) for client in both]
    same(*wrong)
    assert wrong[0].status_code == 422
    shorter = [{k: v for k, v in reply.json.items() if k != "request_id"} for reply in wrong]
    assert shorter[0] == shorter[1]


def test_scores_and_event_are_those_of_flask(
    both: tuple[Client, Client], survey: Published, token: dict[str, str]
) -> None:
    document = {"survey_id": str(survey.survey_id), "answers": GOOD, "touchpoint": "onboarding"}
    for client in both:
        post(client, token, document)
    one, two = survey.rows("responses")
    for row in (one, two):
        assert (row.touchpoint, row.channel, row.state) == ("onboarding", "api", "complete")
    by_response: dict[Any, set[Any]] = {one.id: set(), two.id: set()}
    for row in survey.rows("scores"):
        by_response[row.response_id].add(
            (row.metric, row.question_key, row.value, row.band, row.model)
        )
    assert by_response[one.id] == by_response[two.id] != set()
    payloads = [r.payload for r in survey.rows("events") if r.kind == "response.submitted"]
    assert payloads[0] == payloads[1]


def test_pages_get_one_answer_at_both_doors(both: tuple[Client, Client], survey: Published) -> None:
    for path in (survey.url, f"{survey.url}/thanks", f"{survey.url}?page=3"):
        same(*(client.get(path) for client in both))
    shown = both[0].get(survey.url)
    same(*(send(client, survey.url, shown, recommend="77") for client in both))
    same(*(client.post(survey.url, data={}) for client in both))
    pages = [client.get(survey.url) for client in both]
    texts = [page.text.replace(key_of(page), "") for page in pages]
    assert texts[0] == texts[1]


def test_what_is_remembered_never_stores_more_than_is_allowed(
    app: EfmFlask, house: House, survey: Published, token: dict[str, str]
) -> None:
    client = Client(Entrance(app, keep_seconds=600))
    document = {"survey_id": str(survey.survey_id), "answers": GOOD}
    shown = client.get(survey.url)
    assert post(client, token, document).status_code == 201
    with house.unit() as session:
        authoring.close(session, survey.survey_id, clock.now())
    assert client.get(survey.url).status_code == 200  # A moment old, and harmless.
    sent = send(client, survey.url, shown, recommend="9")
    assert (sent.status_code, "This survey is closed" in sent.text) == (410, True)
    assert post(client, token, document).status_code == 410
    assert survey.count("responses") == 1


def test_a_revoked_token_stores_nothing_at_once(
    app: EfmFlask, survey: Published, token: dict[str, str]
) -> None:
    client = Client(Entrance(app, keep_seconds=600))
    document = {"survey_id": str(survey.survey_id), "answers": GOOD}
    assert post(client, token, document).status_code == 201
    survey.execute("UPDATE api_tokens SET revoked_at = now()")
    assert post(client, token, document).status_code == 401
    assert survey.count("responses") == 1


def test_a_token_tells_when_it_was_last_used(
    alone: Client, survey: Published, token: dict[str, str]
) -> None:
    before = clock.now()
    sent = post(alone, token, {"survey_id": str(survey.survey_id), "answers": GOOD})
    assert sent.status_code == 201
    with survey.house.unit(read_only=True) as session:
        used = session.scalars(select(ApiToken.last_used_at)).one()
    assert used is not None
    assert used >= before


def test_a_token_without_the_scope_is_refused(app: EfmFlask, survey: Published) -> None:
    reading = survey.house.api_token("responses.view")
    client = Client(Entrance(app, keep_seconds=600))
    document = {"survey_id": str(survey.survey_id), "answers": GOOD}
    assert post(client, reading, document).status_code == 403
    assert survey.count("responses") == 0


def test_another_organizations_survey_is_not_there(
    app: EfmFlask, survey: Published, stranger: House
) -> None:
    theirs = stranger.api_token("responses.write")
    client = Client(Entrance(app, keep_seconds=600))
    document = {"survey_id": str(survey.survey_id), "answers": GOOD}
    assert post(client, theirs, document).status_code == 404
    assert survey.count("responses") == 0


def test_a_database_that_is_away_is_one_answer_at_both_doors(
    app: EfmFlask, survey: Published, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise Unready("The database cannot be reached right now. Try again shortly.")

    monkeypatch.setattr(Writer, "store", away)
    monkeypatch.setattr(collect, "submit_json", away)
    document = {"survey_id": str(survey.survey_id), "answers": GOOD}
    clients = (app.test_client(), Client(Entrance(app, keep_seconds=0)))
    flask, bare = (post(client, token, document) for client in clients)
    same(flask, bare)
    assert (bare.status_code, bare.headers["Retry-After"]) == (503, "5")
    for reply in (flask, bare):
        assert reply.json["request_id"] == reply.headers["X-Request-ID"]
    assert flask.json | {"request_id": ""} == bare.json | {"request_id": ""}
    shown = clients[1].get(survey.url)
    sent = [send(client, survey.url, shown, recommend="9", comment="Kept") for client in clients]
    same(*sent)
    assert (sent[1].status_code, "Kept" in sent[1].text) == (503, True)


def test_the_callers_network_is_seen_through_proxies(app: EfmFlask, config: Config) -> None:
    behind = make_app(replace(config, proxy_hops=1), engine=app.extensions["efm.engine"])
    client = Client(Entrance(behind, keep_seconds=0))
    near = {"REMOTE_ADDR": "10.200.0.1"}
    for forged in range(21):
        # The proxy adds the last one; what stands before it is the caller's own invention.
        headers = {"X-Forwarded-For": f"203.0.113.{forged}, 198.51.100.7"}
        last = client.get("/s/none", headers=headers, environ_base=near)
    assert last.status_code == 429
    other = {"X-Forwarded-For": "203.0.113.1, 198.51.100.8"}
    assert client.get("/s/none", headers=other, environ_base=near).status_code == 404


def test_a_foreign_host_is_refused(app: EfmFlask, config: Config, survey: Published) -> None:
    strict = make_app(
        replace(config, trusted_hosts=("ours.example",)), engine=app.extensions["efm.engine"]
    )
    client = Client(Entrance(strict, keep_seconds=0))
    assert client.get(survey.url, base_url="http://ours.example").status_code == 200
    assert client.get(survey.url, base_url="http://evil.example").status_code == 400


@pytest.mark.parametrize("host", ["answers.example", "answers.example:8443"])
def test_with_hosts_told_links_still_need_no_flask(
    app: EfmFlask, config: Config, survey: Published, host: str
) -> None:
    apart = make_app(
        replace(
            config,
            public_url="https://feedback.example",
            answer_url="https://answers.example",
            trusted_hosts=("feedback.example", "answers.example"),
        ),
        engine=app.extensions["efm.engine"],
    )
    alone = Client(Entrance(_Refusing(apart), keep_seconds=0))  # type: ignore[arg-type]
    shown = alone.get(survey.url, base_url=f"https://{host}")
    assert shown.status_code == 200
    assert "/static/answer.css?v=" in shown.text


def test_requests_are_counted_and_named(app: EfmFlask, survey: Published, alone: Client) -> None:
    counter = access.REQUESTS.labels("/s/<token>", "GET", "200")
    before = counter._value.get()
    named = alone.get(survey.url, headers={"X-Request-ID": "abc-12345"})
    assert named.headers["X-Request-ID"] == "abc-12345"
    assert len(alone.get(survey.url, headers={"X-Request-ID": "a b"}).headers["X-Request-ID"]) == 32
    assert counter._value.get() == before + 2


@pytest.fixture
def logged(config: Config, app: EfmFlask) -> Iterator[EfmFlask]:
    """An application that writes its lines as JSON; the settings go back afterwards."""
    from efm import log

    yield make_app(
        replace(config, log_format="json", log_level="info"), engine=app.extensions["efm.engine"]
    )
    log.configure(config.log_format, config.log_level)


def test_both_doors_write_the_same_line(
    logged: EfmFlask, survey: Published, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    import sys

    from efm import log

    with (tmp_path / "lines").open("w+") as lines:
        monkeypatch.setattr(sys, "stderr", lines)
        log.configure("json", "info")
        for client in (logged.test_client(), Client(Entrance(logged, keep_seconds=0))):
            client.get(survey.url, headers={"X-Request-ID": "abc-12345"})
        lines.flush()
        lines.seek(0)
        one, two = (json.loads(line) for line in lines if "request.answered" in line)
    for line in (one, two):
        assert isinstance(line.pop("milliseconds"), float)
        assert line.pop("timestamp").endswith("Z")
    assert one == two
    assert survey.token not in json.dumps(one)


def test_the_entrance_has_no_route_and_no_permission_of_its_own(app: EfmFlask) -> None:
    declared = {
        (method, rule.rule): permission_of(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    assert {(method, path): needed for method, path, needed in ROUTES} == {
        (method, path): declared.get((method, path)) for method, path, _ in ROUTES
    }


def test_two_permissions_for_one_route_are_refused(
    app: EfmFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from efm.web import fast

    monkeypatch.setattr(fast, "ROUTES", (("GET", "/s/<token>", "surveys.view"),))
    with pytest.raises(TypeError, match="two permissions"):
        Entrance(app)
