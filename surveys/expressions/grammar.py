"""The words and signs of the text form, shared by its writer and its reader."""

from __future__ import annotations

import re
from collections.abc import Mapping

# How tightly each sign binds; a higher one takes its neighbours first.
OR, AND, NOT, COMPARED, ADDED, MULTIPLIED, SIGNED, ATOM = range(1, 9)

INFIX: Mapping[str, int] = {
    "or": OR,
    "and": AND,
    "==": COMPARED,
    "===": COMPARED,
    "!=": COMPARED,
    "!==": COMPARED,
    "<": COMPARED,
    "<=": COMPARED,
    ">": COMPARED,
    ">=": COMPARED,
    "in": COMPARED,
    "+": ADDED,
    "-": ADDED,
    "*": MULTIPLIED,
    "/": MULTIPLIED,
    "%": MULTIPLIED,
}
# These take more than two in one go: ``a and b and c`` is one operation.
CHAINS = frozenset({"or", "and", "+", "*"})
# ``1 < x < 5``.
BETWEEN = frozenset({"<", "<="})

CONSTANTS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
RESERVED = frozenset({"and", "or", "not", "in", *CONSTANTS})
# Names in calls for operators that have no letters.
SPOKEN: Mapping[str, str] = {"truthy": "!!"}
WRITTEN: Mapping[str, str] = {sign: word for word, sign in SPOKEN.items()}

WORD = re.compile(r"[^\W\d]\w*")
NAME = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
SPACE = re.compile(r"[ \t\r\n]*")
SIGN = re.compile(r"===|!==|==|!=|<=|>=|[<>+\-*/%()\[\]{},:@]")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
BACKQUOTED = re.compile(r"`(?:[^`\\]|\\.)*`", re.DOTALL)
