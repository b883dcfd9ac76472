"""What SurveyJS shows and nobody answers: words, pictures, values worked out, kinds not known here."""

from __future__ import annotations

from dataclasses import replace

from surveys.formats.surveyjs.desk import Document, first, said
from surveys.formats.surveyjs.elements import LONGEST_TEXT, Element
from surveys.formats.surveyjs.expressions import Scope
from surveys.formats.surveyjs.pieces import Piece, Unknown, plain, settled
from surveys.strings import tidy

_TABLES = ("matrixdropdown", "matrixdynamic", "paneldynamic", "multipletext")
# A statement cannot be empty.
NO_WORDS = "–"


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
        if self.type in _TABLES:
            self.reasons.append("Nothing is asked in it, or it stands inside another table.")
            return
        kind = tidy(self.type)[:40]
        self.reasons.append(f"There is no kind {kind!r}; a person has to decide what to ask.")

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
        text = f"{words or self.desk.texts.words(self.name, 400)[:400]} {{{{{self.key}}}}}".strip()
        shown: Document = {"key": key, "kind": "statement", "text": text}
        if show_if is not None:
            shown["show_if"] = show_if
        return [shown]
