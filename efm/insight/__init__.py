"""PLACEHOLDER efm/insight."""
