"""Questions asked once for each row or entry: what they say of one another holds within that line."""

from __future__ import annotations

import pytest

from surveys import asking, kinds
from surveys.compiled import Compiled
from surveys.definition import dump, load
from surveys.logic import Context
from surveys.page_logic import page_logic
from surveys.proof import errors, prove
from tests.surveys.test_flow import choice, kept, refused, survey, words

SCHOOL = choice(
    "school",
    ["yes", "no", {"key": "other", "label": "Other", "takes_text": True, "is_text_required": True}],
)
SCHOOL["choices"][:2] = [{"key": each, "label": each} for each in ("yes", "no")]


def number(key, **more):
    return {"key": key, "kind": "number", "text": key, **more}


GRADE = number(
    "grade",
    show_if='_entry.school == "yes"',
    required_if='_entry.school == "yes"',
    checks=[{"valid_if": "_entry.grade <= 12", "message": "There are twelve."}],
)


def entries(*parts, **more):
    settings = {"maximum": 3, **more.pop("settings", {})}
    return {"key": "kids", "kind": "entries", "text": "Children", "parts": list(parts),
            "settings": settings, **more}  # fmt: skip


def grid(*parts, rows="ab", **more):
    listed = [
        {"key": each, "label": each.upper()} if isinstance(each, str) else each for each in rows
    ]
    return {"key": "g", "kind": "grid", "text": "G", "parts": list(parts), "rows": listed, **more}


FAMILY = survey([entries(words("name", is_required=True), SCHOOL, GRADE)])


def test_a_part_is_asked_where_its_own_line_says_so():
    given = [
        {"name": "A", "school": "yes", "grade": 3},
        {"name": "B", "school": "no", "grade": 4},
        {"name": "C", "grade": 5},
    ]
    assert kept(FAMILY, {"kids": given}) == {
        "kids.1.name", "kids.1.school", "kids.1.grade", "kids.2.name", "kids.2.school", "kids.3.name",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"school": "no"}, {}),
        ({"school": "yes"}, {"kids": "entry_incomplete"}),
        ({"school": "yes", "grade": 12}, {}),
        ({"school": "yes", "grade": 13}, {"kids.2.grade": "check"}),
        ({"school": "other"}, {"kids.2.school.other.text": "required"}),
    ],
    ids=["not asked", "needed", "fits", "checked", "words"],
)
def test_what_is_wrong_is_said_of_the_line_it_is_wrong_in(entry, expected):
    first = {"name": "A", "school": "yes", "grade": 1}
    assert refused(FAMILY, {"kids": [first, {"name": "B", **entry}]}) == expected


def test_words_beside_a_choice_in_a_line_are_kept_and_read():
    found = survey([entries(SCHOOL)], [words("z", show_if='_text.kids.1.school.other == "home"')])
    given = {"kids": [{"school": "other"}], "kids.1.school.other.text": "home", "z": "x"}
    assert kept(found, given) == {"kids.1.school", "kids.1.school.other.text", "z"}
    inside = survey(
        [grid(SCHOOL, words("which", show_if="is_answered(_text._entry.school.other)"))]
    )
    row = {
        "g.a.school": "other",
        "g.a.school.other.text": "home",
        "g.a.which": "x",
        "g.b.which": "y",
    }
    assert kept(inside, row) == {"g.a.school", "g.a.school.other.text", "g.a.which"}


def test_a_form_reads_the_parts_that_its_own_answers_bring_up():
    found = Compiled(
        survey([grid(choice("c"), number("n", show_if='_entry.c == "a"', is_required=True))])
    )
    page = found.clean_form_page(0, {"g.a.c": ["a"], "g.b.c": ["b"], "g.b.n": ["3"]})
    assert set(page.answers) == {"g.a.c", "g.b.c"}
    assert page.codes == {"g.a.n": "required"}
    first = found.clean_form_page(0, {"g.a.c": ["a"], "_seen": ["g"]})
    assert first.unseen == ("g.a.n",)
    assert first.is_valid
    again = found.clean_form_page(0, {"g.a.c": ["a"], "_seen": ["g g.a.n"]})
    assert again.codes == {"g.a.n": "required"}


def test_parts_that_are_not_asked_are_not_drawn():
    found = Compiled(
        survey(
            [choice("q")], [grid(words("w", show_if='q == "a"'), words("v", show_if='q != "b"'))]
        )
    )
    answers = found.clean_all({"q": "c"}).answers
    (drawn,) = asking.ask(found, 1, answers, Context()).page.questions
    assert [atom.key for atom in kinds.atoms(drawn)] == ["g.a.v", "g.b.v"]
    nothing = found.clean_all({"q": "b"}).answers
    assert [stop.place for stop in found.flow.walk(nothing, Context()).stops] == [0]


def test_choices_of_a_part_may_depend_on_its_line():
    beds = choice(
        "bed",
        [{"key": "a", "label": "A"}, {"key": "b", "label": "B", "show_if": "_entry._number > 1"}],
    )
    found = survey([grid(beds)])
    assert kept(found, {"g.a.bed": "b", "g.b.bed": "b"}) == {"g.b.bed"}
    (drawn,) = asking.ask(Compiled(found), 0, {}, Context()).page.questions
    assert [[each.key for each in atom.choices] for atom in kinds.atoms(drawn)] == [
        ["a"],
        ["a", "b"],
    ]


def test_values_are_worked_out_in_each_line_that_is_begun():
    twice = {
        "key": "twice",
        "kind": "calculated",
        "text": "",
        "value": "_entry.n * 2 + _entry._number",
    }
    found = Compiled(survey([entries(number("n"), twice)]))
    answers = found.clean_all({"kids": [{"n": 5}, {}, {"n": 1}]}).answers
    assert {key: each.number for key, each in answers.items() if key.endswith("twice")} == {
        "kids.1.twice": 11,
        "kids.3.twice": 5,
    }


def test_the_key_of_a_row_is_known_in_it():
    found = survey([grid(words("w", show_if='_entry._key == "b"'))])
    assert kept(found, {"g.a.w": "x", "g.b.w": "y"}) == {"g.b.w"}
    assert prove(found)[1:] == ()


@pytest.mark.parametrize(
    ("show_if", "code"),
    [
        ('_entry.c == "z"', "unknown_choice"),
        ("is_answered(_entry.zz)", "unknown_reference"),
        ("is_answered(_entry.later)", "own_answer"),
        ('_entry.c == "a" and _entry.c == "b"', "contradiction"),
    ],
)
def test_the_proof_looks_into_parts(show_if, code):
    found = survey([grid(choice("c"), words("w", show_if=show_if), words("later"))])
    (path,) = {each.path for each in prove(found) if each.code == code}
    assert path == "pages[0].questions[0].parts[1].show_if"


def test_entries_are_named_only_from_within():
    found = survey([choice("c")], [words("w", show_if="is_answered(_entry.c)")])
    assert "_entry" in errors(found)["pages[1].questions[0].show_if"]


def test_it_is_written_as_it_was_read():
    assert load(dump(FAMILY)) == FAMILY
    assert dump(FAMILY)["pages"][0]["questions"][0]["parts"][2]["show_if"] == {
        "==": [{"var": "_entry.school"}, "yes"]
    }


def test_a_browser_is_told_of_each_line():
    (told,) = page_logic(Compiled(FAMILY), 0, {}, Context())["questions"]
    atoms = {each["key"]: each for each in told["atoms"]}
    assert atoms["kids.2.grade"]["show_if"] == {"==": [{"var": "kids.2.school"}, "yes"]}
    assert atoms["kids.2.school.other.text"]["host"] == "kids.2.school"
    assert told["needs"] == ["name"]
