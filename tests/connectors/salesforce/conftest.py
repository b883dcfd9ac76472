"""A simulated org for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.salesforce.simulator import Org, serving


@pytest.fixture
def org() -> Iterator[Org]:
    with serving(Org()) as served:
        yield served
