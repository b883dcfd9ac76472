"""The choices, rows and columns of a LimeSurvey question as those of our document."""

from __future__ import annotations

from collections.abc import Mapping

from surveys.formats.expressionscript.terms import as_number, is_numeric
from surveys.formats.limesurvey.conditions import Conditions
from surveys.formats.limesurvey.layout import OTHER, Layout
from surveys.formats.limesurvey.source import Answer, Asked, Sub, Texts
from surveys.formats.limesurvey.wording import Wording
from surveys.parts import Logic

Doc = dict[str, object]

LONGEST_LABEL = 2_000
NEVER = "never_offered"
_LARGEST = 2**53
# "Other" and the answers of LimeSurvey's ready-made lists, in the languages most surveys are in.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "other": {
        "en": "Other", "de": "Sonstiges", "fr": "Autre", "es": "Otro", "it": "Altro", "nl": "Anders",
        "pt": "Outro", "pl": "Inne", "ru": "Другое", "sv": "Annat", "da": "Andet", "ja": "その他",
        "ar": "أخرى",
    },
    "F": {"en": "Female", "de": "Weiblich", "fr": "Féminin", "es": "Mujer", "it": "Femmina", "nl": "Vrouw"},
    "M": {"en": "Male", "de": "Männlich", "fr": "Masculin", "es": "Hombre", "it": "Maschio", "nl": "Man"},
    "Y": {"en": "Yes", "de": "Ja", "fr": "Oui", "es": "Sí", "it": "Sì", "nl": "Ja"},
    "U": {
        "en": "Uncertain", "de": "Unsicher", "fr": "Incertain", "es": "Dudoso", "it": "Incerto",
        "nl": "Onzeker",
    },
    "N": {"en": "No", "de": "Nein", "fr": "Non", "es": "No", "it": "No", "nl": "Nee"},
    "I": {
        "en": "Increase", "de": "Zunahme", "fr": "Augmentation", "es": "Aumentar", "it": "Aumento",
        "nl": "Toename",
    },
    "S": {"en": "Same", "de": "Gleich", "fr": "Inchangé", "es": "Igual", "it": "Uguale", "nl": "Gelijk"},
    "D": {
        "en": "Decrease", "de": "Abnahme", "fr": "Diminution", "es": "Disminuir",
        "it": "Diminuzione", "nl": "Afname",
    },
}  # fmt: skip


class Choices:
    """Writes the lists of questions."""

    def __init__(self, wording: Wording, conditions: Conditions) -> None:
        self.wording = wording
        self.conditions = conditions

    def usual(self, name: str) -> Texts:
        """The words LimeSurvey has by itself, in the languages of the survey."""
        words = _WORDS[name]
        spoken = (self.wording.base, *self.wording.others)
        if any(each.partition("-")[0] not in words for each in spoken):
            self.wording.ledger.approximate("Its usual words are not known in each language.")
        return {each: words.get(each.partition("-")[0], words["en"]) for each in spoken}

    def label(self, texts: Texts, place: str, otherwise: str) -> str:
        """The words of a choice; its code where it has none."""
        words = self.wording.say(texts, place, LONGEST_LABEL)
        if not words and any("<img" in text for text in texts.values()):
            self.wording.ledger.approximate(
                "Its choices are pictures without words; only their codes are kept."
            )
        return words or self.wording.ledger.cleaner.text(otherwise, 60) or "?"

    def answers(self, asked: Asked, layout: Layout, *, scale: int = 0) -> list[Doc]:
        """The choices of a list, with "other" where it is offered."""
        codes = layout.choices if scale == 0 else layout.second
        part = f".parts.scale_{scale}" if asked.type == "1" else ""
        made: list[Doc] = []
        separator = asked.attribute("category_separator") if asked.type == "!" else ""
        for answer in asked.scale(scale):
            key = codes.get(answer.code)
            if key is None or any(each["key"] == key for each in made):
                continue
            texts = answer.texts
            if separator:
                texts = {name: text.replace(separator, " – ", 1) for name, text in texts.items()}
            doc: Doc = {
                "key": key,
                "label": self.label(texts, f"{layout.key}{part}.choices.{key}", answer.code),
            }
            value = self._value(answer)
            if value is not None:
                doc["value"] = value
            made.append(doc)
        if asked.is_other and asked.type in ("L", "!", "O"):
            other = self.other(asked, layout, codes[OTHER])
            made.insert(0 if asked.attribute("other_position") == "beginning" else len(made), other)
        return _enough(made)

    def _value(self, answer: Answer) -> int | float | None:
        is_assessed = self.wording.variables.source.setting("assessments") == "Y"
        for text in (answer.value if is_assessed else "", answer.code):
            if text and is_numeric(text) and abs(float(text)) < _LARGEST:
                return as_number(text)
        return None

    def other(self, asked: Asked, layout: Layout, key: str) -> Doc:
        """The choice that asks for words."""
        texts = asked.local.get("other_replace_text") or {}
        own = asked.attribute("other_replace_text")
        if own and not texts:
            texts = {self.wording.base: own}
        if not texts.get(self.wording.base):
            texts = {**self.usual("other"), **texts}
        label = self.label(texts, f"{layout.key}.choices.{key}", "Other")
        doc: Doc = {"key": key, "label": label, "takes_text": True, "is_fixed": True}
        # In a multiple choice the words are the answer; in a list they may be left out.
        if asked.type in ("M", "P") or asked.is_on("other_comment_mandatory"):
            doc["is_text_required"] = True
        return doc

    def fixed(self, layout: Layout) -> list[Doc]:
        """The choices of a ready-made list."""
        return [
            {"key": key, "label": self.label(self.usual(code), f"{layout.key}.choices.{key}", code)}
            for code, key in layout.choices.items()
        ]

    def options(self, asked: Asked, layout: Layout) -> list[Doc]:
        """The options of a multiple choice."""
        codes = ["other" if code == OTHER else code for code in layout.choices]
        offered = self.conditions.of_rows(asked, codes, f"{layout.key}.choices")
        alone = {each.strip() for each in asked.attribute("exclude_all_others").split(";")}
        made: list[Doc] = []
        for sub in asked.rows():
            key = layout.choices.get(sub.code)
            if key is None or any(each["key"] == key for each in made):
                continue
            doc: Doc = {
                "key": key,
                "label": self.label(sub.texts, f"{layout.key}.choices.{key}", sub.code),
            }
            if sub.code in alone:
                doc["is_exclusive"] = True
            if asked.type == "P":
                doc["takes_text"] = True
            if sub.code in offered:
                doc["show_if"] = offered[sub.code]
            made.append(doc)
        if asked.is_other:
            doc = self.other(asked, layout, layout.choices[OTHER])
            if "other" in alone:
                doc["is_exclusive"] = True
            if "other" in offered:
                doc["show_if"] = offered["other"]
            made.append(doc)
        return _enough(made)

    def rows(self, asked: Asked, layout: Layout) -> list[Doc]:
        """The rows of an array."""
        offered = self.conditions.of_rows(asked, [*layout.rows], f"{layout.key}.rows")
        divides = asked.type in ("A", "B", "F", "1") or asked.is_on("slider_layout")
        made: list[Doc] = []
        for sub in asked.rows():
            key = layout.rows.get(sub.code)
            if key is None or any(each["key"] == key for each in made):
                continue
            place = f"{layout.key}.rows.{key}"
            texts, opposite = _divided(sub) if divides else (sub.texts, {})
            doc: Doc = {"key": key, "label": self.label(texts, place, sub.code)}
            if opposite:
                doc["opposite"] = self.wording.say(opposite, f"{place}.opposite", LONGEST_LABEL)
            if sub.code in offered:
                doc["show_if"] = offered[sub.code]
            made.append(doc)
        return made

    def columns(self, asked: Asked, layout: Layout, part: str = "choices") -> list[Doc]:
        """The columns of a two-way array, as choices or as parts."""
        made: list[Doc] = []
        for sub in asked.rows(1):
            key = layout.columns.get(sub.code)
            if key is not None and not any(each["key"] == key for each in made):
                place = f"{layout.key}.{part}.{key}" + (".text" if part == "parts" else "")
                made.append({"key": key, "label": self.label(sub.texts, place, sub.code)})
        return made


def _divided(sub: Sub) -> tuple[Texts, Texts]:
    """What stands left and right of a row whose words hold a bar."""
    left = {name: text.partition("|")[0] for name, text in sub.texts.items()}
    right = {
        name: text.partition("|")[2].replace("|", " – ")
        for name, text in sub.texts.items()
        if "|" in text
    }
    return left, {name: text for name, text in right.items() if text.strip()}


def _enough(made: list[Doc]) -> list[Doc]:
    """A list of one choice is asked with a second one that is never offered."""
    if len(made) == 1:
        never: Logic = False
        made.append({"key": NEVER, "label": "–", "show_if": never})
    return made
