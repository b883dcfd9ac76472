"""What the proof claims, walks confirm; it never fails, and it comes to an end."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys import kinds
from surveys.definition import Definition, load
from surveys.errors import DefinitionError
from surveys.looping import unrolled
from surveys.proof import Finding, prove
from surveys.respondents import Respondents, Walk
from tests.drawing import IS_FULL, many
from tests.surveys import logical_surveys
from tests.surveys.drawn_surveys import definitions, few

WALKS = 200


class Met:
    """What some walks met."""

    def __init__(self, definition: Definition, seed: int, walks: int) -> None:
        respondents = Respondents(definition)
        draw = random.Random(seed)
        index_of = {page.key: index for index, page in enumerate(definition.pages)}
        self.written = [
            index_of[getattr(page, "of", "") or page.key] for page in unrolled(definition).pages
        ]
        self.walks: list[Walk] = []
        self.counts: Counter[object] = Counter()
        for number in range(walks):
            walk = respondents.walk(draw, number)
            if walk.stuck is not None:
                continue
            self.walks.append(walk)
            for stop in walk.route.stops:
                self.counts["page", self.written[stop.place]] += 1
                for question in stop.questions:
                    key = question.key.partition(".")[0]
                    self.counts["question", key] += 1
                    self.counts.update(("choice", key, each.key) for each in question.choices)
                    for atom in kinds.atoms(question) if question.parts else ():
                        part = atom.key.removeprefix(f"{question.key}.").split(".")[1]
                        self.counts["part", key, part] += 1
                        self.counts.update(("choice", key, part, each.key) for each in atom.choices)
            if walk.route.ending is not None:
                self.counts["ending", walk.route.ending.key] += 1
            for key, when in respondents.quotas:
                self.counts["quota", key] += when is None or when.holds(walk.route.data)


def claimed(definition: Definition, found: Finding) -> object:
    """What a finding says nobody meets; None where it claims no such thing."""
    numbers = [int(each) for each in re.findall(r"\[(\d+)\]", found.path)]
    if found.code == "dead_quota":
        return "quota", definition.quotas[numbers[0]].key
    if found.code == "unreachable_ending":
        return "ending", definition.endings[numbers[0]].key
    if found.code not in (
        "contradiction",
        "unreachable_page",
        "unreachable_question",
        "unreachable_choice",
    ):
        return None
    if not found.path.startswith("pages"):
        return None
    page = definition.pages[numbers[0]]
    if len(numbers) == 1:
        return "page", numbers[0]
    question = page.questions[numbers[1]]
    if len(numbers) == 2:
        return "question", question.key
    if ".parts[" in found.path:
        part = question.parts[numbers[2]]
        choice = [part.choices[each].key for each in numbers[3:]]
        return ("choice" if choice else "part", question.key, part.key, *choice)
    if ".rows[" in found.path:
        return None
    return "choice", question.key, question.choices[numbers[2]].key


def hidden(definition: Definition, found: Finding, met: Met) -> list[str]:
    """Walks that met the page of an always shown question and not the question."""
    shown = re.fullmatch(r"pages\[(\d+)\]\.questions\[\d+\]\.show_if", found.path)
    if found.code != "always_true" or shown is None:
        return []
    return [
        str(walk.context)
        for walk in met.walks
        for stop in walk.route.stops
        if met.written[stop.place] == int(shown[1])
        and found.question not in {question.key.partition(".")[0] for question in stop.questions}
    ]


@pytest.mark.parametrize("seed", range(12 if IS_FULL else 4))
def test_what_is_claimed_is_so_in_random_walks(seed):
    definition = logical_surveys.survey(seed, pages=5, randomized=seed % 3 == 0)
    findings = prove(definition)
    met = Met(definition, seed, WALKS)
    assert len(met.walks) > WALKS / 2
    for each in findings:
        what = claimed(definition, each)
        assert what is None or not met.counts[what], each
        assert hidden(definition, each, met) == [], each


def test_enough_is_claimed_to_be_worth_it():
    """Of surveys full of random logic a good part has something nobody meets, and it is found."""
    surveys = 24 if IS_FULL else 8
    found = [
        claimed(definition, each)
        for seed in range(surveys)
        for definition in [logical_surveys.survey(seed, pages=5)]
        for each in prove(definition)
    ]
    assert sum(each is not None for each in found) > surveys * 5 / 3


@few
@given(definitions)
def test_definitions_without_logic_have_no_errors(definition):
    assert [each for each in prove(definition) if each.level == "error"] == []


LOGIC = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 12) | st.sampled_from(["a", "b", "", "ok", "2026-01-01"])
    | st.builds(lambda name: {"var": name}, st.sampled_from(
        ["q", "m", "n", "w", "d", "r.x", "r", "_data.t", "_language", "_today", "_sentiment.w", "_row.x",
         "_text.q", "nobody", "q.0", "m.1", "", "_data", "v"])),
    lambda inner: st.lists(inner, max_size=3) | st.builds(
        lambda name, given: {name: given},
        st.sampled_from(["and", "or", "!", "!!", "if", "==", "===", "!=", "<", ">=", "in", "contains",
                         "any_of", "none_of", "is_empty", "count", "+", "cat", "map", "missing", "var",
                         "max", "starts_with", "days_between"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=14,
)  # fmt: skip


@settings(max_examples=many(150), deadline=None)
@given(LOGIC, LOGIC, LOGIC, LOGIC)
def test_no_logic_makes_it_fail(first, second, third, fourth):
    listed = [{"key": each, "label": each} for each in "abc"]
    document = {
        "title": "T",
        "language": "en",
        "data": [{"key": "t"}, {"key": "u", "source": "value", "value": fourth}],
        "quotas": [{"key": "k", "limit": 1, "when": first}],
        "endings": [{"key": "e", "show_if": second}],
        "pages": [
            {
                "questions": [
                    {"key": "q", "kind": "single_choice", "text": "q", "choices": listed},
                    {"key": "m", "kind": "multiple_choice", "text": "m", "choices": listed},
                    {"key": "n", "kind": "number", "text": "n"},
                    {"key": "w", "kind": "long_text", "text": "w"},
                    {"key": "d", "kind": "date", "text": "d"},
                    {"key": "r", "kind": "matrix_rating", "text": "r",
                     "rows": [{"key": "x", "label": "x", "show_if": third}]},
                    {"key": "v", "kind": "calculated", "text": "v", "value": second},
                ],
                "skips": [{"to": "end", "when": third}],
            },
            {"show_if": first, "questions": [
                {"key": "a", "kind": "short_text", "text": "a", "show_if": second, "required_if": third}]},
        ],
    }  # fmt: skip
    try:
        definition = load(document)
    except DefinitionError:
        return
    assert all(each.message and each.code for each in prove(definition))


@pytest.mark.full
def test_a_large_survey_is_proven():
    made = logical_surveys.document(random.Random(1), 180, 9, randomized=False)
    definition = load(made)
    assert len(definition.questions) > 800
    assert all(each.message and each.code for each in prove(definition))


def nested(depth: int) -> object:
    logic: object = {"==": [{"var": "q"}, "a"]}
    for number in range(depth):
        logic = {"and": [logic, {"!": [{"or": [logic, number]}]}]} if number < 6 else {"!": [logic]}
    return logic


@pytest.mark.parametrize("depth", [4, 10, 20])
def test_deep_logic_comes_to_an_end(depth):
    listed = [{"key": each, "label": each} for each in "abc"]
    asked = [{"key": "q", "kind": "single_choice", "text": "q", "choices": listed}]
    more = [{"key": "z", "kind": "short_text", "text": "z", "show_if": nested(depth)}]
    document = {
        "title": "T",
        "language": "en",
        "pages": [{"questions": asked}, {"questions": more}],
    }
    try:
        definition = load(document)
    except DefinitionError:
        assert depth > 10
        return
    assert all(each.message for each in prove(definition))


def test_hard_logic_comes_to_an_end_and_nothing_is_claimed():
    """Forty answers that must add up to more than they can: too much to try, so it is left unsaid."""
    asked = [{"key": f"n{k}", "kind": "nps", "text": "n"} for k in range(40)]
    total = {">": [{"+": [{"var": f"n{k}"} for k in range(40)]}, 400]}
    hard = [{"key": "z", "kind": "short_text", "text": "z", "show_if": total}]
    chain = {
        "and": [
            {"or": [{"==": [{"var": f"n{k}"}, 3]}, {"==": [{"var": f"n{k + 1}"}, 4]}]}
            for k in range(39)
        ]
    }
    hard.append({"key": "y", "kind": "short_text", "text": "y", "show_if": chain})
    definition = load(
        {"title": "T", "language": "en", "pages": [{"questions": asked}, {"questions": hard}]}
    )
    assert all(each.message for each in prove(definition))
    assert [each.code for each in prove(definition) if each.level != "note"] == []
