"""The answer desk: what a survey link shows, and what becomes of a form that is sent to it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from efm import clock
from efm.clock import new_id
from efm.db.direct import Direct
from efm.db.engine import unit
from efm.errors import NotFound
from efm.feedback import arms, course, files, links, versions
from efm.feedback.answered import (
    Form,
    Refused,
    Shown,
    Went,
    first_row,
    kind_page,
    language_of,
    left_open,
)
from efm.feedback.files import Received
from efm.feedback.kept import Kept
from efm.feedback.links import FormKey, FormKeys, Link
from efm.feedback.saving import save_page
from efm.feedback.score import Scored
from efm.feedback.store import Outcome, Row, store_many
from efm.feedback.writer import Writer
from efm.vault import Vault, token_hash
from surveys.asking import ask
from surveys.compiled import Compiled
from surveys.logic import Context
from surveys.values import Cleaned

NOTHING_KNOWN = Context()


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

    def show(
        self,
        link: Link,
        now: datetime,
        page_index: int | None = None,
        query: Mapping[str, str] = {},
    ) -> Shown | Refused:
        """The page a person sees: the first, or where a response that has begun goes on.

        `query` are the parameters of the link: the language wanted, values for the survey's data.
        """
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
            return self._first(link, compiled, version_id, query, now)
        compiled, about = self._standing(link, compiled, link.response_id, now, query)
        answers = course.answers(self.reader, link.organization_id, link.response_id)
        reached = link.page_index or 0
        asked = course.page_for(compiled, answers, about, reached=reached, wanted=page_index)
        return Shown(
            compiled,
            version_id,
            asked,
            FormKey(link.response_id, version_id),
            answers,
            is_resumed=page_index is None and asked.number > 0,
        )

    def _first(
        self,
        link: Link,
        compiled: Compiled,
        version_id: uuid.UUID,
        query: Mapping[str, str],
        now: datetime,
    ) -> Shown:
        """The first page of a response that has not begun."""
        compiled = compiled.speaking(query.get("language", ""))
        if not course.asks_more(compiled):
            return Shown(compiled, version_id, ask(compiled, 0, {}, NOTHING_KNOWN))
        key = FormKey(new_id(), version_id)
        data = course.from_link(compiled, query)
        about = course.context(compiled, key.response_id, self._data(link, compiled, data), now)
        asked = ask(compiled, course.first_place(compiled, about), {}, about)
        return Shown(compiled, version_id, asked, key, data=data)

    def _data(self, link: Link, compiled: Compiled, given: Mapping[str, str]) -> dict[str, Any]:
        """What is known of a response that begins: from the link, from the customer."""
        mine = course.from_customer(self.reader, compiled, link.organization_id, link.contact_id)
        return {**given, **mine}

    def _standing(
        self,
        link: Link,
        compiled: Compiled,
        response_id: uuid.UUID,
        now: datetime,
        query: Mapping[str, str],
    ) -> tuple[Compiled, Context]:
        """The survey in the language of a begun response, and what is known of that."""
        if not course.asks_more(compiled) and not compiled.definition.translations:
            return compiled, NOTHING_KNOWN
        known = course.known(self.reader, link.organization_id, response_id)
        compiled = compiled.speaking(query.get("language") or known.language)
        return compiled, course.context(compiled, response_id, known.data, now)

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
            return self.shown_again(link, token, form, now)
        compiled = self.compiled(link.organization_id, key.version_id).speaking(language_of(form))
        form = self._with_files(link, compiled, key.response_id, form)
        data = course.from_form(compiled, form)
        about = NOTHING_KNOWN
        if course.asks_more(compiled):
            about = course.context(compiled, key.response_id, self._data(link, compiled, data), now)
        place = course.first_place(compiled, about)
        if self._page_of(compiled, form, place) != place:
            return Went(token, 0)
        cleaned = compiled.clean_form_page(place, form, {}, about)
        if not cleaned.is_valid or cleaned.unseen:
            asked = ask(compiled, place, cleaned.answers, about)
            left = left_open(form, cleaned)
            return Shown(
                compiled, key.version_id, asked, key, cleaned=cleaned, data=data, left=left
            )
        return self._begin(link, token, compiled, key, cleaned, now, place, about)

    def _begin(
        self,
        link: Link,
        token: str,
        compiled: Compiled,
        key: FormKey,
        cleaned: Cleaned,
        now: datetime,
        place: int,
        about: Context,
    ) -> Went | Refused:
        """Store the first page: a whole response, or one that goes on at a link of its own."""
        row = first_row(link, compiled, key, cleaned, now, place, about, self.resume_token)
        if compiled.flow.quotas or arms.are_even(compiled, place):
            return self._begin_counted(link, token, compiled, row, place, now, about)
        outcome = self.store(link.organization_id, row)
        if outcome.state == "refused":
            return Refused(kind_page(outcome.reason))
        if row.submitted_at is not None:
            if outcome.state == "duplicate" and outcome.id != key.response_id:
                return Refused("answered")
            own = self.resume_token(key.response_id) if row.resume_hash is not None else token
            return Went(own, None, row.ending)
        if link.kind == "distribution":
            token = self.resume_token(outcome.id or key.response_id)
        return Went(token, row.page_index)

    def _begin_counted(
        self,
        link: Link,
        token: str,
        compiled: Compiled,
        row: Row,
        place: int,
        now: datetime,
        about: Context,
    ) -> Went | Refused:
        """Store the first page of a survey that counts: draw evenly, look whether a quota is full."""
        row.submitted_at, row.scored, row.is_screened, row.ending = None, Scored(()), False, None
        if row.invitation_id is None:
            token = self.resume_token(row.id)
            row.resume_hash = token_hash(token)
        with unit(self._engine, link.organization_id) as session:
            drawn = arms.assign(session, compiled, link.survey_id, place, about)
            row.attributes = {**about.data, **drawn}
            outcome = store_many(session, [row], now)[0]
            if outcome.state == "duplicate":
                # What was drawn for a form sent twice must not count twice.
                session.rollback()
                return Went(token, None if outcome.is_complete else row.page_index)
            if outcome.state == "refused":
                session.rollback()
                return Refused(kind_page(outcome.reason))
            saved = save_page(session, row.id, compiled, place, row.answers, now)
        if saved.reason is not None:
            return Refused(kind_page(saved.reason))
        return Went(token, None if saved.is_complete else saved.next_page, saved.ending)

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
        wanted = {"language": language_of(form)}
        compiled, about = self._standing(link, compiled, response_id, now, wanted)
        at = self._page_of(compiled, form, 0)
        if at is None:
            return Went(token, link.page_index or 0)
        form = self._with_files(link, compiled, response_id, form)
        before = (
            {}
            if compiled.is_plain
            else course.answers(self.reader, link.organization_id, response_id)
        )
        goes_back = "back" in form.get("_go", ())
        cleaned = compiled.clean_form_page(at, form, before, about)
        key = FormKey(response_id, version_id)
        if not cleaned.is_valid and not goes_back:
            asked = ask(compiled, at, {**before, **cleaned.answers}, about)
            left = left_open(form, cleaned)
            return Shown(compiled, version_id, asked, key, before, cleaned=cleaned, left=left)
        stays = bool(cleaned.unseen) and not goes_back
        with unit(self._engine, link.organization_id) as session:
            saved = save_page(
                session,
                response_id,
                compiled,
                at,
                cleaned.answers,
                now,
                goes_back=goes_back,
                stays=stays,
            )
        if saved.reason is not None:
            return Refused(kind_page(saved.reason))
        return Went(token, None if saved.is_complete else saved.next_page, saved.ending)

    def keep(self, link: Link, form: Form, now: datetime) -> bool:
        """Save what is typed so far on a page of a response that has begun; says whether it was.

        What does not fit is left as it was saved before, and nothing moves on.
        """
        is_taken = link.is_complete or link.refusal(now) is not None
        if is_taken or link.response_id is None or link.version_id is None:
            return False
        compiled = self.compiled(link.organization_id, link.version_id)
        wanted = {"language": language_of(form)}
        compiled, about = self._standing(link, compiled, link.response_id, now, wanted)
        if (at := self._page_of(compiled, form, 0)) is None:
            return False
        form = self._with_files(link, compiled, link.response_id, form)
        before = course.answers(self.reader, link.organization_id, link.response_id)
        cleaned = compiled.clean_form_page(at, form, before, about)
        held = {key: before[key] for key in cleaned.errors if key in before}
        typed = {**held, **cleaned.answers}
        with unit(self._engine, link.organization_id) as session:
            saved = save_page(session, link.response_id, compiled, at, typed, now, keeps=True)
        return saved.reason is None

    def receive(
        self, link: Link, token: str, form: Form, received: Sequence[Received], now: datetime
    ) -> Form:
        """The form with the files that came with it kept, each under the question it answers."""
        given = form.get("_key", ())
        key = self.keys.read(token, given[0]) if given else None
        response_id = link.response_id or (key.response_id if key else None)
        version_id = link.version_id or (key.version_id if key else None)
        is_taken = link.is_complete or link.refusal(now) is not None
        if is_taken or response_id is None or version_id is None:
            return form
        compiled = self.compiled(link.organization_id, version_id)
        told = files.keep(self._engine, link.organization_id, response_id, compiled, received, now)
        return {**form, **{key: [*form.get(key, ()), *more] for key, more in told.items()}}

    def _with_files(
        self, link: Link, compiled: Compiled, response_id: uuid.UUID, form: Form
    ) -> Form:
        if not compiled.takes_files:
            return form
        return files.checked(self._engine, link.organization_id, response_id, compiled, form)

    def shown_again(self, link: Link, token: str, form: Form, now: datetime) -> Shown | Refused:
        """A form that was not taken, as it was typed; one without a key of ours gets a new key."""
        given = form.get("_key", ())
        key = self.keys.read(token, given[0]) if given else None
        version_id = link.version_id or (key.version_id if key else link.current_version_id)
        if version_id is None:
            return Refused("closed")
        compiled = self.compiled(link.organization_id, version_id).speaking(language_of(form))
        at = self._page_of(compiled, form, 0) or 0
        if link.response_id is not None:
            key = FormKey(link.response_id, version_id)
        elif at and compiled.is_plain:
            at, key = 0, None
        data = course.from_form(compiled, form)
        about = course.context(compiled, key.response_id if key else new_id(), data, now)
        cleaned = compiled.clean_form_page(at, form, {}, about)
        asked = ask(compiled, at, cleaned.answers, about)
        return Shown(compiled, version_id, asked, key, cleaned=cleaned, data=data)

    def _page_of(self, compiled: Compiled, form: Form, otherwise: int) -> int | None:
        """The page the form says it is, by its key; another one when it says nothing."""
        said = form.get("_page", ())
        if not said:
            return otherwise
        for index, page in enumerate(compiled.definition.pages):
            if page.key == said[0]:
                return index
        return None
