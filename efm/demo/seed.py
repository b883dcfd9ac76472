"""Makes the demo company once, and says at the terminal how to look at it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, text

from efm import clock
from efm.config import Config
from efm.customers import identity, sources
from efm.customers.upsert import upsert
from efm.db.engine import TenantSession, make_engine, unit
from efm.demo import company as demo
from efm.feedback import authoring, collect, distributions
from efm.models import Distribution, Membership, Survey, User
from efm.staff import passwords
from efm.vault import Vault

PASSWORD = "northwind-demo"  # noqa: S105 - the demo's sign-in, printed at every start
SEED_LOCK = 0x45464D01
STAFF = (
    ("anna", "Anna Berg", "owner"),
    ("dora", "Dora Lindqvist", "designer"),
    ("carla", "Carla Rossi", "analyst"),
    ("emil", "Emil Novak", "agent"),
    ("ben", "Ben Weber", "crm_admin"),
)
CASES_SINCE = timedelta(days=10)


def address(name: str) -> str:
    """The e-mail a demo person signs in with."""
    return f"{name}@northwind.example"


def seed_if_empty(engine: Engine, config: Config) -> bool:
    """Make the demo company when nobody is there; whether it was made.

    Two processes starting at once make one company: the second waits and finds people.
    """
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": SEED_LOCK})
        try:
            if not connection.execute(text("SELECT efm_is_empty()")).scalar_one():
                return False
            connection.rollback()
            _seed(engine, config, clock.now())
            return True
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": SEED_LOCK})
            connection.commit()


def _seed(engine: Engine, config: Config, now: datetime) -> None:
    organization_id = clock.new_id()
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT efm_found_organization(:id, :name, :slug, 'Europe/Berlin', 'en', :currency,"
                " true, NULL, NULL)"
            ),
            {
                "id": organization_id,
                "name": demo.NAME,
                "slug": demo.SLUG,
                "currency": demo.CURRENCY,
            },
        )
    made = demo.make(now.date())
    with unit(engine, organization_id) as session:
        source = sources.own_connection(session, "Demo CRM (synthetic)")
        for page in demo.pages(made.records):
            upsert(session, source.id, page, now)
        known = identity.known(session, source.id, "contact", (p.external_id for p in made.people))
        surveys = {
            name: _survey(session, config, name, touchpoint, now)
            for name, touchpoint in (
                ("relationship_nps", "Relationship"),
                ("post_support_csat", "Support call"),
                ("onboarding_effort", "Onboarding"),
            )
        }
    _responses(engine, organization_id, made, surveys, known, now)
    _staff(engine, organization_id)  # Last: while nobody is there, the seed has not finished.


def _survey(
    session: TenantSession, config: Config, template: str, touchpoint: str, now: datetime
) -> uuid.UUID:
    survey = authoring.create_from_template(session, template, now)
    authoring.publish(session, survey.id, now)
    distributions.open_link(
        session, Vault(config.secret_key), survey.id, now, name="Link on the website",
        channel="web", touchpoint=touchpoint,
    )  # fmt: skip
    return survey.id


def _responses(
    engine: Engine,
    organization_id: uuid.UUID,
    made: demo.Company,
    surveys: dict[str, uuid.UUID],
    known: dict[str, uuid.UUID],
    now: datetime,
) -> None:
    past = [each for each in made.said if each.at < now]
    recent = now - CASES_SINCE
    for is_recent in (False, True):  # Recent answers are announced, so that the worker opens cases.
        chosen = [each for each in past if (each.at >= recent) == is_recent]
        for start in range(0, len(chosen), 500):
            incoming = [
                collect.Incoming(
                    surveys[each.survey], each.answers, key=each.key,
                    contact_id=known[each.person.external_id], submitted_at=each.at,
                    channel="email", touchpoint=each.touchpoint,
                )
                for each in chosen[start : start + 500]
            ]  # fmt: skip
            with unit(engine, organization_id) as session:
                outcomes = collect.submit_batch(
                    session, incoming, now, kind="import", name="Demo answers (synthetic)",
                    announces=is_recent, seconds=None,
                )  # fmt: skip
            refused = [outcome for outcome in outcomes if outcome.state == "refused"]
            assert not refused, f"the demo's answers fit its surveys: {refused[:1]}"


def _staff(engine: Engine, organization_id: uuid.UUID) -> None:
    hashed = passwords.hashed(PASSWORD)
    for name, full_name, role in STAFF:
        user_id = clock.new_id()
        with unit(engine, organization_id, user_id=user_id) as session:
            session.add(User(id=user_id, email=address(name), name=full_name, password_hash=hashed))
            session.add(Membership(user_id=user_id, role=role))


def opening(config: Config, may_fill: bool) -> list[str]:
    """For `efm serve`: make the demo where that is allowed; the lines that say how to look at it."""
    assert config.database_url is not None, "serve names a database before it opens"
    engine = make_engine(config.database_url, pool_size=2)
    try:
        made = may_fill and seed_if_empty(engine, config)
        return _greeting(engine, config, made)
    finally:
        engine.dispose()


def _greeting(engine: Engine, config: Config, made: bool) -> list[str]:
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT id FROM efm_organizations() WHERE slug = :slug"), {"slug": demo.SLUG}
        ).one_or_none()
    if row is None:
        return []
    with unit(engine, row.id, read_only=True) as session:
        link = session.scalars(
            select(Distribution.id)
            .join(Survey, Survey.id == Distribution.survey_id)
            .where(Distribution.kind == "anonymous_link")
            .where(Distribution.closed_at.is_(None))
            .where(Survey.state == "open")
            .order_by(Distribution.id)
        ).first()
    lines = ["", f"{demo.NAME}: synthetic data{', made just now' if made else ''}. Sign in as"]
    lines += [
        f"  {address(name):28} {role.replace('_', ' '):12} {PASSWORD}" for name, _, role in STAFF
    ]
    if link is not None:
        url = distributions.url_of(config, Vault(config.secret_key), link)
        lines += ["Answer a survey as a customer:", f"  {url}"]
    return [*lines, ""]
