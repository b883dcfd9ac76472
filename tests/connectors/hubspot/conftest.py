"""A simulated account with a little of everything."""

from __future__ import annotations

import pytest

from tests.connectors.hubspot.simulator import Account


@pytest.fixture
def account() -> Account:
    found = Account()
    for number in range(101, 108):
        found.put("contacts", str(number), firstname=f"name {number}")
    return found
