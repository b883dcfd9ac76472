"""Searching over customers and surveys; what it finds follows the role."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for

from efm.staff import search
from efm.web import auth, unit
from efm.web.permissions import SIGNED_IN, permission

pages = Blueprint("search", __name__)

LABELS = {"contact": "People", "account": "Accounts", "survey": "Surveys"}
# The page of one thing of each kind; its rule takes the id as its only argument.
LINKS = {
    "contact": "customers.show",
    "account": "customers.show_account",
    "survey": "surveys.show",
}


@pages.get("/search")
@permission(SIGNED_IN)
def show() -> str:
    """What was found, by kind."""
    typed = search.cleaned(request.args.get("q", ""))
    found = search.search(unit.session(), typed, auth.principal().permissions)
    groups = [
        (LABELS[group.kind], [(hit, _link(hit.kind, hit.id)) for hit in group.hits], group.has_more)
        for group in found
    ]
    return render_template("search/show.html", search_text=typed, groups=groups)


def _link(kind: str, row_id: uuid.UUID) -> str | None:
    """The page of what was found, where there is one."""
    endpoint = LINKS[kind]
    rules = (
        current_app.url_map.iter_rules(endpoint) if endpoint in current_app.view_functions else ()
    )
    for rule in rules:
        if len(rule.arguments) == 1:
            values: dict[str, Any] = {next(iter(rule.arguments)): row_id}
            return url_for(endpoint, **values)
    return None
