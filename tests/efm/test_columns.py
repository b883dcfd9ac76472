"""Binary arrays: PostgreSQL reads back what was put in, whatever it is."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from efm.config import Config
from efm.db import columns
from tests.drawing import many

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
ZONED = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11, minutes=-30))]),
)
CASES: list[tuple[str, Callable[[Any], bytes], st.SearchStrategy[Any]]] = [
    ("uuid[]", columns.uuids, st.none() | st.uuids()),
    ("text[]", columns.texts, st.none() | TEXTS),
    ("bytea[]", columns.bytestrings, st.none() | st.binary()),
    ("integer[]", columns.integers, st.integers(-(2**31), 2**31 - 1)),
    ("double precision[]", columns.doubles, st.none() | st.floats(allow_nan=False)),
    ("timestamptz[]", columns.moments, st.none() | ZONED),
    ("date[]", columns.days, st.none() | st.dates()),
]


@pytest.fixture(scope="module")
def connection(config: Config) -> Any:
    url = (config.database_url or "").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as made:
        yield made


def read_back(connection: Any, kind: str, binary: bytes) -> Sequence[Any]:
    """What the server makes of it, through psycopg's own reading."""
    result = connection.pgconn.exec_params(
        f"SELECT $1::{kind}".encode(), [binary], [columns.OIDS[kind]], [1]
    )
    assert not result.error_message, result.error_message
    transformer = psycopg.adapt.Transformer(connection)
    transformer.set_pgresult(result)
    row = transformer.load_row(0, tuple)
    assert row is not None
    return row[0]


@pytest.mark.parametrize(("kind", "make", "values"), CASES, ids=[case[0] for case in CASES])
def test_arrays_come_back_as_they_were(
    connection: Any, kind: str, make: Callable[[Any], bytes], values: st.SearchStrategy[Any]
) -> None:
    @settings(max_examples=many(60), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(values, max_size=12))
    def holds(given_values: list[Any]) -> None:
        assert read_back(connection, kind, make(given_values)) == given_values

    holds()


def test_a_list_inside_a_column_is_a_text_that_can_be_cast(connection: Any) -> None:
    @settings(max_examples=many(80), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(TEXTS | st.sampled_from(["NULL", "", '"', "\\", "{}", ","]), max_size=6))
    def holds(values: list[str]) -> None:
        found = connection.execute(
            "SELECT %s::text::text[]", (columns.list_literal(values),)
        ).fetchone()
        assert found[0] == values

    holds()


@pytest.mark.parametrize(
    ("make", "values", "error"),
    [
        (columns.texts, ["\ud800"], UnicodeEncodeError),
        (columns.integers, [2**31], struct.error),
        (columns.doubles, [10**400], struct.error),
    ],
)
def test_what_has_no_place_in_a_column_is_refused(
    make: Callable[[Any], bytes], values: list[Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        make(values)


def test_uuids_and_days_are_the_servers_own(connection: Any) -> None:
    one = uuid.UUID("01a20252-6267-7d9a-9f28-b15b2666bab4")
    assert read_back(connection, "uuid[]", columns.uuids([one, None])) == [one, None]
    assert read_back(connection, "date[]", columns.days([date(1999, 12, 31)])) == [
        date(1999, 12, 31)
    ]
