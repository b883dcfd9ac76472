"""Sums written into texts of a QSF, such as ``$e{ e://Field/Score + 1 }``, as expressions of ours."""

from __future__ import annotations

import re
from collections.abc import Callable

from surveys.formats.qsf.parts import Unknown
from surveys.parts import Logic

_TOKEN = re.compile(
    r"\s*(?:(\d+(?:\.\d+)?)|([a-z]{1,3}://[^\s+*/^(),]+(?:/[^\s+*/^(),]+)*)|(round)|(.))"
)
_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}
_LONGEST = 500
_DEEPEST = 20


def summed(text: str, value_of: Callable[[str], Logic]) -> Logic:
    """The value of a sum; ``value_of`` is asked for what is piped in. Raises Unknown."""
    if len(text) > _LONGEST:
        raise Unknown("This sum is too long to be read.")
    reader = _Sum(text, value_of)
    found = reader.sum(0, 0)
    if reader.next:
        raise Unknown("This sum cannot be read.")
    return found


class _Sum:
    """One sum being read, from the left to the right."""

    def __init__(self, text: str, value_of: Callable[[str], Logic]) -> None:
        self._tokens = _TOKEN.finditer(text.strip())
        self._value_of = value_of
        self._found: re.Match[str] | None = None
        self.next = ""
        self._step()

    def _step(self) -> None:
        self._found = next(self._tokens, None)
        self.next = self._found[0].strip() if self._found else ""

    def sum(self, binds: int, depth: int) -> Logic:
        """A sum of what binds more tightly than this."""
        if depth > _DEEPEST:
            raise Unknown("This sum nests too deeply.")
        left = self._part(depth)
        while (sign := self.next) in _BINDS and _BINDS[sign] > binds:
            self._step()
            right = self.sum(_BINDS[sign] - (sign == "^"), depth + 1)
            left = {"power" if sign == "^" else sign: [left, right]}
        return left

    def _part(self, depth: int) -> Logic:
        found = self._found
        if found is None:
            raise Unknown("This sum breaks off.")
        self._step()
        if found[1]:
            return float(found[1]) if "." in found[1] else int(found[1])
        if found[2]:
            # Numbers are added, whatever they were written as.
            return {"+": [self._value_of(found[2])]}
        if found[3]:
            return self._round(depth)
        if found[4] == "-":
            return {"-": [self._part(depth + 1)]}
        if found[4] != "(":
            raise Unknown("This sum cannot be read.")
        inside = self.sum(0, depth + 1)
        self._close()
        return inside

    def _round(self, depth: int) -> Logic:
        if self.next != "(":
            raise Unknown("This sum cannot be read.")
        self._step()
        rounded: list[Logic] = [self.sum(0, depth + 1)]
        if self.next == ",":
            self._step()
            rounded.append(self.sum(0, depth + 1))
        self._close()
        return {"round": rounded}

    def _close(self) -> None:
        if self.next != ")":
            raise Unknown("A bracket of this sum is not closed.")
        self._step()
