"""Pages made ready: one spelling, what no database holds, and reading ahead."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mapping import FieldMapping, Mapping
from connectors.records import Page, Rejected, Stream
from efm.sync.ready import Ahead, Preparing, Refused, as_json, storable

STREAM = Stream("people", ("id",), "contact")
MAPPING = Mapping("contact", (FieldMapping("id", "external_id"), FieldMapping("mail", "email")))
PREPARING = Preparing.of(STREAM, [MAPPING])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats()
    | st.text(st.characters(codec="utf-8") | st.sampled_from(["\0", "\ud800"]), max_size=5)
    | st.decimals(allow_nan=False) | st.datetimes() | st.dates() | st.uuids() | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(min_size=1, max_size=4), VALUES, max_size=5))
def test_any_record_is_spelled_so_that_a_database_can_hold_it(record: dict[str, Any]) -> None:
    ready = PREPARING.ready(Page([{**record, "id": "1"}], {}))
    document = ready.documents["1"].decode()
    read = json.loads(document)
    assert "\0" not in json.dumps(read, ensure_ascii=False)
    json.dumps(read, ensure_ascii=False).encode()  # No half of a character is left.
    assert read == storable({**record, "id": "1"})
    turned = dict(reversed(list({**record, "id": "1"}.items())))
    assert PREPARING.ready(Page([turned], {})).hashes == ready.hashes


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (Decimal("1.10"), "1.10"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (b"\x01\xff", "01ff"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (2**80, 2**80),
        ("a\0b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("it says \\u0000", "it says \\u0000"),
        ({"b": 1, "a": [None, "\0"]}, {"a": [None, "\ufffd"], "b": 1}),
    ],
)
def test_values_become_what_is_stored(value: Any, stored: Any) -> None:
    ready = PREPARING.ready(Page([{"id": "1", "x": value}], {}))
    assert json.loads(ready.documents["1"]) == {"id": "1", "x": stored}


def test_the_hash_changes_with_the_record_and_with_the_mapping() -> None:
    def hashed(record: dict[str, Any], preparing: Preparing = PREPARING) -> bytes:
        return preparing.ready(Page([record], {})).hashes["1"]

    other = Preparing.of(STREAM, [Mapping("contact", MAPPING.fields, keep_unmapped=False)])
    assert hashed({"id": "1", "mail": "a@x.example"}) == hashed({"mail": "a@x.example", "id": "1"})
    assert hashed({"id": "1", "mail": "a@x.example"}) != hashed({"id": "1", "mail": "b@x.example"})
    assert hashed({"id": "1"}) != hashed({"id": "1"}, other)
    assert as_json({"b": 1, "a": 2}) == b'{"a":2,"b":1}'


def test_what_cannot_be_used_is_told_with_its_reason() -> None:
    page = Page(
        [{"id": "1", "mail": "a@x.example"}, {"id": "2", "mail": "nonsense"}, {"mail": "x"}],
        {}, rejected=[Rejected(None, 7, "too few cells", {"a": 1})],
    )  # fmt: skip
    ready = PREPARING.ready(page, is_mapped=True)
    assert [each.external_id.split()[0] for each in ready.refused] == ["(row", "(without"]
    first, second = ready.mapped["1"], ready.mapped["2"]
    assert not isinstance(first, Refused)
    assert first[0].external_id == "1"
    assert isinstance(second, Refused)
    assert second.field == "email"


class Source:
    """Gives numbers, and notes who took them and who closed it."""

    def __init__(self, n: int, fails_after: int | None = None) -> None:
        self.n, self.fails_after = n, fails_after
        self.given = 0
        self.threads: set[int] = set()
        self.is_closed = False

    def read(self) -> Iterator[int]:
        try:
            for number in range(self.n):
                self.threads.add(threading.get_ident())
                if number == self.fails_after:
                    raise ValueError("the line was cut")
                self.given += 1
                yield number
        finally:
            self.threads.add(threading.get_ident())
            self.is_closed = True


def test_everything_comes_in_order_from_another_thread() -> None:
    source = Source(50)
    ahead = Ahead(source.read(), lambda each: each * 2)
    assert list(ahead) == [each * 2 for each in range(50)]
    ahead.close()
    assert source.is_closed
    assert source.threads.isdisjoint({threading.get_ident()})
    assert len(source.threads) == 1


def test_a_failure_comes_after_what_was_given_before_it() -> None:
    ahead = Ahead(Source(9, fails_after=3).read(), lambda each: each)
    taken = []
    with pytest.raises(ValueError, match="the line was cut"):
        for each in ahead:
            taken.append(each)  # noqa: PERF402 - it ends in the middle
    assert taken == [0, 1, 2]
    ahead.close()


def test_a_failure_in_making_ready_comes_too() -> None:
    source = Source(9)
    ahead = Ahead(source.read(), lambda each: 1 // (2 - each))
    with pytest.raises(ZeroDivisionError):
        list(ahead)
    ahead.close()
    assert source.is_closed


def test_closing_ends_the_source_in_its_own_thread_and_reads_no_further() -> None:
    source = Source(1000)
    ahead = Ahead(source.read(), lambda each: each)
    assert next(iter(ahead)) == 0
    ahead.close()
    assert source.is_closed
    assert source.given <= 4
    assert len(source.threads) == 1
    assert not any(each.name == "read ahead" for each in threading.enumerate())
