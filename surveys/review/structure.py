"""How a survey is put together: its length, its load on people and phones, what it asks first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from surveys import kinds
from surveys.definition import minutes
from surveys.parts import Definition, Question
from surveys.proof.findings import Finding, few, note, warning
from surveys.proof.privacy import PERSONAL_KINDS
from surveys.respondents import simulate
from surveys.review import vocabulary
from surveys.review.vocabulary import Vocabulary

LONG_MINUTES, VERY_LONG_MINUTES = 10, 20
MOST_ROWS, MOST_COLUMNS = 7, 5
MOST_COMMENTS = 4
ENOUGH_CHOICES = 5
_MATRICES = frozenset(
    {"matrix_single", "matrix_multiple", "matrix_rating", "matrix_dropdown", "grid"}
)


class Length(NamedTuple):
    """Minutes for all questions, and for the shortest, the middle and the longest of some walks."""

    minutes: int
    shortest: float
    typical: float
    longest: float


def length(definition: Definition, walks: int = 60, seed: int = 1) -> Length:
    """How long a survey takes. Long surveys are walked less often: their walks vary little."""
    bounded = max(3, min(walks, 2000 // max(1, len(definition.questions))))
    found = simulate(definition, bounded, seed).minutes
    return Length(minutes(definition), found.least, found.middle, found.most)


def structure(definition: Definition) -> Iterator[Finding]:
    """Findings on the survey as a whole, and on the load of single questions."""
    yield from _length(definition)
    comments = []
    for i, page in enumerate(definition.pages):
        for j, question in enumerate(page.questions):
            path = f"pages[{i}].questions[{j}]"
            if question.kind == "long_text":
                comments.append(question.key)
            yield from _matrix(path, question)
            yield from _offered(path, question, vocabulary.of(definition.language))
            yield from _shown(f"{path}.settings", question)
            yield from _heard(f"{path}.settings", question, definition)
    if len(comments) > MOST_COMMENTS:
        yield warning(
            "many_comments", "",
            f"It asks for {len(comments)} comments ({few(comments)}), which tires people and leaves them "
            "short. Keep those you will read.",
        )  # fmt: skip
    yield from _first(definition)
    yield from _privacy(definition)


def _length(definition: Definition) -> Iterator[Finding]:
    found = length(definition)
    ways = ""
    if found.longest - found.shortest >= 1:
        ways = (
            f" By the way taken it is {found.shortest:.0f} to {found.longest:.0f}, "
            f"typically {found.typical:.0f}."
        )
    unit = "minute" if found.minutes == 1 else "minutes"
    words = f"It takes about {found.minutes} {unit} if everything is asked.{ways}"
    if found.typical > VERY_LONG_MINUTES:
        yield warning("too_long", "", f"{words} Hardly anybody stays that long; divide it.")
    elif found.typical > LONG_MINUTES:
        yield warning(
            "long", "", f"{words} Many leave after {LONG_MINUTES}; leave out what you can."
        )
    else:
        yield note("length", "", words)


def _matrix(path: str, question: Question) -> Iterator[Finding]:
    if question.kind not in _MATRICES:
        return
    rows = len(question.rows)
    columns = len(question.parts or question.choices)
    if rows > MOST_ROWS:
        yield warning(
            "many_rows", f"{path}.rows",
            f"It has {rows} rows, on a phone many screens of the same; people then tick straight down. "
            f"Divide it into blocks of {MOST_ROWS} or fewer.", question.key,
        )  # fmt: skip
    if columns > MOST_COLUMNS and question.kind not in ("matrix_dropdown",):
        yield note(
            "many_columns", path,
            f"It has {columns} columns, more than a phone shows side by side; each row is then folded.",
            question.key,
        )  # fmt: skip


def _offered(path: str, question: Question, words: Vocabulary | None) -> Iterator[Finding]:
    if (
        question.kind not in ("single_choice", "multiple_choice", "dropdown")
        or question.choices_from
    ):
        return
    if len(question.choices) < ENOUGH_CHOICES:
        return
    if any(each.takes_text or each.is_exclusive or each.missing for each in question.choices):
        return
    if any(each.key.startswith(("other", "none")) for each in question.choices):
        return
    if words is not None and any(words.found("other", each.label) for each in question.choices):
        return
    yield note(
        "no_way_out", f"{path}.choices",
        f"None of its {len(question.choices)} choices is “other” or “none of these”. Who finds nothing "
        "fitting chooses anything; add one unless the list is complete.", question.key,
    )  # fmt: skip


def _shown(path: str, question: Question) -> Iterator[Finding]:
    """What people who do not see or hear a picture or a video are left without (WCAG 2.2, 1.1.1, 1.2)."""
    if question.settings.get("video") and not question.settings.get("video_text"):
        yield warning(
            "no_video_text", f"{path}.video_text",
            "Its video is not told in words, so who cannot watch or hear it misses it. Write down what "
            "is said and shown.", question.key,
        )  # fmt: skip
    if question.settings.get("video") and not question.settings.get("captions"):
        yield note(
            "no_captions", f"{path}.captions",
            "Its video has no captions. Bring in a WebVTT file if anybody speaks in it.", question.key,
        )  # fmt: skip
    if question.settings.get("image") and not question.settings.get("image_text"):
        yield note(
            "no_picture_text", f"{path}.image_text",
            "Its picture is not told in words. Leave it so only if it shows nothing that matters.",
            question.key,
        )  # fmt: skip


def _heard(path: str, question: Question, definition: Definition) -> Iterator[Finding]:
    """Languages of the survey that a video has no captions in, though it has some."""
    if not question.settings.get("captions"):
        return
    place = f"{question.key}.captions"
    without = [
        each for each in definition.languages[1:] if place not in definition.translations[each]
    ]
    if without:
        yield note(
            "no_captions", f"{path}.captions",
            f"Its captions are not there in {', '.join(without)}. Bring them in on the page of the "
            "language.", question.key,
        )  # fmt: skip


def _first(definition: Definition) -> Iterator[Finding]:
    """Sensitive questions that come before anything else."""
    words = vocabulary.of(definition.language)
    asked = [
        (f"pages[{i}].questions[{j}]", question)
        for i, page in enumerate(definition.pages)
        for j, question in enumerate(page.questions)
        if question.kind not in ("statement", "calculated", "hidden", "consent")
    ]
    if len(asked) < 3:
        return
    for path, question in asked[:1]:
        named = [] if words is None else words.found("sensitive", question.text)
        if named or question.kind in PERSONAL_KINDS:
            what = f"“{named[0]}”" if named else kinds.kind(question.kind).title.lower()
            yield warning(
                "sensitive_first", path,
                f"It begins with {what}, before people know what it is about. Ask it at the end.",
                question.key,
            )  # fmt: skip


def _privacy(definition: Definition) -> Iterator[Finding]:
    personal = [each.key for each in definition.questions if each.kind in PERSONAL_KINDS]
    if personal and not definition.anonymous:
        yield note(
            "personal_data", "",
            f"It collects personal data ({few(personal)}). Ask only for what you need, and say for how "
            "long it is kept.",
        )  # fmt: skip
    if not definition.privacy:
        make = warning if personal or not definition.anonymous else note
        yield make(
            "no_privacy_text", "privacy",
            "It does not say what happens to the answers. Write two plain sentences under privacy.",
        )  # fmt: skip
        return
    words = vocabulary.of(definition.language)
    found = [] if words is None else words.found("jargon", definition.privacy)
    if found:
        yield note(
            "privacy_jargon", "privacy",
            f"“{found[0]}” is lawyers' language. Say it so that everybody understands.",
        )  # fmt: skip
