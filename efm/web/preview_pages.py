"""The public template drawn from a draft: for looking at, and for walking through with nothing stored."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial

from flask import Response, render_template

from efm.feedback.answered import Shown
from efm.web.answer_pages import brand_of, direction, style_of, values_of
from efm.web.headers import ANSWER_CSP
from surveys import translations
from surveys.asking import AskedPage
from surveys.compiled import Compiled
from surveys.definition import Definition, minutes
from surveys.parts import Ending
from surveys.values import Answer, Cleaned

# Shown within the builder, and nowhere else.
CSP = ANSWER_CSP.replace("frame-ancestors 'none'", "frame-ancestors 'self'")


def framed(html: str, status: int = 200) -> Response:
    """A page that our own pages may show in a frame."""
    page = Response(html, status)
    page.headers["Content-Security-Policy"] = CSP
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
) -> str:
    """A page of questions as respondents see it, without its script: that would keep what is typed."""
    definition = compiled.definition
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
    )
