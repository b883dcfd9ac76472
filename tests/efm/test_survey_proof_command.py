"""`efm surveys prove|walk|schema`, and that a survey with errors is not published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from efm import clock
from efm.__main__ import main
from efm.errors import Invalid
from efm.feedback import authoring
from surveys import definition
from tests.factories import House

GOOD = """
title: Quick
language: en
thank_you: Bye
privacy: We keep your answers for a year.
pages:
  - questions:
      - {key: nps, kind: nps, text: How likely are you to recommend us?, is_required: true}
  - questions:
      - {key: why, kind: long_text, text: What made you say so?, show_if: nps <= 6}
"""
BAD = GOOD.replace("nps <= 6", "nps > 10")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["surveys", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_prove_lists_findings_and_says_no_to_errors(
    good: Path, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = told(capsys, "prove", good)
    assert code == 0
    assert out.splitlines()[-1].startswith("0 errors, 0 warnings")
    code, out, _ = told(capsys, "prove", bad)
    assert code == 1
    assert "contradiction" in out
    assert "pages[1].questions[0].show_if (why): No answers can meet this condition" in out


def test_prove_as_json(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "prove", bad, "--json", "--no-review")
    found = json.loads(out)
    assert code == 1
    assert found["counts"] == {"error": 1, "warning": 0, "note": 0}
    assert found["findings"][0] | {"message": ""} == {
        "level": "error",
        "code": "contradiction",
        "path": "pages[1].questions[0].show_if",
        "question": "why",
        "message": "",
    }


def test_walk_says_who_meets_what(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "walk", good, "--n", "200", "--seed", "3")
    assert code == 0
    assert "200 made-up respondents, seed 3" in out
    code, out, _ = told(capsys, "walk", good, "--n", "200", "--seed", "3", "--json")
    found: dict[str, Any] = json.loads(out)
    assert code == 0
    why = found["questions"][1]
    assert why["key"] == "why"
    assert why["share"]["low"] < 7 / 11 < why["share"]["high"]
    assert found["endings"] == {"": 200}
    assert found["dead_ends"] == found["never_reached"] == found["disagreements"] == []


def test_a_page_nobody_can_leave_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stuck.yaml"
    check = 'checks: [{valid_if: "nps > 10", message: Never}]'
    path.write_text(GOOD.replace("is_required: true", f"is_required: true, {check}"))
    code, _, err = told(capsys, "walk", path, "--n", "5")
    assert code == 1
    assert "could not leave the page page_1: nps (check)" in err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "schema")
    assert code == 0
    Draft202012Validator.check_schema(json.loads(out))


@pytest.mark.parametrize(
    ("content", "words"),
    [("title: [", "survey"), ("", "empty"), ("title: T\npages: []\n", "problems")],
)
def test_what_is_no_survey_is_refused_in_a_sentence(
    content: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    for command in ("prove", "walk"):
        code, out, err = told(capsys, command, path)
        assert (code, out) == (1, "")
        assert words in err
        assert "Traceback" not in err


def test_a_survey_with_errors_is_not_published(house: House) -> None:
    now = clock.now()
    with house.unit() as session:
        survey = authoring.create(session, definition.load_yaml(BAD), now)
        with pytest.raises(Invalid) as refused:
            authoring.publish(session, survey.id, now)
        assert list(refused.value.problems) == ["pages[1].questions[0].show_if"]
        assert survey.state == "draft"
        mended = authoring.create(session, definition.load_yaml(GOOD), now)
        assert authoring.publish(session, mended.id, now).number == 1
