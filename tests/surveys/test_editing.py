"""Operations on a document: each gives a definition, keys stay, what others refer to is told."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from surveys import editing, library
from surveys.definition import dump, load, to_json
from surveys.editing import Document, EditRefused, InUse
from surveys.kinds import KINDS
from tests.drawing import many


def document(template: str = "relationship_nps") -> Document:
    return dump(library.template(template))


def keys(made: Document) -> list[str]:
    return [question["key"] for page in made["pages"] for question in page["questions"]]


def part(made: Document, address: str) -> Document:
    found = editing.element(made, address)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_question_of_every_kind_is_complete(kind: str) -> None:
    made = editing.add_question(document(), kind, "reasons", after="reason")
    assert load(made.document)
    assert made.at.startswith(f"question.{kind}")
    assert f"question.{keys(made.document)[2]}" == made.at


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_can_be_asked_in_every_other_way(kind: str) -> None:
    first = editing.add_question(document(), kind, "reasons", text="What about our prices?")
    key = first.at.removeprefix("question.")
    assert key == "what_about_our_prices"
    for other in KINDS:
        made = editing.change_kind(first.document, key, other).document
        assert part(made, first.at)["kind"] == other
        assert part(made, first.at)["text"] == "What about our prices?"
        assert keys(made) == keys(first.document)


def test_changing_the_kind_keeps_what_fits() -> None:
    made = editing.set_fields(
        document(), "question.drivers", {"show_if": "recommend >= 9", "is_required": True}
    ).document
    rows = editing.change_kind(made, "drivers", "matrix_single").document
    assert len(part(rows, "question.drivers")["choices"]) == 6
    assert part(rows, "question.drivers")["is_required"]
    back = editing.change_kind(rows, "drivers", "dropdown").document
    assert part(back, "question.drivers")["choices"] == part(made, "question.drivers")["choices"]
    assert part(back, "question.drivers")["show_if"]
    shown = editing.change_kind(back, "drivers", "statement").document
    assert set(part(shown, "question.drivers")) == {"key", "kind", "text", "show_if"}


def test_a_setting_the_new_kind_refuses_is_left_behind() -> None:
    made = editing.add_question(document(), "likert", "reasons").document
    labels = ["a", "b", "c", "d", "e", "f", "g"]
    made = editing.set_fields(
        made, "question.likert", {"settings": {"points": 7, "labels": labels}}
    )
    smileys = editing.change_kind(made.document, "likert", "smileys").document
    assert part(smileys, "question.likert")["settings"]["points"] == 5


def test_words_change_and_the_key_stays() -> None:
    made = editing.set_fields(
        document(),
        "question.drivers",
        {"text": "New words", "choices": {"price": {"label": "Cost"}}},
    ).document
    question = part(made, "question.drivers")
    assert question["text"] == "New words"
    assert next(each for each in question["choices"] if each["label"] == "Cost")["key"] == "price"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("Value for money", "value_money"),
        ("Größe & Preis", "grosse_preis"),
        ("日本語", "choice"),
        ("2024", "choice_2024"),
        ("_ _", "choice"),
        ("x" * 300, "x" * 32),
        ("Price", "price_2"),
    ],
)
def test_keys_are_made_from_words(words: str, key: str) -> None:
    made = editing.add_choices(document(), "drivers", "choices", [words]).document
    assert part(made, "question.drivers")["choices"][-1]["key"] == key


def test_a_pasted_list_comes_before_other_and_none() -> None:
    made = editing.set_fields(
        document(), "question.drivers", {"choices": {"other": {"takes_text": True}}}
    ).document
    made = editing.add_choices(made, "drivers", "choices", ["One", "", "  Two  ", "Two"]).document
    choices = part(made, "question.drivers")["choices"]
    assert [each["key"] for each in choices[-4:]] == ["one", "two", "two_2", "other"]


def test_rows_take_both_ends() -> None:
    made = editing.add_question(document(), "semantic_differential", "reasons").document
    made = editing.add_choices(made, "semantic_differential", "rows", ["Slow | Fast"]).document
    row = part(made, "question.semantic_differential")["rows"][-1]
    assert row == {"key": "slow", "label": "Slow", "opposite": "Fast"}


def _with_logic() -> Document:
    made = document()
    made = editing.set_fields(
        made,
        "question.reason",
        {
            "show_if": 'recommend <= 6 and contains(drivers, "price")',
            "text": "Why {{recommend|so}}?",
        },
    ).document
    made = editing.add_part(made, "ending", "Sorry").document
    page = made["pages"][0]["key"]
    made = editing.set_fields(
        made, f"page.{page}", {"skips": [{"to": "sorry", "when": "recommend == 0"}]}
    ).document
    made = editing.add_question(made, "single_choice", "reasons", text="Most of all").document
    return editing.set_fields(
        made, "question.most_all",
        {"choices_from": {"question": "drivers", "which": "chosen"}, "checks": [{"valid_if": "recommend > 1", "message": "No"}]},
    ).document  # fmt: skip


def test_what_refers_is_told_before_something_goes() -> None:
    made = _with_logic()
    with pytest.raises(InUse) as asked:
        editing.remove_question(made, "recommend")
    told = {(each.at, each.is_bound) for each in asked.value.references}
    first = f"page.{made['pages'][0]['key']}"
    assert told == {("question.reason", False), ("question.most_all", False), (first, False)}
    with pytest.raises(InUse) as asked:
        editing.remove_question(made, "drivers")
    assert ("question.most_all", True) in {
        (each.at, each.is_bound) for each in asked.value.references
    }


def test_references_go_too_when_it_is_said() -> None:
    made = editing.remove_question(_with_logic(), "recommend", "remove").document
    reason = part(made, "question.reason")
    assert reason["show_if"] == {"contains": [{"var": "drivers"}, "price"]}
    assert reason["text"] == "Why so?"
    assert "checks" not in part(made, "question.most_all")
    assert "skips" not in made["pages"][0]


def test_references_stay_when_it_is_said_but_for_what_cannot() -> None:
    made = editing.remove_question(_with_logic(), "recommend", "keep").document
    assert "recommend" in str(part(made, "question.reason")["show_if"])
    made = editing.remove_question(made, "drivers", "keep").document
    most = part(made, "question.most_all")
    assert "choices_from" not in most
    assert len(most["choices"]) >= 2


def test_a_choice_that_logic_asks_for_is_told() -> None:
    made = _with_logic()
    with pytest.raises(InUse, match="refer"):
        editing.remove_choice(made, "drivers", "choices", "price")
    left = editing.remove_choice(made, "drivers", "choices", "price", "remove").document
    assert "price" not in str(part(left, "question.reason")["show_if"])
    assert editing.remove_choice(made, "drivers", "choices", "people")


def test_a_page_goes_with_its_questions_and_references_among_them_do_not_count() -> None:
    made = _with_logic()
    with pytest.raises(InUse):
        editing.remove_page(made, made["pages"][0]["key"])
    left = editing.remove_page(made, "reasons").document
    assert "reason" not in keys(left)


def test_an_ending_that_a_page_leads_to_takes_the_skip_along() -> None:
    made = _with_logic()
    with pytest.raises(InUse) as asked:
        editing.remove_part(made, "ending.sorry")
    assert asked.value.references[0].is_bound
    left = editing.remove_part(made, "ending.sorry", "keep").document
    assert "endings" not in left
    assert "skips" not in left["pages"][0]


def test_an_address_that_leads_on_is_told_and_keeps_what_else_was_written_there() -> None:
    address = "https://shop.example/?a={{recommend|not told}}&b=1"
    made = editing.set_fields(_with_logic(), "ending.sorry", {"redirect": address}).document
    with pytest.raises(InUse) as asked:
        editing.remove_question(made, "recommend")
    assert any(each.words.endswith("where it leads on to") for each in asked.value.references)
    left = editing.remove_question(made, "recommend", "remove").document
    assert part(left, "ending.sorry")["redirect"] == "https://shop.example/?a=not%20told&b=1"


def test_a_loop_goes_with_what_it_is_about() -> None:
    made = load(
        {
            "title": "T",
            "language": "en",
            "pages": [
                {
                    "key": "one",
                    "questions": [
                        {
                            "key": "used",
                            "kind": "multiple_choice",
                            "text": "Used?",
                            "choices": [{"key": each, "label": each} for each in "abc"],
                        }
                    ],
                },
                {
                    "key": "two",
                    "loop": {"over": "used", "items": [{"key": "a", "fields": {"x": "y"}}]},
                    "questions": [{"key": "why", "kind": "short_text", "text": "{{_loop.text}}?"}],
                },
            ],
        }
    )
    assert [each.words for each in editing.references(dump(made), "question.used")] == [
        "Page 2: what it is asked about"
    ]
    fewer = editing.remove_choice(dump(made), "used", "choices", "a", "keep").document
    assert fewer["pages"][1]["loop"] == {"over": "used"}
    assert "loop" not in editing.remove_question(dump(made), "used", "keep").document["pages"][0]


def test_the_last_question_stays() -> None:
    made = document()
    with pytest.raises(EditRefused, match="at least one question"):
        for key in keys(made):
            made = editing.remove_question(made, key, "remove").document


def test_questions_move_within_and_across_pages() -> None:
    made = document()
    order = keys(made)
    down = editing.shift_question(made, order[0], 1).document
    assert down["pages"][0]["questions"] == []
    assert keys(down) == order
    up = editing.shift_question(down, order[1], -1).document
    assert keys(up)[:2] == [order[1], order[0]]
    with pytest.raises(EditRefused, match="last already"):
        editing.shift_question(made, order[-1], 1)


def test_a_question_cannot_move_before_what_its_choices_come_from() -> None:
    with pytest.raises(EditRefused, match="No earlier question"):
        editing.move_question(_with_logic(), "most_all", _with_logic()["pages"][0]["key"], 0)


def test_translations_go_and_come_with_their_question() -> None:
    made = document()
    made["translations"] = {"de": {"reason.text": "Warum?", "recommend.text": "Empfehlen?"}}
    twice = editing.duplicate_question(made, "reason").document
    assert twice["translations"]["de"]["reason_2.text"] == "Warum?"
    assert (
        "reason.text" not in editing.remove_question(twice, "reason").document["translations"]["de"]
    )


def test_problems_are_told_by_their_path() -> None:
    with pytest.raises(EditRefused) as refused:
        editing.set_fields(
            document(), "question.drivers", {"text": "", "settings": {"maximum": "x"}}
        )
    assert {each.path.rpartition("]")[2] for each in refused.value.problems} == {
        ".text",
        ".settings.maximum",
    }


@pytest.mark.parametrize("name", ["key", "kind", "questions", "pages", "nothing"])
def test_what_never_changes_cannot_be_set(name: str) -> None:
    with pytest.raises(EditRefused):
        editing.set_fields(document(), "question.drivers", {name: "x"})


def _random_step(made: Document, chance: random.Random) -> Document:
    """Some operation with arguments that mostly fit."""
    asked = keys(made)
    page = chance.choice(made["pages"])["key"]
    key = chance.choice(asked)
    about: Any = chance.choice(["ask", "keep", "remove"])
    which: Any = chance.choice(["choices", "rows"])
    lines = part(made, f"question.{key}").get(which) or [{"key": "none"}]
    line = chance.choice(lines)["key"]
    sort = chance.choice(list(editing.LISTS))
    other = chance.choice(asked)
    logic = chance.choice(
        [f"{other} <= 6", f'contains({other}, "{line}")', f"is_answered({other})"]
    )
    steps = [
        lambda: editing.add_question(made, chance.choice(list(KINDS)), page, after=key),
        lambda: editing.duplicate_question(made, key),
        lambda: editing.remove_question(made, key, about),
        lambda: editing.shift_question(made, key, chance.choice([-1, 1])),
        lambda: editing.move_question(made, key, page, chance.randrange(5)),
        lambda: editing.change_kind(made, key, chance.choice(list(KINDS))),
        lambda: editing.add_page(made, after=page),
        lambda: editing.remove_page(made, page, about),
        lambda: editing.move_page(made, page, chance.randrange(4)),
        lambda: editing.add_choices(made, key, which, ["New", chance.choice("abc")]),
        lambda: editing.remove_choice(made, key, which, line, about),
        lambda: editing.move_choice(made, key, which, line, chance.choice([-1, 1])),
        lambda: editing.add_part(made, sort, "More"),
        lambda: editing.remove_part(made, f"{sort}.more", about),
        lambda: editing.move_part(made, f"{sort}.more", 1),
        lambda: editing.set_fields(made, f"question.{key}", {"show_if": logic, "help": f"{{{{{other}|x}}}}"}),
        lambda: editing.set_fields(made, f"question.{key}", {"choices_from": {"question": other}}),
        lambda: editing.set_fields(
            made, f"page.{page}", {"loop": {"over": other, "items": [{"key": line, "label": "L"}]}}
        ),
        lambda: editing.set_fields(made, f"page.{page}", {"loop": None}),
        lambda: editing.set_fields(made, f"page.{page}", {"skips": [{"to": page, "when": logic}]}),
    ]  # fmt: skip
    return chance.choice(steps)().document


@settings(max_examples=many(40), deadline=None)
@given(st.integers(0, 2**32))
@example(3853)  # Choices taken over by a question that offers none, and then their source removed.
def test_any_sequence_of_operations_keeps_the_document_loadable(seed: int) -> None:
    chance = random.Random(seed)
    made = document(chance.choice(library.names()))
    for _ in range(25):
        before = to_json(load(made))
        try:
            changed = _random_step(made, chance)
        except EditRefused:
            changed = made
        assert to_json(load(made)) == before, "the document given is never changed"
        assert dump(load(changed)) == changed
        made = changed
