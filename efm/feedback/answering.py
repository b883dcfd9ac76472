"""The answer desk: what a survey link shows, and what becomes of a form that is sent to it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Engine

from efm import clock
from efm.db.direct import Direct, begun
from efm.db.engine import unit
from efm.errors import NotFound
from efm.feedback import links, versions
from efm.feedback.kept import Kept
from efm.feedback.links import FormKey, FormKeys, Link
from efm.feedback.saving import answer_of, save_page
from efm.feedback.score import Scored, score_answers
from efm.feedback.store import Outcome, Reason, Row, store_many
from efm.feedback.writer import Writer
from efm.vault import Vault, token_hash
from surveys.compiled import Compiled
from surveys.values import Answer, Cleaned

Form = Mapping[str, Sequence[str]]

_ANSWERS = """
SELECT question_key, kind, number, text, choices, on_day FROM answers
WHERE organization_id = %(organization)s AND response_id = %(response)s
"""


class Shown(NamedTuple):
    """A page to show: of which version, which of its pages, with which answers and problems."""

    compiled: Compiled
    version_id: uuid.UUID
    page_index: int
    key: FormKey | None = None
    answers: Mapping[str, Answer] | None = None
    cleaned: Cleaned | None = None
    is_resumed: bool = False


class Went(NamedTuple):
    """The form was taken: go on at `page_index` of the link `token`, or to its thanks (None)."""

    token: str
    page_index: int | None


class Refused(NamedTuple):
    """The form was not taken, or there is nothing to show: the kind page to give instead."""

    kind: Literal["closed", "expired", "answered", "unknown"]


class Desk:
    """Answers links for one process, with the connections and the writer of that process.

    Looking up and showing never writes: PostgreSQL refuses it on those connections. An open
    anonymous link may be remembered for `keep_seconds`; when it closes meanwhile, its page may be
    shown that long, but what is sent is refused by the statement that stores.
    """

    def __init__(
        self,
        engine: Engine,
        reader: Direct,
        writer: Writer,
        vault: Vault,
        *,
        keep_seconds: float = 0.0,
    ) -> None:
        self._engine = engine
        self.reader = reader
        self._kept: Kept[str, Link] = Kept(keep_seconds)
        self._writer = writer
        self._vault = vault
        self.keys = FormKeys(vault)

    def link(self, token: str) -> Link:
        """What the token leads to; raises NotFound."""
        passing: list[Link] = []

        def find() -> Link | None:
            found = links.look_up(self.reader, token)
            if found is None:
                raise NotFound("There is no such survey.")
            if found.kind == "distribution" and found.survey_state == "open":
                return found
            passing.append(found)
            return None

        return self._kept.get(token, find) or passing[0]

    def keeping(self, seconds: float) -> Desk:
        """The same desk with a memory for links."""
        return Desk(self._engine, self.reader, self._writer, self._vault, keep_seconds=seconds)

    def compiled(self, organization_id: uuid.UUID, version_id: uuid.UUID) -> Compiled:
        """A version, compiled once and kept; raises NotFound."""
        found = versions.kept(organization_id, version_id)
        if found is not None:
            return found
        with unit(self._engine, organization_id, read_only=True) as session:
            return versions.compiled(session, version_id)

    def resume_token(self, response_id: uuid.UUID) -> str:
        """The private link of an anonymous response that has begun."""
        return self._vault.link_token(response_id)

    def show(self, link: Link, now: datetime, page_index: int | None = None) -> Shown | Refused:
        """The page a person sees: the first, or where a response that has begun goes on."""
        if link.is_complete:
            return Refused("answered")
        refusal = link.refusal(now)
        if refusal is not None:
            return Refused(refusal)
        version_id = link.shown_version_id
        if version_id is None:
            return Refused("closed")
        compiled = self.compiled(link.organization_id, version_id)
        if link.response_id is None:
            return Shown(compiled, version_id, 0)
        reached = min(link.page_index or 0, len(compiled.definition.pages) - 1)
        at = reached if page_index is None else max(0, min(page_index, reached))
        return Shown(
            compiled,
            version_id,
            at,
            FormKey(link.response_id, version_id),
            self._answers(link.organization_id, link.response_id),
            is_resumed=page_index is None and reached > 0,
        )

    def send(self, link: Link, token: str, form: Form, now: datetime) -> Shown | Went | Refused:
        """Take one page of a form: the whole of a short survey, or one page of a longer one."""
        given = form.get("_key", ())
        key = self.keys.read(token, given[0]) if given else None
        if link.is_complete:
            is_same = key is not None and key.response_id == link.response_id
            return Went(token, None) if is_same else Refused("answered")
        refusal = link.refusal(now)
        if refusal is not None:
            return Refused(refusal)
        if link.response_id is not None:
            return self._save(link, token, link.response_id, form, key, now)
        if key is None:
            return self.shown_again(link, token, form)
        compiled = self.compiled(link.organization_id, key.version_id)
        if self._page_of(compiled, form) != 0:
            return Went(token, 0)
        cleaned = compiled.clean_form_page(0, form)
        if not cleaned.is_valid:
            return Shown(compiled, key.version_id, 0, key, cleaned=cleaned)
        return self._begin(link, token, compiled, key, cleaned, now)

    def _begin(
        self,
        link: Link,
        token: str,
        compiled: Compiled,
        key: FormKey,
        cleaned: Cleaned,
        now: datetime,
    ) -> Went | Refused:
        """Store the first page: a whole response, or one that goes on at a link of its own."""
        row = self.row(link, compiled, key, cleaned, now)
        outcome = self.store(link.organization_id, row)
        if outcome.state == "refused":
            return Refused(_kind(outcome.reason))
        if row.submitted_at is not None:
            is_other = outcome.state == "duplicate" and outcome.id != key.response_id
            return Refused("answered") if is_other else Went(token, None)
        if link.kind == "distribution":
            token = self.resume_token(outcome.id or key.response_id)
        return Went(token, 1)

    def row(
        self, link: Link, compiled: Compiled, key: FormKey, cleaned: Cleaned, now: datetime
    ) -> Row:
        """The row of a first page; complete when there is only that one."""
        definition = compiled.definition
        is_complete = len(definition.pages) == 1
        is_personal = link.invitation_id is not None
        return Row(
            id=key.response_id,
            survey_id=link.survey_id,
            version_id=key.version_id,
            distribution_id=link.distribution_id,
            invitation_id=link.invitation_id,
            contact_id=link.contact_id,
            submit_key=(
                f"invitation:{link.invitation_id}" if is_personal else f"form:{key.response_id}"
            ),
            resume_hash=(
                None
                if is_complete or is_personal
                else token_hash(self.resume_token(key.response_id))
            ),
            page_index=0 if is_complete else 1,
            language=definition.language,
            channel=link.channel,
            touchpoint=link.touchpoint,
            answers=cleaned.answers,
            scored=(
                score_answers(compiled, cleaned.answers, definition.language)
                if is_complete
                else Scored(())
            ),
            started_at=now,
            submitted_at=now if is_complete else None,
        )

    def store(
        self, organization_id: uuid.UUID, row: Row, *, token_id: uuid.UUID | None = None
    ) -> Outcome:
        """Store a row, sharing a commit; one with a waiting comment brings the job that reads it."""
        if not row.scored.is_pending:
            return self._writer.store(organization_id, row, token_id=token_id)
        with unit(self._engine, organization_id) as session:
            return store_many(session, [row], clock.now(), token_id=token_id)[0]

    def _save(
        self,
        link: Link,
        token: str,
        response_id: uuid.UUID,
        form: Form,
        key: FormKey | None,
        now: datetime,
    ) -> Shown | Went | Refused:
        """Save a later page of a response that has begun."""
        version_id = link.version_id
        assert version_id is not None, "a response is pinned to its version"
        if key is not None and key.version_id != version_id:
            return Went(token, link.page_index or 0)
        compiled = self.compiled(link.organization_id, version_id)
        at = self._page_of(compiled, form)
        if at is None:
            return Went(token, link.page_index or 0)
        goes_back = "back" in form.get("_go", ())
        cleaned = compiled.clean_form_page(at, form)
        if not cleaned.is_valid and not goes_back:
            return Shown(
                compiled, version_id, at, FormKey(response_id, version_id), cleaned=cleaned
            )
        with unit(self._engine, link.organization_id) as session:
            saved = save_page(
                session, response_id, compiled, at, cleaned.answers, now, goes_back=goes_back
            )
        if saved.reason is not None:
            return Refused(_kind(saved.reason))
        return Went(token, None if saved.is_complete else saved.next_page)

    def shown_again(self, link: Link, token: str, form: Form) -> Shown | Refused:
        """A form that was not taken, as it was typed; one without a key of ours gets a new key."""
        given = form.get("_key", ())
        key = self.keys.read(token, given[0]) if given else None
        version_id = link.version_id or (key.version_id if key else link.current_version_id)
        if version_id is None:
            return Refused("closed")
        compiled = self.compiled(link.organization_id, version_id)
        at = self._page_of(compiled, form) or 0
        if link.response_id is not None:
            key = FormKey(link.response_id, version_id)
        elif at:
            at, key = 0, None
        return Shown(compiled, version_id, at, key, cleaned=compiled.clean_form_page(at, form))

    def _page_of(self, compiled: Compiled, form: Form) -> int | None:
        """The page the form says it is, by its key; the first when it says nothing."""
        said = form.get("_page", ())
        if not said:
            return 0
        for index, page in enumerate(compiled.definition.pages):
            if page.key == said[0]:
                return index
        return None

    def _answers(self, organization_id: uuid.UUID, response_id: uuid.UUID) -> dict[str, Answer]:
        named = {"organization": organization_id, "response": response_id}
        with self.reader.connection() as connection, begun(connection, organization_id):
            rows = connection.execute(_ANSWERS, named, prepare=True).fetchall()
        return {row[0]: answer_of(row) for row in rows}


def _kind(reason: Reason | None) -> Literal["closed", "expired", "answered", "unknown"]:
    """The kind page of a refusal; a link whose contact has gone meanwhile is as good as unknown."""
    if reason == "closed" or reason == "expired" or reason == "answered":
        return reason
    return "unknown"
