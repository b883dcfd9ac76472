"""A designer's walk through the builder in a real browser, with a server that answers every request."""

from __future__ import annotations

import os
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from efm import clock
from efm.feedback import authoring
from efm.web.flask import EfmFlask
from surveys import editing
from tests.chromium import AXE, AXE_RUN, RULES
from tests.factories import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOTS = os.environ.get("EFM_SHOTS")
WIDE: Any = {"width": 1280, "height": 860}
NARROW: Any = {"width": 390, "height": 844}


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        pass


@pytest.fixture(scope="module")
def address(app: EfmFlask) -> Iterator[str]:
    """Where the application is served for this file's tests."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()


@contextmanager
def signed_in(browser: Browser, house: House, address: str, **options: Any) -> Iterator[Page]:
    """A page of a designer; fails when a script or the content policy complains."""
    client = house.login("designer")
    cookie = client.get_cookie("efm")
    assert cookie is not None
    context = browser.new_context(base_url=address, reduced_motion="reduce", **options)
    context.add_cookies([{"name": "efm", "value": cookie.value, "url": address}])
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    # The preview's frame runs no scripts by design, and Chromium says so.
    ours = [one for one in problems if "sandboxed" not in one and "status of 4" not in one]
    assert not ours, "\n".join(ours)


def photograph(page: Page, name: str) -> None:
    if not SHOTS:
        return
    Path(SHOTS).mkdir(parents=True, exist_ok=True)
    for width, size in (("1280", WIDE), ("390", NARROW)):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}-{scheme}.png")
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")


def made(house: House, template: str = "relationship_nps") -> uuid.UUID:
    with house.unit() as session:
        return authoring.create_from_template(session, template, clock.now()).id


def saved(page: Page, revision: int) -> None:
    """Wait until the page stands on this revision."""
    expect(page.locator("#builder-bar")).to_have_attribute("data-revision", str(revision))


def test_a_designers_walk(browser: Browser, house: House, address: str) -> None:
    """Add, write, choose, condition, move by keyboard, undo, preview, publish; all without a reload."""
    survey_id = made(house)
    with signed_in(browser, house, address, viewport=WIDE) as page:
        page.goto(f"/surveys/{survey_id}/build")
        page.evaluate("window.isTheSamePage = true")
        inside = page.frame_locator("#preview")
        expect(inside.get_by_text("How likely are you to recommend us")).to_be_visible()

        page.get_by_role("link", name="Add question to page 2").click()
        page.get_by_label("What do you ask?").fill("Which of our shops?")
        page.get_by_role("button", name=re.compile("^One choice One of")).click()
        saved(page, 2)
        expect(page.locator("#field-text")).to_have_value("Which of our shops?")
        expect(inside.get_by_text("Which of our shops?")).to_be_visible()

        page.locator("#new-choices").fill("Vienna")
        page.keyboard.press("Enter")
        saved(page, 3)
        expect(page.locator("#new-choices")).to_be_focused()
        page.get_by_text("Paste a list").click()
        page.locator("#paste-choices").fill("Graz\nLinz")
        page.get_by_role("button", name="Add all").click()
        saved(page, 4)
        expect(inside.get_by_text("Linz")).to_be_visible()

        words = page.locator("#field-text")
        words.fill("Which of our shops did you visit?")
        saved(page, 5)
        expect(words).to_be_focused()
        expect(inside.get_by_text("Which of our shops did you visit?")).to_be_visible()
        expect(page.locator("#outline")).to_contain_text("Which of our shops did you visit?")

        page.get_by_role("link", name="Logic").click()
        page.locator("#and-show_if").click()
        saved(page, 6)
        page.locator('[id="show_if.0.path"]').select_option("recommend")
        saved(page, 7)
        page.locator('[id="show_if.0.operator"]').select_option("at_most")
        saved(page, 8)
        expect(page.locator(".said").first).to_contain_text("is at most 5")
        page.locator('[id="try-recommend"], [name="try.recommend"]').first.fill("9")
        page.get_by_role("button", name="Try these answers").click()
        expect(page.locator(".trial-outcome")).to_contain_text("no")

        link = page.locator('[id="go-question.which_our_shops"]')
        link.focus()
        page.keyboard.press("Alt+ArrowUp")
        saved(page, 9)
        expect(link).to_be_focused()
        page.keyboard.press("Control+z")
        saved(page, 10)
        expect(link).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(page.locator('[id="go-question.drivers"]')).to_be_focused()
        assert page.evaluate("window.isTheSamePage")

        page.get_by_role("link", name="Publish").click()
        page.get_by_role("button", name="Publish version 1").click()
        expect(page.get_by_text("Version 1 is open for answers.")).to_be_visible()


def test_dragging_and_refusals(browser: Browser, house: House, address: str) -> None:
    survey_id = made(house)
    with signed_in(browser, house, address, viewport=WIDE) as page:
        page.goto(f"/surveys/{survey_id}/build?at=drivers")
        lines = page.locator('[data-page="reasons"] > li')
        start = lines.nth(1).locator("[data-handle]").bounding_box()
        goal = lines.nth(0).bounding_box()
        assert start is not None
        assert goal is not None
        page.mouse.move(start["x"] + 5, start["y"] + 8)
        page.mouse.down()
        page.mouse.move(start["x"] + 8, goal["y"] + 14, steps=6)
        page.mouse.move(start["x"] + 8, goal["y"] + 2, steps=6)
        page.mouse.up()
        saved(page, 2)
        expect(lines.nth(0)).to_contain_text("What influenced your score most?")
        page.locator("#field-text").fill(" ")
        expect(page.locator("#problems")).to_contain_text("It is missing")
        page.locator("#field-text").fill("Written again")
        saved(page, 3)
        expect(page.locator("#problems .error-summary")).to_have_count(0)

        other = house.login("owner")
        sent = {"csrf_token": other.csrf, "revision": 3, "do": "set_question"}  # type: ignore[attr-defined]
        other.post(
            f"/surveys/{survey_id}/build", data=sent | {"at": "question.drivers", "text": "Theirs"}
        )
        page.locator("#field-text").fill("Mine")
        expect(page.locator("#settings-title")).to_have_text("Somebody else changed this too")
        page.locator("#keep-mine").click()
        expect(page.locator("#field-text")).to_have_value("Mine")


def _built(house: House) -> uuid.UUID:
    survey_id = made(house)
    with house.unit() as session:
        document = dict(authoring.get(session, survey_id).draft)
        for address, fields in (
            (
                "question.reason",
                {"show_if": "is_answered(recommend) and recommend <= 6 or recommend == 10"},
            ),
            ("page.reasons", {"skips": [{"to": "end", "when": "recommend == 0"}]}),
        ):
            document = editing.set_fields(document, address, fields).document
        for kind in ("semantic_differential", "grid"):
            document = editing.add_question(document, kind, "reasons").document
        for sort in ("ending", "data", "quota"):
            document = editing.add_part(document, sort, "Something else").document
        document |= {"translations": {"ar": {"reason.text": "ما هو السبب الرئيسي؟"}}}
        authoring.save_draft(session, survey_id, document, 1, clock.now())
    return survey_id


PAGES = (
    ("choices", "build?at=drivers"),
    ("rows", "build?at=semantic_differential"),
    ("logic", "build?at=reason&tab=logic&try.recommend=3"),
    ("ways", "build?at=page.reasons&tab=logic"),
    ("survey", "build?at=survey"),
    ("ending", "build?at=ending.something_else"),
    ("kinds", "build?panel=kinds&page=reasons"),
    ("arabic", "build?at=reason&language=ar"),
    ("map", "map"),
    ("publish", "publish"),
)


def test_looks_and_accessible(browser: Browser, house: House, address: str) -> None:
    survey_id = _built(house)
    problems: list[str] = []
    with signed_in(browser, house, address, viewport=WIDE, bypass_csp=True) as page:
        for name, path in PAGES:
            page.goto(f"/surveys/{survey_id}/{path}")
            page.wait_for_load_state("networkidle")
            page.evaluate(AXE)
            for width, size in (("1280", WIDE), ("390", NARROW)):
                page.set_viewport_size(size)
                out = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                if out > 0:
                    problems.append(f"{name}: {out} pixels stick out at {width}")
                if size is NARROW:
                    photograph(page, name)
                    continue
                found = page.evaluate(AXE_RUN, RULES)
                problems += [
                    f"{name} {width}: {one['id']}: {one['nodes'][0]['html'][:160]}"
                    for one in found["violations"]
                ]
            page.set_viewport_size(WIDE)
    assert not problems, "\n".join(dict.fromkeys(problems))
