"""The Siebel connector held to the kit's contract: by id, swept, by row, and with statuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.conformance import ConnectorContract, Source
from tests.connectors.siebel.sources import RowSource, SiebelSource, StatusSource, SweptSource


class _Served(ConnectorContract):
    """Sources whose servers stop when the test is over."""

    kind: ClassVar[type[SiebelSource]]
    plays = 3

    @pytest.fixture(autouse=True)
    def _stack(self) -> Iterator[None]:
        with ExitStack() as self.stack:
            yield

    def make_source(self, folder: Path) -> Source:
        return self.kind(self.stack)


class TestById(_Served):
    """A server that sorts: pages in the order of ids."""

    kind = SiebelSource


@pytest.mark.full
class TestSwept(_Served):
    """Deletions by reading everything again."""

    kind = SweptSource


@pytest.mark.full
class TestByStatus(_Served):
    """Deletions by a status."""

    kind = StatusSource


@pytest.mark.full
class TestByRow(_Served):
    """A server that does not sort: pages by row number."""

    kind = RowSource
