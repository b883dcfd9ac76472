"""Texts of a LimeSurvey survey in all its languages, cleaned, with the expressions inside made pipes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from surveys.formats.expressionscript.functions import FUNCTIONS
from surveys.formats.expressionscript.logic import Script
from surveys.formats.expressionscript.parsing import BadScript, Name, parse, pieces
from surveys.formats.expressionscript.terms import Untranslatable
from surveys.formats.limesurvey.ledger import Ledger
from surveys.formats.limesurvey.variables import Variables
from surveys.parts import Logic
from surveys.piping import pipe

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_SILENT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_HELD = re.compile("\ue000([0-9]+)\ue001")
# What LimeSurvey itself puts in; without a counterpart here.
_PLACES = frozenset(
    {
        "SID", "SAVEDID", "SURVEYNAME", "SURVEYDESCRIPTION", "SURVEYURL", "PERC", "QUESTION_CODE",
        "OPTOUTURL", "ADMINNAME", "ADMINEMAIL", "EXPIRY", "SITENAME", "TEMPLATEURL", "QID", "GID",
        "ASSESSMENTS", "ASSESSMENT_CURRENT_TOTAL", "ASSESSMENT_HEADING", "STARTDATE", "NOTEMPTY",
        "WELCOME", "NUMBEROFQUESTIONS", "CLEARALL", "SAVE", "GLOBALOPTOUTURL",
    }
)  # fmt: skip
_MOST_HELPERS = 300
LONGEST_CELL = 60_000


def language_code(name: str) -> str:
    """A language of the source as our code; empty where it is none."""
    code = name.strip().replace("_", "-")
    head, dash, rest = code.partition("-")
    code = f"{head.lower()}{dash}{rest}"
    return code if _LANGUAGE.fullmatch(code) else ""


class Wording:
    """Says texts in the survey's language and keeps those of the others by their place."""

    def __init__(self, variables: Variables, ledger: Ledger, title: str) -> None:
        source = variables.source
        self.variables = variables
        self.ledger = ledger
        self.title = title
        self.base = source.language
        self.language = language_code(source.language) or "en"
        self.others: dict[str, str] = {}
        for each in source.languages:
            code = language_code(each)
            if code and code != self.language and each != self.base and len(self.others) < 50:
                self.others.setdefault(each, code)
        self.translations: dict[str, dict[str, str]] = {}
        self.pending: list[dict[str, object]] = []
        self._helpers: dict[str, str] = {}

    def say(self, texts: Mapping[str, str], place: str, longest: int = 10_000) -> str:
        """A text in the survey's language; its translations are kept under its place."""
        own = texts.get(self.base) or texts.get("") or next(iter(texts.values()), "")
        said = self.text(own, place, longest)
        for name, code in self.others.items():
            if texts.get(name):
                words = self.text(texts[name], place, longest)
                if words and words != said:
                    self.translations.setdefault(code, {})[place] = words
        return said

    def text(self, text: str, place: str, longest: int = 10_000) -> str:
        """One text cleaned, with what it pipes."""
        text = text[:LONGEST_CELL]
        clean = self.ledger.cleaner.text
        if "{" not in text:
            return clean(text, longest)
        held: list[str] = []
        parts: list[str] = []
        begun = 0
        for silent in (*_SILENT.finditer(text), None):
            end = silent.start() if silent else len(text)
            for piece in pieces(text[begun:end]):
                if piece.is_expression:
                    parts.append(f"\ue000{len(held)}\ue001")
                    held.append(self._piped(piece.text, place))
                else:
                    parts.append(piece.text.replace("\ue000", "").replace("\ue001", ""))
            if silent:
                parts.append(silent[0])
                begun = silent.end()
        cleaned = clean("".join(parts), longest)
        whole = _HELD.sub(
            lambda found: held[int(found[1])] if int(found[1]) < len(held) else "", cleaned
        )
        return (
            whole
            if len(whole) <= longest
            else cleaned[:longest].replace("\ue000", "").replace("\ue001", "")
        )

    def _piped(self, expression: str, place: str) -> str:
        """The pipe of an expression, or its words where it cannot be followed."""
        name = expression.strip()
        if name == "SURVEYNAME":
            return self.title
        if name.partition(":")[0] in _PLACES:
            self.ledger.note(
                f"The text at {place} shows {{{name}}}, which only LimeSurvey fills in."
            )
            return f"[{name}]"
        try:
            node = parse(name)
        except BadScript:
            # A brace in ordinary text, or a style sheet; LimeSurvey shows it as it is.
            return self.ledger.cleaner.text(f"{{{expression}}}")
        simple = self._simple(node.text) if isinstance(node, Name) else ""
        if simple:
            self.ledger.evaluated(place, f"{{{name}}}")
            return pipe(simple)
        try:
            logic = Script(self.variables, FUNCTIONS).value(name)
        except Untranslatable as error:
            self.ledger.left(
                place, f"{{{name}}}", f"The text shows a value of an expression; {error}."
            )
            self.ledger.approximate("A value its text shows could not be followed.")
            return self.ledger.cleaner.text(f"{{{expression}}}")
        self.ledger.evaluated(place, f"{{{name}}}")
        if isinstance(logic, str | int | float) and not isinstance(logic, bool):
            return self.ledger.cleaner.text(str(logic))
        return pipe(self._helper(logic, name, place)) if logic is not None else ""

    def _simple(self, name: str) -> str:
        """The path of a name that needs no calculating; empty where it does."""
        base, _, suffix = name.removeprefix("INSERTANS:").partition(".")
        if name.startswith("INSERTANS:") and not suffix:
            suffix = "shown"
        variable = self.variables.variable(base)
        logic = variable.logic if variable is not None else None
        if variable is None or not isinstance(logic, dict) or not isinstance(logic.get("var"), str):
            return ""
        path = str(logic["var"])
        if variable.nature == "choice":
            is_shown = suffix.lower() in ("shown", "displayvalue")
            # A place in a ranking has no words of its own to pipe.
            return path if is_shown and not path.rpartition(".")[2].isdigit() else ""
        return path if suffix.lower() in ("", "naok", "code", "shown", "value", "valuenaok") else ""

    def _helper(self, logic: Logic, source: str, place: str) -> str:
        """The key of the calculated value that holds this."""
        known = json.dumps(logic, sort_keys=True)
        if known in self._helpers:
            return self._helpers[known]
        if len(self._helpers) >= _MOST_HELPERS:
            self.ledger.left(place, source, "The survey's texts calculate more than 300 values.")
            return ""
        name = f"{place.partition('.')[0][:30]}_value"
        key = self.variables.keys.key(("helper", known), name)
        self._helpers[known] = key
        words = self.ledger.cleaner.text(f"{{{source}}}", 300) or key
        self.pending.append({"key": key, "kind": "calculated", "text": words, "value": logic})
        return key

    def take(self) -> list[dict[str, object]]:
        """The calculated values that must stand before what was just said."""
        taken, self.pending = self.pending, []
        return taken
