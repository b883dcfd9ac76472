"""What a process of the service does at its start: tie itself to its parent, settle its memory."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
# Python looks for cycles each 700 new objects, which one batch of responses makes by the dozen;
# at these steps it takes a fifth less processor time to store them, for a few MB.
GARBAGE_STEPS = (20_000, 20, 20)


def follow(number: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """What a child calls after its fork so that it gets `number` when its parent ends, however.

    Linux ties this to the thread that starts the child, so elsewhere than in the main thread, and
    on other systems, the answer is None and the child is not tied.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os.kill(os.getpid(), number)

    return tie


def follow_own_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Tie this process, already running, to its parent; for servers that fork their own workers."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))


def begin_as_worker() -> None:
    """What a worker of the web server does after its fork: follow its parent, and be able to end.

    Until the server gives it handlers of its own, those of the parent stand: a signal to end, sent
    while a worker still loads, would be noted in a copy of the parent's memory and lost.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    follow_own_parent()


def settle() -> None:
    """Keep what is in memory by now out of every later search for garbage, and search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_STEPS)
