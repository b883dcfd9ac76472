"""Debian's Chromium through Playwright, and axe to judge what it shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from efm.web.fast import Entrance
from efm.web.flask import EfmFlask

AXE = (Path(__file__).parent / "browser" / "vendor" / "axe-4.14.1.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Of what is right one node a rule is told; to list them all takes axe twice as long.
AXE_RUN = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one file."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def opened(
    browser: Browser, address: str, client: Any, path: str, **options: Any
) -> Iterator[Page]:
    """A page of the served application, seen by whoever is signed in with the client."""
    context = browser.new_context(base_url=address, **options)
    cookie = client.get_cookie("efm")
    if cookie is not None:
        context.add_cookies([{"name": "efm", "value": cookie.value, "url": address}])
    page = context.new_page()
    page.goto(path)
    drawn(page)
    yield page
    context.close()


def drawn(page: Page) -> None:
    """Wait until the charts of a page are drawn, where there are any."""
    if page.locator("[data-chart]").count():
        page.wait_for_load_state("networkidle")


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: Any) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def address(app: EfmFlask) -> Iterator[str]:
    """The entrance, served on a port of its own."""
    entrance = Entrance(app, keep_seconds=0)
    server = make_server("127.0.0.1", 0, entrance, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
