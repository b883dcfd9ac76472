"""The OpenAPI document as a page reads it: operations in groups, fields in rows, calls as curl."""

from __future__ import annotations

import json
from dataclasses import dataclass
from shlex import quote as shell_quote
from typing import Any

from efm.web.api import examples

Json = dict[str, Any]
DEEPEST = 3
WHERE = {"path": ", in the path", "query": "", "header": ", in a header"}


@dataclass(frozen=True)
class Field:
    """One parameter or one field of a body."""

    name: str
    kind: str
    is_needed: bool
    about: str
    depth: int = 0


@dataclass(frozen=True)
class Answer:
    """One status an operation may answer with."""

    status: str
    about: str
    fields: tuple[Field, ...] = ()
    example: str = ""


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    curl: str
    answers: tuple[Answer, ...]
    refusals: tuple[Answer, ...]


@dataclass(frozen=True)
class Group:
    """The operations of one kind of thing."""

    name: str
    about: str
    operations: tuple[Operation, ...]


def groups(document: Json) -> list[Group]:
    """All operations by their tag, in the order of the document."""
    return [
        Group(
            tag["name"],
            tag["description"],
            tuple(
                _operation(document, path, method, operation)
                for path, operations in document["paths"].items()
                for method, operation in operations.items()
                if method in ("get", "post", "put") and tag["name"] in operation["tags"]
            ),
        )
        for tag in document["tags"]
    ]


def problem_fields(document: Json) -> tuple[Field, ...]:
    """The fields of a refusal."""
    return tuple(_fields(document, document["components"]["schemas"]["Problem"]))


def written(value: Any) -> str:
    """An example as one reads it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _operation(document: Json, path: str, method: str, operation: Json) -> Operation:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = tuple(
        _answer(document, status, answer)
        for status, answer in sorted(operation["responses"].items())
    )
    return Operation(
        id=operation["operationId"].replace(".", "-"),
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        scope=operation["security"][0]["token"][0],
        parameters=tuple(
            Field(
                each["name"],
                _kind(document, each["schema"]) + WHERE[each["in"]],
                each.get("required", False),
                each.get("description", ""),
            )
            for each in sorted(operation.get("parameters", []), key=lambda each: each["in"] != "path")
        ),
        body=tuple(_fields(document, content["schema"])) if content else (),
        curl=_curl(document, path, method, operation, content.get("example")),
        answers=tuple(each for each in answers if each.status < "300"),
        refusals=tuple(each for each in answers if each.status >= "300"),
    )  # fmt: skip


def _answer(document: Json, status: str, answer: Json) -> Answer:
    content = answer["content"].get("application/json")
    if content is None:
        return Answer(status, answer["description"])
    fields = tuple(_fields(document, content["schema"]))
    return Answer(status, answer["description"], fields, written(content["example"]))


def _resolved(document: Json, schema: Json) -> Json:
    """The schema itself, behind a reference or beside null."""
    for option in schema.get("anyOf", ()):
        if "$ref" in option:
            schema = option
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found: Json = document["components"]["schemas"][name]
        return found
    return schema


def _fields(document: Json, schema: Json, depth: int = 0) -> list[Field]:
    """The fields of an object, those of objects within it after their own."""
    schema = _resolved(document, schema)
    needed = schema.get("required", ())
    found: list[Field] = []
    for name, each in schema.get("properties", {}).items():
        about = each.get("description", "")
        found.append(Field(name, _kind(document, each), name in needed, about, depth))
        inner = each.get("items", each)
        if depth < DEEPEST:
            found += _fields(document, inner, depth + 1)
    return found


def _kind(document: Json, schema: Json) -> str:
    """A type in words: "text, at most 40 characters"."""
    if "items" in schema:
        limits = f", at most {schema['maxItems']:,}" if "maxItems" in schema else ""
        return f"list of {_kind(document, schema['items'])}s{limits}"
    is_nullable = any(each == {"type": "null"} for each in schema.get("anyOf", ()))
    schema = _resolved(document, schema)
    given = schema.get("type", "object")
    kinds = [each for each in ([given] if isinstance(given, str) else given) if each != "null"]
    is_nullable = is_nullable or "null" in given
    words = {
        "uuid": "id",
        "date-time": "time",
        "date": "day",
    }.get(schema.get("format", "")) or {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
    }.get(kinds[0], kinds[0])
    if "enum" in schema:
        words = " or ".join(f"“{each}”" for each in schema["enum"])
    if "maxLength" in schema and schema.get("format") is None:
        words += f", at most {schema['maxLength']} characters"
    if "maximum" in schema and schema["maximum"] < 10**6:
        words += f", {schema['minimum']} to {schema['maximum']}"
    if "default" in schema:
        words += f", {schema['default']} if left out"
    return words + (", or null" if is_nullable else "")


def _curl(document: Json, path: str, method: str, operation: Json, sent: Any) -> str:
    """A call one can paste, with a token in $TOKEN."""
    values = examples.IN_PATH | {"record_id": examples.OF_RECORD.get(operation["tags"][0], "")}
    address = document["servers"][0]["url"] + path.format_map(values)
    names = [each["name"] for each in operation.get("parameters", [])]
    if "cursor" in names:
        address += "?limit=50"
    lines = [f"curl {shell_quote(address)}", '-H "Authorization: Bearer $TOKEN"']
    if method == "put":
        lines.insert(1, "-X PUT")
    if sent is not None:
        lines.append("-H 'Content-Type: application/json'")
        if "Idempotency-Key" in names:
            lines.append('-H "Idempotency-Key: $(uuidgen)"')
        lines.append(f"--data {shell_quote(written(sent))}")
    return " \\\n  ".join(lines)
