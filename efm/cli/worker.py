"""`efm worker`: jobs, events and ticks, in a process of their own."""

from __future__ import annotations

import argparse
from typing import Any


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "worker", help="run jobs, handle events and keep the clock (part of `efm serve`)"
    )
    parser.set_defaults(run=work)


def work(_arguments: argparse.Namespace) -> int:
    """Work until Ctrl-C or SIGTERM."""
    from efm import process
    from efm.cli.open import opened
    from efm.jobs import service

    process.settle()
    with opened() as config:
        service.run(config)
    return 0
