"""The public JsonLogic suite: every case gives what JsonLogic says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surveys.expressions import compile_expression

CASES = [
    case
    for case in json.loads((Path(__file__).parent / "jsonlogic" / "tests.json").read_text())
    if not isinstance(case, str)
]


def test_the_suite_is_whole():
    assert len(CASES) == 275


@pytest.mark.parametrize(("logic", "data", "expected"), CASES)
def test_public_case(logic, data, expected):
    given = compile_expression(logic).evaluate(data)
    assert given == expected
    # 1 == True to Python, never to JSON.
    assert json.dumps(given) == json.dumps(expected)
