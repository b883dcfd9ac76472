"""The console script `efm`."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

ROOMS = (
    "serve",
    "database",
    "backup",
    "data",
    "responses",
    "surveys",
    "text",
    "bench",
    "inspect",
    "connectors",
    "identity",
    "measures",
    "worker",
    "staff",
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 only when it did what it was asked."""
    parser = argparse.ArgumentParser(
        prog="efm", description="Enterprise feedback management with CRM connectors."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for room in ROOMS:
        import_module(f"efm.cli.{room}").register(commands)
    chosen = parser.parse_args(arguments)
    from efm.cli.failures import run

    return run(chosen)


if __name__ == "__main__":
    sys.exit(main())
