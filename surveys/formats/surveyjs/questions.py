"""Questions of SurveyJS with one answer or one list of answers: choices, texts, scales, yes and no."""

from __future__ import annotations

from surveys.formats.surveyjs.choices import (
    LONGEST_LABEL,
    Offered,
    choice_documents,
    counted,
    labels,
    offered,
    order,
    sorted_down,
    special,
    values,
)
from surveys.formats.surveyjs.desk import Document, first, said, whole
from surveys.formats.surveyjs.elements import Element, keyed, keyed_logic
from surveys.formats.surveyjs.pieces import Piece
from surveys.formats.surveyjs.validators import Demands
from surveys.formats.surveyjs.values import text_of
from surveys.parts import Logic

_SINGLE = {"dropdown": "dropdown", "imagepicker": "picture_choice"}
_CARRIED = {"selected": "chosen", "unselected": "not_chosen"}


class Choosing(Element):
    """radiogroup, dropdown, buttongroup, checkbox, tagbox, imagepicker, imagemap, ranking."""

    choices: list[Offered]
    carries_from = ""

    def prepare(self) -> None:
        """Read the choices; those taken over from another question are looked up in it."""
        raw = self.raw
        self.choices = offered(first(raw, "choices", "areas")) or counted(raw)
        self.is_many = self.type in ("checkbox", "tagbox", "ranking") or (
            self.type == "imagepicker" and raw.get("multiSelect") is True
        )
        if self.type == "imagemap":
            self.is_many = raw.get("multiSelect") is not False
            self.approximate("The picture is not shown; its areas are offered as choices.")
        self._carry()
        self.specials = special(raw, self.choices)
        if said(raw.get("choicesOrder")).lower() == "desc":
            self.choices = sorted_down(self.choices, self.desk)
        # A matrix has no words beside its choices.
        if self.at.is_part and any(each.takes_text for each in (*self.choices, *self.specials)):
            self.approximate('No words are asked beside "other" in a row.')

    def _carry(self) -> None:
        source = said(self.raw.get("choicesFromQuestion"))
        if not source:
            return
        found = self.desk.carried.get(source)
        if found is None or self.at.is_part:
            self.approximate("Choices taken over from another question could not be found.")
            return
        self.carries_from = found.key
        self.choices = found.choices
        if (
            getattr(found, "specials", None)
            and said(self.raw.get("choicesFromQuestionMode")) not in _CARRIED
        ):
            self.approximate("It takes over special choices as well.")

    @property
    def all_choices(self) -> list[Offered]:
        """Choices and special ones in the order shown."""
        return [*self.choices, *self.specials]

    @property
    def is_open(self) -> bool:
        """Whether nothing is known to be offered: choices come from a web address, or are none."""
        return not self.all_choices

    def kind(self) -> str:
        """One or several choices, a list, a ranking; a text where no choices are known."""
        if self.is_open:
            return "short_text"
        if len(self.all_choices) == 1 and not self.carries_from:
            return "consent"
        if self.type == "ranking":
            return "ranking"
        if self.is_many:
            return "multiple_choice"
        return _SINGLE.get(self.type, "single_choice")

    def piece(self, path: str) -> Piece:
        """The choice or choices made."""
        if self.is_open:
            return Piece("text", {"var": path})
        known = values(self.all_choices)
        if self.kind() == "consent":
            known = {"agreed": self.all_choices[0].value}
        shape = "many" if self.is_many else "one"
        said_as = dict(labels(self.all_choices, self.desk))
        return Piece("many" if shape == "many" else "one", {"var": path}, known, said_as)

    def fill(self, document: Document) -> None:
        """Choices, where they come from and in which order."""
        raw, path = self.raw, f"{self.at.path}.choices"
        if self.is_open:
            self._ask_for_words()
            return
        if self.kind() == "consent":
            self._agree(document)
            return
        show_if = raw.get("choicesVisibleIf") or raw.get("choicesEnableIf")
        if self.carries_from:
            which = _CARRIED.get(said(raw.get("choicesFromQuestionMode")), "offered")
            document["choices_from"] = {"question": self.carries_from, "which": which}
            choices = self.specials if not said(show_if) else self.all_choices
        else:
            choices = self.all_choices
        if self.at.is_part:
            choices = [
                Offered(each.key, each.value, each.label, {}, "" if each.takes_text else each.special)
                if each.takes_text else each
                for each in choices
            ]  # fmt: skip
        made = choice_documents(
            choices, self.desk, f"{self.place}.choices", path, self.at.scope,
            show_if=show_if, many=self.is_many, has_images=self.type == "imagepicker",
        )  # fmt: skip
        if made:
            document["choices"] = made
        if order(raw) != "as_given":
            document["choice_order"] = order(raw)
        self._compare(made)

    def _compare(self, made: list[Document]) -> None:
        """Say what of the choices is not kept."""
        raw = self.raw
        if raw.get("choicesByUrl"):
            self.approximate("Choices from a web address are not fetched.")
        if self.type == "imagepicker" and any("image" not in each for each in made):
            self.approximate("A picture without a web address was left out.")
        if first(raw, "allowCustomChoices") is True:
            self.approximate("No choices can be added by typing.")
        if self.type == "ranking" and self.specials:
            self.approximate("Special choices are ranked like others.")

    def _ask_for_words(self) -> None:
        if self.raw.get("choicesByUrl"):
            self.approximate("Choices from a web address are not fetched; it is answered in words.")
        else:
            self.approximate("No choices are known, so it is answered in words.")

    def _agree(self, document: Document) -> None:
        """A single choice: there is nothing to choose but to agree."""
        only = self.all_choices[0]
        words = self.desk.texts.say(
            only.label, f"{self.place}.choices.agreed", LONGEST_LABEL, self.at.scope
        )
        document["choices"] = [{"key": "agreed", "label": words or text_of(only.value)}]
        if only.takes_text or only.raw.get("visibleIf"):
            self.approximate("Only one choice is offered, without words or conditions of its own.")
        if not self.is_many:
            self.approximate("Only one choice is offered, so it is asked as an agreement.")

    def settings(self) -> Document:
        """How many are chosen or ranked."""
        raw = self.raw
        if self.is_open:
            return {"max_length": 1000}
        made: Document = {}
        if self.kind() == "consent" or not self.is_many:
            return made
        most = len(self.all_choices)
        fewest = min(whole(raw.get("minSelectedChoices"), 0), most)
        limit = whole(raw.get("maxSelectedChoices"), 0)
        if self.carries_from and self.type != "ranking":
            # How many of the choices taken over there will be is known only then.
            if fewest or limit:
                self.approximate("How many of the choices taken over are chosen is not checked.")
            return made
        if self.type == "ranking":
            is_free = raw.get("selectToRankEnabled") is True
            if is_free:
                made["minimum"] = max(fewest, 1)
            if is_free and self.carries_from:
                made["maximum"] = most
            if is_free and limit > 0:
                made["maximum"] = max(min(limit, most), fewest, 1)
            return made
        if fewest > 0:
            made["minimum"] = min(fewest, 200)
        if 0 < limit <= most:
            made["maximum"] = min(max(limit, fewest), 200)
        if first(raw, "showSelectAllItem", "hasSelectAll") is True:
            made["has_select_all"] = True
        return made

    def demand(self, found: Demands, settings: Document) -> None:
        """Validators that count choices."""
        if self.kind() != "multiple_choice" or self.carries_from:
            return
        most = len(self.all_choices)
        if found.fewest:
            settings["minimum"] = min(max(found.fewest, 0), most, 200)
        if found.most and found.most < most:
            low = settings.get("minimum")
            settings["maximum"] = min(max(found.most, low if isinstance(low, int) else 1), 200)

    def answer_of(self, given: object) -> Logic:
        """Our keys of what is chosen beforehand."""
        if self.is_open:
            return self.desk.texts.words(given, 1000) if isinstance(given, str) else None
        known = values(self.all_choices)
        if self.kind() == "consent":
            known = {"agreed": self.all_choices[0].value}
            given = given[0] if isinstance(given, list) and given else given
            return keyed(given, known)
        if not self.is_many:
            return keyed(given, known)
        if isinstance(given, str) and keyed(given, known) is None:
            given = given.split(",")
        keys = [keyed(each, known) for each in (given if isinstance(given, list) else [given])]
        return [key for key in keys if key is not None] or None

    def as_answer(self, piece: Piece) -> Logic:
        """Our keys of what is calculated."""
        if self.is_open:
            return super().as_answer(piece)
        if self.is_many:
            if piece.shape == "constant" and isinstance(piece.value, list):
                return self.answer_of(piece.value)
            return piece.logic if piece.shape == "many" else None
        return keyed_logic(piece, values(self.all_choices))

    def comment_piece(self) -> Piece | None:
        """The words beside "other", or the comment below."""
        other = next((each for each in self.all_choices if each.special == "other"), None)
        if other is not None and not self.at.is_part:
            return Piece("text", {"var": f"_text.{self.key}.{other.key}"})
        return super().comment_piece()
