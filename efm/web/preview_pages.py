"""The public template and its script, drawn from a draft: to be looked at or walked through, nothing kept."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import Response, render_template

from efm.feedback.answered import Shown
from efm.web.answer_pages import brand_of, direction, style_of, values_of
from efm.web.answer_words import Words, told
from efm.web.headers import ANSWER_CSP
from surveys import translations
from surveys.asking import AskedPage
from surveys.compiled import Compiled
from surveys.definition import Definition, minutes
from surveys.parts import Ending
from surveys.values import Answer, Cleaned

# Shown within the builder, and nowhere else; its script may not send anything by itself.
CSP = ANSWER_CSP.replace("frame-ancestors 'none'", "frame-ancestors 'self'").replace(
    "connect-src 'self'", "connect-src 'none'"
)
# A page that is only looked at sends nothing even when its button is pressed.
LOOK_CSP = CSP.replace("form-action 'self'", "form-action 'none'")
# What a page that leads nowhere says to the designer once its answers are in order.
IN_ORDER = "Respondents go on from here. Begin a test run to walk through the survey."


def framed(html: str, *, is_walk: bool = False) -> Response:
    """A page that our own pages may show in a frame; only a walk's forms may be sent."""
    page = Response(html)
    page.headers["Content-Security-Policy"] = CSP if is_walk else LOOK_CSP
    page.headers["X-Frame-Options"] = "SAMEORIGIN"
    return page


def page(
    compiled: Compiled,
    asked: AskedPage,
    organization: str,
    *,
    action_url: str,
    hidden: Mapping[str, str],
    answers: Mapping[str, Answer] | None = None,
    cleaned: Cleaned | None = None,
    left: Sequence[str] = (),
    is_walk: bool = False,
) -> str:
    """A page of questions as respondents see it, with a script that keeps nothing.

    In a walk a button sends the page; else the script only says whether its answers are in order.
    """
    definition = compiled.definition
    words = partial(translations.text, definition.language)
    shown = Shown(compiled, uuid.UUID(int=0), asked, answers=answers, cleaned=cleaned)
    return render_template(
        "answer/page.html",
        definition=definition,
        page=asked.page,
        page_index=asked.number,
        page_count=asked.total,
        is_last=asked.is_last,
        has_inner_logic=asked.has_inner_logic,
        dormant=asked.dormant,
        whole=asked.whole,
        logic=_told(asked, words, is_walk=is_walk),
        left=left,
        minutes=minutes(definition),
        errors=dict(cleaned.errors) if cleaned is not None else {},
        values=values_of(shown),
        hidden_fields=hidden,
        action_url=action_url,
        organization=brand_of(organization, definition),
        brand_url=style_of(definition),
        language=definition.language,
        direction=definition.direction,
        t=words,
    )


def _told(asked: AskedPage, words: Words, *, is_walk: bool) -> Mapping[str, Any] | None:
    """What respondents' script is told, and that this is a rehearsal."""
    logic = told(asked, words, is_begun=False)
    if logic is None:
        return None
    said = {**logic["words"], "rehearsal.in_order": IN_ORDER}
    return {**logic, "words": said, "rehearsal": "walk" if is_walk else "look"}


def alone(compiled: Compiled, asked: AskedPage) -> str:
    """The questions of a page and nothing around them."""
    definition = compiled.definition
    shown = Shown(compiled, uuid.UUID(int=0), asked)
    return render_template(
        "answer/alone.html",
        definition=definition,
        questions=asked.page.questions,
        values=values_of(shown),
        language=definition.language,
        direction=definition.direction,
        t=partial(translations.text, definition.language),
    )


def ending(definition: Definition, end: Ending | None, organization: str) -> str:
    """How the survey ends."""
    words = partial(translations.text, definition.language)
    said = [definition.thank_you or words("thank_you.words")]
    title = words("thank_you.title")
    if end is not None:
        title, said = end.title or title, [end.text] if end.text else said
    return render_template(
        "answer/message.html",
        kind="thank_you",
        title=title,
        message=said,
        organization=brand_of(organization, definition),
        brand_url=style_of(definition),
        language=definition.language,
        direction=direction(definition.language),
        request_id=None,
    )
