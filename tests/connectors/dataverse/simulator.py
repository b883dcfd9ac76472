"""A Dataverse environment: Entra's token endpoint, rows, changes, metadata, batches, faults to order.

Written from Microsoft's guides; `test_judged` has Microsoft's own client work with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.connectors.dataverse import changing, filters, metadata
from tests.connectors.dataverse.environment import Environment, Row, id_of
from tests.connectors.dataverse.reply import Reply, refusal
from tests.connectors.dataverse.schema import Spec

TENANT, CLIENT = "acme.onmicrosoft.com", "11111111-2222-3333-4444-555555555555"
SECRET = "s3cret & ~more"
API = "/api/data/v9.2/"
_SIZE = re.compile(r"odata\.maxpagesize=(\d+)").search
_NOTES = re.compile(r"odata\.include-annotations=\"?([^\";]+)\"?").search
_COOKIE = re.compile(r'pagenumber="(\d+)".*last="([^"]*)".*token="(\d*)" until="(\d*)"').search
Query = Mapping[str, str]


class Simulator:
    """The environment's interface; its attributes say how it behaves."""

    def __init__(self) -> None:
        self.env = Environment()
        self.url, self.limit = "", 5000
        self.tokens: set[str] = set()
        self.sign_ins = 0
        self.faults: list[Reply] = []
        self.refused: dict[str, Reply] = {}
        self.refused_tracking: Reply | None = None
        self.is_endless, self.is_standing, self.is_late, self.is_untrackable = (False,) * 4
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[], None] | None = None

    # --- signing in --------------------------------------------------------------------------

    def sign_in(self, tenant: str, form: Query) -> Reply:
        """The token endpoint, with the words of Entra ID."""
        said = None
        if tenant != TENANT:
            said = (400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
        elif form.get("grant_type") != "client_credentials":
            said = (400, "unsupported_grant_type", "AADSTS70003: The app requested another grant.")
        elif form.get("client_id") != CLIENT:
            text = f"AADSTS700016: Application with identifier '{form.get('client_id')}' not found."
            said = (400, "unauthorized_client", text)
        elif form.get("client_secret") != SECRET:
            said = (401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        elif form.get("scope") != f"{self.url}/.default":
            said = (400, "invalid_resource", "AADSTS500011: The resource principal was not found.")
        if said:
            status, code, text = said
            more = {"error_codes": [1], "correlation_id": "c", "timestamp": "2026-01-01 00:00:00Z"}
            return Reply(status, {"error": code, "error_description": text, **more})
        self.sign_ins += 1
        token = f"eyJ0eXAi.{self.sign_ins:03d}.c2ln"
        self.tokens.add(token)
        return Reply(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    # --- the interface -----------------------------------------------------------------------

    def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One call of somebody who has signed in, also one within a batch."""
        path, _, query = target.partition("?")
        rest = unquote(path).removeprefix(API)
        options = {n: v for n, (v, *_) in parse_qs(query, keep_blank_values=True).items()}
        for prefix, reply in self.refused.items():
            if rest.startswith(prefix):
                raise Reply(reply.status, reply.body, **reply.headers)
        try:
            said = json.loads(body) if body and rest != "$batch" else None
        except ValueError:
            raise refusal(400, "0x80060888", "An error occurred while parsing JSON.") from None
        if rest == "$batch":
            kind = headers.get("content-type", "")
            return changing.batch(kind, body, headers.get("prefer", ""), self.call)
        if rest.startswith(("EntityDefinitions", "CreateEntities")):
            return metadata.answer(self.env, rest, options, said)
        if rest == "WhoAmI":
            return Reply(200, {"UserId": id_of("user"), "OrganizationId": id_of("org")})
        if rest.startswith("organizations("):
            return Reply(200, {"name": "Acme Ltd"})
        if rest.startswith("RetrieveTotalRecordCount"):
            (name,) = json.loads(options["@n"])
            counts = {"Count": 1, "Keys": [name], "Values": [len(self.env.rows[name])]}
            return Reply(200, {"EntityRecordCountCollection": counts})
        if rest == "BulkDelete":
            return changing.bulk_delete(self.env, said)
        return self._rows(method, rest, options, headers, said)

    def _rows(
        self, method: str, rest: str, options: Query, headers: Mapping[str, str], said: Any
    ) -> Reply:
        set_name, _, predicate = rest.partition("(")
        set_name, _, action = set_name.partition("/")
        spec = self.env.by_set(set_name)
        if spec is None:
            text = f"Resource not found for the segment '{set_name}'."
            raise refusal(404, "0x8006088a", text)
        if action:
            return changing.action(self.env, spec, action.rpartition(".")[2], said)
        if predicate:
            predicate = predicate.removesuffix(")")
            if method == "PATCH":
                return changing.patch(self.env, spec, predicate, said, headers)
            if method == "DELETE":
                return changing.delete(self.env, spec, predicate)
            return self._row(spec, predicate, options, headers)
        if method == "POST":
            return changing.post(self.env, spec, said, headers)
        return self._page(spec, options, headers.get("prefer", ""))

    def _row(self, spec: Spec, predicate: str, options: Query, headers: Mapping[str, str]) -> Reply:
        key, _ = changing.found_key(self.env, spec, predicate)
        if not key:
            text = f"{spec.name} With Id = {predicate} Does Not Exist"
            raise refusal(404, "0x80040217", text)
        select = self._selected(spec, options)
        notes = _noted(headers.get("prefer", ""))
        return Reply(200, self.env.shown(spec, self.env.rows[spec.name][key], select, notes))

    # --- pages of rows -----------------------------------------------------------------------

    def _selected(self, spec: Spec, options: Query) -> list[str]:
        known = self.env.properties(spec)
        asked = [each for each in options.get("$select", "").split(",") if each]
        for each in asked:
            if each not in known:
                kind = f"Microsoft.Dynamics.CRM.{spec.name}"
                text = f"Could not find a property named '{each}' on type '{kind}'."
                raise refusal(400, "0x80060888", text)
        return asked or known

    def _page(self, spec: Spec, options: Query, prefer: str) -> Reply:
        unknown = set(options) - {
            "$select", "$filter", "$orderby", "$top", "$count", "$skiptoken", "$deltatoken",
        }  # fmt: skip
        if unknown:
            raise refusal(400, "0x80060888", f"The query parameter {unknown} is not supported.")
        is_tracking = "odata.track-changes" in prefer or 'istracking="True"' in options.get(
            "$skiptoken", ""
        )
        if is_tracking:
            self._check_tracking(spec, options)
        if "$deltatoken" in options:
            return self._delta(spec, options, prefer)
        number, last, token, _ = self._cookie(options)
        rows = self._ordered(spec, options, last)
        top = int(options.get("$top", 10**9))
        some = rows[: min(self._size(prefer), top)]
        select, notes = self._selected(spec, options), _noted(prefer)
        body: Row = {
            "@odata.context": f"{self.url}{API}$metadata#{spec.set_name}",
            "value": [self.env.shown(spec, row, select, notes) for row in some],
        }
        if options.get("$count") == "true":
            body["@odata.count"] = min(len(rows), 5000)
        # The link counts changes from the first request on, or only from the last.
        token = token if token and not self.is_late else str(self.env.version)
        if len(rows) > len(some) < top or (self.is_endless and rows):
            cursor = last if self.is_endless or self.is_standing else some[-1][spec.key]
            page = number if self.is_endless else number + 1
            link = self._link(spec, options, page, cursor, token, is_tracking)
            body["@odata.nextLink"] = link
        elif is_tracking and not self.is_untrackable:
            body["@odata.deltaLink"] = self._delta_link(spec, options, int(token))
        return Reply(200, body, **_applied(prefer))

    def _check_tracking(self, spec: Spec, options: Query) -> None:
        if not spec.is_tracked:
            text = f"Change Tracking is not enabled for entity {spec.name}."
            raise refusal(400, "0x80072491", text)
        for each in ("filter", "orderby", "expand", "top"):
            if f"${each}" in options:
                text = f'The "${each}" query parameter isn\'t supported when Change Tracking is enabled.'
                raise refusal(400, "0x80060888", text)
        if self.refused_tracking:
            raise self.refused_tracking

    def _ordered(self, spec: Spec, options: Query, last: str) -> list[Row]:
        known = self.env.properties(spec)
        try:
            text = options.get("$filter", "")
            test = filters.parse(text, lambda n: n in known) if text else lambda row: True
        except filters.Malformed as error:
            raise refusal(400, "0x80060888", str(error)) from None
        rows = [row for row in self.env.rows[spec.name].values() if test(_flat(spec, row))]
        order = options.get("$orderby") or spec.key
        for each in reversed(order.split(",")):
            name, _, way = each.strip().partition(" ")
            if name not in known:
                raise refusal(400, "0x80060888", f"Could not find a property named '{name}'.")
            rows.sort(key=lambda r, n=name: (r[n] is not None, r[n]), reverse=way == "desc")  # type: ignore[misc]
        if not last:
            return rows
        if order == spec.key:
            return [row for row in rows if row[spec.key] > last]
        keys = [row[spec.key] for row in rows]
        return rows[keys.index(last) + 1 :] if last in keys else []

    def _delta(self, spec: Spec, options: Query, prefer: str) -> Reply:
        since, text = options["$deltatoken"].partition("!")[0], "Version stamp associated with "
        if not since.isdigit() or int(since) < self.env.lost_before:
            text += "the client has expired. Please perform a full sync."
            raise refusal(400, "0x80044352", text)
        number, last, _, until = self._cookie(options)
        ends = int(until) if until else self.env.version
        after = int(last) if last else int(since)
        select, notes = self._selected(spec, options), _noted(prefer)
        changed = sorted(self.env.rows[spec.name].values(), key=lambda row: int(row["_v"]))
        entries = [
            (row["_v"], self.env.shown(spec, row, select, notes))
            for row in changed
            if after < row["_v"] <= ends
        ]
        # Deleted rows come after all others, whatever the order in which things happened.
        passed = after - ends if after > ends else int(since)
        context = f"{self.url}{API}$metadata#{spec.set_name}/$deletedEntity"
        for version, table, key in self.env.deleted:
            if table == spec.name and passed < version <= ends:
                gone = {"@odata.context": context, "id": key, "reason": "deleted"}
                entries.append((ends + version, gone))
        some = entries[: self._size(prefer)]
        body: Row = {
            "@odata.context": f"{self.url}{API}$metadata#{spec.set_name}/$delta",
            "value": [entry for _, entry in some],
        }
        if len(entries) > len(some) or (self.is_endless and entries):
            cursor, page = (last, number) if self.is_endless else (str(some[-1][0]), number + 1)
            link = self._link(spec, options, page, cursor, "", False, str(ends))
            body["@odata.nextLink"] = link
        else:
            body["@odata.deltaLink"] = self._delta_link(spec, options, ends)
        return Reply(200, body, **_applied(prefer))

    def _size(self, prefer: str) -> int:
        found = _SIZE(prefer)
        asked = int(found[1]) if found else 5000
        return min(self.limit, asked if asked <= 5000 else 5000)

    def _cookie(self, options: Query) -> tuple[int, str, str, str]:
        text = options.get("$skiptoken", "")
        found = _COOKIE(unquote(unquote(text)))
        if text and not found:
            raise refusal(400, "0x80060888", "Malformed XML in the Paging Cookie")
        return (int(found[1]), found[2], found[3], found[4]) if found else (1, "", "", "")

    def _link(
        self, spec: Spec, options: Query, page: int, last: str, token: str, is_tracking: bool,
        until: str = "",
    ) -> str:  # fmt: skip
        inner = f'<cookie page="{page - 1}"><{spec.key} last="{last}" first="" /></cookie>'
        twice = quote(quote(inner, safe=""), safe="")
        cookie = (
            f'<cookie pagenumber="{page}" pagingcookie="{twice}" istracking="{is_tracking}" '
            f'token="{token}" until="{until}" />'
        )
        kept = {n: v for n, v in options.items() if n not in ("$skiptoken", "$top")}
        return self._address(spec, {**kept, "$skiptoken": cookie})

    def _delta_link(self, spec: Spec, options: Query, version: int) -> str:
        kept = {"$select": options["$select"]} if "$select" in options else {}
        token = f"{version}!{self.env.now:%m/%d/%Y %H:%M:%S}"
        return self._address(spec, {**kept, "$deltatoken": token})

    def _address(self, spec: Spec, options: Query) -> str:
        query = "&".join(f"{name}={quote(value, safe=',=')}" for name, value in options.items())
        return f"{self.url}{API}{spec.set_name}?{query}"

    # --- the server --------------------------------------------------------------------------

    def handle(self, method: str, url: str, headers: Any, body: bytes) -> Reply:
        """One request as it came."""
        self.env.tick()
        signing = re.fullmatch(r"/([^/]+)/oauth2/v2\.0/token", urlsplit(url).path)
        if signing:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return self.sign_in(signing[1], form)
        self.calls.append((method, url))
        if self.before:
            self.before()
        if self.faults:
            return self.faults.pop(0)
        if (headers.get("Authorization") or "").removeprefix("Bearer ") not in self.tokens:
            return Reply(401, "", WWW_Authenticate="Bearer error=invalid_token")
        if not url.startswith(API):
            return Reply(404, "<html><body>Nothing here</body></html>")
        try:
            plain = {name.lower(): value for name, value in headers.items()}
            reply = self.call(method, url, plain, body)
        except Reply as refused:
            reply = refused
        reply.headers.setdefault("x-ms-ratelimit-burst-remaining-xrm-requests", "5990")
        where = reply.headers.get("OData-EntityId", "")
        if where:
            reply.headers["OData-EntityId"] = where.replace("{root}", f"{self.url}{API}")
        return reply


def _flat(spec: Spec, row: Row) -> Row:
    """The row by the names of its properties."""
    flat = {n: v for n, v in row.items() if not isinstance(v, tuple)}
    lookups = {f"_{n}_value": v[1] for n, v in row.items() if isinstance(v, tuple)}
    return {**flat, **lookups}


def _noted(prefer: str) -> str:
    found = _NOTES(prefer)
    return found[1] if found else ""


def _applied(prefer: str) -> dict[str, str]:
    return {"Preference-Applied": prefer} if prefer else {}
