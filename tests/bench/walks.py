"""A survey of 30 questions with logic on every page, answered page by page as browsers do."""

from __future__ import annotations

import http.client
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

from efm import clock
from efm.config import load
from efm.db.engine import make_engine, unit
from efm.feedback import authoring, distributions
from efm.vault import Vault
from surveys.definition import load as load_definition
from tests.bench.stage import Served, Stage

PEOPLE = 8
PAGES = 6
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_TEMPLATES = re.compile(r"<template>.*?</template>", re.DOTALL)
_NAMED = re.compile(r'name="(q\d+)"')


def survey() -> dict[str, Any]:
    """Six pages of five questions; each page looks at the one before, and at its own."""
    pages = []
    for page in range(PAGES):
        first = page * 5
        before = f"q{first - 5}"
        questions: list[dict[str, Any]] = [
            {"key": f"q{first}", "kind": "nps", "text": "How likely are you?", "is_required": True},
            {"key": f"q{first + 1}", "kind": "csat", "text": "How satisfied?"},
            {
                "key": f"q{first + 2}",
                "kind": "single_choice",
                "text": "What was it about?",
                "choices": [
                    {"key": key, "label": key.title()} for key in ("price", "speed", "other")
                ],
                "choice_order": "random",
            },
            {
                "key": f"q{first + 3}",
                "kind": "short_text",
                "text": "What about {{" + f"q{first}" + "|it}}?",
                "show_if": f'q{first} <= 6 or q{first + 2} == "price"',
            },
            {
                "key": f"q{first + 4}",
                "kind": "long_text",
                "text": "Anything else?",
                "show_if": f"{before} >= 3" if page else None,
            },
        ]
        made: dict[str, Any] = {"key": f"p{page}", "questions": questions}
        if page:
            made["show_if"] = f"{before} != 10 or q1 >= 2"
        if page < PAGES - 2:
            made["skips"] = [{"to": f"p{page + 2}", "when": f"q{first} == 0 and q{first + 1} == 1"}]
        pages.append(made)
    return {"title": "Thirty questions", "language": "en", "pages": pages}


def publish(stage: Stage) -> str:
    """The token of an open link to the survey."""
    config = load(stage.environ)
    engine = make_engine(stage.app_url, application="efm bench")
    try:
        with unit(engine, stage.organization_id) as session:
            now = clock.now()
            made = authoring.create(session, load_definition(survey()), now)
            authoring.publish(session, made.id, now)
            vault = Vault(config.secret_key)
            link = distributions.open_link(session, vault, made.id, now, name="Walks")
            return vault.link_token(link.id)
    finally:
        engine.dispose()


def walked(served: Served, token: str, seconds: float) -> dict[str, float]:
    """How long each request took for people who answer at once: milliseconds, and how many."""
    until = time.perf_counter() + seconds
    with ThreadPoolExecutor(PEOPLE) as pool:
        found = list(pool.map(lambda number: _person(served, token, number, until), range(PEOPLE)))
    times = sorted(took for each, _ in found for took in each)
    done = sum(number for _, number in found)
    return {
        "requests": len(times),
        "responses": done,
        "p50": times[len(times) // 2],
        "p95": times[int(len(times) * 0.95)],
        "p99": times[int(len(times) * 0.99)],
    }


def _person(served: Served, token: str, number: int, until: float) -> tuple[list[float], int]:
    chance = random.Random(number)
    address = urlsplit(served.address)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    times: list[float] = []
    done = 0

    def ask(method: str, path: str, body: str | None = None) -> tuple[int, str, str]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        started = time.perf_counter()
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        text = reply.read().decode()
        times.append((time.perf_counter() - started) * 1000)
        return reply.status, reply.headers.get("Location", ""), text

    while time.perf_counter() < until:
        path, page = f"/s/{token}", ask("GET", f"/s/{token}")[2]
        while True:
            form = _filled(page, chance)
            status, location, text = ask("POST", path, urlencode(form))
            if status == 303 and "/thanks" in location:
                done += 1
                break
            if status == 303:
                path = location.partition("?")[0]
                text = ask("GET", location)[2]
            elif status != 200:
                raise RuntimeError(f"A page was answered with {status}.")
            page = text
    return times, done


def _filled(page: str, chance: random.Random) -> list[tuple[str, str]]:
    """The form of a page as a person without JavaScript fills it in."""
    page = _TEMPLATES.sub("", page)
    form = list(_HIDDEN.findall(page))
    for name in dict.fromkeys(_NAMED.findall(page)):
        place = int(name[1:]) % 5
        value = {
            0: str(chance.randrange(11)),
            1: str(chance.randint(1, 5)),
            2: chance.choice(("price", "speed", "other")),
        }.get(place, "It took a while until somebody answered, but then it went well.")
        form.append((name, value))
    return form
