"""Real LimeSurvey surveys from beside the checkout: all are read, and walks go as the files say.

The expected walks were written by hand from the relevance, conditions and filters in the files.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from surveys.compiled import Compiled
from surveys.definition import load
from surveys.dumping import dump
from surveys.formats.limesurvey import read_limesurvey
from surveys.formats.report import Imported
from surveys.logic import Context
from surveys.parts import Definition, Question
from tests.conftest import SHARED
from tests.surveys.formats.walks import refused, shown

FOLDER = SHARED / "interop" / "lss"
FILES = sorted(FOLDER.glob("*.ls*")) if FOLDER.is_dir() else []

pytestmark = pytest.mark.skipif(
    not FILES, reason="the real LimeSurvey files are not beside this checkout"
)


def read(name: str) -> Imported:
    return read_limesurvey((FOLDER / name).read_bytes())


def offered(definition: Definition, key: str, answers: dict[str, object]) -> list[str]:
    """The choices or rows a question offers to somebody who answered so."""
    compiled = Compiled(definition)
    context = Context(seed="walk", language=definition.language)
    cleaned = compiled.clean_all(answers, partial=True, context=context)
    assert cleaned.is_valid, dict(cleaned.errors)
    route = compiled.flow.walk(cleaned.answers, context)
    found: list[Question] = [q for stop in route.stops for q in stop.questions if q.key == key]
    return [each.key for each in (found[0].rows or found[0].choices)] if found else []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_read_faithfully(path: Path) -> None:
    made = read_limesurvey(path.read_bytes())
    report = made.report
    kept = report.count("mapped") + report.count("approximated")
    evaluated = sum(item.outcome == "evaluated" for item in report.logic)
    assert kept >= 0.95 * len(report.items)
    assert evaluated >= 0.9 * len(report.logic)
    assert load(dump(made.definition)) == made.definition
    assert all(item.reason for item in report.items if item.outcome != "mapped")


def test_group_relevance_asks_for_each_person_who_lives_there() -> None:
    """Groups appear as ``cohabs`` grows, each only after the person before is known; all on a page."""
    definition = read("ls205_group_relevance.lss").definition
    assert shown(definition, {}) == [["initial_questions", "name"]]
    assert shown(definition, {"name": "Ann"})[0][-1] == "gender"
    start = {"name": "Ann", "gender": "f", "age": 40}
    assert shown(definition, start) == [["initial_questions", "name", "gender", "age", "cohabs"]]
    none = shown(definition, {**start, "cohabs": 0})[0]
    assert none[4:] == ["cohabs", "summary", "syou", "finished", "comment"]
    one = shown(definition, {**start, "cohabs": 1})[0]
    assert one[4:] == ["cohabs", "person_1", "p1sex", "summary", "syou"]
    person = {"p1sex": "m", "p1name": "Bob", "p1rel": "3"}
    known = shown(definition, {**start, "cohabs": 1, **person})[0]
    assert known[5:] == [
        "person_1", "p1sex", "p1name", "p1age", "p1rel", "p1sum", "summary", "syou", "sp1",
        "finished", "comment",
    ]  # fmt: skip
    two = shown(definition, {**start, "cohabs": 2, **person})[0]
    assert two[11:13] == ["person_2", "p2sex"]
    assert "finished" not in two
    assert refused(definition, {**start, "cohabs": 0, "age": 17}) == ["age"]
    assert refused(definition, {**start, "cohabs": -1}) == ["cohabs"]
    assert refused(definition, {**start, "cohabs": 1, "p1sex": "m", "p1name": "B"}) == [
        "p1age",
        "p1rel",
    ]
    assert refused(definition, {**start, "cohabs": 0}) == []


def test_cascading_filters_offer_what_was_chosen_before() -> None:
    """Q02 is filtered by Q01, Q04 by Q02; Q05 offers what is in Q01 and not in Q02."""
    definition = read("ls205_cascading_array_filter.lss").definition
    assert shown(definition, {}) == [["q01"], ["q06"]]
    assert shown(definition, {"q01": ["na"]}) == [["q01", "q03"], ["q06"]]
    assert shown(definition, {"q01": ["a", "b"]}) == [["q01", "q02"], ["q06"]]
    bought = {"q01": ["a", "b", "c"], "q02": ["a", "c"]}
    assert offered(definition, "q02", bought) == ["a", "b", "c"]
    assert offered(definition, "q04", bought) == ["a", "c"]
    assert offered(definition, "q05", bought) == ["b"]
    chosen = {**bought, "q04": "c", "q05": "b", "q06.6": "5"}
    assert shown(definition, chosen) == [
        ["q01", "q02", "q04", "q04a", "q05", "q05a"],
        ["q06", "q06a"],
    ]
    assert refused(definition, {}) == []
    assert refused(definition, {"q01": ["a", "na"]}) == ["q01"]


def test_conditions_of_the_table_are_alternatives_within_a_question() -> None:
    """Conditions on QC, and on boxes of QCS1 or QCS2 while QCS3 is not "yes"."""
    definition = read("ls6_sample_survey_multilingual_fr_de_en_it_ru.lss").definition
    page = next(page for page in definition.pages if any(q.key == "qc" for q in page.questions))
    place = definition.pages.index(page)
    every = shown(definition, {})
    assert shown(definition, {"qc": "yes"})[place][:2] == ["qc", "qcyes"]
    assert every[place][:4] == ["qc", "qcdefault", "qemdefault", "qcs1"]
    assert definition.languages == ("en", "de-informal", "fr", "it", "ru")


def test_limits_refuse_what_the_file_refuses() -> None:
    """Counts, sums, ranges and patterns, some of them taken from other answers.

    v1MC asks for 1 to 3 of the options chosen in afSrcFilter, v1K for two numbers or more from ``num``
    to ``num2`` with a sum of 10 to 20, v3K for the sum of ``age`` and ``yearsMarried``, v5N for a number from ``yearsMarried`` to ``age``; vS takes an amount of dollars.
    """
    definition = read("ls205_validation_tests.lss").definition
    known = {
        "afsrcfilter": ["sq1", "sq2", "sq3", "sq4"],
        "age": 40,
        "yearsmarried": 10,
        "num": 1,
        "num2": 9,
    }

    def wrong(answers: dict[str, object]) -> set[str]:
        return {key.partition(".")[0] for key in refused(definition, {**known, **answers})}

    assert "v1mc" not in wrong({"v1mc": ["sq1", "sq2", "sq3"]})
    assert "v1mc" in wrong({"v1mc": ["sq1", "sq2", "sq3", "sq4"]})
    assert "v1mc" in wrong({})
    assert "v1k" not in wrong({"v1k.sq1": 4, "v1k.sq2": 8})
    assert "v1k" in wrong({"v1k.sq1": 4, "v1k.sq2": 5})
    assert "v1k" in wrong({"v1k.sq1": 8, "v1k.sq2": 8, "v1k.sq3": 8})
    assert "v1k" in wrong({"v1k.sq1": 10, "v1k.sq2": 2})
    assert "v3k" not in wrong({"v3k.sq1": 34, "v3k.sq2": 16})
    assert "v3k" in wrong({"v3k.sq1": 34, "v3k.sq2": 15})
    assert "v5n" not in wrong({"v5n": 25})
    assert "v5n" in wrong({"v5n": 41})
    assert "v5n" in wrong({"v5n": 9})
    assert "yearsmarried" in wrong({"yearsmarried": 41})
    assert "vs" not in wrong({"vs": "$12.50"})
    assert "vs" in wrong({"vs": "twelve"})
