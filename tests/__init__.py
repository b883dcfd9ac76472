"""Tests of promises, through the door."""
