"""Embedded data, contact fields and draws of a QSF as data fields and calculated values of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import combinations
from math import comb

from surveys.formats.naming import Keys
from surveys.formats.qsf.conditions import first_given
from surveys.formats.qsf.parts import Document, Unknown
from surveys.parts import Logic
from surveys.strings import tidy

MOST_FIELDS = 190
_MOST_DRAWN = 200
_LONGEST_WAY = 300
_INTEGER = re.compile(r"(-?\d{1,9}):(-?\d{1,9})")
_CONTACT = {
    "firstname": "first_name",
    "lastname": "last_name",
    "email": "email",
    "email1": "email",
    "recipientemail": "email",
    "recipientfirstname": "first_name",
    "recipientlastname": "last_name",
    "externaldatareference": "external_id",
    "phone": "phone",
    "language": "language",
}
_PIPED = re.compile(r"\$\w?\{")


@dataclass
class _Set:
    """One place in the flow at which a field gets a value; ``key`` is the question that holds it."""

    number: int
    value: object
    is_free: bool
    key: str = ""


@dataclass
class Fields:
    """All values beside the answers. ``documents`` are the data fields by their name in the file."""

    keys: Keys = field(default_factory=Keys)
    documents: dict[object, Document] = field(default_factory=dict)
    sets: dict[str, list[_Set]] = field(default_factory=dict)
    used: set[object] = field(default_factory=set)
    _outside: set[str] = field(default_factory=set)

    def note(self, name: str, value: object, number: int, *, is_free: bool) -> None:
        """A field stands in the flow; ``is_free`` where no branch and no draw leads there."""
        held = self.sets.setdefault(name, [])
        if value is not None:
            held.append(_Set(number, value, is_free))

    def from_outside(self, name: str) -> None:
        """A web service would give the field its value."""
        self._outside.add(name)

    def constant(self, name: str) -> str | None:
        """The value of a field that has one and the same from the beginning on."""
        held = self.sets.get(name, [])
        if len(held) != 1 or not held[0].is_free or name in self._outside:
            return None
        value = held[0].value
        text = tidy(str(value)[:2000]) if isinstance(value, str | int | float) else ""
        return None if _PIPED.search(text) else text

    def declare_all(self) -> None:
        """A data field for each field of the flow that is known from the link or always the same."""
        for name in self.sets:
            value = self.constant(name)
            if value is not None:
                given: Document = {"source": "value", "value": {"cat": [value[:2000]]}}
                self._add(name, name, {**given, "name": name[:200]})
            elif not self.sets[name]:
                self._link(name)

    def calculated(self, name: str, number: int, key: str) -> None:
        """The value set at this place is held by a question with this key."""
        for each in self.sets.get(name, []):
            if each.number == number:
                each.key = key

    def value(self, name: str, number: int) -> Logic:
        """What a field comes to at a place in the flow."""
        paths = self.paths(name, number)
        if paths == ["_language"]:
            return {"upper": [{"var": "_language"}]}
        return first_given([{"var": path} for path in paths])

    def paths(self, name: str, number: int) -> list[str]:
        """Where the value of a field may be found at a place in the flow, the latest first."""
        if name in self._outside:
            raise Unknown(f"A web service gives {name} its value, and none is called here.")
        if name == "Q_Language":
            return ["_language"]
        paths = [
            each.key
            for each in reversed(self.sets.get(name, []))
            if each.key and each.number < number
        ]
        if self.constant(name) is None or name not in self.documents:
            self._link(name)
        self.used.add(name)
        if self._is_always_set(name, number):
            return paths[:1]
        return [*paths, f"_data.{self.documents[name]['key']}"]

    def _is_always_set(self, name: str, number: int) -> bool:
        """Whether the latest place before this one is passed by everybody."""
        before = [each for each in self.sets.get(name, []) if each.key and each.number < number]
        return bool(before) and before[-1].is_free

    def _link(self, name: str) -> None:
        self._add(name, name, {"source": "link", "name": name[:200]})

    def contact(self, name: str) -> str:
        """The path of a field of the contact list."""
        known = _CONTACT.get(name.lower())
        if known is None:
            raise Unknown(f"The contact field {name} is not known here.")
        self._add(("contact", known), known, {"source": "contact", "name": known})
        self.used.add(("contact", known))
        return f"_data.{self.documents['contact', known]['key']}"

    def subset(self, ids: list[str], show: int) -> dict[str, Logic] | None:
        """When each of the ids is among so many drawn of them; None where there are too many ways."""
        if not 0 < show < len(ids) or len(ids) > 200 or comb(len(ids), show) > _MOST_DRAWN:
            return None
        ways = [f"|{'|'.join(map(str, way))}|" for way in combinations(range(len(ids)), show)]
        if max(map(len, ways)) > _LONGEST_WAY:
            return None
        try:
            path = self._draw(ways)
        except Unknown:
            return None
        return {each: {"contains": [{"var": path}, f"|{n}|"]} for n, each in enumerate(ids)}

    def random(self, path: str) -> str:
        """The path of a whole number drawn from a range, such as ``int/1:6``."""
        found = _INTEGER.fullmatch(path.removeprefix("int/"))
        if not path.startswith("int/") or found is None:
            raise Unknown("Only whole numbers are drawn here.")
        low, high = sorted((int(found[1]), int(found[2])))
        size = high - low + 1
        if size <= _MOST_DRAWN:
            return self._draw([str(low + each) for each in range(size)])
        # Digits to the base of a hundred, drawn one by one, reach every number of a larger range.
        digits: list[Logic] = []
        while size > 100 ** len(digits):
            drawn = self._draw([str(each) for each in range(100)])
            digits.append({"*": [100 ** len(digits), {"var": drawn}]})
        value: Logic = {"+": [low, {"%": [{"+": digits}, size]}]}
        return self._random({"source": "value", "value": value})

    def _draw(self, choices: list[str]) -> str:
        return self._random({"source": "random", "choices": choices})

    def _random(self, document: Document) -> str:
        name = ("random", len(self.documents))
        if len(self.used) >= MOST_FIELDS:
            raise Unknown("There is no room for more embedded fields.")
        self._add(name, f"random_{len(self.documents)}", document)
        self.used.add(name)
        return f"_data.{self.documents[name]['key']}"

    def _add(self, name: object, title: str, document: Document) -> None:
        if name not in self.documents:
            self.documents[name] = {"key": self.keys.key(str(name), title, "field"), **document}

    def written(self) -> tuple[list[Document], int]:
        """The data fields, those that are used first kept, and how many are left out."""
        left = max(0, len(self.documents) - MOST_FIELDS)
        spare = [name for name in self.documents if name not in self.used]
        gone = set(spare[len(spare) - left :]) if left else set()
        kept = [document for name, document in self.documents.items() if name not in gone]
        return kept[:MOST_FIELDS], len(self.documents) - len(kept[:MOST_FIELDS])
