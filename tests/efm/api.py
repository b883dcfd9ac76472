"""What tests of the API share: a program that asks, and a survey it may answer."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from efm.web.flask import EfmFlask
from efm.web.permissions import API_SCOPES
from tests.factories import House

SURVEYS = "/api/v1/surveys"
RESPONSES = "/api/v1/responses"
CONTACTS = "/api/v1/contacts"
ACCOUNTS = "/api/v1/accounts"
INTERACTIONS = "/api/v1/interactions"
MEASUREMENTS = "/api/v1/measurements"
RANDOM_ID = "0190a0a0-0000-7000-8000-00000000abcd"


class Program:
    """A program with a token of an organization; paths are of version 1."""

    def __init__(self, house: House, *scopes: str, app: EfmFlask | None = None) -> None:
        self.app = app or house.app
        self.headers = house.api_token(*(scopes or API_SCOPES))

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None,
            **options: Any) -> TestResponse:  # fmt: skip
        """One request."""
        with self.app.test_client() as client:
            return client.open(
                path, method=method, headers=self.headers | (headers or {}), **options
            )

    def get(self, path: str, **query: Any) -> TestResponse:
        """GET with a query string."""
        return self.ask("GET", path, query_string=query)

    def post(self, path: str, json: Any, **headers: str) -> TestResponse:
        """POST of a JSON body; header names with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, named, json=json)

    def put(self, path: str, json: Any) -> TestResponse:
        """PUT of a JSON body."""
        return self.ask("PUT", path, json=json)

    def raw(self, path: str, body: bytes, content_type: str = "application/json",
            method: str = "POST") -> TestResponse:  # fmt: skip
        """A body as it is."""
        return self.ask(method, path, data=body, content_type=content_type)


def errors(response: TestResponse) -> dict[str, str]:
    """The problems of a refusal by pointer or ?parameter."""
    assert response.mimetype == "application/problem+json", response.get_data(as_text=True)
    return {
        each.get("pointer", f"?{each.get('parameter')}"): each["detail"]
        for each in response.get_json().get("errors", [])
    }
