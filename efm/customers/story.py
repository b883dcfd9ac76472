"""One customer's story: everything that happened, was said, ordered, owed and paid, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

PAGE = 50
# Days so far off that they are no moment in some zones stand at the ends of what can be shown.
_WITHIN = "CASE WHEN {0} IS NOT NULL THEN least(greatest({0}, '0001-01-03'), '9999-12-28') END"
_DAY = f"(({_WITHIN})::timestamp AT TIME ZONE :zone)"
# The last moment of a day, so that what ended comes after what began that day.
_END = f"(((({_WITHIN}) + 1)::timestamp AT TIME ZONE :zone) - interval '1 microsecond')"


@dataclass(frozen=True)
class _Part:
    """One kind of rows: where they are (`alias` is the table's), when, and what is told of each.

    `told` gives what, words, channel, touchpoint, outcome, amount_minor, currency, value and band;
    only the rows of a page are told, so what it reads beside them costs no more in a long story.
    """

    alias: str
    table: str
    at: str
    told: str
    day: str = "NULL::date"
    where: str = "true"
    joins: str = ""
    also: str = ""


# What has a day and no time stands at the beginning of that day in the viewer's zone.
_PARTS: Mapping[str, _Part] = {
    "interaction": _Part(
        "i", "interactions i", "i.occurred_at",
        "i.kind, i.subject, i.channel, i.touchpoint, i.outcome, i.amount_minor, i.currency,"
        " NULL::numeric, NULL::text",
    ),
    "response": _Part(
        "r", "responses r", "r.submitted_at",
        """v.name, coalesce((
                SELECT a.text FROM answers a WHERE a.organization_id = r.organization_id
                AND a.response_id = r.id AND a.text IS NOT NULL
                ORDER BY length(a.text) DESC LIMIT 1), ''),
            r.channel, r.touchpoint, NULL, NULL::bigint, NULL, s.value::numeric, s.band""",
        where="r.state = 'complete'",
        joins="""JOIN surveys v ON v.organization_id = r.organization_id AND v.id = r.survey_id
        LEFT JOIN LATERAL (
            SELECT x.value, x.band FROM scores x WHERE x.organization_id = r.organization_id
            AND x.response_id = r.id AND x.metric IN ('nps', 'csat', 'ces') AND x.state = 'scored'
            ORDER BY x.metric = 'nps' DESC, x.metric LIMIT 1) s ON true""",
    ),
    "measurement": _Part(
        "m", "measurements m", _DAY.format("m.measured_on"),
        "m.metric, '', NULL, NULL, NULL, m.amount_minor, m.currency, m.value, NULL",
        # What is derived of events that are told anyway is no event; its figures are on the chart.
        day="m.measured_on", where="m.measured_on IS NOT NULL AND NOT m.attributes ? 'derived'",
    ),
    "case": _Part(
        "c", "cases c", "c.opened_at",
        "'Case ' || c.number, c.reason, NULL, NULL, c.state, NULL::bigint, NULL, NULL::numeric, NULL",
    ),
    "order": _Part(
        "o", "orders o", "o.ordered_at",
        """coalesce(o.number, o.external_id), coalesce((
                SELECT string_agg(l.name, ', ' ORDER BY l.external_id) FROM (
                    SELECT l.name, l.external_id FROM order_lines l
                    WHERE l.organization_id = o.organization_id
                    AND l.connection_id = o.connection_id AND l.order_external_id = o.external_id
                    AND l.name IS NOT NULL ORDER BY l.external_id LIMIT 5) l), ''),
            o.channel, NULL, o.state, o.amount_minor, o.currency, NULL::numeric, NULL""",
    ),
    "invoice": _Part(
        "n", "invoices n", _DAY.format("n.issued_on"),
        "coalesce(n.number, n.external_id), '', NULL, NULL, n.state, n.amount_minor, n.currency,"
        " NULL::numeric, NULL",
        day="n.issued_on",
    ),
    "payment": _Part(
        "p", "payments p", "p.paid_at",
        "coalesce(p.method, ''), '', NULL, NULL, NULL, p.amount_minor, p.currency, NULL::numeric, NULL",
    ),
    "subscription": _Part(
        "b", f"""subscriptions b
        CROSS JOIN LATERAL (VALUES
            ({_DAY.format("b.started_on")}, b.started_on, 'started'),
            ({_END.format("b.ended_on")}, b.ended_on, 'ended')
        ) e (at, day, word)""",
        "e.at",
        "coalesce(b.name, b.external_id), '', NULL, NULL, b.word, b.amount_minor, b.currency,"
        " NULL::numeric, NULL",
        day="e.day", where="e.at IS NOT NULL", also=", e.word",
    ),
    "opportunity": _Part(
        "d", f"""opportunities d
        CROSS JOIN LATERAL (VALUES
            (d.opened_at, NULL::date, 'opened'),
            (CASE WHEN d.state <> 'open' THEN {_END.format("d.closes_on")} END, d.closes_on, d.state)
        ) e (at, day, word)""",
        "e.at",
        "coalesce(d.name, d.external_id), coalesce(d.stage, ''), NULL, NULL, d.word, d.amount_minor,"
        " d.currency, NULL::numeric, NULL",
        day="e.day", where="e.at IS NOT NULL", also=", e.word",
    ),
}  # fmt: skip
_COLUMNS = (
    "source, id, at, day, contact_id, what, words, channel, touchpoint, outcome, amount_minor,"
    " currency, value, band"
)
# Feedback belongs to people, so an account's is its people's.
_BY_PEOPLE = frozenset(("response", "case"))
SHOWN: Mapping[str, tuple[str, ...]] = {
    "": tuple(_PARTS),
    "interaction": ("interaction",),
    "response": ("response",),
    "money": ("order", "invoice", "payment", "subscription", "opportunity", "measurement"),
    "case": ("case",),
}
"""The parts of the story by what one asks to see."""
# Everything is before and after these, so that one plan serves a story with and without bounds.
_BEGINNING, _END_OF_TIME = "-infinity", "infinity"
_LAST_ID = uuid.UUID(int=2**128 - 1)


def _who(part: str, alias: str, is_account: bool) -> str:
    if not is_account:
        return f"{alias}.contact_id = :id"
    if part in _BY_PEOPLE:
        return f"{alias}.contact_id IN (SELECT id FROM contacts WHERE account_id = :id)"
    return f"{alias}.account_id = :id"


def _rows(name: str, is_account: bool) -> str:
    """At most a page of one part, so that a long story costs no more than a short one."""
    part = _PARTS[name]
    key = part.alias
    return (
        f"(SELECT '{name}'::text, {key}.id, {key}.story_at, {key}.story_day, {key}.contact_id,"
        f" {part.told} FROM (SELECT {key}.*, {part.at} AS story_at, {part.day} AS story_day{part.also}"
        f" FROM {part.table} WHERE {_who(name, key, is_account)} AND {part.where}"
        f" AND ({part.at}, {key}.id) < (CAST(:at AS timestamptz), CAST(:after AS uuid))"
        f" AND {part.at} >= CAST(:since AS timestamptz) AND {part.at} < CAST(:until AS timestamptz)"
        f" ORDER BY {part.at} DESC, {key}.id DESC LIMIT :size) {key} {part.joins})"
    )


@cache
def _statement(parts: tuple[str, ...], is_account: bool) -> TextClause:
    whole = " UNION ALL ".join(_rows(name, is_account) for name in parts)
    return text(f"SELECT * FROM ({whole}) t ({_COLUMNS}) ORDER BY at DESC, id DESC LIMIT :size")


@dataclass(frozen=True)
class Timeline:
    """One page of a story, where the next begins, and on an account's whose each row is."""

    rows: Sequence[Row[Any]]
    next_cursor: str | None
    people: Mapping[uuid.UUID, str]


_PEOPLE = text(
    "SELECT id, coalesce(nullif(name, ''), email, '') AS name FROM contacts WHERE id = ANY(:ids)"
)


def timeline(
    session: Session,
    customer_id: uuid.UUID,
    *,
    is_account: bool,
    time_zone: str,
    shown: str = "",
    cursor: tuple[datetime, uuid.UUID] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    without: Collection[str] = (),
) -> Timeline:
    """What happened with a contact, or with an account and its people; `until` is left out itself.

    `time_zone` is the viewer's, in which days begin; `without` names parts that are not for them.
    """
    parts = tuple(each for each in SHOWN.get(shown, SHOWN[""]) if each not in without)
    if not parts:
        return Timeline([], None, {})
    rows = session.execute(
        _statement(parts, is_account),
        {
            "id": customer_id, "zone": time_zone, "at": cursor[0] if cursor else _END_OF_TIME,
            "after": cursor[1] if cursor else _LAST_ID, "since": since or _BEGINNING,
            "until": until or _END_OF_TIME, "size": PAGE + 1,
        },
    ).all()  # fmt: skip
    shown_rows = rows[:PAGE]
    last = shown_rows[-1] if len(rows) > PAGE else None
    people: dict[uuid.UUID, str] = {}
    if is_account and (ids := {row.contact_id for row in shown_rows if row.contact_id}):
        people = {row.id: row.name for row in session.execute(_PEOPLE, {"ids": list(ids)})}
    return Timeline(shown_rows, f"{last.at.isoformat()}~{last.id}" if last else None, people)


def read_cursor(token: str) -> tuple[datetime, uuid.UUID] | None:
    """A time line's cursor from an address; None for one that was not made here."""
    at, _, identity = token.partition("~")
    try:
        moment, known = datetime.fromisoformat(at), uuid.UUID(identity)
    except ValueError:
        return None
    return (moment, known) if moment.tzinfo else None


_OPEN_CASES = {
    is_account: text(
        "SELECT c.id, c.number, c.state, c.reason, c.opened_at, c.due_at, c.contact_id,"
        " coalesce(nullif(p.name, ''), p.email, '') AS person, count(*) OVER () AS total FROM cases c"
        " JOIN contacts p ON p.organization_id = c.organization_id AND p.id = c.contact_id"
        f" WHERE {_who('case', 'c', is_account)} AND c.state <> 'closed'"
        " ORDER BY c.due_at, c.id LIMIT 10"
    )
    for is_account in (False, True)
}


def open_cases(session: Session, customer_id: uuid.UUID, *, is_account: bool) -> Sequence[Row[Any]]:
    """What a customer, or an account's people, still wait for: the ten most urgent, with how many
    there are (`total`)."""
    return session.execute(_OPEN_CASES[is_account], {"id": customer_id}).all()
