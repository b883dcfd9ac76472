"""From one command to a scored answer joined with CRM history: the real server, a real browser."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from statsmodels.stats.proportion import confint_proportions_2indep

from tests.servers import Server, data_folder

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(600)]

PATIENCE = 30_000  # Milliseconds; a page that never comes fails, a busy machine does not.
SCORES = (10, 9, 10, 8, 3)  # Three promoters and one detractor of five: NPS +40.
TITLE = "How was our shop?"
expect.set_options(timeout=PATIENCE)
ANGRY = "The invoice was wrong again and nobody answers. I am angry and very disappointed."
# What a shop knows of the person who answers by a personal link; one date cannot be used.
CONTACTS = """customer_id,name,email
K1,Zoe Quist,ZOE.QUIST@example.org
K2,Omar Haddad,omar@example.org
"""
ORDERS = """order_id,customer_id,order_date,amount,currency
O-1,K1,2026-03-02,120.50,EUR
O-2,K1,2026-05-11,80.00,EUR
O-3,K2,2026-05-12,19.90,EUR
O-4,K2,yesterday,19.90,EUR
"""
# The shape of a CRM's or an HR system's file: what was said, what happened, what it is worth.
EMPLOYEES = (
    "rownames,Attrition,Department,JobSatisfaction,MonthlyIncome,YearsAtCompany\n"
    + "".join(
        f"{n},{'Yes' if n % 10 < left else 'No'},{('Sales', 'Research')[n % 2]},{said},{3000 + n},{n % 9}\n"
        for said, left, numbers in (
            ("Low", 4, range(100)),
            ("Medium", 3, range(100, 200)),
            ("High", 2, range(200, 300)),
            ("Very_High", 1, range(300, 400)),
        )
        for n in numbers
    )
)


@contextmanager
def window(browser: Browser, server: Server, *, scripts: bool = True) -> Iterator[Page]:
    """A browser of its own, without anybody's cookies; what its scripts complain of fails the test."""
    context = browser.new_context(
        base_url=server.url,
        java_script_enabled=scripts,
        viewport={"width": 1280, "height": 900} if scripts else {"width": 360, "height": 640},
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []

    def note(told: ConsoleMessage) -> None:
        if told.type == "error":
            complaints.append(f"{told.text} ({told.location['url']})")

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == [], complaints


def sign_in(page: Page, server: Server, role: str) -> None:
    email, password = server.sign_ins()[role]
    page.goto("/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def publish(page: Page) -> str:
    """Make a survey from a template, change a text, publish it; its address."""
    page.goto("/surveys")
    page.get_by_role("link", name="New survey").first.click()
    page.get_by_role("button", name=re.compile("Use.*Relationship NPS")).click()
    page.get_by_role("link", name="Title, welcome and thanks").click()
    page.get_by_label("Title", exact=True).fill(TITLE)
    page.keyboard.press("Tab")
    expect(page.locator("#builder-bar")).to_have_attribute("data-revision", "2")
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_role("link", name="New link").first).to_be_visible()
    return page.url


def make_link(page: Page, survey: str) -> str:
    """Make an anonymous link; what customers are given."""
    page.goto(survey)
    page.get_by_role("link", name="New link").first.click()
    page.get_by_label("Name for your team").fill("Receipt")
    page.get_by_label("Everybody who has the link").check()
    page.get_by_label("Touchpoint").fill("Shop")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    return page.get_by_label("Survey link").input_value()


def make_personal_link(page: Page, survey: str, folder: Path) -> str:
    """Make the link of one person, from a list; as the downloaded file gives it."""
    people = folder / "people.csv"
    people.write_text("email,name\nzoe.quist@example.org,Zoe Quist\n", encoding="utf-8")
    page.goto(survey)
    page.get_by_role("link", name="New link").first.click()
    page.get_by_label("Name for your team").fill("Customers of May")
    page.get_by_label("Each person on a list").check()
    page.get_by_label("List of people").set_input_files(people)
    page.get_by_role("button", name="Make the link").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download links").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    return next(value for value in row.values() if "/s/" in value or "/p/" in value)


def answer(browser: Browser, server: Server, link: str, score: int, comment: str) -> None:
    """Answer as a customer on a phone whose browser runs no scripts."""
    with window(browser, server, scripts=False) as page:
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
        page.get_by_role("radio", name=re.compile(rf"^{score}\b")).check()
        page.get_by_role("button", name="Next").click()
        page.get_by_label("What is the main reason for your score?").fill(comment)
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name=re.compile("Send|Submit")).click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def tile(page: Page, name: str) -> str:
    """All words of one figure."""
    return page.locator("article.tile").filter(has=page.get_by_text(name, exact=True)).inner_text()


def test_from_one_command_to_an_answer_joined_with_history(
    browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with data_folder() as folder:
        server = Server(folder, EFM_LOG_LEVEL="error").start()
        try:
            first = server.wait_ready()
            with window(browser, server) as staff:
                sign_in(staff, server, "owner")
                survey = publish(staff)
                seconds = watch_answers_arrive(browser, server, staff, survey)
                see_the_case(staff)
                see_an_answer_among_the_orders(browser, server, staff, survey, tmp_path)
                see_the_link_of_what_was_said_and_done(staff, server, tmp_path)
            assert server.interrupt() == 0
            assert server.lingering() == []
            server.start()
            again = server.wait_ready()
            with window(browser, server) as staff:
                sign_in(staff, server, "designer")
                staff.goto("/surveys")
                expect(staff.get_by_role("main")).to_contain_text("Relationship NPS")
            assert server.interrupt() == 0
            assert server.lingering() == []
        finally:
            server.close()
    with capsys.disabled():
        print(
            f"\nfirst start {first:.1f} s, second start {again:.1f} s, "
            f"an answer on the dashboard after {seconds:.2f} s"
        )
    assert again < 20, "a second start takes seconds"


def watch_answers_arrive(browser: Browser, server: Server, staff: Page, survey: str) -> float:
    """Answer without scripts while the overview is open; the seconds from thanks to tile, at best."""
    link = make_link(staff, survey)
    assert link.startswith(server.url + "/s/")
    staff.goto("/overview?survey=" + survey.rstrip("/").split("/")[-1])
    staff.evaluate("window.stayed = true")
    assert "No answers in this view" in tile(staff, "NPS")
    waits = []
    for count, score in enumerate(SCORES, start=1):
        comment = ANGRY if score < 7 else "Quick and friendly help, I love it."
        answer(browser, server, link, score, comment)
        thanked = time.monotonic()
        value = staff.locator("article.tile", has_text="Complete responses").locator(".tile-value")
        expect(value).to_have_text(str(count))
        waits.append(time.monotonic() - thanked)
        assert (f"{count} of at least 5" in tile(staff, "NPS")) == (count < 5)
    assert re.search(r"\b40\b.*n = 5", tile(staff, "NPS"), re.DOTALL)
    expect(staff.get_by_role("main")).to_contain_text(ANGRY)
    assert staff.evaluate("window.stayed") is True, "the page was not loaded again"
    # Answers race with a machine that has other work; one of five shows what the product does.
    assert min(waits) < 2, f"seconds until the tile changed: {waits}"
    return min(waits)


def see_the_case(staff: Page) -> None:
    """The detractor waits for an owner; the worker opened the case by itself."""
    for _ in range(60):
        staff.goto("/cases")
        if staff.get_by_text(ANGRY).count():
            break
        staff.wait_for_timeout(250)
    row = staff.get_by_role("row").filter(has_text=ANGRY)
    row.get_by_role("link").click()
    expect(staff.get_by_role("main")).to_contain_text("NPS 3")


def see_an_answer_among_the_orders(
    browser: Browser, server: Server, staff: Page, survey: str, folder: Path
) -> None:
    """Connect a shop's files; the person who answered is recognised, with one story of both."""
    link = make_personal_link(staff, survey, folder)
    answer(browser, server, link, 9, "Great people.")
    for name, text in (("contacts.csv", CONTACTS), ("orders.csv", ORDERS)):
        (folder / name).write_text(text, encoding="utf-8")
    staff.goto("/connections/new/files")
    staff.get_by_label("Name of this connection").fill("Shop")
    files = [folder / "contacts.csv", folder / "orders.csv"]
    staff.get_by_label("Files", exact=True).set_input_files(files)
    staff.get_by_role("button", name="Save and check").click()
    expect(staff.get_by_role("main")).to_contain_text("It works")
    staff.get_by_role("link", name="Choose what to read").click()
    staff.get_by_role("button", name="Map their fields").click()
    for file in files:
        expect(staff.get_by_role("heading", level=1)).to_contain_text(file.name)
        staff.get_by_role("button", name="Save and go on").click()
    expect(staff.get_by_role("main")).to_contain_text("4 records are read")
    staff.get_by_role("button", name="Read now").click()
    expect(staff.get_by_role("main")).to_contain_text("3 created, 1 rejected")
    expect(staff.get_by_role("main")).to_contain_text("1 created, 1 unchanged, 0 rejected")
    staff.goto("/customers?q=zoe.quist")
    expect(staff.get_by_role("main")).to_contain_text("1 contact")
    staff.get_by_role("main").get_by_role("link", name="Zoe Quist").click()
    story = staff.get_by_role("main")
    for words in ("Great people.", "120.50", "80.00", "Known as"):
        expect(story).to_contain_text(words)


def see_the_link_of_what_was_said_and_done(staff: Page, server: Server, folder: Path) -> None:
    """Bring in a file; read a customer's page and the linkage, with the figures of the file."""
    path = folder / "employees.csv"
    path.write_text(EMPLOYEES, encoding="utf-8")
    done = server.run("import", str(path))
    assert done.returncode == 0, done.stderr
    assert "400 responses" in done.stdout
    staff.goto("/customers")
    staff.locator("summary.organization-name").click()
    staff.get_by_role("button", name="Employees").click()
    staff.goto("/customers")
    expect(staff.get_by_role("main")).to_contain_text("400 contacts")
    staff.get_by_role("main").get_by_role("rowheader").first.get_by_role("link").click()
    story = staff.get_by_role("main")
    expect(story).to_contain_text("Known, without a date")
    expect(story).to_contain_text(re.compile(r"Response\s+·"))
    staff.goto("/insight/linkage")
    linkage = staff.get_by_role("main")
    expect(linkage).to_contain_text("Cross-sectional: the outcome has no date")
    expect(linkage.get_by_role("row").filter(has_text="Low (1)")).to_contain_text("40.0 %")
    expect(linkage).to_contain_text("−30.0 points")
    low, high = confint_proportions_2indep(10, 100, 40, 100, method="newcomb")
    told = f"{low * 100:.1f} points to {high * 100:.1f} points".replace("-", "−")
    expect(linkage).to_contain_text(told)
