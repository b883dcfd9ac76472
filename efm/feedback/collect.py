"""Responses as programs and imports send them: read, scored and stored, one by one or in batches."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from efm import queue
from efm.clock import new_id
from efm.db.direct import Direct, begun
from efm.errors import Gone, Invalid, NotFound
from efm.feedback import course, distributions, quotas, versions
from efm.feedback.score import Scored, score_answers
from efm.feedback.store import Outcome, Row, store_many
from efm.insight.jobs import ROLL_UP
from efm.models import Contact, Survey
from surveys.compiled import Compiled
from surveys.errors import AnswerError
from surveys.logic import Context
from surveys.sentiment import RESPONSE_SECONDS
from surveys.strings import is_storable

BATCH_LIMIT = 1000
# A batch may use this much processor time for comments; the rest of them wait for the job.
BATCH_SECONDS = 2.0
ROLL_UP_AFTER = timedelta(minutes=1)
LONGEST_KEY = 160
ATTRIBUTES_BYTES = 4096
NOTHING_KNOWN = Context()
CLOCKS_DIFFER = timedelta(minutes=5)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One response as a program gives it: JSON values by question key.

    `key` makes it count once among those of its survey; without one every sending is a new
    response. Empty `channel` and `touchpoint` are the distribution's; no `language` is the
    survey's; no `submitted_at` is now.
    """

    survey_id: uuid.UUID
    answers: object
    key: str | None = None
    contact_id: uuid.UUID | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    channel: str = ""
    touchpoint: str = ""
    language: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Target(NamedTuple):
    """Where responses of one survey go: its version now and the distribution that takes them."""

    survey_id: uuid.UUID
    version_id: uuid.UUID
    distribution_id: uuid.UUID
    channel: str
    touchpoint: str
    compiled: Compiled


def target_of(
    session: Session,
    survey_id: uuid.UUID,
    now: datetime,
    *,
    kind: str = "api",
    name: str = "API",
) -> Target:
    """The survey as programs (`kind` "api") or imports ("import") may answer it now.

    Raises NotFound when it is not there or was never published, Gone when it is closed; an import
    brings old answers, so a closed survey takes them.
    """
    survey = session.execute(
        select(Survey.state, Survey.current_version_id).where(Survey.id == survey_id)
    ).one_or_none()
    if survey is None or survey.current_version_id is None or survey.state == "draft":
        raise NotFound("There is no such published survey.")
    if survey.state != "open" and kind != "import":
        raise Gone("This survey is closed and takes no answers.")
    taking = distributions.open_plain(session, survey_id, now, kind=kind, name=name, channel=kind)
    return Target(
        survey_id,
        survey.current_version_id,
        taking.id,
        taking.channel,
        taking.touchpoint,
        versions.compiled(session, survey.current_version_id),
    )


_SEEN = """
SELECT s.current_version_id, d.id, d.channel, d.touchpoint
FROM surveys s JOIN distributions d ON d.organization_id = s.organization_id AND d.survey_id = s.id
WHERE s.organization_id = %(organization)s AND s.id = %(survey)s AND s.state = 'open'
  AND d.kind = 'api' AND d.name = 'API'
ORDER BY d.id LIMIT 1
"""


def seen_target(reader: Direct, organization_id: uuid.UUID, survey_id: uuid.UUID) -> Target | None:
    """What `target_of` would give programs, by one statement; None when it has more to do or say."""
    named = {"organization": organization_id, "survey": survey_id}
    with reader.connection() as connection, begun(connection, organization_id):
        found = connection.execute(_SEEN, named, prepare=True).fetchone()
    if found is None:
        return None
    version_id, distribution_id, channel, touchpoint = found
    compiled = versions.kept(organization_id, version_id)
    if compiled is None:
        return None
    return Target(survey_id, version_id, distribution_id, channel, touchpoint, compiled)


def submit_json(
    session: Session, incoming: Incoming, now: datetime, *, token_id: uuid.UUID | None = None
) -> Outcome:
    """Store one response; its outcome is created, or duplicate with the first one's id.

    Raises Invalid (`problems` by "answers.<question>" or field), NotFound or Gone.
    """
    target = target_of(session, incoming.survey_id, now)
    outcome = submit_batch(session, [incoming], now, token_id=token_id, target=target)[0]
    return accepted(outcome)


def accepted(outcome: Outcome) -> Outcome:
    """The outcome of a single response, when it was not refused.

    Raises Invalid, NotFound or Gone when it was.
    """
    if outcome.state != "refused":
        return outcome
    if outcome.reason == "invalid":
        raise Invalid("The response has problems.", problems=outcome.problems or {})
    if outcome.reason in ("closed", "expired"):
        raise Gone("This survey is closed and takes no answers.")
    raise NotFound("There is no such published survey.")


def submit_batch(
    session: Session,
    incoming: Sequence[Incoming],
    now: datetime,
    *,
    kind: str = "api",
    name: str = "API",
    token_id: uuid.UUID | None = None,
    target: Target | None = None,
    announces: bool = True,
    seconds: float | None = BATCH_SECONDS,
) -> list[Outcome]:
    """Store up to BATCH_LIMIT responses, of any surveys; one outcome each, in order.

    A refused one never fails its neighbours: its outcome says why. `seconds` bounds the processor
    time for all comments; those beyond are stored as pending and scored by a job (None: no bound).
    Raises Invalid when there are too many.
    """
    if len(incoming) > BATCH_LIMIT:
        raise Invalid(f"Send at most {BATCH_LIMIT} responses at once; there are {len(incoming)}.")
    targets: dict[uuid.UUID, Target | Outcome] = {}
    if target is not None:
        targets[target.survey_id] = target
    known = _known_contacts(session, incoming)
    rows: list[Row] = []
    outcomes: list[Outcome | None] = []
    left = seconds
    for each in incoming:
        found = targets.get(each.survey_id)
        if found is None:
            found = targets[each.survey_id] = _try_target(session, each.survey_id, now, kind, name)
        if isinstance(found, Target):
            made = read(each, found, now, known, announces=announces, seconds=left)
            if isinstance(made, Row):
                rows.append(made)
                outcomes.append(None)
                if left is not None and made.scored.seconds:
                    left = max(0.0, left - made.scored.seconds)
                continue
            found = made
        outcomes.append(found)
    if kind == "import" and rows:
        # Answers of days long closed; waiting a little lets the import bring most of them first.
        roll_up = f"{ROLL_UP}:{session.info['organization_id']}"
        queue.enqueue(session, ROLL_UP, lock=roll_up, once=roll_up, at=now + ROLL_UP_AFTER)
    stored = iter(store_many(session, rows, now, token_id=token_id))
    return [next(stored) if outcome is None else outcome for outcome in outcomes]


def read(
    incoming: Incoming,
    target: Target,
    now: datetime,
    known_contacts: set[uuid.UUID] | None = None,
    *,
    announces: bool = True,
    seconds: float | None = RESPONSE_SECONDS,
) -> Row | Outcome:
    """The row a response becomes, scored, or its refusal with every problem found."""
    problems = _problems(incoming, now, known_contacts)
    language = incoming.language or target.compiled.definition.language
    compiled = target.compiled.speaking(language)
    response_id = new_id()
    about = NOTHING_KNOWN
    if course.asks_more(compiled):
        about = course.context(compiled, response_id, incoming.attributes, now)
    try:
        cleaned = compiled.clean_all(incoming.answers, context=about)
        if not cleaned.is_valid:
            problems |= {f"answers.{key}": words for key, words in cleaned.errors.items()}
    except AnswerError as error:
        problems["answers"] = error.message
    if problems:
        return Outcome("refused", None, "invalid", problems=problems)
    submitted_at = min(incoming.submitted_at or now, now)
    end = course.end_of(compiled, cleaned.answers, about)
    budget = seconds if seconds is None else min(seconds, RESPONSE_SECONDS)
    return Row(
        id=response_id,
        survey_id=target.survey_id,
        version_id=target.version_id,
        distribution_id=target.distribution_id,
        submit_key=submit_key(target.survey_id, incoming.key or response_id.hex),
        language=language,
        answers=cleaned.answers,
        scored=(
            Scored(())
            if end.is_screened
            else score_answers(compiled, cleaned.answers, language, seconds=budget)
        ),
        quotas=(
            tuple(quotas.met(compiled, compiled.flow.walk(cleaned.answers, about)))
            if compiled.flow.quotas and not end.is_screened
            else ()
        ),
        started_at=min(incoming.started_at or submitted_at, submitted_at),
        submitted_at=submitted_at,
        channel=incoming.channel or target.channel,
        touchpoint=incoming.touchpoint or target.touchpoint,
        contact_id=incoming.contact_id,
        attributes=incoming.attributes,
        ending=end.ending,
        is_screened=end.is_screened,
        announces=announces,
    )


def submit_key(survey_id: uuid.UUID, key: str) -> str:
    """What makes a program's response count once: its key among those of the survey."""
    return f"{survey_id.hex}:{key}"


def _try_target(
    session: Session, survey_id: uuid.UUID, now: datetime, kind: str, name: str
) -> Target | Outcome:
    try:
        return target_of(session, survey_id, now, kind=kind, name=name)
    except NotFound as error:
        return Outcome("refused", None, "unknown", problems={"survey_id": error.message})
    except Gone as error:
        return Outcome("refused", None, "closed", problems={"survey_id": error.message})


def _known_contacts(session: Session, incoming: Sequence[Incoming]) -> set[uuid.UUID]:
    wanted = {each.contact_id for each in incoming if each.contact_id is not None}
    if not wanted:
        return set()
    return set(session.scalars(select(Contact.id).where(Contact.id.in_(wanted))))


def _problems(
    incoming: Incoming, now: datetime, known_contacts: set[uuid.UUID] | None
) -> dict[str, str]:
    """What is wrong with the fields around the answers."""
    problems: dict[str, str] = {}
    for name, value, longest in (
        ("key", incoming.key, LONGEST_KEY),
        ("channel", incoming.channel, 40),
        ("touchpoint", incoming.touchpoint, 80),
    ):
        if value and (len(value) > longest or not is_storable(value)):
            problems[name] = f"Write at most {longest} characters of text."
    if incoming.language is not None and not _LANGUAGE.fullmatch(incoming.language):
        problems["language"] = "Write a language code such as en or pt-BR."
    for name, moment in (
        ("submitted_at", incoming.submitted_at),
        ("started_at", incoming.started_at),
    ):
        if moment is None:
            continue
        if moment.tzinfo is None:
            problems[name] = "Write the time with its zone, such as 2026-01-31T12:00:00Z."
        elif not EARLIEST <= moment <= now + CLOCKS_DIFFER:
            problems[name] = "Write a time between 1970 and now."
    if incoming.contact_id is not None and incoming.contact_id not in (known_contacts or set()):
        problems["contact_id"] = "There is no such contact."
    if incoming.attributes and not _is_small(incoming.attributes):
        problems["attributes"] = f"Send an object of at most {ATTRIBUTES_BYTES} bytes as JSON."
    return problems


def _is_small(attributes: Mapping[str, Any]) -> bool:
    """Whether attributes can be stored: JSON of a few thousand bytes without NUL."""
    try:
        written = orjson.dumps(attributes)
    except TypeError:
        return False
    return len(written) <= ATTRIBUTES_BYTES and b"\\u0000" not in written
