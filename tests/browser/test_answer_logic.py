"""The evaluator in the browser means what the server's means: the same cases, value for value."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from playwright.sync_api import Browser, Page, Route

from surveys.expressions import ExpressionError, Limits, compile_expression, normal
from surveys.expressions.catalogue import OPERATORS
from surveys.expressions.limits import Meter
from surveys.expressions.values import clean
from tests.surveys.test_expressions import CASES
from tests.surveys.test_expressions_properties import data, logics

pytestmark = [pytest.mark.browser]

STATIC = Path(__file__).resolve().parents[2] / "efm" / "web" / "static"
REFUSED = "refused"
# Values that turn into one another in every way there is, dates and letters of several kinds.
POOL: list[Any] = [
    None, True, False, 0, 1, -1, 2.5, -2.5, 0.1, 1e21, 1e-7, 123456789.125, 2**53, 40, -40, 15, -3,
    "", "0", "1", " 12 ", "1.5abc", "-.5", "0x1F", "Infinity", "-Infinityx", "a", "ä", "Z", "é", "😀b",
    "\uffeex", "\x1c", "\ufeff", "2024-02-29", "2023-02-29", " 2024-12-31T10:00", "0001-01-01",
    "9999-12-31", "null", "ß", "İ", "ΑΣ", [], ["a"], ["a", None, ["b"]], [1, "1"], [[]], ["", " "],
    {}, {"a": 1, "b": None}, ["2024-01-01"],
]  # fmt: skip
TEXTS = ["", "a", "ab", "aab", "12", "a1 b", "é", "Ä_ö", "foo@bar.de", "a\nb", "(x)", "{2}", "a-b", "٣", "😀", "x]"]  # fmt: skip
PATTERNS = [
    r"^a+$", r"\d{2,}", r"^\w+$", r"\bb", r"\Bb", r"[\w-]+@[\w.]+\.\w{2,}", r"a.b", r"^\s", r"\S+\s\S+",
    r"[^a]$", r"(?i)AB", r"(?:a|b)c", r"(?P<x>a)b", r"\(x\)", r"{2}", r"[]x]", r"^[\d\s]*$", r"a{2}",
    r"a{0,1}b", r"^$", r"\A\w", r"\D\Z", r"[a\-b]+", r"\-", r"\@", r"\x61", r"\u00e9", r"^.$", r"a*?b",
]  # fmt: skip
# What may take long where all ways are tried one after the other, or has no like in JavaScript.
LEFT_TO_THE_SERVER = [r"(a+)+$", r"(a|b)*c", r"(?:\w+\s?)*$", r"[\W]", r".*.*.*.*.*.*.*x"]

Case = tuple[Any, Any, Any]


def case(logic: Any, over: Any) -> Case | None:
    """Logic and data as they reach a page, and what the server makes of them."""
    try:
        sent = normal(logic)
        cleaned = clean(over, Meter(Limits()))
        return sent, cleaned, [compile_expression(sent).evaluate(cleaned)]
    except ExpressionError:
        return None


def public() -> list[Case | None]:
    return [case(logic, over) for logic, over, _ in CASES]


def drawn(examples: int) -> list[Case | None]:
    """Expressions drawn at random over data drawn at random."""
    found: list[Case | None] = []

    @seed(20261122)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(logics, data)
    def draw(logic: Any, over: Any) -> None:
        found.append(case(logic, over))

    draw()
    return found


def tabled(tries: int) -> list[Case | None]:
    """Each operator over values of every sort, so many times for each that it is given."""
    pick = random.Random(5).randrange
    found = []
    for name, (least, most, function) in OPERATORS.items():
        if function is None and name not in ("and", "or", "if"):
            continue
        for count in {max(1, least), most if most is not None else least + 2}:
            for _ in range(tries * count):
                given = [{"var": f"p.{pick(len(POOL))}"} for _ in range(count)]
                found.append(case({name: given}, {"p": POOL}))
    found += [
        case({"matches": [{"var": "t"}, each]}, {"t": text}) for text in TEXTS for each in PATTERNS
    ]
    return found


def is_same(one: Any, other: Any) -> bool:
    """Equal as JSON; the last digit of a sine may differ."""
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-12)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    return bool(one == other)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """An empty page that may fetch our modules."""

    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if not name:
            route.fulfill(body="<!doctype html><main id=main></main>", content_type="text/html")
        else:
            route.fulfill(body=(STATIC / name).read_text(), content_type="text/javascript")

    context = browser.new_context(base_url="http://logic.test")
    context.route("**/*", serve)
    opened = context.new_page()
    opened.goto("/")
    yield opened
    context.close()


# Sent as text: what is drawn may hold names that mean something to the wire.
ASK = """async (text) => {
  const { evaluate } = await import("/answer-logic.js");
  const told = (value) => (value === undefined ? {} : { value });
  return JSON.stringify(JSON.parse(text).map(([logic, data]) => told(evaluate(logic, data))));
}"""


def asked(page: Page, cases: list[tuple[Any, Any]]) -> list[dict[str, Any]]:
    """What the browser makes of each: a value, or nothing where the server must decide."""
    found: list[dict[str, Any]] = json.loads(page.evaluate(ASK, json.dumps(cases)))
    return found


@pytest.mark.parametrize(
    ("make", "least"),
    [
        pytest.param(public, 275, id="public"),
        pytest.param(partial(drawn, 300), 150, id="drawn"),
        pytest.param(partial(tabled, 20), 2000, id="tabled"),
        pytest.param(partial(drawn, 2000), 1200, id="drawn-many", marks=pytest.mark.full),
        pytest.param(partial(tabled, 150), 9000, id="tabled-many", marks=pytest.mark.full),
    ],
)
def test_the_browser_gives_what_the_server_gives(page: Page, make: Any, least: int) -> None:
    cases = [each for each in make() if each is not None]
    assert len(cases) >= least
    given = asked(page, [(logic, over) for logic, over, _ in cases])
    wrong = [
        (logic, over, expected[0], found)
        for (logic, over, expected), found in zip(cases, given, strict=True)
        if found and not is_same(found["value"], expected[0])
    ]
    assert not wrong[:5]
    assert sum(not found for found in given) <= len(given) / 500


@pytest.mark.parametrize(
    "logic",
    [
        {"telepathy": [1]},
        {"and": [True, {"telepathy": [1]}]},
        *({"matches": [{"var": "t"}, each]} for each in LEFT_TO_THE_SERVER),
        {"map": [{"var": "many"}, {"map": [{"var": ""}, {"var": ""}]}]},
        {"reduce": [{"var": "many"}, {"cat": [{"var": "accumulator"}, "0123456789" * 10]}, ""]},
    ],
)
def test_what_a_browser_cannot_decide_in_time_is_left_to_the_server(page: Page, logic: Any) -> None:
    over = {"t": "a" * 60 + "!", "many": [list(range(400))] * 400}
    assert asked(page, [(logic, over)]) == [{}]
