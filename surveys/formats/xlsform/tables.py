"""Which questions of a group are shown as one table of rows with the same choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from surveys.formats.xlsform.kinds import Shape
from surveys.formats.xlsform.tree import Node

_MOST_ROWS = 200


def is_table(group: Node, rows: tuple[Node, ...]) -> bool:
    """Whether a group is nothing but these rows, so that the table may have its name."""
    asked = [each for each in group.children if each.type != "note" and not is_heading(each)]
    return bool(group.name) and asked == list(rows)


def is_heading(node: Node) -> bool:
    """Whether a select only shows the words of the columns."""
    return node.type == "select" and "label" in node.appearance


def split(group: Node, shapes: Mapping[int, Shape]) -> Iterator[Node | tuple[Node, ...]]:
    """The parts of a group in their order, rows of a table together."""
    is_list = "table-list" in group.appearance
    names = {each.name for each in group.children}
    rows: list[Node] = []
    for node in group.children:
        is_row = _is_row(node, shapes) and (is_list or "list-nolabel" in node.appearance)
        # A row is shown or not before the others are answered: one that depends on them is none.
        is_row = is_row and not any(name in node.relevant for name in names if node.relevant)
        if rows and not (is_row and _goes_with(rows[0], node)):
            yield tuple(rows)
            rows = []
        if is_row:
            rows.append(node)
        elif not (is_heading(node) and _heads(node, group)):
            yield node
    if rows:
        yield tuple(rows)


def _is_row(node: Node, shapes: Mapping[int, Shape]) -> bool:
    if node.type != "select" or node.has_other or node.cell("choice_filter") or is_heading(node):
        return False
    made = shapes[id(node)]
    return made.kind in ("single_choice", "dropdown", "multiple_choice") and not _is_random(node)


def _is_random(node: Node) -> bool:
    return "randomize" in node.cell("parameters")


def _goes_with(first: Node, node: Node) -> bool:
    return node.choices == first.choices and node.is_many == first.is_many


def _heads(node: Node, group: Node) -> bool:
    """Whether rows follow that show no words of their own."""
    return any(
        "list-nolabel" in each.appearance and each.choices == node.choices
        for each in group.children
        if each.kind == "question"
    )
