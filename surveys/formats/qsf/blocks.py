"""How the questions of a block are laid on pages: by its page breaks, or in random order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from surveys.formats.qsf.data import Fields
from surveys.formats.qsf.order import arranged
from surveys.formats.qsf.parts import Document, Place
from surveys.formats.qsf.values import listed, mapping, name, whole
from surveys.parts import Logic

_RANDOM = frozenset({"true", "all", "randomizeall", "randomwithxperpage", "randomwithonlyx"})


class Laid(NamedTuple):
    """One page: its questions, their order, and when those that are drawn are shown."""

    places: list[Place]
    order: str
    drawn: Mapping[str, Logic]


def laid_out(
    block: Mapping[str, object],
    places: list[Place],
    unit: Document,
    fields: Fields,
    notes: list[str],
    *,
    is_own: bool,
) -> list[Laid]:
    """The pages of a block; ``is_own`` where our block holds nothing else and may shuffle them."""
    options = mapping(block.get("Options"))
    random = options.get("RandomizeQuestions")
    how = "true" if random is True else name(random).lower()
    if how == "advanced":
        return _advanced(options, places, fields, notes)
    if how not in _RANDOM or len(places) < 2:
        return [Laid(each, "as_given", {}) for each in _by_breaks(block, places)]
    advanced = mapping(mapping(options.get("Randomization")).get("Advanced"))
    drawn: Mapping[str, Logic] = {}
    if how == "randomwithonlyx":
        show = advanced.get("TotalRandSubset") or options.get("TotalRandSubset")
        given = {"Type": "SubSet", "TotalRandSubset": show}
        found = arranged(given, [each.source for each in places], fields)
        drawn = found.shown_if
        if found.reason:
            notes.append(f"In the block {unit['key']}: {found.reason}")
    a_page = whole(advanced.get("QuestionsPerPage")) if how == "randomwithxperpage" else None
    if a_page is None or not 0 < a_page < len(places):
        return [Laid(places, "random", drawn)]
    if is_own:
        unit["page_order"] = "random"
    if a_page > 1 or not is_own:
        notes.append(
            f"In the block {unit['key']} questions change their order less than in the source."
        )
    pages = [places[each : each + a_page] for each in range(0, len(places), a_page)]
    return [Laid(each, "random", drawn) for each in pages]


def _advanced(
    options: Mapping[str, object], places: list[Place], fields: Fields, notes: list[str]
) -> list[Laid]:
    """Fixed questions and random ones take turns: each run of them is a page."""
    given = mapping(options.get("Randomization"))
    by_source = {each.source: each for each in places}
    chosen = {"Type": "Advanced", "Advanced": given.get("Advanced")}
    found = arranged(chosen, list(by_source), fields)
    if found.reason:
        notes.append(found.reason)
    pages: list[Laid] = []
    for source in found.ids:
        order = "as_given" if source in found.fixed else "random"
        if not pages or pages[-1].order != order:
            pages.append(Laid([], order, found.shown_if))
        pages[-1].places.append(by_source[source])
    if sum(each.order == "random" for each in pages) > 1:
        notes.append("Questions change places only between those that keep theirs.")
    return pages


def skips(block: Mapping[str, object]) -> dict[str, list[Mapping[str, object]]]:
    """The skips after each question of a block."""
    found: dict[str, list[Mapping[str, object]]] = {}
    for part in listed(block.get("BlockElements")):
        element = mapping(part)
        logic = [mapping(each) for each in listed(element.get("SkipLogic")) if mapping(each)]
        if logic:
            found[name(element.get("QuestionID"))] = logic
    return found


def _by_breaks(block: Mapping[str, object], places: list[Place]) -> list[list[Place]]:
    """The questions of a block by page: a break ends one, and a question that may skip."""
    left = {each.source: each for each in places}
    pages: list[list[Place]] = [[]]
    for part in listed(block.get("BlockElements")):
        element = mapping(part)
        if element.get("Type") == "Page Break":
            pages.append([])
        elif (place := left.pop(name(element.get("QuestionID")), None)) is not None:
            pages[-1].append(place)
            if any(isinstance(each, dict) for each in listed(element.get("SkipLogic"))):
                pages.append([])
    return [each for each in pages if each]
