"""What the simulated environment holds: rows with versions, deletions, a clock."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.connectors.dataverse.schema import LABELS, LOOKUPS, Spec, tables

Row = dict[str, Any]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
SPACE = uuid.UUID("00000000-0000-0000-0000-0000000000ef")


def id_of(key: str) -> str:
    """The id that a short key of the tests stands for."""
    return str(uuid.uuid5(SPACE, key))


class Environment:
    """Rows by table and id. Lookups hold (table, id); `version` counts all changes."""

    def __init__(self) -> None:
        self.tables: dict[str, Spec] = tables()
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in self.tables}
        self.deleted: list[tuple[int, str, str]] = []
        self.version, self.lost_before = 100, 0
        self.now, self.is_held = FIRST, False
        self.currency("EUR", "Euro")

    def currency(self, code: str, name: str) -> str:
        """A currency's id, made when it is new."""
        key = id_of(code)
        self.put("transactioncurrency", key, currencyname=name, isocurrencycode=code)
        return key

    def tick(self) -> datetime:
        """The time, a second later unless it is held."""
        if not self.is_held:
            self.now += timedelta(seconds=1)
        return self.now

    def put(self, table: str, /, key: str = "", **values: Any) -> str:
        """Makes or changes a row, and returns its id."""
        moment = stamp(self.tick())
        self.version += 1
        spec, key = self.tables[table], key or str(uuid.uuid4())
        unknown = [n for n in values if n not in spec.columns]
        assert not unknown, f"{table} has no {unknown}"
        row = self.rows[table].get(key)
        if row is None:
            row = self.rows[table][key] = dict.fromkeys(spec.columns)
            row |= {spec.key: key, "createdon": moment, "statecode": 0, "statuscode": 1}
            row |= {"_v": 0}
        row.update(values)
        row |= {"modifiedon": moment, "_v": self.version, "versionnumber": self.version}
        if "fullname" in spec.columns and {"firstname", "lastname"} & set(values):
            row["fullname"] = " ".join(filter(None, [row["firstname"], row["lastname"]]))
        return key

    def delete(self, table: str, key: str) -> bool:
        """Whether there was such a row; there is none now."""
        if self.rows[table].pop(key, None) is None:
            return False
        self.tick()
        self.version += 1
        self.deleted.append((self.version, table, key))
        return True

    def by_set(self, name: str) -> Spec | None:
        """The table of an entity set."""
        return next((each for each in self.tables.values() if each.set_name == name), None)

    def properties(self, spec: Spec) -> list[str]:
        """The properties that can be selected."""
        return [
            f"_{name}_value" if kind in LOOKUPS else name
            for name, kind in spec.columns.items()
            if kind not in ("Virtual", "EntityName")
        ]

    def shown(self, spec: Spec, row: Row, select: list[str], annotations: str) -> Row:
        """The row as the Web API gives it."""
        answer: Row = {"@odata.etag": f'W/"{row["_v"]}"'}
        for name in dict.fromkeys([*select, spec.key]):
            column = name[1:].removesuffix("_value") if name.startswith("_") else name
            value, kind = row[column], spec.columns[column]
            if kind in LOOKUPS:
                answer[name] = value[1] if value else None
                if value:
                    self._lookup(answer, name, value, annotations)
            else:
                answer[name] = value
                label = formatted(column, kind, value)
                if label and _wants(annotations, "OData.Community.Display.V1.FormattedValue"):
                    answer[f"{name}@OData.Community.Display.V1.FormattedValue"] = label
        return answer

    def _lookup(self, answer: Row, name: str, value: tuple[str, str], annotations: str) -> None:
        table, key = value
        title = self.tables[table].title if table in self.tables else ""
        label = self.rows.get(table, {}).get(key, {}).get(title) or "Somebody"
        more = {
            "OData.Community.Display.V1.FormattedValue": label,
            "Microsoft.Dynamics.CRM.lookuplogicalname": table,
        }
        for kind, text in more.items():
            if _wants(annotations, kind):
                answer[f"{name}@{kind}"] = text


def formatted(column: str, kind: str, value: Any) -> str:
    """What people see of a value; empty when that is nothing."""
    labels: Mapping[int, str] = LABELS.get(column, {})
    if value is None:
        return ""
    if kind in ("Picklist", "State", "Status"):
        return labels.get(value, str(value))
    if kind == "MultiSelect":
        return "; ".join(labels.get(int(each), each) for each in str(value).split(","))
    if kind == "Boolean":
        return "Yes" if value else "No"
    if kind in ("Money", "Decimal", "Integer"):
        return f"{value:,}"
    return ""


def _wants(annotations: str, name: str) -> bool:
    return annotations == "*" or name in annotations.split(",")


def stamp(moment: datetime) -> str:
    """A moment as the Web API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
