"""A CRM of ours whose contacts answered, for the tests of writing back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from connectors.systems.memory.connector import Memory, Store, store
from efm import clock
from efm.config import Config
from efm.jobs.drain import drain_batch
from efm.jobs.load import load_registry
from efm.models import Connection, Identity, WriteBack, WriteItem
from efm.sync import connections
from efm.sync.runner import Runner
from efm.vault import Vault
from efm.writing import rules
from efm.writing.sending import Again, Run
from tests.efm.cased import respond
from tests.efm.collected import Published
from tests.factories import House


@dataclass
class World:
    """A memory system with contacts and the connection that reads them."""

    house: House
    config: Config
    connection_id: uuid.UUID
    crm: Store
    published: Published
    streams: tuple[str, ...] = ("accounts", "contacts")
    held: list[uuid.UUID] = field(default_factory=list)

    @classmethod
    def make(cls, house: House, config: Config, people: int = 3) -> World:
        """Contacts k0, k1… of the account a, known here after a first run."""
        name = uuid.uuid4().hex
        crm = store(name)
        crm.put("accounts", "a", name="Acme")
        for n in range(people):
            crm.put("contacts", f"k{n}", name=f"Person {n}", email=f"p{n}@x.example",
                    account_external_id="a")  # fmt: skip
        with house.unit() as session:
            vault = Vault(config.secret_key)
            made = connections.create(session, vault, "memory", "CRM", {"store": name}, clock.now())
            connector = connections.open_connector(config, vault, made)
            for stream in ("accounts", "contacts", "interactions"):
                found = connector.stream(stream)
                mappings = connections.proposed(found)
                connections.enable(session, made, stream, mappings, now=clock.now())
            identity = made.id
        world = cls(house, config, identity, crm, Published.make(house))
        world.sync("accounts", "contacts")
        return world

    def sync(self, *streams: str) -> None:
        """Read these streams."""
        for stream in streams:
            with self.house.unit() as session:
                run = connections.request_run(session, self.connection_id, stream, clock.now()).id
            Runner(self.house.engine, self.config, self.house.id, run).run()

    def contact(self, external_id: str) -> uuid.UUID:
        """Our contact of a record there."""
        with self.house.unit() as session:
            found = session.scalars(
                select(Identity.contact_id).where(
                    Identity.connection_id == self.connection_id,
                    Identity.external_id == external_id,
                    Identity.entity == "contact",
                )
            ).one()
            assert found is not None
            return found

    def answer(self, external_id: str, nps: int, comment: str = "") -> uuid.UUID:
        """A response of a person of the CRM."""
        return respond(self.published, nps, comment, self.contact(external_id))

    def rule(self, target: str = "contact", source: str = "customer", **fields: str) -> uuid.UUID:
        """A rule that is on, with these fields; nothing is written yet."""
        with self.house.unit() as session:
            connection = connections.get(session, self.connection_id)
            declared = Memory({"store": connection.settings["store"]}).target(target)
            rule = rules.create(session, connection, declared, source, clock.now())
            rules.change(session, rule, declared, fields or {"notes": "nps"})
            rule.state = "on"
            return rule.id

    def edit(self, rule_id: uuid.UUID, **values: Any) -> None:
        """Change columns of the rule."""
        with self.house.unit() as session:
            rule = rules.get(session, rule_id)
            for name, value in values.items():
                setattr(rule, name, value)

    def run(self, rule_id: uuid.UUID, *, scope: str = "all", approved: bool = True,
            most: int | None = None) -> Again | None:  # fmt: skip
        """Run the rule as its job does."""
        made = Run(self.house.engine, self.config, self.house.id, rule_id, clock.now)
        return made.run(scope=scope, approved=approved, most=most)

    def drain(self) -> None:
        """Let handlers react to what happened."""
        registry = load_registry(self.config)
        while drain_batch(self.house.engine, registry, clock.now()):
            continue

    def items(self, rule_id: uuid.UUID) -> dict[str, WriteItem]:
        """What the rule keeps, by the record it changes or is about."""
        with self.house.unit() as session:
            query = select(WriteItem).where(WriteItem.write_back_id == rule_id)
            return {each.remote_id or each.key: each for each in session.scalars(query)}

    def state(self, rule_id: uuid.UUID) -> WriteBack:
        """The rule as it is now."""
        with self.house.unit() as session:
            return rules.get(session, rule_id)

    def there(self, key: str, stream: str = "contacts") -> dict[str, Any]:
        """A record of the CRM."""
        return dict(self.crm.documents(stream)[key])

    def connection(self) -> Connection:
        """The connection as it is now."""
        with self.house.unit() as session:
            return connections.get(session, self.connection_id)
