"""Records as the mappings read them: what Zendesk says, flat, and what follows from it.

Empty values are left out. Names that are not declared wait under `_more`; what is put beside the
record's own names begins with `_`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.systems.zendesk.api import text_of
from connectors.systems.zendesk.desk import name_of
from connectors.systems.zendesk.kinds import Kind

Record = dict[str, Any]
_EMPTY: tuple[Any, ...] = (None, "", [], {})
_SAID_TWICE = ("fields", "generated_timestamp")
"""Left out: custom fields once more, and when the export was last told of a ticket, which only
exports say; the record would differ by it depending on how it came."""
CHANNELS: Mapping[str, str] = {
    "web": "web", "web_form": "web", "web_service": "web", "help_center": "web",
    "web_widget": "web", "api": "api", "email": "email", "voice": "phone", "phone": "phone",
    "voicemail": "phone", "phone_call_inbound": "phone", "phone_call_outbound": "phone",
    "sms": "sms", "chat": "chat", "native_messaging": "chat", "messaging": "chat",
    "mobile": "app", "mobile_sdk": "app", "ios": "app", "android": "app", "facebook": "social",
    "twitter": "social", "twitter_dm": "social", "twitter_favorite": "social",
    "twitter_like": "social", "x_corp_dm": "social", "instagram_dm": "social",
    "facebook_messenger": "social", "whatsapp": "whatsapp", "line": "social", "wechat": "social",
}  # fmt: skip
"""Plain words for the channels of `via`; others are kept as they are."""


def plain(said: Mapping[str, Any], kind: Kind, fields: Mapping[str, str]) -> Record:
    """The record of an object, with the fields people made side by side with the others."""
    holder, path = kind.custom
    record: Record = {}
    more: Record = {}
    given = {n: v for n, v in said.items() if n != holder and n not in _SAID_TWICE}
    for name, value in {**given, **_custom(said.get(holder), path)}.items():
        if name.startswith("_") or any(value is each or value == each for each in _EMPTY):
            continue
        (record if name in fields else more)[name] = value
    if more:
        record["_more"] = more
    return record


def _custom(values: Any, path: str) -> Record:
    """Custom fields by their name in records: tickets list them, the others name them."""
    if isinstance(values, dict):
        return {name_of(path, str(key)): value for key, value in values.items()}
    found = [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []
    pairs = [(text_of(each.get("id")), each.get("value")) for each in found]
    return {name_of(path, key): value for key, value in pairs if key}


def complete(record: Record, kind: Kind, agents: Callable[[], Mapping[str, str]]) -> Record:
    """The record with what follows from it; `agents` tells the names of agents."""
    if kind.name == "tickets":
        _ticket(record, agents)
    elif kind.name == "organizations":
        domains = record.get("domain_names")
        if isinstance(domains, list):
            _put(record, "_domain", text_of(domains[0]))
    elif kind.name == "satisfaction_ratings":
        _rating(record)
    return record


def is_gone(said: Mapping[str, Any], kind: Kind, takes_agents: bool) -> bool:
    """Whether a record is none (any more): deleted, or a user who is no customer."""
    if kind.name == "tickets":
        return said.get("status") == "deleted"
    if kind.name == "users":
        role = said.get("role")
        is_agent = isinstance(role, str) and role not in ("", "end-user")
        return said.get("active") is False or (is_agent and not takes_agents)
    return kind.name == "organizations" and bool(said.get("deleted_at"))


def _ticket(record: Record, agents: Callable[[], Mapping[str, str]]) -> None:
    via, metrics = record.get("via"), record.get("metric_set")
    channel = text_of(via.get("channel")) if isinstance(via, dict) else ""
    _put(record, "_channel", CHANNELS.get(channel, channel)[:60])
    owner = text_of(record.get("assignee_id"))
    if owner:
        _put(record, "_owner", agents().get(owner))
    if isinstance(metrics, dict):
        if text_of(record.get("status")) in ("solved", "closed"):
            minutes = _minutes(metrics.get("full_resolution_time_in_minutes"))
            _put(record, "_duration", None if minutes is None else minutes * 60)
        _put(record, "_first_reply_minutes", _minutes(metrics.get("reply_time_in_minutes")))
        for name in ("reopens", "replies"):
            value = metrics.get(name)
            _put(record, f"_{name}", value if type(value) is int else None)
    rating = record.get("satisfaction_rating")
    _put(record, "_satisfaction", _opinion(rating.get("score") if isinstance(rating, dict) else ""))


def _rating(record: Record) -> None:
    opinion = _opinion(record.get("score"))
    _put(record, "_opinion", opinion)
    _put(record, "_value", {"good": "1", "bad": "0"}.get(opinion))
    _put(record, "_subject", " ".join(text_of(record.get("comment")).split())[:200])


def _opinion(score: Any) -> str:
    """Good or bad; empty for a rating that was only asked for."""
    word = text_of(score).partition("_")[0]
    return word if word in ("good", "bad") else ""


def _minutes(value: Any) -> int | None:
    """The minutes by the clock on the wall of a metric, which also counts business hours."""
    found = value.get("calendar") if isinstance(value, dict) else None
    return found if type(found) is int and 0 <= found < 10**8 else None


def _put(record: Record, name: str, value: Any) -> None:
    if value is not None and value != "":
        record[name] = value
