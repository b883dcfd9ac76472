"""How a SurveyJS survey ends: words and addresses by condition."""

from __future__ import annotations

import re

from surveys import addresses
from surveys.formats.naming import Keys
from surveys.formats.surveyjs.desk import Desk, Document, Json, listed, mapping, said
from surveys.formats.surveyjs.expressions import Scope


def endings(desk: Desk, document: Json) -> list[Document]:
    """Thanks and addresses by condition, the first that holds; addresses come first."""
    keys = Keys(("end",))
    made: list[Document] = []
    for name, most in (("navigateToUrlOnCondition", 20), ("completedHtmlOnCondition", 25)):
        for number, each in enumerate(listed(document.get(name))[:most]):
            raw = mapping(each)
            path = f"{name}[{number}]"
            logic = desk.condition(raw.get("expression"), f"{path}.expression")
            if logic is None:
                continue
            key = keys.key((name, number), f"ending_{len(made) + 1}")
            ending: Document = {"key": key, "show_if": logic}
            if name.startswith("navigate"):
                address = _address(desk, raw.get("url"))
                if not address:
                    continue
                ending["redirect"] = address
            else:
                ending["text"] = desk.texts.say(
                    raw.get("html"), f"endings.{key}.text", 18_000, Scope()
                )
            made.append(ending)
    address = _address(desk, document.get("navigateToUrl"))
    if address:
        made.append({"key": keys.key("navigate", "onwards"), "redirect": address})
    return made


def _address(desk: Desk, found: object) -> str:
    """A web address; anything else is left out and said."""
    address, told = desk.texts.address(found) if found else ("", ())
    if not address:
        return ""
    if not addresses.problem(address):
        for each in told:
            desk.note(each)
        return address
    if re.match(r"\s*(?:javascript|vbscript|data)\s*:", said(found), re.I):
        desk.texts.cleaner.scripts += 1
    desk.note("An address to go on to at the end was left out, as it is none of the web.")
    return ""
