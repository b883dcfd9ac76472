"""PLACEHOLDER efm/demo."""
