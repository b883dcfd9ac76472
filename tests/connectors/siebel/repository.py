"""The business components of the simulated server: their fields, records and descriptions.

The form of descriptions follows Siebel REST API Guide, “Using the Describe Parameter to Return
Business Component Metadata”; names and lengths are those of Siebel's own repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEXT, NOTE, ID, UTC_TIME = "DTYPE_TEXT", "DTYPE_NOTE", "DTYPE_ID", "DTYPE_UTCDATETIME"
_SYSTEM = {
    "Created": UTC_TIME, "Created By": ID, "Updated": UTC_TIME, "Updated By": ID,
    "Conflict Id": ID, "Mod Id": "DTYPE_INTEGER",
}  # fmt: skip
_LENGTHS = {TEXT: 40_000, NOTE: 16_350, ID: 15, "DTYPE_BOOL": 1, "DTYPE_INTEGER": 16}
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "childlinks": {"type": "string"},
    "uniformresponse": {"type": "string", "default": "Y", "enum": ["Y"]},
    "searchspec": {"type": "string"},
    "sortspec": {"type": "string"},
    "fields": {"type": "string"},
    "PageSize": {"type": "integer", "minimum": 1, "maximum": 100},
    "StartRowNum": {"type": "integer", "default": 0},
    "pagination": {"type": "string", "default": "Y", "enum": ["Y", "N"]},
    "ViewMode": {"type": "string", "default": "Sales Rep"},
    "recordcountneeded": {"type": "boolean", "default": False},
    "ExecutionMode": {"type": "string", "default": "BiDirectional"},
    "excludeEmptyFieldsInResponse": {"type": "string", "default": "false"},
}
"""The parameters of a query as a server of release 2026 describes them (OpenAPI 3.0)."""


@dataclass
class Table:
    """One business component: name to type of its fields, and its rows by id."""

    bo: str
    bc: str
    types: dict[str, str]
    required: tuple[str, ...] = ()
    read_only: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()
    lengths: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    children: dict[str, Table] = field(default_factory=dict)
    is_described: bool = True

    def __post_init__(self) -> None:
        self.types = {**self.types, **_SYSTEM}
        self.read_only |= frozenset(_SYSTEM)

    @property
    def fields(self) -> frozenset[str]:
        """What may be named in a query."""
        return frozenset((*self.types, "Id"))

    @property
    def times(self) -> frozenset[str]:
        """The fields that hold a time."""
        return frozenset(n for n, kind in self.types.items() if kind == UTC_TIME)

    def schema(self, name: str) -> dict[str, Any]:
        """One field as a description shows it."""
        kind = self.types[name]
        said = {"title": name, "type": "string", "x-siebel-datatype": kind}
        said["x-maxLength"] = str(self.lengths.get(name, _LENGTHS.get(kind, 32)))
        return {**said, "x-siebel-readOnly": "true"} if name in self.read_only else said

    def description(self, base: str, version: str, parent: str = "") -> dict[str, Any]:
        """The OpenAPI document of the component, in the version asked for."""
        steps = [self.bo, *([parent, "{key}"] if parent else []), self.bc]
        stem = "_".join(["data", *steps])
        fields = {name: self.schema(name) for name in self.types}
        link = {"type": "object", "properties": {n: {"title": n, "type": "string"} for n in ("rel", "href", "name")}}  # fmt: skip
        one = {"type": "object", "properties": {**fields, "Link": {"type": "array", "items": link}}}
        place = "#/components/schemas" if version == "3" else "#/definitions"
        whole = {
            "items": {"type": "array", "items": {"$ref": f"{place}/{stem}_get_one_response"}},
            "Link": {"type": "array", "items": link},
        }
        schemas = {
            f"{stem}_": {"type": "object", "required": list(_SYSTEM), "properties": fields},
            f"{stem}_get_one_response": one,
            f"{stem}_get_all_response": {"type": "object", "properties": whole},
        }
        query = [
            {"name": name, "in": "query", "required": name == "uniformresponse", "schema": each}
            for name, each in PARAMETERS.items()
        ]
        answers = {"200": "Successful Operation", "204": "No Resource Found",
                   "404": "There is no data for the requested resource",
                   "500": "Internal Server Error"}  # fmt: skip
        responses = {code: {"description": said} for code, said in answers.items()}
        paths = {"/".join(["/data", *steps, ""]): {"get": {"parameters": query, "responses": responses}}}  # fmt: skip
        if version == "2":
            return {"swagger": "2.0", "basePath": base, "definitions": schemas, "paths": paths}
        return {
            "openapi": "3.0.1", "info": {"title": f"SblDt{self.bo}{self.bc}", "version": "1.0"},
            "servers": [{"url": base}], "paths": paths, "components": {"schemas": schemas},
        }  # fmt: skip


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, TEXT)


def repository() -> dict[tuple[str, str], Table]:
    """The components of a fresh server."""
    lines = Table(
        "Order Entry (Sales)", "Order Entry - Line Items",
        {"Order Header Id": ID, "Product Id": ID, "Product": TEXT, "Quantity Requested": "DTYPE_NUMBER",
         "Extended Amount": "DTYPE_CURRENCY", "Currency Code": TEXT},
    )  # fmt: skip
    tables = [
        Table("Account", "Account", {
            **_texts("Name", "Location", "Account Status", "Home Page", "Currency Code", "X_NPS_BAND"),
            "Parent Account Id": ID, "X_NPS": "DTYPE_NUMBER",
        }, ("Name",), keys=("Name", "Location")),
        Table("Contact", "Contact", {
            **_texts("First Name", "Middle Name", "Last Name", "Email Address", "Work Phone #",
                     "Cellular Phone #", "Preferred Language Code", "Integration Id", "M/F",
                     "X_REMARKS", "X_NPS_BAND", "Status"),
            "Account Id": ID, "X_NPS": "DTYPE_NUMBER", "X_LAST_RESPONSE": UTC_TIME,
            "X_LAST_DAY": "DTYPE_DATE", "X_IS_PROMOTER": "DTYPE_BOOL", "X_CALC": TEXT,
        }, ("Last Name",), frozenset({"X_CALC"}), ("Integration Id",), {"X_NPS_BAND": 30}),
        Table("Service Request", "Service Request", {
            **_texts("SR Number", "Abstract", "Description", "Status", "Area", "Source", "Priority",
                     "Integration Id"),
            "Contact Id": ID, "Account Id": ID, "X_EFM_ID": TEXT,
        }, ("Abstract",), frozenset({"SR Number"}), ("X_EFM_ID",), {"X_EFM_ID": 50}),
        Table("Opportunity", "Opportunity", {
            **_texts("Name", "Sales Stage", "Currency Code"), "Account Id": ID,
            "Key Contact Id": ID, "Primary Revenue Amount": "DTYPE_CURRENCY",
            "Primary Revenue Close Date": "DTYPE_DATE",
        }, ("Name",)),
        Table("Order Entry (Sales)", "Order Entry - Orders", {
            **_texts("Order Number", "Status", "Currency Code"), "Account Id": ID,
            "Contact Id": ID, "Order Date": UTC_TIME, "Order Total": "DTYPE_CURRENCY",
        }, children={"Order Entry - Line Items": lines}),
        Table("Action", "Action", {
            **_texts("Type", "Description", "Comment", "Status", "Category", "Integration Id"),
            "Primary Contact Id": ID, "Account Id": ID, "Planned": UTC_TIME, "Started": UTC_TIME,
            "Done": UTC_TIME,
        }, ("Description",), keys=("Integration Id",), lengths={"Integration Id": 30}),
        Table("Service Agreement", "Service Agreement", {
            **_texts("Name", "Agreement Status", "Currency Code"), "Account Id": ID,
            "Agreement Start Date": "DTYPE_DATE", "Agreement End Date": "DTYPE_DATE",
            "Total": "DTYPE_CURRENCY",
        }),
        Table("Vehicle", "Vehicle", {**_texts("Name", "Part #", "Type"), "Contact Id": ID}),
    ]  # fmt: skip
    return {(each.bo, each.bc): each for each in tables}
