"""The migration that gives connections a schedule adopts what their streams had."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import create_engine, text

from efm.db import migrate
from tests.house.test_migrations import server, sums

REVISION, BEFORE = "d1a0000000d1", "c1c0000000c1"
# Minutes of a connection's streams, and the connection's afterwards: only what all have in common.
FOUND: tuple[tuple[tuple[int | None, ...], int | None], ...] = (
    ((60, 60), 60),
    ((60, 30), None),
    ((None, 60), None),
    ((None, None), None),
)


@pytest.mark.full
def test_what_the_streams_have_in_common_becomes_the_connections() -> None:
    with server() as make:
        urls = make("adopted")
        migrate.upgrade(urls.owner, "efm_app", BEFORE)
        engine, organization = create_engine(urls.admin), uuid.uuid4()
        with engine.begin() as connection:
            connection.execute(
                text("INSERT INTO organizations (id, slug, name) VALUES (:o, 'a', 'A')"),
                {"o": organization},
            )
            for number, (streams, _) in enumerate(FOUND):
                ids = {"o": organization, "c": uuid.uuid4()}
                connection.execute(
                    text(
                        "INSERT INTO connections (organization_id, id, name, connector, state)"
                        " VALUES (:o, :c, :name, 'memory', 'active')"
                    ),
                    {**ids, "name": str(number)},
                )
                for place, minutes in enumerate(streams):
                    connection.execute(
                        text(
                            "INSERT INTO stream_settings (organization_id, id, connection_id, stream,"
                            " mapping, every_minutes) VALUES (:o, :i, :c, :s, '{}', :m)"
                        ),
                        {**ids, "i": uuid.uuid4(), "s": str(place), "m": minutes},
                    )
        before = sums(urls)
        migrate.upgrade(urls.owner, "efm_app", REVISION)
        with engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT c.name, c.every_minutes AS common, s.every_minutes, s.has_own_schedule"
                    " FROM connections c JOIN stream_settings s ON s.connection_id = c.id"
                )
            ).all()
        assert len(rows) == 8
        for row in rows:
            assert row.common == FOUND[int(row.name)][1]
            assert row.has_own_schedule == (row.every_minutes != row.common)
        migrate.downgrade(urls.owner, BEFORE, "efm_app")
        assert sums(urls) == before
        engine.dispose()
