"""A field mapping made ready to run: its conversions, chosen and checked once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from connectors.attributes import attributes_of, is_safe, require_safe
from connectors.canonical import Record
from connectors.converters import make
from connectors.entities import ENTITIES, Entity, EntityField
from connectors.errors import ConfigError, RecordError
from connectors.fields import ATTRIBUTE, FieldMapping

Raw = Mapping[str, Any]
Step = Callable[[Any, Raw], Any]

_DEFAULTS = {"text": "trim", "key": "trim"}
_EMPTY = (None, "")


@dataclass(frozen=True, slots=True)
class Prepared:
    """One field's conversion. `most` is the length allowed, 0 for what is no text."""

    mapped: FieldMapping
    label: str
    convert: Step
    takes_empty: bool
    most: int

    def value(self, raw: Raw) -> Any:
        """The converted value of a record, None when empty. Raises ValueError with the reason."""
        given = raw.get(self.mapped.source)
        if not self.takes_empty and (given is None or given == ""):
            return None
        return self.convert(given, raw)


class Plan:
    """What `Mapping.apply` runs: conversions in order, then what must be there at the end."""

    def __init__(
        self, entity: Entity, fields: Sequence[Prepared], consumed: Iterable[str] | None
    ) -> None:
        self.entity = entity
        self.fields = tuple(fields)
        self._steps = tuple(
            (each.mapped.source, each.mapped.target, each.convert, each.takes_empty, each.most)
            for each in fields
        )
        self._required = tuple((each.name, each.label) for each in entity.fields if each.required)
        self._consumed = None if consumed is None else frozenset(consumed)
        self._names: tuple[str, ...] = ()
        self._left: tuple[str, ...] = ()

    def run(self, raw: Raw) -> Record:
        """The canonical record. Raises RecordError naming the field and the reason."""
        values: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        texts: list[str] = []
        number = 0
        try:
            for number, (source, target, convert, takes_empty, most) in enumerate(self._steps):
                value = raw.get(source)
                if not takes_empty and (value is None or value == ""):
                    continue
                try:
                    value = convert(value, raw)
                except ValueError:
                    if self.fields[number].mapped.options.get("on_error") != "attribute":
                        raise
                    attributes[source] = value
                    continue
                if value is None:
                    continue
                if most:
                    if len(value) > most:
                        raise ValueError(f"is {len(value):,} characters long; the most is {most:,}")
                    texts.append(value)
                    values[target] = value
                elif target == "amount_minor":
                    values["amount_minor"], values["currency"] = value
                elif target.startswith(ATTRIBUTE):
                    attributes[target[len(ATTRIBUTE) :]] = value
                else:
                    values[target] = value
        except ValueError as error:
            field = self.fields[number]
            source = field.mapped.source
            named = f"{field.label} (from “{source}”)" if source else field.label
            known = values.get("external_id")
            raise RecordError(known, f"{named} {error}.", field.mapped.target) from error
        self._complete(values)
        if self._consumed is not None:
            names = tuple(raw)
            left = self._left if names == self._names else self._leave(names)
            for name in left:
                value = raw[name]
                if value is not None and value != "":
                    attributes[name] = value
        if attributes:
            values["attributes"] = attributes
        if not is_safe(texts, attributes):
            require_safe(values, {each.mapped.target: each.label for each in self.fields})
            values["attributes"] = attributes_of(attributes, values["external_id"])
        return self.entity.record(**values)

    def _leave(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Source fields that go to the attributes; kept for the next record of the same shape."""
        consumed = self._consumed or frozenset()
        left = tuple(name for name in names if name not in consumed and name[:1] != "_")
        self._names, self._left = names, left
        return left

    def _complete(self, values: Mapping[str, Any]) -> None:
        """Refuses a record that lacks what it must have."""
        for name, label in self._required:
            if name not in values:
                raise RecordError(values.get("external_id"), f"{label} is empty.", name)
        for group in self.entity.one_of:
            for name in group:
                if name in values:
                    break
            else:
                text = f"One of {labels(self.entity, group)} is needed; all are empty."
                raise RecordError(values["external_id"], text, group[0])


def labels(entity: Entity, names: Sequence[str]) -> str:
    """The fields' labels as one reads them in a sentence."""
    return " or ".join(entity.field(name).label.lower() for name in names)


def entity_of(name: str) -> Entity:
    """The entity of that name. Raises ConfigError for an unknown one."""
    if name not in ENTITIES:
        raise ConfigError(f"“{name}” is not a kind of record; choose one of {', '.join(ENTITIES)}.")
    return ENTITIES[name]


def target_of(entity: Entity, name: str) -> EntityField:
    """The declaration of a target. Raises ConfigError when the entity has none such."""
    if name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE):
        return EntityField(name, "any", name[len(ATTRIBUTE) :])
    try:
        return entity.field(name)
    except KeyError:
        raise ConfigError(f"{entity.label} have no field “{name}”; choose another.") from None


def prepare(entity: Entity, mapped: FieldMapping) -> Prepared:
    """One field made ready: empties, the converter, then the check of the target's own type.

    Raises ConfigError when the target, the converter or its options do not fit.
    """
    target = target_of(entity, mapped.target)
    own = _DEFAULTS.get(target.type, target.type if target.type != "any" else "trim")
    name = mapped.converter or own
    convert: Step = make(name, mapped.options)
    if mapped.options.get("on_error") not in (None, "reject", "attribute"):
        raise ConfigError("On an error the record is rejected, or the value kept as an attribute.")
    if (name == "money") != (own == "money"):
        raise ConfigError("An amount is read by the converter “money”, and nothing else is.")
    takes_empty = name in ("constant", "join")
    if takes_empty and "default" in mapped.options:
        raise ConfigError(f"The converter “{name}” takes no default.")
    if mapped.options.get("nulls") or mapped.options.get("default") not in _EMPTY:
        takes_empty, convert = True, _with_empties(convert, mapped.options)
    if target.type != "any" and name != own and not (own == "trim" and name in ("lower", "join")):
        convert = _chain(convert, make(own, {}))
    if target.choices:
        convert = _chain(convert, partial(_one_of, frozenset(target.choices)))
    return Prepared(mapped, target.label, convert, takes_empty, target.max_length or 0)


def _one_of(choices: frozenset[str], value: Any, _raw: Raw) -> Any:
    if value not in choices:
        known = ", ".join(sorted(choices))
        raise ValueError(f"is “{value}”, which is none of: {known}; map it to one of them")
    return value


def _chain(first: Step, last: Step) -> Step:
    def convert(value: Any, raw: Raw) -> Any:
        value = first(value, raw)
        return None if value is None else last(value, raw)

    return convert


def _with_empties(convert: Step, options: Mapping[str, Any]) -> Step:
    """The conversion with texts that mean nothing, and a default for nothing."""
    nulls = frozenset(str(each).strip() for each in options.get("nulls") or ())
    default = options.get("default")

    def step(value: Any, raw: Raw) -> Any:
        if isinstance(value, str) and value.strip() in nulls:
            value = None
        result = None if value is None or value == "" else convert(value, raw)
        return convert(default, raw) if result is None and default not in _EMPTY else result

    return step


def compile_plan(entity_name: str, mappings: Sequence[FieldMapping], keep_unmapped: bool) -> Plan:
    """The plan of a complete mapping."""
    entity = entity_of(entity_name)
    # The id goes first, so that later refusals can name the record.
    ordered = sorted(mappings, key=lambda each: each.target != "external_id")
    currency = next((each for each in ordered if each.target == "currency"), None)
    has_amount = any(each.target == "amount_minor" for each in ordered)
    prepared: list[Prepared] = []
    consumed: set[str] = set()
    for each in ordered:
        consumed.add(each.source)
        consumed.update(each.options.get("sources", ()) if each.converter == "join" else ())
        consumed.add(str(each.options.get("currency_from", "")))
        if each.target == "amount_minor" and currency is not None:
            prepared.append(_amount(entity, each, currency))
        elif each.target != "currency" or not has_amount:
            prepared.append(prepare(entity, each))
    return Plan(entity, prepared, consumed if keep_unmapped else None)


def _amount(entity: Entity, amount: FieldMapping, currency: FieldMapping) -> Prepared:
    """The amount's conversion, which takes the currency from the currency's own mapping."""
    code = prepare(entity, currency)
    own = prepare(entity, amount)
    made: dict[Any, Step] = {}

    def convert(value: Any, raw: Raw) -> Any:
        given = raw.get(currency.source)
        step = made.get(given) if type(given) is str else None
        if step is None:
            named = code.value(raw)
            options = {k: v for k, v in amount.options.items() if k != "currency_from"}
            if named:
                options["currency"] = named
            made_from = FieldMapping(amount.source, amount.target, amount.converter, options)
            step = prepare(entity, made_from).convert
            if type(given) is str and len(made) < 1000:
                made[given] = step
        return step(value, raw)

    return Prepared(amount, own.label, convert, own.takes_empty, 0)
