"""Where other systems call us: the call is judged, kept and answered at once, and worked on later."""

from __future__ import annotations

from flask import Blueprint, Response, request

from connectors.errors import ConfigError
from connectors.records import Delivery
from connectors.signatures import LARGEST, TooLarge, WebhookRefused
from efm import log
from efm.db.engine import unit as own_unit
from efm.sync import hooks
from efm.web import unit
from efm.web.permissions import PUBLIC, permission

pages = Blueprint("hooks", __name__)
logger = log.get("hooks")


@pages.post("/hooks/<token>")
@permission(PUBLIC)
def take(token: str) -> Response:
    """One call of a system. Its answer says nothing that the caller did not know."""
    organization_id, connection_id = hooks.place_of(unit.vault(), token)
    try:
        call = _call(token)
        with own_unit(unit.engine(), organization_id) as session:
            hooks.keep(session, unit.config(), unit.vault(), connection_id, call)
    except WebhookRefused as error:
        logger.info("hooks.refused", connection_id=str(connection_id), why=error.message)
        return Response(error.message + "\n", error.status, mimetype="text/plain")
    except ConfigError as error:
        logger.warning("hooks.unready", connection_id=str(connection_id), why=error.message)
        return Response("This webhook is not set up completely.\n", 503, mimetype="text/plain")
    return Response(status=204)


def _call(token: str) -> Delivery:
    if (request.content_length or 0) > LARGEST:
        raise TooLarge("The body is larger than 1 MB.")
    body = request.stream.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise TooLarge("The body is larger than 1 MB.")
    query = request.query_string.decode("latin-1")
    url = f"{unit.config().public_url}/hooks/{token}" + (f"?{query}" if query else "")
    headers = [(name, value) for name, value in request.headers.items()]
    return Delivery(request.method, url, headers, body, unit.now())
