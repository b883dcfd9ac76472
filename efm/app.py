"""The composition room: one application from its configuration."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from efm import log
from efm.config import Config
from efm.db.direct import Direct
from efm.db.engine import check_serving_role, make_engine
from efm.feedback.answering import Desk
from efm.feedback.writer import Writer
from efm.vault import Vault
from efm.web import context, errors, headers, rooms
from efm.web.answer_pages import AnswerPages
from efm.web.flask import EfmFlask
from efm.web.reception import Reception
from surveys import sentiment

FORM_LIMIT = 64 * 1024 * 1024
# One organization uses one at a time; the others are for other organizations at the same moment.
WRITING_CONNECTIONS = 3


def make_app(config: Config, *, engine: Engine | None = None) -> EfmFlask:
    """The service as a WSGI application.

    Raises Unready when the database role could bypass row-level security.
    """
    log.configure(config.log_format, config.log_level)
    if engine is None:
        assert config.database_url is not None, (
            "the command line starts a database when none is given"
        )
        engine = make_engine(config.database_url, pool_size=config.threads)
    check_serving_role(engine)
    app = EfmFlask("efm.web", static_folder=None, template_folder="templates")
    app.static_folder = str(Path(__file__).parent / "web" / "static")
    app.config.update(
        SECRET_KEY=Vault(config.secret_key).key("flask").hex(),
        MAX_CONTENT_LENGTH=FORM_LIMIT,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=2000,
        SESSION_COOKIE_SECURE=config.is_secure,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="efm_notice",
        TRUSTED_HOSTS=list(config.trusted_hosts) or None,
        PREFERRED_URL_SCHEME="https" if config.is_secure else "http",
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.extensions["efm.config"] = config
    app.extensions["efm.engine"] = engine
    app.extensions["efm.vault"] = Vault(config.secret_key)
    headers.install(app)
    errors.install(app)
    context.install(app)
    _version_static(app)
    _open_desk(app, config, engine)
    rooms.open_all(app)
    if config.proxy_hops:
        hops = config.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _open_desk(app: EfmFlask, config: Config, engine: Engine) -> None:
    """What answers survey links: plain connections that read, others that write, one writer."""
    sentiment.load()  # The first person to comment should not wait for it.
    url = config.database_url or engine.url.render_as_string(hide_password=False)
    vault: Vault = app.extensions["efm.vault"]
    reader = Direct(
        url,
        size=max(2, config.threads // 2),  # Reading takes a fraction of a millisecond.
        read_only=True,
        application="efm answers, reading",
    )
    direct = Direct(url, size=WRITING_CONNECTIONS, application="efm answers, writing")
    desk = Desk(engine, reader, Writer(direct), vault)
    pages = AnswerPages(app, desk.keys, config.answer_url, config.redirect_hosts)
    app.extensions["efm.reception"] = Reception(desk, pages, direct)


def _version_static(app: EfmFlask) -> None:
    """Addresses of static files carry a hash of the file, so a browser may keep them for ever."""
    known: dict[str, str] = {}

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint != "health.static" or "v" in values:
            return
        name = values.get("filename", "")
        if name not in known:
            path = Path(app.static_folder or "") / name
            known[name] = (
                hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""
            )
        if known[name]:
            values["v"] = known[name]
