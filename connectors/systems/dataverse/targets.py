"""What may be written: custom columns of customers; tasks, notes and cases of ours about contacts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.records import Target
from connectors.systems.dataverse.api import Api
from connectors.systems.dataverse.tables import LOOKUPS, TYPES, Column, Table

BATCH = 100
"""Operations of one call; Dataverse takes 1,000, and gives up after two minutes."""
UPDATED = ("contact", "account")
_OURS = " of ours"
_THEIRS = re.compile(r"(?:msdyn\w*|msfp|mspp|mspcat|msa|adx|bot)_")
"""Columns that Microsoft's own apps add are custom ones there, too; they are not for us."""


@dataclass(frozen=True, slots=True)
class Made:
    """A table in which records are made: its usual columns, and the lookup to the contact."""

    label: str
    columns: tuple[str, ...]
    required: str
    about: str


MADE: Mapping[str, Made] = MappingProxyType(
    {
        "task": Made(
            "Tasks about contacts",
            ("subject", "description", "scheduledend", "prioritycode", "category"),
            "subject", "regardingobjectid_contact_task",
        ),
        "annotation": Made(
            "Notes on contacts", ("subject", "notetext"), "notetext", "objectid_contact"
        ),
        "incident": Made(
            "Cases of contacts",
            (
                "title", "description", "prioritycode", "severitycode", "caseorigincode",
                "casetypecode",
            ),
            "title", "customerid_contact",
        ),
    }
)  # fmt: skip
"""The properties are the single-valued navigation properties of the Web API's entity types."""

Describe = Callable[[str], Table | None]


def table_of(target: Target) -> str:
    """The table a target writes to."""
    return target.name.removesuffix(_OURS)


def offered(api: Api, describe: Describe, only: str = "") -> list[Target]:
    """The targets of an environment, asked about each table, or about one alone."""
    found: list[Target | None] = []
    for name in UPDATED:
        table = describe(name) if only in ("", name) else None
        found.append(_updated(api, table) if table else None)
    for name in MADE:
        table = describe(name) if only in ("", f"{name}{_OURS}") else None
        if table and describe("contact"):  # what is made is about contacts
            found.append(_made(api, table))
    return [each for each in found if each is not None]


def is_custom(column: Column) -> bool:
    """Whether it is a column the organization made, whose single values may be set."""
    return column.is_custom and column.kind not in LOOKUPS and not _THEIRS.match(column.name)


def _updated(api: Api, table: Table) -> Target | None:
    fields = _typed(api, table, [c for c in table.columns.values() if is_custom(c)])
    if not fields:
        return None
    return Target(
        table.name, f"Columns of {table.label.lower()}", "update", table.name, fields, batch=BATCH,
        help="Columns made for this, such as the last score.",
    )  # fmt: skip


def _made(api: Api, table: Table) -> Target | None:
    made = MADE[table.name]
    some = [c for c in table.columns.values() if c.is_createable]
    fields = _typed(api, table, [c for c in some if c.name in made.columns or is_custom(c)])
    if made.required not in fields:
        return None
    return Target(
        f"{table.name}{_OURS}", made.label, "upsert", "contact", fields, frozenset({made.required}),
        BATCH, "Made once for each response, and changed with it.",
        "" if table.name == "annotation" else table.name,
    )  # fmt: skip


def _typed(api: Api, table: Table, columns: list[Column]) -> dict[str, str]:
    """The names and types of those that may be changed; days are told from moments."""
    usable = [c for c in columns if c.is_updateable and c.kind != "Uniqueidentifier"]
    days = api.dates(table.name) if any(c.kind == "DateTime" for c in usable) else frozenset()
    return {c.name: "date" if c.name in days else TYPES[c.kind] for c in usable}
