"""The overview in a real browser: accessible, drawn, live, printable, and whole without scripts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.chromium import AXE, AXE_RUN, RULES
from tests.efm.collected import Published
from tests.efm.test_dashboard import EARLIER, EXAMPLE, nps, scale, send
from tests.factories import House

pytestmark = [pytest.mark.browser]

LONG = "Regional service centre for large business customers in Upper Austria, Linz"


@pytest.fixture
def filled(house: House) -> Published:
    """A survey with answers of both periods, three touchpoints and comments of every sentiment."""
    survey = Published.make(house)
    send(survey, nps(scale(EXAMPLE)), touchpoint="Shop")
    send(survey, nps(scale(EARLIER)), touchpoint="Hotline", days_ago=20)
    send(survey, nps(scale(EARLIER)), touchpoint=LONG, days_ago=100)
    said = ["I love it, great work!", "I hate it, the worst ever!", "The parcel came on Tuesday."]
    said.append("Der Techniker kam nicht, und niemand hat mir gesagt, wann er kommen würde.")
    send(survey, [{"recommend": 9, "comment": each} for each in said * 2], touchpoint=LONG)
    return survey


@contextmanager
def opened(browser: Browser, house: House, path: str, **options: Any) -> Iterator[Page]:
    """The page at a path, its requests answered by the application itself."""
    client = house.login("owner")

    def serve(route: Route) -> None:
        address = urlsplit(route.request.url)
        headers = {name: value for name, value in route.request.headers.items() if name != "cookie"}
        reply = client.get(f"{address.path}?{address.query}", headers=headers)
        route.fulfill(status=reply.status_code, headers=dict(reply.headers), body=reply.data)

    context = browser.new_context(base_url="http://localhost", **options)
    context.route("**/*", serve)
    page = context.new_page()
    page.goto(path)
    yield page
    context.unroute_all(behavior="ignoreErrors")
    context.close()


def await_charts(page: Page, count: int) -> None:
    expect(page.locator("[data-chart][data-drawn] svg[role=img]")).to_have_count(count)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (320, "light"),
        *(
            pytest.param(*each, marks=pytest.mark.full)
            for each in [(1280, "dark"), (1280, "light"), (390, "dark")]
        ),
    ],
)
def test_accessible_and_within_the_page(
    browser: Browser, filled: Published, width: int, scheme: Any
) -> None:
    size = {"width": width, "height": 900}
    with opened(
        browser, filled.house, "/overview", viewport=size, color_scheme=scheme, bypass_csp=True
    ) as page:
        await_charts(page, 4)
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{overflow} pixels stick out at {width}"
        page.evaluate(AXE)
        found = page.evaluate(AXE_RUN, RULES)
        assert len(found["passes"]) > 20
        assert not [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]


def test_charts_are_drawn_under_the_content_policy_without_complaint(
    browser: Browser, filled: Published
) -> None:
    with opened(browser, filled.house, "/account") as page:
        complaints: list[str] = []
        page.on(
            "console",
            lambda told: (
                complaints.append(told.text) if told.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/overview")
        await_charts(page, 4)
        assert not complaints
        marks = page.locator("#chart-scale-nps svg path[aria-roledescription=bar]")
        assert marks.count() == 11
        label = page.locator("#chart-trend-nps svg[role=img]").get_attribute("aria-label")
        assert label
        assert label.startswith("NPS rose by ")


def test_a_new_answer_appears_within_two_seconds_and_nothing_flickers(
    browser: Browser, filled: Published
) -> None:
    with opened(browser, filled.house, "/overview") as page:
        await_charts(page, 4)
        page.evaluate("window.same = document.querySelector('#chart-scale-nps [data-chart]')")
        twin = page.locator("#chart-scale-nps details.twin")
        twin.locator("summary").click()
        expect(page.locator("article.tile[aria-label=NPS]")).to_contain_text("n = 208 ")
        send(filled, nps([0]))
        began = time.monotonic()
        expect(page.locator("article.tile[aria-label=NPS]")).to_contain_text("n = 209 ")
        assert time.monotonic() - began < 2.0
        assert page.evaluate("window.same.isConnected"), "the drawing was thrown away"
        expect(twin).to_have_attribute("open", "")
        expect(twin.locator("tbody tr").first).to_contain_text("7")


def test_nothing_is_asked_while_the_page_is_hidden(browser: Browser, filled: Published) -> None:
    with opened(browser, filled.house, "/overview") as page:
        await_charts(page, 4)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true, configurable: true})"
        )
        page.wait_for_timeout(1300)  # The turn that had begun is over.
        asked.clear()
        page.wait_for_timeout(1500)
        assert not asked
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        with page.expect_request("**/overview/figures*"):
            pass


def test_the_page_is_whole_without_scripts(browser: Browser, filled: Published) -> None:
    with opened(browser, filled.house, "/overview", java_script_enabled=False) as page:
        expect(page.locator("article.tile[aria-label=NPS]")).to_contain_text("n = 208 ")
        page.locator("#chart-scale-nps details.twin summary").click()
        expect(page.locator("#chart-scale-nps tbody tr")).to_have_count(11)
        page.get_by_label("Touchpoint", exact=True).select_option("Shop")
        page.get_by_label("Period", exact=True).select_option("7d")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("article.tile[aria-label=NPS]")).to_contain_text("n = 100 ")
        assert "touchpoint=Shop" in page.url
        page.get_by_role("link", name="Touchpoint: Shop").click()
        expect(page.locator("article.tile[aria-label=NPS]")).to_contain_text("n = 108 ")


def test_on_paper_there_are_drawings_and_whole_tables_and_no_controls(
    browser: Browser, filled: Published
) -> None:
    with opened(browser, filled.house, "/overview") as page:
        await_charts(page, 4)
        page.emulate_media(media="print")
        expect(page.get_by_label("Touchpoint", exact=True)).to_be_hidden()
        expect(page.locator("nav.side")).to_be_hidden()
        expect(page.locator("#chart-scale-nps svg[role=img]")).to_be_visible()
        box = page.locator("#chart-trend-nps .twin .table-scroll")
        assert box.evaluate("each => each.scrollHeight <= each.clientHeight + 1")
        assert page.pdf(format="A4")[:5] == b"%PDF-"


def test_the_empty_overview_is_accessible(browser: Browser, house: House) -> None:
    with opened(browser, house, "/overview", bypass_csp=True) as page:
        expect(page.get_by_role("link", name="New survey")).to_be_visible()
        page.evaluate(AXE)
        found = page.evaluate(AXE_RUN, RULES)
        assert not [one["id"] for one in found["violations"]]
