"""Expressions of SurveyJS decide here as they do there, on answers of every shape and on none."""

from __future__ import annotations

import pytest

from surveys.formats.surveyjs.grammar import (
    Binary,
    Call,
    Constant,
    Listed,
    Tree,
    Unary,
    Unreadable,
    Variable,
    read,
)
from surveys.formats.surveyjs.values import COMPARISONS, Known, converted
from tests.surveys.formats.surveyjs_made import is_shown
from tests.surveys.formats.surveyjs_made import read as imported

a, b, five = Variable("a"), Variable("b"), Constant(5)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("{a} = 5", Binary("equal", a, five)),
        ("{a}==5", Binary("equal", a, five)),
        ("{a} equals 5", Binary("equal", a, five)),
        ("{a} <> 5", Binary("notequal", a, five)),
        ("{a} => 5", Binary("greaterorequal", a, five)),
        ("{a} = yes", Binary("equal", a, Constant("yes"))),
        ("{a} = 'yes'", Binary("equal", a, Constant("yes", is_quoted=True))),
        ("{a} = TRUE", Binary("equal", a, Constant(True))),
        ("{#a} = null", Binary("equal", Variable("a", is_raw=True), Constant(None))),
        ("{a} notempty", Unary("notempty", a)),
        ("!({a} empty)", Unary("negate", Unary("empty", a))),
        ("{a} contains 5", Binary("contains", a, five)),
        ("{a} *= 5", Binary("contains", a, five)),
        ("{a} anyof [5, 'x']", Binary("anyof", a, Listed((five, Constant("x", is_quoted=True))))),
        ("iif({a}, 5, {b})", Call("iif", (a, five, b))),
        ("today()", Call("today", ())),
        ("{a} + {b} * 5", Binary("plus", a, Binary("mul", b, five))),
        ("{a} * {b} ^ 5", Binary("mul", a, Binary("power", b, five))),
        ("{a} = -5", Binary("equal", a, Constant(-5))),
        ("{a} = 0x1F", Binary("equal", a, Constant(31))),
        ("{a} = 1.5", Binary("equal", a, Constant(1.5))),
        (
            "{a} or {b} and {a}",
            Binary("or", a, Binary("and", b, a)),
        ),
        ("{a}&&{b}||{a}", Binary("or", Binary("and", a, b), a)),
        ("'it\\'s'", Constant("it's", is_quoted=True)),
        ("({a} + 5) > {b}", Binary("greater", Binary("plus", a, five), b)),
    ],
)
def test_an_expression_is_read(text: str, tree: Tree) -> None:
    """Signs, words, brackets, and which of them bind first."""
    assert read(text) == tree


@pytest.mark.parametrize(
    "text",
    ["", "{a", "{}", "{a} =", "not {a}", "{a} = 'x", "[1, 2", "{a} = 05", "(" * 60, "!" * 90,
     "1+" * 60 + "1", "{a} or " * 900 + "{a}", "x" * 20_000],
)  # fmt: skip
def test_what_is_no_expression_is_refused(text: str) -> None:
    """What the source cannot read either, and what is beyond measure."""
    with pytest.raises(Unreadable):
        read(text)


@pytest.mark.parametrize(
    ("left", "sign", "right", "holds"),
    [
        ("a", "equal", "A ", True),
        (5, "equal", "5", True),
        ("05", "equal", 5, True),
        (None, "equal", "", True),
        (None, "equal", 0, False),
        ([1, 2], "equal", [2, 1], True),
        (["a"], "equal", "a", False),
        (True, "equal", "TRUE", True),
        (True, "equal", 1, True),
        (None, "notequal", "b", True),
        (None, "lessorequal", 5, False),
        (None, "greaterorequal", None, True),
        ("10", "greater", 9, True),
        ("c", "greater", "b", True),
        (["x", "y", "z"], "contains", ["x", "y"], True),
        ("ABC", "contains", "b", True),
        ("ABC", "contains", "", False),
        (None, "notcontains", "b", True),
        ("x", "notcontains", "", False),
        ("b", "anyof", ["a", "B"], True),
        (None, "anyof", ["a"], False),
        (None, "noneof", ["b"], True),
        ("xyz", "allof", ["x"], True),
        (0, "equal", 0, True),
    ],
)
def test_values_compare_as_in_the_source(left: Known, sign: str, right: Known, holds: bool) -> None:
    """Loosely, letters' case put aside, lists as sets, nothing as nothing."""
    assert COMPARISONS[sign](left, right) is holds


def test_what_a_variable_gives_is_converted() -> None:
    """Texts that spell numbers and truth are those; leading noughts keep a text a text."""
    given = ["true", "FALSE", "5", "1.50", "05", "0", "", "x", "0.5"]
    assert [converted(each) for each in given] == [True, False, 5, 1.5, "05", 0, "", "x", 0.5]


NOTHING: dict[str, object] = {}


@pytest.mark.parametrize(
    ("expression", "answers", "shown"),
    [
        ("{one} = 'a'", {"one": "a"}, True),
        ("{one} = 'A'", {"one": "a"}, True),
        ("{one} = 'third ONE'", {"one": "third_one"}, True),
        ("{one} = 'a'", NOTHING, False),
        ("{one} != 'a'", NOTHING, True),
        ("{one} != 'a'", {"one": "a"}, False),
        ("{one} <> a", {"one": "b"}, True),
        ("{one} anyof ['a', 'Third one']", {"one": "third_one"}, True),
        ("{one} anyof ['a', 'Third one']", {"one": "b"}, False),
        ("{one} noneof ['a']", NOTHING, True),
        ("['a', 'b'] contains {one}", {"one": "b"}, True),
        ("{one} contains 'hird'", {"one": "third_one"}, True),
        ("{one} notcontains 'hird'", {"one": "a"}, True),
        ("{one} empty", NOTHING, True),
        ("{one} notempty", {"one": "a"}, True),
        ("{one} = {other one}", {"one": "a", "other_one": "a"}, True),
        ("{one} = {other one}", {"one": "a", "other_one": "b"}, False),
        ("{one} = {other one}", NOTHING, True),
        ("{one} = 'nowhere'", {"one": "a"}, False),
        ("{one}", {"one": "a"}, False),
        ("{ONE} = 'a'", {"one": "a"}, True),
        ("{many} contains 1", {"many": ["1", "x"]}, True),
        ("{many} contains '1'", {"many": ["1"]}, True),
        ("{many} contains 'X'", {"many": ["1"]}, False),
        ("{many} contains [1, 'x']", {"many": ["1", "x"]}, True),
        ("{many} contains [1, 'x']", {"many": ["1", "2"]}, False),
        ("{many} notcontains 1", NOTHING, True),
        ("{many} notcontains 1", {"many": ["1"]}, False),
        ("{many} anyof [1, 2]", {"many": ["2"]}, True),
        ("{many} anyof [1, 2]", NOTHING, False),
        ("{many} allof [1, 2]", {"many": ["1", "2", "x"]}, True),
        ("{many} = [2, 1]", {"many": ["1", "2"]}, True),
        ("{many} = [2, 1]", {"many": ["1", "2", "x"]}, False),
        ("{many} = [1]", {"many": ["1"]}, True),
        ("{many} = 1", {"many": ["1"]}, False),
        ("{many} empty", NOTHING, True),
        ("{many.length} >= 2", {"many": ["1", "2"]}, True),
        ("{many.length} >= 2", {"many": ["1"]}, False),
        ("{yes} = true", {"yes": "yes"}, True),
        ("{yes} = 'true'", {"yes": "yes"}, True),
        ("{yes} = false", {"yes": "no"}, True),
        ("{yes} = false", NOTHING, False),
        ("{yes}", {"yes": "yes"}, True),
        ("!{yes}", NOTHING, True),
        ("!{yes}", {"yes": "yes"}, False),
        ("{yes} != true", NOTHING, True),
        ("{words} = 'Ana'", {"words": "ANA"}, True),
        ("{words} contains 'na'", {"words": "ANA"}, True),
        ("{words} notcontains 'na'", NOTHING, True),
        ("{words} = 5", {"words": "5"}, True),
        ("{words} > 5", {"words": "10"}, True),
        ("{words} empty", NOTHING, True),
        ("{words} = ''", NOTHING, True),
        ("{n} = 5", {"n": 5}, True),
        ("{n} > 3 and {n} < 7", {"n": 5}, True),
        ("{n} <= 6", NOTHING, False),
        ("{n} < 1", NOTHING, False),
        ("{n} >= 0", NOTHING, False),
        ("{n} >= 0", {"n": 0}, True),
        ("{n} != 5", NOTHING, True),
        ("{n} = 0", NOTHING, False),
        ("6 >= {n}", {"n": 6}, True),
        ("{n} + {m} = 5", {"n": 2, "m": 3}, True),
        ("{n} + {m} = 2", {"n": 2}, True),
        ("{n} * {m} = 0", {"n": 2}, True),
        ("{n} - {m} = -2", {"m": 2}, True),
        ("{n} / {m} > 1", {"n": 2}, False),
        ("{n} / 2 = 1.5", {"n": 3}, True),
        ("{n} % 2 = 0", {"n": 4}, True),
        ("{n} ^ 2 = 9", {"n": 3}, True),
        ("0.1 + {n} = 0.3", {"n": 0.2}, True),
        ("{n} > {m}", {"n": 3, "m": 2}, True),
        ("{n} > {m}", {"n": 3}, False),
        ("{n} < {m}", {"m": 3}, False),
        ("sum({n}, {m}) > 4", {"n": 2, "m": 3}, True),
        ("avg({n}, {m}) = 2", {"n": 1, "m": 3}, True),
        ("avg({n}, {m}) = 0", NOTHING, True),
        ("min({n}, {m}) = 3", {"m": 3}, True),
        ("max({n}, {m}) = 5", {"n": 5, "m": -1}, True),
        ("count({many}, {n}) = 3", {"many": ["1", "2"], "n": 7}, True),
        ("round({n}) = 3", {"n": 2.6}, True),
        ("trunc({n}) = -3", {"n": -3.7}, True),
        ("iif({n} > 1, 'x', 'y') = 'x'", {"n": 2}, True),
        ("iif({one} = 'a', 1, 2) = 2", {"one": "b"}, True),
        ("{day} = '2026-01-31'", {"day": "2026-01-31"}, True),
        ("{day} < '2026-01-31'", {"day": "2026-01-30"}, True),
        ("{day} < '2026-01-31'", NOTHING, False),
        ("{day} < today()", {"day": "2026-03-14"}, True),
        ("{day} < today()", {"day": "2026-03-15"}, False),
        ("{day} <= currentDate()", {"day": "2026-03-15"}, True),
        ("{day} > today(7)", {"day": "2026-03-23"}, True),
        ("age({day}) >= 18", {"day": "2008-03-15"}, True),
        ("age({day}) >= 18", {"day": "2008-03-16"}, False),
        ("age({day}) < 18", NOTHING, False),
        ("dateDiff({day}, '2026-03-01', 'months') = 1", {"day": "2026-01-31"}, True),
        ("diffDays({day}, '2026-03-01') = 2", {"day": "2026-03-03"}, True),
        ("year({day}) = 2025", {"day": "2025-07-01"}, True),
        ("weekday({day}) = 0", {"day": "2024-01-07"}, True),
        ("currentYear() = 2026", NOTHING, True),
        ("{rows.top} = 2", {"rows": {"top": "2"}}, True),
        ("{rows.low row} = 1", {"rows": {"low_row": "1"}}, True),
        ("{rows.top} > {n}", {"rows": {"top": "2"}, "n": 1}, True),
        ("{rows} notempty", {"rows": {"top": "2"}}, True),
        ("{rows} empty", NOTHING, True),
        ("{one} = 'a' or {n} = 1 and {m} = 2", {"n": 1, "m": 2}, True),
        ("({one} = 'a' or {n} = 1) and {m} = 2", {"one": "a"}, False),
        ("{words} + '!' = 'hey!'", {"words": "hey"}, True),
        ("displayValue('one') = 'Third one'", {"one": "third_one"}, True),
        ("substring({words}, 0, 2) = 'he'", {"words": "hey"}, True),
        ("{many} contains {n}", {"many": ["1"], "n": 1}, True),
        ("{unheard of} = 'x'", NOTHING, False),
        ("{unheard of} empty", NOTHING, True),
        ("true", NOTHING, True),
        ("false", NOTHING, False),
    ],
)
def test_a_walk_decides_as_the_source(
    expression: str, answers: dict[str, object], shown: bool
) -> None:
    """The expected values were checked against the library itself."""
    assert is_shown(expression, answers) is shown


@pytest.mark.parametrize(
    "expression",
    ["ownFunction({n}) = 1", "{row.x} = 1", "{panel.x} = 1", "{$n.isVisible}", "{n} ="],
)
def test_unknown_logic_shows_nothing_and_blocks(expression: str) -> None:
    """What cannot be carried over is kept in its own words, and what it guarded stays hidden."""
    found = imported(
        {"type": "text", "name": "n"},
        {"type": "text", "name": "guarded", "visibleIf": expression},
    )
    assert found.definition.question("guarded").show_if is False
    assert [each.text for each in found.definition.unresolved] == [expression]
    assert [each.outcome for each in found.report.logic] == ["raw"]
