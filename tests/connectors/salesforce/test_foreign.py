"""simple-salesforce, which others wrote against the real thing, works with the simulator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from tests.connectors.salesforce.simulator import CLIENT, SECRET, USER, Org, Reply, key_pair


class Rewriting(requests.adapters.HTTPAdapter):
    """Sends what is meant for https at Salesforce to the simulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *arguments: Any, **more: Any) -> Any:
        at = urlsplit(request.url)
        request.url = self.url + at.path + (f"?{at.query}" if at.query else "")
        return super().send(request, *arguments, **more)


@pytest.fixture
def session(org: Org) -> Any:
    with requests.Session() as made:
        made.trust_env = False
        made.mount("https://", Rewriting(org.url))
        yield made


@pytest.fixture
def client(org: Org, session: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("simple_salesforce.bulk2.sleep", lambda seconds: None)
    org.instance = "https://acme.my.salesforce.com"
    return cast(
        Any,
        Salesforce(
            consumer_key=CLIENT, consumer_secret=SECRET, domain="acme.my", session=session,
            version="62.0",
        ),
    )  # fmt: skip


def test_it_signs_in_by_a_signed_token(org: Org, session: Any) -> None:
    org.instance = "https://acme.my.salesforce.com"
    found = Salesforce(
        username=USER, consumer_key=CLIENT, privatekey=key_pair()[0], domain="login",
        instance_url="acme.my", session=session, version="62.0",
    )  # fmt: skip
    assert found.sf_instance == "acme.my.salesforce.com"
    assert cast(Any, found).query("SELECT Id FROM Contact")["totalSize"] == 0


@pytest.mark.parametrize(("key", "secret"), [(CLIENT, "wrong"), ("wrong", SECRET)])
def test_it_is_refused(org: Org, session: Any, key: str, secret: str) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid"):
        Salesforce(consumer_key=key, consumer_secret=secret, domain="acme.my", session=session)


def test_it_describes(client: Any) -> None:
    names = {each["name"] for each in client.describe()["sobjects"]}
    assert {"Account", "Contact", "Visit__c"} <= names
    fields = {each["name"]: each for each in client.Contact.describe()["fields"]}
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    with pytest.raises(SalesforceResourceNotFound):
        client.Nothing__c.describe()


def test_it_asks_over_many_pages(org: Org, client: Any) -> None:
    org.batch = 4
    keys = [org.data.put("Contact", LastName=f"n{n}") for n in range(11)]
    org.data.delete("Contact", keys[0])
    assert len(client.query_all("SELECT Id, LastName FROM Contact")["records"]) == 10
    every = client.query_all("SELECT Id, IsDeleted FROM Contact ORDER BY Id", include_deleted=True)
    assert [row["Id"] for row in every["records"]] == sorted(keys)
    assert [row["IsDeleted"] for row in every["records"]].count(True) == 1
    assert client.query("SELECT COUNT() FROM Contact")["totalSize"] == 10
    assert client.api_usage["api-usage"].total == 100_000


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("LastName = 'a' AND (FirstName = 'x' OR FirstName = 'y')", 2),
        ("(LastName = 'a' AND FirstName = 'x') OR LastName = 'b'", 2),
        ("LastName IN ('a', 'b') AND NOT FirstName = 'x'", 2),
        ("LastName != 'a'", 1),
        ("LastName = 'O\\'Brien'", 0),
        ("EFM_Is_Promoter__c = false AND EFM_Score__c >= 9", 1),
        ("EFM_Score__c = null", 2),
        ("SystemModstamp >= 2026-01-01T00:00:00Z AND CreatedDate <= 2026-01-01T23:00:00+00:00", 3),
    ],
)
def test_conditions_hold(org: Org, client: Any, where: str, found: int) -> None:
    org.data.put("Contact", LastName="a", FirstName="x", EFM_Score__c=9.5)
    org.data.put("Contact", LastName="a", FirstName="y")
    org.data.put("Contact", LastName="b", FirstName="z")
    assert client.query(f"SELECT Id FROM Contact WHERE {where}")["totalSize"] == found


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("SELECT Nothing FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Id FROM Contact WHERE LastName = 'a' AND Id = 'b' OR Id = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE SystemModstamp > '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact LIMIT", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'a", "MALFORMED_QUERY"),
    ],
)
def test_questions_are_refused_as_there(client: Any, question: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.query(question)
    assert caught.value.content[0]["errorCode"] == code


def test_it_creates_changes_and_deletes(org: Org, client: Any) -> None:
    made = client.Contact.create({"LastName": "Smith", "Email": "s@x.example"})
    assert made["success"]
    client.Contact.update(made["id"], {"LastName": "Smythe"})
    assert client.Contact.get(made["id"])["LastName"] == "Smythe"
    assert client.Task.upsert("EFM_Id__c/r1", {"Subject": "x"}) == 201
    assert client.Task.upsert("EFM_Id__c/r1", {"Subject": "y"}) == 200
    with pytest.raises(SalesforceMalformedRequest, match="LastName"):
        client.Contact.create({"Email": "x@x.example"})
    client.Contact.delete(made["id"])
    with pytest.raises(SalesforceResourceNotFound):
        client.Contact.get(made["id"])


def test_it_asks_what_changed_and_what_was_deleted(org: Org, client: Any) -> None:
    first = org.data.put("Contact", LastName="a")
    second = org.data.put("Contact", LastName="b")
    org.data.delete("Contact", first)
    start, end = org.data.now - timedelta(hours=1), org.data.now + timedelta(minutes=5)
    assert client.Contact.updated(start, end)["ids"] == [second]
    gone = client.Contact.deleted(start, end)
    assert [each["id"] for each in gone["deletedRecords"]] == [first]
    assert {"earliestDateAvailable", "latestDateCovered"} <= set(gone)


def test_it_exports_in_bulk(org: Org, client: Any) -> None:
    org.jobs.looks = 3
    for number in range(7):
        org.data.put("Contact", LastName=f'n"{number}\nx', EFM_Is_Promoter__c=number == 3)
    pages = list(
        client.bulk2.Contact.query(
            "SELECT LastName, EFM_Is_Promoter__c FROM Contact", max_records=3
        )
    )
    assert len(pages) == 3
    assert pages[0].splitlines()[0] == '"LastName","EFM_Is_Promoter__c"'
    assert "".join(pages).count("true") == 1


def test_it_imports_in_bulk(org: Org, client: Any) -> None:
    records = [{"EFM_Id__c": f"r{n}", "Subject": "x", "Status": "Done"} for n in range(5)]
    (result,) = client.bulk2.Task.upsert(records=records, external_id_field="EFM_Id__c")
    assert (result["numberRecordsProcessed"], result["numberRecordsFailed"]) == (5, 0)
    (again,) = client.bulk2.Contact.insert(records=[{"FirstName": "no last name"}])
    assert again["numberRecordsFailed"] == 1
    assert len(org.data.live("Task")) == 5
    failed = client.bulk2.Contact.get_failed_records(again["job_id"])
    assert "REQUIRED_FIELD_MISSING" in failed
    assert '"sf__Id"' in failed.splitlines()[0]


def test_it_composes(org: Org, client: Any) -> None:
    first = {"method": "POST", "url": "/services/data/v62.0/sobjects/Account", "referenceId": "a",
             "body": {"Name": "Acme"}}  # fmt: skip
    second = {"method": "POST", "url": "/services/data/v62.0/sobjects/Contact", "referenceId": "c",
              "body": {"LastName": "x", "AccountId": "@{a.id}"}}  # fmt: skip
    said = client.restful("composite", method="POST", json={"compositeRequest": [first, second]})
    account = said["compositeResponse"][0]["body"]["id"]
    (contact,) = org.data.live("Contact").values()
    assert contact["AccountId"] == account
    assert [each["httpStatusCode"] for each in said["compositeResponse"]] == [201, 201]


def test_it_signs_in_again_when_the_session_ends(org: Org, client: Any) -> None:
    org.tokens.clear()
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
    assert org.sign_ins == 2


def test_faults_reach_it(org: Org, client: Any) -> None:
    said = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    org.faults = [Reply(403, said)]
    with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
        client.query("SELECT Id FROM Contact")
