"""Webhooks: where systems call us, what they said kept at once, and taken in afterwards."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors import registry
from connectors.errors import ConfigError, ConnectorError, NotSupported
from connectors.records import Delivery as Call
from connectors.records import Raw
from connectors.signatures import WebhookRefused
from efm import log, queue
from efm.clock import new_id
from efm.config import Config
from efm.db.engine import unit
from efm.errors import NotFound
from efm.models import Connection, Delivery
from efm.sync import connections
from efm.sync.intake import Intake
from efm.vault import SealBroken, Vault

SHOWN = 20
CALL_KEPT = timedelta(days=7)
KEPT = timedelta(days=90)
NO_SUCH = "There is nothing at this address."
logger = log.get("sync")


def takes_webhooks(connector: str) -> bool:
    """Whether the connector understands calls of its system."""
    found = registry.catalog().available.get(connector)
    return found is not None and found.takes_webhooks


def url_of(config: Config, vault: Vault, connection: Connection) -> str:
    """Where the system of this connection calls us. It names the connection and proves itself."""
    organization = connection.organization_id
    both = base64.urlsafe_b64encode(organization.bytes + connection.id.bytes).decode().rstrip("=")
    proof = vault.sign("hook", str(organization), str(connection.id))
    return f"{config.public_url}/hooks/{both}.{proof}"


def place_of(vault: Vault, token: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The organization and the connection an address names; raises NotFound for one not made here."""
    both, _, proof = token.partition(".")
    try:
        raw = base64.urlsafe_b64decode(both + "=" * (-len(both) % 4))
        organization, connection = uuid.UUID(bytes=raw[:16]), uuid.UUID(bytes=raw[16:])
    except ValueError:
        raise NotFound(NO_SUCH) from None
    if not vault.is_signed(proof, "hook", str(organization), str(connection)):
        raise NotFound(NO_SUCH)
    return organization, connection


def _where(connection: Connection) -> str:
    return f"{connection.organization_id}:deliveries:{connection.id}:call"


def keep(
    session: Session, config: Config, vault: Vault, connection_id: uuid.UUID, call: Call
) -> bool:
    """Keep a call whose signature is good; whether it is new.

    Raises WebhookRefused for one that is not to be believed, ConfigError when the connection has no
    secret to judge it by, NotFound when it is gone, paused or takes none.
    """
    connection = connections.get(session, connection_id)
    if connection.state == "deleting" or not takes_webhooks(connection.connector):
        raise NotFound(NO_SUCH)
    name = connections.open_connector(config, vault, connection).verify(call)
    sealed = vault.seal(_packed(call), _where(connection))
    made = session.execute(
        insert(Delivery)
        .values(
            organization_id=connection.organization_id, id=new_id(), connection_id=connection.id,
            name=name[:255], call=sealed, received_at=call.received_at,
        )
        .on_conflict_do_nothing()
        .returning(Delivery.id)
    ).scalar_one_or_none()  # fmt: skip
    if made is None:
        return False
    queue.enqueue(session, "sync.receive", lock=f"sync {connection.id}", delivery_id=made)
    return True


def _packed(call: Call) -> bytes:
    document = {
        "method": call.method, "url": call.url, "headers": list(call.headers),
        "body": base64.b64encode(call.body).decode(), "received_at": call.received_at.isoformat(),
    }  # fmt: skip
    return json.dumps(document).encode()


def _unpacked(packed: bytes) -> Call:
    document = json.loads(packed)
    return Call(
        document["method"], document["url"], [(n, v) for n, v in document["headers"]],
        base64.b64decode(document["body"]), datetime.fromisoformat(document["received_at"]),
    )  # fmt: skip


def take(
    engine: Engine,
    config: Config,
    organization_id: uuid.UUID,
    delivery_id: uuid.UUID,
    now: datetime,
) -> None:
    """Take in the records of a kept call, once; what passes by itself is raised, to be tried again."""
    vault = Vault(config.secret_key)
    with unit(engine, organization_id) as session:
        delivery = session.get(Delivery, (organization_id, delivery_id), with_for_update=True)
        if delivery is None or delivery.state == "taken" or delivery.call is None:
            return
        connection = connections.get(session, delivery.connection_id)
        try:
            call = _unpacked(vault.open(delivery.call, _where(connection)))
            connector = connections.open_connector(config, vault, connection)
            with connections.plainly():
                for name, page in connector.receive(call):
                    setting = connections.setting_of(session, connection.id, name)
                    if setting is None or not setting.is_enabled:
                        continue
                    intake = Intake(
                        session, connection.id, connector.stream(name),
                        connections.mappings_of(setting), 1, now,
                    )  # fmt: skip
                    delivery.read += intake.take(page).read
        except (ConfigError, NotSupported, WebhookRefused) as error:
            delivery.message = error.message[:2000]
            delivery.state, delivery.finished_at = "failed", now
            logger.warning("sync.delivery_failed", why=error.message)
            return
        except SealBroken as error:
            delivery.message = f"{error.title}."
            delivery.state, delivery.finished_at = "failed", now
            return
        delivery.message = None
        delivery.state, delivery.finished_at = "taken", now


def give_up(session: Session, delivery_id: uuid.UUID, message: str, now: datetime) -> None:
    """It was tried long enough; an admin may have it tried again."""
    found = session.get(Delivery, (session.info["organization_id"], delivery_id))
    if found is not None and found.state == "waiting":
        found.state, found.finished_at, found.message = "failed", now, message[:2000]


def try_again(session: Session, connection_id: uuid.UUID) -> int:
    """Queue the calls that failed once more; how many."""
    failed = session.scalars(
        select(Delivery).where(
            Delivery.connection_id == connection_id,
            Delivery.state == "failed",
            Delivery.call.is_not(None),
        )
    ).all()
    for each in failed:
        each.state, each.finished_at, each.message = "waiting", None, None
        queue.enqueue(session, "sync.receive", lock=f"sync {connection_id}", delivery_id=each.id)
    return len(failed)


def forget(session: Session, now: datetime) -> None:
    """What was taken in is kept for a week as it came, and for a season that it came."""
    session.execute(
        update(Delivery)
        .where(Delivery.state == "taken", Delivery.finished_at < now - CALL_KEPT)
        .values(call=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(Delivery)
        .where(Delivery.received_at < now - KEPT)
        .execution_options(synchronize_session=False)
    )


def recent(session: Session, connection_id: uuid.UUID) -> Sequence[Delivery]:
    """The newest calls."""
    return session.scalars(
        select(Delivery)
        .where(Delivery.connection_id == connection_id)
        .order_by(Delivery.received_at.desc(), Delivery.id.desc())
        .limit(SHOWN)
    ).all()


def samples(
    session: Session, config: Config, vault: Vault, connection: Connection, stream: str
) -> list[Raw]:
    """Records of a stream out of recent calls, for mapping what cannot be asked for."""
    found: list[Raw] = []
    connector = connections.open_connector(config, vault, connection)
    for delivery in recent(session, connection.id):
        if delivery.call is None:
            continue
        try:
            call = _unpacked(vault.open(delivery.call, _where(connection)))
            with connections.plainly():
                for name, page in connector.receive(call):
                    found += page.records if name == stream else ()
        except (ConnectorError, SealBroken):
            continue
    return found
