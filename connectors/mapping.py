"""Field mappings: from a source's raw record to a canonical one, or a reason why not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import Any, cast

from connectors import suggest as proposals
from connectors.canonical import Record
from connectors.errors import ConfigError, RecordError
from connectors.fields import FieldMapping
from connectors.plan import Plan, Prepared, compile_plan, entity_of, labels, prepare

__all__ = [
    "Cell",
    "Coverage",
    "FieldMapping",
    "Mapping",
    "PreviewRow",
    "suggest",
    "suggest_measurements",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of one field of one record in a preview."""

    source: str
    target: str
    raw: Any
    value: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One record in a preview: its cells, and the record or the reason it would be rejected."""

    cells: tuple[Cell, ...]
    record: Record | None
    error: str | None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How one mapped field fared over some records: counts, so that shares add up."""

    source: str
    target: str
    records: int
    filled: int
    errors: int

    @property
    def share(self) -> float:
        """The part of the records that got a value; 0.0 of no records."""
        return self.filled / self.records if self.records else 0.0


@dataclass(frozen=True)
class Mapping:
    """How the raw records of a stream become canonical records of one entity.

    With `keep_unmapped` (the default) source fields that no mapping uses go to `attributes`,
    except those whose name begins with `_`.
    """

    entity: str
    fields: tuple[FieldMapping, ...]
    keep_unmapped: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", tuple(self.fields))

    @classmethod
    def from_document(cls, document: MappingOf[str, Any]) -> Mapping:
        """The mapping that `document()` wrote. Raises ConfigError when it is malformed."""
        try:
            fields = tuple(
                FieldMapping(
                    str(each["source"]),
                    str(each["target"]),
                    each.get("converter") or None,
                    dict(each.get("options") or {}),
                )
                for each in document["fields"]
            )
            return cls(str(document["entity"]), fields, bool(document.get("keep_unmapped", True)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError("The field mapping is damaged; map the fields again.") from error

    def document(self) -> dict[str, Any]:
        """The mapping as JSON."""
        return {
            "entity": self.entity,
            "fields": [each.document() for each in self.fields],
            "keep_unmapped": self.keep_unmapped,
        }

    def problems(self) -> dict[str, str]:
        """What stands in the way of using it: canonical field (or "") to a sentence."""
        try:
            entity = entity_of(self.entity)
        except ConfigError as error:
            return {"": error.message}
        found: dict[str, str] = {}
        seen: set[str] = set()
        for each in self.fields:
            if each.target in seen:
                found[each.target] = f"“{each.target}” is mapped twice; keep one of them."
            seen.add(each.target)
            try:
                prepare(entity, each)
            except ConfigError as error:
                found.setdefault(each.target, error.message)
        for need in entity.fields:
            if need.required and need.name not in seen:
                found[need.name] = f"{need.label} is needed; choose its source field."
        for group in entity.one_of:
            if not seen.intersection(group):
                found[group[0]] = f"One of {labels(entity, group)} is needed."
        amount = next((each for each in self.fields if each.target == "amount_minor"), None)
        named = amount and (amount.options.get("currency") or amount.options.get("currency_from"))
        if amount and not named and "currency" not in seen:
            text = "Amount has no currency; choose one, or the field that holds it."
            found.setdefault("amount_minor", text)
        return found

    def apply(self, raw: MappingOf[str, Any]) -> Record:
        """The canonical record of a raw one.

        Raises RecordError naming the field and the reason, or ConfigError if the mapping itself
        cannot be used (see `problems`).
        """
        return self._plan().run(raw)

    def preview(self, records: Iterable[MappingOf[str, Any]]) -> list[PreviewRow]:
        """What `apply` would do to each record, field by field, errors included."""
        plan = self._plan()
        rows: list[PreviewRow] = []
        for raw in records:
            cells = tuple(_cell(each, raw) for each in plan.fields)
            try:
                rows.append(PreviewRow(cells, self.apply(raw), None))
            except RecordError as error:
                rows.append(PreviewRow(cells, None, error.message, error.field))
        return rows

    def coverage(self, records: Iterable[MappingOf[str, Any]]) -> list[Coverage]:
        """How often each mapped field got a value or failed over these records."""
        plan = self._plan()
        counts = [[0, 0] for _ in plan.fields]
        total = 0
        for raw in records:
            total += 1
            for count, field in zip(counts, plan.fields, strict=True):
                cell = _cell(field, raw)
                count[0] += cell.error is None and cell.value is not None
                count[1] += cell.error is not None
        return [
            Coverage(each.mapped.source, each.mapped.target, total, filled, errors)
            for (filled, errors), each in zip(counts, plan.fields, strict=True)
        ]

    def _plan(self) -> Plan:
        found = self.__dict__.get("_compiled")
        if found is None:
            problems = self.problems()
            if problems:
                raise ConfigError(
                    "The field mapping is not complete. " + " ".join(problems.values()),
                    {name: [reason] for name, reason in problems.items()},
                )
            found = compile_plan(self.entity, self.fields, self.keep_unmapped)
            object.__setattr__(self, "_compiled", found)
        return cast(Plan, found)


def _cell(field: Prepared, raw: MappingOf[str, Any]) -> Cell:
    mapped = field.mapped
    given = raw.get(mapped.source)
    try:
        value = field.value(raw)
    except ValueError as error:
        return Cell(mapped.source, mapped.target, given, error=str(error))
    if mapped.target == "amount_minor" and value is not None:
        value = value[0]
    return Cell(mapped.source, mapped.target, given, value)


def suggest(
    entity: str,
    source_fields: Sequence[str],
    sample: Sequence[MappingOf[str, Any]] = (),
    key: Sequence[str] = (),
) -> Mapping:
    """A mapping proposed from the fields' names and a sample of records.

    `key` is the stream's key, which becomes the external id. The proposal may be incomplete:
    `problems()` says what is missing. Raises ConfigError for an unknown entity.
    """
    entity_of(entity)
    return Mapping(entity, proposals.propose(entity, source_fields, sample, key))


def suggest_measurements(
    source_fields: Sequence[str],
    sample: Sequence[MappingOf[str, Any]] = (),
    key: Sequence[str] = (),
    owner: str = "account",
) -> list[Mapping]:
    """One mapping per column that is a known metric, for tables of customers (`owner`)."""
    found = proposals.measurements(source_fields, sample, key, owner)
    return [Mapping("measurement", fields, keep_unmapped=False) for fields in found]
