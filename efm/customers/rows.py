"""Rows on their way to the database as one JSON document a statement, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session


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


_AFRESH = text("SET LOCAL plan_cache_mode = force_custom_plan")


def plan_afresh(session: Session) -> None:
    """Let the statements of this transaction be planned for what they are given.

    A plan kept from when a table was empty reads it whole, and compares each row with each of a
    page's thousand keys.
    """
    session.execute(_AFRESH)


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as JSON; what JSON has no type for becomes text."""
    try:
        return orjson.dumps(rows, default=str).decode()
    except TypeError:  # A whole number beyond 64 bits in somebody's attributes.
        return json.dumps(rows, default=str)
