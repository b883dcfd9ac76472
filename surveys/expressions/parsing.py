"""The text form read back into logic, with the place and what was expected there."""

from __future__ import annotations

import json
import re
from typing import NamedTuple, NoReturn

from surveys.expressions.catalogue import check_call, checked
from surveys.expressions.errors import BadText, ExpressionError
from surveys.expressions.grammar import (
    BACKQUOTED,
    BETWEEN,
    CHAINS,
    COMPARED,
    CONSTANTS,
    INFIX,
    NAME,
    NOT,
    NUMBER,
    QUOTED,
    RESERVED,
    SIGN,
    SIGNED,
    SPACE,
    SPOKEN,
)
from surveys.expressions.limits import Limits
from surveys.expressions.values import JsonValue, number
from surveys.strings import shown

_LONGEST = 100_000
# A level of brackets costs the interpreter several calls; logic of this depth is refused anyway.
_BRACKETS_PER_LEVEL = 2
_IN_BACKQUOTES = re.compile(r'\\.|"', re.DOTALL)


class _Token(NamedTuple):
    """One word or sign: its kind, what it says, where it begins and ends."""

    kind: str
    text: str
    value: JsonValue
    start: int
    end: int


def parse(text: str, *, limits: Limits | None = None) -> JsonValue:
    """The logic a text stands for; raises BadText with its position, or where logic is too large."""
    if len(text) > _LONGEST:
        raise BadText(f"Shorten this to {_LONGEST:,} characters.", _LONGEST, "the end")
    bounds = limits or Limits()
    reader = _Reader(text, bounds)
    logic = reader.expression(0)
    if reader.token.kind != "end":
        reader.expect("an operator or the end")
    return checked(logic, bounds)


class _Reader:
    """A Pratt parser: each sign takes what binds more tightly to its left and right."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.deepest = (limits.depth + 2) * _BRACKETS_PER_LEVEL
        self.depth = 0
        self.token = self.read(0)

    def expression(self, least: int) -> JsonValue:
        """An expression of signs that bind at least so tightly."""
        self.depth += 1
        if self.depth > self.deepest:
            raise BadText("This nests too deeply; divide it.", self.token.start, "less nesting")
        left = self.prefixed()
        while (binds := self.infix()) and binds >= least:
            sign = self.token.text
            left = {sign: self.operands(sign, binds, left)}
        self.depth -= 1
        return left

    def operands(self, sign: str, binds: int, left: JsonValue) -> list[JsonValue]:
        """What a sign stands between, the left side having been read."""
        given = [left]
        while self.token.text == sign and self.infix():
            self.advance()
            given.append(self.expression(binds + 1))
            if sign not in CHAINS and not (sign in BETWEEN and len(given) == 2):
                break
        if binds == COMPARED and self.infix() == COMPARED:
            self.expect("and, or, or brackets around a comparison")
        return given

    def infix(self) -> int:
        """How tightly the sign here binds its neighbours; 0 where none is."""
        return INFIX.get(self.token.text, 0) if self.token.kind in ("sign", "word") else 0

    def prefixed(self) -> JsonValue:
        """A value, a variable, a call, a list, brackets, or a sign before one of them."""
        token = self.token
        if token.kind == "word":
            return self.word(token)
        self.advance()
        if token.kind in ("number", "text"):
            return token.value
        if token.kind == "name":
            return self.named(token)
        if token.kind == "sign":
            if token.text == "@":
                return {"var": ""}
            if token.text == "(":
                inside = self.expression(0)
                self.take(")")
                return inside
            if token.text == "[":
                return self.listed("]")
            if token.text == "{":
                return self.plain_object(token)
            if token.text in "+-":
                return self.signed(token)
        return self.expect("a value, a variable or (", token)

    def word(self, token: _Token) -> JsonValue:
        if token.text == "not":
            self.advance()
            return {"!": [self.expression(NOT)]}
        if token.text in CONSTANTS:
            self.advance()
            return CONSTANTS[token.text]
        return self.expect("a value, a variable or (")

    def named(self, token: _Token) -> JsonValue:
        """A variable, or a call where brackets follow."""
        name = token.text
        if self.token.text != "(" or self.token.kind != "sign":
            return {"var": name}
        self.advance()
        name = SPOKEN.get(name, name)
        given = self.listed(")")
        try:
            check_call(name, len(given), "")
        except ExpressionError as error:
            raise BadText(error.message, token.start, "an operator") from error
        return {name: given}

    def signed(self, token: _Token) -> JsonValue:
        follows = self.token
        if token.text == "-" and follows.kind == "number" and follows.start == token.end:
            self.advance()
            assert isinstance(follows.value, int | float)
            return -follows.value
        return {token.text: [self.expression(SIGNED)]}

    def listed(self, closing: str) -> list[JsonValue]:
        """Expressions divided by commas up to the closing bracket."""
        given: list[JsonValue] = []
        if not self.is_sign(closing):
            given.append(self.expression(0))
            while self.is_sign(","):
                self.advance()
                given.append(self.expression(0))
        self.take(closing, f", or {closing}")
        return given

    def plain_object(self, opening: _Token) -> JsonValue:
        """An object as JSON has it; with one key it would be an operation and is refused."""
        start = opening.start
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(self.text, start)
        except (ValueError, RecursionError) as error:
            where = error.pos if isinstance(error, json.JSONDecodeError) else start
            raise BadText("Write an object as JSON.", where, "JSON") from error
        if len(value) == 1:
            raise BadText("Write an operation in words, not as JSON.", start, "a call")
        self.token = self.read(end)
        plain: JsonValue = value
        return plain

    def is_sign(self, sign: str) -> bool:
        return self.token.kind == "sign" and self.token.text == sign

    def take(self, sign: str, expected: str = "") -> None:
        if not self.is_sign(sign):
            self.expect(expected or sign)
        self.advance()

    def expect(self, expected: str, token: _Token | None = None) -> NoReturn:
        found = token or self.token
        here = "the end" if found.kind == "end" else shown(self.text[found.start : found.end])
        raise BadText(f"Write {expected} here, not {here}.", found.start, expected)

    def advance(self) -> None:
        self.token = self.read(self.token.end)

    def read(self, position: int) -> _Token:
        """The token that begins here or after space."""
        text = self.text
        found = SPACE.match(text, position)
        start = found.end() if found else position
        if start == len(text):
            return _Token("end", "", None, start, start)
        if match := NAME.match(text, start):
            kind = "word" if match[0] in RESERVED else "name"
            return _Token(kind, match[0], None, start, match.end())
        if match := NUMBER.match(text, start):
            return self.number(match[0], start, match.end())
        if text[start] == '"' and (match := QUOTED.match(text, start)):
            return _Token("text", "", self.unquoted(match[0], start), start, match.end())
        if text[start] == "`" and (match := BACKQUOTED.match(text, start)):
            inside = _IN_BACKQUOTES.sub(_as_in_text, match[0][1:-1])
            name = self.unquoted(f'"{inside}"', start)
            return _Token("name", name, None, start, match.end())
        if match := SIGN.match(text, start):
            return _Token("sign", match[0], None, start, match.end())
        closing = {'"': 'a closing "', "`": "a closing `"}.get(text[start], "a value or a sign")
        raise BadText(f"Write {closing} here.", start, closing)

    def number(self, digits: str, start: int, end: int) -> _Token:
        value = number(float(digits) if len(digits) > 15 or not digits.isdigit() else int(digits))
        if value is None:
            raise BadText("This number is too large.", start, "a smaller number")
        if NAME.match(self.text, end) or NUMBER.match(self.text, end):
            raise BadText("Write a sign between a number and what follows.", end, "a sign")
        return _Token("number", digits, value, start, end)

    def unquoted(self, quoted: str, start: int) -> str:
        try:
            value = json.loads(quoted, strict=False)
        except json.JSONDecodeError as error:
            raise BadText(
                "Write \\\\ for a \\ in text; \\n, \\t and \\u0041 are known.",
                start + error.pos,
                "an escape",
            ) from error
        assert isinstance(value, str)
        return value


def _as_in_text(found: re.Match[str]) -> str:
    return {'"': '\\"', "\\`": "`"}.get(found[0], found[0])
