"""The door for mail: SMTP in production, a folder as its working twin elsewhere."""

from __future__ import annotations

import smtplib
import ssl
import uuid
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from efm.errors import EfmError


class MailRefused(EfmError):
    """The mail server refused the message for good; trying again will not help."""

    title = "The mail server refused the message"


class Mailer(Protocol):
    """What sends a mail: returns when the server took it, raises OSError to be tried again."""

    def send(self, message: EmailMessage) -> None: ...


class FolderMailer:
    """Writes each mail as a file; the twin for development and tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").split("@")[0]
        part = self.folder / f".{name}.part"
        part.write_bytes(message.as_bytes(policy=SMTP))
        part.replace(self.folder / f"{name}.eml")


class SmtpMailer:
    """Speaks SMTP with STARTTLS (smtp://, unless ?starttls=no) or TLS (smtps://)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or "localhost"
        self.implicit_tls = parts.scheme == "smtps"
        self.port = parts.port or (465 if self.implicit_tls else 587)
        self.starttls = parse_qs(parts.query).get("starttls", ["yes"])[0] != "no"
        self.user = unquote(parts.username or "")
        self.password = unquote(parts.password or "")

    def send(self, message: EmailMessage) -> None:
        context = ssl.create_default_context()
        try:
            if self.implicit_tls:
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    self.host, self.port, timeout=20, context=context
                )
            else:
                server = smtplib.SMTP(self.host, self.port, timeout=20)
            with server:
                if self.starttls and not self.implicit_tls:
                    server.starttls(context=context)
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if all(500 <= code < 600 for code in codes):
                raise MailRefused(f"The mail server refused the recipient ({codes[0]}).") from error
            raise OSError(str(error)) from error
        except smtplib.SMTPResponseException as error:
            if 500 <= error.smtp_code < 600:
                raise MailRefused(
                    f"The mail server refused the message ({error.smtp_code})."
                ) from error
            raise OSError(str(error)) from error


def make_mailer(url: str) -> Mailer:
    """The mailer a URL names: folder:///path, smtp://host, smtps://host."""
    if url.startswith("folder://"):
        return FolderMailer(Path(url.removeprefix("folder://")))
    return SmtpMailer(url)


def compose(
    mail_id: uuid.UUID,
    recipient: str,
    subject: str,
    body: str,
    *,
    sender: str,
    domain: str,
    is_by_person: bool = False,
) -> EmailMessage:
    """A message; header values cannot break out (EmailMessage refuses CR and LF).

    What no person wrote says so (RFC 3834), so that no out-of-office note comes back.
    """
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = " ".join(subject.split())
    message["Message-ID"] = f"<{mail_id}@{domain}>"
    if not is_by_person:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    return message
