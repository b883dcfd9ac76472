"""How a survey reaches people: anonymous links, personal links, the API's own channel."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.clock import new_id
from efm.config import Config
from efm.errors import Invalid, NotFound
from efm.feedback import authoring
from efm.models import Distribution, Invitation
from efm.vault import Vault, token_hash


def get(session: Session, distribution_id: uuid.UUID) -> Distribution:
    """The distribution; raises NotFound for a missing one and for a stranger's alike."""
    found = session.get(Distribution, (session.info["organization_id"], distribution_id))
    if found is None:
        raise NotFound("There is no such distribution.")
    return found


def link_url(config: Config, token: str) -> str:
    """The address people open."""
    return f"{config.answer_url}/s/{token}"


def url_of(config: Config, vault: Vault, subject_id: uuid.UUID) -> str:
    """The address of a distribution's or an invitation's link, derived again."""
    return link_url(config, vault.link_token(subject_id))


def open_link(
    session: Session,
    vault: Vault,
    survey_id: uuid.UUID,
    now: datetime,
    *,
    name: str,
    channel: str = "link",
    touchpoint: str = "",
    closes_at: datetime | None = None,
    user_id: uuid.UUID | None = None,
) -> Distribution:
    """An anonymous link: everybody who has it may answer."""
    authoring.get(session, survey_id)
    made = new_id()
    distribution = Distribution(
        id=made,
        survey_id=survey_id,
        name=name,
        kind="anonymous_link",
        channel=channel,
        touchpoint=touchpoint,
        token_hash=token_hash(vault.link_token(made)),
        closes_at=closes_at,
        created_by_id=user_id,
        created_at=now,
    )
    session.add(distribution)
    session.flush()
    return distribution


def open_plain(
    session: Session,
    survey_id: uuid.UUID,
    now: datetime,
    *,
    kind: str,
    name: str,
    channel: str,
    touchpoint: str = "",
) -> Distribution:
    """The distribution of kind 'api', 'import' or 'personal_links' with this name, made on first use."""
    found = session.scalars(
        select(Distribution)
        .where(Distribution.survey_id == survey_id)
        .where(Distribution.kind == kind)
        .where(Distribution.name == name)
        .order_by(Distribution.id)
        .limit(1)
    ).first()
    if found is not None and kind != "personal_links":
        return found
    made = Distribution(
        survey_id=survey_id,
        name=name,
        kind=kind,
        channel=channel,
        touchpoint=touchpoint,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def invite(
    session: Session,
    vault: Vault,
    distribution: Distribution,
    contact_ids: Iterable[uuid.UUID],
    now: datetime,
    *,
    expires_at: datetime | None = None,
) -> list[Invitation]:
    """One personal link for each contact that has none yet in this distribution."""
    invited = set(
        session.scalars(
            select(Invitation.contact_id).where(Invitation.distribution_id == distribution.id)
        )
    )
    made = []
    for contact_id in contact_ids:
        if contact_id in invited:
            continue
        invited.add(contact_id)
        invitation_id = new_id()
        made.append(
            Invitation(
                id=invitation_id,
                distribution_id=distribution.id,
                contact_id=contact_id,
                token_hash=token_hash(vault.link_token(invitation_id)),
                expires_at=expires_at,
                created_at=now,
            )
        )
    session.add_all(made)
    distribution.invited += len(made)
    session.flush()
    return made


@dataclass(frozen=True)
class Wanted:
    """A distribution as a form asks for it."""

    survey_id: uuid.UUID
    name: str
    channel: str
    touchpoint: str
    closes_at: datetime | None


def read_form(form: Mapping[str, str], zone: tzinfo) -> Wanted:
    """The form's values; `closes_on` is a day in the viewer's zone, taken to its end.

    Raises Invalid with a message per field.
    """
    problems: dict[str, str] = {}
    survey_id, closes_at = uuid.UUID(int=0), None
    try:
        survey_id = uuid.UUID(form.get("survey", ""))
    except ValueError:
        problems["survey"] = "Choose a published survey."
    name = form.get("name", "").strip()
    if not 1 <= len(name) <= 200:
        problems["name"] = "Give it a name of at most 200 characters."
    channel = form.get("channel", "").strip().lower() or "link"
    if len(channel) > 60:
        problems["channel"] = "At most 60 characters."
    touchpoint = form.get("touchpoint", "").strip()
    if len(touchpoint) > 200:
        problems["touchpoint"] = "At most 200 characters."
    if form.get("closes_on"):
        try:
            day = date.fromisoformat(form["closes_on"])
            closes_at = datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
        except (ValueError, OverflowError):
            problems["closes_on"] = "Enter a day such as 2026-12-31."
    if problems:
        raise Invalid("Some values need another look.", problems=problems)
    return Wanted(survey_id, name, channel, touchpoint, closes_at)
