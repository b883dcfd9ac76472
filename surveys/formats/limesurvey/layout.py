"""Which of our kinds each LimeSurvey question becomes, and the keys of its rows, columns, choices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from surveys.formats.expressionscript.terms import is_numeric
from surveys.formats.limesurvey.source import Answer, Asked
from surveys.formats.naming import Keys

# "Would you recommend" in the languages surveys are mostly written in.
_RECOMMEND = re.compile(
    r"recommend|empfehl|recommand|recomend|recoman|raccomand|consigl|aanbevel|aanrad|polec|рекоменд"
    r"|rekommend|anbefal|suositt|doporuč|odporúč|ajánl|priporoč|preporuč|推荐|推薦|おすすめ|추천|توصي|tavsiye",
    re.IGNORECASE,
)
_FIXED = {
    "Y": ("Y", "N"),
    "G": ("F", "M"),
    "C": ("Y", "U", "N"),
    "E": ("I", "S", "D"),
}
_WITH_ROWS = frozenset("ABCEFHKQ1:;")
OTHER = "-oth-"
MOST_DROPDOWN = 101


@dataclass(slots=True)
class Layout:
    """A question's place here: its key and kind, and the keys its codes became.

    ``choices`` are the keys of choices by code, ``rows`` and ``columns`` those of subquestions.
    """

    key: str
    kind: str
    choices: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    second: dict[str, str] = field(default_factory=dict)
    comment: str = ""


def layout(asked: Asked, keys: Keys, words: str) -> Layout:
    """The layout of a question; ``words`` is its text in the survey's language."""
    kind = kind_of(asked, words)
    key = keys.key(("question", asked.qid), asked.code, f"q{asked.qid}")
    made = Layout(key, kind)
    if asked.type == "O":
        made.comment = keys.key(("comment", asked.qid), f"{key[:32]}_comment")
    if asked.type in ("L", "!", "O", "F", "H", "R", "1"):
        made.choices = _codes([each.code for each in asked.scale(0)], is_other=asked.is_other)
        made.second = _codes([each.code for each in asked.scale(1)])
    elif asked.type in ("M", "P"):
        made.choices = _codes([each.code for each in asked.rows()], is_other=False)
        if asked.is_other:
            made.choices[OTHER] = _free("other", made.choices)
    elif asked.type in _FIXED:
        made.choices = _codes(list(_FIXED[asked.type]))
    if asked.type == "Y":
        made.choices = {"Y": "yes", "N": "no"}
    if kind == "nps" and asked.type in ("L", "!"):
        made.choices = {each.code: str(place) for place, each in enumerate(asked.scale(0))}
    if asked.type in _WITH_ROWS:
        made.rows = _codes([each.code for each in asked.rows()])
        made.columns = _codes([each.code for each in asked.rows(1)])
    return made


def _codes(codes: Sequence[str], *, is_other: bool = False) -> dict[str, str]:
    # A code that is a key already keeps it, whatever comes before it.
    plain = {code: code for code in codes if re.fullmatch(r"[a-z0-9][a-z0-9_]{0,39}", code)}
    keys = Keys({*plain, *(("other",) if is_other else ())})
    made = {code: plain.get(code) or keys.key(code, code, "c") for code in codes if code}
    if is_other:
        made[OTHER] = _free("other", made)
    return made


def _free(wanted: str, made: dict[str, str]) -> str:
    return wanted if wanted not in made.values() else f"{wanted}_choice"


def kind_of(asked: Asked, words: str) -> str:
    """The kind a question becomes; "raw" where there is none."""
    simple = {
        "X": "statement", "T": "long_text", "U": "long_text", "G": "single_choice", "Y": "yes_no",
        "A": "matrix_rating", "B": "matrix_rating", "C": "matrix_single", "E": "matrix_single",
        "H": "matrix_single", "1": "grid", "!": "dropdown", "O": "single_choice",
        "M": "multiple_choice", "P": "multiple_choice", "R": "ranking", ";": "grid",
        "K": "matrix_number", "I": "calculated", "*": "calculated", "|": "file_upload",
    }  # fmt: skip
    if asked.type in ("L", "N", "!") and is_nps(asked, words):
        return "nps"
    if asked.type == "L":
        return "single_choice"
    if asked.type == "S":
        return "number" if asked.is_on("numbers_only") else "short_text"
    if asked.type == "N":
        return "number"
    if asked.type == "Q":
        return "matrix_number" if asked.is_on("numbers_only") else "matrix_text"
    if asked.type == "F":
        return "matrix_dropdown" if asked.is_on("use_dropdown") else "matrix_single"
    if asked.type == "5":
        return {"1": "stars", "2": "smileys"}.get(asked.attribute("slider_rating"), "scale")
    if asked.type == "D":
        return _date_kind(asked)
    if asked.type == ":":
        return "matrix_multiple" if asked.is_on("multiflexible_checkbox") else "grid"
    return simple.get(asked.type, "raw")


def _date_kind(asked: Asked) -> str:
    """A day, a time of day, or both, as the format of the date says."""
    shape = asked.attribute("date_format").lower()
    if "h" not in shape:
        return "date"
    return "date_time" if "y" in shape or "d" in shape else "time"


def is_nps(asked: Asked, words: str) -> bool:
    """Whether it asks on eleven points from 0 to 10 how likely one recommends."""
    if not _RECOMMEND.search(words) or asked.is_other:
        return False
    if asked.type == "N":
        low = asked.attribute("min_num_value_n") or asked.attribute("min_num_value")
        high = asked.attribute("max_num_value_n") or asked.attribute("max_num_value")
        is_whole = asked.is_on("num_value_int_only")
        return low == "0" and high == "10" and is_whole and not asked.preg
    points = [each.code for each in asked.scale(0)]
    if points == [str(point) for point in range(11)]:
        return True
    return len(points) == 11 and all(
        _begins(each, place) for place, each in enumerate(asked.scale(0))
    )


def _begins(answer: Answer, point: int) -> bool:
    """Whether the words of a choice are the point, or begin with it."""
    return all(
        re.match(rf"\s*{point}(?!\d)", re.sub(r"<[^>]*>", " ", text))
        for text in answer.texts.values()
    ) and bool(answer.texts)


def columns_of_numbers(asked: Asked) -> list[str] | None:
    """The numbers a two-way array of lists offers; None where it has boxes to type in."""
    if asked.is_on("input_boxes"):
        return None
    numbers = {
        name: asked.attribute(f"multiflexible_{name}") or usual
        for name, usual in (("min", "1"), ("max", "10"), ("step", "1"))
    }
    if not all(is_numeric(each) for each in numbers.values()):
        return None
    low, high, step = (float(numbers[each]) for each in ("min", "max", "step"))
    if not asked.attribute("multiflexible_max") and low > high:
        high = low + 10
    if step <= 0 or low < 0 or any(each != int(each) for each in (low, high, step)):
        return None
    points = [str(each) for each in range(int(low), int(min(high, 10**6)) + 1, int(step))][:1000]
    return points if 2 <= len(points) <= MOST_DROPDOWN else None
