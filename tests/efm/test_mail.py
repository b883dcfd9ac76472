"""Mails: stored with the work that caused them, sent once, refused or tried again."""

from __future__ import annotations

import uuid
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from efm import clock
from efm.config import Config
from efm.errors import NotFound
from efm.events import outbox
from efm.events.registry import JobContext
from efm.jobs import mail
from efm.mail import Mailer, MailRefused, make_mailer
from efm.models import Mail
from efm.scenarios import cases
from efm.scenarios.cases import Edit
from efm.staff.actor import Actor
from efm.vault import Vault
from tests.efm.cased import contact, open_one
from tests.factories import House


class Recorder:
    """A mailer that keeps what it was given, after doing what it was told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)


@pytest.fixture
def post(house: House, engine: Engine, config: Config):
    """Posts a mail; gives its id and a function that runs its job with a mailer."""

    def make(recipient: str = "anna@example.org", subject: str = "Hello", body: str = "Grüße"):
        with house.unit() as session:
            mail_id = outbox.post(session, recipient, subject, body)

        def run(mailer: Mailer, **context: int) -> None:
            given = JobContext(
                engine=engine,
                config=replace(config, mail_from="EFM <efm@example.org>"),
                vault=Vault(config.secret_key),
                mailer=mailer,
                organization_id=house.id,
                **context,
            )
            mail.send(given, str(mail_id))

        return mail_id, run

    return make


def stored(house: House, mail_id: uuid.UUID) -> Mail:
    with house.unit(read_only=True) as session:
        found = session.get(Mail, (house.id, mail_id))
        assert found is not None
        return found


def test_a_mail_is_stored_with_the_job_that_sends_it(house: House, post) -> None:
    mail_id, _ = post()
    with house.unit() as session:
        found = session.execute(
            text("SELECT task_name FROM procrastinate_jobs WHERE args->>'mail_id' = :id"),
            {"id": str(mail_id)},
        ).scalars()
        assert list(found) == ["mail.send"]


def test_a_mail_is_sent_once(house: House, post) -> None:
    mail_id, run = post(subject="Case 7 is\r\nBcc: all@example.org")
    mailer = Recorder()
    run(mailer)
    run(mailer)
    (message,) = mailer.sent
    assert message["To"] == "anna@example.org"
    assert message["Subject"] == "Case 7 is Bcc: all@example.org"
    assert message["Bcc"] is None
    assert message["Message-ID"] == f"<{mail_id}@localhost>"
    assert message.get_content() == "Grüße\n"
    row = stored(house, mail_id)
    assert (row.state, row.attempts, row.error) == ("sent", 1, None)
    assert row.sent_at is not None


def test_the_folder_is_a_working_twin(house: House, post, tmp_path: Path) -> None:
    mail_id, run = post()
    run(make_mailer(f"folder://{tmp_path}/out"))
    kept = tmp_path / "out" / f"{mail_id}.eml"
    message = message_from_bytes(kept.read_bytes(), policy=policy.default)
    assert message.get_content().strip() == "Grüße"


def test_a_refused_mail_has_failed_with_the_reason(house: House, post) -> None:
    mail_id, run = post()
    run(Recorder(MailRefused("The mail server refused the recipient (550).")))
    row = stored(house, mail_id)
    assert (row.state, row.error) == ("failed", "The mail server refused the recipient (550).")
    again = Recorder()
    run(again)
    assert again.sent == []


def test_a_server_that_is_away_is_tried_again(house: House, post) -> None:
    mail_id, run = post()
    with pytest.raises(OSError, match="away"):
        run(Recorder(OSError("away")), attempt=1, attempts=3)
    row = stored(house, mail_id)
    assert (row.state, row.attempts) == ("waiting", 1)
    assert "away" in (row.error or "")
    mailer = Recorder()
    run(mailer, attempt=2, attempts=3)
    row = stored(house, mail_id)
    assert (row.state, row.attempts, row.error, len(mailer.sent)) == ("sent", 2, None, 1)


def test_after_the_last_attempt_the_mail_has_failed(house: House, post) -> None:
    mail_id, run = post()
    with pytest.raises(OSError, match="away"):
        run(Recorder(OSError("away")), attempt=3, attempts=3)
    assert stored(house, mail_id).state == "failed"


def test_an_address_that_would_break_a_header_is_not_sent_to(house: House, post) -> None:
    mail_id, run = post(recipient="a@example.org\r\nBcc: b@example.org")
    mailer = Recorder()
    run(mailer)
    assert mailer.sent == []
    assert stored(house, mail_id).state == "failed"


def test_another_organization_cannot_send_our_mail(
    house: House, stranger: House, engine: Engine, config: Config, post
) -> None:
    mail_id, _ = post()
    mailer = Recorder()
    context = JobContext(engine, config, Vault(config.secret_key), mailer, stranger.id)
    with pytest.raises(NotFound):
        mail.send(context, str(mail_id))
    assert mailer.sent == []


def test_only_what_no_person_wrote_says_so(
    house: House, post, engine: Engine, config: Config
) -> None:
    _, run = post()
    recorder = Recorder()
    run(recorder)
    assert recorder.sent[0]["Auto-Submitted"] == "auto-generated"
    case = open_one(house, contact_id=contact(house, email="mia@example.org"))
    by = Actor(label="emil@example.org", user_id=house.people["agent"])
    edit = Edit(case.id, case.revision, by, "Emil", clock.now(), clock.new_id())
    with house.unit() as session:
        cases.answer(session, edit, "It is mended.", subject="Your call")
    with house.unit() as session:
        reply = session.scalars(select(Mail).where(Mail.recipient == "mia@example.org")).one()
    given = JobContext(
        engine=engine, config=config, vault=Vault(config.secret_key), mailer=recorder,
        organization_id=house.id,
    )  # fmt: skip
    mail.send(given, str(reply.id))
    assert recorder.sent[1]["Auto-Submitted"] is None
