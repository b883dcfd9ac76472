"""Measurements against the yardstick; no test runs them."""
