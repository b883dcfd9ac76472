"""How a survey looks: colours that can be read, stylesheets known by their name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import theme
from surveys.colour import contrast
from surveys.definition import dump, load
from surveys.errors import DefinitionError
from tests.surveys.drawn_surveys import few

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
SURVEY = {
    "title": "T",
    "language": "en",
    "pages": [{"questions": [{"key": "q", "kind": "nps", "text": "?"}]}],
}


@few
@given(colours)
def test_what_stands_on_a_colour_is_read_and_its_dark_twin_too(colour):
    shown = theme.colours({"brand": colour})
    assert contrast(shown["on_brand"], shown["brand"]) >= 4.5
    assert contrast(shown["brand_dark"], theme.DARK_PAGE) >= 4.5
    assert contrast(shown["on_brand_dark"], shown["brand_dark"]) >= 4.5


def test_a_colour_between_light_and_dark_is_written_on_in_black():
    assert contrast(theme.upon("#797979"), "#797979") >= 4.5


@few
@given(colours, st.sampled_from(sorted(theme.FONTS)))
def test_a_stylesheet_is_known_by_its_name(colour, font):
    style = theme.stylesheet(theme.name_of({"brand": colour, "font": font}))
    assert style is not None
    assert f"--brand: {colour}" in style
    assert theme.FONTS[font] in style


@pytest.mark.parametrize(
    "name",
    ["", "x", "2a55c4", "2a55c4-8fb1ff-comic", "2A55C4-8fb1ff-serif", "}}body{x-8fb1ff-serif"],
)
def test_other_names_have_none(name):
    assert theme.stylesheet(name) is None


def test_a_theme_is_part_of_the_definition():
    made = load({**SURVEY, "theme": {"brand": "#aa0000", "font": "serif"}})
    assert load(dump(made)) == made
    assert "theme" not in dump(load(SURVEY))


@pytest.mark.parametrize(
    "given_theme",
    [
        {"brand": "red"},
        {"font": "comic"},
        {"logo": "https://evil.example/x.png"},
        {"x": "y"},
        "red",
        {"brand": 1},
    ],
)
def test_a_theme_that_is_none_is_refused(given_theme):
    with pytest.raises(DefinitionError):
        load({**SURVEY, "theme": given_theme})


def test_pale_colours_are_told():
    assert set(theme.weak({"brand": "#ffff66"})) == {"brand"}
    assert theme.weak({"brand": "#2a55c4"}) == {}
