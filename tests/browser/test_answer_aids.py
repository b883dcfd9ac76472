"""Aids of the answer page's script: orders, sliders, sums, entries, letters; by keyboard and by hand."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_answer_script import (
    DESK,
    PHONE,
    choices,
    looked_at,
    one_page,
    opened,
)
from tests.efm.collected import Published
from tests.factories import House

pytestmark = [pytest.mark.browser]

AIDED = one_page(
    {
        "key": "drivers",
        "kind": "multiple_choice",
        "text": "What mattered?",
        "settings": {"has_select_all": True},
        "choices": choices(
            "price",
            "speed",
            {"key": "other", "label": "Other", "takes_text": True},
            {"key": "none", "label": "None of these", "is_exclusive": True},
        ),
    },
    {
        "key": "order",
        "kind": "ranking",
        "text": "What comes first?",
        "settings": {"minimum": 1},
        "choices": choices("price", "speed", "design"),
    },
    {"key": "share", "kind": "slider", "text": "How much of it?"},
    {"key": "warm", "kind": "scale", "text": "How warm?", "settings": {"low": 0, "high": 100}},
    {
        "key": "points",
        "kind": "constant_sum",
        "text": "Share it out.",
        "choices": choices("price", "speed"),
    },
    {"key": "why", "kind": "long_text", "text": "Why?", "settings": {"max_length": 100}},
    {
        "key": "people",
        "kind": "entries",
        "text": "Who else?",
        "settings": {"maximum": 3},
        "parts": [{"key": "name", "kind": "short_text", "text": "First name"}],
    },
    {
        "key": "shop",
        "kind": "dropdown",
        "text": "Which shop?",
        "choices": choices("here", {"key": "else", "label": "Elsewhere", "takes_text": True}),
    },
)


@pytest.fixture
def survey(house: House) -> Published:
    return Published.of(house, AIDED)


def sent(page: Page, survey: Published) -> dict[str, Any]:
    page.get_by_role("button", name="Send answers").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    rows = survey.rows("answers")
    return {row.question_key: row.choices or row.text or row.number for row in rows}


def ranks(page: Page) -> list[str]:
    """The choices of the ranking from top to bottom, with their places."""
    rows = page.locator(".ranked").all()
    return [
        f"{row.locator('label').inner_text()} {row.locator('select option:checked').inner_text()}"
        for row in rows
    ]


@pytest.mark.parametrize(
    ("size", "scheme"), [(PHONE, "light"), pytest.param(DESK, "dark", marks=pytest.mark.full)]
)
def test_every_aid_is_accessible_and_fits(
    browser: Browser, address: str, survey: Published, size: Any, scheme: Any
) -> None:
    with opened(
        browser, address, survey.url, viewport=size, color_scheme=scheme, bypass_csp=True
    ) as page:
        looked_at(page, f"aids-empty-{size['width']}")
        page.get_by_role("checkbox", name="Other", exact=True).check()
        page.get_by_role("button", name="Move up: SPEED").click()
        page.get_by_role("slider", name="How much of it?").fill("70")
        page.get_by_label("PRICE").last.fill("60")
        page.get_by_label("Why?").fill("w" * 90)
        page.get_by_role("button", name="Add another").click()
        page.get_by_label("Which shop?").select_option("else")
        looked_at(page, f"aids-filled-{size['width']}")


def test_none_of_these_goes_with_no_other(
    browser: Browser, address: str, survey: Published
) -> None:
    with opened(browser, address, survey.url) as page:
        box = page.get_by_role("group", name="What mattered?")
        none = box.get_by_role("checkbox", name="None of these")
        box.get_by_role("button", name="Choose all").click()
        expect(box.locator(":checked")).to_have_count(3)
        assert page.evaluate("document.activeElement.textContent") == "Choose all"
        none.check()
        expect(box.locator(":checked")).to_have_count(1)
        box.get_by_role("checkbox", name="SPEED").check()
        expect(none).not_to_be_checked()
        assert sent(page, survey) == {"drivers": ["speed"]}


def test_words_beside_a_choice_come_with_it(
    browser: Browser, address: str, survey: Published
) -> None:
    with opened(browser, address, survey.url) as page:
        shop, beside = page.get_by_label("Which shop?"), page.locator("[name='shop.else.text']")
        expect(beside).to_be_hidden()
        shop.select_option("else")
        beside.fill("At home")
        shop.focus()
        shop.select_option("here")
        expect(beside).to_be_hidden()
        shop.select_option("else")
        expect(beside).to_have_value("At home")
        assert sent(page, survey) == {"shop": ["else"], "shop.else.text": "At home"}


def test_an_order_is_made_by_keyboard(browser: Browser, address: str, survey: Published) -> None:
    with opened(browser, address, survey.url) as page:
        assert ranks(page) == ["PRICE Place", "SPEED Place", "DESIGN Place"]
        page.get_by_role("button", name="Move up: DESIGN").focus()
        page.keyboard.press("Enter")
        assert ranks(page) == ["DESIGN 1", "PRICE Place", "SPEED Place"]
        page.get_by_role("button", name="Move up: SPEED").focus()
        page.keyboard.press("Enter")
        assert ranks(page) == ["DESIGN 1", "SPEED 2", "PRICE Place"]
        page.keyboard.press("Enter")
        assert ranks(page) == ["SPEED 1", "DESIGN 2", "PRICE Place"]
        name = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert name == "Move up: SPEED"
        expect(page.get_by_role("status").filter(has_text="SPEED: place 1 of 3")).to_have_count(1)
        page.locator("[id='q-order.price']").select_option("price=1")
        assert ranks(page) == ["PRICE 1", "SPEED 2", "DESIGN 3"]
        page.locator("[id='q-order.speed']").select_option("")
        assert ranks(page) == ["PRICE 1", "DESIGN 2", "SPEED Place"]
        assert sent(page, survey) == {"order": ["price", "design"]}


def test_an_order_is_made_by_hand(browser: Browser, address: str, survey: Published) -> None:
    with opened(browser, address, survey.url, viewport=DESK) as page:
        for name in ("PRICE", "SPEED", "DESIGN"):
            page.get_by_role("button", name=f"Move up: {name}").click()
        handle = page.locator(".ranked").last.locator(".handle")
        handle.hover()
        page.mouse.down()
        top = page.locator(".ranked").first.bounding_box()
        assert top is not None
        page.mouse.move(top["x"] + 10, top["y"] + 5, steps=8)
        page.mouse.up()
        assert ranks(page) == ["DESIGN 1", "PRICE 2", "SPEED 3"]
        assert sent(page, survey) == {"order": ["design", "price", "speed"]}


def test_a_slider_says_that_nothing_was_answered_yet(
    browser: Browser, address: str, survey: Published
) -> None:
    with opened(browser, address, survey.url) as page:
        slider = page.get_by_role("slider", name="How much of it?")
        box = page.get_by_role("textbox", name="How much of it?")
        state = page.get_by_text("No answer yet").first
        expect(state).to_be_visible()
        expect(box).to_have_value("")
        slider.focus()
        page.keyboard.press("Enter")
        expect(box).to_have_value("50")
        page.keyboard.press("ArrowRight")
        expect(box).to_have_value("51")
        expect(state).to_be_hidden()
        box.fill("20")
        expect(slider).to_have_value("20")
        page.get_by_role("button", name="No answer", exact=True).click()
        expect(box).to_have_value("")
        expect(state).to_be_visible()
        page.get_by_role("slider", name="How warm?").fill("33")
        assert sent(page, survey) == {"warm": 33}


def test_a_sum_is_counted_while_it_is_shared_out(
    browser: Browser, address: str, survey: Published
) -> None:
    with opened(browser, address, survey.url) as page:
        price, speed = page.locator("[name='points.price']"), page.locator("[name='points.speed']")
        expect(page.get_by_text("Shared out so far: 0 of 100")).to_be_visible()
        price.fill("60")
        expect(page.get_by_text("Shared out so far: 60 of 100")).to_be_visible()
        page.get_by_role("button", name="Send answers").click()
        expect(page.get_by_text("Please share out 100 in all. It is 60 now.")).to_be_visible()
        speed.fill("40")
        expect(page.get_by_text("Please share out")).to_have_count(0)
        assert sent(page, survey) == {"points.price": 60, "points.speed": 40}


def test_letters_are_counted_near_the_end(
    browser: Browser, address: str, survey: Published
) -> None:
    with opened(browser, address, survey.url) as page:
        why = page.get_by_label("Why?")
        why.fill("w" * 50)
        expect(page.locator("p", has_text="characters left")).to_have_count(0)
        why.fill("w" * 95)
        expect(page.locator("p", has_text="5 characters left")).to_be_visible()
        why.fill("w" * 101)
        page.get_by_role("button", name="Send answers").click()
        expect(page.get_by_text("Please shorten this to 100 characters.")).to_be_visible()


def test_entries_are_added_and_taken_away(
    browser: Browser, address: str, survey: Published
) -> None:
    with opened(browser, address, survey.url) as page:
        names = page.locator("[name^='people.']:visible")
        more = page.get_by_role("button", name="Add another")
        names.nth(0).fill("Ana")
        more.click()
        assert page.evaluate("document.activeElement.name") == "people.2.name"
        page.keyboard.type("Ben")
        more.click()
        page.keyboard.type("Cy")
        expect(more).to_be_hidden()
        page.get_by_role("button", name="Remove: Entry 2").click()
        expect(names).to_have_count(2)
        expect(names.nth(1)).to_have_value("Cy")
        assert page.evaluate("document.activeElement.name") == "people.2.name"
        expect(page.get_by_role("status").filter(has_text="Removed: Entry 2")).to_have_count(1)
        assert sent(page, survey) == {"people.1.name": "Ana", "people.2.name": "Cy"}


def test_entries_ask_by_what_is_answered_in_each(
    browser: Browser, address: str, house: House
) -> None:
    pets = {
        "key": "pets",
        "kind": "entries",
        "text": "Your pets",
        "settings": {"maximum": 3},
        "parts": [
            {
                "key": "sort",
                "kind": "single_choice",
                "text": "Sort",
                "choices": choices("cat", {"key": "other", "label": "Other", "takes_text": True}),
            },
            {"key": "lives", "kind": "number", "text": "Lives", "show_if": '_entry.sort == "cat"'},
        ],
    }
    survey = Published.of(house, one_page(pets))
    with opened(browser, address, survey.url) as page:
        expect(page.get_by_label("Lives")).to_have_count(3)
        assert page.locator(".lot:visible").count() == 1
        page.get_by_role("button", name="Add another").click()
        expect(page.get_by_label("Lives").nth(0)).to_be_hidden()
        page.locator('[name="pets.1.sort"][value="cat"]').check()
        page.locator('[name="pets.2.sort"][value="other"]').check()
        expect(page.get_by_label("Lives").nth(0)).to_be_visible()
        expect(page.get_by_label("Lives").nth(1)).to_be_hidden()
        page.get_by_label("Lives").nth(0).fill("9")
        page.locator('[name="pets.2.sort.other.text"]').fill("Newt")
        looked_at(page, "pets")
        page.get_by_role("button", name="Send answers").click()
        page.get_by_role("heading", name="Thank you").wait_for()
    assert {row.question_key for row in survey.rows("answers")} == {
        "pets.1.sort", "pets.1.lives", "pets.2.sort", "pets.2.sort.other.text",
    }  # fmt: skip
