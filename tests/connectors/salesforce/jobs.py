"""The simulated org's Bulk 2.0 jobs: queries with locators, and ingest with its three results."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.connectors.salesforce.questions import Refused, Row, answer
from tests.connectors.salesforce.records import Records
from tests.connectors.salesforce.tables import Tables, new_id, text_of

GONE = Refused("NOT_FOUND", "The requested resource does not exist", 404)


@dataclass
class Job:
    """One job: what the interface says of it, and what only we know."""

    said: dict[str, Any]
    polls: int = 0
    names: Sequence[str] = ()
    rows: Sequence[Row] = ()
    body: str = ""
    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def _csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return target.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    is_moment = re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+0000", text)
    return text.replace("+0000", "Z") if is_moment else text


class Jobs:
    """All jobs of the org. `looks` is how often one must look before a job is complete."""

    def __init__(self, tables: Tables, records: Records) -> None:
        self.tables, self.records = tables, records
        self.jobs: dict[str, Job] = {}
        self.looks, self.fails = 1, ""
        self.is_endless = False
        self.is_refused = False

    def _open(self, kind: str, version: str, given: Mapping[str, Any], **more: Any) -> Job:
        key = new_id("750", len(self.jobs) + 1)
        moment = text_of(self.tables.now)
        said = {
            "id": key, "operation": given["operation"], "createdById": new_id("005", 1),
            "createdDate": moment, "systemModstamp": moment, "concurrencyMode": "Parallel",
            "contentType": "CSV", "apiVersion": float(version), "lineEnding": "LF",
            "columnDelimiter": "COMMA", **more,
        }  # fmt: skip
        self.jobs[key] = Job({**said, "_kind": kind})
        return self.jobs[key]

    def open_query(self, version: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """A new query job. Raises Refused."""
        if self.is_refused:
            raise Refused("API_ERROR", "Bulk API is not enabled for this organization or user")
        if given.get("operation") not in ("query", "queryAll"):
            raise Refused("INVALIDJOB", "Unsupported operation")
        soql = str(given.get("query"))
        if re.search(r"\bCOUNT\s*\(|\bOFFSET\b|\bGROUP\b", soql, re.IGNORECASE):
            raise Refused("INVALIDJOB", "Aggregate queries are not supported by Bulk API 2.0")
        found = answer(self.tables, soql, with_deleted=False)
        heavy = [n for n in found.fields if found.table.fields[n]["type"] in ("address", "base64")]
        if heavy:
            said = f"Selecting compound data not supported in Bulk Query: {heavy[0]}"
            raise Refused("INVALIDJOB", said)
        job = self._open("query", version, given, object=found.table.name, state="UploadComplete")
        job.body = soql
        return self.shown(job)

    def look(self, key: str) -> dict[str, Any]:
        """The job as it is by now. Raises Refused."""
        job = self.find(key)
        if job.said["_kind"] == "query" and job.said["state"] in ("UploadComplete", "InProgress"):
            job.polls += 1
            job.said["state"] = "InProgress"
            if self.fails:
                job.said |= {"state": "Failed", "errorMessage": self.fails}
            elif job.polls >= self.looks:
                with_deleted = job.said["operation"] == "queryAll"
                found = answer(self.tables, job.body, with_deleted=with_deleted)
                job.names, job.rows = found.fields, [dict(row) for row in found.rows]
                job.said |= {"state": "JobComplete", "numberRecordsProcessed": len(job.rows)}
        return self.shown(job)

    def results(self, key: str, most: int, locator: str) -> tuple[str, dict[str, str]]:
        """A page of results and its headers. Raises Refused."""
        job = self.find(key)
        if job.said["state"] != "JobComplete":
            raise Refused("INVALIDJOBSTATE", "Results are not available until the job completes")
        if locator and not re.fullmatch(r"MTA[0-9]+", locator):
            raise Refused("INVALID_LOCATOR", "invalid locator")
        start = int(locator[3:]) if locator else 0
        some = job.rows[start : start + most]
        is_more = start + most < len(job.rows)
        headers = {"Sforce-NumberOfRecords": str(len(some))}
        headers["Sforce-Locator"] = f"MTA{start + most}" if is_more else "null"
        if self.is_endless:
            headers["Sforce-Locator"] = "MTA0"
        cells = [[_cell(row[name]) for name in job.names] for row in some]
        return _csv(job.names, cells), headers

    def open_ingest(self, version: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """A new ingest job. Raises Refused."""
        self.records.table(str(given.get("object")))
        job = self._open(
            "ingest", version, given, object=given["object"], state="Open",
            externalIdFieldName=given.get("externalIdFieldName"),
        )  # fmt: skip
        job.said["contentUrl"] = f"services/data/v{version}/jobs/ingest/{job.said['id']}/batches"
        return self.shown(job)

    def change(self, key: str, state: str) -> dict[str, Any]:
        """Closes an ingest job, whereupon it runs, or aborts any. Raises Refused."""
        job = self.find(key)
        job.said["state"] = state
        if state == "UploadComplete" and job.said["_kind"] == "ingest":
            self._run(job)
        return self.shown(job)

    def _run(self, job: Job) -> None:
        job.results = {"successfulResults": [], "failedResults": [], "unprocessedrecords": []}
        by = job.said.get("externalIdFieldName") or ""
        for line in csv.DictReader(io.StringIO(job.body)):
            values = {k: None if v == "#N/A" else v for k, v in line.items() if v != ""}
            key, is_new = str(values.pop("Id", "")), False
            try:
                if job.said["operation"] == "upsert":
                    value = values.pop(by, None)
                    key, is_new = self.records.upsert(job.said["object"], by, value, values)
                elif job.said["operation"] == "insert":
                    key, is_new = self.records.create(job.said["object"], values), True
                elif job.said["operation"] == "delete":
                    self.records.delete(job.said["object"], key)
                else:
                    self.records.update(job.said["object"], key, values)
                row = {"sf__Id": key, "sf__Created": str(is_new).lower(), **line}
                job.results["successfulResults"].append(row)
            except Refused as said:
                row = {"sf__Id": key, "sf__Error": f"{said.code}:{said.message}:--", **line}
                job.results["failedResults"].append(row)
        failed = len(job.results["failedResults"])
        done = failed + len(job.results["successfulResults"])
        job.said |= {"state": "JobComplete", "numberRecordsProcessed": done}
        job.said["numberRecordsFailed"] = failed

    def ingested(self, key: str, which: str) -> str:
        """One of the three results of an ingest job as CSV. Raises Refused."""
        found = {n.lower(): rows for n, rows in self.find(key).results.items()}
        if which.lower() not in found:
            raise GONE
        rows = found[which.lower()]
        names = list(rows[0]) if rows else ["sf__Id", "sf__Created"]
        return _csv(names, [list(row.values()) for row in rows])

    def find(self, key: str) -> Job:
        """The job of that id. Raises Refused."""
        if key not in self.jobs:
            raise GONE
        return self.jobs[key]

    @staticmethod
    def shown(job: Job) -> dict[str, Any]:
        """What the interface says of a job."""
        return {key: value for key, value in job.said.items() if not key.startswith("_")}
