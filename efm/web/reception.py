"""Where survey links are answered: reads the request, asks the desk, says what to send back.

It knows no web framework, so that the pages and the bare entrance in front of them are one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl

import psycopg
from sqlalchemy.exc import DBAPIError

from efm import log
from efm.db.direct import Direct
from efm.errors import Invalid, NotFound, Unready
from efm.feedback.answered import Form, Refused, Shown, Went
from efm.feedback.answering import Desk
from efm.feedback.farewell import farewell
from efm.feedback.files import Received
from efm.feedback.links import Link
from efm.web.answer_pages import AnswerPages
from surveys import translations

BODY_LIMIT = 256 * 1024
MOST_FIELDS = 2000
MISSES_A_MINUTE = 20
STATUSES = {"closed": 410, "expired": 410, "unknown": 404}
NUMBER = re.compile(r"[0-9]{1,6}")
HIT = "SELECT hits, window_ends_at FROM efm_hit(%(bucket)s, 60, %(now)s)"

logger = log.get("answers")


class Reply(NamedTuple):
    """What to send back: a page, or where to go on; `leads_to` is where a page leads by itself."""

    status: int
    html: str = ""
    location: str = ""
    retry_after_seconds: int = 0
    leads_to: str = ""


class Visit(NamedTuple):
    """What is known of a request beside its link: when, from where, in which languages."""

    now: datetime
    prefix: str = ""
    accept_language: str = ""


class Reception:
    """Receives the people who open survey links; `counter` is the connection misses are counted on."""

    def __init__(self, desk: Desk, pages: AnswerPages, counter: Direct) -> None:
        self.desk = desk
        self.pages = pages
        self._counter = counter

    def keeping(self, seconds: float) -> Reception:
        """The same reception with a memory for links."""
        return Reception(self.desk.keeping(seconds), self.pages, self._counter)

    def show(self, token: str, query: Mapping[str, str], visit: Visit) -> Reply:
        """GET of a link: its page, or a kind page. Nothing is written."""
        try:
            link = self.desk.link(token)
            page = query.get("page", "")
            at = int(page) - 1 if NUMBER.fullmatch(page) else None
            query = self._in_a_language(link, query, visit)
            return self._shown(link, token, self.desk.show(link, visit.now, at, query), status=200)
        except NotFound:
            return self._missed(visit)
        except (Unready, psycopg.Error, DBAPIError) as error:
            return self._busy(error, visit)

    def _in_a_language(
        self, link: Link, query: Mapping[str, str], visit: Visit
    ) -> Mapping[str, str]:
        """The query with the language the browser prefers, until the person chose or began."""
        if link.response_id or link.shown_version_id is None or query.get("language"):
            return query
        offered = self.desk.compiled(link.organization_id, link.shown_version_id).languages
        if len(offered) < 2:
            return query
        return {**query, "language": translations.best(visit.accept_language, offered)}

    def thanks(self, token: str, query: Mapping[str, str], visit: Visit) -> Reply:
        """GET of what is said when all answers have arrived."""
        try:
            link = self.desk.link(token)
            if link.kind != "distribution" and not link.is_complete:
                return Reply(303, location=f"/s/{token}")
            version_id = link.shown_version_id
            if version_id is None:
                return self._missed(visit)
            compiled, ending = farewell(self.desk, link, version_id, query, visit.now)
        except NotFound:
            return self._missed(visit)
        except (Unready, psycopg.Error, DBAPIError) as error:
            return self._busy(error, visit)
        html = self.pages.message(
            "thank_you",
            organization_name=link.organization_name,
            definition=compiled.definition,
            ending=ending,
        )
        return Reply(200, html, leads_to=self.pages.allowed(ending) or "")

    def send(self, token: str, body: bytes, visit: Visit) -> Reply:
        """POST of a form. Raises Invalid when it is no form."""
        try:
            return self.answer(self.desk.link(token), token, read_form(body), visit)
        except NotFound:
            return self._missed(visit)
        except (Unready, psycopg.Error, DBAPIError) as error:
            return self._busy(error, visit)

    def send_files(
        self, token: str, form: Form, received: Sequence[Received], visit: Visit
    ) -> Reply:
        """POST of a form with files. Raises Invalid when one response sends too many."""
        try:
            link = self.desk.link(token)
            form = self.desk.receive(link, token, form, received, visit.now)
            return self.answer(link, token, form, visit)
        except NotFound:
            return self._missed(visit)
        except (Unready, psycopg.Error, DBAPIError) as error:
            return self._busy(error, visit)

    def answer(self, link: Link, token: str, form: Form, visit: Visit) -> Reply:
        """What becomes of a form sent to a link that was found."""
        if form.get("_go") == ["keep"]:
            return self._kept(link, form, visit)
        try:
            became = self.desk.send(link, token, form, visit.now)
        except (Unready, psycopg.OperationalError) as error:
            return self._keep(link, token, form, error, visit)
        return self._shown(link, token, became, status=422)

    def _kept(self, link: Link, form: Form, visit: Visit) -> Reply:
        """What a script saves while somebody types: no page is shown, whatever becomes of it."""
        try:
            return Reply(204 if self.desk.keep(link, form, visit.now) else 409)
        except (Unready, psycopg.OperationalError, DBAPIError) as error:
            logger.warning("answers.not_kept", error=type(error).__name__)
            return Reply(503, retry_after_seconds=5)

    def _shown(
        self, link: Link, token: str, became: Shown | Went | Refused, *, status: int
    ) -> Reply:
        if isinstance(became, Went):
            return Reply(303, location=_address(became))
        if isinstance(became, Shown):
            cleaned = became.cleaned
            if cleaned is not None and cleaned.unseen and cleaned.is_valid:
                return Reply(200, self.pages.page(link, token, became))
            is_again = cleaned is not None and cleaned.is_valid
            notice = "errors_title" if is_again else None
            return Reply(status, self.pages.page(link, token, became, notice=notice))
        if became.kind == "answered":
            status = 200 if status == 200 else 409
        else:
            status = STATUSES[became.kind]
        version_id = link.shown_version_id
        definition = None
        if version_id is not None:
            definition = self.desk.compiled(link.organization_id, version_id).definition
        html = self.pages.message(
            became.kind, organization_name=link.organization_name, definition=definition
        )
        return Reply(status, html)

    def _keep(self, link: Link, token: str, form: Form, error: Exception, visit: Visit) -> Reply:
        """The form could not be stored now: shown again as it was typed, to be sent again."""
        logger.warning("answers.not_stored", error=type(error).__name__)
        shown = self.desk.shown_again(link, token, form, visit.now)
        if not isinstance(shown, Shown):
            return self._busy(error, visit)
        return Reply(
            503, self.pages.page(link, token, shown, notice="busy.words"), retry_after_seconds=5
        )

    def _missed(self, visit: Visit) -> Reply:
        """There is no such link; the same for all that is not there, and slower for who guesses."""
        language = translations.best(visit.accept_language, translations.LANGUAGES)
        try:
            found = self._counter.fetch(
                HIT, {"bucket": f"link:{visit.prefix}"[:200], "now": visit.now}
            )
        except (Unready, psycopg.Error) as error:
            return self._busy(error, visit)
        hits, ends_at = found[0]
        if hits > MISSES_A_MINUTE:
            wait = max(1, int((ends_at - visit.now).total_seconds()))
            return Reply(429, self.pages.message("busy", language), retry_after_seconds=wait)
        return Reply(404, self.pages.message("unknown", language))

    def _busy(self, error: Exception, visit: Visit) -> Reply:
        logger.warning("database.unreachable", error=type(error).__name__)
        language = translations.best(visit.accept_language, translations.LANGUAGES)
        return Reply(503, self.pages.message("busy", language), retry_after_seconds=5)


def read_form(body: bytes) -> Form:
    """The fields of a form, each with all its values; raises Invalid when it is none."""
    try:
        pairs = parse_qsl(
            body.decode("latin-1"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise Invalid("This is not a form of this survey.") from error
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def _address(went: Went) -> str:
    if went.page_index is None:
        return f"/s/{went.token}/thanks" + (f"?ending={went.ending}" if went.ending else "")
    return f"/s/{went.token}?page={went.page_index + 1}"
