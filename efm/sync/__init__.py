"""PLACEHOLDER efm/sync."""
