"""A server on this machine that speaks as Odoo does: JSON-2 from 19 on, XML-RPC, its error bodies.

Source: https://www.odoo.com/documentation/19.0/developer/reference/external_api.html, and answers
of Odoo 19.0 Community. The faults of XML-RPC carry the traceback that Odoo sends with code 1.
"""

from __future__ import annotations

import inspect
import json
import re
import threading
import xmlrpc.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.connectors.odoo.store import KEY, LOGIN, OF_MODELS, Database, OdooError

_CODES = {
    "AccessDenied": 3, "AccessError": 4, "UserError": 2, "MissingError": 2, "ValidationError": 2,
}  # fmt: skip
_ABSENT = (
    b"<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    b"<p>No database is selected and the requested URL was not found.</p>\n"
)


@dataclass
class Answer:
    """One answer: status, body, headers, and the kind of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json; charset=utf-8"


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def failing(status: int, body: Any = b"", **headers: str) -> Answer:
    """An answer to put in the way of the next call."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, content, {n.replace("_", "-"): v for n, v in headers.items()})


class Simulator:
    """All databases of one server. `faults` are given instead of answers, the next one first;
    `fault` may answer instead of the server."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.databases: dict[str, Database] = {}
        self.asked: list[Asked] = []
        self.faults: list[Answer] = []
        self.fault: Callable[[Asked, Callable[[Asked], Answer]], Answer | None] | None = None

    def answer(self, asked: Asked) -> Answer:
        """The answer to a request."""
        self.asked.append(asked)
        if self.faults:
            return self.faults.pop(0)
        return (self.fault and self.fault(asked, self._answer)) or self._answer(asked)

    def _answer(self, asked: Asked) -> Answer:
        database = self._database(asked)
        if asked.path == "/web/version" and _major(database) >= 19:
            numbers = [*map(int, database.version.split(".")), 0, "final", 0, ""]
            said = {"version_info": numbers, "version": database.version}
            return _dated(database, Answer(body=json.dumps(said).encode()))
        found = re.fullmatch(r"/json/2/([^/]+)/([^/]+)", asked.path)
        if found and asked.method == "POST" and _major(database) >= 19:
            name = asked.headers.get("x-odoo-database") or next(iter(self.databases))
            if name not in self.databases:
                return Answer(404, _ABSENT, kind="text/html")
            return _dated(database, _json2(database, asked, found[1], found[2]))
        found = re.fullmatch(r"/xmlrpc/2/(common|object)", asked.path)
        if found and asked.method == "POST" and _major(database) < 22:
            return _dated(database, self._xmlrpc(asked, found[1]))
        return Answer(404, _ABSENT, kind="text/html")

    def _database(self, asked: Asked) -> Database:
        """The database a request means; the first one when it names none."""
        named = asked.headers.get("x-odoo-database", "")
        if asked.path == "/xmlrpc/2/object":
            params, _ = xmlrpc.client.loads(asked.body)
            named = str(params[0])
        return self.databases.get(named) or next(iter(self.databases.values()))

    def _xmlrpc(self, asked: Asked, service: str) -> Answer:
        params, method = xmlrpc.client.loads(asked.body, use_datetime=True)
        try:
            said = self._common(method, params) if service == "common" else self._object(params)
            body = xmlrpc.client.dumps((_bare(said),), methodresponse=True)
        except OdooError as error:
            body = xmlrpc.client.dumps(_fault(error), methodresponse=True)
        return Answer(body=body.encode(), kind="text/xml")

    def _common(self, method: str | None, params: tuple[Any, ...]) -> Any:
        if method == "version":
            version = next(iter(self.databases.values())).version
            return {"server_version": version, "server_serie": version, "protocol_version": 1}
        name, login, key = params[:3]  # “login” is the older name of “authenticate”
        if name not in self.databases:
            text = f'connection failed: FATAL:  database "{name}" does not exist'
            raise OdooError("psycopg2.OperationalError", text)
        return 2 if (login, key) == (LOGIN, KEY) else False

    def _object(self, params: tuple[Any, ...]) -> Any:
        name, user, key, model, method, placed, named = [*params, {}][:7]
        if (user, key) != (2, KEY):
            raise OdooError("odoo.exceptions.AccessDenied", "Access Denied", 403)
        database, names = self.databases[name], list(placed)
        if model not in (*database.models, "ir.model.data"):
            raise OdooError("odoo.exceptions.UserError", f"Object {model} doesn't exist", 422)
        number = None if method in OF_MODELS else names.pop(0)
        return database.call(model, method, number, {**_by_name(method, names), **named})


def _by_name(method: str, placed: list[Any]) -> dict[str, Any]:
    """Arguments given by place, by their names."""
    known = inspect.signature(getattr(Database, f"do_{method}", Database.do_search)).parameters
    own = [name for name in known if name not in ("self", "model", "context", "ids")]
    return dict(zip(own, placed, strict=False))


def _json2(database: Database, asked: Asked, model: str, method: str) -> Answer:
    try:
        if asked.headers.get("authorization", "").lower() != f"bearer {KEY}":
            raise OdooError("werkzeug.exceptions.Unauthorized", "Invalid apikey", 401)
        given = json.loads(asked.body or b"{}")
        said = database.call(model, method, given.pop("ids", None), given)
        return Answer(body=json.dumps(said).encode())
    except OdooError as error:
        body = {
            "name": error.name, "message": error.message, "arguments": [error.message],
            "context": {}, "debug": f"Traceback (most recent call last):\n{error.message}\n",
        }  # fmt: skip
        return Answer(error.status, json.dumps(body).encode())


def _fault(error: OdooError) -> xmlrpc.client.Fault:
    kind = error.name.rpartition(".")[2]
    if kind in _CODES:
        return xmlrpc.client.Fault(_CODES[kind], error.message)
    name = error.name.removeprefix("builtins.")
    trace = 'Traceback (most recent call last):\n  File "/odoo/http.py", line 1, in x\n    f()\n'
    return xmlrpc.client.Fault(1, f"{trace}{name}: {error.message}\n")


def _bare(value: Any) -> Any:
    """The value without what XML cannot hold, which Odoo leaves out."""
    if isinstance(value, str):
        return "".join(each for each in value if each >= " " or each in "\t\n\r")
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return {str(n): _bare(v) for n, v in value.items()} if isinstance(value, dict) else value


def _major(database: Database) -> int:
    return int(re.findall(r"\d+", database.version)[0])


def _dated(database: Database, answer: Answer) -> Answer:
    answer.headers["Date"] = format_datetime(database.now, usegmt=True)
    return answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer; a second one would wait for the first
    simulator: Simulator

    def _reply(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = self.path.partition("?")[0]
        asked = Asked(self.command, path, headers, self.rfile.read(size))
        answer = self.simulator.answer(asked)
        self.send_response_only(answer.status)
        for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def log_message(self, *_: Any) -> None:
        """Nothing is said."""


@contextmanager
def serving() -> Iterator[Simulator]:
    """A server while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    simulator = Simulator(f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"simulator": simulator})
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield simulator
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
