"""What a file is and what will become of it: read from its columns and a sample, told before it is done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.errors import ConfigError, ConnectorError
from connectors.mapping import Mapping as FieldMap
from connectors.records import Stream
from connectors.suggest import date_formats
from connectors.systems.files.connector import Files
from efm.errors import Invalid
from efm.imports import scales
from surveys.definition import Definition, load

SAMPLED = 2000
KNOWN_AS = {"cdnow": "CDNOW", "crm": "CRM", "nps": "NPS", "csat": "CSAT"}


@dataclass(frozen=True)
class Plan:
    """One file: its stream, the records it holds, the survey it answers."""

    path: Path
    name: str
    stream: Stream
    mappings: tuple[FieldMap, ...]
    found: scales.Found | None
    definition: Definition | None
    is_dated: bool
    joins_customers: bool

    @property
    def slug(self) -> str:
        """The organization's short name."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:60] or "imported"

    def describe(self) -> list[str]:
        """What will happen, in sentences."""
        said = []
        entities = [mapping.entity for mapping in self.mappings]
        words = {
            "account": "an account",
            "contact": "a contact",
            "interaction": "an interaction: an order, a call, a visit",
        }
        for entity, word in words.items():
            if entity in entities:
                said.append(f"Each row is {word}.")
        metrics = [
            str(field.options.get("value"))
            for mapping in self.mappings
            if mapping.entity == "measurement"
            for field in mapping.fields
            if field.target == "metric"
        ]
        if metrics:
            said.append(f"Measured for each: {', '.join(m.replace('_', ' ') for m in metrics)}.")
        if self.found:
            asked = ", ".join(each.text for each in self.found.asked)
            said.append(f"Each row is a response: {asked}.")
            if self.found.touchpoint:
                said.append(f"The touchpoint is “{self.found.touchpoint}”.")
            if not self.is_dated:
                said.append(
                    "The answers have no dates: they count from the moment they are brought in, and "
                    "what they are compared with is cross-sectional."
                )
        return said


def display_name(path: Path) -> str:
    """apparel_reviews.csv is Apparel reviews."""
    words = re.sub(r"[_\W]+", " ", path.stem).strip().split()
    words = [KNOWN_AS.get(word.lower(), word) for word in words] or ["Imported"]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def files_of(path: Path) -> list[Path]:
    """The data files a path means: itself, or those in the folder at any depth.

    Raises Invalid when there is none.
    """
    if path.is_file():
        return [path]
    found = sorted(
        each
        for each in path.rglob("*")
        if each.suffix.lower() in (".csv", ".tsv", ".xlsx", ".parquet") and each.is_file()
    )
    if not found:
        what = "holds no CSV, XLSX or Parquet file" if path.is_dir() else "does not exist"
        raise Invalid(f"{path} {what}.")
    return found


def connector_settings(path: Path, currency: str, entity: str = "auto") -> dict[str, Any]:
    """The settings of a file connection for one file."""
    pattern = re.sub(r"([\[\]*?])", r"[\1]", path.name)
    return {
        "folder": str(path.parent), "patterns": [pattern], "settle_seconds": 0,
        "currency": currency, "entity": entity,
    }  # fmt: skip


def _sample(connector: Files, stream: Stream) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for page in islice(connector.read(stream, {}), 10):
        rows += page.records
        if len(rows) >= SAMPLED:
            break
    return rows[:SAMPLED]


def plan(path: Path, *, currency: str = "USD") -> Plan:
    """Read a file's columns and a sample of its rows and say what it is.

    Raises Invalid when it cannot be read or nothing in it is recognised.
    """
    path = path.resolve()
    try:
        connector = Files(connector_settings(path, currency))
        streams = connector.streams()
        if not streams:
            raise ConfigError(" ".join(connector.check().notes) or f"{path.name} cannot be read.")
        stream = streams[0]
        sample = _sample(connector, stream)
        columns = list(stream.fields) or (list(sample[0]) if sample else [])
        found = scales.find(columns, sample)
        mappings = [m for m in (stream.default_mapping, *stream.more_mappings) if m is not None]
        if found is not None:
            stream, mappings = _for_responses(path, currency)
    except ConnectorError as error:
        raise Invalid(f"{path.name}: {error.message}") from error
    usable = tuple(mapping for mapping in mappings if not mapping.problems())
    if not usable and found is None:
        raise Invalid(
            f"{path.name}: nothing was recognised. Set up a file connection and map its fields."
        )
    formats = None
    if found is not None and found.when:
        formats = date_formats([row[found.when] for row in sample if row.get(found.when)])
    return Plan(
        path, display_name(path), stream, usable, found,
        definition_of(display_name(path), found) if found else None,
        is_dated=formats is not None, joins_customers=bool(usable),
    )  # fmt: skip


def _for_responses(path: Path, currency: str) -> tuple[Stream, list[FieldMap]]:
    """The stream of a table of answers; its rows are contacts only when it also has outcomes."""
    (stream,) = Files(connector_settings(path, currency, "contact")).streams()
    outcomes = [m for m in stream.more_mappings if m.entity == "measurement"]
    if not outcomes or stream.default_mapping is None:
        return stream, []
    return stream, [stream.default_mapping, *outcomes]


def definition_of(name: str, found: scales.Found) -> Definition:
    """The survey that the columns answer."""
    return load(
        {
            "title": name,
            "name": name,
            "language": "en",
            "purpose": "Brought in from a file.",
            "pages": [{"key": "answers", "questions": [_question(each) for each in found.asked]}],
        }
    )


def _question(asked: scales.Asked) -> dict[str, Any]:
    question: dict[str, Any] = {"key": asked.key, "kind": asked.kind, "text": asked.text}
    if asked.kind == "stars":
        question["settings"] = {"points": asked.points, "is_csat": asked.is_csat}
        if asked.words:
            question["settings"]["labels"] = [word.capitalize() for word in asked.words]
    if asked.kind == "single_choice":
        question["choices"] = [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}]
    return question


def moment(value: Any, formats: Sequence[str]) -> datetime | None:
    """A time of the file; without a zone it is taken as UTC."""
    from connectors.converters import make

    convert = make("datetime", {"formats": list(formats)} if formats else {})
    try:
        read = convert(value, {})
    except (ConnectorError, ValueError):
        return None
    return read.astimezone(UTC) if isinstance(read, datetime) else None
