"""The door to systems spoken to by HTTP: time limits, patience, budgets and clear failures.

One `Http` serves one credential at one host. It never follows redirects, sends its credential
nowhere else, reads no proxy from the environment, and reports every failure as one of the
errors of `connectors.errors`, with the secrets cut out.
"""

from __future__ import annotations

import json
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

import httpx

from connectors.errors import ConfigError, ConnectorError, CursorExpired, Throttled, Transient
from connectors.guard import Guard

TIMEOUT = httpx.Timeout(connect=10.0, read=60.0, write=60.0, pool=10.0)
LARGEST_BODY = 64 * 1024 * 1024
Classify = Callable[[httpx.Response], ConnectorError | None]


class Budget:
    """A token bucket: `rate` calls a second on average, `burst` at once. Thread-safe."""

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError("a budget needs a positive rate and a burst of one or more")
        self.rate, self.burst, self._clock = rate, burst, clock
        self._tokens, self._at = float(burst), clock()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Takes one call and returns the seconds to wait before making it."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self.rate)

    def give_back(self) -> None:
        """Returns a call that was not made."""
        with self._lock:
            self._tokens = min(self.burst, self._tokens + 1)


_budgets: dict[tuple[str, str], Budget] = {}
_budgets_lock = threading.Lock()


def budget_for(connector: str, credential: str, rate: float, burst: int) -> Budget:
    """The process-wide budget of one credential of one connector, made on first use."""
    with _budgets_lock:
        return _budgets.setdefault((connector, credential), Budget(rate, burst))


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """What certificates are judged by, read once: reading them takes longer than many a call."""
    return httpx.create_ssl_context()


class _Pinned(httpx.BaseTransport):
    """Connects to the address the guard found; TLS still checks the name."""

    def __init__(self, guard: Guard, inner: httpx.BaseTransport) -> None:
        self._guard, self._inner = guard, inner
        self._known: dict[tuple[str, int], str] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        address = self._known.get((host, port))
        if address is None:
            address = self._known[(host, port)] = self._guard.resolve(host, port)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        try:
            return self._inner.handle_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            self._known.pop((host, port), None)  # the name may lead elsewhere by now
            raise

    def close(self) -> None:
        self._inner.close()


class Http:
    """A client for one host and one credential; see the module's docstring.

    `classify` may name the error of a response before the usual rules do (some systems answer
    business errors with 500). `secrets` are cut out of every message. `longest_wait` is how long,
    in seconds, it waits itself before it raises Throttled for the runner to reschedule.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        budget: Budget | None = None,
        guard: Guard | None = None,
        classify: Classify | None = None,
        transport: httpx.BaseTransport | None = None,
        tries: int = 4,
        longest_wait: float = 20.0,
        deadline: float = 300.0,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float], float] = lambda most: random.uniform(0, most),  # noqa: S311
    ) -> None:
        guard = guard or Guard()
        self._base = _base_url(base_url, guard)
        self._secrets = tuple(each for each in secrets if each)
        self._budget, self._classify = budget, classify
        self._tries, self._longest_wait, self._deadline = tries, longest_wait, deadline
        self._sleep, self._now, self._clock, self._jitter = sleep, now, clock, jitter
        self.server_time: datetime | None = None
        self._client = httpx.Client(
            headers={"Accept": "application/json", **(headers or {})},
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            transport=_Pinned(guard, httpx.HTTPTransport(verify=_tls()))
            if transport is None
            else transport,
        )

    def __repr__(self) -> str:
        return f"Http({self._base.scheme}://{self._base.host})"

    def __enter__(self) -> Http:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        accept: Collection[int] = (),
        is_repeatable: bool | None = None,
        **arguments: Any,
    ) -> httpx.Response:
        """One call, repeated with full-jitter back-off where that is safe and may help.

        `path` is relative to the base address or absolute on the same host. Statuses in `accept`
        are returned for the caller to judge; other failures raise. Only repeatable calls (by
        default all but POST and PATCH) are sent again once the far side may have seen them.
        """
        url = self._url(path)
        repeatable = (
            method.upper() not in ("POST", "PATCH") if is_repeatable is None else is_repeatable
        )
        for attempt in range(1, self._tries + 1):
            self._spend()
            try:
                response = self._send(method, url, arguments)
                failure = None if response.status_code in accept else self._failure(response)
                may_retry = repeatable or isinstance(failure, Throttled)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                failure, may_retry = self._cut("cannot be reached", error), True
            except httpx.TimeoutException as error:
                failure, may_retry = self._cut("took too long to answer", error), repeatable
            except (httpx.TransportError, httpx.DecodingError) as error:
                failure, may_retry = self._cut("broke the connection", error), repeatable
            if failure is None:
                return response
            self._pause(failure, attempt, may_retry)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def json(self, method: str, path: str, **arguments: Any) -> Any:
        """The JSON of one call. A web page is a ConfigError, a cut body Transient."""
        response = self.request(method, path, **arguments)
        try:
            return json.loads(response.content) if response.content else None
        except (ValueError, RecursionError) as error:
            start = response.content[:200].lstrip().lower()
            if start.startswith((b"<!doctype", b"<html", b"<?xml")):
                raise ConfigError(
                    f"{self._base.host} answered with a web page instead of data; check the address."
                ) from error
            raise Transient(f"{self._base.host} sent an answer that is cut or damaged.") from error

    def redact(self, text: str) -> str:
        """The text without any of the secrets."""
        for each in self._secrets:
            text = text.replace(each, "…")
        return text

    def _url(self, path: str) -> httpx.URL:
        try:
            url = self._base.join(path)
        except httpx.InvalidURL as error:
            raise ConfigError(f"{self._base.host} gave an address that is none.") from error
        if (url.scheme, url.host, url.port) != (
            self._base.scheme,
            self._base.host,
            self._base.port,
        ):
            raise ConfigError(
                f"{self._base.host} points to another host; the credential is not sent there."
            )
        return url

    def _spend(self) -> None:
        wait = self._budget.take() if self._budget else 0.0
        if wait > self._longest_wait and self._budget:
            self._budget.give_back()
            raise Throttled(wait, "The call budget of this connection is used up for now.")
        if wait > 0:
            self._sleep(wait)

    def _send(self, method: str, url: httpx.URL, arguments: Mapping[str, Any]) -> httpx.Response:
        """The whole response, within the size and time limits."""
        started, body = self._clock(), bytearray()
        with self._client.stream(method, url, **arguments) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise ConfigError(
                        f"{self._base.host} sent more than {LARGEST_BODY // 2**20} MB in one answer; "
                        "choose smaller pages."
                    )
                if self._clock() - started > self._deadline:
                    raise httpx.ReadTimeout("the whole answer took too long")
            headers = [
                (name, value)
                for name, value in response.headers.multi_items()
                if name.lower() not in ("content-encoding", "content-length", "transfer-encoding")
            ]
            whole = httpx.Response(
                response.status_code,
                headers=headers,
                content=bytes(body),
                request=httpx.Request(method, url),
            )
        self.server_time = _date(whole.headers.get("Date")) or self.server_time
        return whole

    def _failure(self, response: httpx.Response) -> ConnectorError | None:
        """The error a response stands for, None for success."""
        if self._classify is not None:
            named = self._classify(response)
            if named is not None:
                return named
        status, host = response.status_code, self._base.host
        if 200 <= status < 300 or status == 304:
            return None
        wait = self._retry_after(response)
        if status == 429 or (wait is not None and status in (403, 503)):
            return Throttled(60.0 if wait is None else wait)
        if 300 <= status < 400:
            return ConfigError(f"{host} redirects elsewhere; enter the final address instead.")
        if status in (401, 403):
            return ConfigError(
                f"{host} refuses the credential ({status}); check it and what it may do."
            )
        if status == 410:
            return CursorExpired(f"{host} no longer knows where we stopped; reading starts anew.")
        if status >= 500 or status in (408, 425):
            return Transient(f"{host} is not well at the moment ({status}).")
        said = self.redact(" ".join(response.text[:300].split()))
        return ConfigError(f"{host} refuses the request ({status}): {said}")

    def _retry_after(self, response: httpx.Response) -> float | None:
        said = response.headers.get("Retry-After", "").strip()
        if said.isascii() and said.isdigit():
            return min(float(said), 7 * 86400.0)
        moment = _date(said)
        return None if moment is None else max(0.0, (moment - self._now()).total_seconds())

    def _cut(self, what: str, error: Exception) -> Transient:
        failure = Transient(f"{self._base.host} {what}.")
        failure.__cause__ = error
        return failure

    def _pause(self, failure: ConnectorError, attempt: int, may_retry: bool) -> None:
        """Waits before the next attempt, or raises the failure."""
        if not may_retry or attempt >= self._tries:
            raise failure
        if isinstance(failure, Throttled):
            wait = failure.seconds(self._now())
            if wait > self._longest_wait:
                raise failure
            self._sleep(wait + self._jitter(1.0))
        elif isinstance(failure, Transient):
            self._sleep(self._jitter(min(self._longest_wait, 2.0 ** (attempt - 1))))
        else:
            raise failure


def _date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, TypeError, IndexError):
        return None
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC)


def _base_url(text: str, guard: Guard) -> httpx.URL:
    """The base address, which must be https unless the operator listed the host."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError) as error:
        raise ConfigError(
            "The address is not a web address, such as https://example.com."
        ) from error
    is_host = re.fullmatch(rb"[A-Za-z0-9._:-]+", url.raw_host) is not None
    if url.scheme not in ("http", "https") or not is_host:
        raise ConfigError("The address is not a web address, such as https://example.com.")
    if url.userinfo:
        raise ConfigError("The address must not contain a user name or password.")
    if url.scheme == "http" and not guard.is_listed(url.host):
        raise ConfigError("The address must begin with https://, so that nobody can listen.")
    return url if url.path.endswith("/") else url.copy_with(path=url.path + "/")
