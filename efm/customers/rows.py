"""Rows on their way to the database as one JSON document a statement, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass
class Counts:
    """What one page did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def add(self, other: Counts) -> None:
        """Take in another page's counts."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged


def any_of(name: str) -> str:
    """SQL for any of many texts that are given as one JSON list, which is made and read many times
    faster than an array."""
    return f"ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(:{name} AS jsonb))))"


def as_json(rows: Sequence[Mapping[str, Any]] | Sequence[str]) -> str:
    """The rows as JSON; what JSON has no type for becomes text."""
    try:
        return orjson.dumps(rows, default=str).decode()
    except TypeError:  # A whole number beyond 64 bits in somebody's attributes.
        return json.dumps(rows, default=str)
