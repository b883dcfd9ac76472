"""Comments are cut into sentences and short pieces, and nothing is lost or torn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.sentiment import PIECE_LENGTH, pieces

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
RAINBOW = "\U0001f3f3\ufe0f\u200d\U0001f308"
THUMB = "\U0001f44d\U0001f3fd"
FLAG = "\U0001f1e9\U0001f1ea"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("One", ["One"]),
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ('He said "no." Then he left', ['He said "no."', "Then he left"]),
        ("It cost 3.50 euros.Really", ["It cost 3.50 euros.Really"]),
        ("Dr. Weiss was kind. Thanks", ["Dr. Weiss was kind.", "Thanks"]),
        ("Late, e.g. two hours", ["Late, e.g. two hours"]),
        ("wrapped\nline. Next", ["wrapped line.", "Next"]),
        ("first\n\nsecond", ["first", "second"]),
        ("- good\n- bad", ["- good", "- bad"]),
        ("Wait... what?!", ["Wait...", "what?!"]),
        ("好。很好。", ["好。很好。"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert list(pieces(text)) == expected


def test_a_long_sentence_is_cut_between_words() -> None:
    words = ["word"] * 200
    found = list(pieces(" ".join(words)))
    assert [len(piece) for piece in found] == [249, 249, 249, 249]
    assert " ".join(found).split() == words


def test_a_word_of_exactly_a_piece_stays_whole() -> None:
    assert list(pieces("a" * PIECE_LENGTH)) == ["a" * PIECE_LENGTH]
    assert [len(piece) for piece in pieces("a" * (PIECE_LENGTH + 1))] == [PIECE_LENGTH, 1]


@pytest.mark.parametrize("cluster", [FAMILY, RAINBOW, THUMB, FLAG, "e\u0301", "\u2764\ufe0f", "हि"])
@pytest.mark.parametrize("shift", range(4))
def test_what_is_read_as_one_stays_whole(cluster: str, shift: int) -> None:
    found = list(pieces("a" * shift + cluster * 300))
    assert len(found) > 1
    for piece in found:
        assert piece.lstrip("a") == cluster * piece.count(cluster)


def test_a_cluster_without_end_is_cut_all_the_same() -> None:
    found = list(pieces("a" + "\u0301" * 1000))
    assert max(map(len, found)) == PIECE_LENGTH
    assert sum(map(len, found)) == 1001


PARTS = ["good", "bad.", "a" * 260, FAMILY * 40, "!", '"yes."', "é", FLAG * 130, "x" * 250, "-"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(PARTS) | st.text(max_size=30), st.sampled_from([" ", "\n", "", "\n\n"])
        ),
        max_size=40,
    )
)
def test_nothing_is_lost_and_no_piece_is_too_long(parts: list[tuple[str, str]]) -> None:
    text = "".join(part + space for part, space in parts)
    found = list(pieces(text))
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(0 < len(piece) <= PIECE_LENGTH for piece in found)
