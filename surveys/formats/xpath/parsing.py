"""The part of XPath that XLSForms are written in: from text to a tree, bounded in length and depth."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn, TypeAlias

LONGEST = 20_000
_DEEPEST = 40
# Trees lean to the left: whoever reads one goes as deep as the chain is long.
_LONGEST_CHAIN = 60
_MOST_CONDITIONS = 500

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+)
  | (?P<number>\d+(?:\.\d*)?|\.\d+)
  | (?P<text>'[^']*'|"[^"]*")
  | (?P<reference>\$\{[^{}]*\})
  | (?P<name>[^\W\d][\w.\-]*(?::(?!:)[^\W\d][\w.\-]*)?)
  | (?P<sign>\.\.|//|<=|>=|!=|==|::|[=<>+\-*/()\[\],.|@])
    """,
    re.VERBOSE,
)
# Word processors turn straight quotes into these, and XLSForm tools turn them back.
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\xa0": " "})
_WORDS = frozenset({"and", "or", "div", "mod"})
_LEVELS = (
    ("or",),
    ("and",),
    ("=", "!="),
    ("<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "div", "mod"),
)


class XPathError(Exception):
    """A text is no expression of the part that is read; the words say where."""


class Number(NamedTuple):
    """A number as it was written."""

    value: float


class Text(NamedTuple):
    """A text in quotes."""

    value: str


class Call(NamedTuple):
    """A function and its arguments."""

    name: str
    arguments: tuple[Node, ...]


class Binary(NamedTuple):
    """Two parts and the operator between them."""

    operator: str
    left: Node
    right: Node


class Negative(NamedTuple):
    """A part with a minus before it."""

    part: Node


class Step(NamedTuple):
    """One step of a path: a name, ``.``, ``..`` or ``*``, and the conditions in brackets behind it."""

    name: str
    conditions: tuple[Node, ...] = ()


class Path(NamedTuple):
    """A way to values: from where one is, from the top (``/``), from ``${name}`` or from a function."""

    start: str
    steps: tuple[Step, ...]
    call: Call | None = None


Node: TypeAlias = "Number | Text | Call | Binary | Negative | Path"


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def straight(text: str) -> str:
    """A text with the quotes of word processors made straight."""
    return text.translate(_QUOTES)


def parse(text: str) -> Node:
    """The tree of an expression; raises XPathError and nothing else."""
    if len(text) > LONGEST:
        raise XPathError(f"It is longer than {LONGEST:,} characters.")
    return _Reader(_tokens(straight(text))).whole()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise XPathError(f"The sign {text[at]!r} is not understood (character {at + 1}).")
        kind = found.lastgroup or ""
        if kind == "name" and found[0] in _WORDS and _ends_a_part(tokens):
            kind = "sign"
        if kind != "blank":
            tokens.append(_Token(kind, found[0], at))
        at = found.end()
    tokens.append(_Token("end", "", at))
    return tokens


def _ends_a_part(tokens: list[_Token]) -> bool:
    """Whether an operator may follow: ``and`` is a name at the beginning and after an operator."""
    if not tokens:
        return False
    last = tokens[-1]
    return last.kind != "sign" or last.text in (")", "]", ".", "..", "*")


class _Reader:
    """Reads tokens from left to right, one function a level of binding."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def whole(self) -> Node:
        node = self.level(0)
        if self.next.kind != "end":
            self.refuse()
        return node

    def refuse(self) -> NoReturn:
        token = self.next
        what = f"{token.text[:40]!r} is not expected" if token.text else "It ends too early"
        raise XPathError(f"{what} (character {token.at + 1}).")

    def takes(self, *signs: str) -> str:
        """The sign that comes next and is taken, '' when it is none of these."""
        token = self.next
        if token.kind == "sign" and token.text in signs:
            self.at += 1
            return token.text
        return ""

    def must(self, sign: str) -> None:
        if not self.takes(sign):
            self.refuse()

    def level(self, number: int) -> Node:
        if number == 0:
            self.depth += 1
            if self.depth > _DEEPEST:
                raise XPathError(f"It nests deeper than {_DEEPEST} levels.")
        if number == len(_LEVELS):
            return self.signed()
        node = self.level(number + 1)
        signs = _LEVELS[number] if number != 2 else ("=", "==", "!=")
        left = _LONGEST_CHAIN if number > 1 else _MOST_CONDITIONS
        while sign := self.takes(*signs):
            left -= 1
            if left < 0:
                raise XPathError("It chains too many parts.")
            node = Binary("=" if sign == "==" else sign, node, self.level(number + 1))
        if number == 0:
            self.depth -= 1
        return node

    def signed(self) -> Node:
        minus = False
        while self.takes("-"):
            minus = not minus
        node = self.part()
        if not minus:
            return node
        return Number(-node.value) if isinstance(node, Number) else Negative(node)

    def part(self) -> Node:
        token = self.next
        if token.kind == "number":
            self.at += 1
            return Number(float(token.text))
        if token.kind == "text":
            self.at += 1
            return Text(token.text[1:-1])
        if self.takes("("):
            inside = self.level(0)
            self.must(")")
            if self.next.text in ("/", "["):
                self.refuse()
            return inside
        if token.kind == "name" and self.tokens[self.at + 1].text == "(":
            return self.called(token.text)
        return self.path()

    def called(self, name: str) -> Node:
        self.at += 2
        arguments: list[Node] = []
        while not self.takes(")"):
            if arguments:
                self.must(",")
            arguments.append(self.level(0))
        call = Call(name, tuple(arguments))
        if self.next.text in ("/", "["):
            conditions = self.conditions()
            steps = (Step(".", conditions),) if conditions else ()
            return Path("", (*steps, *self.steps()), call)
        return call

    def path(self) -> Node:
        token = self.next
        if token.kind == "reference":
            self.at += 1
            name = token.text[2:-1].strip()
            if not name:
                raise XPathError("A reference ${} has no name in it.")
            conditions = self.conditions()
            own = (Step(".", conditions),) if conditions else ()
            return Path(name, (*own, *self.steps()))
        if token.text in ("/", "//") and token.kind == "sign":
            return Path("/", self.steps())
        first = self.step()
        return Path("", (first, *self.steps()))

    def steps(self) -> tuple[Step, ...]:
        steps = []
        while self.takes("/", "//"):
            steps.append(self.step())
        return tuple(steps)

    def step(self) -> Step:
        token = self.next
        if token.kind not in ("name", "reference") and token.text not in (".", "..", "*"):
            self.refuse()
        self.at += 1
        if self.next.text in ("::", "("):
            self.refuse()
        name = token.text[2:-1].strip() if token.kind == "reference" else token.text
        return Step(name, self.conditions())

    def conditions(self) -> tuple[Node, ...]:
        conditions = []
        while self.takes("["):
            conditions.append(self.level(0))
            self.must("]")
        return tuple(conditions)
