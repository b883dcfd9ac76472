"""Answers made up at random, typed as a form sends them: valid by themselves, near what logic asks for."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import ceil, floor

from surveys import kinds
from surveys.expressions import Value
from surveys.kinds.base import whole
from surveys.parts import Question

Named = Mapping[str, Sequence[Value]]
_WORDS = ("ok", "Fine, thank you.", "It took too long.", "Great help!", "x")
_LIKE = {
    "email": "ada@example.org",
    "phone": "+44 20 7946 0000",
    "url": "https://example.org",
    "time": "09:30",
    "date_time": "2026-01-31T09:30",
    "file_upload": f"{0:032x}~photo.jpg",
}


def answered(
    question: Question, atoms: Iterable[Question], named: Named, draw: random.Random
) -> dict[str, list[str]]:
    """What is typed into the fields of a question, which are its atoms, by name."""
    if question.kind == "constant_sum":
        return _shared_out(question, draw)
    found: dict[str, list[str]] = {}
    worst: list[str] = []
    for atom in atoms:
        if kinds.kind(atom.kind).answer == "none":
            continue
        typed = _typed(atom, named, draw)
        if question.kind == "max_diff" and atom.key.endswith(".worst"):
            typed = draw.sample([c.key for c in atom.choices if [c.key] != worst], 1)
        worst = typed
        found[atom.key] = typed
    return found


def _typed(atom: Question, named: Named, draw: random.Random) -> list[str]:
    kind = kinds.kind(atom.kind)
    if points := kind.points(atom):
        return [str(draw.choice(points))]
    if atom.kind in _LIKE:
        return [_LIKE[atom.kind]]
    keys = [choice.key for choice in atom.choices]
    if atom.kind == "ranking":
        return draw.sample(keys, len(keys))
    if kind.takes_many:
        return _several(atom, keys, draw)
    if kind.answer == "choices":
        return [draw.choice(keys)] if keys else []
    if kind.answer == "numeric":
        return [_number(atom, named.get(atom.key, ()), draw)]
    if kind.answer == "date":
        return [_day(atom, named.get(atom.key, ()), draw)]
    said = [str(each) for each in named.get(atom.key, ()) if each is not None]
    longest = whole(atom.settings.get("max_length"), 200)
    return [draw.choice([*_WORDS, *said])[:longest].strip() or "x"]


def _several(atom: Question, keys: list[str], draw: random.Random) -> list[str]:
    alone = [choice.key for choice in atom.choices if choice.is_exclusive]
    others = [key for key in keys if key not in alone]
    if alone and (not others or draw.random() < 0.2):
        return [draw.choice(alone)]
    least = max(1, whole(atom.settings.get("minimum"), 0))
    most = min(whole(atom.settings.get("maximum"), len(others)), len(others))
    return draw.sample(others, draw.randint(min(least, most), most)) if others else []


def _number(atom: Question, named: Sequence[object], draw: random.Random) -> str:
    low, high = atom.settings.get("minimum"), atom.settings.get("maximum")
    least = float(low) if isinstance(low, int | float) else None
    most = float(high) if isinstance(high, int | float) else None
    start = least if least is not None else min(0.0, most or 0.0)
    end = most if most is not None else max(100.0, start + 100.0)
    step = atom.settings.get("step")
    near = [
        float(each) + more
        for each in named
        if isinstance(each, int | float) and not isinstance(each, bool)
        for more in (-1, 0, 1)
    ]
    near = [each for each in near if start <= each <= end]
    decimals = whole(atom.settings.get("decimals"), 0)
    if near and draw.random() < 0.5:
        value = draw.choice(near)
    elif isinstance(step, int | float) and step > 0:
        value = start + step * draw.randint(0, max(0, floor((end - start) / step)))
    else:
        value = float(draw.randint(ceil(start), max(ceil(start), floor(end))))
    return f"{value:.{decimals}f}"


def _day(atom: Question, named: Sequence[object], draw: random.Random) -> str:
    first, last = (atom.settings.get(name) for name in ("minimum", "maximum"))
    least = date.fromisoformat(str(first)) if first else None
    most = date.fromisoformat(str(last)) if last else None
    start = least or (
        most - timedelta(days=min(400, most.toordinal() - 1)) if most else date(2026, 1, 1)
    )
    end = most or start + timedelta(days=min(400, date.max.toordinal() - start.toordinal()))
    near = [
        str(each)
        for each in named
        if isinstance(each, str) and start.isoformat() <= each <= end.isoformat()
    ]
    if near and draw.random() < 0.5:
        return draw.choice(near)
    return (start + timedelta(days=draw.randint(0, (end - start).days))).isoformat()


def _shared_out(question: Question, draw: random.Random) -> dict[str, list[str]]:
    """A total shared out in whole parts; what is left over goes to the first choice."""
    total = question.settings.get("total", 100)
    left = float(total) if isinstance(total, int | float) else 100.0
    decimals = whole(question.settings.get("decimals"), 0)
    found: dict[str, list[str]] = {}
    for choice in reversed(question.choices[1:]):
        part = float(draw.randint(0, max(0, floor(left))))
        left -= part
        found[f"{question.key}.{choice.key}"] = [f"{part:.{decimals}f}"]
    if question.choices:
        found[f"{question.key}.{question.choices[0].key}"] = [f"{left:.{decimals}f}"]
    return found
