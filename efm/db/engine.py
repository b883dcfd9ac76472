"""Engines and sessions: every transaction carries its organization, and none means nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from efm.db.base import Tenanted
from efm.errors import EfmError, Unready

SET_TENANT = text(
    "SELECT set_config('efm.organization', :organization, true), set_config('efm.user', :user, true)"
)


class NoTenant(EfmError):
    """A table was asked without an organization: a fault of ours, and nothing was read."""

    title = "No organization is set"


def make_engine(url: str, *, pool_size: int = 8, application: str = "efm") -> Engine:
    """An engine for PostgreSQL with bounded waits: connect 5 s, statement 30 s, dead peers noticed."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,  # Values are personal data; they stay out of errors and logs.
        connect_args={
            "connect_timeout": 5,
            "application_name": application,
            "options": "-c timezone=UTC -c statement_timeout=30000"
            " -c idle_in_transaction_session_timeout=60000 -c jit=off",
        },
    )


class TenantSession(Session):
    """A session of one organization (and the person acting), told to PostgreSQL in each transaction.

    Without an organization a tenant's table cannot be asked: the ORM refuses, and row-level
    security shows nothing.
    """

    def __init__(
        self,
        engine: Engine | Connection,
        organization_id: uuid.UUID | None,
        *,
        user_id: uuid.UUID | None = None,
        read_only: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(bind=engine, expire_on_commit=False, autoflush=True, **options)
        self.info["organization_id"] = organization_id
        self.info["user_id"] = user_id
        self.info["read_only"] = read_only

    @property
    def organization_id(self) -> uuid.UUID:
        """The organization of this session; raises NoTenant when there is none."""
        value: uuid.UUID | None = self.info.get("organization_id")
        if value is None:
            raise NoTenant
        return value


@event.listens_for(TenantSession, "after_begin")
def _tell_postgres(session: Session, _transaction: Any, connection: Connection) -> None:
    """Set the organization for this transaction only, so a pooled connection never carries it on."""
    if session.info.get("read_only") and not connection.in_nested_transaction():
        connection.execute(text("SET TRANSACTION READ ONLY"))
    connection.execute(
        SET_TENANT,
        {
            "organization": str(session.info.get("organization_id") or ""),
            "user": str(session.info.get("user_id") or ""),
        },
    )


def _tenanted_mapper(state: ORMExecuteState) -> bool:
    return any(issubclass(mapper.class_, Tenanted) for mapper in state.all_mappers)


@event.listens_for(TenantSession, "do_orm_execute")
def _only_own_rows(state: ORMExecuteState) -> None:
    """Add the organization to every ORM statement; refuse one that has none."""
    if state.is_column_load or state.is_relationship_load:
        return
    organization_id = state.session.info.get("organization_id")
    if organization_id is None:
        if _tenanted_mapper(state):
            raise NoTenant
        return
    state.statement = state.statement.options(
        with_loader_criteria(
            Tenanted,
            lambda cls: cls.organization_id == organization_id,
            include_aliases=True,
        )
    )


@event.listens_for(TenantSession, "before_flush")
def _only_write_own(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    """Fill in the organization of new rows; refuse a row of another one."""
    organization_id = session.info.get("organization_id")
    fresh = session.new  # Each asking makes a new set, too dear to be done for each row.
    for row in (*fresh, *session.dirty, *session.deleted):
        if not isinstance(row, Tenanted):
            continue
        if organization_id is None:
            raise NoTenant
        is_fresh = row in fresh
        if is_fresh and row.organization_id is None:
            row.organization_id = organization_id
        history = () if is_fresh else inspect(row).attrs.organization_id.history.deleted
        if row.organization_id != organization_id or any(
            old != organization_id for old in history or ()
        ):
            raise NoTenant("A row of another organization was about to be written")


@contextmanager
def unit(
    engine: Engine,
    organization_id: uuid.UUID | None,
    *,
    user_id: uuid.UUID | None = None,
    read_only: bool = False,
) -> Iterator[TenantSession]:
    """One unit of work for jobs and commands: committed at the end, rolled back on any error."""
    with TenantSession(engine, organization_id, user_id=user_id, read_only=read_only) as session:
        yield session
        session.commit()


def check_serving_role(engine: Engine) -> None:
    """Refuse to serve under a role that could walk round row-level security.

    Raises Unready when the role is a superuser, bypasses row-level security or owns a table.
    """
    with engine.connect() as connection:
        role = connection.execute(
            text(
                "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
        ).one()
        owned = connection.execute(
            text(
                "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
                " AND pg_has_role(current_user, c.relowner, 'USAGE')"
            )
        ).scalar_one()
    faults = []
    if role.rolsuper:
        faults.append("is a superuser")
    if role.rolbypassrls:
        faults.append("bypasses row-level security")
    if owned and not role.rolsuper:
        faults.append(f"owns {owned} tables or is a member of the role that does")
    if faults:
        raise Unready(
            f"The database role {role.rolname!r} of EFM_DATABASE_URL {' and '.join(faults)}, so one "
            "organization could read another's rows. Serve under a role that owns nothing "
            "(README, External PostgreSQL), and give the owner in EFM_OWNER_URL."
        )
