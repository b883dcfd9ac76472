"""Scales of SurveyJS: points from low to high, stars, faces; and yes or no."""

from __future__ import annotations

from surveys.formats.surveyjs.choices import (
    LONGEST_LABEL,
    choice_documents,
    labels,
    offered,
    values,
)
from surveys.formats.surveyjs.desk import Document, first, said, whole
from surveys.formats.surveyjs.elements import Element, keyed, keyed_logic
from surveys.formats.surveyjs.pieces import Piece
from surveys.formats.surveyjs.values import Known, as_number, text_of
from surveys.parts import Logic


class Boolean(Element):
    """boolean: yes or no."""

    def kind(self) -> str:
        """Yes or no."""
        return "yes_no"

    def _values(self) -> dict[str, Known]:
        yes, no = self.raw.get("valueTrue"), self.raw.get("valueFalse")
        return {
            "yes": yes if isinstance(yes, str | int | float) else True,
            "no": no if isinstance(no, str | int | float) else False,
        }

    def piece(self, path: str) -> Piece:
        """True and false, or the values said instead."""
        words = {
            "yes": self.desk.texts.words(self.raw.get("labelTrue")) or "Yes",
            "no": self.desk.texts.words(self.raw.get("labelFalse")) or "No",
        }
        return Piece("one", {"var": path}, self._values(), words)

    def fill(self, document: Document) -> None:
        """The words for yes and no, where they are not the usual ones."""
        yes, no = self.raw.get("labelTrue"), self.raw.get("labelFalse")
        if not yes and not no:
            return
        texts, scope = self.desk.texts, self.at.scope
        document["choices"] = [
            {"key": key, "label": texts.say(label, f"{self.place}.choices.{key}", LONGEST_LABEL, scope)
             or usual}
            for key, label, usual in (("yes", yes, "Yes"), ("no", no, "No"))
        ]  # fmt: skip

    def answer_of(self, given: object) -> Logic:
        """Yes or no beforehand."""
        if isinstance(given, str) and given.lower() == "indeterminate":
            return None
        return keyed(given, self._values())

    def as_answer(self, piece: Piece) -> Logic:
        """Yes or no by calculation."""
        if piece.shape == "truth":
            return {"if": [piece.logic, "yes", "no"]}
        return keyed_logic(piece, self._values())


class Rating(Element):
    """rating: points from low to high, stars, faces; nought to ten is the likelihood to recommend."""

    def prepare(self) -> None:
        """Find the points."""
        raw = self.raw
        self.choices = offered(raw.get("rateValues"))
        low = as_number(raw.get("rateMin"))
        high = as_number(raw.get("rateMax"))
        step = as_number(raw.get("rateStep")) or 1
        count = whole(raw.get("rateCount"), 0)
        self.low = 1.0 if low is None else low
        if high is None:
            high = self.low + (count - 1) * step if count > 1 else max(5.0, self.low + 1)
        if not self.choices and (step != 1 or not self.low.is_integer() or high - self.low > 100):
            size = min(int((high - self.low) / step) + 1, 100) if step > 0 else 0
            points = [self.low + place * step for place in range(size)]
            self.choices = offered([int(each) if each.is_integer() else each for each in points])
        self.high = high
        self._level()

    def _level(self) -> None:
        """Values that are whole numbers in a row are a scale like any other."""
        self.words: list[object] = []
        numbers = [as_number(each.value) for each in self.choices]
        if len(numbers) < 2 or None in numbers:
            return
        whole_ones = [int(each) for each in numbers if each is not None and each.is_integer()]
        if whole_ones == list(
            range(whole_ones[0], whole_ones[0] + len(numbers)) if whole_ones else ()
        ):
            self.low, self.high = float(whole_ones[0]), float(whole_ones[-1])
            if any(text_of(each.label) != text_of(each.value) for each in self.choices):
                self.words = [each.label for each in self.choices]
            self.choices = []

    @property
    def is_scale(self) -> bool:
        """Whether its points are whole numbers in a row."""
        return not self.choices and self.low < self.high and self.high - self.low <= 100

    def kind(self) -> str:
        """The scale this is."""
        if not self.is_scale:
            return "single_choice" if len(self.choices) > 1 else "number"
        hinted = said(self.raw.get("efmKind"))
        low, high = int(self.low), int(self.high)
        if (hinted, low, high) in (("csat", 1, 5), ("ces", 1, 7)):
            return hinted
        if hinted == "likert" and low == 1 and 3 <= high <= 11:
            return hinted
        if (low, high) == (0, 10) and not self.words and hinted != "scale":
            return "nps"
        shape = said(self.raw.get("rateType"))
        if low == 1 and shape == "stars" and 3 <= high <= 10:
            return "stars"
        if low == 1 and shape in ("smileys", "smiley") and 3 <= high <= 5:
            return "smileys"
        return "scale"

    def settings(self) -> Document:
        """Ends, words and points."""
        if not self.is_scale:
            return {}
        kind, made = self.kind(), Document()
        for name, source in (
            ("low_label", "minRateDescription"),
            ("high_label", "maxRateDescription"),
        ):
            words = self.desk.texts.say(
                first(self.raw, source, source.replace("Description", "Label")),
                f"{self.place}.{name}", 300, self.at.scope,
            )  # fmt: skip
            if words:
                made[name] = words
        if self.words:
            made["labels"] = [
                self.desk.texts.say(each, f"{self.place}.labels.{number}", 300) or str(number)
                for number, each in enumerate(self.words)
            ]
        if kind == "scale":
            made |= {"low": int(self.low), "high": int(self.high)}
        elif kind in ("stars", "smileys", "likert"):
            made["points"] = int(self.high)
        if kind == "ces" and said(self.raw.get("efmDirection")) == "low_is_easy":
            made["direction"] = "low_is_easy"
        if kind in ("stars", "smileys") and self.high == 5 and self.raw.get("efmIsCsat") is True:
            made["is_csat"] = True
        if isinstance(labels_given := made.get("labels"), list) and len(labels_given) > 20:
            del made["labels"]
            self.approximate("The words of its points were left out.")
        return made

    def fill(self, document: Document) -> None:
        """Points that are no whole numbers in a row are choices."""
        if self.kind() == "single_choice":
            document["choices"] = choice_documents(
                self.choices, self.desk, f"{self.place}.choices",
                f"{self.at.path}.rateValues", self.at.scope,
            )  # fmt: skip
        if self.kind() == "number":
            self.approximate("Its points could not be read, so any number is accepted.")
        if self.is_scale and self.kind() == "scale" and said(self.raw.get("rateType")) in (
            "stars", "smileys",
        ):  # fmt: skip
            self.approximate("Its points are numbers, not stars or faces.")

    def piece(self, path: str) -> Piece:
        """A number, or the value chosen."""
        if self.kind() == "single_choice":
            return Piece(
                "one", {"var": path}, values(self.choices), dict(labels(self.choices, self.desk))
            )
        return Piece("number", {"var": path})

    def answer_of(self, given: object) -> Logic:
        """A point beforehand."""
        if self.kind() == "single_choice":
            return keyed(given, values(self.choices))
        number = as_number(given)
        return int(number) if number is not None and self.low <= number <= self.high else None

    def as_answer(self, piece: Piece) -> Logic:
        """A point by calculation."""
        if self.kind() == "single_choice":
            return keyed_logic(piece, values(self.choices))
        return super().as_answer(piece)
