"""/api/v1/contacts, accounts, interactions, measurements: records in by your own ids, and out.

The four rooms have the same addresses, so they are made from a declaration of what differs.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Response
from marshmallow import Schema, ValidationError, validates_schema

from efm.customers import records
from efm.errors import Invalid
from efm.web import jsonguard, unit
from efm.web.api import batches, body, cursors, given, recording, schemas
from efm.web.api.fields import Strict, converted, day, identifier, moment, text
from efm.web.api.room import Room, listed, once
from efm.web.api.schemas import MOST, Page
from efm.web.permissions import permission


class ContactQuery(Page):
    """Which contacts."""

    account_id = identifier("Only of this account.", allow_none=False)
    external_id = text(255, "Only who has this id in any source.", shortest=1, allow_none=False)
    updated_since = moment(
        "Only changed at this time or later, the oldest change first.", allow_none=False
    )


class AccountQuery(Page):
    """Which accounts."""

    external_id = text(255, "Only what has this id in any source.", shortest=1, allow_none=False)
    updated_since = moment(
        "Only changed at this time or later, the oldest change first.", allow_none=False
    )


class _BelongingQuery(Page):
    contact_id = identifier("Only of this contact.", allow_none=False)
    account_id = identifier("Only of this account.", allow_none=False)
    external_id = text(255, "Only what has this id in any source.", shortest=1, allow_none=False)


class InteractionQuery(_BelongingQuery):
    """Which interactions."""

    kind = converted("lower", 60, "order", "Only of this kind.", allow_none=False)
    occurred_from = moment("Only at this time or later.", allow_none=False)
    occurred_to = moment("Only before this time.", allow_none=False)


class MeasurementQuery(_BelongingQuery):
    """Which measurements."""

    metric = converted("lower", 60, "revenue", "Only of this metric.", allow_none=False)
    measured_from = day("Only on this day or later.", allow_none=False)
    measured_to = day("Only before this day.", allow_none=False)


@dataclass(frozen=True)
class Kind:
    """What differs between the four kinds of records."""

    entity: str
    plural: str
    an: str
    about: str
    query: type[Schema]
    body: type[Schema]
    row: type[Schema]
    given: type[Schema]


KINDS = (
    Kind("contact", "contacts", "a contact", "People, and who they are in each source.",
         ContactQuery, schemas.ContactBody, schemas.ContactRow, given.Contact),
    Kind("account", "accounts", "an account", "Companies and households.",
         AccountQuery, schemas.AccountBody, schemas.AccountRow, given.Account),
    Kind("interaction", "interactions", "an interaction",
         "What happened with customers: orders, calls, visits, support contacts.",
         InteractionQuery, schemas.InteractionBody, schemas.InteractionRow, given.Interaction),
    Kind("measurement", "measurements", "a measurement",
         "Named quantities of customers: revenue, cost, renewal, churn.",
         MeasurementQuery, schemas.MeasurementBody, schemas.MeasurementRow, given.Measurement),
)  # fmt: skip


def wanted(query: dict[str, Any]) -> records.Wanted:
    """A list's arguments as the service takes them."""
    query = dict(query)
    times = {
        name: query.pop(f"{at}_{name}", None)
        for at in ("occurred", "measured")
        for name in ("from", "to")
        if f"{at}_{name}" in query
    }
    return records.Wanted(
        external_id=query.pop("external_id", None),
        updated_since=query.pop("updated_since", None),
        at_from=times.get("from"),
        at_to=times.get("to"),
        equal=query,
    )


class ContactSearch(Strict):
    """Whom to look for; in the body, because an address has no place in a URL."""

    email = converted("email", 320, "ana@example.com", "In any spelling of upper and lower case.")
    phone = converted("e164", 60, "+44 20 7946 0000", "With its country code.")

    @validates_schema
    def _has_one(self, data: dict[str, Any], **_: Any) -> None:
        """Without a key everybody would be found."""
        if not data.get("email") and not data.get("phone"):
            raise ValidationError({"email": ["Send an e-mail address or a phone number."]})


class FoundContacts(Schema):
    """The contacts that were found; more than one may share a phone."""

    data = given.many(given.Contact)


def room_of(kind: Kind) -> Room:
    """The addresses of one kind of records."""
    room = Room(kind.plural, kind.about)
    _open_reading(room, kind)
    _open_writing(room, kind)
    if kind.entity == "contact":
        _open_search(room)
    return room


def _open_search(room: Room) -> None:
    """People by what must not stand in an address."""

    @room.post("/search")
    @room.arguments(ContactSearch)
    @room.response(200, FoundContacts)
    @room.doc(summary="Find contacts by e-mail address or phone number")
    @permission("customers.view")
    def search(values: dict[str, Any]) -> Response:
        keys = {name: value for name, value in values.items() if value}
        found = records.listed(unit.session(), "contact", records.Wanted(keys), None, MOST)
        return body.reply({"data": found.rows})


def _open_reading(room: Room, kind: Kind) -> None:
    """A list, one record by our id, one by theirs."""
    page = given.page_of(kind.given)

    @room.get("")
    @room.arguments(kind.query, location="query")
    @room.response(200, page)
    @room.doc(summary=f"List {kind.plural}, the newest first")
    @permission("customers.view")
    def index(query: dict[str, Any]) -> Response:
        limit = query.pop("limit")
        by_change = "updated_since" in query
        order = f"{kind.plural}.{'changed' if by_change else 'new'}"
        cursor = query.pop("cursor", None)
        after = cursors.read(order, cursor, timed=by_change) if cursor else None
        found = records.listed(unit.session(), kind.entity, wanted(query), after, limit)
        return listed(found.rows, cursors.write(order, *found.last) if found.last else None)

    @room.get("/<uuid:record_id>")
    @room.response(200, kind.given)
    @room.doc(summary=f"Get {kind.an}")
    @permission("customers.view")
    def show(record_id: uuid.UUID) -> Response:
        return body.reply(records.one(unit.session(), kind.entity, record_id))

    @room.get("/external/<path:external_id>")
    @room.response(200, kind.given)
    @room.doc(summary=f"Get {kind.an} by your own id")
    @permission("customers.view")
    def show_named(external_id: str) -> Response:
        return body.reply(records.named(unit.session(), kind.entity, external_id))


def _open_writing(room: Room, kind: Kind) -> None:
    """One record by their id, or a batch of them."""
    batch, row = schemas.batch_of(kind.row, kind.plural), kind.row()

    @room.put("/external/<path:external_id>")
    @room.arguments(kind.body)
    @room.response(200, kind.given, description="It was known; this is how it is now.")
    @room.alt_response(201, schema=kind.given, description="It is new.")
    @room.doc(summary=f"Create or update {kind.an} by your own id")
    @permission("customers.write")
    def put(values: dict[str, Any], external_id: str) -> Response:
        session = unit.session()
        try:
            record = recording.record(kind.entity, values, external_id)
        except ValueError as error:
            raise Invalid(
                "The address has problems.", problems={"?external_id": str(error)}
            ) from error
        stored = records.store(session, kind.entity, [record], unit.now())
        if stored.ids[0] is None:
            raise Invalid("A value cannot be stored.")
        status = 201 if stored.counts.created else 200
        return body.reply(records.one(session, kind.entity, stored.ids[0]), status)

    @room.post("/batch")
    @room.takes(batch)
    @room.response(200, given.StoredBatch, description="What became of each row.")
    @room.doc(summary=f"Create or update up to 1,000 {kind.plural}; a bad one fails alone")
    @permission("customers.write")
    @once(jsonguard.BATCH_BYTES)
    def put_many() -> Response:
        rows = batches.rows(body.document(jsonguard.BATCH_BYTES), kind.plural)
        return body.reply(
            recording.batch(unit.session(), kind.entity, kind.plural, row, rows, unit.now())
        )


ROOMS = tuple(room_of(kind) for kind in KINDS)
