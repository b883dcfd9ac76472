"""Logic as rows of a sentence and back: the very same logic, and words people read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys import sentences
from surveys.definition import load_yaml
from surveys.expressions import compile_expression, normal, parse, write
from surveys.sentences import OPERATORS, Row, to_logic, to_rows
from surveys.subjects import subjects
from tests.drawing import many

DEFINITION = load_yaml(
    """
title: T
language: en
translations: {de: {nps.text: Wie}}
data: [{key: region, name: Region}, {key: arm, source: random, choices: [a, b]}]
pages:
  - key: one
    questions:
      - {key: nps, kind: nps, text: Likely to recommend?}
      - {key: tier, kind: single_choice, text: Tier, choices: [{key: gold, label: Gold}, {key: tin, label: Tin}]}
      - {key: why, kind: multiple_choice, text: Why?, choices: [{key: price, label: The price}, {key: other, label: Other, takes_text: true}]}
  - key: two
    questions:
      - {key: said, kind: long_text, text: Say more}
      - {key: day, kind: date, text: When?}
      - {key: m, kind: matrix_single, text: How, choices: [{key: good, label: Good}, {key: bad, label: Bad}], rows: [{key: app, label: The app}]}
"""
)
ALL = subjects(DEFINITION)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("is_answered(nps) and nps <= 6", "“Likely to recommend?” is at most 6"),
        ("nps <= 6", "“Likely to recommend?” is at most, or not answered, 6"),
        ("nps >= 9", "“Likely to recommend?” is at least 9"),
        ('nps >= 9 and tier == "gold"', "“Likely to recommend?” is at least 9 and “Tier” is Gold"),
        ('nps >= 9 or tier == "gold" and is_empty(said)',
         "“Likely to recommend?” is at least 9 or “Tier” is Gold and “Say more” is not answered"),
        ('any_of(tier, ["gold", "tin"])', "“Tier” is one of Gold or Tin"),
        ('contains(why, "price")', "“Why?” includes The price"),
        ('not contains(why, "price")', "“Why?” does not include The price"),
        ('contains(said, "late")', "“Say more” contains late"),
        ('day < "2026-01-01"', "“When?” is before 2026-01-01"),
        ('m.app == "bad"', "“How: The app” is Bad"),
        ('_data.region == "EU"', "“Region” is EU"),
        ('_data.arm == "a"', "“arm” is a"),
        ('contains(_text.why.other, "x")', "“Why?: Other” contains x"),
        ("is_answered(_sentiment.said) and _sentiment.said < 0.5", "“Sentiment of Say more” is less than 0.5"),
        ('gone == "x"', "“gone”, which is gone, is x"),
        ('_language == "de"', "“Language” is de"),
    ],
)  # fmt: skip
def test_logic_in_words_and_back(text: str, words: str) -> None:
    logic = parse(text)
    rows = to_rows(logic, ALL)
    assert rows is not None
    assert to_logic(rows, ALL) == logic
    assert sentences.sentence(logic, ALL) == words


@pytest.mark.parametrize(
    "text",
    ["nps + 1 > 3", "1 <= nps <= 6", "not (nps > 3)", '(tier == "gold" or nps > 3) and is_answered(said)',
     "count(why) > 1", "nps == said", 'if(nps > 3, true, false)', "nps > nps"],
)  # fmt: skip
def test_what_rows_cannot_say_stays_text(text: str) -> None:
    logic = parse(text)
    assert to_rows(logic, ALL) is None
    assert sentences.sentence(logic, ALL) == write(logic)


def test_nothing_and_constants() -> None:
    assert to_rows(None, ALL) == ()
    assert to_logic((), ALL) is None
    assert sentences.sentence(True, ALL) == "always"
    assert sentences.sentence(False, ALL) == "never"


@pytest.mark.parametrize(("answer", "holds"), [(None, False), (0, True), (6, True), (7, False)])
def test_at_most_means_answered_and_at_most(answer: int | None, holds: bool) -> None:
    logic = to_logic([Row("and", "nps", "at_most", ("6",))], ALL)
    data = {} if answer is None else {"nps": answer}
    assert bool(compile_expression(logic).evaluate(data)) is holds  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "known"),
    [("one", set()), ("tier", {"nps"}), ("two", {"nps", "tier", "why"}), ("said", {"nps", "tier", "why"})],
)  # fmt: skip
def test_only_what_was_asked_before_counts(before: str, known: set[str]) -> None:
    found = {path for path in subjects(DEFINITION, before) if not path.startswith("_")}
    assert found == known


@pytest.mark.parametrize("path", ALL)
def test_a_first_row_is_complete_and_unfit_rows_are_made_to_fit(path: str) -> None:
    row = sentences.first_row(ALL[path])
    assert to_rows(to_logic([row], ALL), ALL) == (row,)
    for operator in {name for shape in OPERATORS.values() for name in shape}:
        for values in ((), ("x",), ("gold", "tin"), ("3",)):
            made = sentences.fitting(Row("and", path, operator, values), ALL)
            assert made.operator in OPERATORS[ALL[path].shape]
            assert sentences.operator_of(made, ALL).takes == "nothing" or made.values


def _values(path: str, takes: str) -> st.SearchStrategy[tuple[str, ...]]:
    subject = ALL[path]
    if takes == "nothing":
        return st.just(())
    plain = (
        st.sampled_from([key for key, _ in subject.options])
        if subject.options
        else st.integers(-9, 9).map(str)
        if subject.shape == "number"
        else st.text(max_size=5)
    )
    if takes == "many":
        return st.lists(plain, min_size=1, max_size=3).map(tuple)
    return plain.map(lambda each: (each,))


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    found = []
    for _ in range(draw(st.integers(1, 5))):
        path = draw(st.sampled_from(sorted(ALL)))
        operator = draw(st.sampled_from(list(OPERATORS[ALL[path].shape].values())))
        join = draw(st.sampled_from(["and", "or"]))
        found.append(Row(join, path, operator.name, draw(_values(path, operator.takes))))  # type: ignore[arg-type]
    return found


@settings(max_examples=many(150), deadline=None)
@given(rows())
def test_rows_give_logic_that_gives_the_same_logic(made: list[Row]) -> None:
    logic = to_logic(made, ALL)
    assert normal(logic) == logic  # type: ignore[arg-type]
    again = to_rows(logic, ALL)
    assert again is None or to_logic(again, ALL) == logic
    assert parse(write(logic)) == logic  # type: ignore[arg-type]
    assert sentences.sentence(logic, ALL)
