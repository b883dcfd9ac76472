"""A list of people as CSV into contacts, for personal links: read, checked, matched, told."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from connectors.canonical import Contact
from connectors.errors import ConfigError, RecordError
from connectors.fields import FieldMapping
from connectors.mapping import Mapping, suggest
from efm.customers import identity, sources
from efm.customers.upsert import upsert
from efm.errors import Invalid

MOST = 100_000


@dataclass
class People:
    """Who was found in a list, and which lines could not be used."""

    contact_ids: list[uuid.UUID] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def _rows(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        content = data.decode("cp1252", "replace")
    content = content.replace("\0", "")
    first = content.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(content, newline=""), delimiter=delimiter, strict=False)
    if not reader.fieldnames:
        raise Invalid(
            "The file is empty.", problems={"people": "Choose a CSV file with a header line."}
        )
    for number, row in enumerate(reader, 2):
        yield number, {k: v for k, v in row.items() if k and isinstance(v, str)}


def take(session: Session, data: bytes, now: datetime) -> People:
    """Contacts from a CSV with at least an e-mail column; matched by e-mail and phone.

    Raises Invalid when the file has no usable column; a line that cannot be used is told with its
    number and the rest goes on.
    """
    try:
        rows = list(_rows(data))
    except csv.Error as error:
        raise Invalid(
            "The file could not be read as CSV.", problems={"people": f"{error}."}
        ) from error
    if len(rows) > MOST:
        raise Invalid(f"The file has more than {MOST:,} people.", problems={"people": "Split it."})
    columns = list(rows[0][1]) if rows else []
    mapping = suggest("contact", columns, [row for _, row in rows[:200]], key=())
    mapped = {each.target: each for each in mapping.fields}
    if "email" not in mapped and "phone" not in mapped and "external_id" not in mapped:
        raise Invalid(
            "No column tells who the people are.",
            problems={
                "people": "Name a column “email”, “phone” or “id” in the first line of the file."
            },
        )
    found = People()
    records: list[Contact] = []
    for number, row in rows:
        who = next(
            (
                row.get(mapped[target].source, "").strip()
                for target in ("external_id", "email", "phone")
                if target in mapped and row.get(mapped[target].source, "").strip()
            ),
            "",
        )
        if not who:
            found.refused.append((number, "no e-mail, phone or id"))
            continue
        try:
            record = _record(mapping, row, who)
        except (RecordError, ConfigError) as error:
            found.refused.append((number, error.message))
            continue
        records.append(record)
    _store(session, records, found, now)
    return found


def _record(mapping: Mapping, row: dict[str, str], who: str) -> Contact:
    """The contact of one line, known by its id, else its e-mail, else its phone."""
    fields = [each for each in mapping.fields if each.target != "external_id"]
    whole = Mapping("contact", (*fields, FieldMapping("__who", "external_id")), True)
    record = whole.apply({**row, "__who": who.lower()[:255]})
    assert isinstance(record, Contact)
    return record


def _store(session: Session, records: list[Contact], found: People, now: datetime) -> None:
    source = sources.own_connection(session, sources.PEOPLE)
    ids: dict[uuid.UUID, None] = {}
    for start in range(0, len(records), 1000):
        part = records[start : start + 1000]
        upsert(session, source.id, part, now)
        known = identity.known(session, source.id, "contact", (r.external_id for r in part))
        ids |= dict.fromkeys(known[record.external_id] for record in part)
    found.contact_ids = list(ids)
