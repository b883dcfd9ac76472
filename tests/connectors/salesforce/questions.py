"""SOQL as far as clients send it to the simulator: parsed strictly, answered over its tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.connectors.salesforce.tables import Table, Tables

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<day>\d{4}-\d\d-\d\d)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z][A-Za-z0-9_.]*)
    | (?P<sign>!=|<>|<=|>=|[=<>(),])
    )""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
Row = Mapping[str, Any]
Test = Callable[[Row], bool]


class Refused(Exception):
    """A refusal with the code, the words and the status Salesforce gives it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Found:
    """What a question is answered by: the fields asked for and the rows; a count has no rows."""

    table: Table
    fields: list[str]
    rows: list[Row]
    total: int
    is_count: bool


def answer(org: Tables, soql: str, *, with_deleted: bool) -> Found:
    """The whole answer to a question. Raises Refused."""
    return _Parser(org, soql).run(with_deleted)


def _unescape(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        what = found[1]
        return chr(int(what[1:], 16)) if what[0] == "u" else _PLAIN.get(what, what)

    return _ESCAPED.sub(plain, text[1:-1])


class _Parser:
    def __init__(self, org: Tables, soql: str) -> None:
        self.org, self.soql, self.at = org, soql, 0
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while soql[position:].strip():
            found = _TOKEN.match(soql, position)
            if found is None:
                raise self.wrong(soql[position:].strip()[:1])
            position = found.end()
            self.tokens.append((str(found.lastgroup), str(found[str(found.lastgroup)])))

    def wrong(self, token: str) -> Refused:
        return Refused("MALFORMED_QUERY", f"unexpected token: '{token or '<EOF>'}'")

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *words: str) -> bool:
        if self.peek().upper() in words and self.tokens[self.at][0] in ("name", "sign"):
            self.at += 1
            return True
        return False

    def need(self, word: str) -> None:
        if not self.take(word):
            raise self.wrong(self.peek())

    def next(self, *kinds: str) -> tuple[str, str]:
        if self.at >= len(self.tokens) or (kinds and self.tokens[self.at][0] not in kinds):
            raise self.wrong(self.peek())
        self.at += 1
        return self.tokens[self.at - 1]

    def run(self, with_deleted: bool) -> Found:
        self.need("SELECT")
        names, is_count = [], False
        if self.take("COUNT"):
            self.need("(")
            self.need(")")
            is_count = True
        else:
            names.append(self.next("name")[1])
            while self.take(","):
                names.append(self.next("name")[1])
        self.need("FROM")
        self.table = self.find_table(self.next("name")[1])
        fields = [self.field(each)["name"] for each in names]
        if len(set(fields)) != len(fields):
            raise Refused("INVALID_FIELD", f"duplicate field selected: {fields[0]}")
        test: Test = (lambda row: True) if not self.take("WHERE") else self.either()
        rows = [r for r in self.table.rows.values() if with_deleted or not r["IsDeleted"]]
        if not with_deleted and "IsArchived" in self.table.fields:
            rows = [r for r in rows if not r["IsArchived"]]
        rows = self.ordered([row for row in rows if test(row)])
        if self.take("LIMIT"):
            rows = rows[: int(self.next("number")[1])]
        if self.at != len(self.tokens):
            raise self.wrong(self.peek())
        return Found(self.table, fields, [] if is_count else rows, len(rows), is_count)

    def find_table(self, name: str) -> Table:
        for each in self.org.tables.values():
            if each.name.lower() == name.lower() and each.flags.get("queryable", True):
                return each
        raise Refused(
            "INVALID_TYPE",
            f"\n{self.soql}\n^\nERROR at Row:1:Column:1\nsObject type '{name}' is not supported. If "
            "you are attempting to use a custom object, be sure to append the '__c' after the "
            "entity name. Please reference your WSDL or the describe call for the appropriate "
            "names.",
        )

    def field(self, name: str) -> dict[str, Any]:
        for each in self.table.fields.values():
            if each["name"].lower() == name.lower():
                return each
        raise Refused(
            "INVALID_FIELD",
            f"\n{self.soql}\n^\nERROR at Row:1:Column:8\nNo such column '{name}' on entity "
            f"'{self.table.name}'. If you are attempting to use a custom field, be sure to append "
            "the '__c' after the custom field name. Please reference your WSDL or the describe "
            "call for the appropriate names.",
        )

    def ordered(self, rows: list[Row]) -> list[Row]:
        if not self.take("ORDER"):
            return rows
        self.need("BY")
        keys = []
        while True:
            name = self.field(self.next("name")[1])["name"]
            keys.append((name, self.take("DESC")))
            self.take("ASC")
            if not self.take(","):
                break
        for name, is_down in reversed(keys):
            rows = sorted(rows, key=lambda r, n=name: (r[n] is not None, r[n]), reverse=is_down)
        return rows

    def either(self) -> Test:
        first, terms = self.single(), []
        word = self.peek().upper()
        if word not in ("AND", "OR"):
            return first
        terms = [first]
        while self.take(word):
            terms.append(self.single())
        if self.peek().upper() in ("AND", "OR"):
            raise self.wrong(self.peek())  # the two are not mixed without parentheses
        if word == "AND":
            return lambda row: all(term(row) for term in terms)
        return lambda row: any(term(row) for term in terms)

    def single(self) -> Test:
        if self.take("NOT"):
            inner = self.single()
            return lambda row: not inner(row)
        if self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        field = self.field(self.next("name")[1])
        name = field["name"]
        if self.take("IN"):
            self.need("(")
            values = [self.literal(field)]
            while self.take(","):
                values.append(self.literal(field))
            self.need(")")
            return lambda row: self.shown(field, row[name]) in values
        sign = self.next("sign")[1]
        value = self.literal(field)
        return lambda row: self.compare(sign, self.shown(field, row[name]), value)

    def literal(self, field: Mapping[str, Any]) -> Any:
        kind, text = self.next("text", "moment", "day", "number", "name")
        low = text.lower()
        if kind == "name" and low not in ("true", "false", "null"):
            raise self.wrong(text)
        wanted = {"datetime": "moment", "date": "day", "boolean": "name"}.get(field["type"])
        wanted = wanted or ("number" if field["type"] in ("double", "currency", "int") else "text")
        if kind != wanted and low != "null":
            raise Refused(
                "INVALID_FIELD",
                f"value of filter criterion for field '{field['name']}' must be of type "
                f"{field['type']} and should {'' if wanted == 'text' else 'not '}be enclosed in "
                "quotes",
            )
        if kind == "name":
            return {"true": True, "false": False, "null": None}[low]
        if kind == "text":
            return _unescape(text)
        return datetime.fromisoformat(text) if kind == "moment" else (
            float(text) if kind == "number" else text
        )  # fmt: skip

    def shown(self, field: Mapping[str, Any], value: Any) -> Any:
        return datetime.fromisoformat(value) if value and field["type"] == "datetime" else value

    @staticmethod
    def compare(sign: str, left: Any, right: Any) -> bool:
        if sign in ("=", "!=", "<>"):
            return (left == right) == (sign == "=")
        if left is None or right is None:
            return False
        return bool(
            {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]
        )
