"""Survey links in a real browser: accessible in every state, small, by keyboard, without scripts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from efm import clock
from efm.feedback import authoring
from tests.chromium import AXE, AXE_RUN, RULES
from tests.efm.collected import Published
from tests.factories import House

pytestmark = [pytest.mark.browser]

SHOTS = os.environ.get("EFM_SHOTS")  # A folder to photograph the pages into.
LONG = (["recommend"], ["reason", "wishes"], ["comment", "satisfaction"])
PHONE = {"width": 360, "height": 640}
DESK = {"width": 1280, "height": 900}
# What each typeface of a page cost on the line; nothing where it came out of the browser's own store.
TRANSFERRED = """performance.getEntriesByType('resource')
    .filter(each => each.name.includes('/fonts/')).map(each => each.transferSize)"""
WORDS = {
    "privacy": "Northwind Telecom asks. Your answers are stored without your name.",
    "thank_you": "Thank you. The team that looks after you reads every answer.",
}


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A window; whatever its console complains of, or it asks of others, fails the test."""
    context = browser.new_context(base_url=address, **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if "Policy" in m.text else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(address) else complaints.append(asked.url),
    )
    yield page
    assert not complaints
    assert not context.cookies()
    context.close()


def first_page(house: House, page: Page) -> None:
    page.goto(Published.make(house, **WORDS).url)


def wrong_page(house: House, page: Page) -> None:
    page.goto(Published.make(house, **WORDS).url)
    page.get_by_role("textbox").fill("Too quick")
    page.get_by_role("button").click()
    page.get_by_text("Please answer this question.").wait_for()


def later_page(house: House, page: Page) -> None:
    page.goto(Published.make(house, *LONG, **WORDS).url)
    page.get_by_role("radio", name="9", exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Page 2 of about 3").wait_for()


def come_back(house: House, page: Page) -> None:
    later_page(house, page)
    page.goto(page.url.partition("?")[0])
    page.get_by_text("Welcome back.").wait_for()


def right_to_left(house: House, page: Page) -> None:
    page.goto(Published.make(house, language="ar", title="كيف كانت التجربة؟").url)


def thanks(house: House, page: Page) -> None:
    survey = Published.make(house, ["comment"], **WORDS)
    page.goto(survey.url)
    page.get_by_role("button", name="Send answers").click()
    page.get_by_text("The team that looks after you").wait_for()


def answered(house: House, page: Page) -> None:
    url, _ = Published.make(house, ["comment"]).invite()
    page.goto(url)
    page.get_by_role("button", name="Send answers").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    page.goto(url)
    page.get_by_text("You have already answered").wait_for()


def closed(house: House, page: Page) -> None:
    survey = Published.make(house)
    with house.unit() as session:
        authoring.close(session, survey.survey_id, clock.now())
    page.goto(survey.url)
    page.get_by_text("This survey is closed").wait_for()


def expired(house: House, page: Page) -> None:
    url, _ = Published.make(house).invite(expires_at=clock.now() - timedelta(days=1))
    page.goto(url)
    page.get_by_text("This survey has ended").wait_for()


def unknown(house: House, page: Page) -> None:
    page.goto("/s/nothing-is-here")
    page.get_by_text("We could not find this survey").wait_for()


STATES: list[Callable[[House, Page], None]] = [
    first_page, wrong_page, later_page, come_back, right_to_left, thanks, answered, closed,
    expired, unknown,
]  # fmt: skip
LOOKS = [
    pytest.param(PHONE, "light", id="phone"),
    pytest.param(DESK, "dark", id="desk", marks=pytest.mark.full),
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_state_is_accessible_and_fits(
    browser: Browser,
    address: str,
    house: House,
    state: Callable[[House, Page], None],
    size: Any,
    scheme: Any,
) -> None:
    with opened(browser, address, viewport=size, color_scheme=scheme, bypass_csp=True) as page:
        state(house, page)
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{overflow} pixels stick out"
        page.evaluate(AXE)
        found = page.evaluate(AXE_RUN, RULES)
        problems = [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
        assert not problems
        assert len(found["passes"]) > 10
        if SHOTS:
            name = f"{state.__name__}-{size['width']}.png"
            page.screenshot(path=Path(SHOTS) / name, full_page=True)


def test_the_first_question_is_seen_without_scrolling(
    browser: Browser, address: str, house: House
) -> None:
    with opened(browser, address, viewport=PHONE) as page:
        first_page(house, page)
        box = page.locator("form .q").first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= PHONE["height"]


def test_targets_are_large_enough_for_a_thumb(browser: Browser, address: str, house: House) -> None:
    with opened(browser, address, viewport=PHONE) as page:
        first_page(house, page)
        for target in page.locator(".points label, .option, button").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 43.5


def test_a_page_with_its_styles_is_small(browser: Browser, address: str, house: House) -> None:
    with opened(browser, address, viewport=PHONE) as page:
        asked: list[Any] = []
        page.on("requestfinished", lambda each: asked.append(each))
        first_page(house, page)
        page.wait_for_load_state("networkidle")
        sizes = {each.url: each.sizes()["responseBodySize"] for each in asked}
        assert any(".js" in url for url in sizes)
        assert sum(sizes.values()) < 30_000, sizes
        assert page.locator("script:not([type='application/json'], [type=module])").count() == 0


def test_a_typeface_is_fetched_once_and_drawn(browser: Browser, address: str, house: House) -> None:
    survey = Published.make(house, *LONG, theme={"font": "lora"})
    with opened(browser, address, viewport=PHONE) as page:
        asked: list[Any] = []
        page.on("requestfinished", lambda each: asked.append(each))
        page.goto(survey.url)
        page.wait_for_load_state("networkidle")
        sizes = {each.url: each.sizes()["responseBodySize"] for each in asked}
        fetched = {
            url.rpartition("/")[2]: sizes.pop(url) for url in list(sizes) if "/fonts/" in url
        }
        assert fetched == {"lora-5.3.0-latin.woff2": 37_788}
        assert sum(sizes.values()) < 30_000, sizes
        assert page.evaluate("document.fonts.check('1rem Lora')")
        page.get_by_role("radio", name="9", exact=True).check()
        page.get_by_role("button", name="Next").click()
        page.get_by_text("Page 2 of about 3").wait_for()
        page.wait_for_load_state("networkidle")
        assert page.evaluate(TRANSFERRED) == [0]
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / "typeface.png", full_page=True)


def test_a_survey_is_answered_without_scripts(browser: Browser, address: str, house: House) -> None:
    survey = Published.make(house, *LONG)
    with opened(browser, address, viewport=PHONE, java_script_enabled=False) as page:
        page.goto(survey.url)
        page.get_by_role("button", name="Next").click()
        assert page.get_by_text("Please answer this question.").is_visible()
        page.get_by_role("radio", name="9", exact=True).check()
        page.get_by_role("button", name="Next").click()
        page.get_by_role("radio", name="Fault").check()
        page.get_by_role("checkbox", name="Speed").check()
        page.get_by_role("button", name="Next").click()
        page.get_by_role("textbox").fill("It broke, and it was mended the same day.")
        page.get_by_role("button", name="Back").click()
        assert page.get_by_role("radio", name="Fault").is_checked()
        page.get_by_role("button", name="Next").click()
        assert page.get_by_role("textbox").input_value().startswith("It broke")
        page.get_by_role("button", name="Send answers").click()
        assert page.get_by_text("We read every answer.").is_visible()
    (response,) = survey.rows("responses")
    assert response.state == "complete"
    assert {row.question_key for row in survey.rows("answers")} == {
        "recommend", "reason", "wishes", "comment",
    }  # fmt: skip


def test_a_survey_is_answered_by_keyboard(browser: Browser, address: str, house: House) -> None:
    survey = Published.make(house, ["recommend", "comment"])
    with opened(browser, address, viewport=DESK) as page:
        page.goto(survey.url)
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.value") == "8"
        outline = page.evaluate(
            "getComputedStyle(document.activeElement.closest('label').querySelector('span'))"
            ".outlineStyle + getComputedStyle(document.activeElement.closest('label')).outlineStyle"
        )
        assert outline != "nonenone", "focus is seen"
        page.keyboard.press("Tab")
        page.keyboard.type("By keyboard alone")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("We read every answer.").wait_for()
    assert {row.number or row.text for row in survey.rows("answers")} == {8.0, "By keyboard alone"}


def test_focus_goes_to_what_needs_another_look(
    browser: Browser, address: str, house: House
) -> None:
    with opened(browser, address, viewport=PHONE) as page:
        wrong_page(house, page)
        assert page.evaluate("document.activeElement.name") == "recommend"
        assert page.get_by_role("textbox").input_value() == "Too quick"


def test_opening_and_leaving_stores_nothing(browser: Browser, address: str, house: House) -> None:
    """T15: what a mail scanner's browser does with a link, scripts and all, answers nothing."""
    survey = Published.make(house)
    links = [survey.invite()[0] for _ in range(3)]
    with opened(browser, address) as page:
        for link in (survey.url, *links):
            page.goto(link)
            page.mouse.wheel(0, 500)
            page.reload()
    assert survey.count("responses") == 0
    assert {row.started_at for row in survey.rows("invitations")} == {None}
    with opened(browser, address) as page:
        for link in links:
            page.goto(link)
            page.get_by_role("radio", name="9", exact=True).check()
            page.get_by_role("button", name="Send answers").click()
            page.get_by_text("We read every answer.").wait_for()
    assert survey.count("responses") == 3
