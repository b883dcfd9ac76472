"""Responses sent by programs: stored whole, scored at once, counted once, refused by name."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from efm import clock
from efm.errors import Gone, Invalid, NotFound
from efm.feedback import authoring, collect
from efm.feedback.collect import Incoming, submit_batch, submit_json
from tests.efm.collected import Published
from tests.factories import House

ANSWERS: dict[str, object] = {
    "recommend": 3,
    "satisfaction": 5,
    "reason": "fault",
    "wishes": ["price", "speed"],
    "comment": "Terrible service, I hate waiting. The engineer was very rude.",
}


@pytest.fixture
def survey(house: House) -> Published:
    return Published.make(house)


def submit(survey: Published, **more: Any) -> Any:
    given = {"survey_id": survey.survey_id, "answers": ANSWERS} | more
    with survey.house.unit() as session:
        return submit_json(session, Incoming(**given), clock.now())


def test_a_response_is_stored_with_answers_scores_and_one_event(survey: Published) -> None:
    outcome = submit(survey, channel="chat", touchpoint="onboarding", attributes={"plan": "gold"})
    assert outcome.state == "created"
    (response,) = survey.rows("responses")
    assert response.id == outcome.id
    assert (response.state, response.channel, response.touchpoint) == (
        "complete",
        "chat",
        "onboarding",
    )
    assert response.language == "en"
    assert response.attributes == {"plan": "gold"}
    answers = {row.question_key: row for row in survey.rows("answers")}
    assert answers["recommend"].number == 3
    assert answers["reason"].choices == ["fault"]
    assert answers["wishes"].choices == ["speed", "price"]  # The definition's order.
    assert answers["comment"].text == ANSWERS["comment"]
    scores = {row.metric: row for row in survey.rows("scores")}
    assert (scores["nps"].value, scores["nps"].band) == (3.0, "detractor")
    assert (scores["csat"].value, scores["csat"].band) == (5.0, "satisfied")
    assert (scores["sentiment"].state, scores["sentiment"].band) == ("scored", "negative")
    assert scores["sentiment"].language == "en"
    assert scores["sentiment"].model
    (event,) = [row for row in survey.rows("events") if row.kind == "response.submitted"]
    assert event.subject_id == response.id
    assert event.payload["survey_id"] == str(survey.survey_id)
    assert event.payload["bands"] == {
        "nps": "detractor",
        "csat": "satisfied",
        "sentiment": "negative",
    }
    assert event.payload["metrics"]["nps"] == 3.0
    assert event.payload["is_angry"] is True
    assert event.occurred_at == response.submitted_at


def test_a_key_counts_once_and_gives_the_first_response_again(survey: Published) -> None:
    first = submit(survey, key="order-17")
    again = submit(survey, key="order-17", answers={"recommend": 10})
    assert (again.state, again.id) == ("duplicate", first.id)
    assert survey.count("responses") == 1
    assert [row.value for row in survey.rows("scores") if row.metric == "nps"] == [3.0]


def test_a_key_belongs_to_its_survey(survey: Published, house: House) -> None:
    other = Published.make(house)
    assert submit(survey, key="same").state == "created"
    assert submit(other, key="same").state == "created"


def test_without_a_key_each_sending_is_a_response(survey: Published) -> None:
    assert {submit(survey).state, submit(survey).state} == {"created"}
    assert survey.count("responses") == 2


PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"answers": {}}, "answers.recommend"),
    ({"answers": {"recommend": 11}}, "answers.recommend"),
    ({"answers": {"recommend": "3"}}, "answers.recommend"),
    ({"answers": {"recommend": 3, "nobody": 1}}, "answers.nobody"),
    ({"answers": {"recommend": 3, "comment": "a\0b"}}, "answers.comment"),
    ({"answers": {"recommend": 3, "comment": "\ud800"}}, "answers.comment"),
    ({"answers": [1]}, "answers"),
    ({"answers": None}, "answers"),
    ({"key": "k" * 161}, "key"),
    ({"key": "a\0b"}, "key"),
    ({"channel": "c" * 41}, "channel"),
    ({"touchpoint": "t" * 81}, "touchpoint"),
    ({"language": "english"}, "language"),
    ({"submitted_at": datetime(2026, 1, 1)}, "submitted_at"),  # noqa: DTZ001
    ({"submitted_at": datetime(2099, 1, 1, tzinfo=UTC)}, "submitted_at"),
    ({"started_at": datetime(1900, 1, 1, tzinfo=UTC)}, "started_at"),
    ({"contact_id": uuid.UUID(int=1)}, "contact_id"),
    ({"attributes": {"x": "y" * 5000}}, "attributes"),
    ({"attributes": {"x": "\0"}}, "attributes"),
]


@pytest.mark.parametrize(("given", "problem"), PROBLEMS)
def test_what_does_not_fit_is_refused_by_name(
    survey: Published, given: dict[str, Any], problem: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        submit(survey, **given)
    assert list(refusal.value.problems) == [problem]
    assert survey.count("responses") == 0


def test_closed_draft_and_unknown_surveys_take_no_answers(
    survey: Published, stranger: House
) -> None:
    with pytest.raises(NotFound):
        submit(survey, survey_id=uuid.uuid4())
    with pytest.raises(NotFound):
        submit(survey, survey_id=Published.make(stranger).survey_id)
    with survey.house.unit() as session:
        authoring.close(session, survey.survey_id, clock.now())
    with pytest.raises(Gone):
        submit(survey)
    assert survey.count("responses") == 0


def test_a_bad_row_of_a_batch_never_fails_its_neighbours(survey: Published) -> None:
    rows = [
        Incoming(survey.survey_id, ANSWERS, key="a"),
        Incoming(survey.survey_id, {"recommend": 99}, key="b"),
        Incoming(uuid.uuid4(), ANSWERS, key="c"),
        Incoming(survey.survey_id, ANSWERS, key="a"),
        Incoming(survey.survey_id, {"recommend": 9}, key="d"),
    ]
    with survey.house.unit() as session:
        outcomes = submit_batch(session, rows, clock.now())
    assert [(o.state, o.reason) for o in outcomes] == [
        ("created", None),
        ("refused", "invalid"),
        ("refused", "unknown"),
        ("duplicate", None),
        ("created", None),
    ]
    assert outcomes[3].id == outcomes[0].id
    assert list(outcomes[1].problems or {}) == ["answers.recommend"]
    assert survey.count("responses") == 2
    assert survey.count("answers") == 6


def test_a_batch_has_a_limit(survey: Published) -> None:
    rows = [Incoming(survey.survey_id, {"recommend": 1})] * (collect.BATCH_LIMIT + 1)
    with survey.house.unit() as session, pytest.raises(Invalid, match="at most 1000"):
        submit_batch(session, rows, clock.now())


def test_an_import_fills_a_closed_survey_and_announces_nothing(survey: Published) -> None:
    then = datetime(2025, 3, 1, 23, 30, tzinfo=UTC)
    with survey.house.unit() as session:
        authoring.close(session, survey.survey_id, clock.now())
        outcomes = submit_batch(
            session,
            [Incoming(survey.survey_id, {"recommend": 9}, submitted_at=then)],
            clock.now(),
            kind="import",
            name="Old answers",
            announces=False,
        )
    assert outcomes[0].state == "created"
    (response,) = survey.rows("responses")
    assert response.submitted_at == then
    assert "response.submitted" not in {row.kind for row in survey.rows("events")}


def test_an_answer_to_a_counted_day_marks_it_in_the_organizations_zone(survey: Published) -> None:
    survey.execute(
        "UPDATE surveys SET rolled_through_on = '2026-03-02', rolled_time_zone = 'Pacific/Auckland'"
    )
    late = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)  # Already 2 March in Auckland.
    for moment in (late, late + timedelta(minutes=5), late + timedelta(days=1)):
        submit(survey, submitted_at=moment)
    assert [row.on_day for row in survey.rows("dirty_days")] == [date(2026, 3, 2)]


def test_a_comment_in_another_language_is_marked_unscored(survey: Published) -> None:
    words = "Der Techniker kam zu spät und war sehr unfreundlich zu meiner Frau."
    submit(survey, answers={"recommend": 2, "comment": words}, language="de")
    (row,) = [row for row in survey.rows("scores") if row.metric == "sentiment"]
    assert (row.state, row.value, row.reason, row.language) == ("unscored", None, "language", "de")


def test_a_comment_beyond_its_time_waits_and_is_scored_by_the_job(
    survey: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    from efm.feedback import jobs

    monkeypatch.setattr(collect, "RESPONSE_SECONDS", 0.0)
    submit(survey)
    (row,) = [row for row in survey.rows("scores") if row.metric == "sentiment"]
    assert (row.state, row.value, row.reason) == ("pending", None, None)
    assert {row.metric for row in survey.rows("scores") if row.state == "scored"} == {"nps", "csat"}
    with survey.house.unit() as session:
        assert jobs.score_some(session, clock.now()) == 1
        assert jobs.score_some(session, clock.now()) == 0
    (row,) = [row for row in survey.rows("scores") if row.metric == "sentiment"]
    assert (row.state, row.band) == ("scored", "negative")
    (event,) = [row for row in survey.rows("events") if row.kind == "response.scored"]
    assert event.payload["is_angry"] is True
    assert event.payload["bands"] == {"sentiment": "negative"}


def test_pending_comments_queue_one_job(
    survey: Published, monkeypatch: pytest.MonkeyPatch, owner_engine: Any
) -> None:
    from sqlalchemy import text

    monkeypatch.setattr(collect, "RESPONSE_SECONDS", 0.0)
    submit(survey)
    submit(survey)
    with owner_engine.connect() as connection:
        waiting = connection.execute(
            text(
                "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'feedback.score_pending'"
                " AND args ->> 'organization_id' = :id"
            ),
            {"id": str(survey.house.id)},
        ).scalar_one()
    assert waiting == 1
