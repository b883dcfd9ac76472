"""The fidelity report: what of a foreign survey was carried over, how faithfully, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from surveys.definition import load
from surveys.parts import Definition

Outcome: TypeAlias = Literal["mapped", "approximated", "raw", "dropped"]
LogicOutcome: TypeAlias = Literal["evaluated", "raw"]


class Item(NamedTuple):
    """One question of the source: its name and type there, what became of it here and why.

    mapped: it renders, accepts and refuses what the source would. approximated: it asks the same but
    differs in what the reason says. raw: kept as words for a person to decide. dropped: left out.
    """

    source_id: str
    source_type: str
    outcome: Outcome
    key: str = ""
    reason: str = ""


class LogicItem(NamedTuple):
    """One piece of logic of the source: where it stood, its own words, whether a walk obeys it."""

    path: str
    source: str
    outcome: LogicOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, item by item. ``notes`` are about the survey as a whole."""

    format: str
    items: tuple[Item, ...] = ()
    logic: tuple[LogicItem, ...] = ()
    languages: tuple[str, ...] = ()
    scripts_removed: int = 0
    notes: tuple[str, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """How many questions ended so."""
        return sum(item.outcome == outcome for item in self.items)

    def as_json(self) -> dict[str, object]:
        """The report as plain values; counts first."""
        return {
            "format": self.format,
            "questions": len(self.items),
            "mapped": self.count("mapped"),
            "approximated": self.count("approximated"),
            "raw": self.count("raw"),
            "dropped": self.count("dropped"),
            "logic": len(self.logic),
            "evaluated": sum(item.outcome == "evaluated" for item in self.logic),
            "languages": list(self.languages),
            "scripts_removed": self.scripts_removed,
            "items": [item._asdict() for item in self.items],
            "logic_items": [item._asdict() for item in self.logic],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Imported:
    """A foreign survey as ours, and how faithfully it was read."""

    definition: Definition
    report: Report


# From a file's bytes to our survey; raises FormatError for what cannot be read at all.
Importer: TypeAlias = Callable[[bytes], Imported]


def imported(document: Mapping[str, object], report: Report) -> Imported:
    """The import of a document in the form of our own; raises DefinitionError where ours is wrong."""
    return Imported(load(document), report)
