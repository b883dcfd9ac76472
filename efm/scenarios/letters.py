"""The mails of the closed loop: to the owner of a case, and the reply to a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from efm.models import Answer, Case, Score
from efm.scenarios.rules import REASONS

EXCERPT = 240
LISTED = 20
SCALES = {"nps": ("NPS", "of 10"), "csat": ("Satisfaction", "of 5"), "ces": ("Ease", "of 7")}


@dataclass(frozen=True)
class Told:
    """What a mail says of a case: whose it is, how it scored, the beginning of the comment."""

    case: Case
    customer: str
    score: str
    excerpt: str


def told(session: Session, case: Case, customer: str) -> Told:
    """The score and an excerpt of the comment of the case's response."""
    scores = session.scalars(
        select(Score)
        .where(Score.response_id == case.response_id, Score.metric.in_(SCALES))
        .order_by(Score.value)
    ).all()
    # The score that opened the case comes first: NPS, then the others.
    order = list(SCALES)
    said = [
        f"{SCALES[score.metric][0]} {score.value:g} {SCALES[score.metric][1]}"
        for score in sorted(scores, key=lambda score: order.index(score.metric))
        if score.value is not None
    ]
    comment = session.scalars(
        select(Answer.text)
        .where(Answer.response_id == case.response_id, Answer.text.is_not(None))
        .order_by(func.length(Answer.text).desc())
        .limit(1)
    ).first()
    return Told(case, customer, said[0] if said else "", excerpt(comment or ""))


def excerpt(comment: str, most: int = EXCERPT) -> str:
    """The beginning of a comment in one line, cut at a word."""
    line = " ".join(comment.split())
    if len(line) <= most:
        return line
    cut = line[:most].rsplit(" ", 1)[0] if " " in line[:most] else line[:most]
    return cut + " …"


def _lines(each: Told, zone: ZoneInfo, public_url: str) -> str:
    case = each.case
    due = format_datetime(case.due_at.astimezone(zone), "EEEE d MMMM, HH:mm", locale="en")
    facts = [
        f"Case {case.number}: {REASONS[case.reason].lower()}{', ' + each.score if each.score else ''}",
        f"Customer: {each.customer or 'not known by name'}",
        f"Answer by: {due}",
    ]
    if each.excerpt:
        facts.append(f"They wrote: “{each.excerpt}”")
    facts.append(f"{public_url}/cases/{case.id}")
    return "\n".join(facts)


def new_cases(
    owner: str, organization: str, cases: Sequence[Told], n: int, zone: ZoneInfo, public_url: str
) -> tuple[str, str]:
    """Subject and body of the mail about `n` cases somebody was given, the first of them in full."""
    first = cases[0]
    if n == 1:
        subject = f"Case {first.case.number}: {REASONS[first.case.reason].lower()}"
        begin = "a customer needs an answer, and the case is yours."
    else:
        subject = f"{n} new cases are yours"
        begin = f"{n} customers need an answer, and the cases are yours."
    parts = [f"Hello {owner},", begin]
    parts += [_lines(each, zone, public_url) for each in cases]
    if n > len(cases):
        parts.append(f"And {n - len(cases)} more: {public_url}/cases?owner=mine")
    parts.append(f"You get this mail because you work on cases of {organization}.")
    return subject, "\n\n".join(parts) + "\n"


def given(
    owner: str, giver: str, each: Told, zone: ZoneInfo, organization: str, public_url: str
) -> tuple[str, str]:
    """Subject and body of the mail about a case that somebody else handed over."""
    parts = [
        f"Hello {owner},",
        f"{giver} gave you a case.",
        _lines(each, zone, public_url),
        f"You get this mail because you work on cases of {organization}.",
    ]
    return f"Case {each.case.number} is yours now", "\n\n".join(parts) + "\n"


def reply(body: str, writer: str, organization: str) -> str:
    """The body of a reply to a customer, signed."""
    return f"{body.strip()}\n\n{writer}\n{organization}\n"
