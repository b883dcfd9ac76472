"""The streams of an org, made of what it says of its objects, and the mappings they propose."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from types import MappingProxyType
from typing import Any

from connectors.fields import FieldMapping
from connectors.mapping import Mapping
from connectors.records import Raw, Stream
from connectors.systems.salesforce.described import Described

ENTITY_OF: MappingOf[str, str] = MappingProxyType(
    {
        "Account": "account",
        "Contact": "contact",
        "Lead": "contact",
        "Case": "interaction",
        "Task": "interaction",
        "Event": "interaction",
        "CampaignMember": "interaction",
        "Opportunity": "opportunity",
        "Order": "order",
        "OrderItem": "order_line",
        "Contract": "subscription",
        "Product2": "product",
    }
)
"""The standard objects that are read where the org has them."""

_LENIENT = {"on_error": "attribute"}
_KINDS = {"Call": "call", "Email": "email", "ListEmail": "email", "Task": "task"}
_CONTRACTS = {
    "Activated": "active", "Draft": "paused", "InApproval": "paused",
    "Terminated": "ended", "Expired": "ended",
}  # fmt: skip
_PLAIN: MappingOf[str, MappingOf[str, str]] = MappingProxyType(
    {
        "Account": {"Name": "name", "ParentId": "parent_external_id"},
        "Contact": {"AccountId": "account_external_id", "Name": "name"},
        "Lead": {"Name": "name"},
        "Case": {
            "ContactId": "contact_external_id", "AccountId": "account_external_id",
            "Origin": "channel", "Subject": "subject", "Status": "outcome",
            "CreatedDate": "occurred_at",
        },
        "Task": {
            "WhoId": "contact_external_id", "AccountId": "account_external_id",
            "Subject": "subject", "Status": "outcome", "CreatedDate": "occurred_at",
            "CallDurationInSeconds": "duration_seconds",
        },
        "Event": {
            "WhoId": "contact_external_id", "AccountId": "account_external_id",
            "Subject": "subject", "StartDateTime": "occurred_at",
        },
        "CampaignMember": {
            "AccountId": "account_external_id", "Status": "outcome", "CreatedDate": "occurred_at",
            "CampaignId": "touchpoint",
        },
        "Opportunity": {
            "AccountId": "account_external_id", "ContactId": "contact_external_id",
            "Name": "name", "StageName": "stage", "CreatedDate": "opened_at",
            "CloseDate": "closes_on",
        },
        "Order": {
            "AccountId": "account_external_id", "BillToContactId": "contact_external_id",
            "OrderNumber": "number", "Status": "state", "EffectiveDate": "ordered_at",
        },
        "OrderItem": {
            "OrderId": "order_external_id", "Product2Id": "product_external_id",
            "Description": "name", "Quantity": "quantity",
        },
        "Contract": {
            "AccountId": "account_external_id", "CustomerSignedId": "contact_external_id",
            "ContractNumber": "name", "StartDate": "started_on", "EndDate": "renews_on",
        },
        "Product2": {"Name": "name", "ProductCode": "number", "Family": "category"},
    }
)  # fmt: skip
_AMOUNTS = {"Opportunity": "Amount", "Order": "TotalAmount", "OrderItem": "TotalPrice"}


def make(found: Described, currency: str = "", region: str = "") -> Stream:
    """The stream of an object. `currency` and `region` are for amounts and phones that name none."""
    entity = ENTITY_OF.get(found.name, "interaction")
    marked = "IsDeleted" in found.fields
    mapping = Mapping(entity, tuple(_fields(found, currency, region)))
    return Stream(
        name=found.name,
        key=("Id",),
        entity=entity,
        cursor=found.modified or None,
        deletes="tombstones" if marked or found.is_replicated else "none",
        fields=dict(found.fields),
        label=found.label,
        default_mapping=None if mapping.problems() or not _is_about_somebody(mapping) else mapping,
    )


def complete(name: str, record: dict[str, Any]) -> Raw:
    """The record with what follows from several of its fields: `_state`, `_ended_on`."""
    if name == "Opportunity":
        is_closed, is_won = record.get("IsClosed"), record.get("IsWon")
        record["_state"] = "won" if is_won is True else "lost" if is_closed is True else "open"
    elif name == "Contract":
        record["_state"] = _CONTRACTS.get(str(record.get("StatusCode") or record.get("Status")))
        record["_ended_on"] = record.get("EndDate") if record["_state"] == "ended" else None
    return record


def _fields(found: Described, currency: str, region: str) -> list[FieldMapping]:
    lines = [FieldMapping("Id", "external_id")]
    for source, target in _PLAIN.get(found.name, {}).items():
        if source in found.fields:
            lines.append(FieldMapping(source, target))
    lines += _OWN.get(found.name, _of_custom)(found, region)
    amount = found.first(_AMOUNTS.get(found.name, ""))
    if amount and "CurrencyIsoCode" in found.fields:
        lines.append(
            FieldMapping(amount, "amount_minor", None, {"currency_from": "CurrencyIsoCode"})
        )
    elif amount and currency:
        lines.append(FieldMapping(amount, "amount_minor", None, {"currency": currency}))
    if found.modified:
        lines.append(FieldMapping(found.modified, "modified_at"))
    return lines


def _kind(word: str) -> FieldMapping:
    return FieldMapping("Id", "kind", "constant", {"value": word})


def _of_person(found: Described, region: str) -> list[FieldMapping]:
    lines, options = [], {**_LENIENT, **({"region": region} if region else {})}
    if "Email" in found.fields:
        lines.append(FieldMapping("Email", "email", None, _LENIENT))
    phone = found.first("MobilePhone", "Phone")
    if phone:
        lines.append(FieldMapping(phone, "phone", None, options))
    return lines


def _of_task(found: Described, region: str) -> list[FieldMapping]:
    if "TaskSubtype" not in found.fields:
        return [_kind("task")]
    options = {"map": _KINDS, "unknown": "keep", "default": "task"}
    return [FieldMapping("TaskSubtype", "kind", "enum", options)]


def _of_member(found: Described, region: str) -> list[FieldMapping]:
    person = found.first("LeadOrContactId", "ContactId", "LeadId")
    about = [FieldMapping(person, "contact_external_id")] if person else []
    return [*about, _kind("campaign")]


def _of_contract(found: Described, region: str) -> list[FieldMapping]:
    return [FieldMapping("_state", "state"), FieldMapping("_ended_on", "ended_on")]


def _of_custom(found: Described, region: str) -> list[FieldMapping]:
    """An object of the org's own is taken for something that happened to whom it looks up."""
    lines = [_kind(found.name.removesuffix("__c").lower()[:60])]
    for target, to in (("contact_external_id", "Contact"), ("account_external_id", "Account")):
        source = next((name for name, tos in found.points_to.items() if to in tos), "")
        if source:
            lines.append(FieldMapping(source, target))
    for source, target in (("Name", "subject"), ("CreatedDate", "occurred_at")):
        if source in found.fields:
            lines.append(FieldMapping(source, target))
    return lines


_OWN: MappingOf[str, Any] = MappingProxyType(
    {
        "Account": lambda found, region: [],
        "Contact": _of_person,
        "Lead": _of_person,
        "Case": lambda found, region: [_kind("support_contact")],
        "Task": _of_task,
        "Event": lambda found, region: [_kind("meeting")],
        "CampaignMember": _of_member,
        "Opportunity": lambda found, region: [FieldMapping("_state", "state")],
        "Order": lambda found, region: [],
        "OrderItem": lambda found, region: [],
        "Contract": _of_contract,
        "Product2": lambda found, region: [],
    }
)


def _is_about_somebody(mapping: Mapping) -> bool:
    """A customer, or something of one; a mapping that names none rejects every record."""
    if mapping.entity in ("account", "contact", "product", "order_line"):
        return True
    targets = {each.target for each in mapping.fields}
    return bool(targets & {"contact_external_id", "account_external_id"})
