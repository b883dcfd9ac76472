"""The stage of a benchmark: an embedded database with fsync on, one organization, one open survey."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.error import URLError

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from efm import clock
from efm.config import load
from efm.db import migrate
from efm.db.embedded import Embedded
from efm.db.engine import make_engine, unit
from efm.feedback import authoring, distributions
from efm.feedback.collect import BATCH_LIMIT, Incoming, submit_batch
from efm.models import ApiToken
from efm.vault import Vault, token_hash
from surveys.definition import load_yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROCESSES = 2
FILLED = 5000


@dataclass(frozen=True)
class Stage:
    """What both services and the load generator are told."""

    database: Embedded
    environ: dict[str, str]
    organization_id: uuid.UUID
    survey_id: uuid.UUID
    version_id: uuid.UUID
    link_id: uuid.UUID
    link_token: str
    api_token: str

    @property
    def database_pid(self) -> int:
        """The process the database's backends descend from."""
        return int((self.database.layout.data / "postmaster.pid").read_text().split()[0])

    @property
    def app_url(self) -> str:
        """The database URL of the serving role."""
        return self.environ["EFM_DATABASE_URL"]


@dataclass(frozen=True)
class Served:
    """A service under load: its address and the process its workers descend from."""

    address: str
    pid: int


@contextmanager
def stage() -> Iterator[Stage]:
    """Start the database and publish the workload's survey; everything is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="efm-bench-") as folder:
        Path(folder).chmod(0o755)  # As root the server runs as another user and must get here.
        database = Embedded.ephemeral(Path(folder) / "database", fsync=True)
        urls = database.start()
        try:
            migrate.upgrade(urls.owner, "efm_app")
            environ = {
                "EFM_DATABASE_URL": urls.app,
                "EFM_SECRET_KEY": secrets.token_urlsafe(48),
                "EFM_DATA_FOLDER": str(Path(folder) / "data"),
                "EFM_PUBLIC_URL": "http://127.0.0.1",
                "EFM_LOG_FORMAT": "json",
                "EFM_API_REQUESTS_A_MINUTE": "0",
            }
            yield _published(database, environ)
        finally:
            database.stop("immediate")


def _published(database: Embedded, environ: dict[str, str]) -> Stage:
    """One organization with an open survey, an anonymous link and an API token."""
    config, now, organization_id = load(environ), clock.now(), clock.new_id()
    vault = Vault(config.secret_key)
    engine = make_engine(environ["EFM_DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT efm_found_organization(:id, 'Bench', 'bench', 'UTC', 'en', 'EUR', true,"
                " NULL, NULL)"
            ),
            {"id": organization_id},
        )
    token = "efm_live_" + secrets.token_urlsafe(24)
    definition = load_yaml((HERE / "workload" / "survey.yaml").read_text(encoding="utf-8"))
    with unit(engine, organization_id) as session:
        survey = authoring.create(session, definition, now)
        version = authoring.publish(session, survey.id, now)
        link = distributions.open_link(session, vault, survey.id, now, name="Link")
        distributions.open_plain(session, survey.id, now, kind="api", name="API", channel="api")
        session.add(
            ApiToken(
                name="bench",
                hint=token[-4:],
                token_hash=token_hash(token),
                scopes=["responses.write"],
            )
        )
        _fill(session, survey.id, now)
    engine.dispose()
    _settle(database)
    return Stage(
        database,
        environ,
        organization_id,
        survey.id,
        version.id,
        link.id,
        vault.link_token(link.id),
        token,
    )


def _fill(session: Session, survey_id: uuid.UUID, now: datetime) -> None:
    """A few thousand responses, so that no service meets tables of which nothing is known."""
    for start in range(0, FILLED, BATCH_LIMIT):
        rows = [
            Incoming(survey_id, {"recommend": number % 11, "comment": "Good."})
            for number in range(start, start + BATCH_LIMIT)
        ]
        submit_batch(session, rows, now, announces=False)


def _settle(database: Embedded) -> None:
    """What autovacuum does within a minute, done before anything is measured."""
    url = database.superuser_url().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


@contextmanager
def serving(stage: Stage, target: str, port: int, threads: int) -> Iterator[Served]:
    """Serve a WSGI application by granian."""
    environ = os.environ | stage.environ
    environ |= {"EFM_THREADS": str(threads), "EFM_PORT": str(port), "PYTHONPATH": str(ROOT)}
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(PROCESSES)),
        *("--blocking-threads", str(threads), "--log-level", "warning", target),
    ]
    with subprocess.Popen(command, env=environ, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _await(f"{address}/s/{stage.link_token}", process)
            yield Served(address, process.pid)
        finally:
            process.terminate()
            process.wait(20)


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except URLError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.1)
