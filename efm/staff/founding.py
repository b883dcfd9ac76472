"""The first owner of an empty house: proved by a code from the server's log, made once."""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
import uuid
from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from efm.clock import new_id
from efm.errors import Conflict, Invalid
from efm.models import User
from efm.staff import passwords
from efm.staff.forms import checked_email, checked_name, checked_zone
from efm.vault import Vault

# One founding at a time, whatever process it runs in.
LOCK = 0x65666D01


def is_empty(engine: Engine) -> bool:
    """Whether nobody works here yet."""
    with engine.connect() as connection:
        return bool(connection.execute(text("SELECT efm_is_empty()")).scalar_one())


def code(vault: Vault) -> str:
    """The set-up code, derived from the service's secret key; `efm serve` prints it while needed."""
    letters = base64.b32encode(hmac.digest(vault.key("set-up"), b"code", "sha256")[:10]).decode()
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def is_code(vault: Vault, typed: str) -> bool:
    """Whether this is the set-up code, however it was spaced."""
    plain = re.sub(r"[^A-Z2-7]", "", typed.upper())[:32]
    return hmac.compare_digest(plain, code(vault).replace("-", ""))


def slug(name: str) -> str:
    """A short name for addresses, from the letters of the organization's name."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:50] or "organization"


def check(vault: Vault, form: dict[str, str]) -> dict[str, str]:
    """The checked values of the set-up form; raises Invalid with every problem."""
    problems: dict[str, str] = {}
    if not is_code(vault, form.get("code", "")):
        problems["code"] = "This is not the set-up code. It stands in the log of the server."
    values = {
        "organization": checked_name(form, "organization", "the organization", problems),
        "time_zone": checked_zone(form, "time_zone", problems) or "UTC",
        "name": checked_name(form, "name", "yourself", problems),
        "email": checked_email(form, "email", problems),
    }
    password = form.get("password", "")
    weak = passwords.weakness(password, values["email"], values["name"], values["organization"])
    if weak:
        problems["password"] = weak
    if problems:
        raise Invalid(problems=problems)
    return values | {"password": password}


def found(
    session: Session, values: dict[str, str], owner_id: uuid.UUID, now: datetime
) -> uuid.UUID:
    """Make the organization and its owner; returns the organization's id.

    The unit must act as `owner_id`. Raises Conflict when somebody was quicker.
    """
    password_hash = passwords.hashed(values["password"])
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    if not session.execute(text("SELECT efm_is_empty()")).scalar_one():
        raise Conflict("This service has been set up already. Sign in instead.")
    organization_id = new_id(now)
    session.add(
        User(
            id=owner_id,
            email=values["email"],
            name=values["name"],
            password_hash=password_hash,
        )
    )
    session.flush()
    session.execute(
        text(
            "SELECT efm_found_organization(:id, :name, :slug, :zone, 'en', 'EUR', false, :user,"
            " :membership)"
        ),
        {
            "id": organization_id,
            "name": values["organization"],
            "slug": slug(values["organization"]),
            "zone": values["time_zone"],
            "user": owner_id,
            "membership": new_id(now),
        },
    )
    return organization_id
