"""A Salesforce org on 127.0.0.1: sign-in, REST, collections, Bulk 2.0, limits, faults to order.

Written from the vendor's guides; `test_recordings` compares its answers with those recorded from
real orgs, and `test_foreign` has simple-salesforce work with it.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.connectors.salesforce.jobs import Jobs
from tests.connectors.salesforce.questions import Found, Refused, Row, answer
from tests.connectors.salesforce.records import Records
from tests.connectors.salesforce.tables import Tables, text_of

CLIENT, SECRET, USER = "3MVG9.consumer-key", "s3cret & more", "efm@acme.example"
Query = Mapping[str, str]


class Reply(Exception):
    """An answer, also one that is given in place of the usual one."""

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        super().__init__(status)
        self.status, self.body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@lru_cache(maxsize=1)
def key_pair() -> tuple[str, str]:
    """(private, public) of the client app's certificate as PEM."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, plain = forms.Encoding.PEM, forms.NoEncryption()
    private = key.private_bytes(pem, forms.PrivateFormat.PKCS8, plain).decode()
    kind = forms.PublicFormat.SubjectPublicKeyInfo
    return private, key.public_key().public_bytes(pem, kind).decode()


class Org:
    """The org: what it holds, whom it lets in, and what disturbs it."""

    def __init__(self) -> None:
        self.data = Tables()
        self.records = Records(self.data)
        self.jobs = Jobs(self.data, self.records)
        self.url = ""
        self.batch, self.is_endless, self.is_ignoring_ids = 2000, False, False
        self.used, self.most = 18, 100_000
        self.tokens: set[str] = set()
        self.sign_ins = 0
        self.faults: list[Reply] = []
        self.locators: dict[str, list[Any]] = {}
        self.calls: list[tuple[str, str]] = []
        self.instance: str | None = None
        self.audience = "https://login.salesforce.com"

    # --- signing in ------------------------------------------------------------------------

    def sign_in(self, form: Query, authorization: str) -> Reply:
        """The token endpoint, with the words of the real one."""
        grant = form.get("grant_type")
        if grant == "client_credentials":
            said = self._by_secret(form, authorization)
        elif grant == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            said = self._by_assertion(form.get("assertion", ""))
        else:
            said = ("unsupported_grant_type", "grant type not supported")
        if said:
            return Reply(400, {"error": said[0], "error_description": said[1]})
        self.sign_ins += 1
        token = f"00D000000000001!AQ{self.sign_ins:03d}.token"
        self.tokens.add(token)
        where = self.url if self.instance is None else self.instance
        identity = f"{where}/id/00D000000000001EAA/005000000000001AAA"
        return Reply(
            200,
            {
                "access_token": token, "signature": "c2ln", "scope": "api", "instance_url": where,
                "id": identity, "token_type": "Bearer", "issued_at": "1767268800000",
            },
        )  # fmt: skip

    @staticmethod
    def _by_secret(form: Query, authorization: str) -> tuple[str, str] | None:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.startswith("Basic "):
            pair = base64.b64decode(authorization[6:]).decode()
            client, _, secret = pair.partition(":")
        if client != CLIENT:
            return "invalid_client_id", "client identifier invalid"
        return None if secret == SECRET else ("invalid_client", "invalid client credentials")

    def _by_assertion(self, assertion: str) -> tuple[str, str] | None:
        import jwt

        try:
            said = jwt.decode(
                assertion, key_pair()[1], algorithms=["RS256"], audience=self.audience,
                options={"require": ["exp", "iss", "sub"], "verify_exp": False},
            )  # fmt: skip
        except jwt.PyJWTError:
            return "invalid_grant", "invalid assertion"
        if said["iss"] != CLIENT:
            return "invalid_client_id", "client identifier invalid"
        return (
            None if said["sub"] == USER else ("invalid_grant", "user hasn't approved this consumer")
        )

    # --- the interface ---------------------------------------------------------------------

    def call(self, method: str, path: str, query: Query, body: bytes) -> Reply:
        """One call of somebody who has signed in."""
        found = re.fullmatch(r"/services/data/v(\d+\.\d)(?:/(.*))?", path)
        if not found:
            raise Refused("NOT_FOUND", "The requested resource does not exist", 404)
        version, rest = found[1], (found[2] or "").strip("/")
        if float(version) < 31:
            raise Refused("UNSUPPORTED_API_VERSION", f"API version {version} is retired", 410)
        if not body or method == "PUT":
            given: Any = body
        else:
            try:
                given = json.loads(body)
            except ValueError:
                raise Refused("JSON_PARSER_ERROR", "Unexpected character") from None
        for pattern, verb, route in _ROUTES:
            matched = re.fullmatch(pattern, rest)
            if matched and verb == method:
                return route(self, version, query, given, *map(unquote, matched.groups()))
        if any(re.fullmatch(pattern, rest) for pattern, _, _ in _ROUTES):
            said = f"HTTP Method '{method}' not allowed"
            raise Refused("METHOD_NOT_ALLOWED", said, 405)
        raise Refused("NOT_FOUND", "The requested resource does not exist", 404)

    def resources(self, version: str, query: Query, body: Any) -> Reply:
        base = f"/services/data/v{version}"
        names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs/query")
        return Reply(200, {each: f"{base}/{each}" for each in names})

    def all_objects(self, version: str, query: Query, body: Any) -> Reply:
        each = [t.description(version, is_whole=False) for t in self.data.tables.values()]
        return Reply(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": each})

    def one_object(self, version: str, query: Query, body: Any, name: str) -> Reply:
        return Reply(200, self.records.table(name).description(version))

    def about(self, version: str, query: Query, body: Any, name: str) -> Reply:
        said = self.records.table(name).description(version, is_whole=False)
        return Reply(200, {"objectDescribe": said, "recentItems": []})

    def query(self, version: str, query: Query, body: Any, which: str) -> Reply:
        soql = query.get("q", "")
        if self.is_ignoring_ids:
            soql = re.sub(r"( AND)? Id > '[^']*'", "", soql)
            soql = soql.replace("WHERE ORDER", "ORDER").replace("WHERE  ORDER", "ORDER")
        found = answer(self.data, soql, with_deleted=which == "queryAll")
        if found.is_count:
            return Reply(200, {"totalSize": found.total, "done": True, "records": []})
        return self._rows(version, which, found, 0, "")

    def _rows(self, version: str, which: str, found: Found, start: int, locator: str) -> Reply:
        some, end = found.rows[start : start + self.batch], start + self.batch
        said: dict[str, Any] = {"totalSize": found.total, "done": end >= len(found.rows)}
        if not said["done"]:
            locator = locator or f"01g{len(self.locators):012d}AAA"
            self.locators[locator] = [version, which, found]
            said["nextRecordsUrl"] = f"/services/data/v{version}/{which}/{locator}-{end}"
        said["records"] = [self._record(version, found, row) for row in some]
        return Reply(200, said)

    @staticmethod
    def _record(version: str, found: Found, row: Row) -> dict[str, Any]:
        name, key = found.table.name, quote(str(row["Id"]))
        url = f"/services/data/v{version}/sobjects/{name}/{key}"
        return {"attributes": {"type": name, "url": url}, **{n: row[n] for n in found.fields}}

    def more(
        self, version: str, query: Query, body: Any, which: str, locator: str, at: str
    ) -> Reply:
        if locator not in self.locators:
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        said = self.locators[locator]
        return self._rows(said[0], which, said[2], int(at), locator)

    def updated(self, version: str, query: Query, body: Any, name: str) -> Reply:
        start, end = self._span(query)
        ids = [k for k, r in self.data.live(name).items()
               if start <= datetime.fromisoformat(r["SystemModstamp"]) < end]  # fmt: skip
        return Reply(200, {"ids": ids, "latestDateCovered": text_of(end)})

    def deleted(self, version: str, query: Query, body: Any, name: str) -> Reply:
        if not self.records.table(name).flags.get("replicateable", True):
            raise Refused("INVALID_TYPE", f"{name} is not replicable")
        start, end = self._span(query)
        gone = [
            {"id": key, "deletedDate": text_of(moment)}
            for key, moment in self.records.table(name).deleted.items()
            if start <= moment < end
        ]
        earliest = text_of(self.data.earliest)
        said = {"deletedRecords": gone, "earliestDateAvailable": earliest}
        return Reply(200, {**said, "latestDateCovered": text_of(end)})

    def _span(self, query: Query) -> tuple[datetime, datetime]:
        start, end = (
            datetime.fromisoformat(query[each]).replace(second=0, microsecond=0)
            for each in ("start", "end")
        )
        if (self.data.now - start).days > 30 or end <= start:
            raise Refused(
                "INVALID_REPLICATION_DATE", "startDate before org replication enabled date"
            )
        return start, end

    def limits(self, version: str, query: Query, body: Any) -> Reply:
        left = {"Max": self.most, "Remaining": self.most - self.used}
        return Reply(
            200,
            {"DailyApiRequests": left, "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 9999}},
        )

    def counts(self, version: str, query: Query, body: Any) -> Reply:
        names = query.get("sObjects", "").split(",")
        each = [
            {"count": len(self.data.live(n)), "name": n} for n in names if n in self.data.tables
        ]
        return Reply(200, {"sObjects": each})

    def create(self, version: str, query: Query, body: Any, name: str) -> Reply:
        return Reply(201, {"id": self.records.create(name, body), "success": True, "errors": []})

    def get(self, version: str, query: Query, body: Any, name: str, key: str) -> Reply:
        table = self.records.table(name)
        row = table.rows.get(key)
        if row is None or row["IsDeleted"]:
            raise Refused("NOT_FOUND", "The requested resource does not exist", 404)
        return Reply(
            200, self._record(version, Found(table, list(table.fields), [], 1, False), row)
        )

    def update(self, version: str, query: Query, body: Any, name: str, key: str) -> Reply:
        self.records.update(name, key, body)
        return Reply(204)

    def delete(self, version: str, query: Query, body: Any, name: str, key: str) -> Reply:
        self.records.delete(name, key)
        return Reply(204)

    def upsert(self, version: str, query: Query, body: Any, name: str, by: str, key: str) -> Reply:
        made, is_new = self.records.upsert(name, by, key, body)
        said = {"id": made, "success": True, "errors": [], "created": is_new}
        return Reply(201 if is_new else 200, said)

    def collection_post(self, version: str, query: Query, body: Any) -> Reply:
        return Reply(200, self.records.collection("POST", body["records"]))

    def collection_patch(self, version: str, query: Query, body: Any) -> Reply:
        return Reply(200, self.records.collection("PATCH", body["records"]))

    def collection_upsert(self, version: str, query: Query, body: Any, name: str, by: str) -> Reply:
        return Reply(200, self.records.collection("PATCH", body["records"], by, name))

    def composite(self, version: str, query: Query, body: Any) -> Reply:
        said: dict[str, Any] = {}
        for each in body["compositeRequest"]:
            text = re.sub(
                r"@\{(\w+)\.(\w+)\}",
                lambda m: str(said[m[1]]["body"][m[2]]),
                json.dumps([each["url"], each.get("body")]),
            )
            url, inner = json.loads(text)
            payload = b"" if inner is None else json.dumps(inner).encode()
            reply = self.safely(each["method"], url, payload)
            said[each["referenceId"]] = {
                "body": reply.body, "httpHeaders": {}, "httpStatusCode": reply.status,
                "referenceId": each["referenceId"],
            }  # fmt: skip
        return Reply(200, {"compositeResponse": list(said.values())})

    def open_query(self, version: str, query: Query, body: Any) -> Reply:
        return Reply(200, self.jobs.open_query(version, body))

    def open_ingest(self, version: str, query: Query, body: Any) -> Reply:
        return Reply(200, self.jobs.open_ingest(version, body))

    def look(self, version: str, query: Query, body: Any, key: str) -> Reply:
        return Reply(200, self.jobs.look(key))

    def change(self, version: str, query: Query, body: Any, key: str) -> Reply:
        return Reply(200, self.jobs.change(key, body["state"]))

    def results(self, version: str, query: Query, body: Any, key: str) -> Reply:
        most = int(query.get("maxRecords", "50000"))
        text, headers = self.jobs.results(key, most, query.get("locator", ""))
        reply = Reply(200, text)
        reply.headers = headers
        return reply

    def upload(self, version: str, query: Query, body: bytes, key: str) -> Reply:
        self.jobs.find(key).body += body.decode()
        return Reply(201)

    def ingested(self, version: str, query: Query, body: Any, key: str, which: str) -> Reply:
        return Reply(200, self.jobs.ingested(key, which))

    # --- the wire --------------------------------------------------------------------------

    def safely(self, method: str, url: str, body: bytes) -> Reply:
        """The answer to a call, refusals included."""
        at = urlsplit(url)
        query = {name: each[0] for name, each in parse_qs(at.query, keep_blank_values=True).items()}
        try:
            return self.call(method, at.path, query, body)
        except Refused as said:
            return Reply(said.status, [{"message": said.message, "errorCode": said.code}])

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer to one request from outside."""
        with self.data.lock:
            self.data.tick()
            self.calls.append((method, url))
            given = headers.get("Authorization", "")
            if url == "/services/oauth2/token":
                form = {n: each[0] for n, each in parse_qs(body.decode()).items()}
                return self.sign_in(form, given)
            self.used += 1
            if self.faults:
                return self.faults.pop(0)
            if given.removeprefix("Bearer ") not in self.tokens:
                said = "Session expired or invalid"
                return Reply(401, [{"message": said, "errorCode": "INVALID_SESSION_ID"}])
            if len(url) > 16_384:
                return Reply(414, "<html><body>URI Too Long</body></html>")
            reply = self.safely(method, url, body)
            reply.headers["Sforce-Limit-Info"] = f"api-usage={self.used}/{self.most}"
            return reply


_N = r"(\w+)"
_ROUTES: list[tuple[str, str, Callable[..., Reply]]] = [
    ("", "GET", Org.resources),
    ("sobjects", "GET", Org.all_objects),
    (rf"sobjects/{_N}/describe", "GET", Org.one_object),
    (rf"sobjects/{_N}/updated", "GET", Org.updated),
    (rf"sobjects/{_N}/deleted", "GET", Org.deleted),
    (rf"sobjects/{_N}", "GET", Org.about),
    (rf"sobjects/{_N}", "POST", Org.create),
    (rf"sobjects/{_N}/([^/]+)", "GET", Org.get),
    (rf"sobjects/{_N}/([^/]+)", "PATCH", Org.update),
    (rf"sobjects/{_N}/([^/]+)", "DELETE", Org.delete),
    (rf"sobjects/{_N}/{_N}/([^/]+)", "PATCH", Org.upsert),
    (r"(query|queryAll)", "GET", Org.query),
    (r"(query|queryAll)/(\w+)-(\d+)", "GET", Org.more),
    ("limits", "GET", Org.limits),
    ("limits/recordCount", "GET", Org.counts),
    ("composite/sobjects", "POST", Org.collection_post),
    ("composite/sobjects", "PATCH", Org.collection_patch),
    (rf"composite/sobjects/{_N}/{_N}", "PATCH", Org.collection_upsert),
    ("composite", "POST", Org.composite),
    ("jobs/query", "POST", Org.open_query),
    ("jobs/ingest", "POST", Org.open_ingest),
    (rf"jobs/(?:query|ingest)/{_N}", "GET", Org.look),
    (rf"jobs/(?:query|ingest)/{_N}", "PATCH", Org.change),
    (rf"jobs/query/{_N}/results", "GET", Org.results),
    (rf"jobs/ingest/{_N}/batches", "PUT", Org.upload),
    (rf"jobs/ingest/{_N}/(\w+)", "GET", Org.ingested),
]


def _handler(org: Org) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = org.handle(self.command, self.path, self.headers, body)
            is_text = isinstance(reply.body, (str, bytes))
            if is_text:
                content = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
            else:
                content = b"" if reply.body is None else json.dumps(reply.body).encode()
            kind = "application/json;charset=UTF-8"
            if is_text:
                kind = "text/html" if content.lstrip().startswith(b"<") else "text/csv"
            self.send_response(reply.status)
            headers = {"Content-Type": kind, **reply.headers, "Content-Length": str(len(content))}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(org.data.now.replace(microsecond=0), usegmt=True)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Says nothing."""

    for verb in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        setattr(Handler, f"do_{verb}", Handler._serve)
    return Handler


@contextmanager
def serving(org: Org) -> Iterator[Org]:
    """The org on a free port of 127.0.0.1 while the block runs; its `url` says where."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(org))
    server.daemon_threads = True
    org.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield org
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
