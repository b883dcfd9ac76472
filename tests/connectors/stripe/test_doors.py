"""What else the Stripe connector does: checking, writing scores, receiving events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectors import settings, signatures
from connectors.errors import ConfigError, NotSupported, Throttled, Transient
from connectors.records import Delivery, Item, Outcome, Page, Target
from connectors.signatures import BadSignature, WebhookRefused
from connectors.systems.stripe.connector import Stripe
from tests.connectors.stripe.samples import CHARGE, REFUND, rest
from tests.connectors.stripe.simulator import Account
from tests.connectors.stripe.sources import SECRET, connect, signed


@pytest.fixture
def account() -> Account:
    found = Account()
    for number in range(3):
        found.put("customers", f"cus_{number}", name=f"name {number}", metadata={"tier": "gold"})
    return found


# --- check -----------------------------------------------------------------------------------


def test_the_check_names_the_account_and_what_may_be_read(account: Account) -> None:
    found = connect(account).check()
    assert found.ok
    assert found.who == "Rocket Rides, test mode"
    assert found.may[0] == "Read customers"
    assert len(found.may) == 8
    assert list(found.notes) == []


def test_the_check_names_what_a_restricted_key_lacks(account: Account) -> None:
    account.denied |= {"invoices", "events", "account"}
    found = connect(account, webhook_secret="").check()
    assert found.ok
    assert found.who == "Stripe account, test mode"
    assert "Read invoices" not in found.may
    assert list(found.notes) == [
        "Invoices cannot be read: give the key “rak_invoice_read”.",
        "Changes cannot be followed after the first reading: give the key “rak_event_read”.",
        "Webhooks are refused until their signing secret is set.",
    ]


def test_a_key_that_may_read_nothing_is_refused(account: Account) -> None:
    account.denied |= set(account.rows)
    with pytest.raises(ConfigError) as refused:
        connect(account).check()
    assert set(refused.value.errors) == {"api_key"}


def test_a_refused_key_is_told_in_one_call(account: Account) -> None:
    with pytest.raises(ConfigError) as refused:
        connect(account, api_key="sk_test_other000").check()
    assert set(refused.value.errors) == {"api_key"}
    assert len(account.calls) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"id": 5}'])
def test_an_account_of_another_shape_has_no_name(account: Account, body: bytes) -> None:
    handle = account.handle
    account.handle = lambda r: (  # type: ignore[method-assign]
        httpx.Response(200, content=body) if r.url.path == "/v1/account" else handle(r)
    )
    assert connect(account).check().who == "Stripe account, test mode"


@pytest.mark.parametrize(
    ("key", "is_live"),
    [("sk_test_1234", False), ("rk_live_1234", True), ("sk_org_live_1234", True)],
)
def test_the_mode_is_known_by_the_key(key: str, is_live: bool) -> None:
    assert Stripe({"api_key": f" {key}\n"}).is_live is is_live


def test_the_form_is_short_and_asks_for_the_key_first() -> None:
    form = settings.form(Stripe.Config)
    assert [each.name for each in form if each.required] == ["api_key"]
    assert form[0].name == "api_key"
    assert len(form) <= 4


# --- writing ---------------------------------------------------------------------------------


def write(account: Account, *items: Item) -> list[Outcome]:
    connector = connect(account)
    return list(connector.write(connector.target("customer"), items))


def test_scores_become_metadata_and_other_keys_stay(account: Account) -> None:
    values = {
        "efm_nps": 9,
        "efm_csat": Decimal("4.50"),
        "efm_band": "promoter",
        "efm_last_response_on": date(2026, 9, 21),
        "efm_comment": "Größe & Güte = 100 %; [a]=b 👍",
    }
    (found,) = write(account, Item("1", values, "cus_1"))
    assert found == Outcome("1", True, "cus_1")
    assert account.rows["customers"]["cus_1"]["metadata"] == {
        "tier": "gold",
        "efm_nps": "9",
        "efm_csat": "4.50",
        "efm_band": "promoter",
        "efm_last_response_on": "2026-09-21",
        "efm_comment": "Größe & Güte = 100 %; [a]=b 👍",
    }
    assert account.rows["customers"]["cus_1"]["name"] == "name 1"


def test_nothing_empties_a_key(account: Account) -> None:
    write(account, Item("1", {"efm_nps": 9, "efm_band": "promoter"}, "cus_1"))
    write(account, Item("2", {"efm_band": None}, "cus_1"))
    assert account.rows["customers"]["cus_1"]["metadata"] == {"tier": "gold", "efm_nps": "9"}


def test_each_item_has_its_outcome(account: Account) -> None:
    account.put("customers", "cus_gone", name="gone")
    account.delete("customers", "cus_gone")
    found = write(
        account,
        Item("1", {"efm_nps": 1}, "cus_0"),
        Item("2", {"name": "hacked"}, "cus_0"),
        Item("3", {"efm_nps": 3}, "cus_gone"),
        Item("4", {"efm_nps": 4}, "../charges/ch_1"),
        Item("5", {"efm_nps": 5}, ""),
        Item("6", {"efm_comment": "x" * 501}, "cus_0"),
        Item("7", {"efm_comment": ["a", "list"]}, "cus_0"),
        Item("8", {}, "cus_0"),
        Item("9", {"efm_nps": 9}, "cus_1"),
    )
    assert [each.key for each in found] == list("123456789")
    assert [each.ok for each in found] == [True, *[False] * 6, True, True]
    assert found[2].message == "There is no such customer."
    assert "501 characters" in found[5].message
    assert not any(each.created for each in found)
    assert account.rows["customers"]["cus_0"]["name"] == "name 0"


def test_the_same_call_sent_again_is_one_change(account: Account) -> None:
    handle, failed = account.handle, []

    def deaf(request: httpx.Request) -> httpx.Response:
        answer = handle(request)
        if request.method == "POST" and not failed:
            failed.append(request)
            raise httpx.ReadTimeout("the answer was lost")
        return answer

    account.handle = deaf  # type: ignore[method-assign]
    before = len(account.rows["events"])
    (found,) = write(account, Item("1", {"efm_nps": 9}, "cus_1"))
    assert found.ok
    assert len(account.rows["events"]) == before + 1
    marks = {c.headers["Idempotency-Key"] for c in account.calls if c.method == "POST"}
    assert len(marks) == 1


def test_going_back_to_an_old_value_is_a_new_change(account: Account) -> None:
    for nps in (9, 3, 9):
        write(account, Item("1", {"efm_nps": nps}, "cus_1"))
    assert account.rows["customers"]["cus_1"]["metadata"]["efm_nps"] == "9"


def test_what_concerns_all_is_raised_and_what_was_done_stands(account: Account) -> None:
    connector = connect(account)
    items = [Item(str(n), {"efm_nps": n}, f"cus_{n}") for n in range(3)]
    outcomes = connector.write(connector.target("customer"), items)
    assert next(outcomes).ok
    account.fail(429, {"error": {}}, Stripe_Should_Retry="false")
    with pytest.raises(Throttled):
        next(outcomes)
    assert "efm_nps" not in account.rows["customers"]["cus_1"]["metadata"]
    account.fail(403, {"error": {"message": "Having the 'rak_customer_write' permission would"}})
    with pytest.raises(ConfigError, match="rak_customer_write"):
        list(connector.write(connector.target("customer"), items))
    account.fail(404, b"<html>proxy</html>")
    with pytest.raises(Transient):
        list(connector.write(connector.target("customer"), items))


def test_another_refusal_is_of_this_item_only(account: Account) -> None:
    account.fail(400, {"error": {"message": "Metadata can have up to 50 keys"}})
    first, second = write(
        account, Item("1", {"efm_nps": 1}, "cus_0"), Item("2", {"efm_nps": 2}, "cus_1")
    )
    assert (first.ok, first.message) == (False, "Metadata can have up to 50 keys")
    assert second.ok


def test_only_metadata_of_customers_is_written(account: Account) -> None:
    target = Target("charge", "Charges", "update", "payments", {"amount": "integer"})
    with pytest.raises(NotSupported):
        list(connect(account).write(target, [Item("1", {"amount": 1}, "ch_1")]))


def test_the_body_is_a_form_with_metadata_only(account: Account) -> None:
    write(account, Item("1", {"efm_nps": 9, "efm_band": "a&b=c"}, "cus_1"))
    (call,) = [each for each in account.calls if each.method == "POST"]
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(call.content.decode()) == {
        "metadata[efm_nps]": ["9"],
        "metadata[efm_band]": ["a&b=c"],
    }


# --- receiving -------------------------------------------------------------------------------


def received(account: Account, event: Mapping[str, Any]) -> dict[str, Page]:
    return dict(connect(account).receive(signed(event)))


def test_an_event_brings_the_object_as_it_is_now(account: Account) -> None:
    account.put("customers", "cus_1", name="older")
    event = account.last_event("cus_1")
    account.put("customers", "cus_1", name="newer", metadata={"company": "Rosen KG"})
    found = received(account, event)
    assert set(found) == {"customers", "companies"}
    assert [record["name"] for record in found["customers"].records] == ["newer"]
    assert found["customers"].state == {}


def test_an_event_of_a_deletion_brings_it(account: Account) -> None:
    account.delete("customers", "cus_1")
    found = received(account, account.last_event("cus_1"))
    assert list(found["customers"].deleted) == ["cus_1"]


def test_a_refunded_charge_brings_both(account: Account) -> None:
    account.put("charges", "ch_1", **{**rest(CHARGE), "customer": "cus_1"})
    account.put("refunds", "re_1", **{**rest(REFUND), "charge": "ch_1"})
    account.put("charges", "ch_1", event="charge.refunded", amount_refunded=1000)
    found = received(account, account.last_event("ch_1"))
    assert {n: [r["id"] for r in p.records] for n, p in found.items()} == {
        "payments": ["ch_1"],
        "refunds": ["re_1"],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"type": "payout.paid"},
        {"account": "acct_other"},
        {"livemode": True},
        {"livemode": "no"},
        {"data": None},
        {"data": {"object": {"id": "cus_1", "object": "coupon"}}},
        {"object": "v2.core.event", "data": {}, "type": "v1.billing.meter.error_report_triggered"},
    ],
)
def test_other_events_bring_nothing_and_ask_nothing(
    account: Account, change: dict[str, Any]
) -> None:
    account.calls.clear()
    assert received(account, {**account.last_event("cus_1"), **change}) == {}
    assert account.calls == []


def test_verifying_asks_nobody(account: Account) -> None:
    account.calls.clear()
    event = account.last_event("cus_1")
    assert connect(account).verify(signed(event)) == event["id"]
    assert account.calls == []


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"{}", b'{"id": 5}', b'{"id": ""}', b"[" * 9999]
)
def test_a_signed_body_that_is_no_event_is_refused(account: Account, body: bytes) -> None:
    now = datetime.now(UTC)
    headers = list(signatures.sign_stripe(SECRET, now, body).items())
    with pytest.raises(WebhookRefused) as refused:
        connect(account).verify(Delivery("POST", "https://a.example", headers, body, now))
    assert refused.value.status == 400


def test_two_secrets_while_one_replaces_the_other(account: Account) -> None:
    event = account.last_event("cus_1")
    both = connect(account, webhook_secret=f"whsec_new {SECRET}")
    assert both.verify(signed(event)) == both.verify(signed(event, "whsec_new")) == event["id"]
    with pytest.raises(BadSignature):
        both.verify(signed(event, "whsec_old"))


def test_without_a_secret_every_delivery_is_refused(account: Account) -> None:
    connector = connect(account, webhook_secret="")
    with pytest.raises(ConfigError, match="signing secret"):
        connector.verify(signed(account.last_event("cus_1")))


def test_a_passing_fault_while_receiving_can_be_tried_again(account: Account) -> None:
    delivery = signed(account.last_event("cus_1"))
    account.fail(500, json.dumps({"error": {}}).encode(), times=4)
    with pytest.raises(Transient):
        list(connect(account).receive(delivery))
    assert dict(connect(account).receive(delivery))["customers"].records
