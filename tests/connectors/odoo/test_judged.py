"""The simulator judged by clients of others: what they make of its answers, by both protocols.

The same script was run against Odoo 19.0 Community with the same outcome.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.connectors.odoo.simulator import serving
from tests.connectors.odoo.store import KEY, LOGIN, Database
from tests.foreign import python_of

CLIENT = """
import json, sys
import odoolib
from odoo_json2 import JSON2Client
from odoo_json2 import exceptions

host, port, database, login, key, protocol = sys.argv[1:]
said = {}

def connected(password=key, base=database):
    found = odoolib.get_connection(
        hostname=host, port=int(port), protocol=protocol, database=base, login=login,
        password=password)
    if protocol == "xmlrpc":
        found.connector.url += "/2"
    return found

def refusal(call):
    try:
        call()
    except Exception as error:
        status = str(error)
        text = getattr(error, "faultString", "") or status
        code = getattr(error, "faultCode", None) or next(
            (each for each in ("401", "403", "404", "422", "500") if f"code {each}" in status), None)
        kind = type(error).__name__
        if "Invalid request" in status:
            code = "422"
        return [kind, code, any(word in text for word in words)]
    return None

words = ("does not exist", "doesn't exist", "has been deleted", "Invalid field", "apikey",
         "not found in the system")
odoo = connected()
said["login"] = odoo.check_login() is not False
people = odoo.get_model("res.partner")
made = []
for name in ("Zoë", "Ünal & <Co>", "third"):
    if protocol == "json2":
        made += people.create(vals_list=[{"name": name, "is_company": name == "third"}])
    else:
        made.append(people.create({"name": name, "is_company": name == "third"}))
context = {"active_test": False, "lang": "en_US"}
mine = [["id", "in", made]]
def asked(domain, **more):
    return people.search_read(domain=domain, order="id", context=context, **more)
rows = asked(mine, fields=["name", "is_company", "parent_id", "email", "category_id"], limit=2)
said["rows"] = [[r["name"], r["is_company"], r["parent_id"], r["email"], r["category_id"]] for r in rows]
said["ids"] = [each["id"] - made[0] for each in asked([*mine, ["id", ">", made[0]]], fields=["id"])]
said["plain"] = people.search(domain=mine, limit=1, order="id desc", context=context) == [made[-1]]
stamps = asked(mine, fields=["create_date", "write_date"])[0]
said["stamps"] = [len(stamps["create_date"]), stamps["create_date"][10], type(stamps["write_date"]).__name__]
def change(ids, values):
    return people.write(ids=ids, vals=values) if protocol == "json2" else people.write(ids, values)
said["written"] = change([made[0]], {"active": False, "parent_id": made[2]})
said["hidden"] = [
    len(people.search_read(domain=mine, fields=["id"])), len(asked(mine, fields=["id"]))]
said["link"] = [each["parent_id"][1] for each in asked([["id", "=", made[0]]], fields=["parent_id"])]
said["or"] = len(asked([*mine, "|", ["name", "=", "third"], ["active", "=", False]], fields=["id"]))
said["path"] = len(asked([*mine, ["parent_id.name", "=", "third"]], fields=["id"]))
said["null"] = len(asked([*mine, ["parent_id", "=", False]], fields=["id"]))
if protocol == "json2":
    said["counted"] = people.search_count(domain=[["id", "in", made[1:]]])
else:
    said["counted"] = people.search_count([["id", "in", made[1:]]])
fields = people.fields_get(allfields=["type", "write_date"], attributes=["type", "readonly", "selection"])
said["fields"] = [fields["type"]["type"], fields["type"]["selection"][0], fields["write_date"]["readonly"]]
leads = odoo.get_model("crm.lead")
columns, name = ["id", "name", "partner_id/.id", "priority"], f"efm.judged-{made[0]}"
good = leads.load(fields=columns, data=[[name, "Call", str(made[1]), "2"]]) if protocol == "json2" else leads.load(
    columns, [[name, "Call", str(made[1]), "2"]])
again = leads.load(fields=columns, data=[[name, "Call 2", str(made[1]), "3"]]) if protocol == "json2" else leads.load(
    columns, [[name, "Call 2", str(made[1]), "3"]])
bad = leads.load(fields=columns, data=[[name, "x", "99999999", "9"]]) if protocol == "json2" else leads.load(
    columns, [[name, "x", "99999999", "9"]])
said["load"] = [good["ids"] == again["ids"], good["messages"], bad["ids"],
                sorted(each["field"] for each in bad["messages"])]
data = odoo.get_model("ir.model.data")
said["reference"] = data.check_object_reference(module="efm", xml_id=name[4:]) == ["crm.lead", good["ids"][0]]
said["post"] = type((people.message_post(ids=[made[1]], body="x", message_id="<a@b.invalid>") if protocol == "json2"
                else people.message_post([made[1]], body="x", message_id="<a@b.invalid>"))).__name__
messages = odoo.get_model("mail.message")
said["posted"] = [each["body"] for each in messages.search_read(
    domain=[["message_id", "=", "<a@b.invalid>"], ["res_id", "=", made[1]]], fields=["body"])]
said["refused"] = {
    "model": refusal(lambda: odoo.get_model("no.such").search_read(domain=[], fields=["id"])),
    "field": refusal(lambda: people.search_read(domain=[["nope", "=", 1]], fields=["id"])),
    "record": refusal(lambda: change([99999999], {"name": "x"})),
    "xmlid": refusal(lambda: data.check_object_reference(module="efm", xml_id="nope")),
}
bad_key = connected("wrong")
said["bad key"] = bad_key.check_login() if protocol == "json2" else refusal(bad_key.check_login)[0]
if protocol == "json2":
    client = JSON2Client(f"http://{host}:{port}", key, database)
    said["version"] = client.version()["version"]
    kinds = {}
    for kind, call in {
        "auth": lambda: JSON2Client(f"http://{host}:{port}", "wrong", database).call("res.users", "context_get"),
        "absent": lambda: client.call("no.such", "search", domain=[]),
        "method": lambda: client.call("res.partner", "nonesuch"),
        "argument": lambda: client.call("res.partner", "search_count"),
        "fault": lambda: client.call("res.partner", "search", domain=[["nope", "=", 1]]),
    }.items():
        try:
            kinds[kind] = call()
        except exceptions.OdooJSON2Error as error:
            kinds[kind] = [type(error).__name__, error.status_code, sorted(error.raw_error)]
    said["kinds"] = kinds
print(json.dumps(said))
"""


@pytest.fixture(scope="module", params=["json2", "xmlrpc"])
def said(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the clients made of the answers."""
    python = python_of("odoo")
    with serving() as server:
        server.databases["acme"] = Database("19.0")
        port = server.address.rpartition(":")[2]
        done = subprocess.run(
            [python, "-c", CLIENT, "127.0.0.1", port, "acme", LOGIN, KEY, request.param],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "protocol": request.param}


def test_the_client_reads_and_pages(said: dict[str, Any]) -> None:
    assert said["login"] is True
    assert said["rows"] == [
        ["Zoë", False, False, False, []], ["Ünal & <Co>", False, False, False, []]
    ]  # fmt: skip
    assert said["ids"] == [1, 2]
    assert said["plain"] is True
    assert said["counted"] == 2
    assert said["stamps"] == [19, " ", "str"]


def test_the_client_changes_and_searches(said: dict[str, Any]) -> None:
    assert said["written"] is True
    assert said["hidden"] == [2, 3], "what is archived is hidden unless asked for"
    assert said["link"] == ["third"]
    assert (said["or"], said["path"], said["null"]) == (2, 1, 2)


def test_the_client_understands_the_model(said: dict[str, Any]) -> None:
    assert said["fields"] == ["selection", ["contact", "Contact"], True]


def test_the_client_imports_by_external_id(said: dict[str, Any]) -> None:
    assert said["load"] == [True, [], False, ["partner_id", "priority"]]
    assert said["reference"] is True


def test_the_client_posts_notes(said: dict[str, Any]) -> None:
    assert said["post"] == "list"
    assert said["posted"] == ["<p>x</p>"]


def test_the_client_knows_the_refusals(said: dict[str, Any]) -> None:
    refused = said["refused"]
    if said["protocol"] == "json2":
        codes = {name: [each[1], each[2]] for name, each in refused.items()}
        assert codes == {
            "model": ["404", True], "field": ["500", True], "record": ["404", True],
            "xmlid": ["500", True],
        }  # fmt: skip
        assert said["bad key"] is False
        return
    assert {name: each[1:] for name, each in refused.items()} == {
        "model": [2, True], "field": [1, True], "record": [2, True], "xmlid": [1, True],
    }  # fmt: skip
    assert said["bad key"] == "AuthenticationError"


def test_another_client_knows_the_kinds_of_errors(said: dict[str, Any]) -> None:
    if said["protocol"] != "json2":
        assert "kinds" not in said
        return
    names = ["arguments", "context", "debug", "message", "name"]
    assert said["version"] == "19.0"
    assert said["kinds"] == {
        "auth": ["OdooAuthError", 401, names],
        "absent": ["OdooNotFoundError", 404, names],
        "method": ["OdooNotFoundError", 404, names],
        "argument": ["OdooValidationError", 422, names],
        "fault": ["OdooServerException", 500, names],
    }
