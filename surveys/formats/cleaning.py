"""Texts of other tools without their markup: no tag, script or style survives, no word is lost."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from surveys.strings import tidy

_BREAKS = frozenset(
    {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "hr"}
)
_SILENT = frozenset({"script", "style", "iframe", "object", "embed", "template", "noscript", "svg"})
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&[a-zA-Z#]")
_HANDLER = re.compile(r"on[a-z]+\Z")
_SCRIPT_ADDRESS = re.compile(
    r"[\x00-\x20]*(?:j\s*a\s*v\s*a|v\s*b)\s*script\s*:|[\x00-\x20]*data:text/html", re.I
)
_BLANKS = re.compile(r"[ \t\xa0]+")
_LINES = re.compile(r"\s*\n\s*\n\s*")


class _Words(HTMLParser):
    """Collects the words of a piece of HTML, and counts what would have run."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.scripts = 0
        self.media: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed"):
            self.scripts += 1
        for name, value in attrs:
            if _HANDLER.match(name) or _SCRIPT_ADDRESS.match(value or ""):
                self.scripts += 1
            elif name == "src" and value and tag in ("img", "video", "audio", "source"):
                self.media.append(value)
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _BREAKS:
            self.words.append("\n")
        elif tag in ("td", "th"):
            self.words.append(" ")
        elif tag == "img":
            self.words.append(next((value for name, value in attrs if name == "alt" and value), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent and self._silent.pop() != tag:
                pass
        elif tag in _BREAKS and tag != "br":
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


class Cleaner:
    """Turns HTML into plain text for one import; ``scripts`` counts what was removed that could run,

    ``media`` are the addresses of pictures and sounds that were left out.
    """

    def __init__(self) -> None:
        self.scripts = 0
        self.media: list[str] = []

    def text(self, value: object, longest: int = 10_000) -> str:
        """The words of a text or a piece of HTML, tidied, at most ``longest`` characters.

        Curly brackets that would be read as piping are told apart by a backslash.
        """
        if value is None or isinstance(value, bool):
            return ""
        text = (
            value
            if isinstance(value, str)
            else str(value)
            if isinstance(value, int | float)
            else ""
        )
        text = text[: longest * 20]
        if _MARKUP.search(text):
            words = _Words()
            words.feed(text)
            words.close()
            self.scripts += words.scripts
            self.media += words.media
            text = (
                unescape("".join(words.words))
                if "&" in "".join(words.words)
                else "".join(words.words)
            )
        text = _LINES.sub("\n\n", _BLANKS.sub(" ", tidy(text)))
        text = "\n".join(line.strip() for line in text.split("\n")).strip()
        return text[:longest].replace("{{", "\\{{")
