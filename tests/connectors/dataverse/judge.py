"""What Microsoft's own client is made to do with the simulated environment; run in its environment.

`judge.py ADDRESS TOKEN` reads a phase a line and prints what it found as JSON. The client insists on
https, so its calls are led to the address on their way out.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.filters import col
from PowerPlatform.Dataverse.models.upsert import UpsertItem

HOME = "https://acme.crm4.dynamics.com"


class Credential:
    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **more: Any) -> AccessToken:
        assert scopes == (f"{HOME}/.default",)
        return AccessToken(self.token, 4_000_000_000)


class Rewriting(requests.adapters.HTTPAdapter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *arguments: Any, **more: Any) -> Any:
        at = urlsplit(request.url)
        request.url = self.url + at.path + (f"?{at.query}" if at.query else "")
        return super().send(request, *arguments, **more)


def refusal(call: Any) -> list[Any]:
    try:
        call()
    except HttpError as error:
        return [error.status_code, error.details.get("service_error_code"),
                error.details.get("retry_after")]  # fmt: skip
    return []


def fill(client: Any) -> dict[str, Any]:
    """Makes a table and rows in every way there is."""
    columns = {"acme_Nights": "int", "acme_Price": "decimal", "acme_Good": "bool",
               "acme_From": "datetime"}  # fmt: skip
    info = client.tables.create("acme_Trip", columns, display_name="Trip")
    said: dict[str, Any] = {"set": info.entity_set_name, "columns": info.columns_created}
    records = client.records
    account = records.create("account", {"name": "Contoso Ltd", "revenue": 1234.5})
    several = [{"lastname": f"n{n}", "efm_nps": n, "efm_band": "Promoter"} for n in range(4)]
    people = records.create("contact", several)
    records.update("contact", people[0], {"parentcustomerid_account@odata.bind": f"/accounts({account})"})  # fmt: skip
    records.update("contact", people[1:3], [{"efm_remarks": "é"}, {"efm_remarks": "'x' & y"}])
    item = UpsertItem(alternate_key={"efm_key": "O'Brien"}, record={"lastname": "O'Brien"})
    for _ in range(2):
        records.upsert("contact", [item])
    two = [
        UpsertItem(alternate_key={"efm_key": f"u{n}"}, record={"lastname": f"u{n}"})
        for n in range(2)
    ]
    for _ in range(2):
        records.upsert("contact", two)
    trip = {"acme_name": "Rome", "acme_nights": 3, "acme_price": 99.5, "acme_good": True,
            "acme_from": "2026-02-03T10:00:00Z"}  # fmt: skip
    records.create("acme_Trip", trip)
    records.delete("contact", people[3])
    return {**said, "account": account, "people": people}


def ask(client: Any) -> dict[str, Any]:
    """Asks in every way that reading uses."""
    records, notes = client.records, "*"
    pages = list(records.list_pages("contact", select=["lastname"], page_size=2))
    said: dict[str, Any] = {"pages": [[row["lastname"] for row in page] for page in pages]}
    some = records.list(
        "contact",
        filter=(col("efm_nps") >= 1) & (col("lastname") != "n2"),
        orderby=["lastname desc"],
        include_annotations=notes,
    )
    said["filtered"] = [row["lastname"] for row in some]
    label = "efm_band@OData.Community.Display.V1.FormattedValue"
    said["label"] = some[0].get(label)
    (trip,) = records.list("acme_Trip")
    said["trip"] = {n: trip[n] for n in ("acme_name", "acme_nights", "acme_price", "acme_good")}
    first = records.list("contact", filter=col("lastname") == "n0", include_annotations=notes)[0]
    said["account"] = first["_parentcustomerid_value"]
    said["points"] = first["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"]
    ids = [row["contactid"] for page in records.list_pages("contact") for row in page][:2]
    said["within"] = len(records.list("contact", filter=col("contactid").in_(ids)))
    said["missing"] = records.retrieve("contact", "00000000-0000-0000-0000-000000000001")
    said["bad column"] = refusal(lambda: records.list("contact", select=["nothing"]))
    said["bad filter"] = refusal(lambda: records.list("contact", filter="lastname ee 'x'"))
    said["absent"] = refusal(
        lambda: records.update("contact", "00000000-0000-0000-0000-000000000001", {"efm_nps": 1})
    )
    said["bad value"] = refusal(lambda: records.create("contact", {"efm_nps": True}))
    return said


def batch(client: Any) -> dict[str, Any]:
    """Operations in one call, with and without going on after an error."""
    said: dict[str, Any] = {}
    for goes_on in (False, True):
        made = client.batch.new()
        made.records.create("contact", {"lastname": "in a batch"})
        made.records.update("contact", "00000000-0000-0000-0000-000000000001", {"efm_nps": 1})
        made.records.list("contact", filter="lastname eq 'in a batch'", select=["lastname"])
        result = made.execute(continue_on_error=goes_on)
        said[f"{goes_on}"] = [each.status_code for each in result.responses]
        said[f"ids {goes_on}"] = len(result.entity_ids)
        said["error"] = result.failed[0].error_code
    return said


def look(client: Any) -> dict[str, Any]:
    """What is there now, for what others wrote."""
    contacts = client.records.list("contact", filter="efm_nps eq 10")
    tasks = client.records.list("task", include_annotations="*")
    return {
        "contacts": [[row["lastname"], row["efm_score"], row["efm_day"]] for row in contacts],
        "tasks": [[row["subject"], row["_regardingobjectid_value"]] for row in tasks],
    }


def limited(client: Any) -> dict[str, Any]:
    return {"limited": refusal(lambda: client.records.list("contact"))}


if __name__ == "__main__":
    _, address, token = sys.argv
    with DataverseClient(HOME, Credential(token)) as made_client:
        made_client._session.trust_env = False
        made_client._session.mount("https://", Rewriting(address))
        for line in sys.stdin:
            print(json.dumps(globals()[line.strip()](made_client)), flush=True)
