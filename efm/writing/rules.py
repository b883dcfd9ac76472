"""Rules of writing back: made, changed, tried, turned on, held, approved, paused, removed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from connectors.records import Target
from efm import queue
from efm.errors import Conflict, Invalid, NotFound
from efm.models import Connection, WriteBack, WriteItem
from efm.writing.values import VALUES, fit

SOURCES = {
    "customer": "Each customer's latest score",
    "response": "Each response",
    "case": "Each case",
}
CONSTANT = "text:"
LONGEST_TEXT = 500


def get(session: Session, rule_id: uuid.UUID) -> WriteBack:
    """The rule; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(WriteBack, (session.info["organization_id"], rule_id))
    if found is None:
        raise NotFound("There is no such rule of writing back.")
    return found


def of_connection(session: Session, connection_id: uuid.UUID) -> Sequence[WriteBack]:
    """The rules of one connection, the oldest first."""
    return session.scalars(
        select(WriteBack).where(WriteBack.connection_id == connection_id).order_by(WriteBack.id)
    ).all()


def sources_of(target: Target) -> list[str]:
    """What may be told to a target: records they have take a customer's state, ours anything that happened."""
    return ["customer"] if target.op == "update" else ["response", "case"]


def create(
    session: Session, connection: Connection, target: Target, source: str, now: datetime
) -> WriteBack:
    """A new rule, still a draft, with the fields that speak for themselves mapped.

    Raises Invalid for a source the target cannot take, Conflict when there is such a rule.
    """
    if source not in sources_of(target):
        raise Invalid("Choose what to write.", problems={"source": "Choose one of the list."})
    taken = session.scalars(
        select(WriteBack.id).where(
            WriteBack.connection_id == connection.id,
            WriteBack.target == target.name,
            WriteBack.source == source,
        )
    ).first()
    if taken is not None:
        raise Conflict("There is such a rule already; change that one.")
    rule = WriteBack(
        connection_id=connection.id, target=target.name, source=source, state="draft",
        appears_in=target.appears_in, fields=proposed(target, source), starts_at=now,
    )  # fmt: skip
    session.add(rule)
    session.flush()
    return rule


_WORDS: Mapping[str, tuple[str, ...]] = {
    "nps": ("nps", "npsscore", "nps_score", "efm_nps", "npsc"),
    "nps_band": ("npsband", "nps_band", "npsgroup", "nps_group"),
    "csat": ("csat", "satisfaction", "csatscore"),
    "ces": ("ces", "effort"),
    "sentiment": ("sentiment",),
    "responded_at": ("lastresponse", "last_response", "responded", "occurred_at", "date"),
    "comment": ("lastcomment", "last_comment"),
    "title": ("subject", "title", "name", "summary"),
    "summary": ("message", "body", "note", "description", "content", "text", "notes"),
    "link": ("link", "url"),
}


def proposed(target: Target, source: str) -> dict[str, Any]:
    """The fields whose names say what they take."""
    known = {each.name for each in VALUES[source]}
    found: dict[str, Any] = {}
    for name in target.fields:
        plain = name.lower().removesuffix("__c").removeprefix("efm_").removeprefix("x_")
        for value, words in _WORDS.items():
            taken = {each["value"] for each in found.values()}
            if value in known and value not in taken and plain in words:
                found[name] = {"value": value}
                break
    return found


def change(
    session: Session,
    rule: WriteBack,
    target: Target,
    given: Mapping[str, str],
    *,
    bands: Sequence[str] = (),
    on_conflict: str = "ours",
) -> None:
    """New fields: a field's name to one of our values, or to `text:` and a constant; empty leaves it.

    Raises Invalid with a message per field.
    """
    known = {each.name for each in VALUES[rule.source]}
    fields: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, kind in target.fields.items():
        said = given.get(name, "").strip()
        if not said:
            continue
        if said in known:
            fields[name] = {"value": said}
        elif said.startswith(CONSTANT) and said[len(CONSTANT) :].strip():
            text = said[len(CONSTANT) :].strip().replace("\0", "")[:LONGEST_TEXT]
            try:
                fit(text, kind)
                fields[name] = {"text": text}
            except ValueError as error:
                problems[name] = f"This does not fit: {error}."
        else:
            problems[name] = "Choose what to write, or type the text."
    for name in sorted(target.required - fields.keys()):
        problems.setdefault(name, "They need this field; choose what to write.")
    if not fields and not problems:
        problems[next(iter(target.fields))] = "Map at least one field."
    if problems:
        raise Invalid("Some fields need another look.", problems=problems)
    rule.fields = fields
    rule.filters = {"bands": [b for b in bands if b in ("promoter", "passive", "detractor")]}
    rule.on_conflict = on_conflict if on_conflict in ("ours", "theirs") else "ours"
    rule.appears_in = target.appears_in
    session.flush()


def turn_on(session: Session, rule: WriteBack) -> None:
    """Write from now on. What waits was shown to a person, who agreed: it goes at once.

    Raises Conflict when no field is mapped.
    """
    if not rule.fields:
        raise Conflict("Map the fields first, then turn it on.")
    rule.state, rule.held_changes, rule.message = "on", None, None
    ask(session, rule, scope="all", approved=True)


def try_one(session: Session, rule: WriteBack) -> None:
    """Write one record, to see how it looks there. Raises Conflict when no field is mapped."""
    if not rule.fields:
        raise Conflict("Map the fields first, then try it.")
    ask(session, rule, scope="all", approved=True, most=1)


def pause(session: Session, rule: WriteBack, message: str | None = None) -> None:
    """Write nothing until it is turned on again; what waits is kept."""
    rule.state, rule.held_changes, rule.message = "paused", None, message


def hold(session: Session, rule: WriteBack, changes: int) -> None:
    """More would change than is usual: nothing goes until somebody has looked."""
    rule.state, rule.held_changes, rule.message = "held", changes, None


def try_again(session: Session, rule: WriteBack, now: datetime) -> int:
    """Queue what was refused or left to them once more; how many."""
    result: Any = session.execute(
        update(WriteItem)
        .where(WriteItem.write_back_id == rule.id, WriteItem.state.in_(("refused", "conflict")))
        .values(state="waiting", attempts=0, message=None, changed_at=now)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount:
        ask(session, rule, approved=True)
    return int(result.rowcount)


def remove(session: Session, rule: WriteBack) -> None:
    """Forget the rule; what was written stays there."""
    session.delete(rule)
    session.flush()


def ask(
    session: Session,
    rule: WriteBack,
    *,
    scope: str = "due",
    approved: bool = False,
    most: int | None = None,
) -> None:
    """Queue a run of the rule over a scope (see planning.SCOPES)."""
    name = f"write {rule.id} {scope}"
    queue.enqueue(
        session, "write_back.run", lock=f"write {rule.connection_id}",
        once=None if approved else name, rule_id=rule.id, scope=scope, approved=approved, most=most,
    )  # fmt: skip


def counts(session: Session, rule_id: uuid.UUID) -> dict[str, int]:
    """How many items are in each state."""
    rows = session.execute(
        select(WriteItem.state, func.count())
        .where(WriteItem.write_back_id == rule_id)
        .group_by(WriteItem.state)
    )
    return {row[0]: row[1] for row in rows}
