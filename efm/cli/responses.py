"""`efm responses export|codebook|import`: a survey's responses to files, and from them."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import uuid
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from efm.cli.responses_in import add_import

ENDINGS = ("csv", "xlsx", "sav", "dta", "parquet", "jsonl")
STEP = 10_000


def register(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser("responses", help="write responses to files, and bring them in")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    action = actions.add_parser("export", help="the responses of a survey as a file")
    _add_usual(action)
    action.add_argument("--to", choices=ENDINGS, default="csv", help="the format (csv)")
    action.add_argument(
        "--from", dest="since", type=_day, metavar="DAY", help="submitted on this day or later"
    )
    action.add_argument("--until", type=_day, metavar="DAY", help="submitted on this day or before")
    for name in ("channel", "touchpoint", "band", "sentiment"):
        action.add_argument(f"--{name}", help=f"only of this {name}")
    action.set_defaults(run=export)
    action = actions.add_parser("codebook", help="what the columns of the files mean")
    _add_usual(action)
    action.add_argument("--to", choices=("csv", "xlsx"), default="csv", help="the format (csv)")
    action.set_defaults(run=codebook)
    add_import(actions)


def _add_usual(action: Any) -> None:
    action.add_argument("survey", help="the survey's id or its exact name")
    action.add_argument(
        "--output", metavar="FILE", help="where to write it; - is standard output (named after it)"
    )
    action.add_argument("--organization", metavar="SLUG", help="only look in this organization")
    action.add_argument("--json", action="store_true", help="say in JSON what was written")


def _day(text: str) -> date:
    return date.fromisoformat(text)


def found_survey(engine: Any, slug: str | None, named: str) -> tuple[Any, uuid.UUID]:
    """The organization's row and the survey's id; raises NotFound or Conflict."""
    from sqlalchemy import select, text

    from efm.db.engine import unit
    from efm.errors import Conflict, NotFound
    from efm.models import Survey

    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, slug FROM efm_organizations()")).all()
    organizations = [row for row in rows if slug in (None, row.slug)]
    if slug is not None and not organizations:
        raise NotFound(f"There is no organization “{slug}”.")
    try:
        wanted = Survey.id == uuid.UUID(named)
    except ValueError:
        wanted = Survey.name == named.replace("\0", "")
    found = []
    for organization in organizations:
        with unit(engine, organization.id, read_only=True) as session:
            ids = session.scalars(select(Survey.id).where(wanted).order_by(Survey.id)).all()
        found += [(organization, survey_id) for survey_id in ids]
    if not found:
        raise NotFound(f"There is no survey “{named}”. Give its id or its exact name.")
    if len(found) > 1:
        raise Conflict(
            "Several surveys have this name. Give the id of one.",
            problems={str(survey_id): organization.slug for organization, survey_id in found},
        )
    return found[0]


def export(arguments: argparse.Namespace) -> int:
    """Write the responses, saying how far it is; the file appears when it is whole."""
    from efm import clock
    from efm.cli.open import opened
    from efm.db.engine import TenantSession, make_engine, unit
    from efm.feedback import authoring, exports, listing, sheets
    from efm.staff import organization as organizations

    kind = exports.FORMATS[arguments.to]
    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, survey_id = found_survey(engine, arguments.organization, arguments.survey)
        with unit(engine, organization.id, read_only=True) as session:
            about = sheets.sheet(session, authoring.get(session, survey_id))
            zone = ZoneInfo(organizations.get(session).time_zone)
            wanted = _wanted(arguments, survey_id, zone)
            total = listing.count(session, wanted, most=2**31 - 1)
        count = _Count(total, is_quiet=arguments.json)

        def read() -> Iterator[Any]:
            with TenantSession(engine, organization.id, read_only=True) as session:
                yield from count.over(sheets.responses(session, about, wanted))

        name = exports.file_name(about.survey_name, kind.ending, clock.now())
        folder, output = _place(arguments.output, name)
        with exports.written(kind, about, read(), folder) as (path, notes):
            _deliver(path, output)
        engine.dispose()
    _say(
        arguments,
        output,
        f"{count.done:,} {'response' if count.done == 1 else 'responses'}",
        {"responses": count.done, "variables": len(about.variables), "notes": notes},
    )
    return 0


def codebook(arguments: argparse.Namespace) -> int:
    """Write what the columns of the survey's files mean."""
    import tempfile

    from efm import clock
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.feedback import authoring, exports, sheets, workbooks

    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, survey_id = found_survey(engine, arguments.organization, arguments.survey)
        with unit(engine, organization.id, read_only=True) as session:
            about = sheets.sheet(session, authoring.get(session, survey_id))
        engine.dispose()
    name = exports.file_name(f"{about.survey_name} codebook", arguments.to, clock.now())
    folder, output = _place(arguments.output, name)
    with tempfile.TemporaryDirectory(prefix="efm-export-", dir=folder) as made:
        path = Path(made) / "codebook"
        if arguments.to == "xlsx":
            workbooks.write_codebook(about, path)
        else:
            path.write_bytes(b"".join(exports.codebook_csv(about)))
        _deliver(path, output)
    variables = len(about.variables)
    _say(arguments, output, f"{variables:,} variables", {"variables": variables, "notes": []})
    return 0


def _wanted(arguments: argparse.Namespace, survey_id: uuid.UUID, zone: ZoneInfo) -> Any:
    """The filter the options name; days are the organization's, both ends included."""
    from efm.errors import Invalid
    from efm.feedback.listing import ResponseFilter

    since, until = arguments.since, arguments.until
    if since and until and since > until:
        raise Invalid("--from is after --until.")
    last = until and until < date.max and until + timedelta(days=1)
    return ResponseFilter(
        survey_id=survey_id,
        band=arguments.band,
        sentiment=arguments.sentiment,
        channel=arguments.channel,
        touchpoint=arguments.touchpoint,
        since=datetime.combine(since, time(), zone) if since else None,
        before=datetime.combine(last, time(), zone) if last else None,
    )


class _Count:
    """Says on standard error how far the reading is: on one line of a terminal, else now and then."""

    def __init__(self, total: int, *, is_quiet: bool) -> None:
        self.done = 0
        self._total = total
        self._is_quiet = is_quiet
        self._is_terminal = sys.stderr.isatty()

    def over(self, found: Iterable[Any]) -> Iterator[Any]:
        """The same items, counted as they are taken."""
        for each in found:
            self.done += 1
            if self.done % STEP == 0:
                self._tell()
            yield each
        self._tell(is_last=True)

    def _tell(self, *, is_last: bool = False) -> None:
        if self._is_quiet:
            return
        start, end = ("\r", "\n" if is_last else "") if self._is_terminal else ("", "\n")
        said = f"{self.done:,} of {self._total:,} responses read"
        print(f"{start}{said}", end=end, file=sys.stderr, flush=True)


def _place(output: str | None, name: str) -> tuple[Path | None, Path | None]:
    """The folder temporary files go to, and the file; None is standard output."""
    from efm.errors import Invalid

    if output == "-":
        return None, None
    path = Path(output or name)
    if path.is_dir():
        path /= name
    if not path.parent.is_dir():
        raise Invalid(f"There is no folder {str(path.parent)!r}; make it first.")
    return path.parent, path


def _deliver(made: Path, output: Path | None) -> None:
    from efm.errors import Invalid

    if output is None:
        with made.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    try:
        made.replace(output)
    except OSError as error:
        raise Invalid(f"{str(output)!r} could not be written: {error.strerror}.") from error


def _say(
    arguments: argparse.Namespace, output: Path | None, what: str, said: dict[str, Any]
) -> None:
    """What was written, on standard output unless the file itself went there."""
    to = sys.stderr if output is None else sys.stdout
    named = "-" if output is None else str(output)
    if arguments.json:
        print(json.dumps({"file": named, "format": arguments.to, **said}), file=to)
        return
    print(f"{what} → {named}", file=to)
    for note in said["notes"]:
        print(note, file=to)
