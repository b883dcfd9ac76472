"""Descriptions of streams: what they mean, and what is said about wrong ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import ConfigError
from connectors.paging import Counted, Link, Single, Token
from connectors.systems.rest.declared import declaration
from connectors.systems.rest.paths import Missing, Path
from connectors.systems.rest.presets import PRESETS
from connectors.systems.rest.writes import fill, fill_path

LEAST = "- {name: a, path: a, key: id, entity: contact%s}"


def one(more: str = "") -> Any:
    (stream,) = declaration("own", LEAST % (more and ", " + more)).streams
    return stream


def said(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        declaration("own", text)
    (message,) = caught.value.errors["streams"]
    return message


def test_the_least_there_is_to_say() -> None:
    stream = one()
    assert (stream.method, stream.deletes, stream.label) == ("GET", "sweep", "a")
    assert isinstance(stream.pager, Single)
    assert stream.records.entries([{"id": 1}]) == [(None, {"id": 1})]


@pytest.mark.parametrize(
    ("paging", "made"),
    [
        ("{kind: none}", Single()),
        ("{kind: offset}", Counted("offset", 100)),
        ("{kind: page, size: 5, size_param: n}", Counted("page", 5, "n", 1, True)),
        ("{kind: page, start: 0, param: p}", Counted("p", 100, "", 0, True)),
    ],
)
def test_ways_of_paging(paging: str, made: Any) -> None:
    assert one(f"paging: {paging}").pager == made


def test_ways_of_paging_that_look_into_answers() -> None:
    token = one("paging: {kind: cursor, param: c, token: meta.next, more: meta.more}").pager
    assert isinstance(token, Token)
    assert token.find({"meta": {"next": "x"}}) == "x"
    assert token.more is not None
    assert token.more({"meta": {"more": True}}) is True
    link = one('paging: {kind: next, next: "data.@links.next[0].uri"}').pager
    assert isinstance(link, Link)
    assert link.find is not None
    assert link.find({"data": {"@links": {"next": [{"uri": "/x"}]}}}) == "/x"
    assert link.find({"data": {}}) is None
    assert one("paging: {kind: link}").pager.find is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("iso", "2026-03-01T11:59:59Z"),
        ("epoch", "1772366399"),
        ("epoch_ms", "1772366399000"),
        ('"%Y-%m-%d.%H:%M:%S;"', "2026-03-01.11:59:59;"),
        ('"updated>{iso}"', "updated>2026-03-01T11:59:59Z"),
        ('"{date}"', "2026-03-01"),
    ],
)
def test_moments_are_cut_to_the_second_in_the_declared_form(written: str, value: str) -> None:
    since = one(f"cursor: {{param: s, format: {written}}}").since
    assert since.value(datetime(2026, 3, 1, 11, 59, 59, 999_999, UTC)) == value


def test_moments_in_the_zone_of_the_source() -> None:
    since = one("cursor: {param: s, zone: Europe/Berlin}").since
    assert since.value(datetime(2026, 3, 1, 12, tzinfo=UTC)) == "2026-03-01T13:00:00+01:00"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at least one stream"),
        ("[]", "at least one stream"),
        ("just words", "as a mapping"),
        ("- name: [", "Line 1"),
        ("- name: a\n  path: b\n bad", "Line 3"),
        ("- 5", "Stream 1"),
        ("- {path: a, key: id, entity: contact}", "“name” is needed"),
        ("- name: a\n  key: id\n  entity: contact", "“path” is needed"),
        ("- {name: a, path: a, entity: contact}", "“key” is needed"),
        ("- {name: a, path: a, key: id}", "“entity” is needed"),
        ("- {name: a, path: a, key: id, entity: customer}", "must be one of account"),
        (LEAST % ", pagging: x", "Did you mean “paging”"),
        ("- name: ok\n  path: a\n  key: id\n  entity: contact\n- name: b\n  path: a\n  key: id\n"
         "  entity: contact\n  paging:\n    kind: pages", "Stream “b” (line 5) → “paging” (line 10)"),
        (LEAST % ", paging: {kind: cursor, param: c}", "“token” is needed"),
        (LEAST % ", paging: {kind: next}", "“next” is needed"),
        (LEAST % ", paging: {kind: page, size: 0}", "whole number from 1"),
        (LEAST % ", paging: {kind: page, size: many}", "whole number from 1"),
        (LEAST % ", paging: page", "as a mapping"),
        (LEAST % ", cursor: {param: s, format: yesterday}", "“format” must be"),
        (LEAST % ", cursor: {param: s, zone: Mars/Olympus}", "“zone”"),
        (LEAST % ", cursor: {param: s, lag: -1}", "“lag”"),
        (LEAST % ", records: 'a..b'", "is no path"),
        (LEAST % ", deletes: all", "none, sweep"),
        (LEAST % ", method: DELETE", "GET, POST"),
        (LEAST % ", body: {a: 1}", "method: POST"),
        (LEAST % ", params: {a: [1]}", "“params” → “a”"),
        (LEAST % ", map: {nme: name}", "has no field “nme”"),
        (LEAST % ", map: {name: [a]}", "say which field"),
        (LEAST % ", map: {name: {source: a, converter: magic}}", "no converter “magic”"),
        ("- {name: a, path: a, key: id, entity: interaction, map: {subject: t}}", "is needed"),
        ("- {name: a, path: 'https://evil.example.com/', key: id, entity: contact}", "relative"),
        ("- {name: a, path: '//evil.example.com/', key: id, entity: contact}", "relative"),
        (LEAST % "" + "\n" + LEAST % "", "same name"),
        ("streams: 5", "at least one stream"),
        ("streams: []\ncolour: red", "at least one stream"),
        ("x: &a [1]\ny: *a", "not allowed"),
        ("a" * 100_001, "longer than"),
        ("? {a: 1}\n: b", "Line 1"),
        ("- {name: a, name: b}", "twice"),
        ("headers: {X-A: \"a\\nb\"}\nstreams:\n" + LEAST % "", "“headers”"),
        ("- !!python/object:os.system {}", "Line 1"),
        ("[" * 50_000, "nested too deeply"),
        ("- " * 5_000, "cannot be read"),
    ],
)  # fmt: skip
def test_wrong_descriptions_say_where_and_what(text: str, words: str) -> None:
    assert words in said(text)


WRITE = (
    "streams: ["
    + LEAST[2:] % ""
    + "]\nwrites:\n- {name: w, op: update, stream: a, fields: {x: text}%s}"
)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("", "“update” is needed"),
        (", update: {path: 'a/{nope}'}", "no value for “{nope}”"),
        (", update: {path: 'https://x/{id}'}", "relative"),
        (", update: {path: a, method: DELETE}", "must be one of"),
        (", update: {path: a, etag: maybe}", "true or false"),
        (", update: {path: 'a?b=1'}", "params"),
        (", required: [y], update: {path: a}", "“required”"),
    ],
)
def test_wrong_writes_say_what(more: str, words: str) -> None:
    assert words in said(WRITE % more)


def test_wrong_targets_say_what() -> None:
    assert "no stream “b”" in said(WRITE.replace("stream: a", "stream: b") % "")
    assert "“fields” must name" in said(WRITE.replace("x: text", "x: words") % "")
    assert "“fields” must name" in said(WRITE.replace("x: text", "remote_id: text") % "")
    upsert = WRITE.replace("op: update", "op: upsert")
    assert "made twice" in said(upsert % ", create: {path: a}")
    twice = WRITE % ", update: {path: a}"
    assert "same name" in said(twice + "\n" + twice.splitlines()[-1])


def test_json_does_as_well() -> None:
    document = [{"name": "a", "path": "a", "key": "id", "entity": "contact"}]
    assert declaration("own", json.dumps(document, indent="\t")).streams[0].key == ("id",)


def test_what_stands_behind_a_path_joins_the_parameters() -> None:
    (stream,) = declaration(
        "own", "- {name: a, path: '/a?x=1&y=2', key: id, entity: contact, params: {y: 3}}"
    ).streams
    assert (stream.path, stream.params) == ("a", {"x": "1", "y": "3"})


def test_days_and_yes_in_descriptions_stay_what_was_written() -> None:
    assert one("params: {from: 2026-01-01, all: true, n: 5}").params == {
        "from": "2026-01-01",
        "all": "true",
        "n": "5",
    }


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "own"])
def test_presets_are_complete(name: str) -> None:
    made = declaration(name, "")
    assert made.streams
    for stream in made.streams:
        assert stream.mapped is not None
        assert stream.mapped.problems() == {}


def test_a_text_takes_the_place_of_a_preset() -> None:
    assert [each.name for each in declaration("roundup", LEAST % "").streams] == ["a"]


DOCUMENT = {
    "data": {"items": [{"id": 1, "in": {"x": [7]}}, {"id": 2}], "@next": "n", "none": None},
    "map": {"k1": {"v": 1}, "k2": {"v": 2}},
    "a.b": 5,
}


@pytest.mark.parametrize(
    ("path", "entries"),
    [
        ("data.items", [(None, {"id": 1, "in": {"x": [7]}}), (None, {"id": 2})]),
        ("$.data.items[*]", [(None, {"id": 1, "in": {"x": [7]}}), (None, {"id": 2})]),
        ("data.items[0].in.x", [(None, 7)]),
        ("data.items[0]['in']", [(None, {"x": [7]})]),
        ("data.items[9]", []),
        ("map.*", [("k1", {"v": 1}), ("k2", {"v": 2})]),
        ("map.*.v", [(None, 1), (None, 2)]),
        ("map", [(None, {"k1": {"v": 1}, "k2": {"v": 2}})]),
        ("data.none", []),
        ("data.none.deeper", []),
        ("a.b", [(None, 5)]),
        ("['a.b']", [(None, 5)]),
    ],
)
def test_paths(path: str, entries: list[tuple[str | None, Any]]) -> None:
    found = Path.parse(path)
    assert found.entries(DOCUMENT) == entries
    assert found.one(DOCUMENT) == (
        DOCUMENT["data"]["items"]  # type: ignore[index]
        if path == "data.items"
        else [7]
        if path.endswith("in.x")
        else entries[0][1]
        if entries
        else None
    )


@pytest.mark.parametrize(
    "path", ["data.nope", "data.items.id", "map.k1.v.w", "data.@next.*", "[0]"]
)
def test_paths_that_lead_nowhere_name_the_step(path: str) -> None:
    with pytest.raises(Missing):
        Path.parse(path).entries(DOCUMENT)
    assert Path.parse(path).one(DOCUMENT) is None


@pytest.mark.parametrize("path", ["a..b", "a[", "a[x]", "a b[1", "[[0]]", "a]"])
def test_broken_paths_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        Path.parse(path)


def test_places_keep_types_and_leave_out_what_is_not_given() -> None:
    template = {"n": "{n}", "t": "no {n} of {x}", "gone": "{gone}", "list": ["{n}", "{gone}"]}
    assert fill(template, {"n": 5, "x": None}) == {"n": 5, "t": "no 5 of ", "list": [5]}
    assert fill({"clear": "{x}"}, {"x": None}) == {"clear": None}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("1", "a/1"),
        ("../x", "a/..%2Fx"),
        ("..", "a/%2E%2E"),
        (".", "a/%2E"),
        ("a b?c#d/é", "a/a%20b%3Fc%23d%2F%C3%A9"),
        ("{n}", "a/%7Bn%7D"),
        ("", "a/"),
    ],
)
def test_values_in_paths_stay_one_segment(value: str, path: str) -> None:
    assert fill_path("a/{n}", {"n": value}) == path
