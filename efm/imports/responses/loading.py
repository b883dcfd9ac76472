"""Brings the rows of a file in, a batch a transaction, in which it also notes how far it is.

A load that was cut goes on behind the last batch that is in; keys make whatever is read twice
harmless.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from connectors.systems.files.tables import Batch
from efm.db.engine import unit
from efm.errors import EfmError
from efm.feedback import collect
from efm.feedback.store import Outcome
from efm.imports.responses import contacts
from efm.imports.responses.files import BATCH, Rows
from efm.imports.responses.refused import Refused
from efm.imports.responses.rows import Reader, Taken
from efm.models import Response

MOST_REASONS = 50
REASONS = {"closed": "The survey takes no answers.", "unknown": "The survey is not there."}


class Stopped(EfmError):
    """Whoever started the load asked it to stop; what is in stays."""

    title = "Bringing in the responses was stopped"


@dataclass
class Done:
    """How far a load is: the last row that is in, and what became of the rows."""

    row: int = 0
    created: int = 0
    already: int = 0
    refused: int = 0
    linked: int = 0
    unmatched: int = 0
    refused_bytes: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The rows looked at."""
        return self.created + self.already + self.refused

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    def refuse(self, reason: str) -> None:
        """Count a refused row; the rarest reasons beyond some dozens are counted together."""
        self.refused += 1
        known = reason in self.reasons or len(self.reasons) < MOST_REASONS
        name = reason[:300] if known else "other reasons"
        self.reasons[name] = self.reasons.get(name, 0) + 1


Keep = Callable[[Session, Done], None]
Tell = Callable[[Done], None]


def load(
    engine: Engine,
    organization_id: uuid.UUID,
    survey_id: uuid.UUID,
    rows: Rows,
    reader: Reader,
    done: Done,
    now: datetime,
    *,
    keep: Keep = lambda _session, _done: None,
    tell: Tell = lambda _done: None,
    is_stopping: Callable[[], bool] = lambda: False,
    refused_to: Path | None = None,
) -> Done:
    """Load what lies behind `done.row`; `keep` notes in each batch's transaction how far it is.

    Raises Stopped between two batches once `is_stopping` says so, Invalid when the file is damaged.
    """
    with Refused(refused_to, rows.columns, done.refused_bytes) as refused:
        for batch in rows.batches(done.row, BATCH):
            if is_stopping():
                raise Stopped()
            after = Done(**asdict(done))
            with unit(engine, organization_id) as session:
                _batch(session, survey_id, batch, reader, after, refused, now)
                after.row, after.refused_bytes = batch.row, refused.flushed()
                keep(session, after)
            done = after
            tell(done)
    return done


def _batch(
    session: Session, survey_id: uuid.UUID, batch: Batch, reader: Reader, done: Done,
    refused: Refused, now: datetime,
) -> None:  # fmt: skip
    """One transaction of rows; each that cannot be used is noted with its reason."""
    for each in batch.rejected:
        _refuse(done, refused, each.row, each.reason, each.document)
    readable: list[tuple[Taken, Mapping[str, Any]]] = []
    for row in batch.records:
        taken = reader.read(row)
        if taken.problems:
            _refuse(done, refused, taken.row, said(taken.problems), row)
        else:
            readable.append((taken, row))
    fresh = _not_ours(session, survey_id, readable, done)
    rows = [taken for taken, _ in fresh]
    found = contacts.find(session, rows)
    incoming = [
        taken.incoming(survey_id, contact) for taken, contact in zip(rows, found, strict=True)
    ]
    outcomes = collect.submit_batch(
        session, incoming, now, kind="import", name="Import", announces=False, seconds=None
    )
    for (taken, record), contact, outcome in zip(fresh, found, outcomes, strict=True):
        if outcome.state == "refused":
            _refuse(done, refused, taken.row, reason_of(outcome), record)
            continue
        done.already += outcome.state == "duplicate"
        if outcome.state == "created":
            done.created += 1
            done.linked += contact is not None
            done.unmatched += contact is None and contacts.is_named(taken)


def _not_ours(
    session: Session, survey_id: uuid.UUID,
    rows: Sequence[tuple[Taken, Mapping[str, Any]]], done: Done,
) -> list[tuple[Taken, Mapping[str, Any]]]:  # fmt: skip
    """Without the rows that name a response of this very survey, as our own exports do."""
    here = standing(session, survey_id, [taken for taken, _ in rows])
    done.already += sum(taken.row in here for taken, _ in rows)
    return [each for each in rows if each[0].row not in here]


def standing(session: Session, survey_id: uuid.UUID, rows: Sequence[Taken]) -> set[int]:
    """The numbers of rows whose key is the id of a response that is there."""
    ids: dict[uuid.UUID, list[int]] = {}
    for taken in rows:
        key = taken.about.get("key")
        if isinstance(key, str) and len(key) == 36:
            try:
                ids.setdefault(uuid.UUID(key), []).append(taken.row)
            except ValueError:
                continue
    if not ids:
        return set()
    found = session.scalars(
        select(Response.id).where(Response.survey_id == survey_id).where(Response.id.in_(ids))
    )
    return {number for response_id in found for number in ids[response_id]}


def said(problems: Mapping[str, str]) -> str:
    """Why cells cannot be read, in one line."""
    return "; ".join(f"{column}: {why}" for column, why in problems.items())


def reason_of(outcome: Outcome) -> str:
    """Why the survey refused a response, in one line."""
    if outcome.problems:
        named = {
            name.removeprefix("answers."): why for name, why in list(outcome.problems.items())[:20]
        }
        return said(named)
    return REASONS.get(outcome.reason or "", "The response cannot be stored.")


def _refuse(
    done: Done, refused: Refused, row: int | None, reason: str, record: Mapping[str, Any]
) -> None:
    done.refuse(reason)
    refused.add(row, reason, record)


def most(reasons: Mapping[str, int]) -> dict[str, int]:
    """The most frequent reasons."""
    return dict(Counter(reasons).most_common(10))
