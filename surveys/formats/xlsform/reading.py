"""XLSForms read: a workbook, CSV or Markdown as our survey, with what became of each row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from surveys.errors import DefinitionError
from surveys.formats.cleaning import Cleaner
from surveys.formats.errors import FormatError
from surveys.formats.report import Imported, Item, Report, imported
from surveys.formats.xlsform.book import Book, read_book
from surveys.formats.xlsform.choices import Lists
from surveys.formats.xlsform.desk import Open, label_choices
from surveys.formats.xlsform.logic import Logics
from surveys.formats.xlsform.pages import ordered, pages, refuse_later
from surveys.formats.xlsform.questions import Writer
from surveys.formats.xlsform.tables import is_heading
from surveys.formats.xlsform.texts import Texts
from surveys.formats.xlsform.tree import Node, Tree, build
from surveys.formats.xlsform.units import Units
from surveys.loading_flow import MAX_DATA, MAX_UNRESOLVED

FORMAT = "xlsform"
_EXTENSION = re.compile(r"\.(xlsx|xlsm|xls|csv|md)\Z", re.IGNORECASE)


def read_xlsform(content: bytes, name: str = "") -> Imported:
    """The survey of an XLSForm; raises FormatError and nothing else."""
    book = read_book(content)
    cleaner = Cleaner()
    texts = Texts(book, cleaner)
    tree = build(book)
    units = Units(tree, Lists(book))
    label_choices(units, texts)
    logics = Logics(units)
    writer = Writer(logics, texts)
    asked, circular = ordered(writer.questions())
    for each in circular:
        node = each.unit.node
        if not each.is_computed:
            continue
        text = node.cell("bind", "calculate") or node.cell("default")
        reason = "It is calculated from what is calculated from it."
        logics.tell(node, "calculation", text, reason)
        writer.leave_open(node, "value", text, reason, each.unit.key)
    refuse_later(asked, writer)
    if not asked:
        raise FormatError("The sheet survey has no question, so there is nothing to import.")
    document: dict[str, Any] = {
        "title": _title(book, tree, texts, name),
        "language": texts.language,
        "pages": pages(asked, writer),
        "data": list(_data(units, logics)),
        "unresolved": [_open(each) for each in writer.open[:MAX_UNRESOLVED]],
    }
    document["translations"] = {code: kept for code, kept in texts.translations.items() if kept}
    report = Report(
        FORMAT,
        items=tuple(_items(tree, units)),
        logic=logics.items(),
        languages=(texts.language, *document["translations"]),
        scripts_removed=cleaner.scripts,
        notes=tuple(_notes(book, tree, units)),
    )
    try:
        return imported(document, report)
    except DefinitionError as error:
        raise FormatError(f"The form cannot be kept as a survey: {error.problems[0]}") from error


def _title(book: Book, tree: Tree, texts: Texts, name: str) -> str:
    settings = book.settings[0] if book.settings else {}
    file = _EXTENSION.sub("", name.replace("\\", "/").rpartition("/")[2])
    for each in (
        settings.get(("title",), ""),
        tree.titles.get("set form title", ""),
        file.replace("_", " "),
        settings.get(("id_string",), ""),
        "Imported form",
    ):
        if title := texts.clean(each)[:200].strip():
            return title
    return "Imported form"


def _data(units: Units, logics: Logics) -> Iterator[dict[str, Any]]:
    """Data that come with the link, and numbers that are drawn."""
    fields: list[dict[str, Any]] = [
        {"key": unit.key, "source": "link", "name": unit.node.name[:200]}
        for unit in units.all
        if unit.shape.role == "data"
    ]
    fields += [
        {"key": key, "source": "random", "choices": list(values)}
        for key, values in logics.draws.items()
    ]
    yield from fields[:MAX_DATA]


def _open(each: Open) -> dict[str, str]:
    return {"path": each.path, "text": each.text, "reason": each.reason}


def _items(tree: Tree, units: Units) -> Iterator[Item]:
    """What became of each row that asks, tells or keeps something."""
    left_out = set(map(id, units.left_out))
    keys: dict[int, str] = {}
    for unit in units.all:
        if unit.asks_for is None:
            keys.setdefault(id(unit.node), unit.key)
    for node in tree.leaves():
        made = units.shapes[id(node)]
        key = keys.get(id(node), "")
        if id(node) in left_out and not key:
            yield Item(node.name, node.source_type, "dropped", "", "There are too many questions.")
            continue
        if not key and is_heading(node):
            reason = "It shows the words of the columns, which the table has itself."
            yield Item(node.name, node.source_type, "mapped", "", reason)
            continue
        if node.repeats and made.role == "asked":
            _say_copies(node, units)
        yield Item(node.name, node.source_type, made.outcome, key, " ".join(made.reasons))


def _say_copies(node: Node, units: Units) -> None:
    made = units.shapes[id(node)]
    for repeat in node.repeats:
        count = units.copies[id(repeat)]
        asked = repeat.cell("control", "jr:count").strip()
        if asked.isdecimal() and int(asked[:5]) <= count:
            continue
        made.lessen("approximated", f"It is asked at most {count} times for {repeat.name[:60]!r}.")


def _notes(book: Book, tree: Tree, units: Units) -> Iterator[str]:
    yield from tree.notes[:50]
    settings = book.settings[0] if book.settings else {}
    kept = {("title",), ("id_string",), ("default_language",), ("version",), ("style",)}
    for column in settings:
        if column not in kept and column[0] in ("instance_name", "submission_url", "public_key"):
            yield f"The setting {column[0]} concerns sending forms from phones and was left out."
    if any(node.cell("bind", "jr:requiredMsg") for node in tree.leaves()):
        yield "Own words for a missing answer are not kept; the usual ones are said."
    if units.left_out:
        yield f"{len(units.left_out)} questions beyond the most a survey may have were left out."
