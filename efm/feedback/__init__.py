"""PLACEHOLDER efm/feedback."""
