"""The simulated account and our calls judged by HubSpot's own client.

What the client understands the simulator may say; what it has names for we may send.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from connectors.records import Item
from tests.connectors.hubspot.refusal import limited
from tests.connectors.hubspot.simulator import TOKEN, Account
from tests.connectors.hubspot.sources import connect
from tests.foreign import python_of

CLIENT = """
import json, sys
from hubspot import HubSpot
from hubspot.crm import objects
from hubspot.crm.objects import exceptions
from hubspot.crm.associations.v4 import models as links

client = HubSpot(access_token=sys.argv[2])
address, said = sys.argv[1], {}

def at(api):
    api.api_client.configuration._base_path = address
    api.api_client.configuration.host = address
    return api

crm = client.crm.objects
basic, batch, search = at(crm.basic_api), at(crm.batch_api), at(crm.search_api)

def refusal(call):
    try:
        call()
    except Exception as error:
        body = json.loads(error.body) if error.body and error.body[:1] == "{" else {}
        return [error.status, body.get("category"), body.get("policyName")]
    return None

page = basic.get_page("contacts", limit=3, properties=["firstname"])
said["page"] = [[each.id, each.properties["firstname"], each.archived] for each in page.results]
said["after"] = page.paging.next.after
last = basic.get_page("contacts", limit=100, after=page.paging.next.after)
said["last"] = [[each.id for each in last.results], last.paging]
gone = basic.get_page("contacts", archived=True)
said["archived"] = [[each.id, each.archived_at is not None] for each in gone.results]
question = objects.PublicObjectSearchRequest(
    filter_groups=[{"filters": [{"propertyName": "hs_object_id", "operator": "GT", "value": "103"}]}],
    sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}], limit=2,
    properties=["firstname"])
found = search.do_search("contacts", question)
said["search"] = [found.total, [each.id for each in found.results], found.paging.next.after]
def reading(ids):
    return objects.BatchReadInputSimplePublicObjectId(
        inputs=[{"id": each} for each in ids], properties=["firstname"], properties_with_history=[])
both = batch.read("contacts", reading(["101", "999"]))
said["read"] = [[e.id for e in both.results], both.num_errors, both.errors[0].category, both.errors[0].context]
whole = batch.read("contacts", reading(["101", "102"]))
said["whole"] = [whole.status, len(whole.results)]
made = batch.create("notes", objects.BatchInputSimplePublicObjectBatchInputForCreate(inputs=[
    {"properties": {"hs_note_body": "x", "hs_timestamp": "1790848800000", "efm_id": "k1"},
     "objectWriteTraceId": "0", "associations": [{"to": {"id": "101"}, "types": [
        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]}]},
    {"properties": {"hs_note_body": "y"}, "objectWriteTraceId": "1", "associations": []}]))
said["created"] = [len(made.results), made.results[0].properties["hs_note_body"], made.errors[0].context]
changed = batch.update("contacts", objects.BatchInputSimplePublicObjectBatchInput(inputs=[
    {"id": "101", "properties": {"firstname": "Eve"}}]))
said["updated"] = [changed.status, changed.results[0].properties["firstname"]]
linked = at(client.crm.associations.v4.batch_api).get_page(
    "notes", "contacts", links.BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[{"id": made.results[0].id}]))
said["linked"] = [[str(one.to_object_id) for one in each.to] for each in linked.results]
core = at(client.crm.properties.core_api).get_all("contacts")
said["properties"] = sorted(
    [each.name, each.type, each.has_unique_value, each.modification_metadata.read_only_value]
    for each in core.results if each.name in ("email", "lastmodifieddate"))
stages = at(client.crm.pipelines.pipelines_api).get_all("tickets").results[0].stages
said["stages"] = [[each.label, each.metadata] for each in stages]
said["refused"] = {
    "kind": refusal(lambda: basic.get_page("nonsuch")),
    "limit": refusal(lambda: search.do_search("contacts", {"limit": 201, "filterGroups": []})),
    "wall": refusal(lambda: search.do_search("contacts", {"limit": 200, "after": "9900"})),
    "value": refusal(lambda: batch.update("contacts", {"inputs": [{"id": "101", "properties": {"x": "1"}}]})),
    "twice": refusal(lambda: batch.update("contacts", {"inputs": [{"id": "1", "properties": {}}] * 2})),
    "denied": refusal(lambda: basic.get_page("deals")),
    "missing": refusal(lambda: basic.get_by_id("contacts", "999")),
}
for name in ("throttled", "broken"):
    said["refused"][name] = refusal(lambda: basic.get_page("contacts", properties=["faulty"]))
names = {}
for module, wanted in ((objects, (
        "PublicObjectSearchRequest", "FilterGroup", "Filter", "BatchReadInputSimplePublicObjectId",
        "SimplePublicObjectBatchInput", "SimplePublicObjectBatchInputForCreate",
        "AssociationSpec")), (links, ("PublicFetchAssociationsBatchRequest",))):
    for name in wanted:
        model = getattr(objects if module is objects else links, name)
        names[name] = sorted(model.attribute_map.values())
said["names"] = names
print(json.dumps(said))
"""


@contextmanager
def serving(account: Account) -> Iterator[str]:
    """The account at an address on this machine, while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            url, content = f"http://127.0.0.1{self.path}", self.rfile.read(size)
            headers = list(self.headers.items())
            response = account.handle(
                httpx.Request(self.command, url, headers=headers, content=content)
            )
            self.send_response_only(response.status_code)
            for name, value in response.headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, *_: Any) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    """What the client made of the account's answers."""
    python = python_of("backlot")
    account = Account()
    for number in range(101, 108):
        account.put("contacts", str(number), firstname=f"name {number}")
    account.archive("contacts", "107")
    account.define("notes", "efm_id", hasUniqueValue=True)
    account.stage("tickets", "1", "New", ticketState="OPEN")
    account.denied["deals"] = ["crm.objects.deals.read"]
    handle, faults = account.handle, [limited("TEN_SECONDLY_ROLLING"), None]

    def failing(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("properties") == "faulty" and faults:
            fault = faults.pop(0)
            return httpx.Response(429, json=fault) if fault else httpx.Response(502, text="<html>")
        return handle(request)

    account.handle = failing  # type: ignore[method-assign]
    with serving(account) as address:
        done = subprocess.run(
            [python, "-c", CLIENT, address, TOKEN], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_client_walks_the_lists(said: dict[str, Any]) -> None:
    assert said["page"] == [[f"{n}", f"name {n}", False] for n in (101, 102, 103)]
    assert said["after"] == "103"
    assert said["last"] == [["104", "105", "106"], None]
    assert said["archived"] == [["107", True]]


def test_the_client_understands_searches_and_batches(said: dict[str, Any]) -> None:
    assert said["search"] == [3, ["104", "105"], "2"]
    assert said["read"] == [["101"], 1, "OBJECT_NOT_FOUND", {"ids": ["999"]}]
    assert said["whole"] == ["COMPLETE", 2]
    assert said["created"] == [1, "x", {"objectWriteTraceId": ["1"]}]
    assert said["updated"] == ["COMPLETE", "Eve"]
    assert said["linked"] == [["101"]]


def test_the_client_understands_the_account(said: dict[str, Any]) -> None:
    assert said["properties"] == [
        ["email", "string", False, False], ["lastmodifieddate", "datetime", False, False]
    ]  # fmt: skip
    assert said["stages"] == [["New", {"ticketState": "OPEN"}]]


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("kind", [400, None, None]),
        ("limit", [400, "VALIDATION_ERROR", None]),
        ("wall", [400, "VALIDATION_ERROR", None]),
        ("value", [400, "VALIDATION_ERROR", None]),
        ("twice", [400, "VALIDATION_ERROR", None]),
        ("denied", [403, "MISSING_SCOPES", None]),
        ("missing", [404, None, None]),
        ("throttled", [429, None, "TEN_SECONDLY_ROLLING"]),
        ("broken", [502, None, None]),
    ],
)
def test_the_client_knows_the_refusals(said: dict[str, Any], name: str, refused: Any) -> None:
    assert said["refused"][name] == refused


def test_the_client_has_names_for_all_that_we_send(said: dict[str, Any], account: Account) -> None:
    names = {name: set(known) for name, known in said["names"].items()}
    account.define("contacts", "score")
    account.define("notes", "efm_id", hasUniqueValue=True)
    connector = connect(account, objects=["contacts", "companies", "tickets"])
    account.put("tickets", "601", subject="x")
    for stream in (connector.stream("contacts"), connector.stream("tickets")):
        list(connector.read(stream, {"since": "2026-10-01T00:00:00+00:00"}))
        list(connector.read(stream, {"since": "2026-10-01T00:00:00+00:00", "after": "1"}))
    for target, values in (("contacts", {"score": "1"}), ("notes of ours", {"hs_note_body": "x"})):
        list(connector.write(connector.target(target), [Item("k", values, "101")]))
    bodies: dict[str, list[dict[str, Any]]] = {}
    for call in account.calls:
        if call.content:
            kind = call.url.path.rsplit("/", 1)[-1]
            kind = "link" if "associations" in call.url.path else kind
            bodies.setdefault(kind, []).append(json.loads(call.content))
    assert set(bodies) == {"search", "read", "update", "create", "link"}
    for body in bodies["search"]:
        assert set(body) <= names["PublicObjectSearchRequest"]
        for group in body["filterGroups"]:
            assert set(group) <= names["FilterGroup"]
            assert all(set(each) <= names["Filter"] for each in group["filters"])
    assert all(set(b) <= names["BatchReadInputSimplePublicObjectId"] for b in bodies["read"])
    for kind, model in (
        ("update", "SimplePublicObjectBatchInput"),
        ("create", "SimplePublicObjectBatchInputForCreate"),
        ("link", "PublicFetchAssociationsBatchRequest"),
    ):
        for body in bodies[kind]:
            assert all(set(each) <= names[model] for each in body["inputs"])
    link = bodies["create"][0]["inputs"][0]["associations"][0]
    assert set(link) == {"to", "types"}
    assert set(link["types"][0]) == names["AssociationSpec"]
