"""PLACEHOLDER efm/customers."""
