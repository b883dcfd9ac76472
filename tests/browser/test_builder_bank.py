"""A question goes through the bank and a comment to the outline, without a reload, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_builder import WIDE, made, saved, signed_in
from tests.browser.test_builder import address as address
from tests.factories import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_keep_insert_and_comment(browser: Browser, house: House, address: str) -> None:
    first, second = made(house), made(house)
    with signed_in(browser, house, address, viewport=WIDE) as page:
        page.goto(f"/surveys/{first}/build?at=question.stay")
        page.get_by_role("link", name="Keep in the bank").click()
        page.get_by_label("Name").fill("Staying")
        page.get_by_role("button", name="Keep it").click()
        saved(page, 2)
        expect(page.get_by_role("link", name="Staying")).to_be_visible()

        page.goto(f"/surveys/{second}/build")
        page.evaluate("window.isTheSamePage = true")
        page.get_by_role("link", name="Add question to page 2").click()
        page.get_by_role("link", name="From the bank").click()
        page.get_by_role("searchbox", name="Words or name").fill("contract")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="What mattered most")).to_have_count(0)
        page.get_by_text("How it looks: Staying").click()
        look = page.frame_locator('iframe[title^="Staying"]')
        expect(look.get_by_text("Renew and use more")).to_be_visible()
        page.get_by_role("button", name="Staying").first.click()
        saved(page, 2)
        expect(page.locator("#go-question\\.stay_2")).to_have_attribute("aria-current", "true")

        page.locator("#settings").get_by_role("link", name="Comments").click()
        page.get_by_label("Write a comment").fill("Is this the right place?")
        page.get_by_role("button", name="Comment", exact=True).click()
        expect(page.locator(".thread-words")).to_have_text("Is this the right place?")
        expect(page.locator("#go-question\\.stay_2 .outline-comments")).to_be_visible()
        page.get_by_role("button", name="Resolve").click()
        expect(page.locator(".outline-comments")).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        saved(page, 3)
        expect(page.locator("#go-question\\.stay_2")).to_have_count(0)
        assert page.evaluate("window.isTheSamePage"), "all of it without a reload"
