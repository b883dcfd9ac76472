"""The REST connector held to the contract, in every way of paging."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.conformance import ConnectorContract, Runner, Source
from connectors.cursor import guarded
from tests.connectors.rest.sources import ApiSource, MarkedSource, WholeSource

SINCE = "cursor: {param: since, field: updated, lag: 0}"


class _Contract(ConnectorContract):
    plays = 3


class TestPages(_Contract):
    """Page numbers under a cursor."""

    def make_source(self, folder: Path) -> Source:
        return ApiSource("page", SINCE)


class TestOffsetsInABody(_Contract):
    """Offsets in the body of a POST, with the moment in its place."""

    def make_source(self, folder: Path) -> Source:
        body = 'body: {since: "{since}", offset: "{offset}", size: "{size}"}'
        return ApiSource("post", "method: POST", body, "cursor: {field: updated, lag: 0}")


class TestTokens(_Contract):
    """Tokens under a cursor; deleted records are marked."""

    def make_source(self, folder: Path) -> Source:
        return MarkedSource("cursor", SINCE)


class TestStartingAfter(_Contract):
    """The last key as the token."""

    def make_source(self, folder: Path) -> Source:
        return ApiSource("last", SINCE)


class TestLinkHeader(_Contract):
    """Link headers."""

    def make_source(self, folder: Path) -> Source:
        return ApiSource("link", SINCE)


class TestNextLink(_Contract):
    """Links in the body; deleted records are marked."""

    def make_source(self, folder: Path) -> Source:
        return MarkedSource("next", SINCE)


class _Whole(_Contract):
    """Streams that are read whole each time: a finished pass is followed by another."""

    def test_resuming_after_any_page_gives_the_same(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        connector = source.make()
        pages = list(guarded(connector.read(connector.stream(source.stream), {})))
        assert len(pages) >= 2
        for cut in range(len(pages)):
            runner = Runner(source.make().stream(source.stream))
            for page in pages[:cut]:
                runner.commit(page)
            runner.settle(source.make)
            assert runner.texts(source.text) == dict(source.rows())
            assert runner.count == len(source.rows()), (
                f"cut after page {cut}: pages were read twice"
            )


class TestOffsetsWhole(_Whole):
    """Offsets without a cursor."""

    def make_source(self, folder: Path) -> Source:
        return WholeSource("offset")


class TestOffsetsWholeWithTotal(_Whole):
    """Offsets without a cursor, where the source tells how many there are."""

    def make_source(self, folder: Path) -> Source:
        source = WholeSource("offset", "total: total")
        source.api.has_total = True
        return source


class TestTokensWhole(_Whole):
    """Tokens without a cursor."""

    def make_source(self, folder: Path) -> Source:
        return WholeSource("cursor")


class TestIgnoredFilter(_Whole):
    """A declared cursor that the source ignores: everything is read each time, and swept."""

    def make_source(self, folder: Path) -> Source:
        source = WholeSource("page", SINCE, "deletes: sweep")
        source.api.has_filter = False
        return source


def test_an_ignored_filter_is_told(tmp_path: Path) -> None:
    source = WholeSource("page", SINCE, "deletes: sweep")
    source.put("a", "x")
    assert source.make().check().notes == ()
    source.api.has_filter = False
    (note,) = source.make().check().notes
    assert "“since”" in note


@pytest.mark.parametrize("style", ["cursor", "next", "link"])
def test_a_place_the_source_forgot_begins_the_window_again(style: str) -> None:
    source = ApiSource(style, SINCE)
    for number in range(7):
        source.put(f"k{number}", "x")
    runner = Runner(source.make().stream("people"))
    runner.run(source.make(), most_pages=1)
    source.api.old_tokens = {"k2"}
    connector = source.make()
    pages = connector.read(runner.stream, runner.state)
    runner.commit(next(pages))
    source.api.old_tokens = set()
    for page in pages:
        runner.commit(page)
    assert runner.texts("name") == dict(source.rows())
    assert runner.generations == 1


def test_a_deletion_between_pages_loses_nothing_where_the_total_is_known() -> None:
    source = WholeSource("page", SINCE, "total: total")
    source.api.has_total = True
    for number in range(9):
        source.put(f"k{number}", "x")
    runner = Runner(source.make().stream("people"))
    runner.run(source.make(), most_pages=1)
    source.delete("k0")
    runner.settle(source.make)
    assert set(source.rows()) <= set(runner.rows)
