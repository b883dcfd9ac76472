"""Choices, rows, parts and settings of LimeSurvey questions, kind by kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias

from surveys.formats.expressionscript.functions import FUNCTIONS
from surveys.formats.expressionscript.logic import Script
from surveys.formats.expressionscript.parsing import BadScript
from surveys.formats.expressionscript.terms import Untranslatable, as_number, is_numeric, joined
from surveys.formats.limesurvey.choices import Choices, Doc
from surveys.formats.limesurvey.conditions import Conditions
from surveys.formats.limesurvey.layout import Layout, columns_of_numbers
from surveys.formats.limesurvey.ledger import Ledger
from surveys.formats.limesurvey.source import Asked
from surveys.formats.limesurvey.variables import Variables
from surveys.formats.limesurvey.wording import Wording
from surveys.kinds.files import TYPES
from surveys.parts import Logic

Fill: TypeAlias = Callable[[Asked, Layout, Doc], None]

LARGEST = 10**12
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})-([0-9]{2}))?(?:[ T].*)?")


class Filling:
    """Fills the documents of questions with what their kinds need."""

    def __init__(
        self, variables: Variables, wording: Wording, conditions: Conditions, ledger: Ledger
    ) -> None:
        self.variables = variables
        self.wording = wording
        self.conditions = conditions
        self.ledger = ledger
        self.choices = Choices(wording, conditions)
        self.kinds: Mapping[str, Fill] = {
            "short_text": self._fill_short_text,
            "long_text": self._fill_long_text,
            "number": self._fill_number,
            "matrix_number": self._fill_matrix_number,
            "matrix_text": self._fill_matrix_text,
            "single_choice": self._fill_single_choice,
            "dropdown": self._fill_dropdown,
            "multiple_choice": self._fill_multiple_choice,
            "ranking": self._fill_ranking,
            "scale": self._fill_scale,
            "stars": self._fill_stars,
            "nps": self._fill_nps,
            "date": self._fill_date,
            "matrix_rating": self._fill_matrix_rating,
            "matrix_single": self._fill_matrix_single,
            "matrix_multiple": self._fill_matrix_multiple,
            "grid": self._fill_grid,
            "smileys": self._fill_stars,
            "matrix_dropdown": self._fill_matrix_single,
            "file_upload": self._fill_file_upload,
        }

    def fill(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        """Add choices, rows, parts and settings of the question's kind."""
        fill = self.kinds.get(layout.kind)
        if fill is not None:
            fill(asked, layout, doc)

    def _fill_file_upload(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        """How many files, how large (kilobytes there), and of which endings."""
        most = asked.attribute("max_num_of_files")
        size = asked.attribute("max_filesize")
        named = [each.strip().lower() for each in asked.attribute("allowed_filetypes").split(",")]
        settings: Doc = {
            "max_files": max(1, min(10, int(most))) if most.isdecimal() and len(most) < 6 else 1,
            "max_megabytes": (
                max(1, min(25, -(-int(size) // 1024))) if size.isdecimal() and len(size) < 9 else 10
            ),
        }
        known = [each for each in named if each in TYPES]
        if known:
            settings["types"] = known[:20]
        if len(known) < len([each for each in named if each]):
            self.ledger.approximate("Some of the kinds of files it takes are not taken here.")
        if asked.is_on("show_title") or asked.is_on("show_comment"):
            self.ledger.approximate("A title and a comment for each file are not asked.")
        doc["settings"] = settings

    def _fill_short_text(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        self._lengths(asked, doc, 1_000)

    def _fill_long_text(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        self._lengths(asked, doc, 20_000)

    def _lengths(self, asked: Asked, doc: Doc, most: int) -> None:
        longest = asked.attribute("maximum_chars")
        wanted = int(longest) if longest.isascii() and longest.isdigit() and len(longest) < 7 else 0
        doc["settings"] = {"max_length": min(wanted, most) if wanted else most}

    def _fill_number(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        settings: Doc = {"decimals": 0 if asked.is_on("num_value_int_only") else 6}
        if asked.type == "N":
            settings |= self._limits(asked, int(str(settings["decimals"])))
        suffix = asked.local.get("suffix") or {"": asked.attribute("suffix")}
        if any(suffix.values()):
            settings["unit"] = self.wording.say(suffix, f"{layout.key}.unit", 300)
        doc["settings"] = settings

    def _limits(self, asked: Asked, decimals: int) -> Doc:
        """Smallest and largest number where they are plain numbers."""
        made: Doc = {}
        for name, setting in (("min_num_value_n", "minimum"), ("max_num_value_n", "maximum")):
            value = asked.attribute(name)
            if asked.type == "K" and not value and asked.is_on("slider_layout"):
                value = asked.attribute(f"slider_{name[:3]}")
            if value and is_numeric(value) and abs(float(value)) <= LARGEST:
                number = as_number(value)
                if round(number, decimals) == number:
                    made[setting] = number
        low, high = made.get("minimum"), made.get("maximum")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            self.ledger.approximate(
                "Its smallest number is larger than its largest; neither is kept."
            )
            return {}
        return made

    def _fill_matrix_number(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        doc["rows"] = self.choices.rows(asked, layout)
        decimals = 0 if asked.is_on("num_value_int_only") else 6
        settings: Doc = {"decimals": decimals} | (
            self._limits(asked, decimals) if asked.type == "K" else {}
        )
        if asked.is_on("slider_layout"):
            step = asked.attribute("slider_accuracy") or "1"
            if is_numeric(step) and 0.000001 <= float(step) <= LARGEST:
                settings["step"] = as_number(step)
            self.ledger.approximate("Its sliders are shown as boxes for numbers.")
        doc["settings"] = settings

    def _fill_matrix_text(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        doc["rows"] = self.choices.rows(asked, layout)
        self._lengths(asked, doc, 5_000)

    def _fill_single_choice(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        fixed = asked.type == "G"
        doc["choices"] = (
            self.choices.fixed(layout) if fixed else self.choices.answers(asked, layout)
        )
        if asked.type == "L":
            self._filtered(asked, layout, doc["choices"])

    def _fill_dropdown(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        doc["choices"] = self.choices.answers(asked, layout)

    def _fill_multiple_choice(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        options = self.choices.options(asked, layout)
        doc["choices"] = options
        settings: Doc = {}
        for name, setting in (("min_answers", "minimum"), ("max_answers", "maximum")):
            value = asked.attribute(name)
            if (
                value.isascii()
                and value.isdigit()
                and 1 <= int(value[:6]) <= min(200, len(options))
            ):
                settings[setting] = int(value)
        if int(str(settings.get("minimum", 0))) > int(str(settings.get("maximum", 10**6))):
            settings = {}
        if settings:
            doc["settings"] = settings
        if asked.type == "P":
            if asked.attribute("commented_checkbox") in ("unchecked", "allways", "always"):
                self.ledger.approximate("A comment can only be given beside what is chosen.")
            if asked.is_other:
                self.ledger.approximate(
                    "The comment beside “other” is not asked, only its words are."
                )

    def _filtered(self, asked: Asked, layout: Layout, choices: object) -> None:
        """Offer of a list only what the answers of another question let through."""
        offered = self.conditions.of_rows(asked, [*layout.choices], f"{layout.key}.choices")
        by_key = {layout.choices[code]: logic for code, logic in offered.items()}
        for choice in _docs(choices):
            if choice["key"] in by_key:
                choice["show_if"] = by_key[str(choice["key"])]

    def _fill_ranking(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        choices = self.choices.answers(asked, layout)
        for choice in choices:
            choice.pop("value", None)
        self._filtered(asked, layout, choices)
        doc["choices"] = choices
        most = asked.attribute("max_answers") or asked.attribute("max_subquestions")
        settings: Doc = {}
        if most.isascii() and most.isdigit() and 1 <= int(most[:6]) <= len(choices):
            settings["maximum"] = int(most)
        least = asked.attribute("min_answers")
        limit = int(str(settings.get("maximum", len(choices))))
        if least.isascii() and least.isdigit() and 1 <= int(least[:6]) <= limit:
            settings["minimum"] = int(least)
        elif not doc.get("is_required"):
            # What is optional may be ranked in part.
            settings["minimum"] = 1
        elif any("show_if" in choice for choice in choices):
            settings["minimum"] = 1
            flags: list[Logic] = [{"if": [_offered(each), 1, 0]} for each in choices]
            needed: Logic = {"min": [{"+": flags}, limit]}
            doc["checks"] = [{"valid_if": {">=": [{"count": [{"var": layout.key}]}, needed]}}]
        if settings:
            doc["settings"] = settings

    def _fill_scale(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        doc["settings"] = {"low": 1, "high": 5}

    def _fill_stars(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        doc["settings"] = {"points": 5}

    def _fill_nps(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        self.ledger.note(
            f"{asked.code} asks from 0 to 10 how likely one recommends and is read as NPS; "
            "change its kind if it is another scale."
        )

    def _fill_date(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        settings: Doc = {}
        checks: list[Doc] = []
        for name, setting, sign in (("date_min", "minimum", ">="), ("date_max", "maximum", "<=")):
            value = asked.attribute(name)
            if not value:
                continue
            day = day_of(value, is_last=setting == "maximum")
            if day:
                settings[setting] = day
                self.ledger.evaluated(f"{layout.key}.{name}", value)
                continue
            limit = self._moving_day(value, f"{layout.key}.{name}")
            if limit is not None:
                own: Logic = {"var": layout.key}
                checks.append(
                    {"valid_if": joined("or", [{"is_empty": [limit]}, {sign: [own, limit]}])}
                )
        if str(settings.get("minimum", "")) > str(settings.get("maximum", "9")):
            settings = {}
        if settings:
            doc["settings"] = settings
        if checks:
            doc["checks"] = checks
        shape = asked.attribute("date_format").lower()
        if "h" in shape:
            self.ledger.approximate("Only the day is asked, not the time of day with it.")
        elif shape and not ("y" in shape and "d" in shape and "m" in shape):
            self.ledger.approximate("A whole day is asked where a month or a year was.")

    def _moving_day(self, value: str, path: str) -> Logic:
        """The day an expression comes to; None where it cannot be followed."""
        text = value[1:-1] if value.startswith("{") and value.endswith("}") else value
        if text.lower() in ("today", "now"):
            self.ledger.evaluated(path, value)
            return {"var": "_today"}
        try:
            logic = Script(self.variables, FUNCTIONS).value(text)
        except (BadScript, Untranslatable) as error:
            self.ledger.left(path, value, f"A limit of the date; {error}.")
            self.ledger.approximate("One of its limits could not be followed.")
            return None
        self.ledger.evaluated(path, value)
        return {"substr": [{"cat": [logic]}, 0, 10]}

    def _fill_matrix_rating(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        doc["rows"] = self.choices.rows(asked, layout)
        doc["settings"] = {"low": 1, "high": 5 if asked.type == "A" else 10}

    def _fill_matrix_single(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        doc["rows"] = self.choices.rows(asked, layout)
        if asked.type in ("C", "E"):
            doc["choices"] = self.choices.fixed(layout)
        else:
            doc["choices"] = self.choices.answers(asked, layout)
        if asked.type == "H":
            self.ledger.approximate("Its columns are shown as rows.")

    def _fill_matrix_multiple(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        doc["rows"] = self.choices.rows(asked, layout)
        doc["choices"] = self.choices.columns(asked, layout)

    def _fill_grid(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        doc["rows"] = self.choices.rows(asked, layout)
        if asked.type == "1":
            doc["parts"] = [self._scale(asked, layout, number) for number in (0, 1)]
            if any(len(_listed(part, "choices")) < 2 for part in _docs(doc["parts"])):
                doc["parts"] = []
            return
        parts = []
        for column in self.choices.columns(asked, layout, "parts")[:60]:
            parts.append(
                {"key": column["key"], "text": str(column["label"])} | self._cell(asked, layout)
            )
        if len(layout.columns) > 60:
            self.ledger.approximate("Only the first 60 of its columns are kept.")
        doc["parts"] = parts

    def _scale(self, asked: Asked, layout: Layout, number: int) -> Doc:
        key = f"scale_{number}"
        name = f"dualscale_header{'AB'[number]}"
        heading = asked.local.get(name) or {"": asked.attribute(name)}
        words = self.wording.say(heading, f"{layout.key}.parts.{key}.text", 2_000)
        kind = "dropdown" if asked.is_on("use_dropdown") else "single_choice"
        choices = self.choices.answers(asked, layout, scale=number)
        return {"key": key, "kind": kind, "text": words or str(number + 1), "choices": choices}

    def _cell(self, asked: Asked, layout: Layout) -> Doc:
        """What is asked in each cell of a two-way array."""
        if asked.type == ";":
            longest = asked.attribute("maximum_chars")
            most = (
                int(longest)
                if longest.isascii() and longest.isdigit() and len(longest) < 5
                else 1_000
            )
            if asked.is_on("numbers_only"):
                return {"kind": "number", "settings": {"decimals": 6}}
            return {"kind": "short_text", "settings": {"max_length": min(most or 1_000, 1_000)}}
        points = columns_of_numbers(asked)
        if points is not None:
            return {
                "kind": "dropdown",
                "choices": [{"key": p, "label": p, "value": int(p)} for p in points],
            }
        settings: Doc = {"decimals": 6}
        for name, setting in (("multiflexible_min", "minimum"), ("multiflexible_max", "maximum")):
            value = asked.attribute(name)
            if value and is_numeric(value) and abs(float(value)) <= LARGEST:
                settings[setting] = as_number(value)
        low, high = settings.get("minimum"), settings.get("maximum")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            settings = {"decimals": 6}
        return {"kind": "number", "settings": settings}


def _offered(choice: Doc) -> Logic:
    """When a choice is offered."""
    logic: Logic = choice.get("show_if", True)  # type: ignore[assignment]
    return logic


def _listed(doc: Doc, name: str) -> list[object]:
    found = doc.get(name)
    return found if isinstance(found, list) else []


def _docs(value: object) -> list[Doc]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def day_of(value: str, *, is_last: bool) -> str:
    """A day as year, month and day; a year alone is its first or last day; else nothing."""
    found = _DATE.fullmatch(value.strip())
    if found is None:
        return ""
    year, month, day = found[1], found[2], found[3]
    if month is None:
        month, day = ("12", "31") if is_last else ("01", "01")
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""
