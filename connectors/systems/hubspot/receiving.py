"""Webhooks: which records a delivery tells of. They are fetched as they are now, whatever it says.

Source: https://developers.hubspot.com/docs/api-reference/latest/webhooks/guide
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.records import Delivery
from connectors.signatures import WebhookRefused
from connectors.systems.hubspot.api import rank, text_of
from connectors.systems.hubspot.kinds import Kind

MOST = 1000
"""Events one delivery is taken with; HubSpot sends up to 100."""
_TOLD_AS = ("objectId", "primaryObjectId", "newObjectId")
_MARKS = ("eventId", "subscriptionId", "subscriptionType", "objectId", "occurredAt", "propertyName")
_GENERIC = "object"


def events_of(delivery: Delivery) -> list[Mapping[str, Any]]:
    """The events of a delivery. Raises WebhookRefused when it holds none."""
    try:
        said = json.loads(delivery.body)
    except (ValueError, RecursionError):
        said = None
    found = said if isinstance(said, list) else [said]
    events: list[Mapping[str, Any]] = [
        each for each in found if isinstance(each, dict) and each.get("subscriptionType")
    ]
    if not events or len(found) > MOST:
        raise WebhookRefused("The delivery holds no events of HubSpot's.")
    return events


def mark(events: Iterable[Mapping[str, Any]]) -> str:
    """What tells a delivery from others: the events in it. A repeated attempt has the same ones,
    though its body counts the attempts."""
    names = sorted(json.dumps([text_of(each.get(name)) for name in _MARKS]) for each in events)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def touched(
    events: Sequence[Mapping[str, Any]], kinds: Sequence[Kind], portal: str
) -> dict[str, list[str]]:
    """The ids the events tell of, by the kind's name; those of other accounts tell nothing."""
    by_word = {word: each.name for each in kinds for word in (each.singular, each.type_id) if word}
    found: dict[str, set[str]] = {}
    for each in events:
        if portal and text_of(each.get("portalId")) not in ("", portal):
            continue
        for word, key in _told(each):
            if key and word in by_word:
                found.setdefault(by_word[word], set()).add(key)
    return {name: sorted(ids, key=rank) for name, ids in found.items()}


def _told(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each object an event is about: its kind, as a word or a number, and its id."""
    word = text_of(event.get("subscriptionType")).partition(".")[0]
    if word == _GENERIC:
        word = text_of(event.get("objectTypeId"))
    ids = [text_of(event.get(name)) for name in _TOLD_AS]
    several = event.get("mergedObjectIds")
    ids += [text_of(each) for each in several] if isinstance(several, list) else []
    told = [(word, each) for each in ids if each]
    # An association is told with a type for both of its ends, and concerns both.
    for name, kind in (("fromObjectId", "fromObjectTypeId"), ("toObjectId", "toObjectTypeId")):
        end = text_of(event.get(kind)) or (word if name == "fromObjectId" else "")
        if event.get(name):
            told.append((end, text_of(event[name])))
    return told
