"""The Salesforce connector held to the kit's contract, by pages, in bulk, and with hard deletes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.conformance import ConnectorContract, Source
from tests.connectors.salesforce.sources import BulkSource, HardSource, OrgSource


class _Served(ConnectorContract):
    """Sources whose servers stop when the test is over."""

    kind: ClassVar[type[OrgSource]]
    plays = 8

    @pytest.fixture(autouse=True)
    def _stack(self) -> Iterator[None]:
        with ExitStack() as self.stack:
            yield

    def make_source(self, folder: Path) -> Source:
        return self.kind(self.stack)


class TestByPages(_Served):
    """REST, paged by id."""

    kind = OrgSource


@pytest.mark.full
class TestInBulk(_Served):
    """The first pass by a bulk job."""

    kind = BulkSource


@pytest.mark.full
class TestHardDeletes(_Served):
    """Records that vanish without a mark."""

    kind = HardSource
