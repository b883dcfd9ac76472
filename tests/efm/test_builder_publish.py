"""Publishing from the builder: what changes and what was found is told first; older versions come back."""

from __future__ import annotations

import html
import re
from typing import Any

from efm import clock
from efm.feedback import authoring, collect
from surveys import editing
from tests.efm.test_builder import act, draft, made, revision
from tests.factories import House


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def _post(client: Any, url: str, **form: Any) -> Any:
    return client.post(url, data={"csrf_token": client.csrf, **form})


def test_the_first_version_and_what_changes_after_it(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    page = designer.get(f"/surveys/{survey_id}/publish").text
    assert "The first version" in page
    assert _post(designer, f"/surveys/{survey_id}/publish").status_code == 302
    with house.unit() as session:
        collect.submit_json(session, collect.Incoming(survey_id, {"recommend": 9}), clock.now())
    assert (
        "Nothing has changed since version 1" in designer.get(f"/surveys/{survey_id}/publish").text
    )
    act(designer, survey_id, 1, do="set_question", at="question.reason", text="Why is <that>?")
    act(designer, survey_id, 2, then="remove question.drivers")
    said = words(designer.get(f"/surveys/{survey_id}/publish").text)
    assert "before: What is the main reason for your score? now: Why is <that>?" in said
    assert "Removed What influenced your score most?" in said
    assert "Publish version 2" in said
    _post(designer, f"/surveys/{survey_id}/publish")
    assert (
        "Nothing has changed since version 2" in designer.get(f"/surveys/{survey_id}/publish").text
    )


def test_errors_lead_to_where_they_are_mended_and_keep_it_from_being_published(
    house: House,
) -> None:
    survey_id, designer = made(house), house.login("designer")
    with house.unit() as session:
        document = editing.set_fields(
            draft(house, survey_id), "question.reason", {"show_if": "gone == 1"}
        )
        authoring.save_draft(session, survey_id, document.document, 1, clock.now())
    page = designer.get(f"/surveys/{survey_id}/publish").text
    assert "It cannot be published yet" in words(page)
    assert "at=question.reason&amp;tab=logic" in page
    assert _post(designer, f"/surveys/{survey_id}/publish").status_code == 422


def test_an_older_version_becomes_the_draft_and_can_be_undone(house: House) -> None:
    survey_id, designer = made(house), house.login("designer")
    _post(designer, f"/surveys/{survey_id}/publish")
    first = draft(house, survey_id)
    act(designer, survey_id, 1, then="remove question.reason")
    changed = draft(house, survey_id)
    restored = _post(designer, f"/surveys/{survey_id}/versions/1/restore")
    assert restored.location == f"/surveys/{survey_id}/build"
    assert draft(house, survey_id) == first
    _post(designer, f"/surveys/{survey_id}/build/undo")
    assert draft(house, survey_id) == changed
    assert revision(house, survey_id) == 4
    assert _post(designer, f"/surveys/{survey_id}/versions/9/restore").status_code == 404
