"""The contract held against a configured system: what can be proven by reading, without changing it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors import settings
from connectors.base import Connector
from connectors.cursor import guarded
from connectors.errors import ConnectorError, RecordError
from connectors.records import DELETES, FIELD_TYPES, Page, Stream, plain

MOST_PAGES = 5
SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """One promise: what it is, of which stream (empty: of the connection), whether it holds, and how."""

    promise: str
    stream: str
    is_kept: bool
    said: str


def examine(connector: Connector, make: Callable[[], Connector]) -> Iterator[Finding]:
    """Findings, as they are made. `make` gives a fresh connector of the same settings.

    At most five pages of each stream are read, and nothing is written.
    """
    yield _secrets(connector)
    try:
        check = connector.check()
        yield Finding("It lets us in", "", check.ok, "; ".join([check.who, *check.notes]))
        streams = list(connector.streams())
    except ConnectorError as error:
        yield Finding("It lets us in", "", False, error.message)
        return
    names = [each.name for each in streams]
    yield Finding(
        "Streams have unique names", "", len(set(names)) == len(names) > 0, f"{len(names)} streams"
    )
    for stream in streams:
        yield from _stream(stream, make)


def _secrets(connector: Connector) -> Finding:
    secret = settings.secret_names(connector.Config)
    values = [str(connector.config.get(name) or "") for name in secret]
    shown = [v for v in values if len(v) > 3 and v in f"{connector!r}"]
    return Finding("Secrets do not show", "", not shown, f"{len(secret)} secret settings")


def _stream(stream: Stream, make: Callable[[], Connector]) -> Iterator[Finding]:
    unknown = sorted(set(stream.fields.values()) - set(FIELD_TYPES))
    is_declared = bool(stream.key) and not unknown and stream.deletes in DELETES
    yield Finding(
        "It is declared in full", stream.name, is_declared,
        f"key {', '.join(stream.key)}; {len(stream.fields)} fields; deletions: {stream.deletes}"
        + (f"; unknown types {', '.join(unknown)}" if unknown else ""),
    )  # fmt: skip
    try:
        pages = list(itertools.islice(guarded(make().read(stream, {})), MOST_PAGES))
    except ConnectorError as error:
        yield Finding("It can be read", stream.name, False, error.message)
        return
    records = [record for page in pages for record in page.records]
    yield Finding(
        "It can be read", stream.name, True, f"{len(records):,} records in {len(pages)} pages"
    )
    if records:
        yield _keys(stream, records)
        yield _known_fields(stream, records)
        yield _mapped(stream, records)
    if len(pages) > 1:
        yield _resumes(stream, pages, make)


def _keys(stream: Stream, records: list[Mapping[str, Any]]) -> Finding:
    try:
        keys = [stream.external_id(each) for each in records]
    except RecordError as error:
        return Finding("Every record has its key", stream.name, False, error.message)
    twice = (
        sorted({key for key in keys if keys.count(key) > 1})[:SHOWN] if len(keys) < 20_000 else []
    )
    said = f"twice: {', '.join(twice)}" if twice else f"{len(set(keys)):,} keys"
    return Finding("Every record has its key", stream.name, not twice, said)


def _known_fields(stream: Stream, records: list[Mapping[str, Any]]) -> Finding:
    known = set(stream.fields)
    strange = {n for each in records for n in each if n not in known and not n.startswith("_")}
    said = f"not declared: {', '.join(sorted(strange)[:SHOWN])}" if strange else "all declared"
    return Finding("Records have the fields it declares", stream.name, not strange, said)


def _mapped(stream: Stream, records: list[Mapping[str, Any]]) -> Finding:
    promise = "Its own mapping fits its records"
    if stream.default_mapping is None:
        return Finding(promise, stream.name, True, "it proposes none")
    reasons: list[str] = []
    try:
        for each in records:
            try:
                stream.default_mapping.apply(each)
            except RecordError as error:
                reasons.append(error.message)
    except ConnectorError as error:
        return Finding(promise, stream.name, False, error.message)
    good = len(records) - len(reasons)
    said = f"{good:,} of {len(records):,} records"
    return Finding(promise, stream.name, good > 0, said + (f"; {reasons[0]}" if reasons else ""))


def _resumes(stream: Stream, pages: list[Page], make: Callable[[], Connector]) -> Finding:
    """From the first page's state the second follows; a record may have changed in between."""
    promise = "It goes on exactly after a page"
    try:
        again = next(iter(make().read(stream, dict(pages[0].state))), None)
    except ConnectorError as error:
        return Finding(promise, stream.name, False, error.message)
    wanted = [stream.external_id(each) for each in pages[1].records]
    found = [stream.external_id(each) for each in again.records] if again else []
    same = wanted == found and [plain(e) for e in pages[1].records] == [
        plain(e) for e in (again.records if again else ())
    ]
    return Finding(promise, stream.name, same, f"{len(found):,} records again")
