"""The expert review: each advice where it is due, none where it is not, and colours by WCAG."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import library
from surveys.errors import SurveyError
from surveys.parts import Definition
from surveys.review import contrast, length, reading, review, vocabulary
from surveys.review.colours import review_theme
from tests.surveys.drawn_surveys import definitions, few
from tests.surveys.test_proof import ask, choice, nps, survey


def said(definition: Definition, *codes: str) -> list[str]:
    return [each.path for each in review(definition) if each.code in codes]


def rating(text: str, language: str = "en", kind: str = "likert", **more: object) -> Definition:
    return survey([{"key": "r", "kind": kind, "text": text, **more}], language=language)


@pytest.mark.parametrize(
    ("language", "text", "is_double"),
    [
        ("en", "The staff were friendly and competent.", True),
        ("en", "How satisfied are you with the price and the quality?", True),
        ("en", "The delivery was fast or cheap.", True),
        ("en", "How likely are you to recommend us to a friend or colleague?", False),
        ("en", "Do you agree or disagree: the delivery was fast?", False),
        ("en", "We moved the shop and the office. How do you like the new shop?", False),
        ("de", "Das Personal war freundlich und kompetent.", True),
        ("de", "Würden Sie uns Freunden oder Kollegen empfehlen?", False),
        ("de", "Die Lieferung war schnell.", False),
        ("fr", "Le personnel était aimable et compétent.", True),
        ("fr", "Nous recommanderiez-vous à un ami ou à un collègue ?", False),
        ("es", "El personal fue amable y competente.", True),
        ("es", "¿Nos recomendaría a un amigo o a un colega?", False),
        ("ja", "価格と品質に満足していますか", False),
    ],
)
def test_two_questions_in_one(language, text, is_double):
    assert bool(said(rating(text, language), "double_barrelled")) is is_double


def test_open_questions_may_ask_about_two_things():
    assert not said(rating("What was good and what was bad?", kind="long_text"), "double_barrelled")


@pytest.mark.parametrize(
    ("code", "language", "bad", "good"),
    [
        (
            "leading",
            "en",
            "Don't you think our support is fast?",
            "Do you think our support is fast?",
        ),
        ("leading", "de", "Finden Sie nicht auch, dass es schnell ging?", "Ging es schnell?"),
        ("leading", "fr", "C'est rapide, n'est-ce pas ?", "Est-ce rapide ?"),
        ("leading", "es", "¿No cree usted que es rápido?", "¿Es rápido?"),
        ("loaded", "en", "How do you rate our amazing support?", "How do you rate our support?"),
        (
            "loaded",
            "de",
            "Wie war unser großartiger, ja großartig schneller Service?",
            "Wie war er?",
        ),
        ("absolute", "en", "The staff are always polite.", "The staff are polite."),
        ("absolute", "es", "El personal es siempre amable.", "El personal es amable."),
        ("double_negation", "en", "I do not think it was not easy.", "I think it was easy."),
        ("negation", "en", "It was not easy.", "It was easy."),
        ("negation", "fr", "Ce n'était pas facile.", "C'était facile."),
        ("long_question", "en", "word " * 41, "word " * 40),
    ],
)
def test_phrases(code, language, bad, good):
    assert said(rating(bad, language), code)
    assert not said(rating(good, language), code)


def test_other_languages_are_not_judged_and_that_is_said():
    assert said(rating("Hyvä ja nopea?", "fi"), "wording_not_judged") == ["language"]
    assert not said(rating("Good?"), "wording_not_judged")


ENGLISH = "The cat sat on the mat. The dog ran to the big red barn. " * 6
GERMAN = "Die Katze sitzt auf dem Dach. Der Hund läuft in den Hof. " * 6
HARD = (
    "Notwithstanding organisational considerations, institutional representatives systematically "
    "underestimate administrative responsibilities throughout intercontinental communication. " * 5
)


def test_the_reading_level_has_its_formula():
    easy, hard = reading.level([ENGLISH], "en"), reading.level([HARD], "en-GB")
    assert easy.years < 2 < 15 < hard.years
    # 84 words of one syllable in 12 sentences of 7 words: 0.39 * 7 + 11.8 - 15.59, less "dog ran" and kin.
    assert easy.years == pytest.approx(0.39 * easy.words / easy.sentences + 11.8 - 15.59, abs=0.4)
    assert "Flesch-Kincaid" in easy.formula
    german = reading.level([GERMAN], "de")
    assert "Wiener" in german.formula
    assert german.years < 4
    assert reading.level([ENGLISH], "fr") is None
    assert reading.level(["Too short."], "en") is None
    assert said(survey([ask("a", help=HARD)]), "hard_to_read") == [""]


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("cat", 1),
        ("table", 2),
        ("like", 1),
        ("wanted", 2),
        ("walked", 1),
        ("reading", 2),
        ("satisfaction", 4),
    ],
)
def test_english_syllables(word, count):
    assert reading.english_syllables(word) == count


@pytest.mark.parametrize(
    ("word", "count"), [("haus", 1), ("häuser", 2), ("zufriedenheit", 4), ("straße", 2), ("ei", 1)]
)
def test_german_syllables(word, count):
    assert reading.german_syllables(word) == count


GOOD_FIRST = ["Very satisfied", "Satisfied", "Neither", "Dissatisfied", "Very dissatisfied"]


def labelled(key, labels):
    return choice(key, [{"key": f"k{n}", "label": each} for n, each in enumerate(labels)])


def test_scales_that_run_both_ways():
    one, other = labelled("a", GOOD_FIRST), labelled("b", GOOD_FIRST[::-1])
    assert said(survey([nps(), one]), "mixed_direction") == ["pages[0].questions[1]"]
    assert said(survey([one, {**one, "key": "c"}, other]), "mixed_direction") == [
        "pages[0].questions[2]"
    ]
    assert said(survey([one, {**one, "key": "c"}]), "mixed_direction") == []
    effort = ask("e", "ces", settings={"direction": "low_is_easy"})
    assert said(survey([nps(), ask("s", "csat"), effort]), "mixed_direction") == [
        "pages[0].questions[2]"
    ]
    assert said(survey([nps(), ask("s", "csat"), ask("e", "ces")]), "mixed_direction") == []


def test_labels_out_of_balance():
    assert said(
        survey([labelled("a", ["Excellent", "Very good", "Good", "Fair", "Poor"])]),
        "unbalanced_labels",
    )
    assert not said(survey([labelled("a", GOOD_FIRST)]), "unbalanced_labels")
    assert not said(survey([labelled("a", ["Red", "Green", "Blue", "Good"])]), "unbalanced_labels")


def test_lengths_of_scales():
    seven = ask("b", "likert", settings={"points": 7})
    assert said(survey([ask("a", "likert"), seven]), "mixed_lengths") == [""]
    assert not said(survey([ask("a", "likert"), nps()]), "mixed_lengths")


def rows(count):
    return ask(
        "m", "matrix_rating", rows=[{"key": f"r{n}", "label": f"R {n}"} for n in range(count)]
    )


def test_load_on_people_and_phones():
    assert said(survey([rows(8)]), "many_rows") == ["pages[0].questions[0].rows"]
    assert not said(survey([rows(7)]), "many_rows")
    comments = [ask(f"c{n}", "long_text") for n in range(5)]
    assert said(survey(comments), "many_comments") == [""]
    assert not said(survey(comments[:4]), "many_comments")


def test_a_way_out_of_a_list():
    assert said(survey([choice("q", "abcde")]), "no_way_out") == ["pages[0].questions[0].choices"]
    other = {"key": "z", "label": "Something else"}
    assert not said(survey([choice("q", [*"abcd", other])]), "no_way_out")
    assert not said(survey([choice("q", "abcd")]), "no_way_out")
    german = {"key": "z", "label": "Sonstiges"}
    assert not said(survey([choice("q", [*"abcd", german])], language="de"), "no_way_out")


def test_a_video_is_told_in_words_too():
    address = "/pictures/01a203c5-82ea-7134-9f01-4b7802c7646c"

    def film(translations=None, **settings):
        shown = {"key": "s", "kind": "statement", "text": "See", "settings": settings}
        return survey([shown, nps()], translations=translations)

    found = "pages[0].questions[0].settings.video_text"
    assert said(film(video=address, captions=address), "no_video_text") == [found]
    assert not said(film(video=address, video_text="A box"), "no_video_text")
    assert said(film(video=address), "no_captions")
    assert said(film({"de": {}}, video=address, captions=address), "no_captions")
    own = {"de": {"s.captions": address}}
    assert not said(film(own, video=address, captions=address), "no_captions")
    assert said(film(image=address), "no_picture_text")
    assert not said(film(), "no_video_text")


@pytest.mark.parametrize(
    ("show_if", "is_early"),
    [
        ("n <= 6", True),
        ("6 > n", True),
        ("is_answered(n) and n <= 6", False),
        ("n >= 9", False),
        ("not (n > 6)", False),
        ("n <= 6 and n > 2", False),
        ({"<": [0, {"var": "n"}, 7]}, False),
    ],
)
def test_what_is_shown_before_anything_is_answered(show_if, is_early):
    why = {"key": "why", "kind": "short_text", "text": "Why?", "show_if": show_if}
    found = said(survey([{**nps(), "key": "n"}, why]), "holds_unanswered")
    assert found == (["pages[0].questions[1].show_if"] if is_early else [])


def test_what_comes_first():
    income = {"key": "i", "kind": "number", "text": "What is your income?"}
    assert said(survey([income, nps(), ask("a")]), "sensitive_first") == ["pages[0].questions[0]"]
    assert not said(survey([nps(), ask("a"), income]), "sensitive_first")


def test_words_on_privacy():
    assert said(survey([nps()]), "no_privacy_text") == ["privacy"]
    assert not said(
        survey([nps()], privacy="We keep your answers for a year."),
        "no_privacy_text",
        "privacy_jargon",
    )
    lawyers = "The data controller processes data pursuant to Art. 6 GDPR."
    assert said(survey([nps()], privacy=lawyers), "privacy_jargon") == ["privacy"]
    assert said(survey([ask("e", "email")], anonymous=False), "personal_data") == [""]


def test_length_by_the_way_taken():
    extra = [ask(f"x{n}", "long_text", show_if="nps <= 4") for n in range(20)]
    found = length(survey([nps(is_required=True)], extra))
    assert found.shortest < 1 < 8 < found.longest
    assert found.minutes >= found.longest - 1
    assert said(
        survey([nps()], [ask(f"x{n}", "long_text") for n in range(60)]), "too_long", "long"
    ) == [""]


@pytest.mark.parametrize(
    ("front", "back", "ratio"),
    [
        ("#000", "#fff", 21.0),
        ("#ffffff", "#FFFFFF", 1.0),
        ("#777777", "#ffffff", 4.478),
        ("#767676", "#ffffff", 4.542),
        ("#ff0000", "#ffffff", 3.998),
        ("#0000ff", "#ffffff", 8.592),
    ],
)
def test_contrast_is_that_of_wcag(front, back, ratio):
    assert contrast(front, back) == pytest.approx(ratio, abs=0.001)
    assert contrast(back, front) == contrast(front, back)


@given(st.text(max_size=9))
def test_a_colour_is_a_colour_or_refused(text):
    if re.fullmatch(r"#([0-9a-fA-F]{3}){1,2}", text, re.ASCII):
        assert 1 <= contrast(text, "#fff") <= 21
    else:
        with pytest.raises(SurveyError, match="#1a2b3c"):
            contrast(text, "#fff")


def test_a_theme_is_judged():
    good = {"text": "#222222", "background": "#ffffff", "muted": "#595959", "accent": "#0b5cad",
            "accent_text": "#ffffff", "border": "#767676"}  # fmt: skip
    assert list(review_theme(good)) == []
    (text,) = review_theme({**good, "muted": "#777777"})
    assert (text.code, text.path) == ("low_contrast", "theme.muted")
    assert "4.47 to 1" in text.message
    (line,) = review_theme({**good, "border": "#dddddd"})
    assert "need 3 to 1" in line.message
    (wrong,) = review_theme({"text": "red", "background": "#fff"})
    assert wrong.code == "no_colour"
    assert "theme.muted" in [
        each.path for each in review(survey([nps()]), {**good, "muted": "#777"})
    ]


@pytest.mark.parametrize("name", library.names())
def test_our_templates_get_no_warning(name):
    assert [each for each in review(library.template(name)) if each.level != "note"] == []


@few
@given(definitions)
def test_no_definition_makes_it_fail_and_nothing_is_an_error(definition):
    assert {each.level for each in review(definition)} <= {"warning", "note"}


@pytest.mark.parametrize("language", vocabulary.LANGUAGES)
def test_every_language_has_every_list(language):
    words = vocabulary.of(language)
    assert set(words._patterns) == set(vocabulary.of("en")._patterns)
