"""What LimeSurvey demands of an answer: counts, sums, ranges, patterns and its own expressions."""

from __future__ import annotations

from surveys.expressions import ExpressionError, compile_expression
from surveys.formats.expressionscript.functions import FUNCTIONS
from surveys.formats.expressionscript.logic import Script
from surveys.formats.expressionscript.parsing import BadScript
from surveys.formats.expressionscript.terms import (
    Term,
    Untranslatable,
    Variable,
    blank,
    is_numeric,
    joined,
    negated,
)
from surveys.formats.limesurvey.choices import Doc
from surveys.formats.limesurvey.conditions import quoted
from surveys.formats.limesurvey.ledger import Ledger
from surveys.formats.limesurvey.source import Asked
from surveys.formats.limesurvey.variables import Variables
from surveys.formats.limesurvey.wording import Wording
from surveys.parts import Logic

_MOST_CHECKS = 18
_NO_COMMENTS = "self.nocomments"


class Checks:
    """Writes the checks of questions, and what of them asks for an answer in the first place."""

    def __init__(self, variables: Variables, wording: Wording, ledger: Ledger) -> None:
        self.variables = variables
        self.wording = wording
        self.ledger = ledger

    def add(self, asked: Asked, doc: Doc) -> None:
        """Add the checks of a question to its document."""
        self.variables.current = asked.qid
        self.required: list[Logic] = []
        self.made: list[Doc] = []
        self.key = str(doc["key"])
        given = doc.get("checks")
        self.before = len(given) if isinstance(given, list) else 0
        try:
            self._counts(asked, doc)
            self._sums(asked)
            self._ranges(asked, doc)
            self._patterns(asked)
            self._own(asked)
            if self.required and not doc.get("is_required"):
                failed = joined("or", self.required)
                doc["required_if"] = joined("and", [*self._unanswered(), failed])
        finally:
            self.variables.current, self.variables.cell = "", None
        if self.made:
            doc["checks"] = [*(given if isinstance(given, list) else []), *self.made][:_MOST_CHECKS]

    def _unanswered(self) -> list[Logic]:
        """That no part of a question of several parts is answered; then its check has the word."""
        cells = [variable for _, variable in self.variables.of(self.variables.current)]
        if len(cells) < 2 or len(cells) > 60:
            return []
        return [blank(Term(each.logic, each.nature, each)) for each in cells]

    def _read(self, text: str, what: str) -> Logic:
        """A check as our logic; None where it cannot be followed."""
        try:
            return Script(self.variables, FUNCTIONS).condition(text)
        except (BadScript, Untranslatable) as error:
            self.ledger.left(f"{self.key}.{what}", text, f"A check of the answer; {error}.")
            self.ledger.approximate("One of its checks could not be followed.")
            return None

    def _check(self, text: str, what: str, message: str = "") -> None:
        logic = self._read(text, what)
        if logic is not None:
            self.ledger.evaluated(f"{self.key}.{what}", text)
            self._put(logic, message)

    def _put(self, logic: Logic, message: str = "", *, passes_blank: bool = False) -> None:
        if logic is True:
            return
        self.made.append({"valid_if": logic, **({"message": message} if message else {})})
        # LimeSurvey judges what was left empty too; ours are asked of what was answered.
        if not passes_blank and not _holds_of_nothing(logic, self.key):
            self.required.append(negated(logic))

    def _counts(self, asked: Asked, doc: Doc) -> None:
        """How many are chosen or filled in at least and at most."""
        if asked.type in ("L", "!", "O", "S", "T", "U", "N", "D", "Y", "G", "5", "X", "*"):
            return
        listed = _NO_COMMENTS if asked.type == "P" else "self"
        counted = self._pairs(asked) if asked.type == "1" else f"count({listed}.NAOK)"
        settings = doc.get("settings")
        for name, sign in (("min_answers", ">="), ("max_answers", "<=")):
            value = asked.attribute(name)
            if not value or (value == "0" and sign == ">="):
                continue
            setting = "minimum" if sign == ">=" else "maximum"
            is_set = isinstance(settings, dict) and setting in settings
            if is_set and value.isdigit():
                self.ledger.evaluated(f"{self.key}.{name}", value)
                if sign == ">=":
                    doc["is_required"] = True
                continue
            unless = "" if is_numeric(value) else f"is_empty({value}) || "
            self._check(f"{unless}{counted} {sign} ({value})", name)

    def _pairs(self, asked: Asked) -> str:
        codes = [f"{asked.code}_{sub.code}" for sub in asked.rows()]
        pairs = ",".join(f"if(count({each}_0.NAOK,{each}_1.NAOK)==2,1,'')" for each in codes)
        return f"count({pairs})"

    def _sums(self, asked: Asked) -> None:
        if asked.type not in ("K", ";", ":"):
            return
        nothing = " || count(self.NAOK) == 0" if asked.is_on("value_range_allows_missing") else ""
        for name, sign in (
            ("min_num_value", ">="),
            ("max_num_value", "<="),
            ("equals_num_value", "=="),
        ):
            value = asked.attribute(name)
            if value:
                self._check(f"round(sum(self.NAOK),10) {sign} ({value}){nothing}", name)

    def _ranges(self, asked: Asked, doc: Doc) -> None:
        """Limits of each number that are not plain numbers already kept as settings."""
        settings = doc.get("settings")
        kept = settings if isinstance(settings, dict) else {}
        pairs = {"min_num_value_n": ("minimum", ">="), "max_num_value_n": ("maximum", "<=")}
        if asked.type == ":":
            pairs = {"multiflexible_min": ("minimum", ">="), "multiflexible_max": ("maximum", "<=")}
        elif asked.type not in ("N", "K"):
            pairs = {}
        for name, (setting, sign) in pairs.items():
            value = asked.attribute(name)
            if not value:
                continue
            if setting in kept or (is_numeric(value) and doc["kind"] in ("nps", "grid")):
                self.ledger.evaluated(f"{self.key}.{name}", value)
                continue
            self._each(f"is_empty(this.NAOK) || this.NAOK {sign} ({value})", name)
        longest = asked.attribute("maximum_chars")
        if longest.isdigit() and int(longest) and asked.type in ("N", "K"):
            self._each(f"strlen(this.NAOK) <= {longest}", "maximum_chars")

    def _patterns(self, asked: Asked) -> None:
        if asked.preg and asked.type in ("N", "K", "Q", ";", ":", "S", "T", "U"):
            pattern = quoted(asked.preg)
            self._each(f"is_empty(this.NAOK) || regexMatch({pattern}, this.NAOK)", "preg")
        if asked.is_other and asked.is_on("other_numbers_only"):
            other = f"{asked.code}_other.NAOK"
            self._check(f"is_empty({other}) || is_numeric({other})", "other_numbers_only")
        if asked.is_on("numbers_only") and asked.type == ";":
            self._each("is_empty(this.NAOK) || is_numeric(this.NAOK)", "numbers_only")

    def _own(self, asked: Asked) -> None:
        """The expressions a designer wrote for the whole question and for each part of it."""
        for name in ("em_validation_q", "em_validation_sq"):
            text = asked.attribute(name)
            if not text:
                continue
            tip = asked.local.get(f"{name}_tip") or {"": asked.attribute(f"{name}_tip")}
            place = f"{self.key}.checks.{self.before + len(self.made)}"
            message = self.wording.say(tip, place, 2_000) if any(tip.values()) else ""
            if "this" in text:
                self._each(text, name, message)
            else:
                self._check(text, name, message)

    def _each(self, text: str, what: str, message: str = "") -> None:
        """A check of every part of the question, in one."""
        cells = [variable for _, variable in self.variables.of(self.variables.current)]
        parts: list[Logic] = []
        for cell in cells[:400]:
            logic = self._of_cell(text, what, cell)
            if logic is None:
                return
            parts.append(logic)
        if not parts:
            return
        whole = joined("and", parts)
        try:
            compile_expression(whole)
        except ExpressionError:
            self.ledger.left(
                f"{self.key}.{what}", text, "A check of more parts than our logic can hold."
            )
            return
        self.ledger.evaluated(f"{self.key}.{what}", text)
        self._put(whole, message, passes_blank=text.startswith("is_empty(this.NAOK)"))

    def _of_cell(self, text: str, what: str, cell: Variable) -> Logic:
        self.variables.cell = cell
        try:
            return self._read(text, what)
        finally:
            self.variables.cell = None


def _holds_of_nothing(logic: Logic, key: str) -> bool:
    """Whether a check is passed where its question was not answered, whatever others were."""
    try:
        expression = compile_expression(logic)
        is_own = all(path == key or path.startswith(f"{key}.") for path in expression.paths)
        return is_own and bool(expression.evaluate({}))
    except ExpressionError:
        return True
