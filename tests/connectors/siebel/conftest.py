"""A simulated server for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.siebel.simulator import Siebel, serving


@pytest.fixture
def siebel() -> Iterator[Siebel]:
    with serving(Siebel()) as served:
        yield served
