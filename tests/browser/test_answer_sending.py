"""What is typed is kept and sent: while a line is broken, after a reload, once and not twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.test_answer_script import looked_at, opened, ready
from tests.efm.collected import Published
from tests.factories import House

pytestmark = [pytest.mark.browser]

LONG = (["recommend", "comment"], ["reason", "wishes"], ["satisfaction"])
HERE = "Your answers are kept in this browser tab until you send them."
SAVED = "Your answers so far are saved."


def second_page(page: Page) -> None:
    page.get_by_role("radio", name="9", exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Page 2 of about 3").wait_for()
    ready(page)


def test_what_was_typed_is_there_after_a_reload_and_not_for_the_next_person(
    browser: Browser, address: str, house: House
) -> None:
    survey = Published.make(house, *LONG)
    with opened(browser, address, survey.url, bypass_csp=True) as page:
        page.get_by_role("textbox").fill("Half a sentence")
        page.get_by_role("radio", name="4", exact=True).check()
        expect(page.get_by_text(HERE)).to_be_visible()
        looked_at(page, "kept")
        page.reload()
        ready(page)
        expect(page.get_by_role("textbox")).to_have_value("Half a sentence")
        expect(page.get_by_role("radio", name="4", exact=True)).to_be_checked()
        page.goto(survey.url)
        ready(page)
        expect(page.get_by_role("textbox")).to_have_value("")
        page.reload()
        ready(page)
        expect(page.get_by_role("textbox")).to_have_value("")
    assert survey.count("responses") == 0


def test_a_begun_response_is_saved_while_it_is_typed(
    browser: Browser, address: str, house: House
) -> None:
    survey = Published.make(house, *LONG)
    with opened(browser, address, survey.url, bypass_csp=True) as page:
        second_page(page)
        page.get_by_role("radio", name="Fault").check()
        expect(page.get_by_text(SAVED)).to_be_visible()
        page.get_by_role("checkbox", name="Speed").check()
        # Leaving saves what was not saved yet.
        page.goto("about:blank")
        for _ in range(100):
            if "wishes" in {row.question_key for row in survey.rows("answers")}:
                break
            page.wait_for_timeout(50)
        (row,) = survey.rows("responses")
        assert (row.state, row.page_index) == ("partial", 1)
        page.go_back()
        ready(page)
        expect(page.get_by_role("radio", name="Fault")).to_be_checked()
        expect(page.get_by_role("checkbox", name="Speed")).to_be_checked()
        page.get_by_role("button", name="Next").click()
        page.get_by_text("Page 3 of about 3").wait_for()
        ready(page)
        page.get_by_role("button", name="Send answers").click()
        page.get_by_role("heading", name="Thank you").wait_for()
        assert page.evaluate("sessionStorage.length") == 0
    assert {row.question_key for row in survey.rows("answers")} == {"recommend", "reason", "wishes"}


def test_answers_wait_for_the_line_and_arrive_once(
    browser: Browser, address: str, house: House
) -> None:
    survey = Published.make(house, ["recommend", "comment"])
    with opened(browser, address, survey.url, bypass_csp=True) as page:
        page.get_by_role("radio", name="9", exact=True).check()
        page.get_by_role("textbox").fill("From the train")
        page.context.set_offline(True)
        page.get_by_role("button", name="Send answers").click()
        expect(page.get_by_text("There is no connection just now.")).to_be_visible()
        expect(page.get_by_role("textbox")).to_have_value("From the train")
        looked_at(page, "offline")
        page.get_by_role("textbox").fill("From the train, mended")
        assert survey.count("responses") == 0
        page.context.set_offline(False)
        page.get_by_role("heading", name="Thank you").wait_for()
        assert page.evaluate("sessionStorage.length") == 0
    assert survey.count("responses") == 1
    assert "From the train, mended" in {row.text for row in survey.rows("answers")}


def test_a_lost_reply_makes_no_second_response(
    browser: Browser, address: str, house: House
) -> None:
    survey = Published.make(house, *LONG)

    def lose(route: Route) -> None:
        """The form arrives; the reply does not."""
        route.fetch(max_redirects=0)
        route.abort("connectionreset")
        page.unroute("**/s/*")

    with opened(browser, address, survey.url) as page:
        page.route("**/s/*", lose)
        second_page(page)
        expect(
            page.get_by_text("The connection is back. Your answers have arrived.")
        ).to_be_visible()
        assert survey.count("responses") == 1


def test_what_waits_is_sent_after_a_reload_under_its_own_key(
    browser: Browser, address: str, house: House
) -> None:
    survey = Published.make(house, *LONG)

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("internetdisconnected")

    with opened(browser, address, survey.url) as page:
        page.route("**/s/*", lose)
        page.get_by_role("radio", name="9", exact=True).check()
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("There is no connection just now.")).to_be_visible()
        page.unroute("**/s/*")
        page.reload()
        page.get_by_text("Page 2 of about 3").wait_for()
    assert survey.count("responses") == 1


def test_a_second_press_sends_nothing(browser: Browser, address: str, house: House) -> None:
    survey = Published.make(house, ["recommend", "comment"])
    posts: list[str] = []
    with opened(browser, address, survey.url) as page:
        page.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
        page.get_by_role("radio", name="9", exact=True).check()
        page.get_by_role("button", name="Send answers").dblclick()
        page.get_by_role("heading", name="Thank you").wait_for()
    assert len(posts) == 1


def test_what_only_the_server_finds_is_shown_by_its_own_page(
    browser: Browser, address: str, house: House
) -> None:
    document = {
        "title": "Visit",
        "language": "en",
        "pages": [{"key": "p", "questions": [{"key": "mail", "kind": "email", "text": "Where?"}]}],
    }
    survey = Published.of(house, document)
    with opened(browser, address, survey.url) as page:
        page.get_by_role("textbox").fill("not an address")
        page.get_by_role("button", name="Send answers").click()
        page.get_by_text("Please write an e-mail address").first.wait_for()
        ready(page)
        expect(page.get_by_role("textbox")).to_have_value("not an address")
        page.get_by_role("textbox").fill("a@b.example")
        page.get_by_role("button", name="Send answers").click()
        page.get_by_role("heading", name="Thank you").wait_for()
    assert survey.count("responses") == 1
