"""The latest comments of a filter, and when it was last answered."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from efm.insight import cells
from efm.insight.cells import Scope
from efm.insight.counting import FENCE, ask, ends, starts
from efm.insight.filters import Filter

LATEST = 6

_WHERE = """
    r.organization_id = %(organization)s AND r.survey_id = survey.id AND r.state = 'complete'
    AND (%(touchpoint)s::text IS NULL OR r.touchpoint = %(touchpoint)s::text)
    AND (%(channel)s::text IS NULL OR r.channel = %(channel)s::text)
    AND r.submitted_at >= {starts} AND r.submitted_at < {ends}
    AND (r.submitted_at AT TIME ZONE %(zone)s)::date BETWEEN %(floor)s::date AND %(until)s::date
""".format(starts=starts("%(floor)s::date"), ends=ends("%(until)s::date"))
# The fences keep to the newest responses where the planner knows nothing of the tables yet, as after
# a large import: it would rather walk all scores for each of them.
_COMMENTS = f"""
SELECT r.id, r.submitted_at, r.touchpoint, r.channel, s.name, a.text, c.state,
    c.band, c.reason
FROM unnest(%(surveys)s::uuid[]) AS survey(id)
CROSS JOIN LATERAL (
    SELECT r.id, r.submitted_at, r.touchpoint, r.channel FROM responses r
    WHERE {_WHERE} AND EXISTS (
        SELECT 1 FROM scores c WHERE c.organization_id = r.organization_id
            AND c.response_id = r.id AND c.metric = 'sentiment' {FENCE})
    ORDER BY r.submitted_at DESC, r.id DESC LIMIT %(limit)s) r
JOIN surveys s ON s.organization_id = %(organization)s AND s.id = survey.id
CROSS JOIN LATERAL (
    SELECT c.question_key, c.state, c.band, c.reason FROM scores c
    WHERE c.organization_id = %(organization)s AND c.response_id = r.id
        AND c.metric = 'sentiment' {FENCE}) c
JOIN answers a ON a.organization_id = %(organization)s AND a.response_id = r.id
    AND a.question_key = c.question_key
ORDER BY r.submitted_at DESC, r.id DESC, a.question_key LIMIT %(limit)s
"""
_LAST_AT = f"""
SELECT max(newest.submitted_at) FROM unnest(%(surveys)s::uuid[]) AS survey(id)
CROSS JOIN LATERAL (
    SELECT r.submitted_at FROM responses r WHERE {_WHERE}
    ORDER BY r.submitted_at DESC LIMIT 1) newest
"""


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment as the dashboard shows it; `label` is its sentiment, or pending or unscored."""

    response_id: uuid.UUID
    at: datetime
    touchpoint: str
    channel: str
    survey: str
    words: str
    label: str
    reason: str | None


def latest(
    session: Session, wanted: Filter, scope: Scope, slots: Mapping[date, int]
) -> Sequence[Comment]:
    """The latest comments, newest first. `slots` counts them by step, and bounds the search."""
    rows = _ask(session, _COMMENTS, wanted, scope, _floor(slots, LATEST), LATEST)
    return [
        Comment(id_, at, place, channel, survey, words, band if state == "scored" else state, why)
        for id_, at, place, channel, survey, words, state, band, why in rows
    ]


def last_at(
    session: Session, wanted: Filter, scope: Scope, slots: Mapping[date, int]
) -> datetime | None:
    """When the filter's last answer came; None when there is none."""
    rows = _ask(session, _LAST_AT, wanted, scope, _floor(slots, 1), 1)
    return rows[0][0] if rows else None


def _floor(slots: Mapping[date, int], enough: int) -> date | None:
    """The first day of the latest step by which there are enough; None when there is nothing."""
    seen = 0
    for since in sorted(slots, reverse=True):
        seen += slots[since]
        if seen >= enough:
            return since
    return min(slots) if slots else None


def _ask(
    session: Session, statement: str, wanted: Filter, scope: Scope, floor: date | None, limit: int
) -> list[Any]:
    if floor is None:
        return []
    if wanted.since is not None:
        floor = max(floor, wanted.since)
    values = cells.parameters(session, wanted, scope) | {"floor": floor, "limit": limit}
    return ask(session, statement, values)
