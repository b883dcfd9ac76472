"""The text form: how logic is written, how text is read, and where a mistake is shown."""

from __future__ import annotations

import time

import pytest

from surveys.expressions import (
    BadText,
    ExpressionError,
    Limits,
    TooLarge,
    UnknownOperator,
    compile_expression,
    normal,
    parse,
    write,
)

A, B, C = {"var": "a"}, {"var": "b"}, {"var": "c"}

BOTH_WAYS = [
    ('nps <= 6 and tier == "Gold"', {"and": [{"<=": [{"var": "nps"}, 6]}, {"==": [{"var": "tier"}, "Gold"]}]}),
    ("not (a or b)", {"!": [{"or": [A, B]}]}),
    ("not a == b", {"!": [{"==": [A, B]}]}),
    ("(not a) == b", {"==": [{"!": [A]}, B]}),
    ('any_of(reasons, ["price", "quality"])', {"any_of": [{"var": "reasons"}, ["price", "quality"]]}),
    ('if(a > 1, "a", "b")', {"if": [{">": [A, 1]}, "a", "b"]}),
    ("days_between(a, b) * 2", {"*": [{"days_between": [A, B]}, 2]}),
    ("a and b and c", {"and": [A, B, C]}),
    ("(a and b) and c", {"and": [{"and": [A, B]}, C]}),
    ("a and (b and c)", {"and": [A, {"and": [B, C]}]}),
    ("a or b and c", {"or": [A, {"and": [B, C]}]}),
    ("(a or b) and c", {"and": [{"or": [A, B]}, C]}),
    ("1 < a < 5", {"<": [1, A, 5]}),
    ("1 <= a <= 5", {"<=": [1, A, 5]}),
    ("(1 < a) < 5", {"<": [{"<": [1, A]}, 5]}),
    ("a - b - c", {"-": [{"-": [A, B]}, C]}),
    ("a - (b - c)", {"-": [A, {"-": [B, C]}]}),
    ("a + b - c", {"-": [{"+": [A, B]}, C]}),
    ("a - b + c", {"+": [{"-": [A, B]}, C]}),
    ("a + b + c", {"+": [A, B, C]}),
    ("(a + b) + c", {"+": [{"+": [A, B]}, C]}),
    ("a + b * c", {"+": [A, {"*": [B, C]}]}),
    ("(a + b) * c", {"*": [{"+": [A, B]}, C]}),
    ("a * b / c % 2", {"%": [{"/": [{"*": [A, B]}, C]}, 2]}),
    ("-a", {"-": [A]}),
    ("-(3)", {"-": [3]}),
    ("-3", -3),
    ("a - -3", {"-": [A, -3]}),
    ("-(-a)", {"-": [{"-": [A]}]}),
    ("+a * 2", {"*": [{"+": [A]}, 2]}),
    ("`+`()", {"+": []}),
    ("`and`(a)", {"and": [A]}),
    ("truthy(a)", {"!!": [A]}),
    ("a in [1, b]", {"in": [A, [1, B]]}),
    ("a === null", {"===": [A, None]}),
    ("filter(items, qty > 1 and @ != true)", {"filter": [{"var": "items"}, {"and": [{">": [{"var": "qty"}, 1]}, {"!=": [{"var": ""}, True]}]}]}),
    ("var(a)", {"var": [A]}),
    ('var("a", 1)', {"var": ["a", 1]}),
    ("var()", {"var": []}),
    ("var(1)", {"var": [1]}),
    ("a.b.0", {"var": "a.b.0"}),
    ("größe.süß", {"var": "größe.süß"}),
    ("`my key`", {"var": "my key"}),
    ("`1.1`", {"var": "1.1"}),
    ("`and`", {"var": "and"}),
    ("`a\\`b\\\\`", {"var": "a`b\\"}),
    ('`\\"`', {"var": '"'}),
    ('"line\\nquote\\" ü"', 'line\nquote" ü'),
    ("[]", []),
    ("[[1], [a, null]]", [[1], [A, None]]),
    ("{}", {}),
    ('{"a": {"var": "x"}, "b": [1, 2.5]}', {"a": {"var": "x"}, "b": [1, 2.5]}),
    ("1.5", 1.5),
    ("1e+20", 1e20),
    ("if", {"var": "if"}),
    ('missing("a", "b.c")', {"missing": ["a", "b.c"]}),
    ("true", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "logic"), BOTH_WAYS)
def test_written_and_read(text, logic):
    assert write(logic) == text
    assert parse(text) == logic


@pytest.mark.parametrize(
    ("text", "logic"),
    [
        ("a==b", {"==": [A, B]}),
        ("  ( ( a ) )\n", A),
        ("a -3", {"-": [A, 3]}),
        ("a or not b", {"or": [A, {"!": [B]}]}),
        ("a == not b", {"==": [A, {"!": [B]}]}),
        ('var("a")', A),
        ('"a"', "a"),
        ('"\\u0041\\/"', "A/"),
        ('`a"b`', {"var": 'a"b'}),
        ("`a`", A),
        ("1e2", 100),
        ("-0", 0),
        ("count (a)", {"count": [A]}),
    ],
)
def test_read_as_well(text, logic):
    assert parse(text) == logic


@pytest.mark.parametrize(
    ("logic", "form"),
    [
        ({"!": True}, {"!": [True]}),
        ({"var": ["a"]}, A),
        ({"?:": [1, 2, 3]}, {"if": [1, 2, 3]}),
        (1.0, 1),
        (float("nan"), None),
        ({"a": {"!": 1}, "b": 1.0}, {"a": {"!": 1}, "b": 1}),
    ],
)
def test_the_normal_form(logic, form):
    assert normal(logic) == form
    assert parse(write(logic)) == form


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "a value, a variable or ("),
        ("a and", 5, "a value, a variable or ("),
        ("a b", 2, "an operator or the end"),
        ("(a", 2, ")"),
        ("count(a", 7, ", or )"),
        ("[1, ]", 4, "a value, a variable or ("),
        ("a < b > c", 6, "and, or, or brackets around a comparison"),
        ("a == b == c", 7, "and, or, or brackets around a comparison"),
        ("1 < 2 < 3 < 4", 10, "and, or, or brackets around a comparison"),
        ("a & b", 2, "a value or a sign"),
        ('a == "x', 5, 'a closing "'),
        ("`x", 0, "a closing `"),
        ('a == "\\q"', 6, "an escape"),
        ("01", 1, "a sign"),
        ("3x", 1, "a sign"),
        ("1e999", 0, "a smaller number"),
        ("1 + coutn(a)", 4, "an operator"),
        ("1 + round()", 4, "an operator"),
        ('{"var": "x"}', 0, "a call"),
        ('{"a": }', 6, "JSON"),
        ("and a", 0, "a value, a variable or ("),
        ("a in", 4, "a value, a variable or ("),
    ],
)
def test_a_mistake_is_shown_where_it_is(text, position, expected):
    with pytest.raises(BadText) as refused:
        parse(text)
    assert refused.value.position == position
    assert refused.value.expected == expected
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    "text",
    ["(" * 50_000, "[" * 50_000, "not " * 20_000, "-" * 50_000, "count(" * 10_000, "a - " * 20_000 + "a", "a and " * 10_000 + "a",
     '{"a":' * 15_000, '{"a":1,"b":' + "[" * 50_000, "`" + "\\" * 50_000, '"' + "\\" * 50_000, "9" * 100_000, "x" * 99_999, "x" * 100_001,
     "a." * 40_000, "a < " * 20_000, '{"a":1,"b":' + "9" * 90_000 + "}"],
    ids=lambda text: f"{text[:12]}-{len(text)}",
)  # fmt: skip
def test_hostile_text_is_refused_at_once(text):
    begun = time.process_time()
    with pytest.raises(ExpressionError):
        parse(text)
    assert time.process_time() - begun < 10


def test_what_cannot_be_compiled_cannot_be_written():
    with pytest.raises(UnknownOperator):
        write({"nothing": 1})
    with pytest.raises(TooLarge):
        write([0] * 3_000)


def test_the_deepest_logic_survives_its_text():
    logic = True
    for _ in range(49):
        logic = {"==": [1, logic]}
    limits = Limits(depth=50)
    text = write(logic, limits=limits)
    assert parse(text, limits=limits) == logic
    assert compile_expression(logic, limits=limits).evaluate({}) is True
