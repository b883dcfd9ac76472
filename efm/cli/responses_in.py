"""`efm responses import`: past responses from a file into a published survey."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any


def add_import(actions: Any) -> None:
    """Add the command to `efm responses`."""
    action = actions.add_parser("import", help="bring past responses in from a file")
    action.add_argument("survey", help="the survey's id or its exact name")
    action.add_argument("file", type=Path, help="a CSV, XLSX or Parquet file")
    action.add_argument(
        "--map", dest="map", action="append", default=[], metavar="COLUMN=TARGET",
        help="what a column becomes; nothing behind the sign leaves it out. Others are guessed",
    )  # fmt: skip
    action.add_argument("--days", choices=("dmy", "mdy"), help="which comes first, day or month")
    action.add_argument("--decimals", choices=(".", ","), help="the sign before decimals")
    action.add_argument("--zone", help="of times that name none (the organization's)")
    action.add_argument("--dry-run", action="store_true", help="only say what would be done")
    action.add_argument("--refused", type=Path, metavar="FILE", help="write refused rows there")
    action.add_argument("--organization", metavar="SLUG", help="only look in this organization")
    action.add_argument("--json", action="store_true", help="print JSON")
    action.set_defaults(run=bring_in)


def bring_in(arguments: argparse.Namespace) -> int:
    """Look at the file, say what its columns become, and bring it in unless it is a trial."""
    from efm import clock
    from efm.cli.open import opened
    from efm.cli.responses import found_survey
    from efm.db.engine import make_engine, unit
    from efm.imports.responses import loading, mapping, preview
    from efm.imports.responses.files import Rows
    from efm.imports.responses.rows import Reader

    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, survey_id = found_survey(engine, arguments.organization, arguments.survey)
        rows = Rows(arguments.file)
        look = rows.look()
        with unit(engine, organization.id, read_only=True) as session:
            goal = mapping.goal_of(session, survey_id)
            chosen = _chosen(arguments, mapping.guessed(session, goal, look), look.columns)
            mapping.check(chosen, goal)
            shown = preview.preview(session, goal, chosen, look, clock.now())
        said: dict[str, Any] = {"file": str(arguments.file), "mapping": dict(chosen.targets)}
        if arguments.dry_run:
            engine.dispose()
            return _say_trial(arguments, said, goal, chosen, shown)
        if arguments.refused is not None:
            arguments.refused.unlink(missing_ok=True)
        began = time.monotonic()
        done = loading.load(
            engine, organization.id, survey_id, rows,
            Reader(goal, chosen, is_escaped=look.is_escaped), loading.Done(row=look.after),
            clock.now(), tell=_progress(arguments, look.total), refused_to=arguments.refused,
        )  # fmt: skip
        engine.dispose()
    return _say(arguments, said, done, time.monotonic() - began)


def _chosen(arguments: argparse.Namespace, guessed: Any, columns: list[str]) -> Any:
    """The guess, changed by what the options say. Raises Invalid for a column that is not there."""
    from efm.errors import Invalid
    from efm.imports.responses.mapping import from_document

    made = guessed.document()
    for pair in arguments.map:
        column, is_pair, target = pair.rpartition("=")
        if not is_pair or column not in columns:
            raise Invalid(f"--map {pair}: write COLUMN=TARGET with a column of the file.")
        made["mapping"][column] = target.strip()
    for name, value in (("order", arguments.days), ("decimals", arguments.decimals)):
        made[name] = value or made[name]
    made["zone"] = arguments.zone or made["zone"]
    return from_document(made)


def _progress(arguments: argparse.Namespace, total: int | None) -> Any:
    if arguments.json or not sys.stderr.isatty():
        return lambda _: None

    def tell(done: Any) -> None:
        of = f" of about {total:,}" if total else ""
        print(f"\r{done.rows:,}{of} rows read", end="", file=sys.stderr, flush=True)

    return tell


def _say_trial(
    arguments: argparse.Namespace, said: dict[str, Any], goal: Any, chosen: Any, shown: Any
) -> int:
    from efm.imports.responses.preview import label

    counts = {
        "looked_at": shown.looked_at, "would_be_brought_in": shown.good,
        "already_there": shown.already, "refused": shown.refused, "reasons": shown.reasons,
        "contacts_named": shown.named, "contacts_found": shown.linked,
    }  # fmt: skip
    if arguments.json:
        how = {"days": chosen.habits.order, "decimals": chosen.habits.decimals, "zone": chosen.zone}
        print(json.dumps(said | how | counts))
        return 0
    for column, target in chosen.targets.items():
        words = f"{target}  ({label(goal, target, column)})" if target else "nothing"
        print(f"{column} → {words}")
    print(
        f"Of {shown.looked_at:,} rows looked at: {shown.good:,} would be brought in,"
        f" {shown.already:,} are there already, {shown.refused:,} would be refused"
    )
    _say_reasons(shown.reasons)
    return 0


def _say(arguments: argparse.Namespace, said: dict[str, Any], done: Any, seconds: float) -> int:
    if arguments.json:
        counts = {
            "brought_in": done.created, "already_there": done.already, "refused": done.refused,
            "contacts_found": done.linked, "contacts_not_found": done.unmatched,
            "reasons": done.reasons, "seconds": round(seconds, 3),
        }  # fmt: skip
        print(json.dumps(said | counts))
        return 0
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(
        f"{Path(said['file']).name}: {done.created:,} brought in, {done.already:,} already there,"
        f" {done.refused:,} refused, in {seconds:,.1f} seconds"
    )
    _say_reasons(done.reasons)
    return 0


def _say_reasons(reasons: dict[str, int]) -> None:
    for reason, n in sorted(reasons.items(), key=lambda pair: -pair[1])[:10]:
        print(f"  {n:,} × {reason}")
