"""What an operator does for people who cannot sign in, and what is kept of the mails."""

from __future__ import annotations

import argparse
import json
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from efm import log
from efm.cli import failures, staff
from efm.config import Config
from efm.db.embedded import Urls
from efm.events.registry import JobContext
from efm.jobs import mail
from efm.models import Mail
from efm.vault import Vault
from efm.web.flask import EfmFlask
from tests.factories import House
from tests.staff_steps import (
    actions,
    email_of,
    link_in,
    mails,
    post,
    quick_hashes,
    sign_in,
    visitor,
)

OTHER = "seven brave yellow boats"


@pytest.fixture(autouse=True)
def _operator(monkeypatch: pytest.MonkeyPatch, database: Urls, config: Config) -> None:
    quick_hashes(monkeypatch)
    monkeypatch.setenv("EFM_DATABASE_URL", database.app)
    monkeypatch.setenv("EFM_PUBLIC_URL", "http://localhost")
    monkeypatch.setenv("EFM_DATA_FOLDER", str(config.data_folder))


def command(arguments: list[str]) -> int:
    """Run `efm` with these arguments; returns its exit code."""
    parser = argparse.ArgumentParser()
    staff.register(parser.add_subparsers())
    return failures.run(parser.parse_args(arguments))


def test_an_operator_prints_a_link(
    app: EfmFlask, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    email = email_of(house, "analyst")
    assert command(["staff", "reset-password", email]) == 0
    link = link_in(capsys.readouterr().out)
    assert post(visitor(app), link, password=OTHER).status_code == 303
    assert sign_in(visitor(app), email, OTHER).status_code == 303
    assert actions(house)[:2] == ["password.reset_asked", "password.reset"]


def test_an_operator_removes_the_second_step(
    app: EfmFlask, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.efm.test_sign_in_second_step import set_up

    email, _, _ = set_up(app, house)
    inside = house.login("designer")
    assert command(["staff", "reset-password", email, "--remove-second-step", "--json"]) == 0
    link = link_in(json.loads(capsys.readouterr().out)["link"])
    assert inside.get("/account").status_code == 302
    post(visitor(app), link, password=OTHER)
    assert sign_in(visitor(app), email, OTHER).status_code == 303


def test_what_an_operator_cannot_do_is_said(
    house: House, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["staff", "reset-password", "nobody@example.org"]) == 1
    assert "Nobody here has this address" in capsys.readouterr().err
    assert command(["staff", "set-up-code"]) == 1
    assert "set up already" in capsys.readouterr().err
    assert staff.set_up_lines(config) == []


def test_links_of_mails_stay_out_of_the_log() -> None:
    said = log.scrub_text("GET /join/AbCdEfGhIjKlMnOp and /new-password/AbCdEfGhIjKlMnOp?x=1")
    assert said == "GET /join/[token] and /new-password/[token]?x=1"


def test_a_sent_mail_keeps_no_link(app: EfmFlask, house: House, config: Config) -> None:
    email = email_of(house, "agent")
    post(visitor(app), "/forgot-password", email=email)
    link = link_in(mails(house, email)[-1])
    sent: list[EmailMessage] = []

    class Recorder:
        def send(self, message: EmailMessage) -> None:
            sent.append(message)

    with house.unit() as session:
        mail_id = session.scalars(select(Mail.id).where(Mail.recipient == email)).one()
    context = JobContext(
        engine=house.engine,
        config=config,
        vault=Vault(config.secret_key),
        mailer=Recorder(),
        organization_id=house.id,
    )
    mail.send(context, str(mail_id))
    assert link in sent[0].get_content()
    assert link not in mails(house, email)[-1]
    assert "http://localhost/new-password/…\n" in mails(house, email)[-1]
    assert visitor(app).get(link).status_code == 200
