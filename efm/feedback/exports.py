"""Responses as files: CSV and XLSX, streamed, formula-safe, a column for each question's value."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from efm.feedback.cells import cell, csv_lines, safe_text
from efm.feedback.listing import ResponseFilter, narrowed
from efm.models import Answer as AnswerRow
from efm.models import Contact, Response, Score, SurveyVersion
from surveys import kinds
from surveys.definition import Definition, Question, load
from surveys.values import Answer

FIXED = (
    "response_id", "submitted_at", "started_at", "version", "language", "channel", "touchpoint",
    "contact", "email",
)  # fmt: skip
XLSX_ROWS = 1_048_575
CHUNK = 1000


def file_name(survey_name: str, ending: str, now: datetime) -> str:
    """A name for the download that any system takes."""
    plain = "".join(c if c.isalnum() and c.isascii() else "-" for c in survey_name.lower())
    kept = "-".join(part for part in plain.split("-") if part)[:60] or "responses"
    return f"{kept}-{now:%Y-%m-%d}.{ending}"


def questions_of(session: Session, survey_id: uuid.UUID) -> list[Question]:
    """Every question any version asked, by key; the newest wording wins, in its order."""
    found: dict[str, Question] = {}
    for document in session.scalars(
        select(SurveyVersion.definition)
        .where(SurveyVersion.survey_id == survey_id)
        .order_by(SurveyVersion.number.desc())
    ):
        definition: Definition = load(document)
        for question in definition.questions:
            found.setdefault(question.key, question)
    return [question for question in found.values() if kinds.columns(question)]


def header(questions: Sequence[Question]) -> list[str]:
    """Column names: the fixed ones, each question's, its scores."""
    names = list(FIXED)
    for question in questions:
        names += [column.name for column in kinds.columns(question)]
        names += [f"{question.key}_{metric}_band" for metric in kinds.metrics(question)]
        if kinds.kind(question.kind).answer == "text":
            names += [f"{question.key}_sentiment", f"{question.key}_sentiment_label"]
    return names


def rows(
    session: Session, survey_id: uuid.UUID, questions: Sequence[Question], wanted: ResponseFilter
) -> Iterator[list[Any]]:
    """One row a response, oldest first, read in pieces so that memory stays flat."""
    numbers = {version.id: version.number for version in _versions(session, survey_id)}
    query = narrowed(
        select(Response, Contact.name, Contact.email).outerjoin(
            Contact, Contact.id == Response.contact_id
        ),
        wanted,
    ).order_by(Response.submitted_at, Response.id)
    after: tuple[datetime, uuid.UUID] | None = None
    while True:
        part = query if after is None else query.where(
            tuple_(Response.submitted_at, Response.id) > after
        )  # fmt: skip
        found = session.execute(part.limit(CHUNK)).all()
        if not found:
            return
        ids = [row[0].id for row in found]
        answers, scores = _parts(session, ids)
        for response, name, email in found:
            row: list[Any] = [
                response.id, response.submitted_at, response.started_at,
                numbers.get(response.version_id), response.language, response.channel,
                response.touchpoint, name, email,
            ]  # fmt: skip
            for question in questions:
                row += _cells(question, answers, scores, response.id)
            yield row
        last = found[-1][0]
        after = (last.submitted_at, last.id)
        session.expunge_all()


def _versions(session: Session, survey_id: uuid.UUID) -> Sequence[SurveyVersion]:
    return session.scalars(select(SurveyVersion).where(SurveyVersion.survey_id == survey_id)).all()


Answers = dict[tuple[uuid.UUID, str], AnswerRow]
Scores = dict[tuple[uuid.UUID, str, str], Score]


def _parts(session: Session, ids: Sequence[uuid.UUID]) -> tuple[Answers, Scores]:
    answers = session.scalars(select(AnswerRow).where(AnswerRow.response_id.in_(ids)))
    scores = session.scalars(select(Score).where(Score.response_id.in_(ids)))
    return (
        {(a.response_id, a.question_key): a for a in answers},
        {(s.response_id, s.question_key, s.metric): s for s in scores},
    )


def _cells(
    question: Question, answers: Answers, scores: Scores, response_id: uuid.UUID
) -> list[Any]:
    stored = answers.get((response_id, question.key))
    answer = as_value(stored) if stored is not None and stored.kind == question.kind else None
    found: list[Any] = [column.value(answer) for column in kinds.columns(question)]
    for metric in kinds.metrics(question):
        score = scores.get((response_id, question.key, metric))
        found.append(score.band if score else None)
    if kinds.kind(question.kind).answer == "text":
        sentiment = scores.get((response_id, question.key, "sentiment"))
        found.append(sentiment.value if sentiment else None)
        label = (sentiment.band or sentiment.state) if sentiment else None
        found.append(label)
    return found


def as_value(stored: AnswerRow) -> Answer:
    """A stored answer as the survey engine's value."""
    return Answer(
        stored.question_key,
        stored.kind,
        stored.number,
        stored.text,
        tuple(stored.choices) if stored.choices is not None else None,
        stored.on_day,
    )


def as_csv(session: Session, survey_id: uuid.UUID, wanted: ResponseFilter) -> Iterator[bytes]:
    """The responses as CSV, in pieces."""
    questions = questions_of(session, survey_id)
    return csv_lines(header(questions), rows(session, survey_id, questions, wanted))


def as_xlsx(session: Session, survey_id: uuid.UUID, wanted: ResponseFilter) -> IO[bytes]:
    """The responses as a workbook in a temporary file, at its beginning; texts are never formulas.

    Past the format's 1,048,576 rows a further sheet begins.
    """
    import xlsxwriter

    questions = questions_of(session, survey_id)
    names = [safe_text(name) for name in header(questions)]
    file = tempfile.TemporaryFile(prefix="efm-export-")  # noqa: SIM115 - the caller closes it
    book = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    bold = book.add_format({"bold": True})
    sheet, line = None, XLSX_ROWS + 1
    for row in rows(session, survey_id, questions, wanted):
        if line > XLSX_ROWS:
            sheet, line = _sheet(book, names, bold), 1
        for place, value in enumerate(row):
            _write(sheet, line, place, cell(value))
        line += 1
    if sheet is None:
        _sheet(book, names, bold)
    book.close()
    file.seek(0)
    return file


def _sheet(book: Any, names: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(names):
        sheet.write_string(0, place, name, bold)
    return sheet


def _write(sheet: Any, line: int, place: int, value: Any) -> None:
    if isinstance(value, str):
        if value:
            sheet.write_string(line, place, value[:32767])
    else:
        sheet.write_number(line, place, float(value))
