"""Files of a folder on an SFTP server: found by listing, copied into a temporary file to be read.

Links are not followed, and nothing outside the folder is named. A file is hashed and read from one
copy, so that it cannot change in between; what changed while it was copied is copied again later.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from connectors.errors import ConfigError, Transient
from connectors.outside import Outside
from connectors.systems.files import sftp
from connectors.systems.files.folder import KINDS, MOST_FILES, Found, check_pattern, facts_of
from connectors.systems.files.opening import Format, sample_of
from connectors.systems.files.streams import Sample

MOST_FOLDERS = 1_000
MOST_ENTRIES = 200_000
DEEPEST = 20
LARGEST = 8 << 30
COPY_SECONDS = 3600.0
_CHUNK = 1 << 18
_SPARE = 256 << 20
_REQUESTS = 64
"""Pieces of 32 kB that are asked for ahead, which bounds what is held in memory."""

_samples: dict[tuple[Any, ...], Sample] = {}
_samples_lock = threading.Lock()


class Remote:
    """A folder of an SFTP server; see `places.Place`."""

    def __init__(self, config: Mapping[str, Any], outside: Outside) -> None:
        self._where = sftp.location(config["location"])
        self._pinned = sftp.fingerprints(config["host_key"])
        self._by = sftp.Credential(config["password"], config["private_key"], config["passphrase"])
        secrets = (self._by.password, self._by.private_key, sorted(self._pinned))
        self._mark = hashlib.sha256(repr((self._where, secrets)).encode()).hexdigest()
        self._outside = outside
        self.shown = self._where.shown
        self._session: sftp.Session | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._listed: dict[str, dict[str, Any]] = {}
        self._uses, self._copies = 0, itertools.count()

    # --- finding ---------------------------------------------------------------------------

    def find(self, patterns: Sequence[str]) -> list[list[Found]]:
        """See `Place`. Raises ConfigError for a folder that is missing or cannot be read."""
        self._listed.clear()
        self._list("", is_root=True)
        return [self._matches(pattern) for pattern in patterns]

    def _matches(self, pattern: str) -> list[Found]:
        parts = PurePosixPath(check_pattern(pattern)).parts
        found: dict[str, Found] = {}
        for name, facts in self._walk("", parts, 0):
            path = PurePosixPath(name)
            if path.suffix.lower() not in KINDS or path.name.startswith((".", "~$")):
                continue
            size, at = _facts(facts)
            if size is None or not stat.S_ISREG(facts.st_mode or 0):
                continue
            found[name] = Found(name, Path(name), size, at)
            if len(found) > MOST_FILES:
                raise ConfigError(
                    f"More than {MOST_FILES:,} files match “{pattern}”; choose a narrower pattern."
                )
        return [found[name] for name in sorted(found, key=PurePosixPath)]

    def _walk(self, folder: str, parts: Sequence[str], depth: int) -> Iterator[tuple[str, Any]]:
        """The files below a folder that match the parts of a pattern, with their attributes."""
        if depth > DEEPEST or not parts:
            return
        head, rest = parts[0], parts[1:]
        entries = self._list(folder)
        inside = {n: e for n, e in entries.items() if stat.S_ISDIR(e.st_mode or 0)}
        if head == "**":
            yield from self._walk(folder, rest, depth + 1)
            for name in sorted(inside):
                yield from self._walk(f"{folder}{name}/", parts, depth + 1)
        elif rest:
            for name in sorted(inside):
                if name == head or fnmatchcase(name, head):
                    yield from self._walk(f"{folder}{name}/", rest, depth + 1)
        elif head in entries:
            yield f"{folder}{head}", entries[head]
        else:
            for name in sorted(entries):
                if fnmatchcase(name, head):
                    yield f"{folder}{name}", entries[name]

    def _list(self, folder: str, is_root: bool = False) -> dict[str, Any]:
        """The usable names in a folder with their attributes; links show as themselves."""
        if folder in self._listed:
            return self._listed[folder]
        if len(self._listed) >= MOST_FOLDERS:
            raise ConfigError(
                f"There are more than {MOST_FOLDERS:,} folders; choose a narrower one."
            )
        found: dict[str, Any] = {}
        files = self._open().files
        try:
            with sftp.told(self._where, f"The folder {self._where.folder}"):
                for number, entry in enumerate(files.listdir_iter(self._path(folder)), start=1):
                    if _is_wanted(entry):
                        found[entry.filename] = entry
                    if number > MOST_ENTRIES:
                        raise ConfigError(
                            f"{self.shown} holds more than {MOST_ENTRIES:,} files; move old ones."
                        )
        except (Transient, ConfigError) as error:
            cause = error.__cause__
            if is_root and isinstance(cause, OSError) and not isinstance(error, sftp.Unreachable):
                why = "does not exist" if isinstance(cause, FileNotFoundError) else "cannot be read"
                text = f"The folder {self._where.folder} {why} on {self._where.host}."
                raise ConfigError(text, {"location": [text]}) from error
            # A folder below that is closed to us is as if it were empty.
            if not isinstance(cause, (FileNotFoundError, PermissionError)):
                raise
        self._listed[folder] = found
        return found

    def _path(self, name: str) -> str:
        base = self._where.folder.rstrip("/")
        return f"{base}/{name}".rstrip("/") or "/"

    def settles_in(self, file: Found, settle_seconds: float, now: float) -> float:
        """See `Place`; the age is told by the time the server gave the file."""
        age = abs(now - file.mtime_ns / 1e9)
        if age >= settle_seconds:
            return 0.0
        folder, _, name = file.name.rpartition("/")
        beside = self._listed.get(f"{folder}/" if folder else "", {})
        marks = (f"{name}.done", f"{PurePosixPath(name).stem}.done")
        return 0.0 if any(mark in beside for mark in marks) else settle_seconds - age

    # --- copying ---------------------------------------------------------------------------

    def sample(self, file: Found, how: Format) -> Sample:
        """See `Place`; kept for the process while the file stays the same."""
        where = (self._mark, file.name, file.size, file.mtime_ns, how)
        with _samples_lock:
            kept = _samples.get(where)
        if kept is not None:
            return kept
        with self.local(file) as here:
            made = sample_of(here, how)
        with _samples_lock:
            if len(_samples) >= 512:
                _samples.clear()
            _samples[where] = made
        return made

    @contextmanager
    def local(self, file: Found) -> Iterator[Found]:
        """See `Place`: a copy, removed at the end."""
        path = self._copied(file)
        try:
            made = path.stat()
            yield Found(file.name, path, file.size, file.mtime_ns, made.st_ctime_ns)
        finally:
            path.unlink(missing_ok=True)

    def sha256(self, file: Found, mark: Sequence[Any]) -> str:
        """See `Place`: of a file whose size and time are as they were, the hash of then."""
        if list(mark[:2]) == [file.size, file.mtime_ns]:
            return str(mark[-1])
        with self.local(file) as here:
            return facts_of(here).sha256

    def again(self, file: Found) -> Found:
        """See `Place`: what was read is the copy, which nobody else can change."""
        return file

    def _copied(self, file: Found) -> Path:
        """A copy of the file as it was listed. Raises Transient when it changed since."""
        if file.size > LARGEST:
            raise ConfigError(f"{file.name} is larger than {LARGEST >> 30} GB; split it.")
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="efm-sftp-")
        if shutil.disk_usage(self._folder.name).free < file.size + _SPARE:
            raise Transient(f"There is no room here for a copy of {file.name}; make room.")
        name = f"{next(self._copies)}{PurePosixPath(file.name).suffix.lower()}"
        path = Path(self._folder.name) / name
        try:
            with sftp.told(self._where, file.name):
                self._copy(file, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    def _copy(self, file: Found, path: Path) -> None:
        files, ends, count = self._open().files, time.monotonic() + COPY_SECONDS, 0
        with files.open(self._path(file.name), "rb") as source, path.open("xb") as target:
            source.prefetch(file.size, max_concurrent_requests=_REQUESTS)
            for chunk in iter(partial(source.read, _CHUNK), b""):
                target.write(chunk)
                count += len(chunk)
                if count > file.size:
                    break
                if time.monotonic() > ends:
                    raise Transient(f"{file.name} took too long to be copied; it is tried again.")
        now = files.lstat(self._path(file.name))
        if count != file.size or _facts(now) != (file.size, file.mtime_ns):
            raise Transient(f"{file.name} changed while it was copied; it is read again.")

    # --- the session -----------------------------------------------------------------------

    def _open(self) -> sftp.Session:
        """The session, opened anew when the server ended it."""
        if self._session is None or not self._session.is_open:
            guard = self._outside.guard
            self._session = sftp.connect(self._where, self._pinned, self._by, guard)
        return self._session

    def __enter__(self) -> Remote:
        self._uses += 1
        return self

    def __exit__(self, *exc: object) -> None:
        self._uses -= 1
        if self._uses <= 0:
            self.close()

    def close(self) -> None:
        """Ends the session and removes the copies."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()


def _facts(entry: Any) -> tuple[int | None, int]:
    """Size, and time of the last change in nanoseconds (whole seconds; 0 where there is none)."""
    size, at = entry.st_size, entry.st_mtime
    usable = type(size) is int and 0 <= size < 1 << 62
    return (size if usable else None), (at * 10**9 if type(at) is int else 0)


def _is_wanted(entry: Any) -> bool:
    """Whether an entry is a folder, a file of a kind that can be read, or a mark beside one."""
    if not _is_name(entry.filename):
        return False
    suffix = PurePosixPath(entry.filename).suffix.lower()
    return suffix in KINDS or suffix == ".done" or stat.S_ISDIR(entry.st_mode or 0)


def _is_name(name: Any) -> bool:
    """Whether a server's name of an entry is just a name."""
    return (
        isinstance(name, str)
        and name not in ("", ".", "..")
        and name.isprintable()
        and not re.search(r"[/\\\x00]", name)
    )
