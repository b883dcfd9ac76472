"""Reading beyond the contract: bulk jobs that die, fields that vanish, quotas, deletions, odd pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.conformance import Runner
from connectors.cursor import guarded
from connectors.errors import (
    ConfigError,
    CursorExpired,
    EndlessCursor,
    NotSupported,
    Throttled,
    Transient,
)
from connectors.records import Page
from connectors.systems.salesforce import bulk
from connectors.systems.salesforce.connector import Salesforce
from tests.connectors.salesforce.simulator import Org, Reply
from tests.connectors.salesforce.sources import connect


def seed(org: Org, count: int = 8, name: str = "Contact") -> list[str]:
    return [org.data.put(name, f"k{number:02d}", LastName=f"n{number}") for number in range(count)]


def pages(
    connector: Salesforce, state: Mapping[str, Any] = {}, name: str = "Contact"
) -> Iterator[Page]:
    return guarded(connector.read(connector.stream(name), state))


def ids(found: Iterator[Page] | list[Page]) -> list[str]:
    return [record["Id"] for page in found for record in page.records]


def asked(org: Org, part: str) -> int:
    return sum(part in url for _, url in org.calls)


# --- windows and pages -----------------------------------------------------------------------


def test_the_total_is_told_and_kept_when_resumed(org: Org) -> None:
    seed(org)
    first = next(pages(connect(org)))
    assert first.total == 8
    assert [page.total for page in pages(connect(org), first.state)] == [8, 8]
    assert asked(org, "COUNT") == 1


def test_a_page_the_server_cuts_short_is_no_end(org: Org) -> None:
    keys = seed(org)
    org.batch = 2
    assert ids(pages(connect(org, page_size=5))) == keys
    assert asked(org, "01g") == 0, "a locator dies; the last id does not"


def test_an_exact_last_page_is_followed_by_an_empty_one(org: Org) -> None:
    keys = seed(org, 6)
    found = list(pages(connect(org)))
    assert ids(found) == keys
    assert [len(page.records) for page in found] == [3, 3, 0]


def test_an_empty_object_is_one_empty_page(org: Org) -> None:
    (page,) = pages(connect(org))
    assert (list(page.records), page.total, set(page.state)) == ([], 0, {"since"})
    assert ids(pages(connect(org), page.state)) == []


def test_the_lag_and_the_overlap_are_those_of_the_setting(org: Org) -> None:
    seed(org, 1)
    *_, last = pages(connect(org, lag_seconds=60))
    until = org.data.now - timedelta(seconds=60)
    assert abs((until - _since(last)).total_seconds()) < 20
    org.calls.clear()
    list(pages(connect(org, lag_seconds=60), last.state))
    since = _since(last) - timedelta(seconds=120)
    assert asked(org, f"SystemModstamp%20%3E%3D%20{since:%Y-%m-%dT%H%%3A%M%%3A%SZ}") == 1


def _since(page: Page) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(page.state["since"])


def test_values_keep_their_types_by_pages_and_in_bulk(org: Org) -> None:
    org.data.put(
        "Contact", "k1", LastName='q"\n,', EFM_Score__c=9.25, EFM_Is_Promoter__c=True,
        EFM_On__c="2026-01-02", EFM_At__c="2026-01-02T03:04:05.000+0000",
    )  # fmt: skip
    (by_page,) = [r for page in pages(connect(org)) for r in page.records]
    (in_bulk,) = [r for page in pages(connect(org, use_bulk_over=0)) for r in page.records]
    assert by_page == in_bulk
    assert by_page["EFM_Score__c"] == Decimal("9.25")
    assert by_page["EFM_Is_Promoter__c"] is True
    assert by_page["EFM_At__c"] == "2026-01-02T03:04:05.000+0000"
    assert by_page["AccountId"] is None
    assert "attributes" not in by_page
    assert "MailingAddress" not in by_page


def test_ids_with_quotes_and_other_letters_page_on(org: Org) -> None:
    keys = ["a'b", 'a"c', "a\\d", "é/ü", "x y", "z&q=1#"]
    for key in keys:
        org.data.put("Contact", key, LastName="x")
    assert ids(pages(connect(org, page_size=1))) == sorted(keys)


def test_long_questions_travel_in_a_body(org: Org) -> None:
    fields = org.data.tables["Contact"].fields
    for number in range(400):
        name = f"A_Rather_Long_Custom_Field_Name_{number:04d}__c"
        fields[name] = {**fields["LastName"], "name": name, "custom": True, "nillable": True}
        org.data.tables["Contact"].rows = {}
    keys = seed(org)
    assert ids(pages(connect(org))) == keys
    assert asked(org, "/composite") > 0
    assert all(len(url) < 16_384 for _, url in org.calls)
    del fields["A_Rather_Long_Custom_Field_Name_0007__c"]
    connector = connect(org)
    stream = connector.stream("Contact")
    del fields["A_Rather_Long_Custom_Field_Name_0008__c"]
    assert ids(list(connector.read(stream, {}))) == keys


def test_archived_activities_are_read(org: Org) -> None:
    org.data.put("Task", "t1", Subject="old", IsArchived=True)
    org.data.put("Task", "t2", Subject="new")
    assert ids(pages(connect(org), name="Task")) == ["t1", "t2"]
    assert ids(pages(connect(org, use_bulk_over=0), name="Task")) == ["t1", "t2"]


@pytest.mark.parametrize("use_bulk_over", [0, 1_000])
def test_a_field_that_vanished_is_left_out(org: Org, use_bulk_over: int) -> None:
    keys = seed(org)
    connector = connect(org, use_bulk_over=use_bulk_over)
    stream = connector.stream("Contact")
    del org.data.tables["Contact"].fields["EFM_Score__c"]
    found = list(connector.read(stream, {}))
    assert ids(found) == keys
    assert all("EFM_Score__c" not in record for page in found for record in page.records)


def test_a_field_that_is_described_but_refused_is_left_out(org: Org) -> None:
    keys = seed(org)
    connector = connect(org)
    stream = connector.stream("Contact")
    said = [{"message": "\nSELECT\n^\nERROR at Row:1:Column:8\nNo such column 'Email' on entity "
             "'Contact'.", "errorCode": "INVALID_FIELD"}]  # fmt: skip
    org.faults = [Reply(400, said)]
    found = list(connector.read(stream, {"since": "2026-01-01T00:00:00+00:00"}))
    assert ids(found) == keys
    assert all("Email" not in record and "Phone" in record for p in found for record in p.records)
    org.faults = [Reply(400, [{**said[0], "message": "No such column 'Id' on entity"}])]
    with pytest.raises(ConfigError, match="'Id'"):
        list(connector.read(stream, {"since": "2026-01-01T00:00:00+00:00"}))


def test_a_question_refused_for_another_reason_is_told(org: Org) -> None:
    connector = connect(org)
    stream = connector.stream("Contact")
    said = [{"message": "unexpected token: 'x'", "errorCode": "MALFORMED_QUERY"}]
    org.faults = [Reply(400, said)]
    with pytest.raises(ConfigError, match="unexpected token"):
        list(connector.read(stream, {"since": "2026-01-01T00:00:00+00:00"}))


def test_streams_are_what_the_user_may_query(org: Org) -> None:
    org.data.tables["Lead"].flags = {"queryable": False}
    del org.data.tables["Order"]
    names = [stream.name for stream in connect(org, objects=["Visit__c", "Nothing__c"]).streams()]
    assert names == [
        "Account", "Contact", "Case", "Task", "Event", "CampaignMember", "Opportunity",
        "OrderItem", "Contract", "Product2", "Visit__c",
    ]  # fmt: skip
    connector = connect(org)
    for absent in ("Lead", "Order", "Visit__c", "User", "../limits"):
        with pytest.raises(NotSupported):
            connector.stream(absent)


def test_an_object_without_systemmodstamp_goes_by_another_time(org: Org) -> None:
    del org.data.tables["Contact"].fields["SystemModstamp"]
    seed(org, 2)
    stream = connect(org).stream("Contact")
    assert stream.cursor == "LastModifiedDate"
    *_, last = pages(connect(org))
    org.data.put("Contact", "k01", LastName="changed")
    assert ids(pages(connect(org), last.state)) == ["k01"]


# --- bulk --------------------------------------------------------------------------------------


def test_a_large_object_is_one_job_resumed_by_locator(org: Org) -> None:
    keys = seed(org)
    runner = Runner(connect(org).stream("Contact"))
    make = lambda: connect(org, use_bulk_over=7)  # noqa: E731
    for _ in range(4):  # the job, then three pages of it
        assert not runner.run(make(), most_pages=1)
    assert sorted(runner.rows) == keys
    assert runner.count == 8
    assert set(runner.state) == {"since"}
    assert [c for c in org.calls if c[1].endswith("/jobs/query")] == [
        ("POST", "/services/data/v62.0/jobs/query")
    ]


def test_the_threshold_is_more_than(org: Org) -> None:
    seed(org)
    assert len(ids(pages(connect(org, use_bulk_over=8)))) == 8
    assert asked(org, "jobs/query") == 0


def test_an_export_that_takes_long_frees_the_worker_and_is_taken_up(org: Org) -> None:
    keys = seed(org)
    org.jobs.looks = 40
    runner = Runner(connect(org).stream("Contact"))
    waits: list[Any] = []
    for _ in range(20):
        try:
            if runner.run(connect(org, use_bulk_over=0)):
                break
        except Throttled as error:
            waits.append(error.until)
    assert len(waits) >= 2
    assert set(waits) == {bulk.AGAIN}
    assert sorted(runner.rows) == keys
    assert len(org.jobs.jobs) == 1


def test_a_job_that_is_gone_in_the_middle_is_made_anew(org: Org) -> None:
    keys = seed(org)
    runner = Runner(connect(org).stream("Contact"))
    runner.run(connect(org, use_bulk_over=0), most_pages=3)
    assert runner.count == 6
    org.jobs.jobs.clear()
    org.data.put("Contact", "k99", LastName="new")
    assert runner.run(connect(org, use_bulk_over=0))
    assert sorted(runner.rows) == [*keys, "k99"]
    assert runner.generations == 1


@pytest.mark.parametrize("how", ["failed", "aborted", "refused", "damaged state"])
def test_without_a_job_pages_do(org: Org, how: str) -> None:
    keys = seed(org)
    org.jobs.fails = "InternalServerError" if how == "failed" else ""
    org.jobs.is_refused = how == "refused"
    state: Mapping[str, Any] = {}
    if how in ("aborted", "damaged state"):
        state = next(pages(connect(org, use_bulk_over=0))).state
        org.jobs.change(state["job"], "Aborted")
        org.jobs.fails = "again"
    if how == "damaged state":
        state = {**state, "job": "../../limits", "locator": 5}
    assert sorted(ids(pages(connect(org, use_bulk_over=0), state))) == keys


def test_a_damaged_locator_begins_the_job_again(org: Org) -> None:
    keys = seed(org)
    state = next(pages(connect(org, use_bulk_over=0))).state
    assert sorted(ids(pages(connect(org), {**state, "locator": 5}))) == keys
    assert sorted(ids(pages(connect(org), {**state, "locator": "x"}))) == keys


def test_results_without_a_locator_are_not_taken_for_the_end(org: Org) -> None:
    keys = seed(org)
    state = next(pages(connect(org, use_bulk_over=0))).state
    connector = connect(org)
    stream = connector.stream("Contact")
    ready, stripped = Reply(200, {"state": "JobComplete"}), Reply(200, '"Id"\n"k00"\n')
    org.faults = [ready, stripped]
    assert sorted(ids(list(connector.read(stream, state)))) == keys


def test_counting_that_takes_too_long_means_large(org: Org) -> None:
    keys = seed(org)
    connector = connect(org)
    stream = connector.stream("Contact")
    slow = [
        {"message": "Your query request was running for too long.", "errorCode": "QUERY_TIMEOUT"}
    ]
    org.faults = [Reply(400, slow) for _ in range(4)]
    assert sorted(ids(list(connector.read(stream, {})))) == keys
    assert len(org.jobs.jobs) == 1


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('"Id","Name"\n"1","a"\n', "2"),
        ('"Id","Name"\n"1"\n', "1"),
        ('"Id","Name"\n"1","a\n', "1"),
        ("", "3"),
        (b"\xff\xfe", "0"),
    ],
)
def test_a_cut_export_is_read_again(text: str | bytes, number: str) -> None:
    content = text.encode() if isinstance(text, str) else text
    response = httpx.Response(200, content=content, headers={"Sforce-NumberOfRecords": number})
    with pytest.raises(Transient):
        bulk.rows_of(response, {})


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("text", "", None), ("text", "null", "null"), ("boolean", "true", True),
        ("boolean", "false", False), ("boolean", "maybe", "maybe"), ("integer", "12", 12),
        ("integer", "1.0", "1.0"), ("integer", "9" * 30, "9" * 30),
        ("decimal", "1.50", Decimal("1.50")), ("decimal", "1e3", Decimal("1E+3")),
        ("decimal", "NaN", "NaN"), ("decimal", "x", "x"), ("date", "2026-01-01", "2026-01-01"),
        ("datetime", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000+0000"),
    ],
)  # fmt: skip
def test_cells_become_values(kind: str, cell: str, value: Any) -> None:
    assert bulk.value(kind, cell) == value


# --- deletions ---------------------------------------------------------------------------------


def test_deleted_merged_and_purged_records_are_told_once(org: Org) -> None:
    seed(org)
    *_, last = pages(connect(org))
    org.data.delete("Contact", "k01")
    org.data.merge("Contact", "k02", "k03")
    org.data.delete("Contact", "k04", is_hard=True)
    org.data.delete("Contact", "k05")
    org.data.put("Contact", "k05", LastName="restored")
    found = list(pages(connect(org), last.state))
    assert {key for page in found for key in page.deleted} == {"k01", "k02", "k04"}
    assert ids(found) == ["k05"]


def test_a_record_restored_before_we_looked_stays(org: Org) -> None:
    seed(org)
    *_, last = pages(connect(org))
    org.data.tables["Contact"].deleted["k03"] = org.data.tick()  # the log remembers, it is there
    found = list(pages(connect(org), last.state))
    assert [key for page in found for key in page.deleted] == []


def test_many_deletions_come_in_pages_that_resume(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.systems.salesforce.reading.VERIFIED", 3)
    keys = seed(org)
    runner = Runner(connect(org).stream("Contact"))
    runner.settle(lambda: connect(org))
    for key in keys:
        org.data.delete("Contact", key, is_hard=True)
    org.calls.clear()
    for _ in range(4):  # no records, then three pages of deletions
        assert not runner.run(connect(org), most_pages=1)
    assert runner.rows == {}
    assert asked(org, "Id%20IN") == 3


def test_a_memory_that_is_too_short_starts_anew(org: Org) -> None:
    seed(org)
    *_, last = pages(connect(org))
    org.data.now += timedelta(days=20)
    org.data.earliest = org.data.now - timedelta(days=15)
    with pytest.raises(CursorExpired, match="remembers"):
        list(pages(connect(org), last.state))
    org.data.now += timedelta(days=20)
    with pytest.raises(CursorExpired):
        list(pages(connect(org), last.state))


def test_without_a_log_the_marks_must_do(org: Org) -> None:
    seed(org)
    *_, last = pages(connect(org))
    org.data.tables["Contact"].flags = {"replicateable": False}
    org.data.delete("Contact", "k01")
    found = list(pages(connect(org), last.state))
    assert [key for page in found for key in page.deleted] == ["k01"]
    org.data.now += timedelta(days=16)
    with pytest.raises(CursorExpired, match="too long ago"):
        list(pages(connect(org), last.state))


def test_an_object_that_tells_no_deletions_says_so(org: Org) -> None:
    table = org.data.tables["Visit__c"]
    table.flags = {"replicateable": False}
    del table.fields["IsDeleted"]
    connector = connect(org, objects=["Visit__c"])
    assert connector.stream("Visit__c").deletes == "none"
    org.data.put("Visit__c", "v1", Name="x")
    *_, last = pages(connector, name="Visit__c")
    assert list(pages(connector, last.state, "Visit__c"))
    assert asked(org, "/deleted") == 0


# --- limits and odd answers ---------------------------------------------------------------------


def test_reading_pauses_before_the_quota_is_used_up(org: Org) -> None:
    keys = seed(org)
    org.used, org.most = 78, 100
    runner = Runner(connect(org).stream("Contact"))
    with pytest.raises(Throttled, match="of the 100 calls of a day"):
        runner.run(connect(org))
    org.used = 10
    runner.settle(lambda: connect(org))
    assert sorted(runner.rows) == keys
    org.used = 95
    assert ids(pages(connect(org, quota_percent=100)))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("<html><body>Down for maintenance</body></html>", ConfigError),
        ('{"totalSize": 1, "records": [{"Id"', Transient),
        ("", Transient),
        ({"done": True}, Transient),
        ([], Transient),
        ({"records": None, "done": True}, Transient),
        ({"records": ["x"], "done": True}, Transient),
        ({"records": [{"Id": None}], "done": True}, Transient),
        ({"records": [{}], "done": True}, Transient),
        ({"records": [], "done": False, "nextRecordsUrl": "https://evil.example/"}, Transient),
    ],
)
def test_an_odd_answer_has_its_recovery(org: Org, body: Any, error: type[Exception]) -> None:
    seed(org)
    connector = connect(org)
    stream = connector.stream("Contact")
    org.faults = [Reply(200, body)]
    with pytest.raises(error):
        list(connector.read(stream, {"since": "2026-01-01T00:00:00+00:00"}))


@pytest.mark.parametrize(
    "said", [[], {}, {"deletedRecords": None}, {"deletedRecords": "x"}, "<html>", ""]
)
def test_an_odd_list_of_deletions_deletes_nothing(org: Org, said: Any) -> None:
    seed(org)
    connector = connect(org)
    stream = connector.stream("Contact")
    org.faults = [Reply(200, said)]
    state = {"since": "2026-01-01T00:00:00+00:00", "until": "2026-01-02T00:00:00+00:00"}
    deleted: list[str] = []
    try:
        for page in connector.read(stream, {**state, "part": "deleted"}):
            deleted += page.deleted
    except (Transient, ConfigError):
        assert said != "<html>", "the marks on the records do where there is no list"
    assert deleted == []


def test_odd_deletions_are_passed_over(org: Org) -> None:
    connector = connect(org)
    stream = connector.stream("Contact")
    said = {"deletedRecords": [None, 5, {}, {"id": None}, {"id": 7}, {"id": "gone"}],
            "earliestDateAvailable": "never"}  # fmt: skip
    org.faults = [Reply(200, said)]
    state = {"since": "2026-01-01T00:00:00+00:00", "until": "2026-01-02T00:00:00+00:00"}
    found = list(connector.read(stream, {**state, "part": "deleted"}))
    assert [key for page in found for key in page.deleted] == ["gone"]


@pytest.mark.parametrize("use_bulk_over", [0, 1000])
def test_a_source_that_ignores_the_place_is_stopped(org: Org, use_bulk_over: int) -> None:
    seed(org)
    org.is_ignoring_ids = org.jobs.is_endless = True
    with pytest.raises(EndlessCursor):
        list(pages(connect(org, use_bulk_over=use_bulk_over)))


@pytest.mark.parametrize("state", [{"since": 5}, {"until": "soon"}, {"since": "x", "until": "y"}])
def test_a_damaged_position_starts_anew(org: Org, state: Mapping[str, Any]) -> None:
    with pytest.raises(CursorExpired):
        list(pages(connect(org), state))


def test_values_that_are_no_single_value_become_text(org: Org) -> None:
    connector = connect(org)
    stream = connector.stream("Contact")
    row = {"Id": "k1", "Name": {"a": [1]}, "Email": None, "Unknown": 1}
    org.faults = [Reply(200, {"records": [row], "done": True, "totalSize": 1})]
    first = next(connector.read(stream, {"since": "2026-01-01T00:00:00+00:00"}))
    assert first.records == [{"Id": "k1", "Name": '{"a": [1]}', "Email": None}]


def test_check_says_who_what_and_what_is_missing(org: Org) -> None:
    found = connect(org, objects=["Nothing__c"]).check()
    assert found.ok
    assert found.who == "Acme"
    assert "read Account, Contact, Lead" in found.may[0]
    assert "write fields of contacts" in found.may
    assert found.quota_left is not None
    assert 0 < found.quota_left < 100_000
    assert any("Nothing__c" in note for note in found.notes)
    assert any("currency" in note for note in found.notes)
    assert not any("EFM_Id__c" in note for note in found.notes)
    for name in ("Task", "Case"):
        del org.data.tables[name].fields["EFM_Id__c"]
    assert any("EFM_Id__c" in note for note in connect(org).check().notes)


def test_check_goes_without_what_the_user_may_not_see(org: Org) -> None:
    del org.data.tables["Organization"]
    connector = connect(org)
    assert connector.check().who == org.url.partition("://")[2]
    org.data.tables.clear()
    found = connect(org).check()
    assert not found.ok
    assert "read access" in " ".join(found.notes)
