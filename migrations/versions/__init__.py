"""PLACEHOLDER migrations/versions."""
