"""Setting a connection up: streams chosen, fields mapped, what will happen told, put to use."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import Connector
from connectors.entities import ENTITIES
from connectors.errors import ConnectorError
from connectors.records import Stream
from efm.errors import Conflict, Invalid, NotFound
from efm.models import Connection, StreamSetting, SyncRun
from efm.sync import connections, control, editing, preview, schedules
from efm.sync.schedules import Schedule


def is_chosen(setting: StreamSetting) -> bool:
    """Whether the stream is read, or will be once the set-up ends."""
    return setting.is_enabled or "draft" in setting.mapping


def chosen(session: Session, connection_id: uuid.UUID) -> list[StreamSetting]:
    """The chosen streams by name."""
    found = session.scalars(
        select(StreamSetting)
        .where(StreamSetting.connection_id == connection_id)
        .order_by(StreamSetting.stream)
    )
    return [each for each in found if is_chosen(each)]


def choose(
    session: Session,
    connection: Connection,
    offered: Sequence[Stream],
    names: Sequence[str],
    now: datetime,
) -> None:
    """Read these streams; one no longer chosen is not read any more, and what came of it stays.

    Raises Invalid when none of them is offered.
    """
    known = {each.name: each for each in offered}
    wanted = [name for name in known if name in set(names)]
    if not wanted:
        message = "Choose at least one to read."
        raise Invalid(message, problems={"streams": message})
    for name in wanted:
        setting = connections.setting_of(session, connection.id, name)
        if setting is None:
            setting = StreamSetting(
                connection_id=connection.id, stream=name, is_enabled=False, is_paused=False,
                has_own_schedule=False, mapping={"mappings": []},
            )  # fmt: skip
            session.add(setting)
        if not is_chosen(setting):
            was = setting.mapping.get("mappings")
            proposed = [each.document() for each in connections.proposed(known[name])]
            editing.keep_draft(setting, was or proposed or [editing.fresh("contact", known[name])])
    for setting in chosen(session, connection.id):
        if setting.stream not in wanted:
            control.stop_runs(session, connection.id, setting.stream, now)
            setting.is_enabled = False
            setting.next_run_at = None
            setting.mapping = {"mappings": setting.mapping.get("mappings") or []}
    session.flush()


# Orders that come before their contacts would make customers of their own of them.
_RANKS = {"account": 0, "contact": 1, "product": 2, "order": 3}


def in_order(session: Session, connection_id: uuid.UUID) -> list[StreamSetting]:
    """The streams that are read, in the order they are best read in: people before what they did."""

    def rank(each: StreamSetting) -> tuple[int, str]:
        entities = [str(document["entity"]) for document in each.mapping.get("mappings") or ()]
        return min((_RANKS.get(entity, 9) for entity in entities), default=9), each.stream

    return sorted((s for s in chosen(session, connection_id) if s.is_enabled), key=rank)


def setting(session: Session, connection_id: uuid.UUID, stream: str) -> StreamSetting:
    """The chosen stream of that name, or the first when none is named.

    Raises NotFound when it is not one of this connection's.
    """
    found = [each for each in chosen(session, connection_id) if stream in ("", each.stream)]
    if not found:
        raise NotFound("This stream is not chosen in this connection.")
    return found[0]


@dataclass
class Consequence:
    """What starting will do with one stream, told before it is done."""

    setting: StreamSetting
    problems: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    total: int | None = None
    is_total_exact: bool = False
    sampled: int = 0
    refused: int = 0
    reasons: list[tuple[str, int]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    currencies: list[str] = field(default_factory=list)
    is_changed: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether it can be read."""
        return not self.problems and not self.trouble


def consequence(setting: StreamSetting, connector: Connector | None) -> Consequence:
    """What reading this stream with its draft would do, by its first records."""
    draft = editing.draft_of(setting)
    found = Consequence(setting, editing.problems(draft))
    found.is_changed = "draft" in setting.mapping and draft != setting.mapping.get("mappings")
    found.made = made_of(draft)
    found.currencies = sorted(
        {
            str(each["options"]["currency"])
            for document in draft
            for each in document["fields"]
            if (each.get("options") or {}).get("currency", "*") != "*"
        }
    )
    if connector is None or found.problems:
        return found
    try:
        with connections.plainly():
            sample = preview.sample(connector, connector.stream(setting.stream))
    except ConnectorError as error:
        found.trouble = error.message
        return found
    reasons = preview.whole(editing.clean(draft), sample)
    found.total, found.is_total_exact = sample.total, sample.is_whole
    found.sampled = len(sample.records) + len(sample.refused)
    found.refused, found.reasons = sum(reasons.values()), reasons.most_common(3)
    return found


def made_of(draft: Sequence[Mapping[str, Any]]) -> list[str]:
    """What each record becomes: an account, a measurement (churn)."""
    articles = {"account": "an account", "contact": "a contact", "interaction": "an interaction"}
    said = []
    for document in draft:
        entity = str(document["entity"])
        word = "kind" if entity == "interaction" else "metric"
        fixed = [
            str((each.get("options") or {}).get("value", ""))
            for each in document["fields"]
            if str(each.get("target")) == word
        ]
        named = f" ({fixed[0].replace('_', ' ')})" if fixed and fixed[0] else ""
        said.append(articles.get(entity, "a measurement" if entity in ENTITIES else entity) + named)
    return said


def start(
    session: Session,
    connection: Connection,
    schedule: Schedule,
    now: datetime,
    *,
    user_id: uuid.UUID | None = None,
) -> list[SyncRun]:
    """Put every draft to use, set the schedule, and request a run of each chosen stream.

    Streams with a schedule of their own keep it, paused ones stay paused. A stream whose mapping
    changed is read anew as a whole. Raises Conflict when a draft has
    problems or nothing is chosen; then nothing is changed.
    """
    settings = chosen(session, connection.id)
    drafts = {each.stream: editing.draft_of(each) for each in settings}
    if not settings:
        raise Conflict("Choose what to read first.")
    for stream, draft in drafts.items():
        if editing.problems(draft):
            raise Conflict(f"The fields of “{stream}” are not mapped yet; complete them first.")
    started = []
    for each in settings:
        before = each.mapping.get("mappings")
        made = editing.clean(drafts[each.stream])
        if before != [mapping.document() for mapping in made]:
            control.restart(session, connection.id, each.stream, now)
        connections.enable(session, connection, each.stream, made, now=now)
        if each.has_own_schedule:
            schedules.apply(each, Schedule.of(each), now)
        session.flush()
    connection.state = "active"
    schedules.set_connection(session, connection, schedule, now)
    for each in in_order(session, connection.id):
        if each.is_paused:
            continue
        started.append(
            connections.request_run(session, connection.id, each.stream, now, user_id=user_id)
        )
    return started
