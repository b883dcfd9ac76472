"""Bodies of requests, read so that slow senders never hold all threads.

The server gives a request to a thread before its body has arrived, and reading waits for the sender
without end. So only so many threads may read at a time; the others stay free for pages. A proxy in
front that buffers requests (as nginx does by default) keeps slow senders away altogether.
"""

from __future__ import annotations

import threading
import time
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING

from efm.errors import EfmError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SMALL_BYTES = 256 * 1024
# A request waits so long for its turn to be read, while others' bodies keep arriving; when none has
# for a while, those that are read are slow ones, and waiting would only tie up one thread more.
TURN_SECONDS = 0.5
STANDSTILL_SECONDS = 0.25


class Crowded(EfmError):
    """As many bodies as this process reads at once are on their way already."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Too much is arriving at once. Send yours again in a few seconds."


class CutShort(EfmError):
    """The sender went away in the middle of the body."""

    status = HTTPStatus.BAD_REQUEST
    title = "What was sent arrived only in part. Send it again."


class Bodies:
    """The bodies of one process with so many threads, two of which never wait for a sender."""

    def __init__(self, threads: int) -> None:
        self._reading = threading.Semaphore(max(1, threads - 2))
        self._large = threading.Semaphore(max(1, threads // 4))
        self._moved = time.monotonic()

    def take(self, environ: WSGIEnvironment) -> list[threading.Semaphore]:
        """Read a short body into memory; give what a long one occupies until it is answered.

        Raises Crowded or CutShort.
        """
        given = environ.get("CONTENT_LENGTH") or ""
        if not given and not environ.get("HTTP_TRANSFER_ENCODING"):
            return []
        if not given.isascii() or not given.isdigit() or int(given[:12]) > SMALL_BYTES:
            return self._take_long()
        length = int(given)
        if not length:
            return []
        if not self._may_read():
            raise Crowded
        try:
            body: bytes = environ["wsgi.input"].read(length)
        finally:
            self._reading.release()
            self._moved = time.monotonic()
        if len(body) != length:
            raise CutShort
        environ["wsgi.input"] = BytesIO(body)
        return []

    def _take_long(self) -> list[threading.Semaphore]:
        """A long body is read by whoever answers it, piece by piece."""
        if not self._large.acquire(blocking=False):
            raise Crowded
        if not self._may_read():
            self._large.release()
            raise Crowded
        return [self._large, self._reading]

    def _may_read(self) -> bool:
        if self._reading.acquire(blocking=False):
            return True
        if time.monotonic() - self._moved > STANDSTILL_SECONDS:
            return False
        return self._reading.acquire(timeout=TURN_SECONDS)
