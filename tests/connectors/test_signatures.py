"""Signatures of webhooks: vectors of the schemes, rotation, and a table of hostile deliveries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import signatures
from connectors.errors import ConfigError, ConnectorError
from connectors.records import Delivery
from connectors.signatures import BadSignature, TooLarge, WebhookRefused
from tests.drawing import many
from tests.foreign import python_of

# The example of the reference implementation of Standard Webhooks.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ID, MOMENT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
AT = datetime.fromtimestamp(MOMENT, UTC)
URL = "https://efm.example/hooks/1?a=%2Fb%3Bc&d=%20e"


def delivery(headers: Mapping[str, str] | list[tuple[str, str]], body: bytes = BODY) -> Delivery:
    pairs = list(headers.items()) if isinstance(headers, Mapping) else headers
    return Delivery("POST", URL, pairs, body, AT)


def standard(**change: str | None) -> dict[str, str]:
    """The headers of the vector; None leaves one out."""
    headers = {"webhook-id": ID, "webhook-timestamp": str(MOMENT), "webhook-signature": SIGNATURE}
    changed = {f"webhook-{name}": value for name, value in change.items()}
    return {n: v for n, v in {**headers, **changed}.items() if v is not None}


SIGNED: dict[str, tuple[Callable[[Delivery, list[str]], Any], Mapping[str, str]]] = {
    "standard": (signatures.standard, signatures.sign_standard(SECRET, ID, AT, BODY)),
    "stripe": (signatures.stripe, signatures.sign_stripe(SECRET, AT, BODY)),
    "hubspot": (signatures.hubspot, signatures.sign_hubspot(SECRET, "POST", URL, AT, BODY)),
    "github": (signatures.github, signatures.sign_github(SECRET, BODY)),
    "shared": (lambda d, s: signatures.shared(d, s, "X-Webhook-Secret"), {"X-Webhook-Secret": SECRET}),
}  # fmt: skip
TIMED = ("standard", "stripe", "hubspot")


# --- vectors, each computed or published by others ------------------------------------------


def test_the_vector_of_standard_webhooks() -> None:
    assert signatures.standard(delivery(standard()), [SECRET]) == ID
    assert signatures.sign_standard(SECRET, ID, AT, BODY) == standard()
    assert signatures.standard(delivery(standard()), [SECRET.removeprefix("whsec_")]) == ID


def test_the_vector_of_github() -> None:
    # https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    said = delivery({"X-Hub-Signature-256": good}, b"Hello, World!")
    signatures.github(said, ["It's a Secret to Everybody"])
    made = signatures.sign_github("It's a Secret to Everybody", b"Hello, World!")
    assert made == {"X-Hub-Signature-256": good}


def test_stripe_signs_time_dot_body() -> None:
    digest = hmac.new(SECRET.encode(), b"1614265330." + BODY, hashlib.sha256).hexdigest()
    signatures.stripe(delivery({"Stripe-Signature": f"t=1614265330,v1={digest}"}), [SECRET])
    named = signatures.sign_stripe(SECRET, AT, BODY)
    assert named == {"Stripe-Signature": f"t=1614265330,v1={digest}"}


def test_hubspot_signs_method_address_body_and_time() -> None:
    # %2F and %3B are among the twelve that are decoded, %20 is not.
    text = b"POST" + b"https://efm.example/hooks/1?a=/b;c&d=%20e" + BODY + b"1614265330000"
    digest = base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest()).decode()
    headers = {"X-HubSpot-Signature-v3": digest, "X-HubSpot-Request-Timestamp": "1614265330000"}
    signatures.hubspot(delivery(headers), [SECRET])
    assert signatures.sign_hubspot(SECRET, "post", URL, AT, BODY) == headers
    for change in ({"method": "PUT"}, {"url": URL + "x"}, {"url": URL.replace("https", "http")}):
        with pytest.raises(BadSignature):
            signatures.hubspot(replace(delivery(headers), **change), [SECRET])


@pytest.mark.parametrize(
    ("encoded", "plain"),
    [("%3A", ":"), ("%2f", "/"), ("%3F", "?"), ("%40", "@"), ("%21", "!"), ("%24", "$"), ("%27", "'"),
     ("%28", "("), ("%29", ")"), ("%2A", "*"), ("%2C", ","), ("%3b", ";")],
)  # fmt: skip
def test_hubspot_decodes_twelve_characters(encoded: str, plain: str) -> None:
    made = signatures.sign_hubspot(SECRET, "GET", f"https://a.example/?q={encoded}", AT, b"")
    assert made == signatures.sign_hubspot(SECRET, "GET", f"https://a.example/?q={plain}", AT, b"")
    left = signatures.sign_hubspot(SECRET, "GET", "https://a.example/?q=%26", AT, b"")
    assert left != signatures.sign_hubspot(SECRET, "GET", "https://a.example/?q=&", AT, b"")


# --- what all schemes keep -------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SIGNED)
def test_a_good_signature_passes_whatever_the_case_of_names(scheme: str) -> None:
    check, headers = SIGNED[scheme]
    for change in (str.upper, str.lower, str.title):
        check(delivery({change(name): value for name, value in headers.items()}), [SECRET])


@pytest.mark.parametrize("scheme", SIGNED)
def test_two_secrets_are_good_while_one_replaces_the_other(scheme: str) -> None:
    check, headers = SIGNED[scheme]
    check(delivery(headers), [OTHER, SECRET])
    check(delivery(headers), [SECRET, OTHER])
    with pytest.raises(BadSignature):
        check(delivery(headers), [OTHER])


@pytest.mark.parametrize("scheme", SIGNED)
def test_without_a_secret_nothing_is_taken(scheme: str) -> None:
    check, headers = SIGNED[scheme]
    for none in ([], [""]):
        with pytest.raises(ConfigError, match="signing secret"):
            check(delivery(headers), none)


@pytest.mark.parametrize("scheme", SIGNED)
def test_a_refusal_tells_no_secret_and_no_signature(scheme: str) -> None:
    check, headers = SIGNED[scheme]
    for bad in ("", "x", "v1,", "sha256=", "t=1,v1=", "é", "\ud800", "a" * 10_000, "\r\n"):
        for name in headers:
            with pytest.raises(BadSignature) as refused:
                check(delivery({**headers, name: bad}), [SECRET])
            said = str(refused.value)
            assert SECRET not in said
            assert not any(value in said for value in headers.values())
            assert refused.value.status == 401


@pytest.mark.parametrize("scheme", SIGNED)
def test_a_header_given_twice_is_refused(scheme: str) -> None:
    check, headers = SIGNED[scheme]
    for name, value in headers.items():
        with pytest.raises(BadSignature, match="more than once"):
            check(delivery([*headers.items(), (name.upper(), value)]), [SECRET])


@pytest.mark.parametrize("scheme", [each for each in SIGNED if each != "shared"])
@given(place=st.integers(0, len(BODY) - 1), byte=st.integers(1, 255))
@settings(max_examples=many(60), deadline=None)
def test_a_body_changed_by_one_byte_is_refused(scheme: str, place: int, byte: int) -> None:
    check, headers = SIGNED[scheme]
    changed = bytearray(BODY)
    changed[place] ^= byte
    with pytest.raises(BadSignature):
        check(delivery(headers, bytes(changed)), [SECRET])
    for other in (BODY + b"\n", BODY[:-1], b""):
        with pytest.raises(BadSignature):
            check(delivery(headers, other), [SECRET])


@pytest.mark.parametrize("scheme", TIMED)
@pytest.mark.parametrize(
    ("seconds", "is_good"), [(0, True), (299, True), (300, True), (301, False), (86_400, False)]
)
def test_the_window_is_five_minutes_both_ways(scheme: str, seconds: int, is_good: bool) -> None:
    check, headers = SIGNED[scheme]
    for shift in (timedelta(seconds=seconds), -timedelta(seconds=seconds)):
        late = replace(delivery(headers), received_at=AT + shift)
        if is_good:
            check(late, [SECRET])
        else:
            with pytest.raises(BadSignature, match="five minutes"):
                check(late, [SECRET])


def _time(scheme: str, text: str) -> dict[str, str]:
    """Headers with another time that is well signed all the same."""
    if scheme == "standard":
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        text_signed = f"{ID}.{text}.".encode() + BODY
        mac = base64.b64encode(hmac.digest(key, text_signed, "sha256")).decode()
        return standard(timestamp=text, signature=f"v1,{mac}")
    if scheme == "stripe":
        mac = hmac.new(SECRET.encode(), f"{text}.".encode() + BODY, "sha256").hexdigest()
        return {"Stripe-Signature": f"t={text},v1={mac}"}
    plain = b"POST" + b"https://efm.example/hooks/1?a=/b;c&d=%20e" + BODY + text.encode()
    mac = base64.b64encode(hmac.digest(SECRET.encode(), plain, "sha256")).decode()
    return {"X-HubSpot-Signature-v3": mac, "X-HubSpot-Request-Timestamp": text}


@pytest.mark.parametrize("scheme", TIMED)
@pytest.mark.parametrize(
    "text",
    ["-1614265330", "1e9", "9" * 14, "9" * 15, "9" * 400, "nan", "0x60", "1614265330.5", "0"],
)
def test_a_time_that_is_none_is_refused_though_it_is_signed(scheme: str, text: str) -> None:
    with pytest.raises(BadSignature):
        SIGNED[scheme][0](delivery(_time(scheme, text)), [SECRET])


# --- one by one ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"id": None}, {"timestamp": None}, {"signature": None},
        {"id": ""}, {"timestamp": " "}, {"signature": ""},
        {"id": "msg_other"}, {"id": "with.dot"}, {"id": "with space"}, {"id": "x" * 256}, {"id": "é"},
        {"timestamp": str(MOMENT + 1)},
        {"signature": SIGNATURE.replace("v1,", "v1a,")},
        {"signature": SIGNATURE.replace("v1,", "v2,")},
        {"signature": SIGNATURE.replace("v1,", "V1,")},
        {"signature": SIGNATURE.removeprefix("v1,")},
        {"signature": SIGNATURE.replace("v1,", "v1=")},
        {"signature": SIGNATURE.rstrip("=")},
        {"signature": SIGNATURE.swapcase()},
        {"signature": "v1,!!!!"},
        {"signature": "v1," + "é" * 44},
        {"signature": " ".join(["v1,AAAA"] * 33 + [SIGNATURE])},
    ],
)  # fmt: skip
def test_hostile_standard_webhooks(change: dict[str, str | None]) -> None:
    with pytest.raises(BadSignature):
        signatures.standard(delivery(standard(**change)), [SECRET])


@pytest.mark.parametrize(
    "text",
    [
        f"v1,AAAA {SIGNATURE}",
        f"{SIGNATURE} v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVL",
        f"v1, v2,x {SIGNATURE} nonsense",
    ],
)
def test_one_good_signature_among_others_is_enough(text: str) -> None:
    assert signatures.standard(delivery(standard(signature=text)), [SECRET]) == ID


@pytest.mark.parametrize(
    "secret",
    ["whsec_", "whsec_!!!!", "short", "whsec_" + base64.b64encode(b"x" * 23).decode(),
     "whsec_" + base64.b64encode(b"x" * 65).decode(), "whsec_é", "whpk_" + "A" * 44],
)  # fmt: skip
def test_a_secret_of_another_kind_is_for_the_admin(secret: str) -> None:
    assert not signatures.is_standard_secret(secret)
    with pytest.raises(ConfigError, match="whsec_") as refused:
        signatures.standard(delivery(standard()), [secret])
    assert secret == "whsec_" or secret not in str(refused.value)


@pytest.mark.parametrize("size", [24, 32, 64])
def test_secrets_of_24_to_64_bytes_sign(size: int) -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(size))).decode()
    assert signatures.is_standard_secret(secret)
    headers = signatures.sign_standard(secret, "msg_1", AT, BODY)
    assert signatures.standard(delivery(headers), [secret]) == "msg_1"


def test_we_sign_no_id_that_could_be_read_in_two_ways() -> None:
    for name in ("", "a.b", "a b", "é", "x" * 256):
        with pytest.raises(ValueError, match="id"):
            signatures.sign_standard(SECRET, name, AT, BODY)


GOOD = signatures.sign_stripe(SECRET, AT, BODY)["Stripe-Signature"].partition(",")[2]


@pytest.mark.parametrize(
    "text",
    [GOOD, f"t=,{GOOD}", f"t={MOMENT}", f"t={MOMENT},", f"t={MOMENT},v0={GOOD[3:]}",
     f"t={MOMENT},t={MOMENT},{GOOD}", f"T={MOMENT},{GOOD}", f"t={MOMENT},{GOOD.upper()}",
     f"t={MOMENT} {GOOD}", f"t={MOMENT + 1},{GOOD}", f"t={MOMENT},v1", "=,=,="],
)  # fmt: skip
def test_hostile_stripe_signatures(text: str) -> None:
    with pytest.raises(BadSignature):
        signatures.stripe(delivery({"Stripe-Signature": text}), [SECRET])


def test_stripe_sends_old_and_new_signature_while_a_secret_is_replaced() -> None:
    text = f"t={MOMENT}, v1={'0' * 64}, {GOOD}, v0=ignored"
    signatures.stripe(delivery({"Stripe-Signature": text}), [SECRET])


def test_a_shared_secret_may_be_a_bearer_token() -> None:
    said = delivery({"Authorization": f"Bearer {SECRET}"})
    signatures.shared(said, [SECRET], "Authorization")
    for bad in (f"Basic {SECRET}", "Bearer", "Bearer ", SECRET[:-1], SECRET + "x"):
        with pytest.raises(BadSignature):
            signatures.shared(delivery({"Authorization": bad}), [SECRET], "Authorization")


def test_a_delivery_of_more_than_a_megabyte_is_too_large() -> None:
    signatures.within_size(delivery({}, b"x" * (1 << 20)))
    with pytest.raises(TooLarge) as refused:
        signatures.within_size(delivery({}, b"x" * ((1 << 20) + 1)))
    assert refused.value.status == 413
    assert issubclass(TooLarge, WebhookRefused)
    assert issubclass(WebhookRefused, ConnectorError)


def test_deliveries_without_an_id_are_told_apart_by_their_body() -> None:
    one, two = signatures.fingerprint(delivery({})), signatures.fingerprint(delivery({}, b"{}"))
    assert one != two
    assert one == signatures.fingerprint(delivery({"X-More": "1"}))


@given(st.text(max_size=80), st.text(max_size=80), st.binary(max_size=50))
@settings(max_examples=many(200), deadline=None)
def test_no_header_whatsoever_breaks_a_check(first: str, second: str, body: bytes) -> None:
    for check, headers in SIGNED.values():
        names = [*headers, *headers]
        pairs = list(zip(names, (first, second, first, second), strict=False))
        with pytest.raises(BadSignature):
            check(delivery(pairs, body), [SECRET])


# --- judged by the implementations of others -------------------------------------------------

JUDGE = """
import json, sys
import stripe
from standardwebhooks.webhooks import Webhook
given = json.load(sys.stdin)
body, secret = given["body"], given["secret"]
event = stripe.Webhook.construct_event(body, given["stripe"]["Stripe-Signature"], secret)
try:
    stripe.Webhook.construct_event(body + " ", given["stripe"]["Stripe-Signature"], secret)
    raise SystemExit("stripe took a changed body")
except stripe.SignatureVerificationError:
    pass
taken = Webhook(secret).verify(body, given["standard"])
print(json.dumps([event["id"], taken["id"]]))
"""


def test_others_take_what_we_sign() -> None:
    now = datetime.now(UTC)
    body = json.dumps({"id": "evt_1", "object": "event", "type": "ping", "name": "Zoë"})
    told = {
        "body": body,
        "secret": SECRET,
        "stripe": signatures.sign_stripe(SECRET, now, body.encode()),
        "standard": signatures.sign_standard(SECRET, "msg_1", now, body.encode()),
    }
    done = subprocess.run(
        [python_of("localstripe"), "-c", JUDGE],
        input=json.dumps(told), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["evt_1", "evt_1"]
