"""How much processor time the comments of one response may take together."""

from collections.abc import Callable
from typing import Final

RESPONSE_SECONDS: Final = 0.050


class Budget:
    """Time shared by the comments of one response; only time inside `with budget:` is counted.

    The engine has no clock, so the caller gives one: `time.thread_time` counts the processor time
    of this thread alone, in seconds.
    """

    def __init__(self, clock: Callable[[], float], seconds: float = RESPONSE_SECONDS) -> None:
        self.seconds = seconds
        self._clock = clock
        self._spent = 0.0
        self._since: float | None = None

    def __enter__(self) -> "Budget":
        self._since = self._clock()
        return self

    def __exit__(self, *_: object) -> None:
        self._spent = self.spent
        self._since = None

    @property
    def spent(self) -> float:
        """Seconds used so far."""
        running = 0.0 if self._since is None else self._clock() - self._since
        return self._spent + running

    @property
    def is_spent(self) -> bool:
        return self.spent >= self.seconds
