"""A draft being built by one or several people: an operation is applied, or a clear conflict told."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from efm.errors import Conflict, Invalid
from efm.feedback import revisions
from efm.models import Survey
from surveys import editing
from surveys.editing import Document, Edited, EditRefused, InUse

Operation = Callable[[Document], Edited]


class Saved(NamedTuple):
    """The survey as it stands now, what was done, the element to show, whether anything changed."""

    survey: Survey
    what: str
    at: str
    is_changed: bool


class Collision(Conflict):
    """Somebody else changed the same element: theirs (None where it is gone), and what it was before."""

    def __init__(self, address: str, theirs: Document | None, revision: int) -> None:
        self.address = address
        self.theirs = theirs
        self.revision = revision
        super().__init__("Somebody else changed the same part in the meantime.")


class Asked(Conflict):
    """Something others refer to was to be removed: what to do with these must be said."""

    def __init__(self, references: tuple[editing.Reference, ...]) -> None:
        self.references = references
        super().__init__("Others refer to what you are about to remove.")


class Refused(Invalid):
    """The operation cannot be done; `problems` are by their paths in the document."""

    def __init__(self, error: EditRefused, document: Document) -> None:
        self.document = document
        super().__init__(str(error), problems={each.path: each.message for each in error.problems})


def edit(
    session: Session,
    survey_id: uuid.UUID,
    revision: int,
    touched: str | None,
    operation: Operation,
    now: datetime,
    *,
    user_id: uuid.UUID | None,
) -> Saved:
    """Apply an operation made on `revision`; `touched` is the element whose content it replaces.

    Raises Collision when somebody else changed that since, Asked when others refer to what it removes,
    Refused when it cannot be done.
    """
    survey = revisions.locked(session, survey_id)
    document: Document = dict(survey.draft)
    if touched is not None and revision != survey.draft_revision:
        _check_untouched(session, survey, revision, touched, user_id)
    try:
        edited = operation(document)
    except InUse as error:
        raise Asked(error.references) from error
    except EditRefused as error:
        raise Refused(error, document) from error
    is_changed = edited.document != document
    if is_changed:
        revisions.keep(session, survey, edited.document, edited.what, now, user_id=user_id)
    return Saved(survey, edited.what, edited.at, is_changed)


def _check_untouched(
    session: Session, survey: Survey, revision: int, touched: str, user_id: uuid.UUID | None
) -> None:
    """Refuse to write over what somebody else did to the same element."""
    base: Mapping[str, Any] | None = revisions.base_of(session, survey, revision, user_id)
    theirs = editing.element(dict(survey.draft), touched)
    mine = editing.element(dict(base), touched) if base is not None else None
    if base is None or theirs != mine:
        raise Collision(touched, theirs, survey.draft_revision)
