"""Customers' records from what programs send to what is stored, one or a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from connectors.canonical import Record
from connectors.entities import ENTITIES
from connectors.money import minor_units
from efm.customers import records
from efm.web.api.batches import Answer, errors
from efm.web.api.room import flattened
from surveys.strings import is_storable

LONGEST_ID = 255


def record(entity: str, values: Mapping[str, Any], external_id: str) -> Record:
    """The canonical record of values a schema has read.

    Raises ValueError when the id, which the address may have brought, cannot be one.
    """
    name = external_id.strip()
    if not 1 <= len(name) <= LONGEST_ID or not is_storable(name) or "\ufffd" in name:
        raise ValueError(f"The external id has 1 to {LONGEST_ID} characters of UTF-8.")
    known = {k: v for k, v in values.items() if v is not None and k != "external_id"}
    amount = known.pop("amount", None)
    if amount is not None:
        known["amount_minor"] = minor_units(amount, known["currency"])
    made: Record = ENTITIES[entity].record(external_id=name, **known)
    return made


def batch(
    session: Session,
    entity: str,
    plural: str,
    schema: Schema,
    rows: Sequence[Any],
    now: datetime,
) -> Answer:
    """Store the rows of a batch and say what became of each; a bad one never fails another."""
    given: dict[int, Record] = {}
    refused: dict[int, dict[str, str]] = {}
    for index, row in enumerate(rows):
        try:
            values = schema.load(row)
            given[index] = record(entity, values, values["external_id"])
        except ValidationError as error:
            refused[index] = dict(flattened(error.messages))
        except ValueError as error:
            refused[index] = {"external_id": str(error)}
    stored = records.store(session, entity, list(given.values()), now)
    ids = dict(zip(given, stored.ids, strict=True))
    results = [_result(plural, index, row, ids.get(index), refused.get(index))
               for index, row in enumerate(rows)]  # fmt: skip
    return {
        "created": stored.counts.created,
        "updated": stored.counts.updated,
        "unchanged": stored.counts.unchanged,
        "refused": sum(each["id"] is None for each in results),
        "results": results,
    }


def _result(
    plural: str, index: int, row: Any, found: Any, problems: Mapping[str, str] | None
) -> Answer:
    """What became of one row."""
    name = row.get("external_id") if isinstance(row, dict) else None
    if found is None and problems is None:
        problems = {"": "A value cannot be stored."}
    return {
        "index": index,
        "outcome": "refused" if found is None else "stored",
        "external_id": name[:LONGEST_ID] if isinstance(name, str) else None,
        "id": found,
        "errors": errors(plural, index, problems or {}),
    }
