"""Makes the things tests need; each organization is its own island, so tests need no cleaning."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from efm import clock
from efm.db.engine import TenantSession, unit
from efm.models import ApiToken, Membership, StaffSession, User
from efm.vault import new_token, token_hash
from efm.web.flask import EfmFlask

CAST = {
    "owner": "Anna",
    "designer": "Dora",
    "analyst": "Carla",
    "agent": "Emil",
    "crm_admin": "Ben",
}


@dataclass
class House:
    """One organization with a person for each role."""

    app: EfmFlask
    engine: Engine
    id: uuid.UUID
    slug: str
    people: dict[str, uuid.UUID] = field(default_factory=dict)

    @classmethod
    def found(cls, app: EfmFlask, engine: Engine, *, time_zone: str = "UTC") -> House:
        """Found an organization and hire its people."""
        house = cls(app, engine, clock.new_id(), "t" + secrets.token_hex(8))
        with engine.begin() as connection:
            connection.execute(
                text(
                    "SELECT efm_found_organization(:id, :name, :slug, :zone, 'en', 'EUR', false,"
                    " NULL, NULL)"
                ),
                {
                    "id": house.id,
                    "name": "Northwind Telecom",
                    "slug": house.slug,
                    "zone": time_zone,
                },
            )
        for role, name in CAST.items():
            house.hire(role, name)
        return house

    def hire(self, role: str, name: str) -> uuid.UUID:
        """Add a person with a role; signs in by `login`, without a password."""
        user_id = clock.new_id()
        with unit(self.engine, self.id, user_id=user_id) as session:
            session.add(
                User(id=user_id, email=f"{name}.{self.slug}@example.org".lower(), name=name)
            )
            session.add(Membership(user_id=user_id, role=role))
        self.people.setdefault(role, user_id)
        return user_id

    @contextmanager
    def unit(self, *, read_only: bool = False) -> Iterator[TenantSession]:
        """A unit of work of this organization."""
        with unit(
            self.engine, self.id, user_id=self.people["owner"], read_only=read_only
        ) as session:
            yield session

    def login(self, role: str = "owner") -> FlaskClient:
        """A browser signed in as the person of that role; `client.csrf` is what forms must bring back."""
        token, csrf, now = new_token(), new_token(), clock.now()
        with self.unit() as session:
            person = session.get_one(User, self.people[role])
            session.add(
                StaffSession(
                    user_id=person.id,
                    token_hash=token_hash(token),
                    csrf_token=csrf,
                    credential_version=person.credential_version,
                    last_seen_at=now,
                    expires_at=now + timedelta(hours=12),
                )
            )
        client = self.app.test_client()
        client.set_cookie("efm", token)
        client.csrf = csrf  # type: ignore[attr-defined]
        return client

    def api_token(self, *scopes: str) -> dict[str, str]:
        """The headers of a program with these scopes."""
        token = "efm_live_" + secrets.token_urlsafe(24)
        with self.unit() as session:
            session.add(
                ApiToken(
                    name="test", hint=token[-4:], token_hash=token_hash(token), scopes=list(scopes)
                )
            )
        return {"Authorization": f"Bearer {token}"}
