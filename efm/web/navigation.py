"""The left navigation: what people come to do, shown only as far as it works and the role allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for

from efm.web.auth import Principal
from efm.web.permissions import permission_of


@dataclass(frozen=True)
class Item:
    """One entry: where it leads and which blueprints belong to it."""

    label: str
    endpoint: str
    icon: str = ""
    blueprints: tuple[str, ...] = ()
    children: tuple[Item, ...] = ()


ITEMS = (
    Item("Overview", "overview.show", "layout-dashboard", ("overview",)),
    Item(
        "Surveys",
        "surveys.index",
        "clipboard-list",
        (
            "surveys",
            "survey_imports",
            "builder",
            "builder_bank",
            "review",
            "builder_preview",
            "simulations",
            "publishing",
            "translations",
            "themes",
            "responses_in",
            "bank",
        ),
    ),
    Item("Distributions", "distributions.index", "send", ("distributions",)),
    Item("Responses", "responses.index", "message-square-text", ("responses",)),
    Item("Customers", "customers.index", "users", ("customers", "matches")),
    Item(
        "Insight",
        "linkage.show",
        "chart-no-axes-combined",
        ("linkage", "measures"),
        (
            Item("Linkage", "linkage.show", blueprints=("linkage",)),
            Item("Measures", "measures.index", blueprints=("measures",)),
        ),
    ),
    Item("Act", "cases.index", "list-checks", ("cases",)),
    Item(
        "Connections",
        "connections.index",
        "plug",
        (
            "connections",
            "connection_setup",
            "connection_fields",
            "connection_records",
            "connection_streams",
            "connection_dry_runs",
            "writing",
            "imports",
        ),
    ),
    Item(
        "Settings",
        "settings.show",
        "settings",
        ("settings", "members", "tokens", "audit"),
        (
            Item("Organization", "settings.show", blueprints=("settings",)),
            Item("People", "members.index", blueprints=("members",)),
            Item("API tokens", "tokens.index", blueprints=("tokens",)),
            Item("Audit log", "audit.index", blueprints=("audit",)),
        ),
    ),
)


def entries(principal: Principal, items: tuple[Item, ...] = ITEMS) -> list[dict[str, Any]]:
    """The navigation as the layout draws it."""
    found = []
    for item in items:
        children = entries(principal, item.children)
        view = current_app.view_functions.get(item.endpoint)
        allowed = view is not None and principal.may(permission_of(view) or "undeclared")
        if not allowed and not children:
            continue
        found.append(
            {
                "label": item.label,
                "url": url_for(item.endpoint) if allowed else children[0]["url"],
                "icon": item.icon,
                "is_current": request.blueprint in item.blueprints,
                "children": children if len(children) > 1 else [],
            }
        )
    return found
