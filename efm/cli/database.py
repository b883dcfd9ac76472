"""`efm db upgrade` and `efm db check`."""

from __future__ import annotations

import argparse
import json
from typing import Any

from efm.cli.open import app_role, opened
from efm.errors import Invalid


def register(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser("db", help="migrate, check, back up and restore the database")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    commands.database_actions = actions
    for name, what, run in (
        ("upgrade", "bring the schema up to date", upgrade),
        ("check", "tell whether schema, role and code agree", check),
    ):
        action = actions.add_parser(name, help=what)
        action.add_argument("--json", action="store_true", help="print JSON")
        action.set_defaults(run=run)


def upgrade(arguments: argparse.Namespace) -> int:
    """Migrate under the owner's role."""
    from efm.db import migrate

    with opened() as config:
        if config.owner_url is None:
            raise Invalid(
                "Set EFM_OWNER_URL to the owner's database URL; the serving role cannot migrate."
            )
        before = migrate.current(config.owner_url)
        migrate.upgrade(config.owner_url, app_role(config.database_url or ""))
        after = migrate.current(config.owner_url)
    if arguments.json:
        print(json.dumps({"before": before, "after": after}))
    else:
        print(f"The database stands at {after}" + (", as before." if before == after else "."))
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Compare the schema with the code and look at the serving role."""
    from alembic.util import CommandError

    from efm.db import migrate
    from efm.db.engine import check_serving_role, make_engine
    from efm.errors import Unready

    faults = []
    with opened() as config:
        current = migrate.current(config.owner_url or config.database_url or "")
        if current != migrate.head():
            faults.append(
                f"The database stands at {current}, the code at {migrate.head()}; run `efm db upgrade`."
            )
        elif config.owner_url is not None:
            try:
                migrate.check(config.owner_url, app_role(config.database_url or ""))
            except CommandError as error:
                faults.append(str(error))
        engine = make_engine(config.database_url or "")
        try:
            check_serving_role(engine)
        except Unready as error:
            faults.append(error.message)
        finally:
            engine.dispose()
    if arguments.json:
        print(json.dumps({"revision": current, "faults": faults}))
    else:
        print("\n".join(faults) or f"Schema, role and code agree at {current}.")
    return 1 if faults else 0
