"""Quotas: how many complete responses of each kind a survey has, and who came too late for one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from surveys.compiled import Compiled
from surveys.flow import Route
from surveys.parts import Quota

_ENDLESS = 2**31 - 1
_COUNTS = text("""
    SELECT quota_key, n FROM quota_counts
    WHERE organization_id = :organization AND survey_id = :survey
""")
# The row is locked until the response is stored, so that two cannot both be the last.
_TAKE = text("""
    INSERT INTO quota_counts (organization_id, survey_id, quota_key, n)
    VALUES (:organization, :survey, :quota, 1)
    ON CONFLICT (organization_id, survey_id, quota_key)
    DO UPDATE SET n = quota_counts.n + 1 WHERE quota_counts.n < CAST(:most AS integer)
    RETURNING n
""")


def met(compiled: Compiled, route: Route) -> list[Quota]:
    """The quotas a response with these answers counts for."""
    return [quota for quota, when in compiled.flow.quotas if when is None or when.holds(route.data)]


def full(session: Session, survey_id: uuid.UUID, quotas: Sequence[Quota]) -> Quota | None:
    """The first of these quotas that ends a response because it has enough."""
    ending = [quota for quota in quotas if quota.action == "end"]
    if not ending:
        return None
    counts = counts_of(session, survey_id)
    return next((quota for quota in ending if counts.get(quota.key, 0) >= quota.limit), None)


def take(session: Session, survey_id: uuid.UUID, quotas: Sequence[Quota]) -> Quota | None:
    """Count a complete response in each of its quotas; the one that was full before it, if any.

    Always in the same order, so that two responses wait for each other and never in a circle.
    """
    with session.begin_nested() as attempt:
        for quota in sorted(quotas, key=lambda each: each.key):
            most = quota.limit if quota.action == "end" else _ENDLESS
            if most == 0 or not _counted(session, survey_id, quota.key, most):
                # It is screened out, so it counts in none of the others either.
                attempt.rollback()
                return quota
    return None


def count(session: Session, survey_id: uuid.UUID, quotas: Sequence[Quota]) -> None:
    """Count a response that a program brought; it was answered elsewhere, so none is refused."""
    for quota in sorted(quotas, key=lambda each: each.key):
        _counted(session, survey_id, quota.key, _ENDLESS)


def counts_of(session: Session, survey_id: uuid.UUID) -> Mapping[str, int]:
    """How many complete responses each quota of a survey has."""
    named = {"organization": session.info["organization_id"], "survey": survey_id}
    return {row.quota_key: row.n for row in session.execute(_COUNTS, named)}


def _counted(session: Session, survey_id: uuid.UUID, key: str, most: int) -> bool:
    named: dict[str, Any] = {
        "organization": session.info["organization_id"],
        "survey": survey_id,
        "quota": key,
        "most": most,
    }
    return session.execute(_TAKE, named).first() is not None
