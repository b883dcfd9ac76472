"""PLACEHOLDER efm/events."""
