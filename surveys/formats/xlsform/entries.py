"""Which repeated groups of an XLSForm are asked as entries: those whose questions stand for themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from surveys.formats.xlsform.kinds import NO, YES, Shape, parameters
from surveys.formats.xlsform.tree import Node
from surveys.loading import MAX_PARTS

# Where nothing says how often a group is repeated.
USUAL_ENTRIES = 10
_KINDS = frozenset(
    {"short_text", "long_text", "number", "slider", "stars", "date", "time", "single_choice", "dropdown",
     "multiple_choice", "ranking"}
)  # fmt: skip
_REFERENCE = re.compile(r"\$\{\s*([^{}]*?)\s*\}")


def is_simple(repeat: Node, shapes: Mapping[int, Shape]) -> bool:
    """Whether each of its questions is asked in each entry, whatever is answered to the others.

    The parts of an entry know no conditions among one another; groups that have some are unrolled.
    """
    nodes = list(_inside(repeat))
    names = {node.name for node in nodes}
    parts = [node for node in nodes if node.kind == "question"]
    return 0 < len(parts) <= MAX_PARTS and all(
        _is_plain_group(node)
        if node.kind != "question"
        else _is_plain(node, shapes[id(node)], names)
        for node in nodes
    )


def parts(repeat: Node) -> list[Node]:
    """The questions of a simple repeated group."""
    return [node for node in _inside(repeat) if node.kind == "question"]


def _is_plain_group(node: Node) -> bool:
    is_bare = not node.row.get(("label",)) or "field-list" in node.appearance
    return (
        node.kind == "group"
        and not node.relevant
        and "table-list" not in node.appearance
        and is_bare
    )


def _is_plain(node: Node, made: Shape, names: set[str]) -> bool:
    conditions = (
        node.relevant,
        node.cell("bind", "constraint"),
        node.cell("bind", "calculate"),
        node.cell("bind", "readonly"),
        node.cell("choice_filter"),
        node.cell("default"),
    )
    pipes = {
        name
        for column, text in node.row.items()
        if column[0] in ("label", "hint", "guidance_hint")
        for name in _REFERENCE.findall(text)
    }
    return (
        made.role == "asked"
        and made.kind in _KINDS
        and made.check is None
        and not made.twin
        and not node.has_other
        and not any(conditions)
        and node.cell("bind", "required").strip().lower() in YES | NO | {""}
        and "list-nolabel" not in node.appearance
        and "label" not in node.appearance
        and "randomize" not in parameters(node)
        and pipes.isdisjoint(names)
    )


def _inside(repeat: Node) -> Iterator[Node]:
    left = list(reversed(repeat.children))
    while left:
        node = left.pop()
        yield node
        left.extend(reversed(node.children))
