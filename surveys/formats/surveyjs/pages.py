"""The pages of a SurveyJS survey laid out: panels opened, questions made ready, in the order asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from surveys.formats.errors import FormatError
from surveys.formats.surveyjs.desk import Desk, Document, Json, first, listed, mapping, said
from surveys.formats.surveyjs.elements import LONGEST_TEXT, Element, Place
from surveys.formats.surveyjs.expressions import Scope
from surveys.formats.surveyjs.functions import FUNCTIONS
from surveys.formats.surveyjs.grids import Grid, columns
from surveys.formats.surveyjs.pieces import Piece, Unknown, both
from surveys.formats.surveyjs.shown import Computed
from surveys.formats.surveyjs.spread import Spread
from surveys.loading import MAX_PAGES, MAX_QUESTIONS
from surveys.parts import Logic

_DEEPEST = 20
_NOTHING: tuple[tuple[str, object], ...] = ()


@dataclass(slots=True)
class Heading:
    """The words above a panel."""

    raw: Json
    key: str
    place: Place

    def documents(self, desk: Desk) -> list[Document]:
        """A statement with the panel's title and description; none where it has neither."""
        scope = self.place.scope
        title = desk.texts.say(self.raw.get("title"), f"{self.key}.text", LONGEST_TEXT, scope)
        words = desk.texts.say(self.raw.get("description"), f"{self.key}.help", 4000, scope)
        if not title and not words:
            return []
        made: Document = {"key": self.key, "kind": "statement", "text": title or words}
        if title and words:
            made["help"] = words
        conditions: list[Logic] = [*self.place.shown]
        for path, text in self.place.guards:
            found = desk.condition(text, path, scope)
            conditions += [] if found is None else [found]
        logic = both(*conditions)
        if logic is not True:
            made["show_if"] = logic
        return [made]


@dataclass(slots=True)
class Sheet:
    """One page: what the file says of it, and what stands on it."""

    raw: Json
    key: str
    path: str
    members: list[Element | Heading] = field(default_factory=list)
    # Which element of the page each member belongs to; a panel is one element.
    groups: list[int] = field(default_factory=list)
    group: int = 0
    guards: tuple[tuple[str, object], ...] = ()
    last: int = 0

    def add(self, member: Element | Heading) -> None:
        """Put something on the page."""
        self.members.append(member)
        self.groups.append(self.group)


class Layout:
    """Lays out the pages of one survey."""

    def __init__(self, desk: Desk, document: Json) -> None:
        self.desk = desk
        self.document = document
        self.order = 0
        self.is_single = said(document.get("questionsOnPageMode")) == "singlePage" or (
            document.get("isSinglePage") is True
        )
        self.by_name: dict[str, Element] = {}
        self.page_of: dict[str, str] = {}
        # Elements and pages that a trigger of old shows, and the conditions it does so under.
        self.shown_by: dict[str, list[tuple[str, str]]] = {}
        self.sheets: list[Sheet] = []

    def lay_out(self) -> list[Sheet]:
        """All pages with their questions; raises FormatError where there are too many."""
        for number, (path, raw) in enumerate(_pages(self.document)):
            if number >= MAX_PAGES:
                raise FormatError(f"This survey has more than {MAX_PAGES} pages, too many for one.")
            name = said(raw.get("name")) or f"page{number + 1}"
            sheet = Sheet(raw, self.desk.page_keys.key((number, name), name, "page"), path)
            self.page_of.setdefault(name, sheet.key)
            sheet.guards = self._guards(raw, path, name)
            # On one long page each question is hidden by the conditions of the page it came from.
            around = sheet.guards if self.is_single and not self._is_start(number) else ()
            if around or (self.is_single and number):
                key = self.desk.keys.key((path, "page"), f"{name[:30]}_title", "page")
                sheet.add(Heading(raw, key, Place(path, Scope(place=self.order), around)))
            elements = listed(first(raw, "elements", "questions"))
            self._enter(sheet, elements, f"{path}.elements", around, 0)
            sheet.last = self.order
            self.sheets.append(sheet)
        return self.sheets

    def _is_start(self, number: int) -> bool:
        is_start = first(self.document, "firstPageIsStartPage", "firstPageIsStarted")
        return number == 0 and is_start is True

    def _guards(self, raw: Json, path: str, name: str) -> tuple[tuple[str, object], ...]:
        found: list[tuple[str, object]] = [
            (f"{path}.{each}", raw[each])
            for each in ("visibleIf", "enableIf")
            if said(raw.get(each))
        ]
        found += self.shown_by.get(name, [])
        if raw.get("visible") is False and not found:
            found.append((f"{path}.visible", False))
        return tuple(found)

    def _enter(
        self,
        sheet: Sheet,
        elements: list[object],
        path: str,
        guards: tuple[tuple[str, object], ...],
        depth: int,
    ) -> None:
        if depth > _DEEPEST:
            raise FormatError(
                f"Panels stand in one another more than {_DEEPEST} deep. Flatten them."
            )
        for number, each in enumerate(elements):
            raw, where = mapping(each), f"{path}[{number}]"
            kind = said(raw.get("type"))
            if not raw:
                continue
            triggered = self.shown_by.get(said(raw.get("name")), [])
            # A condition of its own decides alone, whatever it starts as.
            is_hidden = (
                raw.get("visible") is False and not triggered and not said(raw.get("visibleIf"))
            )
            if depth == 0:
                sheet.group += 1
            around = guards + tuple((way, text) for way, text in triggered)
            if kind == "panel":
                self._open(sheet, raw, where, around, depth, is_hidden)
            elif kind == "empty" or not kind:
                self.desk.item(
                    said(raw.get("name")), kind or "none", "dropped", "", "It asks nothing."
                )
            else:
                self._ask(sheet, raw, where, around, depth, is_hidden)

    def _open(
        self, sheet: Sheet, raw: Json, path: str, guards: tuple[tuple[str, object], ...],
        depth: int, is_hidden: bool,
    ) -> None:  # fmt: skip
        """A panel: its title as a statement, its conditions on all that is in it."""
        around = guards + tuple(
            (f"{path}.{name}", raw[name])
            for name in ("visibleIf", "enableIf")
            if said(raw.get(name))
        )
        if is_hidden:
            around += ((f"{path}.visible", False),)
        name = said(raw.get("name")) or "panel"
        key = self.desk.keys.key((path, "panel"), f"{name[:30]}_title", "panel")
        place = Place(path, Scope(place=self.order), around)
        sheet.add(Heading(raw, key, place))
        begun = len(sheet.members)
        elements = listed(first(raw, "elements", "questions"))
        self._enter(sheet, elements, f"{path}.elements", around, depth + 1)
        self.page_of.setdefault(name, sheet.key)
        inside = [each for each in sheet.members[begun:] if isinstance(each, Element)]
        asked = [each for each in inside if each.is_asked]
        if raw.get("isRequired") is True and len(asked) == 1 and not said(raw.get("requiredIf")):
            # Something of the panel is asked for, and this is all there is.
            asked[0].raw = {**asked[0].raw, "isRequired": True}
        elif raw.get("isRequired") is True or said(raw.get("requiredIf")):
            for each in inside:
                each.approximate("Its panel as a whole may be left empty.")
        if said(first(raw, "questionOrder", "questionsOrder")) == "random":
            for each in inside:
                each.approximate("Its panel is not shuffled.")

    def _ask(
        self, sheet: Sheet, raw: Json, path: str, guards: tuple[tuple[str, object], ...],
        depth: int, is_hidden: bool,
    ) -> None:  # fmt: skip
        self.order += 1
        if self.order > MAX_QUESTIONS:
            raise FormatError(f"This survey has more than {MAX_QUESTIONS} questions. Divide it.")
        name = said(raw.get("name"))
        key = self.desk.keys.key((path, "question"), name, "q")
        at = Place(path, Scope(place=self.order), guards)
        element: Element = self.desk.make(raw, key, at)
        if is_hidden:
            hidden(element)
        sheet.add(element)
        self._name(element, name, sheet)
        for number, (choice, inner) in enumerate(_inside_choices(raw)):
            sign = "contains" if said(raw.get("type")) in ("checkbox", "tagbox") else "="
            where = f"{path}.choices[{number}].elements"
            around = (*guards, (where, f"{{{name}}} {sign} {quoted(choice)}"))
            self._enter(sheet, inner, where, around, depth + 1)

    def _name(self, element: Element, name: str, sheet: Sheet) -> None:
        names = self.desk.names
        for each in dict.fromkeys((said(element.raw.get("valueName")), name)):
            if not each:
                continue
            if isinstance(element, Computed):
                is_new = names.add_later(each, element.at_scope)
            else:
                is_new = names.add(each, element.piece(element.key))
            if not is_new:
                element.approximate("It shares its answer with another question in the source.")
                continue
            comment = element.comment_piece()
            if comment is not None:
                names.add(f"{each}-Comment", comment)
            totals = _totals(element)
            if totals is not None:
                names.add(f"{each}-total", totals)
        if name and name not in self.by_name:
            self.by_name[name] = element
            self.page_of[name] = sheet.key
            if getattr(element, "choices", None):
                self.desk.carried.setdefault(name, element)


def quoted(value: object) -> str:
    """A value as the source writes it in an expression."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(quoted(each) for each in value[:50])}]"
    return "'" + said(value).replace("\\", "").replace("'", "\\'").replace('"', '\\"') + "'"


def _pages(document: Json) -> Iterator[tuple[str, Json]]:
    """The pages of the file; a file without pages is one page."""
    pages = listed(document.get("pages"))
    loose = listed(first(document, "elements", "questions"))
    if loose:
        pages = [*pages, {"name": "page", "elements": loose}]
    for number, each in enumerate(pages):
        raw = mapping(each)
        if raw:
            yield f"pages[{number}]", raw


def _inside_choices(raw: Json) -> Iterator[tuple[str, list[object]]]:
    """Questions that stand below a choice and are asked of those who take it."""
    for each in listed(raw.get("choices")):
        inner = listed(mapping(each).get("elements"))
        if inner:
            yield said(mapping(each).get("value")), inner


def hidden(element: Element) -> None:
    """Keep of a question that is never shown what is filled in beforehand."""
    if element.is_asked and element.is_atomic:
        element.is_hidden = True
    elif not isinstance(element, Computed):
        guards = (*element.at.guards, (f"{element.at.path}.visible", False))
        element.at = replace(element.at, guards=guards)


def _totals(element: Element) -> Piece | None:
    """What stands below the columns of a table."""
    if not isinstance(element, Grid | Spread):
        return None
    table = element.piece(element.key)
    rows = [*table.entries] or [*table.parts.values()]
    found: dict[str, Piece] = {}
    for column in columns(element.raw):
        name, kind = said(column.get("name")), said(column.get("totalType"))
        if kind not in ("sum", "avg", "min", "max", "count"):
            continue
        cells = [cell for row in rows if (cell := row.of(name)) is not None]
        try:
            found[name] = FUNCTIONS[kind][1](cells)
        except Unknown as error:
            found[name] = Piece("broken", reason=str(error))
    return Piece("table", parts=found) if found else None
