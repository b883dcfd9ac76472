"""`efm surveys prove|walk|schema`: surveys proven, walked by made-up respondents, and their schema."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surveys.parts import Definition
    from surveys.respondents import Simulated


def add(actions: Any) -> None:
    """Add the commands to those of `efm surveys`."""
    action = actions.add_parser(
        "prove",
        help="find what nobody meets, what contradicts itself, what leads nowhere",
        description="Reads a survey in any known format and lists what the proof and the review "
        "find. The exit code is 1 where there are errors, which keep it from being published.",
    )
    action.add_argument("file", type=Path, help="a survey in any format that is read")
    action.add_argument(
        "--no-review", action="store_true", help="only the proof, no advice on wording"
    )
    action.add_argument("--json", action="store_true", help="print JSON")
    action.set_defaults(run=prove)
    action = actions.add_parser(
        "walk",
        help="let made-up respondents answer: reach, length, endings, quotas, dead ends",
        description="Walks a survey at random, page by page as a form would. The exit code is 1 where "
        "somebody cannot leave a page.",
    )
    action.add_argument("file", type=Path, help="a survey in any format that is read")
    action.add_argument(
        "--n", type=_walks, default=1000, metavar="N", help="how many respondents (1000)"
    )
    action.add_argument(
        "--seed", type=int, default=1, help="the same seed, the same respondents (1)"
    )
    action.add_argument("--json", action="store_true", help="print JSON")
    action.set_defaults(run=walk)
    action = actions.add_parser("schema", help="print the JSON Schema of a survey definition")
    action.set_defaults(run=print_schema)


def _walks(text: str) -> int:
    from surveys.respondents import MOST_WALKS

    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= MOST_WALKS:
        raise argparse.ArgumentTypeError(f"write a number from 1 to {MOST_WALKS}")
    return int(text)


def _definition(path: Path) -> Definition:
    """The survey in a file; raises Invalid or NotFound."""
    from efm.cli.surveys import _read
    from efm.errors import Invalid
    from surveys.formats import FormatError

    try:
        found: Definition = _read(path).definition
    except FormatError as error:
        raise Invalid(f"{path.name}: {error}") from error
    return found


def prove(arguments: argparse.Namespace) -> int:
    """Print the findings; 1 when there are errors."""
    from surveys.proof import prove as proven
    from surveys.review import review

    definition = _definition(arguments.file)
    findings = list(proven(definition))
    if not arguments.no_review:
        findings += review(definition)
    counts = {
        level: sum(each.level == level for each in findings)
        for level in ("error", "warning", "note")
    }
    if arguments.json:
        print(json.dumps({"counts": counts, "findings": [each._asdict() for each in findings]}))
        return 1 if counts["error"] else 0
    for each in findings:
        print(f"{each.level:8}{each.code:28}{each}")
    errors, warnings, notes = counts.values()
    print(f"{errors} errors, {warnings} warnings, {notes} notes.")
    return 1 if errors else 0


def walk(arguments: argparse.Namespace) -> int:
    """Print what made-up respondents met; 1 when some could not leave a page."""
    from surveys.respondents import simulate

    found = simulate(_definition(arguments.file), arguments.n, arguments.seed)
    if arguments.json:
        print(json.dumps(_plain(found)))
    else:
        _tell(found)
    return 1 if found.dead_ends or found.disagreements else 0


def _plain(value: Any) -> Any:
    """A value as JSON has it: named parts by their names."""
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _tell(found: Simulated) -> None:
    print(f"{found.n} made-up respondents, seed {found.seed}")
    for name, spread in (("pages", found.page_count), ("minutes", found.minutes)):
        print(
            f"{name}: {spread.least:g} to {spread.most:g}, half of them at most {spread.middle:g}"
        )
    for title, reached in (("page", found.pages), ("question", found.questions)):
        print(f"\n{title:42}{'met':>8}{'share':>9}   95 % interval")
        for each in reached:
            low, high = each.share.low or 0.0, each.share.high or 0.0
            share = each.share.value or 0.0
            print(f"{each.key:42}{each.met:>8}{share:>9.1%}   {low:.1%} to {high:.1%}")
    if found.endings:
        print()
    for ending, count in found.endings.items():
        print(f"ended with {ending or 'the usual thanks'}: {count}")
    for quota, count in found.quotas.items():
        print(f"counted for the quota {quota}: {count}")
    for key in found.never_reached:
        print(f"never reached: {key}")
    for dead in found.dead_ends:
        codes = ", ".join(f"{key} ({code})" for key, code in dead.codes.items())
        print(f"efm: {dead.walks} could not leave the page {dead.page}: {codes}", file=sys.stderr)
    for differs in found.disagreements:
        print(f"efm: read otherwise as a whole than page by page: {differs}", file=sys.stderr)


def print_schema(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    from surveys.schema import schema

    print(json.dumps(schema(), indent=2, ensure_ascii=False))
    return 0
