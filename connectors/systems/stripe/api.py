"""Calls to Stripe: lists by cursor, objects by id, changes; every answer is checked for its shape."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from connectors.errors import ConfigError, CursorExpired, Transient
from connectors.http import Http
from connectors.records import Rejected
from connectors.systems.stripe.refusals import classify, envelope, message, missing

Params = Mapping[str, Any]


class AnchorGone(CursorExpired):
    """The object after which a page begins was deleted meanwhile."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: objects with an id, what else was in it, and whether there is more."""

    objects: Sequence[dict[str, Any]]
    rejected: Sequence[Rejected]
    has_more: bool


class Api:
    """Stripe's interface under one key."""

    def __init__(self, http: Http, now: Callable[[], datetime]) -> None:
        self.http = http
        self.now = now
        self._takes_types = True

    def clock(self, path: str) -> datetime:
        """What time it is with Stripe, in whole seconds, asked by the smallest call there is."""
        self.http.request("GET", f"v1/{path}", params={"limit": 1})
        return (self.http.server_time or self.now()).astimezone(UTC).replace(microsecond=0)

    def status(self, path: str, params: Params) -> httpx.Response:
        """An answer of which a lack of permission is no failure but news."""
        return self.http.request("GET", f"v1/{path}", params=dict(params), accept=(403, 404))

    def list(self, path: str, params: Params) -> Listing:
        """A page of a list. Raises AnchorGone when `starting_after` is no longer there."""
        response = self.http.request("GET", f"v1/{path}", params=dict(params), accept=(400, 404))
        if response.status_code >= 400:
            self._refuse(response)
        return _listing(_parsed(response))

    def events(self, types: Sequence[str], params: Params) -> Listing:
        """A page of events of these types (at most 20); all types where that is not understood."""
        if self._takes_types:
            try:
                return self.list("events", {**params, "types[]": list(types)})
            except AnchorGone:
                raise
            except ConfigError as error:
                if "types" not in error.message:
                    raise
                self._takes_types = False
        return self.list("events", params)

    def get(self, path: str, object_id: str, expand: Sequence[str] = ()) -> dict[str, Any] | None:
        """An object as it is now, None when it was deleted."""
        params = {"expand[]": list(expand)} if expand else {}
        response = self.http.request("GET", place(path, object_id), params=params, accept=(404,))
        if response.status_code == 404:
            # A web page is no word of Stripe's that the object is gone.
            if envelope(response):
                return None
            raise Transient("Stripe did not answer in its own words; it is asked again later.")
        found = _parsed(response)
        if not isinstance(found, dict) or not isinstance(found.get("id"), str):
            raise Transient("Stripe sent something that is no object.")
        return None if found.get("deleted") is True else found

    def change(self, path: str, object_id: str, form: Mapping[str, str]) -> str:
        """Changes an object; empty when it went well, else why it was refused.

        Sent again after a fault it is still one change: the key that says so is new for each call,
        because Stripe answers a key it knows from memory, even if the object was changed since.
        """
        response = self.http.request(
            "POST",
            place(path, object_id),
            data=dict(form),
            headers={"Idempotency-Key": str(uuid.uuid4())},
            is_repeatable=True,
            accept=(400, 404),
        )
        if response.status_code < 400:
            return ""
        error = envelope(response)
        if not error:
            raise Transient("Stripe did not answer in its own words; it is asked again later.")
        is_gone = response.status_code == 404 or missing(error) is not None
        return "There is no such customer." if is_gone else message(error) or "Stripe refuses it."

    def _refuse(self, response: httpx.Response) -> None:
        error = envelope(response)
        if missing(error) == "starting_after":
            raise AnchorGone("The record after which reading goes on was deleted.")
        named = classify(response)
        raise named or ConfigError(f"Stripe does not know this list ({response.status_code}).")


def place(path: str, object_id: str) -> str:
    """The path of one object, whatever its id holds."""
    if not object_id.strip("."):  # dots alone would lead elsewhere
        object_id = "%2E" + object_id
    return f"v1/{path}/{quote(object_id, safe='')}"


def _parsed(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        start = response.content[:100].lstrip().lower()
        if start.startswith((b"<!doctype", b"<html", b"<?xml")):
            raise ConfigError(
                "A web page came instead of Stripe's answer; ask the operator what stands between."
            ) from error
        raise Transient("Stripe sent an answer that is cut or damaged.") from error


def _listing(document: Any) -> Listing:
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, list):
        raise Transient("Stripe sent something that is no list.")
    objects: list[dict[str, Any]] = []
    rejected: list[Rejected] = []
    for each in data:
        if isinstance(each, dict) and isinstance(each.get("id"), str) and each["id"]:
            objects.append(each)
        else:
            shown = each if isinstance(each, dict) else {"value": str(each)[:1000]}
            rejected.append(Rejected(None, None, "The record has no id.", shown))
    has_more = document.get("has_more") is True
    if has_more and not objects:
        raise Transient("Stripe says that there is more, but sent nothing to go on from.")
    return Listing(objects, rejected, has_more)
