"""Opens the API: its rooms, its limits and the OpenAPI document made from both."""

from __future__ import annotations

import flask_smorest
from flask import Flask

from efm.web.api import customers, docs, responses, surveys
from efm.web.api.fields import described
from efm.web.api.limits import Limiter
from efm.web.api.schemas import Problem

ROOMS = (surveys.room, responses.room, *customers.ROOMS)


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest without its pages and its error format: both are the house's own."""

    ERROR_SCHEMA = Problem

    def _register_doc_blueprint(self) -> None:
        """Our own pages show the document."""

    def _register_responses(self) -> None:
        """Our fields describe themselves, from the first schema on."""
        self.ma_plugin.converter.add_attribute_function(described)
        super()._register_responses()

    def _register_error_handlers(self) -> None:
        """The house answers refusals in one way everywhere (efm.web.errors)."""


def open_api(app: Flask) -> None:
    """Register the API's rooms with an application."""
    app.config.update(API_TITLE="EFM API", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    app.extensions["efm.api_limiter"] = Limiter(
        app.extensions["efm.engine"], app.extensions["efm.config"].api_requests_a_minute
    )
    api = Api(app)
    for room in ROOMS:
        api.register_blueprint(room)
    app.extensions["efm.api"] = api
    app.register_blueprint(docs.pages)
