"""Drafts, publication and versions that never change."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from efm import clock
from efm.errors import Conflict, Invalid, NotFound
from efm.feedback import authoring
from tests.factories import House


def test_publishing_freezes_and_an_unchanged_draft_keeps_its_version(house: House) -> None:
    with house.unit() as session:
        survey = authoring.create_from_template(session, "relationship_nps", clock.now())
        first = authoring.publish(session, survey.id, clock.now())
        assert authoring.publish(session, survey.id, clock.now()).id == first.id
        draft = {**survey.draft, "title": "Another title"}
        authoring.save_draft(session, survey.id, draft, survey.draft_revision, clock.now())
        second = authoring.publish(session, survey.id, clock.now())
    assert (first.number, second.number) == (1, 2)
    assert first.definition["title"] != second.definition["title"]


def test_a_published_version_cannot_be_changed_or_deleted(house: House, owner_engine) -> None:  # type: ignore[no-untyped-def]
    with house.unit() as session:
        survey = authoring.create_from_template(session, "relationship_nps", clock.now())
        authoring.publish(session, survey.id, clock.now())
    for statement in ("UPDATE survey_versions SET number = 9", "DELETE FROM survey_versions"):
        with pytest.raises(DBAPIError, match="permission denied"), house.unit() as session:
            session.execute(text(statement))
    with owner_engine.begin() as connection:
        connection.execute(text("ALTER TABLE survey_versions NO FORCE ROW LEVEL SECURITY"))
        with pytest.raises(IntegrityError, match="does not change"), connection.begin_nested():
            connection.execute(text("UPDATE survey_versions SET number = 9"))
        connection.execute(text("ALTER TABLE survey_versions FORCE ROW LEVEL SECURITY"))


def test_two_editors_never_lose_each_others_work(house: House) -> None:
    with house.unit() as session:
        survey = authoring.create_from_template(session, "relationship_nps", clock.now())
        seen = survey.draft_revision
        authoring.save_draft(session, survey.id, survey.draft, seen, clock.now())
        with pytest.raises(Conflict, match="Somebody else saved"):
            authoring.save_draft(session, survey.id, survey.draft, seen, clock.now())


def test_a_faulty_draft_is_refused_with_every_problem(house: House) -> None:
    with house.unit() as session:
        survey = authoring.create_from_template(session, "relationship_nps", clock.now())
        with pytest.raises(Invalid) as refused:
            authoring.save_draft(session, survey.id, {"title": ""}, 1, clock.now())
    assert refused.value.problems


def test_a_strangers_survey_is_not_found(house: House, stranger: House) -> None:
    with stranger.unit() as session:
        survey = authoring.create_from_template(session, "relationship_nps", clock.now())
    with house.unit() as session, pytest.raises(NotFound):
        authoring.publish(session, survey.id, clock.now())
