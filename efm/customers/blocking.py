"""Which records are worth comparing: those that share one of several keys, never all with all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from efm.customers import names
from efm.customers.comparable import MISSING, Coded, Numbers, People
from efm.customers.rules import Rules

# A key that more records share says too little; those pairs are found by a rarer key or not at all.
MOST_IN_A_BLOCK = 40
SHORTEST_LOCAL = 5


@dataclass
class Candidates:
    """Pairs of rows, each once, and how many keys were too common to be followed."""

    left: Numbers
    right: Numbers
    passed_over: int


def _together(*columns: Coded) -> Numbers:
    """One number for the values of several columns; missing where one of them is."""
    codes = columns[0].codes.copy()
    is_missing = codes < 0
    for each in columns[1:]:
        codes = codes * max(len(each.values), 1) + each.codes
        is_missing |= each.codes < 0
        if len(columns) > 2:  # Small again, so that three columns do not overflow.
            _, codes = np.unique(codes, return_inverse=True)
    codes[is_missing] = MISSING
    return codes


def keys(people: People, rules: Rules) -> Iterator[Numbers]:
    """The keys by which records meet."""
    given, family = people.given.derived(names.sound), people.family.derived(names.sound)
    initial = people.given.derived(lambda value: value[:1])
    last_initial = people.family.derived(lambda value: value[:1])

    def local(email: str) -> str:
        if rules.is_role(email):
            return ""
        head = email.partition("@")[0].partition("+")[0].replace(".", "")
        return head if len(head) >= SHORTEST_LOCAL else ""

    yield people.email.codes
    yield people.phone.codes
    yield people.person_id.codes
    yield people.phone.derived(lambda value: value[-7:] if len(value) >= 9 else "").codes
    yield people.email.derived(local).codes
    yield _together(given, family, people.postal)
    yield _together(people.birth, initial)
    yield _together(people.birth, last_initial)
    yield _together(people.postal, people.street)
    yield _together(people.street, initial)
    yield _together(people.street, last_initial)
    yield _together(people.whole, people.city)
    yield _together(people.postal, given)
    yield _together(people.postal, family)
    yield people.whole.codes


def pairs_of(key: Numbers, most: int = MOST_IN_A_BLOCK) -> tuple[Numbers, Numbers, int]:
    """All pairs of rows with the same key, but for keys of more than `most` rows: their number."""
    there = np.flatnonzero(key >= 0)
    order = there[np.argsort(key[there], kind="stable")]
    ordered = key[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(order) else order
    sizes = np.diff(np.append(starts, len(order)))
    is_small = np.repeat(sizes <= most, sizes)
    order, ordered = order[is_small], ordered[is_small]
    left, right = [], []
    for offset in range(1, most):
        same = np.flatnonzero(ordered[offset:] == ordered[:-offset])
        if not len(same):
            break
        left.append(order[same])
        right.append(order[same + offset])
    nothing = np.empty(0, np.int64)
    return (
        np.concatenate(left) if left else nothing,
        np.concatenate(right) if right else nothing,
        int((sizes > most).sum()),
    )


def candidates(people: People, rules: Rules) -> Candidates:
    """The pairs of records of different contacts that share at least one key."""
    n, passed_over = len(people), 0
    found: Numbers = np.empty(0, np.int64)
    for key in keys(people, rules):
        left, right, common = pairs_of(key)
        passed_over += common
        low, high = np.minimum(left, right), np.maximum(left, right)
        is_apart = people.contact[low] != people.contact[high]
        found = _union(found, low[is_apart] * n + high[is_apart])
    return Candidates(found // n if n else found, found % n if n else found, passed_over)


def _union(*parts: Numbers) -> Numbers:
    whole = np.concatenate(parts)
    whole.sort()
    if not len(whole):
        return whole
    kept: Numbers = whole[np.append(True, whole[1:] != whole[:-1])]
    return kept


def slices(n: int, size: int) -> Sequence[slice]:
    """Parts of so many pairs, for bounded memory."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]
