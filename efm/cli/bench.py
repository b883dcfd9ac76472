"""`efm bench NAME`: ours, the yardstick, the ceiling and the ratios, in a development checkout."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from efm.errors import Unready

BENCHMARKS = {
    "submit": "one response as JSON, durable and scored, against the yardstick",
    "form": "a completed form, GET and POST, against the yardstick",
    "ingest": "100,000 responses in batches of 1,000",
    "sentiment": "vader(text) against vaderSentiment 3.3.2",
    "jobs": "events drained from the outbox, latency of a job",
    "dashboard": "the dashboard over 1,000,000 responses",
    "upsert": "1,000,000 contacts of a file taken in, and read again unchanged",
    "identity": "who is who among 1,000,000 contacts from three sources",
}


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bench",
        help="measure speed beside a yardstick (development checkout only)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="\n".join(f"{name:11}{what}" for name, what in BENCHMARKS.items()),
    )
    parser.add_argument("name", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    parser.add_argument("--seconds", type=float, default=5.0, help="seconds of one round (5)")
    parser.add_argument("--threads", type=int, help="threads of each of our two processes")
    parser.add_argument("--responses", type=int, default=100_000, help="for ingest (100000)")
    parser.add_argument(
        "--contacts", type=int, default=1_000_000, help="records for upsert and identity (1000000)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=bench)


def bench(arguments: argparse.Namespace) -> int:
    """Measure and print. Raises Unready outside a development checkout."""
    # The console script does not look into the folder it is called from; the checkout holds tests/.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    try:
        measuring: Any = import_module(f"tests.bench.{arguments.name}")
        options: Any = import_module("tests.bench.options")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("tests"):
            raise
        raise Unready(
            "Benchmarks are part of a development checkout, not of the installed product. Clone "
            f"the repository, run `make test` once, and call `efm bench {arguments.name}` from its "
            "root."
        ) from error
    machine = options.machine()
    found = measuring.measure(
        options.Options(
            arguments.rounds,
            arguments.seconds,
            arguments.threads,
            arguments.responses,
            arguments.contacts,
        )
    )
    command = "efm " + " ".join(sys.argv[1:])
    if arguments.json:
        print(json.dumps({"bench": arguments.name, "command": command} | machine | found))
        return 0
    print(f"{arguments.name}: {BENCHMARKS[arguments.name]}")
    print(
        f"{machine['processor']}, {machine['cores']} cores, load average {machine['load_average']} "
        f"before, {machine['system']}, Python {machine['python']}"
    )
    print("\n".join(measuring.said(found)))
    print(f"$ {command}")
    return 0
