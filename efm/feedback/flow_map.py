"""A survey as a map: its pages in order, where each may lead and when, and how it ends."""

from __future__ import annotations

from typing import NamedTuple

from surveys import sentences
from surveys.definition import Definition
from surveys.loading_flow import THE_END
from surveys.parts import Logic, Page
from surveys.subjects import Subject, subjects

# The drawing's measures, in pixels.
TOP, STEP, HEIGHT, WIDTH, LANE = 16, 76, 52, 300, 22


class Way(NamedTuple):
    """Where a page may lead: the goal's key and words, and when in words."""

    goal: str
    words: str
    when: str


class Stop(NamedTuple):
    """A page or an ending on the map."""

    at: str
    key: str
    title: str
    about: str
    shown_if: str
    ways: tuple[Way, ...]
    y: int
    is_ending: bool = False


class Line(NamedTuple):
    """A way past other stops: from one height to another in a lane of its own."""

    y1: int
    y2: int
    x: int


class Map(NamedTuple):
    """All of it, with the size of its drawing."""

    stops: tuple[Stop, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def drawn(definition: Definition) -> Map:
    """The map of a definition."""
    known = subjects(definition)
    titles = {page.key: _title(page, number) for number, page in enumerate(definition.pages, 1)}
    titles |= {each.key: each.title or each.key for each in definition.endings} | {
        THE_END: "The end"
    }
    stops = [_stop(page, definition, titles, known) for page in definition.pages]
    for each in definition.endings:
        about = "Screens out" if each.is_screen_out else "Ending"
        stops.append(
            Stop(
                f"ending.{each.key}",
                each.key,
                titles[each.key],
                about,
                _when(each.show_if, known),
                (),
                0,
                True,
            )
        )
    if not definition.endings:
        stops.append(Stop("survey", THE_END, "Thanks", "Ending", "", (), 0, True))
    stops = [stop._replace(y=TOP + STEP * number) for number, stop in enumerate(stops)]
    lines = tuple(_lines(stops))
    lanes = max((line.x for line in lines), default=WIDTH)
    return Map(tuple(stops), lines, lanes + LANE, TOP + STEP * len(stops))


def _title(page: Page, number: int) -> str:
    return f"Page {number}" + (f": {page.title}" if page.title else "")


def _stop(
    page: Page, definition: Definition, titles: dict[str, str], known: dict[str, Subject]
) -> Stop:
    blocks = {block.key: block for block in definition.blocks}
    count = len(page.questions)
    about = f"{count} {'question' if count == 1 else 'questions'}"
    conditional = sum(question.show_if is not None for question in page.questions)
    if conditional:
        about += f", {conditional} under a condition"
    said = [_when(page.show_if, known)]
    if page.block in blocks:
        about += f" · {blocks[page.block].title or page.block}"
        said.append(_when(blocks[page.block].show_if, known))
    ways = tuple(
        Way(skip.to, titles.get(skip.to, skip.to), _when(skip.when, known)) for skip in page.skips
    )
    return Stop(
        f"page.{page.key}",
        page.key,
        titles[page.key],
        about,
        " and ".join(filter(None, said)),
        ways,
        0,
    )


def _when(logic: Logic, known: dict[str, Subject]) -> str:
    return "" if logic is None else sentences.sentence(logic, known)


def _lines(stops: list[Stop]) -> list[Line]:
    """The ways that pass stops by, each in the first lane that is free there."""
    heights = {stop.key: stop.y for stop in stops}
    heights.setdefault(THE_END, stops[-1].y)
    spans = sorted(
        (stop.y + HEIGHT // 2, heights[way.goal] + HEIGHT // 2)
        for stop in stops
        for way in stop.ways
        if way.goal in heights and heights[way.goal] > stop.y
    )
    lanes: list[int] = []
    lines = []
    for start, end in dict.fromkeys(spans):
        lane = next((n for n, until in enumerate(lanes) if until < start), len(lanes))
        lanes[lane:] = [*([end] if lane == len(lanes) else [end, *lanes[lane + 1 :]])]
        lines.append(Line(start, end, WIDTH + LANE * (lane + 1)))
    return lines
