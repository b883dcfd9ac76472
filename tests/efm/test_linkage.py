"""Linkage pairs what was said with what came after it, and never with what came before."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from scipy import stats

from connectors.canonical import Contact, Interaction, Measurement
from efm import clock
from efm.customers import sources
from efm.customers.upsert import upsert
from efm.errors import NotFound
from efm.feedback import authoring, distributions
from efm.insight import linkage
from efm.models import Identity, Response, Score
from surveys.scoring import nps_band
from tests.factories import House

THEN = datetime(2026, 3, 10, 12, tzinfo=UTC)


def _say(session, who: uuid.UUID, value: int, at: datetime, ids: dict[str, uuid.UUID]) -> None:  # type: ignore[no-untyped-def]
    response = Response(
        id=clock.new_id(),
        survey_id=ids["survey"],
        version_id=ids["version"],
        distribution_id=ids["distribution"],
        contact_id=who,
        state="complete",
        channel="link",
        language="en",
        submit_key=str(uuid.uuid4()),
        started_at=at,
        submitted_at=at,
    )
    session.add(response)
    session.flush()
    session.add(
        Score(
            response_id=response.id,
            metric="nps",
            question_key="nps",
            state="scored",
            value=value,
            band=nps_band(value),
        )
    )


def _stage(session) -> dict[str, uuid.UUID]:  # type: ignore[no-untyped-def]
    survey = authoring.create_from_template(session, "relationship_nps", clock.now())
    version = authoring.publish(session, survey.id, clock.now())
    distribution = distributions.open_plain(
        session, survey.id, clock.now(), kind="api", name="API", channel="api"
    )
    return {"survey": survey.id, "version": version.id, "distribution": distribution.id}


def _people(session, n: int) -> list[uuid.UUID]:  # type: ignore[no-untyped-def]
    source = sources.own_connection(session, sources.API)
    upsert(session, source.id, [Contact(external_id=f"c{i}") for i in range(n)], clock.now())
    found = {i.external_id: i.contact_id for i in session.query(Identity)}
    return [found[f"c{i}"] for i in range(n)]


def _churn(session, i: int, value: int, on: date | None, key: str = "") -> None:  # type: ignore[no-untyped-def]
    source = sources.own_connection(session, sources.API)
    upsert(
        session,
        source.id,
        [
            Measurement(
                external_id=f"m{i}{key}",
                contact_external_id=f"c{i}",
                metric="churn",
                value=Decimal(value),
                measured_on=on,
            )
        ],
        clock.now(),
    )


def test_only_outcomes_after_the_response_count(house: House) -> None:
    with house.unit() as session:
        ids = _stage(session)
        people = _people(session, 4)
        for who, value in zip(people, (9, 9, 2, 2), strict=True):
            _say(session, who, value, THEN, ids)
        _churn(session, 0, 0, (THEN + timedelta(days=30)).date())
        _churn(session, 1, 1, (THEN - timedelta(days=30)).date())  # before: must not count
        _churn(session, 2, 1, (THEN + timedelta(days=30)).date())
        _churn(session, 3, 1, THEN.date())  # the same day: cannot tell what came first
        found = linkage.link(session, "nps.nps", "churn.dated", time_zone="UTC")
    assert found.timing == "point in time"
    assert {g.band: (g.estimate.n, g.estimate.value) for g in found.groups} == {
        "promoter": (1, 0.0),
        "passive": (0, None),
        "detractor": (1, 1.0),
    }
    assert (found.paired, found.left_out) == (2, 2)


def test_what_was_said_last_before_the_outcome_is_what_counts(house: House) -> None:
    with house.unit() as session:
        ids = _stage(session)
        (who,) = _people(session, 1)
        _say(session, who, 9, THEN - timedelta(days=90), ids)
        _say(session, who, 2, THEN, ids)
        _say(session, who, 10, THEN + timedelta(days=60), ids)
        _churn(session, 0, 1, (THEN + timedelta(days=30)).date())
        found = linkage.link(session, "nps.nps", "churn.dated", time_zone="UTC")
    assert [g.estimate.n for g in found.groups] == [0, 0, 1]


def test_undated_outcomes_say_that_they_are_cross_sectional(house: House) -> None:
    with house.unit() as session:
        ids = _stage(session)
        people = _people(session, 40)
        for i, who in enumerate(people):
            _say(session, who, 9 if i < 20 else 3, THEN, ids)
            _churn(session, i, int(i % (5 if i < 20 else 2) == 0), None)
        found = linkage.link(session, "nps.nps", "churn.undated", time_zone="UTC")
    assert (found.timing, found.window_days) == ("cross-sectional", None)
    shares = {g.band: (g.estimate.value, g.estimate.n) for g in found.groups}
    assert shares["promoter"] == (4 / 20, 20)
    assert shares["detractor"] == (10 / 20, 20)
    assert math.isclose(found.difference.value or 0, -0.3)


def test_money_is_what_followed_within_the_window_and_agrees_with_scipy(house: House) -> None:
    amounts = {i: 1000 * (i + 1) for i in range(12)}
    with house.unit() as session:
        ids = _stage(session)
        people = _people(session, 12)
        source = sources.own_connection(session, sources.API)
        orders = []
        for i, who in enumerate(people):
            _say(session, who, 10 if i % 2 else 1, THEN, ids)
            for key, days, amount in (
                ("before", -5, 99),
                ("in", 20, amounts[i]),
                ("late", 181, 77),
                ("end", 400, 1),
            ):
                orders.append(
                    Interaction(
                        external_id=f"{key}{i}",
                        contact_external_id=f"c{i}",
                        kind="order",
                        occurred_at=THEN + timedelta(days=days),
                        amount_minor=amount,
                        currency="EUR",
                    )
                )
        upsert(session, source.id, orders, clock.now())
        found = linkage.link(session, "nps.nps", "orders.dated.EUR", time_zone="UTC")
    promoters = [amounts[i] for i in amounts if i % 2]
    detractors = [amounts[i] for i in amounts if not i % 2]
    oracle = stats.ttest_ind(promoters, detractors, equal_var=False)
    interval = oracle.confidence_interval(0.95)
    assert math.isclose(found.groups[0].estimate.value or 0, sum(promoters) / 6)
    assert math.isclose(found.difference.p or 0, oracle.pvalue, rel_tol=1e-8)
    assert math.isclose(found.difference.low or 0, interval.low, rel_tol=1e-8)


def test_a_choice_that_is_not_there_is_not_found(house: House, stranger: House) -> None:
    with stranger.unit() as session:
        ids = _stage(session)
        (who,) = _people(session, 1)
        _say(session, who, 9, THEN, ids)
        _churn(session, 0, 1, None)
    with house.unit() as session, pytest.raises(NotFound):
        linkage.link(session, "nps.nps", "churn.undated", time_zone="UTC")
