"""A published survey, its links and its rows, for the tests of collecting."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from efm import clock
from efm.feedback import authoring, distributions
from efm.models import Contact
from efm.vault import Vault
from surveys.definition import load
from tests.factories import House

QUESTIONS: list[dict[str, Any]] = [
    {"key": "recommend", "kind": "nps", "text": "Would you recommend us?", "is_required": True},
    {"key": "satisfaction", "kind": "csat", "text": "How satisfied are you?"},
    {
        "key": "reason",
        "kind": "single_choice",
        "text": "What was it about?",
        "choices": [{"key": "order", "label": "Order"}, {"key": "fault", "label": "Fault"}],
    },
    {
        "key": "wishes",
        "kind": "multiple_choice",
        "text": "What should be better?",
        "choices": [{"key": "speed", "label": "Speed"}, {"key": "price", "label": "Price"}],
    },
    {"key": "comment", "kind": "long_text", "text": "Anything else?"},
]


def definition(*pages: Sequence[str], **more: Any) -> dict[str, Any]:
    """A definition that asks the named questions, one list of keys a page."""
    by_key = {question["key"]: question for question in QUESTIONS}
    return {
        "title": "How did it go?",
        "language": "en",
        "introduction": "A few short questions.",
        "thank_you": "Thank you. We read every answer.",
        "pages": [
            {"key": f"p{number}", "questions": [by_key[key] for key in keys]}
            for number, keys in enumerate(pages or [list(by_key)])
        ],
        **more,
    }


@dataclass
class Published:
    """A survey that is open, with an anonymous link and a way to make personal ones."""

    house: House
    vault: Vault
    survey_id: uuid.UUID
    link_id: uuid.UUID

    @classmethod
    def make(cls, house: House, *pages: Sequence[str], **more: Any) -> Published:
        """Publish a survey with these pages."""
        return cls.of(house, definition(*pages, **more))

    @classmethod
    def of(cls, house: House, document: dict[str, Any]) -> Published:
        """Publish this survey."""
        vault: Vault = house.app.extensions["efm.vault"]
        now = clock.now()
        with house.unit() as session:
            survey = authoring.create(session, load(document), now)
            authoring.publish(session, survey.id, now)
            link = distributions.open_link(session, vault, survey.id, now, name="Link")
            return cls(house, vault, survey.id, link.id)

    @property
    def token(self) -> str:
        """The anonymous link's token."""
        return self.vault.link_token(self.link_id)

    @property
    def url(self) -> str:
        """The anonymous link's path."""
        return f"/s/{self.token}"

    def contact(self, name: str = "Mia Example") -> uuid.UUID:
        """A new contact."""
        with self.house.unit() as session:
            made = Contact(name=name)
            session.add(made)
            session.flush()
            return made.id

    def invite(self, *, expires_at: datetime | None = None) -> tuple[str, uuid.UUID]:
        """A personal link's path and its contact, new each time."""
        contact_id = self.contact()
        now = clock.now()
        with self.house.unit() as session:
            sending = distributions.open_plain(
                session, self.survey_id, now, kind="personal_links", name="Mails", channel="email"
            )
            made = distributions.invite(
                session, self.vault, sending, [contact_id], now, expires_at=expires_at
            )[0]
            return f"/s/{self.vault.link_token(made.id)}", contact_id

    def rows(self, table: str, order: str = "1, 2, 3") -> list[Any]:
        """All rows of a table in this organization."""
        with self.house.unit(read_only=True) as session:
            return list(session.execute(text(f"SELECT * FROM {table} ORDER BY {order}")).all())

    def count(self, table: str) -> int:
        """How many rows a table has in this organization."""
        return len(self.rows(table, "1"))

    def execute(self, statement: str, **values: Any) -> None:
        """Change something behind the service's back."""
        with self.house.unit() as session:
            session.execute(text(statement), values)
