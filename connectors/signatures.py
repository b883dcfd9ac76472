"""Signatures of webhook deliveries: the schemes senders use, checked in constant time and made.

Each check takes the secrets that are valid now (two of them while one replaces the other), returns
when one of them made the signature, and raises BadSignature otherwise. How old a signature is, is
judged by when the delivery came, so that it may be worked on later. Telling a replayed delivery
from a new one is the receiver's part: it keeps the ids it has taken.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from connectors.errors import ConfigError, ConnectorError
from connectors.records import Delivery

WINDOW = timedelta(minutes=5)
LARGEST = 1 << 20
"""The most bytes a delivery may have."""

_LONGEST_HEADER = 8_192
_MOST_SIGNATURES = 32
_ID = re.compile(r"[!-\-/-~]{1,255}").fullmatch  # printable, without the dot that joins
_DIGITS = re.compile(r"[0-9]{1,14}", re.ASCII).fullmatch

STANDARD_ID, STANDARD_TIME = "webhook-id", "webhook-timestamp"
STANDARD_SIGNATURE = "webhook-signature"
STRIPE_SIGNATURE = "Stripe-Signature"
HUBSPOT_SIGNATURE, HUBSPOT_TIME = "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"
GITHUB_SIGNATURE = "X-Hub-Signature-256"


class WebhookRefused(ConnectorError):
    """A delivery that is not taken; `status` is the HTTP answer its sender should get."""

    status = 400


class BadSignature(WebhookRefused):
    """The delivery is not shown to come from who it says, or not now."""

    status = 401


class TooLarge(WebhookRefused):
    """The delivery is larger than any honest one."""

    status = 413


def standard(delivery: Delivery, secrets: Sequence[str]) -> str:
    """The delivery's id, once its signature by Standard Webhooks 1.0 is good.

    https://github.com/standard-webhooks/standard-webhooks (symmetric signatures, `v1`). Raises
    BadSignature, and ConfigError for a secret that is none of theirs.
    """
    keys = [_standard_key(each) for each in _known(secrets)]
    name = _only(delivery, STANDARD_ID)
    if not _ID(name):
        raise BadSignature(f"The header {STANDARD_ID} holds no id.")
    moment = _only(delivery, STANDARD_TIME)
    given = _only(delivery, STANDARD_SIGNATURE).split(" ")
    signed = f"{name}.{moment}.".encode() + delivery.body
    wanted = [f"v1,{_base64(key, signed)}" for key in keys]
    _compare(wanted, [each for each in given if each.startswith("v1,")], STANDARD_SIGNATURE)
    _fresh(delivery, moment, STANDARD_TIME)
    return name


def stripe(delivery: Delivery, secrets: Sequence[str]) -> None:
    """Checks `Stripe-Signature: t=...,v1=...` (https://docs.stripe.com/webhooks/signature)."""
    pairs = [each.strip().partition("=") for each in _only(delivery, STRIPE_SIGNATURE).split(",")]
    moments = [value for name, _, value in pairs if name == "t"]
    if len(moments) != 1:
        raise BadSignature(f"The header {STRIPE_SIGNATURE} names no time, or several.")
    signed = f"{moments[0]}.".encode() + delivery.body
    wanted = [_hex(each.encode(), signed) for each in _known(secrets)]
    _compare(wanted, [value for name, _, value in pairs if name == "v1"], STRIPE_SIGNATURE)
    _fresh(delivery, moments[0], STRIPE_SIGNATURE)


_HUBSPOT_DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$",
    "%27": "'", "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
_HUBSPOT_ENCODED = re.compile("|".join(_HUBSPOT_DECODED), re.IGNORECASE)


def _hubspot_signed(method: str, url: str, body: bytes, moment: str) -> bytes:
    plain = _HUBSPOT_ENCODED.sub(lambda found: _HUBSPOT_DECODED[found.group().upper()], url)
    return (method.upper() + plain).encode("utf-8", "replace") + body + moment.encode()


def hubspot(delivery: Delivery, secrets: Sequence[str]) -> None:
    """Checks `X-HubSpot-Signature-v3`: method, address, body and a time in milliseconds.

    https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
    The delivery's address must be the one HubSpot called, before any proxy of ours.
    """
    moment = _only(delivery, HUBSPOT_TIME)
    signed = _hubspot_signed(delivery.method, delivery.url, delivery.body, moment)
    wanted = [_base64(each.encode(), signed) for each in _known(secrets)]
    _compare(wanted, [_only(delivery, HUBSPOT_SIGNATURE)], HUBSPOT_SIGNATURE)
    _fresh(delivery, moment, HUBSPOT_TIME, thousandths=True)


def github(delivery: Delivery, secrets: Sequence[str], header: str = GITHUB_SIGNATURE) -> None:
    """Checks `sha256=` and the hexadecimal HMAC of the body, as GitHub and many others send it.

    https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries. This signature
    holds no time, so an old delivery is as good as a new one.
    """
    wanted = [f"sha256={_hex(each.encode(), delivery.body)}" for each in _known(secrets)]
    _compare(wanted, [_only(delivery, header).lower()], header)


def shared(delivery: Delivery, secrets: Sequence[str], header: str) -> None:
    """Checks a header that holds the secret itself: the body is not signed and has no time."""
    known = [_digest(each) for each in _known(secrets)]
    given = _only(delivery, header)
    _compare(known, [_digest(given), _digest(_bearer(given))], header)


def fingerprint(delivery: Delivery) -> str:
    """What tells deliveries apart where the scheme names none: the SHA-256 of the body."""
    return hashlib.sha256(delivery.body).hexdigest()


def within_size(delivery: Delivery) -> None:
    """Raises TooLarge for a body of more than 1 MB; ask before anything else."""
    if len(delivery.body) > LARGEST:
        raise TooLarge(f"The delivery has more than {LARGEST >> 20} MB.")


def sign_standard(secret: str, delivery_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks for a delivery sent at `at`."""
    if not _ID(delivery_id):
        raise ValueError("a delivery's id is 1 to 255 printable characters without a dot")
    moment = str(int(at.timestamp()))
    signature = _base64(_standard_key(secret), f"{delivery_id}.{moment}.".encode() + body)
    return {
        STANDARD_ID: delivery_id,
        STANDARD_TIME: moment,
        STANDARD_SIGNATURE: f"v1,{signature}",
    }


def sign_stripe(secret: str, at: datetime, body: bytes) -> dict[str, str]:
    """The header with which Stripe signs a delivery."""
    moment = str(int(at.timestamp()))
    return {
        STRIPE_SIGNATURE: f"t={moment},v1={_hex(secret.encode(), f'{moment}.'.encode() + body)}"
    }


def sign_hubspot(secret: str, method: str, url: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers with which HubSpot signs a request (version 3)."""
    moment = str(int(at.timestamp() * 1000))
    signed = _hubspot_signed(method, url, body, moment)
    return {HUBSPOT_TIME: moment, HUBSPOT_SIGNATURE: _base64(secret.encode(), signed)}


def sign_github(secret: str, body: bytes, header: str = GITHUB_SIGNATURE) -> Mapping[str, str]:
    """The header with which GitHub signs a delivery."""
    return {header: f"sha256={_hex(secret.encode(), body)}"}


def several(text: str) -> list[str]:
    """The secrets of one setting, which holds two of them while one replaces the other."""
    return text.split()


def is_standard_secret(secret: str) -> bool:
    """Whether it is base64 of 24 to 64 bytes, with or without `whsec_` before it."""
    try:
        _standard_key(secret)
    except ConfigError:
        return False
    return True


def _known(secrets: Sequence[str]) -> list[str]:
    found = [each for each in secrets if each]
    if not found:
        raise ConfigError(
            "No signing secret is set, so deliveries cannot be told from forgeries; "
            "enter the one the sender shows."
        )
    return found


def _standard_key(secret: str) -> bytes:
    text = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise ConfigError(
            "The signing secret is not one of Standard Webhooks; it begins with “whsec_” and "
            "holds 24 to 64 bytes. Copy it from the sender once more."
        )
    return key


def _only(delivery: Delivery, name: str) -> str:
    """The value of a header that must come once."""
    given = [value.strip() for value in delivery.given(name)]
    if not given or not given[0]:
        raise BadSignature(f"The header {name} is missing or empty.")
    if len(given) > 1:
        raise BadSignature(f"The header {name} comes more than once.")
    if len(given[0]) > _LONGEST_HEADER or not given[0].isascii():
        raise BadSignature(f"The header {name} is malformed.")
    return given[0]


def _hex(key: bytes, signed: bytes) -> str:
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def _base64(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")


def _digest(text: str) -> str:
    """Of equal length for texts of any length, so that comparing does not tell the length."""
    return hashlib.sha256(text.encode()).hexdigest()


def _bearer(text: str) -> str:
    """The secret of `Authorization: Bearer SECRET`."""
    return text[7:].strip() if text[:7].lower() == "bearer " else text


def _compare(wanted: Iterable[str], given: Sequence[str], header: str) -> None:
    """Raises BadSignature unless one of each is equal; all are compared, whatever came before."""
    if not given or len(given) > _MOST_SIGNATURES:
        raise BadSignature(f"The header {header} holds no signature of a kind that is taken here.")
    is_good = False
    for ours in wanted:
        for theirs in given:
            is_good |= hmac.compare_digest(ours.encode(), theirs.encode())
    if not is_good:
        raise BadSignature(
            f"The signature in {header} does not fit; the signing secret differs from the "
            "sender's, or the delivery was changed on its way."
        )


def _fresh(delivery: Delivery, text: str, header: str, thousandths: bool = False) -> None:
    """Raises BadSignature unless the time is within the window around when it was received."""
    if not _DIGITS(text):
        raise BadSignature(f"The header {header} holds no time.")
    moment = int(text) / (1000 if thousandths else 1)
    if abs(delivery.received_at.timestamp() - moment) > WINDOW.total_seconds():
        raise BadSignature(
            "The delivery was signed more than five minutes before or after it came; "
            "check the clocks of both sides."
        )
