"""Preview, test run and simulation in a browser: respondents' own script, live figures, no response is kept."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from efm import clock
from efm.config import Config
from efm.events.registry import JobContext
from efm.feedback import authoring, simulating, simulations
from efm.mail import make_mailer
from efm.models import Answer, Response
from efm.vault import Vault
from surveys.definition import load_yaml
from tests.factories import House

pytestmark = [pytest.mark.browser]

SHOTS = os.environ.get("EFM_SHOTS")  # A folder to photograph the pages into.
SURVEY = """
title: Visit
language: en
pages:
  - key: one
    questions:
      - {key: nps, kind: nps, text: How likely?, is_required: true}
      - {key: bad, kind: short_text, text: What went wrong?, show_if: is_answered(nps) and nps <= 6, is_required: true}
      - {key: more, kind: long_text, text: Anything else?, show_if: is_answered(bad)}
  - key: two
    title: The end of it
    questions:
      - {key: who, kind: short_text, text: Who are you?, show_if: nps <= 6}
      - {key: mail, kind: email, text: Your address?}
"""


@pytest.fixture
def desk(browser: Browser, house: House, address: str) -> Iterator[Page]:
    """A designer's page; fails when a script or the content policy complains."""
    client = house.login("designer")
    cookie = client.get_cookie("efm")
    assert cookie is not None
    base = address.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=base, viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "efm", "value": cookie.value, "url": base}])
    page = context.new_page()
    page.set_default_timeout(8_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert not complaints


def made(house: House) -> uuid.UUID:
    with house.unit() as session:
        return authoring.create(session, load_yaml(SURVEY), clock.now()).id


def posts(page: Page) -> list[str]:
    """The requests that write, as they come."""
    seen: list[str] = []
    page.on("request", lambda one: seen.append(one.url) if one.method != "GET" else None)
    return seen


def photograph(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


def test_a_test_run_answers_at_once_and_keeps_nothing(desk: Page, house: House) -> None:
    survey_id = made(house)
    desk.goto(f"/surveys/{survey_id}/test")
    sent = posts(desk)
    inside = desk.frame_locator(".stage-frame")
    inside.locator("form[data-ready]").wait_for()
    bad = inside.get_by_label("What went wrong?")
    expect(bad).to_have_count(0)
    inside.get_by_role("radio", name="3", exact=True).check(force=True)
    expect(bad).to_be_visible()
    inside.get_by_role("radio", name="9", exact=True).check(force=True)
    expect(bad).to_have_count(0)
    inside.get_by_role("radio", name="2", exact=True).check(force=True)
    # A page that is incomplete is told so in place.
    inside.get_by_role("button", name="Next").click()
    expect(inside.locator("#q-bad-error")).to_be_visible()
    bad.fill("It rained")
    expect(inside.get_by_label("Anything else?")).to_be_visible()
    photograph(desk, "test-run")
    # Longer than answers wait until they are saved where they are kept.
    desk.clock.install()
    inside.get_by_label("Anything else?").fill("No")
    desk.clock.fast_forward(60_000)
    assert sent == []
    inside.get_by_role("button", name="Next").click()
    expect(inside.get_by_text("Who are you?")).to_be_visible()
    assert [one.rpartition("/")[2] for one in sent] == ["page"]
    inside.locator("form[data-ready]").wait_for()
    inside.get_by_role("button", name="Back").click()
    expect(bad).to_have_value("It rained")
    inside.get_by_role("button", name="Next").click()
    inside.get_by_label("Your address?").fill("nobody")
    inside.get_by_role("button", name="Send").click()
    expect(inside.locator("#q-mail-error")).to_be_visible()
    inside.get_by_label("Your address?").fill("ana@example.org")
    inside.get_by_role("button", name="Send").click()
    expect(inside.get_by_text("What was answered in this test run")).to_be_visible()
    kept = "Object.keys({...sessionStorage, ...localStorage})"
    assert [one for one in desk.evaluate(kept) if "/test/page" in one] == []
    with house.unit() as session:
        for table in (Response, Answer):
            assert session.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_the_preview_follows_the_logic_of_its_page(desk: Page, house: House) -> None:
    survey_id = made(house)
    sent = posts(desk)
    desk.goto(f"/surveys/{survey_id}/build?at=page.one")
    inside = desk.frame_locator("#preview")
    inside.locator("form[data-ready]").wait_for()
    bad = inside.get_by_label("What went wrong?")
    expect(bad).to_have_count(0)
    inside.get_by_role("button", name="Next").click()
    expect(inside.locator("#q-nps-error")).to_be_visible()
    inside.get_by_role("radio", name="3", exact=True).check(force=True)
    expect(bad).to_be_visible()
    bad.fill("It rained")
    inside.get_by_role("button", name="Next").click()
    expect(inside.get_by_text("Begin a test run")).to_be_visible()
    photograph(desk, "preview")
    # What is worked on is seen whatever its condition says; what earlier pages decide is open.
    desk.goto(f"/surveys/{survey_id}/build?at=question.bad")
    expect(bad).to_be_visible()
    expect(inside.get_by_label("Anything else?")).to_have_count(0)
    desk.goto(f"/surveys/{survey_id}/build?at=page.two")
    expect(inside.get_by_text("Who are you?")).to_be_visible()
    assert sent == []


def test_a_simulation_is_told_without_a_reload(desk: Page, house: House, config: Config) -> None:
    survey_id = made(house)
    desk.goto(f"/surveys/{survey_id}/build")
    desk.get_by_role("link", name="Simulation").click()
    desk.get_by_label("How many people").fill("30")
    desk.get_by_role("button", name="Let them walk").click()
    expect(desk.get_by_text("Waiting for a worker.")).to_be_visible()
    desk.evaluate("window.isTheSamePage = true")
    vault, mailer = Vault(config.secret_key), make_mailer(config.mail_url)
    context = JobContext(house.engine, config, vault, mailer, organization_id=house.id)
    with house.unit(read_only=True) as session:
        (waiting,) = simulations.newest(session, survey_id)
        identity = str(waiting.id)
    simulating.run(context, simulation_id=identity)
    expect(desk.get_by_role("heading", name="30 made-up people walked")).to_be_visible()
    assert desk.evaluate("window.isTheSamePage")
    photograph(desk, "simulation")
