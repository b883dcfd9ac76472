"""The tables of the simulated environment, as far as the tests need them, and how one makes more."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TYPES = {
    "String": "StringAttributeMetadata", "Memo": "MemoAttributeMetadata",
    "Integer": "IntegerAttributeMetadata", "BigInt": "BigIntAttributeMetadata",
    "Decimal": "DecimalAttributeMetadata", "Money": "MoneyAttributeMetadata",
    "Double": "DoubleAttributeMetadata", "Boolean": "BooleanAttributeMetadata",
    "DateTime": "DateTimeAttributeMetadata", "Picklist": "PicklistAttributeMetadata",
    "State": "StateAttributeMetadata", "Status": "StatusAttributeMetadata",
    "Lookup": "LookupAttributeMetadata", "Customer": "LookupAttributeMetadata",
    "Owner": "LookupAttributeMetadata", "Uniqueidentifier": "UniqueIdentifierAttributeMetadata",
    "Virtual": "AttributeMetadata", "MultiSelect": "MultiSelectPicklistAttributeMetadata",
    "EntityName": "EntityNameAttributeMetadata",
}  # fmt: skip
LOOKUPS = ("Lookup", "Customer", "Owner")
_EVERYWHERE = (
    "createdon:DateTime modifiedon:DateTime statecode:State statuscode:Status ownerid:Owner "
    "versionnumber:BigInt owneridname:Virtual entityimage:Virtual"
)
_MONEY = "transactioncurrencyid:Lookup"
_ACTIVITY = (
    "subject:String description:Memo regardingobjectid:Lookup actualstart:DateTime "
    "actualend:DateTime scheduledstart:DateTime scheduledend:DateTime prioritycode:Picklist "
    "actualdurationminutes:Integer scheduleddurationminutes:Integer"
)
_SPECS: Mapping[str, tuple[str, str, str, str, str]] = {
    "account": (
        "accounts", "accountid", "name", "Accounts",
        f"name:String websiteurl:String revenue:Money {_MONEY} parentaccountid:Lookup "
        "primarycontactid:Lookup numberofemployees:Integer efm_nps:Integer msdyn_gdproptout:Boolean",
    ),
    "contact": (
        "contacts", "contactid", "fullname", "Contacts",
        "firstname:String lastname:String fullname:String emailaddress1:String mobilephone:String "
        "telephone1:String parentcustomerid:Customer description:Memo efm_remarks:Memo "
        "efm_nps:Integer efm_score:Decimal efm_lastresponse:DateTime efm_day:DateTime "
        "efm_ispromoter:Boolean efm_band:Picklist efm_topics:MultiSelect "
        "msa_managingpartnerid:Lookup",
    ),
    "lead": (
        "leads", "leadid", "fullname", "Leads",
        "fullname:String emailaddress1:String mobilephone:String telephone1:String "
        "parentaccountid:Lookup",
    ),
    "incident": (
        "incidents", "incidentid", "title", "Cases",
        "title:String description:Memo customerid:Customer primarycontactid:Lookup "
        "caseorigincode:Picklist prioritycode:Picklist",
    ),
    "opportunity": (
        "opportunities", "opportunityid", "name", "Opportunities",
        "name:String customerid:Customer parentcontactid:Lookup parentaccountid:Lookup "
        f"stepname:String estimatedvalue:Money actualvalue:Money estimatedclosedate:DateTime "
        f"actualclosedate:DateTime {_MONEY}",
    ),
    "salesorder": (
        "salesorders", "salesorderid", "name", "Orders",
        f"name:String ordernumber:String customerid:Customer totalamount:Money {_MONEY} "
        "submitdate:DateTime",
    ),
    "salesorderdetail": (
        "salesorderdetails", "salesorderdetailid", "salesorderdetailname", "Order Products",
        "salesorderdetailname:String salesorderid:Lookup productid:Lookup quantity:Decimal "
        f"productdescription:String extendedamount:Money {_MONEY}",
    ),
    "invoice": (
        "invoices", "invoiceid", "name", "Invoices",
        f"name:String invoicenumber:String customerid:Customer totalamount:Money {_MONEY} "
        "duedate:DateTime",
    ),
    "product": (
        "products", "productid", "name", "Products",
        "name:String productnumber:String parentproductid:Lookup",
    ),
    "phonecall": ("phonecalls", "activityid", "subject", "Phone Calls", _ACTIVITY),
    "email": ("emails", "activityid", "subject", "Emails", f"{_ACTIVITY} senton:DateTime"),
    "appointment": ("appointments", "activityid", "subject", "Appointments", _ACTIVITY),
    "task": ("tasks", "activityid", "subject", "Tasks", f"{_ACTIVITY} category:String"),
    "annotation": (
        "annotations", "annotationid", "subject", "Notes",
        "subject:String notetext:Memo objectid:Lookup",
    ),
    "transactioncurrency": (
        "transactioncurrencies", "transactioncurrencyid", "currencyname", "Currencies",
        "currencyname:String isocurrencycode:String",
    ),
    "activityparty": (
        "activityparties", "activitypartyid", "", "Activity Parties",
        "activityid:Lookup partyid:Lookup participationtypemask:Picklist",
    ),
    "acme_visit": (
        "acme_visits", "acme_visitid", "acme_name", "Visits",
        "acme_name:String acme_customer:Lookup acme_minutes:Integer",
    ),
    "acme_setting": (
        "acme_settings", "acme_settingid", "acme_name", "Settings", "acme_name:String",
    ),
}  # fmt: skip
POINTS_TO = {
    "parentaccountid": ("account",), "primarycontactid": ("contact",),
    "parentcontactid": ("contact",), "parentcustomerid": ("account", "contact"),
    "customerid": ("account", "contact"), "transactioncurrencyid": ("transactioncurrency",),
    "regardingobjectid": ("account", "contact", "lead", "incident", "opportunity"),
    "objectid": ("account", "contact", "incident"), "salesorderid": ("salesorder",),
    "productid": ("product",), "parentproductid": ("product",), "acme_customer": ("contact",),
    "ownerid": ("systemuser", "team"), "msa_managingpartnerid": ("account",),
    "activityid": ("email", "phonecall", "appointment", "task"),
    "partyid": ("account", "contact", "lead", "systemuser"),
}  # fmt: skip
LABELS: Mapping[str, Mapping[int, str]] = {
    "statecode": {0: "Active", 1: "Inactive", 2: "Closed", 3: "Canceled"},
    "statuscode": {1: "Active", 2: "Inactive", 3: "Won", 5: "Problem Solved", 100002: "Partial"},
    "caseorigincode": {1: "Phone", 2: "Email", 3: "Web"},
    "prioritycode": {0: "Low", 1: "Normal", 2: "High"},
    "efm_band": {1: "Detractor", 2: "Passive", 3: "Promoter"},
    "efm_topics": {10: "Price", 20: "Service"},
    "participationtypemask": {1: "Sender", 2: "To Recipient", 9: "Owner"},
}
DAYS = frozenset(("efm_day", "estimatedclosedate", "actualclosedate", "duedate"))
_UNTRACKED = ("annotation", "transactioncurrency", "activityparty", "acme_setting")
_ACTIVITIES = ("phonecall", "email", "appointment", "task")


@dataclass
class Spec:
    """A table: its names, its columns and their types, whether its changes are tracked."""

    name: str
    set_name: str
    key: str
    title: str
    label: str
    columns: dict[str, str] = field(default_factory=dict)
    is_tracked: bool = True
    is_custom: bool = False
    alternate: str = "efm_key"

    @property
    def id(self) -> str:
        """The MetadataId."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.name))

    def navigation(self) -> dict[str, tuple[str, str]]:
        """Single-valued navigation properties: what a lookup is written by, and where it points."""
        found = {}
        for column, kind in self.columns.items():
            for to in POINTS_TO.get(column, ()) if kind in LOOKUPS else ():
                several = len(POINTS_TO[column]) > 1
                name = f"{column}_{to}" if several else column
                if column == "regardingobjectid":
                    name += f"_{self.name}"
                found[name] = (column, to)
        return found


def tables() -> dict[str, Spec]:
    """Fresh specs of all tables, by logical name."""
    found = {}
    for name, (set_name, key, title, label, columns) in _SPECS.items():
        everything = f"{key}:Uniqueidentifier {columns} {_EVERYWHERE} efm_key:String"
        typed = dict(each.split(":") for each in everything.split())
        if name == "acme_setting":
            del typed["modifiedon"]
        found[name] = Spec(
            name, set_name, key, title, label, typed, name not in _UNTRACKED, "_" in name
        )
    return found


def definition(spec: Spec) -> dict[str, Any]:
    """The table's own properties, as EntityDefinitions gives them."""
    label = {"Label": spec.label, "LanguageCode": 1033}
    return {
        "MetadataId": spec.id,
        "LogicalName": spec.name,
        "SchemaName": spec.name.title() if not spec.is_custom else spec.name,
        "EntitySetName": spec.set_name,
        "PrimaryIdAttribute": spec.key,
        "PrimaryNameAttribute": spec.title or None,
        "ChangeTrackingEnabled": spec.is_tracked,
        "IsActivity": spec.name in _ACTIVITIES,
        "IsCustomEntity": spec.is_custom,
        "DisplayCollectionName": {"LocalizedLabels": [label], "UserLocalizedLabel": label},
    }


def attribute(spec: Spec, name: str) -> dict[str, Any]:
    """A column's properties, of all types together."""
    kind = spec.columns[name]
    is_fixed = name in (spec.key, "createdon", "modifiedon", "versionnumber", "fullname")
    options = [
        {"Value": value, "Label": {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}}
        for value, text in LABELS.get(name, {}).items()
    ]
    return {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{TYPES[kind]}",
        "MetadataId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{spec.name}.{name}")),
        "LogicalName": name,
        "SchemaName": name,
        "AttributeType": "Virtual" if kind == "MultiSelect" else kind,
        "AttributeTypeName": {
            "Value": "MultiSelectPicklistType" if kind == "MultiSelect" else f"{kind}Type"
        },
        "AttributeOf": name.removesuffix("name") if kind == "Virtual" else None,
        "IsCustomAttribute": "_" in name,
        "IsValidForRead": True,
        "IsValidForCreate": not is_fixed or name == spec.key,
        "IsValidForUpdate": not is_fixed,
        "DateTimeBehavior": {"Value": "DateOnly" if name in DAYS else "UserLocal"},
        "OptionSet": {"Options": options},
    }


def relations(spec: Spec) -> list[dict[str, str]]:
    """The many-to-one relationships."""
    return [
        {"ReferencingAttribute": column, "ReferencedEntity": to}
        for column, to in spec.navigation().values()
    ]


def made(said: Mapping[str, Any]) -> Spec:
    """The table that a call of CreateEntities describes."""
    name = str(said["SchemaName"]).lower()
    kinds = {value: kind for kind, value in TYPES.items() if kind not in ("Customer", "Owner")}
    columns = {f"{name}id": "Uniqueidentifier"}
    title = ""
    for each in said["Attributes"]:
        kind = str(each["@odata.type"]).rpartition(".")[2].removeprefix("Complex")
        columns[str(each["SchemaName"]).lower()] = kinds[kind]
        title = str(each["SchemaName"]).lower() if each.get("IsPrimaryName") else title
    columns |= dict(each.split(":") for each in _EVERYWHERE.split())
    label = said["DisplayCollectionName"]["LocalizedLabels"][0]["Label"]
    return Spec(name, f"{name}s", f"{name}id", title, label, columns, False, True)
