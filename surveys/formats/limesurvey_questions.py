"""One LimeSurvey question as the questions of our document: usually one, with a comment two."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from surveys.formats.expressionscript import BadScript, pieces
from surveys.formats.expressionscript_functions import FUNCTIONS
from surveys.formats.expressionscript_logic import Script
from surveys.formats.expressionscript_terms import Untranslatable, as_number, is_numeric, joined
from surveys.formats.limesurvey_checks import Checks
from surveys.formats.limesurvey_choices import Choices, Doc
from surveys.formats.limesurvey_conditions import Conditions
from surveys.formats.limesurvey_layout import Layout, columns_of_numbers
from surveys.formats.limesurvey_ledger import Ledger
from surveys.formats.limesurvey_source import Asked
from surveys.formats.limesurvey_variables import Variables, said
from surveys.formats.limesurvey_wording import Wording
from surveys.parts import Logic

_LARGEST = 10**12
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})-([0-9]{2}))?(?:[ T].*)?")
_TIMED = ("time_limit",)
_COMPOSITE = frozenset(
    {"matrix_single", "matrix_dropdown", "matrix_rating", "matrix_multiple", "matrix_number", "matrix_text", "grid"}
)  # fmt: skip


class Questions:
    """Writes the questions of one survey."""

    def __init__(
        self, variables: Variables, wording: Wording, conditions: Conditions, ledger: Ledger
    ) -> None:
        self.variables = variables
        self.wording = wording
        self.conditions = conditions
        self.ledger = ledger
        self.choices = Choices(wording, conditions)
        self.checks = Checks(variables, wording, ledger)

    def write(self, asked: Asked, group: Logic) -> list[Doc]:
        """The questions of our document for one of the source, with what they need before them.

        ``group`` is when the group it belongs to is shown; None where it always is.
        """
        layout = self.variables.layouts[asked.qid]
        show = self.conditions.of_question(asked, f"{layout.key}.show_if")
        if show is None:
            self.variables.show(asked.qid, group)
        else:
            self.variables.show(asked.qid, show if group is None else joined("and", [group, show]))
        doc: Doc = {"key": layout.key, "kind": layout.kind}
        write: dict[str, Callable[[Asked, Layout, Doc], list[Doc]]] = {
            "raw": self._raw, "statement": self._statement, "calculated": self._calculated,
        }  # fmt: skip
        made = write.get(layout.kind, self._asked)(asked, layout, doc)
        if show is not None:
            for each in made:
                if each.get("show_if") is not False:
                    each["show_if"] = show
        helpers = self.wording.take()
        return [*helpers, *made]

    def _worded(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        """Text and help of a question."""
        self.variables.current = asked.qid
        words = self.wording.say(asked.texts, f"{layout.key}.text")
        doc["text"] = words or asked.code or layout.key
        hint = self.wording.say(asked.help, f"{layout.key}.help")
        self.variables.current = ""
        if hint:
            doc["help"] = hint

    def _raw(self, asked: Asked, layout: Layout, doc: Doc) -> list[Doc]:
        """A type without a counterpart: its words stay, for a person to decide."""
        doc["kind"] = "statement"
        self._worded(asked, layout, doc)
        what = "File upload" if asked.type == "|" else f"The question type {asked.type!r}"
        self.ledger.approximate(
            f"{what} has no counterpart here; its words are kept as a statement."
        )
        self.ledger.question(asked.code, asked.type, layout.key, "raw")
        return [doc]

    def _statement(self, asked: Asked, layout: Layout, doc: Doc) -> list[Doc]:
        self._worded(asked, layout, doc)
        if asked.is_on("hidden"):
            doc["show_if"] = False
        self._note_timers(asked)
        self.ledger.question(asked.code, asked.type, layout.key)
        return [doc]

    def _calculated(self, asked: Asked, layout: Layout, doc: Doc) -> list[Doc]:
        """An equation, and the text it shows; the language chosen."""
        if asked.type == "I":
            doc |= {"text": asked.code, "value": {"var": "_language"}}
            self.ledger.approximate("The language is chosen at the start of the survey, not here.")
            self.ledger.question(asked.code, asked.type, layout.key)
            return [doc]
        doc["text"] = asked.code or layout.key
        base = self.wording.base
        equation = asked.attribute("equation")
        words = asked.texts.get(base) or asked.texts.get("") or next(iter(asked.texts.values()), "")
        is_known = self._equation(equation or words, layout, doc)
        made = [doc]
        is_plain = not equation or said(asked.texts, base) == equation
        if not asked.is_on("hidden") and words.strip() and not (is_plain and _is_one(words)):
            key = self.variables.keys.key(("text", asked.qid), f"{layout.key[:34]}_text")
            text = self.wording.say(asked.texts, f"{key}.text")
            if text:
                made = [doc, {"key": key, "kind": "statement", "text": text}]
        elif not asked.is_on("hidden") and words.strip():
            key = self.variables.keys.key(("text", asked.qid), f"{layout.key[:34]}_text")
            made = [doc, {"key": key, "kind": "statement", "text": "{{" + layout.key + "}}"}]
        self.ledger.question(asked.code, asked.type, layout.key, "mapped" if is_known else "raw")
        return made

    def _equation(self, text: str, layout: Layout, doc: Doc) -> bool:
        """Set the value of an equation; false where it cannot be followed."""
        parts: list[Logic] = []
        path = f"{layout.key}.value"
        for piece in pieces(text[:20_000]):
            if not piece.is_expression:
                words = self.ledger.cleaner.text(piece.text, 2_000)
                if words:
                    parts.append(words)
                continue
            try:
                parts.append(Script(self.variables, FUNCTIONS).value(piece.text))
            except (BadScript, Untranslatable) as error:
                self.ledger.left(path, text, f"A calculated value; {error}.")
                self.ledger.approximate("Its equation could not be followed.")
                return False
        if text.strip():
            self.ledger.evaluated(path, text)
        value: Logic = parts[0] if len(parts) == 1 else {"cat": parts} if parts else None
        if isinstance(value, str) and is_numeric(value):
            value = as_number(value)
        if value is not None:
            doc["value"] = _constant(value)
        return True

    def _asked(self, asked: Asked, layout: Layout, doc: Doc) -> list[Doc]:
        """A question that takes an answer."""
        self._worded(asked, layout, doc)
        if asked.mandatory == "Y":
            doc["is_required"] = True
        elif asked.mandatory == "S":
            doc["is_requested"] = True
        self._filled(asked, layout, doc)
        if not self._is_whole(asked, layout, doc):
            return [doc]
        self.checks.add(asked, doc)
        self._ordered(asked, layout, doc)
        self._note_timers(asked)
        self._default(asked, layout, doc)
        if asked.is_on("hidden"):
            return [self._hidden(asked, layout, doc)]
        made = [doc]
        if layout.comment:
            comment: Doc = {"key": layout.comment, "kind": "long_text", "text": f"{doc['text']} …"}
            comment["settings"] = {"max_length": 20_000}
            made.append(comment)
            self.ledger.approximate("Its comment is asked as a question of its own.")
        self._note_signs(asked, doc)
        self.ledger.question(asked.code, asked.type, layout.key)
        return made

    def _is_whole(self, asked: Asked, layout: Layout, doc: Doc) -> bool:
        """Whether it has what its kind needs; if not its words are kept."""
        missing = ""
        if layout.kind in _COMPOSITE and not doc.get("rows"):
            missing = "It has no rows."
        elif layout.kind in ("grid",) and not doc.get("parts"):
            missing = "It has no columns."
        elif layout.kind in (
            "single_choice",
            "dropdown",
            "multiple_choice",
            "ranking",
        ) and not doc.get("choices"):
            missing = "It has no choices."
        elif layout.kind in ("matrix_single", "matrix_dropdown", "matrix_multiple") and not doc.get(
            "choices"
        ):
            missing = "It has no columns."
        if not missing:
            return True
        for name in [name for name in doc if name not in ("key", "text", "help")]:
            del doc[name]
        doc["kind"] = "statement"
        self.ledger.approximate(f"{missing} LimeSurvey shows its words only, and so do we.")
        self.ledger.question(asked.code, asked.type, layout.key)
        return False

    def _filled(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        """Choices, rows, parts and settings of the kind."""
        fill = getattr(self, f"_fill_{layout.kind}", None)
        if fill is not None:
            fill(asked, layout, doc)

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
            if value and is_numeric(value) and abs(float(value)) <= _LARGEST:
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
            if is_numeric(step) and 0.000001 <= float(step) <= _LARGEST:
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

    def _fill_ranking(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        choices = self.choices.answers(asked, layout)
        offered = self.conditions.of_rows(asked, [*layout.choices], f"{layout.key}.choices")
        by_key = {layout.choices[code]: logic for code, logic in offered.items()}
        for choice in choices:
            choice.pop("value", None)
            if choice["key"] in by_key:
                choice["show_if"] = by_key[str(choice["key"])]
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

    _fill_smileys = _fill_stars

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
            day = _day(value, is_last=setting == "maximum")
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

    _fill_matrix_dropdown = _fill_matrix_single

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
            if value and is_numeric(value) and abs(float(value)) <= _LARGEST:
                settings[setting] = as_number(value)
        low, high = settings.get("minimum"), settings.get("maximum")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            settings = {"decimals": 6}
        return {"kind": "number", "settings": settings}

    def _ordered(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        """Random and alphabetical orders of choices and rows."""
        named = asked.attribute("answer_order") or asked.attribute("subquestion_order")
        order = "random" if asked.is_on("random_order") or named == "random" else ""
        if not order and (asked.is_on("alphasort") or named == "alphabetical"):
            order = "alphabetical"
        if order:
            doc["row_order" if doc.get("rows") else "choice_order"] = order
            if not (doc.get("rows") or doc.get("choices")):
                doc.pop("choice_order", None)

    def _default(self, asked: Asked, layout: Layout, doc: Doc) -> None:
        """The answer that is there before anybody answers."""
        if not asked.defaults:
            return
        if layout.kind == "multiple_choice":
            by_id = {sub.qid: layout.choices.get(sub.code) for sub in asked.rows()}
            chosen: list[Logic] = [
                by_id[place] for (place, _), value in asked.defaults.items()
                if value == "Y" and by_id.get(place)
            ]  # fmt: skip
            if chosen:
                doc["default"] = chosen
            return
        value = asked.defaults.get(("", 0), "").strip()
        if not value or layout.kind in _COMPOSITE or layout.kind == "ranking":
            self.ledger.approximate("The answers it is filled in with beforehand are left out.")
            return
        default = self._as_answer(value, layout)
        if default is None:
            self.ledger.approximate("The answer it is filled in with beforehand is left out.")
        else:
            doc["default"] = _constant(default)

    def _as_answer(self, value: str, layout: Layout) -> Logic:
        """A default as our answer; None where it is none."""
        if layout.choices:
            return layout.choices.get(value)
        if "{" in value:
            parts = pieces(value)
            if len(parts) != 1 or not parts[0].is_expression:
                return None
            try:
                return Script(self.variables, FUNCTIONS).value(parts[0].text)
            except (BadScript, Untranslatable):
                return None
        if layout.kind in ("number", "scale", "stars", "smileys", "nps"):
            return as_number(value) if is_numeric(value) and abs(float(value)) <= _LARGEST else None
        if layout.kind == "date":
            return _day(value, is_last=False) or None
        return self.ledger.cleaner.text(value, 1_000) or None

    def _hidden(self, asked: Asked, layout: Layout, doc: Doc) -> Doc:
        """A question that is never shown: its value comes with the link, or is its default."""
        if layout.kind in _COMPOSITE or layout.kind in (
            "multiple_choice",
            "ranking",
            "date",
            "yes_no",
        ):
            doc["show_if"] = False
            self.variables.show(asked.qid, False)
            self.ledger.approximate(
                "It is never shown, and cannot be filled in from the link here."
            )
            self.ledger.question(asked.code, asked.type, layout.key)
            doc.pop("checks", None)
            return doc
        field = self.variables.field(asked.code or layout.key, source="link", name=asked.code[:200])
        given: Logic = {"var": f"_data.{field}"}
        value: Logic = given
        default: Logic = doc.get("default")  # type: ignore[assignment]
        if layout.choices:
            parts: list[Logic] = []
            for code, key in [*layout.choices.items()][:100]:
                parts += [{"==": [given, code]}, key]
            value = {"if": [*parts, default]}
        elif default is not None:
            value = {"if": [{"is_answered": [given]}, given, default]}
        self.ledger.approximate("It is hidden: its value comes with the link, under the same name.")
        self.ledger.question(asked.code, asked.type, layout.key)
        return {"key": layout.key, "kind": "hidden", "text": doc["text"], "value": value}

    def _note_timers(self, asked: Asked) -> None:
        if any(
            is_numeric(asked.attribute(name)) and float(asked.attribute(name)) for name in _TIMED
        ):
            self.ledger.approximate("Its time limit is not kept.")

    def _note_signs(self, asked: Asked, doc: Doc) -> None:
        """Words before and after a box that are shown nowhere else."""
        settings = doc.get("settings")
        has_unit = isinstance(settings, dict) and "unit" in settings
        if asked.attribute("prefix") or (asked.attribute("suffix") and not has_unit):
            self.ledger.approximate("The words before or after its box are not shown.")


def _is_one(text: str) -> bool:
    """Whether a text is one expression and nothing else."""
    found = [each for each in pieces(text) if each.text.strip()]
    return len(found) == 1 and found[0].is_expression


def _constant(logic: Logic) -> Logic:
    """Logic that is only a text, written so that it is not read as an expression."""
    return {"cat": [logic]} if isinstance(logic, str) else logic


def _offered(choice: Doc) -> Logic:
    """When a choice is offered."""
    logic: Logic = choice.get("show_if", True)  # type: ignore[assignment]
    return logic


def _listed(doc: Doc, name: str) -> list[object]:
    found = doc.get(name)
    return found if isinstance(found, list) else []


def _docs(value: object) -> list[Doc]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _day(value: str, *, is_last: bool) -> str:
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
