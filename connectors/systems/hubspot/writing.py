"""Writing back: properties of customers, and notes, tasks and tickets of ours about contacts.

A record of ours holds our key in a property whose values are unique, so it is found again at once
and in spite of the search's delay. It is looked up first: what a new one needs (a stage, a time, its
contact) is not said again when it changes, for people may have moved it on.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/objects/guide (batch
calls of 100, 207 with the refused inputs, told apart by `objectWriteTraceId`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.records import Item, Outcome, Target
from connectors.systems.hubspot.api import BATCH, Api, place, text_of
from connectors.systems.hubspot.portal import Portal
from connectors.systems.hubspot.refusals import BadRequest, message
from connectors.systems.hubspot.targets import MADE, kind_of, unique_of

LONGEST = 65_536
_LATER = ("RATE_LIMITS", "INTERNAL_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE", "CONFLICT")


class Writing:
    """One call of `write`."""

    def __init__(self, api: Api, portal: Portal, target: Target) -> None:
        self._api, self._portal, self._target = api, portal, target
        self._kind = kind_of(target)
        self._is_update = target.op == "update"
        self._unique = "" if self._is_update else unique_of(portal, self._kind)

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """One outcome per item, in order."""
        pending: list[Outcome | Item] = []
        sent: dict[str, tuple[Item, dict[str, str]]] = {}
        for item in items:
            mark = item.remote_id if self._is_update else item.key
            if mark in sent or len(sent) >= BATCH:  # one call takes a record once
                yield from self._flush(pending, sent)
                pending, sent = [], {}
            try:
                sent[mark] = (item, self._values(item))
                pending.append(item)
            except ValueError as refused:
                pending.append(Outcome(item.key, False, message=str(refused)))
        yield from self._flush(pending, sent)

    def _values(self, item: Item) -> dict[str, str]:
        """The item's properties as HubSpot takes them. Raises ValueError with a sentence."""
        stranger = sorted(set(item.values) - set(self._target.fields))
        if stranger:
            raise ValueError(f"The property {', '.join(stranger)} cannot be written.")
        if self._is_update and not item.remote_id:
            raise ValueError("It is not said which record to change.")
        missing = [n for n in sorted(self._target.required) if item.values.get(n) in (None, "")]
        if missing or not item.key:
            raise ValueError(f"The property {', '.join(missing) or 'key'} is needed.")
        return {n: sendable(n, v, self._target.fields[n]) for n, v in item.values.items()}

    def _flush(
        self, pending: Sequence[Outcome | Item], sent: Mapping[str, tuple[Item, dict[str, str]]]
    ) -> Iterator[Outcome]:
        if not sent:
            done: dict[str, Outcome] = {}
        elif self._is_update:
            inputs = {mark: {"id": mark, "properties": v} for mark, (_, v) in sent.items()}
            done = self._send("update", inputs, {m: item for m, (item, _) in sent.items()})
        else:
            done = self._upsert(sent)
        for each in pending:
            if isinstance(each, Outcome):
                yield each
            else:
                yield done[each.remote_id if self._is_update else each.key]

    def _upsert(self, sent: Mapping[str, tuple[Item, dict[str, str]]]) -> dict[str, Outcome]:
        """Changes those of our records that are there, and makes the others."""
        found = self._api.read(self._kind, sent, [self._unique], self._unique)
        known = {text_of(each["properties"].get(self._unique)): each["id"] for each in found}
        items = {mark: item for mark, (item, _) in sent.items()}
        changes = {
            mark: {"id": known[mark], "properties": values}
            for mark, (_, values) in sent.items()
            if mark in known
        }
        news = {
            mark: self._new(item, values)
            for mark, (item, values) in sent.items()
            if mark not in known
        }
        return {**self._send("update", changes, items), **self._send("create", news, items)}

    def _new(self, item: Item, values: Mapping[str, str]) -> dict[str, Any]:
        """A new record of ours, about its contact."""
        made = MADE[self._kind]
        properties = {self._unique: item.key, **{n: v for n, v in values.items() if v}}
        if made.needs_time:
            properties.setdefault("hs_timestamp", str(int(self._api.now().timestamp() * 1000)))
        if made.needs_stage:
            kind = self._portal.kind(self._kind)
            stage = self._portal.first_stage(kind, properties.get("hs_pipeline", ""))
            if stage:
                properties.setdefault("hs_pipeline_stage", stage)
        about = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": made.to_contact}
        links = [{"to": {"id": item.remote_id}, "types": [about]}] if item.remote_id else []
        return {"properties": properties, "associations": links}

    def _send(
        self, verb: str, inputs: Mapping[str, Mapping[str, Any]], items: Mapping[str, Item]
    ) -> dict[str, Outcome]:
        """The outcomes of a batch by its marks; one that is refused as a whole is sent in halves."""
        marks = list(inputs)
        if not marks:
            return {}
        traced = [{**inputs[m], "objectWriteTraceId": str(n)} for n, m in enumerate(marks)]
        path = f"{place(self._kind)}/batch/{verb}"
        try:
            # A record that was made, though its answer was lost, is found by its key next time.
            said = self._api.post(path, {"inputs": traced}, is_repeatable=verb == "update")
        except BadRequest as error:
            if len(marks) == 1:
                text = error.message.removeprefix("HubSpot refuses the request: ")
                retry = error.category in _LATER
                return {marks[0]: Outcome(items[marks[0]].key, False, message=text, retry=retry)}
            half = len(marks) // 2
            first, last = marks[:half], marks[half:]
            one = self._send(verb, {m: inputs[m] for m in first}, items)
            return one | self._send(verb, {m: inputs[m] for m in last}, items)
        return self._told(said, marks, inputs, items, verb == "create")

    def _told(
        self,
        said: Mapping[str, Any],
        marks: Sequence[str],
        inputs: Mapping[str, Mapping[str, Any]],
        items: Mapping[str, Item],
        is_new: bool,
    ) -> dict[str, Outcome]:
        """The outcomes of an answer, which keeps no order."""
        names = {str(n): mark for n, mark in enumerate(marks)}
        ids = {str(inputs[m]["id"]): m for m in marks if "id" in inputs[m]}
        done: dict[str, Outcome] = {}
        for each in _each(said.get("results")):
            key, properties = text_of(each.get("id")), each.get("properties")
            unique = properties.get(self._unique) if isinstance(properties, dict) else None
            mark = names.get(text_of(each.get("objectWriteTraceId"))) or ids.get(key)
            mark = mark or (text_of(unique) if text_of(unique) in marks else "")
            if mark and key:
                mine = items[mark].remote_id if self._is_update else key
                done[mark] = Outcome(items[mark].key, True, mine, is_new)
        for each in _each(said.get("errors")):
            for mark in _marks(each, names, ids):
                done.setdefault(mark, _refused(items[mark], each))
        for mark in marks:
            if mark not in done:
                text = "HubSpot did not say what became of it; it is written again later."
                done[mark] = Outcome(items[mark].key, False, message=text, retry=True)
        return done


def _each(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _marks(
    error: Mapping[str, Any], names: Mapping[str, str], ids: Mapping[str, str]
) -> Iterator[str]:
    """The inputs an error is about."""
    context = error.get("context")
    context = context if isinstance(context, dict) else {}
    for name, by in (("objectWriteTraceId", names), ("ids", ids), ("id", ids)):
        given = context.get(name)
        for each in given if isinstance(given, list) else [given, error.get(name)]:
            if text_of(each) in by:
                yield by[text_of(each)]


def _refused(item: Item, error: Mapping[str, Any]) -> Outcome:
    category = text_of(error.get("category"))
    if category == "OBJECT_NOT_FOUND":
        text = "There is no such record in HubSpot (any more)."
    else:
        text = message(error) or "HubSpot refused it and did not say why."
    return Outcome(item.key, False, message=text, retry=category in _LATER)


def sendable(name: str, value: Any, kind: str) -> str:
    """A value as HubSpot takes it, all of them text; the empty text empties the property.

    Raises ValueError with a sentence for a value it cannot take.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal, float)):
        if not math.isfinite(value):
            raise ValueError(f"The property {name} cannot hold this number.")
        number = Decimal(str(value)) + 0  # which also makes a negative zero one like the others
        return format(number.to_integral_value() if number == int(number) else number, "f")
    if isinstance(value, datetime):
        at = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        # A day is a midnight in UTC there, and another moment would be refused.
        return at.date().isoformat() if kind == "date" else str(int(at.timestamp() * 1000))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise ValueError(f"The property {name} holds at most {LONGEST:,} characters.")
        return value
    raise ValueError(f"The property {name} cannot hold this kind of value.")
