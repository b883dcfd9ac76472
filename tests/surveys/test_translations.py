"""The respondent's words: every language complete, with the same blanks as English."""

from __future__ import annotations

from string import Formatter

import pytest

from surveys import kinds, translations
from surveys.definition import Question
from surveys.errors import UnknownName


def blanks(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_every_language_has_all_words_with_the_same_blanks(language):
    words = translations._words(language)
    assert tuple(words) == translations.keys()
    for key, english in translations._words("en").items():
        assert blanks(words[key]) == blanks(english), key
        assert words[key].strip() == words[key] != "", key


@pytest.mark.parametrize("language", translations.LANGUAGES[1:])
def test_no_language_leaves_a_sentence_in_english(language):
    words = translations._words(language)
    same = [
        key
        for key, english in translations._words("en").items()
        if words[key] == english and len(english.split()) > 2
    ]
    assert same == []


def test_a_regional_language_reads_its_base_and_an_unknown_one_english():
    assert translations.text("pt-BR", "next") == translations.text("pt", "next") == "Avançar"
    assert translations.text("fi", "next") == translations.text("en", "next")
    assert translations.base("de-AT") == "de"
    assert translations.base("arn") == "en"


def test_blanks_are_filled():
    assert translations.text("en", "progress", page=2, pages=5) == "Page 2 of about 5"
    assert translations.text("de", "progress", page=2, pages=5) == "Seite 2 von etwa 5"


def test_a_value_with_braces_stays_as_it_is():
    words = translations.text("en", "privacy.asked_by", organization="{secret} {0.__class__}")
    assert words == "Asked by {secret} {0.__class__}"


def test_an_unknown_key_is_refused():
    with pytest.raises(UnknownName, match="nonsense"):
        translations.text("de", "nonsense")


def test_a_language_switch_names_each_language_in_itself():
    names = translations.language_names()
    assert names["de"] == "Deutsch"
    assert names["ja"] == "日本語"
    assert len(set(names.values())) == len(translations.LANGUAGES) == 12


def test_the_ends_of_every_scale_have_words():
    for name in kinds.names():
        ends = kinds.kind(name).ends(Question("q", name, "?"))
        if kinds.kind(name).points(Question("q", name, "?")):
            assert ends is not None
            assert all(translations.text("en", f"{key}") for key in ends)
        else:
            assert ends is None


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("en-GB,en;q=0.9,de;q=0.8", "en"), ("pt", "pt-BR"), ("pt-PT", "pt-BR"), ("PT-br", "pt-BR"),
        ("fi, sv;q=0.5", "en"), ("", "en"), ("*", "en"), ("de;q=0, pt;q=0.1", "pt-BR"), ("de;q=0.2,pt;q=0.7", "pt-BR"), ("zh-Hant-TW", "zh-Hant"),
        ("zh-Hans-CN", "zh-Hant"), (";;;q=,,-,--", "en"), ("de;q=banana", "de"), pytest.param("x" * 100_000, "en", id="long"),
    ],
)  # fmt: skip
def test_the_language_a_browser_prefers(accepted: str, language: str) -> None:
    assert translations.best(accepted, ("en", "de", "pt-BR", "zh-Hant")) == language
