"""XPath of XLSForms: what is read, and what it comes to for answers, as ODK's tools compute it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.expressions import compile_expression
from surveys.formats.xpath import logic as xpath_logic
from surveys.formats.xpath import parsing as xpath
from surveys.formats.xpath.values import Copy, Scope, Untranslatable, Variable
from surveys.parts import Logic
from tests.drawing import many

NAMES = {"a": "a", "b": "b", "North West": "north_west", "-99": "minus_99", "2": "2"}
VARIABLES = {
    "n": Variable("n", "number"),
    "m": Variable("m", "number"),
    "t": Variable("t", "text"),
    "u": Variable("u", "text"),
    "d": Variable("d", "day"),
    "e": Variable("e", "day"),
    "at": Variable("at", "time"),
    "one": Variable("one", "choice", NAMES, {"a": "Apples", "b": "Bread"}),
    "two": Variable("two", "choice", NAMES),
    "many": Variable("many", "choices", NAMES),
    "flag": Variable("flag", "flag"),
    "age_1": Variable("age_1", "number"),
}


class Here:
    """A scope of a few questions, with a group of three members."""

    def __init__(self, own: str = "n", at: int | None = None, row: Mapping[str, str] | None = None):
        self.own, self.at, self.row = own, at, row

    def itself(self) -> Variable:
        return VARIABLES[self.own]

    def variable(self, name: str) -> Variable:
        if name == "age":
            return Variable(f"age_{self.at or 1}", "number")
        if name not in VARIABLES:
            raise Untranslatable(f"There is no {name}.")
        return VARIABLES[name]

    def every(self, name: str) -> Sequence[tuple[Logic, Variable]]:
        if name == "age":
            return [({">=": [{"var": "n"}, i]}, Variable(f"age_{i}", "number")) for i in (1, 2, 3)]
        return [(True, self.variable(name))]

    def copies(self, name: str) -> Sequence[Copy] | None:
        if name != "member":
            return None
        return [Copy({">=": [{"var": "n"}, i]}, Here(self.own, i)) for i in (1, 2, 3)]

    def position(self) -> int | None:
        return self.at

    def column(self, name: str) -> str | None:
        return None if self.row is None or name in VARIABLES else self.row.get(name, "")

    def in_row(self, row: Mapping[str, str]) -> Scope:
        return Here(self.own, self.at, row)

    def items(self, name: str) -> Sequence[Mapping[str, str]]:
        if name != "fruit":
            raise Untranslatable("No such list.")
        return [{"name": "a", "price": "3"}, {"name": "b", "price": "4"}]

    def drawn(self) -> str:
        return "_data.random"


def value(text: str, answers: Mapping[str, object], scope: Scope | None = None) -> object:
    """What an expression comes to for answers."""
    found = xpath_logic.value(text, scope or Here())
    return compile_expression(found.logic).evaluate({"_today": "2024-06-15", **answers})


# What nothing answered means follows XPath: no number, an empty text.
HOLDS = [
    ("${n} > 18", {"n": 19}, True),
    ("${n} > 18", {"n": 18}, False),
    ("${n} < 18", {"n": 17}, True),
    ("${n} < 18", {}, False),
    ("${n} <= 0", {}, False),
    ("${n} <= 0", {"n": 0}, True),
    ("0 >= ${n}", {}, False),
    ("0 >= ${n}", {"n": -1}, True),
    ("${n} = 0", {}, False),
    ("${n} != 0", {}, True),
    ("${n} = ''", {}, True),
    ("${n} = ''", {"n": 0}, False),
    ("${n} != ''", {"n": 0}, True),
    ("${n} = ${m}", {"n": 1, "m": 1}, True),
    ("${n} < ${m}", {"m": 1}, False),
    ("${n} + ${m} < 5", {"n": 1}, False),
    ("${n} + ${m} < 5", {"n": 1, "m": 1}, True),
    ("${n} - ${m} <= 0", {"m": 3}, False),
    ("${n} div ${m} = 2", {"n": 4, "m": 2}, True),
    ("${n} mod 2 = 0", {"n": 4}, True),
    ("${n} mod 2 = 0", {}, False),
    ("-${n} = -4", {"n": 4}, True),
    ("int(${n} div 2) = -1", {"n": -3}, True),
    (". >= 0 and . <= 120", {"n": 120}, True),
    (". >= 0 and . <= 120", {"n": 121}, False),
    ("${t} = 'x'", {"t": "x"}, True),
    ("${t} != 'x'", {}, True),
    ("'x' = ${t}", {"t": "x"}, True),
    ("${t} = ${u}", {}, True),
    ("${t}", {"t": "a"}, True),
    ("${t}", {}, False),
    ("${n}", {"n": 0}, False),
    ("${one} = 'a'", {"one": "a"}, True),
    ("${one} = 'A'", {"one": "a"}, False),
    ("${one} != 'a'", {}, True),
    ("${one} = 'North West'", {"one": "north_west"}, True),
    ("${one} = -99", {"one": "minus_99"}, True),
    ("${one} = 2", {"one": "2"}, True),
    ("${one} > 1", {"one": "2"}, True),
    ("${one} > 1", {}, False),
    ("${one} < 0", {"one": "minus_99"}, True),
    ("${one} = ${two}", {"one": "a", "two": "a"}, True),
    ("${one} = ${t}", {"one": "north_west", "t": "North West"}, True),
    ("${one} = 'gone'", {"one": "a"}, False),
    ("${many} = 'a'", {"many": ["a"]}, True),
    ("${many} = 'a'", {"many": ["a", "b"]}, False),
    ("${many} = 'a b'", {"many": ["a", "b"]}, True),
    ("${many} = ''", {}, True),
    ("selected(${many}, 'a')", {"many": ["b", "a"]}, True),
    ("selected(${many}, 'a')", {}, False),
    ("selected(${many}, 'North West')", {"many": ["north_west"]}, True),
    ("not(selected(., 'a') and selected(., 'b'))", {"n": 1}, True),
    ("selected(${one}, 'a')", {"one": "a"}, True),
    ("selected(${many}, ${one})", {"many": ["a", "b"], "one": "b"}, True),
    ("selected(${many}, ${one})", {"many": ["a"]}, False),
    ("selected(${t}, 'red')", {"t": "green red"}, True),
    ("selected(${t}, 're')", {"t": "green red"}, False),
    ("count-selected(${many}) > 1", {"many": ["a", "b"]}, True),
    ("count-selected(${many}) = 0", {}, True),
    ("selected-at(${many}, 1) = 'b'", {"many": ["a", "b"]}, True),
    ("regex(${t}, '[A-Z]{2}[0-9]+')", {"t": "AB12"}, True),
    ("regex(${t}, '[A-Z]{2}')", {"t": "AB12"}, False),
    ("regex(${t}, '^[\\w-\\.]+$')", {"t": "a-b.c"}, True),
    ("regex(${t}, '^[a-z]{1,1000}$')", {"t": "abc"}, True),
    ("regex(${t}, '^[a-z]{1,1000}$')", {"t": ""}, False),
    ("string-length(${t}) = 3", {"t": "abc"}, True),
    ("string-length(${t}) = 0", {}, True),
    ("contains(${t}, 'b')", {"t": "abc"}, True),
    ("starts-with(${t}, 'b')", {"t": "abc"}, False),
    ("${d} > ${e}", {"d": "2024-02-01", "e": "2024-01-31"}, True),
    ("${d} > ${e}", {"d": "2024-02-01"}, False),
    ("${d} >= ${e}", {}, False),
    ("${d} < today()", {"d": "2024-06-14"}, True),
    ("${d} <= now()", {"d": "2024-06-15"}, True),
    ("${d} < now()", {"d": "2024-06-15"}, True),
    ("${d} > now()", {"d": "2024-06-15"}, False),
    ("${d} = date('2024-06-15')", {"d": "2024-06-15"}, True),
    ("${d} > '2024-01-01'", {"d": "2024-06-15"}, True),
    ("${d} >= today() - 30", {"d": "2024-05-16"}, True),
    ("${d} >= today() - 30", {"d": "2024-05-15"}, False),
    ("${d} >= date(today() - 30)", {"d": "2024-05-15"}, False),
    ("(today() - ${d}) div 365.25 >= 18", {"d": "2000-01-01"}, True),
    ("(today() - ${d}) div 365.25 >= 18", {"d": "2010-01-01"}, False),
    ("(today() - ${d}) div 365.25 < 18", {}, False),
    ("${at} < '12:00'", {"at": "09:30"}, True),
    ("${flag} = 'true'", {"flag": "true"}, True),
    ("${flag} = true()", {"flag": "false"}, False),
    ("${flag}", {"flag": "false"}, False),
    ("not(${flag})", {"flag": "false"}, True),
    ("true() and not(false())", {}, True),
    ("${n} = 1 or ${n} = 2 or ${n} = 3", {"n": 3}, True),
    ("checklist(1, 2, ${n} > 1, ${m} > 1)", {"n": 2}, True),
    ("count(${member}) = 2", {"n": 2}, True),
    ("count(${age}) = 2", {"n": 2}, True),
    ("count(${member}[${age} > 17]) = 1", {"n": 2, "age_1": 20, "age_2": 3}, True),
    ("sum(${age}) = 23", {"n": 2, "age_1": 20, "age_2": 3}, True),
    ("max(${age}) = 20", {"n": 2, "age_1": 20, "age_2": 3}, True),
    ("min(${age}) > 0", {"n": 2}, False),
    ("${n} ! = 2", {}, None),
    ("count-non-empty(${age}) = 1", {"n": 3, "age_2": 5}, True),
    ("indexed-repeat(${age}, ${member}, 2) = 5", {"age_2": 5}, True),
    ("indexed-repeat(${age}, ${member}, ${m}) = 5", {"m": 2, "age_2": 5}, True),
    ("../n = 3", {"n": 3}, True),
    ("/data/group/n = 3", {"n": 3}, True),
    ("current()/../n = 3", {"n": 3}, True),
    ("${t} = ‘x’", {"t": "x"}, True),
    ("${n} == 3", {"n": 3}, True),
]


@pytest.mark.parametrize(("text", "answers", "expected"), HOLDS, ids=str)
def test_a_condition_holds_as_in_odk(
    text: str, answers: dict[str, object], expected: bool | None
) -> None:
    if expected is None:
        with pytest.raises(Untranslatable):
            xpath_logic.condition(text, Here())
        return
    logic = xpath_logic.condition(text, Here())
    found = compile_expression(logic).evaluate({"_today": "2024-06-15", **answers})
    assert bool(found) is expected


VALUES = [
    ("${n} + 1", {"n": 2}, 3),
    ("${n} + 1", {}, None),
    ("${n} - ${m}", {"n": 2}, None),
    ("${n} * ${m}", {"n": 2, "m": 4}, 8),
    ("${n} div 4", {"n": 2}, 0.5),
    ("2 + 2", {}, 4),
    ("7 mod 3", {}, 1),
    ("int(7.9)", {}, 7),
    ("int(${n} div 2)", {"n": 7}, 3),
    ("round(${n} div 3, 2)", {"n": 10}, 3.33),
    ("round(${n})", {}, None),
    ("if(${n} > 1, 'many', 'few')", {"n": 2}, "many"),
    ("if(${n} > 1, 'many', '')", {"n": 1}, None),
    ("if(${n} = 1, 'a', if(${n} = 2, 'b', 'c'))", {"n": 2}, "b"),
    ("if(${n} = 1, 'a', if(${n} = 2, 'b', 'c'))", {}, "c"),
    ("coalesce(${n}, ${m})", {"m": 4}, 4),
    ("coalesce(${n}, 0) + 1", {}, 1),
    ("concat(${t}, ' ', ${u})", {"t": "a", "u": "b"}, "a b"),
    ("concat('x', ${t})", {}, "x"),
    ("concat(${one}, '!')", {"one": "north_west"}, "North West!"),
    ("concat(${many}, '!')", {"many": ["a", "b"]}, "a b!"),
    ("jr:choice-name(${one}, '${one}')", {"one": "b"}, "Bread"),
    ("substr(${t}, 1, 3)", {"t": "abcd"}, "bc"),
    ("substr(${t}, 1)", {}, ""),
    ("upper-case(${t})", {"t": "ab"}, "AB"),
    ("normalize-space(${t})", {"t": " ab "}, "ab"),
    ("string(${n})", {"n": 4}, "4"),
    ("number(${t})", {"t": "4.5"}, 4.5),
    ("number(${t})", {"t": "four"}, None),
    ("date(${d} + 7)", {"d": "2024-02-25"}, "2024-03-03"),
    ("date(${d} - 1)", {"d": "2024-03-01"}, "2024-02-29"),
    ("date(today() + ${n})", {"n": 1}, "2024-06-16"),
    ("today()", {}, "2024-06-15"),
    ("${d} - ${e}", {"d": "2024-03-01", "e": "2024-02-28"}, 2),
    ("format-date(${d}, '%d/%m/%Y')", {"d": "2024-03-01"}, "01/03/2024"),
    ("format-date(${d}, '%e %b %y')", {"d": "2024-03-01"}, "1 Mar 24"),
    ("format-date(${d}, '%a')", {"d": "2024-03-01"}, "Fri"),
    ("format-date(${d}, '%a')", {"d": "1969-12-31"}, "Wed"),
    ("format-date(${d}, '%Y')", {}, None),
    ("int(format-date(today(), '%Y')) - 2000", {}, 24),
    ("decimal-date-time(${d})", {"d": "1970-01-11"}, 10),
    ("once(${n})", {"n": 3}, 3),
    ("join(', ', ${age})", {"age_1": 3, "age_3": 5}, "3, 5"),
    ("min(${n}, ${m})", {"n": 3, "m": 5}, 3),
    ("min(${n}, ${m})", {"n": 3}, None),
    ("selected-at(${many}, 0)", {"many": ["b", "a"]}, "b"),
    ("sum(${age})", {}, 0),
    ("pow(${n}, 3)", {"n": 2}, 8),
    ("sqrt(${n})", {"n": 9}, 3),
    ("round(15 div (sqrt(cos(atan(${n} div 100)))),2)", {"n": 30}, 15.33),
    ("random()", {"_data": {"random": "0.25"}}, 0.25),
    ("instance('fruit')/root/item[name = ${one}]/price", {"one": "b"}, "4"),
]


@pytest.mark.parametrize(("text", "answers", "expected"), VALUES, ids=str)
def test_a_value_is_computed_as_in_odk(
    text: str, answers: dict[str, object], expected: object
) -> None:
    assert value(text, answers) == expected


def test_inside_a_repetition_its_own_values_are_read() -> None:
    second = Here("n", 2)
    assert value("position(..)", {}, second) == 2
    assert value("${age} + 1", {"age_1": 1, "age_2": 7}, second) == 8
    assert value("sum(${age})", {"age_1": 1, "age_2": 7}, second) == 8


def test_a_choice_filter_reads_the_columns_of_the_choice() -> None:
    scope = Here(row={"region": "a", "pastel": "yes"})
    logic = xpath_logic.condition("region = ${one}", scope)
    assert compile_expression(logic).evaluate({"one": "a"}) is True
    assert compile_expression(logic).evaluate({"one": "b"}) is False
    assert xpath_logic.condition("pastel = 'yes'", scope) is True
    # A bare word is a column, and one that is not there is empty.
    assert xpath_logic.condition("pastel = yes", scope) is False


REFUSED = [
    "pulldata('a', 'b', 'c', ${n})",
    "${gone} = 1",
    "${n} = ",
    "(${n} = 1",
    "${n} = 1)",
    "${}",
    "selected(${n})",
    "nothing(1)",
    "${last-saved#n}x",
    "regex(${t}, '(?<=a)b')",
    "regex(${t}, ${u})",
    "format-date(now(), '%H:%M')",
    "concat(now(), '')",
    "instance('gone')/root/item[name = 1]/label",
    "substr(${t}, ${n})",
    "1 div 0",
    "9" * 400,
    "it isn't one",
    "a and",
    "self::node()",
    "@attribute",
    "(" * 500 + "1" + ")" * 500,
    "1" + "+1" * 5000,
    "${n}=1" + " or ${n}=1" * 5000,
    "not(" * 100 + "true()" + ")" * 100,
    "-" * 30_000 + "1",
    "",
    "\x00",
    "\ud800",
]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40])
def test_what_cannot_be_done_the_same_is_told(text: str) -> None:
    with pytest.raises(Untranslatable) as told:
        xpath_logic.value(text, Here())
    assert str(told.value)


PIECES = [
    "${n}", "${t}", "${one}", "${many}", "${d}", ".", "'a'", "''", "3", "0.5", "(", ")", ",", "+", "-",
    "*", "div", "mod", "and", "or", "=", "!=", "<", ">=", "not(", "if(", "selected(", "count(", "sum(",
    "regex(", "date(", "today()", "now()", "round(", "int(", "coalesce(", "concat(", "..", "/", "[", "]",
    "position(..)", "${member}", "${age}", "'2024-01-01'", "format-date(", "substr(", "name", "'%Y'",
    "true()", "max(", "join(", "${flag}", "once(", "pow(",
]  # fmt: skip


@settings(max_examples=many(400), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_whatever_is_written_gives_logic_or_a_reason(text: str) -> None:
    try:
        logic = xpath_logic.condition(text, Here())
    except Untranslatable:
        return
    compile_expression(logic).evaluate({"_today": "2024-06-15", "n": 3, "many": ["a"]})


def test_the_parser_knows_words_from_operators() -> None:
    assert xpath.parse("div div mod") == xpath.Binary(
        "div", xpath.Path("", (xpath.Step("div"),)), xpath.Path("", (xpath.Step("mod"),))
    )
    assert xpath.parse("a-b") == xpath.Path("", (xpath.Step("a-b"),))
    assert xpath.parse("2-1") == xpath.Binary("-", xpath.Number(2), xpath.Number(1))
