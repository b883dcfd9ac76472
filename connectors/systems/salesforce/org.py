"""One org: the door to its REST interface with its session, its questions and its daily quota."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from connectors import oauth
from connectors.errors import ConfigError, Transient
from connectors.http import Http
from connectors.outside import Outside
from connectors.quota import Quota
from connectors.systems.salesforce import described, login, refusals
from connectors.systems.salesforce.config import home
from connectors.systems.salesforce.described import Described

RATE, BURST = 25.0, 100
LONGEST_URI = 15_000
"""Salesforce takes 16,384 characters of address and headers; longer questions go in a body."""
_USAGE = re.compile(r"api-usage=(\d{1,12})/(\d{1,12})").search


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one question. `is_done`: no more rows of this answer are held back there."""

    rows: Sequence[Mapping[str, Any]]
    total: int | None
    is_done: bool


class Org:
    """The calls of one connection; signs in on the first, and again when the session ends."""

    def __init__(self, outside: Outside, config: Mapping[str, Any]) -> None:
        self._outside, self._config = outside, config
        self._home = home(config["domain"], outside.guard)
        self._tokens = oauth.Tokens(lambda: login.sign_in(outside, self._home, config), outside.now)
        self._bearer = oauth.Bearer(self._tokens, self._door)
        self._described: dict[str, Described] = {}
        self.base = f"services/data/v{config['api_version']}/"
        self.usage: tuple[int, int] | None = None

    @property
    def url(self) -> str:
        """The base address of the org. Signs in."""
        return str(self._tokens.token().said["instance_url"])

    def now(self) -> datetime:
        """The org's own time, as of its last answer."""
        token = self._tokens.token()
        at: datetime = token.said["at"]
        seen = self._bearer.http().server_time
        return at if seen is None else max(seen, at)

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One call to a path below the version. Raises as `Http.request`."""
        return self._call(method, self.base + path, **arguments)

    def json(self, method: str, path: str, **arguments: Any) -> Any:
        """The JSON of one call, numbers with a point as Decimal. Raises Transient for anything
        else."""
        return parsed(self.request(method, path, **arguments))

    def ask(self, question: str, *, is_all: bool) -> Answer:
        """The first rows of a SOQL question; `is_all` shows deleted and archived ones, too."""
        resource = "queryAll" if is_all else "query"
        path = f"{resource}/?q={quote(question, safe='')}"
        if len(path) <= LONGEST_URI:
            return _answer(self.json("GET", path))
        one = {"method": "GET", "referenceId": "rows", "url": f"/{self.base}{path}"}
        said = self.json("POST", "composite", json={"compositeRequest": [one]}, is_repeatable=True)
        replies = said.get("compositeResponse") if isinstance(said, Mapping) else None
        if not isinstance(replies, list) or not replies or not isinstance(replies[0], Mapping):
            raise Transient("Salesforce sent an answer that cannot be read.")
        status = replies[0].get("httpStatusCode")
        if status != 200:
            known = refusals.named(replies[0].get("body"), status if type(status) is int else 400)
            raise known or Transient("Salesforce could not answer a long question.")
        return _answer(replies[0].get("body"))

    def describe(self, name: str, *, is_fresh: bool = False) -> Described:
        """One object with its fields; remembered until asked afresh."""
        if is_fresh or name not in self._described:
            said = login.describe(self._call, self._config["api_version"], name)
            self._described[name] = described.read(said)
        return self._described[name]

    def objects(self) -> dict[str, Described]:
        """All objects of the org that this user may see, without their fields."""
        return described.all_of(login.describe(self._call, self._config["api_version"]))

    def quota(self) -> Quota | None:
        """The calls of the last 24 hours, as of the last answer; each is given back a day later."""
        if self.usage is None:
            return None
        return Quota(*self.usage, self._config["quota_percent"])

    def require_quota(self) -> None:
        """Raises QuotaReached when the org has made so many calls that reading should pause."""
        self._outside.require(self.quota())

    def _call(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        response = self._bearer.request(method, path, **arguments)
        found = _USAGE(response.headers.get("Sforce-Limit-Info", ""))
        if found:
            self.usage = int(found[1]), int(found[2])
        return response

    def _door(self, token: oauth.Token) -> Http:
        return self._outside.http(
            str(token.said["instance_url"]), connector="salesforce",
            credential=self._config["client_id"], rate=RATE, burst=BURST,
            headers={"Authorization": f"Bearer {token.access}"}, secrets=[token.access],
            classify=refusals.classify,
        )  # fmt: skip


def parsed(response: httpx.Response) -> Any:
    """The JSON of a response. Raises ConfigError for a web page, Transient for a damaged one."""
    try:
        return json.loads(response.content, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        if response.content[:200].lstrip().lower().startswith((b"<!doctype", b"<html")):
            raise ConfigError(
                "Salesforce answered with a web page instead of data; check the My Domain, and "
                "that the org is not being maintained."
            ) from error
        raise Transient("Salesforce sent an answer that is cut or damaged.") from error


def _answer(said: Any) -> Answer:
    rows = said.get("records") if isinstance(said, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Transient("Salesforce sent an answer without records.")
    total = said.get("totalSize")
    return Answer(rows, total if type(total) is int else None, said.get("done") is not False)
