"""Surveys and responses through the API."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from efm import clock
from efm.feedback import authoring
from tests.efm.api import CONTACTS, RANDOM_ID, RESPONSES, SURVEYS, Program, errors
from tests.efm.collected import Published
from tests.factories import House

ANSWERS = {
    "recommend": 9,
    "satisfaction": 4,
    "reason": "order",
    "wishes": ["speed", "price"],
    "comment": "Wonderful, the delivery was quick and friendly.",
}


@pytest.fixture
def survey(house: House) -> Published:
    """An open survey."""
    return Published.make(house)


@pytest.fixture
def program(house: House) -> Program:
    """A program that may do everything."""
    return Program(house)


def _send(program: Program, survey: Published, **more: object) -> str:
    sent = {"survey_id": str(survey.survey_id), "answers": ANSWERS, **more}
    response = program.post(RESPONSES, sent)
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["id"])


def test_a_response_is_scored_before_the_answer_comes(program: Program, survey: Published) -> None:
    now = clock.now()
    sent_at = now - timedelta(days=1)
    attributes = {"shop": "Berlin", "lines": [1, {"a": None}]}
    given = _send(
        program, survey,
        key="order 17", channel="web", touchpoint="checkout", language="en",
        submitted_at=sent_at.isoformat(), attributes=attributes,
    )  # fmt: skip
    read = program.get(f"{RESPONSES}/{given}").get_json()
    assert read["answers"] == ANSWERS
    assert type(read["answers"]["recommend"]) is int
    assert read["attributes"] == attributes
    assert (read["channel"], read["touchpoint"], read["language"]) == ("web", "checkout", "en")
    assert read["submitted_at"] == sent_at.isoformat().replace("+00:00", "Z")
    scores = {each["metric"]: each for each in read["scores"]}
    assert (scores["nps"]["value"], scores["nps"]["band"]) == (9.0, "promoter")
    assert (scores["csat"]["value"], scores["csat"]["question"]) == (4.0, "satisfaction")
    assert scores["sentiment"]["state"] == "scored"
    assert scores["sentiment"]["band"] == "positive"


def test_what_was_read_can_be_sent(program: Program, survey: Published) -> None:
    first = program.get(f"{RESPONSES}/{_send(program, survey)}").get_json()
    again = program.post(
        RESPONSES, {"survey_id": first["survey_id"], "answers": first["answers"]}
    ).get_json()
    assert program.get(f"{RESPONSES}/{again['id']}").get_json()["answers"] == first["answers"]


def test_the_same_key_gets_the_first_answer(program: Program, survey: Published) -> None:
    body = {"survey_id": str(survey.survey_id), "answers": ANSWERS, "key": "k1"}
    first = program.post(RESPONSES, body)
    again = program.post(RESPONSES, body | {"answers": {"recommend": 0}})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.data == again.data
    assert survey.count("responses") == 1


def test_refusals_point_at_the_place(program: Program, survey: Published) -> None:
    sent = {
        "survey_id": str(survey.survey_id),
        "answers": {"recommend": 11, "reason": "nothing", "odd/one~": 1},
        "submitted_at": "2026-01-01T10:00:00",
        "channel": 5,
        "contact_id": "me",
        "score": 10,
    }
    found = errors(program.post(RESPONSES, sent))
    assert found == {
        "#/submitted_at": "Send the time with its zone, such as 2026-01-31T12:00:00Z.",
        "#/channel": "Send text.",
        "#/contact_id": "Send an id such as 0190a0a0-0000-7000-8000-000000000000.",
        "#/score": "There is no such field.",
    }
    del sent["submitted_at"], sent["channel"], sent["contact_id"], sent["score"]
    response = program.post(RESPONSES, sent)
    assert response.status_code == 422
    found = errors(response)
    assert set(found) == {"#/answers/recommend", "#/answers/reason", "#/answers/odd~1one~0"}
    assert survey.count("responses") == 0


@pytest.mark.parametrize("missing", ["survey_id", "answers"])
def test_what_is_needed(program: Program, survey: Published, missing: str) -> None:
    sent = {"survey_id": str(survey.survey_id), "answers": ANSWERS}
    del sent[missing]
    response = program.post(RESPONSES, sent)
    assert response.status_code == 422
    assert errors(response) == {f"#/{missing}": "This is needed."}


@pytest.mark.parametrize("name", ["id", "state", "scores", "organization_id", "version_id"])
def test_fields_of_the_server_cannot_be_sent(
    program: Program, survey: Published, name: str
) -> None:
    sent = {"survey_id": str(survey.survey_id), "answers": ANSWERS, name: RANDOM_ID}
    assert errors(program.post(RESPONSES, sent)) == {f"#/{name}": "There is no such field."}


def test_a_survey_that_takes_nothing(program: Program, house: House, survey: Published) -> None:
    for unknown in (RANDOM_ID, str(Published.make(house).link_id)):
        response = program.post(RESPONSES, {"survey_id": unknown, "answers": ANSWERS})
        assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    with house.unit() as session:
        authoring.close(session, survey.survey_id, clock.now())
    sent = {"survey_id": str(survey.survey_id), "answers": ANSWERS}
    assert program.post(RESPONSES, sent).status_code == 410


def test_a_response_may_name_its_contact(program: Program, survey: Published) -> None:
    made = program.put(f"{CONTACTS}/external/c-1", {"name": "Ana"}).get_json()
    given = _send(program, survey, contact_id=made["id"])
    assert program.get(f"{RESPONSES}/{given}").get_json()["contact_id"] == made["id"]
    found = program.get(RESPONSES, contact_id=made["id"]).get_json()["data"]
    assert [each["id"] for each in found] == [given]
    sent = {"survey_id": str(survey.survey_id), "answers": ANSWERS, "contact_id": RANDOM_ID}
    assert errors(program.post(RESPONSES, sent)) == {"#/contact_id": "There is no such contact."}


def test_a_batch_says_what_became_of_each_row(program: Program, survey: Published) -> None:
    row = {"survey_id": str(survey.survey_id), "answers": ANSWERS}
    first = _send(program, survey, key="known")
    rows = [
        row,
        {**row, "answers": {"recommend": "nine"}},
        {**row, "key": "known"},
        {**row, "survey_id": RANDOM_ID},
        {**row, "submitted_at": "yesterday"},
        "not a response",
        {**row, "answers": {**ANSWERS, "comment": "ends"}},
    ]
    response = program.post(f"{RESPONSES}/batch", {"responses": rows})
    assert response.status_code == 200
    told = response.get_json()
    assert (told["created"], told["duplicate"], told["refused"]) == (2, 1, 4)
    results = told["results"]
    assert [each["index"] for each in results] == list(range(7))
    assert [each["outcome"] for each in results] == [
        "created", "refused", "duplicate", "refused", "refused", "refused", "created",
    ]  # fmt: skip
    assert results[2]["id"] == first
    assert [each["pointer"] for row in results for each in row["errors"]] == [
        "#/responses/1/answers/recommend",
        "#/responses/3/survey_id",
        "#/responses/4/submitted_at",
        "#/responses/5",
    ]
    assert survey.count("responses") == 3


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/responses"),
        ({"responses": []}, "#/responses"),
        ({"responses": {}}, "#/responses"),
        ({"responses": [{}] * 1001}, "#/responses"),
        ({"responses": [{}], "more": 1}, "#/more"),
        ([], "#"),
    ],
)
def test_a_batch_that_is_none(program: Program, body: object, pointer: str) -> None:
    response = program.post(f"{RESPONSES}/batch", body)
    assert response.status_code == 422
    assert pointer in errors(response)


def test_a_full_batch(program: Program, survey: Published) -> None:
    row = {"survey_id": str(survey.survey_id), "answers": {"recommend": 3}}
    told = program.post(f"{RESPONSES}/batch", {"responses": [row] * 1000}).get_json()
    assert (told["created"], len(told["results"])) == (1000, 1000)
    assert survey.count("responses") == 1000


def test_lists_go_on_by_their_cursor(program: Program, survey: Published) -> None:
    row = {"survey_id": str(survey.survey_id), "answers": {"recommend": 3}}
    made = program.post(f"{RESPONSES}/batch", {"responses": [row] * 7}).get_json()["results"]
    path, seen, pages = f"{RESPONSES}?limit=3&survey_id={survey.survey_id}", [], 0
    while path:
        response = program.ask("GET", path)
        told = response.get_json()
        seen += [each["id"] for each in told["data"]]
        path, pages = told["next"], pages + 1
        if path:
            assert response.headers["Link"] == f'<{path}>; rel="next"'
            assert f"survey_id={survey.survey_id}" in path
            # A response that arrives meanwhile is at the front and disturbs nobody.
            _send(program, survey)
        else:
            assert "Link" not in response.headers
            assert told["next_cursor"] is None
    assert pages == 3
    assert seen == sorted(seen, reverse=True)
    assert set(seen) == {each["id"] for each in made}


def test_responses_between_two_times(program: Program, survey: Published) -> None:
    days = [f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3)]
    ids = [_send(program, survey, submitted_at=day) for day in days]

    def between(**query: str) -> list[str]:
        rows = program.get(RESPONSES, **query).get_json()["data"]
        return sorted(each["id"] for each in rows)

    assert between(submitted_from=days[1]) == sorted(ids[1:])
    assert between(submitted_to=days[1]) == [ids[0]]
    assert between(submitted_from=days[1], submitted_to=days[2]) == [ids[1]]
    assert between(submitted_from="2026-01-02T01:00:00+01:00", submitted_to=days[2]) == [ids[1]]


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("limit=0", 422, "?limit"),
        ("limit=201", 422, "?limit"),
        ("limit=many", 422, "?limit"),
        ("limit=1e2", 422, "?limit"),
        ("limit=", 422, "?limit"),
        ("offset=1000000000", 422, "?offset"),
        ("survey_id=1", 422, "?survey_id"),
        ("submitted_from=2026-01-01", 422, "?submitted_from"),
        ("submitted_from=2026-01-01T00:00:00", 422, "?submitted_from"),
        ("cursor=x", 400, "?cursor"),
        ("cursor=%00", 422, "?cursor"),
        ("cursor=", 422, "?cursor"),
        ("cursor=cmVzcG9uc2Vz", 400, "?cursor"),
        ("cursor=" + "A" * 300, 422, "?cursor"),
        ("cursor=%C3%A4", 400, "?cursor"),
    ],
)
def test_parameters_that_do_not_fit(
    program: Program, query: str, status: int, parameter: str
) -> None:
    response = program.ask("GET", f"{RESPONSES}?{query}")
    assert response.status_code == status
    assert list(errors(response)) == [parameter]


def test_a_cursor_of_another_list(program: Program, house: House) -> None:
    for _ in range(2):
        Published.make(house)
    cursor = program.get(SURVEYS, limit=1).get_json()["next_cursor"]
    assert program.get(SURVEYS, limit=1, cursor=cursor).status_code == 200
    assert program.get(RESPONSES, cursor=cursor).status_code == 400


def test_surveys_show_what_respondents_see(
    program: Program, house: House, survey: Published
) -> None:
    with house.unit() as session:
        session.execute(
            text("UPDATE surveys SET draft = draft || '{\"title\": \"Secret plans\"}' WHERE id = :id"),
            {"id": survey.survey_id},
        )  # fmt: skip
    listed = program.get(SURVEYS).get_json()["data"]
    assert [each["id"] for each in listed] == [str(survey.survey_id)]
    shown = program.get(f"{SURVEYS}/{survey.survey_id}").get_json()
    assert shown["state"] == "open"
    assert shown["current_version"]["number"] == 1
    questions = shown["definition"]["pages"][0]["questions"]
    assert [each["key"] for each in questions] == list(ANSWERS)
    assert questions[2]["choices"] == [
        {"key": "order", "label": "Order"}, {"key": "fault", "label": "Fault"},
    ]  # fmt: skip
    assert "Secret plans" not in str(shown)
    assert set(shown["definition"]) <= {
        "title", "language", "introduction", "thank_you", "privacy", "anonymous", "pages",
    }  # fmt: skip


def test_every_version_can_be_read(program: Program, house: House, survey: Published) -> None:
    with house.unit() as session:
        authoring.publish(session, survey.survey_id, clock.now())
    path = f"{SURVEYS}/{survey.survey_id}/versions"
    versions = program.get(path).get_json()["data"]
    assert [each["is_current"] for each in versions] == [True, *[False] * (len(versions) - 1)]
    one = program.get(f"{path}/{versions[-1]['id']}").get_json()
    assert one["number"] == 1
    assert one["definition"]["title"] == "How did it go?"
    other = Published.make(house)
    assert (
        program.get(f"{SURVEYS}/{other.survey_id}/versions/{versions[0]['id']}").status_code == 404
    )


def test_a_draft_has_no_definition_yet(program: Program, house: House) -> None:
    from surveys.definition import load
    from tests.efm.collected import definition

    with house.unit() as session:
        draft = authoring.create(session, load(definition()), clock.now())
    shown = program.get(f"{SURVEYS}/{draft.id}").get_json()
    assert (shown["state"], shown["current_version"], shown["definition"]) == ("draft", None, None)
    assert program.get(f"{SURVEYS}/{draft.id}/versions").get_json()["data"] == []


def test_strangers_see_nothing(
    program: Program, house: House, stranger: House, survey: Published
) -> None:
    given = _send(program, survey, key="mine")
    other = Program(stranger)
    for path in (
        f"{RESPONSES}/{given}", f"{SURVEYS}/{survey.survey_id}",
        f"{SURVEYS}/{survey.survey_id}/versions",
    ):  # fmt: skip
        foreign = other.get(path)
        random = other.get(path.replace(given, RANDOM_ID).replace(str(survey.survey_id), RANDOM_ID))
        assert foreign.status_code == random.status_code == 404
        assert foreign.get_json()["detail"] == random.get_json()["detail"]
        assert program.get(path).status_code == 200
    assert other.get(RESPONSES).get_json()["data"] == []
    assert other.get(SURVEYS).get_json()["data"] == []
    assert other.get(RESPONSES, survey_id=str(survey.survey_id)).get_json()["data"] == []
    sent = {"survey_id": str(survey.survey_id), "answers": ANSWERS, "key": "mine"}
    assert other.post(RESPONSES, sent).status_code == 404
    rows = {"responses": [sent, sent | {"survey_id": str(uuid.uuid4())}]}
    results = other.post(f"{RESPONSES}/batch", rows).get_json()["results"]
    assert results[0]["errors"][0]["detail"] == results[1]["errors"][0]["detail"]
    assert survey.count("responses") == 1


def test_a_revoked_token_stores_nothing(program: Program, house: House, survey: Published) -> None:
    with house.unit() as session:
        session.execute(text("UPDATE api_tokens SET revoked_at = now()"))
    sent = {"survey_id": str(survey.survey_id), "answers": ANSWERS}
    response = program.post(RESPONSES, sent)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "token" in response.get_json()["detail"]
    assert survey.count("responses") == 0
