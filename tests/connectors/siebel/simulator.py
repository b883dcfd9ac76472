"""A Siebel Application Interface on 127.0.0.1: sign-in, queries, descriptions, writes, faults to order.

Written from Siebel REST API Guide (Oracle E95904, F26413): URI parameters, response links, status
codes, the batches of POST and PUT, and describe. No client and no recording by others exists for it.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.connectors.siebel.repository import Table, repository
from tests.connectors.siebel.specs import SpecError, compiled

USER, PASSWORD = "EFMUSER", "s3cret & 'more'"
NOTHING = "There is no data for the requested resource"
Query = Mapping[str, str]


class Reply(Exception):
    """An answer, also one that is given in place of the usual one."""

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        super().__init__(status)
        self.status, self.body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def refusal(text: str, status: int = 500) -> Reply:
    """An error as the business layer words it."""
    return Reply(status, {"ERROR": text})


class Siebel:
    """The server: what it holds, whom it lets in, and what disturbs it."""

    base = "/siebel/v1.0"

    def __init__(self, zone: tzinfo = UTC) -> None:
        self.tables = repository()
        self.zone, self.format = zone, "%m/%d/%Y"
        self.url = ""
        self.time = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
        self.is_held = False
        self.lock = threading.RLock()
        self.faults: list[Reply] = []
        self.calls: list[tuple[str, str, Any]] = []
        self.sorts = self.counts = self.takes_batches = True
        self.is_repeating = self.is_ignoring_ids = False
        self.most_rows = 100
        self.nothing = refusal(NOTHING, 404)
        self.tokens: set[str] = set()
        self.fetched = 0
        self._made = 0

    # --- the data --------------------------------------------------------------------------

    def tick(self) -> datetime:
        """The next second, unless the clock is held."""
        if not self.is_held:
            self.time += timedelta(seconds=1)
        return self.time

    def shown(self, moment: datetime) -> str:
        """A moment as this server's user sees it."""
        return moment.astimezone(self.zone).strftime("%m/%d/%Y %H:%M:%S")

    def put(self, bc: str, key: str, parent: str = "", **values: str) -> dict[str, str]:
        """Makes or changes a record, as somebody at the screen would."""
        with self.lock:
            table = self.table_of(bc)
            return self._store(table, key, {**values, **({"_parent": parent} if parent else {})})

    def _store(self, table: Table, key: str, values: Mapping[str, str]) -> dict[str, str]:
        now = self.shown(self.tick())
        old = table.rows.get(key) or {"Id": key, "Created": now, "Mod Id": "0", "Conflict Id": "0"}
        number = str(int(old["Mod Id"]) + 1)
        table.rows[key] = {**old, **values, "Updated": now, "Mod Id": number}
        return table.rows[key]

    def delete(self, bc: str, key: str) -> None:
        """Deletes a record, of which no trace is left."""
        with self.lock:
            self.tick()
            self.table_of(bc).rows.pop(key, None)

    def table_of(self, bc: str) -> Table:
        """The component of that name."""
        for each in self.tables.values():
            if each.bc == bc:
                return each
            if bc in each.children:
                return each.children[bc]
        raise KeyError(bc)

    # --- the interface ---------------------------------------------------------------------

    def call(self, method: str, path: str, query: Query, body: Any) -> Reply:
        """One call of somebody who has signed in."""
        if not path.startswith(f"{self.base}/data/"):
            return Reply(404, "<html><body><h1>HTTP Status 404</h1></body></html>")
        steps = [unquote(each) for each in path[len(self.base) + 6 :].strip("/").split("/")]
        is_description = steps[-1] == "describe"
        steps = steps[:-1] if is_description else steps
        table = self.tables.get((steps[0], steps[1])) if len(steps) > 1 else None
        if table is None or len(steps) > 4:
            return refusal(f"Business object '{steps[0]}' is not exposed for REST.", 404)
        if len(steps) == 4:
            child = table.children.get(steps[3])
            if child is None:
                return refusal(f"Business component '{steps[3]}' is no child here.", 404)
            return self._child(child, steps, is_description, query)
        if is_description:
            return self._describe(table, query, "")
        if len(steps) == 3:
            return self._record(table, steps[2], method, query, body)
        routes: dict[str, Callable[[], Reply]] = {
            "GET": lambda: self._found(table, list(table.rows.values()), query),
            "POST": lambda: self._insert(table, body),
            "PUT": lambda: self._upsert(table, body),
        }
        return routes.get(method, lambda: Reply(405))()

    def _describe(self, table: Table, query: Query, parent: str) -> Reply:
        if not table.is_described:
            return refusal("The definition could not be generated.(SBL-EAI-04117)")
        version = query.get("openapiversion", "3")
        return Reply(200, table.description(self.url, version, parent))

    def _child(self, child: Table, steps: list[str], is_description: bool, query: Query) -> Reply:
        if is_description:
            return self._describe(child, query, steps[1])
        rows = [row for row in child.rows.values() if row.get("_parent") == steps[2]]
        return self._found(child, rows, query)

    def _record(self, table: Table, key: str, method: str, query: Query, body: Any) -> Reply:
        if method == "PUT":
            return self._upsert(table, {**body, "Id": key})
        row = table.rows.get(key)
        if row is None:
            return self.nothing
        if method == "DELETE":
            del table.rows[key]
            return Reply(200, {})
        return Reply(200, self._shown(table, row, query))

    # --- queries ---------------------------------------------------------------------------

    def _found(self, table: Table, rows: list[dict[str, str]], query: Query) -> Reply:
        size, start = int(query.get("PageSize", "10")), int(query.get("StartRowNum", "0"))
        if not 1 <= size <= 100:
            return refusal("The page size must be between 1 and 100.(SBL-EAI-04401)")
        spec = query.get("searchspec", "")
        if self.is_ignoring_ids:
            spec = re.sub(r"( AND )?\(\[Id\] > '[^']*'\)", "", spec).removeprefix(" AND ")
        if spec:
            try:
                test = compiled(spec, table.times, table.fields)
            except SpecError as refused:
                return refusal(f"{refused}(SBL-EAI-04376)")
            rows = [row for row in rows if test(row)]
        if query.get("sortspec") and self.sorts:
            name, _, order = query["sortspec"].partition(":")
            rows.sort(key=lambda row: self._sortable(row.get(name.strip(), "")))
            rows = rows[::-1] if order.strip() == "desc" else rows
        if start + size > 9_900 and query.get("ExecutionMode") != "ForwardOnly":
            return refusal("There were more rows than could be returned.(SBL-DAT-00500)")
        size = min(size, self.most_rows)
        some = rows[:size] if self.is_repeating else rows[start : start + size]
        if not some:
            return self.nothing
        shown = [self._shown(table, row, query) for row in some]
        href = f"{self.url}{self.base}/data/{table.bo}/{table.bc}"
        is_list = len(shown) > 1 or query.get("uniformresponse", "").upper() in ("Y", "YES")
        links = [{"rel": "self", "href": href, "name": table.bc}]
        said = {"items": shown if is_list else shown[0], "Link": links if is_list else links[0]}
        reply = Reply(200, said)
        if query.get("recordcountneeded") == "true" and self.counts:
            reply.headers["Total-Record-Count"] = str(len(rows))
        return reply

    @staticmethod
    def _sortable(text: str) -> tuple[str, str]:
        found = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})( .*)?", text)
        return (f"{found[3]}{found[1]}{found[2]}{found[4] or ''}", "") if found else (text, "")

    def _shown(self, table: Table, row: Mapping[str, str], query: Query) -> dict[str, Any]:
        names = [each.strip() for each in query.get("fields", "").split(",") if each.strip()]
        for name in names:
            if name not in table.fields:
                raise refusal(
                    f"Integration component '{table.bc}' has no field '{name}'.(SBL-EAI-04127)"
                )
        shown: dict[str, Any] = {"Id": row["Id"]}
        for name in names or table.types:
            shown[name] = self._local(row.get(name, ""), table.types.get(name, ""))
        shown["Id"] = row["Id"]
        href = f"{self.url}{self.base}/data/{quote(table.bo)}/{quote(table.bc)}/{row['Id']}"
        links = [{"rel": rel, "href": href, "name": table.bc} for rel in ("self", "canonical")]
        return {**shown, "Link": links}

    def _local(self, value: str, kind: str) -> str:
        if (
            self.format == "%m/%d/%Y"
            or kind not in ("DTYPE_UTCDATETIME", "DTYPE_DATE")
            or not value
        ):
            return value
        day, _, clock = value.partition(" ")
        moment = datetime.strptime(day, "%m/%d/%Y")  # noqa: DTZ007
        return f"{moment.strftime(self.format)} {clock}".strip()

    # --- writes ----------------------------------------------------------------------------

    def _insert(self, table: Table, body: Any) -> Reply:
        rows = body if isinstance(body, list) else [body]
        for row in rows:
            self._require(table, row)
            taken = self._same_key(table, row)
            if taken:
                raise refusal(
                    f"Insert operation on integration component '{table.bc}' failed because a matching "
                    f"record in Business Component '{table.bc}' was found.(SBL-EAI-04383)"
                )
        return self._wrote(table, body, [self._store(table, self._next(), row) for row in rows])

    def _upsert(self, table: Table, body: Any) -> Reply:
        rows = body if isinstance(body, list) else [body]
        for row in rows:
            if row.get("Id") not in table.rows:
                self._require(table, row)
            self._judge(table, row)
        made = [self._store(table, row.get("Id") or self._next(), row) for row in rows]
        return self._wrote(table, body, made)

    def _require(self, table: Table, row: Mapping[str, str]) -> None:
        missing = [name for name in table.required if not row.get(name)]
        if missing:
            raise refusal(
                f"'{missing[0]}' is a required field. Please enter a value for the field."
                "(SBL-DAT-00498)(SBL-EAI-04389)"
            )
        self._judge(table, row)

    def _judge(self, table: Table, row: Mapping[str, Any]) -> None:
        for name, value in row.items():
            if name != "Id" and name not in table.types:
                raise refusal(
                    f"Integration component '{table.bc}' has no field '{name}'.(SBL-EAI-04127)"
                )
            if name in table.read_only:
                raise refusal(f"The field '{name}' is read-only.(SBL-DAT-00308)(SBL-EAI-04376)")
            if not isinstance(value, str):
                raise refusal(f"The value of '{name}' is no text.(SBL-EAI-04138)")
            if "pick" in value:
                raise refusal(
                    f"The value entered in field {name} of buscomp {table.bc} does not match any "
                    "value in the bounded pick list.(SBL-DAT-00225)(SBL-EAI-04376)"
                )

    @staticmethod
    def _same_key(table: Table, row: Mapping[str, str]) -> bool:
        for name in table.keys[:1]:
            if row.get(name) and any(e.get(name) == row[name] for e in table.rows.values()):
                return True
        return False

    def _next(self) -> str:
        self._made += 1
        return f"88-{self._made:05d}"

    def _wrote(self, table: Table, body: Any, rows: list[dict[str, str]]) -> Reply:
        shown = [{"Id": each["Id"], "Link": {"rel": "self", "name": table.bc}} for each in rows]
        if not isinstance(body, list):
            return Reply(200, {"items": shown[0]})
        if not self.takes_batches:
            raise refusal("The request body is not supported.(SBL-EAI-04109)")
        return Reply(200, shown)

    # --- the wire --------------------------------------------------------------------------

    def _is_let_in(self, given: str) -> bool:
        if given.startswith("Bearer "):
            return given.removeprefix("Bearer ") in self.tokens
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return given == f"Basic {pair}"

    def token(self, form: Query, given: str) -> Reply:
        """The token endpoint of a sign-in service beside the server."""
        pair = base64.b64decode(given.removeprefix("Basic ") or "Og==").decode()
        if unquote(pair.replace("+", " ")) != f"{USER}:{PASSWORD}":
            return Reply(401, {"error": "invalid_client", "error_description": "Unknown client."})
        self.fetched += 1
        self.tokens = {f"token-{self.fetched}"}
        return Reply(200, {"access_token": f"token-{self.fetched}", "token_type": "Bearer", "expires_in": 300})  # fmt: skip

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer to one request from outside."""
        with self.lock:
            self.tick()
            at = urlsplit(url)
            if at.path == "/oauth2/token":
                form = {n: each[0] for n, each in parse_qs(body.decode()).items()}
                return self.token(form, headers.get("Authorization", ""))
            if self.faults:
                return self.faults.pop(0)
            if not self._is_let_in(headers.get("Authorization", "")):
                return refusal("Authentication failed.", 401)
            if not headers.get("Content-Type", "").startswith("application/json"):
                return Reply(415)
            query = {n: each[0] for n, each in parse_qs(at.query, keep_blank_values=True).items()}
            given = json.loads(body) if body else None
            self.calls.append((method, url, given))
            before = {key: dict(each.rows) for key, each in self.tables.items()}
            try:
                return self.call(method, at.path, query, given)
            except Reply as refused:
                for key, rows in before.items():  # a request that is refused changes nothing
                    self.tables[key].rows = rows
                return refused


def _handler(siebel: Siebel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = siebel.handle(self.command, self.path, self.headers, body)
            is_raw = isinstance(reply.body, (str, bytes))
            content = reply.body if isinstance(reply.body, bytes) else str(reply.body).encode()
            if not is_raw:
                content = b"" if reply.body is None else json.dumps(reply.body).encode()
            kind = "text/html" if is_raw else "application/json;charset=UTF-8"
            self.send_response(reply.status)
            headers = {"Content-Type": kind, **reply.headers}
            if reply.status != 204:
                headers["Content-Length"] = str(len(content))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.status != 204:
                self.wfile.write(content)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(siebel.time.replace(microsecond=0), usegmt=True)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Says nothing."""

    for verb in ("GET", "POST", "PUT", "DELETE"):
        setattr(Handler, f"do_{verb}", Handler._serve)
    return Handler


@contextmanager
def serving(siebel: Siebel) -> Iterator[Siebel]:
    """The server on a free port of 127.0.0.1 while the block runs; its `url` says where."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(siebel))
    server.daemon_threads = True
    siebel.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield siebel
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
