"""Names of other tools made into our keys: the same name the same key, no key twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterable

_OTHERS = re.compile(r"[^a-z0-9_]+")
LONGEST = 40


def plain(name: str) -> str:
    """A name in the letters of keys: ``Über Q1.a`` is ``uber_q1_a``; may be empty."""
    ascii_name = unicodedata.normalize("NFKD", name[:400]).encode("ascii", "ignore").decode()
    return _OTHERS.sub("_", ascii_name.lower()).strip("_")[:LONGEST].strip("_")


class Keys:
    """Gives out keys within one namespace; ``reserved`` ones are never given."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = set(reserved)
        self._given: dict[Hashable, str] = {}

    def key(self, source: Hashable, name: str = "", otherwise: str = "q") -> str:
        """The key of a source's id: the one given before, else a new one after ``name``."""
        if source in self._given:
            return self._given[source]
        wanted = plain(name) or plain(str(source)) or otherwise
        if wanted.startswith("_"):
            wanted = f"{otherwise}{wanted}"[:LONGEST]
        made, number = wanted, 1
        while made in self._taken:
            number += 1
            ending = f"_{number}"
            made = wanted[: LONGEST - len(ending)] + ending
        self._taken.add(made)
        self._given[source] = made
        return made

    def known(self, source: Hashable) -> str | None:
        """The key given for a source's id, None when there is none."""
        return self._given.get(source)
