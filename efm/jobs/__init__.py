"""PLACEHOLDER efm/jobs."""
