"""The HubSpot connector over backlot, which others wrote and measured against the real service.

It serves reading only: lists, searches, batches, single associations, and the shapes of errors. It
knows no properties, pipelines, account details, writing or limits, and searches nothing but what the
corpus says; those are tried elsewhere.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.canonical import Contact, Interaction, Opportunity
from connectors.conformance import Runner
from connectors.errors import ConfigError, CursorExpired, Transient
from connectors.guard import Guard
from connectors.systems.hubspot.connector import HubSpot
from connectors.systems.hubspot.refusals import BadRequest
from tests.connectors.hubspot.sources import Quick, gone, ids
from tests.foreign import free_port, python_of, running

QUIET = {"BACKLOT_TELEMETRY": "0", "DO_NOT_TRACK": "1"}
TOKEN = "admin-service-token"
CONTACTS, COMPANIES, DEALS, TICKETS, CALLS, NOTES, MEETINGS = 2000, 480, 100, 120, 50, 40, 10
BEGAN = datetime(2026, 9, 1, tzinfo=UTC)
RECENT = 250
"""Contacts that changed in the last hour of the corpus, 120 of them in one moment."""


def _changed(number: int) -> datetime:
    """Contact by contact a minute later, the last ones in one hour, most of these at once."""
    if number >= CONTACTS - 120:
        return BEGAN + timedelta(days=30, minutes=30)
    if number >= CONTACTS - RECENT:
        return BEGAN + timedelta(days=30, seconds=CONTACTS - number)
    return BEGAN + timedelta(minutes=number)


def _record(kind: str, key: int, changed: datetime, **values: Any) -> dict[str, Any]:
    modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    more = {name: values.pop(name) for name in ("associations", "archived") if name in values}
    properties = {modified: str(int(changed.timestamp() * 1000)), "hs_object_id": str(key)}
    return {
        "source_type": "hubspot", "object_type": kind, "author_email": "owner@example.com",
        "record_id": str(key), "doc_id": f"{kind}-{key}", "title": f"{kind} {key}",
        "content": f"{kind} {key}", "created": int(BEGAN.timestamp()),
        "updated": int(changed.timestamp()), "properties": {**properties, **values}, **more,
    }  # fmt: skip


def _corpus() -> Iterator[dict[str, Any]]:
    for n in range(COMPANIES):
        yield _record("companies", 5000000 + n, BEGAN, name=f"Firm {n} ÜÇ", domain=f"F{n}.Example")
    for n in range(CONTACTS):
        more: dict[str, Any] = {"archived": True} if n % 100 == 7 else {}
        yield _record(
            "contacts", 60000000 + n, _changed(n), firstname=f"Zoë {n}", lastname="O'Neil 👩‍👩‍👧",
            email=f"P{n}@Example.com", phone="+44 20 7946 0958",
            associatedcompanyid=str(5000000 + n % COMPANIES), **more,
        )  # fmt: skip
    for n in range(DEALS):
        stage = ("closedwon", "closedlost", "presentationscheduled")[n % 3]
        yield _record(
            "deals", 70000000 + n, BEGAN, dealname=f"Deal {n}", dealstage=stage, amount="1200.50",
            deal_currency_code="USD", createdate="2026-08-01T10:00:00.000Z",
            associations=[
                {"to": f"contacts-{60000000 + n * 2}"},
                {"to": f"companies-{5000000 + n + 1}"},
                {"to": f"companies-{5000000 + n}", "label": "Primary"},
            ],
        )  # fmt: skip
    for n in range(TICKETS):
        yield _record(
            "tickets", 80000000 + n, BEGAN, subject=f"Broken {n}", hs_pipeline_stage="1",
            createdate="2026-08-02T10:00:00.000Z", source_type="EMAIL",
            associations=[{"to": f"contacts-{60000000 + n}"}],
        )  # fmt: skip
    for kind, first, count in (("calls", 1, CALLS), ("notes", 2, NOTES), ("meetings", 3, MEETINGS)):
        for n in range(count):
            yield _record(
                kind, 90000000 + 1000 * first + n, BEGAN, hs_timestamp="2026-08-03T10:00:00.000Z",
                hs_note_body="<p>Called <b>back</b></p>", hs_call_title=f"Call {n}",
                hs_call_duration="90500", associations=[{"to": f"contacts-{60000000 + n}"}],
            )  # fmt: skip


@pytest.fixture(scope="module")
def backlot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running emulator with a corpus of 2,800 records; its base address."""
    command = python_of("backlot").with_name("backlot")
    folder = tmp_path_factory.mktemp("backlot")
    corpus, data, port = folder / "corpus.jsonl", folder / "data", free_port()
    corpus.write_text("".join(json.dumps(each) + "\n" for each in _corpus()))
    made = subprocess.run(
        [command, "import", "--data-dir", data, corpus],
        env={**QUIET, "HOME": str(folder), "PATH": "/usr/bin:/bin"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    server = [
        command, "serve", "--disable-telemetry", "--data-dir", data, "--port", str(port),
        "--log-level", "warning",
    ]  # fmt: skip
    environ = {**QUIET, "HOME": str(folder)}
    with running(server, port, folder / "server.log", cwd=folder, environ=environ):
        yield f"http://127.0.0.1:{port}/hubspot"


class Stumbling(httpx.BaseTransport):
    """The network, where each third call takes too long."""

    def __init__(self) -> None:
        self.network, self.number = httpx.HTTPTransport(), 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.number += 1
        if self.number % 3 == 0:
            raise httpx.ReadTimeout("too long", request=request)
        return self.network.handle_request(request)


def connect(base: str, transport: httpx.BaseTransport | None = None, **more: Any) -> HubSpot:
    """A connector to the emulator."""
    outside = Quick(Guard(["127.0.0.1"]), transport=transport)
    config = {"access_token": TOKEN, "base_url": base, "lag_seconds": 0, **more}
    return HubSpot(config, outside)


def test_the_check_says_what_may_be_read(backlot: str) -> None:
    found = connect(backlot, objects=["contacts", "deals", "nonsuch"]).check()
    assert found.ok
    assert found.may == ["Read contacts", "Read deals"]
    assert any("nonsuch cannot be read" in note for note in found.notes)
    assert any("Unable to infer object type from: nonsuch" in note for note in found.notes)


def test_a_wrong_token_is_refused(backlot: str) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(backlot, access_token="pat-na1-wrong-wrong").check()
    assert caught.value.errors == {"access_token": ["HubSpot refuses it."]}
    assert "pat-na1" not in caught.value.message


def test_all_contacts_are_read_and_the_deleted_named(backlot: str) -> None:
    connector = connect(backlot)
    stream = connector.stream("contacts")
    found = list(connector.read(stream, {}))
    assert len(ids(found)) == len(set(ids(found))) == CONTACTS - 20
    assert sorted(gone(found)) == [str(60000000 + n) for n in range(7, CONTACTS, 100)]
    assert found[0].total == CONTACTS - 20
    assert all(len(page.records) <= 100 for page in found)
    record = found[0].records[0]
    assert stream.default_mapping is not None
    mapped = stream.default_mapping.apply(record)
    assert isinstance(mapped, Contact)
    assert (mapped.external_id, mapped.name) == ("60000000", "Zoë 0 O'Neil 👩‍👩‍👧")
    assert (mapped.email, mapped.phone) == ("p0@example.com", "+442079460958")
    assert mapped.account_external_id == "5000000"
    assert mapped.modified_at == BEGAN


def test_a_cut_run_goes_on_where_it_stopped(backlot: str) -> None:
    runner = Runner(connect(backlot).stream("contacts"))
    while not runner.run(connect(backlot), most_pages=4):
        continue
    assert runner.count == len(runner.rows) == CONTACTS - 20
    assert runner.run(connect(backlot))
    assert runner.count == CONTACTS - 20, "a second run reads nothing"


def test_changes_are_found_by_search(backlot: str) -> None:
    since = BEGAN + timedelta(days=30)
    connector = connect(backlot, page_size=40)
    found = list(connector.read(connector.stream("contacts"), {"since": since.isoformat()}))
    wanted = [
        str(60000000 + n)
        for n in range(CONTACTS)
        if _changed(n) >= since and n % 100 != 7
    ]  # fmt: skip
    assert ids(found) == wanted
    assert found[0].total == len(wanted) > RECENT - 5
    assert len([page for page in found if page.records]) == -(-len(wanted) // 40)


def test_a_search_resumes_within_one_moment(backlot: str) -> None:
    since = BEGAN + timedelta(days=30, minutes=30)
    connector = connect(backlot, page_size=50)
    stream = connector.stream("contacts")
    first = next(iter(connector.read(stream, {"since": since.isoformat()})))
    rest = list(connect(backlot, page_size=50).read(stream, first.state))
    assert len(first.records) == 50
    assert len(ids(rest)) == len([n for n in range(CONTACTS - 120, CONTACTS) if n % 100 != 7]) - 50
    assert not {str(each["id"]) for each in first.records} & set(ids(rest))


def test_associations_are_told_with_records(backlot: str) -> None:
    connector = connect(backlot)
    stream = connector.stream("deals")
    records = [r for page in connector.read(stream, {}) for r in page.records]
    assert len(records) == DEALS
    assert stream.default_mapping is not None
    mapped = stream.default_mapping.apply(records[1])
    assert isinstance(mapped, Opportunity)
    assert mapped.contact_external_id == "60000002"
    assert mapped.account_external_id == "5000001", "the primary company, not the older one"
    assert (mapped.state, mapped.stage) == ("lost", "closedlost")
    assert (mapped.amount_minor, mapped.currency) == (120050, "USD")
    assert {r["_state"] for r in records} == {"won", "lost", "open"}


@pytest.mark.parametrize(
    ("kind", "count", "word"),
    [("tickets", TICKETS, "support_contact"), ("calls", CALLS, "call"), ("notes", NOTES, "note"),
     ("meetings", MEETINGS, "meeting")],
)  # fmt: skip
def test_what_happened_is_read(backlot: str, kind: str, count: int, word: str) -> None:
    connector = connect(backlot, objects=["contacts", kind])
    stream = connector.stream(kind)
    records = [r for page in connector.read(stream, {}) for r in page.records]
    assert len(records) == count
    assert stream.default_mapping is not None
    for record in records:
        mapped = stream.default_mapping.apply(record)
        assert isinstance(mapped, Interaction)
        assert mapped.kind == word
        assert mapped.contact_external_id == record["_contact"]


def test_an_unknown_object_is_refused(backlot: str) -> None:
    connector = connect(backlot, objects=["nonsuch"])
    with pytest.raises(BadRequest, match="Unable to infer object type from: nonsuch"):
        list(connector.read(connector.stream("nonsuch"), {}))


def test_a_mark_that_is_gone_starts_anew(backlot: str) -> None:
    connector = connect(backlot)
    state = {"until": "2026-11-01T00:00:00+00:00", "part": "list", "after": "123"}
    with pytest.raises(CursorExpired):
        list(connector.read(connector.stream("contacts"), state))


def test_each_third_call_may_time_out(backlot: str) -> None:
    transport = Stumbling()
    runner = Runner(connect(backlot).stream("tickets"))
    for _ in range(200):
        try:
            if runner.run(connect(backlot, transport)):
                break
        except Transient:
            continue
    assert len(runner.rows) == runner.count == TICKETS
    assert transport.number > 120


def test_nothing_is_offered_to_be_written(backlot: str) -> None:
    connector = connect(backlot)
    assert list(connector.targets()) == []
    notes = " ".join(connector.check().notes)
    assert "efm_id" in notes
    assert "Require unique values" in notes
