"""Field mappings: from a source's raw record to a canonical one, or a reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import Any, cast

from connectors import suggest as proposals
from connectors.attributes import attributes_of
from connectors.canonical import ENTITIES, Entity, EntityField, Record
from connectors.converters import make
from connectors.errors import ConfigError, RecordError
from connectors.fields import FieldMapping

__all__ = [
    "Cell",
    "Coverage",
    "FieldMapping",
    "Mapping",
    "PreviewRow",
    "suggest",
    "suggest_measurements",
]

ATTRIBUTE = "attributes."

_DEFAULTS = {"text": "trim", "key": "trim"}
_EMPTY = (None, "")


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


Step = Callable[[Any, MappingOf[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    entity: Entity
    fields: tuple[tuple[FieldMapping, str, Step], ...]  # mapping, label, conversion
    consumed: frozenset[str]
    limits: tuple[tuple[str, str, int], ...]
    required: tuple[tuple[str, str], ...]


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
            entity = _entity(self.entity)
        except ConfigError as error:
            return {"": error.message}
        found: dict[str, str] = {}
        seen: set[str] = set()
        for each in self.fields:
            if each.target in seen:
                found[each.target] = f"“{each.target}” is mapped twice; keep one of them."
            seen.add(each.target)
            try:
                _step(entity, each)
            except ConfigError as error:
                found.setdefault(each.target, error.message)
        for need in entity.fields:
            if need.required and need.name not in seen:
                found[need.name] = f"{need.label} is needed; choose its source field."
        for group in entity.one_of:
            if not seen.intersection(group):
                found[group[0]] = f"One of {_labels(entity, group)} is needed."
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
        plan = self._plan()
        values: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for mapped, label, convert in plan.fields:
            target = mapped.target
            try:
                value = convert(raw.get(mapped.source), raw)
            except ValueError as error:
                if mapped.options.get("on_error") == "attribute":
                    attributes[mapped.source] = raw.get(mapped.source)
                    continue
                named = f"{label} (from “{mapped.source}”)" if mapped.source else label
                raise RecordError(values.get("external_id"), f"{named} {error}.", target) from error
            if value is None:
                continue
            if target == "amount_minor":
                values["amount_minor"], values["currency"] = value
            elif target.startswith(ATTRIBUTE):
                attributes[target[len(ATTRIBUTE) :]] = value
            else:
                values[target] = value
        self._complete(plan, values)
        if self.keep_unmapped:
            consumed = plan.consumed
            attributes.update(
                {
                    name: value
                    for name, value in raw.items()
                    if name not in consumed
                    and value is not None
                    and value != ""
                    and name[:1] != "_"
                }
            )
        if attributes:
            values["attributes"] = attributes_of(attributes, values["external_id"])
        return plan.entity.record(**values)

    def preview(self, records: Iterable[MappingOf[str, Any]]) -> list[PreviewRow]:
        """What `apply` would do to each record, field by field, errors included."""
        plan = self._plan()
        rows: list[PreviewRow] = []
        for raw in records:
            cells = tuple(_cell(mapped, convert, raw) for mapped, _, convert in plan.fields)
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
            for count, (mapped, _, convert) in zip(counts, plan.fields, strict=True):
                cell = _cell(mapped, convert, raw)
                count[0] += cell.error is None and cell.value is not None
                count[1] += cell.error is not None
        return [
            Coverage(mapped.source, mapped.target, total, filled, errors)
            for (filled, errors), (mapped, _, _) in zip(counts, plan.fields, strict=True)
        ]

    def _plan(self) -> _Compiled:
        found = self.__dict__.get("_compiled")
        if found is None:
            problems = self.problems()
            if problems:
                raise ConfigError(
                    "The field mapping is not complete. " + " ".join(problems.values()),
                    {name: [reason] for name, reason in problems.items()},
                )
            found = _compile(self)
            object.__setattr__(self, "_compiled", found)
        return cast(_Compiled, found)

    @staticmethod
    def _complete(plan: _Compiled, values: dict[str, Any]) -> None:
        """Refuses a record that lacks a required field or exceeds a length."""
        for name, label in plan.required:
            if name not in values:
                raise RecordError(values.get("external_id"), f"{label} is empty.", name)
        for group in plan.entity.one_of:
            if not any(name in values for name in group):
                raise RecordError(
                    values["external_id"],
                    f"One of {_labels(plan.entity, group)} is needed; all are empty.",
                    group[0],
                )
        for name, label, most in plan.limits:
            text = values.get(name)
            if text is not None and len(text) > most:
                reason = f"{label} is {len(text):,} characters long; the most is {most:,}."
                given = None if name == "external_id" else values["external_id"]
                raise RecordError(given, reason, name)


def _labels(entity: Entity, names: Sequence[str]) -> str:
    return " or ".join(entity.field(name).label.lower() for name in names)


def _entity(name: str) -> Entity:
    if name not in ENTITIES:
        raise ConfigError(f"“{name}” is not a kind of record; choose one of {', '.join(ENTITIES)}.")
    return ENTITIES[name]


def _target(entity: Entity, name: str) -> EntityField:
    if name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE):
        return EntityField(name, "any", name[len(ATTRIBUTE) :])
    try:
        return entity.field(name)
    except KeyError:
        raise ConfigError(f"{entity.label} have no field “{name}”; choose another.") from None


def _step(entity: Entity, mapped: FieldMapping) -> Step:
    """The whole conversion of one field: empties, the converter, then the target's own type."""
    target = _target(entity, mapped.target)
    own = _DEFAULTS.get(target.type, target.type if target.type != "any" else "trim")
    name = mapped.converter or own
    convert: Step = make(name, mapped.options)
    if mapped.options.get("on_error") not in (None, "reject", "attribute"):
        raise ConfigError("On an error the record is rejected, or the value kept as an attribute.")
    if (name == "money") != (own == "money"):
        raise ConfigError("An amount is read by the converter “money”, and nothing else is.")
    finish: Step | None = None
    if target.type != "any" and name != own and not (own == "trim" and name in ("lower", "join")):
        finish = make(own, {})
    if name not in ("constant", "join"):
        convert = _with_empties(convert, mapped.options)
    elif "default" in mapped.options:
        raise ConfigError(f"The converter “{name}” takes no default.")
    if finish is None:
        return convert
    first, last = convert, finish

    def chain(value: Any, raw: MappingOf[str, Any]) -> Any:
        value = first(value, raw)
        return None if value is None else last(value, raw)

    return chain


def _with_empties(convert: Step, options: MappingOf[str, Any]) -> Step:
    nulls = frozenset(str(each).strip() for each in options.get("nulls", ()))
    default = options.get("default")
    if not nulls and default in _EMPTY:

        def simple(value: Any, raw: MappingOf[str, Any]) -> Any:
            return None if value is None or value == "" else convert(value, raw)

        return simple

    def step(value: Any, raw: MappingOf[str, Any]) -> Any:
        if value is None or value == "" or (isinstance(value, str) and value.strip() in nulls):
            value = default
        if value is None or value == "":
            return None
        result = convert(value, raw)
        if result is None and default not in _EMPTY:  # blanks only
            result = convert(default, raw)
        return result

    return step


def _compile(mapping: Mapping) -> _Compiled:
    entity = _entity(mapping.entity)
    fields = list(mapping.fields)
    # The id goes first, so that later refusals can name the record.
    fields.sort(key=lambda each: each.target != "external_id")
    currency = next((each for each in fields if each.target == "currency"), None)
    steps: list[tuple[FieldMapping, str, Step]] = []
    consumed: set[str] = set()
    for each in fields:
        consumed.update(each.options.get("sources", ()) if each.converter == "join" else ())
        consumed.add(each.source)
        if each.options.get("currency_from"):
            consumed.add(str(each.options["currency_from"]))
        label = _target(entity, each.target).label
        if each.target == "amount_minor":
            steps.append((each, label, _money_step(entity, each, currency)))
        elif each.target != "currency" or "amount_minor" not in {f.target for f in fields}:
            steps.append((each, label, _step(entity, each)))
    own = [each for each in entity.fields if each.max_length]
    return _Compiled(
        entity=entity,
        fields=tuple(steps),
        consumed=frozenset(consumed),
        limits=tuple((each.name, each.label, each.max_length or 0) for each in own),
        required=tuple((each.name, each.label) for each in entity.fields if each.required),
    )


def _money_step(entity: Entity, amount: FieldMapping, currency: FieldMapping | None) -> Step:
    """The amount's conversion, which takes the currency from the currency's own mapping."""
    if currency is None:
        return _step(entity, amount)
    code = _step(entity, currency)
    made: dict[str | None, Step] = {}

    def convert(value: Any, raw: MappingOf[str, Any]) -> Any:
        named = code(raw.get(currency.source), raw)
        step = made.get(named)
        if step is None:
            options = {k: v for k, v in amount.options.items() if k != "currency_from"}
            if named:
                options["currency"] = named
            step = made[named] = _step(
                entity, FieldMapping(amount.source, amount.target, amount.converter, options)
            )
        return step(value, raw)

    return convert


def _cell(mapped: FieldMapping, convert: Step, raw: MappingOf[str, Any]) -> Cell:
    given = raw.get(mapped.source)
    try:
        value = convert(given, raw)
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
    _entity(entity)
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
