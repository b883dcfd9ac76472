"""What a connector is: settings, a check, streams, reading; and, where it can, writing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from marshmallow import Schema

from connectors import settings
from connectors.errors import NotSupported
from connectors.outside import Outside
from connectors.quota import Quota
from connectors.records import Check, Delivery, Item, Outcome, Page, Stream, Target


class Connector(ABC):
    """Code for one system. Holds no state between calls but its settings and its clients.

    `Config` declares the settings (see `connectors.settings`); the constructor checks them and
    raises ConfigError, with a message per setting, when they are wrong. `outside` says what it may
    reach; a connector that reads files people bring `takes_files`; one that understands the calls
    its system makes to us `takes_webhooks`.
    """

    name: ClassVar[str]
    version: ClassVar[str] = "1"
    label: ClassVar[str]
    summary: ClassVar[str] = ""
    icon: ClassVar[str] = "plug"
    Config: ClassVar[type[Schema]]
    takes_files: ClassVar[bool] = False
    takes_webhooks: ClassVar[bool] = False

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        self.config: Mapping[str, Any] = settings.load(self.Config, config)
        self.outside = outside or Outside()

    @abstractmethod
    def check(self) -> Check:
        """Who we are there and what we may do. Raises ConfigError when an admin must act."""

    @abstractmethod
    def streams(self) -> Sequence[Stream]:
        """The kinds of record this connection offers, each with a unique name."""

    @abstractmethod
    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Pages of the stream after `state` ({} means from the beginning), until it is exhausted.

        May be abandoned at any page and taken up again from that page's state.
        """

    def quota(self) -> Quota | None:
        """What the source has told of its calls of a day, without asking; None while it has not.

        Whoever runs the connector looks after each page; a connector that makes many calls for one
        page asks `outside.require` in between.
        """
        return None

    def targets(self) -> Sequence[Target]:
        """What may be written back, each with a unique name; nothing unless a connector says so."""
        return ()

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Writes items back; one Outcome per item, in order, the same item twice is one record.

        An item that is refused is an Outcome that is not ok; what concerns them all (throttling, a
        refused credential) is raised, and the outcomes given before it stand.
        """
        raise NotSupported(f"{self.label} cannot be written to.")

    def verify(self, delivery: Delivery) -> str:
        """The id that tells this delivery from others, once its signature is good.

        Quick: it asks nobody, so that the sender can be answered at once. A delivery whose id was
        taken before is a repetition. Raises `connectors.signatures.WebhookRefused`, or ConfigError
        when no signing secret is set.
        """
        raise NotSupported(f"{self.label} sends no webhooks.")

    def receive(self, delivery: Delivery) -> Iterator[tuple[str, Page]]:
        """Pages of a delivery, each with the name of its stream; verifies it first, like `verify`.

        They are stored like pages that were read, except that their state is empty and says
        nothing about how far the stream was read. May ask the source for the records, so it runs
        where waiting does no harm, and may be repeated: the same delivery gives the same records.
        """
        raise NotSupported(f"{self.label} sends no webhooks.")

    def stream(self, name: str) -> Stream:
        """The stream of that name. Raises NotSupported when the source no longer offers it."""
        offered = self.streams()
        for each in offered:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in offered) or "none"
        raise NotSupported(f"{self.label} offers no stream “{name}” now. It offers: {known}.")

    def target(self, name: str) -> Target:
        """The target of that name. Raises NotSupported when it may not be written (any more)."""
        for each in self.targets():
            if each.name == name:
                return each
        raise NotSupported(f"{self.label} does not let “{name}” be written now.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({settings.redact(self.Config, self.config)})"
