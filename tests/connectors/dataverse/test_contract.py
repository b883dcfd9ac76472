"""The Dataverse connector held to the kit's contract, by lists of changes and in windows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.conformance import ConnectorContract, Source
from tests.connectors.dataverse.sources import EnvironmentSource, WindowSource


class _Served(ConnectorContract):
    """Sources whose servers stop when the test is over."""

    kind: ClassVar[type[EnvironmentSource]]
    plays = 8

    @pytest.fixture(autouse=True)
    def _stack(self) -> Iterator[None]:
        with ExitStack() as self.stack:
            yield

    def make_source(self, folder: Path) -> Source:
        return self.kind(self.stack)


class TestByChanges(_Served):
    """Tables whose changes are tracked."""

    kind = EnvironmentSource


@pytest.mark.full
class TestInWindows(_Served):
    """Tables whose changes are not tracked."""

    kind = WindowSource
