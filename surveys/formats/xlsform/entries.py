"""Which repeated groups of an XLSForm are asked as entries: those whose questions know only their own."""

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
# What looks beyond the own entry, or at its number, so that it is not the same in each.
_REACHING = re.compile(
    r"/|(?<![\w-])(?:position|index|indexed-repeat|count|count-non-empty|sum|max|min|join|once|random"
    r"|pulldata|instance|current|last|area|distance|concat)\s*\(|last-saved"
)


def is_simple(repeat: Node, shapes: Mapping[int, Shape], *, is_fixed: bool) -> bool:
    """Whether its questions depend on nothing but questions outside, and those before in the same entry.

    Groups whose questions look at other entries, or at the number of their own, are unrolled. So are
    those with conditions where nothing says how often they come, as whether there is one more is asked
    page by page.
    """
    nodes = list(_inside(repeat))
    names = {node.name for node in nodes}
    parts = [node for node in nodes if node.kind == "question"]
    before: set[str] = set()
    for node in nodes:
        if node.kind != "question":
            if not _is_plain_group(node):
                return False
        else:
            made = shapes[id(node)]
            is_plain = _is_plain(node, made, names, names - before)
            if not is_plain or (not is_fixed and _has_conditions(node, made)):
                return False
        before.add(node.name)
    return 0 < len(parts) <= MAX_PARTS


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


def _is_plain(node: Node, made: Shape, names: set[str], later: set[str]) -> bool:
    values = (
        node.cell("bind", "calculate"),
        node.cell("bind", "readonly"),
        node.cell("default"),
    )
    required = node.cell("bind", "required").strip()
    before = (
        node.relevant,
        node.cell("choice_filter"),
        "" if required.lower() in YES | NO else required,
    )
    constraint = node.logic("bind", "constraint")
    pipes = {
        name
        for column, text in node.row.items()
        if column[0] in ("label", "hint", "guidance_hint")
        for name in _REFERENCE.findall(text)
    }
    return (
        made.role == "asked"
        and made.kind in _KINDS
        and not made.twin
        and not any(values)
        and all(_stays_within(text, later) for text in before)
        and _stays_within(constraint, later - {node.name})
        and "list-nolabel" not in node.appearance
        and "label" not in node.appearance
        and "randomize" not in parameters(node)
        and pipes.isdisjoint(names)
    )


def _has_conditions(node: Node, made: Shape) -> bool:
    required = node.cell("bind", "required").strip().lower()
    return bool(
        node.relevant
        or node.cell("choice_filter")
        or node.cell("bind", "constraint")
        or node.has_other
        or made.check is not None
        or required not in YES | NO | {""}
    )


def _stays_within(text: str, later: set[str]) -> bool:
    """Whether an expression looks at nothing that comes later, and at no other entry."""
    return _REACHING.search(text) is None and later.isdisjoint(_REFERENCE.findall(text))


def _inside(repeat: Node) -> Iterator[Node]:
    left = list(reversed(repeat.children))
    while left:
        node = left.pop()
        yield node
        left.extend(reversed(node.children))
