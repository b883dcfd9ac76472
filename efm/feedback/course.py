"""Where a person stands in a survey: what is known beside the answers, which page is theirs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from efm.db.direct import Direct, begun
from efm.feedback import arms
from efm.feedback.score import feeling
from efm.feedback.stored import answer_of
from surveys.asking import AskedPage, ask
from surveys.compiled import Compiled
from surveys.logic import Context
from surveys.parts import DataField, Quota
from surveys.values import Answer

LONGEST_VALUE = 300
DATA = "_data."

_KNOWN = """
SELECT language, attributes, ending FROM responses
WHERE organization_id = %(organization)s AND id = %(response)s
"""
_ANSWERS = """
SELECT question_key, kind, number, text, choices, on_day FROM answers
WHERE organization_id = %(organization)s AND response_id = %(response)s
"""
_CUSTOMER = """
SELECT c.name, c.email, c.phone, c.language, c.attributes, a.name, a.domain, a.attributes
FROM contacts c
LEFT JOIN accounts a ON a.organization_id = c.organization_id AND a.id = c.account_id
WHERE c.organization_id = %(organization)s AND c.id = %(contact)s
"""


class Known(NamedTuple):
    """What a response says of itself: its language, the data it came with by key, how it ended."""

    language: str
    data: Mapping[str, Any]
    ending: str | None = None


def asks_more(compiled: Compiled) -> bool:
    """Whether a survey looks at more than the answers of the page at hand."""
    definition = compiled.definition
    return bool(
        not compiled.is_plain or compiled.has_pipes or definition.data or definition.endings
    )


def known(reader: Direct, organization_id: uuid.UUID, response_id: uuid.UUID) -> Known:
    """What a begun response knows."""
    named = {"organization": organization_id, "response": response_id}
    with reader.connection() as connection, begun(connection, organization_id):
        found = connection.execute(_KNOWN, named, prepare=True).fetchone()
    return Known("", {}) if found is None else Known(*found)


def answers(
    reader: Direct, organization_id: uuid.UUID, response_id: uuid.UUID
) -> dict[str, Answer]:
    """The answers a response has so far."""
    named = {"organization": organization_id, "response": response_id}
    with reader.connection() as connection, begun(connection, organization_id):
        rows = connection.execute(_ANSWERS, named, prepare=True).fetchall()
    return {row[0]: answer_of(*row) for row in rows}


def context(
    compiled: Compiled, response_id: uuid.UUID, data: Mapping[str, Any], now: datetime
) -> Context:
    """The context of a response; its id is the seed of all that is drawn for it."""
    return Context(
        data=declared(compiled, data),
        seed=response_id.hex,
        language=compiled.definition.language,
        today=now.date(),
        feeling=feeling,
        drawn=arms.stored(compiled, data),
    )


def declared(compiled: Compiled, data: Mapping[str, Any]) -> dict[str, Any]:
    """Of these values those the survey declares."""
    keys = {each.key for each in compiled.definition.data}
    return {key: value for key, value in data.items() if key in keys}


def from_link(compiled: Compiled, given: Mapping[str, Sequence[str] | str]) -> dict[str, str]:
    """The values a link brings for the survey's data fields, by key; other parameters are ignored."""
    found: dict[str, str] = {}
    for each in _linked(compiled):
        for name in (each.name, each.key):
            value = given.get(name) if name else None
            if value:
                text = value if isinstance(value, str) else value[0]
                found[each.key] = text.replace("\0", "")[:LONGEST_VALUE]
                break
    return found


def from_form(compiled: Compiled, form: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The same values as the form of the first page carries them on."""
    given = {
        name.removeprefix(DATA): values for name, values in form.items() if name.startswith(DATA)
    }
    return from_link(compiled, {key: given[key] for key in given})


def from_customer(
    reader: Direct, compiled: Compiled, organization_id: uuid.UUID, contact_id: uuid.UUID | None
) -> dict[str, Any]:
    """The values the survey wants of the contact and the account, when it wants any."""
    wanted = [each for each in compiled.definition.data if each.source in ("contact", "account")]
    if not wanted or contact_id is None:
        return {}
    named = {"organization": organization_id, "contact": contact_id}
    with reader.connection() as connection, begun(connection, organization_id):
        found = connection.execute(_CUSTOMER, named, prepare=True).fetchone()
    if found is None:
        return {}
    name, email, phone, language, attributes, account, domain, more = found
    contact = {**attributes, "name": name, "email": email, "phone": phone, "language": language}
    contact["first_name"] = (name or "").partition(" ")[0]
    company = {**(more or {}), "name": account, "domain": domain}
    values: dict[str, Any] = {}
    for each in wanted:
        source = contact if each.source == "contact" else company
        value = source.get(each.name or each.key)
        if isinstance(value, str | int | float) and value != "":
            values[each.key] = value
    return values


class End(NamedTuple):
    """How a response ends: by which ending, and whether it is screened out of all figures."""

    ending: str | None = None
    is_screened: bool = False


GOES_ON = End()


def end_of(
    compiled: Compiled,
    answers: Mapping[str, Answer],
    about: Context,
    quota: Quota | None = None,
) -> End:
    """The end these answers lead to, or the end of a quota that is full; plain thanks has no key."""
    if quota is not None:
        return End(quota.ending or None, True)
    if not compiled.definition.endings:
        return End()
    found = compiled.flow.walk(answers, about).ending
    return End() if found is None else End(found.key, found.is_screen_out)


def page_for(
    compiled: Compiled,
    answers: Mapping[str, Answer],
    about: Context,
    *,
    reached: int,
    wanted: int | None,
) -> AskedPage:
    """The page to show: the wanted one as far as it was reached, else where the response goes on."""
    if compiled.is_plain:
        reached = min(reached, len(compiled.definition.pages) - 1)
        place = reached if wanted is None else max(0, min(wanted, reached))
        return ask(compiled, place, answers, about)
    places = [stop.place for stop in compiled.flow.walk(answers, about).stops]
    if not places:
        return ask(compiled, 0, answers, about)
    place = reached if reached in places else _next_of(places, reached)
    if wanted is not None and wanted in places[: places.index(place) + 1]:
        place = wanted
    return ask(compiled, place, answers, about)


def first_place(compiled: Compiled, about: Context) -> int:
    """The page this person begins with."""
    if compiled.is_plain:
        return 0
    stops = compiled.flow.walk({}, about).stops
    return stops[0].place if stops else 0


def following(
    compiled: Compiled, place: int, answers: Mapping[str, Answer], about: Context, *, back: bool
) -> int | None:
    """The page after this one, or before it; None where there is none.

    Before the end comes what is still missing on the way.
    """
    if compiled.is_plain:
        if back:
            return place - 1 if place > 0 else None
        pages = len(compiled.definition.pages)
        if place + 1 < pages:
            return place + 1
        # The only page was just read, so nothing can be missing on another.
        return compiled.first_missing(answers, about) if pages > 1 else None
    places = [stop.place for stop in compiled.flow.walk(answers, about).stops]
    at = places.index(place) if place in places else -1
    if back:
        return places[at - 1] if at > 0 else (places[0] if places else None)
    if at + 1 < len(places):
        return places[at + 1]
    return compiled.first_missing(answers, about)


def _next_of(places: Sequence[int], reached: int) -> int:
    """Where a page has vanished from the way: the next one that is on it, else the last."""
    return next((place for place in places if place > reached), places[-1])


def _linked(compiled: Compiled) -> list[DataField]:
    return [each for each in compiled.definition.data if each.source == "link"]
