"""`efm db backup FILE` and `efm db restore FILE`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from efm.errors import Conflict, Invalid

if TYPE_CHECKING:
    from efm.config import Config
    from efm.db.embedded import Embedded

WORD = "replace"
RESTORING = "efm_restoring"
REPLACED = "efm_replaced"


def register(commands: Any) -> None:
    """Add the two actions to `efm db`, which the database's room has made."""
    actions = commands.database_actions
    action = actions.add_parser("backup", help="write the whole database into one file")
    action.add_argument("file", type=Path, metavar="FILE")
    action.add_argument("--overwrite", action="store_true", help="replace FILE when it exists")
    action.add_argument("--json", action="store_true", help="print JSON")
    action.set_defaults(run=backup)
    action = actions.add_parser("restore", help="read a backup into an empty database")
    action.add_argument("file", type=Path, metavar="FILE")
    action.add_argument(
        "--replace", action="store_true", help="replace what the embedded database holds now"
    )
    action.add_argument("--confirm", metavar="WORD", help=f"answer the question: {WORD}")
    action.add_argument("--json", action="store_true", help="print JSON")
    action.set_defaults(run=restore)


def backup(arguments: argparse.Namespace) -> int:
    """Write the backup and say what it holds."""
    from efm import config as configuration
    from efm.db import archive
    from efm.db.embedded import Embedded

    config = configuration.load()
    if config.database_url is not None:
        manifest = archive.dump(_owner(config), arguments.file, overwrite=arguments.overwrite)
    else:
        with Embedded(config.data_folder) as embedded:
            manifest = archive.dump(
                embedded.superuser_url(), arguments.file, overwrite=arguments.overwrite
            )
    if arguments.json:
        print(json.dumps(asdict(manifest)))
        return 0
    rows = sum(manifest.rows.values())
    print(
        f"Wrote {manifest.file}: {manifest.bytes:,} bytes, {rows:,} rows in "
        f"{len(manifest.rows)} tables, at revision {manifest.revision}.\n"
        f"SHA-256 {manifest.sha256}\n"
        "Keep the secret key (EFM_SECRET_KEY, or secret-key in the data folder) in another safe "
        "place: without it, stored credentials cannot be opened after a restore."
    )
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Restore into an empty database, or beside the embedded one and then take its place."""
    from efm import config as configuration
    from efm.db import archive

    config = configuration.load()
    revision = archive.revision_of(arguments.file)
    _known(revision, arguments.file)
    if config.database_url is None:
        rows = _restore_embedded(config, arguments)
    elif arguments.replace:
        raise Conflict(
            "--replace is for the embedded database. On a server, create an empty database, name "
            "it in EFM_OWNER_URL and EFM_DATABASE_URL, restore there, and serve from it."
        )
    else:
        rows = archive.restore(_owner(config), arguments.file)
        _upgrade(_owner(config), config.database_url)
    if arguments.json:
        print(json.dumps({"revision": revision, "rows": rows}))
    else:
        print(f"Restored {sum(rows.values()):,} rows in {len(rows)} tables from {arguments.file}.")
    return 0


def _restore_embedded(config: Config, arguments: argparse.Namespace) -> dict[str, int]:
    """Restore into a fresh database first, so that a failure leaves the old one as it was."""
    from efm.db import archive
    from efm.db.embedded import Embedded

    with Embedded(config.data_folder) as embedded:
        with archive.connect(embedded.superuser_url()) as connection:
            if archive.others(connection):
                raise Conflict(
                    "The service is running on this database. Stop it (Ctrl-C), then restore."
                )
            held = archive.count_rows(connection)
        if held and not arguments.replace:
            raise Conflict(
                f"The embedded database already holds {sum(held.values()):,} rows in {len(held)} "
                "tables. Add --replace to put the backup in their place."
            )
        if held:
            _ask(sum(held.values()), arguments.confirm)
        embedded.drop_database(RESTORING)
        embedded.create_database(RESTORING)
        try:
            rows = archive.restore(
                embedded.superuser_url(RESTORING), arguments.file, role="efm_owner"
            )
            urls = embedded.urls(RESTORING)
            _upgrade(urls.owner, urls.app)
            _swap(embedded)
        finally:
            embedded.drop_database(RESTORING)
    return rows


def _swap(embedded: Embedded) -> None:
    """Give the restored database the name of the old one, then drop the old one."""
    embedded.drop_database(REPLACED)
    embedded.rename_databases({"efm": REPLACED, RESTORING: "efm"})
    embedded.drop_database(REPLACED)


def _ask(rows: int, answer: str | None) -> None:
    """Ask for the one clear word before rows are lost."""
    if answer is None and sys.stdin.isatty():
        print(f"The {rows:,} rows in the embedded database will be lost.")
        answer = input(f"Type {WORD} to put the backup in their place: ").strip()
    if answer != WORD:
        raise Conflict(
            f"Nothing was changed: {rows:,} rows would be lost. Answer {WORD}, or add "
            f"--confirm {WORD} where nobody can be asked."
        )


def _known(revision: str | None, file: Path) -> None:
    """Refuse a backup of a schema this version of the code does not know."""
    from efm.db import migrate

    if revision is None:
        raise Invalid(f"{file} holds no schema revision; it is not a backup of this service.")
    if revision not in migrate.revisions():
        raise Invalid(
            f"{file} stands at revision {revision}, which this version does not know. Install the "
            "version of the service that made it, or a later one."
        )


def _upgrade(owner_url: str, app_url: str) -> None:
    from efm.cli.open import app_role
    from efm.db import migrate

    migrate.upgrade(owner_url, app_role(app_url))


def _owner(config: Config) -> str:
    if config.owner_url is None:
        raise Invalid(
            "Set EFM_OWNER_URL to the owner's database URL; the serving role sees only a part."
        )
    return config.owner_url
