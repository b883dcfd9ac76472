"""ExpressionScript evaluated on its own tree by PHP's rules: the twin translations are measured by.

Values are what LimeSurvey holds: texts, with "" for what is not answered; truths as PHP has them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from surveys.formats.expressionscript.parsing import Call, Literal, Name, Node, parse

Php = str | int | float | bool


def evaluate(text: str, data: Mapping[str, str], version: int) -> Php:
    """The value of an expression over answers by the names of variables."""
    return _value(parse(text), data, version)[0]


def truthy(value: Php) -> bool:
    """PHP's truth."""
    return value not in ("", "0", 0, 0.0, False)


def numeric(value: Php) -> bool:
    """PHP's is_numeric."""
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return True
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", value) is not None


def _same(a: Php, b: Php) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return truthy(a) == truthy(b)
    if numeric(a) and numeric(b):
        return float(a) == float(b)
    return str(a) == str(b)


def _value(node: Node, data: Mapping[str, str], version: int) -> tuple[Php, str]:
    if isinstance(node, Literal):
        return node.value, "text" if node.is_text else "number"
    if isinstance(node, Name):
        return data.get(node.text.removesuffix(".NAOK"), ""), "word"
    if isinstance(node, Call):
        return _call(node, data, version), "number"
    given = [_value(each, data, version) for each in node.given]
    values = [value for value, _ in given]
    if node.sign == "&&":
        return all(map(truthy, values)), "number"
    if node.sign == "||":
        return any(map(truthy, values)), "number"
    if node.sign == "!1":
        return not truthy(values[0]), "number"
    if node.sign == "-1":
        return -float(values[0] or 0), "number"
    result = given[0]
    for other in given[1:]:
        result = _binary(node.sign, result, other, version)
    return result


def _binary(
    sign: str, left: tuple[Php, str], right: tuple[Php, str], version: int
) -> tuple[Php, str]:
    a, b = left[0], right[0]
    if sign == "==":
        return _same(a, b), "number"
    if sign == "!=":
        return not _same(a, b), "number"
    if version < 255:
        numbers = [numeric(each) or each == "" for each in (a, b)]
        texts = [not numeric(each) or each == "" for each in (a, b)]
    else:
        numbers = [each != "" and numeric(each) for each in (a, b)]
        texts = [not truthy(each) or not numeric(each) for each in (a, b)]
    both_numbers, both_texts = all(numbers), all(texts)
    quoted = "text" in (left[1], right[1])
    if version >= 400 and quoted and both_numbers:
        both_numbers, both_texts = False, True
    if sign in ("<", "<=", ">", ">="):
        return _related(sign, a, b, both_numbers, both_texts), "number"
    return _reckoned(sign, a, b, both_numbers)


def _related(sign: str, a: Php, b: Php, both_numbers: bool, both_texts: bool) -> bool:
    if not both_numbers and not both_texts:
        return False
    if sign in ("<=", ">") and {str(a), str(b)} == {"0", ""}:
        return sign == "<="
    if both_numbers and a != "" and b != "":
        x, y = float(a), float(b)
        return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[sign]
    s, t = str(a), str(b)
    return {"<": s < t, "<=": s <= t, ">": s > t, ">=": s >= t}[sign]


def _reckoned(sign: str, a: Php, b: Php, both_numbers: bool) -> tuple[Php, str]:
    if not both_numbers:
        return (str(a) + str(b), "text") if sign == "+" else (math.nan, "number")
    x, y = float(a or 0), float(b or 0)
    if sign == "/":
        return (x / y if y else math.nan), "number"
    return {"+": x + y, "-": x - y, "*": x * y}[sign], "number"


def _call(node: Call, data: Mapping[str, str], version: int) -> Php:
    given = [_value(each, data, version)[0] for each in node.given]
    numbers = [float(each) for each in given if numeric(each)]
    if node.name == "is_empty":
        return given[0] == "" or given[0] is False
    if node.name == "count":
        return sum(each != "" for each in given)
    if node.name == "sum":
        return sum(numbers)
    if node.name == "countif":
        return sum(_same(each, given[0]) for each in given[1:])
    if node.name == "if":
        return given[1] if truthy(given[0]) else given[2]
    if node.name == "strlen":
        return len(str(given[0]))
    raise AssertionError(node.name)
