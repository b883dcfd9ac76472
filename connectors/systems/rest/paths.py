"""Paths into JSON: `data.items[*].review`, `results[0]`, `things.*`, `$['@total']`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(
    r"""\[\s*(?P<every>\*)\s*\]        # [*]
      | \[\s*(?P<index>\d{1,6})\s*\]   # [0]
      | \[\s*(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\s*\]
      | (?:^|\.)(?P<any>\*)(?=\.|\[|$) # .*
      | (?:^|\.)(?P<name>[^.\[\]*]+)""",
    re.VERBOSE,
)
_EVERY = object()


class Missing(Exception):
    """A path leads nowhere; `names` are those that were there instead."""

    def __init__(self, step: str, names: tuple[str, ...]) -> None:
        super().__init__(step)
        self.step, self.names = step, names


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path; the empty one is the whole document."""

    text: str
    steps: tuple[Any, ...]

    @classmethod
    def parse(cls, text: str) -> Path:
        """The path of that text. Raises ValueError saying how paths are written."""
        rest, steps, at = text.strip().removeprefix("$"), [], 0
        while at < len(rest):
            found = _STEP.match(rest, at)
            if found is None or found.end() == at:
                raise ValueError(f"“{text}” is no path; write it like data.items or data[*].item")
            if found["every"] or found["any"]:
                steps.append(_EVERY)
            elif found["index"]:
                steps.append(int(found["index"]))
            else:
                steps.append(found["quoted"] if found["quote"] else found["name"])
            at = found.end()
        return cls(text, tuple(steps))

    def one(self, document: Any) -> Any:
        """What the path leads to, the first of several; None when there is nothing."""
        try:
            return next((value for _, value in self._walk(document, 0, None)), None)
        except Missing:
            return None

    def entries(self, document: Any) -> list[tuple[str | None, Any]]:
        """The entries there, each with its name if it is a member of an object.

        A list at the end of the path is taken apart; one object there is one entry; null is none.
        Raises Missing when the path leads nowhere.
        """
        found: list[tuple[str | None, Any]] = []
        for name, value in self._walk(document, 0, None):
            if isinstance(value, list):
                found.extend((None, each) for each in value)
            elif value is not None:
                found.append((name, value))
        return found

    def _walk(self, here: Any, depth: int, name: str | None) -> Iterator[tuple[str | None, Any]]:
        if depth == len(self.steps):
            yield name, here
            return
        step = self.steps[depth]
        if here is None:
            return
        if step is _EVERY:
            if isinstance(here, Mapping):
                for key, value in here.items():
                    yield from self._walk(value, depth + 1, key)
            elif isinstance(here, list):
                for value in here:
                    yield from self._walk(value, depth + 1, None)
            else:
                raise Missing("*", ())
            return
        if isinstance(step, str) and isinstance(here, Mapping) and step in here:
            yield from self._walk(here[step], depth + 1, None)
        elif isinstance(step, int) and isinstance(here, list):
            if step < len(here):
                yield from self._walk(here[step], depth + 1, None)
        elif isinstance(step, str) and isinstance(here, Mapping) and self.text in here:
            yield None, here[self.text]  # a name with dots in it
        else:
            names = tuple(str(each) for each in here) if isinstance(here, Mapping) else ()
            raise Missing(str(step), names[:20])
