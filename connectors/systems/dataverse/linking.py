"""What a row alone does not say: its currency's code, and the customer behind an activity.

An activity is often regarding a case or a deal, whose customer it is about; or it names its customer
only among the people who took part. Both are looked up for a page at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from connectors.errors import ConfigError
from connectors.systems.dataverse.api import POINTS_TO, Api
from connectors.systems.dataverse.literals import guid
from connectors.systems.dataverse.refusals import Absent, BadRequest, Forbidden
from connectors.systems.dataverse.shapes import PERSONS, Record
from connectors.systems.dataverse.tables import Table

VIA: Mapping[str, tuple[str, str, tuple[str, ...]]] = MappingProxyType(
    {
        "incident": ("incidents", "incidentid", ("_customerid_value", "_primarycontactid_value")),
        "opportunity": (
            "opportunities", "opportunityid",
            ("_customerid_value", "_parentcontactid_value", "_parentaccountid_value"),
        ),
        "quote": ("quotes", "quoteid", ("_customerid_value",)),
        "salesorder": ("salesorders", "salesorderid", ("_customerid_value",)),
        "invoice": ("invoices", "invoiceid", ("_customerid_value",)),
    }
)  # fmt: skip
"""Tables an activity may be regarding: the set, its key, and the lookups to customers."""
_PARTY = ("_activityid_value", "_partyid_value")


class Linking:
    """The look-ups of one connection; what the user may not see is not asked for again."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._currencies: dict[str, str] | None = None
        self._refused: set[str] = set()

    def currencies(self, table: Table) -> Mapping[str, str]:
        """ISO codes by the ids of currencies, for tables that have amounts."""
        if "transactioncurrencyid" not in table.columns:
            return {}
        if self._currencies is None:
            options = {"$select": "transactioncurrencyid,isocurrencycode"}
            try:
                entries = self._api.rows("transactioncurrencies", options).entries
            except (Absent, BadRequest, Forbidden):
                entries = ()
            self._currencies = {
                guid(each.get("transactioncurrencyid")): each["isocurrencycode"].strip()
                for each in entries
                if isinstance(each, Mapping) and isinstance(each.get("isocurrencycode"), str)
            }
        return self._currencies

    def complete(self, table: Table, records: Sequence[Record]) -> None:
        """Adds `_contact` and `_account` to activities that do not name them themselves."""
        if table.is_activity:
            self._by_subject(_unnamed(records))
            self._by_people(table, _unnamed(records))

    def _by_subject(self, records: Sequence[Record]) -> None:
        for name, (set_name, key, lookups) in VIA.items():
            about = [r for r in records if r.get("_regarding") == name and _subject(r)]
            found: dict[str, dict[str, str]] = {}
            for row in self._asked(set_name, key, [_subject(r) for r in about], (key, *lookups)):
                customers = found.setdefault(guid(row.get(key)), {})
                for lookup in lookups:
                    _take(customers, row, lookup)
            for record in about:
                record.update(found.get(_subject(record), {}))

    def _by_people(self, table: Table, records: Sequence[Record]) -> None:
        keys = [str(record[table.key]) for record in records]
        found: dict[str, dict[str, str]] = {}
        for row in self._asked("activityparties", "activityid", keys, _PARTY):
            _take(found.setdefault(guid(row.get(_PARTY[0])), {}), row, _PARTY[1])
        for record in records:
            record.update(found.get(str(record[table.key]), {}))

    def _asked(
        self, set_name: str, column: str, ids: Sequence[str], select: Sequence[str]
    ) -> list[Mapping[str, Any]]:
        some = sorted({each for each in ids if guid(each)})
        if not some or set_name in self._refused:
            return []
        try:
            return self._api.having(set_name, column, some, select)
        except ConfigError as error:
            if not isinstance(error, (Absent, BadRequest, Forbidden)):
                raise
            self._refused.add(set_name)
            return []


def _unnamed(records: Sequence[Record]) -> list[Record]:
    return [each for each in records if not each.get("_contact") and not each.get("_account")]


def _subject(record: Record) -> str:
    return guid(record.get("_regardingobjectid_value"))


def _take(customers: dict[str, str], row: Mapping[str, Any], lookup: str) -> None:
    """Notes whom a lookup points to; the first of each kind stays."""
    key, to = guid(row.get(lookup)), row.get(f"{lookup}@{POINTS_TO}")
    if key and to in PERSONS:
        customers.setdefault("_contact", key)
    elif key and to == "account":
        customers.setdefault("_account", key)
