"""Writes items back by the requests an admin declared, each to its own outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from connectors.records import Item, Outcome, plain
from connectors.systems.rest.access import Far
from connectors.systems.rest.paths import Missing
from connectors.systems.rest.writes import LEFT_OUT, Step, Writing, fill, fill_path

_JUDGED = (400, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428)


class _Refused(Exception):
    """The far side refuses this item; `again` says that it may go well later."""

    def __init__(self, message: str, again: bool = False) -> None:
        super().__init__(message)
        self.message, self.again = message, again


def write(far: Far, writing: Writing, items: Sequence[Item]) -> Iterator[Outcome]:
    """One outcome per item, in order. Raises what concerns them all."""
    for item in items:
        try:
            yield _one(far, writing, item)
        except _Refused as refused:
            yield Outcome(item.key, False, message=refused.message, retry=refused.again)


def _one(far: Far, writing: Writing, item: Item) -> Outcome:
    target = writing.target
    stranger = sorted(set(item.values) - set(target.fields))
    if stranger:
        raise _Refused(f"The field {', '.join(stranger)} cannot be written.")
    absent = sorted(name for name in target.required if item.values.get(name) in (None, ""))
    if absent:
        raise _Refused(f"The field {', '.join(absent)} is needed.")
    if target.stream and not item.remote_id:
        raise _Refused("It does not say which record it is about.")
    given = plain(item.values)
    values = {**given, "key": item.key, "remote_id": item.remote_id, **far.own}
    if target.op == "update":
        assert writing.update is not None
        _send(far, writing.update, values, given)
        return Outcome(item.key, True, item.remote_id)
    found = _find(far, writing, values)
    if found is not None and writing.update is not None:
        _send(far, writing.update, {**values, "id": found}, given)
    created = found is None
    if created:
        if writing.then is not None and writing.then.has_etag and "{id}" not in writing.then.path:
            _etag(far, fill_path(writing.then.path, values))  # nothing is made about nothing
        found = _create(far, writing, values, given)
    if writing.then is not None:
        _send(far, writing.then, {**values, "id": found}, given)
    return Outcome(item.key, True, found, created)


def _find(far: Far, writing: Writing, values: Mapping[str, Any]) -> str | None:
    """The id of the record we made for this key before, None when there is none."""
    step = writing.find
    assert step is not None
    response = far.call(step.method, fill_path(step.path, values), _JUDGED, params=_params(far, step, values))  # fmt: skip
    if response.status_code == 404:
        return None
    if response.status_code >= 400:
        raise _refused(far, response)
    try:
        entries = step.records.entries(far.json(response))
    except Missing as missing:
        said = f"The search for our record found no “{missing.step}” in the answer; check “find”."
        raise _Refused(said) from missing
    return None if not entries else _id(step, entries[0][1])


def _create(far: Far, writing: Writing, values: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    step = writing.create
    assert step is not None
    response = _send(far, step, values, given)
    found = _id(step, far.json(response)) if response.content else None
    place = response.headers.get("location", "").rstrip("/").rpartition("/")[2]
    if found is None and not place:
        raise _Refused("It was made, but the answer does not say under which id; check “create”.")
    return found or str(place)


def _send(
    far: Far, step: Step, values: Mapping[str, Any], given: Mapping[str, Any]
) -> httpx.Response:
    """One request of the declaration. Raises _Refused for a refusal of this item."""
    path, headers = fill_path(step.path, values), {}
    if step.has_etag:
        headers["If-Match"] = _etag(far, path)
    body = given if step.body is None else fill(step.body, values)
    response = far.call(
        step.method,
        path,
        _JUDGED,
        json=None if body is LEFT_OUT else body,
        params=_params(far, step, values),
        headers=headers,
        is_repeatable=step.method != "POST",
    )
    if response.status_code >= 400:
        raise _refused(far, response)
    return response


def _etag(far: Far, path: str) -> str:
    """The version of the record now, so that nobody's change in between is overwritten."""
    response = far.call("GET", path, _JUDGED, params=dict(far.params) or None)
    if response.status_code >= 400:
        raise _refused(far, response)
    return str(response.headers.get("etag", "*"))


def _refused(far: Far, response: httpx.Response) -> _Refused:
    if response.status_code in (404, 410):
        return _Refused("There is no such record.")
    if response.status_code == 412:
        return _Refused("Somebody changed the record at the same moment.", again=True)
    return _Refused(f"{far.host} refuses it ({response.status_code}): {far.said(response)}")


def _params(far: Far, step: Step, values: Mapping[str, Any]) -> dict[str, Any] | None:
    filled = {**far.params, **fill(step.params, values)}
    return {name: value for name, value in filled.items() if value is not None} or None


def _id(step: Step, body: Any) -> str | None:
    found = step.id.one(body)
    usable = isinstance(found, (str, int)) and not isinstance(found, bool)
    return str(found).strip() or None if usable else None
