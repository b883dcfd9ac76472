"""The expressions of SurveyJS read into a tree: ``{age} > 17 and {tags} contains 'new'``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from surveys.errors import SurveyError

Plain: TypeAlias = "bool | int | float | str | None"
Tree: TypeAlias = "Constant | Variable | Listed | Call | Unary | Binary"

LONGEST = 10_000
_DEEPEST = 25
# Chains of "and" and "or" are laid flat later; others nest, one level a sign.
_LONGEST_CHAIN = {"or": 500, "and": 500}
_LONGEST_OTHER = 40

_SPACE = re.compile(r"[ \t\r\n\xa0]*")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|-?(?:[0-9]+\.[0-9]+|[1-9][0-9]*|0)")
_WORD = re.compile(r"[a-zA-Z_]+(?:[0-9]+[a-zA-Z_]*)*")
_COMPARED = re.compile(
    r"<=|lessorequal|>=|greaterorequal|==|=|!=|notequal|equal|<|less|>|greater", re.I
)
_COMPARISONS = {
    "<=": "lessorequal",
    ">=": "greaterorequal",
    "==": "equal",
    "=": "equal",
    "!=": "notequal",
    "<": "less",
    ">": "greater",
}
_PICKED = re.compile(r"\*=|notcontains|notcontain|contains|contain|anyof|allof|noneof", re.I)
_PICKS = {"*=": "contains", "contain": "contains", "notcontain": "notcontains"}
_POSTFIX = re.compile(r"empty|notempty", re.I)
# Spellings that older versions wrote and every version still reads.
_OLD = (("=>", ">="), ("=<", "<="), ("<>", "!="))


class Unreadable(SurveyError):
    """An expression that SurveyJS could not read either, or that is beyond all measure."""


class Constant(NamedTuple):
    """A value written out; ``is_quoted`` tells '5' from 5."""

    value: Plain
    is_quoted: bool = False


class Variable(NamedTuple):
    """What stands in curly brackets; ``is_raw`` where a # forbids to convert it."""

    name: str
    is_raw: bool = False


class Listed(NamedTuple):
    """A list of expressions."""

    items: tuple[Tree, ...]


class Call(NamedTuple):
    """A function and what it is given."""

    name: str
    given: tuple[Tree, ...]


class Unary(NamedTuple):
    """One of negate, empty, notempty."""

    sign: str
    of: Tree


class Binary(NamedTuple):
    """An operator between two parts; the right one may be left out after contains and its kin."""

    sign: str
    left: Tree
    right: Tree


def read(text: str) -> Tree:
    """The tree of an expression; raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable(f"It is longer than {LONGEST:,} characters.")
    for old, new in _OLD:
        text = text.replace(old, new)
    text = text.replace("equals", "equal ")
    return _Reader(text).whole()


class _Reader:
    """One reading of one text, from its weakest operator to its atoms."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Tree:
        tree = self._any_of()
        self._skip()
        if self._at < len(self._text):
            raise Unreadable(f"It cannot be read from character {self._at + 1} on.")
        return tree

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _take(self, pattern: re.Pattern[str]) -> str:
        """What the pattern finds here, after blanks; nothing where it finds nothing."""
        begun = self._at
        self._skip()
        found = pattern.match(self._text, self._at)
        if found is None:
            self._at = begun
            return ""
        self._at = found.end()
        return found[0]

    def _sign(self, *signs: str) -> str:
        begun = self._at
        self._skip()
        for sign in signs:
            if self._text[self._at : self._at + len(sign)].lower() == sign:
                self._at += len(sign)
                return sign
        self._at = begun
        return ""

    def _chain(self, below: Callable[[], Tree], signs: dict[str, str]) -> Tree:
        tree = below()
        links = 0
        while sign := self._sign(*signs):
            links += 1
            if links > _LONGEST_CHAIN.get(signs[sign], _LONGEST_OTHER):
                raise Unreadable("It has too many parts in a row.")
            tree = Binary(signs[sign], tree, below())
        return tree

    def _any_of(self) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unreadable(f"It nests deeper than {_DEEPEST} levels.")
        tree = self._chain(self._all_of, {"||": "or", "or": "or"})
        self._depth -= 1
        return tree

    def _all_of(self) -> Tree:
        return self._chain(self._comparison, {"&&": "and", "and": "and"})

    def _comparison(self) -> Tree:
        tree = self._sum()
        links = 0
        while links < _LONGEST_OTHER and (sign := self._take(_COMPARED).lower()):
            links += 1
            tree = Binary(_COMPARISONS.get(sign, sign), tree, self._sum())
        return tree

    def _sum(self) -> Tree:
        return self._chain(self._product, {"+": "plus", "-": "minus"})

    def _product(self) -> Tree:
        tree = self._power()
        for _ in range(_LONGEST_OTHER):
            begun = self._at
            self._skip()
            # The star of *= belongs to contains.
            if self._text.startswith("*=", self._at):
                self._at = begun
                return tree
            sign = self._sign("*", "/", "%")
            if not sign:
                return tree
            tree = Binary({"*": "mul", "/": "div", "%": "mod"}[sign], tree, self._power())
        return tree

    def _power(self) -> Tree:
        return self._chain(self._pick, {"^": "power", "power": "power"})

    def _pick(self) -> Tree:
        tree = self._factor()
        links = 0
        while links < _LONGEST_OTHER and (sign := self._take(_PICKED).lower()):
            links += 1
            tree = Binary(_PICKS.get(sign, sign), tree, self._factor(is_optional=True))
        return tree

    def _factor(self, *, is_optional: bool = False) -> Tree:
        if self._sign("("):
            tree = self._any_of()
            self._sign(")")
            return tree
        if self._sign("["):
            items = self._items("]")
            return Listed(items)
        begun = self._at
        name = self._take(_WORD)
        if name and self._text[self._at : self._at + 1] == "(":
            self._at += 1
            return Call(name, self._items(")"))
        self._at = begun
        if self._sign("!", "negate"):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise Unreadable(f"It nests deeper than {_DEEPEST} levels.")
            negated = Unary("negate", self._factor())
            self._depth -= 1
            return negated
        atom = self._atom()
        if atom is None:
            if is_optional:
                return Constant(None)
            raise Unreadable(f"A value is missing at character {self._at + 1}.")
        postfix = self._take(_POSTFIX).lower()
        return Unary(postfix, atom) if postfix else atom

    def _items(self, closing: str) -> tuple[Tree, ...]:
        items: list[Tree] = []
        if not self._sign(closing):
            items.append(self._any_of())
            while self._sign(","):
                items.append(self._any_of())
            if not self._sign(closing) and closing == "]":
                raise Unreadable("A list is not closed.")
        return tuple(items)

    def _atom(self) -> Constant | Variable | None:
        self._skip()
        sign = self._text[self._at : self._at + 1]
        if sign == "{":
            return self._variable()
        if sign in ("'", '"') and sign:
            return self._quoted(sign)
        if number := self._take(_NUMBER):
            if number.startswith("0x"):
                return Constant(int(number, 16) if len(number) < 20 else None)
            return Constant(_number(number))
        if word := self._take(_WORD):
            small = word.lower()
            if small in ("true", "false"):
                return Constant(small == "true")
            return Constant(None if word in ("null", "undefined") else word)
        return None

    def _variable(self) -> Variable:
        end = self._text.find("}", self._at)
        name = self._text[self._at + 1 : end] if end > 0 else ""
        if not name or "{" in name:
            raise Unreadable(f"The name at character {self._at + 1} is not closed.")
        self._at = end + 1
        return Variable(name.removeprefix("#"), name.startswith("#") and len(name) > 1)

    def _quoted(self, sign: str) -> Constant:
        said: list[str] = []
        at = self._at + 1
        while at < len(self._text) and self._text[at] != sign:
            if self._text[at] == "\\" and self._text[at + 1 : at + 2] in ("'", '"'):
                at += 1
            said.append(self._text[at])
            at += 1
        if at >= len(self._text):
            raise Unreadable(f"The text at character {self._at + 1} is not closed.")
        self._at = at + 1
        return Constant("".join(said), is_quoted=True)


def _number(text: str) -> int | float:
    if len(text) > 300:
        raise Unreadable("A number is too long.")
    return float(text) if "." in text else int(text) if len(text) < 17 else float(text)
