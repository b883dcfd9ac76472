"""Each operator in a table: what it gives, JavaScript's coercions, and what hostile input meets."""

from __future__ import annotations

import math
import re
import time
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

import pytest

from surveys.expressions import (
    BadPattern,
    ExpressionError,
    Limits,
    NotLogic,
    TooLarge,
    TooLong,
    UnknownOperator,
    WrongArguments,
    compile_expression,
)
from surveys.expressions.catalogue import OPERATORS
from surveys.expressions.limits import Meter
from surveys.expressions.patterns import compile_pattern


def value(logic, data=None):
    return compile_expression(logic).evaluate(data if data is not None else {})


X = {"var": "x"}

COERCIONS = [
    ({"==": [None, 0]}, False),
    ({"==": [None, None]}, True),
    ({"==": [None, False]}, False),
    ({"==": ["", 0]}, True),
    ({"==": [" 12 ", 12]}, True),
    ({"==": ["0x10", 16]}, True),
    ({"==": ["1_0", 10]}, False),
    ({"==": [True, "1"]}, True),
    ({"==": ["true", True]}, False),
    ({"==": [[1], 1]}, True),
    ({"==": [[1, 2], "1,2"]}, True),
    ({"==": [[1, 2], [1, 2]]}, True),
    ({"==": ["abc", "abc"]}, True),
    ({"===": [1, True]}, False),
    ({"===": [1, 1.0]}, True),
    ({"===": [None, False]}, False),
    ({"!==": [[1], [1]]}, False),
    ({"<": ["10", "9"]}, True),
    ({"<": ["10", 9]}, False),
    ({"<": ["x", 9]}, False),
    ({">": ["x", 9]}, False),
    ({"<=": [None, 0]}, True),
    ({"<": [1, 2, 3]}, True),
    ({"<=": [1, 1, 0]}, False),
    ({"+": ["3 days", 1]}, 4),
    ({"+": [True, 1]}, None),
    ({"+": []}, 0),
    ({"*": ["7"]}, "7"),
    ({"-": ["7"]}, -7),
    ({"-": [None, 1]}, -1),
    ({"-": [0]}, 0),
    ({"/": [1, 0]}, None),
    ({"/": [0, 0]}, None),
    ({"/": [6, 3]}, 2),
    ({"%": [-7, 3]}, -1),
    ({"%": [1, 0]}, None),
    ({"*": [1e308, 10]}, None),
    ({"+": [0.1, 0.2]}, 0.30000000000000004),
    ({"max": ["3", 2]}, 3),
    ({"max": ["x", 2]}, None),
    ({"min": [None, 2]}, 0),
    (
        {"cat": ["a", None, True, 1.5, [1, None, [2]], {"a": 1, "b": 2}]},
        "atrue1.51,,2[object Object]",
    ),
    ({"cat": [1e21, "|", 1e16, "|", 1e-7, "|", 0.00001]}, "1e+21|10000000000000000|1e-7|0.00001"),
    ({"in": ["a", None]}, False),
    ({"in": [1, "a1"]}, True),
    ({"in": [1, ["1"]]}, False),
    ({"in": [None, "null"]}, False),
    ({"in": ["", ""]}, False),
    ({"substr": [12345, 1, 2]}, "23"),
    ({"substr": ["abc", -9]}, "abc"),
    ({"substr": ["abc", 0, None]}, ""),
    ({"substr": ["abc", 9]}, ""),
    ({"substr": ["abc", 9, -1]}, ""),
    ({"substr": ["abc", 1, -9]}, ""),
    ({"!!": ["0"]}, True),
    ({"!!": [{}]}, True),
    ({"!!": [[[]]]}, True),
    ({"!": [[]]}, True),
    ({"log": ["x"]}, "x"),
    ({"and": [[], 1]}, []),
    ({"?:": [0, 1, 2]}, 2),
    ({"reduce": [[1, 2], {"var": "accumulator"}]}, None),
    ({"map": ["no list", 1]}, []),
    ({"all": [[], True]}, False),
    ({"none": [[], True]}, True),
    ({"some": [[0, 1], {"var": ""}]}, True),
    ({"missing": [["a", "b"]]}, ["a", "b"]),
    ({"a": {"var": "x"}, "b": 1}, {"a": {"var": "x"}, "b": 1}),
    (math.nan, None),
    (math.inf, None),
    (10**400, None),
]

NAMED = [
    ({"count": [["a", "b"], 0]}, 2),
    ({"count": [["a", None]]}, 2),
    ({"count": ["", None, " ", [], 0, False]}, 2),
    ({"count": [None]}, 0),
    ({"sum": [1, "2", None, [3, ""]]}, 6),
    ({"sum": [None]}, 0),
    ({"sum": ["x"]}, None),
    ({"avg": [1, 2, None]}, 1.5),
    ({"avg": [None]}, None),
    ({"contains": ["Springfield", "field"]}, True),
    ({"contains": [["a", "b"], "b"]}, True),
    ({"contains": [[1], "1"]}, False),
    ({"contains": [None, "n"]}, False),
    ({"starts_with": ["abc", "ab"]}, True),
    ({"starts_with": [None, ""]}, False),
    ({"ends_with": ["abc", "bc"]}, True),
    ({"ends_with": [123, 3]}, True),
    ({"matches": ["a-12", "^[a-z]-\\d+$"]}, True),
    ({"matches": [None, "^$"]}, True),
    ({"lower": ["ÄB"]}, "äb"),
    ({"upper": ["äß"]}, "ÄSS"),
    ({"trim": [" a "]}, "a"),
    ({"lower": [None]}, ""),
    ({"length": ["äb"]}, 2),
    ({"length": [[1, 2, 3]]}, 3),
    ({"length": [None]}, 0),
    ({"round": [2.5]}, 3),
    ({"round": [-2.5]}, -3),
    ({"round": [1.005, 2]}, 1.01),
    ({"round": [1234, -2]}, 1200),
    ({"round": [1e308, 2]}, 1e308),
    ({"round": [1, 99]}, None),
    ({"round": [None]}, None),
    ({"floor": [-1.5]}, -2),
    ({"ceil": ["1.2"]}, 2),
    ({"abs": [-3]}, 3),
    ({"abs": ["x"]}, None),
    ({"power": [2, 10]}, 1024),
    ({"power": [-8, 0.5]}, None),
    ({"power": [0, -1]}, None),
    ({"power": [10, 400]}, None),
    ({"power": [None, 2]}, None),
    ({"sqrt": ["9"]}, 3),
    ({"sqrt": [-1]}, None),
    ({"sqrt": [None]}, None),
    ({"exp": [0]}, 1),
    ({"exp": [1000]}, None),
    ({"ln": [1]}, 0),
    ({"ln": [0]}, None),
    ({"round": [{"sin": [1]}, 4]}, 0.8415),
    ({"round": [{"cos": [1]}, 4]}, 0.5403),
    ({"round": [{"tan": [1]}, 4]}, 1.5574),
    ({"round": [{"asin": [1]}, 4]}, 1.5708),
    ({"asin": [2]}, None),
    ({"acos": [1]}, 0),
    ({"round": [{"atan": [1]}, 4]}, 0.7854),
    ({"is_empty": [" "]}, True),
    ({"is_empty": [0]}, False),
    ({"is_answered": [False]}, True),
    ({"is_answered": [[]]}, False),
    ({"any_of": [["a", "b"], ["b", "c"]]}, True),
    ({"any_of": ["b", ["b", "c"]]}, True),
    ({"any_of": [1, ["1"]]}, True),
    ({"any_of": [None, ["null"]]}, False),
    ({"all_of": [["a", "b", "c"], ["b", "c"]]}, True),
    ({"all_of": [["b"], ["b", "c"]]}, False),
    ({"none_of": [["a"], ["b", "c"]]}, True),
    ({"none_of": [None, ["b"]]}, True),
    ({"date_add_days": ["2024-02-28", 2]}, "2024-03-01"),
    ({"date_add_days": ["9999-12-31", 1]}, None),
    ({"date_add_days": ["2024-02-28", 1e300]}, None),
    ({"date_add_days": ["20240228", 1]}, None),
    ({"date_add_days": ["2024-02-28", None]}, None),
    ({"days_between": ["2024-01-01", "2024-03-01T10:00:00Z"]}, 60),
    ({"days_between": ["2024-02-30", "2024-03-01"]}, None),
    ({"year": ["2024-03-01"]}, 2024),
    ({"month": ["2024-03-01 09:00"]}, 3),
    ({"day": ["2024-03-01"]}, 1),
    ({"day": [20240301]}, None),
]  # fmt: skip


@pytest.mark.parametrize(("logic", "expected"), COERCIONS + NAMED)
def test_it_gives(logic, expected):
    given = value(logic)
    assert given == expected
    assert type(given) is type(expected)


def test_every_operator_is_named_in_a_test():
    words = repr(COERCIONS + NAMED)
    untested = {name for name in OPERATORS if repr(name) not in words}
    assert untested <= {"!=", ">=", "if", "or", "filter", "merge", "missing_some"}, (
        "in the public suite"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", {"y": [1, {"z": "deep"}]}),
        ("x.y.1.z", "deep"),
        ("x.y.2", None),
        ("x.y.-1", None),
        ("x.y.01", None),
        ("x.y.length", None),
        ("day", "2024-03-01"),
        ("at", "2024-03-01T09:00:00"),
        ("price", 1.5),
        ("nan", None),
        ("huge", None),
        ("pair", [1, 2]),
        ("object", None),
        ("x..y", None),
    ],
)
def test_variables_are_read_as_json(name, expected):
    data = {
        "x": {"y": [1, {"z": "deep"}]},
        "day": date(2024, 3, 1),
        "at": datetime(2024, 3, 1, 9),  # noqa: DTZ001 - a datetime is only text here
        "price": Decimal("1.5"),
        "nan": math.nan,
        "huge": 10**400,
        "pair": (1, 2),
        "object": object(),
    }
    assert value({"var": name}, data) == expected


def test_the_data_is_not_handed_out():
    data = {"x": [1]}
    value(X, data).append(2)
    expression = compile_expression({"a": [1], "b": 2})
    expression.evaluate({})["a"].append(2)
    assert data == {"x": [1]}
    assert expression.evaluate({}) == {"a": [1], "b": 2}


@pytest.mark.parametrize(
    ("logic", "paths", "is_closed"),
    [
        ({"and": [{"<=": [{"var": "nps"}, 6]}, {"==": [{"var": ["tier", {"var": "d"}]}, 1]}]}, {"nps", "tier", "d"}, True),
        ({"filter": [{"var": "items"}, {">": [{"var": "qty"}, 1]}]}, {"items"}, True),
        ({"missing": ["a", "b.c"]}, {"a", "b.c"}, True),
        ({"missing_some": [1, ["a", "b"]]}, {"a", "b"}, True),
        ({"var": {"cat": ["a", {"var": "b"}]}}, {"b"}, False),
        ({"missing": {"merge": ["vin", {"var": "more"}]}}, {"more"}, False),
        ({"var": ""}, set(), False),
        ({"var": 1}, {"1"}, True),
        (1, set(), True),
    ],
)  # fmt: skip
def test_what_is_read_is_known(logic, paths, is_closed):
    expression = compile_expression(logic)
    assert expression.paths == paths
    assert expression.is_closed is is_closed
    assert expression.source == logic


def nested(levels, make):
    logic = 1
    for _ in range(levels):
        logic = make(logic)
    return logic


DOUBLING = {"reduce": [X, [{"var": "accumulator"}, {"var": "accumulator"}], 1]}
DEEPENING = {"reduce": [X, [{"var": "accumulator"}], 1]}


@pytest.mark.parametrize(
    ("logic", "data", "error"),
    [
        (nested(100_000, lambda each: [each]), {}, TooLarge),
        (nested(100_000, lambda each: {"!": each}), {}, TooLarge),
        (nested(100_000, lambda each: {"!": [each]}), {}, TooLarge),
        (nested(100_000, lambda each: {"a": each, "b": 1}), {}, TooLarge),
        (nested(30, lambda each: [each, each]), {}, TooLarge),
        ([0] * 3_000, {}, TooLarge),
        ("x" * 10_001, {}, TooLarge),
        ({"x" * 10_001: 1}, {}, TooLarge),
        ({"cat": [X, X]}, {"x": "x" * 6_000}, TooLarge),
        ({"lower": [X]}, {"x": "x" * 2_000_000}, TooLarge),
        ({"upper": [X]}, {"x": "ß" * 6_000}, TooLarge),
        ({"merge": [X, X]}, {"x": [0] * 6_000}, TooLarge),
        ({"map": [X, 1]}, {"x": [0] * 10_001}, TooLarge),
        ({"map": [X, {"in": [1, X]}]}, {"x": [[0] * 100] * 5_000}, TooLong),
        ({"map": [X, {"cat": [{"var": ""}, "y" * 9_000]}]}, {"x": ["x"] * 5_000}, TooLong),
        ({"some": [X, {"some": [{"var": ""}, False]}]}, {"x": [[0] * 1_000] * 1_000}, TooLong),
        (X, {"x": nested(100_000, lambda each: [each])}, TooLarge),
        (DOUBLING, {"x": [0] * 1_000}, TooLong),
        (DEEPENING, {"x": [0] * 5_000}, TooLarge),
        ({"cat": [DEEPENING]}, {"x": [0] * 5_000}, TooLarge),
        ({"==": [DEEPENING, DEEPENING]}, {"x": [0] * 5_000}, TooLarge),
        ({"cat": [DOUBLING]}, {"x": [0] * 25}, TooLarge),
        ({"in": [X, 1]}, {"x": [0] * 200_000}, TooLong),
        ({"map": [X, [0] * 1_500]}, {"x": [0] * 9_000}, TooLong),
        ({"map": [X, {"and": [1] * 1_500}]}, {"x": [0] * 9_000}, TooLong),
        ({"map": [X, {"missing": ["a." * 4_000]}]}, {"x": [{}] * 9_000}, TooLong),
        ({"map": [X, {"==": [{"var": ""}, {"var": ""}]}]}, {"x": ["y" * 100_000] * 5_000}, TooLong),
        ({"==": [1]}, {}, WrongArguments),
        ({"and": []}, {}, WrongArguments),
        ({"substr": ["a"]}, {}, WrongArguments),
        ({"coutn": [1]}, {}, UnknownOperator),
        ({"": 1}, {}, UnknownOperator),
        ({"x" * 9_000: 1}, {}, UnknownOperator),
        ({1: 1}, {}, NotLogic),
        (b"x", {}, NotLogic),
        ({"!": [object()]}, {}, NotLogic),
        ({"matches": ["a", X]}, {}, BadPattern),
        ({"matches": ["a", "("]}, {}, BadPattern),
    ],
    ids=lambda each: type(each).__name__ if not isinstance(each, type) else each.__name__,
)
def test_hostile_input_is_refused_at_once(logic, data, error):
    begun = time.process_time()
    with pytest.raises(error) as refused:
        value(logic, data)
    assert time.process_time() - begun < 10
    assert isinstance(refused.value, ExpressionError)
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    "logic", [{"is_empty": [{"var": ""}]}, {"substr": [{"var": ""}, 1, 1]}, {"+": [{"var": ""}]}]
)
def test_long_text_is_not_looked_at_whole(logic):
    begun = time.process_time()
    value({"map": [X, logic]}, {"x": [" " * 1_000_000] * 9_000})
    assert time.process_time() - begun < 10


def test_an_error_says_where():
    with pytest.raises(WrongArguments) as refused:
        value({"and": [True, {"<=": [1]}]})
    assert str(refused.value) == "and[1].<=: Give <= 2 or 3 arguments, not 1."
    with pytest.raises(UnknownOperator, match="write count"):
        value({"coutn": [1]})
    with pytest.raises(TooLarge) as refused:
        value({"!": {"upper": X}}, {"x": "x" * 10_001})
    assert refused.value.path == "![0].upper"


def test_bounds_are_sensible():
    for wrong in ({"depth": 0}, {"depth": 51}, {"steps": 0}):
        with pytest.raises(ValueError, match="Give"):
            Limits(**wrong)
    deepest = nested(49, lambda each: {"!": [each]})
    assert compile_expression(deepest, limits=Limits(depth=50)).evaluate({}) is False


PATTERNS = ["", "a", "^a$", "a|b", "(a|b)*c", "a+?b", "a{2,3}", "a{2}", "a{2,}$", "[^a]b", "[a-c]+$", "^(?:ab?)+$",
            "(?P<x>a)b", r"\d+\.\d", r"\bab\b", r"a\Bb", r"^\w+@\w+\.[a-z]{2,}$", r"(?i)AB", r"\x61b", r"[\]a]", "a{,2}b",
            "^(a*)*$", "(|a)b", "^.{3}$", r"\Aa\s", r"[]a]b", "a{x"]  # fmt: skip
TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "abc",
    "aab",
    "aaa",
    "AB",
    "c",
    "xc",
    "1.5",
    "a b",
    "ab ab",
    "a@b.de",
    "]",
    "]b",
    "a{x",
    "a\nb",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_match_as_the_standard_library_does(pattern):
    # {,2} is plain text to JavaScript.
    standard = re.compile(pattern.replace("{,2}", r"\{,2\}").replace("$", r"\Z"))
    for text in TEXTS:
        found = compile_pattern(pattern).is_found(text, Meter(Limits()))
        assert found is (standard.search(text) is not None), text


@pytest.mark.parametrize(
    ("pattern", "standard"),
    [("^[[a]+$", r"^[\[a]+$"), ("^[]-a]$", r"^[\]-a]$"), ("^[^[]$", r"^[^\[]$"), ("^[a&&b]+$", "^[ab&]+$"), ("^[a||~~]+$", r"^[a|~]+$"),
     ("^[+--]+$", r"^[+,\-]+$"), ("^[0-9--]+$", r"^[0-9\-]+$"), ("^[0-9--a]+$", r"^[0-9\--a]+$"), ("^[a-]+$", r"^[a\-]+$"), ("^[-a]+$", r"^[a\-]+$"),
     ("^[a^]+$", r"^[\^a]+$"), (r"^[\d-]+$", r"^[0-9\-]+$")],
)  # fmt: skip
def test_signs_in_classes_are_plain(pattern, standard):
    for text in [*map(chr, range(32, 127)), "a-", "[a", "9-", "+,-"]:
        found = compile_pattern(pattern).is_found(text, Meter(Limits()))
        assert found is (re.search(standard, text) is not None), text


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "[", "*a", "a**", "a++", "(?=a)", "(?!a)", "(?<=a)b", r"(a)\1", "(?P=x)", "a{3,2}", "a{9999}",
     "(a{1000}){1000}", "(" * 100 + ")" * 100, "a" * 1_001, "\\", "[z-a]", r"\p", "(?m)a", "(?#x)", "((((){1000}){1000}){1000}){1000}", "((((){0,1000}){0,1000}){0,1000}){0,1000}"],
)  # fmt: skip
def test_patterns_that_are_refused(pattern):
    with pytest.raises(BadPattern):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "a*a*a*a*a*a*b", "(a{0,30}){0,30}$b", "(.*){5}x"]
)
def test_patterns_take_linear_time(pattern):
    begun = time.process_time()
    logic = {"matches": [X, pattern]}
    # Many states at each of many characters are too many steps, which is an answer, too.
    with suppress(TooLong):
        assert value(logic, {"x": "a" * 999 + "!"}) is False
    assert time.process_time() - begun < 20
    assert value(logic, {"x": "a" * 1_001}) is False
