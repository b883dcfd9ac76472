"""A dry run: what reading a stream now would do, told record by record and then undone."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from connectors.cursor import guarded
from connectors.errors import CursorExpired
from connectors.records import Page
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
_BEFORE = text(
    "SELECT external_id, document FROM raw_records WHERE connection_id = :connection"
    " AND stream = :stream AND external_id = ANY(:ids) AND deleted_at IS NULL"
)
_PLACE = text(
    "SELECT state, generation FROM checkpoints WHERE connection_id = :connection"
    " AND stream = :stream"
)


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
) -> Rehearsal:
    """Read up to about `most` records from where the stream stands (or `is_anew` from the beginning).

    Nothing is kept. Raises NotFound when the stream is not chosen, ConnectorError when it cannot be
    read.
    """
    found = Rehearsal()
    try:
        with unit(engine, organization_id) as session:
            connection = connections.get(session, connection_id)
            setting = connections.setting_of(session, connection_id, stream)
            if setting is None or not setting.mapping.get("mappings"):
                raise NotFound(f"The stream “{stream}” is not chosen here; map its fields first.")
            connector = connections.open_connector(config, Vault(config.secret_key), connection)
            with connections.plainly():
                declared = connector.stream(stream)
                place = session.execute(
                    _PLACE, {"connection": connection_id, "stream": stream}
                ).one_or_none()
                state = dict(place.state) if place and not is_anew else {}
                intake = Intake(
                    session, connection_id, declared, connections.mappings_of(setting),
                    (place.generation if place else 1) + (1 if is_anew else 0), clock.now(),
                )  # fmt: skip
                try:
                    _read(session, intake, connector.read(declared, state), found, most)
                except CursorExpired:
                    _read(session, intake, connector.read(declared, {}), found, most)
            raise _Undone
    except _Undone:
        return found


def _read(session: Session, intake: Intake, pages: Any, found: Rehearsal, most: int) -> None:
    for page in guarded(pages):
        _compare(session, intake, page, found)
        taken = intake.take(page)
        found.read += taken.read
        found.counts.add(taken.counts)
        found.rejected += taken.rejected
        found.reasons.update(each.reason for each in taken.refused)
        found.deleted += taken.deleted
        if found.read >= most:
            found.is_whole = False
            break


def _compare(session: Session, intake: Intake, page: Page, found: Rehearsal) -> None:
    """Keep some examples of what is new and of what differs."""
    documents: dict[str, Mapping[str, Any]] = {}
    for raw in page.records:
        try:
            documents[intake.stream.external_id(raw)[:255]] = storable(raw)
        except Exception:  # noqa: S112 - it is refused, with its reason, when it is taken
            continue
    given = {
        "connection": intake.connection_id, "stream": intake.stream.name, "ids": list(documents),
    }  # fmt: skip
    before = {row.external_id: row.document for row in session.execute(_BEFORE, given)}
    for external_id, document in documents.items():
        known = before.get(external_id)
        if known is None:
            if len(found.new) < EXAMPLES:
                found.new.append(external_id)
        elif known != document and len(found.changes) < EXAMPLES:
            names = sorted(known.keys() | document.keys())
            found.changes.append(
                (
                    external_id,
                    [
                        (name, known.get(name), document.get(name))
                        for name in names
                        if known.get(name) != document.get(name)
                    ],
                )
            )
