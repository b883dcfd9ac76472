"""What the dashboard reads of tables the planner knows nothing of yet, as after a large import."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from efm.insight import comments, counting
from tests.efm.collected import Published
from tests.efm.test_dashboard import send
from tests.factories import House

TABLES = ("responses", "answers", "scores", "surveys")


def _forget_statistics(engine: Engine) -> bool:
    """Whether the server can forget what it knows of the tables (PostgreSQL 18 and later)."""
    with engine.begin() as connection:
        if connection.execute(text("SHOW server_version_num")).scalar_one() < "180000":
            return False
        for table in TABLES:
            connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
            connection.execute(text(f"SELECT pg_clear_relation_stats('public', '{table}')"))
            connection.execute(
                text(
                    "SELECT pg_clear_attribute_stats('public', CAST(:table AS text), a.attname::text, false)"
                    " FROM pg_attribute a WHERE a.attrelid = CAST(:table AS regclass)"
                    " AND a.attnum > 0 AND NOT a.attisdropped"
                ),
                {"table": table},
            )
    return True


def test_the_latest_comments_are_found_without_statistics(
    house: House, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = Published.make(house)
    send(survey, [{"recommend": 9, "comment": f"Very good work, {n}."} for n in range(600)])
    if not _forget_statistics(owner_engine):
        pytest.skip("This server cannot forget its statistics.")
    asked: list[tuple[str, Any]] = []

    def noted(session: Session, statement: str, values: Any) -> list[Any]:
        asked.append((statement, values))
        return counting.ask(session, statement, values)

    monkeypatch.setattr(comments, "ask", noted)
    try:
        assert house.login("owner").get("/overview").status_code == 200
        statement, values = next(each for each in asked if "scores" in each[0])
        with house.unit() as session:
            ((plan,),) = counting.ask(
                session, f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values
            )
    finally:
        with owner_engine.begin() as connection:
            for table in TABLES:
                connection.execute(text(f"ALTER TABLE {table} RESET (autovacuum_enabled)"))
                connection.execute(text(f"ANALYZE {table}"))
    (found,) = plan if isinstance(plan, list) else json.loads(plan)
    read = found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]
    assert found["Plan"]["Actual Rows"] == comments.LATEST
    assert read < 20_000, f"{read} blocks were read for {comments.LATEST} comments"
