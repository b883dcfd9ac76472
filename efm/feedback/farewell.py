"""What is said when all answers have arrived."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from efm.clock import new_id
from efm.feedback import course
from efm.feedback.answering import Desk
from efm.feedback.links import Link
from surveys.asking import ended
from surveys.compiled import Compiled
from surveys.parts import Ending


def farewell(
    desk: Desk, link: Link, version_id: uuid.UUID, query: Mapping[str, str], now: datetime
) -> tuple[Compiled, Ending | None]:
    """The survey in the language it was answered in, and the ending the answers led to.

    A short survey on an open link knows its ending by the address only, and no answers.
    """
    compiled = desk.compiled(link.organization_id, version_id)
    if not compiled.definition.endings and not compiled.definition.translations:
        return compiled, None
    response_id = link.response_id
    known = course.Known(query.get("language", ""), {}, query.get("ending"))
    answers = {}
    if response_id is not None:
        known = course.known(desk.reader, link.organization_id, response_id)
        answers = course.answers(desk.reader, link.organization_id, response_id)
    compiled = compiled.speaking(known.language)
    found = next((e for e in compiled.definition.endings if e.key == known.ending), None)
    if found is None:
        return compiled, None
    about = course.context(compiled, response_id or new_id(), known.data, now)
    return compiled, ended(found, compiled, compiled.flow.walk(answers, about))
