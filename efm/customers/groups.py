"""Contacts joined into groups, each of one person: a group refuses what contradicts its members."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from rapidfuzz.distance import OSA

from efm.customers.comparable import Coded, Numbers, People


@dataclass
class Member:
    """What a group holds."""

    sources: set[int] = field(default_factory=set)
    emails: set[int] = field(default_factory=set)
    births: set[str] = field(default_factory=set)
    person_ids: set[str] = field(default_factory=set)
    apart: set[int] = field(default_factory=set)


def _contradict(mine: set[str], theirs: set[str]) -> bool:
    """Whether no value of the one can be one of the other, mistyped by one letter."""
    if not mine or not theirs or mine & theirs:
        return False
    return all(OSA.distance(one, other) > 1 for one in mine for other in theirs)


class Groups:
    """Union-find over contacts' numbers. `apart`: pairs of which somebody said they are two."""

    def __init__(
        self, people: People, contacts: Numbers, apart: frozenset[tuple[int, int]]
    ) -> None:
        self._parent: dict[int, int] = {}
        self._held: dict[int, Member] = {int(each): Member() for each in contacts}
        rows = np.flatnonzero(np.isin(people.contact, contacts))
        of = people.contact[rows].tolist()
        self._take(of, rows, people.source, "sources")
        self._take(of, rows, people.email, "emails")
        self._take(of, rows, people.birth, "births")
        self._take(of, rows, people.person_id, "person_ids")
        for one, other in apart:
            for mine, theirs in ((one, other), (other, one)):
                if mine in self._held:
                    self._held[mine].apart.add(theirs)

    def _take(self, of: list[int], rows: Numbers, column: Coded, name: str) -> None:
        values = column.values if name in ("births", "person_ids") else range(len(column.values))
        for contact, code in zip(of, column.codes[rows].tolist(), strict=True):
            if code >= 0:
                getattr(self._held[contact], name).add(values[code])

    def head(self, contact: int) -> int:
        """The contact a group is told by."""
        found = contact
        while (above := self._parent.get(found, found)) != found:
            found = above
        while (above := self._parent.get(contact, contact)) != contact:
            self._parent[contact], contact = found, above
        return found

    def are_one(self, one: int, other: int) -> bool:
        """Whether two are of one group."""
        return self.head(one) == self.head(other)

    def refusal(self, one: int, other: int, *, is_by_key: bool) -> str:
        """Why two groups cannot be one, in words; nothing when they can.

        By a key (the same e-mail) records of one source may be one person: it has him twice.
        """
        mine, theirs = self._held[self.head(one)], self._held[self.head(other)]
        if mine.apart and any(self.are_one(each, other) for each in mine.apart):
            return "somebody said that two of them are not the same"
        if _contradict(mine.births, theirs.births):
            return "another record has another birthday"
        if _contradict(mine.person_ids, theirs.person_ids):
            return "another record has another personal number"
        if is_by_key:
            return ""
        if mine.sources & theirs.sources:
            return "one source has them as two"
        if mine.emails and theirs.emails and not mine.emails & theirs.emails:
            return "other e-mail"
        return ""

    def join(self, one: int, other: int) -> None:
        """Make two groups one; told by the one with the smaller number, which was known first."""
        first, second = sorted((self.head(one), self.head(other)))
        held, more = self._held[first], self._held.pop(second)
        held.sources |= more.sources
        held.emails |= more.emails
        held.births |= more.births
        held.person_ids |= more.person_ids
        held.apart |= more.apart
        self._parent[second] = first
