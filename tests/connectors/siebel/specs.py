"""Siebel's search language, as the simulated server understands it.

Source: Siebel Developer's Reference, “Query By Example” and “Search Syntax”. Times are compared as
times and always written month first; everything else as text, and an id by its characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

Row = Mapping[str, str]
Test = Callable[[Row], bool]
_TOKEN = re.compile(
    r"""\s*(?:(?P<field>\[[^\[\]]+\])|(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")"""
    r"""|(?P<op><=|>=|<>|=|<|>)|(?P<mark>[()])|(?P<word>[A-Za-z]+))""",
)
_TIME = "%m/%d/%Y %H:%M:%S"


class SpecError(Exception):
    """A specification that Siebel would refuse, in its words."""


class _Parser:
    def __init__(self, text: str, times: frozenset[str], known: frozenset[str]) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.times, self.known, self.at = times, known, 0
        place = 0
        if len(text) > 2000 or "\n" in text:
            raise SpecError("The search specification is too long.(SBL-DAT-00402)")
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if found is None:
                raise SpecError(f"Syntax error near: '{text[place : place + 20]}'(SBL-DAT-00393)")
            kind = found.lastgroup or ""
            self.tokens.append((kind, found[kind]))
            place = found.end()

    def whole(self) -> Test:
        test = self.either()
        if self.at < len(self.tokens):
            raise SpecError(
                f"An end of line was found when an operator was expected: {self.tokens[self.at][1]}"
                "(SBL-DAT-00393)"
            )
        return test

    def either(self) -> Test:
        tests = [self.both()]
        while self._word("OR"):
            tests.append(self.both())
        return lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.single()]
        while self._word("AND"):
            tests.append(self.single())
        return lambda row: all(test(row) for test in tests)

    def single(self) -> Test:
        if self._word("NOT"):
            inner = self.single()
            return lambda row: not inner(row)
        kind, text = self._next()
        if text == "(":
            test = self.either()
            if self._next()[1] != ")":
                raise SpecError("A closing bracket is missing.(SBL-DAT-00393)")
            return test
        if kind != "field":
            raise SpecError(f"Syntax error near: '{text}'(SBL-DAT-00393)")
        name = text[1:-1]
        if name not in self.known:
            raise SpecError(
                f"Field '{name}' does not exist in definition for business component.(SBL-DAT-00398)"
            )
        return self._compared(name)

    def _compared(self, name: str) -> Test:
        kind, op = self._next()
        if op.upper() == "IS":
            is_negated = self._word("NOT")
            if not self._word("NULL"):
                raise SpecError("Syntax error near: 'IS'(SBL-DAT-00393)")
            return lambda row: bool(row.get(name)) == is_negated
        kind, text = self._next() if kind == "op" or op.upper() == "LIKE" else ("", "")
        if kind != "text":
            raise SpecError(f"A value was expected after [{name}].(SBL-DAT-00393)")
        mark = text[0]
        value = text[1:-1].replace(mark * 2, mark)
        if op.upper() == "LIKE":
            pattern = re.escape(value).replace(r"\*", ".*").replace(r"\?", ".")
            return lambda row: re.fullmatch(pattern, row.get(name, ""), re.S) is not None
        if name not in self.times:
            return lambda row: _holds(row.get(name, ""), op, value)
        try:
            moment = datetime.strptime(value, _TIME)  # noqa: DTZ007
        except ValueError:
            raise SpecError(
                f"The value '{value}' for field '{name}' is no date.(SBL-DAT-00359)"
            ) from None
        return lambda row: _holds(datetime.strptime(row[name], _TIME), op, moment)  # noqa: DTZ007

    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise SpecError("An end of line was found when more was expected.(SBL-DAT-00393)")
        self.at += 1
        return self.tokens[self.at - 1]

    def _word(self, word: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][1].upper() == word:
            self.at += 1
            return True
        return False


def _holds(left: object, op: str, right: object) -> bool:
    pair: tuple[str, str] = (left, right)  # type: ignore[assignment]
    return {
        "=": pair[0] == pair[1], "<>": pair[0] != pair[1], "<": pair[0] < pair[1],
        ">": pair[0] > pair[1], "<=": pair[0] <= pair[1], ">=": pair[0] >= pair[1],
    }[op]  # fmt: skip


def compiled(text: str, times: frozenset[str], known: frozenset[str]) -> Test:
    """The test a specification stands for. Raises SpecError as Siebel refuses it."""
    return _Parser(text, times, known).whole()
