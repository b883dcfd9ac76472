"""Hostile JSON: every write address refuses it with a word, none breaks, nothing is bent."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efm.web import jsonguard
from efm.web.flask import EfmFlask
from efm.web.jsonguard import TooLarge, Unreadable, WrongType
from tests.drawing import many
from tests.efm.api import ACCOUNTS, CONTACTS, INTERACTIONS, MEASUREMENTS, RESPONSES, Program
from tests.factories import House
from tests.house.hostile import NO_OBJECTS, SCALARS, TYPES, odd_but_valid, unreadable

RECORDS = (CONTACTS, ACCOUNTS, INTERACTIONS, MEASUREMENTS)
WRITES = (
    ("POST", RESPONSES),
    ("POST", f"{RESPONSES}/batch"),
    *(("PUT", f"{base}/external/x") for base in RECORDS),
    *(("POST", f"{base}/batch") for base in RECORDS),
)


@pytest.fixture
def unlimited(app: EfmFlask) -> Any:
    """The application without a limit of requests."""
    limiter = app.extensions["efm.api_limiter"]
    before, limiter.limit = limiter.limit, 0
    yield app
    limiter.limit = before


@pytest.mark.parametrize(("name", "body"), list(unreadable()))
def test_the_guard_refuses(name: str, body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        jsonguard.read(body)
    assert caught.value.status == 400
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(("name", "body"), list(odd_but_valid()))
def test_the_guard_reads_what_is_only_unusual(name: str, body: bytes) -> None:
    assert jsonguard.read(body) == json.loads(body)


@pytest.mark.parametrize("depth", range(30, 36))
def test_the_depth_is_exact(depth: int) -> None:
    body = b'{"a":' * depth + b"1" + b"}" * depth
    if depth <= jsonguard.MOST_DEPTH:
        assert jsonguard.read(body) == json.loads(body)
    else:
        with pytest.raises(Unreadable, match="deeper than 32"):
            jsonguard.read(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    | st.text(':,"\\{}[]u003aA', max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(':"\\abu03', max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


def _holds_no_extreme(document: Any) -> bool:
    """Whether every float is one the guard takes."""
    if isinstance(document, dict):
        return all(map(_holds_no_extreme, document.values()))
    if isinstance(document, list):
        return all(map(_holds_no_extreme, document))
    return not isinstance(document, float) or math.fabs(document) <= 1e300


@settings(max_examples=many(120), deadline=None)
@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_whatever_json_is_read_as_it_is(document: Any, is_ascii: bool, indent: int | None) -> None:
    body = json.dumps(document, ensure_ascii=is_ascii, indent=indent).encode()
    if _holds_no_extreme(document):
        assert jsonguard.read(body) == document


@settings(max_examples=many(120), deadline=None)
@given(st.text(':"\\abu03', max_size=5), JSON, JSON, JSON, st.booleans(), st.integers(0, 3))
def test_a_name_that_comes_twice_never_passes(
    name: str, first: Any, second: Any, beside: Any, is_ascii: bool, depth: int
) -> None:
    def said(value: Any, ascii: bool = is_ascii) -> str:
        return json.dumps(value, ensure_ascii=ascii)

    spelled = "".join(f"\\u{ord(letter):04x}" for letter in name)
    body = f'{{{said(name)}: {said(first)}, "{spelled}": {said(second)}}}'
    body = "[" * depth + f"{body}, {said(beside)}" + "]" * depth if depth else body
    with pytest.raises(Unreadable):
        jsonguard.read(body.encode())


@settings(max_examples=many(120), deadline=None)
@given(st.binary(max_size=40) | st.text('{}[]:,"\\u0 1e9-.truefalsn', max_size=30).map(str.encode))
def test_whatever_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        document = jsonguard.read(body)
    except Unreadable:
        return
    assert document == json.loads(body.decode())


@pytest.mark.parametrize("content_type", TYPES)
def test_only_json_in_utf8_is_taken(content_type: str) -> None:
    with pytest.raises(WrongType):
        jsonguard.check_type(content_type)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'],
)
def test_json_in_utf8_is_taken(content_type: str) -> None:
    jsonguard.check_type(content_type)
    for encoding in ("gzip", "br", "deflate, gzip"):
        with pytest.raises(WrongType):
            jsonguard.check_type(content_type, encoding)


def test_sizes_end_where_they_say() -> None:
    jsonguard.check_size(10, 10)
    with pytest.raises(TooLarge):
        jsonguard.check_size(11, 10)


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_no_address_breaks(unlimited: EfmFlask, house: House, method: str, path: str) -> None:
    program = Program(house)
    # Every address reads by the same door, so only two of them meet every body.
    step = 1 if path in (RESPONSES, f"{CONTACTS}/batch") else 13
    wrong = []
    for name, body in list(unreadable())[::step]:
        response = program.raw(path, body, method=method)
        if response.status_code != 400 or response.mimetype != "application/problem+json":
            wrong.append((name, response.status_code))
    for name, body in NO_OBJECTS.items():
        response = program.raw(path, body, method=method)
        if response.status_code != 422 or response.mimetype != "application/problem+json":
            wrong.append((name, response.status_code))
    for content_type in TYPES:
        response = program.raw(path, b"{}", content_type, method=method)
        if response.status_code != 415:
            wrong.append((content_type, response.status_code))
    for name, body in list(odd_but_valid())[::step]:
        response = program.raw(path, body, method=method)
        if response.status_code != 422:
            wrong.append((name, response.status_code))
    assert wrong == []


@pytest.mark.parametrize("path", [path for _, path in WRITES if path.endswith("/batch")])
def test_no_row_breaks_a_batch(unlimited: EfmFlask, house: House, path: str) -> None:
    """Readable values of every type in every field, so that only the fields can refuse them."""
    program, name = Program(house), path.split("/")[3]
    values: list[Any] = [
        None, True, 0, -1, 2**63, 2**64 - 1, 0.5, 1e200, "", " ", "x", "x" * 5000, "ﬁ", "\ud7ff",
        "\x7f", "‮", [], [[]], {}, {"a": {"b": []}}, "1", "1e5", "٣", "2026-13-45", "NaN",
        "0190a0a0-0000-7000-8000-000000000000", "2026-01-01T00:00:00Z", "{}", "%s%n", "' OR 1=1--",
    ]  # fmt: skip
    fields = [
        "survey_id", "answers", "key", "contact_id", "submitted_at", "started_at", "channel",
        "touchpoint", "language", "attributes", "external_id", "name", "domain", "email", "phone",
        "parent_external_id", "account_external_id", "contact_external_id", "kind", "metric",
        "occurred_at", "measured_on", "amount", "amount_minor", "currency", "value", "subject",
        "outcome", "duration_seconds", "no_such_field",
    ]  # fmt: skip
    base = {"external_id": "x", "kind": "call", "occurred_at": "2026-01-01T00:00:00Z",
            "contact_external_id": "c", "metric": "visits", "value": "1", "answers": {},
            "survey_id": "0190a0a0-0000-7000-8000-000000000000"}  # fmt: skip
    known = {
        "responses": ("answers", "survey_id"), "contacts": ("external_id",),
        "accounts": ("external_id",),
        "interactions": ("external_id", "kind", "occurred_at", "contact_external_id"),
        "measurements": ("external_id", "metric", "value", "contact_external_id"),
    }[name]  # fmt: skip
    row = {field: base[field] for field in known}
    rows = [{**row, field: value} for field in fields for value in values]
    rows += [{field: value} for field in fields for value in values[:3]]
    told = program.post(path, {name: rows[:1000]})
    assert told.status_code == 200, told.get_json()
    assert len(told.get_json()["results"]) == min(len(rows), 1000)
    for each in told.get_json()["results"]:
        assert (each["id"] is None) == bool(each["errors"])


def test_bodies_too_large(unlimited: EfmFlask, house: House) -> None:
    program = Program(house)
    for path, most in ((RESPONSES, jsonguard.SINGLE_BYTES), (f"{RESPONSES}/batch", jsonguard.BATCH_BYTES)):  # fmt: skip
        body = b'{"a": "' + b"x" * most + b'"}'
        response = program.raw(path, body)
        assert (response.status_code, response.mimetype) == (413, "application/problem+json")
        assert "kB" in response.get_json()["detail"]
        # The same without a declared length, as a stream.
        response = program.ask(
            "POST", path, data=body, content_type="application/json",
            environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
        )  # fmt: skip
        assert response.status_code == 413, response.get_json()


def test_each_hostile_body_is_refused_quickly() -> None:
    slowest = 0.0
    for body in [b'{"a": %s}' % value for value in SCALARS.values()] + [
        b'{"a": "' + b":" * 1_000_000 + b'"}',
        b'{"a":1,' * 100_000,
        b"[" + b"1e400," * 100_000 + b"1]",
        b'{"a": 0.' + b"1" * 1_000_000 + b"}",
        b'{"' + b"\\u003a" * 150_000 + b'": 1}',
    ]:
        begun = time.process_time()
        try:
            jsonguard.read(body)
        except Unreadable:
            slowest = max(slowest, time.process_time() - begun)
    assert slowest < 1.0


def test_addresses_and_methods_that_are_not_there(house: House) -> None:
    program = Program(house)
    for path in (
        "/api/v1/nothing",
        "/api/v2/responses",
        f"{RESPONSES}/not-an-id",
        f"{RESPONSES}/%00",
    ):
        response = program.get(path)
        assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    for method in ("DELETE", "PATCH", "TRACE", "PUT"):
        response = program.ask(method, RESPONSES)
        assert (response.status_code, response.mimetype) == (405, "application/problem+json")
        assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
