"""Tests of the inbound webhook connector."""
