"""Comments on a draft through the pages: threads, replies, settling, mails, what happens when places go."""

from __future__ import annotations

import re
import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from efm import clock
from efm.feedback import authoring, comment_letters
from efm.models import Membership, ReviewThread
from efm.web.permissions import ROLE_PERMISSIONS
from surveys import editing
from tests.efm.test_bank import send
from tests.efm.test_builder import act, made, step
from tests.factories import House
from tests.staff_steps import actions, email_of, link_in, mails

GONE = "On questions no longer there"


def comment(
    client: FlaskClient, survey_id: uuid.UUID, at: str, body: str, **more: str
) -> TestResponse:
    return send(client, f"/surveys/{survey_id}/review/threads", at=at, body=body, **more)


def threads(house: House, survey_id: uuid.UUID) -> list[ReviewThread]:
    with house.unit() as session:
        return list(
            session.scalars(
                select(ReviewThread)
                .where(ReviewThread.survey_id == survey_id)
                .order_by(ReviewThread.opened_at)
            )
        )


def review(client: FlaskClient, survey_id: uuid.UUID) -> str:
    return client.get(f"/surveys/{survey_id}/review").text


def test_a_thread_from_the_first_comment_to_its_end(house: House) -> None:
    survey_id = made(house)
    designer, analyst = house.login("designer"), house.login("analyst")
    act(designer, survey_id, 1, do="set_question", at="question.reason", text="Why is that?")
    reply = comment(analyst, survey_id, "question.reason", "Too <b>short</b>.\nSay more.")
    (thread,) = threads(house, survey_id)
    assert reply.location == f"/surveys/{survey_id}/review#thread-{thread.id}"
    assert (thread.at, thread.label) == ("question.reason", "Why is that?")
    page = review(designer, survey_id)
    assert "Too &lt;b&gt;short&lt;/b&gt;." in page
    assert "Carla" in page
    assert "1 comment is open" in " ".join(page.split())

    (told,) = mails(house, email_of(house, "designer"))
    assert "> Too <b>short</b>.\n> Say more." in told
    assert link_in(told) == f"/surveys/{survey_id}/review#thread-{thread.id}"
    assert mails(house, email_of(house, "analyst")) == []

    at = f"/surveys/{survey_id}/review/threads/{thread.id}"
    assert send(designer, f"{at}/replies", body="Changed.").status_code == 303
    assert len(mails(house, email_of(house, "analyst"))) == 1
    assert len(mails(house, email_of(house, "designer"))) == 1
    send(designer, f"{at}/resolve")
    page = review(analyst, survey_id)
    assert "Resolved by Dora" in page
    assert "1 resolved" in page
    send(analyst, f"{at}/reopen")
    assert threads(house, survey_id)[0].resolved_at is None
    send(designer, f"{at}/resolve")
    send(analyst, f"{at}/replies", body="Not yet.")
    assert threads(house, survey_id)[0].resolved_at is None, "a reply opens a thread again"
    assert [each for each in actions(house) if each.startswith("comment")] == [
        "comment.written", "comment.written", "comment.resolved", "comment.reopened",
        "comment.resolved", "comment.written",
    ]  # fmt: skip


def test_the_builder_counts_what_is_open_and_takes_comments(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    at = {"at": "question.reason", "back": "build"}
    reply = comment(designer, survey_id, body="Words?", **at)
    assert reply.location == f"/surveys/{survey_id}/build?at=question.reason&tab=comments"
    comment(designer, survey_id, "page.reasons", "Too long?")
    page = designer.get(reply.location).text
    assert "Words?" in page
    assert page.count('aria-label="1 open comment"') == 2
    refused = comment(designer, survey_id, body=" ", **at)
    assert refused.status_code == 422
    assert "Write the comment first." in refused.text
    assert 'id="builder-bar"' in refused.text
    shown = designer.get(f"/surveys/{survey_id}/publish").text
    assert "2 comments of reviewers are open" in shown
    assert "Publish version 1</span>" in shown
    assert "Review and comment (2 open)" in designer.get(f"/surveys/{survey_id}").text


def test_comments_stay_when_words_change_and_when_the_question_goes_and_comes_back(
    house: House,
) -> None:
    survey_id, designer = made(house), house.login("designer")
    comment(designer, survey_id, "question.reason", "About the reason.")
    act(designer, survey_id, 1, do="set_question", at="question.reason", text="In other words?")
    assert GONE not in review(designer, survey_id)
    act(designer, survey_id, 2, then="remove question.reason")
    page = review(designer, survey_id)
    assert page.index(GONE) < page.index("About the reason.")
    assert "What is the main reason for your score?" in page, "it says what stood there"
    step(designer, survey_id, "undo")
    page = review(designer, survey_id)
    assert GONE not in page
    assert "About the reason." in page


def test_logic_is_read_as_a_sentence(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    with house.unit() as session:
        draft = dict(authoring.get(session, survey_id).draft)
        logical = editing.set_fields(draft, "question.reason", {"show_if": "recommend <= 6"})
        authoring.save_draft(session, survey_id, logical.document, 1, clock.now())
    assert "Shown if “How likely are you" in review(designer, survey_id)


def test_a_comment_on_what_went_keeps_its_words(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    reply = comment(designer, survey_id, "question.nothing", "My <words>.")
    assert reply.status_code == 409
    assert "My &lt;words&gt;." in reply.text
    assert "was removed in the meantime" in reply.text
    reply = comment(designer, survey_id, "question.reason", "x" * 5001)
    assert reply.status_code == 422
    assert "at most 5,000 fit" in reply.text
    assert threads(house, survey_id) == []


def test_what_is_sent_twice_counts_once(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    key = str(clock.new_id())
    replies = [comment(designer, survey_id, "survey", "Once.", key=key) for _ in range(2)]
    assert replies[0].location == replies[1].location
    (thread,) = threads(house, survey_id)
    assert thread.at == "survey"
    assert len(re.findall("Once\\.", review(designer, survey_id))) == 1


def test_parts_and_endings_are_commented_on_as_what_they_belong_to(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    act(designer, survey_id, 1, do="add_question", kind="grid", page="value")
    act(designer, survey_id, 2, then="add_part ending")
    comment(designer, survey_id, "question.grid.part_1", "A part.")
    comment(designer, survey_id, "ending.ending", "An ending.")
    assert [each.at for each in threads(house, survey_id)] == ["question.grid", "survey"]


def test_who_may_no_longer_see_surveys_is_told_no_more(house: House) -> None:
    survey_id = made(house)
    designer, analyst = house.login("designer"), house.login("analyst")
    comment(analyst, survey_id, "survey", "First.")
    with house.unit() as session:
        session.execute(
            update(Membership)
            .where(Membership.user_id == house.people["analyst"])
            .values(role="crm_admin")
        )
    (thread,) = threads(house, survey_id)
    send(designer, f"/surveys/{survey_id}/review/threads/{thread.id}/replies", body="Second.")
    assert mails(house, email_of(house, "analyst")) == []


def test_roles_that_are_told_are_those_that_may_see_surveys() -> None:
    may = {role for role, held in ROLE_PERMISSIONS.items() if "surveys.view" in held}
    assert set(comment_letters.ROLES) == may


@pytest.mark.parametrize("way", ["replies", "resolve", "reopen"])
def test_a_thread_of_another_survey_is_not_found(house: House, way: str) -> None:
    first, second, designer = made(house), made(house), house.login("designer")
    comment(designer, first, "survey", "Here.")
    (thread,) = threads(house, first)
    path = f"/surveys/{second}/review/threads/{thread.id}/{way}"
    assert send(designer, path, body="There?").status_code == 404
