"""The simulated account judged by Stripe's own client: what it understands, the simulator may say."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.connectors.stripe.samples import CHARGE, REFUND, rest
from tests.connectors.stripe.simulator import KEY, Account
from tests.foreign import python_of

CLIENT = """
import json, sys
import stripe
stripe.api_base, stripe.api_key, stripe.max_network_retries = sys.argv[1], sys.argv[2], 0
said = {}

def refusal(call):
    try:
        call()
    except stripe.StripeError as error:
        return [type(error).__name__, error.http_status, error.code, error.user_message or str(error)]
    return None

listed = stripe.Customer.list(limit=3)
said["newest"] = [each.id for each in listed.data]
said["all"] = [each.id for each in listed.auto_paging_iter()]
said["since"] = [e.id for e in stripe.Customer.list(limit=9, created={"lte": int(sys.argv[3])})]
kinds = ["customer.updated", "product.created"]
said["types"] = sorted({e.type for e in stripe.Event.list(limit=100, types=kinds).auto_paging_iter()})
said["expanded"] = stripe.Refund.list(expand=["data.charge"]).data[0].charge.customer
said["one"] = stripe.Refund.retrieve("re_1", expand=["charge"]).charge.id
said["deleted"] = stripe.Customer.retrieve("cus_gone").deleted
changed = stripe.Customer.modify("cus_1", metadata={"efm_nps": 9}, idempotency_key="k")
again = stripe.Customer.modify("cus_1", metadata={"efm_nps": 9}, idempotency_key="k")
said["metadata"] = changed.metadata.to_dict() if hasattr(changed.metadata, "to_dict") else changed.metadata
said["replayed"] = again.last_response.headers.get("Idempotent-Replayed")
said["refused"] = {
    "missing": refusal(lambda: stripe.Product.retrieve("prod_x")),
    "anchor": refusal(lambda: stripe.Customer.list(starting_after="cus_x")),
    "limit": refusal(lambda: stripe.Customer.list(limit=101)),
    "unknown": refusal(lambda: stripe.Customer.list(updated=1)),
    "key twice": refusal(lambda: stripe.Customer.modify("cus_1", name="x", idempotency_key="k")),
    "denied": refusal(lambda: stripe.Invoice.list()),
    "key": refusal(lambda: stripe.Customer.list(api_key="sk_test_other")),
}
for name in ("throttled", "broken"):
    said["refused"][name] = refusal(lambda: stripe.Customer.list())
print(json.dumps(said))
"""


@contextmanager
def serving(account: Account) -> Iterator[str]:
    """The account at an address on this machine, while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            request = httpx.Request(
                self.command,
                f"http://127.0.0.1{self.path}",
                headers=list(self.headers.items()),
                content=self.rfile.read(size),
            )
            response = account.handle(request)
            self.send_response_only(response.status_code)
            for name, value in response.headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, *_: Any) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    python: Path = python_of("localstripe")
    account = Account()
    for number in range(7):
        account.put("customers", f"cus_{number}", name="x")
    account.put("customers", "cus_1", name="y")
    account.put("products", "prod_1", name="Gold")
    account.put("charges", "ch_1", **{**rest(CHARGE), "customer": "cus_1"})
    account.put("refunds", "re_1", **{**rest(REFUND), "charge": "ch_1"})
    account.put("customers", "cus_gone", name="gone")
    account.delete("customers", "cus_gone")
    account.denied.add("invoices")
    third = str(account.rows["customers"]["cus_2"]["created"])
    handle, count = account.handle, 0

    def failing(request: httpx.Request) -> httpx.Response:
        nonlocal count
        if request.url.path == "/v1/customers" and not request.url.query:
            count += "other" not in request.headers["Authorization"]
            if count == 1:
                return httpx.Response(
                    429, json={"error": {"code": "rate_limit", "message": "Too many"}}
                )
            if count == 2:
                return httpx.Response(500, json={"error": {"type": "api_error", "message": "x"}})
        return handle(request)

    account.handle = failing  # type: ignore[method-assign]
    with serving(account) as address:
        done = subprocess.run(
            [python, "-c", CLIENT, address, KEY, third], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_client_walks_the_lists(said: dict[str, Any]) -> None:
    assert said["newest"] == ["cus_6", "cus_5", "cus_4"]
    assert said["all"] == [f"cus_{number}" for number in (6, 5, 4, 3, 2, 1, 0)]
    assert said["since"] == ["cus_2", "cus_1", "cus_0"]
    assert said["types"] == ["customer.updated", "product.created"]


def test_the_client_understands_objects(said: dict[str, Any]) -> None:
    assert (said["expanded"], said["one"], said["deleted"]) == ("cus_1", "ch_1", True)
    assert (said["metadata"], said["replayed"]) == ({"efm_nps": "9"}, "true")


@pytest.mark.parametrize(
    ("name", "kind", "status", "code"),
    [
        ("missing", "InvalidRequestError", 404, "resource_missing"),
        ("anchor", "InvalidRequestError", 400, "resource_missing"),
        ("limit", "InvalidRequestError", 400, None),
        ("unknown", "InvalidRequestError", 400, "parameter_unknown"),
        ("key twice", "IdempotencyError", 400, None),
        ("denied", "PermissionError", 403, None),
        ("key", "AuthenticationError", 401, None),
        ("throttled", "RateLimitError", 429, None),
        ("broken", "APIError", 500, None),
    ],
)
def test_the_client_knows_the_refusals(
    said: dict[str, Any], name: str, kind: str, status: int, code: str | None
) -> None:
    assert said["refused"][name][:3] == [kind, status, code]
