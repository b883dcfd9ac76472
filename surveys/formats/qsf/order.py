"""Random order of a QSF: all at random, some fixed, only some of them shown, scales reversed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from surveys.formats.qsf.data import Fields
from surveys.formats.qsf.values import is_on, listed, mapping, name, whole
from surveys.parts import Logic, Order


@dataclass
class Arranged:
    """The ids as they are offered; ``shown_if`` holds the draw of those that are not always."""

    ids: list[str]
    order: Order = "as_given"
    fixed: set[str] = field(default_factory=set)
    shown_if: dict[str, Logic] = field(default_factory=dict)
    reason: str = ""


def arranged(given: object, ids: list[str], fields: Fields) -> Arranged:
    """How choices or rows are arranged; ``given`` is the Randomization of a question."""
    chosen = mapping(given)
    kind = name(chosen.get("Type"))
    if kind == "All":
        return Arranged(ids, "random")
    if kind in ("Subset", "SubSet", "RandomWithOnlyX"):
        made = Arranged(ids, "random")
        _draw(made, ids, whole(chosen.get("TotalRandSubset")), fields)
        return made
    if kind == "Advanced":
        return _advanced(mapping(chosen.get("Advanced")), ids, fields)
    if kind == "ScaleReversal" or is_on(chosen.get("ConsistentScaleReversal")):
        return Arranged(ids, "reversed_for_half")
    return Arranged(ids)


def _draw(made: Arranged, ids: list[str], show: int | None, fields: Fields) -> None:
    """Let only so many of the ids be shown."""
    if show is None or not 0 < show < len(ids):
        return
    drawn = fields.subset(ids, show)
    if drawn is None:
        made.reason = f"Only {show} drawn at random are shown in the source; here all are."
    else:
        made.shown_if |= drawn


def _advanced(given: Mapping[str, object], ids: list[str], fields: Fields) -> Arranged:
    """Slots: an id stays where it stands, a mark is filled from those in random order."""
    slots = [name(each) for each in listed(given.get("FixedOrder"))]
    hidden = {name(each) for each in listed(given.get("Undisplayed"))}
    drawn = [each for each in map(name, listed(given.get("RandomSubSet"))) if each in ids]
    moving = [each for each in map(name, listed(given.get("RandomizeAll"))) if each in ids]
    known = set(slots) | hidden | set(drawn) | set(moving)
    moving += [each for each in ids if each not in known]
    if not slots:
        return Arranged([each for each in ids if each not in hidden], "random")
    left = list(dict.fromkeys(each for each in (*moving, *drawn) if each not in hidden))
    laid: list[str] = []
    fixed: set[str] = set()
    for slot in slots:
        if slot in ids and slot not in hidden and slot not in fixed and slot not in left:
            laid.append(slot)
            fixed.add(slot)
        elif slot.startswith("{~") and left:
            laid.append(left.pop(0))
    laid += [each for each in left if each not in laid]
    made = Arranged(laid, "random" if len(laid) - len(fixed) > 1 else "as_given", fixed)
    if is_on(given.get("ScaleReversal")) and made.order == "as_given":
        made.order = "reversed_for_half"
    _draw(made, drawn, whole(given.get("TotalRandSubset")), fields)
    return made
