"""What staff do with a case: take it, give it away, note, answer the customer, close, reopen.

Whoever changes a case says which revision they saw; when somebody was faster the change is
refused, so that nobody's work is lost. Notes only add, so they need no revision. What is written
carries a key made with the form: sent twice, it counts once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.errors import Conflict, Invalid, NotFound
from efm.events import outbox
from efm.models import Case, CaseNote, Contact
from efm.scenarios import letters, people
from efm.scenarios.rules import RESOLUTIONS, due_at
from efm.staff.actor import Actor

LONGEST_NOTE = 5000
LONGEST_REPLY = 10_000
LONGEST_SUBJECT = 200
CHANGED = (
    "Somebody changed this case while you were writing. What you typed is still here: look at what "
    "happened below, then send it again if it still fits."
)


@dataclass(frozen=True)
class Edit:
    """Who changes which case, having seen which revision; the key makes it count once."""

    case_id: uuid.UUID
    revision: int
    by: Actor
    name: str
    now: datetime
    key: uuid.UUID


def get(session: Session, case_id: uuid.UUID) -> Case:
    """A case of this organization; raises NotFound for any other."""
    case = session.get(Case, (session.info["organization_id"], case_id))
    if case is None:
        raise NotFound("There is no such case.")
    return case


def _locked(session: Session, edit: Edit) -> Case:
    """The case for changing; raises Conflict when it is no longer as the person saw it."""
    case = _any(session, edit.case_id)
    if case.revision != edit.revision:
        raise Conflict(CHANGED)
    return case


def _any(session: Session, case_id: uuid.UUID) -> Case:
    case = session.scalars(select(Case).where(Case.id == case_id).with_for_update()).one_or_none()
    if case is None:
        raise NotFound("There is no such case.")
    return case


def _is_told(session: Session, edit: Edit) -> bool:
    """Whether what carries this key was done already."""
    return session.get(CaseNote, (session.info["organization_id"], edit.key)) is not None


def _tell(session: Session, edit: Edit, kind: str, body: str, *, key: bool = True) -> None:
    """Add to the case's story; the first line of a change says what was done."""
    note = CaseNote(
        case_id=edit.case_id, kind=kind, body=body, user_id=edit.by.user_id, written_at=edit.now
    )
    if key:
        note.id = edit.key
    session.add(note)
    session.flush()


def _changed(session: Session, case: Case, edit: Edit, action: str, **detail: object) -> None:
    """Count the revision and remember who did it."""
    case.revision += 1
    edit.by.note(session, edit.now, action, "case", case.id, number=case.number, **detail)
    outbox.append(session, action, edit.now, case.id, response_id=str(case.response_id))


def assign(session: Session, edit: Edit, owner_id: uuid.UUID, *, public_url: str) -> Case:
    """Give the case to a person who works on cases; they are told by mail unless it is oneself.

    Raises Invalid for a person who may not have it, Conflict for a closed or changed case.
    """
    found = {worker.id: worker for worker in people.workers(session)}
    if owner_id not in found:
        raise Invalid(
            problems={"owner": "Choose somebody from the list; others do not work on cases."}
        )
    case = _any(session, edit.case_id)
    if case.owner_id == owner_id:
        return case  # It is theirs already: pressed twice, or somebody had the same thought.
    if case.revision != edit.revision:
        raise Conflict(CHANGED)
    _refuse_closed(case)
    owner = found[owner_id]
    case.owner_id = owner_id
    is_mine = owner_id == edit.by.user_id
    _tell(
        session, edit, "change", "Took the case." if is_mine else f"Gave the case to {owner.name}."
    )
    _changed(session, case, edit, "case.assigned", owner_id=str(owner_id))
    if not is_mine:
        contact = _contact(session, case)
        told = letters.told(session, case, contact.name if contact else "")
        subject, body = letters.given(
            owner.name, edit.name, told, people.zone_of(session),
            people.organization_name(session), public_url,
        )  # fmt: skip
        outbox.post(session, owner.email, subject, body)
    return case


def note(session: Session, edit: Edit, body: str) -> Case:
    """Add a note for colleagues; raises Invalid when it is empty or too long."""
    case = _any(session, edit.case_id)
    body = _text(body, "note", LONGEST_NOTE, "Write the note first.")
    if not _is_told(session, edit):
        _tell(session, edit, "note", body)
        edit.by.note(session, edit.now, "case.noted", "case", case.id, number=case.number)
    return case


def answer(
    session: Session, edit: Edit, body: str, *, subject: str = "", is_by_mail: bool = True
) -> Case:
    """Answer the customer by mail, or keep what was said in another way; the case is answered.

    Raises Invalid for empty texts or when no address is known, Conflict for a closed or changed case.
    """
    if _is_told(session, edit):
        return get(session, edit.case_id)
    case = _locked(session, edit)
    _refuse_closed(case)
    problems: dict[str, str] = {}
    contact = _contact(session, case)
    if is_by_mail:
        if contact is None or not contact.email:
            raise Conflict("No e-mail address of this customer is known, so nothing was sent.")
        subject = _checked(problems, subject, "subject", LONGEST_SUBJECT, "Write a subject.")
    body = _checked(problems, body, "reply", LONGEST_REPLY, "Write what you answer.")
    if problems:
        raise Invalid(problems=problems)
    if is_by_mail and contact is not None and contact.email:
        signed = letters.reply(body, edit.name, people.organization_name(session))
        outbox.post(session, contact.email, subject, signed, mail_id=edit.key)
    _tell(session, edit, "reply", body)
    case.state, case.answered_at = "answered", edit.now
    _take_if_free(case, edit)
    _changed(session, case, edit, "case.answered", by_mail=is_by_mail)
    return case


def close(session: Session, edit: Edit, resolution: str, body: str = "") -> Case:
    """Close the case with how it ended; raises Invalid for an unknown resolution."""
    if resolution not in RESOLUTIONS:
        raise Invalid(problems={"resolution": "Choose how the case ended."})
    case = _any(session, edit.case_id)
    if case.state == "closed" and case.resolution == resolution and _is_told(session, edit):
        return case
    if case.revision != edit.revision:
        raise Conflict(CHANGED)
    _refuse_closed(case)
    said = f"Closed: {RESOLUTIONS[resolution][0].lower()}{RESOLUTIONS[resolution][1:]}."
    if body.strip():
        said += "\n" + _text(body, "closing", LONGEST_NOTE, "")
    _tell(session, edit, "change", said)
    case.state, case.closed_at, case.resolution = "closed", edit.now, resolution
    _take_if_free(case, edit)
    _changed(session, case, edit, "case.closed", resolution=resolution)
    return case


def reopen(session: Session, edit: Edit, body: str) -> Case:
    """Open a closed case again, with a reason and a new due time."""
    if _is_told(session, edit):
        return get(session, edit.case_id)
    case = _locked(session, edit)
    if case.state != "closed":
        raise Conflict("This case is not closed.")
    why = _text(body, "why", LONGEST_NOTE, "Say why it is opened again.")
    _tell(session, edit, "change", f"Opened again.\n{why}")
    case.state, case.closed_at, case.resolution = "open", None, None
    case.due_at = due_at(edit.now, people.zone_of(session))
    _changed(session, case, edit, "case.reopened")
    return case


def _take_if_free(case: Case, edit: Edit) -> None:
    """A case nobody had belongs to who worked on it."""
    if case.owner_id is None:
        case.owner_id = edit.by.user_id


def _refuse_closed(case: Case) -> None:
    if case.state == "closed":
        raise Conflict("This case is closed. Open it again to go on.")


def _contact(session: Session, case: Case) -> Contact | None:
    if case.contact_id is None:
        return None
    return session.get(Contact, (session.info["organization_id"], case.contact_id))


def _checked(problems: dict[str, str], value: str, name: str, most: int, empty: str) -> str:
    try:
        return _text(value, name, most, empty)
    except Invalid as error:
        problems.update(error.problems)
        return ""


def _text(value: str, name: str, most: int, empty: str) -> str:
    """What was typed, without what cannot be stored; raises Invalid when empty or too long."""
    text = value.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise Invalid(problems={name: empty})
    if len(text) > most:
        raise Invalid(problems={name: f"This has {len(text):,} characters; at most {most:,} fit."})
    return text
