"""How the simulated org takes what clients write: one record at a time or as a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.connectors.salesforce.questions import Refused
from tests.connectors.salesforce.tables import Table, Tables

Result = dict[str, Any]


class Records:
    """Creates, changes and deletes with the refusals of the real thing."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.locked: set[str] = set()

    def table(self, name: str) -> Table:
        """The object of that name. Raises Refused."""
        found = self.tables.tables.get(name)
        if found is None:
            raise Refused("NOT_FOUND", "The requested resource does not exist", 404)
        return found

    def create(self, name: str, values: Mapping[str, Any]) -> str:
        """The id of a new record. Raises Refused."""
        table = self.table(name)
        self.check(table, values, "createable")
        absent = [
            n for n, f in table.fields.items()
            if not f["nillable"] and f["createable"] and not values.get(n)
        ]  # fmt: skip
        if absent:
            said = f"Required fields are missing: [{', '.join(absent)}]"
            raise Refused("REQUIRED_FIELD_MISSING", said)
        return self.tables.put(name, **values)

    def update(self, name: str, key: str, values: Mapping[str, Any]) -> None:
        """Changes a record. Raises Refused."""
        table = self.table(name)
        self.need(table, key)
        self.check(table, values, "updateable")
        self.tables.put(name, key, **values)

    def upsert(self, name: str, by: str, value: Any, values: Mapping[str, Any]) -> tuple[str, bool]:
        """(id, whether it is new). Raises Refused."""
        table = self.table(name)
        field = table.fields.get(by)
        if field is None or not field["idLookup"]:
            raise Refused("NOT_FOUND", f"Provided external ID field does not exist: {by}", 404)
        found = [k for k, row in self.tables.live(name).items() if row[by] == value and value]
        if len(found) > 1:
            raise Refused("DUPLICATE_VALUE", f"duplicate value found: {by}", 300)
        if found:
            self.update(name, found[0], values)
            return found[0], False
        own = {} if by == "Id" else {by: value}
        return self.create(name, {**values, **own}), True

    def delete(self, name: str, key: str) -> None:
        """Deletes a record. Raises Refused."""
        self.need(self.table(name), key)
        self.tables.delete(name, key)

    def need(self, table: Table, key: str) -> dict[str, Any]:
        """The record of that id. Raises Refused."""
        row = table.rows.get(key)
        if row is None and len(key) not in (15, 18):
            raise Refused("MALFORMED_ID", f"{table.name} ID: id value of incorrect type: {key}")
        if row is None:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", 404)
        if row["IsDeleted"]:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted", 404)
        if key in self.locked:
            raise Refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        return row

    def check(self, table: Table, values: Mapping[str, Any], flag: str) -> None:
        """Raises Refused for a field that is not there, not to be written, or takes no such value."""
        for name, value in values.items():
            field = table.fields.get(name)
            if field is None:
                said = f"No such column '{name}' on sobject of type {table.name}"
                raise Refused("INVALID_FIELD", said)
            if not field[flag]:
                said = f"Unable to create/update fields: {name}. Please check the security settings"
                raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", said)
            if isinstance(value, str) and len(value) > field["length"]:
                said = f"{field['label']}: data value too large: {value[:20]} (max length={field['length']})"
                raise Refused("STRING_TOO_LONG", said)
            if field["type"] == "double" and isinstance(value, bool):
                raise Refused(
                    "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{name}: value not of required type"
                )

    def collection(
        self, method: str, records: Sequence[Mapping[str, Any]], by: str = "", name: str = ""
    ) -> list[Result]:
        """The results of one call of the collections' interface, in order."""
        if len(records) > 200:
            raise Refused("TOO_MANY_RECORDS", "Record limit reached: 200")
        marks = [each.get(by) if by else each.get("id", each.get("Id")) for each in records]
        return [
            self._one(method, each, by, name, marks.count(mark) > 1 and mark is not None)
            for each, mark in zip(records, marks, strict=True)
        ]

    def _one(
        self, method: str, record: Mapping[str, Any], by: str, name: str, is_double: bool
    ) -> Result:
        values = {k: v for k, v in record.items() if k not in ("attributes", "id", "Id", by)}
        table = str(name or record.get("attributes", {}).get("type"))
        key = str(record.get("id") or record.get("Id") or "")
        try:
            if is_double:
                raise Refused(
                    "DUPLICATE_VALUE", "Duplicate external id specified" if by else "duplicate id"
                )
            if method == "POST":
                return {"id": self.create(table, values), "success": True, "errors": []}
            if by:
                key, is_new = self.upsert(table, by, record.get(by), values)
                return {"id": key, "success": True, "errors": [], "created": is_new}
            self.update(table, key, values)
            return {"id": key, "success": True, "errors": []}
        except Refused as said:
            error = {"statusCode": said.code, "message": said.message, "fields": []}
            return {"success": False, "errors": [error]}
