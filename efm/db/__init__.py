"""PLACEHOLDER efm/db."""
