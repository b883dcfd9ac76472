"""Bulk API 2.0 query jobs: one question, an export they prepare, results by locator.

Source: Bulk API 2.0 and Bulk API Developer Guide, “Query Jobs”. Results are kept for seven days.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import httpx

from connectors.errors import ConfigError, CursorExpired, Throttled, Transient
from connectors.systems.salesforce.org import Org
from connectors.systems.salesforce.refusals import BadQuestion

PATIENCE = 20.0
"""Seconds to wait for an export here; after that the worker is freed and the job goes on there."""
AGAIN = 60.0
_ID = re.compile(r"[A-Za-z0-9]{15,18}").fullmatch
_INTEGER = re.compile(r"-?\d{1,19}").fullmatch


class Gone(Exception):
    """The job cannot be read (any more): it expired, was aborted or failed."""


class Jobs:
    """The query jobs of one org. `sleep` waits between looks at a job."""

    def __init__(self, org: Org, sleep: Callable[[float], None] = time.sleep) -> None:
        self._org, self._sleep = org, sleep

    def open(self, question: str) -> str:
        """Starts a job and returns its id.

        Raises BadQuestion, and Gone when the org takes no bulk job for this.
        """
        body = {"operation": "queryAll", "query": question, "contentType": "CSV"}
        try:
            said = self._org.json("POST", "jobs/query", json=body)
        except BadQuestion:
            raise
        except ConfigError as error:
            raise Gone from error
        job = said.get("id") if isinstance(said, Mapping) else None
        if not isinstance(job, str) or not _ID(job):
            raise Transient("Salesforce sent no id for the export it prepares.")
        return job

    def wait(self, job: str) -> None:
        """Returns when the results are ready.

        Raises Throttled while they are being prepared, Gone when there will be none.
        """
        waited, pause = 0.0, 0.5
        while True:
            said = _look(lambda: self._org.json("GET", f"jobs/query/{_path(job)}"))
            state = said.get("state") if isinstance(said, Mapping) else None
            if state == "JobComplete":
                return
            if state in ("Failed", "Aborted"):
                raise Gone
            if state not in ("UploadComplete", "InProgress"):
                raise Transient("Salesforce does not say how far its export is.")
            if waited >= PATIENCE:
                raise Throttled(AGAIN, "Salesforce is still preparing the export.")
            self._sleep(pause)
            waited, pause = waited + pause, min(pause * 2, 8.0)

    def page(
        self, job: str, locator: str | None, size: int, kinds: Mapping[str, str]
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Some rows and the locator of the next ones, None at the end.

        Raises Gone, or Transient when the answer is cut.
        """
        path = f"jobs/query/{_path(job)}/results?maxRecords={int(size)}"
        if locator is not None:
            path += f"&locator={quote(locator, safe='')}"
        csv_please = {"Accept": "text/csv"}
        response = _look(lambda: self._org.request("GET", path, headers=csv_please))
        rows = rows_of(response, kinds)
        following = response.headers.get("Sforce-Locator")
        if following is None:
            raise Gone  # without it nobody can tell the end from a page
        return rows, None if following in ("null", "") else following


def _path(job: str) -> str:
    if not _ID(job):
        raise Gone
    return job


def _look(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (ConfigError, CursorExpired) as error:
        raise Gone from error


def rows_of(response: httpx.Response, kinds: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of a CSV answer, with the values REST would give. Raises Transient if it is cut."""
    try:
        text = response.content.decode("utf-8-sig").replace("\0", "")  # seen in real exports
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except (ValueError, csv.Error) as error:
        raise Transient("Salesforce sent an export that is cut or damaged.") from error
    names: Sequence[str] = lines[0] if lines else ()
    said = response.headers.get("Sforce-NumberOfRecords", "")
    is_whole = not said.isdigit() or int(said) == max(0, len(lines) - 1)
    if not is_whole or any(len(line) != len(names) for line in lines):
        raise Transient("Salesforce sent an export that is cut or damaged.")
    return [
        {name: value(kinds.get(name, "text"), cell) for name, cell in zip(names, line, strict=True)}
        for line in lines[1:]
    ]


def value(kind: str, cell: str) -> Any:
    """What REST would give for a cell of this type; the text itself when it is not of the type."""
    if not cell:
        return None
    if kind == "boolean":
        return {"true": True, "false": False}.get(cell.lower(), cell)
    if kind == "integer":
        return int(cell) if _INTEGER(cell) else cell
    if kind == "decimal":
        try:
            number = Decimal(cell)
        except InvalidOperation:
            return cell
        return number if number.is_finite() else cell
    if kind == "datetime" and cell.endswith("Z"):
        return f"{cell[:-1]}+0000"
    return cell
