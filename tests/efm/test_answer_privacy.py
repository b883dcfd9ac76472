"""What an answer page says of privacy is true of the link it is opened by."""

from __future__ import annotations

import pytest

from efm import clock
from efm.feedback import authoring, distributions
from efm.models import Contact
from tests.factories import House

STORED_WITH_NAME = "answers are stored with your name"
ANONYMOUS = "anonymous"


@pytest.mark.parametrize("template", ["relationship_nps", "employee_pulse"])
@pytest.mark.parametrize("is_personal", [False, True])
def test_the_privacy_sentence_fits_the_link(house: House, template: str, is_personal: bool) -> None:
    vault = house.app.extensions["efm.vault"]
    with house.unit() as session:
        survey = authoring.create_from_template(session, template, clock.now())
        authoring.publish(session, survey.id, clock.now())
        if is_personal:
            contact = Contact(name="Dora")
            session.add(contact)
            session.flush()
            made = distributions.open_plain(
                session, survey.id, clock.now(), kind="personal_links", name="x", channel="email"
            )
            (link,) = distributions.invite(session, vault, made, [contact.id], clock.now())
        else:
            link = distributions.open_link(session, vault, survey.id, clock.now(), name="x")
        token = vault.link_token(link.id)
    page = house.app.test_client().get(f"/s/{token}").text.lower()
    assert (STORED_WITH_NAME in page) == is_personal
    assert (ANONYMOUS in page) == (not is_personal)
