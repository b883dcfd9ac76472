"""Measurements derived from what customers ordered, owed and did, by SQL that is declared once."""
