"""Items to the other system, in batches of its own size; each outcome is kept before the next batch."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from connectors.base import Connector
from connectors.errors import ConfigError, ConnectorError, NotSupported, Throttled, Transient
from connectors.records import Item, Outcome, Target
from efm import log
from efm.config import Config
from efm.db.engine import unit
from efm.models import WriteBack, WriteItem
from efm.sync import connections
from efm.vault import Vault
from efm.writing import planning, rules
from efm.writing.values import typed

SHARE = 0.1
FEW = {"update": 20, "upsert": 100}
MOST_ATTEMPTS = 8
logger = log.get("writing")
_OUTCOMES = text(
    "UPDATE write_items w SET state = r.state, message = r.message, attempts = w.attempts + 1,"
    " made_id = coalesce(r.made_id, w.made_id), changed_at = :now,"
    " accepted = CASE WHEN r.state = 'written' THEN r.sent ELSE w.accepted END,"
    " accepted_at = CASE WHEN r.state = 'written' THEN CAST(:now AS timestamptz)"
    " ELSE w.accepted_at END"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    " AS r(id uuid, state text, message text, made_id text, sent jsonb) WHERE w.id = r.id"
)
_RESTLESS = text(
    "SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) AS whole"
    " FROM write_items WHERE write_back_id = :rule"
)


@dataclass(frozen=True)
class Again:
    """Not done: go on at this time."""

    at: datetime


@dataclass
class Run:
    """One run of a rule: look at what changed, then write it."""

    engine: Engine
    config: Config
    organization_id: uuid.UUID
    rule_id: uuid.UUID
    now: Callable[[], datetime]
    is_stopping: Callable[[], bool] = lambda: False

    def run(self, *, scope: str, approved: bool, most: int | None = None) -> Again | None:
        """Look at the scope (see planning.SCOPES) and write what waits; `approved` says that a person agreed to however many there are.

        With `most` only so many are written, for trying it on one. What only an admin can mend pauses
        the rule and says so.
        """
        # One may be tried before the rule is turned on.
        opened = self._open(("draft", "paused") if most else ())
        if opened is None:
            return None
        connector, target = opened
        try:
            self._plan(target, scope)
            if not approved and self._is_too_much(target):
                return None
            return self._write(connector, target, most)
        except Throttled as error:
            return Again(error.at(self.now()))
        except Transient as error:
            self._say(error.message)
            return Again(self.now() + timedelta(minutes=5))
        except ConnectorError as error:
            self._stop(error.message)
        except Exception as error:
            self._stop(connections.broke(error))
        return None

    def _unit(self) -> Any:
        return unit(self.engine, self.organization_id)

    def _open(self, tried: Sequence[str]) -> tuple[Connector, Target] | None:
        """The connector and the target; None when the rule is off or gone, or cannot be opened."""
        with self._unit() as session:
            rule = session.get(WriteBack, (self.organization_id, self.rule_id))
            if rule is None or rule.state not in ("on", *tried):
                return None
            connection = connections.get(session, rule.connection_id)
            if connection.state in ("paused", "deleting"):
                return None
            name = rule.target
            try:
                connector = connections.open_connector(
                    self.config, Vault(self.config.secret_key), connection
                )
            except ConfigError as error:
                rules.pause(session, rule, error.message)
                return None
        try:
            with connections.plainly():
                return connector, connector.target(name)
        except (Throttled, Transient) as error:
            self._say(error.message)
        except (ConfigError, NotSupported) as error:
            self._stop(error.message)
        return None

    def _plan(self, target: Target, scope: str) -> None:
        """Look at what the rule speaks of, a batch a transaction."""
        after: uuid.UUID | None = None
        while True:
            with self._unit() as session:
                rule = rules.get(session, self.rule_id)
                batch = planning.subjects(session, rule, scope, after)
                if not batch:
                    rule.ran_at = self.now()
                    return
                found = planning.look(session, rule, target, batch, self.config.public_url)
                planning.keep(session, rule, found, self.now())
            after = batch[-1]

    def _is_too_much(self, target: Target) -> bool:
        """Whether more than a tenth would change at once; then the rule is held."""
        with self._unit() as session:
            row = session.execute(_RESTLESS, {"rule": self.rule_id}).one()
            if row.waiting <= max(FEW[target.op], SHARE * row.whole):
                return False
            rules.hold(session, rules.get(session, self.rule_id), row.waiting)
        logger.warning("writing.held", rule_id=str(self.rule_id), waiting=row.waiting)
        return True

    def _write(self, connector: Connector, target: Target, most: int | None) -> Again | None:
        left = most
        while left is None or left > 0:
            size = target.batch if left is None else min(left, target.batch)
            with self._unit() as session:
                waiting = self._waiting(session, size)
            if not waiting:
                break
            is_later = self._send(connector, target, waiting)
            left = None if left is None else left - len(waiting)
            if self.is_stopping():
                return Again(self.now())
            if is_later:
                return Again(self.now() + timedelta(minutes=5))
        self._say(None)
        return None

    def _waiting(self, session: Session, size: int) -> Sequence[WriteItem]:
        return session.scalars(
            select(WriteItem)
            .where(WriteItem.write_back_id == self.rule_id, WriteItem.state == "waiting")
            .order_by(WriteItem.attempts, WriteItem.changed_at, WriteItem.id)
            .limit(size)
        ).all()

    def _send(self, connector: Connector, target: Target, waiting: Sequence[WriteItem]) -> bool:
        """One batch; what came back is kept, also when it broke off in the middle.

        Whether something is to be tried later.
        """
        items = [
            Item(
                f"{self.rule_id}:{each.key}",
                {n: typed(v, target.fields[n]) for n, v in each.wanted.items() if n in target.fields},
                each.remote_id,
            )
            for each in waiting
        ]  # fmt: skip
        outcomes: list[Outcome] = []
        try:
            with connections.plainly():
                for outcome in connector.write(target, items):
                    outcomes.append(outcome)
                    if len(outcomes) == len(items):
                        break
        finally:
            rows = [_row(target, e, o) for e, o in zip(waiting, outcomes, strict=False)]
            with self._unit() as session:
                session.execute(_OUTCOMES, {"rows": orjson.dumps(rows).decode(), "now": self.now()})
        if len(outcomes) < len(items):
            raise ConfigError("The connector did not say what became of each record.")
        return any(row["state"] == "waiting" for row in rows)

    def _say(self, message: str | None) -> None:
        with self._unit() as session:
            rule = session.get(WriteBack, (self.organization_id, self.rule_id))
            if rule is not None:
                rule.message = message

    def _stop(self, message: str) -> None:
        with self._unit() as session:
            rule = session.get(WriteBack, (self.organization_id, self.rule_id))
            if rule is not None and rule.state == "on":
                rules.pause(session, rule, message)
        logger.warning("writing.paused", rule_id=str(self.rule_id), why=message)


def _row(target: Target, item: WriteItem, outcome: Outcome) -> dict[str, Any]:
    """What is kept of an outcome."""
    state = "written" if outcome.ok else "refused"
    if not outcome.ok and outcome.retry and item.attempts + 1 < MOST_ATTEMPTS:
        state = "waiting"
    made = outcome.remote_id if outcome.ok and target.op == "upsert" else None
    return {
        "id": str(item.id), "state": state, "message": outcome.message[:2000] or None,
        "made_id": made, "sent": item.wanted,
    }  # fmt: skip
