"""Text from outside: one normal form, storable, in linear time."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.strings import is_storable, shown, tidy

marks = st.text("\u0344\u0345\u0315\u0316\u0301ae\ufb2c\r\n\0 ", max_size=200)


@given(st.text(st.characters()) | marks)
def test_tidied_text_is_storable_composed_and_stays_so(text):
    tidied = tidy(text)
    assert tidy(tidied) == tidied
    assert is_storable(tidied)
    assert unicodedata.is_normalized("NFC", tidied)
    assert "\r" not in tidied
    assert tidied == tidied.strip()
    tidied.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("plain", "plain"),
        ("  plain\t", "plain"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\tb", "a\tb"),
        ("nul\0 bell\x07 delete\x7f", "nul bell delete"),
        ("half \ud83d pair", "half  pair"),
        ("😀 stays", "😀 stays"),
        ("👩‍💻 stays joined", "👩‍💻 stays joined"),
        ("e\u0301", "é"),
        ("\ufeffmark", "\ufeffmark"),
        ("", ""),
    ],
)
def test_what_becomes_of_it(text, tidied):
    assert tidy(text) == tidied


def test_marks_beyond_thirty_in_a_row_are_dropped():
    # Sorting a run of marks is quadratic in normalising: a page of them would block a worker.
    tidied = tidy("a" + "\u0345\u0315\u0316" * 20_000 + "b")
    assert len(tidied) <= 32
    assert tidied.endswith("b")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("short", "short"),
        ("x" * 100, "x" * 59 + "…"),
        ("a\0\ud800\nb", "a b"),
        (True, "True"),
        (None, "None"),
        (7, "7"),
        pytest.param(10**5000, "a very large number", id="huge"),
        (float("nan"), "nan"),
        ([1], "list"),
        (b"\xff", "bytes"),
    ],
)
def test_a_value_is_shown_short_and_safe(value, words):
    assert shown(value) == words
