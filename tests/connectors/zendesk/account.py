"""The records of a Zendesk account in this process: a clock of its own, edits, custom fields."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

START = 1_790_000_000
HOME = "https://acme.zendesk.com/api/v2"
NUMBERED = {"users": "user", "organizations": "organization", "tickets": "ticket",
            "satisfaction_ratings": "satisfaction_rating"}  # fmt: skip
Row = dict[str, Any]

BASES: dict[str, Row] = {
    "users": {
        "name": "", "email": None, "time_zone": "America/New_York",
        "iana_time_zone": "America/New_York", "phone": None, "shared_phone_number": None,
        "photo": None, "locale_id": 1, "locale": "en-US", "organization_id": None,
        "role": "end-user", "verified": False, "external_id": None, "tags": [], "alias": None,
        "active": True, "shared": False, "shared_agent": False, "last_login_at": None,
        "two_factor_auth_enabled": False, "signature": None, "details": None, "notes": None,
        "role_type": None, "custom_role_id": None, "moderator": False,
        "ticket_restriction": "requested", "only_private_comments": False,
        "restricted_agent": True, "suspended": False, "default_group_id": None,
        "report_csv": False, "user_fields": {},
    },
    "organizations": {
        "name": "", "shared_tickets": False, "shared_comments": False, "external_id": None,
        "domain_names": [], "details": None, "notes": None, "group_id": None, "tags": [],
        "organization_fields": {},
    },
    "tickets": {
        "external_id": None, "via": {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}},
        "type": None, "subject": None, "raw_subject": None, "description": None, "priority": None,
        "status": "new", "recipient": None, "requester_id": None, "submitter_id": None,
        "assignee_id": None, "organization_id": None, "group_id": None, "collaborator_ids": [],
        "follower_ids": [], "email_cc_ids": [], "forum_topic_id": None, "problem_id": None,
        "has_incidents": False, "is_public": True, "due_at": None, "tags": [],
        "custom_fields": [], "satisfaction_rating": None, "sharing_agreement_ids": [],
        "custom_status_id": 6130, "fields": [], "followup_ids": [], "ticket_form_id": 6131,
        "brand_id": 6132, "allow_channelback": False, "allow_attachments": True,
        "from_messaging_channel": False,
    },
    "satisfaction_ratings": {
        "assignee_id": None, "group_id": None, "requester_id": None, "ticket_id": None,
        "score": "good", "comment": None, "reason": None, "reason_id": None,
    },
}  # fmt: skip


def number(key: str) -> int | str:
    """An id as JSON has it."""
    return int(key) if key.isdigit() else key


def age(key: str) -> tuple[int, str]:
    """By what ids are ordered."""
    return len(key), key


def clock(second: int) -> str:
    """A second as Zendesk writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Records:
    """The records. Edits take a second each, unless the clock is frozen; and whoever reads comes a
    minute later, unless `held`, so that nothing is held back."""

    def __init__(self) -> None:
        self.now = START
        self.frozen = self.held = False
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in NUMBERED}
        self.stamps: dict[tuple[str, str], int] = {}
        self.fields: dict[str, list[Row]] = {
            "user_fields": [], "organization_fields": [], "ticket_fields": []
        }  # fmt: skip
        self.metrics: dict[str, Row] = {}
        self.audits: dict[str, list[Row]] = {}
        self.ids = itertools.count(360_000)
        for name in ("subject", "status", "tickettype", "priority"):
            self.define("ticket_fields", name, name, removable=False)

    @property
    def here(self) -> int:
        """What time it is when somebody calls."""
        return self.now + (0 if self.frozen or self.held else 61)

    def tick(self, seconds: int = 1) -> None:
        """Time passes, unless the clock is frozen."""
        self.now += 0 if self.frozen else seconds

    def define(self, path: str, key: str, kind: str = "text", **more: Any) -> Row:
        """Describes a field."""
        own: Row = {"removable": True} if path == "ticket_fields" else {"system": False, "key": key}
        made = {
            "id": number(key) if path == "ticket_fields" and key.isdigit() else next(self.ids),
            "type": kind, "title": key.replace("_", " ").capitalize(), "active": True,
            "position": 9999, **own, **more,
        }  # fmt: skip
        self.fields[path].append(made)
        return made

    def put(self, kind: str, key: str, **values: Any) -> Row:
        """Makes a record, brings one back, or changes the given values of it."""
        self.tick()
        old = self.rows[kind].get(key)
        if old is None or self.is_gone(kind, old):
            fresh = json.loads(json.dumps(BASES[kind]))
            old = {"url": f"{HOME}/{kind}/{key}.json", "id": number(key), **fresh,
                   "created_at": clock(self.now)}  # fmt: skip
        row = {**old, **values, "updated_at": clock(self.now)}
        if kind == "tickets":
            row["raw_subject"], row["fields"] = row["subject"], row["custom_fields"]
        self.rows[kind][key] = row
        self.stamps[kind, key] = self.now
        return row

    def delete(self, kind: str, key: str) -> None:
        """Deletes a record as Zendesk does: what is left of it says so."""
        row = self.rows[kind].get(key)
        if row is None or self.is_gone(kind, row):
            return
        marks: dict[str, Row] = {
            "tickets": {"status": "deleted"},
            "users": {"active": False},
            "organizations": {"deleted_at": clock(self.now + 1)},
        }
        self.put(kind, key, **marks[kind])

    def is_gone(self, kind: str, row: Row) -> bool:
        """Whether a record is deleted."""
        return row.get("status") == "deleted" or row.get("active") is False or bool(row.get("deleted_at"))  # fmt: skip

    def live(self, kind: str) -> dict[str, Row]:
        """The records that are there."""
        return {k: row for k, row in self.rows[kind].items() if not self.is_gone(kind, row)}

    def told(self, kind: str) -> list[tuple[int, str, Row]]:
        """What exports tell now: all but the last minute, oldest change first."""
        found = [
            (self.stamps[kind, key], key, row)
            for key, row in self.rows[kind].items()
            if self.stamps[kind, key] <= self.here - 60
        ]
        return sorted(found, key=lambda each: (each[0], age(each[1])))
