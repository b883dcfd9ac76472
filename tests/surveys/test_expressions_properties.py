"""Whatever logic over whatever data: refused in words or evaluated, in bounded time and to JSON."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveys.expressions import (
    BadPattern,
    ExpressionError,
    Limits,
    compile_expression,
    normal,
    parse,
    write,
)
from surveys.expressions.catalogue import OPERATORS
from tests.drawing import many

calm = settings(
    max_examples=many(300), deadline=2_000, suppress_health_check=[HealthCheck.too_slow]
)

NAMES = [
    "a",
    "b.c",
    "a.0",
    "",
    "current",
    "accumulator",
    "and",
    "x y",
    "`",
    '"\\`"',
    "é.ü",
    "1",
    "a.",
]
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([0, 1, -1, 2**53, 2**53 + 1, 10**400, -0.0, 1e16, 1e-7])
)
plain = st.none() | st.booleans() | numbers | st.text(max_size=8) | st.sampled_from(NAMES)
data = st.recursive(
    plain,
    lambda each: (
        st.lists(each, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "0", "x y"]), each, max_size=3)
    ),
    max_leaves=12,
)


@st.composite
def calls(draw, each):
    name = draw(st.sampled_from(sorted(OPERATORS)))
    least, most, _ = OPERATORS[name]
    given = draw(st.lists(each, min_size=least, max_size=least + 2 if most is None else most))
    if name == "matches":
        given[1] = draw(st.text("ab.*+?()[]{}|^$\\d1,", max_size=12))
    return {name: given[0] if len(given) == 1 and draw(st.booleans()) else given}


variables = st.builds(lambda name: {"var": name}, st.sampled_from(NAMES))
logics = st.recursive(
    plain | variables,
    lambda each: (
        calls(each)
        | st.lists(each, max_size=3)
        | st.dictionaries(st.text(max_size=3), each, max_size=2)
    ),
    max_leaves=12,
)
anything = logics | st.recursive(
    plain | st.binary(max_size=3) | st.dates(),
    lambda each: (
        st.lists(each, max_size=4)
        | st.dictionaries(st.sampled_from([*sorted(OPERATORS), "nothing", ""]), each, max_size=2)
    ),
    max_leaves=15,
)


def outcome(logic, over):
    try:
        return json.dumps(compile_expression(logic).evaluate(over), allow_nan=False)
    except ExpressionError as error:
        return type(error)


def attempt(work, *given):
    """What it gives and None, or None and the refusal; any other error is a bug."""
    try:
        return work(*given), None
    except ExpressionError as error:
        return None, error


@calm
@given(anything, data | st.dates())
def test_whatever_is_evaluated_to_json_or_refused_in_words(logic, over):
    value, refused = attempt(lambda: compile_expression(logic).evaluate(over))
    json.dumps(value, allow_nan=False)
    if refused:
        assert refused.message.endswith(".")
        assert len(str(refused)) < 2_000


@calm
@given(logics)
def test_text_gives_back_the_logic(logic):
    text, refused = attempt(write, logic)
    if refused:
        _, other = attempt(compile_expression, logic)
        assert type(other) is type(refused) or isinstance(other, BadPattern)
        return
    assert json.dumps(parse(text)) == json.dumps(normal(logic))
    assert write(parse(text)) == text


@calm
@given(logics, data)
def test_the_normal_form_and_the_text_evaluate_alike(logic, over):
    try:
        text = write(logic)
    except ExpressionError:
        return
    expected = outcome(logic, over)
    assert outcome(normal(logic), over) == expected
    assert outcome(parse(text), over) == expected


@calm
@given(st.text() | st.text('ab.(),[]{}"`\\ 01-+*/%<>=!@:noandrtrue', max_size=60))
def test_whatever_text_is_read_or_refused_with_its_place(text):
    logic, refused = attempt(parse, text)
    if refused:
        assert refused.message.endswith(".")
        assert 0 <= getattr(refused, "position", 0) <= len(text)
    else:
        assert json.dumps(parse(write(logic))) == json.dumps(logic)


@calm
@given(logics, data)
def test_tight_bounds_hold(logic, over):
    limits = Limits(depth=4, nodes=20, steps=50, text=20, items=5)
    try:
        value = compile_expression(logic, limits=limits).evaluate(over)
    except ExpressionError:
        return
    assert not isinstance(value, list) or len(value) <= 50


@calm
@given(logics, st.dictionaries(st.sampled_from(["a", "b", "c"]), data, max_size=3))
def test_only_named_paths_are_read(logic, over):
    try:
        expression = compile_expression(logic)
    except ExpressionError:
        return
    if not expression.is_closed:
        return
    heads = {path.split(".")[0] for path in expression.paths}
    kept = {name: value for name, value in over.items() if name in heads}
    assert outcome(logic, over) == outcome(logic, kept)
