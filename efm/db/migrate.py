"""Brings the schema up to date under the owner's role, one process at a time."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

ROOT = Path(__file__).resolve().parents[2]


def alembic_config(owner_url: str, app_role: str | None = None) -> Config:
    """Alembic's settings for this database; the serving role is told to the migrations."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.set_main_option("timezone", "UTC")
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(rev)s_%%(slug)s")
    config.attributes["url"] = owner_url
    config.attributes["app_role"] = app_role or "efm_app"
    return config


def head() -> str:
    """The newest revision of the code."""
    script = ScriptDirectory.from_config(alembic_config(""))
    revision = script.get_current_head()
    assert revision is not None, "there is at least one migration"
    return revision


def revisions() -> frozenset[str]:
    """Every revision the code knows."""
    script = ScriptDirectory.from_config(alembic_config(""))
    return frozenset(found.revision for found in script.walk_revisions())


def current(url: str) -> str | None:
    """The revision a database stands at, or None when it is empty."""
    engine = create_engine(url)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        connection = stack.enter_context(engine.connect())
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(owner_url: str, app_role: str | None = None, revision: str = "head") -> None:
    """Migrate up to `revision`; a second process waits for the advisory lock and finds it done."""
    command.upgrade(alembic_config(owner_url, app_role), revision)


def downgrade(owner_url: str, revision: str, app_role: str | None = None) -> None:
    """Migrate down to `revision`."""
    command.downgrade(alembic_config(owner_url, app_role), revision)


def check(owner_url: str, app_role: str | None = None) -> Any:
    """Raise when the tables in code and the schema differ."""
    return command.check(alembic_config(owner_url, app_role))
