"""The OpenAPI document: what flask-smorest gathers, completed by scopes, keys, refusals, examples."""

from __future__ import annotations

import copy
from typing import Any

from flask import Flask

from efm.web.api import examples
from efm.web.permissions import PERMISSIONS, permission_of

Json = dict[str, Any]

ABOUT = (
    "Send responses and customers’ records in, read answers and scores out. Every request carries "
    "a token of your organization, made in Settings, API tokens."
)
REFUSALS = {
    400: "The body is not JSON, or a cursor or key cannot be used.",
    401: "There is no token, or it is unknown, expired or revoked.",
    403: "The token does not have the scope this needs.",
    404: "There is nothing with this id in your organization.",
    409: "The first request with this Idempotency-Key is still under way; send it again shortly.",
    410: "The survey is closed and takes no answers.",
    413: "The body is too large; 1 MB for one, 16 MB for a batch.",
    415: "The body is not declared as application/json in UTF-8.",
    422: "A value does not fit; `errors` says which and why. Or the key came with another body.",
    429: "The token's minute is spent; Retry-After says when it begins again.",
    503: "The database cannot be reached; nothing was saved. Retry-After says when to come back.",
}
_HEADERS = {
    "RateLimit-Policy": "How many requests (q) the token may make in how many seconds (w).",
    "RateLimit": "How many are left (r), and the seconds until it begins anew (t).",
}
KEY: Json = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "A name of your own for this request, such as a UUID. Sent again within 24 hours "
    "with the same body, the first answer comes back and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
}


_IN_PATH = {
    "external_id": "Your own id of the record, percent-encoded. Keep addresses and names out of it.",
    "survey_id": "The survey.",
    "version_id": "The version.",
    "response_id": "The response.",
    "record_id": "The id we gave it.",
}


def document(app: Flask) -> Json:
    """The OpenAPI 3.1 document of this application, made once."""
    made: Json | None = app.extensions.get("efm.api_document")
    if made is None:
        made = app.extensions["efm.api_document"] = _completed(app)
    return made


def _completed(app: Flask) -> Json:
    spec: Json = copy.deepcopy(app.extensions["efm.api"].spec.to_dict())
    spec["info"] = {"title": "EFM API", "version": "1.0.0", "description": ABOUT}
    spec["servers"] = [{"url": app.extensions["efm.config"].public_url}]
    components = spec["components"]
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token (efm_live_…)."}
    }
    components["responses"] = {"Problem": _problem("The request was refused.")}
    components["schemas"].pop("PaginationMetadata", None)
    for tag in spec["tags"]:
        tag["name"] = tag["name"].removeprefix("api_")
    rules = {
        (app.extensions["efm.api"].flask_plugin.flaskpath2openapi(rule.rule), method): rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in rule.methods or ()
    }
    for path, operations in spec["paths"].items():
        for method in ("get", "post", "put"):
            if method in operations:
                endpoint = rules[path, method.upper()].endpoint
                view = app.view_functions[endpoint]
                _complete(operations[method], path, method, endpoint, view)
    return spec


def _complete(operation: Json, path: str, method: str, endpoint: str, view: Any) -> None:
    """One operation: its name, scope, key, headers, refusals and examples."""
    room, _, name = endpoint.removeprefix("api_").partition(".")
    scope = permission_of(view) or ""
    operation["operationId"] = f"{room}.{name}"
    operation["tags"] = [room]
    operation["security"] = [{"token": [scope]}]
    operation["description"] = f"Needs the scope `{scope}`: {PERMISSIONS[scope].lower()}."
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["description"] = _IN_PATH[parameter["name"]]
    if getattr(view, "is_repeatable", False):
        operation.setdefault("parameters", []).append(copy.deepcopy(KEY))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        body["example"] = examples.SENT[_name(body)]
    responses = {k: v for k, v in operation["responses"].items() if k in ("200", "201")}
    for answer in responses.values():
        content = answer["content"]["application/json"]
        content["example"] = examples.GIVEN[_name(content)]
        answer["headers"] = {
            header: {"description": words, "schema": {"type": "string"}}
            for header, words in _HEADERS.items()
        }
    for status in _refusals(operation, path, method):
        responses[str(status)] = _problem(REFUSALS[status])
    operation["responses"] = responses


def _refusals(operation: Json, path: str, method: str) -> list[int]:
    """The statuses an operation may be refused with."""
    found = {401, 403, 429, 503}
    parameters = operation.get("parameters", [])
    if "requestBody" in operation:
        found |= {400, 413, 415, 422}
    if any(each["in"] == "query" for each in parameters):
        found |= {400, 422}
    if "{" in path or path == "/api/v1/responses":
        found |= {404} if method != "get" or "{" in path else set()
    if any(each["name"] == "Idempotency-Key" for each in parameters):
        found |= {409}
    if method == "post" and path == "/api/v1/responses":
        found |= {410}
    return sorted(found)


def _problem(words: str) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": words,
        "content": {"application/problem+json": {"schema": schema}},
    }


def _name(content: Json) -> str:
    """The schema's name that a reference leads to."""
    return str(content["schema"]["$ref"]).rpartition("/")[2]
