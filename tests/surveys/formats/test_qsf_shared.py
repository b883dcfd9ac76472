"""The shared QSF files, walked by hand: what each of their conditions shows and hides."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from surveys.compiled import Compiled
from surveys.definition import dump, load
from surveys.formats.qsf import read_qsf
from surveys.formats.report import Imported
from surveys.logic import Context
from tests.surveys.formats.walks import refused, shown

# File, questions, mapped, approximated, pieces of logic, of these evaluated.
FIGURES = [
    ("Many_Question_Types", 32, 27, 5, 13, 13),
    ("Multiple_Answer_Matrix_Questions", 5, 4, 1, 1, 1),
    ("Questions_with_Text_Entry_Components", 5, 4, 1, 0, 0),
    ("Side-by-Side_Questions", 8, 8, 0, 0, 0),
    ("Survey_Logic_EVERYWHERE", 5, 0, 5, 15, 10),
]


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "interop" / "qsf"


@cache
def imported(folder: Path, name: str) -> Imported:
    return read_qsf((folder / f"{name}.qsf").read_bytes())


def offered(
    found: Imported, answers: dict[str, object], data: dict[str, object] | None = None
) -> dict[str, tuple[list[str], list[str]]]:
    """The keys of the choices and of the rows each shown question offers."""
    compiled = Compiled(found.definition)
    context = Context(data=data or {}, seed="walk")
    cleaned = compiled.clean_all(answers, partial=True, context=context)
    assert cleaned.is_valid, dict(cleaned.errors)
    route = compiled.flow.walk(cleaned.answers, context)
    return {
        each.key: ([c.key for c in each.choices], [r.key for r in each.rows])
        for stop in route.stops
        for each in stop.questions
    }


@pytest.mark.parametrize(
    ("name", "questions", "mapped", "approximated", "logic", "evaluated"), FIGURES
)
def test_every_shared_file_is_read_as_faithfully_as_it_says(
    folder: Path,
    name: str,
    questions: int,
    mapped: int,
    approximated: int,
    logic: int,
    evaluated: int,
) -> None:
    found = imported(folder, name)
    told = found.report.as_json()
    assert (told["questions"], told["mapped"], told["approximated"]) == (
        questions,
        mapped,
        approximated,
    )
    assert (told["raw"], told["dropped"], told["scripts_removed"]) == (0, 0, 0)
    assert (told["logic"], told["evaluated"]) == (logic, evaluated)
    assert load(dump(found.definition)) == found.definition
    assert all(item.reason for item in found.report.items if item.outcome != "mapped")


class TestManyQuestionTypes:
    """The third block shows what was chosen in the first; the second and fourth are always asked."""

    FIRST = ("fruits", "q2", "q3", "q44", "q4", "q11", "q5", "q18")
    SECOND = ("q19", "q20", "q21", "q35", "q22", "q23", "q24", "q25")
    FOURTH = ("q45", "q46", "q47", "q48", "q49", "q50", "q51", "q52")

    @pytest.fixture
    def found(self, folder: Path) -> Imported:
        return imported(folder, "Many_Question_Types")

    @pytest.mark.parametrize(
        ("answers", "third"),
        [
            # Nothing chosen: Q36 wants oranges, Q37 a row in the third column, Q41 blueberries.
            ({}, ["q38", "q39", "q40", "q42", "q43"]),
            ({"fruits": "1"}, ["q36", "q38", "q39", "q40", "q42", "q43"]),
            ({"fruits": "2"}, ["q38", "q39", "q40", "q41", "q42", "q43"]),
            ({"fruits": "3", "q3": {"2": "3"}}, ["q37", "q38", "q39", "q40", "q42", "q43"]),
            ({"fruits": "1", "q3": {"1": "1"}}, ["q36", "q38", "q39", "q40", "q42", "q43"]),
        ],
    )
    def test_what_is_asked(
        self, found: Imported, answers: dict[str, object], third: list[str]
    ) -> None:
        assert shown(found.definition, answers) == [
            list(self.FIRST),
            list(self.SECOND),
            third,
            list(self.FOURTH),
        ]

    def test_what_is_offered(self, found: Imported) -> None:
        plain = offered(found, {"fruits": "1"})
        # Choice 2 of Q36 wants blueberries in Q1, which asks for one only.
        assert plain["q36"] == (["1", "3"], [])
        # Row 2 of Q38 wants the first choice of Q2, its column 2 the third column of Q3.
        assert plain["q38"] == (["1", "3"], ["1", "3"])
        # What was displayed was displayed to everybody.
        assert plain["q39"] == (["1", "2", "3"], ["1", "2", "3"])
        assert plain["q40"] == ([], ["1", "2", "3"])
        assert plain["q42"] == ([], ["1", "3"])
        full = offered(found, {"fruits": "2", "q2": ["1"], "q3": {"1": "3"}})
        assert full["q38"] == (["1", "2", "3"], ["1", "2", "3"])
        assert full["q37"] == (["1", "2", "3"], [])
        assert full["q42"] == ([], ["1", "2", "3"])

    def test_what_is_refused(self, found: Imported) -> None:
        assert refused(found.definition, {"fruits": "1", "q5": {"1": {"value": 50}}}) == []
        assert refused(found.definition, {"fruits": "4"}) == ["fruits"]
        assert refused(found.definition, {"q5": {"1": {"value": 101}}}) == ["q5.1.value"]
        assert refused(found.definition, {"q3": {"4": "1"}}) == ["q3.4"]
        assert refused(found.definition, {"q4": {"1": {"c1": "4"}}}) == ["q4.1.c1"]

    def test_recoded_values_are_kept(self, found: Imported) -> None:
        values = [choice.value for choice in found.definition.question("q45").choices]
        assert values == [143, 132, 142]


class TestSurveyLogicEverywhere:
    """One block three times, the second time on telephones only, which is not known here."""

    @pytest.fixture
    def found(self, folder: Path) -> Imported:
        return imported(folder, "Survey_Logic_EVERYWHERE")

    @pytest.mark.parametrize(
        ("answers", "pages"),
        [
            # The skips after Q1 stand in the order: end of block, Q4, Q5; the first is taken.
            ({"q1": "1", "q1_3": "1"}, [["q1"], ["q1_3"]]),
            (
                {"q1": "2", "q1_3": "1"},
                [["q1"], ["q2"], ["q3"], ["q4", "q5"], ["q1_3"]],
            ),
            # Q2 skips over Q3.
            (
                {"q1": "2", "q2": "1", "q1_3": "1"},
                [["q1"], ["q2"], ["q4", "q5"], ["q1_3"]],
            ),
            # Q3 skips to the end of the survey, the third visit included.
            ({"q1": "3", "q3": "2"}, [["q1"], ["q2"], ["q3"]]),
            (
                {"q1": "1", "q1_3": "3", "q2_3": "1"},
                [["q1"], ["q1_3"], ["q2_3"], ["q4_3", "q5_3"]],
            ),
        ],
    )
    def test_what_is_asked(
        self, found: Imported, answers: dict[str, object], pages: list[list[str]]
    ) -> None:
        # Column 3 of Q5 is offered to those without a first name; else nothing of it would be.
        assert shown(found.definition, answers) == pages

    def test_contacts_decide_what_is_offered(self, found: Imported) -> None:
        nobody = offered(found, {"q1": "2"})
        assert nobody["q5"] == (["3"], ["1", "3"])
        assert nobody["q4"] == (["2"], [])
        ann = offered(found, {"q1": "2"}, {"first_name": "Ann", "last_name": "Lee"})
        assert "q5" not in ann
        assert ann["q4"] == (["1", "2", "3"], [])
        dick = {"first_name": "Dick", "email": "dickcheney@whitehouse.gov"}
        assert offered(found, {"q1": "2"}, dick)["q4"] == (["1", "3"], [])

    def test_what_cannot_be_known_blocks_and_does_not_show(self, found: Imported) -> None:
        paths = {each.path for each in found.definition.unresolved}
        assert paths == {
            "FL_3.BranchLogic",
            "QID2.Choices.3.DisplayLogic",
            "QID4.Choices.2.DisplayLogic",
            "QID5.Answers.1.DisplayLogic",
            "QID5.Answers.2.DisplayLogic",
        }
        # Choice 3 of Q2 is sure for those who chose 2 in Q1, wherever they are.
        assert offered(found, {"q1": "2"})["q2"] == (["1", "2", "3"], [])
        assert offered(found, {"q1": "3"})["q2"] == (["1", "2"], [])


class TestTextEntry:
    """Boxes beside choices and rows, in all places they can stand in."""

    @pytest.fixture
    def found(self, folder: Path) -> Imported:
        return imported(folder, "Questions_with_Text_Entry_Components")

    def test_words_beside_choices_and_rows(self, found: Imported) -> None:
        answers = {
            "mcsa_single_text": "3",
            "mcsa_single_text.3.text": "of my own",
            "mcma_text": ["1", "3"],
            "mcma_text.1.text": "first",
            "matrix_text": {"1": "2", "2": "3"},
            "matrix_text_text": {"1": "beside the row"},
            "sbs_text": {"1": {"c1": "1", "c3_1": "left", "c3_2": "right"}},
        }
        assert refused(found.definition, answers) == []
        assert shown(found.definition, answers) == [
            [
                "mcsa_single_text",
                "msca_multi_text",
                "mcma_text",
                "matrix_text",
                "matrix_text_text",
                "sbs_text",
            ]
        ]

    def test_what_is_refused(self, found: Imported) -> None:
        assert refused(found.definition, {"matrix_text_text": {"3": "no box here"}}) == [
            "matrix_text_text.3"
        ]
        assert refused(found.definition, {"mcsa_single_text.1.text": "no box here"}) == [
            "mcsa_single_text.1.text"
        ]
        assert refused(found.definition, {"mcma_text": "1"}) == ["mcma_text"]


def test_matrix_rows_that_were_displayed(folder: Path) -> None:
    """Row 1 of the last matrix wants that a scale point of the first was displayed: always so."""
    found = imported(folder, "Multiple_Answer_Matrix_Questions")
    assert shown(found.definition, {}) == [
        ["q2", "q4", "q3", "q5", "matrix_question_five", "matrix_question_five_text"]
    ]
    assert offered(found, {})["matrix_question_five"] == (["1", "2", "3", "4"], ["1", "2", "3"])
    assert refused(found.definition, {"q2": {"1": ["1", "4"], "3": []}}) == []
    assert refused(found.definition, {"q2": {"1": ["5"]}}) == ["q2.1"]
    assert [each.value for each in found.definition.question("q4").choices] == [10, 11, 12, 13]
