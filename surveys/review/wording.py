"""The wording of questions: two in one, leading, loaded, absolute, negated, hard to read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveys import kinds
from surveys.parts import Definition, Question
from surveys.proof.findings import Finding, few, note, warning
from surveys.review import reading, vocabulary
from surveys.review.vocabulary import Vocabulary

MOST_WORDS = 40
_RATING_ARRAYS = frozenset({"matrix_rating", "semantic_differential"})
_PIPE = re.compile(r"\{\{[^{}]*\}\}")


def wording(definition: Definition) -> Iterator[Finding]:
    """Findings on the wording; in a language without word lists only lengths are judged."""
    words = vocabulary.of(definition.language)
    for i, page in enumerate(definition.pages):
        for j, question in enumerate(page.questions):
            if not kinds.kind(question.kind).is_asked:
                continue
            path = f"pages[{i}].questions[{j}].text"
            yield from _long(path, question)
            if words is not None and question.kind != "statement":
                yield from _phrased(path, question, words)
    yield from _readable(definition)
    if words is None:
        yield note(
            "wording_not_judged", "language",
            f"Wording is judged in English, German, French and Spanish, not in {definition.language}.",
        )  # fmt: skip


def _long(path: str, question: Question) -> Iterator[Finding]:
    count = len(question.text.split())
    if count > MOST_WORDS and question.kind not in ("statement", "consent"):
        yield note(
            "long_question", path, f"It has {count} words. Aim for {MOST_WORDS} at most; the rest may go "
            "to the help text.", question.key,
        )  # fmt: skip


def _phrased(path: str, question: Question, words: Vocabulary) -> Iterator[Finding]:
    text = _PIPE.sub(" ", question.text)
    key = question.key
    if is_rating(question):
        yield from _double(path, text, key, words)
        for k, row in enumerate(question.rows):
            if question.kind != "semantic_differential":
                yield from _double(
                    path.replace(".text", f".rows[{k}].label"), row.label, key, words
                )
    if found := words.found("leading", text):
        yield warning(
            "leading", path, f"“{found[0]}” tells people what to answer. Ask without it.", key
        )
    if found := words.found("loaded", text):
        yield warning("loaded", path, f"“{found[0]}” is no neutral word. Choose a plain one.", key)
    if (found := words.found("absolute", text)) and kinds.kind(question.kind).answer != "text":
        yield note(
            "absolute", path, f"“{found[0]}” leaves no room between; few can agree with that. Ask how "
            "often or how much.", key,
        )  # fmt: skip
    yield from _negated(path, question, text, words)


def _negated(path: str, question: Question, text: str, words: Vocabulary) -> Iterator[Finding]:
    found = words.found("negation", words.without("joined_well", text))
    if len(found) >= 2:
        yield warning(
            "double_negation", path,
            f"It denies twice ({few(found)}), which is easily read the wrong way round. Say it plainly.",
            question.key,
        )  # fmt: skip
    elif found and question.kind in ("likert", "yes_no"):
        yield note(
            "negation", path,
            f"To disagree with “{found[0]}” is a double negation. Turn the sentence round.", question.key,
        )  # fmt: skip


def is_rating(question: Question) -> bool:
    """Whether one point or number answers the whole question, or each of its rows."""
    return bool(kinds.points(question)) or question.kind in _RATING_ARRAYS


def _double(path: str, text: str, key: str, words: Vocabulary) -> Iterator[Finding]:
    """Two things asked about at once: words of content on both sides of an "and" in the question."""
    last = _last_sentence(words.without("joined_well", text))
    joining = "|".join(re.escape(each) for each in words.joining)
    pair = re.compile(
        rf"([^\W\d_]{{3,}}) (?:{joining}) (?:[^\W\d_]{{1,4}} )?([^\W\d_]{{4,}})", re.IGNORECASE
    )
    found = pair.search(last)
    if found is not None and not _is_one(found[1], found[2], words):
        yield warning(
            "double_barrelled", path,
            f"It asks about two things at once (“{found[0]}”), and one answer cannot tell which is meant. "
            "Ask two questions.", key,
        )  # fmt: skip


def _is_one(first: str, second: str, words: Vocabulary) -> bool:
    """Two poles of one scale, or the same word twice."""
    return words.pole(first) * words.pole(second) < 0 or first.casefold() == second.casefold()


def _last_sentence(text: str) -> str:
    """What is asked; sentences before it only set the scene."""
    parts = [part for part in re.split(r"(?<=[.!?:])\s+", text.strip()) if part]
    return parts[-1] if parts else ""


def _readable(definition: Definition) -> Iterator[Finding]:
    texts = [definition.introduction, definition.thank_you]
    for page in definition.pages:
        texts.append(page.description)
        texts += [text for each in page.questions for text in (each.text, each.help)]
    found = reading.level([_PIPE.sub("it", text) for text in texts if text], definition.language)
    if found is None:
        return
    words = f"{found.words} words in {found.sentences} sentences, {found.formula}"
    if found.years > reading.HARD:
        yield warning(
            "hard_to_read", "",
            f"It asks for about {found.years:g} years of school ({words}). Use shorter sentences and "
            "shorter words.",
        )  # fmt: skip
    else:
        yield note(
            "reading_level", "", f"It asks for about {found.years:g} years of school ({words})."
        )
