"""Texts and logic of the questions of a QSF settled, once the keys of all of them are known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from surveys import addresses
from surveys.expressions import ExpressionError, compile_expression
from surveys.formats.qsf.conditions import both, fits
from surveys.formats.qsf.data import Fields
from surveys.formats.qsf.file import File
from surveys.formats.qsf.locators import locator
from surveys.formats.qsf.logic import Logics
from surveys.formats.qsf.operands import Answers
from surveys.formats.qsf.parts import At, Document, Html, Made, Place, Unknown, When
from surveys.formats.qsf.texts import Texts
from surveys.formats.qsf.values import name
from surveys.formats.report import LogicItem, LogicOutcome
from surveys.logic import Condition
from surveys.parts import Logic
from surveys.strings import tidy

_CARRIED = {
    "SelectedChoices": "chosen",
    "SelectedChoicesTextEntry": "chosen",
    "UnselectedChoices": "not_chosen",
    "NotSelectedChoices": "not_chosen",
    "DisplayedChoices": "offered",
    "AllChoices": "offered",
}


@dataclass
class Settling:
    """What is needed to settle, and what was found out on the way.

    ``logic`` holds one item for each piece of logic by its path; ``calculated`` the keys of questions
    that hold embedded data by the number of their place and the field.
    """

    file: File
    fields: Fields
    answers: Answers
    logics: Logics
    texts: Texts
    calculated: dict[tuple[int, str], str] = field(default_factory=dict)
    logic: dict[str, LogicItem] = field(default_factory=dict)
    unresolved: dict[str, tuple[str, str]] = field(default_factory=dict)
    # What can be carried over from: the question documents that came so far.
    before: dict[str, Document] = field(default_factory=dict)
    # At a visit that is never made: what is found out there counts only where nothing else is.
    is_muted: bool = False
    _muted: set[str] = field(default_factory=set)
    # How addresses that endings lead on to differ from those of the source.
    told: list[str] = field(default_factory=list)

    def note(self, path: str, given: object, problems: tuple[str, ...]) -> None:
        """One piece of logic, and why a walk does not obey it."""
        known = self.logic.get(path)
        if (
            known is not None
            and (self.is_muted or path not in self._muted)
            and (self.is_muted or known.outcome == "raw")
        ):
            return
        words, reason = tidy(self.logics.words(given)), tidy(" ".join(problems))
        outcome: LogicOutcome = "raw" if problems else "evaluated"
        self.logic[path] = LogicItem(path, words, outcome, reason)
        (self._muted.add if self.is_muted else self._muted.discard)(path)
        self.unresolved.pop(path, None)
        if problems:
            self.unresolved[path] = (words, reason)

    def too_large(self, path: str) -> None:
        """Logic that grew too large to be kept where it is needed."""
        self.unresolved[path] = (
            "",
            "This logic is too large to be kept. Divide the survey's block.",
        )

    def condition(self, when: When, at: At, *, unknown: bool = False) -> Logic:
        """A condition; what cannot be known in it counts as ``unknown``."""
        found = self.logics.compile(when.logic, at, unknown=unknown)
        if found.logic is not None:
            self.note(when.path, when.logic, found.problems)
        elif when.logic and not when.is_check:
            self.note(when.path, when.logic, ("The condition is empty in the source.",))
            return both(when.also, unknown)
        return both(when.also, found.logic)

    def skip(self, skip: Mapping[str, object], number: int, at: At, place: Place) -> Logic:
        """When a skip is taken; one that cannot be known is taken, so that nothing is shown by it."""
        to = name(skip.get("SkipToDestination"))
        if not to:
            return None
        # Older files have the condition in the skip itself.
        expression = {**skip, "LogicType": "Question", "Operator": skip.get("Condition")}
        expression["LeftOperand"] = skip.get("ChoiceLocator") or skip.get("Locator")
        given = {"0": {"0": expression, "Type": "If"}}
        path = f"{place.source}.SkipLogic.{number}"
        return self.condition(When(given, path), at, unknown=True)

    def assigned(self, field: str, value: object, at: At) -> Logic:
        """The value that embedded data is given at a place of the flow."""
        path = f"{field[:100]}.Value"
        try:
            found = self.logics.expression(value, at)
            compile_expression(found)
        except (Unknown, ExpressionError) as error:
            self.note(path, value, (str(error),))
            return None
        if not isinstance(found, str):
            self.note(path, value, ())
        # A text by itself would be read as logic in its text form.
        return {"cat": [found]} if isinstance(found, str) else found

    def address(self, address: str, at: At) -> str:
        """A web address with what is piped into it; '' where it is none.

        What of it differs is kept in `told`. Its signs are no markup, so that ``&para=`` stays itself.
        """
        reasons: list[str] = []
        plain = address.strip().replace("&amp;", "&").replace("&", "&amp;")
        text = self.texts.settle(Html(plain, longest=1900), "", at, reasons)
        if not text or addresses.problem(text):
            return ""
        self.told += [
            f"An ending's address: {each}" for each in reasons if each.startswith("What was piped")
        ]
        if "{{" in text and "/Selected" in address:
            self.told.append(
                "An ending's address has the keys of choices where the source has their words."
            )
        return text

    def usual_ending(self) -> Document:
        """How the survey ends by its options."""
        options = self.file.options
        address = options.get("EOSRedirectURL")
        if name(options.get("SurveyTermination")) == "Redirect" and isinstance(address, str):
            redirect = self.address(address, At(2**40))
            return {"redirect": redirect} if redirect else {}
        return {}

    def question(self, place: Place, hidden: Logic) -> list[Document]:
        """The documents of a question at one of its places, complete."""
        made, payload = place.made, self.file.questions[place.source]
        at = At(place.number, place.visit)
        own: list[Logic] = [hidden]
        for which in ("DisplayLogic", "InPageDisplayLogic"):
            logic = payload.get(which)
            if isinstance(logic, dict) and logic:
                own.append(self.condition(When(logic, f"{place.source}.{which}"), at))
        show_if = both(*own)
        if not fits(show_if):
            self.too_large(f"{place.source}.DisplayLogic")
            show_if = False
        for document in (made.document, *made.more):
            if show_if is not None and show_if is not True:
                document["show_if"] = show_if
            self._settle(document, str(document["key"]), at, made)
            self._carry(document, at, made)
        self.before[str(made.document["key"])] = made.document
        return [made.document, *made.more]

    def _settle(self, document: Document, place: str, at: At, made: Made) -> None:
        for part, value in list(document.items()):
            if isinstance(value, Html):
                if value.is_value:
                    preset = self.texts.value(value, at)
                    document[part] = {"cat": [preset]} if isinstance(preset, str) else preset
                else:
                    document[part] = self.texts.settle(value, f"{place}.{part}", at, made.reasons)
            elif isinstance(value, When):
                document[part] = self.condition(value, at)
                if document[part] is None:
                    del document[part]
            elif part == "default" and isinstance(value, str | list):
                document[part] = {"merge": value} if isinstance(value, list) else {"cat": [value]}
            elif part == "settings" and isinstance(value, dict):
                document[part] = dict(value)
                self._settle(document[part], place, at, made)  # type: ignore[arg-type]
            elif part in ("choices", "rows") and isinstance(value, list):
                for each in value:
                    self._choice(each, f"{place}.{part}.{each['key']}", at, made)
            elif part == "parts" and isinstance(value, list):
                for each in value:
                    self._settle(each, f"{place}.parts.{each['key']}", at, made)
            elif part == "checks" and isinstance(value, list):
                document[part] = self._checks(value, at, made)

    def _choice(self, choice: Document, place: str, at: At, made: Made) -> None:
        for part, value in list(choice.items()):
            if isinstance(value, Html):
                where = place if part == "label" else f"{place}.{part}"
                choice[part] = self.texts.settle(value, where, at, made.reasons)
            elif isinstance(value, When):
                choice[part] = self.condition(value, at)
                if choice[part] is None or choice[part] is True:
                    del choice[part]

    def _checks(self, checks: list[Document], at: At, made: Made) -> list[Document]:
        kept: list[Document] = []
        here = At(at.number + 1, at.visit)
        for each in checks:
            valid_if = each["valid_if"]
            if isinstance(valid_if, When):
                found = self.logics.compile(valid_if.logic, here)
                if found.logic is None:
                    continue
                self.note(valid_if.path, valid_if.logic, found.problems)
                if found.problems:
                    made.differs("Its custom validation is not carried over.")
                    continue
                valid_if = found.logic
                self._unanswered(made, valid_if)
            kept.append({"valid_if": valid_if})
        return kept

    def _unanswered(self, made: Made, valid_if: Logic) -> None:
        """A custom validation that refuses to go on without an answer demands one."""
        asked, key = Condition(valid_if), made.shape.key
        if made.document.get("is_required") or asked.holds({}):
            return
        own = all(path == key or path.startswith(f"_text.{key}.") for path in asked.paths)
        if own and made.shape.form in ("single", "multiple", "scale", "number", "text", "ranking"):
            made.document["is_required"] = True
        else:
            made.differs("Its custom validation is looked at once something of it is answered.")

    def _carry(self, document: Document, at: At, made: Made) -> None:
        """Choices or rows carried over from a question that came before."""
        for part in ("choices_from", "rows_from"):
            given = document.get(part)
            if not isinstance(given, dict) or "locator" not in given:
                continue
            path = f"{made.shape.key}.DynamicChoices"
            text = str(given["locator"])
            try:
                document[part] = self._source_of(text, at)
                self.note(path, {"0": {"0": {"Description": text}}}, ())
            except Unknown as error:
                self.note(path, {"0": {"0": {"Description": text}}}, (str(error),))
                del document[part]
                document["show_if"] = False
                self._fill(document, part)

    def _source_of(self, text: str, at: At) -> Document:
        path, _, _ = text.partition("?")
        found = re.fullmatch(r"(q://[^/]+)/ChoiceGroup/([A-Za-z]+)", path)
        if found is None or found[2] not in _CARRIED:
            raise Unknown("What is carried over from there is not known here.")
        shapes = [each.made.shape for each in self.answers.at(locator(found[1]), at)]
        key = shapes[-1].key
        source = self.before.get(key)
        if source is None or not (
            source.get("choices") or source.get("rows") or source.get("choices_from")
        ):
            raise Unknown(
                "The question it is carried over from does not come before, or has no choices."
            )
        return {"question": key, "which": _CARRIED[found[2]]}

    def _fill(self, document: Document, part: str) -> None:
        """Something to offer, so that the question can stand in the survey until it is mended."""
        which = "choices" if part == "choices_from" else "rows"
        listed = document.get(which)
        assert isinstance(listed, list)
        for number in range(len(listed), 2):
            listed.append({"key": f"left_{number}", "label": "\u2013"})
