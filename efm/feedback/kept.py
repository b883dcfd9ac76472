"""A small memory for what may be a moment old."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

KEPT = 1000

Key = TypeVar("Key")
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """A small memory: each thing for `seconds`, the oldest forgotten first.

    A thing that has just grown old is found again by one caller, while the others are given the old
    one: otherwise all threads of a busy process would look for it at once, and all who wait for
    them wait long. So nothing given is older than twice `seconds`.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._things: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def get(self, key: Key, find: Callable[[], Value | None]) -> Value | None:
        """The thing: remembered, or what `find` gives. None is not remembered, nor is an error."""
        found = self._things.get(key)
        now = time.monotonic()
        if found is not None:
            until, thing = found
            if now <= until:
                return thing
            if now <= until + self._seconds:
                # It is set before anything else runs in this thread, so that few look at once.
                self._things[key] = (until + self._seconds, thing)
        try:
            made = find()
        except BaseException:
            self._things.pop(key, None)
            raise
        if made is None or self._seconds <= 0:
            self._things.pop(key, None)
        else:
            self._things[key] = (now + self._seconds, made)
            while len(self._things) > KEPT:
                self._things.popitem(last=False)
        return made
