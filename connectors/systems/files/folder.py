"""Finding files inside one folder and never outside it; their fingerprints and encodings."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from connectors.errors import ConfigError, Transient

KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
    ".pq": "parquet",
}
MOST_FILES = 10_000
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """One file: its name relative to the folder (with /), where it really is, size and times."""

    name: str
    path: Path
    size: int
    mtime_ns: int
    ctime_ns: int = 0

    @property
    def kind(self) -> str:
        """csv, xlsx or parquet, by the extension."""
        return KINDS[self.path.suffix.lower()]


@dataclass(frozen=True, slots=True)
class Facts:
    """What one pass over a file's bytes tells. `lines` is an upper bound of its rows."""

    sha256: str
    lines: int
    has_nul: bool
    has_long_line: bool
    encoding: str  # utf-8, cp1252 or utf-16, as the bytes suggest
    is_clean: bool  # whether every byte can be read in that encoding


def root_of(folder: str, allowed: Sequence[str] = ()) -> Path:
    """The real path of the folder. Raises ConfigError when it is missing or not allowed."""
    if "\0" in folder:
        raise ConfigError("The folder's name is not valid.", {"folder": ["Not a folder name."]})
    try:
        root = Path(folder).expanduser().resolve(strict=True)
    except (OSError, RuntimeError) as error:
        text = f"The folder {folder} does not exist or cannot be reached."
        raise ConfigError(text, {"folder": ["No such folder."]}) from error
    if not root.is_dir():
        raise ConfigError(f"{folder} is not a folder.", {"folder": ["Not a folder."]})
    inside = [Path(each).expanduser().resolve() for each in allowed]
    if inside and not any(root == each or each in root.parents for each in inside):
        text = f"The folder {folder} is outside the places files may be read from."
        raise ConfigError(text, {"folder": ["Not allowed; ask the operator."]})
    if not os.access(root, os.R_OK | os.X_OK):
        text = f"The folder {folder} cannot be read; check its permissions."
        raise ConfigError(text, {"folder": ["Not readable."]})
    return root


def check_pattern(pattern: str) -> str:
    """The pattern, if it stays in the folder. Raises ConfigError otherwise."""
    pure = PurePosixPath(pattern.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\0" in pattern:
        text = f"The pattern “{pattern}” must stay inside the folder, such as orders-*.csv."
        raise ConfigError(text, {"patterns": [text]})
    return str(pure)


def find(root: Path, pattern: str) -> list[Found]:
    """The readable files that match, by name. What leads out of the folder is not found."""
    found: list[Found] = []
    try:
        literal = root / check_pattern(pattern)
        # A name with brackets in it is that file first, and a pattern only if there is none.
        matches: Iterable[Path] = [literal] if literal.is_file() else sorted(root.glob(pattern))
    except (ValueError, OSError, NotImplementedError) as error:
        raise ConfigError(f"The pattern “{pattern}” cannot be used: {error}.") from error
    for match in matches:
        if match.suffix.lower() not in KINDS or match.name.startswith((".", "~$")):
            continue
        try:
            real = match.resolve(strict=True)
            facts = real.stat()
        except (OSError, RuntimeError):
            continue  # gone in the meantime, or a link that leads nowhere
        if root not in real.parents or not stat.S_ISREG(facts.st_mode):
            continue
        if real.suffix.lower() not in KINDS:
            continue
        name = match.relative_to(root).as_posix()
        found.append(Found(name, real, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns))
        if len(found) > MOST_FILES:
            raise ConfigError(
                f"More than {MOST_FILES:,} files match “{pattern}”; choose a narrower pattern."
            )
    return found


def settles_in(file: Found, settle_seconds: float, now: float) -> float:
    """Seconds until the file counts as complete: 0 when old enough or its `.done` is there."""
    age = abs(now - file.mtime_ns / 1e9)  # a clock ahead of ours must not block for ever
    if age >= settle_seconds:
        return 0.0
    marks = (file.path.with_name(file.path.name + ".done"), file.path.with_suffix(".done"))
    return 0.0 if any(mark.exists() for mark in marks) else settle_seconds - age


def again(file: Found) -> Found:
    """The same file as it is now. Raises Transient when it is gone."""
    try:
        facts = file.path.stat()
    except OSError as error:
        raise Transient(f"{file.name} was removed while it was read.") from error
    return Found(file.name, file.path, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


@lru_cache(maxsize=2048)
def facts_of(file: Found) -> Facts:
    """One pass over the bytes (once while path, size and times stay the same). Raises ConfigError when the file cannot be read."""
    digest, lines, has_nul, has_long_line, start = hashlib.sha256(), 0, False, False, b""
    strict = codecs.getincrementaldecoder("utf-8")()
    is_utf8, is_text = True, file.kind == "csv"
    try:
        with file.path.open("rb") as source:
            while chunk := source.read(_CHUNK):
                start = start or chunk[:4]
                digest.update(chunk)
                if is_text:
                    lines += chunk.count(b"\n")
                    has_nul = has_nul or b"\0" in chunk
                    has_breaks = b"\n" in chunk or b"\r" in chunk
                    has_long_line = has_long_line or (len(chunk) == _CHUNK and not has_breaks)
                    is_utf8 = is_utf8 and _decodes(strict, chunk)
    except OSError as error:
        raise ConfigError(f"{file.name} cannot be read: {error.strerror}.") from error
    if is_text and is_utf8:
        is_utf8 = _decodes(strict, b"", final=True)
    encoding = "utf-8"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, is_utf8 = "utf-16", False
    elif is_text and not is_utf8:
        encoding = _likely(file.path)
    return Facts(digest.hexdigest(), lines, has_nul, has_long_line, encoding, is_utf8)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _likely(path: Path) -> str:
    """UTF-8 with a few damaged bytes, or the old Windows code page."""
    good = bad = 0
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as source:
        while text := source.read(_CHUNK):
            if not text.isascii():
                for letter in text:
                    if letter > "\x7f":
                        bad += "\udc80" <= letter <= "\udcff"
                        good += not "\udc80" <= letter <= "\udcff"
            if good + bad > 10_000:
                break
    return "utf-8" if good > bad else "cp1252"
