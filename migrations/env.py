"""Runs migrations as the owner: one process at a time, never waiting long for a lock."""

from __future__ import annotations

import os
from typing import Any

from alembic import context
from sqlalchemy import create_engine, pool, text

import efm.models  # noqa: F401 - registers every table
from efm.db.base import Base

ADVISORY_LOCK = 0x45464D  # "EFM"


def _include(obj: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """The job queue's tables are its own; they are not compared with ours."""
    owner = name if kind == "table" else getattr(getattr(obj, "table", None), "name", "")
    return not str(owner or "").startswith("procrastinate_")


def run() -> None:
    attributes = context.config.attributes
    url = attributes.get("url") or os.environ.get("EFM_OWNER_URL")
    if not url:
        raise SystemExit("Set EFM_OWNER_URL to the owner's database URL, or run `efm db upgrade`.")
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=_include,
            compare_type=True,
            compare_server_default=False,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()
    engine.dispose()


run()
