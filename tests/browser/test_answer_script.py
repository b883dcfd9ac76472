"""Survey links with their script: logic and judgement in place, aids, answers kept and sent when the line allows."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import AXE, AXE_RUN, RULES
from tests.efm.collected import Published
from tests.factories import House

pytestmark = [pytest.mark.browser]

PHONE = {"width": 390, "height": 800}
DESK = {"width": 1280, "height": 900}
STATIC = Path(__file__).resolve().parents[2] / "efm" / "web" / "static"
SHOTS = os.environ.get("EFM_SHOTS")  # A folder to photograph the pages into.


@contextmanager
def opened(browser: Browser, address: str, path: str, **options: Any) -> Iterator[Page]:
    """A page whose script has started; whatever its console complains of fails the test."""
    context = browser.new_context(base_url=address, **{"viewport": PHONE, **options})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if "Policy" in m.text else None)
    page.goto(path)
    ready(page)
    yield page
    assert not complaints
    assert not context.cookies()
    context.close()


def ready(page: Page) -> None:
    page.locator("form[data-ready]").wait_for()


def looked_at(page: Page, name: str) -> None:
    """The page as it stands is accessible and fits."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.evaluate(AXE)
    found = page.evaluate(AXE_RUN, RULES)
    assert not [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]


def one_page(*questions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "title": "Visit",
        "language": "en",
        "pages": [{"key": "p", "questions": list(questions)}],
        **more,
    }


def choices(*keys: str | dict[str, Any]) -> list[dict[str, Any]]:
    return [key if isinstance(key, dict) else {"key": key, "label": key.upper()} for key in keys]


BRANCH = one_page(
    {"key": "nps", "kind": "nps", "text": "Recommend?", "is_required": True},
    {
        "key": "bad",
        "kind": "short_text",
        "text": "What went wrong?",
        "show_if": "is_answered(nps) and nps <= 6",
        "is_required": True,
    },
    {"key": "last", "kind": "short_text", "text": "Anything else?"},
)


def test_a_question_comes_and_goes_at_once_and_keeps_what_was_typed(
    browser: Browser, address: str, house: House
) -> None:
    survey = Published.of(house, BRANCH)
    with opened(browser, address, survey.url, bypass_csp=True) as page:
        wrong = page.get_by_label("What went wrong?")
        expect(wrong).to_have_count(0)
        page.get_by_role("radio", name="3", exact=True).check()
        expect(wrong).to_be_visible()
        assert page.evaluate("document.activeElement.value") == "3"
        expect(
            page.get_by_role("status").filter(has_text="Now also asked: What went wrong?")
        ).to_have_count(1)
        wrong.fill("Cold")
        looked_at(page, "branch")
        page.get_by_role("radio", name="9", exact=True).check()
        expect(wrong).to_have_count(0)
        page.get_by_role("radio", name="2", exact=True).check()
        expect(wrong).to_have_value("Cold")
        page.get_by_role("radio", name="9", exact=True).check()
        page.get_by_role("button", name="Send answers").click()
        page.get_by_role("heading", name="Thank you").wait_for()
    assert {row.question_key for row in survey.rows("answers")} == {"nps"}


MOVING = one_page(
    {
        "key": "a",
        "kind": "multiple_choice",
        "text": "Which do you use?",
        "choices": choices("x", "y", "z"),
    },
    {
        "key": "b",
        "kind": "single_choice",
        "text": "Which is best?",
        "choices_from": {"question": "a"},
    },
    {
        "key": "m",
        "kind": "matrix_single",
        "text": "How are they?",
        "choices": choices("good", "poor"),
        "rows": [
            {"key": "one", "label": "One"},
            {"key": "two", "label": "Two", "show_if": 'contains(a, "x")'},
        ],
    },
    {
        "key": "d",
        "kind": "dropdown",
        "text": "Where?",
        "choices": choices("p", {"key": "q", "label": "Q", "show_if": 'contains(a, "y")'}),
    },
    {"key": "sum", "kind": "calculated", "text": "", "value": "count(a) * 2"},
    {"key": "much", "kind": "short_text", "text": "Why so many?", "show_if": "sum >= 4"},
)


def test_choices_rows_and_calculated_values_move_at_once(
    browser: Browser, address: str, house: House
) -> None:
    survey = Published.of(house, MOVING)
    with opened(browser, address, survey.url, bypass_csp=True) as page:
        best = page.get_by_role("group", name="Which is best?")
        two = page.get_by_role("radiogroup", name="Two")
        expect(best).to_have_count(0)
        expect(two).to_be_hidden()
        page.get_by_role("checkbox", name="X").check()
        expect(best.get_by_role("radio")).to_have_count(1)
        expect(two).to_be_visible()
        two.get_by_role("radio", name="GOOD").check()
        page.get_by_role("checkbox", name="Y").check()
        expect(best.get_by_role("radio")).to_have_count(2)
        expect(page.get_by_label("Why so many?")).to_be_visible()
        page.get_by_label("Where?").select_option("q")
        best.get_by_role("radio", name="Y").check()
        looked_at(page, "moving")
        page.get_by_role("checkbox", name="Y").uncheck()
        page.get_by_role("checkbox", name="X").uncheck()
        page.get_by_role("checkbox", name="Z").check()
        expect(two).to_be_hidden()
        expect(best.get_by_role("radio")).to_have_count(1)
        expect(page.get_by_label("Where?")).to_have_value("")
        page.get_by_role("button", name="Send answers").click()
        page.get_by_role("heading", name="Thank you").wait_for()
    rows = {row.question_key: row.choices or row.number for row in survey.rows("answers")}
    assert rows == {"a": ["z"], "sum": 2}


def test_mistakes_are_said_in_place_in_the_words_of_the_server(
    browser: Browser, address: str, house: House
) -> None:
    survey = Published.of(
        house,
        one_page(
            {"key": "name", "kind": "short_text", "text": "Name?", "is_required": True},
            {
                "key": "n",
                "kind": "number",
                "text": "How many?",
                "settings": {"minimum": 1, "maximum": 9},
            },
            {
                "key": "of",
                "kind": "number",
                "text": "Of how many?",
                "checks": [{"valid_if": "of >= n", "message": "There cannot be fewer in all."}],
            },
            {"key": "soft", "kind": "short_text", "text": "Why?", "is_requested": True},
        ),
    )
    posts: list[str] = []
    with opened(browser, address, survey.url, bypass_csp=True) as page:
        page.on(
            "request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None
        )
        page.get_by_label("How many?").first.fill("12")
        page.get_by_label("Name?").focus()
        expect(page.get_by_text("Please write 9 or less.")).to_be_visible()
        page.get_by_label("How many?").first.fill("8")
        expect(page.get_by_text("Please write 9 or less.")).to_have_count(0)
        page.get_by_label("Of how many?").fill("3")
        page.get_by_role("button", name="Send answers").click()
        assert page.evaluate("document.activeElement.name") == "name"
        expect(page.get_by_role("group", name="Please look at this again")).to_contain_text("Name?")
        expect(page.get_by_text("Please answer this question.")).to_be_visible()
        expect(page.get_by_text("There cannot be fewer in all.")).to_be_visible()
        expect(page.get_by_text("or go on without")).to_be_visible()
        assert page.title() == "Error: Visit"
        looked_at(page, "wrong")
        page.get_by_label("Name?").fill("Ada")
        expect(page.get_by_text("Please answer this question.")).to_have_count(0)
        expect(page.get_by_text("or go on without")).to_be_visible()
        assert not posts
        page.get_by_label("Of how many?").fill("8")
        page.get_by_role("button", name="Send answers").click()
        page.get_by_role("heading", name="Thank you").wait_for()
    assert survey.count("answers") == 3


def test_the_page_is_small_and_loads_what_it_needs(
    browser: Browser, address: str, house: House
) -> None:
    every = [path.read_bytes() for path in STATIC.glob("answer*.js")]
    whole = sum(len(gzip.compress(each, 9)) for each in every)
    assert whole < 23_500
    context = browser.new_context(base_url=address)
    page = context.new_page()
    loaded: list[str] = []
    page.on("request", lambda asked: loaded.append(asked.url.rpartition("/")[2].partition("?")[0]))
    page.goto(Published.make(house, ["recommend"]).url)
    ready(page)
    names = {name for name in loaded if name.endswith(".js")}
    assert sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in names) < 12_288
    context.close()
