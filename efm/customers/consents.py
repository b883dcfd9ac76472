"""What a person agreed to in our surveys: the text, its version, when, and whether it was left open later."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST = 50
# The latest agreement to each text that was put; later responses to the same survey may leave it open.
_GIVEN = text(f"""
SELECT g.*, v.name AS survey, n.definition, (
        SELECT max(r.submitted_at) FROM responses r
        WHERE r.organization_id = g.organization_id AND r.contact_id = :id
            AND r.survey_id = g.survey_id AND r.state = 'complete' AND r.submitted_at > g.submitted_at
            AND NOT EXISTS (
                SELECT FROM answers a WHERE a.organization_id = r.organization_id
                AND a.response_id = r.id AND a.question_key = g.question_key)) AS left_open_at
FROM (
    SELECT DISTINCT ON (r.survey_id, a.question_key) r.organization_id, r.id, r.survey_id,
        r.version_id, r.submitted_at, a.question_key
    FROM responses r
    JOIN answers a ON a.organization_id = r.organization_id AND a.response_id = r.id
        AND a.kind = 'consent'
    WHERE r.contact_id = :id AND r.state = 'complete'
    ORDER BY r.survey_id, a.question_key, r.submitted_at DESC, r.id DESC) g
JOIN surveys v ON v.organization_id = g.organization_id AND v.id = g.survey_id
JOIN survey_versions n ON n.organization_id = g.organization_id AND n.id = g.version_id
ORDER BY g.submitted_at DESC, g.id DESC LIMIT {MOST}""")


@dataclass(frozen=True)
class Consent:
    """One agreement: to which words of which survey, in which version, by which response, when.

    `left_open_at` is when the same survey was answered later without agreeing.
    """

    response_id: uuid.UUID
    survey: str
    words: str
    version: str
    given_at: datetime
    left_open_at: datetime | None


def of(session: Session, contact_id: uuid.UUID) -> Sequence[Consent]:
    """What a contact agreed to, the latest first."""
    return [
        Consent(
            row.id, row.survey, *_asked(row.definition, row.question_key), row.submitted_at,
            row.left_open_at,
        )
        for row in session.execute(_GIVEN, {"id": contact_id})
    ]  # fmt: skip


def _asked(definition: Mapping[str, Any], key: str) -> tuple[str, str]:
    """The text of a question and the version it names; its key where the text is not there."""
    for question in _questions(definition):
        if question.get("key") == key:
            version = question.get("settings", {}).get("version") or ""
            return str(question.get("text") or key), str(version)
    return key, ""


def _questions(definition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for page in definition.get("pages", ()):
        yield from page.get("questions", ())
