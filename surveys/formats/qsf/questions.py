"""A question of a QSF of any type made into one of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from surveys.formats.qsf.choosing import (
    Asked,
    as_words,
    choosing,
    list_of,
    ranking,
    simple,
    unasked,
    words,
    writing,
)
from surveys.formats.qsf.demands import (
    check,
    demands,
    limit_choices,
    preset,
    require,
    tell_of_others,
)
from surveys.formats.qsf.matrix import matrix
from surveys.formats.qsf.parts import Made
from surveys.formats.qsf.sliders import constant_sum, slider
from surveys.formats.qsf.tables import drill_down, groups, side_by_side
from surveys.formats.qsf.values import entries, name

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_EMPTY_HANDLER = re.compile(
    r"Qualtrics\.SurveyEngine\.addOn\w+\(function\([\w, ]*\)\{\}\);?", re.ASCII
)
_SCRIPT_READ = 100_000

_BY_TYPE: Mapping[str, Callable[[Asked, str, str], Made]] = {
    "MC": lambda asked, selector, _: choosing(asked, selector),
    "TE": lambda asked, selector, _: writing(asked, selector),
    "DB": lambda asked, selector, _: words(asked, selector),
    "Matrix": matrix,
    "SBS": lambda asked, *_: side_by_side(asked),
    "Slider": lambda asked, selector, _: slider(asked, selector),
    "CS": lambda asked, selector, _: constant_sum(asked, selector),
    "RO": lambda asked, selector, _: ranking(asked, selector),
    "PGR": lambda asked, *_: groups(asked),
    "DD": lambda asked, *_: drill_down(asked),
    "SS": lambda asked, *_: _pictured(asked, "single_choice", "Its picture is left out."),
    "HotSpot": lambda asked, selector, _: _regions(asked, selector),
    "Timing": lambda asked, *_: unasked(
        asked, "The time on a page is not measured or limited by this question here."
    ),
    "Meta": lambda asked, *_: unasked(asked, "The browser and its screen are not recorded."),
    "Captcha": lambda asked, *_: unasked(asked, "That a person answers is not checked by it here."),
    "FileUpload": lambda asked, selector, _: _uploaded(asked, selector),
    "Draw": lambda asked, *_: simple(asked, "signature"),
    "Signature": lambda asked, *_: simple(asked, "signature"),
    "HeatMap": lambda asked, *_: as_words(asked, "Clicks on a picture are not taken here."),
    "HL": lambda asked, *_: as_words(asked, "Words of a text are not highlighted here."),
}


def make(asked: Asked) -> Made:
    """The question as ours, its texts and logic not yet settled."""
    payload = asked.payload
    kind, selector, sub = parts_of_type(payload)
    build = _BY_TYPE.get(kind)
    if build is None:
        made = as_words(asked, "Questions of this type are not known here.")
    else:
        made = build(asked, selector, sub)
    if made.outcome != "raw" and made.document["kind"] not in ("statement", "hidden"):
        require(made, payload)
        check(made, payload)
        tell_of_others(made, payload)
        preset(made, payload)
        for more in made.more:
            if made.shape.form == "rows_own":
                more.update({
                    each: made.document[each]
                    for each in ("is_required", "is_requested")
                    if each in made.document
                })  # fmt: skip
        if made.shape.form == "rows_own" and made.more and "checks" in made.document:
            # What is said about all rows is said when the last one is answered.
            made.more[-1]["checks"] = made.document.pop("checks")
    if made.outcome != "raw" and _does_something(payload.get("QuestionJS")):
        made.differs("Its script is left out.")
    return made


def parts_of_type(payload: Mapping[str, object]) -> tuple[str, str, str]:
    """Type, selector and subselector of a question."""
    kind, selector, sub = (
        name(payload.get(each)) for each in ("QuestionType", "Selector", "SubSelector")
    )
    return kind, selector, sub


def has_script(payload: Mapping[str, object]) -> bool:
    """Whether a script comes with the question, be it empty."""
    script = payload.get("QuestionJS")
    return isinstance(script, str) and bool(script.strip())


def _does_something(script: object) -> bool:
    """Whether a script is more than the empty handlers the source writes by itself."""
    if not isinstance(script, str):
        return False
    left = "".join(_COMMENT.sub("", script[:_SCRIPT_READ]).split())
    return bool(_EMPTY_HANDLER.sub("", left))


def _uploaded(asked: Asked, selector: str) -> Made:
    if selector not in ("", "FileUpload"):
        return as_words(asked, "Pictures of the screen and recordings are not taken here.")
    made = simple(asked, "file_upload")
    if name(demands(asked.payload).get("Type")) not in ("", "None"):
        made.differs("Which files are taken is to be set here.")
    return made


def _regions(asked: Asked, selector: str) -> Made:
    """The parts of a picture: chosen or not, or liked and disliked."""
    reason = "The parts of its picture are offered as a list of their names."
    states = entries(asked.payload.get("Answers"))
    if selector == "LikeDislike" and len(states) > 1:
        made = matrix(asked, "Likert", "SingleAnswer")
        if made.outcome == "mapped":
            made.differs(reason)
        return made
    made = _pictured(asked, "multiple_choice", reason)
    if made.document["kind"] == "multiple_choice":
        limit_choices(made, asked.payload, len(made.shape.choices))
    ends = {
        source: "on" if name(state.get("Display")).lower() == "on" else "off"
        for source, state in states.items()
    }
    made.shape = replace(made.shape, columns=ends)
    return made


def _pictured(asked: Asked, kind: str, reason: str) -> Made:
    made = list_of(asked, kind)
    if made.outcome == "mapped":
        made.differs(reason)
    return made
