"""One response of a program on the quick path: token, survey and limits known, stored by the writer."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from efm import clock
from efm.db.engine import unit
from efm.feedback import collect
from efm.feedback.answering import Desk
from efm.feedback.collect import Target
from efm.feedback.kept import Kept
from efm.feedback.store import Row
from efm.staff import tokens
from efm.vault import token_hash
from efm.web import jsonguard
from efm.web.api import ingest
from efm.web.api.body import written
from efm.web.api.limits import Limiter
from efm.web.api.room import STANDING, standing_headers
from efm.web.flask import EfmFlask

FIND = """
SELECT organization_id, id, 'responses.write' = ANY(scopes), last_used_at FROM efm_find_api_token(%(hash)s)
WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""


class Token(NamedTuple):
    """An API token that may send responses."""

    organization_id: uuid.UUID
    id: uuid.UUID


class QuickIngest:
    """Takes the ordinary single response; anything else is None: Flask's to answer."""

    most_bytes = jsonguard.SINGLE_BYTES

    def __init__(self, app: EfmFlask, keep_seconds: float) -> None:
        self._engine = app.extensions["efm.engine"]
        self._desk: Desk = app.extensions["efm.reception"].desk
        self._limiter: Limiter = app.extensions["efm.api_limiter"]
        self._tokens: Kept[str, Token] = Kept(keep_seconds)
        self._targets: Kept[tuple[uuid.UUID, uuid.UUID], Target] = Kept(keep_seconds)

    def is_unusual(self, environ: dict[str, Any]) -> bool:
        """Whether the request carries what only Flask's side understands."""
        return "HTTP_IDEMPOTENCY_KEY" in environ or "HTTP_COOKIE" in environ

    def token(self, environ: dict[str, Any]) -> Token | None:
        """The caller's token, when it is valid and may send responses."""
        scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or not given or len(given) > 200:
            return None
        return self._tokens.get(given, lambda: self._look_up(given))

    def _look_up(self, given: str) -> Token | None:
        found = self._desk.reader.fetch(FIND, {"hash": token_hash(given)})
        if not found or not found[0][2]:
            return None
        organization_id, token_id, _, last_used_at = found[0]
        tokens.touch(self._engine, organization_id, token_id, last_used_at, clock.now())
        return Token(organization_id, token_id)

    def may_ask(self, token: Token, environ: dict[str, Any], now: datetime) -> bool:
        """Count the request against its token's minute, once, whoever answers it."""
        standing = environ[STANDING] = self._limiter.take(token.id, now)
        return standing is None or not standing.is_over

    def store(
        self, token: Token, body: bytes, environ: dict[str, Any], now: datetime
    ) -> tuple[int, bytes, list[tuple[str, str]]] | None:
        """Status, content and headers of a response that was taken. Raises EfmError."""
        incoming = ingest.read(body)
        if incoming.contact_id is not None:
            return None
        target = self._target(token.organization_id, incoming.survey_id, now)
        row = collect.read(incoming, target, now)
        if not isinstance(row, Row):
            return None
        outcome = self._desk.store(token.organization_id, row, token_id=token.id)
        if outcome.state == "refused":
            return None
        status, content = ingest.answered(outcome)
        return status, written(content), standing_headers(environ[STANDING])

    def _target(self, organization_id: uuid.UUID, survey_id: uuid.UUID, now: datetime) -> Target:
        def find() -> Target:
            seen = collect.seen_target(self._desk.reader, organization_id, survey_id)
            if seen is not None:
                return seen
            with unit(self._engine, organization_id) as session:
                return collect.target_of(session, survey_id, now)

        found = self._targets.get((organization_id, survey_id), find)
        assert found is not None, "a survey that takes no answers is an error"
        return found
