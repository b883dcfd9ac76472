"""OAuth 2.0 for connectors: asking for tokens, keeping them, renewing them, calling with them.

Grants: client credentials, refresh token (with rotation) and authorization code with PKCE (RFC
6749, RFC 7636), and signed assertions (RFC 7523). A token endpoint is spoken to through the HTTP
door like everything else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx

from connectors.errors import ConfigError, ConnectorError, Throttled, Transient
from connectors.http import Classify, Http
from connectors.outside import Outside

ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MARGIN = timedelta(seconds=60)
"""A token is renewed so long before it expires, so that it does not die on its way."""

_SENDABLE = re.compile(r"[\x21-\x7e]{1,16384}").fullmatch
_PEM = re.compile(
    r"\s*-----BEGIN ((?:RSA )?PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*"
).fullmatch


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `expires_at` None: it holds until it is refused. `said` is the whole reply."""

    access: str = field(repr=False)
    expires_at: datetime | None = None
    refresh: str = field(default="", repr=False)
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_token(said: Any, now: datetime) -> Token:
    """The token of a reply (RFC 6749, 5.1). Raises ConfigError when there is none in it."""
    reply = said if isinstance(said, Mapping) else {}
    access, kind = reply.get("access_token"), reply.get("token_type", "Bearer")
    if not isinstance(access, str) or not _SENDABLE(access):
        raise ConfigError("The sign-in answered without a usable token; check its address.")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise ConfigError("The sign-in gives tokens of an unknown kind; check its address.")
    refresh = reply.get("refresh_token")
    return Token(
        access, _expiry(reply, now), refresh if isinstance(refresh, str) else "", dict(reply)
    )


def _expiry(reply: Mapping[str, Any], now: datetime) -> datetime | None:
    try:
        seconds = float(reply.get("expires_in", ""))
        return now + timedelta(seconds=max(0.0, seconds))
    except (TypeError, ValueError, OverflowError):
        return None


def refusal(about: Mapping[str, str], hidden: Sequence[str] = ()) -> Classify:
    """What the errors of a token endpoint mean (RFC 6749, 5.2), as the door's `classify`.

    `about` maps error codes to the setting at fault (“*”: all others), so that the form can show
    the message there; `hidden` are texts cut out of what the endpoint says.
    """

    def classify(response: httpx.Response) -> ConnectorError | None:
        if response.status_code == 429 or not 400 <= response.status_code < 600:
            return None
        try:
            said = json.loads(response.content)
        except (ValueError, RecursionError):
            return None
        code = said.get("error") if isinstance(said, dict) else None
        if not isinstance(code, str):
            return None
        words = said.get("error_description")
        text = " ".join(words.split())[:300] if isinstance(words, str) else ""
        for each in hidden:
            text = text.replace(each, "…") if each else text
        return _named(code[:60], text, about.get(code, about.get("*", "")), response.url.host)

    return classify


def _named(code: str, text: str, setting: str, host: str) -> ConnectorError:
    if code in ("temporarily_unavailable", "server_error"):
        return Transient(f"{host} cannot sign us in at the moment.")
    if code in ("slow_down", "rate_limit_exceeded") or "rate exceeded" in text.lower():
        return Throttled(300.0, f"{host} lets nobody sign in so often; it is tried again later.")
    shown = f" It says: {text}" if text else ""
    message = f"{host} refuses to sign us in ({code}); check the credentials.{shown}"
    return ConfigError(message, {setting: [text or code]} if setting else None)


class Endpoint:
    """The token endpoint of one client. `auth`: how it proves itself, `basic`, `body` or `none`.

    `about` is as in `refusal`.
    """

    def __init__(
        self,
        outside: Outside,
        url: str,
        *,
        connector: str,
        client_id: str,
        client_secret: str = "",
        auth: str = "basic",
        about: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        if auth not in ("basic", "body", "none"):
            raise ValueError("a client proves itself by basic, body or none")
        self._outside, self._url, self._auth = outside, url, auth
        self._id, self._secret = client_id, client_secret
        self._http = outside.http(
            url, connector=connector, credential=client_id, rate=2.0, burst=10,
            secrets=[client_secret], classify=refusal(about or {}, [client_secret]), **more,
        )  # fmt: skip

    def ask(self, form: Mapping[str, str]) -> Token:
        """The token for a grant, given as the form's fields.

        Raises ConfigError for refused credentials, Throttled, Transient.
        """
        sent, headers = dict(form), {}
        if self._auth == "basic":
            pair = f"{quote_plus(self._id)}:{quote_plus(self._secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            sent["client_id"] = self._id
            if self._auth == "body":
                sent["client_secret"] = self._secret
        # A code or a refresh token may be good for one use, so nothing is sent twice.
        said = self._http.json("POST", self._url, data=sent, headers=headers)
        return read_token(said, self._outside.now())

    def client_credentials(self, scope: str = "") -> Token:
        """A token for the client itself (RFC 6749, 4.4)."""
        return self.ask({"grant_type": "client_credentials", **({"scope": scope} if scope else {})})

    def assertion(self, signed: str) -> Token:
        """A token for a signed assertion (RFC 7523); see `sign`."""
        return self.ask({"grant_type": ASSERTION, "assertion": signed})

    def code(self, code: str, redirect_uri: str, verifier: str) -> Token:
        """The token for the code that came back from the authorization page (RFC 7636, 4.5)."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return self.ask({**form, "code_verifier": verifier})

    def refresh(self, refresh_token: str) -> Token:
        """A new token for a refresh token (RFC 6749, 6); often with a new refresh token, too."""
        return self.ask({"grant_type": "refresh_token", "refresh_token": refresh_token})


class Rotation:
    """Fetches by a refresh token that may be replaced at each use; for `Tokens`.

    `current` reads the newest refresh token from where it is kept, `keep` stores the one that
    replaces it: before the new access token is used, or the next start would have neither.
    """

    def __init__(
        self, endpoint: Endpoint, current: Callable[[], str], keep: Callable[[str], None]
    ) -> None:
        self._endpoint, self._current, self._keep = endpoint, current, keep

    def __call__(self) -> Token:
        used = self._current()
        if not used:
            raise ConfigError("This connection is not authorized yet; authorize it.")
        try:
            token = self._endpoint.refresh(used)
        except ConfigError:
            newer = self._current()  # another worker may have used it before us
            if newer == used:
                raise
            used, token = newer, self._endpoint.refresh(newer)
        if token.refresh and token.refresh != used:
            self._keep(token.refresh)
        return token


class Tokens:
    """The token of one credential: fetched on first use, kept until it expires or is refused.

    Thread-safe; however many ask, one fetches.
    """

    def __init__(
        self, fetch: Callable[[], Token], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._fetch, self._now = fetch, now
        self._token: Token | None = None
        self._lock = threading.Lock()

    def token(self) -> Token:
        """The token to use now. Raises what `fetch` raises."""
        with self._lock:
            kept = self._token
            if kept is None or (kept.expires_at and kept.expires_at - MARGIN <= self._now()):
                kept = self._token = self._fetch()
            return kept

    def renew(self, refused: Token) -> Token:
        """Another token than the refused one; fetched unless somebody else did meanwhile."""
        with self._lock:
            if self._token is None or self._token.access == refused.access:
                self._token = None
                self._token = self._fetch()
            return self._token


class Bearer:
    """Calls with a bearer token (RFC 6750), renewed once when a call is refused with 401.

    `door` makes the client that carries a token: its header, its secret, its host.
    """

    def __init__(self, tokens: Tokens, door: Callable[[Token], Http]) -> None:
        self._tokens, self._door = tokens, door
        self._made: tuple[Token, Http] | None = None
        self._lock = threading.Lock()

    def http(self) -> Http:
        """The client for the token of now."""
        return self._client(self._tokens.token())

    def request(
        self, method: str, path: str, *, accept: Collection[int] = (), **arguments: Any
    ) -> httpx.Response:
        """As `Http.request`."""
        token = self._tokens.token()
        client = self._client(token)
        response = client.request(method, path, accept={*accept, 401}, **arguments)
        if response.status_code != 401:
            return response
        client = self._client(self._tokens.renew(token))
        return client.request(method, path, accept=accept, **arguments)

    def _client(self, token: Token) -> Http:
        with self._lock:
            if self._made is None or self._made[0].access != token.access:
                self._made = (token, self._door(token))
            return self._made[1]


def sign(private_key: str, claims: Mapping[str, Any], now: datetime, seconds: int = 180) -> str:
    """A JWT signed by RS256 with these claims, good for some seconds (RFC 7523, 3).

    Raises ConfigError when the key is none.
    """
    import jwt

    moment = int(now.timestamp())
    try:
        return jwt.encode(
            {"iat": moment, "exp": moment + seconds, **claims}, pem(private_key), algorithm="RS256"
        )
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise ConfigError(
            "The private key cannot be read; paste the whole PEM text of an RSA key that has no "
            "password, from -----BEGIN to END-----."
        ) from error


def pem(text: str) -> str:
    """The PEM text of a private key with its line breaks, which a one-line input takes away (RFC
    7468). Raises ValueError for anything else, also for a key that has a password."""
    found = _PEM(text)
    if found is None:
        raise ValueError("no PEM text of a private key")
    body = "".join(found[2].split())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {found[1]}-----", *lines, f"-----END {found[1]}-----", ""])


def new_verifier() -> str:
    """A fresh PKCE code verifier, kept with the state until the code comes back (RFC 7636, 4.1)."""
    return secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization_url(
    url: str, *, client_id: str, redirect_uri: str, state: str, verifier: str, scope: str = "",
    **more: str,
) -> str:  # fmt: skip
    """Where to send the person who authorizes us (RFC 6749, 4.1.1; RFC 7636, 4.3)."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        **({"scope": scope} if scope else {}),
        **more,
    }
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
