"""One response as a program sends it: from its JSON to what is stored, and to what is answered.

The address in Flask and the bare entrance in front of it both read and answer by this, so that they
are one. The schema of the documentation says the same; a test holds the two together.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from efm.errors import Invalid
from efm.feedback.collect import Incoming
from efm.feedback.store import Outcome
from efm.web import jsonguard
from efm.web.api.moments import read_moment
from efm.web.pointers import pointer

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII).fullmatch
_MOST_UNKNOWN = 20


def read_id(value: object) -> uuid.UUID:
    """An id. Raises ValueError with words for the sender."""
    if type(value) is not str or not _UUID(value):
        raise ValueError("Send an id such as 0190a0a0-0000-7000-8000-000000000000.")
    return uuid.UUID(value)


def read_object(value: object) -> dict[str, Any]:
    """An object. Raises ValueError with words for the sender."""
    if type(value) is not dict:
        raise ValueError("Send a JSON object.")
    return value


def _text(shortest: int, longest: int) -> Callable[[object], str]:
    def read(value: object) -> str:
        if type(value) is not str:
            raise ValueError("Send text.")
        if not shortest <= len(value) <= longest:
            raise ValueError(f"Send {shortest} to {longest} characters.")
        return value

    return read


READERS: Mapping[str, Callable[[object], Any]] = {
    "survey_id": read_id,
    "answers": read_object,
    "key": _text(1, 160),
    "contact_id": read_id,
    "submitted_at": read_moment,
    "started_at": read_moment,
    "channel": _text(0, 40),
    "touchpoint": _text(0, 80),
    "language": _text(2, 40),
    "attributes": read_object,
}
NEEDED = ("survey_id", "answers")


def incoming(document: object) -> Incoming:
    """The response in a JSON document; its answers are looked at when it is stored.

    A field that is null counts as left out. Raises Invalid, its `problems` named by field.
    """
    if type(document) is not dict:
        raise Invalid("The response has problems.", problems={"": "Send a JSON object."})
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, value in document.items():
        reader = READERS.get(name)
        if reader is None:
            if len(problems) < _MOST_UNKNOWN:
                problems[pointer(name)] = "There is no such field."
        elif value is not None:
            try:
                values[name] = reader(value)
            except ValueError as error:
                problems[name] = str(error)
    for name in NEEDED:
        if name not in values and name not in problems:
            problems[name] = "This is needed."
    if problems:
        raise Invalid("The response has problems.", problems=problems)
    return Incoming(**values)


def read(raw: bytes) -> Incoming:
    """The response in a body. Raises jsonguard.Unreadable, or Invalid."""
    return incoming(jsonguard.read(raw))


def answered(outcome: Outcome) -> tuple[int, dict[str, Any]]:
    """The status and the body for a response that was taken; the same body when it came again."""
    return (201 if outcome.state == "created" else 200), {"id": outcome.id}
