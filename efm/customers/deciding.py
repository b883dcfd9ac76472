"""Which pairs are joined without asking, which wait for a person, and why, in words.

By rule first (the same personal e-mail, phone or id, with names that agree), then by likelihood.
Whatever contradicts itself is never joined: it waits with its reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz.distance import JaroWinkler

from efm.customers import names
from efm.customers.blocking import candidates, slices
from efm.customers.comparable import MISSING, Coded, Numbers, People
from efm.customers.comparing import (
    NEAR,
    NOT_KNOWN,
    OTHER,
    PARTLY,
    SAME,
    Bits,
    Compared,
    Flags,
    Levels,
    compare,
    likelihood,
)
from efm.customers.groups import Groups
from efm.customers.rules import Rules

AT_ONCE = 500_000
RULES = ("", "person_id", "email", "phone", "likeness")
_SAID = {
    ("email", SAME): "same e-mail", ("email", NEAR): "e-mails one letter apart",
    ("email", PARTLY): "e-mails two letters apart", ("email", OTHER): "other e-mail",
    ("phone", SAME): "same phone", ("phone", NEAR): "phones one digit apart",
    ("phone", PARTLY): "phones two digits apart", ("phone", OTHER): "other phone",
    ("birth", SAME): "same birthday", ("birth", NEAR): "birthdays one digit apart",
    ("birth", PARTLY): "birthdays two digits apart", ("birth", OTHER): "other birthday",
    ("person_id", SAME): "same personal number", ("person_id", OTHER): "other personal number",
    ("person_id", NEAR): "personal numbers one digit apart",
    ("person_id", PARTLY): "personal numbers two digits apart",
    ("address", SAME): "same address", ("address", NEAR): "almost the same address",
    ("address", PARTLY): "same town", ("address", OTHER): "other address",
}  # fmt: skip


@dataclass(frozen=True)
class Edge:
    """Two contacts, by their numbers, that are joined or may be."""

    one: int
    other: int
    rule: str
    likelihood: float
    reasons: tuple[str, ...]


@dataclass
class Decided:
    """`joined` makes groups of contacts; `asked` waits, each with whether it is in conflict.

    `members` has each contact that is not the head of its group, its head, and what joined it.
    """

    joined: list[Edge] = field(default_factory=list)
    asked: list[tuple[Edge, bool]] = field(default_factory=list)
    members: list[tuple[int, int, Edge]] = field(default_factory=list)
    head_of: Callable[[int], int] = field(default=lambda contact: contact)
    compared: int = 0
    passed_over: int = 0


@dataclass
class _Chosen:
    """Pairs worth a word, of all parts."""

    left: list[Numbers] = field(default_factory=list)
    right: list[Numbers] = field(default_factory=list)
    rule: list[Numbers] = field(default_factory=list)
    conflict: list[Flags] = field(default_factory=list)
    likely: list[Bits] = field(default_factory=list)
    levels: list[Levels] = field(default_factory=list)


def decide(
    people: People, rules: Rules, apart: frozenset[tuple[int, int]] = frozenset()
) -> Decided:
    """Decide over all; `apart` are contacts of which somebody said that they are not the same."""
    found = candidates(people, rules)
    chosen = _Chosen()
    shared = {
        "email": _shared(people, people.email, rules) | _roles(people, rules),
        "phone": _shared(people, people.phone, rules),
    }
    for part in slices(len(found.left), AT_ONCE):
        _choose(people, rules, found.left[part], found.right[part], shared, chosen)
    made = Decided(compared=len(found.left), passed_over=found.passed_over)
    _gather(people, chosen, apart, made)
    return made


def _shared(people: People, column: Coded, rules: Rules) -> Flags:
    """By value, whether more contacts have it than a thing of one's own has."""
    pairs = np.unique(np.stack([column.codes, people.contact]), axis=1)
    codes = pairs[0][pairs[0] >= 0]
    found: Flags = np.bincount(codes, minlength=len(column.values)) > rules.shared_by
    return found


def _roles(people: People, rules: Rules) -> Flags:
    return np.array([rules.is_role(each) for each in people.email.values], np.bool_)


def _choose(
    people: People,
    rules: Rules,
    left: Numbers,
    right: Numbers,
    shared: dict[str, Flags],
    chosen: _Chosen,
) -> None:
    """Keep of a part of the candidates those that are joined or asked."""
    seen = compare(people, left, right)
    likely = likelihood(seen.bits, len(people))
    rule, conflict, asked = _judge(people, rules, (left, right), seen, likely, shared)
    at = np.flatnonzero((rule > 0) | conflict | asked)
    chosen.left.append(left[at])
    chosen.right.append(right[at])
    chosen.rule.append(rule[at])
    chosen.conflict.append(conflict[at])
    chosen.likely.append(likely[at])
    chosen.levels.append(np.stack([seen.levels[each][at] for each in seen.levels]))


def _judge(
    people: People,
    rules: Rules,
    pair: tuple[Numbers, Numbers],
    seen: Compared,
    likely: Bits,
    shared: dict[str, Flags],
) -> tuple[Numbers, Flags, Flags]:
    """By which rule pairs are joined (0: none), which are in conflict, which are asked."""
    left, right = pair
    level = seen.levels
    given, family = level["given"], level["family"]
    keyed = (level["email"] == SAME) | (level["phone"] == SAME) | (level["person_id"] == SAME)
    is_alike = _short_names(people, pair, keyed & ((given == OTHER) | (family == OTHER)))
    fits = ((given != OTHER) & (family != OTHER)) | is_alike
    agrees = (np.isin(given, (SAME, NEAR)) & np.isin(family, (SAME, NEAR))) | is_alike
    steady = (level["birth"] != OTHER) & (level["person_id"] != OTHER)
    is_own_email = (level["email"] == SAME) & ~_at(shared["email"], people.email.codes[left])
    is_own_phone = (level["phone"] == SAME) & ~_at(shared["phone"], people.phone.codes[left])
    one_email = np.isin(level["email"], (NOT_KNOWN, SAME))
    two_sources = people.source.codes[left] != people.source.codes[right]
    rule = np.zeros(len(left), np.int64)
    near = (SAME, NEAR)
    backed = (
        np.isin(level["birth"], near) | np.isin(level["phone"], near) | (level["address"] == SAME)
    )
    backed |= np.isin(level["person_id"], near) | (level["email"] == SAME)
    sure = (likely >= rules.automatic) & agrees & backed & steady & one_email & two_sources
    rule[sure] = RULES.index("likeness")
    rule[is_own_phone & fits & steady & one_email & two_sources] = RULES.index("phone")
    by_email = (is_own_email & (fits | np.isin(given, near))) | ((level["email"] == SAME) & agrees)
    rule[by_email & steady] = RULES.index("email")
    rule[(level["person_id"] == SAME) & agrees & (level["birth"] != OTHER)] = RULES.index(
        "person_id"
    )
    conflict = (rule == 0) & (is_own_email | (level["person_id"] == SAME) | (is_own_phone & agrees))
    other_name = (given == OTHER) & ~np.isin(level["birth"], near) & (level["person_id"] != SAME)
    asked = (rule == 0) & (likely >= rules.review) & ~other_name
    return rule, conflict, asked


def _at(flags: Flags, codes: Numbers) -> Flags:
    found: Flags = np.append(flags, False)[codes]
    return found


def _short_names(people: People, pair: tuple[Numbers, Numbers], asked: Flags) -> Flags:
    """Whether names of one word, initials and the like agree all the same; only where asked."""
    found: Flags = np.zeros(len(asked), np.bool_)
    values, codes = people.whole.values, people.whole.codes
    for at in np.flatnonzero(asked):
        one, other = codes[pair[0][at]], codes[pair[1][at]]
        if one != MISSING and other != MISSING and 1 in (
            values[one].count(" ") + 1, values[other].count(" ") + 1
        ):  # fmt: skip
            found[at] = names.agreement(values[one], values[other]) in ("same", "alike")
    return found


def _gather(
    people: People, chosen: _Chosen, apart: frozenset[tuple[int, int]], made: Decided
) -> None:
    """Join what may be joined, the surest first; the rest, and what a group refuses, is asked."""
    if not chosen.left:
        return
    left, right = np.concatenate(chosen.left), np.concatenate(chosen.right)
    rule, conflict = np.concatenate(chosen.rule), np.concatenate(chosen.conflict)
    likely, levels = np.concatenate(chosen.likely), np.concatenate(chosen.levels, axis=1)
    groups = Groups(
        people,
        np.unique(people.contact[np.concatenate([left, right])[np.tile(rule > 0, 2)]]),
        apart,
    )
    asked: dict[tuple[int, int], tuple[Edge, bool]] = {}
    order = np.lexsort((-likely, np.where(rule == 0, 9, rule)))
    contacts = people.contact.tolist()
    for at in order.tolist():
        i, j = int(left[at]), int(right[at])
        pair = (min(contacts[i], contacts[j]), max(contacts[i], contacts[j]))
        if groups.are_one(*pair):
            continue
        why = ""
        if rule[at]:
            why = groups.refusal(*pair, is_by_key=RULES[rule[at]] in ("email", "person_id"))
            if not why:
                edge = _edge(people, pair, (i, j), RULES[rule[at]], likely[at], levels[:, at])
                groups.join(*pair)
                made.joined.append(edge)
                continue
        if pair not in asked and pair not in apart:
            edge = _edge(people, pair, (i, j), "", likely[at], levels[:, at], why)
            asked[pair] = (edge, bool(conflict[at]) or bool(why))
    made.asked = [each for pair, each in asked.items() if not groups.are_one(*pair)]
    made.head_of = groups.head
    by: dict[int, Edge] = {}
    for edge in made.joined:
        by.setdefault(edge.one, edge)
        by.setdefault(edge.other, edge)
    made.members = [
        (contact, head, edge)
        for contact, edge in by.items()
        if (head := groups.head(contact)) != contact
    ]


def _edge(
    people: People,
    pair: tuple[int, int],
    rows: tuple[int, int],
    rule: str,
    likely: float,
    levels: Levels,
    why: str = "",
) -> Edge:
    """The pair with its reasons, what speaks for it first."""
    given, family, email, phone, birth, person_id, address = (int(each) for each in levels)
    said = [_names_said(people, rows, given, family)]
    other = []
    for name, level in (
        ("person_id", person_id), ("email", email), ("phone", phone), ("birth", birth),
        ("address", address),
    ):  # fmt: skip
        word = _SAID.get((name, level))
        if word and level == OTHER:
            other.append(word)
        elif word:
            said.insert(0, word) if level == SAME else said.append(word)
    if people.source.codes[rows[0]] == people.source.codes[rows[1]]:
        other.append("two records of one source")
    reasons = [each for each in (*said, *other, why) if each]
    return Edge(*pair, rule, float(likely), tuple(dict.fromkeys(reasons)))


def _names_said(people: People, rows: tuple[int, int], given: int, family: int) -> str:
    one, other = (people.whole.codes[row] for row in rows)
    if MISSING in (one, other):
        return "a name is missing"
    if one == other:
        return "same name"
    first, second = people.whole.values[one], people.whole.values[other]
    alike = round(100 * JaroWinkler.similarity(first, second))
    if given == OTHER:
        return f"other first name ({alike} % alike)"
    return f"other last name ({alike} % alike)" if family == OTHER else f"names {alike} % alike"
