"""How far two records agree, field by field, and how likely they are of one person.

Fellegi and Sunter, "A Theory for Record Linkage" (JASA, 1969): each field adds log2(m / u) bits, where
m is how often records of one person agree so far, and u how often those of two people do. For an equal
value u is how common that value is here, so a rare name says more than a common one. The bits below
are for records as sources keep them (some fields empty, a tenth mistyped); they are not fitted to one
organization, so nobody's figures change when a customer is added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from efm.customers.comparable import MISSING, Coded, Numbers, People

Levels = npt.NDArray[np.int8]
Bits = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Shares = npt.NDArray[np.float32]
NOT_KNOWN, SAME, NEAR, PARTLY, OTHER = range(5)
FIELDS = ("given", "family", "email", "phone", "birth", "person_id", "address")
# Bits for NEAR, PARTLY and OTHER; and the most that SAME may add.
WEIGHTS: Mapping[str, tuple[float, float, float, float]] = {
    "given": (4.0, 2.0, -5.0, 9.0),
    "family": (5.0, 2.0, -5.0, 13.0),
    "email": (8.0, 6.0, -1.5, 20.0),
    "phone": (5.0, 1.0, -1.0, 18.0),
    "birth": (8.0, 3.0, -6.0, 14.0),
    "person_id": (12.0, 6.0, -5.0, 20.0),
    "address": (11.0, 6.0, -2.0, 17.0),
}
AGREE = 0.85
_DIGITS = re.compile(r"\D")
# A source seldom has a person twice.
ONE_SOURCE = -6.0


@dataclass(frozen=True)
class Compared:
    """Pairs with the level of each field, whether the names are swapped, and the bits in all."""

    levels: Mapping[str, Levels]
    is_swapped: Flags
    bits: Bits


def _likeness(column: Coded, one: Numbers, other: Numbers) -> Shares:
    """Jaro-Winkler of values by their codes; 1 for equal ones, 0 where one is missing."""
    found: Shares = (one == other).astype(np.float32)
    found[(one < 0) | (other < 0)] = 0
    at = np.flatnonzero((one != other) & (one >= 0) & (other >= 0))
    if len(at):
        values = np.asarray(column.values, object)
        found[at] = cpdist(
            values[one[at]], values[other[at]], scorer=JaroWinkler.similarity, dtype=np.float32
        )
    return found


def _edits(column: Coded, one: Numbers, other: Numbers) -> npt.NDArray[np.int32]:
    """Edits and swaps of neighbours between values that are both there; 99 elsewhere."""
    found = np.full(len(one), 99, np.int32)
    at = np.flatnonzero((one >= 0) & (other >= 0))
    if len(at):
        values = np.asarray(column.values, object)
        found[at] = cpdist(
            values[one[at]], values[other[at]], scorer=OSA.distance, score_cutoff=3, dtype=np.int32
        )
    return found


def _levels(one: Numbers, other: Numbers, is_near: Flags, is_partly: Flags | None = None) -> Levels:
    levels = np.full(len(one), OTHER, np.int8)
    if is_partly is not None:
        levels[is_partly] = PARTLY
    levels[is_near] = NEAR
    levels[one == other] = SAME
    levels[(one < 0) | (other < 0)] = NOT_KNOWN
    return levels


def _bits(name: str, column: Coded | None, one: Numbers, levels: Levels) -> Bits:
    """What a field adds."""
    near, partly, other, most = WEIGHTS[name]
    table = np.array([0.0, most, near, partly, other])
    found: Bits = table[levels]
    if column is not None and len(column.values):
        share = np.maximum(column.counts - 1, 1) / max(int(column.counts.sum()), 1)
        by_value = np.minimum(most, np.log2(0.85 / share))
        at = levels == SAME
        found[at] = np.maximum(by_value[one[at]], near)
    return found


def _name(column: Coded, one: Numbers, other: Numbers) -> Levels:
    """A word of a name: near when nearly so written, partly when it is an initial or the like."""
    like = _likeness(column, one, other)
    firsts = np.append(Coded.of(each[:1] for each in column.values).codes, MISSING)
    lengths = np.array([len(each) for each in column.values] or [0])
    is_short = np.minimum(lengths[one], lengths[other]) == 1
    is_partly = is_short & (firsts[one] == firsts[other]) | (like >= 0.75)
    return _levels(one, other, like >= AGREE, is_partly)


def compare(people: People, left: Numbers, right: Numbers) -> Compared:
    """Compare pairs of rows."""
    levels: dict[str, Levels] = {}
    total: Bits = np.zeros(len(left))
    for name, column in (("given", people.given), ("family", people.family)):
        one, other = column.codes[left], column.codes[right]
        levels[name] = _name(column, one, other)
    is_swapped = _swapped(people, left, right)
    for name in ("given", "family"):
        levels[name][is_swapped] = NEAR
        column = getattr(people, name)
        total += _bits(name, column, column.codes[left], levels[name])
    one_source = people.source.codes[left] == people.source.codes[right]
    for name in ("email", "phone", "birth", "person_id"):
        column = getattr(people, name)
        one, other = column.codes[left], column.codes[right]
        apart = _edits(column, one, other)
        if name == "email":  # dora.1@ and dora.2@ are two mailboxes and no slip.
            digits = np.append(Coded.of(_DIGITS.sub("", v) for v in column.values).codes, MISSING)
            apart[digits[one] != digits[other]] = 99
        if name == "phone":  # Within one source neighbouring numbers are neighbours.
            apart[one_source] = 99
        levels[name] = _levels(one, other, apart <= 1, apart <= 2)
        total += _bits(name, column, one, levels[name])
    levels["address"], bits = _address(people, left, right)
    return Compared(levels, is_swapped, total + bits + np.where(one_source, ONE_SOURCE, 0.0))


def _swapped(people: People, left: Numbers, right: Numbers) -> Flags:
    """Whether one record has first and last name the other way round."""
    one, other = people.whole.codes[left], people.whole.codes[right]
    same: Flags = (one == other) & (one >= 0)
    same &= people.given.codes[left] != people.given.codes[right]
    return same


def _address(people: People, left: Numbers, right: Numbers) -> tuple[Levels, Bits]:
    """Street, town and postal code together, since they go together: one household shares them all."""
    street = people.street.codes[left], people.street.codes[right]
    postal = people.postal.codes[left], people.postal.codes[right]
    city = people.city.codes[left], people.city.codes[right]
    same_street = _likeness(people.street, *street) >= 0.9
    same_postal = (postal[0] == postal[1]) & (postal[0] >= 0)
    near_postal = same_postal | (_edits(people.postal, *postal) <= 1)
    same_city = _likeness(people.city, *city) >= 0.9
    levels: Levels = np.full(len(left), OTHER, np.int8)
    levels[same_postal | same_city] = PARTLY
    levels[(same_postal & same_city) | same_street] = NEAR
    levels[same_street & (near_postal | same_city)] = SAME
    nothing = ((street[0] < 0) | (street[1] < 0)) & ((postal[0] < 0) | (postal[1] < 0))
    nothing &= (city[0] < 0) | (city[1] < 0)
    levels[nothing] = NOT_KNOWN
    near, partly, other, most = WEIGHTS["address"]
    found: Bits = np.array([0.0, most, near, partly, other])[levels]
    # A small place says more than a big one.
    for column, codes, is_same in (
        (people.city, city[0], (levels == PARTLY) & ~same_postal),
        (people.postal, postal[0], (levels == PARTLY) & same_postal),
        (people.postal, postal[0], (levels == NEAR) & ~same_street),
    ):
        if len(column.values):
            share = column.counts / max(int(column.counts.sum()), 1)
            found[is_same] = np.minimum(near, np.log2(0.85 / share))[codes[is_same]]
    return levels, found


def likelihood(bits: Bits, n: int) -> Bits:
    """How likely pairs are of one person among n records, of which each has about one other."""
    found: Bits = 1.0 / (1.0 + np.exp2(np.clip(np.log2(max(n, 2)) - bits, -60, 60)))
    return found
