"""One server for all tests of a process; each test works in a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.odoo.simulator import Simulator, serving
from tests.connectors.odoo.store import Database


@pytest.fixture(scope="session")
def shared() -> Iterator[Simulator]:
    with serving() as running:
        yield running


@pytest.fixture
def server(shared: Simulator) -> Simulator:
    """The server without databases and faults."""
    shared.databases.clear()
    shared.faults.clear()
    shared.asked.clear()
    shared.fault = None
    return shared


@pytest.fixture(params=["19.0", "17.0"])
def database(server: Simulator, request: pytest.FixtureRequest) -> Database:
    """A database by either protocol."""
    server.databases["acme"] = found = Database(request.param)
    return found


@pytest.fixture
def customer(database: Database) -> dict[str, int]:
    """A company, a person of it, a person without one, their addresses, and a colleague."""
    acme = database.put("res.partner", name="Łukasz AG", is_company=True)
    ada = database.put("res.partner", name="Ada", parent_id=acme)
    eve = database.put("res.partner", name="Eve")
    return {
        "acme": acme, "ada": ada, "eve": eve,
        "door": database.put("res.partner", name="Back door", type="delivery", parent_id=acme),
        "home": database.put("res.partner", name="Home", type="delivery", parent_id=eve),
        "us": database.put("res.partner", name="Zoë Admin", partner_share=False),
    }  # fmt: skip
