"""The Stripe connector over localstripe, which others wrote, filled by Stripe's own client.

It lists the oldest first, tells of few changes in events, signs its webhooks, and knows neither
prices nor disputes, credit notes, filters of events or idempotency: those are tried elsewhere.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from connectors.conformance import Runner
from connectors.errors import ConfigError
from connectors.guard import Guard
from connectors.records import Delivery, Item, Page
from connectors.signatures import BadSignature
from connectors.systems.stripe import reading
from connectors.systems.stripe.connector import Stripe
from tests.connectors.stripe.sources import HOOK, SECRET, Quick
from tests.foreign import free_port, python_of, running

KEY = "sk_test_local12345"

SERVER = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda self: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
CLIENT = """
import json, sys
import stripe
stripe.api_base, stripe.api_key = sys.argv[1:3]
for line in sys.stdin:
    exec(json.loads(line))
    sys.stdout.flush()
"""
SEED = """
paying = stripe.Customer.create(
    name="Zoë Łukasz", email="Zoe@Example.com", phone="+44 20 7946 0958",
    preferred_locales=["de-AT"], address={"country": "AT"}, metadata={"company": "Łukasz AG"})
for number in range(6):
    stripe.Customer.create(name=f"Person {number}", email=f"p{number}@example.com")
product = stripe.Product.create(name="Gold", type="service")
plan = stripe.Plan.create(amount=4200, currency="eur", interval="month", interval_count=3,
                          product=product.id, nickname="Gold quarterly")
card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
method = stripe.PaymentMethod.create(type="card", card=card)
stripe.PaymentMethod.attach(method.id, customer=paying.id)
stripe.Customer.modify(paying.id, invoice_settings={"default_payment_method": method.id})
made = stripe.Subscription.create(customer=paying.id, items=[{"plan": plan.id, "quantity": 2}])
over = stripe.Subscription.create(customer=paying.id, items=[{"plan": plan.id, "quantity": 1}])
stripe.Subscription.cancel(over.id)
(charge,) = [c for c in stripe.Charge.list(limit=10).data if c.amount == 8400]
refund = stripe.Refund.create(charge=charge.id, amount=1000)
print(json.dumps({"paying": paying.id, "product": product.id, "made": made.id, "over": over.id,
                  "charge": charge.id, "refund": refund.id, "invoice": made.latest_invoice}))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, folder = free_port(), tmp_path_factory.mktemp("localstripe")
    script = folder / "serve.py"
    script.write_text(SERVER)
    with running([python_of("localstripe"), script, str(port)], port, folder / "log"):
        yield f"http://127.0.0.1:{port}"


Drive = Callable[[str], Any]


@pytest.fixture(scope="module")
def drive(address: str) -> Iterator[Drive]:
    """Runs scripts for Stripe's client; each prints one line of JSON, which is returned."""
    command = [str(python_of("localstripe")), "-c", CLIENT, address, KEY]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        into, out = process.stdin, process.stdout
        assert into is not None
        assert out is not None

        def run(script: str) -> Any:
            into.write(json.dumps(script) + "\n")
            into.flush()
            said = out.readline()
            if not said:
                pytest.fail(f"Stripe's client failed:\n{process.communicate()[1]}")
            return json.loads(said)

        yield run
        into.close()


@pytest.fixture(scope="module")
def seeded(drive: Drive) -> dict[str, str]:
    found: dict[str, str] = drive(SEED)
    return found


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its events are visible at once, so that nothing has to be waited for."""
    monkeypatch.setattr(reading, "LAG", timedelta(0))


def connect(address: str, **more: Any) -> Stripe:
    kind = type("Local", (Stripe,), {"address": address})
    config = {"api_key": KEY, "webhook_secret": SECRET, "page_size": 3, **more}
    found: Stripe = kind(config, Quick(Guard(["127.0.0.1"])))
    return found


def mapped(connector: Stripe, name: str) -> dict[str, Any]:
    stream = connector.stream(name)
    mapping = stream.default_mapping
    assert mapping is not None
    records = [mapping.apply(r) for page in connector.read(stream, {}) for r in page.records]
    return {each.external_id: each for each in records}


def test_the_check_says_what_is_there(address: str, seeded: dict[str, str]) -> None:
    found = connect(address).check()
    assert found.ok
    assert found.who == "Stripe account, test mode"
    assert list(found.may) == [
        f"Read {each}"
        for each in ("customers", "products", "subscriptions", "invoices", "payments", "refunds")
    ]


def test_a_wrong_key_is_refused(address: str) -> None:
    with pytest.raises(ConfigError) as refused:
        connect(address, api_key="rk_test_12345").check()
    assert set(refused.value.errors) == {"api_key"}


def test_customers_and_companies(address: str, seeded: dict[str, str]) -> None:
    connector = connect(address)
    people = mapped(connector, "customers")
    assert len(people) >= 7
    paying = people[seeded["paying"]]
    assert (paying.name, paying.email) == ("Zoë Łukasz", "zoe@example.com")
    assert (paying.phone, paying.language) == ("+442079460958", "de-AT")
    companies = mapped(connector, "companies")
    assert {key: each.name for key, each in companies.items()} == {seeded["paying"]: "Łukasz AG"}
    assert paying.account_external_id == seeded["paying"]


def test_what_is_sold_and_paid(address: str, seeded: dict[str, str]) -> None:
    connector = connect(address)
    assert mapped(connector, "products")[seeded["product"]].name == "Gold"
    subscriptions = mapped(connector, "subscriptions")
    made, over = subscriptions[seeded["made"]], subscriptions[seeded["over"]]
    assert (made.state, made.interval, made.amount_minor) == ("active", "quarter", 8400)
    assert (made.currency, made.name) == ("EUR", "Gold quarterly")
    assert (over.state, over.ended_on is not None) == ("ended", True)
    invoice = mapped(connector, "invoices")[seeded["invoice"]]
    assert (invoice.state, invoice.amount_minor, invoice.currency) == ("paid", 8400, "EUR")
    assert isinstance(invoice.paid_on, date)
    payment = mapped(connector, "payments")[seeded["charge"]]
    assert (payment.amount_minor, payment.contact_external_id) == (8400, seeded["paying"])
    refund = mapped(connector, "refunds")[seeded["refund"]]
    assert (refund.amount_minor, refund.contact_external_id) == (-1000, seeded["paying"])
    whole = {made.contact_external_id, invoice.contact_external_id, refund.contact_external_id}
    assert whole == {seeded["paying"]}


CHANGES = """
changed, gone, new = (stripe.Customer.create(name=name) for name in ("c", "g", "n"))
print(json.dumps([changed.id, gone.id, new.id]))
"""


def test_changes_and_deletions_are_followed(
    address: str, seeded: dict[str, str], drive: Drive
) -> None:
    changed, gone, _ = drive(CHANGES)
    runner = Runner(connect(address).stream("customers"))
    runner.settle(lambda: connect(address))
    assert {changed, gone} <= set(runner.rows)
    (new,) = drive(
        f"stripe.Customer.modify({changed!r}, name='Changed')\n"
        f"stripe.Customer.modify({changed!r}, metadata={{'a': 'b'}})\n"
        f"stripe.Customer.delete({gone!r})\n"
        "print(json.dumps([stripe.Customer.create(name='New').id]))",
    )
    before = runner.count
    runner.settle(lambda: connect(address))
    assert runner.rows[changed]["name"] == "Changed"
    assert runner.rows[new]["name"] == "New"
    assert gone not in runner.rows
    assert runner.count > before
    there = drive("print(json.dumps([c.id for c in stripe.Customer.list().auto_paging_iter()]))")
    assert set(runner.rows) == set(there)


@pytest.mark.parametrize("name", ["customers", "subscriptions", "invoices", "payments", "refunds"])
def test_resuming_after_any_page_gives_the_same(
    address: str, seeded: dict[str, str], name: str
) -> None:
    def pages(state: Any) -> list[Page]:
        connector = connect(address, page_size=2)
        return list(connector.read(connector.stream(name), state))

    def keys(found: Sequence[Page]) -> set[str]:
        return {str(record["id"]) for page in found for record in page.records}

    whole = pages({})
    assert keys(whole)
    for cut, page in enumerate(whole, start=1):
        assert keys(whole[:cut]) | keys(pages(page.state)) == keys(whole)


def test_scores_are_written_and_read_again(
    address: str, seeded: dict[str, str], drive: Drive
) -> None:
    connector = connect(address)
    target = connector.target("customer")
    values = {"efm_nps": 9, "efm_band": "promoter", "efm_last_response_on": date(2026, 9, 21)}
    items = [Item("1", values, seeded["paying"]), Item("2", values, "cus_nobody")]
    done, refused = connector.write(target, items)
    assert (done.ok, done.remote_id) == (True, seeded["paying"])
    assert (refused.ok, refused.message) == (False, "There is no such customer.")
    read = drive(
        f"print(json.dumps(stripe.Customer.retrieve({seeded['paying']!r}).metadata.to_dict()))",
    )
    assert read == {
        "company": "Łukasz AG",
        "efm_nps": "9",
        "efm_band": "promoter",
        "efm_last_response_on": "2026-09-21",
    }


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[Delivery]]]:
    """An address on this machine that keeps what is sent to it."""
    kept: list[Delivery] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = list(self.headers.items())
            kept.append(Delivery("POST", HOOK, headers, body, datetime.now(UTC)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", kept
    server.shutdown()
    thread.join()
    server.server_close()


def test_its_webhooks_are_verified_and_received(
    address: str, seeded: dict[str, str], drive: Drive, inbox: tuple[str, list[Delivery]]
) -> None:
    url, kept = inbox
    told = {"url": url, "secret": SECRET, "events": ["customer.updated"]}
    assert httpx.post(f"{address}/_config/webhooks/1", json=told).status_code == 200
    script = f"print(json.dumps(stripe.Customer.modify({seeded['paying']!r}, name='Zoë').id))"
    drive(script)
    ends = time.monotonic() + 15
    # What other tests changed a moment before is sent too, and anything may be sent twice.
    while not (ours := [e for e in kept if json.loads(e.body)["data"]["object"]["name"] == "Zoë"]):
        assert time.monotonic() < ends, kept
        time.sleep(0.02)
    delivery = ours[0]
    connector = connect(address)
    assert connector.verify(delivery) == json.loads(delivery.body)["id"]
    found = dict(connector.receive(delivery))
    assert {name: [r["name"] for r in page.records] for name, page in found.items()} == {
        "customers": ["Zoë"],
        "companies": ["Zoë"],
    }
    with pytest.raises(BadSignature):
        connect(address, webhook_secret="whsec_other").verify(delivery)
