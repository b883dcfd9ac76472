"""Who is who: the rules, pairs that may be one customer, merges that can be undone, passes over all."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from efm.db.base import Base, Created, Tenant, Tenanted, belongs_to

MATCH_STATES = ("open", "later", "same", "different")
RESOLUTION_STATES = ("running", "succeeded", "failed")


class IdentityRule(Tenanted, Base):
    """How an organization tells its customers apart; what is not said here is as by default."""

    __tablename__ = "identity_rules"
    key_columns = ("organization_id",)

    document: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Match(Tenant, Created, Base):
    """Two contacts or two accounts that may be one: why, and what somebody decided.

    The pair is in the order of its ids, so it is there once. `different` is never proposed again.
    """

    __tablename__ = "matches"
    extra_args = (
        belongs_to("contacts", "contact_id"),
        belongs_to("contacts", "other_contact_id"),
        belongs_to("accounts", "account_id"),
        belongs_to("accounts", "other_account_id"),
        UniqueConstraint("organization_id", "contact_id", "other_contact_id"),
        UniqueConstraint("organization_id", "account_id", "other_account_id"),
        CheckConstraint("entity IN ('contact', 'account')", name="entity"),
        CheckConstraint(
            "(entity = 'contact') = (contact_id IS NOT NULL)"
            " AND (entity = 'contact') = (other_contact_id IS NOT NULL)"
            " AND (entity = 'account') = (account_id IS NOT NULL)"
            " AND (entity = 'account') = (other_account_id IS NOT NULL)",
            name="one_pair",
        ),
        CheckConstraint(
            "contact_id < other_contact_id OR account_id < other_account_id", name="in_order"
        ),
        CheckConstraint("kind IN ('likely', 'conflict')", name="kind"),
        CheckConstraint(f"state IN {MATCH_STATES!r}", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_has_time"),
        Index("ix_matches_state", "organization_id", "state", "likelihood"),
        Index("ix_matches_other_contact", "organization_id", "other_contact_id"),
        Index("ix_matches_other_account", "organization_id", "other_account_id"),
    )

    entity: Mapped[str] = mapped_column(String(10))
    contact_id: Mapped[uuid.UUID | None]
    other_contact_id: Mapped[uuid.UUID | None]
    account_id: Mapped[uuid.UUID | None]
    other_account_id: Mapped[uuid.UUID | None]
    kind: Mapped[str] = mapped_column(String(10))
    likelihood: Mapped[float] = mapped_column(Float)
    reasons: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[uuid.UUID | None]


class Merge(Tenant, Created, Base):
    """One customer became part of another: why, what moved, and so how it is undone exactly.

    `moved` has the ids of the moved rows by table and column; `kept` the winner's fields as they
    were, for one of whom no source said anything.
    """

    __tablename__ = "merges"
    extra_args = (
        belongs_to("contacts", "winner_contact_id"),
        belongs_to("contacts", "loser_contact_id"),
        belongs_to("accounts", "winner_account_id"),
        belongs_to("accounts", "loser_account_id"),
        CheckConstraint("entity IN ('contact', 'account')", name="entity"),
        CheckConstraint(
            "(entity = 'contact') = (winner_contact_id IS NOT NULL)"
            " AND (entity = 'contact') = (loser_contact_id IS NOT NULL)"
            " AND (entity = 'account') = (winner_account_id IS NOT NULL)"
            " AND (entity = 'account') = (loser_account_id IS NOT NULL)",
            name="one_pair",
        ),
        CheckConstraint(
            "winner_contact_id <> loser_contact_id OR winner_account_id <> loser_account_id",
            name="two_customers",
        ),
        Index(
            "uq_merges_loser_contact", "organization_id", "loser_contact_id", unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index(
            "uq_merges_loser_account", "organization_id", "loser_account_id", unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_merges_merged", "organization_id", "merged_at"),
        Index("ix_merges_winner_contact", "organization_id", "winner_contact_id"),
        Index("ix_merges_winner_account", "organization_id", "winner_account_id"),
    )  # fmt: skip

    entity: Mapped[str] = mapped_column(String(10))
    winner_contact_id: Mapped[uuid.UUID | None]
    loser_contact_id: Mapped[uuid.UUID | None]
    winner_account_id: Mapped[uuid.UUID | None]
    loser_account_id: Mapped[uuid.UUID | None]
    rule: Mapped[str] = mapped_column(String(20))
    reasons: Mapped[list[Any]]
    moved: Mapped[dict[str, Any]]
    kept: Mapped[dict[str, Any]]
    merged_at: Mapped[datetime]
    merged_by_id: Mapped[uuid.UUID | None]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[uuid.UUID | None]


class Resolution(Tenant, Created, Base):
    """One pass over all customers: how far it is, and what it found."""

    __tablename__ = "resolutions"
    extra_args = (
        CheckConstraint(f"state IN {RESOLUTION_STATES!r}", name="state"),
        CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="ended_has_finish"),
        Index(
            "uq_resolutions_one_at_a_time", "organization_id", unique=True,
            postgresql_where=text("state = 'running'"),
        ),
        Index("ix_resolutions_started", "organization_id", "started_at"),
    )  # fmt: skip

    state: Mapped[str] = mapped_column(String(10), server_default="running")
    phase: Mapped[str] = mapped_column(String(40), server_default="")
    done: Mapped[int] = mapped_column(server_default=text("0"))
    total: Mapped[int] = mapped_column(server_default=text("0"))
    found: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
