"""Webhooks: their signature, and which records a delivery tells of; these are fetched as they are now.

A webhook that is subscribed to events sends Zendesk's own document; one of a trigger sends what
people wrote, which should name a `ticket_id`, `user_id` or `organization_id`. Sources:
https://developer.zendesk.com/documentation/webhooks/verifying/ and
https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.errors import ConfigError
from connectors.records import Delivery
from connectors.signatures import WINDOW, BadSignature, WebhookRefused
from connectors.systems.zendesk.api import text_of
from connectors.systems.zendesk.kinds import KINDS

SIGNATURE = "X-Zendesk-Webhook-Signature"
TIME = "X-Zendesk-Webhook-Signature-Timestamp"
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
).fullmatch
_EVENT = re.compile(r"zen:event-type[:/]([a-z_]{1,60})\.", re.ASCII).match
_SUBJECT = re.compile(r"zen:([a-z_]{1,60}):(\w{1,40})", re.ASCII).fullmatch
_ID = re.compile(r"\w{1,40}", re.ASCII).fullmatch
_LONGEST = 1000
_WORDS: Mapping[str, str] = {each.word: name for name, each in KINDS.items() if each.word}


def require_signed(delivery: Delivery, secrets: Sequence[str]) -> None:
    """Checks the signature: base64 of HMAC-SHA256 over the time and the body.

    Raises BadSignature, and ConfigError when there is no secret.
    """
    if not secrets:
        raise ConfigError(
            "No signing secret is set, so deliveries cannot be told from forgeries; enter the one "
            "Zendesk shows with the webhook.",
            {"webhook_secret": ["Enter the one Zendesk shows with the webhook."]},
        )
    moment, given = _only(delivery, TIME), _only(delivery, SIGNATURE)
    is_good = False
    for each in secrets:
        is_good |= hmac.compare_digest(sign(each, moment, delivery.body).encode(), given.encode())
    if not is_good:
        raise BadSignature(
            f"The signature in {SIGNATURE} does not fit; the signing secret differs from "
            "Zendesk’s, or the delivery was changed on its way."
        )
    _require_fresh(delivery, moment)


def sign(secret: str, moment: str, body: bytes) -> str:
    """The signature of a body sent at that moment, which is text of ISO 8601."""
    signed = hmac.digest(secret.encode(), moment.encode() + body, "sha256")
    return base64.b64encode(signed).decode("ascii")


def _require_fresh(delivery: Delivery, moment: str) -> None:
    try:
        at = datetime.fromisoformat(moment) if _MOMENT(moment) else None
    except ValueError:
        at = None
    if at is None:
        raise BadSignature(f"The header {TIME} holds no time.")
    if abs(delivery.received_at - at.astimezone(UTC)) > WINDOW:
        raise BadSignature(
            "The delivery was signed more than five minutes before or after it came; "
            "check the clocks of both sides."
        )


def _only(delivery: Delivery, name: str) -> str:
    given = [each.strip() for each in delivery.given(name)]
    if len(given) != 1 or not given[0]:
        raise BadSignature(f"The header {name} is missing or empty, or comes more than once.")
    if len(given[0]) > _LONGEST or not given[0].isascii():
        raise BadSignature(f"The header {name} is malformed.")
    return given[0]


def document(delivery: Delivery) -> Mapping[str, Any]:
    """What a delivery says. Raises WebhookRefused when it names nothing that can be fetched."""
    try:
        said = json.loads(delivery.body)
    except (ValueError, RecursionError):
        said = None
    found: Mapping[str, Any] = said if isinstance(said, dict) else {}
    if not _EVENT(text_of(found.get("type"))) and not touched(found):
        raise WebhookRefused(
            "The delivery is no event of Zendesk’s, and names no “ticket_id”, “user_id” or "
            "“organization_id”."
        )
    return found


def mark(said: Mapping[str, Any], delivery: Delivery) -> str:
    """What tells a delivery from others: the event's id; of a trigger, when it was sent and what
    it says, for it says the same each time."""
    event = text_of(said.get("id")) if _EVENT(text_of(said.get("type"))) else ""
    signed = event.encode() or _only(delivery, TIME).encode() + delivery.body
    return hashlib.sha256(signed).hexdigest()


def touched(said: Mapping[str, Any]) -> dict[str, list[str]]:
    """The ids a delivery tells of, by the kind's name."""
    event = _EVENT(text_of(said.get("type")))
    told = _of_event(event[1], said) if event else _of_trigger(said)
    found: dict[str, list[str]] = {}
    for word, key in told:
        if word in _WORDS and _ID(key) and key not in found.setdefault(_WORDS[word], []):
            found[_WORDS[word]].append(key)
    return {name: ids for name, ids in found.items() if ids}


def _of_event(word: str, said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an event is about, and the other record of a merger."""
    subject = _SUBJECT(text_of(said.get("subject")))
    told = [(subject[1], subject[2])] if subject else []
    detail, event = said.get("detail"), said.get("event")
    if isinstance(detail, dict):
        told.append((word, text_of(detail.get("id"))))
    for name in (word, f"target_{word}"):
        other = event.get(name) if isinstance(event, dict) else None
        if isinstance(other, dict):
            told.append((word, text_of(other.get("id"))))
    return told


def _of_trigger(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(word, text_of(said.get(f"{word}_id")).strip()) for word in _WORDS]
