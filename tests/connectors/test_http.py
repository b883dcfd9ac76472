"""The HTTP door: patience, budgets, classification, redaction, and the address it connects to."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from connectors import http as door
from connectors.errors import (
    ConfigError,
    ConnectorError,
    CursorExpired,
    RecordError,
    Throttled,
    Transient,
)
from connectors.guard import Guard
from connectors.http import Budget, Http, budget_for

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Answer = Callable[[httpx.Request], httpx.Response]


class Far:
    """A far side that plays its answers in order (the last one for ever)."""

    def __init__(self, *answers: httpx.Response | Exception | Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def client(self, **more: Any) -> Http:
        given: dict[str, Any] = {
            "transport": httpx.MockTransport(self),
            "sleep": self.slept.append,
            "now": lambda: NOW,
            "jitter": lambda most: most,
            **more,
        }
        return Http("https://crm.example.com/api/", **given)


def ok(body: Any = None) -> httpx.Response:
    return httpx.Response(200, json={"ok": True} if body is None else body)


def test_paths_join_the_base_and_json_comes_back() -> None:
    far = Far(ok())
    assert far.client(headers={"Authorization": "Bearer t"}).json(
        "GET", "v1/x", params={"a": 1}
    ) == {"ok": True}
    (request,) = far.requests
    assert str(request.url) == "https://crm.example.com/api/v1/x?a=1"
    assert request.headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (301, {"Location": "https://evil.example.com"}, ConfigError),
        (400, {}, ConfigError),
        (401, {}, ConfigError),
        (403, {}, ConfigError),
        (403, {"Retry-After": "3600"}, Throttled),
        (404, {}, ConfigError),
        (408, {}, Transient),
        (410, {}, CursorExpired),
        (429, {}, Throttled),
        (500, {}, Transient),
        (503, {"Retry-After": "3600"}, Throttled),
        (503, {}, Transient),
    ],
)
def test_each_status_has_its_recovery(
    status: int, headers: dict[str, str], error: type[ConnectorError]
) -> None:
    far = Far(httpx.Response(status, headers=headers, text="said"))
    with pytest.raises(error) as caught:
        far.client().request("GET", "x")
    assert type(caught.value) is error
    assert len(far.requests) == (4 if error is Transient else 1)
    assert all("evil" not in str(request.url) for request in far.requests)


def test_accepted_statuses_are_returned_and_own_rules_come_first() -> None:
    far = Far(httpx.Response(404), httpx.Response(500, json={"ERROR": "SBL-EAI-04383"}))

    def classify(response: httpx.Response) -> ConnectorError | None:
        return RecordError(None, "Refused.") if "SBL-" in response.text else None

    client = far.client(classify=classify)
    assert client.request("GET", "x", accept={404}).status_code == 404
    with pytest.raises(RecordError):
        client.request("GET", "x")


def test_passing_faults_are_retried_with_growing_patience() -> None:
    far = Far(httpx.Response(503), httpx.ReadTimeout("slow"), httpx.Response(502), ok())
    assert far.client().json("GET", "x") == {"ok": True}
    assert far.slept == [1.0, 2.0, 4.0]


def test_jitter_is_full() -> None:
    far = Far(httpx.Response(503), ok())
    seen: list[float] = []
    far.client(jitter=lambda most: seen.append(most) or 0.25).request("GET", "x")
    assert seen == [1.0]
    assert far.slept == [0.25]


@pytest.mark.parametrize(
    ("method", "error", "calls"),
    [
        ("GET", httpx.ReadTimeout("slow"), 4),
        ("POST", httpx.ReadTimeout("slow"), 1),  # the far side may have done it
        ("POST", httpx.ConnectError("refused"), 4),  # it cannot have seen it
        ("POST", httpx.RemoteProtocolError("cut"), 1),
        ("PUT", httpx.RemoteProtocolError("cut"), 4),
    ],
)
def test_only_what_is_safe_is_sent_twice(method: str, error: Exception, calls: int) -> None:
    far = Far(error)
    with pytest.raises(Transient):
        far.client().request(method, "x")
    assert len(far.requests) == calls
    if method == "POST" and calls == 1:
        far.requests.clear()
        with pytest.raises(Transient):
            far.client().request(method, "x", is_repeatable=True)
        assert len(far.requests) == 4


@pytest.mark.parametrize(
    ("said", "slept"),
    [("7", 8.0), (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 10.0), ("0", 1.0)],
)
def test_retry_after_is_waited_for(said: str, slept: float) -> None:
    far = Far(httpx.Response(429, headers={"Retry-After": said}), ok())
    far.client().request("POST", "x")
    assert far.slept == [slept]


def test_a_long_retry_after_frees_the_worker() -> None:
    far = Far(httpx.Response(429, headers={"Retry-After": "900"}))
    with pytest.raises(Throttled) as caught:
        far.client().request("GET", "x")
    assert caught.value.at(NOW) == NOW + timedelta(minutes=15)
    assert far.slept == []


@pytest.mark.parametrize("said", ["soon", "-5", "9" * 400, "Thu, 99 Foo"])
def test_a_mad_retry_after_is_survived(said: str) -> None:
    far = Far(httpx.Response(429, headers={"Retry-After": said}))
    with pytest.raises(Throttled) as caught:
        far.client().request("GET", "x")
    assert caught.value.seconds(NOW) <= 7 * 86_400


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        (b"<!DOCTYPE html><p>Sign in", ConfigError, "a web page instead of data"),
        (b'{"a": [1, 2', Transient, "cut or damaged"),
        (b"[" * 100_000, Transient, "cut or damaged"),
    ],
)
def test_what_is_no_json_is_told(body: bytes, error: type[ConnectorError], said: str) -> None:
    far = Far(httpx.Response(200, content=body))
    with pytest.raises(error, match=said):
        far.client().json("GET", "x")


def test_no_content_is_nothing() -> None:
    assert Far(httpx.Response(204)).client().json("DELETE", "x") is None


def test_the_credential_stays_with_its_host() -> None:
    far = Far(ok())
    client = far.client()
    client.request("GET", "https://crm.example.com/api/next?page=2")
    for elsewhere in ("https://evil.example.com/x", "http://crm.example.com/x", "//evil.com/x"):
        with pytest.raises(ConfigError, match="not sent there"):
            client.request("GET", elsewhere)
    assert len(far.requests) == 1


def test_messages_hold_no_secret_and_no_query() -> None:
    far = Far(httpx.Response(400, text="bad token tok-123 for ann@example.com"))
    client = far.client(secrets=["tok-123", ""])
    with pytest.raises(ConfigError) as caught:
        client.request("GET", "x?email=ann@example.com")
    assert "tok-123" not in str(caught.value)
    assert "email=" not in str(caught.value)
    assert "tok-123" not in repr(client)


def test_too_much_and_too_slow_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "LARGEST_BODY", 1_000)
    with pytest.raises(ConfigError, match="in one answer"):
        Far(httpx.Response(200, content=b"x" * 2_000)).client().request("GET", "x")
    bomb = httpx.Response(
        200, content=gzip.compress(bytes(100_000)), headers={"Content-Encoding": "gzip"}
    )
    with pytest.raises(ConfigError, match="in one answer"):
        Far(bomb).client().request("GET", "x")
    ticks = iter(range(0, 10_000, 200))
    with pytest.raises(Transient, match="took too long"):
        Far(ok()).client(clock=lambda: float(next(ticks)), deadline=100).request("GET", "x")


def test_the_servers_clock_is_remembered() -> None:
    far = Far(httpx.Response(200, headers={"Date": format_datetime(NOW, usegmt=True)}, json={}))
    client = far.client()
    assert client.server_time is None
    client.request("GET", "x")
    assert client.server_time == NOW


# --- budgets --------------------------------------------------------------------------------


def test_a_budget_allows_a_burst_and_then_its_rate() -> None:
    now = [0.0]
    budget = Budget(rate=2, burst=3, clock=lambda: now[0])
    assert [budget.take() for _ in range(5)] == [0, 0, 0, 0.5, 1.0]
    now[0] = 10.0
    assert [budget.take() for _ in range(4)] == [0, 0, 0, 0.5]
    with pytest.raises(ValueError, match="positive rate"):
        Budget(0, 1)


def test_a_spent_budget_waits_or_frees_the_worker() -> None:
    far = Far(ok())
    budget = Budget(rate=1, burst=1, clock=lambda: 0.0)
    client = far.client(budget=budget, longest_wait=2.0)
    for _ in range(3):
        client.request("GET", "x")
    assert far.slept == [1.0, 2.0]
    with pytest.raises(Throttled) as caught:
        client.request("GET", "x")
    assert caught.value.until == pytest.approx(3.0)
    assert len(far.requests) == 3
    with pytest.raises(Throttled) as again:  # what was not called is not spent
        client.request("GET", "x")
    assert again.value.until == pytest.approx(3.0)


def test_connections_of_one_credential_share_a_budget() -> None:
    assert budget_for("crm", "key-1", 5, 5) is budget_for("crm", "key-1", 5, 5)
    assert budget_for("crm", "key-1", 5, 5) is not budget_for("crm", "key-2", 5, 5)


# --- addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["", "crm.example.com", "ftp://x", "file:///etc/passwd", "https://", "http://crm.example.com",
     "https://user:pw@crm.example.com", "https://[bad"],
)  # fmt: skip
def test_only_https_addresses_without_credentials(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Http(url)
    assert "pw" not in caught.value.message


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(self.headers["Host"])  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"ok": true}')

    def log_message(self, *args: Any) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_it_connects_to_the_address_that_was_judged(server: Any) -> None:
    port, asked = server.server_address[1], []

    def resolver(host: str, port: int, **more: Any) -> list[Any]:
        asked.append(host)
        # A name that changes its mind: what is asked later would lead elsewhere.
        address = "127.0.0.1" if len(asked) == 1 else "192.0.2.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    guard = Guard(["crm.test"], resolver)
    with Http(f"http://crm.test:{port}", guard=guard) as client:
        assert client.json("GET", "a") == {"ok": True}
        assert client.json("GET", "b") == {"ok": True}
    assert asked == ["crm.test"]
    assert server.seen == [f"crm.test:{port}"] * 2


def test_a_name_that_leads_home_is_never_called(server: Any) -> None:
    port = server.server_address[1]

    def resolver(host: str, port: int, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with (
        Http(f"https://crm.example.com:{port}", guard=Guard(resolver=resolver)) as client,
        pytest.raises(ConfigError, match="private or reserved"),
    ):
        client.request("GET", "a")
    assert server.seen == []


def test_the_environments_proxy_is_not_asked(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://192.0.2.1:9")
    port = server.server_address[1]
    with Http(f"http://127.0.0.1:{port}", guard=Guard(["127.0.0.1"])) as client:
        assert client.json("GET", "a") == {"ok": True}


def test_a_closed_port_is_a_passing_fault(server: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        client = Http(
            f"http://127.0.0.1:{port}", guard=Guard(["127.0.0.0/8"]), sleep=lambda seconds: None
        )
        with client, pytest.raises(Transient, match="cannot be reached"):
            client.request("GET", "a")
