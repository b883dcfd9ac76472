"""The Flask application class: deny by default at registration, one unit of work a request."""

from __future__ import annotations

from typing import Any

import flask
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from efm.web import unit
from efm.web.permissions import PermissionUndeclared, permission_of


class EfmFlask(flask.Flask):
    """Flask with two laws of the house."""

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Register a route; raises PermissionUndeclared when its view names no permission."""
        if view_func is not None and permission_of(view_func) is None:
            raise PermissionUndeclared(
                f"The route {rule} declares no permission; add @permission(...) to its view."
            )
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view, then commit once; a refusal or an error leaves nothing behind."""
        response: Response = self.make_response(super().dispatch_request())
        unit.finish(commit=response.status_code < 400)
        return response
