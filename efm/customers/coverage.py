"""Whom of an account we asked, who answered and who is silent, and what its people say together."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

PAGE = 50
# A tree of accounts is read this far; beyond it the page says that there are more.
MOST_ACCOUNTS = 1000
_DEPTH = 20
STATES: Mapping[str, str] = {
    "answered": "Answered",
    "silent": "Asked, no answer",
    "never_asked": "Never asked",
}
"""Where a person stands, in words. Who answered without being asked by name has answered."""

_TREE = text(
    "WITH RECURSIVE down AS (SELECT id, 0 AS step FROM accounts WHERE id = :id UNION"
    " SELECT a.id, down.step + 1 FROM down JOIN accounts a ON a.parent_account_id = down.id"
    f" WHERE a.merged_into_id IS NULL AND down.step < {_DEPTH})"
    " SELECT id FROM down GROUP BY id ORDER BY min(step), id LIMIT :most"
)
_IN = "{0} >= CAST(:since AS timestamptz) AND {0} < CAST(:until AS timestamptz)"
_PEOPLE = "p.account_id = ANY(:ids) AND p.merged_into_id IS NULL"
_SIDES = f"""
asked AS MATERIALIZED (
    SELECT i.contact_id, count(*) AS n, max(i.created_at) AS last_at,
        bool_or(i.answered_at IS NOT NULL) AS has_answered
    FROM contacts p
    JOIN invitations i ON i.organization_id = p.organization_id AND i.contact_id = p.id
    WHERE {_PEOPLE} AND {_IN.format("i.created_at")} GROUP BY 1
), answered AS MATERIALIZED (
    SELECT r.contact_id, count(*) AS n, max(r.submitted_at) AS last_at FROM contacts p
    JOIN responses r ON r.organization_id = p.organization_id AND r.contact_id = p.id
    WHERE {_PEOPLE} AND r.state = 'complete' AND {_IN.format("r.submitted_at")} GROUP BY 1
)"""
_STATE = """CASE WHEN r.contact_id IS NOT NULL OR a.has_answered THEN 'answered'
    WHEN a.contact_id IS NOT NULL THEN 'silent' ELSE 'never_asked' END"""
_COUNTS = text(f"""
WITH {_SIDES}
SELECT count(*) AS people, count(a.contact_id) AS asked,
    count(*) FILTER (WHERE a.has_answered) AS replied,
    count(*) FILTER (WHERE a.has_answered OR r.contact_id IS NOT NULL) AS answered,
    count(*) FILTER (WHERE r.contact_id IS NOT NULL AND a.contact_id IS NULL) AS unasked
FROM contacts p LEFT JOIN asked a ON a.contact_id = p.id LEFT JOIN answered r ON r.contact_id = p.id
WHERE {_PEOPLE}""")
# All people are placed in one pass, which is faster than to look each up; what they did last only
# those of the page are looked up for.
_PAGE = text(f"""
WITH {_SIDES}, page AS MATERIALIZED (
    SELECT p.id, p.account_id, p.name, p.email, {_STATE} AS state,
        coalesce(a.n, 0) AS asked, a.last_at AS asked_at,
        coalesce(r.n, 0) AS answers, r.last_at AS answered_at
    FROM contacts p
    LEFT JOIN asked a ON a.contact_id = p.id LEFT JOIN answered r ON r.contact_id = p.id
    WHERE {_PEOPLE} AND (CAST(:state AS text) IS NULL OR {_STATE} = :state)
        AND (NOT EXISTS (SELECT FROM contacts c WHERE c.id = CAST(:after AS uuid))
            OR (p.name, p.id) > (SELECT c.name, c.id FROM contacts c WHERE c.id = :after))
    ORDER BY p.name, p.id LIMIT :size)
SELECT page.*, o.name AS account, x.occurred_at AS met_at, x.kind AS met_kind, x.channel AS met_channel
FROM page
JOIN accounts o ON o.id = page.account_id
LEFT JOIN LATERAL (
    SELECT i.occurred_at, i.kind, i.channel FROM interactions i
    WHERE i.organization_id = o.organization_id AND i.contact_id = page.id
    ORDER BY i.occurred_at DESC LIMIT 1) x ON true
ORDER BY page.name, page.id""")
# Each person counts once for a metric, with the latest answer.
_LATEST = text(f"""
SELECT metric, value, count(*) AS n FROM (
    SELECT DISTINCT ON (r.contact_id, s.metric) s.metric, round(s.value)::int AS value
    FROM contacts p
    JOIN responses r ON r.organization_id = p.organization_id AND r.contact_id = p.id
    JOIN scores s ON s.organization_id = r.organization_id AND s.response_id = r.id
        AND s.metric IN ('nps', 'csat', 'ces') AND s.state = 'scored'
    WHERE {_PEOPLE} AND r.state = 'complete' AND {_IN.format("r.submitted_at")}
        AND NOT EXISTS (
            SELECT FROM jsonb_to_recordset(CAST(:asides AS jsonb))
                AS a(survey_id uuid, metric text, question_key text)
            WHERE a.survey_id = r.survey_id AND a.metric = s.metric
                AND a.question_key = s.question_key)
    ORDER BY r.contact_id, s.metric, r.submitted_at DESC, r.id DESC, s.question_key) t
GROUP BY 1, 2""")


@dataclass(frozen=True)
class Scope:
    """Whose people: accounts by id, and when they were asked or answered (None: ever)."""

    account_ids: Sequence[uuid.UUID]
    since: datetime | None = None
    until: datetime | None = None

    def values(self) -> dict[str, Any]:
        """What the statements bind."""
        return {
            "ids": list(self.account_ids), "since": self.since or "-infinity",
            "until": self.until or "infinity",
        }  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """How many people; of those asked by name, how many `replied`; `unasked` answered all the same."""

    people: int
    asked: int
    replied: int
    answered: int
    unasked: int

    @property
    def by_state(self) -> Mapping[str, int]:
        """How many stand where; together all people."""
        never = self.people - self.asked - self.unasked
        return {
            "answered": self.answered,
            "silent": self.people - self.answered - never,
            "never_asked": never,
        }


@dataclass(frozen=True)
class People:
    """One page of an account's people, and where the next begins."""

    rows: Sequence[Row[Any]]
    next_cursor: uuid.UUID | None


def tree(session: Session, account_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """An account and those under it, at any depth, nearest first; at most MOST_ACCOUNTS + 1."""
    found = session.execute(_TREE, {"id": account_id, "most": MOST_ACCOUNTS + 1})
    return found.scalars().all()


def counts(session: Session, scope: Scope) -> Counts:
    """Who was asked and who answered; each person once."""
    row = session.execute(_COUNTS, scope.values()).one()
    return Counts(row.people, row.asked, row.replied, row.answered, row.unasked)


def page(session: Session, scope: Scope, state: str = "", after: uuid.UUID | None = None) -> People:
    """The people of the accounts by name, fifty at a time; `state` is one of STATES or empty.

    Each row has the person, their account, how often and when last they were asked and answered,
    and the last interaction.
    """
    values = scope.values() | {
        "state": state if state in STATES else None, "after": after, "size": PAGE + 1,
    }  # fmt: skip
    rows = session.execute(_PAGE, values).all()
    return People(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def latest_scores(
    session: Session, scope: Scope, asides: Iterable[tuple[uuid.UUID, str, str]]
) -> Mapping[str, Mapping[int, int]]:
    """By metric, how many people gave which value last; `asides` are questions that do not count."""
    given = [{"survey_id": str(s), "metric": m, "question_key": k} for s, m, k in asides]
    found: dict[str, dict[int, int]] = {}
    for row in session.execute(_LATEST, scope.values() | {"asides": json.dumps(given)}):
        found.setdefault(row.metric, {})[row.value] = row.n
    return found
