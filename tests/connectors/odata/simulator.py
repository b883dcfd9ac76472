"""A small OData v4 service after the text of the protocol (OASIS 4.01, parts 1 and 2, JSON format).

It knows two entity sets, of one key and of two; filters by a small grammar of its own; pages by
`$top` and by its own limit with `@odata.nextLink`; tracks changes with delta links; refuses what it
is told to refuse; and changes entities by PATCH.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, unquote

import httpx

ROOT = "https://erp.example.com/odata/v4/crm/"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, Any]

TRACKING = """
<Annotations Target="Crm.Box/Contacts">
  <Annotation Term="Org.OData.Capabilities.V1.ChangeTracking">
    <Record><PropertyValue Property="Supported" Bool="true"/></Record>
  </Annotation>
</Annotations>"""
CHANGED = '<Property Name="modifiedAt" Type="Edm.DateTimeOffset" Precision="7"/>'
METADATA = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
 <edmx:DataServices>
  <Schema Namespace="Crm" Alias="Self" xmlns="http://docs.oasis-open.org/odata/ns/edm">
   <TypeDefinition Name="Score" UnderlyingType="Edm.Decimal"/>
   <EnumType Name="Band"><Member Name="low" Value="0"/><Member Name="high" Value="1"/></EnumType>
   <ComplexType Name="Address"><Property Name="city" Type="Edm.String"/></ComplexType>
   <EntityType Name="Base" Abstract="true">
    <Key><PropertyRef Name="ID"/></Key>
    <Property Name="ID" Type="Edm.String" Nullable="false"/>
   </EntityType>
   <EntityType Name="Contact" BaseType="Self.Base">
    <Property Name="name" Type="Edm.String"/>
    {changed}
    <Property Name="createdAt" Type="Edm.DateTimeOffset"/>
    <Property Name="score" Type="Self.Score"/>
    <Property Name="visits" Type="Edm.Int64"/>
    <Property Name="vip" Type="Edm.Boolean"/>
    <Property Name="born" Type="Edm.Date"/>
    <Property Name="band" Type="Crm.Band"/>
    <Property Name="weight" Type="Edm.Double"/>
    <Property Name="address" Type="Crm.Address"/>
    <Property Name="tags" Type="Collection(Edm.String)"/>
    <Property Name="photo" Type="Edm.Binary"/>
    <NavigationProperty Name="account" Type="Crm.Line"/>
   </EntityType>
   <EntityType Name="Line">
    <Key><PropertyRef Name="order"/><PropertyRef Name="pos"/></Key>
    <Property Name="order" Type="Edm.String" Nullable="false"/>
    <Property Name="pos" Type="Edm.Int32" Nullable="false"/>
    <Property Name="text" Type="Edm.String"/>
   </EntityType>
   <EntityType Name="Keyless"><Property Name="a" Type="Edm.String"/></EntityType>
   <EntityContainer Name="Box">
    <EntitySet Name="Contacts" EntityType="Crm.Contact"/>
    <EntitySet Name="Lines" EntityType="Self.Line"/>
    <EntitySet Name="Views" EntityType="Crm.Keyless"/>
    <Singleton Name="Me" Type="Crm.Contact"/>
   </EntityContainer>{tracking}
  </Schema>
 </edmx:DataServices>
</edmx:Edmx>"""
KEYS = {"Contacts": ("ID",), "Lines": ("order", "pos")}


class Simulator:
    """The service; its attributes say how it behaves."""

    def __init__(self) -> None:
        self.sets: dict[str, dict[tuple[Any, ...], Row]] = {"Contacts": {}, "Lines": {}}
        self.log: list[tuple[int, str, tuple[Any, ...]]] = []
        self.now, self.held, self.serial = FIRST, False, 0
        self.limit = 1000
        self.has_changed = True
        self.tracks, self.gives_delta, self.is_401 = False, True, False
        self.refuses: set[str] = set()
        self.wants_csrf, self.absolute_links = False, False
        self.lost_before = 0
        self.faults: list[httpx.Response] = []
        self.endless = False
        self.requests: list[httpx.Request] = []

    def pass_time(self) -> None:
        if not self.held:
            self.now += timedelta(seconds=1)

    def put(self, which: str, /, **values: Any) -> None:
        self.pass_time()
        key = tuple(values[part] for part in KEYS[which])
        row = self.sets[which].setdefault(key, {})
        row.update(values)
        if which == "Contacts":
            if self.has_changed:
                row["modifiedAt"] = _stamp(self.now)
            row.setdefault("createdAt", _stamp(self.now))
        self._note(which, key)

    def delete(self, name: str, *key: Any) -> None:
        if self.sets[name].pop(key, None) is not None:
            self._note(name, key)

    def _note(self, name: str, key: tuple[Any, ...]) -> None:
        self.serial += 1
        self.log.append((self.serial, name, key))

    # --- answering ---------------------------------------------------------------------------

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.faults:
            return self.faults.pop(0)
        response = self._answer(request)
        response.headers["Date"] = format_datetime(self.now, usegmt=True)
        response.headers["OData-Version"] = "4.0"
        return response

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.raw_path.decode().partition("?")[0])
        rest = path.removeprefix("/odata/v4/crm/")
        query = request.url.query.decode()
        if "+" in query:
            return _error(400, "a plus sign is no space here")
        options = {
            unquote(n): unquote(v) for n, _, v in (p.partition("=") for p in query.split("&") if p)
        }
        if rest == "$metadata":
            document = METADATA.replace("{changed}", CHANGED if self.has_changed else "").replace(
                "{tracking}", TRACKING if self.tracks else ""
            )
            return httpx.Response(200, text=document, headers={"Content-Type": "application/xml"})
        if rest == "":
            return httpx.Response(200, json={"value": []}, headers={"X-CSRF-Token": "c5rf"})
        name, _, predicate = rest.partition("(")
        if name not in self.sets:
            return _error(404, f"no entity set {name}")
        if predicate:
            return self._entity(request, name, predicate[:-1])
        if "$deltatoken" in options:
            return self._delta(request, name, options)
        return self._page(request, name, options)

    def _page(
        self, request: httpx.Request, name: str, options: Mapping[str, str]
    ) -> httpx.Response:
        refused = next((each for each in sorted(self.refuses) if each in str(options)), None)
        if refused:
            return _error(501, f"{refused} is not implemented")
        keys = KEYS[name]
        try:
            rows = [
                row for row in self.sets[name].values() if _holds(options.get("$filter", ""), row)
            ]
        except ValueError as error:
            return _error(400, f"syntax error: {error}")
        rows.sort(key=lambda row: tuple(row[part] for part in keys))
        # A delta link tells of everything since the first request, not since the last page.
        began = options.get("began", str(self.serial))
        skip, top = int(options.get("$skiptoken", 0)), int(options.get("$top", 10**9))
        prefer = request.headers.get("Prefer", "")
        asked = re.search(r"odata.maxpagesize=(\d+)", prefer)
        size = min(self.limit, int(asked[1]) if asked else self.limit)
        rest = rows[skip:top]
        part = rest[:size]
        body: dict[str, Any] = {
            "@odata.context": f"$metadata#{name}",
            "value": [_shown(r, name) for r in part],
        }
        if options.get("$count") == "true":
            body["@odata.count"] = len(rows)
        if len(rest) > size or self.endless:
            body["@odata.nextLink"] = self._link(
                name,
                options,
                {"began": began, "$skiptoken": str(0 if self.endless else skip + size)},
            )
        elif self.tracks and self.gives_delta and "odata.track-changes" in prefer:
            body["@odata.deltaLink"] = self._link(name, {}, {"$deltatoken": began})
        return httpx.Response(200, json=body)

    def _delta(
        self, request: httpx.Request, name: str, options: Mapping[str, str]
    ) -> httpx.Response:
        since, skip = int(options["$deltatoken"]), int(options.get("$skiptoken", 0))
        until = int(options.get("until", self.serial))
        if since < self.lost_before:
            return _error(410, "the delta token is too old")
        changed = dict.fromkeys(k for n, s, k in self.log if s == name and since < n <= until)
        size = min(self.limit, int(re.findall(r"maxpagesize=(\d+)", request.headers["Prefer"])[0]))
        every = list(changed)
        members = [self._member(name, key) for key in every[skip : skip + size]]
        body: dict[str, Any] = {"@odata.context": f"$metadata#{name}/$delta", "value": members}
        if len(every) > skip + size or self.endless:
            place = {
                "$deltatoken": str(since),
                "until": str(until),
                "$skiptoken": str(0 if self.endless else skip + size),
            }
            body["@odata.nextLink"] = self._link(name, {}, place)
        else:
            body["@odata.deltaLink"] = self._link(name, {}, {"$deltatoken": str(until)})
        return httpx.Response(200, json=body)

    def _member(self, name: str, key: tuple[Any, ...]) -> Row:
        row = self.sets[name].get(key)
        if row is not None and self.is_401:
            return {k: v for k, v in row.items() if k in (*KEYS[name], "name", "text")}
        if row is not None:
            return _shown(row, name)
        address = f"{name}('{str(key[0]).replace(chr(39), chr(39) * 2)}')"
        if self.is_401:
            return {"@removed": {"reason": "deleted"}, "@id": address}
        context = f"$metadata#{name}/$deletedEntity"
        return {"@odata.context": context, "id": ROOT + address, "reason": "deleted"}

    def _entity(self, request: httpx.Request, name: str, predicate: str) -> httpx.Response:
        parts = [
            each.partition("=")[2] or each
            for each in re.findall(r"(?:\w+=)?(?:'(?:[^']|'')*'|[^,]+)", predicate)
        ]
        key = tuple(p[1:-1].replace("''", "'") if p.startswith("'") else int(p) for p in parts)
        row = self.sets[name].get(key)
        if row is None:
            return _error(404, "no such entity")
        if request.method == "GET":
            return httpx.Response(200, json=_shown(row, name))
        if self.wants_csrf and request.headers.get("X-CSRF-Token") != "c5rf":
            return httpx.Response(403, headers={"X-CSRF-Token": "Required"}, text="CSRF")
        if request.headers.get("If-Match") != "*":
            return _error(428, "If-Match is required")
        body = json.loads(request.content)
        if body.get("name") == "refused":
            return _error(400, "“name” must be a name")
        self.put(name, **{**row, **body})
        return httpx.Response(204)

    def _link(self, name: str, options: Mapping[str, str], more: Mapping[str, str]) -> str:
        query = "&".join(f"{quote(n)}={quote(v)}" for n, v in {**options, **more}.items())
        return f"{ROOT if self.absolute_links else ''}{name}?{query}"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _shown(row: Mapping[str, Any], name: str) -> Row:
    shown = {"name": None, "score": None} if name == "Contacts" else {}
    return {**shown, **row, "@odata.etag": 'W/"1"'}


def _error(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": str(status), "message": message}})


# --- $filter: comparisons with and, or and brackets ------------------------------------------

_TOKEN = re.compile(r"\s*(?:(\()|(\))|(and|or|ge|gt|eq)\b|('(?:[^']|'')*')|([\w:.+-]+))")


def _holds(text: str, row: Mapping[str, Any]) -> bool:
    if not text:
        return True
    tokens = list(_tokens(text))
    value, rest = _either(tokens, row)
    if rest:
        raise ValueError(f"at {rest[0]}")
    return value


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"at position {at}")
        yield found[0].strip()
        at = found.end()


def _either(tokens: Sequence[str], row: Mapping[str, Any]) -> tuple[bool, Sequence[str]]:
    value, tokens = _both(tokens, row)
    while tokens and tokens[0] == "or":
        more, tokens = _both(tokens[1:], row)
        value = value or more
    return value, tokens


def _both(tokens: Sequence[str], row: Mapping[str, Any]) -> tuple[bool, Sequence[str]]:
    value, tokens = _one(tokens, row)
    while tokens and tokens[0] == "and":
        more, tokens = _one(tokens[1:], row)
        value = value and more
    return value, tokens


def _one(tokens: Sequence[str], row: Mapping[str, Any]) -> tuple[bool, Sequence[str]]:
    if not tokens:
        raise ValueError("at the end")
    if tokens[0] == "(":
        value, rest = _either(tokens[1:], row)
        if not rest or rest[0] != ")":
            raise ValueError("a bracket is open")
        return value, rest[1:]
    name, operator, literal, *rest = tokens
    if name not in ("ID", "order", "pos", "modifiedAt", "createdAt"):
        raise ValueError(f"no property {name}")
    mine, other = row.get(name), _value(literal)
    if operator == "eq":
        return mine == other, rest
    if mine is None or other is None:
        return False, rest
    if name.endswith("At"):
        mine, other = (datetime.fromisoformat(str(each)) for each in (mine, other))
    return (mine >= other if operator == "ge" else mine > other), rest


def _value(literal: str) -> Any:
    if literal == "null":
        return None
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'")
    return int(literal) if literal.isdigit() else literal
