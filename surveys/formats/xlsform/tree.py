"""The rows of an XLSForm's survey sheet as a tree: what each asks, groups and repeated groups."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from surveys.formats.xlsform.book import Book, Row

Kind: TypeAlias = Literal["question", "group", "repeat"]
MAX_DEPTH = 30

_SELECT = re.compile(
    r"""(?P<verb>
        (?:add[ _])?select[ _]?(?:one|1)(?:[ _]prompt[ _]using|[ _]external|[ _]from[ _]file|[ _]from|[ _]using)?
      | (?:add[ _])?select[ _](?:multiple|all[ _]that[ _]apply)
        (?:[ _]prompt[ _]using|[ _]from[ _]file|[ _]from|[ _]using)?
      | rank
    )[ ]+(?P<list>\$\{[^{}]*\}|[^\s]+)
    (?P<other>[ ]+(?:or[ _]specify[ _]other|or[ _]other))?\s*\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_BEGIN = re.compile(r"begin[ _]+(group|lgroup|repeat|loop|looped group)\b", re.IGNORECASE)
_END = re.compile(r"end[ _]+(group|lgroup|repeat|loop|looped group)\b", re.IGNORECASE)
_PREFIX = re.compile(r"(?:add|q|get) |uri:")
# The names of XLSForm's types, those of older forms and of pyxform's own dictionary among them.
_ALIASES = {
    "string": "text",
    "int": "integer",
    "number": "integer",
    "float": "decimal",
    "percentage": "integer",
    "photo": "image",
    "picture": "image",
    "gps": "geopoint",
    "location": "geopoint",
    "datetime": "datetime",
    "date time": "datetime",
    "date_time": "datetime",
    "trigger": "acknowledge",
    "start time": "start",
    "end time": "end",
    "device id": "deviceid",
    "imei": "deviceid",
    "subscriber id": "subscriberid",
    "sim id": "simserial",
    "simid": "simserial",
    "phone number": "phonenumber",
    "number of days in last month": "integer",
    "number of days in last six months": "integer",
    "number of days in last year": "integer",
    "calculation": "calculate",
    "caption": "note",
    "comment": "note",
    "large_text": "text",
    "upload": "file",
}
_BOOLEANS = {"yes": "true()", "true": "true()", "no": "false()", "false": "false()"}


@dataclass(slots=True, eq=False)
class Node:
    """One row: a question, or a group with what is in it.

    ``type`` is XLSForm's own name of it in one spelling, ``choices`` the name of its list.
    """

    kind: Kind
    type: str
    name: str
    row: Row
    choices: str = ""
    has_other: bool = False
    is_many: bool = False
    children: list[Node] = field(default_factory=list)
    parent: Node | None = None

    def cell(self, *column: str) -> str:
        """The text in a column, '' where there is none."""
        return self.row.get(column, "")

    @property
    def source_type(self) -> str:
        """The type as it stands in the file."""
        return self.cell("type") or self.kind

    @property
    def relevant(self) -> str:
        """When it is asked."""
        return self.logic("bind", "relevant")

    def logic(self, *column: str) -> str:
        """The expression in a column; yes and no in any spelling are true() and false()."""
        text = self.cell(*column)
        return _BOOLEANS.get(text.lower(), text)

    @property
    def appearance(self) -> frozenset[str]:
        """The words of its appearance."""
        return frozenset(self.cell("control", "appearance").lower().split())

    @property
    def repeats(self) -> tuple[Node, ...]:
        """The repeated groups around it, the outermost first."""
        found: list[Node] = []
        above = self.parent
        while above is not None:
            if above.kind == "repeat":
                found.append(above)
            above = above.parent
        return tuple(reversed(found))


@dataclass(slots=True)
class Tree:
    """The whole survey sheet; ``notes`` are about rows that could not be placed."""

    root: Node
    notes: list[str]
    titles: dict[str, str]

    def leaves(self) -> list[Node]:
        """All questions in their order."""
        found: list[Node] = []
        left = [self.root]
        while left:
            node = left.pop()
            if node.kind == "question":
                found.append(node)
            left.extend(reversed(node.children))
        return found


def build(book: Book) -> Tree:
    """The tree of a book; groups that are not closed end where the sheet ends."""
    root = Node("group", "", "", {})
    tree = Tree(root, [], {})
    here, depth, unnamed = root, 0, 0
    for row in book.survey:
        words = " ".join(row.get(("type",), "").split())
        if not words:
            if row.get(("name",)) or row.get(("label",)):
                tree.notes.append(f"A row without a type was left out: {_shown(row)}.")
            continue
        if row.get(("disabled",), "").lower() in ("yes", "true", "true()"):
            tree.notes.append(f"A row that is switched off was left out: {_shown(row)}.")
            continue
        if _END.match(words):
            if here.parent is None:
                tree.notes.append("A group is closed that was never begun.")
            else:
                here, depth = here.parent, depth - 1
            continue
        if words.lower() in ("set form title", "set form id"):
            tree.titles[words.lower()] = row.get(("name",), "") or row.get(("label",), "")
            continue
        node = _node(words, row)
        if not node.name:
            unnamed += 1
            node.name = f"{node.kind}_{unnamed}"
        node.parent = here
        here.children.append(node)
        if node.kind != "question":
            if depth >= MAX_DEPTH:
                tree.notes.append(f"Groups nest deeper than {MAX_DEPTH} levels.")
                continue
            here, depth = node, depth + 1
    if here is not root:
        tree.notes.append("A group is not closed; it was taken to end with the sheet.")
    return tree


def _shown(row: Row) -> str:
    return (row.get(("name",)) or row.get(("label",)) or "?")[:60]


def _node(words: str, row: Row) -> Node:
    name = row.get(("name",), "")
    begun = _BEGIN.match(words)
    if begun:
        is_group = begun[1].lower() == "group"
        return Node("group" if is_group else "repeat", "group", name, row)
    chosen = _SELECT.match(words)
    if chosen:
        verb = " ".join(re.split(r"[ _]+", chosen["verb"].lower()))
        listed = chosen["list"]
        is_file = "from file" in verb or bool(re.search(r"\.(csv|xml|geojson)\Z", listed, re.I))
        kind = "select from file" if is_file else "rank" if verb == "rank" else "select"
        if "external" in verb:
            kind = "select external"
        return Node(
            "question", kind, name, row, listed, bool(chosen["other"]),
            is_many="multiple" in verb or "all that apply" in verb,
        )  # fmt: skip
    plain = words.lower()
    plain = _PREFIX.sub("", plain, count=1) if _PREFIX.match(plain) else plain
    plain = "osm" if plain.startswith("osm ") else plain.removesuffix(" prompt")
    return Node("question", _ALIASES.get(plain, plain), name, row)
