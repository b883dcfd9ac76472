"""LimeSurvey surveys, groups and questions (LSS, LSG, LSQ, LSA, and its tab-separated text) as ours."""

from __future__ import annotations

from surveys.errors import DefinitionError
from surveys.expressions import ExpressionError, compile_expression
from surveys.formats.errors import FormatError
from surveys.formats.limesurvey.choices import Doc
from surveys.formats.limesurvey.conditions import Conditions
from surveys.formats.limesurvey.layout import layout
from surveys.formats.limesurvey.ledger import Ledger
from surveys.formats.limesurvey.pages import Pages
from surveys.formats.limesurvey.questions import Questions
from surveys.formats.limesurvey.quotas import Quotas
from surveys.formats.limesurvey.source import Source, Texts, read_source
from surveys.formats.limesurvey.tables import read_tables
from surveys.formats.limesurvey.text import is_text, read_text
from surveys.formats.limesurvey.variables import Variables, said
from surveys.formats.limesurvey.wording import Wording
from surveys.formats.naming import Keys
from surveys.formats.report import Imported, Report, imported
from surveys.loading import RESERVED

_CONDITIONS = ("show_if", "required_if", "when", "valid_if")
_MOST_DATA = 200


def read_limesurvey(content: bytes) -> Imported:
    """The survey in a LimeSurvey file, with what became of each of its parts; raises FormatError."""
    tables = read_text(content) if is_text(content) else read_tables(content)
    return import_source(read_source(tables))


def import_source(source: Source) -> Imported:
    """The survey of a source, however it was read; raises FormatError."""
    ledger = Ledger()
    keys = Keys(RESERVED)
    variables = Variables(source, keys)
    for asked in source.questions():
        variables.add(asked, layout(asked, keys, said(asked.texts, source.language)))
    title = _title(source, ledger)
    wording = Wording(variables, ledger, title)
    conditions = Conditions(variables, ledger)
    pages = Pages(
        source, Questions(variables, wording, conditions, ledger), wording, conditions, ledger
    )
    pages.write()
    quotas = Quotas(source, variables, wording, ledger)
    quotas.write()
    quotas.write_end()
    document: Doc = {
        "title": title,
        "language": wording.language,
        "anonymous": source.setting("anonymized") == "Y",
        **_around(source, wording),
    }
    after = wording.take()
    if after:
        # Values shown in the end are calculated when all is answered.
        pages.pages.append({"key": pages.keys.key("after_all", "after_all"), "questions": after})
    lists = {
        "blocks": pages.blocks, "randomizers": pages.randomizers, "pages": pages.pages,
        "endings": quotas.endings, "quotas": quotas.quotas,
        "data": list(variables.data.values())[:_MOST_DATA],
    }  # fmt: skip
    document |= {name: listed for name, listed in lists.items() if listed}
    if wording.translations or wording.others:
        document["translations"] = {
            code: wording.translations.get(code, {}) for code in wording.others.values()
        }
    _bound(document, "", ledger)
    if ledger.unresolved:
        document["unresolved"] = ledger.unresolved
    _note_settings(source, ledger)
    return _loaded(document, wording, ledger)


def _loaded(document: Doc, wording: Wording, ledger: Ledger) -> Imported:
    report = Report(
        format="limesurvey",
        items=tuple(ledger.items),
        logic=tuple(ledger.logic),
        languages=(wording.language, *wording.others.values()),
        scripts_removed=ledger.cleaner.scripts,
        notes=tuple(ledger.notes),
    )
    try:
        return imported(document, report)
    except DefinitionError as error:
        problem = error.problems[0]
        raise FormatError(
            f"This survey does not fit what a survey may be here: {problem.path}: {problem.message}"
        ) from None


def _title(source: Source, ledger: Ledger) -> str:
    row = source.wording.get(source.language) or next(iter(source.wording.values()), {})
    first = source.groups[0]
    name = row.get("surveyls_title", "") or said(first.texts, source.language)
    return (
        ledger.cleaner.text(name or next(iter(source.questions())).code, 195) or "LimeSurvey survey"
    )


def _around(source: Source, wording: Wording) -> Doc:
    """Title in other languages, introduction, thanks and the words on privacy."""
    texts: dict[str, Texts] = {"title": {}, "introduction": {}, "thank_you": {}, "privacy": {}}
    is_welcomed = source.setting("showwelcome") != "N"
    for language, row in source.wording.items():
        welcome = [row.get("surveyls_description", ""), row.get("surveyls_welcometext", "")]
        texts["title"][language] = row.get("surveyls_title", "")
        texts["introduction"][language] = (
            "<br/><br/>".join(filter(None, welcome)) if is_welcomed else ""
        )
        texts["thank_you"][language] = row.get("surveyls_endtext", "")
        texts["privacy"][language] = row.get("surveyls_policy_notice", "")
    wording.say(texts.pop("title"), "title", 195)
    made: Doc = {}
    for name, said_in in texts.items():
        own = said_in.get(wording.base, "")
        words = wording.say(said_in, name, 18_000) if own or any(said_in.values()) else ""
        if words:
            made[name] = words
    return made


def _note_settings(source: Source, ledger: Ledger) -> None:
    """What a survey's own settings say that has its place outside of a definition here."""
    for name, sentence in (
        ("expires", "It expires on {}; set that when you send it."),
        ("startdate", "It begins on {}; set that when you send it."),
        ("usecookie", ""),
    ):
        value = source.setting(name)
        if sentence and value:
            ledger.note(sentence.format(value[:30]))
    if source.setting("assessments") == "Y":
        count = len({row.get("id", "") for row in source.tables.table("assessments")})
        ledger.note(f"It assesses answers; its {count} assessment texts are not shown here.")
    if source.tables.kind in ("Group", "Question"):
        ledger.note(
            "The file holds a part of a survey; what its logic reads outside of it is not there."
        )
    if ledger.cleaner.media:
        ledger.note(f"{len(ledger.cleaner.media)} pictures or sounds in its texts are left out.")
    parameters = source.tables.table("survey_url_parameters")
    for row in parameters[:50]:
        ledger.note(f"The link carries {row.get('parameter', '')[:60]}; add a data field for it.")


def _bound(part: object, path: str, ledger: Ledger) -> None:
    """Take out logic that grew beyond its bounds when conditions were joined."""
    if isinstance(part, list):
        for place, each in enumerate(part):
            if isinstance(each, dict):
                _bound(each, f"{path}.{each.get('key', place)}", ledger)
        return
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        if name in (*_CONDITIONS, "value", "default") and value is not None:
            if name == "value" and not isinstance(value, dict):
                continue
            try:
                compile_expression(value)
            except ExpressionError as error:
                ledger.left(f"{path}.{name}", str(value)[:2_000], error.message)
                part[name] = False if name in _CONDITIONS else None
        elif name in (
            "pages",
            "questions",
            "blocks",
            "choices",
            "rows",
            "parts",
            "checks",
            "quotas",
            "endings",
        ):
            _bound(value, f"{path}.{part.get('key', '')}".strip("."), ledger)
