"""A REST interface read by declaration: windows over a cursor, or whole passes, page by page."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from connectors.base import Connector
from connectors.cursor import Window
from connectors.errors import ConfigError, CursorExpired, NotSupported
from connectors.fields import FieldMapping
from connectors.mapping import suggest
from connectors.outside import Outside
from connectors.paging import Ask, Counted, Reply, began
from connectors.records import Check, Item, Outcome, Page, Raw, Stream, Target
from connectors.systems.rest.access import Far
from connectors.systems.rest.config import Config
from connectors.systems.rest.declared import Declared, declaration
from connectors.systems.rest.paths import Missing
from connectors.systems.rest.rows import Rows, rows_of, types_of
from connectors.systems.rest.writer import write
from connectors.systems.rest.writes import fill

_BEYOND = (404, 416)
_STALE = (400, 404, 410, 422)
_AHEAD = timedelta(days=3653)
Entries = list[tuple[str | None, Any]]


class Rest(Connector):
    """A REST interface as a connector.

    The state is `{"since", "until", "at"}`: the window over the cursor and the pager's place in
    it. A stream without a cursor, or whose source ignores it, is read whole each time.
    """

    name = "rest"
    label = "REST API"
    summary = "Any interface that answers in JSON: trackers, review feeds, systems of your own."
    icon = "globe"
    Config = Config

    def __init__(self, config: Mapping[str, Any], outside: Outside | None = None) -> None:
        super().__init__(config, outside)
        self._declared = declaration(self.config["preset"], self.config["streams"])
        self._far: Far | None = None
        self._samples: dict[str, Rows] = {}
        self._obeys: dict[str, bool] = {}

    @property
    def far(self) -> Far:
        """The other side, connected to on first use."""
        if self._far is None:
            origin = {"origin": Far.origin_of(self.config["address"])}
            headers = fill(self._declared.headers, origin)
            self._far = Far(self.name, self.config, self.outside, headers)
        return self._far

    def check(self) -> Check:
        """Reads the first page of each stream and tries whether its cursor is obeyed."""
        notes: list[str] = []
        refused: list[ConfigError] = []
        for declared in self._declared.streams:
            try:
                sample = self._sample(declared)
                if sample.rejected:
                    notes.append(f"{declared.label}: {sample.rejected[0].reason}")
                elif not sample.records and not sample.deleted:
                    notes.append(f"{declared.label}: the first page holds no records.")
                if declared.since and not self._is_obeyed(declared):
                    notes.append(
                        f"{declared.label}: the source ignores “{declared.since.param}”, so "
                        "everything is read each time. Check the cursor's param and format."
                    )
            except ConfigError as error:
                refused.append(error)
                notes.append(f"{declared.label}: {error.message}")
        if len(refused) == len(self._declared.streams):
            raise refused[0]
        user = self.config["user"] if self.config["auth"] in ("basic", "oauth2") else ""
        who = f"{user} at {self.far.host}" if user else self.far.host
        may = ("read", "write") if self._declared.writes else ("read",)
        return Check(True, who, may, tuple(notes))

    def streams(self) -> Sequence[Stream]:
        """Those declared; fields and proposed mapping come from the first page of each."""
        return [self._stream(each) for each in self._declared.streams]

    def stream(self, name: str) -> Stream:
        """As `Connector.stream`, asking only for the sample of that one."""
        return self._stream(self._find(name))

    def read(self, stream: Stream, state: Mapping[str, Any]) -> Iterator[Page]:
        """Changes since the last window, or everything, in the pages the source makes."""
        declared = self._find(stream.name)
        since, until, at = self._place(declared, state)
        lag = declared.since.lag if declared.since else timedelta(0)
        is_resumed = bool(at)
        while True:
            asked = self.outside.now()
            answer = self._ask(declared, since, at, is_resumed)
            is_resumed = False
            if answer is None:  # what we remembered of the next page is no longer known
                at = {}
                continue
            reply, entries = answer
            if until is None:
                answered, server = self.outside.now(), self.far.http.server_time
                until = began(asked, answered, server) - lag
                until = max(until, since) if since else until
            window = Window(since, until)
            following = declared.pager.after(at, reply)
            found = rows_of(declared, entries)
            if following is None:
                end = window.closed() if declared.since else {"done": True}
                yield _page(found, end, reply.total)
                return
            at = following
            yield _page(found, {**window.state(), "at": at}, reply.total)

    def targets(self) -> Sequence[Target]:
        """What the declaration lets be written."""
        return [each.target for each in self._declared.writes]

    def write(self, target: Target, items: Sequence[Item]) -> Iterator[Outcome]:
        """Writes by the declared requests, item by item."""
        for each in self._declared.writes:
            if each.target.name == target.name:
                return write(self.far, each, items)
        raise NotSupported(f"The streams declare no writing of “{target.name}”.")

    # --- places -----------------------------------------------------------------------------

    def _place(
        self, declared: Declared, state: Mapping[str, Any]
    ) -> tuple[datetime | None, datetime | None, Mapping[str, Any]]:
        """Since, until (None before the first page) and the pager's place."""
        at = state.get("at") or {}
        if not isinstance(at, Mapping):
            raise CursorExpired("The stored position is damaged; reading starts anew.")
        if "until" in state:
            window = Window.open(state, self.outside.now())
            return window.since, window.until, at
        is_whole = declared.since is None or "since" not in state
        since = None if is_whole else Window.open(state, self.outside.now()).since
        if since is not None and not self._is_obeyed(declared):
            is_whole, since = True, None
        if state and is_whole and declared.deletes == "sweep":
            raise CursorExpired(f"{declared.label} can only be read whole; reading starts anew.")
        return since, None, {}

    # --- asking -----------------------------------------------------------------------------

    def _ask(
        self,
        declared: Declared,
        since: datetime | None,
        at: Mapping[str, Any],
        is_resumed: bool = False,
    ) -> tuple[Reply, Entries] | None:
        """One page; None when the place is no longer known to the source."""
        ask = declared.pager.ask(at)
        is_counted = isinstance(declared.pager, Counted)
        judged = _BEYOND if at and is_counted else _STALE if is_resumed else ()
        response = self._call(declared, ask, since, judged)
        if response.status_code >= 400:
            return (Reply(None), []) if is_counted else None
        body = self.far.json(response)
        total = _total(declared, body, response)
        try:
            entries = declared.records.entries(body)
        except Missing as missing:
            # Some leave the list out when it is empty; on a first page it is more likely a mistake.
            if not (at or since or total == 0) or not isinstance(body, Mapping):
                raise _nowhere(declared, missing) from missing
            entries = []
        values = [value for _, value in entries]
        return Reply(body, values, response.headers, total), entries

    def _call(
        self, declared: Declared, ask: Ask, since: datetime | None, judged: Sequence[int]
    ) -> httpx.Response:
        accept = set(judged)
        if ask.link is not None:
            return self.far.call("GET", ask.link, accept)
        moment = declared.since.value(since) if declared.since and since else None
        params: dict[str, Any] = {**self.far.params, **declared.params, **ask.params}
        if moment is not None and declared.since and declared.since.param:
            params[declared.since.param] = moment
        if declared.method == "GET":
            return self.far.call("GET", declared.path, accept, params=params or None)
        places = {**ask.params, **({"since": moment} if moment is not None else {})}
        body = fill(copy.deepcopy(declared.body) if declared.body is not None else {}, places)
        sent = {n: v for n, v in params.items() if f"{{{n}}}" not in repr(declared.body)}
        return self.far.call(
            "POST", declared.path, accept, params=sent or None, json=body, is_repeatable=True
        )

    def _is_obeyed(self, declared: Declared) -> bool:
        """Whether asking for changes in the far future gives other records than asking for all."""
        known = self._obeys.get(declared.name)
        if known is None:
            known = self._obeys[declared.name] = self._try_cursor(declared)
        return known

    def _try_cursor(self, declared: Declared) -> bool:
        usual = self._sample(declared).records
        if not usual:
            return True
        ask = declared.pager.ask({})
        response = self._call(declared, ask, self.outside.now() + _AHEAD, (400, 422))
        if response.status_code >= 400:
            return True  # it looked at the moment and does not like it
        try:
            entries = declared.records.entries(self.far.json(response))
        except Missing:
            return True
        return not set(usual) & set(rows_of(declared, entries).records)

    # --- streams ----------------------------------------------------------------------------

    def _find(self, name: str) -> Declared:
        for each in self._declared.streams:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self._declared.streams)
        raise NotSupported(f"The settings describe no stream “{name}” now. They describe: {known}.")

    def _sample(self, declared: Declared) -> Rows:
        if declared.name not in self._samples:
            answer = self._ask(declared, None, {})
            self._samples[declared.name] = rows_of(declared, answer[1] if answer else [])
        return self._samples[declared.name]

    def _stream(self, declared: Declared) -> Stream:
        try:
            sample = tuple(self._sample(declared).records.values())
        except ConfigError:
            sample = ()  # reading it says why
        fields = types_of(declared, sample)
        mapping = declared.mapped
        if mapping is None and sample:
            mapping = suggest(declared.entity, tuple(fields), sample, declared.key)
            if declared.entity == "interaction" and "kind" not in {
                m.target for m in mapping.fields
            }:
                kind = declared.kind or declared.name.lower()[:60]
                line = FieldMapping("", "kind", "constant", {"value": kind})
                mapping = replace(mapping, fields=(*mapping.fields, line))
        return Stream(
            name=declared.name,
            key=declared.key,
            entity=declared.entity,
            cursor=(declared.since.field or declared.since.param) if declared.since else None,
            deletes=declared.deletes,
            fields=fields,
            label=declared.label,
            default_mapping=mapping,
        )


def _page(found: Rows, state: Mapping[str, Any], total: int | None) -> Page:
    records: list[Raw] = list(found.records.values())
    return Page(records, state, found.deleted, total, found.rejected)


def _total(declared: Declared, body: Any, response: httpx.Response) -> int | None:
    if not declared.total:
        return None
    if isinstance(declared.total, str):
        said: Any = response.headers.get(declared.total)
    else:
        said = declared.total.one(body)
    text = str(said).strip() if isinstance(said, (int, str)) and not isinstance(said, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _nowhere(declared: Declared, missing: Missing) -> ConfigError:
    there = f" It has: {', '.join(missing.names)}." if missing.names else ""
    said = (
        f"{declared.label}: the answer has no “{missing.step}”, which “records” names.{there} "
        "Check “records”."
    )
    return ConfigError(said, {"streams": [said]})
