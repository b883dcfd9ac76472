"""The simulated environment as a server on 127.0.0.1."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.connectors.dataverse.simulator import Simulator


def _handler(simulator: Simulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = simulator.handle(self.command, self.path, self.headers, body)
            kind = "application/json; odata.metadata=minimal"
            if isinstance(reply.body, (str, bytes)):
                content = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
                kind = "text/html" if content.startswith(b"<") else kind
            else:
                content = b"" if reply.body is None else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            headers = {"Content-Type": kind, **reply.headers, "Content-Length": str(len(content))}
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("OData-Version", "4.0")
            self.end_headers()
            self.wfile.write(content)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(simulator.env.now.replace(microsecond=0), usegmt=True)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Says nothing."""

    for verb in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{verb}", Handler._serve)
    return Handler


@contextmanager
def serving(simulator: Simulator) -> Iterator[Simulator]:
    """The environment on a free port of 127.0.0.1 while the block runs; its `url` says where."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(simulator))
    server.daemon_threads = True
    simulator.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield simulator
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
