"""Connections: settings with sealed secrets, the check, the streams and their mappings."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import registry, settings
from connectors.base import Connector
from connectors.errors import ConfigError, ConnectorError, NotSupported
from connectors.mapping import Mapping as FieldMap
from connectors.records import Check, Stream
from efm import queue
from efm.clock import new_id
from efm.config import Config
from efm.errors import Conflict, Invalid, NotFound
from efm.models import Connection, StreamSetting, SyncRun
from efm.vault import Vault

OWN = "own"


def get(session: Session, connection_id: uuid.UUID) -> Connection:
    """The connection; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(Connection, (session.info["organization_id"], connection_id))
    if found is None or found.connector == OWN:
        raise NotFound("There is no such connection.")
    return found


def everything(session: Session) -> list[Connection]:
    """The organization's connections by name, without those that stand for the API and lists."""
    return list(
        session.scalars(
            select(Connection).where(Connection.connector != OWN).order_by(Connection.name)
        )
    )


def _place(organization_id: uuid.UUID, connection_id: uuid.UUID) -> str:
    return f"{organization_id}:connections:{connection_id}:secrets"


def folder_of(config: Config, organization_id: uuid.UUID) -> Path:
    """Where this organization's uploaded files live."""
    return config.data_folder / "files" / str(organization_id)


def create(
    session: Session,
    vault: Vault,
    connector: str,
    name: str,
    given: Mapping[str, Any],
    now: datetime,
) -> Connection:
    """A new connection, still a draft until a stream is chosen.

    Raises Invalid with a message per setting, Conflict when the name is taken.
    """
    name = name.strip()[:200]
    if not name:
        raise Invalid("Give the connection a name.", problems={"name": "Enter a name."})
    if session.scalars(select(Connection.id).where(Connection.name == name)).first():
        raise Conflict(f"There is already a connection called “{name}”.")
    made = Connection(id=new_id(), name=name, connector=connector, state="draft", created_at=now)
    made.organization_id = session.info["organization_id"]
    _store_settings(vault, made, given)
    session.add(made)
    session.flush()
    return made


def change(
    session: Session, vault: Vault, connection: Connection, given: Mapping[str, Any]
) -> None:
    """New settings; a secret left masked or blank stays as it is."""
    kind = _kind(connection.connector)
    stored = stored_settings(vault, connection)
    _store_settings(vault, connection, settings.restore(kind.Config, given, stored))
    connection.is_check_ok = None
    session.flush()


def _kind(name: str) -> type[Connector]:
    try:
        return registry.get(name)
    except ConfigError as error:
        raise Invalid(error.message) from error


def _store_settings(vault: Vault, connection: Connection, given: Mapping[str, Any]) -> None:
    kind = _kind(connection.connector)
    try:
        loaded = settings.load(kind.Config, given)
    except ConfigError as error:
        problems = {name: " ".join(messages) for name, messages in error.errors.items()}
        raise Invalid(error.message, problems=problems) from error
    plain, secrets = settings.split(kind.Config, loaded)
    connection.settings = orjson.loads(orjson.dumps(plain, default=str))
    connection.secrets_sealed = None
    if secrets:
        place = _place(connection.organization_id, connection.id)
        connection.secrets_sealed = vault.seal(orjson.dumps(secrets), place)


def stored_settings(vault: Vault, connection: Connection) -> dict[str, Any]:
    """All settings, the secrets opened: for the connector only, never for a page or a log."""
    found = dict(connection.settings)
    if connection.secrets_sealed is not None:
        place = _place(connection.organization_id, connection.id)
        found |= orjson.loads(vault.open(connection.secrets_sealed, place))
    return found


def masked_settings(vault: Vault, connection: Connection) -> dict[str, Any]:
    """The settings for the form: every secret that is set shows as dots."""
    kind = _kind(connection.connector)
    return settings.mask(kind.Config, stored_settings(vault, connection))


def open_connector(config: Config, vault: Vault, connection: Connection) -> Connector:
    """The connector, ready to talk; it may read files only where this organization may.

    Raises ConfigError when the connector is not installed or its settings do not fit.
    """
    made = registry.get(connection.connector)(stored_settings(vault, connection))
    if hasattr(made, "roots"):
        own = folder_of(config, connection.organization_id)
        made.roots = (str(own), *(str(root) for root in config.file_roots))
    return made


def check(config: Config, vault: Vault, connection: Connection, now: datetime) -> Check:
    """Ask the other system who we are and what we may do; the answer is kept with the connection."""
    try:
        result = open_connector(config, vault, connection).check()
    except ConnectorError as error:
        result = Check(False, notes=(error.message,))
    connection.checked_at = now
    connection.is_check_ok = result.ok
    said = [result.who, *result.notes]
    connection.check_message = " ".join(each for each in said if each)[:2000]
    return result


def mappings_of(setting: StreamSetting) -> list[FieldMap]:
    """The field mappings of a stream: one, or several when a record holds several things."""
    return [FieldMap.from_document(each) for each in setting.mapping["mappings"]]


def proposed(stream: Stream) -> list[FieldMap]:
    """The mappings the connector proposes for a stream."""
    found = [stream.default_mapping] if stream.default_mapping else []
    return [*found, *stream.more_mappings]


def enable(
    session: Session,
    connection: Connection,
    stream: str,
    mappings: Sequence[FieldMap],
    *,
    every_minutes: int | None = None,
    now: datetime,
) -> StreamSetting:
    """Read this stream with these mappings from now on.

    Raises Invalid when a mapping cannot be used, naming the field and what to do.
    """
    problems: dict[str, str] = {}
    for number, mapping in enumerate(mappings):
        for target, message in mapping.problems().items():
            problems[f"{number}.{target}"] = message
    if problems or not mappings:
        raise Invalid("The mapping is not complete.", problems=problems)
    found = setting_of(session, connection.id, stream)
    if found is None:
        found = StreamSetting(connection_id=connection.id, stream=stream)
        session.add(found)
    found.mapping = {"mappings": [mapping.document() for mapping in mappings]}
    found.is_enabled = True
    found.every_minutes = every_minutes
    found.next_run_at = now if every_minutes else None
    connection.state = "active"
    session.flush()
    return found


def setting_of(session: Session, connection_id: uuid.UUID, stream: str) -> StreamSetting | None:
    """The setting of one stream, if it was chosen."""
    return session.scalars(
        select(StreamSetting)
        .where(StreamSetting.connection_id == connection_id)
        .where(StreamSetting.stream == stream)
    ).one_or_none()


def request_run(
    session: Session,
    connection_id: uuid.UUID,
    stream: str,
    now: datetime,
    *,
    user_id: uuid.UUID | None = None,
) -> SyncRun:
    """Queue a run of one stream; a run that already waits or works is given instead."""
    setting = setting_of(session, connection_id, stream)
    if setting is None:
        raise NotSupported(f"The stream “{stream}” is not chosen; map its fields first.")
    waiting = session.scalars(
        select(SyncRun)
        .where(SyncRun.connection_id == connection_id)
        .where(SyncRun.stream == stream)
        .where(SyncRun.state.in_(("queued", "running")))
    ).one_or_none()
    if waiting is not None:
        return waiting
    run = SyncRun(
        connection_id=connection_id,
        stream=stream,
        state="queued",
        created_at=now,
        requested_by_id=user_id,
    )
    session.add(run)
    session.flush()
    queue.enqueue(session, "sync.run", run_id=run.id, lock=f"sync {connection_id} {stream}")
    return run
