"""A simulated account with some customers."""

from __future__ import annotations

import pytest

from tests.connectors.stripe.simulator import Account


@pytest.fixture
def account() -> Account:
    found = Account()
    for number in range(7):
        found.put("customers", f"cus_{number}", name=f"name {number}", metadata={})
    return found
