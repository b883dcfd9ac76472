"""Opens the service for a command: configuration, the database it names or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from efm import config as configuration
from efm import log
from efm.config import Config
from efm.errors import Invalid


def app_role(url: str) -> str:
    """The role a database URL signs in as."""
    user = urlsplit(url).username
    if not user:
        raise Invalid(
            "EFM_DATABASE_URL names no role; write postgresql://role:password@host/database."
        )
    return unquote(user)


@contextmanager
def opened() -> Iterator[Config]:
    """The configuration with both database URLs set; an embedded server runs meanwhile."""
    config = configuration.load()
    log.configure(config.log_format, "warning" if config.log_level == "info" else config.log_level)
    if config.database_url is not None:
        yield config
        return
    from efm.db.embedded import Embedded

    server = Embedded(config.data_folder)
    urls = server.start()
    try:
        yield replace(config, database_url=urls.app, owner_url=urls.owner)
    finally:
        server.stop()
