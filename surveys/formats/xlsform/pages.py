"""Questions of an XLSForm put in an order in which each reads only what stands before it, and on pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from surveys.formats.naming import Keys
from surveys.formats.xlsform.desk import Asked
from surveys.formats.xlsform.questions import Writer
from surveys.formats.xlsform.tree import Node
from surveys.formats.xlsform.units import At, Unit
from surveys.formats.xpath.values import all_of
from surveys.loading import MAX_PAGES
from surveys.parts import Logic


def ordered(asked: Sequence[Asked]) -> tuple[list[Asked], list[Asked]]:
    """The questions with each calculated value behind what it is calculated from.

    Where it stands in the sheet does not matter in XLSForms, only to us. The second list are those
    that cannot be placed, as they are calculated from one another.
    """
    known = {unit: each for each in asked for unit in each.units}
    done: set[Unit] = set()
    waiting: list[Asked] = []
    placed: list[Asked] = []

    def is_ready(each: Asked) -> bool:
        return all(unit in done or unit not in known for unit in each.before - {each.unit})

    for each in asked:
        if not is_ready(each):
            if each.is_computed:
                waiting.append(each)
                continue
            later = _later_on_page(each, known, done)
            if later is not None:
                reason = f"It is asked after {later.node.name[:60]!r}, on which it depends."
                each.unit.shape.lessen("approximated", reason)
                waiting.append(each)
                continue
        placed.append(each)
        done.update(each.units)
        while ready := next((one for one in waiting if is_ready(one)), None):
            waiting.remove(ready)
            ready.page = ready.page if not ready.is_computed else each.page
            placed.append(ready)
            done.update(ready.units)
    return [*placed, *waiting], waiting


def _later_on_page(each: Asked, known: Mapping[Unit, Asked], done: set[Unit]) -> Unit | None:
    """The later question of the same page a question depends on; None where it is of another page.

    Calculated values between the two have no place of their own.
    """
    found: Unit | None = None
    seen: set[Unit] = set(each.units)
    left = [unit for unit in each.before if unit in known and unit not in done]
    while left:
        unit = left.pop()
        if unit in seen:
            continue
        seen.add(unit)
        if known[unit].is_computed:
            left += [one for one in known[unit].before if one in known and one not in done]
        elif known[unit].page != each.page or any(one in known[unit].before for one in each.units):
            return None
        else:
            found = unit
    return found


def refuse_later(asked: Sequence[Asked], writer: Writer) -> None:
    """Hide what is shown or not by an answer that is only given later, and say so."""
    done: set[Unit] = set()
    known = {unit for each in asked for unit in each.units}
    for each in asked:
        done.update(each.units)
        later = [unit for unit in each.before if unit in known and unit not in done]
        if not later:
            continue
        node = each.unit.node
        reason = f"It depends on {later[0].node.name!r}, which is only asked later."
        what = "relevant" if not each.is_computed else "calculation"
        text = node.relevant or node.cell("choice_filter") or node.cell("bind", "calculate")
        if not node.relevant and not each.is_computed:
            what = "choice_filter"
        if not text:
            continue
        writer.logics.tell(node, what, text, reason)
        where = {"relevant": "show_if", "calculation": "value"}.get(what, what)
        writer.leave_open(node, where, text, reason, each.unit.key)
        each.own = False


def pages(asked: Sequence[Asked], writer: Writer) -> list[dict[str, Any]]:
    """The pages: the questions of one group together, each group's words over its first page."""
    grouped: list[list[Asked]] = []
    for each in asked:
        if not grouped or grouped[-1][-1].page != each.page:
            grouped.append([])
        grouped[-1].append(each)
    if len(grouped) > MAX_PAGES:
        size = -(-len(grouped) // MAX_PAGES)
        grouped = [
            [each for group in grouped[start : start + size] for each in group]
            for start in range(0, len(grouped), size)
        ]
    keys = Keys()
    titled: set[tuple[int, At]] = set()
    return [_page(group, writer, keys, titled) for group in grouped]


def _page(
    group: list[Asked], writer: Writer, keys: Keys, titled: set[tuple[int, At]]
) -> dict[str, Any]:
    node, at = group[0].page
    key = keys.key((id(node), at, id(group[0])), node.name or "page", "page")
    made: dict[str, Any] = {"key": key}
    made.update(_title(node, at, key, writer, titled, group[0].unit))
    common = _common([each.guards for each in group])
    if (when := all_of(common)) is not True:
        made["show_if"] = when
    made["questions"] = [_document(each, len(common)) for each in group]
    return made


def _document(each: Asked, shared: int) -> dict[str, Any]:
    own = [] if each.own is None else [each.own]
    when = all_of([*each.guards[shared:], *own])
    return each.document if when is True else {**each.document, "show_if": when}


def _common(guards: Sequence[list[Logic]]) -> list[Logic]:
    """The conditions all questions of a page begin with."""
    shortest = min(guards, key=len)
    for place, logic in enumerate(shortest):
        if any(each[place] != logic for each in guards):
            return shortest[:place]
    return shortest


def _title(
    node: Node,
    at: At,
    key: str,
    writer: Writer,
    titled: set[tuple[int, At]],
    unit: Unit,
) -> dict[str, str]:
    """The words of a group over its first page, and those of groups around it not yet said."""
    if (id(node), at) in titled:
        return {}
    found: dict[str, str] = {}
    lines: dict[str, list[str]] = {}
    above = node.parent
    around: list[Node] = []
    while above is not None:
        around.append(above)
        above = above.parent
    titled.add((id(node), at))
    for each in reversed(around):
        place = (id(each), at[: len(each.repeats) + (each.kind == "repeat")])
        if place in titled:
            continue
        titled.add(place)
        for code, text in writer.texts.each(each.row, "label").items():
            lines.setdefault(code, []).append(text)
    for code, text in writer.texts.each(node.row, "hint").items():
        lines.setdefault(code, []).append(text)
    label = writer.texts.each(node.row, "label")
    if node.kind == "repeat" and at and label:
        label = {code: f"{text} ({at[-1]})" for code, text in label.items()}
    if label and not _is_named(group_of=node, unit=unit):
        found["title"] = writer.said(unit, f"pages.{key}.title", label, "", 2000)
    if lines:
        joined = {code: "\n\n".join(texts) for code, texts in lines.items()}
        found["description"] = writer.said(unit, f"pages.{key}.description", joined, "", 10_000)
    return {name: text for name, text in found.items() if text}


def _is_named(group_of: Node, unit: Unit) -> bool:
    """Whether a table already has the words of its group."""
    return (
        bool(unit.table)
        and unit.node.parent is group_of
        and len(group_of.children) == len(unit.table)
    )
