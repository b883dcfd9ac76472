"""What the API answers with, for its documentation: surveys, responses and customers' records."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from efm.web.api.fields import Json, Value
from efm.web.api.schemas import ExternalId, Listed, OneProblem, a_text, a_time, an_id, given

_OBJECT: Json = {"type": "object"}
_WHOLE: Json = {"type": "integer"}
_STATES = ["draft", "open", "closed"]


def many(row: type[Schema]) -> fields.List[Any]:
    """A list of things we answer with."""
    return fields.List(fields.Nested(row), required=True)


def page_of(row: type[Schema]) -> type[Schema]:
    """The schema of one page of a list."""
    return type(f"{row.__name__}Page", (Listed,), {"data": many(row)})


def _attributes() -> Value:
    return given(_OBJECT, "What was kept beside the fields above.")


class VersionSummary(Schema):
    """A published version of a survey, which never changes."""

    id = an_id("Responses say which version they answered.")
    number = given(_WHOLE, "1, 2, 3...")
    published_at = a_time("When it was published.")
    checksum = a_text("SHA-256 of the definition.")


class ListedVersion(VersionSummary):
    """A version in the list of its survey."""

    is_current = given({"type": "boolean"}, "Whether people answer this one now.")


class Version(ListedVersion):
    """A version with its definition."""

    definition = given(_OBJECT, "Pages, questions, choices and texts, as respondents see them.")


class SurveySummary(Schema):
    """A survey in a list."""

    id = an_id("Send responses to this survey_id.")
    name = a_text("The name staff see.")
    state = given({"type": "string", "enum": _STATES}, "Only an open survey takes responses.")
    current_version = fields.Nested(
        VersionSummary, required=True, allow_none=True,
        metadata={"description": "The version that is answered now; null in a draft."},
    )  # fmt: skip
    created_at = a_time("When it was made.")
    updated_at = a_time("When it was last edited.")


class Survey(SurveySummary):
    """A survey with the definition of its current version."""

    definition = given(_OBJECT, "As in its current version; null in a draft.", nullable=True)


class ScoreRow(Schema):
    """A number derived from an answer."""

    metric = a_text("nps, csat, ces, stars, sentiment...")
    question = a_text("The key of the question.")
    state = given(
        {"type": "string", "enum": ["scored", "pending", "unscored"]},
        "A long comment may be pending for a moment; unscored has a reason.",
    )
    value = given({"type": "number"}, "The score; null unless scored.", nullable=True)
    band = a_text("Such as promoter, or negative.", nullable=True)
    language = a_text("The language a comment was taken for.", nullable=True)
    reason = a_text("Why it was not scored.", nullable=True)


class Response(Schema):
    """A complete response with its answers and scores."""

    id = an_id("Given when it was taken.")
    survey_id = an_id("The survey.")
    version_id = an_id("The version it answers.")
    distribution_id = an_id("How it came.")
    contact_id = an_id("Who answered, where known.", nullable=True)
    channel = a_text("Such as web, email, phone.")
    touchpoint = a_text("Where in the journey.")
    language = a_text("The language of the comments.")
    attributes = _attributes()
    started_at = a_time("When it was begun.")
    submitted_at = a_time("When it was sent.")
    answers = given(_OBJECT, "By question key: a number, a text, a day, a choice key, or a list.")
    scores = many(ScoreRow)


class Contact(Schema):
    """A person."""

    id = an_id("Send it as contact_id with responses.")
    external_ids = many(ExternalId)
    account_id = an_id("The company or household.", nullable=True)
    name = a_text("Full name.")
    email = a_text("In lower case.", nullable=True)
    phone = a_text("E.164.", nullable=True)
    language = a_text("Language tag.", nullable=True)
    attributes = _attributes()
    created_at = a_time("When we first knew it.")
    updated_at = a_time("When it last changed.")


class Account(Schema):
    """A company or household."""

    id = an_id("Ours; it never changes.")
    external_ids = many(ExternalId)
    name = a_text("Shown in lists.")
    domain = a_text("Web domain.", nullable=True)
    attributes = _attributes()
    created_at = a_time("When we first knew it.")
    updated_at = a_time("When it last changed.")


class _Belonging(Schema):
    id = an_id("Ours; it never changes.")
    source = a_text("The connection it came by; yours is API.", nullable=True)
    external_id = a_text("The id there.", nullable=True)
    contact_id = an_id("The person.", nullable=True)
    account_id = an_id("The company or household.", nullable=True)
    amount = a_text("Money in the currency's main unit, exact.", nullable=True)
    amount_minor = given(_WHOLE, "The same in the smallest unit.", nullable=True)
    currency = a_text("ISO 4217 code.", nullable=True)
    attributes = _attributes()
    created_at = a_time("When we first knew it.")


class Interaction(_Belonging):
    """One event in a customer's history."""

    kind = a_text("Such as order, support_contact, call.")
    channel = a_text("Such as phone, web, shop.", nullable=True)
    touchpoint = a_text("Where in the journey.", nullable=True)
    subject = a_text("One line about it.")
    outcome = a_text("How it ended.", nullable=True)
    occurred_at = a_time("When it happened.")
    duration_seconds = given(_WHOLE, "How long it took.", nullable=True)


class Measurement(_Belonging):
    """A named quantity for a customer."""

    metric = a_text("Such as revenue, cost, churn.")
    value = a_text("A number without a currency, exact.", nullable=True)
    measured_on = given({"type": "string", "format": "date"}, "Null if undated.", nullable=True)


class Taken(Schema):
    """A response that was taken; the same body when it was sent again."""

    id = an_id("The response.")


class TakenRow(Schema):
    """What became of one row of a batch of responses."""

    index = given(_WHOLE, "Its place in the batch, from 0.")
    outcome = given(
        {"type": "string", "enum": ["created", "duplicate", "refused"]},
        "A duplicate's key was taken before; its id is the first one's.",
    )
    id = an_id("The response; null when refused.", nullable=True)
    errors = many(OneProblem)


class TakenBatch(Schema):
    """What became of a batch of responses, row by row and in sum."""

    created = given(_WHOLE, "How many are new.")
    duplicate = given(_WHOLE, "How many had come before.")
    refused = given(_WHOLE, "How many were refused.")
    results = many(TakenRow)


class StoredRow(Schema):
    """What became of one row of a batch of records."""

    index = given(_WHOLE, "Its place in the batch, from 0.")
    outcome = given({"type": "string", "enum": ["stored", "refused"]}, "What became of it.")
    external_id = a_text("As it was sent; null when it could not be read.", nullable=True)
    id = an_id("Ours; null when refused.", nullable=True)
    errors = many(OneProblem)


class StoredBatch(Schema):
    """What became of a batch of records, row by row and in sum."""

    created = given(_WHOLE, "How many are new.")
    updated = given(_WHOLE, "How many changed.")
    unchanged = given(_WHOLE, "How many said nothing new.")
    refused = given(_WHOLE, "How many were refused.")
    results = many(StoredRow)
