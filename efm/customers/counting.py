"""Who is who, in numbers: how customers were found to be one, and what waits for a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.customers import passes

RULES = {
    "external_id": "its own id",
    "email": "same e-mail",
    "phone": "same phone",
    "person_id": "same personal number",
    "likeness": "very much alike",
    "domain": "same web domain",
    "tax_id": "same tax id",
    "person": "a person decided",
}
"""By which rule customers were joined, in words."""

_CUSTOMERS = text(
    "SELECT 'contacts' AS name, count(*) FILTER (WHERE merged_into_id IS NULL) AS n,"
    " count(merged_into_id) AS merged FROM contacts UNION ALL"
    " SELECT 'accounts', count(*) FILTER (WHERE merged_into_id IS NULL), count(merged_into_id)"
    " FROM accounts"
)
_ARRIVED = text(
    "SELECT entity, matched_by, count(*) AS n FROM identities GROUP BY 1, 2 ORDER BY 1, 2"
)
_MERGED = text(
    "SELECT entity, rule, count(*) FILTER (WHERE undone_at IS NULL) AS n, count(undone_at) AS undone"
    " FROM merges GROUP BY 1, 2 ORDER BY 1, 2"
)
_ASKED = text("SELECT state, kind, count(*) AS n FROM matches GROUP BY 1, 2 ORDER BY 1, 2")


def report(session: Session) -> dict[str, Any]:
    """All figures of one organization, as JSON has them."""
    customers = {row.name: (row.n, row.merged) for row in session.execute(_CUSTOMERS)}
    arrived: dict[str, dict[str, int]] = {"contact": {}, "account": {}}
    for row in session.execute(_ARRIVED):
        arrived[row.entity][row.matched_by] = row.n
    merged: dict[str, dict[str, int]] = {"contact": {}, "account": {}}
    undone = 0
    for row in session.execute(_MERGED):
        merged[row.entity][row.rule] = row.n
        undone += row.undone
    asked: dict[str, dict[str, int]] = {}
    for row in session.execute(_ASKED):
        asked.setdefault(row.state, {"likely": 0, "conflict": 0})[row.kind] = row.n
    last = passes.latest(session)
    return {
        "contacts": customers["contacts"][0],
        "accounts": customers["accounts"][0],
        "merged": {"contacts": customers["contacts"][1], "accounts": customers["accounts"][1]},
        "matched_on_arrival": arrived,
        "merged_by_rule": merged,
        "undone": undone,
        "queue": asked,
        "last_pass": None
        if last is None
        else {
            "state": last.state,
            "started_at": last.started_at.isoformat(),
            "phase": last.phase,
            "done": last.done,
            "total": last.total,
            **last.found,
        },
    }
