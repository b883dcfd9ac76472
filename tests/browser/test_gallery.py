"""The components, looked at in a real browser: accessible, within the page, within the content policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser

from efm.web.flask import EfmFlask
from tests.chromium import AXE, AXE_RUN, RULES, opened
from tests.factories import House

pytestmark = [pytest.mark.browser]


@pytest.fixture
def client(house: House) -> Any:
    return house.login("owner")


TARGETS = (
    ".points label, .faces label, .stars label, .weighed label, .option, summary, select, button,"
    " form input:not([type=radio], [type=checkbox], [type=hidden])"
)
LOOKS = [
    ("/gallery", 1280, "dark"),
    ("/gallery?direction=rtl&language=ar", 1280, "light"),
    ("/gallery/answer?direction=rtl&language=ar&state=wrong", 1280, "dark"),
    ("/gallery/answer?state=answered", 1280, "light"),
    ("/gallery/answer?state=long", 320, "light"),
    *(
        pytest.param(*each, marks=pytest.mark.full)
        for each in (
            ("/gallery", 1280, "light"),
            ("/gallery", 320, "light"),
            ("/gallery/answer", 1280, "light"),
            ("/gallery/answer", 360, "dark"),
            ("/gallery/answer?direction=rtl&language=ar&state=answered", 320, "light"),
            ("/gallery/answer?state=wrong", 390, "dark"),
            ("/gallery/answer?state=long", 1280, "light"),
        )
    ),
]


@pytest.mark.parametrize(("path", "width", "scheme"), LOOKS)
def test_accessible_and_within_the_page(
    browser: Browser, address: str, client: Any, path: str, width: int, scheme: Any
) -> None:
    size = {"width": width, "height": 900}
    with opened(
        browser, address, client, path, viewport=size, color_scheme=scheme, bypass_csp=True
    ) as page:
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{overflow} pixels stick out at {width}"
        page.evaluate(AXE)
        found = page.evaluate(AXE_RUN, RULES)
        assert len(found["passes"]) > 20
        problems = [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
        assert not problems


def test_charts_draw_under_the_content_policy(browser: Browser, address: str, client: Any) -> None:
    with opened(browser, address, client, "/static/favicon.svg") as page:
        refusals: list[str] = []
        page.on(
            "console",
            lambda message: (
                refusals.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        page.on("pageerror", lambda error: refusals.append(str(error)))
        page.goto("/gallery")
        charts = page.locator("[data-chart] svg[role=img]")
        charts.nth(1).wait_for()
        assert charts.count() == 2
        page.locator("[data-chart].chart-failed").wait_for()
        assert page.locator("details.twin[open]").count() == 1, "the failed chart shows its table"
        before = page.evaluate("getComputedStyle(document.querySelector('[data-chart] path')).fill")
        page.emulate_media(color_scheme="dark")
        assert page.locator("[data-chart] svg").count() == 2
        text = "getComputedStyle(document.querySelector('[data-chart] text')).fill"
        dark = page.evaluate(text)
        page.emulate_media(color_scheme="light")
        assert page.evaluate(text) != dark, "drawings follow the theme without being drawn again"
        assert before is not None
        assert not refusals


def test_slash_goes_to_the_search_and_escape_closes_menus(
    browser: Browser, address: str, client: Any
) -> None:
    with opened(
        browser, address, client, "/gallery", viewport={"width": 1280, "height": 900}
    ) as page:
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "search"
        menu = page.locator(".top-end details.menu")
        menu.locator("summary").click()
        assert menu.get_attribute("open") is not None
        page.keyboard.press("Escape")
        assert menu.get_attribute("open") is None


def test_a_heavy_action_asks_first(browser: Browser, address: str, client: Any) -> None:
    with opened(browser, address, client, "/gallery") as page:
        page.get_by_role("button", name="Close survey").click()
        assert page.locator("#confirm").is_visible()
        assert page.evaluate("document.activeElement.textContent") == "Keep it"
        page.keyboard.press("Escape")
        assert page.locator("#confirm").is_hidden()


def test_answering_works_without_scripts(browser: Browser, address: str, client: Any) -> None:
    size = {"width": 360, "height": 640}
    with opened(
        browser, address, client, "/gallery/answer", viewport=size, java_script_enabled=False
    ) as page:
        ten = page.get_by_role("radio", name="10 Extremely likely").first
        ten.check()
        assert ten.is_checked()
        small = page.locator(TARGETS).evaluate_all(
            "all => all.filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect())"
            ".filter(box => box.width && box.height && (box.width < 44 || box.height < 44))"
        )
        assert not small, "targets are 44 pixels or more"


def test_the_gallery_is_for_development_only(app: EfmFlask, monkeypatch: Any) -> None:
    production = replace(app.extensions["efm.config"], mode="production")
    monkeypatch.setitem(app.extensions, "efm.config", production)
    assert app.test_client().get("/gallery").status_code == 404
    assert app.test_client().get("/gallery/answer").status_code == 404


def test_a_composite_question_is_answered_by_keyboard_without_scripts(
    browser: Browser, address: str, client: Any
) -> None:
    with opened(
        browser, address, client, "/gallery/answer?kind=max_diff", java_script_enabled=False
    ) as page:
        most = page.get_by_role("radio", name="Most: Price").first
        most.focus()
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        assert page.get_by_role("radio", name="Most: Speed of answers").first.is_checked()
        page.goto("/gallery/answer?kind=matrix_single")
        row = page.get_by_role("radiogroup", name="Hotline")
        row.get_by_role("radio", name="Good").check()
        page.goto("/gallery/answer?kind=entries")
        assert page.get_by_role("textbox", name="First name").count() == 1
        page.get_by_text("Entry 2").click()
        assert page.get_by_role("textbox", name="First name").count() == 2
        assert page.get_by_text("Entry 3").is_visible(), "each entry brings up the next"


def test_words_beside_a_choice_wait_for_it(browser: Browser, address: str, client: Any) -> None:
    path = "/gallery/answer?kind=single_choice"
    with opened(browser, address, client, path, java_script_enabled=False) as page:
        assert page.get_by_label("Please say more").count() == 1
        assert not page.get_by_label("Please say more").is_visible()
        page.get_by_role("radio", name="Change it").check()
        assert page.get_by_role("textbox", name="Change it: Please say more").is_visible()
