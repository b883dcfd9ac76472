"""Ties a child process to its parent, so that none outlives a service that was killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


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
