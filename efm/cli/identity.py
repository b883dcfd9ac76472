"""`efm identity resolve|report|rules`: who is who among the customers of all sources."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser("identity", help="find out which customers are one, and report it")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, what, run in (
        (
            "resolve",
            "compare all customers, join those that are surely one, queue the rest",
            resolve,
        ),
        ("report", "how many were joined by which rule, what waits, what is in conflict", report),
        ("rules", "show the rules, or set them from a JSON file", rules),
    ):
        action = actions.add_parser(name, help=what)
        action.add_argument("--organization", metavar="SLUG", help="only this organization")
        action.add_argument("--json", action="store_true", help="print JSON")
        if name == "rules":
            action.add_argument("--set", metavar="FILE", help="a JSON file with the rules")
        action.set_defaults(run=run)


def _progress() -> Any:
    """Tells how far it is on standard error, at most twice a second."""
    told_at, told = 0.0, ""

    def tell(phase: str, done: int, total: int) -> None:
        nonlocal told_at, told
        now = time.monotonic()
        if phase == told and now - told_at < 0.5 and done < total:
            return
        told_at, told = now, phase
        print(f"{phase}: {done:,} of {total:,}" if total else phase, file=sys.stderr)

    return tell


def resolve(arguments: argparse.Namespace) -> int:
    """Run a pass here and now; one that was cut is gone on with."""
    from efm.cli.connectors import _organizations
    from efm.cli.open import opened
    from efm.customers.resolving import Resolver
    from efm.db.engine import make_engine

    with opened() as config:
        engine = make_engine(config.database_url or "")
        for organization in _organizations(engine, arguments.organization):
            found = Resolver(engine, organization.id, tell=_progress()).run()
            if arguments.json:
                print(json.dumps({"organization": organization.slug, **found}))
            else:
                print(f"{organization.slug}: {_resolved(found)}")
        engine.dispose()
    return 0


def _resolved(found: dict[str, Any]) -> str:
    from efm.customers.counting import RULES

    joined = ", ".join(f"{n:,} by {RULES[rule]}" for rule, n in found["joined"].items())
    return (
        f"{found['records']:,} records of {found['contacts']:,} contacts compared in "
        f"{found['seconds']:,.0f} s. Joined: {joined or 'none'}. For people to decide: "
        f"{found['asked']:,} likely pairs, {found['conflicts']:,} in conflict."
    )


def report(arguments: argparse.Namespace) -> int:
    """The figures of each organization."""
    from efm.cli.connectors import _organizations
    from efm.cli.open import opened
    from efm.customers import counting
    from efm.db.engine import make_engine, unit

    said = []
    with opened() as config:
        engine = make_engine(config.database_url or "")
        for organization in _organizations(engine, arguments.organization):
            with unit(engine, organization.id, read_only=True) as session:
                said.append({"organization": organization.slug, **counting.report(session)})
        engine.dispose()
    if arguments.json:
        print(json.dumps(said))
    else:
        print("\n\n".join(_reported(each) for each in said))
    return 0


def _reported(found: dict[str, Any]) -> str:
    from efm.customers.counting import RULES

    lines = [
        f"{found['organization']}: {found['contacts']:,} contacts, {found['accounts']:,} accounts",
    ]
    for entity in ("contact", "account"):
        for title, by in (
            ("known on arrival by", "matched_on_arrival"),
            ("merged by", "merged_by_rule"),
        ):
            for rule, n in found[by][entity].items():
                lines.append(f"  {n:>10,}  {entity} records {title} {RULES[rule]}")
    for state, kinds in found["queue"].items():
        for kind, n in kinds.items():
            lines.append(f"  {n:>10,}  pairs {state}, {kind}")
    lines.append(f"  {found['undone']:>10,}  merges undone")
    last = found["last_pass"]
    lines.append(f"  Last pass: {last['state']}, {last['started_at']}" if last else "  No pass yet")
    return "\n".join(lines)


def rules(arguments: argparse.Namespace) -> int:
    """Show the rules of organizations, or set them."""
    from efm import clock
    from efm.cli.connectors import _organizations
    from efm.cli.open import opened
    from efm.customers import rules as declared
    from efm.db.engine import make_engine, unit
    from efm.errors import Invalid

    given = None
    if arguments.set:
        try:
            given = json.loads(Path(arguments.set).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Invalid(f"{arguments.set} cannot be read as JSON: {error}.") from error
    with opened() as config:
        engine = make_engine(config.database_url or "")
        for organization in _organizations(engine, arguments.organization):
            with unit(engine, organization.id) as session:
                if given is not None:
                    declared.save(session, given, clock.now())
                document = declared.document(declared.of(session))
            print(json.dumps({"organization": organization.slug, "rules": document}, indent=2))
        engine.dispose()
    return 0
