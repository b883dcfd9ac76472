"""PLACEHOLDER efm/web."""
