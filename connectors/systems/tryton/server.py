"""The door to one database of one Tryton server: its REST interface with one key.

Source: `trytond/protocols/rest.py` and `wrappers.py` of Tryton 8.2. Errors of Tryton's own come as
JSON with 400, all others as web pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import httpx

from connectors.errors import ConfigError, ConnectorError, Transient
from connectors.http import Http
from connectors.outside import Outside
from connectors.paging import began
from connectors.systems.tryton.wire import encoded, packed

RATE, BURST = 20.0, 40
ALL = {"X-Tryton-Context": packed({"active_test": False})}
"""Without this Tryton shows active records only, and those that were put aside would vanish."""
Domain = Sequence[Any]
_MANY = 1000


def said(response: httpx.Response) -> str:
    """What Tryton says is wrong, "" when it says nothing of its own."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return ""
    message = body.get("message") if isinstance(body, Mapping) else None
    return " ".join(message.split())[:500] if isinstance(message, str) else ""


class Server:
    """One database as one key sees it. Every failure is one of `connectors.errors`."""

    def __init__(self, outside: Outside, config: Mapping[str, Any]) -> None:
        self._outside, self._config = outside, config
        self.database = str(config["database"])

    @cached_property
    def http(self) -> Http:
        """The client, made on first use."""
        key = str(self._config["key"])
        try:
            return self._outside.http(
                self._config["address"],
                connector="tryton",
                credential=f"{self.database} {key}",
                rate=RATE,
                burst=BURST,
                headers={"Authorization": f"Bearer {key}"},
                secrets=(key,),
                classify=self._refusal,
            )
        except ConfigError as error:
            raise ConfigError(error.message, {"address": [error.message]}) from error

    def version(self) -> str:
        """The server's series, such as 8.2; "" when it does not tell."""
        try:
            body = {"method": "common.server.version", "params": []}
            found = self.http.json("POST", "rpc/", json=body, is_repeatable=True)
        except (ConfigError, Transient):  # an address may let the REST interface through alone
            return ""
        return found if isinstance(found, str) and len(found) < 20 else ""

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        """What a method of a model that only reads answers."""
        path = self.path(model, method)
        return self.http.json(
            "POST", path, json=encoded(arguments), headers=ALL, is_repeatable=True
        )

    def rows(
        self, model: str, domain: Domain, names: Sequence[str], size: int
    ) -> list[Mapping[str, Any]]:
        """The first `size` records of the domain by ascending id, as Tryton says them."""
        params = {
            "d": packed(domain), "o": packed([["id", "ASC"]]), "s": str(size), "f": list(names)
        }  # fmt: skip
        found = self.http.json("GET", self.path(model), params=params, headers=ALL)
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            raise Transient(f"Tryton’s answer about {model} is not a list of records.")
        return found

    def every(
        self, model: str, domain: Domain, names: Sequence[str]
    ) -> Iterator[Mapping[str, Any]]:
        """All records of the domain, page after page."""
        after = -1
        while True:
            found = self.rows(model, [*domain, ["id", ">", after]], names, _MANY)
            yield from found
            last = found[-1].get("id") if found else None
            if len(found) < _MANY or not isinstance(last, int) or last <= after:
                return
            after = last

    def count(self, model: str, domain: Domain) -> int | None:
        """How many records the domain has, None when Tryton does not tell."""
        found = self.call(model, "search_count", domain=list(domain))
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def fields(self, models: Sequence[str]) -> dict[str, frozenset[str]]:
        """The fields of those of the models that are activated."""
        found: dict[str, set[str]] = {}
        domain = [["model", "in", list(models)]]
        for each in self.every("ir.model.field", domain, ("model", "name")):
            found.setdefault(str(each.get("model")), set()).add(str(each.get("name")))
        return {model: frozenset(names) for model, names in found.items()}

    def access(self, models: Sequence[str]) -> dict[str, frozenset[str]]:
        """What the key's user may do with each of these activated models: read, write, create."""
        given = self.call("ir.model.access", "get_access", models=list(models)) if models else {}
        if not isinstance(given, Mapping):
            raise Transient("Tryton’s answer about access rights is not understood.")
        return {
            str(model): frozenset(name for name, may in rights.items() if may)
            for model, rights in given.items()
            if isinstance(rights, Mapping)
        }

    def dated_fields(self, model: str) -> tuple[frozenset[str], datetime]:
        """The model's fields, and a moment of Tryton's clock at which they had not been asked."""
        asked = self._outside.now()
        found = self.fields([model]).get(model, frozenset())
        return found, began(asked, self._outside.now(), self.http.server_time)

    @cached_property
    def preferences(self) -> Mapping[str, Any]:
        """The user of the key, their language and their companies."""
        found = self.call("res.user", "get_preferences", context_only=False)
        return found if isinstance(found, Mapping) else {}

    def path(self, model: str, *more: str | int) -> str:
        """The path of a model, a record or a method; all three are names from our own code."""
        return "/".join((self.database, "rest/model", model, *map(str, more)))

    def _refusal(self, response: httpx.Response) -> ConnectorError | None:
        status = response.status_code
        if status == 401:
            text = "Tryton refuses the key; make a new one for the user and validate it."
            return ConfigError(text, {"key": [text]})
        if status == 404:
            text = (
                f"There is no database “{self.database}” with a REST interface at this address; "
                "check both, and that Tryton’s version has one (8.2 does)."
            )
            return ConfigError(text, {"database": [text]})
        if status == 403 and "Retry-After" not in response.headers:
            return ConfigError(
                "Tryton does not let the key’s user do this (403); add them to a group that may."
            )
        words = self.http.redact(said(response)) if status == 400 else ""
        if words:
            return ConfigError(f"Tryton refuses: {words} Give the key’s user the access it needs.")
        return None
