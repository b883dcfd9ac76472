"""The job that sends a stored mail, once."""

from __future__ import annotations

import uuid
from email.message import EmailMessage
from urllib.parse import urlsplit

from sqlalchemy import func, update

from efm import log
from efm.db.engine import TenantSession
from efm.errors import NotFound
from efm.events.registry import JobContext, Registry
from efm.mail import MailRefused, compose
from efm.models import CaseNote, Mail

logger = log.get("mail")
LINKS = r"(/(?:s|join|new-password)/)[A-Za-z0-9_-]{10,}"


def register(registry: Registry) -> None:
    """Declare the job: tried for about three hours, then given up."""
    registry.job("mail.send", send, attempts=12, base_seconds=5, longest_seconds=1800)


def send(context: JobContext, mail_id: str) -> None:
    """Send the mail if it still waits.

    No transaction is open while the mail server thinks. A process killed between the server's
    yes and our commit sends again, with the same Message-ID, by which servers know a duplicate.
    """
    key = uuid.UUID(mail_id)
    with context.unit() as session:
        message = _message(context, session, key)
    if message is None:
        return
    try:
        context.mailer.send(message)
    except MailRefused as error:
        _mark(context, key, state="failed", error=error.message)
        logger.warning("mail.refused", mail_id=mail_id, error=error.message)
        return
    except OSError as error:
        final = {"state": "failed"} if context.is_last_attempt else {}
        _mark(context, key, error=f"The mail server could not be used: {error}"[:500], **final)
        raise
    # What is kept says that and what was sent, but a link that opens something is not kept.
    body = func.regexp_replace(Mail.body, LINKS, r"\1…", "g")
    _mark(context, key, state="sent", sent_at=context.now(), error=None, body=body)


def _message(context: JobContext, session: TenantSession, key: uuid.UUID) -> EmailMessage | None:
    """The message to send; None when it was sent or given up already."""
    mail = session.get(Mail, (session.organization_id, key))
    if mail is None:
        raise NotFound("The mail to send is no longer there.")
    if mail.state != "waiting":
        return None
    mail.attempts += 1
    try:
        return compose(
            mail.id,
            mail.recipient,
            mail.subject,
            mail.body,
            sender=context.config.mail_from,
            domain=urlsplit(context.config.public_url).hostname or "localhost",
            # A reply in a case has the id of its line there; everything else a program wrote.
            is_by_person=session.get(CaseNote, (session.organization_id, key)) is not None,
        )
    except (ValueError, UnicodeError):
        # The address or a header cannot be written as one; no later attempt will change that.
        mail.state, mail.error = "failed", "The address is not one a mail can be sent to."
        return None


def _mark(context: JobContext, key: uuid.UUID, **values: object) -> None:
    with context.unit() as session:
        session.execute(
            update(Mail).where(Mail.id == key, Mail.state == "waiting").values(**values)
        )
