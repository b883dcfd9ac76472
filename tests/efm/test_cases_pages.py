"""Cases through the browser: the list, taking, answering, closing, roles and two people at once."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from efm import clock
from efm.models import AuditEntry, Case, CaseNote, Mail
from efm.scenarios import listing
from tests.efm.cased import contact, open_all, open_one, respond
from tests.efm.collected import Published
from tests.factories import House


def stored(house: House, case: Case) -> Case:
    with house.unit(read_only=True) as session:
        return session.get_one(Case, (house.id, case.id))


def story(house: House, case: Case) -> list[tuple[str, str]]:
    with house.unit(read_only=True) as session:
        notes = session.scalars(
            select(CaseNote).where(CaseNote.case_id == case.id).order_by(CaseNote.written_at)
        )
        return [(note.kind, note.body) for note in notes]


def mails(house: House) -> list[Mail]:
    with house.unit(read_only=True) as session:
        return list(session.scalars(select(Mail).order_by(Mail.created_at, Mail.id)))


def send(
    client: FlaskClient, case: Case, action: str, *, seen: int | None = None, **form: Any
) -> TestResponse:
    """Post one of the case's forms as its page has it."""
    revision = case.revision if seen is None else seen
    return client.post(
        f"/cases/{case.id}/{action}",
        data={"csrf_token": client.csrf, "revision": revision, "key": str(uuid.uuid4()), **form},  # type: ignore[attr-defined]
    )


def plain(response: TestResponse) -> str:
    """A page with ordinary spaces."""
    return response.text.replace("\u00a0", " ")


def texts(response: TestResponse) -> str:
    """The words of a page, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain(response)))


def test_without_cases_the_page_says_what_will_be_here(house: House) -> None:
    page = texts(house.login("agent").get("/cases"))
    assert "No cases yet" in page
    assert "2 business days" in page
    assert "Whose" not in page


def test_the_list_shows_what_waits_most_urgent_first(house: House) -> None:
    published = Published.make(house)
    mia = contact(house, "Mia Example")
    now = clock.now()
    respond(published, 2, "Nobody called me back.", mia)
    open_all(house, now)
    respond(published, 5)
    open_all(house, now - timedelta(days=10))
    page = texts(house.login("agent").get("/cases"))
    assert page.index("Case 2") < page.index("Case 1")
    for words in ("Mia Example", "anonymous", "NPS 2", "Nobody called me back.", "Emil", "Overdue"):
        assert words in page


def test_views_and_filters_are_in_the_address(house: House) -> None:
    published = Published.make(house)
    for _ in range(3):
        respond(published, 2)
    first, second, _third = open_all(house, clock.now() - timedelta(days=10))
    respond(published, 3)
    (fresh,) = open_all(house)
    with house.unit() as session:
        now = clock.now()
        session.execute(
            update(Case).where(Case.id == first.id).values(state="answered", answered_at=now)
        )
        session.execute(
            update(Case)
            .where(Case.id == second.id)
            .values(state="closed", closed_at=now, resolution="no_contact", owner_id=None)
        )
        session.execute(
            update(Case).where(Case.id == fresh.id).values(owner_id=house.people["owner"])
        )
    client = house.login("agent")

    def shown(query: str) -> set[str]:
        return set(re.findall(r">(Case \d+)<", plain(client.get(f"/cases{query}"))))

    assert shown("") == {"Case 3", "Case 4"}
    assert shown("?state=overdue") == {"Case 3"}
    assert shown("?state=answered") == {"Case 1"}
    assert shown("?state=closed") == {"Case 2"}
    assert shown("?state=all") == {"Case 1", "Case 2", "Case 3", "Case 4"}
    assert shown("?owner=mine") == {"Case 3"}
    assert shown("?state=all&owner=nobody") == {"Case 2"}
    assert shown(f"?owner={house.people['owner']}") == {"Case 4"}
    assert shown("?state=all&reason=angry_comment") == set()
    # What the address names wrongly counts as not named.
    assert shown("?state=nonsense&owner=nonsense&reason=nonsense&after=nonsense") == {
        "Case 3",
        "Case 4",
    }
    page = client.get("/cases?state=all&owner=mine").text
    assert "Remove this filter" in page
    assert re.search(r'aria-current="page">All <span class="tab-count">2<', page)


@pytest.mark.parametrize("view", ["open", "closed", "all"])
def test_every_case_is_on_exactly_one_page(
    house: House, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    published = Published.make(house)
    for _ in range(7):
        respond(published, 1)
    open_all(house)  # All of one moment: only the id tells them apart.
    if view == "closed":
        with house.unit() as session:
            done = {"state": "closed", "closed_at": clock.now(), "resolution": "mistake"}
            session.execute(update(Case).values(**done))
    client, seen, address = house.login("agent"), [], f"/cases?state={view}"
    for _ in range(5):
        page = plain(client.get(address))
        seen += re.findall(r">(Case \d+)<", page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        if following is None:
            break
        address = following[1].replace("&amp;", "&")
    assert sorted(seen) == sorted(f"Case {n}" for n in range(1, 8))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("open", "Nothing waits"),
        ("overdue", "Nothing is late"),
        ("answered", "Nothing to close"),
        ("closed", "Nothing closed yet"),
    ],
)
def test_an_empty_view_says_so(house: House, state: str, said: str) -> None:
    open_one(house)
    if state == "open":
        with house.unit() as session:
            now = clock.now()
            session.execute(update(Case).values(state="answered", answered_at=now))
    if state == "answered":
        assert "Case 1" in texts(house.login("agent").get("/cases"))
    page = texts(house.login("agent").get(f"/cases?state={state}"))
    assert said in page
    assert "Show all cases" in page


def test_a_case_shows_the_answer_the_customer_and_the_story(house: House) -> None:
    mia = contact(house, "Mia Example", email="mia@example.org", phone="+49301234567")
    case = open_one(house, 3, "Nobody called me back.", mia)
    page = texts(house.login("agent").get(f"/cases/{case.id}"))
    for words in (
        "Case 1", "Open", "Mia Example, detractor, How did it go?", "Answer the customer",
        "Would you recommend us?", "NPS 3", "Nobody called me back.", "mia@example.org",
        "Opened because of: detractor. Given to Emil.", "By itself",
    ):  # fmt: skip
        assert words in page, words


def test_a_reply_is_mailed_and_kept_and_the_case_is_answered(house: House) -> None:
    mia = contact(house, "Mia Example", email="mia@example.org")
    case = open_one(house, contact_id=mia)
    client = house.login("agent")
    response = send(
        client, case, "answer", subject="Your call", reply="We are sorry.\r\n\r\nIt is mended.",
        how="mail",
    )  # fmt: skip
    assert response.status_code == 303
    mail = mails(house)[-1]
    assert (mail.recipient, mail.subject) == ("mia@example.org", "Your call")
    assert mail.body == "We are sorry.\n\nIt is mended.\n\nEmil\nNorthwind Telecom\n"
    assert stored(house, case).state == "answered"
    page = texts(client.get(f"/cases/{case.id}"))
    assert "The reply is on its way." in page
    assert "to be sent by mail" in page
    assert "Close the case" in page
    with house.unit() as session:
        session.execute(update(Mail).values(state="failed", error="refused"))
    assert "could not be delivered" in texts(client.get(f"/cases/{case.id}"))


def test_the_same_reply_sent_twice_goes_out_once(house: House) -> None:
    mia = contact(house, email="mia@example.org")
    case = open_one(house, contact_id=mia)
    client, form = house.login("agent"), {"key": str(uuid.uuid4()), "how": "mail"}
    for _ in range(2):
        answered = send(client, case, "answer", subject="Hello", reply="Sorry.", **form)
        assert answered.status_code == 303
    assert len(mails(house)) == 2  # The owner's and one reply.
    assert [kind for kind, _ in story(house, case)].count("reply") == 1


def test_without_an_address_the_page_says_so_and_keeps_what_was_said(house: House) -> None:
    mia = contact(house, "Mia Example", phone="+49301234567")
    case = open_one(house, contact_id=mia)
    client = house.login("agent")
    page = texts(client.get(f"/cases/{case.id}"))
    assert "No e-mail address of this customer is known" in page
    assert "The phone number is +49301234567." in page
    refused = send(client, case, "answer", subject="Hello", reply="Sorry.", how="mail")
    assert refused.status_code == 409
    assert "nothing was sent" in texts(refused)
    kept = send(client, case, "answer", reply="Called her; a technician comes.", how="elsewhere")
    assert kept.status_code == 303
    assert stored(house, case).state == "answered"
    assert len(mails(house)) == 1
    assert "answered in another way" in texts(client.get(f"/cases/{case.id}"))


def test_an_anonymous_customer_cannot_be_written_to(house: House) -> None:
    case = open_one(house)
    page = texts(house.login("agent").get(f"/cases/{case.id}"))
    assert "This answer is anonymous, so nobody can be written to." in page
    assert "Send the reply" not in page


@pytest.mark.parametrize(
    ("action", "form", "said"),
    [
        ("answer", {"reply": " ", "subject": "x", "how": "mail"}, "Write what you answer."),
        ("answer", {"reply": "x", "subject": " ", "how": "mail"}, "Write a subject."),
        ("answer", {"reply": "x" * 10_001, "subject": "y", "how": "mail"}, "10,001 characters"),
        ("notes", {"note": ""}, "Write the note first."),
        ("close", {"resolution": ""}, "Choose how the case ended."),
        ("close", {"resolution": "nonsense"}, "Choose how the case ended."),
        ("assign", {"owner": ""}, "Choose somebody from the list"),
        ("assign", {"owner": str(uuid.uuid4())}, "Choose somebody from the list"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(
    house: House, action: str, form: dict[str, str], said: str
) -> None:
    case = open_one(house, contact_id=contact(house, email="mia@example.org"))
    response = send(house.login("agent"), case, action, **form)
    assert response.status_code == 422
    assert said in texts(response)
    for name in ("reply", "subject", "note"):
        assert form.get(name, "").strip() in response.text
    after = stored(house, case)
    assert (after.state, after.revision, len(story(house, case))) == ("open", 1, 1)


def test_a_case_is_closed_with_how_it_ended_and_may_be_opened_again(house: House) -> None:
    case = open_one(house)
    client = house.login("agent")
    closing = send(client, case, "close", resolution="no_contact", closing="Called three times.")
    assert closing.status_code == 303
    closed = stored(house, case)
    assert (closed.state, closed.resolution) == ("closed", "no_contact")
    assert closed.closed_at is not None
    page = texts(client.get(f"/cases/{case.id}"))
    assert "The customer could not be reached" in page
    assert "Called three times." in page
    for action, form in (
        ("answer", {"reply": "Late.", "how": "elsewhere"}),
        ("close", {"resolution": "resolved"}),
        ("take", {}),
    ):
        again = send(client, closed, action, **form)
        if action != "take":  # It is Emil's already: taking it changes nothing.
            assert again.status_code == 409
            assert "This case is closed. Open it again to go on." in texts(again)
    assert "Late." in send(client, closed, "answer", reply="Late.", how="elsewhere").text
    assert send(client, closed, "reopen", why="").status_code == 422
    assert send(client, closed, "reopen", why="She called.").status_code == 303
    opened = stored(house, case)
    assert (opened.state, opened.closed_at, opened.resolution) == ("open", None, None)
    assert opened.due_at > clock.now()
    assert story(house, case)[-1] == ("change", "Opened again.\nShe called.")


def test_closing_twice_by_one_press_is_closing_once(house: House) -> None:
    case = open_one(house)
    client, key = house.login("agent"), str(uuid.uuid4())
    for _ in range(2):
        done = send(client, case, "close", resolution="resolved", key=key)
        assert done.status_code == 303
    assert len(story(house, case)) == 2


def test_two_people_never_lose_each_others_work(house: House) -> None:
    mia = contact(house, email="mia@example.org")
    case = open_one(house, contact_id=mia)
    emil, anna = house.login("agent"), house.login("owner")
    done = send(anna, case, "answer", subject="A", reply="From Anna.", how="mail")
    assert done.status_code == 303
    late = send(emil, case, "answer", subject="B", reply="From Emil, typed at length.", how="mail")
    assert late.status_code == 409
    assert "Somebody changed this case while you were writing." in texts(late)
    assert "From Emil, typed at length." in late.text
    assert "From Anna." in late.text
    assert [mail.subject for mail in mails(house)][1:] == ["A"]
    # Sent again from that page, it means it.
    revision = re.search(r'name="revision" value="(\d+)"', late.text)
    assert revision is not None
    again = send(
        emil, case, "answer", seen=int(revision[1]), subject="B", reply="And Emil.", how="mail"
    )
    assert again.status_code == 303


def test_a_case_closed_by_somebody_keeps_what_the_other_typed(house: House) -> None:
    case = open_one(house)
    send(house.login("owner"), case, "close", resolution="mistake")
    late = send(house.login("agent"), case, "answer", reply="Typed at length.", how="elsewhere")
    assert late.status_code == 409
    assert "Typed at length." in late.text


def test_a_note_needs_no_revision_and_counts_once(house: House) -> None:
    case = open_one(house)
    send(house.login("owner"), case, "close", resolution="mistake")
    client, key = house.login("agent"), str(uuid.uuid4())
    for _ in range(2):
        added = send(client, case, "notes", note="<b>Called</b> at noon.", key=key, seen=1)
        assert added.status_code == 303
    assert [kind for kind, _ in story(house, case)].count("note") == 1
    page = client.get(f"/cases/{case.id}").text
    assert "&lt;b&gt;Called&lt;/b&gt; at noon." in page


def test_a_case_is_given_and_taken(house: House) -> None:
    case = open_one(house, 3, "Nobody called me back.")
    emil, anna = house.login("agent"), house.login("owner")
    assert "Emil works on this case" in texts(anna.get(f"/cases/{case.id}"))
    given = send(emil, case, "assign", owner=str(house.people["owner"]))
    assert given.status_code == 303
    mail = mails(house)[-1]
    assert mail.recipient == f"anna.{house.slug}@example.org"
    assert mail.subject == "Case 1 is yours now"
    assert "Emil gave you a case." in mail.body
    taken = send(emil, case, "take", seen=2)
    assert taken.status_code == 303
    assert stored(house, case).owner_id == house.people["agent"]
    assert len(mails(house)) == 2  # Nobody is told of what they did themselves.
    assert story(house, case)[1:] == [
        ("change", "Gave the case to Anna."),
        ("change", "Took the case."),
    ]


@pytest.mark.parametrize("role", ["designer", "analyst", "crm_admin"])
def test_cases_go_only_to_those_who_work_on_them(house: House, role: str) -> None:
    case = open_one(house)
    given = send(house.login("owner"), case, "assign", owner=str(house.people[role]))
    assert given.status_code == 422
    assert stored(house, case).owner_id == house.people["agent"]


def test_what_is_done_is_in_the_audit_log(house: House) -> None:
    case = open_one(house)
    client = house.login("agent")
    send(client, case, "notes", note="Looking into it.")
    send(client, case, "answer", reply="Called.", how="elsewhere")
    send(client, case, "close", seen=2, resolution="resolved")
    with house.unit() as session:
        rows = session.execute(
            select(AuditEntry.action, AuditEntry.actor)
            .where(AuditEntry.subject_id == case.id)
            .order_by(AuditEntry.acted_at)
        ).all()
    emil = f"emil.{house.slug}@example.org"
    assert [tuple(row) for row in rows] == [
        ("case.opened", "Closed loop"),
        ("case.noted", emil),
        ("case.answered", emil),
        ("case.closed", emil),
    ]


ACTIONS = ("take", "assign", "notes", "answer", "close", "reopen")


@pytest.mark.parametrize("role", ["designer", "analyst"])
def test_readers_read_and_do_nothing(house: House, role: str) -> None:
    case = open_one(house)
    client = house.login(role)
    assert client.get("/cases").status_code == 200
    page = client.get(f"/cases/{case.id}")
    assert page.status_code == 200
    assert f"/cases/{case.id}/" not in page.text
    assert "Your role lets you read cases." in texts(page)
    for action in ACTIONS:
        assert send(client, case, action).status_code == 403
    assert stored(house, case).revision == 1


def test_a_crm_admin_sees_no_cases(house: House) -> None:
    case = open_one(house)
    client = house.login("crm_admin")
    for address in ("/cases", f"/cases/{case.id}"):
        assert client.get(address).status_code == 403


def test_a_strangers_case_is_as_good_as_none(house: House, stranger: House) -> None:
    theirs = open_one(stranger)
    client = house.login("owner")
    missing = client.get(f"/cases/{uuid.uuid4()}")
    found = client.get(f"/cases/{theirs.id}")
    assert (missing.status_code, found.status_code) == (404, 404)
    for action in ACTIONS:
        form = {"note": "x", "reply": "x", "how": "elsewhere", "resolution": "resolved", "why": "x"}
        form["owner"] = str(house.people["agent"])
        assert send(client, theirs, action, **form).status_code == 404
    assert "Case 1" not in texts(client.get("/cases?state=all"))
    assert stored(stranger, theirs).revision == 1
    with stranger.unit() as session:
        assert session.scalar(select(func.count()).select_from(CaseNote)) == 1
