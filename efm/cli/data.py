"""`efm import`: data files, each into an organization of its own; `efm seed`: the demo company."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser(
        "import", help="bring in data files, each into an organization of its own"
    )
    parser.add_argument("path", type=Path, help="a CSV, XLSX or Parquet file, or a folder of them")
    parser.add_argument("--owner", metavar="EMAIL", help="who will own the organizations")
    parser.add_argument("--organization", metavar="NAME", help="load one file into this name")
    parser.add_argument("--currency", default="USD", help="of amounts that name none (USD)")
    parser.add_argument("--plan", action="store_true", help="only say what would be done")
    parser.add_argument("--json", action="store_true", help="print JSON, one line a file")
    parser.set_defaults(run=bring_in)
    seed = commands.add_parser("seed", help="make the demo company, whose data are synthetic")
    seed.add_argument("--json", action="store_true", help="print JSON")
    seed.set_defaults(run=make_demo)


def _owner(engine: Any, email: str | None) -> uuid.UUID | None:
    """The user who will own what is founded: the named one, else the first owner there is."""
    from sqlalchemy import select, text

    from efm.db.engine import unit
    from efm.errors import NotFound
    from efm.models import Membership

    with engine.connect() as connection:
        if email:
            row = connection.execute(
                text("SELECT id FROM efm_sign_in(:email)"), {"email": email}
            ).one_or_none()
            if row is None:
                raise NotFound(f"Nobody signs in as {email}.")
            return uuid.UUID(str(row.id))
        organizations = connection.execute(text("SELECT id FROM efm_organizations()")).all()
    for organization in organizations:
        with unit(engine, organization.id, read_only=True) as session:
            owner = session.scalars(
                select(Membership.user_id)
                .where(Membership.role == "owner")
                .order_by(Membership.created_at, Membership.id)
            ).first()
        if owner is not None:
            return owner
    return None


def bring_in(arguments: argparse.Namespace) -> int:
    """Plan and load every file; one that cannot be used is told and the rest goes on."""
    from dataclasses import replace

    from efm.cli.open import opened
    from efm.db.engine import make_engine
    from efm.errors import EfmError, Invalid
    from efm.imports import plan as planning
    from efm.imports.load import found_organization, load

    files = planning.files_of(arguments.path)
    if arguments.organization and len(files) != 1:
        raise Invalid("--organization takes one file.")
    failures = 0
    with opened() as config:
        engine = make_engine(config.database_url or "")
        owner = None if arguments.plan else _owner(engine, arguments.owner)
        for file in files:
            try:
                plan = planning.plan(file, currency=arguments.currency)
                if arguments.organization:
                    plan = replace(plan, name=arguments.organization)
                if arguments.plan:
                    _say(arguments, {"file": str(file), "name": plan.name, "plan": plan.describe()})
                    continue
                target = found_organization(engine, plan.name, plan.slug, owner)
                done = load(
                    engine, config, plan, target, currency=arguments.currency,
                    tell=_progress(arguments, file),
                )  # fmt: skip
                _say(arguments, _report(file, done))
            except EfmError as error:
                failures += 1
                _say(arguments, {"file": str(file), "error": error.message})
        engine.dispose()
    return 1 if failures else 0


def _progress(arguments: argparse.Namespace, file: Path) -> Any:
    if arguments.json or not sys.stderr.isatty():
        return lambda *_: None

    def tell(what: str, done: int, total: int | None) -> None:
        of = f" of about {total:,}" if total else ""
        print(f"\r{file.name}: {done:,}{of} {what}", end="", file=sys.stderr, flush=True)

    return tell


def _report(file: Path, done: Any) -> dict[str, Any]:
    return {
        "file": str(file),
        "organization": done.name,
        "slug": done.slug,
        "records": done.records,
        "responses": done.responses,
        "already_there": done.already,
        "refused": done.refused,
        "reasons": done.reasons,
    }


def _say(arguments: argparse.Namespace, said: dict[str, Any]) -> None:
    if arguments.json:
        print(json.dumps(said))
        return
    file = Path(said["file"]).name
    if "error" in said:
        print(f"{file}: {said['error']}", file=sys.stderr)
    elif "plan" in said:
        print(f"{file} → {said['name']}\n  " + "\n  ".join(said["plan"]))
    else:
        print(
            f"{file} → {said['organization']}: {said['records']:,} records, "
            f"{said['responses']:,} responses, {said['already_there']:,} already there, "
            f"{said['refused']:,} refused"
        )
        for reason, n in said["reasons"].items():
            print(f"  {n:,} × {reason}")


def make_demo(arguments: argparse.Namespace) -> int:
    """Make the demo company unless it is there."""
    from efm.cli.open import opened
    from efm.db.engine import make_engine
    from efm.demo.seed import seed_if_empty

    with opened() as config:
        engine = make_engine(config.database_url or "")
        made = seed_if_empty(engine, config)
        engine.dispose()
    if arguments.json:
        print(json.dumps({"seeded": made}))
    else:
        print(
            "The demo company is ready." if made else "There are people already; nothing was made."
        )
    return 0
