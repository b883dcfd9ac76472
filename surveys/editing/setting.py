"""Fields of one element set: texts, settings, logic, orders; keys are never among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveys import kinds
from surveys.editing.places import (
    Document,
    Edited,
    EditRefused,
    copied,
    find,
    find_question,
    finished,
    label_of,
)
from surveys.editing.references import without_translations
from surveys.parts import (
    Block,
    DataField,
    Definition,
    Ending,
    Page,
    Question,
    Quota,
    Randomizer,
)

_OF = {
    "survey": Definition, "page": Page, "question": Question, "block": Block, "ending": Ending,
    "data": DataField, "quota": Quota, "randomizer": Randomizer,
}  # fmt: skip
# What has operations of its own, or never changes.
_NOT_HERE = frozenset(
    {
        "key",
        "kind",
        "pages",
        "questions",
        "blocks",
        "randomizers",
        "endings",
        "quotas",
        "data",
        "parts",
    }
)
_LOGIC = frozenset({"show_if", "required_if", "skips", "checks", "when", "value", "default"})


def set_fields(document: Mapping[str, Any], address: str, fields: Mapping[str, object]) -> Edited:
    """The element with these fields set; raises EditRefused with the problems of each field."""
    made = with_fields(document, address, fields)
    sort = address.partition(".")[0]
    label = label_of(made, address)
    said = "Changed the logic of" if fields and set(fields) <= _LOGIC else "Edited"
    what = f"{said} {label if sort in ('survey', 'page') else f'“{label}”'}"
    return Edited(finished(made), what.replace("The survey", "the survey"), address)


def with_fields(
    document: Mapping[str, Any], address: str, fields: Mapping[str, object]
) -> Document:
    """The document with these fields set, not looked at; None takes a field back to its default.

    ``settings`` are set one by one, and so are ``choices`` and ``rows`` given as mappings of keys to
    fields.
    """
    made = copied(document)
    sort = address.partition(".")[0]
    found = find(made, address)
    known = set(getattr(_OF.get(sort), "__dataclass_fields__", ())) - _NOT_HERE
    for name, value in fields.items():
        if name not in known:
            raise EditRefused(f"There is nothing called {name!r} to set here.")
        if name == "settings" and isinstance(value, Mapping):
            _merge(found.setdefault("settings", {}), value)
            without_translations(made, *_files_gone(address, found, value))
        elif name in ("choices", "rows") and isinstance(value, Mapping):
            _set_lines(found, name, value)
        else:
            _merge(found, {name: value})
    return made


def _files_gone(address: str, question: Document, given: Mapping[str, object]) -> list[str]:
    """The places of files that are shown no longer, in any language."""
    settings = kinds.kind(question["kind"]).settings
    gone = [
        each.name for each in settings if each.type == "media" and given.get(each.name, "") is None
    ]
    place = address.removeprefix("question.").replace(".", ".parts.")
    return [f"{place}.{name}" for name in gone]


def _merge(into: Document, fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        if value is None:
            into.pop(name, None)
        else:
            into[name] = value


def _set_lines(question: Document, name: str, lines: Mapping[str, object]) -> None:
    by_key = {line["key"]: line for line in question.get(name, [])}
    for key, fields in lines.items():
        if key in by_key and isinstance(fields, Mapping):
            _merge(by_key[key], {each: fields[each] for each in fields if each != "key"})


def set_order(document: Mapping[str, Any], question: str, which: str, keys: list[str]) -> Edited:
    """The choices or rows in the order of these keys; those not named follow."""
    made = copied(document)
    found = find_question(made, question).question
    place = {key: number for number, key in enumerate(keys)}
    found[which] = sorted(found.get(which, []), key=lambda line: place.get(line["key"], len(place)))
    return Edited(finished(made), f"Sorted the {which}", f"question.{question}")
