"""A simulated account with some users."""

from __future__ import annotations

import pytest

from tests.connectors.zendesk.simulator import Account


@pytest.fixture
def account() -> Account:
    found = Account()
    for number in range(101, 108):
        found.put("users", str(number), name=f"name {number}", email=f"u{number}@acme.example")
    return found
