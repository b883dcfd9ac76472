"""`efm connectors write-back`: run a connection's rules of writing back now."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def register(actions: Any) -> None:
    """Add the action."""
    from efm.cli.connectors import add_action

    action = add_action(actions, "write-back", "write what differs, by the rules that are on", run)
    action.add_argument("target", nargs="?", help="only rules of this target")
    action.add_argument(
        "--all", action="store_true", help="compare everything, not only what is new"
    )
    action.add_argument(
        "--approve", action="store_true", help="also when more than a tenth changes"
    )


def run(arguments: argparse.Namespace) -> int:
    """What each rule wrote; non-zero when something was refused or a rule stopped."""
    from efm import clock
    from efm.cli.connectors import connection_of, say
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.errors import NotFound
    from efm.writing import rules
    from efm.writing.sending import Run

    said: list[dict[str, Any]] = []
    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, connection_id = connection_of(
            engine, arguments.organization, arguments.connection
        )
        with unit(engine, organization.id) as session:
            chosen = [
                rule for rule in rules.of_connection(session, connection_id)
                if arguments.target in (None, rule.target)
            ]  # fmt: skip
            if not chosen:
                raise NotFound("There is no such rule; add one on the connection's page first.")
            for rule in chosen:
                if arguments.approve and rule.state == "held":
                    rule.state, rule.held_changes = "on", None
        for rule in chosen:
            made = Run(engine, config, organization.id, rule.id, clock.now)
            for scope in ("all",) if arguments.all else ("due", "new"):
                again = made.run(scope=scope, approved=arguments.approve)
                if again is not None:
                    print(f"{rule.target}: to be gone on with at {again.at}", file=sys.stderr)
            with unit(engine, organization.id, read_only=True) as session:
                now = rules.get(session, rule.id)
                said.append(
                    {
                        "target": now.target, "source": now.source, "state": now.state,
                        "message": now.message, "held_changes": now.held_changes,
                        **rules.counts(session, rule.id),
                    }
                )  # fmt: skip
        engine.dispose()
    lines = [
        f"{each['source']} → {each['target']}: {each['state']}; {each.get('written', 0):,} written,"
        f" {each.get('waiting', 0):,} waiting, {each.get('refused', 0):,} refused"
        + (f". {each['message']}" if each["message"] else "")
        for each in said
    ]
    say(arguments, said, "\n".join(lines))
    return 1 if any(e.get("refused") or e["state"] != "on" for e in said) else 0
