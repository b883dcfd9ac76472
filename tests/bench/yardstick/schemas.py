"""Marshmallow schemas: the body of a response, and one schema for the answers of each version."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


class ResponseSchema(Schema):
    """One response as a program sends it."""

    class Meta:
        unknown = RAISE

    survey_id = fields.UUID(required=True)
    key = fields.String(required=True, validate=validate.Length(8, 100))
    answers = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)


def field_of(question: Mapping[str, Any]) -> fields.Field:
    """The field that checks the answer to one question."""
    kind, settings = question["kind"], question.get("settings", {})
    known = {"required": bool(question.get("is_required")), "allow_none": False}
    if kind in SCALES:
        low, high = SCALES[kind]
        return fields.Integer(validate=validate.Range(low, high), **known)
    if kind == "stars":
        return fields.Integer(validate=validate.Range(1, settings.get("points", 5)), **known)
    choices = validate.OneOf([choice["key"] for choice in question.get("choices", ())])
    if kind == "single_choice":
        return fields.String(validate=choices, **known)
    if kind == "multiple_choice":
        return fields.List(fields.String(validate=choices), **known)
    return fields.String(validate=validate.Length(1, settings.get("max_length", 5000)), **known)


def questions_of(definition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All questions of a stored definition."""
    return [question for page in definition["pages"] for question in page["questions"]]


def answers_schema(definition: Mapping[str, Any], *, is_form: bool) -> Schema:
    """The schema of a version's answers; a form carries fields of its own beside them."""
    made = Schema.from_dict({each["key"]: field_of(each) for each in questions_of(definition)})
    return made(unknown=EXCLUDE if is_form else RAISE)


@cache
def response_schema() -> ResponseSchema:
    """One instance serves all requests."""
    return ResponseSchema()
