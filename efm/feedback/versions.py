"""Published versions, compiled once and kept: a version never changes, so a copy is never stale."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from efm.errors import NotFound
from efm.models import SurveyVersion
from surveys.compiled import Compiled, compile
from surveys.definition import load

KEPT = 500
_kept: OrderedDict[tuple[uuid.UUID, uuid.UUID], Compiled] = OrderedDict()
_lock = Lock()


def kept(organization_id: uuid.UUID, version_id: uuid.UUID) -> Compiled | None:
    """The compiled version when it is at hand, without asking the database."""
    with _lock:
        return _kept.get((organization_id, version_id))


def compiled(session: Session, version_id: uuid.UUID) -> Compiled:
    """The compiled version; raises NotFound when this organization has no such version."""
    key = (session.info["organization_id"], version_id)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    document = session.execute(
        select(SurveyVersion.definition).where(SurveyVersion.id == version_id)
    ).scalar_one_or_none()
    if document is None:
        raise NotFound("There is no such survey version.")
    made = compile(load(document))
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made
