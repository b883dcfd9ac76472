"""YAML and JSON documents from outside become plain values: bounded, acyclic, no key twice."""

from __future__ import annotations

import json
from typing import Any

import yaml

from surveys.errors import DefinitionError, Problem

MAX_BYTES = 4096 * 1024
_MAX_DEPTH = 80
_LONGEST_NUMBER = 40

# libyaml reads a document ten times faster where PyYAML was built with it; both read the same.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def refuse(message: str) -> DefinitionError:
    """An error about the document as a whole, which has no path yet."""
    return DefinitionError([Problem("", message)])


def from_yaml(text: str) -> object:
    """The plain value of one YAML document without anchors and tags; raises DefinitionError."""
    if len(text) > MAX_BYTES:
        raise refuse(f"The document is too long. Keep it under {MAX_BYTES // 1024} kB.")
    try:
        _check_events(text)
        value: object = yaml.load(text, _Loader)  # noqa: S506 (both loaders are the safe ones)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise refuse(f"The document is not valid YAML: {_where(error)}") from error
    return value


def from_json(document: bytes) -> object:
    """The plain value of one UTF-8 JSON document; raises DefinitionError."""
    if len(document) > MAX_BYTES:
        raise refuse(f"The document is too long. Keep it under {MAX_BYTES // 1024} kB.")
    try:
        value: object = json.loads(
            document.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except RecursionError as error:
        raise refuse("The document is nested too deeply.") from error
    except ValueError as error:
        raise refuse(f"The document is not valid JSON in UTF-8: {error}") from error
    return value


def to_yaml(value: object) -> str:
    """The YAML of a plain value, keys in the order given, always the same bytes."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=96, encoding=None
    )
    return text


def _check_events(text: str) -> None:
    """Refuse what the tree builder would choke on; events come one by one and cannot overflow.

    Deep nesting overflows libyaml's stack (the process would die), an alias can multiply a small
    document into a huge one, and a repeated key would silently win over the first.
    """
    # One entry per open collection: None in a sequence, else the keys seen and whether one is due.
    open_collections: list[tuple[set[str], list[bool]] | None] = []

    def note(key: str | None) -> None:
        if not open_collections or open_collections[-1] is None:
            return
        keys, key_is_due = open_collections[-1]
        if key_is_due[0]:
            if key is None:
                raise yaml.YAMLError("a key must be plain text")
            if key in keys:
                raise yaml.YAMLError(f"the key {key[:60]!r} stands twice in the same mapping")
            keys.add(key)
        key_is_due[0] = not key_is_due[0]

    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.YAMLError("anchors and aliases (& and *) are not used here")
        if getattr(event, "tag", None):
            raise yaml.YAMLError("tags (!) are not used here")
        if isinstance(event, yaml.ScalarEvent):
            note(event.value)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            note(None)
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            open_collections.append((set(), [True]) if is_mapping else None)
            if len(open_collections) > _MAX_DEPTH:
                raise yaml.YAMLError("it is nested too deeply")
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            open_collections.pop()


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    words = getattr(error, "problem", None) or str(error)
    return f"{words} (line {mark.line + 1})" if mark is not None else str(words)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in the same object")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(digits)


def _constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")
