"""What a survey link leads to, whether it takes answers now, and the key each of its forms carries."""

from __future__ import annotations

import base64
import hmac
import uuid
from datetime import datetime
from typing import Literal, NamedTuple

from efm.clock import new_id
from efm.db.direct import Direct
from efm.vault import Vault, token_hash

OPEN_LINK = "SELECT * FROM efm_open_link(%(hash)s)"

Refusal = Literal["closed", "expired"]


class Link(NamedTuple):
    """A link and all that stands behind it, at the moment it was looked up."""

    kind: Literal["distribution", "invitation", "response"]
    organization_id: uuid.UUID
    organization_name: str
    survey_id: uuid.UUID
    survey_state: str
    current_version_id: uuid.UUID | None
    distribution_id: uuid.UUID
    channel: str
    touchpoint: str
    closes_at: datetime | None
    closed_at: datetime | None
    invitation_id: uuid.UUID | None
    contact_id: uuid.UUID | None
    expires_at: datetime | None
    answered_at: datetime | None
    response_id: uuid.UUID | None
    response_state: str | None
    version_id: uuid.UUID | None
    page_index: int | None

    @property
    def is_complete(self) -> bool:
        """Whether the one response of this link has been given."""
        return self.response_state in ("complete", "screened") or self.answered_at is not None

    @property
    def shown_version_id(self) -> uuid.UUID | None:
        """The version to show: the begun response's own, else the survey's current one."""
        return self.version_id or self.current_version_id

    def refusal(self, now: datetime) -> Refusal | None:
        """Why the link takes no answers at `now`, if it takes none."""
        if self.survey_state != "open" or self.closed_at is not None:
            return "closed"
        for end in (self.closes_at, self.expires_at):
            if end is not None and end <= now:
                return "expired"
        return None


def look_up(direct: Direct, token: str) -> Link | None:
    """What a token leads to, by its hash and by equality; None when there is no such link."""
    found = direct.fetch(OPEN_LINK, {"hash": token_hash(token)})
    return Link(*found[0]) if found else None


class FormKey(NamedTuple):
    """What a form says of itself: the response it will become and the version it shows."""

    response_id: uuid.UUID
    version_id: uuid.UUID


class FormKeys:
    """Makes and reads the hidden key of a form: 32 bytes and their authenticator.

    The response's id is chosen when the form is made, so that sending the form twice is seen. The
    authenticator covers the link's token: a key of one link says nothing on another.
    """

    def __init__(self, vault: Vault) -> None:
        self._secret = vault.key("answer forms")

    def make(self, token: str, version_id: uuid.UUID) -> str:
        """The key of a new form."""
        return self.made_for(token, FormKey(new_id(), version_id))

    def made_for(self, token: str, key: FormKey) -> str:
        """The key that says this."""
        said = key.response_id.bytes + key.version_id.bytes
        return base64.urlsafe_b64encode(said + self._mark(token, said)).decode()

    def read(self, token: str, given: str) -> FormKey | None:
        """What the key says, or None when it was not made here for this link."""
        if len(given) != 64 or not given.isascii():
            return None
        try:
            whole = base64.b64decode(given, altchars=b"-_", validate=True)
        except ValueError:
            return None
        said, mark = whole[:32], whole[32:]
        if not hmac.compare_digest(mark, self._mark(token, said)):
            return None
        return FormKey(uuid.UUID(bytes=said[:16]), uuid.UUID(bytes=said[16:]))

    def _mark(self, token: str, said: bytes) -> bytes:
        message = token.encode("utf-8", "surrogatepass") + b"\0" + said
        return hmac.digest(self._secret, message, "sha256")[:16]
