"""Changing fields of users and organizations, by jobs of a hundred records.

A job tells what became of each record by its id, refusals as `{"index", "error", "id", "details"}`.
Source: https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import Throttled, Transient
from connectors.records import Item, Outcome, Target
from connectors.systems.zendesk.api import BATCH, Api, id_of, segment, text_of
from connectors.systems.zendesk.desk import Field
from connectors.systems.zendesk.kinds import KINDS
from connectors.systems.zendesk.refusals import Absent, BadRequest, Forbidden, message
from connectors.systems.zendesk.values import sendable

PATIENCE = 60.0
"""Seconds to wait for a job here; what it was to write is written again later, which is harmless."""
AGAIN = 60.0
_LATER = ("conflict", "timeout", "unavailable", "database", "internal")
Sent = dict[str, tuple[Item, dict[str, Any]]]


class Updating:
    """One call of `write` on users or organizations."""

    def __init__(
        self, api: Api, target: Target, fields: Mapping[str, Field], sleep: Callable[[float], None]
    ) -> None:
        self._api, self._target, self._fields, self._sleep = api, target, fields, sleep
        self._name = target.stream
        self._holder, _ = KINDS[target.stream].custom

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """One outcome per item, in order."""
        pending: list[Outcome | Item] = []
        sent: Sent = {}
        for item in items:
            if item.remote_id in sent or len(sent) >= BATCH:  # one job takes a record once
                yield from self._flush(pending, sent)
                pending, sent = [], {}
            try:
                sent[item.remote_id] = (item, self._values(item))
                pending.append(item)
            except ValueError as refused:
                pending.append(Outcome(item.key, False, message=str(refused)))
        yield from self._flush(pending, sent)

    def _values(self, item: Item) -> dict[str, Any]:
        """The item's fields by Zendesk's keys. Raises ValueError with a sentence."""
        stranger = sorted(set(item.values) - set(self._target.fields))
        if stranger:
            raise ValueError(f"The field {', '.join(stranger)} cannot be written.")
        if not item.remote_id:
            raise ValueError("It is not said which record to change.")
        known = [(self._fields[name], value) for name, value in item.values.items()]
        return {
            each.key: sendable(each.name, value, each.type, each.options) for each, value in known
        }

    def _flush(self, pending: Sequence[Outcome | Item], sent: Sent) -> Iterator[Outcome]:
        done = self._send(sent) if sent else {}
        for each in pending:
            yield each if isinstance(each, Outcome) else done[each.remote_id]

    def _send(self, sent: Sent) -> dict[str, Outcome]:
        """The outcomes by record; what is refused as a whole is sent in halves."""
        marks = list(sent)
        records = [{"id": id_of(mark), self._holder: values} for mark, (_, values) in sent.items()]
        try:
            said = self._api.call("PUT", f"{self._name}/update_many", json={self._name: records})
            job = self._finished(said)
        except (Absent, BadRequest) as error:
            if len(marks) == 1:
                return {marks[0]: Outcome(sent[marks[0]][0].key, False, message=error.message)}
            half = len(marks) // 2
            first = self._send({mark: sent[mark] for mark in marks[:half]})
            return first | self._send({mark: sent[mark] for mark in marks[half:]})
        return self._told(job, sent)

    def _finished(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """The job once it has ended. Raises Throttled when it takes too long."""
        waited, pause = 0.0, 0.5
        job = _job(said)
        name = text_of(job.get("id"))
        if not name:
            raise Transient("Zendesk began a job and did not say which.")
        while text_of(job.get("status")) not in ("completed", "failed", "killed"):
            if waited >= PATIENCE:
                raise Throttled(AGAIN, "Zendesk is still working on what was written.")
            self._sleep(pause)
            waited, pause = waited + pause, min(pause * 2, 8.0)
            try:
                job = _job(self._api.get(f"job_statuses/{segment(name)}"))
            except (Absent, BadRequest, Forbidden) as error:
                raise Transient("Zendesk did not say what became of a job.") from error
        return job

    def _told(self, job: Mapping[str, Any], sent: Sent) -> dict[str, Outcome]:
        """The outcomes of a job by record; it keeps no order, and may tell nothing at all."""
        marks = list(sent)
        done: dict[str, Outcome] = {}
        results = job.get("results")
        for each in results if isinstance(results, list) else ():
            if not isinstance(each, dict):
                continue
            key, index = text_of(each.get("id")), each.get("index")
            if key not in sent and type(index) is int and 0 <= index < len(marks):
                key = marks[index]
            if key in sent:
                done[key] = _outcome(sent[key][0], each)
        why = message({"description": job.get("message")}) if job.get("status") != "completed" else ""  # fmt: skip
        text = why or "Zendesk did not say what became of it; it is written again later."
        for mark in marks:
            done.setdefault(mark, Outcome(sent[mark][0].key, False, message=text, retry=True))
        return done


def _job(said: Mapping[str, Any]) -> Mapping[str, Any]:
    job = said.get("job_status")
    if not isinstance(job, dict):
        raise Transient("Zendesk sent something that is no job.")
    return job


def _outcome(item: Item, said: Mapping[str, Any]) -> Outcome:
    status = text_of(said.get("status")).lower()
    is_bad = said.get("error") or said.get("errors") or said.get("success") is False
    if not is_bad and status in ("updated", "created", ""):
        return Outcome(item.key, True, item.remote_id)
    error = text_of(said.get("error"))
    text = message(said)
    if "notfound" in error.lower().replace(" ", "") or text.lower() in (
        "not found",
        "recordnotfound",
    ):
        return Outcome(item.key, False, message="There is no such record in Zendesk (any more).")
    retry = any(word in error.lower() for word in _LATER)
    text = text or "Zendesk refused it and did not say why."
    return Outcome(item.key, False, message=text, retry=retry)
