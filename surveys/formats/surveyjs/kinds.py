"""Which kind of question of SurveyJS is read by what."""

from __future__ import annotations

from collections.abc import Mapping

from surveys.formats.surveyjs.desk import Desk, Json, said
from surveys.formats.surveyjs.elements import Element, Place
from surveys.formats.surveyjs.grids import Grid, Texts
from surveys.formats.surveyjs.handing import Signature, Upload
from surveys.formats.surveyjs.lists import Entries, must_be_spread
from surveys.formats.surveyjs.questions import Choosing
from surveys.formats.surveyjs.scales import Boolean, Rating
from surveys.formats.surveyjs.shown import Computed, Foreign, Shown
from surveys.formats.surveyjs.spread import Spread
from surveys.formats.surveyjs.tables import Matrix
from surveys.formats.surveyjs.writing import Slider, Writing

KINDS: Mapping[str, type[Element]] = {
    "text": Writing,
    "comment": Writing,
    **dict.fromkeys(
        ("radiogroup", "dropdown", "buttongroup", "checkbox", "tagbox", "imagepicker", "imagemap",
         "ranking"), Choosing,
    ),
    "boolean": Boolean,
    "rating": Rating,
    "slider": Slider,
    "matrix": Matrix,
    "multipletext": Texts,
    "html": Shown,
    "image": Shown,
    "expression": Computed,
    "file": Upload,
    "signaturepad": Signature,
}  # fmt: skip
_LISTS: Mapping[str, type[Element]] = {
    "matrixdropdown": Grid,
    "matrixdynamic": Entries,
    "paneldynamic": Entries,
}
# Widgets that older surveys were drawn with, and what they ask.
_WIDGETS: Mapping[str, tuple[str, Json]] = {
    "datepicker": ("text", {"inputType": "date"}),
    "bootstrapdatepicker": ("text", {"inputType": "date"}),
    "nouislider": ("slider", {}),
    "bootstrapslider": ("slider", {}),
    "sortablelist": ("ranking", {"selectToRankEnabled": True}),
    "barrating": ("radiogroup", {}),
    "select2": ("dropdown", {}),
    "editor": ("comment", {}),
    "ckeditor": ("comment", {}),
    "emotionsratings": ("radiogroup", {}),
}
_MOST_NESTED = 4


def make(desk: Desk, raw: Json, key: str, at: Place) -> Element:
    """The reader of a question."""
    kind = said(raw.get("type")) or said(raw.get("cellType"))
    widget = _WIDGETS.get(kind)
    if widget is not None:
        raw = {**widget[1], **raw, "type": widget[0]}
        range_max = raw.get("rangeMax")
        if range_max is not None:
            raw = {"min": raw.get("rangeMin"), "max": range_max, **raw}
        element = KINDS[widget[0]](raw, desk, key, at)
        element.approximate("It was drawn by a widget of its own.")
        return element
    if kind in _LISTS:
        return _list(desk, kind, raw, key, at)
    found = KINDS.get(kind)
    element = Foreign(raw, desk, key, at) if found is None else found(raw, desk, key, at)
    if isinstance(element, Grid) and not element.is_useful:
        return Foreign(raw, desk, key, at)
    return element


def _list(desk: Desk, kind: str, raw: Json, key: str, at: Place) -> Element:
    """A table, entries, or both of them spread out; one inside another only so deep."""
    desk.depth += 1
    try:
        if desk.depth > _MOST_NESTED or at.is_part:
            return Foreign(raw, desk, key, at)
        if must_be_spread({"type": kind, **raw}):
            return Spread(raw, desk, key, at)
        made = _LISTS[kind](raw, desk, key, at)
        if isinstance(made, Grid) and not made.is_useful:
            return Foreign(raw, desk, key, at)
        return made
    finally:
        desk.depth -= 1
