"""`efm connectors`: connections from the command line; what is rarer is in its neighbours."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Callable
from typing import Any

from efm.cli import connectors_looking, connectors_making, connectors_writing


def register(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser("connectors", help="list, check and sync connections")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, what, run in (
        ("list", "connectors installed here, and the connections of each organization", show),
        ("check", "ask a connection's system who we are there", check),
        ("sync", "run a connection's streams now, to their end", sync),
        ("resync", "read a connection's streams anew, from the beginning", sync),
    ):
        action = add_action(actions, name, what, run, of_connection=name != "list")
        if name in ("sync", "resync"):
            action.add_argument("stream", nargs="?", help="one stream; without it all that are on")
            action.add_argument(
                "--use-rest", action="store_true",
                help="use what is left of the system's calls of the day, too",
            )  # fmt: skip
    connectors_looking.register(actions)
    connectors_writing.register(actions)
    connectors_making.register(actions)


def add_action(
    actions: Any, name: str, what: str, run: Callable[..., int], *, of_connection: bool = True
) -> argparse.ArgumentParser:
    """One action with the arguments all of them have."""
    action: argparse.ArgumentParser = actions.add_parser(name, help=what)
    action.add_argument("--organization", metavar="SLUG", help="only this organization")
    action.add_argument("--json", action="store_true", help="print JSON")
    if of_connection:
        action.add_argument("connection", help="the connection's name")
    action.set_defaults(run=run)
    return action


def _organizations(engine: Any, slug: str | None) -> list[Any]:
    from sqlalchemy import text

    from efm.errors import NotFound

    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, slug FROM efm_organizations()")).all()
    found = [row for row in rows if slug in (None, row.slug)]
    if slug is not None and not found:
        raise NotFound(f"There is no organization “{slug}”.")
    return found


def connection_of(engine: Any, slug: str | None, name: str) -> tuple[Any, uuid.UUID]:
    """The organization's row and the connection's id; raises NotFound or Conflict."""
    from efm.db.engine import unit
    from efm.errors import Conflict, NotFound
    from efm.sync import connections

    found = []
    for organization in _organizations(engine, slug):
        with unit(engine, organization.id, read_only=True) as session:
            found += [
                (organization, each.id)
                for each in connections.everything(session)
                if each.name == name
            ]
    if not found:
        raise NotFound(f"There is no connection “{name}”.")
    if len(found) > 1:
        slugs = ", ".join(organization.slug for organization, _ in found)
        raise Conflict(f"Several organizations have one: {slugs}. Name one by --organization.")
    return found[0]


def say(arguments: argparse.Namespace, said: Any, plain: str) -> None:
    print(json.dumps(said) if arguments.json else plain)


def show(arguments: argparse.Namespace) -> int:
    """What is installed, and what is connected."""
    from connectors import registry
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.sync import connections

    installed = {name: registry.get(name).label for name in registry.names()}
    broken = dict(registry.broken())
    connected = []
    with opened() as config:
        engine = make_engine(config.database_url or "")
        for organization in _organizations(engine, arguments.organization):
            with unit(engine, organization.id, read_only=True) as session:
                connected += [
                    {
                        "organization": organization.slug,
                        "connection": each.name,
                        "connector": each.connector,
                        "state": each.state,
                    }
                    for each in connections.everything(session)
                ]
        engine.dispose()
    lines = [f"{name:12} {label}" for name, label in installed.items()]
    lines += [f"{name:12} cannot be loaded: {why}" for name, why in broken.items()]
    lines += [
        f"{c['organization']:24} {c['connection']:30} {c['connector']:10} {c['state']}"
        for c in connected
    ]
    said = {"connectors": installed, "broken": broken, "connections": connected}
    say(arguments, said, "\n".join(lines))
    return 1 if broken else 0


def check(arguments: argparse.Namespace) -> int:
    """Ask the other system; non-zero when it does not let us in."""
    from efm import clock
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.sync import connections
    from efm.vault import Vault

    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, connection_id = connection_of(
            engine, arguments.organization, arguments.connection
        )
        with unit(engine, organization.id) as session:
            connection = connections.get(session, connection_id)
            result = connections.check(config, Vault(config.secret_key), connection, clock.now())
        engine.dispose()
    said = {"ok": result.ok, "who": result.who, "may": [*result.may], "notes": [*result.notes]}
    lines = [result.who or "The system did not let us in.", *result.notes]
    say(arguments, said, "\n".join(each for each in lines if each))
    return 0 if result.ok else 1


def sync(arguments: argparse.Namespace) -> int:
    """Run the streams here and now; non-zero when one failed."""
    from sqlalchemy import select

    from connectors.errors import NotSupported
    from efm import clock
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.errors import NotFound
    from efm.models import SyncRun
    from efm.sync import connections, control, setup

    failed = 0
    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, connection_id = connection_of(
            engine, arguments.organization, arguments.connection
        )
        with unit(engine, organization.id) as session:
            streams = setup.in_order(session, connection_id)
        # A paused stream is named to be told why it is not read.
        wanted = arguments.stream
        chosen = [e.stream for e in streams if (e.stream == wanted if wanted else not e.is_paused)]
        if not chosen:
            raise NotFound("No such stream is chosen; map its fields in the browser first.")
        for stream in chosen:
            with unit(engine, organization.id) as session:
                try:
                    if arguments.action == "resync":
                        control.restart(session, connection_id, stream, clock.now())
                    run = connections.request_run(
                        session, connection_id, stream, clock.now(), uses_rest=arguments.use_rest
                    )
                except NotSupported as error:
                    raise NotFound(error.message) from error
            _run_to_end(engine, config, organization.id, run.id)
            with unit(engine, organization.id, read_only=True) as session:
                ended = session.scalars(select(SyncRun).where(SyncRun.id == run.id)).one()
            failed += ended.state != "succeeded"
            say(arguments, _report(ended), _plain(ended))
        engine.dispose()
    return 1 if failed else 0


def _run_to_end(engine: Any, config: Any, organization_id: uuid.UUID, run_id: uuid.UUID) -> None:
    import time

    from efm import clock
    from efm.sync.runner import Runner

    attempt = 0
    while True:
        again = Runner(engine, config, organization_id, run_id).run(
            attempt=attempt, last_attempt=attempt >= 5
        )
        if again is None:
            return
        attempt = 0 if again.reason == "time slice" else attempt + 1
        wait = (again.at - clock.now()).total_seconds()
        if wait > 0:
            print(f"Waiting {wait:.0f} seconds: {again.reason}", file=sys.stderr)
            time.sleep(wait)


def _report(run: Any) -> dict[str, Any]:
    names = [
        "stream",
        "state",
        "read",
        "created",
        "updated",
        "unchanged",
        "deleted",
        "rejected",
        "error",
    ]
    return {name: getattr(run, name) for name in names}


def _plain(run: Any) -> str:
    counts = f"{run.read:,} read, {run.created:,} new, {run.updated:,} changed, {run.rejected:,} rejected"
    return f"{run.stream}: {run.state}; {counts}" + (f". {run.error}" if run.error else "")
