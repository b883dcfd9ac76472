"""Accounts of several sources that are one: the same tax id, or the same web domain and name."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from rapidfuzz.distance import JaroWinkler
from sqlalchemy import text
from sqlalchemy.orm import Session

from efm.customers import names
from efm.customers.matches import Found
from efm.customers.merging import Pair
from efm.customers.rules import Rules

LIKE = 0.9
# More accounts with one key are a group of companies or a mistake, not one company.
MOST_WITH_A_KEY = 20
_READ = text(
    "SELECT a.id, a.name, a.domain, a.attributes, array_agg(i.connection_id) AS sources"
    " FROM accounts a JOIN identities i ON i.account_id = a.id WHERE a.merged_into_id IS NULL"
    " GROUP BY a.organization_id, a.id ORDER BY a.id"
)


@dataclass
class Company:
    """What tells an account from others."""

    id: uuid.UUID
    name: str
    domain: str
    tax_id: str
    sources: set[uuid.UUID] = field(default_factory=set)


def domain_of(value: str | None, declared: Rules) -> str:
    """A web domain as a key; nothing for one that gives mailboxes to anybody."""
    found = (value or "").lower().strip().removeprefix("www.").rstrip(".")
    return "" if found in declared.free_mail else found


def read(session: Session, declared: Rules) -> list[Company]:
    """All accounts, those known longest first."""
    return [
        Company(
            row.id, names.company(row.name), domain_of(row.domain, declared),
            names.plain(declared.attribute("tax_id", row.attributes) or "").replace(" ", ""),
            set(row.sources),
        )
        for row in session.execute(_READ)
    ]  # fmt: skip


def _alike(one: str, other: str) -> bool:
    if one == other or one.startswith(other + " ") or other.startswith(one + " "):
        return True
    return JaroWinkler.similarity(one, other) >= LIKE


def _judge(one: Company, other: Company) -> tuple[str, list[str]]:
    """By which rule two are one (nothing: a person says), and what speaks for and against it."""
    same_tax = bool(one.tax_id) and one.tax_id == other.tax_id
    same_domain = bool(one.domain) and one.domain == other.domain
    alike = round(100 * JaroWinkler.similarity(one.name, other.name))
    is_alike = _alike(one.name, other.name)
    reasons = [
        word
        for word, holds in (
            ("same tax id", same_tax),
            ("same web domain", same_domain),
            ("same name", one.name == other.name),
            (f"names {alike} % alike", one.name != other.name and is_alike),
            (f"other name ({alike} % alike)", not is_alike),
            ("other tax id", bool(one.tax_id and other.tax_id) and not same_tax),
            ("other web domain", bool(one.domain and other.domain) and not same_domain),
            ("one source has them as two", bool(one.sources & other.sources)),
        )
        if holds
    ]
    is_sure = not one.sources & other.sources and "other tax id" not in reasons
    if is_sure and same_tax and "other web domain" not in reasons:
        return "tax_id", reasons
    return ("domain" if is_sure and same_domain and is_alike else ""), reasons


def _is_namesake(reasons: Sequence[str]) -> bool:
    """Whether nothing but the name speaks for them, and something against."""
    for_it = any(each in reasons for each in ("same tax id", "same web domain"))
    against = any(
        each in reasons
        for each in ("other tax id", "other web domain", "one source has them as two")
    )
    return against and not for_it


def _meeting(known: Sequence[Company]) -> Iterable[tuple[int, int]]:
    """Pairs that share a tax id, a domain or a name."""
    found: set[tuple[int, int]] = set()
    for key in ("tax_id", "domain", "name"):
        places: dict[str, list[int]] = {}
        for place, each in enumerate(known):
            if value := getattr(each, key):
                places.setdefault(value, []).append(place)
        for together in places.values():
            if 2 <= len(together) <= MOST_WITH_A_KEY:
                found.update(combinations(together, 2))
    return sorted(found)


def decide(
    known: Sequence[Company], apart: Iterable[tuple[uuid.UUID, uuid.UUID]]
) -> tuple[list[Pair], list[Found]]:
    """What to merge, each into the account known longest, and what to ask."""
    refused = {frozenset(each) for each in apart}
    head = list(range(len(known)))
    held = {place: {place} for place in head}
    pairs: dict[int, tuple[str, list[str]]] = {}
    asked: list[tuple[int, int, list[str]]] = []
    for one, other in _meeting(known):
        first, second = sorted((head[one], head[other]))
        if first == second:
            continue
        rule, reasons = _judge(known[one], known[other])
        mine, theirs = held[first], held[second]
        if any(frozenset((known[a].id, known[b].id)) in refused for a in mine for b in theirs):
            continue
        sources = set().union(*(known[each].sources for each in mine))
        if _is_namesake(reasons):
            continue
        if not rule or any(sources & known[each].sources for each in theirs):
            asked.append((one, other, reasons))
            continue
        for each in theirs:
            head[each] = first
            pairs.setdefault(each, (rule, reasons))
        held[first] = mine | held.pop(second)
    merges = [
        Pair(known[head[place]].id, known[place].id, rule, reasons)
        for place, (rule, reasons) in sorted(pairs.items())
    ]
    return merges, [
        Found(
            known[head[one]].id, known[head[other]].id,
            "conflict" if any("other" in each or "two" in each for each in reasons) else "likely",
            0.5, reasons,
        )
        for one, other, reasons in asked
        if head[one] != head[other]
    ]  # fmt: skip
