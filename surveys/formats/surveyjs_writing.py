"""Questions of SurveyJS answered by typing or sliding, and what is only shown or worked out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from surveys.formats.surveyjs_desk import Document, first, said, whole
from surveys.formats.surveyjs_elements import LONGEST_TEXT, Element
from surveys.formats.surveyjs_expressions import Scope
from surveys.formats.surveyjs_pieces import Piece, Unknown, plain, settled
from surveys.formats.surveyjs_validators import Demands
from surveys.formats.surveyjs_values import as_number
from surveys.parts import Logic
from surveys.strings import tidy

LARGEST = 10**12
# A statement cannot be empty.
NO_WORDS = "–"
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
_TABLES = ("matrixdropdown", "matrixdynamic", "paneldynamic", "multipletext")


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
            low, high = settings.get("minimum"), settings.get("maximum")
            given = [low if isinstance(low, int | float) else None,
                     high if isinstance(high, int | float) else None]  # fmt: skip
            if found.low is not None:
                given[0] = found.low if given[0] is None else max(found.low, given[0])
            if found.high is not None:
                given[1] = found.high if given[1] is None else min(found.high, given[1])
            for name in ("minimum", "maximum"):
                settings.pop(name, None)
            step = settings.get("step")
            given_step = step if isinstance(step, int | float) else None
            settings |= _numbers(given[0], given[1], given_step)
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
            if limit is not None:
                parts.append({"or": [{"is_empty": [limit]}, {sign: [{"var": self.key}, limit]}]})
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
        return tidy(given)[:1000] if isinstance(given, str) else said(given) or None


def _numbers(low: float | None, high: float | None, step: float | None) -> Document:
    """Ends and step of a number, decimals as many as are accepted."""
    made: Document = {"decimals": 6}
    if low is not None and abs(low) <= LARGEST and round(low, 6) == low:
        made["minimum"] = low
    if high is not None and abs(high) <= LARGEST and round(high, 6) == high:
        made["maximum"] = high
    if low is not None and high is not None and low > high:
        made.pop("maximum", None)
    if step is not None and 0 < step <= LARGEST and round(step, 6) == step:
        made["step"] = step
    return made


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
        made = _numbers(low, high, step if step > 0 else 1)
        ends = [value for value in made.values() if isinstance(value, int | float)]
        if all(float(value).is_integer() for value in ends):
            made["decimals"] = 0
        return made

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


class Shown(Element):
    """html, image, and kinds there are none of here: words to read."""

    is_atomic = False
    is_asked = False

    def kind(self) -> str:
        """A statement."""
        return "statement"

    def piece(self, path: str) -> Piece:
        """Nothing an expression can ask for."""
        return Piece("broken", reason=f"It asks for {self.name[:60]!r}, which is not asked here.")

    def title(self) -> str:
        """The words of a piece of HTML, or those beside a picture."""
        raw = self.raw
        source = raw.get("html") if self.type == "html" else first(raw, "altText", "title", "text")
        media = len(self.desk.texts.cleaner.media)
        words = self.desk.texts.say(source, f"{self.place}.text", LONGEST_TEXT, self.at.scope)
        if len(self.desk.texts.cleaner.media) > media or self.type == "image":
            self.approximate("The picture is not shown.")
        if not words and self.type == "html":
            self.approximate("It has no words.")
        return words or self.desk.texts.words(self.name, 200) or NO_WORDS


class Foreign(Shown):
    """A kind that is not known: kept as words, for a person to decide."""

    def prepare(self) -> None:
        """Say so in the report."""
        self.outcome = "raw"
        known = {"file": "Files", "signaturepad": "Signatures"}.get(self.type)
        if self.type in _TABLES:
            self.reasons.append("Nothing is asked in it, or it stands inside another table.")
            return
        self.reasons.append(
            f"{known} are not asked for here." if known
            else f"There is no kind {tidy(self.type)[:40]!r}; a person has to decide what to ask."
        )  # fmt: skip

    def title(self) -> str:
        """The question's words."""
        title = self.desk.texts.say(
            self.raw.get("title"), f"{self.place}.text", LONGEST_TEXT, self.at.scope
        )
        return title or self.desk.texts.words(self.name, 200) or NO_WORDS


class Computed(Element):
    """expression: a value that is worked out and shown."""

    is_asked = False

    def prepare(self) -> None:
        """Nothing is worked out before all names are known."""
        self._known: Piece | Unknown | None = None

    def kind(self) -> str:
        """A calculated value."""
        return "calculated"

    def piece(self, path: str) -> Piece:
        """The value; where it is asked for before it is worked out, it is worked out on the spot."""
        return Piece("any", {"var": path})

    def at_scope(self, scope: Scope) -> Piece:
        """What it comes to where it is asked for: the value itself once it is worked out."""
        if self._known is None:
            self._known = self.desk.worked_out(said(self.raw.get("expression")), self.at.scope)
        if isinstance(self._known, Unknown):
            raise self._known
        is_certain = not (self.at.guards or self.at.shown or said(self.raw.get("visibleIf")))
        if is_certain and self.at.scope.place < scope.place:
            return replace(self._known, logic={"var": self.key}, shape=self._known.shape)
        return self._known

    def fill(self, document: Document) -> None:
        """How it is worked out."""
        logic = self.desk.calculation(
            self.raw.get("expression"), f"{self.at.path}.expression", self.at.scope,
            lambda piece: plain(piece).logic,
        )  # fmt: skip
        if logic is not None:
            document["value"] = settled(logic)
        if said(self.raw.get("displayStyle")) not in ("", "none", "decimal") or self.raw.get(
            "format"
        ):
            self.approximate("The value is shown without its unit or form.")

    def after(self, show_if: object) -> list[Document]:
        """The value is shown in a statement, as no calculated value is shown by itself."""
        if self.raw.get("visible") is False:
            return []
        key = self.desk.keys.key((self.key, "shown"), f"{self.key}_shown")
        words = self.desk.texts.say(
            self.raw.get("title"), f"{key}.text", LONGEST_TEXT, self.at.scope
        )
        if words:
            for texts in self.desk.texts.translations.values():
                if f"{key}.text" in texts:
                    texts[f"{key}.text"] += f" {{{{{self.key}}}}}"
        text = f"{words or self.desk.texts.words(self.name)} {{{{{self.key}}}}}".strip()
        shown: Document = {"key": key, "kind": "statement", "text": text}
        if show_if is not None:
            shown["show_if"] = show_if
        return [shown]
