"""Requests by the hundred, made from the API's own document: no fault, nothing undocumented."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from efm.web.flask import EfmFlask
from tests.efm.api import Program
from tests.efm.collected import Published
from tests.factories import House
from tests.house.routes import RECORDS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW, MANY = 5, 70


@dataclass
class Stage:
    """An organization with one thing of each kind, a program that asks, and what was answered."""

    program: Program
    document: dict[str, Any]
    ids: dict[str, str]
    statuses: Counter[int] = field(default_factory=Counter)

    def operations(self) -> list[APIOperation[Any, Any, Any, Any]]:
        """What the document describes, for a program that has its token."""
        document = copy.deepcopy(self.document)
        del document["components"]["securitySchemes"]
        for operations in document["paths"].values():
            for operation in operations.values():
                if isinstance(operation, dict):
                    operation.pop("security", None)
        schema = schemathesis.openapi.from_dict(document)
        return [found.ok() for found in schema.get_all_operations()]


@pytest.fixture(scope="module")
def stage(app: EfmFlask) -> Iterator[Stage]:
    """The stage, with no limit of requests."""
    limiter = app.extensions["efm.api_limiter"]
    before, limiter.limit = limiter.limit, 0
    house = House.found(app, app.extensions["efm.engine"])
    survey, program = Published.make(house), Program(house)
    sent = {"survey_id": str(survey.survey_id), "answers": {"recommend": 9, "comment": "Good."}}
    version = program.get(f"/api/v1/surveys/{survey.survey_id}").get_json()["current_version"]
    ids = {
        "survey_id": str(survey.survey_id),
        "version_id": version["id"],
        "response_id": program.post("/api/v1/responses", sent).get_json()["id"],
        "external_id": "known",
    }
    for plural, values in RECORDS.items():
        made = program.put(f"/api/v1/{plural}/external/known", values)
        ids[plural] = made.get_json()["id"]
    document = app.test_client().get("/api/openapi.json").get_json()
    yield Stage(program, document, ids)
    limiter.limit = before


def _meant(case: Case, stage: Stage) -> None:
    """Aim a case at things that are there, so that it comes further than 404."""
    plural = case.path.split("/")[3]
    for name in list(case.path_parameters or {}):
        case.path_parameters[name] = stage.ids[plural if name == "record_id" else name]
    bodies = [case.body, *(case.body.get("responses") or () if _is_batch(case.body) else ())]
    for each in bodies:
        if isinstance(each, dict) and "survey_id" in each and "answers" in each:
            each["survey_id"] = stage.ids["survey_id"]


def _is_batch(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("responses"), list)


def _send(case: Case, stage: Stage, mode: GenerationMode, *, is_meant: bool) -> None:
    """Send one case through the application and check its answer against the document."""
    if is_meant:
        _meant(case, stage)
    headers = {k: v for k, v in (case.headers or {}).items() if k.lower() != "authorization"}
    sent = case.as_transport_kwargs(base_url="http://localhost")
    body = {k: v for k, v in sent.items() if k in ("json", "data", "params") and v is not None}
    if "params" in body:
        body["query_string"] = body.pop("params")
    if case.media_type:
        headers["Content-Type"] = case.media_type
    address = sent["url"].removeprefix("http://localhost")
    response = stage.program.ask(sent["method"], address, headers, **body)
    stage.statuses[response.status_code] += 1
    checks = list(CHECKS)
    if mode is GenerationMode.NEGATIVE:
        if address.endswith("/batch") and response.status_code == 200:
            assert response.get_json()["refused"] >= 1
        else:
            checks.append(negative_data_rejection)
    case.validate_response(response, checks=checks)


def _try(stage: Stage, mode: GenerationMode, times: int) -> None:
    """Each operation of the document, `times` times."""
    for number, operation in enumerate(stage.operations()):
        if (
            mode is GenerationMode.NEGATIVE
            and operation.method == "get"
            and "external" in operation.path
        ):
            continue  # Any text is an external id, so nothing can be wrong with it.

        @seed(20261122 + number)
        @settings(
            max_examples=times,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), is_meant=st.booleans())
        def one(case: Case, is_meant: bool) -> None:
            _send(case, stage, mode, is_meant=is_meant)

        one()


@pytest.mark.parametrize("times", [FEW, pytest.param(MANY, marks=pytest.mark.full)])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_nothing_undocumented_comes_back(stage: Stage, mode: GenerationMode, times: int) -> None:
    before = Counter(stage.statuses)
    _try(stage, mode, times)
    seen = stage.statuses - before
    assert sum(seen.values()) >= times * len(stage.operations()) * 0.8
    assert not [status for status in seen if status >= 500]
    wanted = {200, 201} if mode is GenerationMode.POSITIVE else {422}
    assert wanted <= set(seen), dict(seen)


def test_a_program_without_its_scope_is_refused_everywhere(
    app: EfmFlask, house: House, stage: Stage
) -> None:
    program = Program(house, "responses.write")
    for path, operations in stage.document["paths"].items():
        for method, operation in operations.items():
            if method not in ("get", "post", "put"):
                continue
            scope = operation["security"][0]["token"][0]
            address = re.sub(r"{\w+}", "0190a0a0-0000-7000-8000-000000000000", path)
            response = program.ask(method.upper(), address, json={} if method != "get" else None)
            assert (response.status_code == 403) == (scope != "responses.write"), address
