"""Records as they are handed on: Dataverse's own names, labels beside choices and lookups.

What follows from several columns stands under names of ours that begin with `_`.
Own names: `_contact`, `_account` (whom it is about), `_regarding` (the table of what an activity is
regarding), `_currency` (ISO code), `_phone`, `_domain`, `_revenue`, `_state`, `_stage`, `_amount`,
`_closes_on`, `_at`, `_duration`, `_category`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from connectors.systems.dataverse.api import LABELS, POINTS_TO
from connectors.systems.dataverse.literals import guid
from connectors.systems.dataverse.streams import ENTITY_OF
from connectors.systems.dataverse.tables import LOOKUPS, Table

Record = dict[str, Any]
PERSONS = ("contact", "lead")
OWNERS = ("customerid", "parentcustomerid", "regardingobjectid", "parentaccountid",
          "parentcontactid", "accountid", "primarycontactid", "responsiblecontactid")  # fmt: skip
"""Lookups that say whom a record is about, the first that does wins; others follow them."""


def record_of(table: Table, row: Mapping[str, Any], currencies: Mapping[str, str]) -> Record:
    """The record of a row; `currencies` are ISO codes by the ids of currencies."""
    record: Record = {name: _single(row[name]) for name in table.selected if name in row}
    record[table.key] = guid(row.get(table.key))
    for name, label in table.labelled.items():
        said = row.get(f"{name}@{LABELS}")
        if isinstance(said, str) and said:
            record[label] = said
    for column in table.columns.values():
        if column.kind in LOOKUPS and record.get(column.property):
            record[column.property] = guid(record[column.property]) or None
    _customers(table, row, record)
    code = currencies.get(str(record.get("_transactioncurrencyid_value") or ""))
    if code:
        record["_currency"] = code
    own = _OWN.get(table.name)
    if own:
        own(record)
    return record


def _single(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int, Decimal)):
        return value
    return json.dumps(value, default=str, ensure_ascii=False)


def target_of(table: Table, row: Mapping[str, Any], lookup: str) -> str:
    """The table a row's lookup points to: as the row says, or the only one it can."""
    said = row.get(f"_{lookup}_value@{POINTS_TO}")
    if isinstance(said, str) and said:
        return said
    to = table.points_to.get(lookup, ())
    return to[0] if len(to) == 1 else ""


def _customers(table: Table, row: Mapping[str, Any], record: Record) -> None:
    """Whom the record is about, as far as its lookups say."""
    if table.name in ("account", "product"):
        return
    # The known tables have further lookups to customers, such as partners, that are not meant.
    others = () if table.name in ENTITY_OF else (n for n in table.points_to if n not in OWNERS)
    for lookup in (*OWNERS, *others):
        column = table.columns.get(lookup)
        key = record.get(f"_{lookup}_value") if column and column.kind in LOOKUPS else None
        if not key:
            continue
        to = target_of(table, row, lookup)
        if to in PERSONS and table.name not in PERSONS:
            record.setdefault("_contact", key)
        elif to == "account":
            record.setdefault("_account", key)
        if lookup == "regardingobjectid":
            put(record, "_regarding", to)


def put(record: Record, name: str, value: Any) -> None:
    """Sets what is not empty."""
    if value not in (None, ""):
        record[name] = value


def _first(record: Record, *names: str) -> Any:
    return next((record[n] for n in names if record.get(n) not in (None, "")), None)


def _account(record: Record) -> None:
    site = record.get("websiteurl")
    put(record, "_domain", _host(site) if isinstance(site, str) else "")
    if record.get("_currency"):
        put(record, "_revenue", record.get("revenue"))


def _host(address: str) -> str:
    """The domain of a website, empty when none can be read out of it."""
    text = address.strip().lower()
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    host = host.removeprefix("www.").rstrip(".")
    return host if "." in host and len(host) <= 253 and not any(c.isspace() for c in host) else ""


def _person(record: Record) -> None:
    put(record, "_phone", _first(record, "mobilephone", "telephone1"))


def _opportunity(record: Record) -> None:
    state = _whole(record.get("statecode"))
    put(record, "_state", {0: "open", 1: "won", 2: "lost"}.get(state))
    is_closed = state in (1, 2)
    put(record, "_stage", _first(record, "stepname", "salesstagename", "statuscodename"))
    amounts = ("actualvalue", "estimatedvalue") if is_closed else ("estimatedvalue",)
    put(record, "_amount", _first(record, *amounts))
    days = ("actualclosedate", "estimatedclosedate") if is_closed else ("estimatedclosedate",)
    put(record, "_closes_on", _first(record, *days))


def _invoice(record: Record) -> None:
    # Paid in part (100002) is a reason of the state “Paid”, too.
    settled = "open" if record.get("statuscode") == 100002 else "paid"
    states = {0: "open", 1: "open", 2: settled, 3: "void"}
    put(record, "_state", states.get(_whole(record.get("statecode"))))


def _order(record: Record) -> None:
    put(record, "_at", _first(record, "submitdate", "createdon"))


def _line(record: Record) -> None:
    put(record, "_name", _first(record, "productidname", "productdescription"))


def _product(record: Record) -> None:
    put(record, "_category", _first(record, "parentproductidname", "producttypecodename"))


def _activity(*moments: str) -> Callable[[Record], None]:
    def complete(record: Record) -> None:
        put(record, "_at", _first(record, *moments, "createdon"))
        minutes = _first(record, "actualdurationminutes", "scheduleddurationminutes")
        try:
            put(record, "_duration", None if minutes is None else int(Decimal(str(minutes)) * 60))
        except (InvalidOperation, ValueError, OverflowError):
            return

    return complete


def _whole(value: Any) -> int:
    """The number of a choice, one that none has for anything else."""
    return value if type(value) is int else -1


_OWN: Mapping[str, Callable[[Record], None]] = MappingProxyType(
    {
        "account": _account,
        "contact": _person,
        "lead": _person,
        "opportunity": _opportunity,
        "salesorder": _order,
        "salesorderdetail": _line,
        "invoice": _invoice,
        "product": _product,
        "phonecall": _activity("actualstart", "actualend", "scheduledstart"),
        "email": _activity("senton", "actualend"),
        "appointment": _activity("actualstart", "scheduledstart"),
        "task": _activity(),
    }
)
