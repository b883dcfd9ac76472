"""The audit log as a list with filters in the address."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from flask import Blueprint, render_template, request, url_for

from efm.models import AuditEntry
from efm.staff import trail
from efm.web import unit
from efm.web.context import zone
from efm.web.permissions import permission

pages = Blueprint("audit", __name__)
Value = TypeVar("Value")


@pages.get("/audit")
@permission("audit.view")
def index() -> str:
    """The log, newest first."""
    filters = _filters()
    rows, has_more = trail.page(unit.session(), filters, zone())
    actions, people = trail.actions(unit.session()), trail.people(unit.session())
    given = _given(filters)
    return render_template(
        "audit/index.html",
        rows=rows,
        words=trail.words,
        actions=actions,
        people=people,
        given=given,
        chips=_chips(given, dict(actions), dict(people)),
        next_url=_url(given, after=_cursor(rows[-1])) if has_more else None,
        first_url=_url(given) if filters.before else None,
    )


def _filters() -> trail.Filters:
    """The filters of the address; a value that cannot be read counts as not given."""
    return trail.Filters(
        action=request.args.get("action", "")[:60].replace("\0", ""),
        user_id=_read(uuid.UUID, request.args.get("person")),
        from_on=_read(_day, request.args.get("from")),
        until_on=_read(_day, request.args.get("until")),
        before=_read(_position, request.args.get("after")),
    )


def _read(reader: Callable[[str], Value], value: str | None) -> Value | None:
    try:
        return reader(value) if value else None
    except (ValueError, binascii.Error):
        return None


def _day(value: str) -> date:
    day = date.fromisoformat(value)
    if not 1970 <= day.year <= 9000:
        raise ValueError(value)
    return day


def _position(cursor: str) -> tuple[datetime, uuid.UUID]:
    at, _, row_id = base64.urlsafe_b64decode(cursor).decode("ascii").partition("|")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError(cursor)
    return moment, uuid.UUID(row_id)


def _cursor(row: AuditEntry) -> str:
    return base64.urlsafe_b64encode(f"{row.acted_at.isoformat()}|{row.id}".encode()).decode()


def _given(filters: trail.Filters) -> dict[str, str]:
    values = {
        "action": filters.action,
        "person": str(filters.user_id or ""),
        "from": str(filters.from_on or ""),
        "until": str(filters.until_on or ""),
    }
    return {key: value for key, value in values.items() if value}


def _url(given: dict[str, str], **more: str) -> str:
    return url_for("audit.index", **given, **more)  # type: ignore[arg-type]


def _chips(
    given: dict[str, str], actions: dict[str, str], people: dict[str, str]
) -> list[dict[str, str]]:
    labels = {"action": "What", "person": "Who", "from": "From", "until": "Until"}
    said = {"action": actions, "person": people}
    return [
        {
            "label": labels[key],
            "value": said.get(key, {}).get(value, value),
            "remove_url": _url({k: v for k, v in given.items() if k != key}),
        }
        for key, value in given.items()
    ]
