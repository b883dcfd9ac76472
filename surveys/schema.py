"""The JSON Schema of a definition (draft 2020-12), made from the declarations that reading follows."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeAlias, get_args

from surveys import kinds, loading, loading_flow, loading_loops, looping, reading, theme
from surveys.kinds import Kind, Setting
from surveys.parts import (
    Block,
    Carried,
    Carry,
    Check,
    Choice,
    DataField,
    Definition,
    Ending,
    Item,
    Loop,
    Missing,
    Order,
    Page,
    Question,
    Quota,
    Randomizer,
    Skip,
    Source,
    Unresolved,
)

Schema: TypeAlias = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_LANGUAGE = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
_KEY = "^[a-z0-9_]{1,40}$"
# What is put into an address may have spaces: {{name|nobody in particular}}.
_ADDRESS = (
    r"^\s*$|^\s*https?://[^\s<>\"'\\/?#{}]+"
    r"([/?#]([^\s<>\"'\\]|\{\{[^{}\n]*[\s<>\"'\\][^{}\n]*\}\})*)?\s*$"
)
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_FILLED = r"\S"
# A text may be three times as long before accents are composed and its ends are stripped.
_SLACK = 3


def schema() -> Schema:
    """The schema of a whole definition; its parts are under ``$defs``."""
    return {
        "$schema": DRAFT,
        "$id": "https://schemas.efm.invalid/survey-definition.json",
        "title": "Survey definition",
        "description": "A survey as it is written in YAML or JSON. References between parts and what "
        "settings may not contradict are checked when it is read.",
        "$ref": "#/$defs/definition",
        "$defs": {
            "key": {"type": "string", "pattern": _KEY},
            "language": {"type": "string", "pattern": _LANGUAGE},
            "order": {"enum": [*get_args(Order), None]},
            "logic": _logic(),
            "definition": _definition(),
            "page": _page(),
            "skip": _part(Skip, {"to": _ref("key"), "when": _ref("logic")}, ["to"]),
            "choice": _choice(),
            "carry": _part(
                Carry,
                {"question": _ref("key"), "which": {"enum": [*get_args(Carried), None]}},
                ["question"],
            ),
            "check": _part(
                Check,
                {"valid_if": _ref("logic"), "message": _text(loading.MAX_LABEL)},
                ["valid_if"],
                {"properties": {"valid_if": {"not": {"type": "null"}}}},
            ),
            "question": _question("question"),
            "part": _question("part"),
            **{f"settings_{kind.name}": _settings(kind) for kind in kinds.KINDS.values()},
            **_around(),
        },
    }


def _logic() -> Schema:
    return {
        "description": "A condition or a value: JsonLogic, or the same as text such as nps <= 6.",
        "type": ["object", "array", "string", "number", "boolean", "null"],
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(name: str, most: int) -> Schema:
    return {"type": ["array", "null"], "items": _ref(name), "maxItems": most}


def _text(most: int, *, is_required: bool = False) -> Schema:
    if is_required:
        return {"type": "string", "maxLength": most * _SLACK, "pattern": _FILLED}
    return {"type": ["string", "null"], "maxLength": most * _SLACK}


def _maybe(name: str) -> Schema:
    return {"anyOf": [_ref(name), {"type": "null"}]}


def _maybe_key() -> Schema:
    return {"anyOf": [_ref("key"), {"type": "null"}]}


def _flag() -> Schema:
    return {"type": ["boolean", "null"]}


def _count(least: int) -> Schema:
    return {"type": ["integer", "null"], "minimum": least, "maximum": 2**53}


def _part(of: type, properties: Schema, required: list[str], more: Schema | None = None) -> Schema:
    """An object with all names of a declaration and no others."""
    names = [each.name for each in fields(of)]
    assert set(properties) == set(names), set(properties) ^ set(names)
    description = (of.__doc__ or "").strip().partition("\n")[0]
    made: Schema = {
        "type": "object",
        "description": description,
        "properties": {name: properties[name] for name in names},
        "additionalProperties": False,
    }
    if required:
        made["required"] = required
    return made | ({"allOf": [more]} if more else {})


def _definition() -> Schema:
    prose = _text(loading.MAX_PROSE)
    texts = {"type": "object", "maxProperties": loading.MAX_TEXTS, "propertyNames": {"maxLength": 300},
             "additionalProperties": prose}  # fmt: skip
    return _part(
        Definition,
        {
            "title": _text(loading.MAX_TITLE, is_required=True),
            "language": _ref("language"),
            "pages": {"type": "array", "items": _ref("page"), "minItems": 1, "maxItems": loading.MAX_PAGES,
                      "contains": {"properties": {"questions": {"type": "array", "minItems": 1}},
                                   "required": ["questions"]}},
            "introduction": prose,
            "thank_you": prose,
            "privacy": prose,
            "anonymous": _flag(),
            "name": _text(loading.MAX_TITLE),
            "purpose": prose,
            "category": _text(loading.MAX_TITLE),
            "blocks": _list("block", loading_flow.MAX_BLOCKS),
            "randomizers": _list("randomizer", loading_flow.MAX_BLOCKS),
            "data": _list("data_field", loading_flow.MAX_DATA),
            "endings": _list("ending", loading_flow.MAX_ENDINGS),
            "quotas": _list("quota", loading_flow.MAX_QUOTAS),
            "translations": {
                "type": ["object", "null"],
                "maxProperties": loading.MAX_LANGUAGES,
                "propertyNames": _ref("language"),
                "additionalProperties": texts,
            },
            "unresolved": _list("unresolved", loading_flow.MAX_UNRESOLVED),
            "theme": _theme(),
        },
        ["title", "language", "pages"],
    )  # fmt: skip


def _theme() -> Schema:
    """How the survey looks."""
    colour = {"type": ["string", "null"], "pattern": r"^\s*(#[0-9a-f]{6})?\s*$"}
    names = {
        "brand": colour,
        "brand_dark": colour,
        "font": {"enum": [*theme.FONTS, "", None]},
        "logo": _text(200),
    }
    return {"type": ["object", "null"], "properties": names, "additionalProperties": False}


def _page() -> Schema:
    return _part(
        Page,
        {
            "key": _ref("key"),
            "title": _text(loading.MAX_LABEL),
            "description": _text(loading.MAX_PROSE),
            "block": _maybe_key(),
            "show_if": _ref("logic"),
            "question_order": _ref("order"),
            "loop": _maybe("loop"),
            "skips": _list("skip", loading.MAX_SKIPS),
            "questions": _list("question", loading.MAX_QUESTIONS),
        },
        [],
    )


def _choice() -> Schema:
    return _part(
        Choice,
        {
            "key": _ref("key"),
            "label": _text(loading.MAX_LABEL, is_required=True),
            "value": {"type": ["number", "null"], "minimum": -(2**53), "maximum": 2**53},
            "takes_text": _flag(),
            "is_text_required": _flag(),
            "is_exclusive": _flag(),
            "is_fixed": _flag(),
            "missing": {"enum": [*get_args(Missing), None]},
            "opposite": _text(loading.MAX_LABEL),
            "image": _text(loading.MAX_LABEL),
            "show_if": _ref("logic"),
        },
        ["key", "label"],
    )


def _question(name: str) -> Schema:
    """A question; what is possible depends on its kind. A part of one has no parts itself."""
    is_part = name == "part"
    long = _text(loading.MAX_QUESTION_TEXT)
    parts: Schema = {"type": ["array", "null"], "maxItems": 0}
    return _part(
        Question,
        {
            "key": _ref("key"),
            "kind": {"enum": list(kinds.names())},
            "text": long,
            "help": long,
            "is_required": _flag(),
            "is_requested": _flag(),
            "required_if": _ref("logic"),
            "show_if": _ref("logic"),
            "choices": _list("choice", loading.MAX_CHOICES),
            "choice_order": _ref("order"),
            "choices_from": {"anyOf": [_ref("carry"), {"type": "null"}]},
            "rows": _list("choice", loading.MAX_CHOICES),
            "row_order": _ref("order"),
            "rows_from": {"anyOf": [_ref("carry"), {"type": "null"}]},
            "parts": parts if is_part else _list("part", loading.MAX_PARTS),
            "settings": {"type": ["object", "null"]},
            "checks": _list("check", loading.MAX_CHECKS),
            "value": _ref("logic"),
            "default": _ref("logic"),
            "origin": _maybe_key(),
        },
        ["key", "kind"],
    ) | {
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]}, "then": _kind(kind)}
            for kind in kinds.KINDS.values()
        ]
    }  # fmt: skip


def _kind(kind: Kind) -> Schema:
    """What a kind asks of a question."""
    properties: Schema = {"settings": _ref(f"settings_{kind.name}")}
    made: Schema = {"properties": properties}
    required = []
    needs: list[Schema] = []
    if kind.is_asked:
        properties["text"] = _text(loading.MAX_QUESTION_TEXT, is_required=True)
        required.append("text")
    if not kind.has_choices:
        properties["choices"] = {"type": ["array", "null"], "maxItems": 0}
    elif kind.fixed_choices:
        most = len(kind.fixed_choices)
        properties["choices"] = {"type": ["array", "null"], "maxItems": most}
    else:
        needs.append(_either("choices", kind.least_choices))
    if not kind.has_rows:
        properties["rows"] = {"type": ["array", "null"], "maxItems": 0}
    else:
        needs.append(_either("rows", 1))
    if not kind.has_parts:
        properties["parts"] = {"type": ["array", "null"], "maxItems": 0}
    else:
        properties["parts"] = {"type": "array", "minItems": 1}
        required.append("parts")
    if kind.answer == "none" and kind.expand is None:
        properties["is_required"] = {"enum": [False, None]}
    if required:
        made["required"] = required
    return made | ({"allOf": needs} if needs else {})


def _either(name: str, least: int) -> Schema:
    """Choices or rows of its own, or those of an earlier question."""
    own = {"properties": {name: {"type": "array", "minItems": least}}, "required": [name]}
    carried = {"properties": {f"{name}_from": {"type": "object"}}, "required": [f"{name}_from"]}
    return {"anyOf": [own, carried]}


def _settings(kind: Kind) -> Schema:
    return {
        "type": ["object", "null"],
        "description": kind.title,
        "properties": {setting.name: _setting(setting) for setting in kind.settings},
        "additionalProperties": False,
    }


def _setting(setting: Setting) -> Schema:
    made: Schema = {"description": " ".join(filter(None, (f"{setting.label}.", setting.help)))}
    if setting.default is not None:
        default = setting.default
        made["default"] = list(default) if isinstance(default, tuple) else default
    if setting.type in ("integer", "number"):
        made["type"] = [setting.type, "null"]
        if setting.minimum is not None:
            made["minimum"] = setting.minimum
        if setting.maximum is not None:
            made["maximum"] = setting.maximum
    elif setting.type == "option":
        made["enum"] = [*setting.options, None]
    elif setting.type == "texts":
        text = _text(reading.MAX_SETTING_TEXT, is_required=True)
        made |= {"type": ["array", "null"], "items": text, "maxItems": reading.MAX_SETTING_TEXTS}
    elif setting.type == "date":
        made |= {"type": ["string", "null"], "pattern": _DAY}
    elif setting.type == "boolean":
        made |= _flag()
    elif setting.type == "prose":
        made |= _text(reading.MAX_SETTING_PROSE)
    elif setting.type == "media":
        made |= {"type": ["string", "null"], "pattern": rf"^\s*({reading.MEDIA.pattern})?\s*$"}
    else:
        made |= _text(reading.MAX_SETTING_TEXT)
    return made


def _fields() -> Schema:
    """Texts by names of the survey's own."""
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": _KEY, "not": {"enum": sorted(looping.RESERVED_FIELDS)}},
        "additionalProperties": _text(loading_loops.MAX_FIELD),
        "maxProperties": loading_loops.MAX_FIELDS,
    }


def _around() -> Schema:
    """The parts around the pages."""
    label, key, logic = _text(loading.MAX_LABEL), _ref("key"), _ref("logic")
    values = {"type": ["array", "null"], "items": _text(300), "maxItems": 200}
    return {
        "block": _part(
            Block,
            {"key": key, "title": label, "show_if": logic, "page_order": _ref("order"),
             "randomizer": _maybe_key(), "loop": _maybe("loop")},
            ["key"],
        ),
        "loop": _part(
            Loop,
            {"over": _maybe_key(), "which": {"enum": [*get_args(Carried), None]},
             "items": _list("item", looping.MAX_TURNS), "order": _ref("order"), "most": _count(1)},
            [],
        ),
        "item": _part(Item, {"key": key, "label": _text(loading_loops.MAX_FIELD), "fields": _fields()}, ["key"]),
        "randomizer": _part(Randomizer, {"key": key, "show": _count(1), "is_even": _flag()}, ["key"]),
        "data_field": _part(
            DataField,
            {"key": key, "source": {"enum": [*get_args(Source), None]}, "name": _text(200), "value": logic,
             "choices": values},
            ["key"],
        ),
        "ending": _part(
            Ending,
            {"key": key, "title": _text(200), "text": _text(loading.MAX_PROSE),
             "redirect": {"type": ["string", "null"], "pattern": _ADDRESS}, "is_screen_out": _flag(),
             "show_if": logic},
            ["key"],
            {"not": {"properties": {"key": {"const": loading_flow.THE_END}}, "required": ["key"]}},
        ),
        "quota": _part(
            Quota,
            {"key": key, "title": _text(200), "limit": {"type": "integer", "minimum": 0, "maximum": 2**53},
             "when": logic, "action": {"enum": ["end", "continue", None]}, "ending": _maybe_key()},
            ["key", "limit"],
        ),
        "unresolved": _part(
            Unresolved, {"path": _text(300), "text": _text(20_000), "reason": _text(2000)}, []
        ),
    }  # fmt: skip
