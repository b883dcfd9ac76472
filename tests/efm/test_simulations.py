"""Made-up people walk through a survey in a job; what they met is found again, stopped, known to be old."""

from __future__ import annotations

import html
import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from efm import clock
from efm.config import Config
from efm.errors import Conflict
from efm.events.registry import Interrupted, JobContext
from efm.feedback import authoring, simulating, simulations
from efm.jobs.load import load_registry
from efm.mail import make_mailer
from efm.models import Response, Simulation
from efm.vault import Vault
from surveys.definition import load_yaml
from tests.factories import House

SURVEY = """
title: Visit
language: en
endings:
  - {key: out, title: Not for you, is_screen_out: true}
  - {key: bye, title: Good bye}
quotas: [{key: fans, title: Fans, limit: 50, when: nps >= 9}, {key: none, title: Nobody, limit: 5, when: nps > 10}]
pages:
  - key: one
    skips: [{to: out, when: nps == 0}]
    questions: [{key: nps, kind: nps, text: "How likely, <b>really</b>?", is_required: true}]
  - key: two
    title: Why
    questions:
      - {key: why, kind: short_text, text: What went wrong?, show_if: nps <= 6}
      - {key: never, kind: short_text, text: Never asked, show_if: nps > 10}
  - key: three
    questions:
      - {key: age, kind: number, text: How old are you?, is_required: true,
         checks: [{valid_if: "nps != 5 or age < 0", message: Nobody is so old}],
         settings: {minimum: 1, maximum: 99}}
"""


@pytest.fixture
def survey_id(house: House) -> uuid.UUID:
    with house.unit() as session:
        return authoring.create(session, load_yaml(SURVEY), clock.now()).id


@pytest.fixture
def context(house: House, config: Config) -> JobContext:
    mailer = make_mailer(config.mail_url)
    return JobContext(
        house.engine, config, Vault(config.secret_key), mailer, organization_id=house.id, attempts=3
    )


def said(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def start(client: FlaskClient, survey_id: uuid.UUID, **form: Any) -> Any:
    data = {"csrf_token": client.csrf, "of": "draft", "n": "200", "seed": "7", **form}  # type: ignore[attr-defined]
    return client.post(f"/surveys/{survey_id}/simulation", data=data)


def newest(house: House, survey_id: uuid.UUID) -> Simulation:
    with house.unit(read_only=True) as session:
        found = simulations.newest(session, survey_id)[0]
        session.expunge(found)
        return found


def walked(context: JobContext, house: House, survey_id: uuid.UUID) -> Simulation:
    simulating.run(context, simulation_id=str(newest(house, survey_id).id))
    return newest(house, survey_id)


def test_people_walk_in_a_job_and_the_page_says_what_they_met(
    house: House, survey_id: uuid.UUID, context: JobContext
) -> None:
    analyst = house.login("analyst")
    address = f"/surveys/{survey_id}/simulation"
    empty = said(analyst.get(address).text)
    assert "Let them walk" in empty
    assert "Who reaches what" not in empty
    assert start(analyst, survey_id, n="1,000").status_code == 302
    waiting = analyst.get(address).text
    assert "Waiting for a worker." in waiting
    assert "data-live" in waiting
    assert "Refresh" in waiting
    with house.unit() as session:
        arguments = session.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = :task AND args->>'organization_id' = :id"),
            {"task": simulations.JOB, "id": str(house.id)},
        ).scalar_one()  # fmt: skip
    found = walked(context, house, survey_id)
    assert arguments["simulation_id"] == str(found.id)
    assert (found.state, found.done, found.met["n"]) == ("succeeded", 1000, 1000)
    page = analyst.get(address).text
    words = said(page)
    assert "1,000 made-up people walked through the draft" in words
    assert "How likely, <b>really</b>? 100 %" in words
    assert "Never asked Nobody" in words
    assert re.search(r"How old are you\? : Nobody is so old", words)
    assert re.search(r"Not for you Screened out \d+ % \d+ to \d+ % \d+", words)
    assert re.search(r"Fans 1\d % .* 50 \d\d\d people", words)
    assert "Nobody 0 % 0 to 0.4 % 0 5 Counts nobody" in words
    assert "data-live=" not in page
    assert "build?at=" not in page, "an analyst may look, not edit"
    with house.unit() as session:
        assert session.execute(select(func.count()).select_from(Response)).scalar_one() == 0


def test_the_same_seed_makes_the_same_people_again(
    house: House, survey_id: uuid.UUID, context: JobContext
) -> None:
    designer = house.login("designer")
    met = []
    for seed in ("7", "8", "7"):
        start(designer, survey_id, n="40", seed=seed)
        met.append(walked(context, house, survey_id).met)
    assert met[0] == met[2] != met[1]
    page = designer.get(f"/surveys/{survey_id}/simulation").text
    assert page.count("Draft, revision 1") == 3
    assert 'value="7"' in page
    with house.unit(read_only=True) as session:
        oldest = simulations.newest(session, survey_id)[-1].id
    assert "40 made-up people" in designer.get(f"/surveys/{survey_id}/simulation?run={oldest}").text
    gone = designer.get(f"/surveys/{survey_id}/simulation?run={uuid.uuid4()}")
    assert gone.status_code == 404


def test_a_changed_draft_makes_it_old_and_a_version_does_not_age(
    house: House, survey_id: uuid.UUID, context: JobContext
) -> None:
    designer = house.login("designer")
    now = clock.now()
    mended = load_yaml(
        SURVEY.replace("nps != 5 or age < 0", "age > 0").replace("nps > 10", "nps > 9")
    )
    with house.unit() as session:
        fine = authoring.create(session, mended, now).id
        authoring.publish(session, fine, now)
    start(designer, fine, n="20")
    walked(context, house, fine)
    address = f"/surveys/{fine}/simulation"
    assert "The draft was changed since" not in designer.get(address).text
    with house.unit() as session:
        draft = authoring.get(session, fine).draft | {"title": "Another"}
        authoring.save_draft(session, fine, draft, 1, now)
    assert "The draft was changed since" in designer.get(address).text
    assert start(designer, fine, n="20", of="1").status_code == 302
    found = walked(context, house, fine)
    assert found.draft_revision is None
    page = said(designer.get(address).text)
    assert "walked through version 1" in page
    assert "The draft was changed since" not in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"n": "0"}, "from 1 to 5,000"),
        ({"n": "5001"}, "from 1 to 5,000"),
        ({"n": "many"}, "from 1 to 5,000"),
        ({"seed": "-1"}, "from 0 to 999,999,999"),
        ({"of": "3"}, "Choose the draft or a version"),
        ({"of": "x"}, "Choose the draft or a version"),
    ],
    ids=["none", "too many", "no number", "negative seed", "no such version", "no version"],
)
def test_what_does_not_fit_is_said_beside_what_was_typed(
    house: House, survey_id: uuid.UUID, form: dict[str, str], words: str
) -> None:
    reply = start(house.login("designer"), survey_id, **form)
    assert reply.status_code == 422
    assert words in said(reply.text)
    if "n" in form:
        assert f'value="{form["n"]}"' in reply.text


def test_stopping_tells_what_those_met_who_walked(
    house: House, survey_id: uuid.UUID, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    designer = house.login("designer")
    start(designer, survey_id, n="5000")
    again = start(designer, survey_id)
    assert again.status_code == 409
    assert "walk through this survey already" in again.text
    monkeypatch.setattr(simulating, "TELL_SECONDS", 0.0)
    cancel = f"/surveys/{survey_id}/simulation/cancel"
    told = simulating._Pace._tell

    def stopped(pace: simulating._Pace, done: int) -> bool:
        if done == 25:
            assert designer.post(cancel, data={"csrf_token": designer.csrf}).status_code == 302  # type: ignore[attr-defined]
        return told(pace, done)

    monkeypatch.setattr(simulating._Pace, "_tell", stopped)
    found = walked(context, house, survey_id)
    assert (found.state, found.done, found.met["n"]) == ("cancelled", 25, 25)
    page = said(designer.get(f"/surveys/{survey_id}/simulation").text)
    assert "What the 25 who walked until then met" in page
    assert start(designer, survey_id, n="5").status_code == 302
    assert walked(context, house, survey_id).state == "succeeded"


def test_a_worker_that_ends_hands_the_walk_on(
    house: House, survey_id: uuid.UUID, context: JobContext
) -> None:
    start(house.login("designer"), survey_id, n="10")
    with pytest.raises(Interrupted):
        walked(replace(context, is_stopping=lambda: True), house, survey_id)
    assert newest(house, survey_id).state == "running"
    assert walked(context, house, survey_id).met["n"] == 10


def test_a_draft_that_cannot_be_read_and_a_fault_of_ours_are_told(
    house: House, survey_id: uuid.UUID, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    designer = house.login("designer")
    start(designer, survey_id)
    with house.unit() as session:
        survey = authoring.get(session, survey_id)
        draft, survey.draft = survey.draft, {**survey.draft, "language": "?"}
    assert walked(context, house, survey_id).state == "failed"
    assert "could not walk" in designer.get(f"/surveys/{survey_id}/simulation").text
    assert start(designer, survey_id).status_code == 422
    with house.unit() as session:
        authoring.get(session, survey_id).draft = draft
    start(designer, survey_id)

    def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(simulating, "simulate", broken)
    for attempt, state in ((1, "running"), (3, "failed")):
        with pytest.raises(RuntimeError):
            walked(replace(context, attempt=attempt), house, survey_id)
        assert newest(house, survey_id).state == state
    assert "fault of the service" in designer.get(f"/surveys/{survey_id}/simulation").text


def test_few_are_kept_and_the_stuck_are_passed_over(house: House, survey_id: uuid.UUID) -> None:
    now = clock.now()
    for number in range(simulations.KEPT + 3):
        later = now + number * 2 * simulations.STUCK_AFTER
        with house.unit() as session:
            simulations.request(session, survey_id, later, n=5, seed=number)
    with house.unit() as session:
        every = simulations.newest(session, survey_id)
        assert [each.seed for each in every] == list(range(12, 2, -1))
        assert [each.state for each in every] == ["queued"] + ["cancelled"] * 9
        with pytest.raises(Conflict):
            simulations.request(session, survey_id, later + timedelta(seconds=1))


def test_the_live_part_is_asked_with_an_etag(house: House, survey_id: uuid.UUID) -> None:
    designer = house.login("designer")
    start(designer, survey_id)
    address = f"/surveys/{survey_id}/simulation/live"
    first = designer.get(address)
    assert "<html" not in first.text
    again = designer.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_the_job_is_declared_and_the_page_is_linked(
    house: House, survey_id: uuid.UUID, config: Config
) -> None:
    assert simulations.JOB in load_registry(config).jobs
    designer = house.login("designer")
    for page in ("build", "publish"):
        assert (
            f"/surveys/{survey_id}/simulation" in designer.get(f"/surveys/{survey_id}/{page}").text
        )
