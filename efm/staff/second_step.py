"""The second step of signing in: codes of an authenticator app (RFC 6238), each good for once."""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from datetime import datetime, timedelta

import orjson
import pyotp
import segno
from sqlalchemy import Engine, text, update
from sqlalchemy.orm import Session

from efm.errors import Forbidden, Invalid
from efm.models import User
from efm.staff import attempts, sign_in
from efm.staff.sign_in import Person
from efm.vault import SealBroken, Vault

STEP_SECONDS = 30
MAY_TAKE = timedelta(minutes=10)
ISSUER = "Customer feedback"
WRONG = "This code is not right any more. Wait for the next one in your app and type that."
STARTED_TOO_LONG_AGO = "Signing in took too long. Start again with your password."


def _place(user_id: uuid.UUID) -> str:
    return f"users:{user_id}:totp_sealed"


def seal(vault: Vault, user_id: uuid.UUID, secret: str) -> bytes:
    """The secret as it is stored, bound to its person."""
    return vault.seal(secret.encode(), _place(user_id))


def fresh_secret(vault: Vault, user_id: uuid.UUID, session_id: uuid.UUID, version: int) -> str:
    """The secret offered to this session: derived, so that showing it needs no writing."""
    message = f"{user_id}:{session_id}:{version}".encode()
    digest = hmac.digest(vault.key("second step"), message, "sha256")[:20]
    return base64.b32encode(digest).decode()


def address(secret: str, email: str) -> str:
    """The otpauth:// address that an app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(uri: str) -> str:
    """The QR code of an address as a data: URI of an SVG."""
    return segno.make(uri, error="m").svg_data_uri(scale=5, border=3, dark="#000", light="#fff")


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step the code belongs to: this one, the one before or the one after; else None."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    step = int(now.timestamp()) // STEP_SECONDS
    app = pyotp.TOTP(secret)
    fitting = [
        s for s in (step, step - 1, step + 1)
        if hmac.compare_digest(app.generate_otp(s), digits)
    ]  # fmt: skip
    return fitting[0] if fitting else None


def use(engine: Engine, user_id: uuid.UUID, step: int) -> bool:
    """Claim a step; of parallel submissions of one code exactly one is true."""
    with engine.begin() as connection:
        return bool(
            connection.execute(
                text("SELECT efm_use_code(:user, :step)"), {"user": user_id, "step": step}
            ).scalar_one()
        )


def pending(vault: Vault, person: Person, where: str, now: datetime) -> str:
    """A sealed note that this person's password was right just now."""
    note = {
        "email": person.email,
        "version": person.credential_version,
        "until": (now + MAY_TAKE).timestamp(),
        "where": where,
    }
    return base64.urlsafe_b64encode(vault.seal(orjson.dumps(note), "sign-in:pending")).decode()


def check(
    engine: Engine, vault: Vault, sealed: str, code: str, now: datetime
) -> tuple[Person, str]:
    """The person whose password was right and whose code this is, and where they were going.

    Raises Forbidden when the first step is too old or changed, TooMany after ten codes in 15
    minutes, Invalid for a code that is wrong or was used.
    """
    try:
        note = orjson.loads(vault.open(base64.urlsafe_b64decode(sealed), "sign-in:pending"))
    except (SealBroken, binascii.Error, ValueError) as error:
        raise Forbidden(STARTED_TOO_LONG_AGO) from error
    person = sign_in.find(engine, note["email"])
    if (
        person is None
        or now.timestamp() > note["until"]
        or person.credential_version != note["version"]
        or person.totp_sealed is None
        or not person.is_active
    ):
        raise Forbidden(STARTED_TOO_LONG_AGO)
    bucket = attempts.bucket("code", person.email)
    attempts.count(engine, bucket, sign_in.LIMIT, sign_in.WINDOW_SECONDS, sign_in.PAUSED, now)
    secret = vault.open(person.totp_sealed, _place(person.id)).decode()
    step = matching_step(secret, code, now)
    if person.is_locked(now) or step is None or not use(engine, person.id, step):
        sign_in.record_failure(engine, person, now, "code")
        raise Invalid(WRONG, problems={"code": WRONG})
    attempts.forgive(engine, bucket)
    sign_in.record_success(engine, person, now)
    return person, str(note["where"])


def turn_on(
    session: Session, engine: Engine, vault: Vault, user_id: uuid.UUID, secret: str,
    code: str, now: datetime,
) -> None:  # fmt: skip
    """Store the secret once a code proves that the app has it; the unit is the person's own."""
    step = matching_step(secret, code, now)
    if step is None or not use(engine, user_id, step):
        raise Invalid(WRONG, problems={"code": WRONG})
    session.execute(
        update(User).where(User.id == user_id).values(totp_sealed=seal(vault, user_id, secret))
    )


def turn_off(session: Session, user_id: uuid.UUID) -> None:
    """Forget the secret; the unit is the person's own."""
    session.execute(update(User).where(User.id == user_id).values(totp_sealed=None))
