"""A designer brings a survey in from another tool, mends and translates it, asks, changes it while people answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyreadstat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import House
from tests.surveys.formats import qsf_written as qsf

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(300)]

NPS, REASON, BETTER, BRANCH = 1, 2, 3, 4
GERMAN = {
    "How likely are you to recommend our shop?": "Wie wahrscheinlich empfehlen Sie unser Geschäft weiter?",
    "What is the main reason?": "Was ist der Hauptgrund?",
    "What should we do better?": "Was sollen wir besser machen?",
    "Which branch did you visit?": "In welcher Filiale waren Sie?",
    "Vienna": "Wien",
}


def survey_file(folder: Path) -> Path:
    """A survey as Qualtrics writes it: NPS, a follow-up by score, one by place, which we cannot know."""
    nps = qsf.question(
        NPS,
        "MC/NPS",
        QuestionText="How likely are you to recommend our shop?",
        Choices={str(n): {"Display": str(n)} for n in range(11)},
        ChoiceOrder=list(range(11)),
        ColumnLabels=[{"Display": "Not at all likely"}, {}, {"Display": "Extremely likely"}],
    )
    reason = qsf.question(
        REASON, "TE/ML", QuestionText="What is the main reason?<script>alert(1)</script>"
    )
    better = qsf.question(
        BETTER,
        "TE/ML",
        QuestionText="What should we do better?",
        DisplayLogic=qsf.logic(
            [qsf.expression(f"q://QID{NPS}/ChoiceNumericEntryValue", "LessThanOrEqual", "6")]
        ),
    )
    branch = qsf.question(
        BRANCH,
        "MC/SAVR/TX",
        QuestionText="Which branch did you visit?",
        Choices={"1": {"Display": "Vienna"}, "2": {"Display": "Graz"}},
        ChoiceOrder=["1", "2"],
        DisplayLogic=qsf.logic([qsf.expression("loc://CountryName", "EqualTo", "Austria")]),
    )
    document = qsf.document(
        [nps, reason, better, branch],
        {"BL_1": qsf.elements(NPS, "|", REASON, BETTER, "|", BRANCH)},
    )
    document["SurveyEntry"]["SurveyName"] = "Shop visit"
    path = folder / "shop visit.qsf"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@contextmanager
def window(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A browser of its own; what its scripts complain of fails the test."""
    context = browser.new_context(base_url=address, reduced_motion="reduce", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    # The preview's frame may refuse what is no script of ours, and Chromium says so.
    ours = [each for each in complaints if "sandboxed" not in each]
    assert not ours, "\n".join(ours)


def saved(page: Page, revision: int) -> None:
    """Wait until the page stands on this revision."""
    expect(page.locator("#builder-bar")).to_have_attribute("data-revision", str(revision))


def brought_in(page: Page, file: Path) -> str:
    """Bring the file in, read what differs, make the draft; the survey's address."""
    page.goto("/surveys/import")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shop visit")
    expect(page.locator("main")).to_contain_text("1 open point waits for you")
    expect(page.locator("#logic + *, section[aria-labelledby=logic]").first).to_contain_text(
        "network address"
    )
    page.get_by_role("button", name="Make the draft").click()
    page.wait_for_url(re.compile("/build"))
    return page.url.split("/build")[0]


def mended(page: Page, survey: str) -> None:
    """The open point stands in the way of publishing until it is settled."""
    page.goto(f"{survey}/publish")
    expect(page.locator("main")).to_contain_text("It cannot be published yet")
    page.goto(f"{survey}/build?at=q4&tab=logic")
    expect(page.locator(".said").first).to_have_text("never")
    page.locator("[name='show_if.text']").fill("is_answered(q1)")
    page.keyboard.press("Tab")
    saved(page, 2)
    page.goto(f"{survey}/build?at=survey")
    page.get_by_role("button", name=re.compile("^Settled")).click()
    saved(page, 3)
    expect(page.get_by_role("button", name=re.compile("^Settled"))).to_have_count(0)


def translated(page: Page, survey: str) -> None:
    """Write the German texts by hand; what is not written stays in English."""
    page.goto(f"{survey}/translations")
    page.get_by_label("Language code").fill("de")
    page.get_by_role("button", name="Add").click()
    for text, german in GERMAN.items():
        page.get_by_label(f"{text} in ").first.fill(german)
    page.get_by_role("button", name="Save texts").click()
    expect(page.locator("main")).to_contain_text(
        re.compile(rf"{len(GERMAN)} of \d+ texts are translated")
    )


def published(page: Page, survey: str, number: int) -> None:
    page.goto(f"{survey}/publish")
    page.get_by_role("button", name=f"Publish version {number}").click()
    expect(page.get_by_text(f"Version {number} is open for answers.")).to_be_visible()


def made_link(page: Page, survey: str) -> str:
    page.goto(survey)
    page.get_by_role("link", name="New link").first.click()
    page.get_by_label("Name for your team").fill("Receipt")
    page.get_by_label("Everybody who has the link").check()
    page.get_by_role("button", name="Make the link").click()
    # The tests' server listens on a port that its public address does not name.
    return "/s/" + page.get_by_label("Survey link").input_value().rpartition("/s/")[2]


def begun(page: Page, link: str, score: int) -> None:
    """Answer the first page."""
    page.goto(link)
    page.get_by_role("radio", name=re.compile(rf"^{score}\b")).check()


def test_from_another_tools_file_to_the_statistics_file(
    browser: Browser, house: House, address: str, tmp_path: Path
) -> None:
    cookie = house.login("designer").get_cookie("efm")
    assert cookie is not None
    with window(browser, address, viewport={"width": 1280, "height": 900}) as page:
        page.context.add_cookies([{"name": "efm", "value": cookie.value, "url": address}])
        survey = brought_in(page, survey_file(tmp_path))
        mended(page, survey)
        translated(page, survey)
        published(page, survey, 1)
        link = made_link(page, survey)

        # In English, with a low score: the follow-up is asked.
        with window(browser, address) as customer:
            begun(customer, link, 3)
            customer.get_by_role("button", name="Next").click()
            customer.get_by_label("What is the main reason?").fill("The queue was long.")
            customer.get_by_label("What should we do better?").fill("Open a second till.")
            customer.get_by_role("button", name="Next").click()
            customer.get_by_role("radio", name="Graz").check()
            customer.get_by_role("button", name=re.compile("Send|Submit")).click()
            expect(customer.get_by_role("heading", name="Thank you")).to_be_visible()

        # In German, with a high one, begun before the survey changes.
        with window(browser, address, locale="de-DE") as customer:
            begun(customer, link, 9)
            expect(customer.locator("main")).to_contain_text(
                GERMAN["How likely are you to recommend our shop?"]
            )
            customer.get_by_role("button", name="Weiter").click()
            expect(customer.get_by_label("Was sollen wir besser machen?")).to_have_count(0)

            page.goto(f"{survey}/build")
            page.get_by_role("link", name=re.compile("Which branch did you visit")).first.click()
            page.locator("#new-choices").fill("Linz")
            page.keyboard.press("Enter")
            saved(page, 5)
            page.goto(f"{survey}/publish")
            expect(page.locator("#changes + ul")).to_contain_text("Linz")
            published(page, survey, 2)

            # Who is in the middle of it finishes what was begun.
            customer.get_by_label("Was ist der Hauptgrund?").fill("Sehr freundlich.")
            customer.get_by_role("button", name="Weiter").click()
            expect(customer.get_by_role("radio", name="Linz")).to_have_count(0)
            customer.get_by_role("radio", name="Wien").check()
            customer.get_by_role("button", name=re.compile("senden", re.IGNORECASE)).click()
            expect(customer.get_by_role("heading", name="Vielen Dank")).to_be_visible()

        with window(browser, address) as customer:
            begun(customer, link, 10)
            customer.get_by_role("button", name="Next").click()
            customer.get_by_label("What is the main reason?").fill("The new till.")
            customer.get_by_role("button", name="Next").click()
            customer.get_by_role("radio", name="Linz").check()
            customer.get_by_role("button", name=re.compile("Send|Submit")).click()
            expect(customer.get_by_role("heading", name="Thank you")).to_be_visible()

        # Publishing is the designer's, taking answers away the analyst's.
        cookie = house.login("analyst").get_cookie("efm")
        assert cookie is not None
        page.context.add_cookies([{"name": "efm", "value": cookie.value, "url": address}])
        with page.expect_download() as download:
            page.evaluate("url => { location = url }", f"{survey}/responses.sav")
        file = tmp_path / "responses.sav"
        download.value.save_as(file)
    table, meta = pyreadstat.read_sav(str(file))
    assert len(table) == 3
    labels = dict(zip(meta.column_names, meta.column_labels, strict=True))
    named = {label: name for name, label in labels.items()}
    branch = next(name for label, name in named.items() if label and "Which branch" in label)
    score = next(name for label, name in named.items() if label and "recommend our shop" in label)
    words = meta.variable_value_labels[branch]
    assert sorted(words[each] for each in table[branch]) == ["Graz", "Linz", "Vienna"]
    assert sorted(table[score]) == [3, 9, 10]
