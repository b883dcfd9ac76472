"""Connections: settings with sealed secrets, the check, the streams and their mappings."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import registry, settings
from connectors.base import Connector
from connectors.errors import ConfigError, ConnectorError, NotSupported
from connectors.guard import Guard
from connectors.mapping import Mapping as FieldMap
from connectors.outside import Outside
from connectors.records import Check, Stream
from efm import clock, log, queue
from efm.clock import new_id
from efm.config import Config
from efm.errors import Conflict, EfmError, Invalid, NotFound
from efm.models import Connection, StreamSetting, SyncRun
from efm.sync import quotas
from efm.vault import SealBroken, Vault

OWN = "own"
logger = log.get("sync")


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
    *,
    connection_id: uuid.UUID | None = None,
) -> Connection:
    """A new connection, still a draft until a stream is chosen.

    Raises Invalid with a message per setting, Conflict when the name is taken.
    """
    made = Connection(
        id=connection_id or new_id(), name="", connector=connector, state="draft", created_at=now
    )
    rename(session, made, name)
    made.organization_id = session.info["organization_id"]
    _store_settings(vault, made, given)
    session.add(made)
    session.flush()
    return made


def rename(session: Session, connection: Connection, name: str) -> None:
    """Give it a name of its own. Raises Invalid without one, Conflict when it is taken."""
    name = " ".join(name.replace("\0", "").split())[:200]
    if not name:
        raise Invalid("Give the connection a name.", problems={"name": "Enter a name."})
    taken = session.scalars(
        select(Connection.id).where(Connection.name == name, Connection.id != connection.id)
    ).first()
    if taken is not None:
        message = f"There is already a connection called “{name}”."
        raise Conflict(message, problems={"name": message + " Choose another name."})
    connection.name = name


def change(
    session: Session, vault: Vault, connection: Connection, given: Mapping[str, Any]
) -> None:
    """New settings; a secret left masked or blank stays as it is."""
    kind = _kind(connection.connector)
    try:
        stored = stored_settings(vault, connection)
    except SealBroken:
        stored = {}  # Sealed under another key: the secrets have to be entered again.
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


def masked_settings(connection: Connection) -> dict[str, Any]:
    """The settings for the form: every secret that is set shows as dots, and none is opened."""
    kind = _kind(connection.connector)
    shown = dict(connection.settings)
    if connection.secrets_sealed is not None:
        shown |= dict.fromkeys(settings.secret_names(kind.Config), settings.MASK)
    return shown


def open_connector(
    config: Config, vault: Vault, connection: Connection, *, may_use_rest: bool = False
) -> Connector:
    """The connector, ready to talk; it may read files only where this organization may.

    `may_use_rest`: what is left of the source's calls of the day may be used, too.

    Raises ConfigError when the connector is not installed or its settings do not fit.
    """
    kind = registry.get(connection.connector)
    own = folder_of(config, connection.organization_id)
    outside = Outside(
        Guard(config.outbound_allow),
        roots=(str(own), *(str(root) for root in config.file_roots)),
        now=clock.now,
        may_use_rest=may_use_rest,
    )
    try:
        return kind(stored_settings(vault, connection), outside)
    except SealBroken as error:
        raise ConfigError(f"{error.title}.") from error


def kinds(config: Config) -> Mapping[str, type[Connector]]:
    """The connectors people may choose, by name.

    The in-memory system is shared by all who name the same store, so it is for development only.
    """
    known = registry.catalog().available
    return {n: k for n, k in known.items() if n != "memory" or config.is_development}


def takes_files(connector: str) -> bool:
    """Whether the connector reads files of ours, so that people may upload them."""
    found = registry.catalog().available.get(connector)
    return found is not None and found.takes_files


def can_write(connector: str) -> bool:
    """Whether the connector may have something that can be written back."""
    found = registry.catalog().available.get(connector)
    return found is not None and found.targets is not Connector.targets


@contextmanager
def plainly() -> Iterator[None]:
    """Whatever breaks in a connector's code is a ConnectorError in words.

    Its own message is not repeated: it may hold a secret.
    """
    try:
        yield
    except (ConnectorError, EfmError):
        raise
    except Exception as error:
        raise ConfigError(broke(error)) from None


def broke(error: Exception) -> str:
    """What to say of a connector's fault; the log tells where it happened."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno} in {last.name}"
    logger.error("sync.connector_broke", error=type(error).__name__, place=place)
    return (
        f"The connector failed in a way it should not ({type(error).__name__}). Try again; if it "
        "stays, tell whoever maintains the connector."
    )


def check(config: Config, vault: Vault, connection: Connection, now: datetime) -> Check:
    """Ask the other system who we are and what we may do; the answer is kept with the connection."""
    try:
        connector = open_connector(config, vault, connection)
        with plainly():
            result = connector.check()
            quotas.note(connection, connector.quota(), now)
    except ConnectorError as error:
        result = Check(False, notes=(error.message,))
    note_check(config, connection, result, now)
    return result


def note_check(config: Config, connection: Connection, result: Check, now: datetime) -> None:
    """Keep what a check said, a line each: who we are, what we may do, what to know."""
    may = f"May {' and '.join(result.may)}." if result.may else ""
    left = f"{result.quota_left:,} calls left." if result.quota_left is not None else ""
    said = (
        without_folder(config, connection, each) for each in (result.who, may, left, *result.notes)
    )
    connection.checked_at = now
    connection.is_check_ok = result.ok
    connection.check_message = "\n".join(each for each in said if each)[:2000]


def without_folder(config: Config, connection: Connection, said: str) -> str:
    """The words without the place on our own disk where uploaded files are kept."""
    folder = folder_of(config, connection.organization_id)
    own = folder / "connections" / str(connection.id)
    return said.replace(str(own), "Uploaded files").replace(str(folder), "Uploaded files")


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
    now: datetime,
) -> StreamSetting:
    """Read this stream with these mappings from now on; a new one by the connection's schedule.

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
        found = StreamSetting(connection_id=connection.id, stream=stream, is_paused=False)
        found.every_minutes = connection.every_minutes
        found.cron, found.zone = connection.cron, connection.zone
        session.add(found)
    found.mapping = {"mappings": [mapping.document() for mapping in mappings]}
    found.is_enabled = True
    if found.next_run_at is None and not found.is_paused and (found.every_minutes or found.cron):
        found.next_run_at = now
    if connection.state == "draft":
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
    uses_rest: bool = False,
) -> SyncRun:
    """Queue a run of one stream; a run that already waits or works is given instead.

    `uses_rest`: somebody was told how few calls of the day are left, and wants them used. Raises
    Conflict while the connection or the stream is paused or being deleted, NotSupported when the
    stream is not chosen.
    """
    if get(session, connection_id).state in ("paused", "deleting"):
        raise Conflict("This connection is paused; resume it first.")
    setting = setting_of(session, connection_id, stream)
    if setting is None or not setting.is_enabled:
        raise NotSupported(f"The stream “{stream}” is not chosen; map its fields first.")
    if setting.is_paused:
        raise Conflict(f"“{stream}” is paused; resume it first.")
    waiting = session.scalars(
        select(SyncRun)
        .where(SyncRun.connection_id == connection_id)
        .where(SyncRun.stream == stream)
        .where(SyncRun.state.in_(("queued", "running")))
    ).one_or_none()
    if waiting is not None:
        waiting.is_using_rest = waiting.is_using_rest or uses_rest
        return waiting
    run = SyncRun(
        connection_id=connection_id,
        stream=stream,
        state="queued",
        created_at=now,
        requested_by_id=user_id,
        is_using_rest=uses_rest,
    )
    session.add(run)
    session.flush()
    # Streams of a connection run one after another as they were asked for: orders that come before
    # their contacts would make customers of their own of them.
    queue.enqueue(session, "sync.run", run_id=run.id, lock=f"sync {connection_id}")
    return run
