"""Answering a link, through both doors: shown without writing, stored once, kept page by page."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from efm import clock
from efm.feedback import authoring
from efm.models import Distribution, Survey
from efm.web.fast import Entrance
from efm.web.flask import EfmFlask
from surveys.definition import load
from tests.efm.collected import Published, definition
from tests.factories import House

_addresses = count()


def next_address() -> str:
    """An address nobody has guessed from."""
    number = next(_addresses)
    return f"10.{os.getpid() % 250}.{number // 250}.{number % 250}"


PAGES = (["recommend"], ["reason", "comment"], ["satisfaction"])


Door = Callable[[], Client]


@pytest.fixture(params=["flask", "entrance"])
def door(request: pytest.FixtureRequest, app: EfmFlask) -> Door:
    """How people come in: by Flask alone, or by the bare entrance in front of it."""
    if request.param == "flask":
        return app.test_client
    entrance = Entrance(app, keep_seconds=0)
    return lambda: Client(entrance)


@pytest.fixture
def client(door: Door) -> Client:
    return door()


@pytest.fixture
def survey(house: House) -> Published:
    """A survey of one page."""
    return Published.make(house)


@pytest.fixture
def long_survey(house: House) -> Published:
    """A survey of three pages."""
    return Published.make(house, *PAGES)


def key_of(response: TestResponse) -> str:
    found = re.search(r'name="_key" value="([^"]+)"', response.text)
    assert found, response.text
    return found[1]


def page_of(response: TestResponse) -> str:
    found = re.search(r'name="_page" value="([^"]+)"', response.text)
    assert found, response.text
    return found[1]


def send(client: Client, url: str, shown: TestResponse, **fields: Any) -> TestResponse:
    """Send the form that was shown, filled in."""
    data = {"_key": key_of(shown), "_page": page_of(shown), "_go": "next"} | fields
    return client.post(url, data=data)


def test_a_short_survey_is_answered_by_one_form(client: Client, survey: Published) -> None:
    shown = client.get(survey.url)
    assert shown.status_code == 200
    assert "Would you recommend us?" in shown.text
    sent = send(client, survey.url, shown, recommend="9", reason="order", wishes=["price"],
                comment="Quick and friendly.")  # fmt: skip
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{survey.url}/thanks")
    thanks = client.get(f"{survey.url}/thanks")
    assert thanks.status_code == 200
    assert "We read every answer." in thanks.text
    assert thanks.text.count("Thank you") == 2  # The page's title and its heading.
    (response,) = survey.rows("responses")
    assert (response.state, response.channel, response.language) == ("complete", "link", "en")
    answers = {row.question_key: row for row in survey.rows("answers")}
    assert answers["recommend"].number == 9
    assert answers["wishes"].choices == ["price"]
    assert {row.metric for row in survey.rows("scores")} == {"nps", "sentiment"}
    assert [row.kind for row in survey.rows("events")].count("response.submitted") == 1


def test_the_same_form_twice_is_one_response(client: Client, survey: Published) -> None:
    shown = client.get(survey.url)
    first = send(client, survey.url, shown, recommend="9")
    again = send(client, survey.url, shown, recommend="1")
    assert (first.status_code, first.headers["Location"]) == (
        again.status_code,
        again.headers["Location"],
    )
    assert [row.number for row in survey.rows("answers")] == [9.0]


def test_each_form_of_an_anonymous_link_is_a_response_of_its_own(
    client: Client, survey: Published
) -> None:
    for points in ("9", "10"):
        send(client, survey.url, client.get(survey.url), recommend=points)
    assert survey.count("responses") == 2


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_a_link_writes_nothing(client: Client, long_survey: Published, method: str) -> None:
    personal, _ = long_survey.invite()
    before = {table: long_survey.rows(table, "1") for table in ("responses", "invitations")}
    for url in (long_survey.url, personal, f"{long_survey.url}/thanks", f"{personal}?page=3"):
        for _ in range(3):
            assert getattr(client, method)(url).status_code in (200, 303)
    assert {table: long_survey.rows(table, "1") for table in before} == before


def test_what_does_not_fit_is_told_and_kept(client: Client, survey: Published) -> None:
    shown = client.get(survey.url)
    sent = send(client, survey.url, shown, recommend="11", comment="Half <b>typed</b>",
                wishes=["speed"])  # fmt: skip
    assert sent.status_code == 422
    assert "Please choose a number from 0 to 10." in sent.text
    assert "Half &lt;b&gt;typed&lt;/b&gt;" in sent.text
    assert re.search(r'value="speed" checked', sent.text)
    assert key_of(sent) == key_of(shown)
    assert survey.count("responses") == 0
    assert send(client, survey.url, sent, recommend="7").status_code == 303


def test_a_required_question_is_asked_again(client: Client, survey: Published) -> None:
    sent = send(client, survey.url, client.get(survey.url), comment="No number")
    assert sent.status_code == 422
    assert "Please answer this question." in sent.text


def test_messages_are_in_the_language_of_the_survey(client: Client, house: House) -> None:
    survey = Published.make(house, language="de", title="Wie war es?")
    shown = client.get(survey.url)
    assert 'lang="de"' in shown.text
    sent = send(client, survey.url, shown)
    assert "Bitte beantworten Sie diese Frage." in sent.text
    with house.unit() as session:
        authoring.close(session, survey.survey_id, clock.now())
    closed = client.get(survey.url)
    assert closed.status_code == 410
    assert 'lang="de"' in closed.text


def test_arabic_runs_from_right_to_left(client: Client, house: House) -> None:
    survey = Published.make(house, language="ar")
    assert 'dir="rtl"' in client.get(survey.url).text


@pytest.mark.parametrize("key", ["", "x" * 64, "é" * 64, None])
def test_a_form_without_our_key_is_shown_again(
    client: Client, survey: Published, key: str | None
) -> None:
    data = {"recommend": "9", "comment": "Typed"} | ({} if key is None else {"_key": key})
    sent = client.post(survey.url, data=data)
    assert sent.status_code == 422
    assert "Typed" in sent.text
    assert survey.count("responses") == 0
    assert send(client, survey.url, sent, recommend="9").status_code == 303


def test_a_key_of_another_link_says_nothing_here(
    client: Client, survey: Published, house: House
) -> None:
    other = Published.make(house)
    foreign = key_of(client.get(other.url))
    sent = client.post(survey.url, data={"_key": foreign, "_page": "p0", "recommend": "9"})
    assert sent.status_code == 422
    assert survey.count("responses") == 0


def test_an_anonymous_answer_goes_on_at_a_private_link(
    client: Client, long_survey: Published
) -> None:
    sent = send(client, long_survey.url, client.get(long_survey.url), recommend="3")
    assert sent.status_code == 303
    private = sent.headers["Location"]
    assert re.fullmatch(r"/s/[A-Za-z0-9_-]{22}\?page=2", private)
    assert not private.startswith(long_survey.url)
    (response,) = long_survey.rows("responses")
    assert (response.state, response.page_index, response.submitted_at) == ("partial", 1, None)
    assert long_survey.count("scores") == 0
    shown = client.get(private)
    assert private.partition("?")[0] in shown.text  # The link to keep.
    sent = send(client, private, shown, reason="fault", comment="It broke again. Awful.")
    assert sent.headers["Location"] == private.replace("page=2", "page=3")
    shown = client.get(sent.headers["Location"])
    sent = send(client, sent.headers["Location"], shown, satisfaction="2")
    assert sent.headers["Location"] == private.replace("?page=2", "/thanks")
    (response,) = long_survey.rows("responses")
    assert response.state == "complete"
    assert {row.metric for row in long_survey.rows("scores")} == {"nps", "csat", "sentiment"}
    (event,) = [r for r in long_survey.rows("events") if r.kind == "response.submitted"]
    assert event.payload["bands"]["nps"] == "detractor"
    assert client.get(sent.headers["Location"]).status_code == 200
    after = client.get(private)
    assert (after.status_code, "You have already answered" in after.text) == (200, True)


def test_a_person_who_comes_back_finds_the_answers(client: Client, long_survey: Published) -> None:
    sent = send(client, long_survey.url, client.get(long_survey.url), recommend="3")
    private = sent.headers["Location"].partition("?")[0]
    send(client, private, client.get(private), reason="fault", comment="Kept words")
    back = client.get(private)
    assert "Welcome back." in back.text
    assert page_of(back) == "p2"
    earlier = client.get(f"{private}?page=2")
    assert "Kept words" in earlier.text
    assert re.search(r'value="fault" checked', earlier.text)
    assert re.search(r'name="recommend" value="3" checked', client.get(f"{private}?page=1").text)
    for beyond in ("99", "0", "-1", "x", "9" * 40):
        assert client.get(f"{private}?page={beyond}").status_code == 200


def test_back_keeps_what_is_valid(client: Client, long_survey: Published) -> None:
    sent = send(client, long_survey.url, client.get(long_survey.url), recommend="3")
    private = sent.headers["Location"]
    sent = send(client, private, client.get(private), reason="nonsense", comment="Kept", _go="back")
    assert sent.status_code == 303
    assert page_of(client.get(sent.headers["Location"])) == "p0"
    assert {row.question_key for row in long_survey.rows("answers")} == {"recommend", "comment"}


def test_an_answer_can_be_taken_back(client: Client, long_survey: Published) -> None:
    sent = send(client, long_survey.url, client.get(long_survey.url), recommend="3")
    private = sent.headers["Location"]
    shown = client.get(private)
    send(client, private, shown, reason="fault", comment="Too much said")
    send(client, private, shown, reason="fault", comment="")
    assert {row.question_key for row in long_survey.rows("answers")} == {"recommend", "reason"}


def test_sending_page_one_again_leads_to_the_same_private_link(
    client: Client, long_survey: Published
) -> None:
    shown = client.get(long_survey.url)
    places = {
        send(client, long_survey.url, shown, recommend="3").headers["Location"] for _ in range(3)
    }
    assert len(places) == 1
    assert long_survey.count("responses") == 1


def test_a_personal_link_resumes_itself_and_knows_its_contact(
    client: Client, long_survey: Published
) -> None:
    url, contact_id = long_survey.invite()
    sent = send(client, url, client.get(url), recommend="10")
    assert sent.headers["Location"] == f"{url}?page=2"
    (invitation,) = long_survey.rows("invitations")
    assert (invitation.started_at is None, invitation.answered_at) == (False, None)
    sent = send(client, url, client.get(url), reason="order")
    sent = send(client, url, client.get(url), satisfaction="5")
    assert sent.headers["Location"] == f"{url}/thanks"
    (response,) = long_survey.rows("responses")
    assert (response.contact_id, response.channel) == (contact_id, "email")
    assert response.invitation_id == invitation.id
    (invitation,) = long_survey.rows("invitations")
    assert invitation.answered_at == response.submitted_at


def test_a_personal_link_takes_one_response(client: Client, survey: Published) -> None:
    url, _ = survey.invite()
    one, two = client.get(url), client.get(url)
    assert send(client, url, one, recommend="9").status_code == 303
    assert send(client, url, one, recommend="9").status_code == 303  # The same form, sent twice.
    other = send(client, url, two, recommend="1")
    assert other.status_code == 409
    assert "You have already answered" in other.text
    shown = client.get(url)
    assert (shown.status_code, "You have already answered" in shown.text) == (200, True)
    assert [row.number for row in survey.rows("answers")] == [9.0]


def test_thanks_of_a_personal_link_come_after_the_answers(
    client: Client, survey: Published
) -> None:
    url, _ = survey.invite()
    early = client.get(f"{url}/thanks")
    assert (early.status_code, early.headers["Location"]) == (303, url)


def test_twenty_at_once_are_one_response(door: Door, survey: Published) -> None:
    """T4: of parallel sends of one personal link exactly one is stored."""
    url, _ = survey.invite()
    shown = [door().get(url) for _ in range(20)]
    together = threading.Barrier(20)

    def press(number: int) -> int:
        client = door()
        together.wait(20)
        return send(client, url, shown[number], recommend=str(number % 11)).status_code

    with ThreadPoolExecutor(20) as crowd:
        statuses = sorted(crowd.map(press, range(20)))
    assert statuses == [303] + [409] * 19
    assert survey.count("responses") == 1
    assert survey.count("answers") == 1
    assert [row.kind for row in survey.rows("events")].count("response.submitted") == 1


def test_the_same_form_pressed_twenty_times_is_one_response(door: Door, survey: Published) -> None:
    shown = door().get(survey.url)
    together = threading.Barrier(20)

    def press(_: int) -> tuple[int, str]:
        client = door()
        together.wait(20)
        sent = send(client, survey.url, shown, recommend="5")
        return sent.status_code, sent.headers["Location"]

    with ThreadPoolExecutor(20) as crowd:
        answers = set(crowd.map(press, range(20)))
    assert answers == {(303, f"{survey.url}/thanks")}
    assert survey.count("responses") == 1


def test_a_closed_survey_takes_nothing_at_once(client: Client, survey: Published) -> None:
    shown = client.get(survey.url)
    with survey.house.unit() as session:
        authoring.close(session, survey.survey_id, clock.now())
    sent = send(client, survey.url, shown, recommend="9")
    assert sent.status_code == 410
    assert "This survey is closed" in sent.text
    assert survey.count("responses") == 0
    assert client.get(f"{survey.url}/thanks").status_code == 200


def test_a_survey_closed_half_way_keeps_what_it_has(client: Client, long_survey: Published) -> None:
    sent = send(client, long_survey.url, client.get(long_survey.url), recommend="3")
    private = sent.headers["Location"]
    shown = client.get(private)
    with long_survey.house.unit() as session:
        authoring.close(session, long_survey.survey_id, clock.now())
    assert send(client, private, shown, reason="fault").status_code == 410
    assert {row.question_key for row in long_survey.rows("answers")} == {"recommend"}


def test_an_ended_link_says_so(client: Client, survey: Published) -> None:
    shown = client.get(survey.url)
    with survey.house.unit() as session:
        link = session.get(Distribution, (survey.house.id, survey.link_id))
        assert link is not None
        link.closes_at = clock.now() - timedelta(seconds=1)
    for reply in (client.get(survey.url), send(client, survey.url, shown, recommend="9")):
        assert reply.status_code == 410
        assert "This survey has ended" in reply.text
    assert survey.count("responses") == 0


def test_an_expired_invitation_says_so(client: Client, survey: Published) -> None:
    url, _ = survey.invite(expires_at=clock.now() - timedelta(minutes=1))
    shown = client.get(url)
    assert shown.status_code == 410
    assert "This survey has ended" in shown.text


def test_a_response_stays_with_the_version_it_began_with(
    client: Client, long_survey: Published, house: House
) -> None:
    sent = send(client, long_survey.url, client.get(long_survey.url), recommend="3")
    private = sent.headers["Location"]
    stale = client.get(long_survey.url)
    with house.unit() as session:
        survey = session.get(Survey, (house.id, long_survey.survey_id))
        assert survey is not None
        fresh = definition(["satisfaction"], title="Another question")
        authoring.save_draft(session, survey.id, fresh, survey.draft_revision, clock.now())
        authoring.publish(session, survey.id, clock.now())
    assert "How satisfied are you?" in client.get(long_survey.url).text
    assert "What was it about?" in client.get(private).text
    for answers in ({"reason": "fault"}, {"satisfaction": "4"}):
        shown = client.get(private.partition("?")[0])
        assert send(client, private, shown, **answers).status_code == 303
    begun_before = send(client, long_survey.url, stale, recommend="8")
    assert begun_before.headers["Location"].endswith("?page=2")
    one = long_survey.rows("survey_versions", "number")[0].id
    assert [row.version_id for row in long_survey.rows("responses")] == [one, one]
    assert sorted(row.state for row in long_survey.rows("responses")) == ["complete", "partial"]


def test_a_required_answer_left_out_leads_back(client: Client, house: House) -> None:
    survey = Published.make(house, ["reason"], ["recommend"], ["satisfaction"])
    sent = send(client, survey.url, client.get(survey.url), reason="order")
    private = sent.headers["Location"].partition("?")[0]
    shown = client.get(private)
    forged = {"_key": key_of(shown), "_page": "p2", "satisfaction": "5"}
    sent = client.post(private, data=forged)
    assert sent.headers["Location"] == f"{private}?page=2"
    assert [row.state for row in survey.rows("responses")] == ["partial"]


UNKNOWN = ["x" * 22, "%25" * 7, "a_b", "A" * 5000, "%00", "%ED%A0%80", "..", "' OR 1=1 --"]


@pytest.mark.parametrize("token", UNKNOWN)
def test_an_unknown_link_is_a_kind_404(client: Client, house: House, token: str) -> None:
    address = {"REMOTE_ADDR": next_address()}
    for method in ("get", "post", "head"):
        reply = getattr(client, method)(f"/s/{token}", environ_base=address, data={})
        assert reply.status_code == 404
        if method != "head":
            assert "We could not find this survey" in reply.text


def test_every_unknown_link_gets_the_same_answer(client: Client) -> None:
    address = {"REMOTE_ADDR": next_address()}
    one = client.get("/s/" + "a" * 22, environ_base=address)
    two = client.get("/s/%25/thanks", environ_base=address)
    assert one.data == two.data
    drop = {"X-Request-ID", "Date"}
    assert {k: v for k, v in one.headers if k not in drop} == {
        k: v for k, v in two.headers if k not in drop
    }


def test_guessing_is_slowed_down_and_answering_is_not(client: Client, survey: Published) -> None:
    address = {"REMOTE_ADDR": next_address()}
    statuses = [
        client.get(f"/s/{number:022}", environ_base=address).status_code for number in range(21)
    ]
    assert statuses == [404] * 20 + [429]
    last = client.get("/s/nothing", environ_base=address)
    assert int(last.headers["Retry-After"]) <= 60
    assert client.get(survey.url, environ_base=address).status_code == 200
    elsewhere = {"REMOTE_ADDR": next_address()}
    assert client.get("/s/nothing", environ_base=elsewhere).status_code == 404


def test_case_and_wildcards_find_nothing(client: Client, survey: Published) -> None:
    address = {"REMOTE_ADDR": next_address()}
    for token in (survey.token.swapcase(), survey.token[:-1] + "_", survey.token + "%00"):
        assert client.get(f"/s/{token}", environ_base=address).status_code == 404


def test_the_headers_of_answer_pages(client: Client, survey: Published) -> None:
    url, _ = survey.invite()
    shown = client.get(survey.url)
    replies = [shown, client.get(url), client.get("/s/none"), client.get(f"{survey.url}/thanks"),
               send(client, survey.url, shown), send(client, survey.url, shown, recommend="9")]  # fmt: skip
    for reply in replies:
        headers = reply.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Request-ID"]
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Set-Cookie" not in headers


def test_the_page_is_small_and_needs_no_script(client: Client, survey: Published) -> None:
    shown = client.get(survey.url)
    scripts = re.findall(r"<script[^>]*>", shown.text)
    assert [tag for tag in scripts if "module" not in tag and "application/json" not in tag] == []
    styles = re.findall(r'href="(/static/[^"]+)"', shown.text)
    total = len(shown.data) + sum(len(client.get(url).data) for url in styles)
    assert len(styles) == 1
    assert total < 30_000


def test_too_large_and_no_form_are_refused(client: Client, survey: Published) -> None:
    large = client.post(survey.url, data={"comment": "x" * (256 * 1024)})
    assert large.status_code == 413
    assert client.post(survey.url, json={"recommend": 9}).status_code == 415
    many = "&".join(f"f{number}=1" for number in range(2100))
    assert client.post(survey.url, data=many,
                       content_type="application/x-www-form-urlencoded").status_code == 422  # fmt: skip
    for method in ("put", "delete", "patch"):
        assert getattr(client, method)(survey.url).status_code == 405


def test_what_the_server_knows_cannot_be_posted(client: Client, survey: Published) -> None:
    """R3: identity and times come from the link and the clock, never from fields."""
    url, contact_id = survey.invite()
    forged = {"contact_id": "x", "submitted_at": "1999-01-01", "state": "partial", "id": "1",
              "channel": "forged", "version_id": "2", "organization_id": "3", "scores": "9"}  # fmt: skip
    assert send(client, url, client.get(url), recommend="9", **forged).status_code == 303
    (response,) = survey.rows("responses")
    assert (response.contact_id, response.channel, response.state) == (
        contact_id,
        "email",
        "complete",
    )
    assert clock.now() - response.submitted_at < timedelta(minutes=1)


def test_links_of_two_organizations_do_not_meet(
    client: Client, survey: Published, stranger: House
) -> None:
    other = Published.make(stranger)
    send(client, other.url, client.get(other.url), recommend="1")
    send(client, survey.url, client.get(survey.url), recommend="9")
    assert [row.number for row in survey.rows("answers")] == [9.0]
    assert [row.number for row in other.rows("answers")] == [1.0]


def test_definitions_in_tests_are_valid() -> None:
    assert len(load(definition(*PAGES)).pages) == 3
