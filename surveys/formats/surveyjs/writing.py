"""Questions of SurveyJS answered by typing or sliding, and what is only shown or worked out."""

from __future__ import annotations

import re
from datetime import date

from surveys.formats.surveyjs.desk import Document, first, said, whole
from surveys.formats.surveyjs.elements import Element
from surveys.formats.surveyjs.pieces import Piece, plain
from surveys.formats.surveyjs.validators import Demands
from surveys.formats.surveyjs.values import as_number
from surveys.parts import Logic

LARGEST = 10**12
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII)
_KINDS = {"email": "email", "url": "url", "tel": "phone", "time": "time", "date": "date"}
_UNMATCHED = {
    "tel": "Only telephone numbers are accepted.",
    "url": "Only web addresses are accepted.",
    "datetime-local": "Date and time are typed in one line, as 2026-01-31T14:30.",
    "month": "The month is typed, as 2026-01.",
    "week": "The week is typed, as 2026-W05.",
    "color": "The colour is typed, as #0a5fd0.",
    "password": "What is typed can be seen.",
}
_PATTERNS = {
    "datetime-local": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}",
    "month": "^[0-9]{4}-[0-9]{2}$",
    "week": "^[0-9]{4}-W[0-9]{2}$",
    "color": "^#[0-9a-fA-F]{6}$",
}
_NUMBERS = ("number", "range")


class Writing(Element):
    """text and comment: one line or many, numbers, dates, addresses."""

    def prepare(self) -> None:
        """Find what is asked to be typed."""
        raw = self.raw
        self.input = said(raw.get("inputType")).lower() if self.type != "comment" else ""
        mask = said(raw.get("maskType")).lower()
        if mask in ("numeric", "currency"):
            self.input = "number"
        elif mask not in ("", "none"):
            self.approximate("What is typed is not put into its form while typing.")
        validators = raw.get("validators")
        types = [
            said(each.get("type")).lower().removesuffix("validator")
            for each in (validators if isinstance(validators, list) else [])
            if isinstance(each, dict)
        ]
        if self.input in ("", "text") and self.type != "comment":
            self.input = "number" if "numeric" in types else "email" if "email" in types else ""
        self.longest = whole(raw.get("maxLength"), 0)
        if self.input in _UNMATCHED:
            self.approximate(_UNMATCHED[self.input])

    def kind(self) -> str:
        """The kind that accepts what is to be typed."""
        if self.type == "comment":
            return "long_text"
        if self.input in _NUMBERS:
            return "number"
        if self.input in _KINDS:
            return _KINDS[self.input]
        return "long_text" if self.longest > 1000 else "short_text"

    def piece(self, path: str) -> Piece:
        """A number, a day or a text."""
        kind = self.kind()
        if kind == "number":
            return Piece("number", {"var": path})
        return Piece("date" if kind == "date" else "text", {"var": path})

    def settings(self) -> Document:
        """Length, hint, ends of numbers and days."""
        raw, kind = self.raw, self.kind()
        made: Document = {}
        if kind in ("short_text", "long_text"):
            most = 1000 if kind == "short_text" else 20000
            made["max_length"] = min(self.longest, most) if self.longest > 0 else most
            words = self.desk.texts.say(
                first(raw, "placeholder", "placeHolder"), f"{self.place}.placeholder", 300
            )
            if words:
                made["placeholder"] = words
        if kind == "number":
            made |= _numbers(
                as_number(raw.get("min")), as_number(raw.get("max")), as_number(raw.get("step"))
            )
        if kind == "date":
            low, high = _day(raw.get("min")), _day(raw.get("max"))
            made |= {name: day for name, day in (("minimum", low), ("maximum", high)) if day}
            if low and high and low > high:
                del made["maximum"]
        return made

    def demand(self, found: Demands, settings: Document) -> None:
        """Ends and lengths of validators."""
        kind = self.kind()
        if kind == "number":
            _narrow(settings, found.low, found.high)
        elif kind in ("short_text", "long_text") and found.longest:
            longest = settings.get("max_length")
            most = longest if isinstance(longest, int) else 1000
            settings["max_length"] = min(found.longest, most)
        if (found.is_number and kind != "number") or (found.is_email and kind != "email"):
            self.approximate("A check of the form of the answer was left out.")

    def own_check(self) -> tuple[Logic, str] | None:
        """Ends that are worked out, and the form of dates that are typed."""
        pattern = _PATTERNS.get(self.input)
        if pattern is not None:
            return {"matches": [{"var": self.key}, pattern]}, ""
        parts: list[Logic] = []
        for end, name, sign in (
            ("min", "minValueExpression", ">="),
            ("max", "maxValueExpression", "<="),
        ):
            text = said(self.raw.get(name))
            plain_end = said(self.raw.get(end))
            if not text and plain_end.startswith("="):
                name, text = end, plain_end[1:]
            if not text:
                continue
            limit = self.desk.calculation(
                text, f"{self.at.path}.{name}", self.at.scope, lambda piece: plain(piece).logic
            )
            if limit is None:
                continue
            within: Logic = {sign: [{"var": self.key}, limit]}
            parts.append(
                {"or": [{"is_empty": [limit]}, within]} if isinstance(limit, dict) else within
            )
        if not parts:
            return None
        return (parts[0] if len(parts) == 1 else {"and": parts}), ""

    def answer_of(self, given: object) -> Logic:
        """A number, day or text beforehand."""
        kind = self.kind()
        if kind == "number":
            number = as_number(given)
            return None if number is None else int(number) if number.is_integer() else number
        if kind == "date":
            return _day(given)
        return self.desk.texts.words(given, 1000) or None


def _narrow(settings: Document, low: float | None, high: float | None) -> None:
    """Draw the ends of a number closer."""
    for name, end, closer in (("minimum", low, max), ("maximum", high, min)):
        if end is None or abs(end) > LARGEST or round(end, 6) != end:
            continue
        given = settings.get(name)
        kept = closer(given, end) if isinstance(given, int | float) else end
        settings[name] = int(kept) if float(kept).is_integer() else kept
        places, decimals = _places(end), settings.get("decimals")
        settings["decimals"] = max(places, decimals if isinstance(decimals, int) else 0)
    least, most = settings.get("minimum"), settings.get("maximum")
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        del settings["maximum"]


def _numbers(low: float | None, high: float | None, step: float | None) -> Document:
    """Ends and step of a number, decimals as many as are accepted."""
    made: Document = {"decimals": 6}
    if step is not None and 0 < step <= LARGEST and round(step, 6) == step:
        # Whoever asks for steps of 0.5 asks for one decimal place.
        places = max(_places(step), _places(low or 0))
        made["decimals"] = places
        if round(step * 10**places) != 1 or (low or 0) * 10**places % 1:
            made["step"] = step
    if low is not None and abs(low) <= LARGEST and round(low, 6) == low:
        made["minimum"] = low
    if high is not None and abs(high) <= LARGEST and round(high, 6) == high:
        made["maximum"] = high
    if low is not None and high is not None and low > high:
        made.pop("maximum", None)
    return made


def _places(number: float) -> int:
    """How many decimal places a number has, at most six."""
    return next((places for places in range(6) if round(number, places) == number), 6)


def _day(given: object) -> str | None:
    found = _DAY.fullmatch(said(given).strip()[:60])
    try:
        return date.fromisoformat(found[1]).isoformat() if found else None
    except ValueError:
        return None


class Slider(Element):
    """slider: a number between two ends; a range is two numbers."""

    is_atomic = False

    def prepare(self) -> None:
        """See whether it is a range."""
        self.is_range = said(self.raw.get("sliderType")) == "range"
        self.is_atomic = not self.is_range
        if self.is_range:
            self.approximate("The two ends of the range are asked as two numbers.")
        if self.raw.get("customLabels"):
            self.approximate("The labels along the slider were left out.")
        for name in ("minValueExpression", "maxValueExpression"):
            if said(self.raw.get(name)):
                self.approximate("An end that is worked out was left out.")

    def kind(self) -> str:
        """A slider, or two numbers."""
        return "matrix_number" if self.is_range else "slider"

    def settings(self) -> Document:
        """Ends and step."""
        low = as_number(self.raw.get("min"))
        high = as_number(self.raw.get("max"))
        step = as_number(self.raw.get("step")) or 1
        low, high = 0 if low is None else low, 100 if high is None else high
        low, high = (low, high) if low < high else (0, 100)
        return _numbers(low, high, step if step > 0 else 1)

    def fill(self, document: Document) -> None:
        """Two rows for a range."""
        if self.is_range:
            document["rows"] = [{"key": "from", "label": "From"}, {"key": "to", "label": "To"}]

    def piece(self, path: str) -> Piece:
        """A number, or a list of two."""
        if not self.is_range:
            return Piece("number", {"var": path})
        ends = [Piece("number", {"var": f"{path}.{end}"}) for end in ("from", "to")]
        return Piece("table", entries=ends)

    def answer_of(self, given: object) -> Logic:
        """A number beforehand."""
        number = None if self.is_range else as_number(given)
        return None if number is None else int(number) if number.is_integer() else number
