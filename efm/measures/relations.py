"""The relations measures are written over: the facts of the customers asked for, each defined once.

A fact is a contact's when it names the contact. It is an account's when it names the account, or when
it names none and its contact belongs there; an account has the facts of the accounts under it too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

ENTITIES = ("contact", "account")
DEEPEST = 10

# Sources fill days they do not know with the first their calendar has.
_BELIEVED = "DATE '1970-01-01'"
# The beginning of the period a day falls into; without periods, the day the value is told for.
PERIOD = (
    "coalesce(CAST(date_trunc(NULLIF(:period, 'none'), CAST(day AS timestamp)) AS date),"
    " CAST(:as_of AS date))"
)
_WHOSE: Mapping[str, str] = {
    "contact": """
whose AS (
    SELECT id AS customer_id FROM unnest(CAST(:customers AS uuid[])) AS c (id)
)""",
    "account": f"""
tree AS (
    SELECT id AS customer_id, id AS account_id, 0 AS depth
    FROM unnest(CAST(:customers AS uuid[])) AS c (id)
    UNION ALL
    SELECT t.customer_id, a.id, t.depth + 1
    FROM tree t JOIN accounts a ON a.parent_account_id = t.account_id
    WHERE :with_below AND t.depth < {DEEPEST} AND a.merged_into_id IS NULL
),
whose AS (
    SELECT DISTINCT customer_id, account_id FROM tree
)""",
}
# `f` is a table of facts.
_OWNED: Mapping[str, str] = {
    "contact": """
    SELECT w.customer_id, f.* FROM whose w JOIN {table} f ON f.contact_id = w.customer_id""",
    "account": """
    SELECT w.customer_id, f.* FROM whose w JOIN {table} f ON f.account_id = w.account_id
    UNION ALL
    SELECT w.customer_id, f.* FROM whose w JOIN contacts p ON p.account_id = w.account_id
    JOIN {table} f ON f.contact_id = p.id AND f.account_id IS NULL""",
}
_TABLES: Mapping[str, str] = {
    f"own_{table}": table
    for table in ("orders", "invoices", "payments", "interactions", "subscriptions")
}
_DERIVED: Mapping[str, str] = {
    # Orders that count. Where a connection has no orders, interactions of the kind “order” are them.
    "counted_orders": """
    SELECT customer_id, connection_id, external_id, amount_minor, currency,
        CAST(ordered_at AT TIME ZONE :zone AS date) AS day
    FROM own_orders
    WHERE lower(coalesce(state, '')) <> ALL(CAST(:left_out AS text[]))
        AND connection_id <> ALL(CAST(:without AS uuid[]))
    UNION ALL
    SELECT customer_id, connection_id, external_id, amount_minor, currency,
        CAST(occurred_at AT TIME ZONE :zone AS date)
    FROM own_interactions
    WHERE kind = 'order' AND lower(coalesce(outcome, '')) <> ALL(CAST(:left_out AS text[]))
        AND connection_id <> ALL(CAST(:without AS uuid[]))
        AND connection_id = ANY(CAST(:told AS uuid[])) AND cardinality(CAST(:told AS uuid[])) > 0""",
    # Invoices that were posted; a credit note is one with a negative amount.
    "posted_invoices": """
    SELECT customer_id, connection_id, external_id, amount_minor, currency, issued_on AS day
    FROM own_invoices
    WHERE state IN ('open', 'paid') AND connection_id <> ALL(CAST(:without AS uuid[]))""",
    # Money that went back for a posted invoice, where the connection has no credit notes.
    "refunds": """
    SELECT p.customer_id, p.connection_id, p.external_id, p.amount_minor, p.currency,
        CAST(p.paid_at AT TIME ZONE :zone AS date) AS day
    FROM own_payments p JOIN invoices i ON i.connection_id = p.connection_id
        AND i.external_id = p.invoice_external_id AND i.state IN ('open', 'paid')
    WHERE p.amount_minor < 0 AND p.connection_id <> ALL(CAST(:without AS uuid[]))
        AND p.connection_id <> ALL(CAST(:credited AS uuid[]))""",
    # Each sale once: of a connection that has posted invoices those, of any other its orders.
    "sales": """
    SELECT * FROM posted_invoices
    UNION ALL
    SELECT * FROM refunds
    UNION ALL
    SELECT customer_id, connection_id, external_id, amount_minor, currency, day
    FROM counted_orders
    WHERE amount_minor IS NOT NULL AND connection_id <> ALL(CAST(:invoiced AS uuid[]))""",
    # Contacts of service: interactions of the kinds that are named.
    "service_contacts": """
    SELECT customer_id, lower(coalesce(channel, '')) AS channel,
        greatest(coalesce(duration_seconds, 0), 0) AS seconds,
        CAST(occurred_at AT TIME ZONE :zone AS date) AS day
    FROM own_interactions WHERE kind = ANY(CAST(:kinds AS text[]))""",
    # Subscriptions and contracts that were bought, so no trials.
    "contracts": f"""
    SELECT customer_id, id, state, started_on, renews_on, "interval" AS every,
        CASE WHEN state = 'ended' THEN coalesce(ended_on, renews_on) ELSE ended_on END AS ended_on
    FROM own_subscriptions WHERE state <> 'trial' AND started_on >= {_BELIEVED}""",
    # When a customer was one: each order and invoice, and each contract from its first to its last day.
    "relations": f"""
    SELECT customer_id, day AS first_on, day AS last_on, false AS is_contract FROM counted_orders
    WHERE day >= {_BELIEVED}
    UNION ALL
    SELECT customer_id, day, day, false FROM posted_invoices WHERE day >= {_BELIEVED}
    UNION ALL
    SELECT customer_id, started_on, ended_on, true FROM contracts""",
}
RELATIONS: Mapping[str, str] = MappingProxyType(dict(_DERIVED))
"""What is declared over the facts, by name."""


def _used(sql: str) -> list[str]:
    """The relations a text needs, each after those it needs itself."""
    found: list[str] = []
    for name in re.findall(r"\b(?:FROM|JOIN) (\w+)", sql):
        if name in found or (name not in _DERIVED and name not in _TABLES):
            continue
        if name in _DERIVED:
            found += [each for each in _used(_DERIVED[name]) if each not in found]
        found.append(name)
    return found


def prelude(sql: str, entity: str) -> str:
    """The common table expressions a measure's SQL needs, for contacts or for accounts."""
    parts = [_WHOSE[entity]]
    for name in _used(sql):
        if name in _DERIVED:
            body = _DERIVED[name]
        else:
            body = _OWNED[entity].format(table=_TABLES[name])
        parts.append(f"\n{name} AS ({body}\n)")
    return "WITH RECURSIVE" + ",".join(parts)
