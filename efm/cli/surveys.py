"""`efm surveys import|fidelity|export`: surveys of other tools brought in, judged and given out."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from efm.cli import survey_proof

COUNTS = ("questions", "mapped", "approximated", "raw", "dropped")
MAX_BYTES = 32 * 1024 * 1024


def register(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser("surveys", help="bring in, judge and give out surveys")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    action = actions.add_parser(
        "import",
        help="make a draft survey of a file",
        description="Reads Qualtrics (QSF), LimeSurvey (LSS, LSG, LSQ, LSA), SurveyJS (JSON), "
        "XLSForm (XLSX, XLS, CSV, Markdown) and our own YAML and JSON, and says what became of "
        "each question.",
    )
    action.add_argument("file", type=Path, help="the file")
    action.add_argument("--organization", metavar="SLUG", help="whose survey it will be")
    action.add_argument("--name", help="the survey's name; without it the file's title")
    action.add_argument("--json", action="store_true", help="print the whole report as JSON")
    action.set_defaults(run=bring_in)
    action = actions.add_parser(
        "fidelity", help="how faithfully files of other tools are read; nothing is kept"
    )
    action.add_argument("path", type=Path, nargs="+", help="files, and folders to walk through")
    action.add_argument("--json", action="store_true", help="print JSON, one line a file")
    action.set_defaults(run=judge)
    action = actions.add_parser("export", help="write a survey in the format of another tool")
    action.add_argument("file", type=Path, help="a survey in any format that is read")
    action.add_argument(
        "--to", choices=("surveyjs", "lss", "yaml"), required=True, help="the format wanted"
    )
    action.add_argument(
        "--output", metavar="FILE", help="where to write it; without it standard output"
    )
    action.set_defaults(run=give_out)
    survey_proof.add(actions)


def _read(path: Path) -> Any:
    """The import of a file; raises FormatError or Invalid."""
    from efm.errors import Invalid, NotFound
    from surveys.formats.detecting import read

    try:
        if not path.exists():
            raise NotFound(f"There is no file {_name(path)}.")
        if not path.is_file():
            raise Invalid(f"{_name(path)} is no file.")
        if path.stat().st_size > MAX_BYTES:
            raise Invalid(f"{_name(path)} is larger than {MAX_BYTES >> 20} MB.")
        content = path.read_bytes()
    except OSError as error:
        raise Invalid(f"{_name(path)} cannot be read: {error.strerror or error}.") from error
    return read(path.name, content)


def _name(path: Path) -> str:
    """A path that can be printed whatever its bytes are."""
    return os.fsencode(path).decode("utf-8", "replace")


def _files(paths: list[Path]) -> Iterator[Path]:
    """The files named, and those in folders, sorted."""
    for path in paths:
        if path.is_dir():
            found = []
            for folder, _, names in os.walk(path):
                found += [Path(folder) / name for name in names]
            yield from sorted(each for each in found if each.is_file())
        else:
            yield path


def judge(arguments: argparse.Namespace) -> int:
    """Read each file and say how faithfully; 1 when one could not be read."""
    failures = 0
    if not arguments.json:
        print(_line("file", "format", *COUNTS, "logic", "obeyed"))
    for path in _files(arguments.path):
        said = judged(path)
        failures += not said["ok"]
        if arguments.json:
            print(json.dumps(said), flush=True)
        elif said["ok"]:
            counts = [said[name] for name in COUNTS]
            print(
                _line(said["file"], said["format"], *counts, said["logic"], said["logic_evaluated"])
            )
        else:
            print(f"{said['file']}: {said['error']}", file=sys.stderr)
    return 1 if failures else 0


def judged(path: Path) -> dict[str, Any]:
    """What is said of one file; never raises for what is in it."""
    from efm.errors import EfmError
    from surveys.formats import FormatError

    try:
        report = _read(path).report
    except EfmError as error:
        return {"file": _name(path), "format": None, "ok": False, "error": error.message}
    except FormatError as error:
        return {"file": _name(path), "format": None, "ok": False, "error": str(error)}
    found = report.as_json()
    return {
        "file": _name(path),
        "format": found["format"],
        "ok": True,
        **{name: found[name] for name in COUNTS},
        "logic": found["logic"],
        "logic_evaluated": found["evaluated"],
        "languages": found["languages"],
        "scripts_removed": found["scripts_removed"],
    }


def _line(file: object, *cells: object) -> str:
    name = str(file)
    name = name if len(name) <= 48 else f"…{name[-47:]}"
    return f"{name:48} {cells[0]!s:12}" + "".join(f"{cell!s:>13}" for cell in cells[1:])


def bring_in(arguments: argparse.Namespace) -> int:
    """Make a draft of a file, and tell what a person has to look at."""
    from efm import clock
    from efm.cli.connectors import _organizations
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.errors import Conflict, Invalid, NotFound
    from efm.feedback import authoring
    from surveys.formats import FormatError

    try:
        imported = _read(arguments.file)
    except FormatError as error:
        raise Invalid(f"{_name(arguments.file)}: {error}") from error
    with opened() as config:
        engine = make_engine(config.database_url or "")
        try:
            found = _organizations(engine, arguments.organization)
            if not found:
                raise NotFound("There is no organization yet. Make one first, on the web page.")
            if len(found) > 1:
                slugs = ", ".join(row.slug for row in found[:20])
                raise Conflict(f"There are several: {slugs}. Name one by --organization.")
            with unit(engine, found[0].id) as session:
                survey = authoring.create(
                    session, imported.definition, clock.now(), name=arguments.name
                )
                said = {
                    "survey": str(survey.id),
                    "name": survey.name,
                    "organization": found[0].slug,
                }
        finally:
            engine.dispose()
    report = imported.report.as_json()
    report["unresolved"] = [
        {"path": each.path, "text": each.text, "reason": each.reason}
        for each in imported.definition.unresolved
    ]
    if arguments.json:
        print(json.dumps({**said, "report": report}))
    else:
        _tell(said, imported)
    return 0


def _tell(said: dict[str, str], imported: Any) -> None:
    report = imported.report
    print(f"{said['name']} is a draft of {said['organization']} now ({said['survey']}).")
    counts = ", ".join(f"{report.count(name)} {name}" for name in COUNTS[1:])
    print(f"{len(report.items)} questions: {counts}.")
    obeyed = sum(item.outcome == "evaluated" for item in report.logic)
    print(f"{len(report.logic)} pieces of logic, {obeyed} of them obeyed.")
    for item in report.items:
        if item.outcome != "mapped":
            print(f"  {item.source_id}: {item.outcome}. {item.reason}")
    for note in report.notes:
        print(f"  {note}")
    if imported.definition.unresolved:
        print("Before it can be published, decide these:")
        for each in imported.definition.unresolved:
            print(f"  {each.path}: {each.text[:100]} ({each.reason})")


def give_out(arguments: argparse.Namespace) -> int:
    """Write a survey in another format; what is lost goes to standard error."""
    from efm.errors import Invalid
    from surveys.formats import FormatError

    try:
        written, losses = _written(_read(arguments.file).definition, arguments.to)
    except FormatError as error:
        raise Invalid(f"{_name(arguments.file)}: {error}") from error
    for loss in losses:
        print(f"efm: {loss}", file=sys.stderr)
    if arguments.output in (None, "-"):
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
        return 0
    try:
        Path(arguments.output).write_bytes(written)
    except OSError as error:
        raise Invalid(f"{arguments.output} cannot be written: {error.strerror}.") from error
    return 0


def _written(survey: Any, to: str) -> tuple[bytes, Sequence[str]]:
    """The file's bytes, and what the format has no place for."""
    if to == "yaml":
        from surveys.definition import dump_yaml

        return dump_yaml(survey).encode("utf-8"), ()
    if to == "surveyjs":
        from surveys.formats.surveyjs.export import write_surveyjs as write
    else:
        from surveys.formats.limesurvey.export import write_lss as write
    exported = write(survey)
    return exported.content, exported.losses
