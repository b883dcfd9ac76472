"""ExpressionScript: read, translated, and true exactly where LimeSurvey would say so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.expressions import compile_expression
from surveys.formats.expressionscript.functions import FUNCTIONS
from surveys.formats.expressionscript.logic import Script
from surveys.formats.expressionscript.parsing import BadScript, parse, pieces
from surveys.formats.expressionscript.terms import Untranslatable, Variable
from surveys.parts import Logic
from tests.drawing import many
from tests.surveys.formats.expressionscript_php import evaluate, truthy

LETTERS = {"A1": "a1", "A2": "a2"}
DIGITS = {"0": "0", "1": "1", "5": "5", "10": "10"}


class Known:
    """A number, a text, two lists and a multiple choice."""

    current = ""

    def __init__(self, version: int, hidden: Sequence[str] = ()) -> None:
        self.version = version
        self.hidden = hidden

    def variable(self, name: str) -> Variable | None:
        known = {
            "n": Variable({"var": "n"}, "number", "n"),
            "m": Variable({"var": "m"}, "number", "m"),
            "t": Variable({"var": "t"}, "text", "t"),
            "l": Variable({"var": "l"}, "choice", "l", "", LETTERS, {"A1": "One", "A2": "Two"}),
            "d": Variable({"var": "d"}, "choice", "d", "", DIGITS, values={"5": "50"}),
            "o_x": Variable({"in": ["x", {"var": "o"}]}, "mark", "o", "x", words="Ex"),
            "o_y": Variable({"in": ["y", {"var": "o"}]}, "mark", "o", "y", words="Why"),
            "day": Variable({"var": "day"}, "date", "day"),
        }
        return known.get(name)

    def several(self, name: str) -> Sequence[Variable] | None:
        if name == "that.o":
            return [each for each in (self.variable("o_x"), self.variable("o_y")) if each]
        return None

    def shown(self, owner: str) -> Logic:
        return {"==": [{"var": "m"}, 1]} if owner in self.hidden else None

    def drawn(self, low: int, high: int) -> Logic:
        return {"var": "_data.random"}


def holds(
    text: str, data: dict[str, object], version: int = 620, hidden: Sequence[str] = ()
) -> bool:
    logic = Script(Known(version, hidden), FUNCTIONS).condition(text)
    return bool(compile_expression(logic).evaluate(data))


def value(text: str, data: dict[str, object], version: int = 620) -> object:
    logic = Script(Known(version), FUNCTIONS).value(text)
    return compile_expression(logic).evaluate(data)


TRUE = [
    ("n > 5", {"n": 6}),
    ("n.NAOK gt 5 and t == 'x'", {"n": 6, "t": "x"}),
    ('l == "A1"', {"l": "a1"}),
    ('l.NAOK != "A1"', {}),
    ("d >= 5", {"d": "10"}),
    ("d + n == 15", {"d": "10", "n": 5}),
    ("d.value == 50", {"d": "5"}),
    ('l.shown == "Two"', {"l": "a2"}),
    ('o_x == "Y"', {"o": ["x"]}),
    ('o_x != "Y"', {"o": ["y"]}),
    ("o_x", {"o": ["x"]}),
    ("count(o_x, o_y) == 2", {"o": ["x", "y"]}),
    ("count(that.o.NAOK) == 1", {"o": ["y"]}),
    ("is_empty(n)", {}),
    ("!is_empty(n)", {"n": 0}),
    ("sum(n, m) == 7", {"n": 3, "m": 4}),
    ('regexMatch("/^a+$/", t)', {"t": "aaa"}),
    ("regexMatch('#^A+$#i', t)", {"t": "aaa"}),
    ("strlen(t) == 3", {"t": "abc"}),
    ("substr(t, 1, 2) == 'bc'", {"t": "abcd"}),
    ("max(n, m) == 4 && min(n, m) == 3", {"n": 3, "m": 4}),
    ("round(n / 3, 2) == 3.33", {"n": 10}),
    ("countif('Y', o_x, o_y) == 1", {"o": ["x"]}),
    ("countifop('>=', 3, n, m) == 1", {"n": 3, "m": 2}),
    ("if(n > 3, t == 'a', t == 'b')", {"n": 2, "t": "b"}),
    ("list(o_x.shown, o_y.shown) == 'Ex, Why'", {"o": ["x", "y"]}),
    ("join('a', t) == 'ab'", {"t": "b"}),
    ("unique(n, m)", {"n": 1, "m": 2}),
    ("intval(n) == 3", {"n": 3.7}),
    ("is_numeric(t)", {"t": "12.5"}),
    ("day >= '2026-01-01'", {"day": "2026-01-01"}),
    ("day < '2026-01-01'", {"day": "2025-12-31"}),
    ("day > '2026-01-01'", {"day": "2026-01-01"}),
    ("date('Y') == 2026", {"_today": "2026-11-22"}),
    ("l.qid == ''", {}),
]
FALSE = [
    ("n > 5", {}),
    ("n < 5", {}),
    ("n <= 5", {}),
    ("n == 0", {}),
    ('l == "a1"', {"l": "a1"}),
    ('o_x == "Y"', {}),
    ("t == 'x'", {}),
    ("unique(n, m)", {"n": 2, "m": 2}),
    ("is_numeric(t)", {"t": "a1"}),
    ("d > '5'", {"d": "10"}),  # In quotes it is a text, and "10" comes before "5".
]


@pytest.mark.parametrize(("text", "data"), [each for each in TRUE if "qid" not in each[0]])
def test_is_true(text: str, data: dict[str, object]) -> None:
    assert holds(text, data)


@pytest.mark.parametrize(("text", "data"), FALSE)
def test_is_false(text: str, data: dict[str, object]) -> None:
    assert not holds(text, data)


def test_a_blank_is_less_than_a_number_in_old_surveys_only() -> None:
    assert holds("n < 5", {}, version=177)
    assert not holds("n < 5", {}, version=498)
    assert holds("d > '5'", {"d": "10"}, version=177)


def test_a_question_that_is_not_shown_makes_it_false_but_for_naok() -> None:
    assert holds("t != 'x'", {"m": 1}, hidden=["t"])
    assert not holds("t != 'x'", {"m": 2}, hidden=["t"])
    assert holds("t.NAOK != 'x'", {"m": 2}, hidden=["t"])
    assert holds("t.relevanceStatus", {"m": 1}, hidden=["t"])


def test_what_fails_by_itself_needs_no_guard() -> None:
    logic = Script(Known(620, ["l"]), FUNCTIONS).condition('l == "A1"')
    assert logic == {"==": [{"var": "l"}, "a1"]}


def test_values_are_those_limesurvey_stores() -> None:
    assert value("l", {"l": "a2"}) == "A2"
    assert value("if(n > 1, n * 2, '')", {"n": 4}) == 8
    assert value("if(n > 1, n * 2, '')", {"n": 1}) is None
    assert value("n > 1", {"n": 4}) == 1
    assert value("t + 'b'", {"t": "a"}) == "ab"
    assert value("rand(1, 6)", {"_data": {"random": "4"}}) == 4
    assert value("implode('-', t, 'x')", {"t": "a"}) == "a-x"


@pytest.mark.parametrize(
    "text",
    [
        "", "(", "n >", "n > 5)", "'open", "n = 5", "n ? 1 : 2", "a b", "f(", "n > > 5", "{n}",
        "(" * 200 + "n" + ")" * 200, "!" * 500 + "n", "n" + " == n" * 100, "+".join(["n"] * 5000),
        "n " * 3000, "\ud800", "n\x00",
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(BadScript):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "nobody == 1", "n.jsName == 1", "sqrt(n) > 2", "strtotime(t)", "regexMatch('/(?=a)/', t)",
        "regexMatch(t, t)", "that.o == 1", "if(n)", "rand()",
        " or ".join(f"(n > {i} and m < {i})" for i in range(350)),
    ],
)  # fmt: skip
def test_what_our_logic_cannot_say_is_left(text: str) -> None:
    with pytest.raises(Untranslatable):
        Script(Known(620), FUNCTIONS).condition(text)


def test_long_chains_stay_shallow() -> None:
    text = " or ".join(f"n == {i}" for i in range(300))
    assert holds(text, {"n": 299})
    assert not holds(text, {"n": 300})


def test_braces_are_expressions_unless_space_follows() -> None:
    assert [tuple(each) for each in pieces("Hi {n}! { n } {if(a=='}',1,2)} {open")] == [
        (False, "Hi "), (True, "n"), (False, "! { n } "), (True, "if(a=='}',1,2)"), (False, " {open"),
    ]  # fmt: skip
    assert len(pieces("{" * 50_000)) == 1


NUMBERS = st.sampled_from(["", "0", "1", "5", "10", "2.5"])
CONSTANTS = st.sampled_from(["0", "1", "5", "'1'", "'5'", "'A1'", "'Y'", "''", "2.5", "'10'"])
NAMES = st.sampled_from(["n.NAOK", "m.NAOK", "t.NAOK", "l.NAOK", "d.NAOK", "o_x.NAOK"])
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def compared(left: str, sign: str, right: str) -> str:
    return f"({left} {sign} {right})"


SIMPLE = st.one_of(
    st.builds(compared, NAMES, SIGNS, CONSTANTS),
    st.builds(compared, NAMES, SIGNS, st.sampled_from(["m.NAOK", "n.NAOK"])),
    st.builds("is_empty({})".format, NAMES),
    NAMES,
    st.builds(compared, st.builds("count({},{})".format, NAMES, NAMES), SIGNS, CONSTANTS),
    st.builds(compared, st.builds("sum({},{})".format, NAMES, NAMES), SIGNS, st.sampled_from("0156")),
    st.builds(compared, st.builds("countif({},{},{})".format, CONSTANTS, NAMES, NAMES), SIGNS, st.sampled_from("012")),
)  # fmt: skip
EXPRESSIONS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("!{}".format, inner),
        st.builds("if({},{},{})".format, inner, inner, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=many(400), deadline=None)
@given(
    text=EXPRESSIONS,
    version=st.sampled_from([177, 331, 620]),
    n=NUMBERS,
    m=NUMBERS,
    t=st.sampled_from(["", "0", "5", "A1", "abc", "10"]),
    li=st.sampled_from(["", "A1", "A2"]),
    d=st.sampled_from(["", "0", "1", "5", "10"]),
    o=st.sampled_from(["", "Y"]),
)
def test_it_is_true_where_php_says_so(
    text: str,
    version: int,
    n: str,
    m: str,
    t: str,
    li: str,
    d: str,
    o: str,
) -> None:
    source = {"n": n, "m": m, "t": t, "l": li, "d": d, "o_x": o}
    ours: dict[str, object] = {
        "n": float(n) if n else None,
        "m": float(m) if m else None,
        "t": t or None,
        "l": LETTERS.get(li),
        "d": DIGITS.get(d),
        "o": ["x"] if o else None,
    }
    assert holds(text, ours, version) == truthy(evaluate(text, source, version))
