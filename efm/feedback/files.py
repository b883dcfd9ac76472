"""Files: those people hand over as answers, and pictures that surveys show."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from efm.clock import new_id
from efm.db.engine import unit
from efm.errors import Invalid, NotFound
from efm.models import File
from surveys.compiled import Compiled
from surveys.kinds import files as kind
from surveys.parts import Question

KIND = "file_upload"
# However often somebody sends a form again, one response keeps no more than this.
MOST_FILES = 40
MOST_BYTES = 100 * kind.MEGABYTE
PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
            "webp": "image/webp"}  # fmt: skip
MOST_PICTURE_BYTES = 2 * kind.MEGABYTE


class Received(NamedTuple):
    """A file as it arrived: the question it answers, its name, its bytes."""

    question_key: str
    name: str
    content: bytes


def asked_for(compiled: Compiled) -> dict[str, Question]:
    """The questions of a survey that take files, by key."""
    return {key: atom for key, atom in compiled.atoms.items() if atom.kind == KIND}


def keep(
    engine: Engine,
    organization_id: uuid.UUID,
    response_id: uuid.UUID,
    compiled: Compiled,
    received: Sequence[Received],
    now: datetime,
) -> dict[str, list[str]]:
    """Keep what was received for a response; what its questions' readers are to read, by question.

    A file that is refused is told by its code instead of its key.
    """
    wanted = asked_for(compiled)
    told: dict[str, list[str]] = {}
    rows = []
    for each in received:
        question = wanted.get(each.question_key)
        if question is None or not (each.name or each.content):
            continue
        code = _refused(question, each)
        if code is None:
            row = _row(response_id, each, now)
            rows.append(row)
            told.setdefault(each.question_key, []).append(kind.handed(row.id.hex, each.name))
        else:
            told.setdefault(each.question_key, []).append(f"{kind.REFUSED}{code}")
    if rows:
        with unit(engine, organization_id) as session:
            _check_room(session, response_id, rows)
            session.add_all(rows)
    return told


def _row(response_id: uuid.UUID, each: Received, now: datetime) -> File:
    return File(
        id=new_id(),
        purpose="answer",
        response_id=response_id,
        name=kind.file_name(each.name),
        media_type="application/octet-stream",
        size=len(each.content),
        content=each.content,
        created_at=now,
    )


def _refused(question: Question, each: Received) -> str | None:
    ending = each.name.rpartition(".")[2].lower()
    if not each.content:
        return "file_empty"
    if len(each.content) > kind.most_bytes(question):
        return "file_too_large"
    if ending not in kind.types_of(question) or not kind.starts_as(ending, each.content[:2048]):
        return "file_type"
    return None


def _check_room(session: Session, response_id: uuid.UUID, rows: Sequence[File]) -> None:
    count, size = session.execute(
        select(func.count(), func.coalesce(func.sum(File.size), 0)).where(
            File.response_id == response_id
        )
    ).one()
    if count + len(rows) > MOST_FILES or size + sum(row.size for row in rows) > MOST_BYTES:
        raise Invalid("This response has received as many files as it can hold.")


def known(
    engine: Engine, organization_id: uuid.UUID, response_id: uuid.UUID, given: Sequence[str]
) -> list[str]:
    """Of files a form names those that were received for this response, by their own names."""
    ids = {uuid.UUID(key_hex): None for each in given if len(key_hex := kind.key_of(each)) == 32
           and all(letter in "0123456789abcdef" for letter in key_hex)}  # fmt: skip
    if not ids:
        return []
    with unit(engine, organization_id, read_only=True) as session:
        found = session.execute(
            select(File.id, File.name).where(
                File.id.in_(list(ids)[:MOST_FILES]), File.response_id == response_id
            )
        ).all()
    names = {row.id: row.name for row in found}
    return [kind.handed(each.hex, names[each]) for each in ids if each in names]


def checked(
    engine: Engine,
    organization_id: uuid.UUID,
    response_id: uuid.UUID,
    compiled: Compiled,
    form: Mapping[str, Sequence[str]],
) -> Mapping[str, Sequence[str]]:
    """The form with only such files in it as were received for this response."""
    named = [key for key in asked_for(compiled) if form.get(key)]
    if not named:
        return form
    made = dict(form)
    for key in named:
        told = [each for each in form[key] if each.startswith(kind.REFUSED)]
        made[key] = known(engine, organization_id, response_id, form[key]) + told
    return made


def read(session: Session, response_id: uuid.UUID, file_id: uuid.UUID) -> File:
    """A file of a response; raises NotFound."""
    found = session.get(File, (session.info["organization_id"], file_id))
    if found is None or found.response_id != response_id:
        raise NotFound("There is no such file.")
    return found


def add_picture(session: Session, name: str, content: bytes, now: datetime) -> uuid.UUID:
    """Keep a picture to show in surveys; raises Invalid for what is none or too large."""
    ending = name.rpartition(".")[2].lower()
    if ending not in PICTURES or not kind.starts_as(ending, content[:64]):
        raise Invalid(f"Choose a picture: {', '.join(PICTURES)}.")
    if len(content) > MOST_PICTURE_BYTES:
        raise Invalid("Choose a picture of at most 2 MB; phones are slow with larger ones.")
    row = File(
        id=new_id(),
        purpose="picture",
        name=kind.file_name(name),
        media_type=PICTURES[ending],
        size=len(content),
        content=content,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id
