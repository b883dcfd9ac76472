"""Carries out a plan: records through a file connection, responses through the one way they enter.

Every row has a key, so a load that was cut goes on where it was, and a second one changes nothing.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from connectors.errors import RecordError
from connectors.suggest import date_formats
from connectors.systems.files.connector import Files
from efm import clock
from efm.config import Config
from efm.customers import identity
from efm.db.engine import unit
from efm.errors import Conflict, EfmError
from efm.feedback import authoring, collect
from efm.imports.plan import Plan, connector_settings, moment
from efm.models import Connection, Membership, Survey, SyncRun
from efm.sync import connections
from efm.sync.runner import Again, Runner
from efm.vault import Vault

BATCH = 500
Tell = Callable[[str, int, int | None], None]


@dataclass
class Loaded:
    """What a load did."""

    organization_id: uuid.UUID
    name: str
    slug: str
    records: int = 0
    responses: int = 0
    already: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    survey_id: uuid.UUID | None = None
    connection_id: uuid.UUID | None = None

    def refuse(self, reason: str) -> None:
        """Count one row that could not be used."""
        self.refused += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1


class StillRunning(Conflict):
    """Another process reads the same file, or one died doing so: try again at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("This file is being brought in already; wait until that has ended.")
        self.until = until


class Stopped(EfmError):
    """Whoever started the load asked it to stop; what it did stays, and it can be gone on with."""

    title = "Bringing in the file was stopped"

    def __init__(self, done: Loaded) -> None:
        super().__init__()
        self.done = done


def silent(_what: str, _done: int, _total: int | None) -> None:
    """Tells nobody."""


def never() -> bool:
    """Nobody asks to stop."""
    return False


def found_organization(
    engine: Engine, name: str, slug: str, user_id: uuid.UUID | None, *, is_synthetic: bool = False
) -> uuid.UUID:
    """The organization of this short name, founded when it is not there yet.

    Raises Conflict when it is there and the person is not its owner.
    """
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, slug FROM efm_organizations()")).all()
    known = next((row.id for row in rows if row.slug == slug), None)
    if known is not None:
        if user_id is not None:
            with unit(engine, known, user_id=user_id) as session:
                mine = session.scalars(
                    select(Membership.role)
                    .where(Membership.user_id == user_id)
                    .where(Membership.is_active)
                ).one_or_none()
            if mine != "owner":
                raise Conflict(f"There is already an organization “{slug}” that you do not own.")
        return uuid.UUID(str(known))
    made = clock.new_id()
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT efm_found_organization(:id, :name, :slug, 'UTC', 'en', 'USD', :synthetic,"
                " :user, :membership)"
            ),
            {
                "id": made,
                "name": name[:200],
                "slug": slug,
                "synthetic": is_synthetic,
                "user": user_id,
                "membership": clock.new_id(),
            },
        )
    return made


def load(
    engine: Engine,
    config: Config,
    plan: Plan,
    organization_id: uuid.UUID,
    *,
    currency: str = "USD",
    tell: Tell = silent,
    is_stopping: Callable[[], bool] = never,
) -> Loaded:
    """Load one planned file into an organization.

    Raises Stopped between two batches once `is_stopping` says so, StillRunning when another
    process has it.
    """
    done = Loaded(organization_id, plan.name, plan.slug)
    kept = _keep(config, plan, organization_id)
    if plan.mappings:
        _records(engine, config, kept, done, currency, tell, is_stopping)
    if plan.definition is not None:
        _responses(engine, kept, done, currency, tell, is_stopping)
    return done


def _keep(config: Config, plan: Plan, organization_id: uuid.UUID) -> Plan:
    """The plan over a copy of the file in the organization's own folder, where it can be read again."""
    folder = connections.folder_of(config, organization_id)
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / plan.path.name
    if kept.resolve() != plan.path:
        part = folder / f".{plan.path.name}.part"
        shutil.copyfile(plan.path, part)
        part.replace(kept)
    return replace(plan, path=kept)


def _connection(
    session: Session, config: Config, plan: Plan, currency: str, now: datetime
) -> Connection:
    found = session.scalars(select(Connection).where(Connection.name == plan.name)).one_or_none()
    if found is not None:
        return found
    entity = "contact" if plan.definition is not None else "auto"
    given = connector_settings(plan.path, currency, entity)
    return connections.create(session, Vault(config.secret_key), "files", plan.name, given, now)


def _records(
    engine: Engine, config: Config, plan: Plan, done: Loaded, currency: str, tell: Tell,
    is_stopping: Callable[[], bool],
) -> None:  # fmt: skip
    now = clock.now()
    with unit(engine, done.organization_id) as session:
        connection = _connection(session, config, plan, currency, now)
        connections.enable(session, connection, plan.stream.name, plan.mappings, now=now)
        connections.check(config, Vault(config.secret_key), connection, now)
        run = SyncRun(
            connection_id=connection.id, stream=plan.stream.name, state="queued", created_at=now
        )
        waiting = session.scalars(
            select(SyncRun)
            .where(SyncRun.connection_id == connection.id)
            .where(SyncRun.state.in_(("queued", "running")))
        ).first()
        run = waiting or run
        session.add(run)
        session.flush()
        done.connection_id, run_id = connection.id, run.id

    def advanced(taken: Any) -> None:
        done.records += taken.read
        tell("records", done.records, None)

    again: Again | None = Again(now, "begin")
    while again is not None:
        if is_stopping():
            raise Stopped(done)
        again = Runner(
            engine, config, done.organization_id, run_id, on_page=advanced, is_stopping=is_stopping
        ).run()
    with unit(engine, done.organization_id) as session:
        ended = session.scalars(select(SyncRun).where(SyncRun.id == run_id)).one()
        if ended.state in ("queued", "running"):
            raise StillRunning(ended.locked_until or now)
        for reason in (ended.error,) if ended.state == "failed" and ended.error else ():
            raise Conflict(f"{plan.name}: {reason}")
        if ended.rejected:
            done.refused += ended.rejected
            done.reasons["could not be mapped (see the connection's rejected records)"] = (
                ended.rejected
            )


def _survey(session: Session, plan: Plan, now: datetime) -> uuid.UUID:
    assert plan.definition is not None, "only plans with questions have a survey"
    found = session.scalars(
        select(Survey).where(Survey.name == plan.definition.name).order_by(Survey.id)
    ).first()
    if found is None:
        found = authoring.create(session, plan.definition, now)
    authoring.publish(session, found.id, now)
    return found.id


def _responses(
    engine: Engine, plan: Plan, done: Loaded, currency: str, tell: Tell,
    is_stopping: Callable[[], bool],
) -> None:  # fmt: skip
    now = clock.now()
    with unit(engine, done.organization_id) as session:
        done.survey_id = _survey(session, plan, now)
    connector = Files(connector_settings(plan.path, currency, "contact"))
    stream = connector.stream(plan.stream.name)
    formats = _formats(connector, plan)
    for page in connector.read(stream, {}):
        for refused in page.rejected:
            done.refuse(refused.reason)
        rows = list(page.records)
        for start in range(0, len(rows), BATCH):
            if is_stopping():
                raise Stopped(done)
            part = rows[start : start + BATCH]
            with unit(engine, done.organization_id) as session:
                _batch(session, plan, done, part, formats, now)
            tell("responses", done.responses + done.already, page.total)


def _formats(connector: Files, plan: Plan) -> list[str]:
    if plan.found is None or plan.found.when is None or not plan.is_dated:
        return []
    page = next(iter(connector.read(connector.stream(plan.stream.name), {})), None)
    values = [row.get(plan.found.when) for row in page.records] if page else []
    return date_formats([value for value in values if value]) or []


def _batch(
    session: Session,
    plan: Plan,
    done: Loaded,
    rows: list[Mapping[str, Any]],
    formats: list[str],
    now: datetime,
) -> None:
    """One transaction of rows; a row that cannot be used is counted with its reason."""
    assert plan.found is not None
    assert done.survey_id is not None
    keyed = []
    for row in rows:
        try:
            keyed.append((plan.stream.external_id(row), row))
        except RecordError as error:
            done.refuse(error.message)
    known: dict[str, uuid.UUID] = {}
    if done.connection_id is not None:
        known = identity.known(session, done.connection_id, "contact", (key for key, _ in keyed))
    incoming = []
    for key, row in keyed:
        at = moment(row.get(plan.found.when), formats) if plan.found.when and formats else None
        if formats and at is None:
            done.refuse("the row has no date that can be read")
            continue
        incoming.append(
            collect.Incoming(
                survey_id=done.survey_id,
                answers=_answers(plan, row),
                key=f"{plan.path.name}:{key}"[-collect.LONGEST_KEY :],
                contact_id=known.get(key),
                submitted_at=at,
                channel="import",
                touchpoint=str(row.get(plan.found.touchpoint) or "")[:200]
                if plan.found.touchpoint
                else "",
            )
        )
    name = "Import" if formats else "Import (undated)"
    for outcome in collect.submit_batch(
        session, incoming, now, kind="import", name=name, announces=False, seconds=None
    ):
        if outcome.state == "created":
            done.responses += 1
        elif outcome.state == "duplicate":
            done.already += 1
        else:
            done.refuse("; ".join(f"{k}: {v}" for k, v in (outcome.problems or {}).items())[:200])


def _answers(plan: Plan, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row's answers by question key; a comment's title goes before it."""
    assert plan.found is not None
    answers: dict[str, Any] = {}
    for asked in plan.found.asked:
        value = asked.value(row.get(asked.column))
        if asked.kind == "long_text" and plan.found.title:
            title = str(row.get(plan.found.title) or "").strip()
            if title:
                end = "" if title[-1] in ".!?…" else "."
                value = f"{title}{end} {value}" if value else title
        if value is not None:
            answers[asked.key] = value
    return answers
