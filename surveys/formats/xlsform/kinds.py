"""Which of our kinds asks what a row of an XLSForm asks, and what is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from surveys.formats.report import Outcome
from surveys.formats.xlsform.choices import Lists, Offered
from surveys.formats.xlsform.tree import Node
from surveys.formats.xpath.values import Type
from surveys.parts import Logic, SettingValue

Role = Literal["asked", "computed", "data", "nothing"]
MOST_CHOICES = 1000
YES = frozenset({"yes", "true", "true()"})
NO = frozenset({"no", "false", "false()"})
LONG_LIST = frozenset({"minimal", "autocomplete", "autocomplete_chars", "search", "search()"})
_KEPT_TIME = "It is kept with each response by itself, as its time and not as an answer."
_PHONE = "A browser does not tell it; it is taken from the link's parameter of this name."
# Data a phone adds to a response, and what becomes of it.
METADATA: Mapping[str, str] = {
    "start": _KEPT_TIME,
    "end": _KEPT_TIME,
    **dict.fromkeys(
        ("deviceid", "subscriberid", "simserial", "phonenumber", "username", "email", "caseid"),
        _PHONE,
    ),
}
DROPPED: Mapping[str, str] = {
    "audit": "The log of the phone's app has no counterpart; the time a page takes is kept.",
    "background-audio": "Nothing is recorded in the background.",
    "background-geopoint": "Where somebody is is not asked in the background.",
    "start-geopoint": "Where somebody is is not asked in the background.",
    "xml-external": "The data of another file beside the form are not in it.",
    "csv-external": "The data of another file beside the form are not in it.",
    "geojson-external": "The data of another file beside the form are not in it.",
}
_CAPTURES = ("image", "audio", "video", "file")
_FILES: Mapping[str, tuple[str, ...]] = {
    "image": ("jpg", "jpeg", "png", "gif", "webp", "heic"),
    "audio": ("mp3", "m4a", "wav"),
    "video": ("mp4", "mov", "webm"),
}
_CALENDARS = frozenset(
    {"ethiopian", "coptic", "islamic", "bikram-sambat", "myanmar", "persian", "buddhist"}
)
_GEOPOINT = r"^\s*-?[0-9]{1,2}([.][0-9]+)?[ ,]+-?[0-9]{1,3}([.][0-9]+)?([ ,]+-?[0-9.]+){0,2}\s*$"


@dataclass(slots=True)
class Shape:
    """What a row becomes: the kind, its settings and choices, and how faithful that is.

    ``type`` is what expressions see of it. ``check`` is what its answer must be besides. ``twin``
    is a second kind asked beside it, such as the time beside the day. ``is_open`` says that a
    person has to decide before it is published.
    """

    kind: str
    type: Type = "text"
    role: Role = "asked"
    settings: dict[str, SettingValue] = field(default_factory=dict)
    offered: tuple[Offered, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    check: Callable[[Logic], Logic] | None = None
    twin: str = ""
    outcome: Outcome = "mapped"
    reasons: list[str] = field(default_factory=list)
    is_open: bool = False
    is_value_known: bool = True
    is_shown: bool = False

    def lessen(self, outcome: Outcome, reason: str) -> Shape:
        """Say what is lost; the outcome only gets worse."""
        order: tuple[Outcome, ...] = ("mapped", "approximated", "raw", "dropped")
        self.outcome = max(self.outcome, outcome, key=order.index)
        if reason not in self.reasons:
            self.reasons.append(reason)
        return self


def shape(node: Node, lists: Lists) -> Shape:
    """What a question becomes."""
    if node.type.startswith("select") or node.type == "rank":
        made = _select(node, lists)
    else:
        maker = _MAKERS.get(node.type)
        if maker is not None:
            made = maker(node)
        elif node.type in METADATA:
            made = Shape("hidden", "text", "data").lessen("approximated", METADATA[node.type])
            made.is_value_known = node.type not in ("start", "end")
        elif node.type in DROPPED:
            made = Shape("hidden", role="nothing", is_value_known=False)
            made.lessen("dropped", DROPPED[node.type])
        else:
            made = Shape("statement", role="asked", is_open=True, is_value_known=False)
            made.lessen(
                "raw", f"The type {node.source_type[:60]!r} is not known; its words are kept."
            )
    _media(node, made)
    return _computed(node, made)


def _computed(node: Node, made: Shape) -> Shape:
    """What may only be looked at, and what is calculated and asked at once."""
    calculation = node.cell("bind", "calculate")
    is_shown = node.cell("bind", "readonly").lower() in YES
    if made.role != "asked" or (
        made.kind == "statement" and not (node.type == "note" and calculation)
    ):
        return made
    if (is_shown or made.kind == "statement") and (calculation or node.cell("default")):
        shown = Shape("calculated", "any", "computed", outcome=made.outcome, is_shown=True)
        shown.reasons = made.reasons
        return shown.lessen("approximated", "It is shown as words and cannot be changed.")
    if is_shown:
        shown = Shape("statement", outcome=made.outcome, is_value_known=False)
        shown.reasons = made.reasons
        return shown.lessen("approximated", "It is only shown, as it cannot be answered.")
    if calculation:
        made.lessen("approximated", "What is calculated is filled in at first and can be changed.")
    return made


def _media(node: Node, made: Shape) -> None:
    files = {value for column, value in node.row.items() if column[0] == "media" and value != "-"}
    if files and made.role == "asked":
        names = ", ".join(sorted(files))[:120]
        made.lessen("approximated", f"Files beside the form are not shown: {names}.")
    if any(value.startswith("ex:") for value in node.appearance):
        made.lessen("approximated", "Another app on the phone answers it; here it is typed.")


def _text(node: Node) -> Shape:
    is_long = (
        "multiline" in node.appearance
        or bool(node.cell("control", "rows"))
        or parameters(node).get("rows", "") not in ("", "1")
    )
    made = Shape("long_text" if is_long else "short_text")
    made.settings["max_length"] = 20_000 if is_long else 1000
    if "numbers" in node.appearance:
        made.check = lambda variable: {"matches": [variable, r"^[0-9+., -]*$"]}
    return made


def _telephone(node: Node) -> Shape:
    made = Shape("phone")
    return made.lessen("approximated", "A telephone number of any country is taken.")


def _integer(node: Node) -> Shape:
    return Shape("number", "number", settings={"decimals": 0})


def _decimal(node: Node) -> Shape:
    return Shape("number", "number", settings={"decimals": 6})


def _date(node: Node) -> Shape:
    made = Shape("date", "day")
    if node.appearance & {"year", "month-year"}:
        made.lessen("approximated", "A whole day is asked where only the month or year was.")
    if node.appearance & _CALENDARS:
        made.lessen("approximated", "It is asked in the Gregorian calendar.")
    return made


def _date_time(node: Node) -> Shape:
    made = Shape("date", "day", twin="time")
    return made.lessen("approximated", "The day and the time are asked one after the other.")


def _time(node: Node) -> Shape:
    return Shape("time", "time")


def _range(node: Node) -> Shape:
    """A slider; with stars where the appearance says rating."""
    given = parameters(node)
    numbers = {
        name: _number(given.get(name, usual))
        for name, usual in (("start", "1"), ("end", "10"), ("step", "1"))
    }
    low, high, step = numbers["start"], numbers["end"], abs(numbers["step"] or 0)
    if low is None or high is None or not step or low == high:
        made = Shape("number", "number", settings={"decimals": 6})
        return made.lessen("approximated", "The ends of its scale cannot be read.")
    if "rating" in node.appearance and low == 1 and step == 1 and 3 <= high <= 10:
        return Shape("stars", "number", settings={"points": int(high)})
    low, high = min(low, high), max(low, high)
    places = max(len(f"{each:f}".rstrip("0").partition(".")[2]) for each in (low, high, step))
    settings: dict[str, SettingValue] = {
        "minimum": low, "maximum": high, "step": step, "decimals": min(places, 6)
    }  # fmt: skip
    return Shape("slider", "number", settings=settings)


def _acknowledge(node: Node) -> Shape:
    return Shape("consent", "choice", names={"OK": "agreed"})


def _note(node: Node) -> Shape:
    return Shape("statement")


def _calculate(node: Node) -> Shape:
    return Shape("calculated", "any", "computed")


def _hidden(node: Node) -> Shape:
    return Shape("hidden", "any", "computed")


def _today(node: Node) -> Shape:
    return Shape("calculated", "day", "computed")


def _barcode(node: Node) -> Shape:
    made = Shape("short_text", settings={"max_length": 1000})
    return made.lessen("approximated", "The code is typed, not scanned.")


def _geopoint(node: Node) -> Shape:
    made = Shape("short_text", settings={"max_length": 100})
    made.check = lambda variable: {"matches": [variable, _GEOPOINT]}
    return made.lessen(
        "approximated", "The place is typed as latitude and longitude, not measured."
    )


def _geoshape(node: Node) -> Shape:
    made = Shape("long_text", settings={"max_length": 20_000})
    return made.lessen("approximated", "The points are typed as coordinates, not drawn on a map.")


def _capture(node: Node) -> Shape:
    """Pictures, sounds and films are files; a browser on a phone offers the camera for them."""
    made = Shape("file_upload", "text")
    if node.type in _FILES:
        made.settings["types"] = _FILES[node.type]
    if node.appearance & {"signature", "draw", "annotate"}:
        made.lessen("approximated", "A picture is handed over, not drawn on the screen.")
    elif node.type not in _FILES:
        made.lessen("approximated", "Only files of the usual kinds are taken.")
    elif node.type != "image":
        made.lessen("approximated", "It is handed over as a file, of a limited size.")
    return made


_MAKERS: Mapping[str, Callable[[Node], Shape]] = {
    "text": _text,
    "tel": _telephone,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "datetime": _date_time,
    "time": _time,
    "range": _range,
    "acknowledge": _acknowledge,
    "note": _note,
    "calculate": _calculate,
    "hidden": _hidden,
    "today": _today,
    "barcode": _barcode,
    "geopoint": _geopoint,
    "geotrace": _geoshape,
    "geoshape": _geoshape,
    "osm": _geoshape,
    **dict.fromkeys(_CAPTURES, _capture),
}


def _select(node: Node, lists: Lists) -> Shape:
    if node.type == "select from file":
        made = Shape("short_text", "text", settings={"max_length": 1000}, is_open=True)
        return made.lessen(
            "approximated",
            f"Its choices are in the file {node.choices[:80]}, not in the form: it is typed until they "
            "are given.",
        )
    if node.choices.startswith("${"):
        made = Shape("short_text", "text", settings={"max_length": 1000})
        return made.lessen("approximated", "Its choices are earlier answers; here it is typed.")
    offered = lists.offered(node)
    names = {each.name: each.key for each in offered}
    if not offered:
        made = Shape("statement", is_open=True, is_value_known=False)
        return made.lessen("raw", f"The list {node.choices[:60]!r} has no choices.")
    if len(offered) > MOST_CHOICES:
        return typed(len(offered))
    if len(offered) == 1:
        made = Shape("consent", "choice", offered=offered, names={offered[0].name: "agreed"})
        if node.type == "rank" or node.is_many:
            made.type = "choice"
        made.lessen("approximated", "Its only choice is asked as a box to tick.")
    elif node.type == "rank":
        made = Shape("ranking", "choices", offered=offered, names=names)
    elif node.is_many:
        made = Shape("multiple_choice", "choices", offered=offered, names=names)
    else:
        kind = "dropdown" if node.appearance & LONG_LIST else "single_choice"
        made = Shape(kind, "choice", offered=offered, names=names)
    if any(column[0] == "media" for each in offered for column in each.row):
        made.lessen("approximated", "The pictures or sounds of its choices are not shown.")
    if node.appearance & {"map", "image-map"}:
        made.lessen("approximated", "It is chosen from a list, not on a map.")
    if any(each.is_repeated for each in offered):
        made.lessen("approximated", "Choices of the same name are taken for the same.")
    return made


def typed(choices: int) -> Shape:
    """A text where there are more choices than can be offered."""
    made = Shape("short_text", "text", settings={"max_length": 1000})
    return made.lessen(
        "approximated", f"It has {choices:,} choices, more than can be offered: it is typed."
    )


def parameters(node: Node) -> dict[str, str]:
    """The parameters of a row: ``start=0 end=10``, with blanks, commas or semicolons between."""
    text = re.sub(r"\s*=\s*", "=", node.cell("parameters"))[:2000]
    pairs = (each.partition("=") for each in re.split(r"[\s,;]+", text))
    return {name.lower(): value for name, sign, value in pairs if sign}


def _number(text: str) -> float | None:
    if not re.fullmatch(r"-?[0-9]{1,9}(?:[.][0-9]{1,6})?", text):
        return None
    value = float(text)
    return int(value) if value == int(value) else value
