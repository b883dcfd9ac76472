"""A fresh environment for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.dataverse.server import serving
from tests.connectors.dataverse.simulator import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with serving(Simulator()) as served:
        yield served
