"""One Tryton server for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.tryton.server import System, tryton


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with tryton(tmp_path_factory.mktemp("tryton")) as running:
        yield running
