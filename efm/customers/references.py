"""Everything that points to a contact or an account, found in the tables' own declarations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint

from efm import models
from efm.db.base import Base

# Pointers that tell of merging itself, so they stay where they are, and why.
STAYS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("contacts", "merged_into_id"): "leads from a merged contact to the one that is left",
        ("accounts", "merged_into_id"): "leads from a merged account to the one that is left",
        ("merges", "winner_contact_id"): "tells who was merged into whom",
        ("merges", "loser_contact_id"): "tells who was merged into whom",
        ("merges", "winner_account_id"): "tells who was merged into whom",
        ("merges", "loser_account_id"): "tells who was merged into whom",
        ("matches", "contact_id"): "tells who was compared with whom",
        ("matches", "other_contact_id"): "tells who was compared with whom",
        ("matches", "account_id"): "tells who was compared with whom",
        ("matches", "other_account_id"): "tells who was compared with whom",
    }
)


@dataclass(frozen=True)
class Reference:
    """A column that points to a customer. `alone_in`: columns with which it must be unique."""

    table: str
    column: str
    alone_in: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As merges keep it."""
        return f"{self.table}.{self.column}"


def _alone_in(table: Table, column: str) -> tuple[str, ...]:
    for constraint in table.constraints:
        names = [each.name for each in getattr(constraint, "columns", ())]
        if isinstance(constraint, UniqueConstraint) and column in names:
            return tuple(each for each in names if each not in ("organization_id", column))
    return ()


def _found(target: str) -> tuple[Reference, ...]:
    found = []
    for table in Base.metadata.sorted_tables:
        for constraint in table.constraints:
            if not isinstance(constraint, ForeignKeyConstraint):
                continue
            column = constraint.column_keys[-1]
            if constraint.referred_table.name != target or (table.name, column) in STAYS:
                continue
            found.append(Reference(table.name, column, _alone_in(table, column)))
    return tuple(sorted(found, key=lambda each: each.name))


assert models.Contact.__table__ is not None  # The tables are declared by importing them.
REFERENCES: Mapping[str, tuple[Reference, ...]] = MappingProxyType(
    {"contact": _found("contacts"), "account": _found("accounts")}
)
"""By entity, what moves when two are merged."""

BY_SOURCE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        entity: tuple(
            each.table
            for each in REFERENCES[entity]
            if f"{entity}_external_id" in Base.metadata.tables[each.table].columns
        )
        for entity in REFERENCES
    }
)
"""Tables whose rows say by which id their source named the customer."""
