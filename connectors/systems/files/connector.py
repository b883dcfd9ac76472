"""Files dropped into a folder, here or on an SFTP server, read once each and when they change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.base import Connector
from connectors.errors import ConfigError, CursorExpired, Throttled, Transient
from connectors.outside import Outside
from connectors.records import Check, Page, Rejected, Stream
from connectors.systems.files.config import ANY, Config
from connectors.systems.files.folder import Facts, Found, check_pattern, facts_of
from connectors.systems.files.opening import Format, open_table
from connectors.systems.files.places import Local, Place
from connectors.systems.files.remote import Remote
from connectors.systems.files.sftp import Unreachable
from connectors.systems.files.streams import (
    Defaults,
    Sample,
    choose_key,
    guess_entity,
    make_stream,
)
from connectors.systems.files.tables import Batch, Table, shown, with_last

_CHECKED = 200


class Files(Connector):
    """A folder of files (CSV, XLSX, Parquet) as a connector.

    The state is `{"files": {name: [size, mtime, sha256]}, "at": {...}}`: the files read to the
    end, and the one in the middle with its last row. A file whose bytes are unchanged is not read
    again; a changed one is read whole (the upsert downstream absorbs what is the same).
    """

    name = "files"
    label = "Files"
    summary = "CSV, Excel and Parquet files dropped into a folder, here or on an SFTP server."
    icon = "file-text"
    Config = Config
    takes_files = True

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        for pattern in self.config["patterns"]:
            check_pattern(pattern)
        self.clock: Callable[[], float] = time.time
        self._format = Format(
            self.config["delimiter"], self.config["encoding"], self.config["sheet"]
        )
        self._place: Place = (
            Remote(self.config, self.outside)
            if self.config["location"]
            else Local(self.config["folder"], self.outside.roots)
        )

    def check(self) -> Check:
        """Says how many files there are and what is wrong with which."""
        with self._place:
            return self._checked()

    def _checked(self) -> Check:
        groups, notes, good = self._groups(), [], 0
        every = sorted({f for group in groups.values() for f in group}, key=lambda f: f.name)
        for file in every[:_CHECKED]:
            try:
                self._place.sample(file, self._format)
                good += 1
            except Unreachable:
                raise
            except (ConfigError, Transient) as error:
                notes.append(error.message)
        if not groups:
            notes.append("No file matches yet; drop one into the folder.")
        waiting = [file.name for file in every if self._settles_in(file)]
        if waiting:
            notes.append(f"Still settling: {', '.join(waiting[:10])}.")
        if len(every) > _CHECKED:
            notes.append(f"Only the first {_CHECKED} of {len(every):,} files were checked.")
        files = f"{good} file that can be read" if good == 1 else f"{good} files that can be read"
        ok = not notes or good > 0 or not groups
        return Check(ok, f"{self._place.shown}: {files}", ("read",), tuple(notes))

    def streams(self) -> Sequence[Stream]:
        """One per file, or per pattern when they belong together; unreadable files are left out
        (`check` names them)."""
        with self._place:
            made = (self._described(name, files) for name, files in self._groups().items())
            return [each for each in made if each is not None]

    def stream(self, name: str) -> Stream:
        """One stream; of an SFTP server only its own file is copied to describe it."""
        if self.config["location"]:
            with self._place:
                found = self._described(name, self._groups().get(name, ()))
            if found is not None:
                return found
        return super().stream(name)

    def _described(self, name: str, files: Sequence[Found]) -> Stream | None:
        """The stream of the first of its files that can be read."""
        for file in files:
            try:
                return self._stream(name, self._place.sample(file, self._format))
            except Unreachable:
                raise
            except (ConfigError, Transient):
                continue  # check() reports it
        return None

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """The rows of new and changed files, one page after the other.

        Of a snapshot, any change raises CursorExpired, so that the next pass is complete.
        """
        with self._place:
            yield from self._read(stream, state)

    def _read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        files = self._groups().get(stream.name)
        if not files:
            raise ConfigError(f"No file matches “{stream.name}” any more; choose the files again.")
        done: dict[str, list[Any]] = {n: list(v) for n, v in state.get("files", {}).items()}
        at: Mapping[str, Any] = state.get("at") or {}
        if self.config["is_snapshot"]:
            self._require_snapshot(files, state)
        # The file in the middle goes first: its place is known only until another begins.
        ordered = sorted(files, key=lambda each: each.name != at.get("file"))
        todo = [each for each in ordered if self._is_due(each, done)]
        for each in todo:
            is_open = bool(self.config["is_snapshot"]) and each is not todo[-1]
            with self._place.local(each) as file:
                facts = facts_of(file)
                same = at.get("file") == file.name and at.get("sha256") == facts.sha256
                if done.get(file.name, [None])[-1] == facts.sha256:  # touched, not changed
                    done[file.name] = _mark(file, facts)
                    yield Page((), _state(done, is_open))
                else:
                    after = int(at["row"]) if same else 0
                    yield from self._read_file(stream, file, done, after, is_open)

    def _is_due(self, file: Found, done: Mapping[str, Sequence[Any]]) -> bool:
        """Whether the file is complete and looks different from what was read."""
        seen = list(done.get(file.name, ()))[:2] == [file.size, file.mtime_ns]
        return not seen and not self._settles_in(file)

    def _read_file(
        self, stream: Stream, file: Found, done: dict[str, list[Any]], after: int, is_open: bool
    ) -> Iterator[Page]:
        """The pages of one file; `done` is complemented by it at the end."""
        grouped, facts = bool(self.config["is_grouped"]), facts_of(file)
        others = {name: mark for name, mark in done.items() if name != file.name}
        end = _state({**others, file.name: _mark(file, facts)}, is_open)
        total, is_empty = None, True
        try:
            table = open_table(file, self._format)
            self._require_key(stream, table, file)
            total = table.total
            for batch, is_last in with_last(table.batches(after, self.config["page_size"])):
                is_empty = False
                self._finish(stream, file, batch, grouped)
                if is_last:
                    self._require_unchanged(file)
                at = {"file": file.name, "sha256": facts.sha256, "row": batch.row}
                state = end if is_last else {**_state(others, is_open), "at": at}
                yield Page(batch.records, state, (), total, batch.rejected)
            if is_empty:
                yield Page((), end, (), total)
        except ConfigError as error:
            # One damaged file of a pattern is reported and passed over. A snapshot must not be:
            # its rows would count as deleted.
            if not grouped or self.config["is_snapshot"]:
                raise
            refused = Rejected(None, None, error.message, {"file": file.name})
            yield Page((), end, (), total, (refused,))
        done[file.name] = _mark(file, facts)

    def _finish(self, stream: Stream, file: Found, batch: Batch, grouped: bool) -> None:
        """Names the file in grouped rows and refuses rows without a key."""
        if grouped:
            for record in batch.records:
                record["_file"] = file.name
            batch.rejected = [
                Rejected(each.external_id, each.row, f"{file.name}: {each.reason}", each.document)
                for each in batch.rejected
            ]
        keys = [name for name in stream.key if not name.startswith("_")]
        if not keys:
            return
        blank = [
            record
            for record in batch.records
            if any((v := record.get(k)) is None or not str(v).strip() for k in keys)
        ]
        for record in blank:
            reason = f"The key “{', '.join(keys)}” is empty."
            row = record.pop("_row")
            document = shown(list(record), list(record.values()))
            batch.rejected.append(Rejected(None, row, reason, document))
        if blank:
            gone = {id(record) for record in blank}
            batch.records = [record for record in batch.records if id(record) not in gone]

    def _require_key(self, stream: Stream, table: Table, file: Found) -> None:
        absent = [k for k in stream.key if not k.startswith("_") and k not in table.names]
        if absent:
            raise ConfigError(
                f"{file.name} has no column “{absent[0]}”, which is the key. "
                f"It has: {', '.join(table.names[:20])}."
            )

    def _require_unchanged(self, file: Found) -> None:
        now = self._place.again(file)
        if (now.size, now.mtime_ns) != (file.size, file.mtime_ns):
            raise Transient(f"{file.name} changed while it was read; it is read again.")

    def _require_snapshot(self, files: Sequence[Found], state: Mapping[str, Any]) -> None:
        """A snapshot is read whole or not at all: waits for its files, starts anew on a change."""
        wait = max(self._settles_in(file) for file in files)
        if wait > 0:
            raise Throttled(wait, "The files are still being written; they are read when complete.")
        if not state:
            return
        known = {file.name: file for file in files}
        marks = {name: list(mark) for name, mark in state.get("files", {}).items()}
        at = state.get("at")
        if at:
            marks[at["file"]] = [at["sha256"]]
        for name, mark in marks.items():
            if name not in known or self._place.sha256(known[name], mark) != mark[-1]:
                raise CursorExpired(f"{name} changed; the files are read again as a whole.")
        if not at and not state.get("open") and set(known) - set(marks):
            raise CursorExpired("There is a new file; the files are read again as a whole.")

    def _stream(self, name: str, sample: Sample) -> Stream:
        config = self.config
        entity = config["entity"]
        if entity == "auto":
            entity = guess_entity(name, sample.names)
        key = choose_key(sample, config["key"], entity, bool(config["is_grouped"]))
        defaults = Defaults(config["currency"], config["zone"], config["region"])
        deletes = "sweep" if config["is_snapshot"] else "none"
        return make_stream(name, sample, key, entity, defaults, deletes)

    def _groups(self) -> dict[str, list[Found]]:
        """Stream name to its files, in the order of the patterns."""
        patterns = self.config["patterns"] or ANY
        groups: dict[str, list[Found]] = {}
        taken: set[str] = set()
        for pattern, found in zip(patterns, self._place.find(patterns), strict=True):
            for file in found:
                if file.name not in taken:
                    taken.add(file.name)
                    group = pattern if self.config["is_grouped"] else file.name
                    groups.setdefault(group, []).append(file)
        return groups

    def _settles_in(self, file: Found) -> float:
        return self._place.settles_in(file, self.config["settle_seconds"], self.clock())


def _mark(file: Found, facts: Facts) -> list[Any]:
    return [file.size, file.mtime_ns, facts.sha256]


def _state(done: Mapping[str, Any], is_open: bool) -> dict[str, Any]:
    """The state after a file; `open` says that more of a snapshot's files are to come."""
    return {"files": dict(done), "open": True} if is_open else {"files": dict(done)}
