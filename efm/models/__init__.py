"""PLACEHOLDER efm/models."""
