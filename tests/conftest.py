"""A real PostgreSQL, one migrated database a session, one organization a test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from efm import config as configuration
from efm.app import make_app
from efm.config import Config
from efm.db import migrate
from efm.db.embedded import Embedded, Urls
from efm.db.engine import make_engine
from efm.web.flask import EfmFlask
from tests.chromium import address as address
from tests.chromium import browser as browser
from tests.drawing import IS_FULL
from tests.factories import House

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"
# A running server for tests, as its superuser's URL; without it the embedded one is started.
SERVER = os.environ.get("EFM_TEST_SERVER")


def _made_by_url(server: str, name: str) -> Urls:
    base = make_url(server)
    admin = create_engine(base, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for role in ("efm_owner", "efm_app"):
            known = connection.execute(
                text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}
            ).first()
            if not known:
                connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{role}'"))
        connection.execute(text(f'CREATE DATABASE "{name}" OWNER efm_owner'))
    admin.dispose()

    def url(role: str) -> str:
        at = base.set(username=role, password=role, database=name)
        return at.render_as_string(hide_password=False)

    return Urls(owner=url("efm_owner"), app=url("efm_app"))


@pytest.fixture(scope="session")
def database() -> Iterator[Urls]:
    """The URLs of a migrated, empty database."""
    name = f"efm_test_{os.getpid()}"
    if SERVER:
        urls = _made_by_url(SERVER, name)
        migrate.upgrade(urls.owner, "efm_app")
        yield urls
        admin = create_engine(SERVER, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        admin.dispose()
        return
    with tempfile.TemporaryDirectory(prefix="efm-tests-") as folder:
        Path(folder).chmod(0o755)  # As root the server runs as another user and must get here.
        server = Embedded.ephemeral(Path(folder))
        try:
            urls = server.start()
            migrate.upgrade(urls.owner, "efm_app")
            yield urls
        finally:
            server.stop("immediate")


@pytest.fixture(scope="session")
def engine(database: Urls) -> Iterator[Engine]:
    """An engine under the serving role."""
    made = make_engine(database.app, application="efm tests")
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def owner_engine(database: Urls) -> Iterator[Engine]:
    """An engine under the owner's role, to look behind the walls."""
    made = make_engine(database.owner, application="efm tests, owner")
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def config(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The configuration tests run under: development, mails into a folder."""
    folder = tmp_path_factory.mktemp("efm")
    loaded = configuration.load(
        {
            "EFM_DATA_FOLDER": str(folder),
            "EFM_DATABASE_URL": database.app,
            "EFM_OWNER_URL": database.owner,
            "EFM_PUBLIC_URL": "http://localhost",
            "EFM_LOG_LEVEL": "error",
        }
    )
    return replace(loaded, threads=4)


@pytest.fixture(scope="session")
def app(config: Config, engine: Engine) -> EfmFlask:
    """The application."""
    return make_app(config, engine=engine)


@pytest.fixture
def house(app: EfmFlask, engine: Engine) -> House:
    """A fresh organization with its people: Anna owns it, and one person for each other role."""
    return House.found(app, engine)


@pytest.fixture
def stranger(app: EfmFlask, engine: Engine) -> House:
    """Another organization, whose people must see nothing of `house`."""
    return House.found(app, engine)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; a test that needs it says so when it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real data absent: {SHARED} is not beside this checkout")
    return SHARED


# The quick part draws the same examples each time, so that a change is not blamed for what it did not
# do; the full part draws new ones. Nothing is timed by the clock: see tests/bench for speed.
settings.register_profile("quick", derandomize=True, deadline=None)
settings.register_profile("full", print_blob=True, deadline=None)
settings.load_profile("full" if IS_FULL else "quick")
