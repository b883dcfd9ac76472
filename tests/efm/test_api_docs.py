"""The API's documentation says what the API does, and its examples work."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from marshmallow import ValidationError

from efm.errors import Invalid
from efm.web.api import describe, examples, ingest, reference
from efm.web.api.sent import ResponseBody
from efm.web.flask import EfmFlask
from efm.web.permissions import permission_of
from tests.drawing import many
from tests.efm.api import CONTACTS, Program
from tests.efm.collected import Published
from tests.factories import House


@pytest.fixture
def document(app: EfmFlask) -> dict[str, Any]:
    """The OpenAPI document as anybody gets it."""
    response = app.test_client().get("/api/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    return dict(response.get_json())


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in ("get", "post", "put")
    ]


def test_every_address_is_described_with_its_scope(app: EfmFlask, document: dict[str, Any]) -> None:
    described = {
        (re.sub(r"{(\w+)}", r"<\1>", path), method.upper()): operation["security"][0]["token"]
        for path, method, operation in _operations(document)
    }
    registered = {
        (re.sub(r"<\w+:(\w+)>", r"<\1>", rule.rule), method): [
            permission_of(app.view_functions[rule.endpoint])
        ]
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == registered
    assert document["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                found: Any = document
                for part in value["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(document)


def test_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    components = {"components": {"schemas": document["components"]["schemas"]}}
    for name, example in {**examples.SENT, **examples.GIVEN, "Problem": examples.PROBLEM}.items():
        schema = {"$ref": f"#/components/schemas/{name}", **components}
        problems = [str(each) for each in Draft202012Validator(schema).iter_errors(example)]
        assert problems == [], name


def test_every_field_says_what_it_is(document: dict[str, Any]) -> None:
    silent = [
        (name, field)
        for name, schema in document["components"]["schemas"].items()
        for field, each in schema["properties"].items()
        if not each.get("description") and each.get("type") != "array"
    ]
    assert silent == []


def test_examples_can_be_pasted(app: EfmFlask, house: House, document: dict[str, Any]) -> None:
    survey = Published.make(house)
    program = Program(house)
    for group in reference.groups(document):
        for operation in group.operations:
            if operation.method == "GET":
                continue
            call = shlex.split(operation.curl.replace("$(uuidgen)", operation.id))
            body = call[call.index("--data") + 1].replace(examples.SURVEY_ID, str(survey.survey_id))
            body = body.replace("nps", "recommend").replace(examples.CONTACT_ID, "null")
            body = body.replace('"null"', "null").replace('"price"', '"order"')
            path = call[1].removeprefix(document["servers"][0]["url"])
            response = program.raw(path, body.encode(), method=operation.method)
            assert response.status_code in (200, 201), (operation.id, response.get_json())
            if "batch" in path and "responses" not in path:
                assert response.get_json()["refused"] == 0, response.get_json()


def test_anybody_may_read_the_page(app: EfmFlask, house: House, document: dict[str, Any]) -> None:
    survey = Published.make(house)
    for client in (app.test_client(), house.login()):
        response = client.get("/api/docs")
        page = response.get_data(as_text=True)
        assert (response.status_code, response.mimetype) == (200, "text/html")
        for path, _, operation in _operations(document):
            assert path in page
            assert operation["summary"].replace("'", "&#39;") in page
        assert str(survey.survey_id) not in page
        assert "style=" not in page
        assert "Northwind" not in page
        assert "//" not in re.sub(r"https?://localhost", "", "".join(re.findall(r'(?:src|href)="([^"]*)"', page)))  # fmt: skip


def test_refusals_are_named(document: dict[str, Any]) -> None:
    single = document["paths"]["/api/v1/responses"]["post"]["responses"]
    assert set(single) == {
        "200", "201", "400", "401", "403", "404", "409", "410", "413", "415", "422", "429", "503",
    }  # fmt: skip
    one = document["paths"]["/api/v1/contacts/{record_id}"]["get"]["responses"]
    assert set(one) == {"200", "401", "403", "404", "429", "503"}
    assert all(int(status) in describe.REFUSALS for status in single if status > "300")


VALUES = st.sampled_from(
    [None, "", "x", "x" * 200, 5, 0.5, True, [], {}, {"a": 1}, examples.SURVEY_ID, "2026-01-01",
     "2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "en", "e"]
)  # fmt: skip


@settings(max_examples=many(300), deadline=None)
@given(st.dictionaries(st.sampled_from([*ingest.READERS, "more"]), VALUES, max_size=6))
def test_the_schema_and_the_reader_of_a_response_agree(document: dict[str, Any]) -> None:
    try:
        ingest.incoming(document)
        refused: set[str] = set()
    except Invalid as error:
        refused = {name.removeprefix("#/") for name in error.problems}
    try:
        ResponseBody().load(document)
        documented: set[str] = set()
    except ValidationError as error:
        documented = set(error.messages)
    assert refused == documented


def test_a_record_by_any_other_name(house: House) -> None:
    """The path parameter of the documents is taken with every character, percent-encoded."""
    program = Program(house)
    made = program.put(f"{CONTACTS}/external/a%2Fb%20c", {"name": "Ana"}).get_json()
    assert made["external_ids"][0]["external_id"] == "a/b c"
