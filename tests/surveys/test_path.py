"""The way through a survey."""

from __future__ import annotations

import pytest

from surveys import path
from surveys.answers import clean_json
from surveys.definition import load


def question(key: str, **parts: object) -> dict[str, object]:
    return {"key": key, "kind": "nps", "text": "?", **parts}


THREE = load(
    {
        "title": "T",
        "language": "en",
        "pages": [
            {"questions": [question("a", is_required=True)]},
            {"questions": [question("b"), question("s", kind="statement")]},
            {"questions": [question("c", is_required=True), question("d")]},
        ],
    }
)


def answered(*keys: str):
    return clean_json(THREE, dict.fromkeys(keys, 9), partial=True).answers


def test_pages_follow_one_another():
    assert [path.next_page(THREE, index) for index in range(3)] == [1, 2, None]
    assert [path.previous_page(THREE, index) for index in range(3)] == [None, 0, 1]


def test_progress_counts_as_people_do():
    assert path.progress(THREE, 1) == path.Progress(2, 3)
    assert path.progress(THREE, 0).share == 0
    assert path.progress(THREE, 2).share == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("keys", "missing", "resume"),
    [
        ((), 0, 0),
        (("a",), 2, 1),
        (("b",), 0, 0),
        (("a", "b"), 2, 2),
        (("a", "d"), 2, 2),
        (("a", "c"), None, 2),
        (("a", "b", "c", "d"), None, 2),
    ],
)
def test_a_person_comes_back_to_where_something_is_missing(keys, missing, resume):
    assert path.first_missing(THREE, answered(*keys)) == missing
    assert path.resume_page(THREE, answered(*keys)) == resume


def test_the_page_of_a_question_is_found():
    assert path.page_of(THREE, "d") == 2
    assert path.page_of(THREE, "x") is None
