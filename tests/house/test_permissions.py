"""Who may do what, for every route there is: made from the address map, so a new route is in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Blueprint
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from efm.web.flask import EfmFlask
from efm.web.permissions import (
    API_SCOPES,
    PERMISSIONS,
    ROLE_LABELS,
    ROLE_PERMISSIONS,
    ROLE_WORDS,
    SIGNED_IN,
    PermissionUndeclared,
    permission,
    permission_of,
    roles_within,
)
from efm.web.permissions import PUBLIC as IS_PUBLIC
from tests.factories import House
from tests.house.routes import BODIES, OBJECTS, PUBLIC, WITHOUT_CSRF, WITHOUT_OBJECT
from tests.staff_steps import quick_hashes


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_hashes(monkeypatch)


SAFE = {"GET", "HEAD", "OPTIONS"}
SAMPLES = {
    "uuid": "0190a0a0-0000-7000-8000-000000000000",
    "integer": 1,
    "default": "x",
    "path": "x",
}


def routes(app: EfmFlask) -> Iterator[tuple[Rule, str, str]]:
    """Every rule with each of its methods and its permission."""
    for rule in app.url_map.iter_rules():
        needed = permission_of(app.view_functions[rule.endpoint])
        assert needed is not None, f"{rule.endpoint} declares no permission"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, needed


def address(app: EfmFlask, rule: Rule, values: dict[str, Any] | None = None) -> str:
    """A path of the rule, with sample values unless given."""
    if values is None:
        values = {
            name: SAMPLES.get(type(converter).__name__.removesuffix("Converter").lower(), "x")
            if type(converter).__name__ != "UUIDConverter"
            else uuid.UUID(SAMPLES["uuid"])
            for name, converter in rule._converters.items()
        }
    with app.test_request_context():
        path = app.url_for(rule.endpoint, **values)
    return str(path).split("?")[0]


def send(
    client: FlaskClient, method: str, path: str, endpoint: str, headers: dict[str, str] | None = None,
    *, with_csrf: bool = True,
) -> TestResponse:  # fmt: skip
    """One request as a page or a program would send it."""
    body = dict(BODIES.get(endpoint, {}))
    if method == "GET":
        return client.get(path, headers=headers)
    if path.startswith("/api/"):
        return client.open(path, method=method, headers=headers, json=body.get("json", {}))
    if with_csrf and hasattr(client, "csrf"):
        body["csrf_token"] = client.csrf
    return client.open(path, method=method, headers=headers, data=body)


def is_api(rule: Rule) -> bool:
    return rule.rule.startswith("/api/")


def test_a_route_without_permission_cannot_be_registered(app: EfmFlask) -> None:
    room = Blueprint("undeclared", __name__)

    @room.get("/undeclared")
    def view() -> str:
        return "anybody"

    fresh = EfmFlask("undeclared", static_folder=None)
    with pytest.raises(PermissionUndeclared, match="/undeclared"):
        fresh.register_blueprint(room)
    with pytest.raises(PermissionUndeclared, match="unheard"):
        permission("unheard.of")


def test_every_role_is_described_and_holds_known_permissions() -> None:
    assert set(ROLE_LABELS) == set(ROLE_WORDS) == set(ROLE_PERMISSIONS)
    for held in ROLE_PERMISSIONS.values():
        assert held <= set(PERMISSIONS)
    assert set(API_SCOPES) <= set(PERMISSIONS)
    assert roles_within(ROLE_PERMISSIONS["designer"]) == {"designer", "analyst"}
    assert roles_within(ROLE_PERMISSIONS["owner"]) == set(ROLE_LABELS)


def test_every_public_route_says_why(app: EfmFlask) -> None:
    found = {rule.endpoint for rule, _, needed in routes(app) if needed == IS_PUBLIC}
    assert found - set(PUBLIC) == set(), "add these to PUBLIC in tests/house/routes.py, with why"
    assert set(PUBLIC) - found == set(), "these are not public routes any more"


def test_every_route_with_an_object_has_a_row(app: EfmFlask) -> None:
    found = {rule.endpoint for rule in app.url_map.iter_rules() if rule.arguments}
    known = set(OBJECTS) | set(WITHOUT_OBJECT)
    assert found - known == set(), "add these to OBJECTS in tests/house/routes.py"
    assert known - found == set(), "these routes are gone; take their rows away"


def test_nobody_signed_in(app: EfmFlask) -> None:
    wrong = []
    for rule, method, needed in routes(app):
        if needed == IS_PUBLIC:
            continue
        path = address(app, rule)
        response = send(app.test_client(), method, path, rule.endpoint)
        if method == "GET" and not is_api(rule):
            right = response.status_code == 302 and response.headers["Location"].startswith(
                "/sign-in"
            )
        else:
            right = response.status_code == 401
        if not right:
            wrong.append((method, path, response.status_code))
    assert wrong == []


def test_each_role_does_what_it_may_and_no_more(app: EfmFlask, house: House) -> None:
    wrong = []
    for role, held in ROLE_PERMISSIONS.items():
        client = house.login(role)
        for rule, method, needed in routes(app):
            if needed == IS_PUBLIC or is_api(rule):
                continue
            may = needed == SIGNED_IN or needed in held
            response = send(client, method, address(app, rule), rule.endpoint)
            status = response.status_code
            if status >= 500 or (may and status in (401, 403)) or (not may and status != 403):
                wrong.append((role, method, rule.rule, needed, status))
            if may and method not in SAFE:
                client = house.login(role)  # What is allowed may have ended the session.
    assert wrong == []


def test_each_api_scope_opens_its_routes_and_no_more(app: EfmFlask, house: House) -> None:
    wrong = []
    keys = {scope: house.api_token(scope) for scope in API_SCOPES} | {"": house.api_token()}
    for rule, method, needed in routes(app):
        if needed == IS_PUBLIC or not is_api(rule):
            continue
        for scope, headers in keys.items():
            path = address(app, rule)
            status = send(app.test_client(), method, path, rule.endpoint, headers).status_code
            may = needed in (scope, SIGNED_IN)
            if status >= 500 or (may and status in (401, 403)) or (not may and status != 403):
                wrong.append((scope, method, rule.rule, needed, status))
    assert wrong == []


def test_a_cookie_opens_no_api_and_a_key_no_page(app: EfmFlask, house: House) -> None:
    wrong = []
    headers = house.api_token(*API_SCOPES)
    for rule, method, needed in routes(app):
        if needed == IS_PUBLIC:
            continue
        client = house.login() if is_api(rule) else app.test_client()
        given = None if is_api(rule) else headers
        response = send(client, method, address(app, rule), rule.endpoint, given)
        if response.status_code not in (401, 302):
            wrong.append((method, rule.rule, response.status_code))
    assert wrong == []


def test_a_write_without_the_forms_value_is_refused(app: EfmFlask, house: House) -> None:
    wrong = []
    client = house.login()
    for rule, method, needed in routes(app):
        if method in SAFE or is_api(rule) or rule.endpoint in WITHOUT_CSRF:
            continue
        for who in (client, app.test_client()) if needed == IS_PUBLIC else (client,):
            response = send(who, method, address(app, rule), rule.endpoint, with_csrf=False)
            if response.status_code != 403:
                wrong.append((method, rule.rule, response.status_code))
    assert wrong == []


def test_another_sites_request_is_refused(app: EfmFlask, house: House) -> None:
    wrong = []
    client = house.login()
    for rule, method, needed in routes(app):
        if method in SAFE or is_api(rule) or needed == IS_PUBLIC:
            continue
        for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            response = send(client, method, address(app, rule), rule.endpoint, header)
            if response.status_code != 403:
                wrong.append((method, rule.rule, header, response.status_code))
    assert wrong == []


def told(response: TestResponse, path: str, values: dict[str, Any]) -> tuple[int, str, list[str]]:
    """What an answer tells, without what differs in every request."""
    text = response.get_data(as_text=True)
    text = text.replace(response.headers.get("X-Request-ID") or "no id", "…")
    for value in (path, *map(str, values.values())):
        text = text.replace(value, "…")
    names = sorted(name for name, _ in response.headers if name != "Content-Length")
    location = response.headers.get("Location", "")
    for value in map(str, values.values()):
        location = location.replace(value, "…")
    return response.status_code, text, [*names, location]


def strange(values: dict[str, Any]) -> dict[str, Any]:
    """Values of the same shape that name nothing."""
    return {
        name: uuid.uuid4()
        if isinstance(value, uuid.UUID)
        else (f"own-{uuid.uuid4()}" if name == "external_id" else value)
        for name, value in values.items()
    }


def test_a_foreign_object_answers_as_one_that_is_not_there(
    app: EfmFlask, house: House, stranger: House
) -> None:
    wrong = []
    for rule, method, needed in routes(app):
        make = OBJECTS.get(rule.endpoint)
        if make is None:
            continue
        foreign = make(stranger)
        random = strange(foreign)
        client = app.test_client() if is_api(rule) else house.login()
        headers = house.api_token(needed) if is_api(rule) else None
        answers = []
        for values in (foreign, random):
            path = address(app, rule, values)
            response = send(client, method, path, rule.endpoint, headers)
            answers.append(told(response, path, values))
        if answers[0] != answers[1] or answers[0][0] != 404:
            wrong.append((method, rule.rule, answers))
    assert wrong == []


def test_own_objects_are_found(app: EfmFlask, house: House) -> None:
    """The control of the test above: what is refused there is found here."""
    wrong = []
    for rule, method, needed in routes(app):
        make = OBJECTS.get(rule.endpoint)
        if make is None:
            continue
        path = address(app, rule, make(house))
        if is_api(rule):
            response = send(app.test_client(), method, path, rule.endpoint, house.api_token(needed))
        else:
            response = send(house.login(), method, path, rule.endpoint)
        if response.status_code == 404 or response.status_code >= 500:
            wrong.append((method, rule.rule, response.status_code))
    assert wrong == []
