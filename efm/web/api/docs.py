"""The API's documentation for everybody: the OpenAPI document, and the same as a page."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g, render_template

from efm.web import unit
from efm.web.api import body, describe, examples, reference
from efm.web.permissions import API_SCOPES, PERMISSIONS, permission

pages = Blueprint("api_docs", __name__)


@pages.get("/api/openapi.json")
@permission("public")
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return body.reply(describe.document(current_app))


@pages.get("/api/docs")
@permission("public")
def show() -> str:
    """The document as a page; it holds nothing of any organization."""
    document = describe.document(current_app)
    return render_template(
        "api/docs.html",
        document=document,
        groups=reference.groups(document),
        problem_fields=reference.problem_fields(document),
        problem_example=reference.written(examples.PROBLEM),
        refusals=describe.REFUSALS,
        scopes=[(scope, PERMISSIONS[scope]) for scope in API_SCOPES],
        limit=unit.config().api_requests_a_minute,
        is_signed_in=g.get("principal") is not None,
    )
