"""One LimeSurvey question as the questions of our document: usually one, with a comment two."""

from __future__ import annotations

from collections.abc import Callable

from surveys.formats.expressionscript.functions import FUNCTIONS
from surveys.formats.expressionscript.logic import Script
from surveys.formats.expressionscript.parsing import BadScript, pieces
from surveys.formats.expressionscript.terms import Untranslatable, as_number, is_numeric, joined
from surveys.formats.limesurvey.checks import Checks
from surveys.formats.limesurvey.choices import Doc
from surveys.formats.limesurvey.conditions import Conditions
from surveys.formats.limesurvey.filling import LARGEST, Filling, day_of
from surveys.formats.limesurvey.layout import Layout
from surveys.formats.limesurvey.ledger import Ledger, harmless
from surveys.formats.limesurvey.source import Asked
from surveys.formats.limesurvey.variables import Variables, said
from surveys.formats.limesurvey.wording import Wording
from surveys.parts import Logic

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
        self.filling = Filling(variables, wording, conditions, ledger)
        self.checks = Checks(variables, wording, ledger)
        self.unmoved: set[str] = set()

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
        doc["text"] = words or self.ledger.cleaner.text(asked.code, 100) or layout.key
        hint = self.wording.say(asked.help, f"{layout.key}.help")
        self.variables.current = ""
        if hint:
            doc["help"] = hint

    def _raw(self, asked: Asked, layout: Layout, doc: Doc) -> list[Doc]:
        """A type without a counterpart: its words stay, for a person to decide."""
        doc["kind"] = "statement"
        self._worded(asked, layout, doc)
        self.ledger.approximate(
            f"The question type {asked.type!r} has no counterpart here; its words are kept as a "
            "statement."
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
            doc |= {"text": layout.key, "value": {"var": "_language"}}
            self.ledger.approximate("The language is chosen at the start of the survey, not here.")
            self.ledger.question(asked.code, asked.type, layout.key)
            return [doc]
        doc["text"] = self.ledger.cleaner.text(asked.code, 100) or layout.key
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
                    before, after = piece.text[:1].isspace(), piece.text[-1:].isspace()
                    parts.append(f"{' ' * before}{words}{' ' * after}")
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
        self.filling.fill(asked, layout, doc)
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
        if asked.qid in self.unmoved:
            self.ledger.approximate("It keeps its place, where it changed places at random.")
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
            return as_number(value) if is_numeric(value) and abs(float(value)) <= LARGEST else None
        if layout.kind == "date":
            return day_of(value, is_last=False) or None
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
        field = self.variables.field(
            asked.code or layout.key, source="link", name=harmless(asked.code)[:200]
        )
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
