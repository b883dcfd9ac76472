"""What the answer desk gives back: a page to show, where to go on, what was refused; and a first row."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from efm.feedback import arms, course
from efm.feedback.links import FormKey, Link
from efm.feedback.score import Scored, score_answers
from efm.feedback.store import Reason, Row
from efm.vault import token_hash
from surveys.asking import AskedPage, wants_values
from surveys.compiled import Compiled
from surveys.logic import Context
from surveys.values import Answer, Cleaned

Form = Mapping[str, Sequence[str]]


class Shown(NamedTuple):
    """A page to show: of which version, as it is asked, with which answers and problems.

    `data` came with the link and goes on in the form; `left` are questions knowingly left open.
    """

    compiled: Compiled
    version_id: uuid.UUID
    asked: AskedPage
    key: FormKey | None = None
    answers: Mapping[str, Answer] | None = None
    cleaned: Cleaned | None = None
    is_resumed: bool = False
    data: Mapping[str, str] = {}
    left: Sequence[str] = ()


class Went(NamedTuple):
    """The form was taken: go on at `page_index` of the link `token`, or to its thanks (None)."""

    token: str
    page_index: int | None
    ending: str | None = None


class Refused(NamedTuple):
    """The form was not taken, or there is nothing to show: the kind page to give instead."""

    kind: Literal["closed", "expired", "answered", "unknown"]


def first_row(
    link: Link,
    compiled: Compiled,
    key: FormKey,
    cleaned: Cleaned,
    now: datetime,
    place: int,
    about: Context,
    resume_token: Callable[[uuid.UUID], str],
) -> Row:
    """The row of a first page; complete when nothing follows it."""
    answers = cleaned.answers
    following = course.following(compiled, place, answers, about, back=False)
    is_complete = following is None
    if is_complete and not compiled.is_plain:
        answers = compiled.flow.walk(answers, about).answers
    end = course.end_of(compiled, answers, about) if is_complete else course.GOES_ON
    is_personal = link.invitation_id is not None
    # An ending with answers in it is shown at a link of its own, where they are known.
    has_link = not is_complete or _is_filled(compiled, end.ending)
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
            token_hash(resume_token(key.response_id)) if has_link and not is_personal else None
        ),
        page_index=following or 0,
        language=compiled.definition.language,
        channel=link.channel,
        touchpoint=link.touchpoint,
        answers=answers,
        scored=(
            score_answers(compiled, answers, compiled.definition.language)
            if is_complete and not end.is_screened
            else Scored(())
        ),
        started_at=now,
        submitted_at=now if is_complete else None,
        attributes={**about.data, **arms.drawn(compiled, about)},
        ending=end.ending,
        is_screened=end.is_screened,
    )


def _is_filled(compiled: Compiled, ending: str | None) -> bool:
    """Whether answers or data are put into the ending with this key."""
    return any(each.key == ending and wants_values(each) for each in compiled.definition.endings)


def language_of(form: Form) -> str:
    given = form.get("_language", ())
    return given[0] if given else ""


def left_open(form: Form, cleaned: Cleaned) -> Sequence[str]:
    """The questions that were asked for softly and may now be left open."""
    soft = [key for key, code in cleaned.codes.items() if code == "requested"]
    return [*form.get("_left", ())[:200], *soft]


def kind_page(reason: Reason | None) -> Literal["closed", "expired", "answered", "unknown"]:
    """The kind page of a refusal; a link whose contact has gone meanwhile is as good as unknown."""
    if reason == "closed" or reason == "expired" or reason == "answered":
        return reason
    return "unknown"
