"""The variables of a survey over its versions, and names that each format takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from surveys import codebook, kinds
from surveys.codebook import Variable, variables
from surveys.definition import Definition, Question, load
from surveys.kinds import Column
from surveys.values import Answer
from surveys.variable_names import SPSS, STATA, all_legal, legal, unique

CHOICES = [{"key": "order", "label": "Order"}, {"key": "fault", "label": "Fault"}]


def definition(*questions: dict[str, Any], language: str = "en") -> Definition:
    return load(
        {
            "title": "T",
            "language": language,
            "pages": [{"questions": [{"text": f"About {q['key']}?", **q} for q in questions]}],
        }
    )


def by_name(*versions: Definition) -> dict[str, Variable]:
    return {each.name: each for each in variables(enumerate(versions, 1))}


def test_each_kind_says_what_its_columns_hold() -> None:
    found = by_name(
        definition(
            {"key": "r", "kind": "nps"},
            {"key": "s", "kind": "stars", "settings": {"points": 3, "labels": ["a", "b", "c"]}},
            {"key": "n", "kind": "number", "settings": {"decimals": 2}},
            {"key": "w", "kind": "number"},
            {"key": "d", "kind": "date"},
            {"key": "c", "kind": "single_choice", "choices": CHOICES},
            {"key": "m", "kind": "multiple_choice", "choices": CHOICES},
            {"key": "t", "kind": "long_text"},
            {"key": "note", "kind": "statement"},
        )
    )
    assert {name: each.type for name, each in found.items()} == {
        "r": "whole", "r_nps_band": "text", "s": "whole", "s_mean_band": "text", "n": "number",
        "n_mean_band": "text", "w": "whole", "w_mean_band": "text", "d": "day", "c": "key",
        "c.label": "text", "m.order": "flag", "m.fault": "flag", "t": "text",
        "t_sentiment": "number", "t_sentiment_label": "text",
    }  # fmt: skip
    assert [found[name].measure for name in ("r", "n", "c", "m.order", "d")] == [
        "ordinal", "scale", "nominal", "nominal", "scale",
    ]  # fmt: skip
    assert [value.label for value in found["s"].values] == ["a", "b", "c"]
    assert [value.code for value in found["r"].values] == [0, 10]
    assert found["r"].values[1].label.lower().startswith("extremely")
    assert [(v.value, v.code, v.label) for v in found["c"].values] == [
        ("order", 1, "Order"),
        ("fault", 2, "Fault"),
    ]


def test_codes_of_choices_stay_when_a_version_reorders_adds_and_renames() -> None:
    first = definition({"key": "c", "kind": "single_choice", "choices": CHOICES})
    second = definition(
        {
            "key": "c",
            "kind": "single_choice",
            "choices": [
                {"key": "bill", "label": "Bill"},
                {"key": "fault", "label": "Something broke"},
            ],
        }
    )
    found = by_name(first, second)["c"]
    assert [(v.value, v.code, v.label) for v in found.values] == [
        ("order", 1, "Order"),
        ("fault", 2, "Something broke"),
        ("bill", 3, "Bill"),
    ]
    assert found.versions == (1, 2)
    label = by_name(first, second)["c.label"].read
    assert label is not None
    assert label(Answer("c", "single_choice", choices=("order",))) == "Order"
    assert label(Answer("c", "single_choice", choices=("fault",))) == "Something broke"


def test_a_choice_and_a_question_know_the_versions_that_had_them() -> None:
    first = definition(
        {"key": "m", "kind": "multiple_choice", "choices": CHOICES},
        {"key": "gone", "kind": "short_text"},
    )
    second = definition(
        {"key": "new", "kind": "short_text"},
        {
            "key": "m",
            "kind": "multiple_choice",
            "choices": [CHOICES[0], {"key": "bill", "label": "B"}],
        },
    )
    found = by_name(first, second)
    assert {name: each.versions for name, each in found.items() if "_" not in name} == {
        "new": (2,), "m.order": (1, 2), "m.fault": (1,), "m.bill": (2,), "gone": (1,),
    }  # fmt: skip
    assert next(iter(found)) == "new"


def test_a_key_that_changed_its_kind_is_two_variables() -> None:
    found = by_name(
        definition({"key": "q", "kind": "short_text"}), definition({"key": "q", "kind": "nps"})
    )
    assert (found["q"].kind, found["q"].versions) == ("nps", (2,))
    assert (found["q@short_text"].kind, found["q@short_text"].versions) == ("short_text", (1,))


def test_codes_of_missing_values_are_no_answers() -> None:
    found = by_name(
        definition(
            {"key": "free", "kind": "number"},
            {"key": "age", "kind": "number", "settings": {"minimum": 0}},
            {"key": "cold", "kind": "number", "settings": {"minimum": -98}},
            {"key": "t", "kind": "short_text"},
        )
    )
    assert found["age"].missing == (-99, -98)
    assert found["free"].missing == found["cold"].missing == (-9999999999999, -9999999999998)
    assert found["t"].missing is None


def test_a_composite_question_is_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds may say of which questions they consist; each is answered under a key with dots."""
    survey = definition({"key": "m", "kind": "single_choice", "choices": CHOICES})

    def atoms(question: Question) -> tuple[Question, ...]:
        part = replace(question, key="m.row1", kind="csat", choices=(), settings={})
        note = replace(question, key="m.note", kind="statement", choices=(), settings={})
        return (question, part, note)

    monkeypatch.setattr(kinds, "atoms", atoms)
    assert [question.key for question in codebook.leaves(survey)] == ["m", "m.row1"]
    found = by_name(survey)
    assert (found["m.row1"].type, found["m.row1"].key) == ("whole", "m.row1")
    assert found["m"].type == "key"


def test_rows_of_a_matrix_and_words_beside_a_choice_are_variables() -> None:
    other = [*CHOICES, {"key": "other", "label": "Other", "takes_text": True}]
    rows = [{"key": "r1", "label": "Price"}, {"key": "r2", "label": "Speed"}]
    found = by_name(
        definition(
            {"key": "x", "kind": "matrix_single", "rows": rows, "choices": CHOICES},
            {"key": "c", "kind": "single_choice", "choices": other},
            {"key": "p", "kind": "ranking", "choices": CHOICES},
        )
    )
    assert {name: (each.type, each.key) for name, each in found.items()} == {
        "x.r1": ("key", "x.r1"), "x.r1.label": ("text", "x.r1"), "x.r2": ("key", "x.r2"),
        "x.r2.label": ("text", "x.r2"), "c": ("key", "c"), "c.label": ("text", "c"),
        "c.other.text": ("text", "c.other.text"), "p.order": ("whole", "p"),
        "p.fault": ("whole", "p"),
    }  # fmt: skip
    assert [value.label for value in found["x.r2"].values] == ["Order", "Fault"]


def test_numbers_and_texts_in_one_column_become_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def either(answer: Answer | None) -> str | float | None:
        return (answer.text if answer.number is None else answer.number) if answer else None

    declared = replace(kinds.kind("short_text"), columns=lambda q: (Column(q.key, q.text, either),))
    monkeypatch.setitem(kinds.KINDS, "short_text", declared)
    found = by_name(definition({"key": "total", "kind": "short_text"}))
    number, words = found["total"], found["total.text"]
    assert (number.type, words.type) == ("number", "text")
    assert number.missing == (-9999999999999, -9999999999998)
    assert words.missing is None
    assert number.read is not None
    assert words.read is not None
    for answer, cells in (
        (Answer("total", "short_text", number=2.5), (2.5, None)),
        (Answer("total", "short_text", text="two"), (None, "two")),
        (None, (None, None)),
    ):
        assert (number.read(answer), words.read(answer)) == cells


def test_a_column_is_asked_what_it_gives() -> None:
    question = definition({"key": "c", "kind": "multiple_choice", "choices": CHOICES}).question("c")

    def place(answer: Answer | None) -> int | None:
        chosen = answer.choices if answer and answer.choices else ()
        return chosen.index("order") + 1 if "order" in chosen else None

    assert codebook.type_of(question, Column("c.order", "Place", place)) == "whole"
    assert codebook.type_of(question, Column("c.other", "Words", lambda _: None)) == "whole"
    assert codebook.type_of(question, Column("c.all", "All", lambda a: "x" if a else "")) == "text"


LONG = "a" * 40 + "." + "b" * 40


@pytest.mark.parametrize(
    ("name", "sav", "dta"),
    [
        ("recommend", "recommend", "recommend"),
        ("q.choice", "q.choice", "q_choice"),
        ("q@short_text", "q_short_text", "q_short_text"),
        ("1st", "v_1st", "v_1st"),
        ("_x", "v_x", "v_x"),
        ("with", "with_v", "with_"),
        ("ALL", "ALL_v", "ALL"),
        ("str12", "str12", "str12_"),
        ("int", "int", "int_"),
        ("ends_", "ends_v", "ends_"),
        ("Größe", "Gr__e", "Gr__e"),
    ],
)
def test_names_become_legal(name: str, sav: str, dta: str) -> None:
    assert (legal(name, SPSS), legal(name, STATA)) == (sav, dta)


def test_long_names_are_shortened_and_stay_apart() -> None:
    for rule in (SPSS, STATA):
        one, two = legal(LONG, rule), legal(LONG + "c", rule)
        assert len(one) <= rule.most
        assert one != two
        assert one == legal(LONG, rule)


def test_every_name_is_used_once_whatever_its_case() -> None:
    assert unique(["a", "A", "a_2", "a"]) == ["a", "A_3", "a_2", "a_4"]
    names = ["q.a", "q_a", "q@a", "Q_A"]
    made = all_legal(names, "dta")
    assert len({name.lower() for name in made}) == 4
    assert made == all_legal(names, "dta")
    assert all_legal(names, "csv") == names
    long = all_legal(["x" * 28, "x" * 28], "dta")
    assert len(set(long)) == 2
    assert max(map(len, long)) == 28
