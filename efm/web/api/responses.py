"""/api/v1/responses: answers in, one or a thousand at a time, and answers with their scores out."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response

from efm.feedback import collect, feed
from efm.web import auth, jsonguard, unit
from efm.web.api import batches, body, cursors, given, ingest
from efm.web.api.fields import identifier, moment
from efm.web.api.room import Room, listed, once
from efm.web.api.schemas import Page
from efm.web.api.sent import ResponseBatch, ResponseBody
from efm.web.permissions import permission

room = Room(
    "responses", "Answers in, one or a thousand at a time, and answers with their scores out."
)


class Query(Page):
    """Which responses."""

    survey_id = identifier("Only of this survey.", allow_none=False)
    contact_id = identifier("Only of this contact.", allow_none=False)
    submitted_from = moment("Only sent at this time or later.", allow_none=False)
    submitted_to = moment("Only sent before this time.", allow_none=False)


@room.get("")
@room.arguments(Query, location="query")
@room.response(200, given.page_of(given.Response))
@permission("responses.view")
def index(query: dict[str, Any]) -> Response:
    """List complete responses with answers and scores, the newest first"""
    after = cursors.after("responses", query)
    limit = query.pop("limit")
    found = feed.responses(unit.session(), feed.ResponseFilter(**query), after, limit)
    return listed(found.rows, cursors.next_after("responses", found.last_id))


@room.get("/<uuid:response_id>")
@room.response(200, given.Response)
@permission("responses.view")
def show(response_id: uuid.UUID) -> Response:
    """Get one response with answers and scores"""
    return body.reply(feed.response(unit.session(), response_id))


@room.post("")
@room.takes(ResponseBody)
@room.response(201, given.Taken, description="It was stored and scored.")
@room.alt_response(200, schema=given.Taken, description="Its key was taken before.")
@permission("responses.write")
@once()
def create() -> Response:
    """Send one response; it is scored before the answer comes"""
    incoming = ingest.incoming(body.document(jsonguard.SINGLE_BYTES))
    who = auth.principal().id
    outcome = collect.submit_json(unit.session(), incoming, unit.now(), token_id=who)
    status, taken = ingest.answered(outcome)
    return body.reply(taken, status)


@room.post("/batch")
@room.takes(ResponseBatch)
@room.response(200, given.TakenBatch, description="What became of each row.")
@permission("responses.write")
@once(jsonguard.BATCH_BYTES)
def create_many() -> Response:
    """Send up to 1,000 responses; a bad one never fails its neighbours"""
    rows = batches.rows(body.document(jsonguard.BATCH_BYTES), "responses")
    who = auth.principal().id
    return body.reply(batches.responses(unit.session(), rows, unit.now(), who))
