"""Pages made ready for the database: cleaned, told apart by their hash, mapped; read ahead of it."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from typing import Any, Generic, TypeVar

import orjson

from connectors.errors import RecordError
from connectors.mapping import Mapping as FieldMap
from connectors.records import Page, Record, Stream, content_hash, plain, plain_value

Raw = Mapping[str, Any]
Given = TypeVar("Given")
Made = TypeVar("Made")

NOTHING_SAID = frozenset(("", "na", "n/a", "nan", "null", "none", "-"))
_STRICT = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


@dataclass(frozen=True)
class Refused:
    """A raw record that could not be used."""

    external_id: str
    document: Raw
    reason: str
    field: str | None = None


@dataclass
class Ready:
    """A page without what only the database can say.

    By external id: the raw records, their JSON as it is stored, its hash; the canonical records of
    those in `mapped`, which may be none of them yet.
    """

    page: Page
    raws: dict[str, Raw] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    hashes: dict[str, bytes] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    mapped: dict[str, list[Record] | Refused] = field(default_factory=dict)


def fingerprint(mappings: Sequence[FieldMap]) -> bytes:
    """Changes with the mappings, so that a new mapping makes every record new."""
    return hashlib.sha256(orjson.dumps([m.document() for m in mappings])).digest()


def is_silent(mapping: FieldMap, raw: Raw, beside: Sequence[FieldMap]) -> bool:
    """Whether a record says nothing of one of the things it may hold (no total charges yet)."""
    if mapping.entity != "measurement" or len(beside) == 1:
        return False
    told = [raw.get(f.source) for f in mapping.fields if f.target in ("value", "amount_minor")]
    return all(value is None or str(value).strip().lower() in NOTHING_SAID for value in told)


def clean(value: Any) -> Any:
    """The value as PostgreSQL can hold it: NUL and lone surrogates become U+FFFD, NaN nothing."""
    if isinstance(value, str):
        if "\0" in value or not value.isascii():
            return (
                value.replace("\0", "\ufffd")
                .encode("utf-16", "surrogatepass")
                .decode("utf-16", "replace")
            )
        return value
    if isinstance(value, dict):
        return {clean(str(k)): clean(v) for k, v in value.items()}
    if isinstance(value, list):
        return [clean(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def storable(document: Raw) -> dict[str, Any]:
    """The document as JSON that PostgreSQL can hold."""
    return {clean(str(k)): clean(v) for k, v in plain(document).items()}


def as_json(document: Any) -> bytes:
    """JSON in one spelling, names in order; numbers of any size."""
    try:
        return orjson.dumps(document, default=plain_value, option=_STRICT)
    except TypeError:  # A number beyond 64 bits, a name that is no text, half a character.
        import json

        text = json.dumps(document, default=plain_value, sort_keys=True, separators=(",", ":"))
        return text.encode("ascii")


def _spelled(given: Raw) -> tuple[Raw, bytes]:
    """The record without what no database holds, and its JSON."""
    try:
        document = orjson.dumps(given, default=plain_value, option=_STRICT)
    except TypeError:
        document = None
    if document is not None and b"\\u0000" not in document:
        return given, document
    raw = {clean(str(name)): clean(value) for name, value in given.items()}
    return raw, as_json(storable(raw))


def nameless(document: Raw) -> str:
    """What stands for the id of a record that has none; the same record is counted once."""
    return f"without id {hashlib.sha256(content_hash(document)).hexdigest()[:16]}"


@dataclass(frozen=True)
class Preparing:
    """Makes pages of one stream ready; `mark` is the fingerprint of its mappings."""

    stream: Stream
    mappings: Sequence[FieldMap]
    mark: bytes

    @classmethod
    def of(cls, stream: Stream, mappings: Sequence[FieldMap]) -> Preparing:
        """As the mappings are now."""
        return cls(stream, mappings, fingerprint(mappings))

    def ready(self, page: Page, *, is_mapped: bool = False) -> Ready:
        """What can be said of a page without the database; `is_mapped`: map all of it already."""
        made = Ready(page)
        for each in page.rejected:
            name = f"({'row ' + str(each.row) if each.row else nameless(each.document)})"
            refused = Refused(each.external_id or name, each.document, each.reason)
            made.refused.append(refused)
        for given in page.records:
            raw, document = _spelled(given)
            try:
                external_id = self.stream.external_id(raw)[:255]
            except RecordError as error:
                made.refused.append(Refused(f"({nameless(raw)})", raw, error.message))
                continue
            made.raws[external_id] = raw
            made.documents[external_id] = document
        self._hash(made)
        if is_mapped:
            made.mapped = {each: self.map(each, raw) for each, raw in made.raws.items()}
        return made

    def named(self, documents: Mapping[str, Raw]) -> Ready:
        """Records whose external ids are known, such as those that were refused before."""
        made = Ready(Page((), {}))
        for external_id, given in documents.items():
            made.raws[external_id], made.documents[external_id] = _spelled(given)
        self._hash(made)
        return made

    def _hash(self, made: Ready) -> None:
        mark, sha256 = self.mark, hashlib.sha256
        made.hashes = {name: sha256(text + mark).digest() for name, text in made.documents.items()}

    def map(self, external_id: str, raw: Raw) -> list[Record] | Refused:
        """The canonical records of a raw one; it is taken whole or refused whole."""
        try:
            return [
                mapping.apply(raw)
                for mapping in self.mappings
                if not is_silent(mapping, raw, self.mappings)
            ]
        except RecordError as error:
            return Refused(external_id, raw, error.message, error.field)


class Ahead(Generic[Given, Made]):
    """Takes from a source in a thread of its own while what it gave before is worked on.

    One thing waits at most. A failure comes when what was given before it has been taken. Closing
    ends the source in its own thread, which is waited for.
    """

    def __init__(self, source: Iterable[Given], make: Callable[[Given], Made]) -> None:
        self._source, self._make = source, make
        self._made: Queue[tuple[str, Any]] = Queue(1)
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read ahead", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Made]:
        while True:
            kind, found = self._made.get()
            if kind == "end":
                return
            if kind == "error":
                raise found
            yield found

    def close(self) -> None:
        """Take no more."""
        self._is_closed.set()
        while self._thread.is_alive():
            try:
                self._made.get_nowait()  # It may wait for a place.
            except Empty:
                self._thread.join(0.01)

    def _run(self) -> None:
        try:
            for each in self._source:
                if not self._give("made", self._make(each)):
                    break
            else:
                self._give("end", None)
        except BaseException as error:
            self._give("error", error)
        finally:
            if end := getattr(self._source, "close", None):
                end()

    def _give(self, kind: str, found: Any) -> bool:
        while not self._is_closed.is_set():
            try:
                self._made.put((kind, found), timeout=0.1)
                return True
            except Full:
                continue
        return False
