"""The shipped templates: complete, well formed, and of a length people finish."""

from __future__ import annotations

import re

import pytest

from surveys import kinds, library
from surveys.definition import dump, load, minutes
from surveys.errors import UnknownName

NEEDED = {
    "relationship_nps",
    "post_support_csat",
    "onboarding_effort",
    "post_purchase",
    "churn_exit",
    "product_feedback",
    "event_feedback",
    "employee_pulse",
}


def test_the_promised_templates_are_there():
    assert set(library.names()) >= NEEDED
    assert len({library.template(name).name for name in library.names()}) == len(library.names())


@pytest.mark.parametrize("name", library.names())
class TestEachTemplate:
    def test_it_describes_itself_and_what_happens_with_the_answers(self, name):
        survey = library.template(name)
        for words in (survey.name, survey.purpose, survey.category, survey.title):
            assert words
        for words in (survey.introduction, survey.thank_you, survey.privacy, survey.purpose):
            assert words.endswith(".")
        assert "Thank you" in survey.thank_you
        assert re.search(r"\b(read|go|go through|discuss|bring|will)\b", survey.thank_you)
        assert ("anonymous" in survey.privacy) == survey.anonymous

    def test_it_has_four_to_seven_questions_on_few_pages(self, name):
        survey = library.template(name)
        assert 4 <= len(survey.questions) <= 7
        assert 2 <= len(survey.pages) <= 4
        assert all(1 <= len(page.questions) <= 3 for page in survey.pages)
        assert 1 <= minutes(survey) <= 3

    def test_it_measures_something_and_asks_why(self, name):
        survey = library.template(name)
        assert any(kinds.metrics(question) for question in survey.questions)
        assert any(question.kind == "long_text" for question in survey.questions)
        assert any(kinds.kind(question.kind).has_choices for question in survey.questions)

    def test_only_the_first_question_and_few_others_must_be_answered(self, name):
        survey = library.template(name)
        assert survey.questions[0].is_required
        assert sum(question.is_required for question in survey.questions) <= 2

    def test_its_words_follow_the_house(self, name):
        survey = library.template(name)
        texts = [survey.introduction, survey.thank_you, survey.privacy, survey.title]
        for question in survey.questions:
            texts += [question.text, question.help, *(choice.label for choice in question.choices)]
            assert question.text.endswith(("?", "."))
        for text in texts:
            assert "!" not in text
            assert len(text) <= 320
            assert not re.search(r"\s{2,}", text)

    def test_it_loads_the_same_after_a_dump(self, name):
        survey = library.template(name)
        assert load(dump(survey)) == survey


@pytest.mark.parametrize("name", ["", "nope", "../errors", "relationship_nps.yaml", "\ud800"])
def test_an_unknown_template_is_refused(name):
    with pytest.raises(UnknownName):
        library.template(name)
