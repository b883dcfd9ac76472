"""The service at the other end: its metadata, its pages, its words of refusal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import httpx

from connectors.errors import ConfigError
from connectors.outside import Outside
from connectors.systems.odata.literals import query
from connectors.systems.odata.metadata import EntitySet, read_metadata
from connectors.systems.rest.access import Far

_HEADERS = {
    "Accept": "application/json;odata.metadata=minimal;IEEE754Compatible=true",
    "OData-MaxVersion": "4.01",
}


class Service:
    """One OData service, asked with the credential of a connection."""

    def __init__(self, connector: str, config: Mapping[str, Any], outside: Outside) -> None:
        self.far = Far(connector, config, outside, _HEADERS)
        self._sets: dict[str, EntitySet] | None = None

    def sets(self) -> dict[str, EntitySet]:
        """The entity sets by name, read once."""
        if self._sets is None:
            url = self._with("$metadata", {})
            response = self.far.call("GET", url, (404,), headers={"Accept": "application/xml"})
            if response.status_code == 404:
                said = "There is no OData service at this address; enter the service's root."
                raise ConfigError(said, {"address": [said]})
            try:
                self._sets = read_metadata(response.content)
            except ConfigError as error:
                raise ConfigError(error.message, {"address": [error.message]}) from error
        return self._sets

    def page(
        self,
        path: str,
        options: Mapping[str, str],
        accept: Collection[int] = (),
        prefer: str = "",
    ) -> httpx.Response:
        """A page of a set by its system query options."""
        headers = {"Prefer": prefer} if prefer else {}
        return self.far.call("GET", self._with(path, options), accept, headers=headers)

    def link(self, link: str, accept: Collection[int] = (), prefer: str = "") -> httpx.Response:
        """What a nextLink or deltaLink leads to, followed exactly as the service gave it."""
        headers = {"Prefer": prefer} if prefer else {}
        return self.far.call("GET", link, accept, headers=headers)

    def body(self, response: httpx.Response) -> Mapping[str, Any]:
        """The JSON object of an answer. Raises ConfigError when it is none with a list in it."""
        found = self.far.json(response)
        if not isinstance(found, Mapping) or not isinstance(found.get("value"), list):
            raise ConfigError(
                f"{self.far.host} answered without a list “value”; check the address."
            )
        return found

    def _with(self, path: str, options: Mapping[str, str]) -> str:
        text = query({**self.far.params, **options})
        return f"{path}?{text}" if text else path


def next_link(body: Any) -> Any:
    """The link to the next page (JSON format 4.0 and 4.01)."""
    return body.get("@odata.nextLink") or body.get("@nextLink")


def delta_link(body: Mapping[str, Any]) -> str | None:
    """The link to what changes from now on, None where the service gives none."""
    found = body.get("@odata.deltaLink") or body.get("@deltaLink")
    return found if isinstance(found, str) and found else None
