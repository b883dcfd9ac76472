"""What follows from several fields of an Odoo record: names, states, signed amounts, directions.

Each function adds names that begin with `_` to a record, or says that it is none here (False).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

Record = dict[str, Any]
STOCK = frozenset(("internal", "transit"))
_MOVES: Mapping[tuple[str, str], str] = {
    ("supplier", "in"): "delivery", ("supplier", "out"): "return_to_supplier",
    ("customer", "out"): "sale", ("customer", "in"): "return", ("inventory", "in"): "count",
    ("inventory", "out"): "count", ("production", "in"): "production",
    ("production", "out"): "consumption",
}  # fmt: skip
_CHANNELS = {
    "email": "email", "email_outgoing": "email", "sms": "sms", "whatsapp_message": "whatsapp",
    "comment": "message",
}  # fmt: skip


def _put(record: Record, **values: Any) -> None:
    for name, value in values.items():
        if value is not None and value != "":
            record[f"_{name}"] = value


def number(value: Any) -> float | None:
    """A number, None for anything else."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def text(value: Any) -> str:
    """A text without spaces around it, empty for anything else."""
    return value.strip() if isinstance(value, str) else ""


def everything(record: Record) -> bool:
    """Says it all itself."""
    return True


def company(record: Record) -> bool:
    """The host of its web address, without www."""
    address = text(record.get("website"))
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        host = ""
    host = host.removeprefix("www.")
    _put(record, domain=host if "." in host and len(host) <= 253 else None)
    return True


def person(record: Record) -> bool:
    """How to reach them: Odoo's own cleaned forms first."""
    _put(
        record,
        email=text(record.get("email_normalized")) or text(record.get("email")),
        phone=text(record.get("phone_sanitized")) or text(record.get("mobile"))
        or text(record.get("phone")),
    )  # fmt: skip
    return True


def prospect(record: Record) -> bool:
    """A lead of somebody who is no partner yet."""
    _put(record, email=text(record.get("email_normalized")) or text(record.get("email_from")))
    _put(record, phone=text(record.get("phone_sanitized")) or text(record.get("phone")))
    _put(record, name=text(record.get("contact_name")) or text(record.get("partner_name")))
    return bool(record.get("_email") or record.get("_phone") or record.get("_name"))


def lead(record: Record) -> bool:
    """Whether it was won; a lost lead is archived at a chance of nothing."""
    chance, said = number(record.get("probability")), record.get("won_status")
    state = "open"
    if said in ("won", "lost"):
        state = said
    elif said is None and record.get("active") is False and not chance:
        state = "lost"
    elif said is None and chance is not None and chance >= 100:
        state = "won"
    closed = text(record.get("date_closed"))[:10]
    _put(record, state=state, closes_on=closed if state != "open" and closed else None)
    record.setdefault("_closes_on", record.get("date_deadline"))
    if not record.get("_contact") and not record.get("_account") and not record.get("partner_id"):
        is_known = prospect(record)
        _put(record, contact=f"crm.lead,{record['id']}" if is_known else None)
    return bool(record.get("_contact") or record.get("_account"))


def line(record: Record) -> bool:
    """What the line says, in one line."""
    said = record.get("name") or record.get("product_id.name")
    _put(record, name=" ".join(text(said).split())[:500])
    return record.get("order_id") is not None


def invoice(record: Record) -> bool:
    """The amount with its sign, its state, and the last day of payment once it is settled."""
    amount, settled = number(record.get("amount_total")), record.get("payment_state")
    state = {"cancel": "void", "draft": "draft"}.get(str(record.get("state")), "open")
    if state == "open" and settled in ("paid", "in_payment", "reversed", "invoicing_legacy"):
        state = "paid"
    is_refund = record.get("move_type") == "out_refund"
    if amount is not None:
        _put(record, amount=-amount if is_refund else amount)
    _put(record, state=state)
    widget = record.pop("invoice_payments_widget", None)
    if settled in ("paid", "in_payment"):
        _put(record, paid_on=_last_day(widget))
    _put(record, on=record.get("invoice_date") or record.get("date"))
    _put(record, number=record["name"] if record.get("name") not in ("/", None) else None)
    return True


def _last_day(widget: Any) -> str | None:
    """The last day in the list of payments that the form of an invoice shows."""
    content = widget.get("content") if isinstance(widget, Mapping) else None
    days = [
        each["date"]
        for each in (content if isinstance(content, list) else ())
        if isinstance(each, Mapping) and _is_day(each.get("date"))
    ]
    return max(days, default=None)


def _is_day(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def payment(record: Record) -> bool:
    """The amount with its sign; its invoice when it is only one; how it was paid."""
    amount, invoices = number(record.get("amount")), record.get("reconciled_invoice_ids")
    if amount is not None:
        _put(record, amount=-amount if record.get("payment_type") == "outbound" else amount)
    if isinstance(invoices, list) and len(invoices) == 1:
        _put(record, invoice=invoices[0])
    _put(record, on=record.get("date") or record.get("payment_date"))
    method = record.get("payment_method_line_id.name") or record.get("journal_id.name")
    _put(record, method=text(method)[:60])
    return True


def move(record: Record) -> bool:
    """What came into stock or left it; a move within it changes nothing."""
    source, target = (str(record.get(f"_{name}")) for name in ("from", "to"))
    if (source in STOCK) == (target in STOCK):
        return False
    way, other = ("out", target) if source in STOCK else ("in", source)
    names = ("quantity", "quantity_done", "product_uom_qty")
    found = (number(record.get(name)) for name in names)
    amount = next((each for each in found if each is not None), None)
    if amount is not None:
        record["_quantity"] = -amount if way == "out" else amount
    record["_kind"] = _MOVES.get((other, way), "other")
    return record.get("product_id") is not None


def customer_known(record: Record) -> bool:
    """Whether it is about a customer at all."""
    return bool(record.get("_contact") or record.get("_account"))


def ticket(record: Record) -> bool:
    """How long it took, once it is closed."""
    hours = number(record.get("close_hours"))
    if record.get("close_date") and hours is not None and hours >= 0:
        record["_duration"] = round(hours * 3600)
    return customer_known(record)


def message(record: Record) -> bool:
    """Its channel and subject, and whether the customer wrote it."""
    channel = _CHANNELS.get(str(record.get("message_type")), "message")
    _put(record, channel=channel, subject=_subject(record))
    return customer_known(record)


def _subject(record: Mapping[str, Any]) -> str:
    return text(record.get("subject")) or text(record.get("record_name"))


def event(record: Record) -> bool:
    """How long it takes; what was put aside, and what is private, is none."""
    hours = number(record.get("duration"))
    if hours is not None and 0 <= hours < 10_000:
        record["_duration"] = round(hours * 3600)
    is_open = record.get("active") is not False
    return is_open and record.get("privacy") in (None, "public") and customer_known(record)


def subscription(record: Record) -> bool:
    """Its state, and the last day it was in force; older versions say it by the stage."""
    said = str(record.get("subscription_state") or record.get("stage_category") or "")
    state = _SUBSCRIBED.get(re.sub(r"^\d_", "", said))
    ends, started = record.get("end_date") or record.get("date"), record.get("start_date")
    _put(record, state=state, started_on=started or record.get("date_start"))
    renews = record.get("next_invoice_date") or record.get("recurring_next_date")
    if state == "ended":
        _put(record, ended_on=ends or text(record.get("write_date"))[:10])
    else:
        _put(record, renews_on=ends or renews)
    _put(record, name=record.get("plan_id.name") or record.get("template_id.name")
         or record.get("name"))  # fmt: skip
    return state is not None and "_started_on" in record


_SUBSCRIBED = {
    "progress": "active", "paused": "paused", "renewed": "ended", "churn": "ended",
    "closed": "ended", "renewal": None, "upsell": None, "draft": None,
}  # fmt: skip
