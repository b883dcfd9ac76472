"""Files people upload for a connection: safe names, a bounded size, whole or not there at all."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from connectors.systems.files.folder import KINDS
from efm.config import Config
from efm.errors import Invalid, NotFound
from efm.sync import connections

LARGEST_BYTES = 64 * 1024 * 1024
MOST_FILES = 50
ACCEPTED = tuple(KINDS)
_CHUNK = 1 << 20


def folder_of(config: Config, organization_id: uuid.UUID, connection_id: uuid.UUID) -> Path:
    """Where the uploaded files of one connection live."""
    return connections.folder_of(config, organization_id) / "connections" / str(connection_id)


def safe_name(given: str) -> str:
    """A file name that is only a name: no folder, nothing hidden, no odd signs.

    Raises Invalid when the kind of file is not one that can be read.
    """
    name = re.split(r"[/\\]", given)[-1]
    name = re.sub(r"[^\w .()+-]+", "_", name).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not stem.strip("_ ") or f".{ending.lower()}" not in KINDS:
        shown = name[:60] or "This file"
        raise Invalid(
            f"{shown} is not a CSV, Excel or Parquet file.",
            problems={"files": f"{shown} is not a CSV, Excel (.xlsx) or Parquet file."},
        )
    return f"{stem[:100]}{dot}{ending.lower()}"


def keep(folder: Path, given: str, source: BinaryIO) -> Path:
    """Store one upload under its safe name, replacing an older one; a cut upload leaves nothing.

    Raises Invalid when it is empty, too large or of another kind.
    """
    name = safe_name(given)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{uuid.uuid4().hex}.part"
    size = 0
    try:
        with part.open("wb") as target:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > LARGEST_BYTES:
                    raise _unusable(name, "is larger than 64 MB; split it")
                target.write(chunk)
        if size == 0:
            raise _unusable(name, "is empty")
        final = folder / name
        if not final.exists() and len(names(folder)) >= MOST_FILES:
            raise _unusable(name, f"is one too many: a connection holds {MOST_FILES} files")
        part.replace(final)
        return final
    finally:
        part.unlink(missing_ok=True)


def _unusable(name: str, why: str) -> Invalid:
    return Invalid(f"{name} {why}.", problems={"files": f"{name} {why}."})


def keep_all(folder: Path, given: Iterable[tuple[str, BinaryIO]]) -> list[Path]:
    """Store several uploads, all or none of the new ones refused by name."""
    chosen = list(given)
    for name, _ in chosen:
        safe_name(name)
    return [keep(folder, name, source) for name, source in chosen]


def names(folder: Path) -> list[str]:
    """The uploaded files by name."""
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if each.is_file() and each.name[:1] != ".")


def drop(folder: Path, name: str) -> None:
    """Delete one uploaded file. Raises NotFound when there is none of that name."""
    if name not in names(folder):
        raise NotFound("There is no such file.")
    (folder / name).unlink()
