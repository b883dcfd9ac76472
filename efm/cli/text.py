"""`efm text score`: one comment a line in, one JSON line with its sentiment out."""

from __future__ import annotations

import argparse
import codecs
import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

# A longer line is no comment but a file without line ends; it is refused, never read in part.
LONGEST_BYTES: Final = 1_000_000
TOO_LONG: Final = "too long"
NOT_UTF8: Final = "not UTF-8"
REMEDIES: Final = {
    TOO_LONG: f"A line may have {LONGEST_BYTES:,} bytes; put one comment on each line.",
    NOT_UTF8: "Convert the text first, for example with `iconv -f WINDOWS-1252 -t UTF-8`.",
}


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("text", help="score comments")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    action = actions.add_parser(
        "score",
        help="sentiment of comments from standard input",
        description="Reads one comment a line (UTF-8) from standard input and writes one JSON line "
        "for each: compound (as vaderSentiment 3.3.2 gives it), score (the mean of its sentences), "
        "label, language, state (scored or unscored) and, when it is not scored, the reason.",
    )
    action.add_argument(
        "--language",
        metavar="CODE",
        help="what the comments are written in (en, de...); decides where a text does not say",
    )
    action.add_argument("--json", action="store_true", help="as always: the output is JSON")
    action.set_defaults(run=score)


def score(arguments: argparse.Namespace) -> int:
    """Score the lines one by one, each as soon as it came; 1 when a line could not be read."""
    if sys.stdin.isatty():
        print("One comment a line; Ctrl-D ends.", file=sys.stderr)
    unread = dict.fromkeys(REMEDIES, 0)
    for line in _lines(sys.stdin.buffer):
        found = line_score(line, arguments.language)
        if found["reason"] in unread:
            unread[found["reason"]] += 1
        print(json.dumps(found), flush=True)
    for reason, count in unread.items():
        if count:
            lines = "1 line" if count == 1 else f"{count:,} lines"
            print(f"efm: {lines} not scored ({reason}). {REMEDIES[reason]}", file=sys.stderr)
    return 1 if any(unread.values()) else 0


def line_score(line: bytes | None, language: str | None) -> dict[str, Any]:
    """What is said of one line, which is None when it was too long to be read."""
    from surveys import sentiment

    if line is None:
        return _told(state="unscored", reason=TOO_LONG)
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return _told(state="unscored", reason=NOT_UTF8)
    found = sentiment.score(text, language=language)
    return _told(
        compound=sentiment.vader(text).compound,
        score=found.value,
        label=found.label,
        language=found.language,
        state=found.state,
        reason=found.reason,
    )


def _told(**known: Any) -> dict[str, Any]:
    names = ("compound", "score", "label", "language", "state", "reason")
    return {name: known.get(name) for name in names}


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines without their ends, as they come; None for one longer than the limit."""
    is_first = True
    while line := stream.readline(LONGEST_BYTES + 2):
        if not line.endswith(b"\n") and len(line) > LONGEST_BYTES:
            while (rest := stream.readline(LONGEST_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None
        else:
            line = line.removesuffix(b"\n").removesuffix(b"\r")
            yield line.removeprefix(codecs.BOM_UTF8) if is_first else line
        is_first = False
