"""The look of a survey in a browser: a colour typed or chosen by eye is one and the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.chromium import AXE, AXE_RUN, RULES, opened
from tests.efm.collected import Published
from tests.factories import House

pytestmark = [pytest.mark.browser]


def test_a_colour_is_typed_or_chosen_by_eye(browser: Browser, house: House, address: str) -> None:
    survey = Published.make(house)
    path = f"/surveys/{survey.survey_id}/theme"
    with opened(browser, address, house.login("designer"), path, bypass_csp=True) as page:
        typed = page.get_by_label("Colour optional", exact=True)
        swatch = page.get_by_label("Colour, chosen by eye", exact=True)
        typed.fill("#7A1F2B")
        expect(swatch).to_have_value("#7a1f2b")
        typed.fill("plum")
        expect(typed).to_have_value("plum")
        swatch.fill("#005a3c")
        expect(typed).to_have_value("#005a3c")
        dark = page.get_by_label("Colour in the dark optional", exact=True)
        expect(dark).to_have_value("")
        page.evaluate(AXE)
        found = page.evaluate(AXE_RUN, RULES)
        assert not [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
        page.get_by_role("button", name="Save look").click()
        expect(page.get_by_label("Colour optional", exact=True)).to_have_value("#005a3c")
    (row,) = survey.rows("surveys")
    assert row.draft["theme"]["brand"] == "#005a3c"
