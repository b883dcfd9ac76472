"""All routes of the house: the blueprints, in the order people meet them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Flask, url_for

from efm.web.api.opening import open_api

PAGES = (
    "health",
    "answer",
    "overview",
    "gallery",
    "responses",
    "linkage",
    "measures",
    "customers",
    "matches",
    "cases",
    "connections",
    "connection_setup",
    "connection_fields",
    "connection_records",
    "connection_streams",
    "connection_dry_runs",
    "writing",
    "hooks",
    "imports",
    "distributions",
    "surveys",
    "responses_in",
    "translations",
    "themes",
    "survey_imports",
    "builder",
    "builder_bank",
    "review",
    "bank",
    "builder_preview",
    "simulations",
    "publishing",
    "sign_in",
    "passwords",
    "joining",
    "set_up",
    "account",
    "settings",
    "members",
    "tokens",
    "audit",
    "search",
)


def open_all(app: Flask) -> None:
    """Register every blueprint (`pages` of each room)."""
    for name in PAGES:
        room: Any = import_module(f"efm.web.pages.{name}")
        app.register_blueprint(room.pages)
    open_api(app)

    def static_url(endpoint: str, **values: Any) -> str:
        """`url_for` in templates, where 'static' means our own static route."""
        return url_for("health.static" if endpoint == "static" else endpoint, **values)

    app.jinja_env.globals["url_for"] = static_url
