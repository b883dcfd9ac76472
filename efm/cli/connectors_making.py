"""`efm connectors describe|conformance|new`: for those who write connectors, and those who doubt them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def register(actions: Any) -> None:
    """Add the actions."""
    from efm.cli.connectors import add_action

    one = actions.add_parser("describe", help="a connector's settings, streams and targets")
    one.add_argument("name", help="the connector's name, as list gives it")
    one.add_argument("--json", action="store_true", help="print JSON")
    one.set_defaults(run=describe)
    add_action(
        actions, "conformance", "hold a connection to the contract, by reading only", conform
    )
    new = actions.add_parser("new", help="write the files of a new connector, with tests that pass")
    new.add_argument("name", help="its name, such as acme_crm")
    new.add_argument("--folder", type=Path, default=Path(), help="where; without it, here")
    new.set_defaults(run=make)


def describe(arguments: argparse.Namespace) -> int:
    """The declaration of an installed connector, as its form and its docs are drawn from it."""
    from connectors import registry, settings
    from connectors.errors import UnknownConnector
    from efm.cli.connectors import say
    from efm.errors import NotFound

    try:
        kind = registry.get(arguments.name)
    except UnknownConnector as error:
        raise NotFound(error.message) from error
    form = settings.form(kind.Config)
    said = {
        "name": kind.name, "label": kind.label, "version": kind.version, "summary": kind.summary,
        "settings": [
            {
                "name": each.name, "label": each.label, "help": each.help, "type": each.type,
                "required": each.required, "secret": each.secret,
                "choices": [value for value, _ in each.choices],
                "default": None if each.secret else each.default,
            }
            for each in form
        ],
    }  # fmt: skip
    lines = [f"{kind.label} ({kind.name}, version {kind.version})", kind.summary, "", "Settings:"]
    for each in form:
        marks = [m for m, is_so in (("needed", each.required), ("sealed", each.secret)) if is_so]
        lines.append(f"  {each.name:20} {each.label}" + (f" ({', '.join(marks)})" if marks else ""))
        lines += [" " * 23 + each.help] if each.help else []
    say(arguments, said, "\n".join(lines))
    return 0


def conform(arguments: argparse.Namespace) -> int:
    """Each promise and whether it is kept; non-zero when one is not."""
    from connectors.examining import examine
    from efm.cli.connectors import connection_of, say
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.sync import connections
    from efm.vault import Vault

    said = []
    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, connection_id = connection_of(
            engine, arguments.organization, arguments.connection
        )
        vault = Vault(config.secret_key)

        def make() -> Any:
            with unit(engine, organization.id, read_only=True) as session:
                connection = connections.get(session, connection_id)
                return connections.open_connector(config, vault, connection)

        with connections.plainly():
            for found in examine(make(), make):
                said.append(found)
                if not arguments.json:
                    where = f"{found.stream}: " if found.stream else ""
                    mark = "kept  " if found.is_kept else "BROKEN"
                    print(f"{mark} {where}{found.promise} ({found.said})", flush=True)
        engine.dispose()
    broken = sum(not each.is_kept for each in said)
    if arguments.json:
        say(arguments, [
            {"promise": e.promise, "stream": e.stream, "is_kept": e.is_kept, "said": e.said}
            for e in said
        ], "")  # fmt: skip
    else:
        print(f"{len(said) - broken} of {len(said)} promises kept.")
    return 1 if broken else 0


def make(arguments: argparse.Namespace) -> int:
    """The new files' names."""
    from connectors import template
    from connectors.errors import ConfigError

    try:
        made = template.write(arguments.name, arguments.folder)
    except ConfigError as error:
        print(error.message, file=sys.stderr)
        return 1
    for path in made:
        print(path)
    print(f"\nTry it: cd {made[0].parent} && python -m pytest")
    return 0
