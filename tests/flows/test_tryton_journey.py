"""A real Tryton connected in the browser: its customers, deals, complaints and invoices in, a complaint out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.connectors.tryton.server import System, tryton
from tests.flows.test_main_job import answer, publish, sign_in, window
from tests.servers import Server, data_folder

pytestmark = [
    pytest.mark.flow,
    pytest.mark.browser,
    pytest.mark.full,
    pytest.mark.timeout(900),
]

PERSON, WHO = "Alan Turing", "customer5@example.com"
SAID = "Nobody answers my complaint. I am angry and very disappointed."


def test_tryton_is_connected_read_and_written_to(browser: Browser, tmp_path: Path) -> None:
    with tryton(tmp_path) as served, data_folder() as folder:
        system = served.of("company")
        server = Server(folder, EFM_OUTBOUND_ALLOW="127.0.0.1").start()
        try:
            server.wait_ready()
            with window(browser, server) as staff:
                sign_in(staff, server, "owner")
                connect(staff, system)
                see_the_customer(staff)
                tell_tryton(staff)
                survey = publish(staff)
                link = personal_link(staff, survey, tmp_path)
                before = {each["id"] for each in system.find("sale.complaint")}
                answer(browser, server, link, 1, SAID)
                complaint = new_complaint(staff, system, before)
                assert SAID in complaint["description"]
                (party,) = system.find("party.party", [["id", "=", complaint["customer"]]], "name")
                assert party["name"] == PERSON
                see_it_written_and_not_read_back(staff)
        finally:
            server.close()


def connect(staff: Page, system: System) -> None:
    """From the list of systems to the first run, by what the pages say."""
    staff.goto("/connections/new")
    staff.get_by_role("link", name="Connect Tryton").click()
    staff.get_by_label("Name of this connection").fill("ERP")
    staff.get_by_label("Address").fill(system.url)
    staff.get_by_label("Database").fill(system.database)
    staff.get_by_label("Key", exact=True).fill(system.key)
    staff.get_by_role("button", name="Save and check").click()
    expect(staff.get_by_role("main")).to_contain_text("It works")
    staff.get_by_role("link", name="Choose what to read").click()
    for box in staff.get_by_role("checkbox").all():
        box.check()
    staff.get_by_role("button", name="Map their fields").click()
    go_on = staff.get_by_role("button", name="Save and go on")
    start = staff.get_by_role("button", name="Read now")
    for _ in range(20):
        expect(go_on.or_(start).first).to_be_visible()
        if start.count():
            break
        url = staff.url
        go_on.click()
        staff.wait_for_url(lambda now, url=url: now != url)
    start.click()
    wait_until_read(staff)


def wait_until_read(staff: Page) -> None:
    """Every stream was read; the list of connections says how the whole stands."""
    connection = staff.url
    for _ in range(240):
        staff.goto("/connections")
        row = staff.get_by_role("row").filter(has_text="ERP")
        if "Running" not in row.inner_text():
            break
        staff.wait_for_timeout(500)
    staff.goto(connection)
    expect(staff.get_by_role("main")).not_to_contain_text("Failed")


def see_the_customer(staff: Page) -> None:
    """One story of deals, complaints and money."""
    staff.goto(f"/customers?q={WHO}")
    staff.get_by_role("main").get_by_role("link", name=PERSON).first.click()
    story = staff.get_by_role("main")
    for words in ("Complaint", "Invoice", "€105.00", "Known as"):
        expect(story).to_contain_text(words)


def tell_tryton(staff: Page) -> None:
    """A rule: each response of a detractor becomes a complaint there."""
    staff.goto("/connections")
    staff.get_by_role("main").get_by_role("link", name="ERP").click()
    staff.get_by_role("link", name="Write back").click()
    choice = staff.get_by_label("What to write")
    wanted = staff.get_by_role("option", name=re.compile("Each response → Complaints"))
    choice.select_option(wanted.get_attribute("value"))
    staff.get_by_role("button", name="Add rule").click()
    staff.get_by_role("group", name="description").get_by_role("combobox").select_option("summary")
    staff.get_by_label("Detractors").check()
    staff.get_by_role("button", name="Save").click()
    expect(staff.get_by_role("main")).to_contain_text("What it would change now")
    staff.get_by_role("button", name="Turn on").click()
    staff.get_by_role("dialog").get_by_role("button", name="Turn on").click()
    expect(staff.get_by_role("main")).to_contain_text("It is on")


def personal_link(staff: Page, survey: str, folder: Path) -> str:
    """The link of the person of Tryton."""
    people = folder / "people.csv"
    people.write_text(f"email,name\n{WHO},{PERSON}\n", encoding="utf-8")
    staff.goto(survey)
    staff.get_by_role("link", name="New link").first.click()
    staff.get_by_label("Name for your team").fill("After the invoice")
    staff.get_by_label("Each person on a list").check()
    staff.get_by_label("List of people").set_input_files(people)
    staff.get_by_role("button", name="Make the link").click()
    with staff.expect_download() as download:
        staff.get_by_role("link", name="Download links").click()
    found = re.search(r"http\S+/s/[\w-]+", download.value.path().read_text(encoding="utf-8-sig"))
    assert found is not None
    return found[0]


def new_complaint(staff: Page, system: System, before: set[int]) -> dict[str, object]:
    """The complaint that appears there; waits for it."""
    for _ in range(120):
        made = system.find("sale.complaint", (), "description", "customer", "reference")
        new = [each for each in made if each["id"] not in before]
        if new:
            return new[0]
        staff.wait_for_timeout(500)
    raise AssertionError("no complaint was made in Tryton")


def see_it_written_and_not_read_back(staff: Page) -> None:
    """The rule says what it wrote; the next reading takes it for nothing the customer did."""
    staff.goto("/connections")
    staff.get_by_role("main").get_by_role("link", name="ERP").click()
    staff.get_by_role("link", name="Write back").click()
    expect(staff.get_by_role("main")).to_contain_text("Each response → Complaints")
    staff.get_by_role("main").get_by_role("link", name="Each response").first.click()
    expect(staff.get_by_role("main")).to_contain_text("Written")
    staff.goto(f"/customers?q={WHO}")
    staff.get_by_role("main").get_by_role("link", name=PERSON).first.click()
    before = staff.get_by_role("listitem").filter(has_text="Interaction").count()
    staff.goto("/connections")
    staff.get_by_role("main").get_by_role("link", name="ERP").click()
    staff.get_by_role("button", name="Read everything now").click()
    wait_until_read(staff)
    staff.goto(f"/customers?q={WHO}")
    staff.get_by_role("main").get_by_role("link", name=PERSON).first.click()
    assert staff.get_by_role("listitem").filter(has_text="Interaction").count() == before
