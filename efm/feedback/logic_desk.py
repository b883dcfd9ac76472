"""The logic of an element as the builder shows it: sentences, rows, carried choices, a trial of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from efm.feedback import edits_logic, rehearsal
from surveys import editing, sentences
from surveys.definition import load
from surveys.editing import Document
from surveys.expressions import BadText, ExpressionError, parse, write
from surveys.looping import unrolled
from surveys.parts import Turn
from surveys.sentences import OPERATORS, Operator, Row
from surveys.subjects import Shape, Subject


class Shown(NamedTuple):
    """One row as it is shown: its values, and what it could say instead."""

    row: Row
    subject: Subject | None
    operators: tuple[Operator, ...]
    takes: str


class Condition(NamedTuple):
    """One condition: its sentence, its rows or its text, and the place of a mistake in the text."""

    name: str
    title: str
    sentence: str
    mode: str
    rows: tuple[Shown, ...]
    text: str
    known: Mapping[str, Subject]
    before_mistake: str = ""
    from_mistake: str = ""


class Entry(NamedTuple):
    """A skip or a check: its goal or message, and its condition."""

    words: str
    condition: Condition


_TITLES = {
    "show_if": "Show it if",
    "required_if": "Required if",
    "when": "Counts if",
    "valid_if": "Must be true",
}


def desk(document: Document, address: str, part: Document) -> dict[str, Any]:
    """All the logic of an element; `part` may hold what was typed and refused."""
    sort, _, key = address.partition(".")
    before = edits_logic.known_to(document, address)
    after = edits_logic.known_after(document, address)
    questions = [each["key"] for page in document["pages"] for each in page["questions"]]
    own = questions.index(key) if key in questions else len(questions)
    earlier = {
        each["key"]: each["text"]
        for page in document["pages"]
        for each in page["questions"]
        if questions.index(each["key"]) < own and (each.get("choices") or each.get("rows"))
    }
    return {
        "conditions": [
            shown(name, part.get(name), before) for name in edits_logic.CONDITIONS.get(sort, ())
        ],
        "skips": [
            Entry(each.get("to", ""), shown(f"skip.{n}.when", each.get("when"), after, "if"))
            for n, each in enumerate(part.get("skips") or [])
        ],
        "checks": [
            Entry(
                each.get("message", ""), shown(f"check.{n}.valid_if", each.get("valid_if"), after)
            )
            for n, each in enumerate(part.get("checks") or [])
        ],
        "goals": goals(document, key) if sort == "page" else [],
        "carried": earlier,
    }


def goals(document: Document, page: str) -> list[tuple[str, str]]:
    """Where a page may lead: later pages, endings, the end."""
    keys = [each["key"] for each in document["pages"]]
    later = keys[keys.index(page) + 1 :] if page in keys else []
    found = [(key, editing.label_of(document, f"page.{key}")) for key in later]
    found += [
        (each["key"], f"Ending: {each.get('title') or each['key']}")
        for each in document.get("endings", [])
    ]
    return [*found, ("end", "The end")]


def shown(name: str, logic: Any, known: Mapping[str, Subject], title: str = "") -> Condition:
    """One condition as it is shown."""
    title = title or _TITLES.get(name.rpartition(".")[2], name)
    text, before, after = "", "", ""
    if isinstance(logic, str):
        text = logic
        try:
            logic = parse(logic)
        except BadText as error:
            before, after = text[: error.position], text[error.position :]
            return Condition(name, title, text, "text", (), text, known, before, after or "…")
        except ExpressionError:
            return Condition(name, title, text, "text", (), text, known)
    rows = sentences.to_rows(logic, known)
    if rows is None:
        text = text or written(logic)
        return Condition(name, title, in_words(logic, known), "text", (), text, known)
    said = in_words(logic, known) if logic is not None else ""
    return Condition(
        name,
        title,
        said,
        "rows",
        tuple(_row(row, known) for row in rows),
        text or written(logic),
        known,
    )


def in_words(logic: Any, known: Mapping[str, Subject]) -> str:
    """Logic as a sentence."""
    return sentences.sentence(logic, known)


def written(logic: Any) -> str:
    """Logic as text to edit."""
    try:
        return "" if logic is None else write(logic)
    except ExpressionError:
        return str(logic)


def _row(row: Row, known: Mapping[str, Subject]) -> Shown:
    subject = known.get(row.path)
    shape: Shape = subject.shape if subject is not None else "text"
    operators = tuple(OPERATORS[shape].values())
    return Shown(row, subject, operators, OPERATORS[shape][row.operator].takes)


def trial(
    document: Document, address: str, part: Document, given: Mapping[str, str]
) -> dict[str, Any]:
    """Fields for sample answers to all that this logic asks, and what comes of those given."""
    definition = load(document)
    known = edits_logic.known_after(document, address) if address != "survey" else {}
    paths = rehearsal.paths_of(_logics(part))
    asked = [known[path] for path in known if path in paths]
    samples = {each.path: given.get(f"try.{each.path}", "") for each in asked}
    if not asked or not any(samples.values()):
        return {"fields": asked, "samples": samples, "outcome": None}
    route = rehearsal.walked(definition, samples)
    held = [
        (_TITLES[name], rehearsal.holds(part[name], route))
        for name in ("show_if", "required_if", "when")
        if name in part and not isinstance(part[name], str)
    ]
    keys = [page.of if isinstance(page, Turn) else page.key for page in unrolled(definition).pages]
    pages = [editing.label_of(document, f"page.{keys[stop.place]}") for stop in route.stops]
    end = route.ending.title or route.ending.key if route.ending is not None else "Thanks"
    return {
        "fields": asked,
        "samples": samples,
        "outcome": {"held": held, "pages": pages, "end": end},
    }


def _logics(part: Document) -> Sequence[Any]:
    found = [part.get(name) for name in ("show_if", "required_if", "when", "value")]
    found += [each.get("when") for each in part.get("skips") or []]
    found += [each.get("valid_if") for each in part.get("checks") or []]
    found += [
        line.get("show_if") for which in ("choices", "rows") for line in part.get(which) or []
    ]
    return [each for each in found if each is not None and not isinstance(each, str)]
