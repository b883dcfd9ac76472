"""The two ways Odoo is called: JSON-2 with a bearer key (from 19), XML-RPC with a user (up to 18).

Both take a method's arguments by name. Source:
https://www.odoo.com/documentation/19.0/developer/reference/external_api.html and
https://www.odoo.com/documentation/18.0/developer/reference/external_api.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from connectors.errors import ConfigError, ConnectorError, Transient
from connectors.http import Http
from connectors.systems.odoo.refusals import faulted, refused_key
from connectors.systems.odoo.wire import Fault, answered, called

CONTEXT = {"active_test": False, "lang": "en_US", "tz": "UTC"}
"""Without the first Odoo hides what was archived; names and days shall not change with the user."""
_FIRST = {"search_count": "domain", "create": "vals_list"}
"""Arguments that older versions know by place only, or by another name."""
_PAGE = (b"<!doctype", b"<html")


class Unreadable(Transient):
    """An answer that is none of Odoo's: cut, damaged, or of somebody else."""


class Caller(Protocol):
    """One way of calling."""

    label: str

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        arguments: Mapping[str, Any],
        is_repeatable: bool,
    ) -> Any:
        """What the method answers; `ids` is None for a method of the model itself.

        Raises one of `connectors.errors`, or ValueError for an argument that cannot be sent.
        """

    def user(self) -> int | None:
        """The id of the key's user, None where it is not told."""


class Json2:
    """`POST /json/2/MODEL/METHOD`, each call a transaction of its own."""

    label = "JSON-2"

    def __init__(self, http: Http, database: str, key: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"bearer {key}"}
        if database:
            self._headers["X-Odoo-Database"] = database

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        arguments: Mapping[str, Any],
        is_repeatable: bool,
    ) -> Any:
        """See `Caller.call`."""
        body = {**arguments, "context": CONTEXT}
        if ids is not None:
            body["ids"] = list(ids)
        try:
            # A surrogate without its partner is no text; the door would fail on it.
            content = json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise ValueError("holds a value that cannot be sent") from error
        response = self._http.request(
            "POST",
            f"json/2/{quote(model, safe='')}/{quote(method, safe='')}",
            content=content,
            headers={**self._headers, "Content-Type": "application/json"},
            is_repeatable=is_repeatable,
        )
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise _unread(response) from error

    def user(self) -> int | None:
        """The user of the key, who is in the context it works in."""
        found = self.call("res.users", "context_get", None, {}, True)
        number = found.get("uid") if isinstance(found, Mapping) else None
        return number if type(number) is int else None


class XmlRpc:
    """`execute_kw` on `/xmlrpc/2/object`, signed in by the user's name with the key as password."""

    label = "XML-RPC"

    def __init__(self, http: Http, database: str, login: str, key: str) -> None:
        self._http, self._database, self._login, self._key = http, database, login, key
        self._user: int | None = None

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        arguments: Mapping[str, Any],
        is_repeatable: bool,
    ) -> Any:
        """See `Caller.call`."""
        named = {**arguments, "context": CONTEXT}
        placed = [] if ids is None else [list(ids)]
        first = _FIRST.get(method)
        if first in named:
            placed.append(named.pop(first))
        params: tuple[Any, ...] = (
            self._database,
            self.user(),
            self._key,
            model,
            method,
            placed,
            named,
        )
        return spoken(self._http, "object", "execute_kw", params, is_repeatable)

    def user(self) -> int:
        """The id of the user who is signed in. Raises ConfigError when Odoo refuses."""
        if self._user is None:
            self._require()
            params: tuple[Any, ...] = (self._database, self._login, self._key, {})
            found = spoken(self._http, "common", "authenticate", params, True)
            if found is False:
                raise refused_user()
            if type(found) is not int:
                raise Transient("Odoo did not say who is signed in.")
            self._user = found
        return self._user

    def _require(self) -> None:
        absent = {
            name: ["Needed up to Odoo 18."]
            for name, value in (("database", self._database), ("login", self._login))
            if not value
        }
        if absent:
            text = "This Odoo is older than 19; enter the database and the user name too."
            raise ConfigError(text, absent)


def refused_user() -> ConfigError:
    """The refusal of a user name with its key."""
    text = "Odoo refuses the user name or the API key; check both, and the database."
    return ConfigError(text, {**refused_key().errors, "login": ["It may be another."]})


def spoken(
    http: Http, service: str, method: str, params: tuple[Any, ...], is_repeatable: bool
) -> Any:
    """The answer of one XML-RPC call. Raises one of `connectors.errors`, or ValueError for
    parameters that cannot be sent."""
    content = called(method, params)
    response = http.request(
        "POST",
        f"xmlrpc/2/{service}",
        content=content,
        headers={"Content-Type": "text/xml", "Accept": "text/xml"},
        is_repeatable=is_repeatable,
    )
    try:
        return answered(response.content)
    except Fault as fault:
        raise faulted(Fault(fault.code, http.redact(fault.text))) from None
    except ValueError as error:
        raise _unread(response) from error


def _unread(response: httpx.Response) -> ConnectorError:
    if response.content[:100].lstrip().lower().startswith(_PAGE):
        text = "A web page came instead of Odoo's answer; check the address."
        return ConfigError(text, {"address": [text]})
    return Unreadable("Odoo sent an answer that is cut or damaged.")
