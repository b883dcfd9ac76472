"""Rules of writing back as their pages show them: fields, what would change, what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.records import Target
from efm.models import WriteBack, WriteItem
from efm.writing import planning, rules

SHOWN = 5
MOST_ITEMS = 100
TEXT = "text"
STATES = {
    "due": ("pending", "To look at"),
    "waiting": ("pending", "Waiting"),
    "written": ("positive", "Written"),
    "refused": ("failed", "Refused"),
    "conflict": ("caution", "Changed there"),
}


@dataclass(frozen=True)
class Line:
    """One rule in the list."""

    rule: WriteBack
    what: str
    where: str
    counts: Mapping[str, int]

    @property
    def condition(self) -> tuple[str, str]:
        """How it stands: kind of band and the word."""
        return {
            "draft": ("draft", "Not turned on"),
            "on": ("positive", "On"),
            "paused": ("failed" if self.rule.message else "unscored", "Paused"),
            "held": ("caution", "Needs your approval"),
        }[self.rule.state]


def line(session: Session, rule: WriteBack, targets: Sequence[Target]) -> Line:
    """One rule with its counts."""
    label = next((each.label for each in targets if each.name == rule.target), rule.target)
    return Line(rule, rules.SOURCES[rule.source], label, rules.counts(session, rule.id))


def choices(targets: Sequence[Target], made: Sequence[WriteBack]) -> list[tuple[str, str]]:
    """What could be added: value and words of each."""
    taken = {(rule.source, rule.target) for rule in made}
    return [
        (f"{source} {target.name}", f"{rules.SOURCES[source]} → {target.label}")
        for target in targets
        for source in rules.sources_of(target)
        if (source, target.name) not in taken
    ]


@dataclass(frozen=True)
class Row:
    """One field of the target in the form."""

    name: str
    type: str
    is_required: bool
    chosen: str
    text: str


def rows(rule: WriteBack, target: Target, typed: Mapping[str, str] | None) -> list[Row]:
    """The target's fields, those needed first, then those mapped, then by name."""
    found = []
    for name, kind in target.fields.items():
        how = rule.fields.get(name, {})
        chosen = TEXT if "text" in how else how.get("value", "")
        text = how.get("text", "")
        if typed is not None:
            chosen, text = typed.get(f"v.{name}", ""), typed.get(f"t.{name}", "")
        found.append(Row(name, kind, name in target.required, chosen, text))
    return sorted(
        found, key=lambda each: (not each.is_required, not each.chosen, each.name.lower())
    )


def read_fields(form: Mapping[str, str], target: Target) -> dict[str, str]:
    """A field's name to one of our values or to `text:` and what was typed, as `rules.change` takes it."""
    found = {}
    for name in target.fields:
        chosen = form.get(f"v.{name}", "")
        typed = f"{rules.CONSTANT}{form.get(f't.{name}', '')}"
        found[name] = typed if chosen == TEXT else chosen
    return found


@dataclass
class Preview:
    """What the rule would write of the first subjects."""

    looked_at: int = 0
    is_whole: bool = True
    changes: int = 0
    unchanged: int = 0
    unknown: int = 0
    problems: dict[str, int] = field(default_factory=dict)
    examples: list[tuple[str, list[tuple[str, Any, Any]]]] = field(default_factory=list)


def preview(session: Session, rule: WriteBack, target: Target, public_url: str) -> Preview:
    """What a run would change among the first subjects; nothing is stored."""
    batch = planning.subjects(session, rule, "all", None)
    found = planning.look(session, rule, target, batch, public_url, with_waiting=True)
    made = Preview(len(batch), len(batch) < planning.BATCH)
    made.unknown, made.unchanged = found.unknown, found.unchanged
    for each in found.planned:
        if each.problem:
            made.problems[each.problem] = made.problems.get(each.problem, 0) + 1
        elif each.state == "written":
            made.unchanged += 1
        else:
            made.changes += 1
            if len(made.examples) < SHOWN:
                cells = [(n, each.before.get(n), value) for n, value in each.wanted.items()]
                made.examples.append((each.remote_id, cells))
    return made


def items(session: Session, rule: WriteBack, state: str) -> Sequence[WriteItem]:
    """What was written or waits, the newest first."""
    query = select(WriteItem).where(WriteItem.write_back_id == rule.id)
    if state in STATES:
        query = query.where(WriteItem.state == state)
    return session.scalars(
        query.order_by(WriteItem.changed_at.desc(), WriteItem.id.desc()).limit(MOST_ITEMS)
    ).all()
