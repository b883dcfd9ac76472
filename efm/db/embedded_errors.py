"""What can go wrong with the embedded database, in words that say what to do."""

from __future__ import annotations

import errno
from pathlib import Path


class EmbeddedError(Exception):
    """The embedded database cannot be used; the message says what to do."""


ADVICE: tuple[tuple[str, str], ...] = (
    (
        "No space left on device",
        "The disk that holds {folder} is full. Free some space (at least 200 MB) and start again.",
    ),
    (
        "could not look up effective user ID",
        "This account has no name in the system's list of users, and PostgreSQL insists on one. "
        "Run as a named account, or set EFM_DATABASE_URL to a PostgreSQL server.",
    ),
    (
        "database files are incompatible with server",
        "The database in {folder} was written by another version of PostgreSQL. Set EFM_PG_BIN to "
        "that version's bin folder, or move {folder} away and restore a backup.",
    ),
    (
        "Read-only file system",
        "{folder} is on a read-only file system. Set EFM_DATA_FOLDER to a folder that can be "
        "written.",
    ),
    (
        "Permission denied",
        "The account that runs PostgreSQL may not use {folder}. Make the folder its own again, or "
        "set EFM_DATA_FOLDER to another folder.",
    ),
    (
        "could not map anonymous shared memory",
        "There is too little free memory to start PostgreSQL (it needs about 150 MB). Free some, "
        "or set EFM_DATABASE_URL to a PostgreSQL server on another machine.",
    ),
    (
        "could not create Unix-domain socket",
        "PostgreSQL could not open its socket. Set EFM_DATA_FOLDER to a folder on a local disk.",
    ),
    (
        "error while loading shared libraries",
        "The PostgreSQL programs lack a system library (see below). Install it, or set EFM_PG_BIN "
        "to the bin folder of an installed PostgreSQL 15 or later.",
    ),
)


def explain(what: str, output: str, folder: Path) -> EmbeddedError:
    """An error for `what` failing, from what PostgreSQL wrote, with advice when it is known."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    tail = "\n".join(f"  {line}" for line in lines[-8:])
    for sign, advice in ADVICE:
        if sign in output:
            return EmbeddedError(f"{what}. {advice.format(folder=folder)}\n{tail}")
    return EmbeddedError(
        f"{what}. PostgreSQL said:\n{tail or '  (nothing)'}\n"
        f"The log is in {folder}. Set EFM_DATABASE_URL to use a server of your own instead."
    )


def unusable(error: OSError, folder: Path) -> EmbeddedError:
    """An error for a folder that the system would not let us use."""
    reason = f"{error.strerror or error} ({error.filename or folder})"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "Free some space (at least 200 MB) and start again"
    else:
        remedy = "Set EFM_DATA_FOLDER to a folder on a local disk that this account may write"
    return EmbeddedError(f"The folder {folder} cannot hold the database: {reason}. {remedy}.")
