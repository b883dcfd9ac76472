"""ExpressionScript, LimeSurvey's language of conditions: its text read into a tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple, TypeAlias

LONGEST = 20_000
_DEEPEST = 30
_MOST_TOKENS = 4_000
_MOST_UNCLOSED = 20

_TOKENS = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<space>\s+)
    |(?P<bracket>[(),])
    |(?P<logical>&&|\|\||(?:and|or)\b)
    |(?P<compare><=|>=|==|!=|<|>|(?:le|lt|ge|gt|eq|ne)\b)
    |(?P<sgqa>(?:INSERTANS:)?[0-9]+X[0-9]+X[0-9]+[A-Z0-9_]*\#?[01]?(?:\.[A-Z]+)?)
    |(?P<name>(?:TOKEN:)?[A-Z_][A-Z0-9_]*(?:\.[A-Z_][A-Z0-9_]*)*)
    |(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)
    |(?P<sign>[!=+*/-])""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\([\"'\\])")
_SAME = {
    "and": "&&", "or": "||", "le": "<=", "lt": "<", "ge": ">=", "gt": ">", "eq": "==", "ne": "!=",
}  # fmt: skip


class BadScript(Exception):
    """A text is no expression; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text in quotes or a number, as it was written."""

    value: str
    is_text: bool


@dataclass(frozen=True, slots=True)
class Name:
    """A variable with its suffixes, such as ``Q1_SQ001.NAOK``."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; its name as it was written."""

    name: str
    given: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A sign with what it stands between or before; ``&&``, ``||`` and ``+`` take any number."""

    sign: str
    given: tuple[Node, ...]


Node: TypeAlias = "Literal | Name | Call | Operation"


class _Token(NamedTuple):
    kind: str
    text: str


def tokens(text: str) -> list[_Token]:
    """The words and signs of an expression; raises BadScript."""
    if len(text) > LONGEST:
        raise BadScript("It is longer than 20,000 characters.")
    if "&" in text and ("&&" not in text or ";" in text):
        # Editors of rich text save quotes and comparisons as entities.
        text = unescape(text)
    found: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            raise BadScript(f"It has a sign that means nothing here: {text[position]!r}.")
        kind, words = str(match.lastgroup), match[0]
        if kind in ("logical", "compare"):
            words = _SAME.get(words.lower(), words)
        if kind != "space":
            found.append(_Token(kind, words))
        position = match.end()
        if len(found) > _MOST_TOKENS:
            raise BadScript("It has more than 4,000 words and signs.")
    return found


def parse(text: str) -> Node:
    """The tree of an expression; raises BadScript."""
    reader = _Reader(tokens(text))
    node = reader.either()
    while reader.takes("bracket", ","):
        # Of expressions divided by commas the last one is the value.
        node = reader.either()
    if reader.at < len(reader.found):
        raise BadScript(f"It goes on where it should end: {reader.peek().text!r}.")
    return node


class _Reader:
    """Reads by descent, as tightly as each sign binds."""

    def __init__(self, found: list[_Token]) -> None:
        self.found = found
        self.at = 0
        self.depth = 0

    def peek(self) -> _Token:
        """The next word or sign; an empty one at the end."""
        return self.found[self.at] if self.at < len(self.found) else _Token("end", "")

    def takes(self, kind: str, *texts: str) -> str:
        """The next one if it is of this kind and one of these, and go on."""
        token = self.peek()
        if token.kind != kind or (texts and token.text not in texts):
            return ""
        self.at += 1
        return token.text

    def either(self) -> Node:
        """A row of alternatives, or what binds more tightly."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise BadScript("It nests more than 30 levels deep.")
        nodes = [self._both()]
        while self.takes("logical", "||"):
            nodes.append(self._both())
        self.depth -= 1
        return nodes[0] if len(nodes) == 1 else Operation("||", tuple(nodes))

    def _both(self) -> Node:
        nodes = [self._equal()]
        while self.takes("logical", "&&"):
            nodes.append(self._equal())
        return nodes[0] if len(nodes) == 1 else Operation("&&", tuple(nodes))

    def _equal(self) -> Node:
        return self._paired(self._related, "compare", ("==", "!="))

    def _related(self) -> Node:
        return self._paired(self._added, "compare", ("<", "<=", ">", ">="))

    def _paired(self, read: Callable[[], Node], kind: str, signs: tuple[str, ...]) -> Node:
        node = read()
        count = 0
        while sign := self.takes(kind, *signs):
            count += 1
            if count > _DEEPEST:
                raise BadScript("It has too many signs in a row.")
            node = Operation(sign, (node, read()))
        return node

    def _added(self) -> Node:
        node = self._multiplied()
        count = 0
        while sign := self.takes("sign", "+", "-"):
            right = self._multiplied()
            if (
                sign == "+"
                and isinstance(node, Operation)
                and node.sign == "+"
                and len(node.given) > 1
            ):
                node = Operation("+", (*node.given, right))
                continue
            count += 1
            if count > _DEEPEST:
                raise BadScript("It has too many signs in a row.")
            node = Operation(sign, (node, right))
        return node

    def _multiplied(self) -> Node:
        return self._paired(self._signed, "sign", ("*", "/"))

    def _signed(self) -> Node:
        signs: list[str] = []
        while sign := self.takes("sign", "!", "-", "+"):
            signs.append(sign)
        if len(signs) > _DEEPEST:
            raise BadScript("It has too many signs in a row.")
        node = self._primary()
        for sign in reversed(signs):
            node = Operation(f"{sign}1", (node,))
        return node

    def _primary(self) -> Node:
        token = self.peek()
        self.at += 1
        if token.kind == "text":
            return Literal(_ESCAPED.sub(r"\1", token.text[1:-1]), True)
        if token.kind == "number":
            return Literal(token.text, False)
        if token.kind == "bracket" and token.text == "(":
            node = self.either()
            self._close()
            return node
        if token.kind in ("name", "sgqa"):
            if self.takes("bracket", "("):
                return Call(token.text, tuple(self._arguments()))
            if self.peek() == _Token("sign", "="):
                raise BadScript("It sets a variable while it asks; that is not known here.")
            return Name(token.text)
        raise BadScript(f"It has {token.text or 'its end'!r} where a value should stand.")

    def _arguments(self) -> Iterator[Node]:
        if self.takes("bracket", ")"):
            return
        yield self.either()
        while self.takes("bracket", ","):
            yield self.either()
        self._close()

    def _close(self) -> None:
        if not self.takes("bracket", ")"):
            raise BadScript("It has a bracket that is not closed.")


class Piece(NamedTuple):
    """A part of a text: words as they stand, or an expression without its curly brackets."""

    is_expression: bool
    text: str


def pieces(text: str) -> list[Piece]:
    """A text divided into words and expressions.

    A brace with space after it, or with a backslash before it, is only a brace; braces in quotes
    inside an expression are letters.
    """
    found: list[Piece] = []
    begun = unclosed = 0
    position = text.find("{")
    while position != -1 and unclosed < _MOST_UNCLOSED:
        is_plain = text[position + 1 : position + 2].isspace() or (
            position > 0 and text[position - 1] == "\\"
        )
        end = -1 if is_plain else _end(text, position)
        if end == -1:
            unclosed += not is_plain
            position = text.find("{", position + 1)
            continue
        if position > begun:
            found.append(Piece(False, text[begun:position]))
        found.append(Piece(True, text[position + 1 : end]))
        begun = end + 1
        position = text.find("{", begun)
    if begun < len(text):
        found.append(Piece(False, text[begun:]))
    return found


def _end(text: str, start: int) -> int:
    """Where the expression that begins here closes; -1 where it does not."""
    depth, quote = 0, ""
    for position in range(start, min(len(text), start + LONGEST)):
        sign = text[position]
        if quote:
            if sign == quote and text[position - 1] != "\\":
                quote = ""
        elif sign in "\"'":
            quote = sign
        elif sign == "{":
            depth += 1
        elif sign == "}" and not text[position - 1].isspace():
            depth -= 1
            if not depth:
                return position
    return -1
