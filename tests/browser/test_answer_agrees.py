"""The two renderings agree: what a page asks and refuses with its script is what the server asks and refuses."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page

from efm import clock
from efm.feedback import course
from efm.feedback.links import FormKeys
from surveys import kinds, proof
from surveys.compiled import Compiled
from surveys.definition import load
from surveys.flow import Stop
from surveys.logic import Context
from surveys.values import Answer, Cleaned
from tests.browser.test_answer_script import opened
from tests.efm.collected import Published
from tests.factories import House
from tests.surveys.logical_surveys import composite, document, logic

pytestmark = [pytest.mark.browser]

ROUNDS = 4
# Somebody who answers this and that, changes their mind and leaves some of it open.
ANSWER = """(numbers) => {
  let at = 0;
  const next = (most) => Math.floor(numbers[at++ % numbers.length] * most);
  const seen = [...document.querySelectorAll("form [name]:not([type=hidden], button)")].filter((f) => !f.disabled);
  const names = [...new Set(seen.map((field) => field.name))];
  for (const name of names) {
    if (!next(3)) continue;
    const fields = [...document.querySelectorAll(`form [name="${name}"]`)].filter((field) => !field.disabled);
    const field = fields[next(fields.length)];
    if (!field) continue;
    if (field.type === "radio") field.checked = true;
    else if (field.type === "checkbox") field.checked = !field.checked;
    else if (field.tagName === "SELECT") field.selectedIndex = next(field.options.length);
    else if (field.type === "date") field.value = ["", "2024-02-29", "2026-01-31"][next(3)];
    else field.value = ["", "0", "5", "11", "2.5", "x"][next(6)];
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}"""
SEEN = """() => {
  const shown = [...document.querySelectorAll("[data-question]")].filter((box) => box.querySelector(".q"));
  return shown.map((box) => [box.dataset.question, [...new Set([...box.querySelectorAll("input[value]")]
    .filter((f) => ["radio", "checkbox"].includes(f.type) && !f.closest("[hidden]")).map((f) => f.value))].sort()]);
}"""
# The fields of grids and entries that stand on the page.
FIELDS = """() => [...new Set([...document.querySelectorAll('[name^="c0."], [name^="lines."], [name^="more."]')]
  .filter((field) => !field.closest("[hidden]:not(.lot)")).map((field) => field.name))].sort()"""
ERRORS = (
    "() => [...document.querySelectorAll('p.error')].map((p) => [p.id.slice(2, -6), p.textContent])"
)


def drawn(seed: int) -> dict[str, Any]:
    """A survey of one page where most depends on something above it."""
    draw = random.Random(seed)
    made = document(draw, 1, 9, randomized=False)
    (page,) = made["pages"]
    for name in ("show_if", "skips", "block", "loop"):
        page.pop(name, None)
    if seed % 2:
        # In a loop the keys of its questions say what they are about.
        page["loop"] = {"items": [{"key": "it", "label": "It"}]}
    listed = page["questions"]
    chosen = {"key": "many", "kind": "multiple_choice", "text": "many"}
    chosen["choices"] = [{"key": each, "label": each} for each in "pqr"]
    rows = [{"key": each, "label": each} for each in ("one", "two")]
    listed += [
        chosen,
        {
            "key": "best",
            "kind": "single_choice",
            "text": "best",
            "choices_from": {"question": "many"},
        },
        {
            "key": "grid",
            "kind": "matrix_single",
            "text": "grid",
            "is_required": draw.random() < 0.5,
            "choices": [{"key": each, "label": each} for each in "uv"],
            "rows": [{**rows[0], "show_if": logic(draw, listed)}, rows[1]],
        },
        {"key": "twice", "kind": "calculated", "text": "", "value": {"count": [{"var": "many"}]}},
        {
            "key": "much",
            "kind": "number",
            "text": "much",
            "show_if": {">": [{"var": "twice"}, 1]},
            "checks": [{"valid_if": {"<=": [{"var": "much"}, 5]}, "message": "Too much."}],
        },
    ]
    known = list(listed)
    listed += [composite(draw, each, known) for each in ("lines", "more")]
    return {**made, "quotas": [], "endings": [], "blocks": []}


def judged(survey: Published, compiled: Compiled, page: Page) -> tuple[Cleaned, Context]:
    """What the server makes of the form as it stands."""
    body = page.evaluate(
        "new URLSearchParams(new FormData(document.querySelector('form'))).toString()"
    )
    form = parse_qs(body, keep_blank_values=True)
    key = FormKeys(survey.vault).read(survey.token, form["_key"][0])
    assert key is not None
    about = course.context(compiled, key.response_id, {}, clock.now())
    return compiled.clean_form_page(0, form, {}, about), about


def fields_of(stops: Sequence[Stop], answers: Mapping[str, Answer]) -> list[str]:
    """The names of the fields of grids and entries that should stand there."""
    found = []
    for question in (each for stop in stops for each in stop.questions if each.parts):
        for atom in kinds.atoms(question):
            host = atom.key.removesuffix(".text").rpartition(".")
            is_beside = atom.key.endswith(".text")
            is_open = not is_beside or (
                host[0] in answers and host[2] in (answers[host[0]].choices or ())
            )
            if atom.kind != "calculated" and is_open:
                found.append(atom.key)
    return sorted(found)


@pytest.mark.parametrize(
    "seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(5, 14))]
)
def test_both_ask_and_refuse_the_same(
    browser: Browser, address: str, house: House, seed: int
) -> None:
    definition = next(
        made for made in map(drawn, range(seed, 10_000, 100)) if not proof.errors(load(made))
    )
    survey, compiled = Published.of(house, definition), Compiled(load(definition))
    assert compiled.flow.asks_within(0)
    draw = random.Random(seed)
    with opened(browser, address, survey.url) as page:
        for _ in range(ROUNDS):
            page.evaluate(ANSWER, [draw.random() for _ in range(97)])
            cleaned, about = judged(survey, compiled, page)
            assert cleaned.unseen == ()
            stops = compiled.flow.walk(cleaned.answers, about).stops
            asked = {
                each.key: sorted(choice.key for choice in each.choices)
                for stop in stops
                for each in stop.questions
            }
            seen = dict(page.evaluate(SEEN))
            assert seen.keys() == asked.keys()
            assert page.evaluate(FIELDS) == fields_of(stops, cleaned.answers)
            assert {key: keys for key, keys in seen.items() if asked[key]} == {
                key: keys for key, keys in asked.items() if keys
            }
        page.get_by_role("button", name="Send answers").click()
        if not cleaned.errors:
            page.get_by_role("heading", name="Thank you").wait_for()
            return
        assert dict(page.evaluate(ERRORS)) == dict(cleaned.errors)
