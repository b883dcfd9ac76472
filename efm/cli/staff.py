"""`efm staff`: what an operator does for people who cannot sign in."""

from __future__ import annotations

import argparse
import json
from typing import Any

from efm.cli.open import opened
from efm.config import Config
from efm.errors import Conflict, NotFound


def register(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser("staff", help="help people of the staff who cannot sign in")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    action = actions.add_parser(
        "reset-password", help="print a link, good once for one hour, for choosing a new password"
    )
    action.add_argument("email", metavar="EMAIL", help="the person's address")
    action.add_argument(
        "--remove-second-step",
        action="store_true",
        help="also take the second step off, for a person who lost their device",
    )
    action.add_argument("--json", action="store_true", help="print JSON")
    action.set_defaults(run=reset_password)
    action = actions.add_parser(
        "set-up-code", help="print the code with which the first owner sets an empty service up"
    )
    action.add_argument("--json", action="store_true", help="print JSON")
    action.set_defaults(run=set_up_code)


def reset_password(arguments: argparse.Namespace) -> int:
    """Print a one-time link; with the option, end the second step and every session first."""
    from efm import clock
    from efm.db.engine import make_engine
    from efm.staff import resets, sign_in

    with opened() as config:
        engine = make_engine(config.database_url or "")
        try:
            person = sign_in.find(engine, arguments.email)
            if person is None:
                raise NotFound("Nobody here has this address.")
            if arguments.remove_second_step:
                resets.remove_second_step(engine, person, clock.now())
                person = sign_in.find(engine, arguments.email) or person
            made = resets.make_link(engine, person, config.public_url, resets.OPERATOR, clock.now())
        finally:
            engine.dispose()
    if made is None:
        raise Conflict("This person is not a member of any organization, so nothing can be reset.")
    print(json.dumps({"link": made[1]}) if arguments.json else made[1])
    return 0


def set_up_code(arguments: argparse.Namespace) -> int:
    """Print the set-up code while nobody works here yet."""
    with opened() as config:
        lines = set_up_lines(config)
        code = _code(config)
    if not lines:
        raise Conflict("This service has been set up already; people sign in.")
    print(json.dumps({"code": code}) if arguments.json else code)
    return 0


def _code(config: Config) -> str:
    from efm.staff import founding
    from efm.vault import Vault

    return founding.code(Vault(config.secret_key))


def set_up_lines(config: Config) -> list[str]:
    """What `efm serve` says while nobody works here yet: where to set up, and the code."""
    from efm.db.engine import make_engine
    from efm.staff import founding

    engine = make_engine(config.database_url or "")
    try:
        if not founding.is_empty(engine):
            return []
    finally:
        engine.dispose()
    return [f"Nobody works here yet. Set up at {config.public_url}/set-up, code {_code(config)}"]
