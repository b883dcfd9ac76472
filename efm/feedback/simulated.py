"""What made-up people met, as the document a simulation keeps: with all texts, as the draft goes on."""

from __future__ import annotations

from math import ceil
from typing import Any

from surveys.parts import Definition
from surveys.respondents import PLAIN_END, DeadEnd, Reach, Simulated
from surveys.statistics import Estimate, share

LONGEST = 300


def document(definition: Definition, found: Simulated) -> dict[str, Any]:
    """The figures with the texts of what they are about."""
    texts = {each.key: each.text for each in definition.questions}
    reached = {each.key: each for each in found.questions}
    finished = sum(found.endings.values())
    screened = _screened(definition, found)
    return {
        "n": found.n,
        "finished": _share(share(finished, found.n)),
        "screened": _share(share(screened, found.n)),
        "pages": [
            _page(definition, number, page, reached) for number, page in enumerate(found.pages)
        ],
        "page_count": list(found.page_count),
        "minutes": list(found.minutes),
        "endings": _endings(definition, found),
        "quotas": _quotas(definition, found),
        "never_reached": [
            {"key": key, "words": _short(texts.get(key, ""))} for key in found.never_reached
        ],
        "dead_ends": [_dead_end(definition, each, texts) for each in found.dead_ends],
        "disagreements": list(dict.fromkeys(found.disagreements)),
        "disagreeing": found.disagreeing,
    }


def _short(text: str) -> str:
    """A text as far as it is needed to know it again; the database holds no NUL."""
    text = " ".join(text.replace("\0", "").split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _share(found: Estimate) -> dict[str, float]:
    """A share with how many it is of, and its interval; all of nobody is nothing."""
    return {
        "share": found.value or 0.0,
        "low": found.low or 0.0,
        "high": found.high if found.high is not None else 1.0,
    }


def _page(
    definition: Definition, number: int, found: Reach, reached: dict[str, Reach]
) -> dict[str, Any]:
    page = definition.pages[number]
    return {
        "key": page.key,
        "title": _short(page.title),
        "met": found.met,
        **_share(found.share),
        "questions": [
            {
                "key": each.key,
                "kind": each.kind,
                "words": _short(each.text),
                "met": reached[each.key].met,
                **_share(reached[each.key].share),
            }
            for each in page.questions
            if each.key in reached
        ],
    }


def _screened(definition: Definition, found: Simulated) -> int:
    """How many ended where people are screened out."""
    outs = {each.key for each in definition.endings if each.is_screen_out}
    return sum(count for key, count in found.endings.items() if key in outs)


def _endings(definition: Definition, found: Simulated) -> list[dict[str, Any]]:
    """Each ending and the plain thanks, also those nobody came to where there are others."""
    keys = [each.key for each in definition.endings]
    if found.endings.get(PLAIN_END) or not keys:
        keys.append(PLAIN_END)
    named = {each.key: each for each in definition.endings}
    return [
        {
            "key": key,
            "title": _short(named[key].title or named[key].key) if key in named else "",
            "is_screen_out": key in named and named[key].is_screen_out,
            "met": found.endings.get(key, 0),
            **_share(share(found.endings.get(key, 0), found.n)),
        }
        for key in keys
    ]


def _quotas(definition: Definition, found: Simulated) -> list[dict[str, Any]]:
    told = []
    for quota in definition.quotas:
        met = found.quotas.get(quota.key, 0)
        told.append(
            {
                "key": quota.key,
                "title": _short(quota.title or quota.key),
                "limit": quota.limit,
                "met": met,
                # After about so many people as many as are wanted will have come.
                "full_after": ceil(quota.limit * found.n / met) if met else None,
                **_share(share(met, found.n)),
            }
        )
    return told


def _dead_end(definition: Definition, found: DeadEnd, texts: dict[str, str]) -> dict[str, Any]:
    numbers = {page.key: number for number, page in enumerate(definition.pages, 1)}
    titles = {page.key: page.title for page in definition.pages}
    return {
        "page": found.page,
        "number": numbers[found.page],
        "title": _short(titles[found.page]),
        "walks": found.walks,
        "refused": [
            {
                "key": key,
                "question": key.partition(".")[0],
                "words": _short(texts.get(key.partition(".")[0], "")) or key,
                "said": _short(words),
            }
            for key, words in found.words.items()
        ],
    }
