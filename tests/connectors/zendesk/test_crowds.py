"""Organizations, whose export goes by whole seconds: pages that end within one, and crowds in one."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.connectors.zendesk.account import clock
from tests.connectors.zendesk.simulator import Account
from tests.connectors.zendesk.sources import asked, connect, ids, pages


def crowd(account: Account, count: int) -> list[str]:
    """So many organizations that changed within one second, between two others."""
    account.put("organizations", "500", name="before")
    account.tick(61)
    account.frozen = True
    for number in range(count):
        account.put("organizations", str(501 + number), name="in the crowd")
    account.frozen = False
    account.tick(61)
    account.put("organizations", "600", name="after")
    return ["500", *(str(501 + number) for number in range(count)), "600"]


def test_seconds_that_end_a_page_are_told_once(account: Account) -> None:
    for number in range(10):
        account.frozen = number % 2 == 1  # two of each second
        account.put("organizations", str(500 + number), name="x")
    account.frozen = False
    found = pages(account, "organizations")
    assert ids(found) == [str(500 + number) for number in range(10)]
    starts = [int(each["start_time"]) for each in asked(account, "incremental/organizations")]
    assert starts == sorted(starts)
    assert pages(account, "organizations", found[-1].state) == []


def test_a_second_that_fills_a_page_is_given_whole(account: Account) -> None:
    wanted = crowd(account, 8)
    found = pages(account, "organizations")
    assert ids(found) == wanted
    assert not asked(account, "v2/organizations"), "no list was needed"


def test_a_second_the_export_does_not_pass_is_read_from_the_list(account: Account) -> None:
    wanted = crowd(account, 230)
    account.widest = 0
    found = pages(account, "organizations")
    assert set(ids(found)) == set(wanted)
    assert ids(found)[-1] == "600"
    assert len(asked(account, "v2/organizations")) == 3
    # Cut anywhere, the rest brings what is missing.
    for cut in range(len(found)):
        rest = pages(account, "organizations", found[cut].state)
        assert set(ids(found[: cut + 1]) + ids(rest)) == set(wanted), f"cut after page {cut}"
    assert pages(account, "organizations", found[-1].state) == []


def test_a_change_within_the_second_read_last_is_not_missed(account: Account) -> None:
    account.put("organizations", "500", name="x")
    state = pages(account, "organizations")[-1].state
    assert pages(account, "organizations", state) == []
    account.rows["organizations"]["500"]["name"] = "changed at once"
    account.rows["organizations"]["500"]["updated_at"] = clock(account.now + 1)
    assert ids(pages(account, "organizations", state)) == ["500"]


def test_nothing_is_asked_of_the_last_minute(account: Account) -> None:
    state = {"start": account.now + 86_400}
    account.held = True
    connector = connect(account)
    connector.check()
    stream = connector.stream("organizations")
    account.calls.clear()
    # By our clock, which may be another: the refusal is understood too.
    assert list(connector.read(stream, state)) == []
    assert not asked(account, "incremental/organizations")
    account.now = int(datetime.now(UTC).timestamp()) - 10 * 86_400
    assert list(connect(account).read(stream, {"start": account.now + 500})) == []
    assert len(asked(account, "incremental/organizations")) == 1


def test_deleted_organizations_are_told(account: Account) -> None:
    account.put("organizations", "500", name="x")
    state = pages(account, "organizations")[-1].state
    account.delete("organizations", "500")
    (page,) = pages(account, "organizations", state)
    assert (page.records, page.deleted) == ([], ["500"])
