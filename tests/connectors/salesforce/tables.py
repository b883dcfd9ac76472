"""The inside of the simulated org: its objects and their descriptions, records, clock and trash."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

FIRST = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
_OBJECT = {
    "actionOverrides": [], "activateable": False, "childRelationships": [],
    "compactLayoutable": True, "createable": True, "custom": False, "customSetting": False,
    "deepCloneable": False, "defaultImplementation": None, "deletable": True,
    "deprecatedAndHidden": False, "extendedBy": None, "extendsInterfaces": None,
    "feedEnabled": True, "hasSubtypes": False, "implementedBy": None,
    "implementsInterfaces": None, "isInterface": False, "isSubtype": False, "keyPrefix": "a00",
    "layoutable": True, "listviewable": None, "lookupLayoutable": None, "mergeable": False,
    "mruEnabled": True, "namedLayoutInfos": [], "networkScopeFieldName": None, "queryable": True,
    "recordTypeInfos": [], "replicateable": True, "retrieveable": True, "searchLayoutable": True,
    "searchable": True, "supportedScopes": [], "triggerable": True, "undeletable": True,
    "updateable": True,
}  # fmt: skip
LISTED = (
    "activateable", "createable", "custom", "customSetting", "deepCloneable", "deletable",
    "deprecatedAndHidden", "feedEnabled", "hasSubtypes", "isInterface", "isSubtype", "keyPrefix",
    "label", "labelPlural", "layoutable", "mergeable", "mruEnabled", "name", "queryable",
    "replicateable", "retrieveable", "searchable", "triggerable", "undeletable", "updateable",
    "urls",
)  # fmt: skip
"""The keys an object has in the list of all."""
_FIELD = {
    "aggregatable": True, "aiPredictionField": False, "autoNumber": False, "byteLength": 255,
    "calculated": False, "calculatedFormula": None, "cascadeDelete": False,
    "caseSensitive": False, "compoundFieldName": None, "controllerName": None,
    "createable": True, "custom": False, "defaultValue": None, "defaultValueFormula": None,
    "defaultedOnCreate": False, "dependentPicklist": False, "deprecatedAndHidden": False,
    "digits": 0, "displayLocationInDecimal": False, "encrypted": False, "externalId": False,
    "extraTypeInfo": None, "filterable": True, "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False, "groupable": True, "highScaleNumber": False,
    "htmlFormatted": False, "idLookup": False, "inlineHelpText": None, "length": 255,
    "mask": None, "maskType": None, "nameField": False, "namePointing": False, "nillable": True,
    "permissionable": True, "picklistValues": [], "polymorphicForeignKey": False, "precision": 0,
    "queryByDistance": False, "referenceTargetField": None, "referenceTo": [],
    "relationshipName": None, "relationshipOrder": None, "restrictedDelete": False,
    "restrictedPicklist": False, "scale": 0, "searchPrefilterable": False,
    "soapType": "xsd:string", "sortable": True, "type": "string", "unique": False,
    "updateable": True, "writeRequiresMasterRead": False,
}  # fmt: skip
_SYSTEM = (
    "Id:id IsDeleted:boolean CreatedDate:datetime LastModifiedDate:datetime SystemModstamp:datetime"
)
_OURS = "EFM_Id__c:string!"
SPEC = {
    "Account": ("001", "Name*:string ParentId:reference>Account MasterRecordId:reference>Account "
        "Website:url BillingStreet:textarea BillingAddress:address EFM_Score__c:double"),
    "Contact": ("003", "LastName*:string FirstName:string Name-:string AccountId:reference>Account "
        "MasterRecordId:reference>Contact Email:email Phone:phone MailingAddress:address "
        "Remarks__c:textarea EFM_Score__c:double EFM_At__c:datetime EFM_On__c:date "
        "EFM_Is_Promoter__c:boolean EFM_Formula__c-:double"),
    "Lead": ("00Q", "LastName*:string Name-:string Company:string Email:email Phone:phone"),
    "Case": ("500", "CaseNumber-:string ContactId:reference>Contact AccountId:reference>Account "
        "Subject:string Description:textarea Status:picklist Origin:picklist Priority:picklist "
        + _OURS),
    "Opportunity": ("006", "Name*:string AccountId:reference>Account ContactId:reference>Contact "
        "StageName:picklist Amount:currency CloseDate:date IsClosed-:boolean IsWon-:boolean"),
    "Task": ("00T", "WhoId:reference>Contact,Lead AccountId:reference>Account Subject:combobox "
        "Description:textarea Status:picklist Priority:picklist ActivityDate:date "
        "TaskSubtype:picklist CallDurationInSeconds:int IsArchived-:boolean " + _OURS),
    "Event": ("00U", "WhoId:reference>Contact,Lead AccountId:reference>Account Subject:combobox "
        "StartDateTime:datetime DurationInMinutes:int"),
    "Order": ("801", "AccountId:reference>Account BillToContactId:reference>Contact "
        "OrderNumber-:string Status:picklist EffectiveDate:date TotalAmount-:currency"),
    "OrderItem": ("802", "OrderId:reference>Order Product2Id:reference>Product2 "
        "Quantity:double TotalPrice-:currency Description:string"),
    "Contract": ("800", "AccountId:reference>Account CustomerSignedId:reference>Contact "
        "ContractNumber-:string Status:picklist StatusCode-:picklist StartDate:date EndDate-:date"),
    "CampaignMember": ("00v", "CampaignId:reference>Campaign ContactId:reference>Contact "
        "LeadId:reference>Lead LeadOrContactId-:reference>Contact,Lead Status:picklist"),
    "Product2": ("01t", "Name*:string ProductCode:string Family:picklist"),
    "Visit__c": ("a01", "Name:string Contact__c:reference>Contact Photo__c:base64"),
    "Organization": ("00D", "Name:string OrganizationType:picklist IsSandbox:boolean"),
}  # fmt: skip
"""Objects: id prefix and fields; `*` needed, `-` read only, `!` external id, `>` points to."""


def text_of(moment: datetime) -> str:
    """A moment as the REST interface shows it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def describe_field(words: str) -> dict[str, Any]:
    """The description of a field from its line in `SPEC`."""
    name, _, kind = words.partition(":")
    kind, _, to = kind.partition(">")
    is_id, is_read_only, is_external = kind == "id", name.endswith("-"), kind.endswith("!")
    plain, kind = name.strip("*-"), kind.strip("!")
    is_system = plain in ("Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp")
    is_fixed = is_read_only or is_system or kind == "address"
    length = {"textarea": 131_072, "id": 18, "reference": 18}.get(kind, 255)
    return {
        **_FIELD, "name": plain, "label": plain.replace("__c", "").replace("_", " "),
        "type": kind, "length": length, "nillable": not name.endswith("*") and not is_id,
        "createable": not is_fixed, "updateable": not is_fixed, "custom": plain.endswith("__c"),
        "externalId": is_external, "unique": is_external, "idLookup": is_id or is_external,
        "referenceTo": to.split(",") if to else [],
    }  # fmt: skip


@dataclass
class Table:
    """One object: its description, its records and what was deleted of them, and when."""

    name: str
    prefix: str
    fields: dict[str, dict[str, Any]]
    flags: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: dict[str, datetime] = field(default_factory=dict)

    def description(self, version: str, is_whole: bool = True) -> dict[str, Any]:
        """As `describe` says it; the line in the list of all when it need not be whole."""
        base = f"/services/data/v{version}/sobjects/{self.name}"
        urls = {"sobject": base, "describe": f"{base}/describe", "rowTemplate": base + "/{ID}"}
        said = {
            **_OBJECT, "name": self.name, "label": self.name, "labelPlural": f"{self.name}s",
            "keyPrefix": self.prefix, "custom": self.name.endswith("__c"), "urls": urls,
            "fields": list(self.fields.values()), **self.flags,
        }  # fmt: skip
        return said if is_whole else {key: said[key] for key in LISTED}


def new_id(prefix: str, number: int) -> str:
    """An id of 15 characters with the 3 that make it safe where case does not count."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    tail = ""
    for _ in range(12):
        number, rest = divmod(number, 62)
        tail = digits[rest] + tail
    whole, sums = prefix + tail, ""
    for start in range(0, 15, 5):
        bits = sum(1 << at for at, each in enumerate(whole[start : start + 5]) if each.isupper())
        sums += "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits]
    return whole + sums


class Tables:
    """Everything an org holds, with a clock of its own: one second each request and edit."""

    def __init__(self) -> None:
        self.now, self.is_held = FIRST, False
        self.lock = threading.RLock()
        self.earliest = FIRST - timedelta(days=15)
        self._numbers: Iterator[int] = iter(range(1, 10**9))
        self.tables = {
            name: Table(
                name, prefix,
                {f["name"]: f for f in map(describe_field, f"{_SYSTEM} {words}".split())},
            )
            for name, (prefix, words) in SPEC.items()
        }  # fmt: skip
        self.tables["Organization"].flags = {"replicateable": False}
        self.put("Organization", "00D000000000001EAA", Name="Acme", IsSandbox=False)

    def tick(self) -> datetime:
        """The next moment, or the same one while the clock is held."""
        with self.lock:
            if not self.is_held:
                self.now += timedelta(seconds=1)
            return self.now

    def put(self, name: str, key: str = "", **values: Any) -> str:
        """Creates, changes or restores a record, as somebody in the org would; returns its id."""
        with self.lock:
            table, moment = self.tables[name], text_of(self.tick())
            key = key or new_id(table.prefix, next(self._numbers))
            row = table.rows.get(key) or {
                **dict.fromkeys(table.fields), "Id": key, "CreatedDate": moment,
                **{n: False for n, f in table.fields.items() if f["type"] == "boolean"},
            }  # fmt: skip
            given = {n: None if v == "" else v for n, v in values.items()}
            unknown = set(given) - set(table.fields)
            assert not unknown, unknown
            row = {**row, **given, "IsDeleted": False, "LastModifiedDate": moment}
            if name == "Contact":
                row["Name"] = " ".join(filter(None, (row["FirstName"], row["LastName"]))) or None
            table.rows[key] = {**row, "SystemModstamp": moment}
            table.deleted.pop(key, None)
            return key

    def delete(self, name: str, key: str, *, is_hard: bool = False) -> None:
        """Moves a record to the recycle bin, or out of it as well."""
        with self.lock:
            table = self.tables[name]
            moment = self.tick()
            if is_hard:
                if table.rows.pop(key, None) is None:
                    return
            elif key not in table.rows or table.rows[key]["IsDeleted"]:
                return
            else:
                table.rows[key] |= {"IsDeleted": True, "SystemModstamp": text_of(moment)}
            table.deleted[key] = moment

    def merge(self, name: str, loser: str, winner: str) -> None:
        """What merging leaves of the record that loses."""
        self.delete(name, loser)
        self.tables[name].rows[loser]["MasterRecordId"] = winner

    def live(self, name: str) -> Mapping[str, dict[str, Any]]:
        """The records that are not deleted."""
        with self.lock:
            return {k: dict(r) for k, r in self.tables[name].rows.items() if not r["IsDeleted"]}
