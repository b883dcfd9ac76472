"""Signing in: the settings every kind of sign-in needs, and calls that carry the credential."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from connectors.errors import ConfigError, Transient
from connectors.http import Http
from connectors.oauth import Bearer, Endpoint, Token, Tokens
from connectors.outside import Outside

_NEEDS = {
    "none": (),
    "basic": ("user", "secret"),
    "bearer": ("secret",),
    "header": ("secret", "header_name"),
    "oauth2": ("user", "secret", "token_address"),
}
_MISSING = {
    "user": "Enter the user name (for OAuth 2.0: the client id).",
    "secret": "Enter the password, token or client secret.",
    "header_name": "Enter the name of the header that carries the key.",
    "token_address": "Enter the address where tokens are fetched.",
}


class Access(Schema):
    """Settings of the address and of signing in."""

    address = fields.String(
        required=True,
        validate=validate.Length(min=8, max=1000),
        metadata={
            "label": "Address",
            "help": "Where the interface begins, such as https://example.com/api/v1/.",
            "order": 1,
        },
    )
    auth = fields.String(
        load_default="bearer",
        validate=validate.OneOf(list(_NEEDS)),
        metadata={
            "label": "Sign in with",
            "choices": {
                "bearer": "A token",
                "basic": "User name and password",
                "header": "A key in a header of its own",
                "oauth2": "OAuth 2.0 client credentials",
                "none": "Nothing",
            },
            "order": 3,
            "is_shown": True,
        },
    )
    user = fields.String(
        load_default="",
        metadata={
            "label": "User name",
            "help": "For OAuth 2.0: the client id.",
            "order": 4,
            "is_shown": True,
        },
    )
    secret = fields.String(
        load_default="",
        metadata={
            "label": "Password or token",
            "help": "For OAuth 2.0: the client secret.",
            "secret": True,
            "order": 5,
        },
    )
    header_name = fields.String(
        load_default="",
        validate=validate.Regexp(
            r"^([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100})?$", error="A header's name, such as X-Api-Key."
        ),
        metadata={"label": "Header", "help": "For a key in a header of its own.", "order": 20},
    )
    token_address = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={
            "label": "Token address",
            "help": "For OAuth 2.0, such as https://login.example.com/oauth2/token.",
            "order": 21,
        },
    )
    scope = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={"label": "Scope", "help": "For OAuth 2.0, if one is asked for.", "order": 22},
    )
    calls_a_second = fields.Float(
        load_default=5.0,
        validate=validate.Range(min=0.1, max=100),
        metadata={"label": "Most calls a second", "order": 30},
    )

    @validates_schema
    def _complete(self, data: Mapping[str, Any], **unused: Any) -> None:
        absent = [name for name in _NEEDS.get(str(data.get("auth")), ()) if not data.get(name)]
        if absent:
            raise ValidationError({name: [_MISSING[name]] for name in absent})
        for name in ("user", "secret"):
            if re.search(r"[\x00-\x1f\x7f]", str(data.get(name) or "")):
                raise ValidationError({name: ["It contains a line break; enter it again."]})


class Far:
    """The far side: calls with the credential of a connection, JSON with exact numbers."""

    def __init__(
        self,
        connector: str,
        config: Mapping[str, Any],
        outside: Outside,
        headers: Mapping[str, str],
    ) -> None:
        self._connector, self._config, self._outside = connector, config, outside
        self._address, _, query = str(config["address"]).partition("?")
        self.params: Mapping[str, str] = dict(parse_qsl(query))
        self._http = self._open({**headers, **_static(config)})
        tokens = _tokens(connector, config, outside)
        self._bearer = Bearer(tokens, lambda token: self._open(headers, token)) if tokens else None
        address = self._address
        self.host = urlsplit(address).hostname or ""
        self.own = {"origin": self.origin_of(address), "user": str(config["user"])}

    @property
    def http(self) -> Http:
        """The client of now, which a new token replaces."""
        return self._bearer.http() if self._bearer else self._http

    def _open(self, headers: Mapping[str, str], token: Token | None = None) -> Http:
        """A client with these headers, and with the token where there is one."""
        config, rate = self._config, float(self._config["calls_a_second"])
        bearer = {"Authorization": f"Bearer {token.access}"} if token else {}
        try:
            return self._outside.http(
                self._address,
                connector=self._connector,
                credential=f"{config['auth']} {config['user']} {config['secret']}",
                rate=rate,
                burst=max(1, round(rate)),
                headers={**headers, **bearer},
                secrets=(*_secrets(config), token.access if token else ""),
            )
        except ConfigError as error:
            raise ConfigError(error.message, {"address": [error.message]}) from error

    @staticmethod
    def origin_of(address: str) -> str:
        """Scheme and host of an address."""
        try:
            split = urlsplit(address)
        except ValueError:
            return ""  # the HTTP door says what is wrong with it
        return f"{split.scheme}://{split.netloc}"

    def call(
        self, method: str, path: str, accept: Collection[int] = (), **arguments: Any
    ) -> httpx.Response:
        """One call. A refused token is fetched anew once; a refused password is a ConfigError."""
        client = self._bearer or self._http
        try:
            response = client.request(method, path, accept={*accept, 401}, **arguments)
        except (httpx.InvalidURL, UnicodeError) as error:
            said = f"{self.host} was to be asked at an address that is none: {path[:100]}"
            raise ConfigError(said) from error
        if response.status_code == 401 and 401 not in accept:
            said = f"{self.host} refuses the credential; check it and what it may do."
            raise ConfigError(said, {"secret": ["Refused."]} if self._config["secret"] else {})
        return response

    def said(self, response: httpx.Response) -> str:
        """What an error answer says, short and without secrets."""
        try:
            found = _message(json.loads(response.content))
        except (ValueError, RecursionError):
            found = ""
        if not found and b"<" not in response.content[:200]:
            found = response.text
        return self.http.redact(" ".join(found.split())[:300]) or "without a reason"

    def json(self, response: httpx.Response) -> Any:
        """The body, fractions as Decimal. A web page is a ConfigError, a cut body Transient."""
        if not response.content:
            return None
        try:
            return json.loads(
                response.content, parse_float=Decimal, parse_constant=lambda name: None
            )
        except (ValueError, ArithmeticError, RecursionError) as error:
            start = response.content[:200].lstrip().lower()
            if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<")):
                raise ConfigError(
                    f"{self.host} answered with a web page instead of data; check the address."
                ) from error
            raise Transient(f"{self.host} sent an answer that is cut or damaged.") from error


def _tokens(connector: str, config: Mapping[str, Any], outside: Outside) -> Tokens | None:
    """The keeper of tokens, which fetches with the client in the header, or else in the body."""
    if config["auth"] != "oauth2":
        return None
    try:
        address = urljoin(str(config["address"]), str(config["token_address"]))
    except ValueError as error:
        said = "This is not a web address, such as https://login.example.com/oauth2/token."
        raise ConfigError(said, {"token_address": [said]}) from error

    def fetch() -> Token:
        refused: ConfigError | None = None
        for auth in ("basic", "body"):
            try:
                return Endpoint(
                    outside,
                    address,
                    connector=f"{connector} token",
                    client_id=config["user"],
                    client_secret=config["secret"],
                    auth=auth,
                    about={"invalid_scope": "scope", "*": "secret"},
                ).client_credentials(config["scope"])
            except ConfigError as error:
                refused = refused or error
        assert refused is not None
        raise ConfigError(refused.message, refused.errors or {"token_address": [refused.message]})

    return Tokens(fetch, outside.now)


def _static(config: Mapping[str, Any]) -> dict[str, str]:
    auth, secret = config["auth"], str(config["secret"])
    if auth == "basic":
        return {"Authorization": f"Basic {_pair(config)}"}
    if auth == "bearer":
        return {"Authorization": f"Bearer {_ascii(secret)}"}
    return {config["header_name"]: _ascii(secret)} if auth == "header" else {}


def _ascii(secret: str) -> str:
    if not secret.isascii():
        text = "The token holds letters that tokens do not have; enter it again."
        raise ConfigError(text, {"secret": [text]})
    return secret


def _pair(config: Mapping[str, Any]) -> str:
    return base64.b64encode(f"{config['user']}:{config['secret']}".encode()).decode("ascii")


def _secrets(config: Mapping[str, Any]) -> tuple[str, ...]:
    secret = str(config["secret"])
    return (secret, _pair(config)) if secret else ()


def _message(body: Any) -> str:
    """The sentence in the error bodies that are usual."""
    for name in ("error", "errors", "detail", "message", "msg", "title", "error_description"):
        if isinstance(body, list):
            body = body[0] if body else None
        found = body.get(name) if isinstance(body, Mapping) else None
        if isinstance(found, str) and found:
            more = body.get("error_description") or body.get("message")
            return f"{found}: {more}" if name == "error" and isinstance(more, str) else found
        if isinstance(found, (Mapping, list)) and found:
            return _message(found)
        if isinstance(body, str):
            return body
    return ""
