"""PLACEHOLDER efm/web/pages."""
