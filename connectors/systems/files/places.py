"""Where files lie: a folder of this machine here, one of another machine in `remote`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from connectors.systems.files.folder import Found, again, facts_of, find, root_of, settles_in
from connectors.systems.files.opening import Format, sample_of
from connectors.systems.files.streams import Sample


class Place(Protocol):
    """A folder with files. `shown` names it for people."""

    shown: str

    def find(self, patterns: Sequence[str]) -> list[list[Found]]:
        """The files of each pattern, by name. Raises ConfigError, Transient."""

    def settles_in(self, file: Found, settle_seconds: float, now: float) -> float:
        """Seconds until the file counts as complete."""

    def sample(self, file: Found, how: Format) -> Sample:
        """The first records of a file. Raises ConfigError like `open_table`, Transient."""

    def local(self, file: Found) -> AbstractContextManager[Found]:
        """The same file as one of this machine, for as long as the block runs."""

    def sha256(self, file: Found, mark: Sequence[Any]) -> str:
        """The hash of its bytes; `mark` is [size, time, hash] of when it was read, or the hash."""

    def again(self, file: Found) -> Found:
        """The file as it is now, once it was read. Raises Transient when it is gone."""

    def __enter__(self) -> object:
        """Begins to use it; several uses may overlap."""

    def __exit__(self, *exc: object) -> None:
        """Ends a use; after the last one connections and copies are let go."""


class Local:
    """A folder of this machine."""

    def __init__(self, folder: str, roots: Sequence[str]) -> None:
        self.shown, self._roots = folder, roots

    def find(self, patterns: Sequence[str]) -> list[list[Found]]:
        """See `Place`. Raises ConfigError for a folder that is missing or not allowed."""
        root = root_of(self.shown, self._roots)
        return [find(root, pattern) for pattern in patterns]

    def settles_in(self, file: Found, settle_seconds: float, now: float) -> float:
        """See `Place`."""
        return settles_in(file, settle_seconds, now)

    def sample(self, file: Found, how: Format) -> Sample:
        """See `Place`."""
        return sample_of(file, how)

    def local(self, file: Found) -> AbstractContextManager[Found]:
        """See `Place`."""
        return nullcontext(file)

    def sha256(self, file: Found, mark: Sequence[Any]) -> str:
        """See `Place`."""
        return facts_of(file).sha256

    def again(self, file: Found) -> Found:
        """See `Place`."""
        return again(file)

    def __enter__(self) -> Local:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing is held."""
