"""A small memory for what may be a moment old."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Generic, TypeVar

KEPT = 1000

Key = TypeVar("Key")
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """A small memory: each thing for `seconds`, the oldest forgotten first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._things: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The thing, while it is fresh."""
        found = self._things.get(key)
        if found is None or found[0] < time.monotonic():
            return None
        return found[1]

    def put(self, key: Key, value: Value) -> None:
        """Remember a thing."""
        if self._seconds <= 0:
            return
        self._things[key] = (time.monotonic() + self._seconds, value)
        while len(self._things) > KEPT:
            self._things.popitem(last=False)
