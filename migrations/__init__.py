"""PLACEHOLDER migrations."""
