"""Cursors of lists: opaque to programs, a position to us, never a way to other rows.

A cursor says after which row a list goes on. Rows are found within the caller's organization
alone, so a forged cursor only names another place in the same list.
"""

from __future__ import annotations

import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import datetime
from typing import Any

from efm.errors import EfmError

LONGEST = 200


class BadCursor(EfmError):
    """The cursor was not made here, or for another list."""

    status = 400
    title = "This cursor does not belong here"

    def __init__(self) -> None:
        super().__init__(
            "Take the cursor from `next` of the same list, unchanged, or start without one.",
            problems={"?cursor": "This cursor was not given by this list."},
        )


def write(kind: str, at: datetime | None, last_id: uuid.UUID) -> str:
    """The cursor of the list `kind` after the row with this id (and time, where it sorts by one)."""
    text = f"{kind}~{at.isoformat() if at else ''}~{last_id.hex}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(kind: str, cursor: str, *, timed: bool = False) -> tuple[datetime | None, uuid.UUID]:
    """The position a cursor names; raises BadCursor."""
    try:
        if len(cursor) > LONGEST or not cursor.isascii():
            raise BadCursor
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        found, at, last_id = text.split("~")
        moment = datetime.fromisoformat(at) if at else None
        if found != kind or timed != (moment is not None) or len(last_id) != 32:
            raise BadCursor
        if moment is not None and moment.tzinfo is None:
            raise BadCursor
        return moment, uuid.UUID(last_id)
    except (ValueError, Base64Error) as error:
        raise BadCursor from error


def after(kind: str, query: dict[str, Any]) -> uuid.UUID | None:
    """Take the cursor out of a list's arguments: the id it names, None at the beginning."""
    cursor = query.pop("cursor", None)
    return None if cursor is None else read(kind, cursor)[1]


def next_after(kind: str, last_id: uuid.UUID | None) -> str | None:
    """The cursor of the next page, None at the end."""
    return None if last_id is None else write(kind, None, last_id)
