"""A survey written as JSON of SurveyJS; what SurveyJS cannot say is told, not hidden."""

from __future__ import annotations

import json
from typing import Any

from surveys.formats.errors import FormatError
from surveys.formats.exported import Exported
from surveys.formats.surveyjs import read_surveyjs
from surveys.formats.surveyjs.export_ledger import Ledger
from surveys.formats.surveyjs.export_logic import Writer
from surveys.formats.surveyjs.export_questions import element
from surveys.parts import Definition, Page

# Names that only our own surveys have; SurveyJS passes over what it does not know.
_OWN = ("name", "purpose", "category")


def write_surveyjs(definition: Definition) -> Exported:
    """The survey as SurveyJS reads it, with a sentence for each thing that was left out or changed."""
    ledger = Ledger(definition.language, definition.translations, Writer(definition))
    document: dict[str, Any] = {"title": ledger.text(definition.title, "title")}
    document["locale"] = definition.language.lower()
    if definition.introduction:
        document["description"] = ledger.text(definition.introduction, "introduction")
    if definition.thank_you:
        document["completedHtml"] = ledger.text(definition.thank_you, "thank_you", is_html=True)
    own = {name: getattr(definition, name) for name in _OWN if getattr(definition, name)}
    if not definition.anonymous:
        own["anonymous"] = False
    if own:
        document["efm"] = own
    document["pages"] = [_page(page, definition, ledger) for page in definition.pages]
    triggers = [each for page in definition.pages for each in _triggers(page, definition, ledger)]
    if triggers:
        document["triggers"] = triggers
    document |= _endings(definition, ledger)
    document["clearInvisibleValues"] = "onHidden"
    _lose_the_rest(definition, ledger)
    content = json.dumps(document, ensure_ascii=False, indent=2).encode()
    if not ledger.losses:
        _read_again(definition, content, ledger)
    return Exported(content, tuple(ledger.losses))


def _page(page: Page, definition: Definition, ledger: Ledger) -> dict[str, Any]:
    made: dict[str, Any] = {"name": page.key}
    if page.title:
        made["title"] = ledger.text(page.title, f"pages.{page.key}.title")
    if page.description:
        made["description"] = ledger.text(page.description, f"pages.{page.key}.description")
    if page.show_if is not None:
        made["visibleIf"] = ledger.condition(page.show_if, f"The page {page.key}: when it is shown")
    if page.question_order == "random":
        made["questionOrder"] = "random"
    elif page.question_order != "as_given":
        ledger.lose(f"The page {page.key}: its questions stand as they are given.")
    if page.block:
        ledger.lose(f"The page {page.key} is no part of a block.")
    made["elements"] = [element(question, ledger) for question in page.questions]
    return made


def _triggers(page: Page, definition: Definition, ledger: Ledger) -> list[dict[str, Any]]:
    """Where a page leads on, as triggers."""
    made: list[dict[str, Any]] = []
    goals = {each.key: each for each in definition.pages}
    for skip in page.skips:
        what = f"The page {page.key}: where it leads on"
        when = "true" if skip.when is None else ledger.condition(skip.when, what)
        if skip.to == "end":
            made.append({"type": "complete", "expression": when})
        elif skip.to in goals and goals[skip.to].questions:
            first = goals[skip.to].questions[0].key
            made.append({"type": "skip", "expression": when, "gotoName": first})
        else:
            ledger.lose(f"{what} was left out, as no trigger leads to {skip.to}.")
    return made


def _endings(definition: Definition, ledger: Ledger) -> dict[str, Any]:
    """Endings as thanks and addresses by condition."""
    made: dict[str, Any] = {}
    for ending in definition.endings:
        what = f"The ending {ending.key}"
        when = "true" if ending.show_if is None else ledger.condition(ending.show_if, what)
        if ending.is_screen_out:
            ledger.lose(f"{what} screens nobody out.")
        if ending.redirect:
            address = ledger.text(ending.redirect, f"endings.{ending.key}.redirect")
            if ending.show_if is None:
                made.setdefault("navigateToUrl", address)
            else:
                made.setdefault("navigateToUrlOnCondition", []).append(
                    {"expression": when, "url": address}
                )
            if ending.title or ending.text:
                ledger.lose(f"{what}: its words were left out, as it leads to an address.")
            continue
        if ending.title:
            ledger.lose(f"{what}: its title was left out.")
        text = ledger.text(ending.text, f"endings.{ending.key}.text", is_html=True)
        made.setdefault("completedHtmlOnCondition", []).append({"expression": when, "html": text})
    return made


def _lose_the_rest(definition: Definition, ledger: Ledger) -> None:
    """What SurveyJS has no place for."""
    if definition.privacy:
        ledger.lose("The words about privacy were left out.")
    if definition.blocks or definition.randomizers:
        ledger.lose("Blocks and their random order were left out.")
    if definition.quotas:
        ledger.lose("Quotas were left out.")
    for each in definition.data:
        if each.source != "link" or each.name not in ("", each.key) or each.value is not None:
            ledger.lose(f"The value {each.key} does not come from where it came.")
    if definition.unresolved:
        ledger.lose("Logic that is left open for a person to decide was left out.")


def _read_again(definition: Definition, content: bytes, ledger: Ledger) -> None:
    """Read what was written, and say so where it is not the same."""
    try:
        again = read_surveyjs(content).definition
    except FormatError as error:
        ledger.lose(f"Read again, it is refused: {error}")
        return
    if again == definition:
        return
    theirs = {question.key: question for question in again.questions}
    changed = [each.key for each in definition.questions if theirs.get(each.key) != each]
    if changed:
        names = ", ".join(changed[:5])
        ledger.lose(f"Texts or logic are written in other words: {names}.")
    else:
        ledger.lose("Texts or logic around the questions are written in other words.")
