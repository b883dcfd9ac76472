"""The first owner of an empty house: proved by the code, made once."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from efm.app import make_app
from efm.config import Config
from efm.db import migrate
from efm.db.embedded import Embedded
from efm.db.engine import make_engine
from efm.staff import founding
from efm.web.flask import EfmFlask
from tests.conftest import SERVER, _made_by_url
from tests.staff_steps import PASSWORD, csrf_in, is_in, post, quick_hashes, visitor


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_hashes(monkeypatch)


@pytest.fixture(scope="module")
def empty_engine() -> Iterator[Engine]:
    """A database of its own: here nobody works until a test says so."""
    name = f"efm_test_set_up_{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="efm-tests-") as folder:
        Path(folder).chmod(0o755)
        server = None if SERVER else Embedded.ephemeral(Path(folder))
        urls = server.start() if server else _made_by_url(SERVER or "", name)
        migrate.upgrade(urls.owner, "efm_app")
        engine = make_engine(urls.app)
        yield engine
        engine.dispose()
        if server is not None:
            server.stop("immediate")
            return
        admin = create_engine(SERVER or "", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        admin.dispose()


@pytest.fixture(scope="module")
def empty_app(config: Config, empty_engine: Engine) -> EfmFlask:
    return make_app(replace(config), engine=empty_engine)


def form(app: EfmFlask, **changes: str) -> dict[str, str]:
    return {
        "code": founding.code(app.extensions["efm.vault"]),
        "organization": "Kaffee & Söhne",
        "time_zone": "Europe/Vienna",
        "name": "Anna",
        "email": "Anna@Kaffee.example",
        "password": PASSWORD,
    } | changes


def test_a_house_is_founded_once(empty_app: EfmFlask, empty_engine: Engine) -> None:
    for path in ("/", "/sign-in"):
        assert visitor(empty_app).get(path).headers["Location"] == "/set-up"
    for change in (
        {"code": ""}, {"code": "AAAA-AAAA-AAAA-AAAA"}, {"organization": ""}, {"name": ""},
        {"time_zone": "Mars"}, {"email": "anna"}, {"password": "short"},
        {"password": "anna kaffee 1"},
    ):  # fmt: skip
        response = post(visitor(empty_app), "/set-up", **form(empty_app, **change))
        assert response.status_code == 422, change
        assert f'href="#field-{next(iter(change))}"' in response.text
        assert PASSWORD not in response.text
    assert founding.is_empty(empty_engine)

    clients = [visitor(empty_app) for _ in range(5)]
    values = [csrf_in(client.get("/set-up").text) for client in clients]
    code = form(empty_app)["code"].lower().replace("-", " ")
    found: list[int] = []

    def found_it(index: int) -> None:
        data = form(empty_app, code=code, email=f"anna{index}@kaffee.example")
        data["csrf_token"] = values[index]
        found.append(clients[index].post("/set-up", data=data).status_code)

    threads = [threading.Thread(target=found_it, args=(index,)) for index in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, 409, 409, 409, 409]
    winner = next(client for client in clients if is_in(client))
    page = winner.get("/settings").text
    assert 'value="Kaffee &amp; Söhne"' in page
    assert 'value="Europe/Vienna" selected' in page
    assert "Founded the organization" in winner.get("/audit").text
    with empty_engine.connect() as connection:
        slugs = connection.execute(text("SELECT slug FROM efm_organizations()")).scalars().all()
    assert slugs == ["kaffee-sohne"]

    assert visitor(empty_app).get("/set-up").headers["Location"] == "/"
    late = post(visitor(empty_app), "/set-up", "/sign-in", **form(empty_app))
    assert late.status_code == 409


def test_a_house_with_people_offers_no_set_up(app: EfmFlask, house: object) -> None:
    assert visitor(app).get("/set-up").headers["Location"] == "/"


def test_the_code_belongs_to_the_secret_key() -> None:
    from efm.vault import Vault

    one, other = Vault("a" * 40), Vault("b" * 40)
    assert founding.code(one) == founding.code(Vault("a" * 40))
    assert founding.code(one) != founding.code(other)
    assert founding.is_code(one, founding.code(one).lower().replace("-", ""))
    assert not founding.is_code(one, founding.code(other))
    assert not founding.is_code(one, "")


def test_guessing_the_code_is_limited(
    config: Config, empty_app: EfmFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(founding, "is_empty", lambda _engine: True)
    client = visitor(empty_app)
    found = [post(client, "/set-up", **form(empty_app, code="x")).status_code for _ in range(21)]
    assert found == [422] * 20 + [429]


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Kaffee & Söhne", "kaffee-sohne"), ("日本", "organization"), ("A" * 90, "a" * 50)],
)
def test_slugs(name: str, slug: str) -> None:
    assert founding.slug(name) == slug
