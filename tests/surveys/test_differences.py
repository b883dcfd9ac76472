"""What changed between two definitions: told once, by element, in words; nothing where nothing did."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys import editing
from surveys.definition import load
from surveys.differences import Change, differences
from surveys.editing import Document, EditRefused
from tests.drawing import many
from tests.surveys.test_editing import _random_step, document


def told(before: Document, after: Document) -> tuple[Change, ...]:
    return differences(load(before), load(after))


def _set(address: str, **fields: object) -> Callable[[Document], Document]:
    return lambda made: editing.set_fields(made, address, fields).document


CHANGES: list[tuple[Callable[[Document], Document], list[str]]] = [
    (lambda made: made, []),
    (_set("survey", title="New"), ["changed survey: Title How are we doing? > New"]),
    (_set("question.reason", text="Why?"), ["changed question.reason: Words What is the main reason for your score? > Why?"]),
    (_set("question.reason", is_required=True), ["changed question.reason: Required  > yes"]),
    (_set("question.reason", show_if="is_answered(recommend) and recommend <= 6"),
     ["changed question.reason: Shown if  > “How likely are you to recommend us to a friend or colleague?” is at most 6"]),
    (_set("question.drivers", choices={"price": {"label": "Cost"}}), ["changed question.drivers: Choice in other words Value for money > Cost"]),
    (_set("question.drivers", choices={"price": {"value": 3}}), ["changed question.drivers: Choice “Value for money”: Its value  > 3"]),
    (_set("question.drivers", settings={"maximum": 3}), ["changed question.drivers: Maximum 2 > 3"]),
    (_set("page.reasons", skips=[{"to": "end", "when": "recommend == 0"}]),
     ["changed page.reasons: Skips  > to end if “How likely are you to recommend us to a friend or colleague?” is 0"]),
    (lambda made: editing.add_question(made, "stars", "reasons").document, ["added question.stars: Kind  > Star rating"]),
    (lambda made: editing.remove_question(made, "reason").document, ["removed question.reason:"]),
    (lambda made: editing.shift_question(made, "reason", 1).document, ["moved question.drivers:"]),
    (lambda made: editing.change_kind(made, "reason", "short_text").document,
     ["changed question.reason: Kind Comment > Short text | Max length 5000 > 200"]),
    (lambda made: editing.add_page(made).document, ["added page.page_5:"]),
    (lambda made: editing.add_part(made, "ending", "Bye").document, ["added ending.bye:"]),
    (lambda made: editing.move_choice(made, "drivers", "choices", "price", -1).document,
     ["changed question.drivers: Choices in another order  > "]),
    (lambda made: made | {"translations": {"de": {"reason.text": "Warum?"}}}, ["added survey:"]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_a_change_is_told_in_words(
    change: Callable[[Document], Document], expected: list[str]
) -> None:
    found = [
        f"{each.sort} {each.at}:"
        + (
            " " + " | ".join(f"{d.name} {d.before} > {d.after}" for d in each.details)
            if each.details
            else ""
        )
        for each in told(document(), change(document()))
    ]
    assert found == expected


@settings(max_examples=many(25), deadline=None)
@given(st.integers(0, 2**32))
def test_any_two_drafts_can_be_compared(seed: int) -> None:
    chance = random.Random(seed)
    first = made = document()
    for _ in range(12):
        try:
            made = _random_step(made, chance)
        except EditRefused:
            continue
    assert told(made, made) == ()
    assert bool(told(first, made)) is (made != first)
    there, back = told(first, made), told(made, first)
    for one, other in (("added", "removed"), ("removed", "added")):
        went = {each.at for each in there if each.sort == one and each.at != "survey"}
        assert went == {each.at for each in back if each.sort == other and each.at != "survey"}
