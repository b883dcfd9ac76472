"""What was found in the turns of a loop, said of the page as it is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from surveys.parts import Definition, Turn
from surveys.proof.findings import Finding

_PAGE = re.compile(r"pages\[(\d+)\]")
# What is said of a condition or of who gets somewhere is true of a page only if it is in every turn.
_OF_ALL = frozenset(
    {
        "always_true",
        "carried_from_hidden",
        "contradiction",
        "dead_choices",
        "dead_skip",
        "never_required",
        "never_valid",
        "switched_off",
        "unreachable_choice",
        "unreachable_page",
        "unreachable_question",
    }
)


def as_written(
    written: Definition, unrolled: Definition, found: Iterable[Finding]
) -> Iterator[Finding]:
    """The findings on a survey whose loops are written out, at the places where it is written."""
    if written.pages is unrolled.pages or not any(
        isinstance(each, Turn) for each in unrolled.pages
    ):
        yield from found
        return
    index_of = {page.key: index for index, page in enumerate(written.pages)}
    places = [index_of[page.of if isinstance(page, Turn) else page.key] for page in unrolled.pages]
    turns = Counter(places)
    held: dict[tuple[str, int, str], list[Finding]] = {}
    for each in found:
        at = _PAGE.match(each.path)
        if at is None:
            yield each
            continue
        place = places[int(at[1])]
        made = each._replace(
            path=f"pages[{place}]{each.path[at.end() :]}", question=each.question.partition(".")[0]
        )
        held.setdefault((made.code, place, made.path), []).append(made)
    for (code, place, _), same in held.items():
        if code not in _OF_ALL or len(same) >= turns[place]:
            yield from dict.fromkeys(same if turns[place] == 1 else same[:1])
