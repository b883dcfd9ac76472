"""The Zendesk connector held to the contract of the kit, over a simulated account."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.conformance import ConnectorContract, Source
from connectors.errors import NotSupported
from tests.connectors.zendesk.sources import OrganizationSource, TicketSource, UserSource


class CrowdedSource(OrganizationSource):
    """An export that gives no more than a page of one second, so that it cannot pass a crowd."""

    def __init__(self) -> None:
        super().__init__()
        self.account.widest = 0


class RatingSource(UserSource):
    """Ratings, which are made and neither changed nor deleted."""

    stream = "satisfaction_ratings"
    text = "comment"
    rereads = 11  # the window that follows reaches back a minute

    def put(self, key: str, text: str) -> None:
        self.account.put(
            "satisfaction_ratings", key, comment=text, requester_id=7, ticket_id=3, score="good"
        )

    def rows(self) -> dict[str, str]:
        live = self.account.live("satisfaction_ratings")
        return {key: row["comment"] or "" for key, row in live.items()}

    def delete(self, key: str) -> None:
        raise NotSupported("deleting")

    def expire(self) -> None:
        raise NotSupported("positions that expire: a window does not")

    def deliver(self, key: str) -> None:  # type: ignore[override]
        raise NotSupported("webhooks")


class TestUsers(ConnectorContract):
    """Users keep the contract, with fields and tickets written back."""

    def make_source(self, folder: Path) -> Source:
        return UserSource()


class TestTickets(ConnectorContract):
    """So do tickets."""

    def make_source(self, folder: Path) -> Source:
        return TicketSource()


@pytest.mark.full
class TestOrganizations(ConnectorContract):
    """So do organizations, which are exported by time."""

    def make_source(self, folder: Path) -> Source:
        return OrganizationSource()


@pytest.mark.full
class TestCrowds(ConnectorContract):
    """Even where more changed within a second than the export gives of it."""

    def make_source(self, folder: Path) -> Source:
        return CrowdedSource()


@pytest.mark.full
class TestRatings(ConnectorContract):
    """And ratings, which are listed."""

    def make_source(self, folder: Path) -> Source:
        return RatingSource()
