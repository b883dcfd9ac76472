"""A definition written back as the plain mapping that reading it turns into an equal one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from types import MappingProxyType
from typing import Any

from surveys.expressions import write
from surveys.parts import Definition

# The order documents have had from the beginning; what came later follows as it is declared.
_FIRST = (
    "title", "language", "name", "purpose", "category", "introduction", "thank_you", "privacy",
    "anonymous",
)  # fmt: skip
_LAST = ("pages",)


def dump(definition: Definition) -> dict[str, object]:
    """The plain mapping that ``load`` turns into an equal definition; its order never varies."""
    document = _part(definition)
    document["anonymous"] = definition.anonymous
    document["pages"] = [
        _part(page) | {"questions": _listed(page.questions)} for page in definition.pages
    ]
    first = {name: document.pop(name) for name in _FIRST if name in document}
    last = {name: document.pop(name) for name in _LAST}
    return first | document | last


def _part(value: object) -> dict[str, object]:
    """What differs from its default, by name."""
    document: dict[str, object] = {}
    for name, otherwise in _declared(value.__class__):
        part = getattr(value, name)
        if part != otherwise:
            written = write(part) if name in _LOGIC and isinstance(part, str) else _written(part)
            if name in _ALWAYS_FILLED or written not in ("", {}, [], None):
                document[name] = written
    return document


# A constant text as logic is written as logic's own text, in quotes, or it would be read as a name.
_LOGIC = frozenset({"show_if", "required_if", "when", "valid_if", "value"})
# Logic that is plainly false is no missing logic.
_ALWAYS_FILLED = frozenset({"show_if", "required_if", "when", "valid_if", "value", "default"})


def _declared(of: Any) -> tuple[tuple[str, object], ...]:
    return tuple((each.name, _otherwise(each)) for each in fields(of))


def _otherwise(declared: Field[Any]) -> object:
    if declared.default_factory is not MISSING:
        return declared.default_factory()
    return None if declared.default is MISSING else declared.default


def _listed(parts: tuple[object, ...]) -> list[object]:
    return [_part(each) if hasattr(each, "__dataclass_fields__") else each for each in parts]


def _written(value: object) -> object:
    if isinstance(value, tuple):
        return _listed(value)
    if isinstance(value, MappingProxyType | Mapping):
        return {name: _written(value[name]) for name in sorted(value)}
    return _part(value) if hasattr(value, "__dataclass_fields__") else value
