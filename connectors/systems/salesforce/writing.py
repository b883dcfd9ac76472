"""Writing back by collections of 200: custom fields of customers, and tasks and cases of ours.

Source: REST API Developer Guide, “Update Multiple Records” and “Upsert Multiple Records”.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from connectors.errors import Transient
from connectors.records import Item, Outcome, Target
from connectors.systems.salesforce.described import Described
from connectors.systems.salesforce.org import Org
from connectors.systems.salesforce.refusals import outcome_of

BATCH = 200
EXTERNAL_ID = "EFM_Id__c"
"""Our id on records of ours, by which they are found again."""
UPDATED = ("Contact", "Account", "Lead", "Case")
MADE: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Task": ("WhoId", ("Subject", "Description", "Status", "Priority", "ActivityDate")),
        "Case": (
            "ContactId", ("Subject", "Description", "Status", "Priority", "Origin", "Type", "Reason")
        ),
    }
)  # fmt: skip
"""Objects that may be made: the lookup to the contact they are about, and their usual fields."""


def updated(found: Described) -> Target | None:
    """The custom fields of an object that may be written; None when there is none of them.

    Standard fields (names, addresses, owners) are theirs, and are left alone.
    """
    fields = {n: t for n, t in found.fields.items() if n in found.writable and n.endswith("__c")}
    fields.pop(EXTERNAL_ID, None)
    if not fields or not found.is_updateable:
        return None
    return Target(
        found.name, f"Fields of {found.label.lower()}", "update", found.name, fields, batch=BATCH,
        help="Custom fields made for this, such as the last score.",
    )  # fmt: skip


def made(found: Described) -> Target | None:
    """Records of ours of an object; None when it has no external id field of ours."""
    about, usual = MADE[found.name]
    if (
        not found.is_createable
        or EXTERNAL_ID not in found.external_ids
        or about not in found.fields
    ):
        return None
    both = found.writable & found.createable
    fields = {
        n: t
        for n, t in found.fields.items()
        if n in both and n != EXTERNAL_ID and (n in usual or n.endswith("__c"))
    }
    if "Subject" not in fields:
        return None
    return Target(
        f"{found.name} of ours", f"{found.label} about contacts", "upsert", "Contact", fields,
        frozenset({"Subject"}), BATCH, "Made once for each response, and changed with it.",
    )  # fmt: skip


def table_of(target: Target) -> str:
    """The object a target writes to."""
    return target.name.removesuffix(" of ours")


class Writing:
    """One call of `write`: the items in as few calls as the order of outcomes allows."""

    def __init__(self, org: Org, target: Target) -> None:
        self._org, self._target = org, target
        self._table = table_of(target)
        self._pending: list[Outcome | Item] = []
        self._sent: dict[str, dict[str, Any]] = {}

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """One outcome per item, in order."""
        is_update = self._target.op == "update"
        for item in items:
            mark = item.remote_id if is_update else item.key
            if mark in self._sent or len(self._sent) >= BATCH:
                yield from self._flush()  # one call takes a record once
            try:
                record = self._record(item)
            except ValueError as refused:
                self._pending.append(Outcome(item.key, False, message=str(refused)))
                continue
            self._sent[mark] = record
            self._pending.append(item)
        yield from self._flush()

    def _record(self, item: Item) -> dict[str, Any]:
        """The item as Salesforce takes it. Raises ValueError with a sentence."""
        stranger = sorted(set(item.values) - set(self._target.fields))
        if stranger:
            raise ValueError(f"The field {', '.join(stranger)} cannot be written.")
        values = {name: _sendable(name, value) for name, value in item.values.items()}
        record: dict[str, Any] = {"attributes": {"type": self._table}, **values}
        if self._target.op == "update":
            if not item.remote_id:
                raise ValueError("It is not said which record to change.")
            return {**record, "id": item.remote_id}
        missing = [n for n in sorted(self._target.required) if item.values.get(n) in (None, "")]
        if missing or not item.key:
            raise ValueError(f"The field {', '.join(missing) or 'key'} is needed.")
        about = {MADE[self._table][0]: item.remote_id} if item.remote_id else {}
        return {**record, **about, EXTERNAL_ID: item.key}

    def _flush(self) -> Iterator[Outcome]:
        results = iter(self._send(list(self._sent.values())) if self._sent else ())
        pending, self._pending, self._sent = self._pending, [], {}
        for each in pending:
            yield each if isinstance(each, Outcome) else self._outcome(each, next(results))

    def _send(self, records: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        path = "composite/sobjects"
        if self._target.op == "upsert":
            path += f"/{self._table}/{EXTERNAL_ID}"
        body = {"allOrNone": False, "records": records}
        # Both find the record by an id, so a call whose answer was lost may be made again.
        said = self._org.json("PATCH", path, json=body, is_repeatable=True)
        if not isinstance(said, list) or len(said) != len(records):
            raise Transient("Salesforce did not answer for each record; they are written again.")
        return said

    def _outcome(self, item: Item, said: Any) -> Outcome:
        result: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
        if result.get("success") is not True:
            message, retry = outcome_of(result.get("errors"))
            return Outcome(item.key, False, message=message, retry=retry)
        if self._target.op == "update":
            return Outcome(item.key, True, item.remote_id)
        remote = result.get("id")
        is_new = result.get("created") is True
        return Outcome(item.key, True, remote if isinstance(remote, str) else None, is_new)


def _sendable(name: str, value: Any) -> Any:
    """A value in JSON's types. Raises ValueError with a sentence for one that has none."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (Decimal, float)) and math.isfinite(value):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    if isinstance(value, date):
        return value.isoformat()
    raise ValueError(f"The field {name} cannot hold this kind of value.")


def offered(describe: Callable[[str], Described | None], only: str = "") -> list[Target]:
    """The targets of an org, asked about each object, or about one alone."""
    tables = [name for name in UPDATED if only in ("", name)]
    found = [updated(each) for each in map(describe, tables) if each]
    tables = [name for name in MADE if only in ("", name)]
    if tables and describe("Contact"):  # what is made is about contacts
        found += [made(each) for each in map(describe, tables) if each]
    return [each for each in found if each]
