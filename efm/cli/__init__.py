"""PLACEHOLDER efm/cli."""
