"""The web server's process: `python -m efm.cli.web ADDRESS PORT PROCESSES THREADS`."""

from __future__ import annotations

import gc
import multiprocessing
import sys
from importlib import import_module

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
