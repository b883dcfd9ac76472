"""Surveys made at random, full of logic: most of it sensible, some of it contradicting itself."""

from __future__ import annotations

import random
from typing import Any

from surveys.definition import Definition, load

KINDS = (
    "single_choice",
    "multiple_choice",
    "yes_no",
    "nps",
    "scale",
    "number",
    "short_text",
    "date",
)


def survey(
    seed: int, pages: int = 6, questions: int = 3, *, randomized: bool = False
) -> Definition:
    """A survey with logic on everything that takes some."""
    return load(document(random.Random(seed), pages, questions, randomized=randomized))


def document(
    draw: random.Random, pages: int, questions: int, *, randomized: bool
) -> dict[str, Any]:
    """The survey as a plain mapping."""
    known: list[dict[str, Any]] = []
    listed = []
    blocks = [{"key": f"b{n}"} for n in range(3)]
    for number in range(pages):
        page: dict[str, Any] = {"key": f"p{number}", "questions": []}
        if draw.random() < 0.5:
            page["show_if"] = logic(draw, known)
        if draw.random() < 0.3:
            page["block"] = draw.choice(blocks)["key"]
        if randomized and draw.random() < 0.3:
            page["question_order"] = "random"
        loop = a_loop(draw, known) if "block" not in page and draw.random() < 0.3 else None
        # What is asked in a loop is known by its own name only there.
        here = known if loop is None else [*known, _THING]
        for place in range(draw.randint(1, questions)):
            made = question(draw, f"q{number}_{place}", here)
            page["questions"].append(made)
            here.append(made)
        if draw.random() < 0.3:
            page["questions"].append(composite(draw, f"c{number}", here))
        if loop is not None:
            page["loop"] = loop
            turns = [f"q{number}_0.{key}" for key in "ab"]
            known += [{**page["questions"][0], "key": each} for each in turns]
        if draw.random() < 0.4:
            goals = ["end", "out", *(f"p{each}" for each in range(number + 1, pages))]
            page["skips"] = [
                {"to": draw.choice(goals), "when": logic(draw, here)}
                for _ in range(draw.randint(1, 2))
            ]
        listed.append(page)
    for block in blocks:
        if draw.random() < 0.5:
            block["show_if"] = logic(draw, listed[0]["questions"])
        if randomized:
            block["randomizer"] = "draw"
            block["page_order"] = draw.choice(["as_given", "random"])
    more: dict[str, Any] = {"randomizers": [{"key": "draw", "show": draw.choice([1, 2, 3])}]}
    return {
        "title": "T",
        "language": "en",
        "pages": listed,
        "blocks": blocks,
        "data": [{"key": "tier"}, {"key": "arm", "source": "random", "choices": ["x", "y"]}],
        "endings": [
            {"key": "out", "text": "Sorry", "is_screen_out": True},
            {"key": "first", "show_if": logic(draw, known)},
            {"key": "second", "show_if": logic(draw, known)},
        ],
        "quotas": [
            {"key": "some", "limit": 5, "when": logic(draw, known)},
            {"key": "more", "limit": 5, "when": logic(draw, known)},
        ],
        **(more if randomized else {}),
    }


def question(draw: random.Random, key: str, known: list[dict[str, Any]]) -> dict[str, Any]:
    """One question, with conditions on what is known."""
    kind = draw.choice(KINDS)
    made: dict[str, Any] = {
        "key": key,
        "kind": kind,
        "text": key,
        "is_required": draw.random() < 0.4,
    }
    if kind in ("single_choice", "multiple_choice"):
        many = kind == "multiple_choice" and draw.random() < 0.2
        made["choices"] = [
            {"key": each, "label": each} for each in ("abcdefghij" if many else "abc")
        ]
        if draw.random() < 0.3:
            made["choices"][0]["show_if"] = logic(draw, known)
        if kind == "multiple_choice" and draw.random() < 0.3:
            made["choices"][-1]["is_exclusive"] = True
    if kind == "number":
        made["settings"] = draw.choice(
            [{}, {"minimum": 0, "maximum": 10}, {"decimals": 1, "minimum": 0}]
        )
    if draw.random() < 0.5:
        made["show_if"] = logic(draw, known)
    if draw.random() < 0.15:
        made["required_if"] = logic(draw, known)
    return made


_THING = {"key": "_loop.key", "kind": "single_choice"}


def a_loop(draw: random.Random, known: list[dict[str, Any]]) -> dict[str, Any] | None:
    """A loop over the choices of a question before, or over a list of its own."""
    more: dict[str, Any] = {"order": draw.choice(["as_given", "random"])}
    if draw.random() < 0.3:
        more["most"] = draw.randint(1, 2)
    many = [
        each["key"]
        for each in known
        if each["kind"] in ("single_choice", "multiple_choice")
        and "." not in each["key"]
        and len(each["choices"]) == 3
    ]
    if not many or draw.random() < 0.3:
        return {**more, "items": [{"key": each, "label": each} for each in "ab"]}
    which = draw.choice(["chosen", "chosen", "not_chosen", "offered"])
    return {**more, "over": draw.choice(many), "which": which}


def composite(draw: random.Random, key: str, known: list[dict[str, Any]]) -> dict[str, Any]:
    """A grid or entries, with conditions in each line on the other parts of that line."""
    inside: list[dict[str, Any]] = []
    for name in "abc":
        part = question(draw, f"_entry.{name}", inside or known)
        part["key"] = part["text"] = name
        if part["kind"] == "single_choice" and draw.random() < 0.5:
            part["choices"][-1] |= {"takes_text": True, "is_text_required": draw.random() < 0.5}
        if part["kind"] == "number" and draw.random() < 0.5:
            part["checks"] = [
                {"valid_if": {"<=": [{"var": f"_entry.{name}"}, 5]}, "message": "Less."}
            ]
        inside.append({**part, "key": f"_entry.{name}"})
    parts = [{**part, "key": part["key"].removeprefix("_entry.")} for part in inside]
    if draw.random() < 0.5:
        value = {"+": [{"var": "_entry._number"}, {"count": [{"var": "_entry.a"}]}]}
        parts.append({"key": "d", "kind": "calculated", "text": "", "value": value})
    made: dict[str, Any] = {
        "key": key,
        "kind": draw.choice(["grid", "entries"]),
        "text": key,
        "parts": parts,
    }
    lines = ["1", "2"]
    if made["kind"] == "grid":
        lines = ["x", "y"]
        made["rows"] = [{"key": each, "label": each} for each in lines]
        if draw.random() < 0.3:
            made["rows"][0]["show_if"] = logic(draw, known)
    else:
        made["settings"] = {"minimum": draw.randint(0, 1), "maximum": 2}
    known += [
        {**part, "key": f"{key}.{line}.{part['key']}"} for line in lines for part in parts[:3]
    ]
    return made


def logic(draw: random.Random, known: list[dict[str, Any]], depth: int = 2) -> Any:
    """A condition on some of what is known."""
    if depth and draw.random() < 0.6:
        parts = [logic(draw, known, depth - 1) for _ in range(2)]
        return draw.choice(
            [{"and": parts}, {"or": parts}, {"!": parts[:1]}, {"if": [*parts, False]}]
        )
    if not known or draw.random() < 0.12:
        return draw.choice(
            [
                {"==": [{"var": "_data.tier"}, draw.choice(["gold", "lead"])]},
                {"==": [{"var": "_data.arm"}, draw.choice("xy")]},
                {"is_answered": [{"var": "_data.tier"}]},
            ]
        )
    asked = draw.choice(known[-6:])
    of = {"var": asked["key"]}
    kind = asked["kind"]
    if draw.random() < 0.15:
        return draw.choice([{"is_answered": [of]}, {"is_empty": [of]}, {"!!": [of]}])
    if kind in ("nps", "scale", "number"):
        operator = draw.choice(["<", "<=", ">", ">=", "==", "!="])
        other = {"var": draw.choice(known)["key"]} if draw.random() < 0.1 else draw.randint(-1, 11)
        return {operator: [of, other]}
    if kind in ("single_choice", "yes_no"):
        keys = ["yes", "no"] if kind == "yes_no" else ["a", "b", "c"]
        chosen = draw.choice(keys)
        return draw.choice(
            [
                {"==": [of, chosen]},
                {"!=": [of, chosen]},
                {"in": [of, keys[:2]]},
                {"none_of": [of, keys]},
            ]
        )
    if kind == "multiple_choice":
        key = draw.choice("abc")
        return draw.choice(
            [{"in": [key, of]}, {"any_of": [of, [key, "b"]]}, {"all_of": [of, ["a", "b"]]}, {"count": [of]},
             {">": [{"count": [of]}, 1]}]
        )  # fmt: skip
    if kind == "date":
        return {draw.choice(["<", ">="]): [of, draw.choice(["2026-03-01", "2026-01-01"])]}
    return draw.choice([{"==": [of, "ok"]}, {"!=": [of, "ok"]}, {"contains": [of, "x"]}])
