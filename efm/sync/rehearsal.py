"""A dry run: what reading a stream now would do, told record by record and then undone."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from connectors.base import Connector
from connectors.cursor import guarded
from connectors.errors import CursorExpired
from connectors.mapping import Mapping as FieldMap
from connectors.records import Page, Stream
from efm import clock
from efm.config import Config
from efm.customers.rows import Counts
from efm.db.engine import unit
from efm.errors import NotFound
from efm.sync import connections
from efm.sync.intake import Intake
from efm.sync.ready import storable
from efm.vault import Vault

MOST = 1000
EXAMPLES = 10
LONGEST = timedelta(minutes=4)
_BEFORE = text(
    "SELECT external_id, document FROM raw_records WHERE connection_id = :connection"
    " AND stream = :stream AND external_id = ANY(:ids) AND deleted_at IS NULL"
)
_PLACE = text(
    "SELECT state, generation FROM checkpoints WHERE connection_id = :connection"
    " AND stream = :stream"
)
Watch = Callable[[int], None]


@dataclass
class Rehearsal:
    """What would happen. `changes` are examples: a record's id, and each field before and after."""

    read: int = 0
    counts: Counts = field(default_factory=Counts)
    rejected: int = 0
    deleted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    changes: list[tuple[str, list[tuple[str, Any, Any]]]] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    is_whole: bool = True


@dataclass
class _Plan:
    """What is needed to read, found out in one short transaction."""

    connector: Connector
    stream: Stream
    mappings: Sequence[FieldMap]
    state: Mapping[str, Any]
    generation: int


class _Undone(Exception):
    """Ends the transaction without keeping any of it."""


def rehearse(
    engine: Engine,
    config: Config,
    organization_id: uuid.UUID,
    connection_id: uuid.UUID,
    stream: str,
    *,
    most: int = MOST,
    is_anew: bool = False,
    watch: Watch = lambda read: None,
) -> Rehearsal:
    """Read up to about `most` records from where the stream stands (or `is_anew` from the beginning).

    Nothing is kept. `watch` hears after each page how many were read, and may raise to end it. The
    source is asked first and the database then, so that no row is held while the source is slow.
    Raises NotFound when the stream is not chosen, ConnectorError when it cannot be read.
    """
    found = Rehearsal()
    with unit(engine, organization_id, read_only=True) as session:
        plan = _planned(session, config, connection_id, stream, is_anew=is_anew)
    with connections.plainly():
        plan.stream = plan.connector.stream(stream)
    try:
        pages = _pages(plan, plan.state, found, most, watch)
    except CursorExpired:
        pages = _pages(plan, {}, found, most, watch)
    try:
        with unit(engine, organization_id) as session:
            intake = Intake(
                session, connection_id, plan.stream, plan.mappings, plan.generation, clock.now()
            )
            for page in pages:
                _compare(session, intake, page, found)
                _take(intake, page, found)
            raise _Undone
    except _Undone:
        return found


def _planned(
    session: Session, config: Config, connection_id: uuid.UUID, stream: str, *, is_anew: bool
) -> _Plan:
    connection = connections.get(session, connection_id)
    setting = connections.setting_of(session, connection_id, stream)
    if setting is None or not setting.mapping.get("mappings"):
        raise NotFound(f"The stream “{stream}” is not chosen here; map its fields first.")
    connector = connections.open_connector(config, Vault(config.secret_key), connection)
    given = {"connection": connection_id, "stream": stream}
    place = session.execute(_PLACE, given).one_or_none()
    return _Plan(
        connector, Stream(stream, (), ""), connections.mappings_of(setting),
        dict(place.state) if place and not is_anew else {},
        (place.generation if place else 1) + (1 if is_anew else 0),
    )  # fmt: skip


def _pages(
    plan: _Plan, state: Mapping[str, Any], found: Rehearsal, most: int, watch: Watch
) -> list[Page]:
    """The first pages from a state, as many as there is room and time for."""
    pages: list[Page] = []
    read, ends = 0, clock.now() + LONGEST
    reading = guarded(plan.connector.read(plan.stream, state))
    while True:
        # Only the connector's own faults are put into words; `watch` may raise as it likes.
        with connections.plainly():
            page = next(reading, None)
        if page is None:
            return pages
        pages.append(page)
        read += len(page.records) + len(page.rejected) + len(page.deleted)
        watch(read)
        if read >= most or clock.now() >= ends:
            found.is_whole = False
            return pages


def _take(intake: Intake, page: Page, found: Rehearsal) -> None:
    taken = intake.take(page)
    found.read += taken.read
    found.counts.add(taken.counts)
    found.rejected += taken.rejected
    found.reasons.update(each.reason for each in taken.refused)
    found.deleted += taken.deleted


def _compare(session: Session, intake: Intake, page: Page, found: Rehearsal) -> None:
    """Keep some examples of what is new and of what differs."""
    documents: dict[str, Mapping[str, Any]] = {}
    for raw in page.records:
        try:
            documents[intake.stream.external_id(raw)[:255]] = storable(raw)
        except Exception:  # noqa: S112 - it is refused, with its reason, when it is taken
            continue
    given = {
        "connection": intake.connection_id, "stream": intake.stream.name,
        "ids": [each.replace("\0", "\ufffd") for each in documents],
    }  # fmt: skip
    before = {row.external_id: row.document for row in session.execute(_BEFORE, given)}
    for external_id, document in documents.items():
        known = before.get(external_id)
        if known is None:
            if len(found.new) < EXAMPLES:
                found.new.append(external_id)
        elif known != document and len(found.changes) < EXAMPLES:
            found.changes.append((external_id, list(_differences(known, document))))


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)
