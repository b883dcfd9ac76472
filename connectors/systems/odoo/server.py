"""The door to one Odoo: which version it is, and the questions the connector asks of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from connectors.errors import ConfigError, ConnectorError, NotSupported, Transient
from connectors.http import Http
from connectors.outside import Outside
from connectors.paging import began
from connectors.systems.odoo import refusals
from connectors.systems.odoo.config import HOSTED, database, home
from connectors.systems.odoo.protocols import Caller, Json2, Unreadable, XmlRpc, spoken

FIRST_JSON2 = 19
RATE, BURST = 10.0, 30
HOSTED_RATE, HOSTED_BURST = 2.0, 30
"""Odoo's own hosting is shared, and is asked less often."""
MANY = 1000
_ABOUT = ["type", "relation", "readonly", "store", "string", "selection"]
_NOT_THERE = (301, 302, 303, 307, 308, 400, 403, 404, 405, 406, 410, 415, 422, 501)
Domain = Sequence[Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the model describes it. `type` is Odoo's word; `choices` are those of a selection."""

    name: str
    type: str
    label: str
    relation: str = ""
    is_readonly: bool = False
    is_stored: bool = True
    choices: tuple[str, ...] = ()


class Server:
    """One database as one key sees it. Every failure is one of `connectors.errors`."""

    def __init__(self, outside: Outside, config: Mapping[str, Any]) -> None:
        self._outside, self._config = outside, config
        self._fields: dict[str, Mapping[str, Field]] = {}
        self._rights: dict[tuple[str, str], bool] = {}

    @cached_property
    def http(self) -> Http:
        """The client, made on first use."""
        base, key = home(self._config["address"]), str(self._config["key"])
        is_hosted = (urlsplit(base).hostname or "").endswith(HOSTED)
        try:
            return self._outside.http(
                base,
                connector="odoo",
                credential=f"{self.database} {key}",
                rate=HOSTED_RATE if is_hosted else RATE,
                burst=HOSTED_BURST if is_hosted else BURST,
                secrets=(key,),
                classify=self._refusal,
            )
        except ConfigError as error:
            raise ConfigError(error.message, {"address": [error.message]}) from error

    @cached_property
    def database(self) -> str:
        """The name of the database; empty to leave it to the address."""
        return database(self._config)

    @cached_property
    def version(self) -> str:
        """The series, such as 19.0 or saas~19.1. Raises ConfigError where no Odoo answers."""
        found = self._told_version()
        if not found:
            try:
                said = spoken(self.http, "common", "version", (), True)
            except Unreadable:
                said = None
            found = said.get("server_serie") if isinstance(said, Mapping) else None
        if not isinstance(found, str) or not re.search(r"[0-9]", found) or len(found) > 40:
            raise ConfigError(
                "The address answers, but not as Odoo does; check it.",
                {"address": ["It answers, but not as Odoo does."]},
            )
        return found

    @property
    def major(self) -> int:
        """The first number of the series."""
        return int(re.findall(r"[0-9]{1,4}", self.version)[0])

    @cached_property
    def protocol(self) -> Caller:
        """How this version is called."""
        key = str(self._config["key"])
        if self.major >= FIRST_JSON2:
            return Json2(self.http, self.database, key)
        return XmlRpc(self.http, self.database, str(self._config["login"]), key)

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        *,
        is_repeatable: bool = True,
        **arguments: Any,
    ) -> Any:
        """What a method answers; see `Caller.call`."""
        return self.protocol.call(model, method, ids, arguments, is_repeatable)

    def rows(self, model: str, domain: Domain, names: Sequence[str], size: int) -> list[Row]:
        """The first `size` records of the domain by ascending id, as Odoo says them."""
        found = self.call(
            model, "search_read", domain=list(domain), fields=list(names), limit=size, order="id"
        )
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            raise Transient(f"Odoo's answer about {model} is not a list of records.")
        if any(type(each.get("id")) is not int for each in found):
            raise Transient(f"Odoo sent a record of {model} without its id.")
        return found

    def ids(self, model: str, domain: Domain, size: int) -> list[int]:
        """The first `size` ids of the domain, ascending."""
        found = self.call(model, "search", domain=list(domain), limit=size, order="id")
        if not isinstance(found, list) or any(type(each) is not int for each in found):
            raise Transient(f"Odoo's answer about {model} is not a list of ids.")
        return found

    def some(self, model: str, ids: Sequence[int], names: Sequence[str]) -> Iterator[Row]:
        """Those of the records that are there and may be read."""
        for start in range(0, len(ids), MANY):
            part = list(ids[start : start + MANY])
            yield from self.rows(model, [["id", "in", part]], names, len(part))

    def count(self, model: str, domain: Domain) -> int | None:
        """How many records the domain has, None when Odoo does not tell."""
        found = self.call(model, "search_count", domain=list(domain))
        return found if type(found) is int else None

    def fields(self, model: str) -> Mapping[str, Field]:
        """The fields of a model that this user may see; empty where there is no such model."""
        if model not in self._fields:
            try:
                said = self.call(model, "fields_get", attributes=_ABOUT)
            except refusals.Refused:
                said = {}
            if not isinstance(said, Mapping):
                raise Transient(f"Odoo's description of {model} is not understood.")
            known = (_field(name, each) for name, each in said.items())
            self._fields[model] = {each.name: each for each in known if each is not None}
        return self._fields[model]

    def may(self, model: str, operation: str) -> bool:
        """Whether the user may `read`, `write` or `create` records of a model that is there."""
        if not self.fields(model):
            return False
        if (model, operation) not in self._rights:
            self._rights[model, operation] = self._may(model, operation)
        return self._rights[model, operation]

    def _may(self, model: str, operation: str) -> bool:
        try:
            if isinstance(self.protocol, Json2):
                return self.call(model, "has_access", [], operation=operation) is True
            found = self.call(
                model, "check_access_rights", operation=operation, raise_exception=False
            )
        except refusals.Refused:
            return False
        return found is True

    def require(self, model: str, label: str) -> Mapping[str, Field]:
        """The model's fields. Raises NotSupported when it is not installed (any more)."""
        found = self.fields(model)
        if not found:
            raise NotSupported(f"Odoo has no {label.lower()} now, or this user may not see them.")
        return found

    def now(self) -> datetime:
        """A moment of Odoo's clock at which nothing had been asked yet."""
        asked = self._outside.now()
        self.call("res.users", "context_get")
        return began(asked, self._outside.now(), self.http.server_time)

    def _told_version(self) -> str | None:
        """What Odoo 19 and later say of themselves; None where nobody says so."""
        response = self.http.request("GET", "web/version", accept=_NOT_THERE)
        try:
            said = json.loads(response.content)
        except (ValueError, RecursionError):
            return None
        found = said.get("version") if isinstance(said, Mapping) else None
        return found if response.status_code == 200 and isinstance(found, str) else None

    def _refusal(self, response: httpx.Response) -> ConnectorError | None:
        found = refusals.classify(response)
        if found is None or not isinstance(found, ConfigError):
            return found
        hidden = self.http.redact(found.message)
        return found if hidden == found.message else type(found)(hidden, found.errors)


def _field(name: Any, said: Any) -> Field | None:
    if not isinstance(said, Mapping) or not isinstance(said.get("type"), str):
        return None
    choices = said.get("selection")
    keys = (
        str(each[0])
        for each in (choices if isinstance(choices, list) else ())
        if isinstance(each, list) and each
    )
    return Field(
        str(name),
        said["type"],
        str(said.get("string") or name),
        str(said.get("relation") or ""),
        said.get("readonly") is True,
        said.get("store") is not False,
        tuple(keys),
    )
