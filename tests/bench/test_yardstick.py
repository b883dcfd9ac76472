"""The yardstick is fair: it writes the same rows as the product, from the same requests."""

from __future__ import annotations

import argparse
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import Client

from efm import clock
from efm.cli import bench
from efm.config import Config
from efm.errors import Unready
from efm.feedback import authoring, distributions
from efm.web.fast import Entrance
from efm.web.flask import EfmFlask
from surveys.definition import load_yaml
from tests.bench import sentiment
from tests.bench.ingest import COMMENTS
from tests.bench.options import Options
from tests.bench.stage import HERE
from tests.bench.yardstick.service import make_service
from tests.factories import House

ANSWERS = {
    "recommend": 3, "satisfaction": 4, "effort": 6, "reason": "order", "comment": COMMENTS[0],
}  # fmt: skip


@pytest.fixture
def published(house: House) -> dict[str, str]:
    """The workload's survey, its link and a token, as the benchmark has them."""
    vault = house.app.extensions["efm.vault"]
    definition = load_yaml((HERE / "workload" / "survey.yaml").read_text(encoding="utf-8"))
    with house.unit() as session:
        survey = authoring.create(session, definition, clock.now())
        authoring.publish(session, survey.id, clock.now())
        link = distributions.open_link(session, vault, survey.id, clock.now(), name="Link")
        distributions.open_plain(
            session, survey.id, clock.now(), kind="api", name="API", channel="api"
        )
    return {
        "survey_id": str(survey.id),
        "link": f"/s/{vault.link_token(link.id)}",
        "token": house.api_token("responses.write")["Authorization"],
    }


@pytest.fixture
def services(app: EfmFlask, config: Config) -> tuple[FlaskClient, Client]:
    usual = make_service(config.database_url or "", pool_size=1, secret_key="k" * 40)
    return usual.test_client(), Client(Entrance(app))


def rows(house: House) -> list[dict[str, Any]]:
    """Each response with all its rows, whatever names it left out, the oldest first."""
    found = []
    with house.unit(read_only=True) as session:
        for response in session.execute(
            text("SELECT * FROM responses ORDER BY submitted_at")
        ).mappings():
            named = {"id": response["id"]}
            parts = {}
            for table, key in (
                ("answers", "response_id"), ("scores", "response_id"), ("events", "subject_id"),
            ):  # fmt: skip
                parts[table] = [
                    {name: value is not None for name, value in row.items()}
                    for row in session.execute(
                        text(f"SELECT * FROM {table} WHERE {key} = :id ORDER BY 1, 2, 3, 4"), named
                    ).mappings()
                ]
            parts["response"] = {name: value is not None for name, value in response.items()}
            parts["state"] = (response["state"], response["channel"], response["language"])
            found.append(parts)
    return found


def test_a_json_response_is_the_same_rows(
    house: House, published: dict[str, str], services: tuple[FlaskClient, Client]
) -> None:
    for number, client in enumerate(services):
        body = {
            "survey_id": published["survey_id"],
            "key": f"key-number-{number}",
            "answers": ANSWERS,
        }
        reply = client.post(
            "/api/v1/responses", json=body, headers={"Authorization": published["token"]}
        )
        assert reply.status_code == 201, reply.text
    usual, ours = rows(house)
    assert usual == ours
    assert [len(ours[table]) for table in ("answers", "scores", "events")] == [5, 4, 1]


def test_a_form_is_the_same_rows(
    house: House, published: dict[str, str], services: tuple[FlaskClient, Client]
) -> None:
    for client in services:
        page = client.get(published["link"]).text
        found = re.search('name="_key" value="([^"]+)"', page)
        assert found
        reply = client.post(published["link"], data={"_key": found[1], "_go": "next", **ANSWERS})
        assert reply.status_code == 303, reply.text
    usual, ours = rows(house)
    assert usual == ours


def test_the_workload_is_what_it_says() -> None:
    script = (HERE / "workload" / "answers.lua").read_text(encoding="utf-8")
    comments = re.findall(r'^  "(.+)",$', script, re.MULTILINE)
    assert {len(comment) for comment in comments} == {80}
    assert comments == list(COMMENTS)
    definition = load_yaml((HERE / "workload" / "survey.yaml").read_text(encoding="utf-8"))
    assert len(definition.questions) == 6


def test_an_installed_product_says_where_benchmarks_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_tests(name: str, *arguments: Any, **more: Any) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name="tests")

    monkeypatch.setattr(bench, "import_module", without_tests)
    with pytest.raises(Unready, match="development checkout"):
        bench.bench(argparse.Namespace(name="submit"))


def test_sentiment_is_measured_on_equal_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sentiment, "texts", lambda: ([f"{c} {n}" for n in range(20) for c in COMMENTS], False)
    )
    found = sentiment.measure(Options(rounds=1))
    assert (found["short"]["different"], found["paragraphs"]["different"]) == (0, 0)
    assert found["short"]["ratio"] > 0
    assert "made-up" in sentiment.said(found)[0]
