"""The question bank to be read: questions to be asked in several surveys, and the surveys that ask them.

Each is named by a handle that a survey's question remembers as its origin, so that what several
surveys ask can be told to be the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, literal_column, or_, select, text
from sqlalchemy.orm import Session

from efm.errors import NotFound
from efm.feedback.kept import Kept
from efm.models import BankQuestion
from surveys import bank, kinds, localizing
from surveys.definition import Definition, load
from surveys.parts import Question

OWN, STANDARD = "own_", "standard_"
SHOWN = 300
# A question of the bank never changes, so it is read as a definition once in a while only.
_KNOWN: Kept[uuid.UUID, Definition] = Kept(3600)
_USES = """
SELECT origin, count(DISTINCT survey_id) AS n FROM (
    SELECT id AS survey_id, jsonb_path_query(draft, '$.pages[*].questions[*].origin') #>> '{}' AS origin
    FROM surveys
    UNION ALL
    SELECT s.id, jsonb_path_query(v.definition, '$.pages[*].questions[*].origin') #>> '{}'
    FROM surveys s JOIN survey_versions v
      ON v.organization_id = s.organization_id AND v.id = s.current_version_id
) asked GROUP BY origin
"""
_PLACES = """
SELECT s.id, s.name, s.state, s.draft, v.definition FROM surveys s
LEFT JOIN survey_versions v ON v.organization_id = s.organization_id AND v.id = s.current_version_id
CROSS JOIN (SELECT jsonb_build_object('origin', CAST(:origin AS text)) AS wanted) given
WHERE jsonb_path_exists(s.draft, '$.pages[*].questions[*] ? (@.origin == $origin)', wanted)
   OR jsonb_path_exists(v.definition, '$.pages[*].questions[*] ? (@.origin == $origin)', wanted)
ORDER BY lower(s.name), s.id LIMIT 200
"""


class Wanted(NamedTuple):
    """Which questions: what is empty does not narrow."""

    search: str = ""
    topic: str = ""
    kind: str = ""
    is_retired: bool = False


class Entry(NamedTuple):
    """One question of the bank, the organization's own or a standard one."""

    handle: str
    name: str
    topic: str
    definition: Definition
    uses: int = 0
    purpose: str = ""
    kept_at: datetime | None = None
    retired_at: datetime | None = None

    @property
    def question(self) -> Question:
        """The question itself."""
        return self.definition.questions[0]

    @property
    def is_own(self) -> bool:
        """Whether the organization may rename and retire it."""
        return self.handle.startswith(OWN)

    @property
    def metrics(self) -> tuple[str, ...]:
        """What its answers are counted as."""
        return kinds.metrics(self.question)


class Place(NamedTuple):
    """A survey that asks a question of the bank."""

    survey_id: uuid.UUID
    survey: str
    state: str
    key: str
    text: str
    is_reworded: bool
    is_published: bool


def handle_of(row: BankQuestion) -> str:
    """The handle of a question of the organization's own."""
    return f"{OWN}{row.id.hex}"


def own(session: Session, wanted: Wanted) -> list[Entry]:
    """The organization's questions that match, by name."""
    query = select(BankQuestion).where(
        BankQuestion.retired_at.is_not(None) if wanted.is_retired else BankQuestion.retired_at.is_(None)
    )  # fmt: skip
    if wanted.topic:
        query = query.where(BankQuestion.topic == wanted.topic)
    if wanted.kind:
        query = query.where(BankQuestion.kind == wanted.kind)
    for word in wanted.search.split()[:10]:
        query = query.where(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (BankQuestion.name, BankQuestion.topic, BankQuestion.words)
                )
            )
        )
    rows = session.scalars(query.order_by(func.lower(BankQuestion.name)).limit(SHOWN)).all()
    uses = _uses(session)
    return [_own(row, uses) for row in rows]


def standards(session: Session, wanted: Wanted) -> list[Entry]:
    """The standard questions that match, in the order they are offered; none is ever retired."""
    if wanted.is_retired:
        return []
    uses = _uses(session)
    found = []
    for each in bank.standards().values():
        words = f"{each.name} {each.topic} {words_of(each.definition)}".casefold()
        if (
            wanted.topic in ("", each.topic)
            and wanted.kind in ("", each.definition.questions[0].kind)
            and all(word in words for word in wanted.search.casefold().split())
        ):
            found.append(_standard(each, uses))
    return found


def find(session: Session, handle: str) -> Entry:
    """A question by its handle; raises NotFound."""
    if handle.startswith(STANDARD):
        known = bank.standards().get(handle.removeprefix(STANDARD))
        if known is None:
            raise NotFound("There is no such question in the bank.")
        return _standard(known, _uses(session))
    return _own(row_of(session, handle), _uses(session))


def name_of(session: Session, handle: str) -> str:
    """What a question of the bank is called; nothing where there is none of this handle."""
    if handle.startswith(STANDARD):
        known = bank.standards().get(handle.removeprefix(STANDARD))
        return known.name if known else ""
    try:
        return row_of(session, handle).name
    except NotFound:
        return ""


def topics(session: Session) -> list[str]:
    """The topics there are, the organization's own and those of the standard questions."""
    rows = session.scalars(select(BankQuestion.topic).where(BankQuestion.topic != "").distinct())
    return sorted({*rows, *(each.topic for each in bank.standards().values())}, key=str.casefold)


def places(session: Session, entry: Entry) -> list[Place]:
    """The surveys that ask it, as drafts or to respondents."""
    rows = session.execute(text(_PLACES), {"origin": entry.handle}).all()
    return [place for row in rows for place in _in_survey(row, entry)]


def words_of(definition: Definition) -> str:
    """Every text in every language, a line each."""
    said = list(localizing.texts(definition).values())
    for texts in definition.translations.values():
        said += texts.values()
    return "\n".join(dict.fromkeys(said))


def row_of(session: Session, handle: str) -> BankQuestion:
    """A question of the organization's own; raises NotFound."""
    try:
        wanted = uuid.UUID(handle.removeprefix(OWN)) if handle.startswith(OWN) else None
    except ValueError:
        wanted = None
    row = wanted and session.get(BankQuestion, (session.info["organization_id"], wanted))
    if not row:
        raise NotFound("There is no such question in the bank.")
    return row


def _uses(session: Session) -> dict[str, int]:
    """How many surveys ask each question, by its handle."""
    columns = text(_USES).columns(literal_column("origin"), literal_column("n"))
    return {row.origin: row.n for row in session.execute(columns)}


def _own(row: BankQuestion, uses: Mapping[str, int]) -> Entry:
    handle = handle_of(row)
    read = _KNOWN.get(row.id, lambda: load(row.definition)) or load(row.definition)
    return Entry(
        handle, row.name, row.topic, read, uses.get(handle, 0), "",
        row.created_at, row.retired_at,
    )  # fmt: skip


def _standard(known: bank.Standard, uses: Mapping[str, int]) -> Entry:
    handle = STANDARD + known.key
    return Entry(
        handle, known.name, known.topic, known.definition, uses.get(handle, 0), known.purpose
    )


def _in_survey(row: Any, entry: Entry) -> Iterator[Place]:
    """Each question of one survey that came from the entry, in the words people are asked now."""
    drafted, asked = _of(row.draft, entry.handle), _of(row.definition, entry.handle)
    place = f"{entry.question.key}.text"
    known = {
        entry.question.text,
        *(each.get(place) for each in entry.definition.translations.values()),
    }
    for key in dict.fromkeys((*drafted, *asked)):
        words = asked.get(key) or drafted[key]
        yield Place(row.id, row.name, row.state, key, words, words not in known, key in asked)


def _of(document: Mapping[str, Any] | None, handle: str) -> dict[str, str]:
    listed: Sequence[Any] = (document or {}).get("pages", ())
    return {
        question["key"]: question.get("text", "")
        for page in listed
        for question in page.get("questions", ())
        if question.get("origin") == handle
    }
