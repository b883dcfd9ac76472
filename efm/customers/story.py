"""One customer's story: everything that happened, was said, ordered, owed and paid, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

PAGE = 50
_DAY = "({}::timestamp AT TIME ZONE :zone)"
# The last moment of a day, so that what ended comes after what began that day.
_END = "((({} + 1)::timestamp AT TIME ZONE :zone) - interval '1 microsecond')"
# Each part gives: source, id, at, day, what, words, channel, touchpoint, outcome, amount_minor,
# currency, value, band. `{who}` is whose rows they are. What has a day and
# no time stands at the beginning of that day in the organization's zone.
_PARTS = {
    "interaction": """
        SELECT 'interaction' AS source, i.id, i.occurred_at AS at, NULL::date AS day, i.kind AS what,
            i.subject AS words, i.channel, i.touchpoint, i.outcome, i.amount_minor, i.currency,
            NULL::numeric AS value, NULL::text AS band
        FROM interactions i WHERE {who}""",
    "response": """
        SELECT 'response', r.id, r.submitted_at, NULL::date, v.name, coalesce((
                SELECT a.text FROM answers a WHERE a.organization_id = r.organization_id
                AND a.response_id = r.id AND a.text IS NOT NULL
                ORDER BY length(a.text) DESC LIMIT 1), ''),
            r.channel, r.touchpoint, NULL, NULL::bigint, NULL, s.value::numeric, s.band
        FROM responses r
        JOIN surveys v ON v.organization_id = r.organization_id AND v.id = r.survey_id
        LEFT JOIN LATERAL (
            SELECT x.value, x.band FROM scores x WHERE x.organization_id = r.organization_id
            AND x.response_id = r.id AND x.metric IN ('nps', 'csat', 'ces') AND x.state = 'scored'
            ORDER BY x.metric = 'nps' DESC, x.metric LIMIT 1) s ON true
        WHERE r.state = 'complete' AND {who}""",
    "measurement": f"""
        SELECT 'measurement', m.id, {_DAY.format("m.measured_on")}, m.measured_on, m.metric, '', NULL, NULL,
            NULL, m.amount_minor, m.currency, m.value, NULL
        FROM measurements m WHERE m.measured_on IS NOT NULL AND {{who}}""",
    "case": """
        SELECT 'case', c.id, c.opened_at, NULL::date, 'Case ' || c.number, c.reason, NULL, NULL, c.state,
            NULL::bigint, NULL, NULL::numeric, NULL
        FROM cases c WHERE {who}""",
    "order": """
        SELECT 'order', o.id, o.ordered_at, NULL::date, coalesce(o.number, o.external_id), coalesce((
                SELECT string_agg(l.name, ', ' ORDER BY l.external_id) FROM (
                    SELECT l.name, l.external_id FROM order_lines l
                    WHERE l.organization_id = o.organization_id
                    AND l.connection_id = o.connection_id AND l.order_external_id = o.external_id
                    AND l.name IS NOT NULL ORDER BY l.external_id LIMIT 5) l), ''),
            o.channel, NULL, o.state, o.amount_minor, o.currency, NULL::numeric, NULL
        FROM orders o WHERE {who}""",
    "invoice": f"""
        SELECT 'invoice', n.id, {_DAY.format("n.issued_on")}, n.issued_on, coalesce(n.number, n.external_id),
            '', NULL, NULL, n.state, n.amount_minor, n.currency, NULL::numeric, NULL
        FROM invoices n WHERE {{who}}""",
    "payment": """
        SELECT 'payment', p.id, p.paid_at, NULL::date, coalesce(p.method, ''), '', NULL, NULL, NULL,
            p.amount_minor, p.currency, NULL::numeric, NULL
        FROM payments p WHERE {who}""",
    "subscription": f"""
        SELECT 'subscription', b.id, e.at, e.day, coalesce(b.name, b.external_id),
            '', NULL, NULL, e.word, b.amount_minor, b.currency, NULL::numeric, NULL
        FROM subscriptions b
        CROSS JOIN LATERAL (VALUES
            ({_DAY.format("b.started_on")}, b.started_on, 'started'),
            ({_END.format("b.ended_on")}, b.ended_on, 'ended')
        ) e (at, day, word)
        WHERE e.at IS NOT NULL AND {{who}}""",
    "opportunity": f"""
        SELECT 'opportunity', d.id, e.at, e.day, coalesce(d.name, d.external_id),
            coalesce(d.stage, ''), NULL, NULL, e.word, d.amount_minor, d.currency, NULL::numeric, NULL
        FROM opportunities d
        CROSS JOIN LATERAL (VALUES
            (d.opened_at, NULL::date, 'opened'),
            (CASE WHEN d.state <> 'open' THEN {_END.format("d.closes_on")} END, d.closes_on, d.state)
        ) e (at, day, word)
        WHERE e.at IS NOT NULL AND {{who}}""",
}
_ALIASES = {
    "interaction": "i", "response": "r", "measurement": "m", "case": "c", "order": "o",
    "invoice": "n", "payment": "p", "subscription": "b", "opportunity": "d",
}  # fmt: skip
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


def _who(part: str, is_account: bool) -> str:
    alias = _ALIASES[part]
    if not is_account:
        return f"{alias}.contact_id = :id"
    if part in _BY_PEOPLE:
        return f"{alias}.contact_id IN (SELECT id FROM contacts WHERE account_id = :id)"
    return f"{alias}.account_id = :id"


def _statement(shown: str, is_account: bool) -> TextClause:
    """Each part gives at most a page, so that a long story costs no more than a short one."""
    parts = []
    for part in SHOWN[shown]:
        rows = _PARTS[part].format(who=_who(part, is_account))
        parts.append(
            f"(SELECT * FROM ({rows}) t (source, id, at, day, what, words, channel, touchpoint,"
            " outcome, amount_minor, currency, value, band)"
            " WHERE (CAST(:at AS timestamptz) IS NULL OR (at, id) < (:at, CAST(:after AS uuid)))"
            " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
            " AND (CAST(:until AS timestamptz) IS NULL OR at < :until)"
            " ORDER BY at DESC, id DESC LIMIT :size)"
        )
    whole = " UNION ALL ".join(parts)
    return text(f"SELECT * FROM ({whole}) t ORDER BY at DESC, id DESC LIMIT :size")


_STATEMENTS = {
    (shown, is_account): _statement(shown, is_account)
    for shown in SHOWN
    for is_account in (False, True)
}


@dataclass(frozen=True)
class Timeline:
    """One page of a story, and where the next begins."""

    rows: Sequence[Row[Any]]
    next_cursor: str | None


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
) -> Timeline:
    """What happened with a contact, or with an account and its people; `until` is left out itself."""
    rows = session.execute(
        _STATEMENTS[shown if shown in SHOWN else "", is_account],
        {
            "id": customer_id, "zone": time_zone, "at": cursor[0] if cursor else None,
            "after": cursor[1] if cursor else None, "since": since, "until": until,
            "size": PAGE + 1,
        },
    ).all()  # fmt: skip
    shown_rows = rows[:PAGE]
    last = shown_rows[-1] if len(rows) > PAGE else None
    return Timeline(shown_rows, f"{last.at.isoformat()}~{last.id}" if last else None)


def read_cursor(token: str) -> tuple[datetime, uuid.UUID] | None:
    """A time line's cursor from an address; None for one that was not made here."""
    at, _, identity = token.partition("~")
    try:
        moment, known = datetime.fromisoformat(at), uuid.UUID(identity)
    except ValueError:
        return None
    return (moment, known) if moment.tzinfo else None
