"""What the simulated account changes: jobs over many records, tickets with comments and audits."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.connectors.zendesk.account import NUMBERED, Row, number
from tests.connectors.zendesk.exports import Exports
from tests.connectors.zendesk.refusal import NOT_FOUND, Refusal, invalid, too_many

SLOWNESS = 2
"""How often a job is looked at before it is done."""
PRIORITIES = (None, "low", "normal", "high", "urgent")


class Writes(Exports):
    """Changes. `jobs` are the outcomes to be told; `broken_jobs` end without any."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, list[Any]] = {}
        self.broken_jobs = False
        self.replies: dict[str, Row] = {}

    # --- jobs ------------------------------------------------------------------------------

    def many(self, kind: str, document: Row, is_new: bool) -> Row:
        """Begins a job over records."""
        records = document.get(kind)
        if not isinstance(records, list):
            raise Refusal(400, {"error": "InvalidValue", "description": f"{kind} is missing"})
        if len(records) > 100:
            raise Refusal(400, too_many(kind))
        results = []
        for index, each in enumerate(records):
            results.append(self._one(kind, index, each, is_new))
        name = f"V3-{hashlib.md5(str(next(self.ids)).encode()).hexdigest()}"
        self.jobs[name] = [SLOWNESS, results]
        return {"job_status": self._status(name, "queued", None, None)}

    def _one(self, kind: str, index: int, given: Row, is_new: bool) -> Row:
        if is_new:
            if kind == "tickets":
                return {"index": index, "id": self.new_ticket(given)["ticket"]["id"]}
            row = self.put(kind, str(next(self.ids)), **given)
            return {"id": row["id"], "status": "Created"}
        key = str(given.get("id"))
        done = {"id": number(key), "action": "update", "status": "Updated", "success": True}
        title = NUMBERED[kind].capitalize()
        if key not in self.live(kind):
            return {"index": index, "error": "RecordNotFound", "id": number(key),
                    "details": "Not found"}  # fmt: skip
        try:
            self.change(kind, key, given)
        except Refusal as refusal:
            text = refusal.error["details"]
            (reason,) = next(iter(text.values()))
            return {"index": index, "error": f"{title}UpdateFailed", "id": number(key),
                    "details": reason["description"]}  # fmt: skip
        return done

    def change(self, kind: str, key: str, given: Row) -> Row:
        """Changes one record."""
        holder = f"{NUMBERED[kind]}_fields"
        values = {n: v for n, v in given.items() if n != "id"}
        for name, value in values.get(holder, {}).items():
            known = next((e for e in self.fields[holder] if e["key"] == name), None)
            if known is None:
                values[holder] = {n: v for n, v in values[holder].items() if n != name}
            elif known["type"] == "integer" and not isinstance(value, (int, type(None))):
                raise Refusal(422, invalid(name, f"{known['title']}: is not a number"))
        if holder in values:
            values[holder] = {**self.rows[kind][key].get(holder, {}), **values[holder]}
        return self.put(kind, key, **values)

    def job(self, name: str) -> Row:
        """How a job stands."""
        if name not in self.jobs:
            raise Refusal(404, NOT_FOUND)
        left, results = self.jobs[name]
        self.jobs[name][0] = left - 1
        if left > 0:
            return {"job_status": self._status(name, "queued" if left > 1 else "working", None, None)}  # fmt: skip
        if self.broken_jobs:
            return {"job_status": self._status(name, "failed", "Something went wrong.", None)}
        text = "Completed at 2026-09-18 23:35:58 +0000"
        return {"job_status": self._status(name, "completed", text, results)}

    def _status(self, name: str, status: str, text: Any, results: Any) -> Row:
        return {"id": name, "url": f"https://acme.zendesk.com/api/v2/job_statuses/{name}.json",
                "total": len(self.jobs[name][1]) if name in self.jobs else 0,
                "progress": None, "status": status, "message": text, "results": results}  # fmt: skip

    # --- tickets ---------------------------------------------------------------------------

    def once(self, mark: str, given: Row) -> tuple[Row, str]:
        """A new ticket, or the one made under the same mark, and whether it was known."""
        if mark and mark in self.replies:
            return self.replies[mark], "hit"
        made = self.new_ticket(given)
        if mark:
            self.replies[mark] = made
        return made, "miss"

    def new_ticket(self, given: Row) -> Row:
        """A ticket with its first comment."""
        comment = given.get("comment") or {"body": given.get("description")}
        if not comment.get("body"):
            raise Refusal(422, invalid("base", "Description: cannot be blank"))
        key = str(next(self.ids))
        values = {n: v for n, v in given.items() if n not in ("comment", "metadata", "id")}
        self._judge(values)
        requester = {"requester_id": 1, "submitter_id": 1, **values}
        self.put("tickets", key, **{**requester, "description": comment["body"]})
        audit = self._audit(key, comment, given.get("metadata"))
        return {"ticket": self.rows["tickets"][key], "audit": audit}

    def change_ticket(self, key: str, given: Row) -> Row:
        """A changed ticket, and what is said with it."""
        row = self.live("tickets").get(key)
        if row is None:
            raise Refusal(404, NOT_FOUND)
        if row["status"] == "closed":
            raise Refusal(422, invalid("status", "Status: closed prevents ticket update"))
        values = {n: v for n, v in given.items() if n not in ("comment", "metadata", "id")}
        self._judge(values)
        self.put("tickets", key, **values)
        audit = self._audit(key, given.get("comment"), given.get("metadata"))
        return {"ticket": self.rows["tickets"][key], "audit": audit}

    def _judge(self, values: Row) -> None:
        if values.get("priority") not in PRIORITIES:
            raise Refusal(422, invalid("priority", "Priority: is not included in the list"))

    def _audit(self, key: str, comment: Any, metadata: Any) -> Row:
        events = []
        if comment:
            public = comment.get("public", True)
            events.append({"id": next(self.ids), "type": "Comment", "body": comment["body"],
                           "plain_body": comment["body"], "public": public, "author_id": 1})  # fmt: skip
        audit = {"id": next(self.ids), "ticket_id": number(key), "events": events,
                 "metadata": {"system": {}, "custom": metadata or {}}}  # fmt: skip
        self.audits.setdefault(key, []).append(audit)
        return audit

    def comments(self, key: str) -> list[Row]:
        """What was said on a ticket."""
        return [e for audit in self.audits.get(key, []) for e in audit["events"]]
