"""Search domains of Odoo over rows in memory: prefix notation, dotted paths, false as null.

Source: https://www.odoo.com/documentation/19.0/developer/reference/backend/orm.html#search-domains
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Get = Callable[[Row, str], list[Any]]
"""The values at the end of a path: several for links to many, none where a link is empty."""


def matches(domain: Sequence[Any], row: Row, get: Get) -> bool:
    """Whether the row belongs to the domain. Raises ValueError for one that is malformed."""
    rest = list(domain)
    answer = True
    while rest:
        answer = _term(rest, row, get) and answer
    return answer


def _term(rest: list[Any], row: Row, get: Get) -> bool:
    if not rest:
        raise ValueError("Domain is incomplete")
    head = rest.pop(0)
    if head in ("&", "|"):
        first, second = _term(rest, row, get), _term(rest, row, get)
        return (first and second) if head == "&" else (first or second)
    if head == "!":
        return not _term(rest, row, get)
    if not isinstance(head, (list, tuple)) or len(head) != 3:
        raise ValueError(f"Invalid leaf {head}")
    path, operator, wanted = head
    return _leaf(get(row, path), operator, wanted)


def _leaf(found: list[Any], operator: str, wanted: Any) -> bool:
    values = found or [None]
    if operator in ("=", "!="):
        is_equal = any(_same(value, wanted) for value in values)
        return is_equal if operator == "=" else not is_equal
    if operator in ("in", "not in"):
        is_in = any(_same(value, one) for value in values for one in wanted)
        return is_in if operator == "in" else not is_in
    if operator in ("like", "ilike"):
        return any(wanted.lower() in str(value or "").lower() for value in values)
    compare = {
        ">": lambda a: a > wanted, ">=": lambda a: a >= wanted, "<": lambda a: a < wanted,
        "<=": lambda a: a <= wanted,
    }.get(operator)  # fmt: skip
    if compare is None:
        raise ValueError(f"Invalid operator {operator}")
    return any(value is not None and value is not False and compare(value) for value in values)


def _same(value: Any, wanted: Any) -> bool:
    if wanted is False or wanted is None:
        return value in (None, False)
    return bool(value == wanted)
