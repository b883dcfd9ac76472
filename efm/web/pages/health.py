"""Whether the service lives and is ready, its metrics, and its static files."""

from __future__ import annotations

import gzip
import hmac

from flask import Blueprint, Response, current_app, request, send_from_directory
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from efm.db import migrate
from efm.errors import Forbidden
from efm.web import unit
from efm.web.permissions import PUBLIC, permission

pages = Blueprint("health", __name__)
_HEAD: list[str] = []
PACKED = (".js", ".css", ".svg")
# Typefaces bear their version in their names and never change under them.
FONTS = "vendor/fonts/"
DAY, YEAR = 86400, 31536000
# Only files of our own folder are named, so there are never many.
_PACKED: dict[str, tuple[str, bytes]] = {}


@pages.get("/livez")
@permission(PUBLIC)
def live() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
@permission(PUBLIC)
def ready() -> Response:
    """The database answers and stands at the code's migration."""
    if not _HEAD:
        _HEAD.append(migrate.head())
    try:
        with unit.engine().connect() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        return Response("database unreachable\n", status=503, mimetype="text/plain")
    if found != _HEAD[0]:
        return Response("database not migrated\n", status=503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")


@pages.get("/metrics")
@permission(PUBLIC)
def metrics() -> Response:
    """Prometheus figures; with a metrics token set, for its bearer only, else for this machine only."""
    wanted = unit.config().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if wanted is not None:
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise Forbidden("Metrics need the token of EFM_METRICS_TOKEN.")
    elif request.remote_addr not in ("127.0.0.1", "::1") or request.headers.get("X-Forwarded-For"):
        raise Forbidden("Metrics are served to this machine only until EFM_METRICS_TOKEN is set.")
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


@pages.get("/static/<path:filename>")
@permission(PUBLIC)
def static(filename: str) -> Response:
    """A file of ours: styles, scripts, icons."""
    folder = current_app.static_folder or ""
    is_font = filename.startswith(FONTS)
    age = YEAR if is_font else DAY if "v" in request.args else 300
    response = send_from_directory(
        folder,
        filename,
        max_age=age,
        mimetype="font/woff2" if filename.endswith(".woff2") else None,
    )
    if (
        filename.endswith(PACKED)
        and request.accept_encodings.find("gzip") >= 0
        and not request.range
    ):
        _pack(response, filename)
    response.vary.add("Accept-Encoding")
    if is_font or "v" in request.args:
        response.cache_control.public = True
        response.cache_control.immutable = True
    return response


@pages.get("/favicon.ico")
@permission(PUBLIC)
def icon() -> Response:
    """Our icon, where browsers look for it beside what is no page: a picture, a piece of data."""
    return static("favicon.svg")


def _pack(response: Response, filename: str) -> None:
    """Send a file of text packed, as small as it gets; each is packed once for the life of a process."""
    etag, _ = response.get_etag()
    if response.status_code != 200 or etag is None:
        return
    packed = _PACKED.get(filename)
    if packed is None or packed[0] != etag:
        response.direct_passthrough = False
        packed = _PACKED[filename] = (etag, gzip.compress(response.get_data(), 9, mtime=0))
    response.direct_passthrough = False
    response.set_data(packed[1])
    response.headers["Content-Encoding"] = "gzip"
