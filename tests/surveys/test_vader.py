"""vader(text) gives the numbers of vaderSentiment 3.3.2, for every string, in linear time."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

from surveys.sentiment import Valence, vader
from surveys.sentiment.vader import _contrast, _contrast_many

TRUTH = Path(__file__).parents[3] / "shared" / "data" / "text"
REFERENCE = SentimentIntensityAnalyzer()


def reference(text: str) -> Valence:
    return Valence(**REFERENCE.polarity_scores(text))


def same(text: str) -> None:
    assert vader(text) == reference(text), repr(text)


# --- texts that meet every rule -------------------------------------------------------------------

LEXICON = sorted(REFERENCE.lexicon)
COMMON = ["good", "great", "bad", "love", "hate", "terrible", "happy", "worst", "thanks", "no"]
PLAIN = [
    "the",
    "a",
    "service",
    "table",
    "and",
    "is",
    "was",
    "of",
    "at",
    "very",
    "or",
    "an",
    "we",
    "they",
    "desk",
    "it",
    "to",
    "for",
    "in",
    "right",
    "bus",
]
TURNS = ["but", "But", "BUT", "but,", "least", "at least", "very least", "LEAST", "Least"]
PAIRS = [
    "without doubt", "without a doubt", "never so", "never this", "never so this", "so", "this",
    "no", "No", "NO", "no or", "no nor", "or", "nor", "no good no",
    "no good or",
    "no table or",
    "no desk nor", "kind of", "sort of", "Kind",
    "just enough", "kind", "of", "KIND OF", "can't stand", "fed up", "n't", "don't.", "shouldN'T",
    "isn’t", "uh-uh", "cannot", "doubt", "without",
]  # fmt: skip
FACES = [":)", ":-(", ":D", ":P", "<3", "XD", "(:", ";)", ":'(", "^^", ":/", "xd", "D:", "o.O"]
EMOJI = [
    "😀", "😡", "❤", "❤️", "☹️", "👨‍👩‍👧‍👦", "👍🏽", "💔", "🔛", "🆙", "™", "©", "🏳️‍🌈", "😂😂", "😍😭", "‼", "🈂", "⁉️",
]  # fmt: skip
ODD = [
    "", "\ud800", "İyi", "İ", "ſo", "GOO\u212a", "Kind", "ΟΔΟΣ.", "straße", "STRASSE", "123", "10/10",
    "...", "!!", "?", "-", "good-bye", "'good'", "no!", "\u200d", "\ufe0f", "ok", "ﬁne", "\x1c", "é",
]  # fmt: skip
SPACES = [" "] * 24 + ["  ", "\t", "\n", "\u00a0", "\u3000", "", "\u200b", "\x1f", "\u2028"]
MARKS = [""] * 20 + [".", ",", "!", "?", "!!!", "!!!!!", "??", "???", "????", "...", "'", '"', "*"]
POOLS = [COMMON, COMMON, LEXICON, LEXICON, PLAIN, PLAIN, PLAIN, sorted(BOOSTER_DICT),
         sorted(BOOSTER_DICT), sorted(NEGATE), sorted(SPECIAL_CASES), TURNS, PAIRS, PAIRS, FACES,
         EMOJI, ODD]  # fmt: skip
CASES: list[Callable[[str], str]] = [str, str, str, str, str, str.upper, str.title, str.swapcase]


def fuzz(seed: int, count: int) -> Iterator[str]:
    """Texts of 0 to 30 parts; one in ten is all capitals, one in ten repeats few words."""
    chance = random.Random(seed)
    for _ in range(count):
        pools = POOLS if chance.random() > 0.1 else [COMMON[:2], TURNS, PAIRS[:6]]
        parts = []
        for _ in range(int(chance.random() ** 2 * 30)):
            part = chance.choice(chance.choice(pools))
            parts += [
                chance.choice(MARKS) if chance.random() < 0.2 else "",
                chance.choice(CASES)(part),
                chance.choice(MARKS),
                chance.choice(SPACES),
            ]
        text = "".join(parts)
        yield text.upper() if chance.random() < 0.1 else text


@pytest.fixture(scope="module")
def fuzzed() -> list[str]:
    return list(fuzz(seed=11, count=20_000))


def test_twenty_thousand_fuzzed_texts_score_the_same(fuzzed: list[str]) -> None:
    for text in fuzzed:
        same(text)


@pytest.mark.full
def test_a_hundred_thousand_more_fuzzed_texts_score_the_same() -> None:
    for text in fuzz(seed=20_261, count=100_000):
        same(text)


def test_fuzzed_texts_meet_the_rules(fuzzed: list[str]) -> None:
    """The grammar is worth something only if its texts do reach negations, idioms and turns."""
    lower = [text.lower() for text in fuzzed]
    for phrase in (
        "without doubt",
        "never so",
        "kind of",
        "to die for",
        "at least",
        "no or",
        "but",
    ):
        assert sum(phrase in text for text in lower) > 100, phrase
    assert len({vader(text).compound for text in fuzzed}) > 5_000
    assert "" in fuzzed


@pytest.mark.parametrize("file", ["tweets_GroundTruth.txt", "amazonReviewSnippets_GroundTruth.txt"])
def test_real_texts_score_the_same(file: str) -> None:
    path = TRUTH / file
    if not path.exists():
        pytest.skip("../shared/data is not here; the fuzzed texts above stand in for real ones")
    lines = path.read_text(encoding="utf-8").splitlines()
    texts = [line.split("\t")[2] for line in lines]
    assert len(texts) > 3_000
    for text in texts:
        same(text)
    for start in range(0, len(texts), 7):
        same(" ".join(texts[start : start + 7]))


# --- single rules ---------------------------------------------------------------------------------


def test_every_emoji_is_read_the_same() -> None:
    for emoji in REFERENCE.emojis:
        for text in (emoji, f"a{emoji}b", f" {emoji} good", f"{emoji}{emoji}", f"good\t{emoji}!"):
            same(text)


def test_every_word_is_read_the_same() -> None:
    for word in [*LEXICON, *BOOSTER_DICT, *NEGATE, *SPECIAL_CASES]:
        for text in (word, f"The {word.upper()} one!", f"not {word} good", f"a b c {word} great d"):
            same(text)


def test_a_short_word_keeps_its_punctuation_as_an_emoticon_would() -> None:
    assert vader("no").compound < 0
    assert vader("no!") == Valence(0.0, 1.0, 0.0, 0.0)


def test_nothing_has_no_shares_and_plain_words_are_neutral() -> None:
    assert vader("") == Valence(0.0, 0.0, 0.0, 0.0)
    assert vader(" \n\u3000") == Valence(0.0, 0.0, 0.0, 0.0)
    assert vader("the table") == Valence(0.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize("text", [None, 3, b"good", ["good"]])
def test_anything_but_text_is_refused(text: object) -> None:
    with pytest.raises((TypeError, AttributeError)):
        vader(text)  # type: ignore[arg-type]


def test_the_turn_on_long_texts_takes_the_same_places() -> None:
    chance = random.Random(5)
    for _ in range(2_000):
        size = chance.randrange(0, 30)
        values = [chance.choice([1.9, 0.95, 0.475, -1.9, 2.85, 0.0, -0.95]) for _ in range(size)]
        turn = chance.randrange(0, size + 1)
        short, long = values.copy(), values.copy()
        _contrast(short, turn)
        _contrast_many(long, turn)
        assert short == long


def test_long_texts_with_a_turn_score_the_same() -> None:
    chance = random.Random(6)
    for turn in (0, 100, 399):
        words = chance.choices([*COMMON, "very", "not"], k=400)
        words[turn] = "but"
        same(" ".join(words))


# --- time and memory ------------------------------------------------------------------------------

HOSTILE = [
    "good but ", "least no never without doubt ", "😀", "GOOD ", "to die for ", "x! ", "not ", "kind ",
    "👨‍👩‍👧‍👦", "no good ", "\u3000", "a" * 50, "don't ", "BAD so ",
]  # fmt: skip


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hundred_thousand_repetitions_come_back(unit: str) -> None:
    """A fraction of a second where time grows with length; minutes if any rule is quadratic."""
    assert -1.0 <= vader(unit * 100_000).compound <= 1.0


def test_what_is_remembered_is_bounded() -> None:
    from surveys.sentiment.words import recall

    memory = recall.__self__
    for number in range(40_000):
        vader(f"word{number} good")
    vader("q" * 5_000)
    assert len(memory) <= 16_384
    assert all(len(token) <= 40 for token in memory)
    same("word7 is good")


def test_the_original_is_never_loaded() -> None:
    """Its module imports requests at once; a web process should not pay for that."""
    code = (
        "import sys; from surveys.sentiment import vader; vader('good 😀'); "
        "print([m for m in ('vaderSentiment', 'requests', 'numpy', 'flask') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
