"""Signing in and describing by simple-salesforce, whose every call goes through the HTTP door.

Left alone it would post the credential to any domain, wait for ever and follow redirects. Here its
session has one adapter, which hands each request to a door that knows a single host.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from connectors import oauth
from connectors.errors import ConfigError, Transient
from connectors.outside import Outside
from connectors.systems.salesforce.config import CREDENTIALS, Home, instance

Send = Callable[..., httpx.Response]
ABOUT = {
    "invalid_client_id": "client_id",
    "invalid_client": "client_secret",
    "invalid_grant": "username",
    "invalid_app_access": "username",
    "inactive_user": "username",
}
"""Which setting an error of the token endpoint is about."""
_DAMAGED = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What simple-salesforce raises over an answer it did not expect."""


class Adapter:
    """A transport adapter of requests: the same call through a door, for one host only."""

    def __init__(self, host: str, send: Send, carries_token: bool) -> None:
        self._host, self._send, self._carries_token = host, send, carries_token

    def send(self, request: Any, **_: Any) -> Any:
        """A requests.Response for a requests.PreparedRequest.

        Raises ConfigError for another host, and whatever the door raises.
        """
        import requests

        url = urlsplit(request.url)
        if url.hostname != self._host or url.username or url.port not in (None, 443):
            raise ConfigError("The call led to another host; the credential is not sent there.")
        names = ["Content-Type", "Accept", *([] if self._carries_token else ["Authorization"])]
        headers = {name: request.headers[name] for name in names if name in request.headers}
        path = url.path.replace("//", "/") + (f"?{url.query}" if url.query else "")
        found = self._send(request.method, path, headers=headers, content=request.body or b"")
        response = requests.Response()
        response.status_code, response.url, response.request = (
            found.status_code,
            request.url,
            request,
        )
        response.headers.update(found.headers)
        response.raw, response.encoding = io.BytesIO(found.content), "utf-8"
        return response

    def close(self) -> None:
        """Nothing of its own is open."""


def session(host: str, send: Send, *, carries_token: bool) -> Any:
    """A requests.Session that reaches this host through the door and nothing else.

    `carries_token`: the door brings the Authorization header itself.
    """
    import requests

    made = requests.Session()
    made.trust_env = False
    made.adapters.clear()
    made.mount("https://", cast(Any, Adapter(host, send, carries_token)))
    return made


def sign_in(outside: Outside, home: Home, config: Mapping[str, Any]) -> oauth.Token:
    """A token of the org; `said` holds its checked base address `instance_url`, and the org's time
    `at` which we signed in.

    Raises ConfigError for refused credentials or a strange instance, Throttled, Transient.
    """
    is_secret = config["auth"] == CREDENTIALS
    if is_secret and not home.is_my_domain:
        text = "Client credentials need the org's own My Domain, not the sign-in for all."
        raise ConfigError(text, {"domain": [text]})
    proof: dict[str, str] = {"consumer_key": config["client_id"], "domain": home.name}
    if is_secret:
        proof["consumer_secret"] = config["client_secret"]
    else:
        # simple-salesforce calls the token's audience `domain` and the org's name `instance_url`.
        proof |= {"username": config["username"], "domain": home.audience}
        proof |= {"instance_url": home.name, "privatekey": _key(config["private_key"], outside)}
    hidden = [config["client_secret"], config["private_key"]]
    door = outside.http(
        home.url, connector="salesforce-login", credential=config["client_id"], rate=2.0, burst=20,
        secrets=hidden, classify=oauth.refusal(_about(is_secret), hidden),
    )  # fmt: skip
    with door:
        made = session(f"{home.name}.salesforce.com", _posting(door.request), carries_token=False)
        access, host = _login(made, proof)
        token = oauth.read_token({"access_token": access}, outside.now())
        signed_in_at = door.server_time or outside.now()
        where = host if "://" in str(host) else f"{urlsplit(home.url).scheme}://{host}"
        return oauth.Token(
            token.access,
            None,
            "",
            {"instance_url": instance(where, outside.guard), "at": signed_in_at},
        )


def _about(is_secret: bool) -> dict[str, str]:
    """By secret the run-as user is at fault when a grant is refused; nothing to show it beside."""
    return {**ABOUT, "invalid_grant": "client_id"} if is_secret else ABOUT


def _posting(send: Send) -> Send:
    """Asking for a token changes nothing there, so it may be asked twice."""

    def post(method: str, path: str, **arguments: Any) -> httpx.Response:
        return send(method, path, is_repeatable=True, **arguments)

    return post


def _key(text: str, outside: Outside) -> str:
    try:
        oauth.sign(text, {}, outside.now())
    except ConfigError as error:
        raise ConfigError(error.message, {"private_key": [error.message]}) from error
    return oauth.pem(text)


def _login(made: Any, proof: Mapping[str, str]) -> tuple[Any, Any]:
    from simple_salesforce.exceptions import SalesforceError
    from simple_salesforce.login import SalesforceLogin

    try:
        return SalesforceLogin(session=made, **proof)  # type: ignore[arg-type]
    except SalesforceError as error:
        if "<" in str(error)[:60]:
            raise ConfigError(
                "The sign-in answered with a web page instead of a token; check the My Domain."
            ) from error
        raise Transient("The sign-in's answer is cut or damaged.") from error
    except _DAMAGED as error:
        raise Transient("The sign-in's answer is cut or damaged.") from error


def describe(send: Send, version: str, name: str | None = None) -> Any:
    """What the org says of one object, or of all when no name is given: its JSON, unchecked."""
    from simple_salesforce.api import Salesforce
    from simple_salesforce.exceptions import SalesforceError

    # The door has the host and the token; both are only names to simple-salesforce.
    host = "org.my.salesforce.com"
    made = session(host, send, carries_token=True)
    org = Salesforce(session_id="-", instance=host, session=made, version=version)
    try:
        return org.describe() if name is None else getattr(org, name).describe()
    except (SalesforceError, *_DAMAGED) as error:
        raise Transient("Salesforce's description of the org is cut or damaged.") from error
