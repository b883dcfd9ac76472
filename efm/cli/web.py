"""The web server's process: `python -m efm.cli.web ADDRESS PORT PROCESSES THREADS`."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from importlib import import_module

from efm.process import begin_as_worker

DRAIN_SECONDS = 15


def main(address: str, port: str, processes: str, threads: str) -> None:
    """Serve `wsgi:application` until a signal; requests under way are finished."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    if multiprocessing.get_start_method() == "fork":
        # Imported once and shared by all workers, which halves the time to the first page.
        import_module("efm.app")
        gc.freeze()
    if os.environ.pop("EFM_HOLD", None) and sys.stdin.readline() != "go\n":
        return
    # Workers are forked, and must not outlive a server that was killed: they would hold the port.
    os.register_at_fork(after_in_child=begin_as_worker)
    Server(
        "wsgi:application",
        address=address,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(processes),
        blocking_threads=int(threads),
        websockets=False,
        workers_kill_timeout=DRAIN_SECONDS,
        # What goes wrong in a worker is written by the worker itself.
        log_level=LogLevels.error,
    ).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
