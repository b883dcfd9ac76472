"""The JSON Schema of a definition: it takes what is read, and refuses what reading refuses."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from surveys import kinds, library
from surveys.definition import dump, load
from surveys.errors import DefinitionError
from surveys.schema import schema
from tests.surveys.drawn_surveys import documents, few
from tests.surveys.logical_surveys import survey

VALIDATOR = Draft202012Validator(schema())

SMALL: dict[str, Any] = {
    "title": "Small",
    "language": "en",
    "endings": [{"key": "out", "text": "Bye", "redirect": "https://example.org/x"}],
    "quotas": [{"key": "q", "limit": 3}],
    "data": [{"key": "tier", "source": "link"}],
    "blocks": [{"key": "b"}],
    "pages": [
        {
            "block": "b",
            "skips": [{"to": "end", "when": "nps > 6"}],
            "questions": [
                {"key": "nps", "kind": "nps", "text": "How likely?"},
                {
                    "key": "why",
                    "kind": "multiple_choice",
                    "text": "Why?",
                    "choices": [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}],
                    "settings": {"maximum": 2},
                    "checks": [{"valid_if": "nps > 1", "message": "No"}],
                },
                {
                    "key": "grid",
                    "kind": "grid",
                    "text": "Each",
                    "rows": [{"key": "r", "label": "R"}],
                    "parts": [{"key": "n", "kind": "number", "text": "N"}],
                },
            ],
        }
    ],
}


def refused_by_schema(document: object) -> bool:
    return not VALIDATOR.is_valid(document)


def refused_by_load(document: object) -> bool:
    try:
        load(document)
    except DefinitionError:
        return True
    return False


def test_it_is_a_schema_of_its_draft():
    Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()
    assert schema() == schema()
    assert {f"settings_{name}" for name in kinds.names()} <= set(schema()["$defs"])


@pytest.mark.parametrize("name", library.names())
def test_every_template_fits(name):
    VALIDATOR.validate(dump(library.template(name)))


@few
@given(documents())
def test_what_is_drawn_fits_before_and_after_it_was_read(document):
    VALIDATOR.validate(document)
    VALIDATOR.validate(dump(load(document)))


@pytest.mark.parametrize("seed", range(10))
def test_surveys_with_logic_fit(seed):
    VALIDATOR.validate(dump(survey(seed, randomized=seed % 2 == 0)))


def mutated(*path: Any, value: Any = ...) -> dict[str, Any]:
    """SMALL with one part replaced, or taken away."""
    document = deepcopy(SMALL)
    inside: Any = document
    for step in path[:-1]:
        inside = inside[step]
    if value is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return document


Q = ("pages", 0, "questions")
MUTATIONS = [
    mutated("title"),
    mutated("title", value=""),
    mutated("title", value=7),
    mutated("title", value="x" * 601),
    mutated("language"),
    mutated("language", value="English"),
    mutated("pages", value=[]),
    mutated("pages", value=[{"title": "empty"}]),
    mutated("pages", value="none"),
    mutated("colour", value="red"),
    mutated("theme", value={"brand": "red"}),
    mutated("theme", value={"shadow": "deep"}),
    mutated("anonymous", value="yes"),
    mutated("blocks", 0, "key", value="Ä"),
    mutated("blocks", 0, "page_order", value="sideways"),
    mutated("data", 0, "source", value="moon"),
    mutated("endings", 0, "redirect", value="javascript:alert(1)"),
    mutated("endings", 0, "key", value="end"),
    mutated("quotas", 0, "limit"),
    mutated("quotas", 0, "limit", value=-1),
    mutated("quotas", 0, "limit", value=1.5),
    mutated("quotas", 0, "action", value="explode"),
    mutated("translations", value={"English": {}}),
    mutated("translations", value={"de": {"title": 5}}),
    mutated("pages", 0, "skips", 0, "to"),
    mutated("pages", 0, "questions", value={}),
    mutated(*Q, 0, "key"),
    mutated(*Q, 0, "key", value="has space"),
    mutated(*Q, 0, "kind", value="telepathy"),
    mutated(*Q, 0, "kind"),
    mutated(*Q, 0, "text"),
    mutated(*Q, 0, "is_required", value=1),
    mutated(*Q, 0, "choices", value=[{"key": "a", "label": "A"}]),
    mutated(*Q, 0, "rows", value=[{"key": "a", "label": "A"}]),
    mutated(*Q, 0, "settings", value={"points": 5}),
    mutated(*Q, 0, "parts", value=[{"key": "n", "kind": "number", "text": "N"}]),
    mutated(*Q, 1, "choices"),
    mutated(*Q, 1, "choices", value=[]),
    mutated(*Q, 1, "choices", 0, "label"),
    mutated(*Q, 1, "choices", 0, "value", value="many"),
    mutated(*Q, 1, "choices", 0, "missing", value="perhaps"),
    mutated(*Q, 1, "choice_order", value="by size"),
    mutated(*Q, 1, "settings", value={"maximum": 0}),
    mutated(*Q, 1, "settings", value={"maximum": "two"}),
    mutated(*Q, 1, "settings", value={"minimum": 1.5}),
    mutated(*Q, 1, "checks", 0, "valid_if"),
    mutated(*Q, 1, "checks", 0, "valid_if", value=None),
    mutated(*Q, 2, "rows"),
    mutated(*Q, 2, "parts"),
    mutated(*Q, 2, "parts", 0, "kind", value="telepathy"),
    mutated(*Q, 2, "parts", 0, "parts", value=[{"key": "x", "kind": "number", "text": "x"}]),
    mutated(*Q, 1, "choices_from", value={"which": "chosen"}),
    mutated(*Q, 0, "show_if", value=object),
]


def test_the_small_one_is_fine_unchanged():
    assert not refused_by_load(SMALL)
    assert not refused_by_schema(SMALL)


@pytest.mark.parametrize("document", MUTATIONS, ids=range(len(MUTATIONS)))
def test_what_reading_refuses_in_form_the_schema_refuses_too(document):
    assert refused_by_load(document)
    assert refused_by_schema(document)


@pytest.mark.parametrize(
    "document",
    [
        mutated(*Q, 1, "settings", value=None),
        mutated(*Q, 0, "is_required", value=None),
        mutated(*Q, 1, "choice_order", value="random"),
        mutated("quotas", value=None),
        mutated(*Q, 0, "show_if", value={"==": [1, 1]}),
        mutated("endings", 0, "redirect", value=""),
    ],
)
def test_what_reading_takes_the_schema_takes_too(document):
    assert not refused_by_load(document)
    assert not refused_by_schema(document)
