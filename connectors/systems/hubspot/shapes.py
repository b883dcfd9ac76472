"""Records as the mappings read them: HubSpot's properties side by side, and what follows from them.

All property values are text, as HubSpot says them; empty ones are left out. What is put beside them
begins with `_`: `_contact`, `_company` and `_order` are associated records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.systems.hubspot.api import rank, text_of
from connectors.systems.hubspot.kinds import Kind
from connectors.systems.hubspot.portal import Stage

OWN = {"id": "text", "createdAt": "datetime", "updatedAt": "datetime"}
"""What a record says beside its properties."""
LINKS = {"contacts": "_contact", "companies": "_company", "orders": "_order"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Record = dict[str, Any]


def moment(value: Any) -> datetime | None:
    """A time as HubSpot writes it: ISO 8601, or milliseconds since 1970; None for anything else."""
    text = text_of(value).strip()
    try:
        if re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
            return _EPOCH + timedelta(milliseconds=int(text))
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def plain(said: Mapping[str, Any], fields: Mapping[str, str]) -> Record:
    """The record of an object: the properties that are declared and not empty, and its own times."""
    properties = said.get("properties")
    given = properties if isinstance(properties, dict) else {}
    record: Record = {"id": text_of(said.get("id"))}
    for name in ("createdAt", "updatedAt"):
        if isinstance(said.get(name), str) and said[name]:
            record[name] = said[name]
    for name, value in given.items():
        if name in fields and name not in OWN and value is not None and value != "":
            record[name] = value
    return record


def merged(said: Mapping[str, Any]) -> list[str]:
    """The ids of records that were merged into this one, and are no longer there by themselves."""
    properties = said.get("properties")
    given = properties.get("hs_merged_object_ids") if isinstance(properties, dict) else None
    ids = re.split(r"[;,\s]+", text_of(given))
    return sorted({each for each in ids if each and each != said.get("id")}, key=rank)


def linked(record: Record, kind: Kind, ids: Mapping[str, str]) -> None:
    """Puts the associated records beside the properties; `ids` are theirs by kind."""
    for name, found in ids.items():
        record[LINKS[name]] = found
    if kind.name == "contacts" and record.get("associatedcompanyid"):
        record["_company"] = text_of(record["associatedcompanyid"])
    if kind.name == "feedback_submissions" and record.get("hs_contact_id"):
        record.setdefault("_contact", text_of(record["hs_contact_id"]))


def complete(record: Record, kind: Kind, stages: Mapping[str, Stage]) -> Record:
    """The record with what follows from several of its properties."""
    stage = stages.get(text_of(record.get("dealstage") or record.get("hs_pipeline_stage")))
    if stage is not None:
        record["_stage"] = stage.label
    _SHAPES.get(kind.name, _nothing)(record, stage)
    return record


def keeps(record: Mapping[str, Any], kind: Kind) -> bool:
    """Whether it is a record here: line items of deals and quotes are none of an order's."""
    return kind.name != "line_items" or bool(record.get("_order"))


def _nothing(record: Record, stage: Stage | None) -> None:
    """Most kinds say it all themselves."""


def _contact(record: Record, stage: Stage | None) -> None:
    names = [text_of(record.get(name)).strip() for name in ("firstname", "lastname")]
    _put(record, "_name", " ".join(each for each in names if each))
    _put(record, "_phone", record.get("phone") or record.get("mobilephone"))


def _deal(record: Record, stage: Stage | None) -> None:
    is_won, is_closed = (
        text_of(record.get(name)).lower() for name in ("hs_is_closed_won", "hs_is_closed")
    )
    word = text_of(record.get("dealstage"))
    if is_won == "true":
        record["_state"] = "won"
    elif is_closed:
        record["_state"] = "lost" if is_closed == "true" else "open"
    elif stage is not None:
        record["_state"] = stage.state
    else:
        record["_state"] = {"closedwon": "won", "closedlost": "lost"}.get(word, "open")
    record.setdefault("_stage", word)


def _ticket(record: Record, stage: Stage | None) -> None:
    record.setdefault("_stage", text_of(record.get("hs_pipeline_stage")))


def _call(record: Record, stage: Stage | None) -> None:
    try:
        seconds = round(float(record.get("hs_call_duration") or "") / 1000)
    except (ValueError, TypeError, OverflowError):
        return
    record["_duration"] = str(max(0, seconds))


def _meeting(record: Record, stage: Stage | None) -> None:
    starts, ends = (moment(record.get(f"hs_meeting_{name}_time")) for name in ("start", "end"))
    _put(record, "_at", record.get("hs_meeting_start_time") or record.get("hs_timestamp"))
    if starts is not None and ends is not None and ends >= starts:
        record["_duration"] = str(int((ends - starts).total_seconds()))


def _note(record: Record, stage: Stage | None) -> None:
    text = re.sub(r"<[^<>]{0,500}>", " ", text_of(record.get("hs_note_body")))
    _put(record, "_subject", " ".join(text.split())[:200])


def _order(record: Record, stage: Stage | None) -> None:
    given = record.get("hs_external_created_date") or record.get("hs_createdate")
    _put(record, "_at", given or record.get("createdAt"))
    number = record.get("hs_order_name") or record.get("hs_external_order_id")
    _put(record, "_number", text_of(number)[:100])
    _put(record, "_state", record.get("hs_external_order_status") or record.get("_stage"))


def _invoice(record: Record, stage: Stage | None) -> None:
    if text_of(record.get("hs_invoice_status")).lower() == "paid":
        _put(record, "_paid_on", record.get("hs_payment_date"))
    _put(record, "_on", record.get("hs_invoice_date") or record.get("hs_createdate"))


def _subscription(record: Record, stage: Stage | None) -> None:
    if text_of(record.get("hs_status")).lower() in ("canceled", "cancelled", "expired"):
        canceled, ends = record.get("hs_canceled_at"), record.get("hs_recurring_billing_end_date")
        _put(record, "_ended_on", canceled or ends)
    started = record.get("hs_recurring_billing_start_date") or record.get("hs_createdate")
    _put(record, "_started_on", started)
    amount = record.get("hs_next_payment_amount") or record.get("hs_last_payment_amount")
    _put(record, "_amount", amount)


def _submission(record: Record, stage: Stage | None) -> None:
    given = record.get("hs_submission_timestamp") or record.get("hs_createdate")
    _put(record, "_at", given or record.get("createdAt"))


def _put(record: Record, name: str, value: Any) -> None:
    if value is not None and value != "":
        record[name] = value


_SHAPES: Mapping[str, Callable[[Record, Stage | None], None]] = {
    "contacts": _contact,
    "deals": _deal,
    "tickets": _ticket,
    "calls": _call,
    "meetings": _meeting,
    "notes": _note,
    "orders": _order,
    "invoices": _invoice,
    "subscriptions": _subscription,
    "feedback_submissions": _submission,
}


def chosen(targets: Sequence[Mapping[str, Any]]) -> str:
    """Of several associated records the primary one, else the oldest; empty when there is none."""
    found = []
    for each in targets:
        key = text_of(each.get("toObjectId"))
        types = each.get("associationTypes")
        labels = [
            text_of(one.get("label")).lower()
            for one in (types if isinstance(types, list) else ())
            if isinstance(one, dict)
        ]
        if key:
            found.append((not any("primary" in label for label in labels), rank(key), key))
    return min(found)[2] if found else ""
