"""Pagers as value tables, and what they do when a server pages badly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import CursorExpired, EndlessCursor
from connectors.paging import Counted, Link, Pager, Reply, Single, Token, began, next_link

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Server = Callable[[dict[str, Any]], Reply]


def walk(pager: Pager, server: Server, most: int = 50) -> tuple[list[Any], int]:
    """All entries, read with the place going through JSON's types, and the number of calls."""
    found: list[Any] = []
    at: dict[str, Any] | None = {}
    for calls in range(1, most + 1):
        assert at is not None
        reply = server(dict(pager.ask(at).params))
        found.extend(reply.entries)
        at = pager.after(at, reply)
        if at is None:
            return found, calls
    raise AssertionError("it does not end")


def by_offset(rows: Sequence[int], cap: int = 100, total: bool = False) -> Server:
    def serve(params: dict[str, Any]) -> Reply:
        size = min(int(params.get("limit", cap)), cap)
        part = rows[params["offset"] : params["offset"] + size]
        return Reply(None, part, total=len(rows) if total else None)

    return serve


def by_page(rows: Sequence[int], cap: int = 100, total: bool = False) -> Server:
    def serve(params: dict[str, Any]) -> Reply:
        size = min(int(params.get("size", cap)), cap)
        start = (params["page"] - 1) * size
        return Reply(None, rows[start : start + size], total=len(rows) if total else None)

    return serve


OFFSET = Counted("offset", 3, "limit")
PAGE = Counted("page", 3, "size", start=1, is_page=True)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7])
@pytest.mark.parametrize("cap", [100, 3, 2, 1])
@pytest.mark.parametrize("total", [False, True])
def test_positions_find_every_row_once_whatever_the_server_caps(
    count: int, cap: int, total: bool
) -> None:
    rows = list(range(count))
    assert walk(OFFSET, by_offset(rows, cap, total))[0] == rows
    assert walk(PAGE, by_page(rows, cap, total))[0] == rows


def test_a_known_total_saves_the_last_call() -> None:
    assert walk(OFFSET, by_offset(range(4), total=True))[1] == 2
    assert walk(OFFSET, by_offset(range(2), total=False))[1] == 2
    assert walk(OFFSET, by_offset(range(2), total=True))[1] == 1


def test_a_page_that_calls_its_own_length_the_total_is_not_the_last() -> None:
    rows = list(range(8))

    def serve(params: dict[str, Any]) -> Reply:
        part = rows[params["offset"] : params["offset"] + 3]
        return Reply(None, part, total=len(part))

    assert sorted(set(walk(OFFSET, serve)[0])) == rows


def test_a_short_list_without_pages_is_read_once() -> None:
    found, calls = walk(Counted("offset", 50, "limit"), lambda params: Reply(None, [1, 2]))
    assert (found, calls) == ([1, 2, 1, 2], 2)


def test_a_full_page_for_ever_the_same_is_stopped() -> None:
    with pytest.raises(EndlessCursor):
        walk(OFFSET, lambda params: Reply(None, [1, 2, 3]))


@pytest.mark.parametrize("pager", [OFFSET, PAGE])
def test_rows_that_move_up_while_reading_are_not_lost(pager: Counted) -> None:
    rows = list(range(12))
    server = (by_page if pager.is_page else by_offset)(rows, total=True)
    calls = 0

    def serve(params: dict[str, Any]) -> Reply:
        nonlocal calls
        calls += 1
        if calls == 3:
            rows[:2] = []  # two that were read are deleted; what follows moves up
        return server(params)

    assert set(range(12)) <= set(walk(pager, serve)[0])


def test_a_total_that_is_what_is_left_still_comes_to_an_end() -> None:
    rows = list(range(9))

    def serve(params: dict[str, Any]) -> Reply:
        at = params["offset"]
        return Reply(None, rows[at : at + 3], total=max(0, 9 - at))

    assert set(walk(OFFSET, serve, most=200)[0]) <= set(rows)


@pytest.mark.parametrize("at", ["3", None, 1.5, True, [1]])
def test_a_damaged_position_starts_anew(at: Any) -> None:
    with pytest.raises(CursorExpired):
        OFFSET.ask({"at": at})


TOKEN = Token("cursor", lambda body: body.get("next"), 2, "limit")


@pytest.mark.parametrize("end", [None, "", " ", False, True, [], {}])
def test_tokens_end_with_anything_empty(end: Any) -> None:
    assert TOKEN.after({}, Reply({"next": end}, [1])) is None


def test_a_token_is_sent_back_as_it_came() -> None:
    assert TOKEN.ask({}).params == {"limit": 2}
    place = TOKEN.after({}, Reply({"next": "a+/="}, [1]))
    assert place == {"token": "a+/="}
    assert TOKEN.ask(place).params == {"limit": 2, "cursor": "a+/="}
    assert TOKEN.after({}, Reply({"next": 7}, [1])) == {"token": 7}


def test_tokens_that_repeat_or_swell_are_stopped() -> None:
    with pytest.raises(EndlessCursor):
        TOKEN.after({"token": "a"}, Reply({"next": "a"}, [1]))
    with pytest.raises(EndlessCursor):
        TOKEN.after({}, Reply({"next": "a" * 20_000}, [1]))


def test_starting_after_the_last_entry_as_long_as_there_is_more() -> None:
    rows = [{"id": number} for number in range(5)]
    pager = Token(
        "after", lambda entry: entry["id"], 2, "limit", lambda body: body["more"], of_last=True
    )

    def serve(params: dict[str, Any]) -> Reply:
        start = params.get("after", -1) + 1
        return Reply({"more": start + 2 < 5}, rows[start : start + 2])

    assert walk(pager, serve) == (rows, 3)
    assert pager.after({}, Reply({"more": True}, [])) is None


def test_links_of_the_body_are_followed_as_they_are() -> None:
    pager = Link(lambda body: body.get("next"), 10, "size")
    assert pager.ask({}).params == {"size": 10}
    place = pager.after({}, Reply({"next": "/a?x=1;y=ä b"}))
    assert place is not None
    assert pager.ask(place).link == "/a?x=1;y=ä b"
    assert pager.ask(place).params == {}
    assert pager.after(place, Reply({"next": None})) is None
    assert pager.after(place, Reply({"next": {"href": "x"}})) is None
    with pytest.raises(EndlessCursor):
        pager.after(place, Reply({"next": "/a?x=1;y=ä b"}))
    with pytest.raises(EndlessCursor):
        pager.after(place, Reply({"next": "/" + "a" * 20_000}))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", None),
        ('<https://x/a?page=2>; rel="next"', "https://x/a?page=2"),
        ('<https://x/1>; rel="prev", <https://x/3>; rel="next", <https://x/9>; rel=last', "https://x/3"),
        ("<b>; rel=next", "b"),
        ('<b?q=1,2;3>; title="a, b"; rel="last next"', "b?q=1,2;3"),
        ('<b> ; REL = "NEXT"', "b"),
        ('<b>; rel="nextish"', None),
        ('<b>; title="rel=next"', None),
        ('<b>; title="a; rel=next"', None),
        ("<>; rel=next", None),
        ("garbage", None),
    ],
)  # fmt: skip
def test_link_headers(header: str, found: str | None) -> None:
    assert next_link(header) == found
    place = Link().after({}, Reply(None, headers={"link": header}))
    assert place == (None if found is None else {"link": found})


def test_a_single_answer_has_no_second_page() -> None:
    assert Single().ask({}).params == {}
    assert Single().after({}, Reply(None, [1] * 5000)) is None


def test_a_question_began_before_the_servers_clock_on_the_answer() -> None:
    server = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
    later = NOW + timedelta(seconds=5)
    assert began(NOW, later, server) == server - timedelta(seconds=5)
    assert began(NOW, later, None) == NOW
    assert began(later, NOW, server) == server  # our clock was set back in between
