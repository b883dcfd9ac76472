"""Reading Stripe: the walk, the events, what was deleted."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.conformance import Runner
from connectors.errors import (
    CursorExpired,
    NotSupported,
)
from connectors.records import Stream
from connectors.systems.stripe import reading
from connectors.systems.stripe.config import API_VERSION
from tests.connectors.stripe.samples import (
    CHARGE,
    CREDIT_NOTE,
    DISPUTE,
    INVOICE,
    PRODUCT,
    REFUND,
    rest,
)
from tests.connectors.stripe.samples import price as price_of
from tests.connectors.stripe.samples import subscription as subscription_of
from tests.connectors.stripe.simulator import DAY, KEY, Account
from tests.connectors.stripe.sources import connect, ids, pages


def test_the_list_is_walked_from_the_newest_to_the_oldest(account: Account) -> None:
    found = pages(account, "customers")
    assert ids(found) == [f"cus_{n}" for n in (6, 5, 4, 3, 2, 1, 0)]
    assert [len(page.records) for page in found] == [3, 3, 1, 0]
    assert set(found[-1].state) == {"since"}
    walked = [call for call in account.calls if "starting_after" in str(call.url)]
    assert [call.url.params["starting_after"] for call in walked] == ["cus_4", "cus_1"]


def test_every_call_names_key_and_version(account: Account) -> None:
    pages(account, "customers")
    assert {call.headers["Authorization"] for call in account.calls} == {f"Bearer {KEY}"}
    assert {call.headers["Stripe-Version"] for call in account.calls} == {API_VERSION}


def test_an_empty_account_is_read(account: Account) -> None:
    (walk, events) = pages(account, "products")
    assert not walk.records
    assert not events.records
    assert pages(account, "products", events.state)[0].state["since"] > events.state["since"]


def test_the_walk_goes_on_when_its_place_was_deleted(account: Account) -> None:
    first = pages(account, "customers")[0]
    assert first.state["after"] == "cus_4"
    account.delete("customers", "cus_4")
    left = pages(account, "customers", first.state)
    assert ids(left) == ["cus_3", "cus_2", "cus_1", "cus_0"]
    assert [key for page in left for key in page.deleted] == ["cus_4"]


def test_a_place_that_is_gone_and_has_no_time_starts_anew(account: Account) -> None:
    state = {"until": "2026-09-21T00:00:00+00:00", "after": "cus_nobody"}
    for created in (None, "x", []):
        with pytest.raises(CursorExpired):
            pages(account, "customers", {**state, "created": created})


def test_each_changed_object_is_fetched_once_as_it_is_now(account: Account) -> None:
    state = pages(account, "customers")[-1].state
    for number in range(5):
        account.put("customers", "cus_1", name=f"change {number}")
    account.put("customers", "cus_2", name="changed")
    account.calls.clear()
    found = pages(account, "customers", state)
    assert sorted(ids(found)) == ["cus_1", "cus_2"]
    assert {r["id"]: r["name"] for p in found for r in p.records}["cus_1"] == "change 4"
    fetched = [c.url.path for c in account.calls if c.url.path.startswith("/v1/customers/")]
    assert sorted(fetched) == ["/v1/customers/cus_1", "/v1/customers/cus_2"]


def test_a_change_of_another_kind_costs_nothing(account: Account) -> None:
    state = pages(account, "customers")[-1].state
    account.put("products", "prod_1", name="Gold")
    account.put("subscriptions", "sub_1", customer="cus_1")
    account.calls.clear()
    assert ids(pages(account, "customers", state)) == []
    assert len(account.calls) == 2, "the time, and the events of this kind"


def test_what_was_deleted_is_told(account: Account) -> None:
    account.put("products", "prod_1", name="Gold")
    states = {name: pages(account, name)[-1].state for name in ("customers", "products")}
    account.delete("customers", "cus_3")
    account.delete("products", "prod_1")
    gone = {n: [k for p in pages(account, n, s) for k in p.deleted] for n, s in states.items()}
    assert gone == {"customers": ["cus_3"], "products": ["prod_1"]}


def test_a_customer_that_is_no_longer_a_company_is_gone_from_companies(account: Account) -> None:
    account.put("customers", "cus_1", metadata={"company": "Rosen KG"})
    state = pages(account, "companies")[-1].state
    assert ids(pages(account, "companies")) == ["cus_1"]
    account.put("customers", "cus_1", metadata={})
    assert [k for p in pages(account, "companies", state) for k in p.deleted] == ["cus_1"]


def test_changes_after_a_month_need_a_new_beginning(account: Account) -> None:
    state = pages(account, "customers")[-1].state
    account.now += 29 * DAY
    assert pages(account, "customers", state)
    account.now += DAY
    with pytest.raises(CursorExpired, match="30 days"):
        pages(account, "customers", state)


def test_a_window_left_open_for_a_month_is_not_trusted(account: Account) -> None:
    window = {"since": "2020-01-01T00:00:00+00:00", "until": "2020-01-02T00:00:00+00:00"}
    with pytest.raises(CursorExpired, match="30 days"):
        pages(account, "customers", {**window, "after": "evt_1"})


@pytest.mark.parametrize("state", [{"since": 5}, {"since": "x"}, {"until": []}, {"until": "x"}])
def test_a_damaged_state_starts_anew(account: Account, state: dict[str, Any]) -> None:
    with pytest.raises(CursorExpired):
        pages(account, "customers", state)


def test_an_event_that_is_gone_starts_anew(account: Account) -> None:
    since = pages(account, "customers")[-1].state["since"]
    state = {"since": since, "until": since, "after": "evt_gone"}
    connector = connect(account)
    connector.api.now = lambda: reading.Window.open(state, None).until  # type: ignore
    with pytest.raises(CursorExpired):
        list(connector.read(connector.stream("customers"), state))


def test_a_cut_in_the_middle_of_events_resumes(account: Account) -> None:
    runner = Runner(connect(account).stream("customers"))
    runner.settle(lambda: connect(account))
    for number in range(7):
        account.put("customers", f"cus_{number}", name="changed")
    account.delete("customers", "cus_2")
    runner.run(connect(account), most_pages=2)
    account.put("customers", "cus_6", name="changed again")
    runner.settle(lambda: connect(account))
    runner.settle(lambda: connect(account))
    assert runner.texts("name") == {k: r["name"] for k, r in account.rows["customers"].items()}


def test_a_walk_within_one_second_leaves_its_changes_to_the_next_run(account: Account) -> None:
    account.frozen = True
    account.put("customers", "cus_1", name="changed at the same second")
    runner = Runner(connect(account).stream("customers"))
    runner.settle(lambda: connect(account))
    account.put("customers", "cus_1", name="changed once more")
    runner.settle(lambda: connect(account))
    assert runner.rows["cus_1"]["name"] == "changed once more"


def test_canceled_subscriptions_are_read_too(account: Account) -> None:
    account.put("subscriptions", "sub_1", **rest(subscription_of((price_of(), 1))))
    account.put(
        "subscriptions", "sub_2", **rest(subscription_of((price_of(), 1), status="canceled"))
    )
    assert sorted(ids(pages(account, "subscriptions"))) == ["sub_1", "sub_2"]


def test_refunds_know_the_customer_of_their_charge(account: Account) -> None:
    account.put("charges", "ch_1", **{**rest(CHARGE), "customer": "cus_1"})
    account.put("refunds", "re_1", **{**rest(REFUND), "charge": "ch_1"})
    found = pages(account, "refunds")
    (record,) = found[0].records
    assert (record["charge"], record["_customer"]) == ("ch_1", "cus_1")


def test_a_refunded_charge_tells_of_its_refunds(account: Account) -> None:
    account.put("charges", "ch_1", **{**rest(CHARGE), "customer": "cus_1"})
    state = pages(account, "refunds")[-1].state
    for number in range(5):  # older accounts hear of the charge only
        account.rows["refunds"][f"re_{number}"] = {
            **REFUND, "id": f"re_{number}", "charge": "ch_1", "created": account.now,
        }  # fmt: skip
    account.put("charges", "ch_1", event="charge.refunded", amount_refunded=5000)
    account.put("charges", "ch_1", event="charge.refunded", amount_refunded=6000)
    found = pages(account, "refunds", state)
    assert sorted(ids(found)) == [f"re_{number}" for number in range(5)]
    assert {r["_customer"] for p in found for r in p.records} == {"cus_1"}


def test_a_refund_that_failed_later_is_gone(account: Account) -> None:
    account.put("charges", "ch_1", **{**rest(CHARGE), "customer": "cus_1"})
    account.put("refunds", "re_1", **{**rest(REFUND), "charge": "ch_1"})
    state = pages(account, "refunds")[-1].state
    account.put("refunds", "re_1", event="failed", status="failed")
    assert [k for p in pages(account, "refunds", state) for k in p.deleted] == ["re_1"]


def test_all_kinds_are_read_and_mapped(account: Account) -> None:
    of = {"customer": "cus_1"}
    account.put("customers", "cus_1", metadata={"company": "Rosen KG"})
    account.put("products", "prod_1", **rest(PRODUCT))
    account.put("subscriptions", "sub_1", **rest(subscription_of((price_of(), 1))) | of)
    account.put("invoices", "in_1", **rest(INVOICE) | of)
    account.put("charges", "ch_1", **rest(CHARGE) | of)
    account.put("refunds", "re_1", **rest(REFUND) | {"charge": "ch_1"})
    account.put("disputes", "du_1", **rest(DISPUTE) | {"charge": "ch_1"})
    account.put("credit_notes", "cn_1", **rest(CREDIT_NOTE) | of)
    connector = connect(account)
    told: dict[str, set[str]] = {}
    for stream in connector.streams():
        mapping = stream.default_mapping
        assert mapping is not None
        for page in connector.read(stream, {}):
            told.setdefault(stream.entity, set()).update(
                mapping.apply(record).external_id for record in page.records
            )
    assert told.pop("contact") == {f"cus_{number}" for number in range(7)}
    assert told == {
        "account": {"cus_1"}, "product": {"prod_1"}, "subscription": {"sub_1"},
        "invoice": {"in_1", "cn_1"}, "payment": {"ch_1", "re_1"}, "interaction": {"du_1"},
    }  # fmt: skip


def test_many_pages_without_a_record_are_not_taken_for_an_endless_list(account: Account) -> None:
    for number in range(100):
        account.put("charges", f"ch_{number}", **{**rest(CHARGE), "status": "failed"})
    found = pages(account, "payments")
    assert ids(found) == []
    assert len(found) == 3, "one in twenty empty pages tells how far it is, and the two last"
    assert found[0].state["after"] == "ch_40"


def test_an_unknown_stream_is_not_supported(account: Account) -> None:
    with pytest.raises(NotSupported):
        connect(account).read(Stream("payouts", ("id",), "payment"), {})
