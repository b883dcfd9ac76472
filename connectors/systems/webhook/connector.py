"""The inbound webhook connector: nothing to pull, all of it comes by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from connectors import settings, signatures
from connectors.base import Connector
from connectors.errors import ConfigError, ConnectorError
from connectors.outside import Outside
from connectors.records import Check, Delivery, Page, Stream
from connectors.systems.webhook import bodies
from connectors.systems.webhook.config import (
    DEFAULT_HEADERS,
    GITHUB,
    STANDARD,
    Config,
    stream_line,
)
from connectors.systems.webhook.streams import make_stream

_IDS = ("X-GitHub-Delivery", "X-Delivery-Id", "Idempotency-Key")
_is_id = re.compile(r"[!-~]{1,200}").fullmatch


class Webhook(Connector):
    """A sender that calls us, such as a review site, a shop or a workflow tool."""

    name = "webhook"
    label = "Inbound webhook"
    summary = "Any system that can send JSON to an address, signed with a secret."
    icon = "zap"
    Config = Config
    takes_webhooks = True

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        self._shape = bodies.Shape(
            self.config["records"], self.config["stream_field"], self.config["time"]
        )
        try:
            self._example = bodies.example(self.config["sample"], self._shape)
        except ConnectorError as error:
            raise ConfigError(
                f"The example is not used: {error.message}", {"sample": [error.message]}
            ) from error

    def check(self) -> Check:
        """Nothing can be asked; what the first delivery brings will show."""
        notes = ["Nothing is known of the sender until its first delivery."]
        if self.config["scheme"] == STANDARD:
            return Check(True, "waiting for deliveries", ("Receive",), notes)
        notes.append(
            "This kind of signature holds no time: who gets hold of a delivery can send it again."
        )
        return Check(True, "waiting for deliveries", ("Receive",), notes)

    def streams(self) -> Sequence[Stream]:
        """One for each kind of delivery of the settings."""
        return self._streams

    @cached_property
    def _streams(self) -> Sequence[Stream]:
        lines = (stream_line(each) for each in self.config["streams"])
        return tuple(
            make_stream(name, entity or self.config["entity"], self.config["key"], self._example)
            for name, entity in lines
        )

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """One empty page with an empty state: there is nothing to pull, and that is no failure."""
        yield Page((), {})

    def verify(self, delivery: Delivery) -> str:
        """The id the sender gave the delivery, or the body's SHA-256 where it gives none.

        Only Standard Webhooks signs the id. With the other schemes somebody who has got hold of a
        delivery may send it again under another id; the records are then the same ones.
        """
        signatures.within_size(delivery)
        secrets = signatures.several(self.config["secret"])
        scheme = self.config["scheme"]
        if scheme == STANDARD:
            return signatures.standard(delivery, secrets)
        header = self.config["header"] or DEFAULT_HEADERS[scheme]
        if scheme == GITHUB:
            signatures.github(delivery, secrets, header)
        else:
            signatures.shared(delivery, secrets, header)
        given = [value.strip() for name in _IDS for value in delivery.given(name)]
        if len(given) == 1 and _is_id(given[0]):
            return given[0]
        return signatures.fingerprint(delivery)

    def receive(self, delivery: Delivery) -> Iterator[tuple[str, Page]]:
        """The records of the delivery, for the stream of its kind; none for other kinds."""
        delivery_id = self.verify(delivery)
        body = bodies.read(bodies.parse(delivery.body), self._shape, delivery_id)
        names = [stream.name for stream in self._streams]
        name = body.kind if self.config["stream_field"] else names[0]
        if name in names and (body.records or body.rejected):
            yield str(name), Page(body.records, {}, rejected=body.rejected)

    def __repr__(self) -> str:
        shown = {name: value for name, value in self.config.items() if name != "sample"}
        return f"{type(self).__name__}({settings.redact(self.Config, shown)})"
