"""One Siebel server: the door to its REST interface, its descriptions and its queries."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx

from connectors.errors import ConfigError, Transient
from connectors.http import Http
from connectors.oauth import Bearer, Endpoint, Token, Tokens
from connectors.outside import Outside
from connectors.systems.siebel import described, refusals
from connectors.systems.siebel.config import BASIC, Component, base_of
from connectors.systems.siebel.described import Described
from connectors.systems.siebel.refusals import Absent, Refused
from connectors.systems.siebel.times import Times

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
"""Siebel picks the form of its answers by the type of the content, of queries too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The entries of one query as they came, the number of all that match, and whether it says
    that these are the last."""

    entries: Sequence[Any]
    total: int | None = None
    is_last: bool = False


class Server:
    """The calls of one connection."""

    def __init__(self, outside: Outside, config: Mapping[str, Any]) -> None:
        self._outside, self._config = outside, config
        self.base = base_of(config["address"])
        self.host = urlsplit(self.base).hostname or ""
        self.times = Times(config["date_format"], config["zone"])
        self._described: dict[Component, Described | None] = {}
        self._server_time: datetime | None = None
        self._bearer: Bearer | None = None
        self._http: Http | None = None

    def now(self) -> datetime:
        """The server's own time as of its last answer, or ours before the first."""
        return self._server_time or self._outside.now()

    def request(
        self, method: str, path: str, accept: Collection[int] = (), **arguments: Any
    ) -> httpx.Response:
        """One call to a path below the base. Raises as `Http.request`."""
        door, client = self._door()
        response = door.request(method, path, accept=accept, **arguments)
        self._server_time = client().server_time or self._server_time
        return response

    def query(self, path: str, params: Mapping[str, str]) -> Answer:
        """The records a query finds. Raises Absent for an unknown 404, Refused."""
        asked = {"uniformresponse": "Y", "ViewMode": self._config["view_mode"],
                 "ExecutionMode": "ForwardOnly", "childlinks": "None", **params}  # fmt: skip
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
        response = self.request("GET", f"{path}?{query}", accept=(204, 404))
        if refusals.is_nothing(response):
            return Answer((), 0, True)
        if response.status_code == 404:
            raise refusals.classify(response) or Transient("Siebel sent no answer that is known.")
        said = parsed(response)
        total = response.headers.get("Total-Record-Count", "").strip()
        return Answer(
            entries(said),
            int(total) if re.fullmatch(r"\d{1,12}", total) else None,
            isinstance(said, Mapping) and str(said.get("lastpage")).lower() == "true",
        )

    def find(self, component: Component, params: Mapping[str, str]) -> Answer:
        """As `query`, of a component that was described; not raising Absent while it is there.

        The words for “nothing found” are translated, so others may mean it, too.
        """
        try:
            return self.query(component.path, params)
        except Absent:
            if self.describe(component, is_fresh=True) is None:
                raise
            return Answer((), 0, True)

    def describe(self, component: Component, *, is_fresh: bool = False) -> Described | None:
        """A component with its fields, remembered; None when the server does not expose it.

        Where it is exposed but not described, one record shows the fields it has.
        """
        if is_fresh or component not in self._described:
            self._described[component] = self._describe(component)
        return self._described[component]

    def _describe(self, component: Component) -> Described | None:
        path = component.children(self._some(component)) if component.child else component.path
        try:
            response = self.request("GET", f"{path}/describe", accept=(204, 404))
            if response.status_code == 200:
                found = described.read(component, refusals.body_of(response))
                if found is not None:
                    return found
            elif component.child:
                return None
        except Refused:
            if component.child:  # it is there, but not among what this server describes
                return described.sampled(component, {})
        try:
            answer = self.query(path, {"PageSize": "1"})
        except (Absent, Refused):
            return None
        rows = [each for each in answer.entries if isinstance(each, Mapping)]
        return described.sampled(component, flat(rows[0])) if rows else None

    def _some(self, component: Component) -> str:
        """The id of some parent, below which a child is described."""
        try:
            rows = self.query(component.path, {"PageSize": "1", "fields": "Id"}).entries
        except (Absent, Refused):
            rows = ()
        key = rows[0].get("Id") if rows and isinstance(rows[0], Mapping) else None
        return key if isinstance(key, str) and key else "1"

    # --- the door --------------------------------------------------------------------------

    def _door(self) -> tuple[Http | Bearer, Callable[[], Http]]:
        if self._config["auth"] == BASIC:
            if self._http is None:
                self._http = self._open(f"Basic {self._pair()}", self._pair())
            made = self._http
            return made, lambda: made
        if self._bearer is None:
            tokens = Tokens(self._fetch, self._outside.now)
            self._bearer = Bearer(tokens, lambda t: self._open(f"Bearer {t.access}", t.access))
        return self._bearer, self._bearer.http

    def _open(self, authorization: str, secret: str) -> Http:
        rate = float(self._config["calls_a_second"])
        try:
            return self._outside.http(
                self.base, connector="siebel",
                credential=f"{self._config['auth']} {self._config['user']}", rate=rate,
                burst=max(1, round(2 * rate)),
                headers={**_HEADERS, "Authorization": authorization},
                secrets=(secret, self._config["password"]), classify=refusals.classify,
            )  # fmt: skip
        except ConfigError as error:
            raise ConfigError(error.message, {"address": [error.message]}) from error

    def _pair(self) -> str:
        pair = f"{self._config['user']}:{self._config['password']}"
        return base64.b64encode(pair.encode()).decode("ascii")

    def _fetch(self) -> Token:
        """A token, with the client in the header, or else in the body."""
        config = self._config
        try:
            address = urljoin(self.base, config["token_address"])
        except ValueError as error:
            said = "This is not a web address, such as https://login.example.com/oauth2/token."
            raise ConfigError(said, {"token_address": [said]}) from error
        refused: list[ConfigError] = []
        for auth in ("basic", "body"):
            try:
                return Endpoint(
                    self._outside, address, connector="siebel token", client_id=config["user"],
                    client_secret=config["password"], auth=auth,
                    about={"invalid_scope": "scope", "*": "password"},
                ).client_credentials(config["scope"])  # fmt: skip
            except ConfigError as error:
                refused.append(error)
        first = refused[0]
        raise ConfigError(first.message, first.errors or {"token_address": [first.message]})


def parsed(response: httpx.Response) -> Any:
    """The JSON of an answer. Raises ConfigError for a web page, Transient for a damaged one."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        if response.content[:200].lstrip().lower().startswith((b"<!doctype", b"<html")):
            said = "Siebel answered with a web page instead of data; check the address."
            raise ConfigError(said, {"address": [said]}) from error
        raise Transient("Siebel sent an answer that is cut or damaged.") from error


def entries(said: Any) -> Sequence[Any]:
    """The records of an answer: a list, one of them alone, or one that is the whole answer.

    Raises Transient for what holds none.
    """
    found = said.get("items", said if "Id" in said else None) if isinstance(said, Mapping) else said
    if isinstance(found, Mapping):
        return [found]
    if isinstance(found, list):
        return found
    raise Transient("Siebel sent an answer without records.")


def flat(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record: what is no single value (links, children) is left out."""
    return {
        name: value
        for name, value in entry.items()
        if name != "Link" and not isinstance(value, (Mapping, list)) and not name.startswith("_")
    }
