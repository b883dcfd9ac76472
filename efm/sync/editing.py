"""The mapping editor's form: mappings drawn as rows of fields, and read back as they were typed.

A draft is what somebody edits and has not put to use; it is kept with all its mistakes, so that
nothing is lost on leaving. Options are typed a line each: `name = value`, pairs as `from => to`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.entities import ENTITIES
from connectors.errors import ConfigError
from connectors.fields import ATTRIBUTE
from connectors.mapping import Mapping as FieldMap
from connectors.records import Stream
from efm.models import StreamSetting

CONSTANT, JOIN, FIELD = "constant", "join", "field:"
LISTS = frozenset(("formats", "true", "false", "sources", "nulls"))
MOST_MAPPINGS = 30
MOST_OPTIONS = 4000

CONVERTERS = {
    "trim": "Text",
    "lower": "Text in lower case",
    "integer": "Whole number",
    "decimal": "Number",
    "boolean": "Yes or no",
    "date": "Day",
    "datetime": "Time",
    "money": "Money",
    "currency": "Currency",
    "email": "E-mail address",
    "e164": "Phone number",
    "language": "Language",
    "enum": "Values from a list",
}
OPTION_HELP = (
    ("Day or time", "formats = dd/mm/yyyy", "How it is written; several with commas. zone = Europe/Berlin"),
    ("Number, money", "decimal = ,", "The decimal sign, and group = . for thousands"),
    ("Money", "currency = EUR", "Or currency_from = the field that names it"),
    ("Phone number", "region = GB", "Country of numbers without a country code"),
    ("Values from a list", "Gold => premium", "A pair a line; unknown = keep, empty or reject the rest"),
    ("Any", "default = none", "For an empty value; nulls = n/a, - are read as empty"),
    ("Any", "on_error = attribute", "Keep a value that cannot be read as an attribute instead of rejecting"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the editor: a target, where it comes from, how it is read."""

    name: str
    target: str
    label: str
    help: str
    type: str
    is_required: bool
    source: str
    converter: str
    options: str
    is_attribute: bool = False

    @property
    def readings(self) -> list[tuple[str, str]]:
        """How its value may be read, the usual way first."""
        usual = CONVERTERS.get(self.type, "Text")
        return [("", usual), *((k, v) for k, v in CONVERTERS.items() if v != usual)]

    @property
    def is_mapped(self) -> bool:
        """Whether it says where the value comes from."""
        return bool(self.source)


@dataclass(frozen=True)
class Section:
    """One mapping of the draft as the editor draws it."""

    number: int
    entity: str
    label: str
    help: str
    keep_unmapped: bool
    rows: tuple[Row, ...]

    @property
    def used(self) -> list[Row]:
        """Rows to show at once: what is mapped or must be."""
        return [row for row in self.rows if row.is_mapped or row.is_required]

    @property
    def unused(self) -> list[Row]:
        """Rows that may stay as they are."""
        return [row for row in self.rows if not (row.is_mapped or row.is_required)]


def said_options(field: Mapping[str, Any]) -> str:
    """The options of a field of a draft as lines to type."""
    if field.get("typed") is not None:
        return str(field["typed"])
    options = dict(field.get("options") or {})
    if field.get("converter") == "constant":
        return str(options.get("value", ""))
    is_join = field.get("converter") == "join" and set(options) <= {"sources", "separator"}
    if is_join and options.get("separator", "|") == "|":
        return ", ".join(str(each) for each in options.get("sources") or ())
    lines = [f"{a} => {b}" for a, b in dict(options.pop("map", None) or {}).items()]
    for name, value in options.items():
        is_list = isinstance(value, (list, tuple))
        said = ", ".join(str(each) for each in value) if is_list else str(value)
        lines.append(f"{name} = {said}")
    return "\n".join(lines)


def read_options(text: str, converter: str) -> dict[str, Any]:
    """Options as typed. Raises ValueError naming the line that cannot be read."""
    if converter == "constant":
        return {"value": text.strip()}
    lines = [line for line in text.splitlines() if line.strip()]
    if converter == "join" and len(lines) == 1 and "=" not in lines[0]:
        return {"sources": _list(lines[0])}
    options: dict[str, Any] = {}
    for line in lines:
        if "=>" in line:
            left, right = line.split("=>", 1)
            options.setdefault("map", {})[left.strip()] = right.strip()
        elif "=" in line:
            name, value = line.split("=", 1)
            key = name.strip()
            # A separator may be a blank, so only what surrounds a value of one sign is cut.
            value = value.strip() or (" " if value.strip("\r\n") else "")
            options[key] = _list(value) if key in LISTS else value
        else:
            raise ValueError(f"The options line “{line.strip()[:60]}” is not name = value.")
    return options


def _list(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def sections(draft: Sequence[Mapping[str, Any]]) -> list[Section]:
    """The draft as the editor draws it."""
    return [_section(number, document) for number, document in enumerate(draft)]


def _section(number: int, document: Mapping[str, Any]) -> Section:
    entity = ENTITIES.get(str(document.get("entity")), ENTITIES["contact"])
    fields = {str(each.get("target")): each for each in document.get("fields") or ()}
    rows = [
        Row(
            f"m{number}.{target.name}", target.name, target.label, target.help, target.type,
            target.required, *_filled(fields.get(target.name)),
        )
        for target in entity.fields
    ]  # fmt: skip
    named = [target for target in fields if target.startswith(ATTRIBUTE)]
    for at, target in enumerate((*named, ATTRIBUTE)):
        label = target[len(ATTRIBUTE) :]
        rows.append(
            Row(f"m{number}.a{at}", target, label, "", "any", False, *_filled(fields.get(target)),
                is_attribute=True)
        )  # fmt: skip
    return Section(
        number, entity.name, entity.label, entity.help, bool(document.get("keep_unmapped", True)),
        tuple(rows),
    )  # fmt: skip


def _filled(field: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Source, converter and options of a row as its controls have them."""
    if field is None:
        return "", "", ""
    converter = str(field.get("converter") or "")
    if converter in (CONSTANT, JOIN):
        return converter, "", said_options(field)
    source = str(field.get("source") or "")
    return (FIELD + source if source else ""), converter, said_options(field)


def read(form: Mapping[str, str], stream: Stream | None) -> list[dict[str, Any]]:
    """The draft as the form posted it, complete or not; a button may add or remove a mapping."""
    count = int(form["count"]) if form.get("count", "").isdecimal() else 0
    draft = [_read_section(form, number) for number in range(min(count, MOST_MAPPINGS))]
    action = form.get("go", "")
    if action.startswith("remove:") and action[7:].isdecimal() and len(draft) > 1:
        del draft[int(action[7:]) : int(action[7:]) + 1]
    elif action == "add" and form.get("add") in ENTITIES and len(draft) < MOST_MAPPINGS:
        draft.append(fresh(form["add"], stream))
    return draft


def fresh(entity: str, stream: Stream | None) -> dict[str, Any]:
    """A new mapping of one entity, begun with the stream's key."""
    if stream is None:
        return {"entity": entity, "fields": [], "keep_unmapped": True}
    from connectors.mapping import suggest

    made = suggest(entity, list(stream.fields), (), stream.key).document()
    return made | {"keep_unmapped": entity in ("account", "contact")}


def _read_section(form: Mapping[str, str], number: int) -> dict[str, Any]:
    entity = form.get(f"m{number}.entity", "")
    entity = entity if entity in ENTITIES else "contact"
    fields = []
    for target in ENTITIES[entity].fields:
        fields += _read_row(form, f"m{number}.{target.name}", target.name)
    at = 0
    while f"m{number}.a{at}.name" in form and at < 200:
        name = form[f"m{number}.a{at}.name"].strip()[:100]
        source = form.get(f"m{number}.a{at}.source", "")
        if not name and source.startswith(FIELD):
            name = source[len(FIELD) :][:100]
        if name:
            fields += _read_row(form, f"m{number}.a{at}", ATTRIBUTE + name)
        at += 1
    return {"entity": entity, "fields": fields, "keep_unmapped": bool(form.get(f"m{number}.keep"))}


def _read_row(form: Mapping[str, str], name: str, target: str) -> list[dict[str, Any]]:
    source = form.get(f"{name}.source", "")
    if not source:
        return []
    converter = form.get(f"{name}.converter", "")
    if source in (CONSTANT, JOIN):
        converter, source = source, ""
    found: dict[str, Any] = {"source": source.removeprefix(FIELD)[:500], "target": target}
    if converter:
        found["converter"] = converter[:40]
    typed = form.get(f"{name}.options", "")[:MOST_OPTIONS]
    try:
        options = read_options(typed, converter)
    except ValueError as error:
        return [found | {"typed": typed, "problem": str(error)}]
    return [found | ({"options": options} if options else {})]


def problems(draft: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What stands in the way of using the draft: the row's control to a sentence."""
    found: dict[str, str] = {}
    for number, document in enumerate(draft):
        names = _controls(number, document)
        for each in document["fields"]:
            if each.get("problem"):
                found[names[each["target"]] + ".options"] = str(each["problem"])
        try:
            said = FieldMap.from_document(document).problems()
        except ConfigError as error:
            said = {"": error.message}
        for target, message in said.items():
            control = names.get(target, f"m{number}.{target}") + ".source" if target else "_"
            found.setdefault(control, message)
    if not draft:
        found["_"] = "Map at least one kind of record."
    return found


def _controls(number: int, document: Mapping[str, Any]) -> dict[str, str]:
    """Target to the name of its row."""
    attributes = [
        each["target"] for each in document["fields"] if each["target"].startswith(ATTRIBUTE)
    ]
    names = {target: f"m{number}.a{at}" for at, target in enumerate(attributes)}
    for each in document["fields"]:
        names.setdefault(each["target"], f"m{number}.{each['target']}")
    return names


def draft_of(setting: StreamSetting) -> list[dict[str, Any]]:
    """What is being edited: the draft, else what is in use."""
    found: list[dict[str, Any]] = (
        setting.mapping.get("draft") or setting.mapping.get("mappings") or []
    )
    return found


def keep_draft(setting: StreamSetting, draft: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was edited; what is in use stays in use."""
    setting.mapping = {**setting.mapping, "draft": [dict(each) for each in draft]}


def clean(draft: Iterable[Mapping[str, Any]]) -> list[FieldMap]:
    """The mappings of a draft that has no problems."""
    return [FieldMap.from_document(each) for each in draft]
