"""The rows a LimeSurvey file is made of, collected table by table, with what was lost on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from surveys.formats.expressionscript.writing import Unwritable, write_condition
from surveys.formats.limesurvey.codes import Codes
from surveys.formats.limesurvey.xml import Record
from surveys.parts import Definition, Logic

_MOST_LOSSES = 2_000
_PIPE = re.compile(r"\\\{\{|\{\{\s*([a-z0-9_][a-z0-9_.]{0,160})\s*(?:\|([^{}\n]{0,200}))?\}\}")


class Rows:
    """Collects rows; ids count up by themselves."""

    def __init__(self, spoken: Mapping[str, Definition], codes: Codes) -> None:
        self.spoken = spoken
        self.codes = codes
        self.tables: dict[str, list[Record]] = {}
        self.losses: list[str] = []
        self._ids: dict[str, int] = {}

    def add(self, table: str, **record: str | int | None) -> None:
        """Add a row."""
        self.tables.setdefault(table, []).append(record)

    def next_id(self, of: str) -> int:
        """The next id of its kind."""
        self._ids[of] = self._ids.get(of, 0) + 1
        return self._ids[of]

    def lose(self, sentence: str) -> None:
        """Note what LimeSurvey cannot say."""
        if len(self.losses) < _MOST_LOSSES:
            self.losses.append(sentence)

    def condition(self, parts: list[Logic], path: str) -> str:
        """Conditions that must all hold; what cannot be written is never shown."""
        logic: Logic = parts[0] if len(parts) == 1 else {"and": list(parts)}
        try:
            return write_condition(logic, self.codes.lookup)
        except Unwritable as error:
            self.lose(
                f"{path}: ExpressionScript cannot say {error}; what it guards is never shown."
            )
            return "0"

    def html(self, text: str) -> str:
        """A text with its pipes as LimeSurvey writes them, safe as HTML."""
        parts: list[str] = []
        begun = 0
        for found in _PIPE.finditer(text):
            parts.append(_plain(text[begun : found.start()]))
            parts.append("{ {" if found[1] is None else self._pipe(found[1], found[2] or ""))
            begun = found.end()
        return "".join([*parts, _plain(text[begun:])])

    def address(self, text: str) -> str:
        """An address with what is put into it as LimeSurvey writes it."""

        def put(found: re.Match[str]) -> str:
            written = self.codes.lookup(found[1])
            if written is not None and written.sort != "marks":
                return "{" + written.name.removesuffix(".NAOK") + "}"
            self.lose(f"{found[1]}: its value is not put into an address.")
            return quote((found[2] or "").strip(), safe="")

        return _PIPE.sub(put, text)

    def _pipe(self, path: str, fallback: str) -> str:
        written = self.codes.lookup(path)
        if written is None or written.sort == "marks":
            self.lose(f"{path}: its value is not shown in texts.")
            return _plain(fallback)
        name = written.name.removesuffix(".NAOK")
        shown = f"{name}.shown" if written.sort == "choice" else written.name
        if not fallback or '"' in fallback or "{" in fallback or "}" in fallback:
            return "{" + shown + "}"
        return (
            "{if(is_empty("
            + written.name
            + '), "'
            + escape(fallback, quote=False)
            + '", '
            + shown
            + ")}"
        )


def _plain(text: str) -> str:
    """Words as HTML, their curly brackets told apart from expressions by a space."""
    return escape(text, quote=False).replace("{", "{ ").replace("\n", "<br />\n")
