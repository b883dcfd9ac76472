"""Host names: strangers are refused, answer pages may have a name of their own."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from efm.app import make_app
from efm.config import Config
from efm.web.flask import EfmFlask
from tests.factories import House


@pytest.fixture(scope="module")
def client(config: Config, engine: Engine) -> Iterator[FlaskClient]:
    apart = replace(
        config,
        public_url="https://feedback.example",
        answer_url="https://answers.example",
        trusted_hosts=("feedback.example", "answers.example"),
    )
    return make_app(apart, engine=engine).test_client()


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/overview", "/api/v1/surveys", "/static/app.css"]
)
def test_a_foreign_host_is_refused_without_a_fault(client: FlaskClient, path: str) -> None:
    answer = client.get(path, base_url="https://evil.example")
    assert answer.status_code == 400
    assert b"evil.example" not in answer.data


@pytest.mark.parametrize("path", ["/", "/sign-in", "/surveys", "/metrics", "/api/docs"])
def test_staff_pages_are_not_found_on_the_answer_host(client: FlaskClient, path: str) -> None:
    assert client.get(path, base_url="https://answers.example").status_code == 404


def test_answer_pages_and_styles_are_there(client: FlaskClient) -> None:
    base = "https://answers.example"
    assert client.get("/static/answer.css", base_url=base).status_code == 200
    assert client.get("/themes/2a55c4-8fb1ff-inter-5.3.0.css", base_url=base).status_code == 200
    icon = client.get("/favicon.ico", base_url=base)
    assert (icon.status_code, icon.mimetype) == (200, "image/svg+xml")
    unknown = client.get("/s/" + "A" * 22, base_url=base)
    assert unknown.status_code == 404
    assert "sign-in" not in unknown.text


def test_sign_in_cookies_insist_on_tls(client: FlaskClient, house: House) -> None:
    answer = client.get("/sign-in", base_url="https://feedback.example")
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all("Secure" in each and "HttpOnly" in each for each in cookies)


@pytest.mark.parametrize("name", ["answer.css", "answer.js", "favicon.svg"])
def test_files_of_text_are_packed_for_those_who_unpack(app: EfmFlask, name: str) -> None:
    client = app.test_client()
    plain = client.get(f"/static/{name}")
    packed = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data)
    assert "Accept-Encoding" in packed.headers["Vary"]
    again = client.get(
        f"/static/{name}",
        headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]},
    )
    assert again.status_code == 304
