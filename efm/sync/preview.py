"""What a mapping would make of real records: the first ones shown, some hundred counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.base import Connector
from connectors.cursor import guarded
from connectors.entities import ENTITIES
from connectors.errors import ConfigError, RecordError
from connectors.mapping import Mapping as FieldMap
from connectors.money import EXPONENTS
from connectors.plan import Prepared, prepare
from connectors.records import Raw, Stream
from efm.sync.ready import is_silent

SAMPLED = 200
SHOWN = 10
MOST_PAGES = 20
SAYS_NOTHING = "This record says nothing of it, so nothing is stored."


@dataclass(frozen=True)
class Sample:
    """Some first records of a stream, how many the source expects in all, and what it refused.

    `is_whole` tells that these are all there are.
    """

    records: tuple[Raw, ...] = ()
    total: int | None = None
    refused: tuple[str, ...] = ()
    is_whole: bool = False

    @property
    def names(self) -> list[str]:
        """Field names in the order they appear."""
        found: dict[str, None] = {}
        for record in self.records:
            found |= dict.fromkeys(record)
        return list(found)

    def example(self, name: str) -> str:
        """A value that field has, cut short; blank when it has none."""
        for record in self.records:
            value = record.get(name)
            if value not in (None, ""):
                text = " ".join(str(value).split())
                return text if len(text) <= 40 else text[:37] + "…"
        return ""


def sample(connector: Connector, stream: Stream) -> Sample:
    """Read the first records. Raises ConnectorError when the source cannot be read."""
    records: list[Raw] = []
    refused: list[str] = []
    total = None
    for number, page in enumerate(guarded(connector.read(stream, {})), start=1):
        records += page.records
        refused += [each.reason for each in page.rejected]
        total = page.total if total is None else total
        if len(records) >= SAMPLED or number >= MOST_PAGES:
            return Sample(tuple(records[:SAMPLED]), total, tuple(refused))
    return Sample(tuple(records), len(records) + len(refused), tuple(refused), True)


@dataclass
class Filled:
    """How one field fared over the sample."""

    records: int = 0
    filled: int = 0
    refused: int = 0
    reason: str = ""

    def said(self) -> str:
        """In words: 98 % filled, 3 refused."""
        if not self.records:
            return ""
        share = round(100 * self.filled / self.records)
        share = min(share, 99) if self.filled < self.records else share
        words = (
            "always filled" if share == 100 else f"{max(share, 1 if self.filled else 0)} % filled"
        )
        return words + (f", {self.refused:,} refused" if self.refused else "")


@dataclass
class Shown:
    """One record of the preview: its cells, and the reason when it would be refused."""

    cells: list[tuple[str, str, str]]
    reason: str = ""


@dataclass
class Preview:
    """What one mapping makes of the sample."""

    entity: str
    columns: list[str] = field(default_factory=list)
    rows: list[Shown] = field(default_factory=list)
    coverage: dict[str, Filled] = field(default_factory=dict)
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


def preview(document: Mapping[str, Any], found: Sample, beside: Sequence[FieldMap]) -> Preview:
    """The preview of one mapping of a draft, as far as it can be used already.

    `beside` are all mappings of the draft: with several, a measurement that says nothing is left out.
    """
    entity = ENTITIES.get(str(document.get("entity")), ENTITIES["contact"])
    mapping = FieldMap.from_document({**document, "entity": entity.name})
    made = Preview(entity.label)
    ready: list[Prepared] = []
    for each in mapping.fields:
        try:
            ready.append(prepare(entity, each))
        except ConfigError:
            continue  # The editor says beside the field what is wrong with it.
    is_complete = not mapping.problems()
    made.columns = [each.label for each in ready]
    made.coverage = {each.mapped.target: Filled() for each in ready}
    reasons: Counter[str] = Counter()
    for number, raw in enumerate(found.records):
        shown = Shown([_cell(each, raw, made.coverage[each.mapped.target]) for each in ready])
        if is_complete and is_silent(mapping, raw, beside):
            shown.reason = SAYS_NOTHING
        elif is_complete:
            try:
                mapping.apply(raw)
            except RecordError as error:
                shown.reason = error.message
                reasons[error.message] += 1
        if number < SHOWN:
            made.rows.append(shown)
    made.refused, made.reasons = sum(reasons.values()), dict(reasons.most_common(5))
    return made


def _cell(each: Prepared, raw: Raw, count: Filled) -> tuple[str, str, str]:
    """Value, what the source said when that differs, and the problem; counted on the way."""
    count.records += 1
    given = raw.get(each.mapped.source)
    said = "" if given is None else str(given)
    try:
        value = each.value(raw)
    except ValueError as error:
        count.refused += 1
        count.reason = str(error)
        return "", said[:200], str(error)
    if isinstance(value, tuple):
        value = f"{Decimal(value[0]).scaleb(-EXPONENTS[value[1]])} {value[1]}"
    if isinstance(value, datetime):
        value = f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    text = "" if value is None else str(value)
    count.filled += bool(text)
    return text[:200], (said[:200] if said.strip() != text else ""), ""


def whole(mappings: Sequence[FieldMap], found: Sample) -> Counter[str]:
    """How many sampled records would be refused, by reason: a record is taken whole or not at all."""
    reasons: Counter[str] = Counter(found.refused)
    for raw in found.records:
        try:
            for mapping in mappings:
                if not is_silent(mapping, raw, mappings):
                    mapping.apply(raw)
        except RecordError as error:
            reasons[error.message] += 1
    return reasons
