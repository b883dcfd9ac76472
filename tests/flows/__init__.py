"""Whole journeys on the real server."""
