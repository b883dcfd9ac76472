"""PLACEHOLDER efm/web/api."""
