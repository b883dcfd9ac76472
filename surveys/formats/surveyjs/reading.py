"""Surveys of SurveyJS, their JSON of version 1 or 2, read as our own with a report of what became of them."""

from __future__ import annotations

from surveys.errors import DefinitionError
from surveys.formats.errors import FormatError
from surveys.formats.report import Imported, Report, imported
from surveys.formats.surveyjs.desk import Desk, Document, Json, first, listed, mapping, said
from surveys.formats.surveyjs.endings import endings
from surveys.formats.surveyjs.expressions import Scope
from surveys.formats.surveyjs.flow import Flow
from surveys.formats.surveyjs.kinds import make
from surveys.formats.surveyjs.pages import Heading, Layout, Sheet
from surveys.formats.surveyjs.pieces import both
from surveys.formats.surveyjs.source import document_of
from surveys.loading import MAX_QUESTIONS


def read_surveyjs(content: bytes) -> Imported:
    """A SurveyJS survey as ours; raises FormatError where it is none or cannot be read."""
    document, scripts = document_of(content)
    desk = Desk(document, make)
    desk.texts.cleaner.scripts += scripts
    layout = Layout(desk, document)
    flow = Flow(desk, layout, document)
    sheets = layout.lay_out()
    if not sheets:
        raise FormatError("This survey asks nothing.")
    flow.name_values()
    made = _survey(desk, layout, flow, sheets, document)
    report = Report(
        format="surveyjs",
        items=tuple(desk.items),
        logic=tuple(desk.logic),
        languages=(desk.texts.language, *sorted(desk.texts.translations)),
        scripts_removed=desk.texts.cleaner.scripts,
        notes=tuple(desk.notes),
    )
    try:
        return imported(made, report)
    except DefinitionError as error:
        raise FormatError(f"This survey cannot be carried over: {error.problems[0]}") from error


def _survey(
    desk: Desk, layout: Layout, flow: Flow, sheets: list[Sheet], document: Json
) -> Document:
    """The survey in the form of our own."""
    texts = desk.texts
    title = texts.say(document.get("title"), "title", 200)
    introduction = texts.say(document.get("description"), "introduction", 18_000)
    pages = _pages(desk, layout, flow, sheets, document)
    thanks = texts.say(document.get("completedHtml"), "thank_you", 18_000)
    ended = endings(desk, document)
    flow.leave_rest_open()
    _note(desk, document)
    made: Document = {
        "title": title or "Survey",
        "language": texts.language,
        "introduction": introduction,
        "thank_you": thanks,
        "pages": pages,
        "endings": ended,
        "data": [
            {"key": key, "source": "link", "name": name} for key, name in desk.names.fields.items()
        ],
        "translations": texts.translations,
        "unresolved": desk.unresolved,
    }
    own = mapping(document.get("efm"))
    for name in ("name", "purpose", "category"):
        made[name] = texts.words(own.get(name), 200 if name != "purpose" else 18_000)
    if own.get("anonymous") is False:
        made["anonymous"] = False
    if not any(page["questions"] for page in pages):
        raise FormatError("This survey asks nothing.")
    if sum(len(listed(page["questions"])) for page in pages) > MAX_QUESTIONS:
        raise FormatError(f"This survey comes to more than {MAX_QUESTIONS} questions. Divide it.")
    return made


def _pages(
    desk: Desk, layout: Layout, flow: Flow, sheets: list[Sheet], document: Json
) -> list[Document]:
    is_single = layout.is_single
    is_split = said(document.get("questionsOnPageMode")) in ("questionPerPage", "inputPerPage")
    if is_single:
        sheets = _joined(sheets, document)
        for sheet in sheets:
            for name, key in list(layout.page_of.items()):
                layout.page_of[name] = key if key in {each.key for each in sheets} else sheet.key
    elif is_split:
        sheets = _split(desk, layout, sheets, document)
    documents = {sheet.key: _questions(desk, sheet) for sheet in sheets}
    flow.place_values(documents, sheets)
    order = {sheet.key: number for number, sheet in enumerate(sheets)}
    made: list[Document] = []
    for sheet in sheets:
        scope = Scope(place=sheet.last)
        page: Document = {"key": sheet.key, "questions": documents[sheet.key]}
        for name, source in (("title", "title"), ("description", "description")):
            words = desk.texts.say(sheet.raw.get(source), f"pages.{sheet.key}.{name}", 1900, scope)
            if words:
                page[name] = words
        conditions = [desk.condition(text, path, scope) for path, text in sheet.guards]
        logic = both(*(each for each in conditions if each is not None))
        if logic is not True and not (is_single and sheet is sheets[-1]):
            page["show_if"] = logic
        shuffled = said(first(sheet.raw, "questionOrder", "questionsOrder")) or said(
            first(document, "questionOrder", "questionsOrder")
        )
        if shuffled == "random":
            page["question_order"] = "random"
        skips = flow.skips(sheet, layout.page_of, order)
        if skips:
            page["skips"] = skips
        made.append(page)
    return made


def _questions(desk: Desk, sheet: Sheet) -> list[Document]:
    made: list[Document] = []
    for member in sheet.members:
        made += member.documents(desk) if isinstance(member, Heading) else member.documents()
    return made


def _starts(document: Json) -> bool:
    return first(document, "firstPageIsStartPage", "firstPageIsStarted") is True


def _joined(sheets: list[Sheet], document: Json) -> list[Sheet]:
    """All pages as one; a page to start with stays by itself."""
    start = 1 if _starts(document) and len(sheets) > 1 else 0
    whole = Sheet({}, sheets[start].key, sheets[start].path)
    for sheet in sheets[start:]:
        whole.members += sheet.members
        whole.last = sheet.last
    return [*sheets[:start], whole]


def _split(desk: Desk, layout: Layout, sheets: list[Sheet], document: Json) -> list[Sheet]:
    """A page for each question, or for each panel that stands by itself."""
    start = 1 if _starts(document) and len(sheets) > 1 else 0
    made = sheets[:start]
    for sheet in sheets[start:]:
        for group in sorted(set(sheet.groups)):
            members = [
                each
                for each, mine in zip(sheet.members, sheet.groups, strict=True)
                if mine == group
            ]
            is_first = group == sheet.groups[0]
            key = (
                sheet.key if is_first else desk.page_keys.key((sheet.key, group), sheet.key, "page")
            )
            part = Sheet(
                sheet.raw if is_first else {}, key, sheet.path, members, guards=sheet.guards
            )
            part.last = sheet.last
            for each in members:
                if not isinstance(each, Heading) and each.name:
                    layout.page_of[each.name] = key
            made.append(part)
    return made or sheets


def _note(desk: Desk, document: Json) -> None:
    """Say what of the survey as a whole is not carried over."""
    if first(document, "timeLimit", "maxTimeToFinish", "timeLimitPerPage", "maxTimeToFinishPage"):
        desk.note("Time limits were left out.")
    if document.get("logo") or document.get("backgroundImage"):
        desk.note("The logo and other pictures were left out.")
    if (
        said(document.get("clearInvisibleValues")) not in ("onHidden", "onHiddenContainer")
        and desk.logic
    ):
        desk.note(
            "An answer to a question that is hidden again counts no more; in the source it counts"
            " until the survey is completed."
        )
    if desk.texts.cleaner.media:
        desk.note("Pictures and sounds inside texts were left out.")
    if desk.names.fields:
        desk.note(
            "Values that are asked nowhere are expected with the link: "
            + ", ".join(sorted(desk.names.fields.values()))[:300]
        )
