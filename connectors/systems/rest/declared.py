"""What an admin declares: the streams of a REST interface, checked and ready for use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import parse_qsl

from connectors import dates
from connectors.canonical import NOTHING
from connectors.entities import ENTITIES
from connectors.fields import ATTRIBUTE, FieldMapping
from connectors.mapping import Mapping as FieldMap
from connectors.paging import Counted, Link, Pager, Single, Token
from connectors.systems.rest.paths import Path
from connectors.systems.rest.presets import PRESETS
from connectors.systems.rest.reading import Reader, broken, parse
from connectors.systems.rest.writes import Writing, writing

_FORMATS = ("iso", "epoch", "epoch_ms")
_HEADER = "header:"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}").fullmatch
_MOST = 100


@dataclass(frozen=True, slots=True)
class Since:
    """How the source is asked for changes: `param` carries the moment, written in `format`.

    `format` is iso, epoch, epoch_ms, a pattern of strftime (`%Y-%m-%d;`), or a template that holds
    {iso}, {epoch}, {epoch_ms} or {date}.
    """

    param: str
    format: str
    field: str
    lag: timedelta
    zone: tzinfo

    def value(self, moment: datetime) -> str:
        """The moment as the source takes it, cut to whole seconds."""
        local = moment.astimezone(self.zone).replace(microsecond=0)
        seconds = int(moment.timestamp())
        iso = local.isoformat().replace("+00:00", "Z")
        known = {"iso": iso, "epoch": str(seconds), "epoch_ms": str(seconds * 1000)}
        if self.format in known:
            return known[self.format]
        if "%" in self.format:
            return local.strftime(self.format)
        text = self.format
        for name, value in {**known, "date": local.date().isoformat()}.items():
            text = text.replace("{" + name + "}", value)
        return text


@dataclass(frozen=True, slots=True)
class Declared:
    """One stream as declared. `gone` is the field and value that mark a deleted record."""

    name: str
    label: str
    path: str
    records: Path
    key: tuple[str, ...]
    entity: str
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    body: Any = None
    since: Since | None = None
    pager: Pager = field(default_factory=Single)
    total: Path | str = ""
    deletes: str = "none"
    gone: tuple[str, str] | None = None
    mapped: FieldMap | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that is declared for one connection."""

    streams: tuple[Declared, ...]
    writes: tuple[Writing, ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)


def declaration(preset: str, text: str) -> Declaration:
    """The declaration of a preset, or of the text if there is any. Raises ConfigError."""
    found = parse(text.strip() or PRESETS[preset].text)
    if isinstance(found, list):
        found = {"streams": found}
    top = Reader("The text", found or {})
    listed = top.raw("streams", [])
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST:
        raise broken("Describe at least one stream in a list that begins with “- name: …”.")
    streams = tuple(_stream(each, number) for number, each in enumerate(listed, start=1))
    writes = top.raw("writes", [])
    if not isinstance(writes, list) or len(writes) > _MOST:
        raise broken("“writes” must be a list that begins with “- name: …”.")
    headers = top.scalars("headers")
    for name, value in headers.items():
        if not _HEADER_NAME(name) or not value.isascii() or not value.isprintable():
            raise broken(f"“headers”: “{name}” is no header, or its value holds special letters.")
    top.done()
    names = {each.name for each in streams}
    if len(names) < len(streams):
        raise broken("Two streams have the same name; rename one of them.")
    made = tuple(writing(each, number, names) for number, each in enumerate(writes, start=1))
    if len({each.target.name for each in made}) < len(made):
        raise broken("Two entries of “writes” have the same name; rename one of them.")
    return Declaration(streams, made, headers)


def _stream(found: Any, number: int) -> Declared:
    first = Reader(f"Stream {number}", found)
    name = first.text("name", None)
    here = Reader(f"Stream “{name}”", found)
    here.raw("name")
    key = here.texts("key")
    if not key:
        raise here.fail("“key” is needed: the field that identifies a record, such as id.")
    entity = here.choice("entity", tuple(ENTITIES), None)
    since, gone = _since(here), here.inner("deleted")
    marked = None
    if gone is not None:
        marked = (gone.text("field", None), gone.text("value", "true"))
        gone.done()
    deletes = here.choice("deletes", ("none", "sweep"), "none" if since or marked else "sweep")
    path, _, query = _within(here, here.text("path", None)).partition("?")
    made = Declared(
        name=name,
        label=here.text("label", name),
        path=path,
        records=here.path("records"),
        key=key,
        entity=entity,
        method=here.choice("method", ("GET", "POST"), "GET"),
        params={**dict(parse_qsl(query)), **here.scalars("params")},
        body=here.raw("body"),
        since=since,
        pager=_pager(here),
        total=_total(here),
        deletes="tombstones" if marked else deletes,
        gone=marked,
        mapped=_mapping(here, entity, key),
        kind=here.text("kind"),
    )
    here.done()
    if made.body is not None and made.method == "GET":
        raise here.fail("“body” needs “method: POST”.")
    return made


def _within(here: Reader, path: str) -> str:
    if "://" in path or path.startswith("//"):
        raise here.fail("“path” must be relative to the address, such as items.")
    return path.lstrip("/")


def _since(here: Reader) -> Since | None:
    inner = here.inner("cursor")
    if inner is None:
        return None
    written = inner.text("format", "iso")
    if written not in _FORMATS and "%" not in written and "{" not in written:
        raise inner.fail(
            "“format” must be iso, epoch, epoch_ms, a pattern such as %Y-%m-%d, or a text that "
            "holds {iso}, {epoch}, {epoch_ms} or {date}."
        )
    try:
        home = dates.zone(inner.text("zone", "UTC"))
    except ValueError as error:
        raise inner.fail(f"“zone”: {error}.") from error
    made = Since(
        inner.text("param"), written, inner.text("field"),
        timedelta(seconds=inner.whole("lag", 60, 0, 7 * 86_400)), home,
    )  # fmt: skip
    inner.done()
    return made


def _pager(here: Reader) -> Pager:
    inner = here.inner("paging")
    if inner is None:
        return Single()
    kind = inner.choice("kind", ("none", "offset", "page", "cursor", "link", "next"), None)
    made: Pager = Single()
    if kind in ("offset", "page"):
        param = inner.text("param", kind)
        start = inner.whole("start", 1 if kind == "page" else 0, 0, 1_000_000)
        size = inner.whole("size", 100, 1, 10_000)
        made = Counted(param, size, inner.text("size_param"), start, kind == "page")
    elif kind == "cursor":
        made = _token(inner)
    elif kind in ("link", "next"):
        size = inner.whole("size", 100, 1, 10_000)
        find = None if kind == "link" else inner.path("next", None).one
        made = Link(find, size, inner.text("size_param"))
    inner.done()
    return made


def _token(inner: Reader) -> Token:
    param, size = inner.text("param", None), inner.whole("size", 100, 1, 10_000)
    more, last = inner.path("more"), inner.path("last")
    token = inner.path("token", "" if last.steps else None)
    return Token(
        param,
        (last if last.steps else token).one,
        size,
        inner.text("size_param"),
        more.one if more.steps else None,
        bool(last.steps),
    )


def _total(here: Reader) -> Path | str:
    text = here.text("total")
    if text.lower().startswith(_HEADER):
        return text[len(_HEADER) :].strip()
    return here.path("total") if text else ""


def _mapping(here: Reader, entity: str, key: tuple[str, ...]) -> FieldMap | None:
    """`map`: canonical field to source field, to `=constant`, or to a line with its options."""
    given = here.mapping("map")
    if not given:
        return None
    lines = [] if "external_id" in given else [identity(key)]
    known = {each.name for each in ENTITIES[entity].fields}
    for target, said in given.items():
        if target not in known and not target.startswith(ATTRIBUTE):
            raise here.fail(
                f"“map”: {entity} has no field “{target}”; it has {', '.join(sorted(known))}."
            )
        lines.append(_line(here, target, said))
    made = FieldMap(entity, tuple(lines))
    problems = made.problems()
    if problems:
        raise here.fail(f"“map”: {' '.join(problems.values())}")
    return made


def _line(here: Reader, target: str, said: Any) -> FieldMapping:
    if isinstance(said, Mapping):
        inner = Reader(f"{here.where} → “map” → “{target}”", said)
        made = FieldMapping(
            inner.text("source"), target, inner.text("converter") or None, inner.mapping("options")
        )
        inner.done()
        return made
    text = "" if said is None or isinstance(said, (list, bool)) else str(said).strip()
    if text.startswith("=") and len(text) > 1:
        return FieldMapping("", target, "constant", {"value": text[1:]})
    if not text:
        raise here.fail(f"“map”: say which field becomes “{target}”.")
    return FieldMapping(text, target)


def identity(key: tuple[str, ...]) -> FieldMapping:
    """The external id made of the key."""
    if len(key) == 1:
        return FieldMapping(key[0], "external_id")
    return FieldMapping("", "external_id", "join", {"sources": list(key), "separator": "|"})
