"""A designer's walk through the builder in a real browser, with a server that answers every request."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from efm import clock
from efm.feedback import authoring
from efm.web.flask import EfmFlask
from tests.factories import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.no_cover]

SHOTS = os.environ.get("EFM_SHOTS")
WIDE: Any = {"width": 1280, "height": 860}
NARROW: Any = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(app: EfmFlask) -> Iterator[str]:
    """Where the application is served for this file's tests."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
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


def test_looks(browser: Browser, house: House, address: str) -> None:
    survey_id = made(house)
    with signed_in(browser, house, address, viewport=WIDE, bypass_csp=True) as page:
        for name, query in (
            ("start", ""),
            ("question", "?at=drivers"),
            ("survey", "?at=survey"),
            ("kinds", "?panel=kinds&page=reasons"),
        ):
            page.goto(f"/surveys/{survey_id}/build{query}")
            page.wait_for_load_state("networkidle")
            photograph(page, name)
