"""Every kind of question held to the same: read, refused, scored, exported, translated, kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from surveys import answers, definition, kinds, scoring
from surveys.compiled import Compiled
from surveys.localizing import localized, texts, untranslated
from surveys.parts import Definition, Question
from surveys.schema import schema
from surveys.translating import Translated, take
from tests.surveys.kind_examples import answered, as_form, example, loaded

ALL = kinds.names()
ANSWERED = [name for name in ALL if name != "statement" and name not in ("calculated", "hidden")]
HOSTILE = [
    None, True, False, 0, -1, 1e308, float("nan"), "", " ", "\0", "\ud800", "x" * 100_000, "nobody",
    [], ["nobody"], [None], [["a"]], {}, {"a": 1}, [{"p1": 1}], {"r1": {"p1": []}}, b"a", 10**400,
]  # fmt: skip


def made(name: str, **more: Any) -> tuple[Definition, Question]:
    found = loaded(example(name) | more)
    return found, found.question("q")


@pytest.mark.parametrize("name", ANSWERED)
def test_answers_come_by_form_and_by_program_and_mean_the_same(name):
    survey, question = made(name)
    compiled = Compiled(survey)
    values = answered(question)
    by_program = compiled.clean_all(values)
    assert by_program.errors == {}
    assert set(by_program.answers) == set(values)
    assert compiled.clean_form_page(0, as_form(question, values)).answers == by_program.answers
    stored = json.loads(json.dumps(answers.all_to_json(by_program.answers)))
    assert compiled.clean_all(stored).answers == by_program.answers


@pytest.mark.parametrize("name", ANSWERED)
def test_required_refuses_nothing_and_optional_takes_it(name):
    survey, _ = made(name)
    assert Compiled(survey).clean_all({}).is_valid
    survey, _ = made(name, is_required=True)
    assert not Compiled(survey).clean_all({}).is_valid
    assert not Compiled(survey).clean_form_page(0, {}).is_valid


@pytest.mark.parametrize("name", ALL)
def test_hostile_values_are_refused_or_read_never_raised(name):
    survey, question = made(name)
    compiled = Compiled(survey)
    for value in HOSTILE:
        for key in {"q", *(atom.key for atom in kinds.atoms(question))}:
            found = compiled.clean_all({key: value})
            json.dumps(answers.all_to_json(found.answers), allow_nan=False).encode()
            typed = value if isinstance(value, str) else repr(value)
            again = compiled.clean_form_page(0, {key: [typed, typed]})
            json.dumps(answers.all_to_json(again.answers), allow_nan=False).encode()


@pytest.mark.parametrize("name", ALL)
def test_scores_are_those_its_atoms_declare(name):
    survey, question = made(name)
    found = Compiled(survey).clean_all(answered(question)).answers
    scores = scoring.score(survey, found)
    declared = [
        (metric, atom.key) for atom in kinds.atoms(question) for metric in kinds.metrics(atom)
    ]
    assert [(each.metric, each.question_key) for each in scores] == declared


@pytest.mark.parametrize("name", ALL)
def test_every_answer_has_its_columns(name):
    survey, question = made(name)
    found = Compiled(survey).clean_all(answered(question)).answers
    columns = kinds.columns(question)
    assert len({column.name for column in columns}) == len(columns)
    assert {column.key for column in columns} >= set(found)
    for key, answer in found.items():
        cells = [column.value(answer) for column in columns if column.key == key]
        assert any(cell is not None for cell in cells)
    assert all(column.value(None) is None for column in columns)


@pytest.mark.parametrize("name", ALL)
def test_every_text_is_translated(name):
    survey, _ = made(name, help="Some help.", settings=example(name).get("settings", {}))
    mine = texts(survey)
    assert {"title", "q.text", "q.help"} <= set(mine)
    for part in ("choices", "rows", "parts"):
        for each in example(name).get(part, ()):
            assert any(place.startswith(f"q.{part}.{each['key']}") for place in mine)
    taken = take(survey, Translated("de", {place: f"{text}!" for place, text in mine.items()}, {}))
    assert untranslated(taken.definition, "de") == ()
    german = texts(localized(taken.definition, "de"))
    assert german == {place: f"{text}!" for place, text in mine.items()}


@pytest.mark.parametrize("name", ALL)
def test_the_definition_survives_every_way_of_writing_it(name):
    survey, _ = made(name)
    assert definition.load(definition.dump(survey)) == survey
    assert definition.load_yaml(definition.dump_yaml(survey)) == survey
    assert definition.from_json(definition.to_json(survey)) == survey
    assert name in json.dumps(schema())
