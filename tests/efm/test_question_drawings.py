"""Every kind of question as it is drawn: what a browser sends without scripts is read as it was meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import render_template

from efm.web.flask import EfmFlask
from efm.web.pages.gallery_questions import longest, survey
from surveys import kinds, translations
from surveys.compiled import Compiled
from surveys.kinds.ordering import sets_of
from surveys.parts import Definition
from tests.surveys.kind_examples import answered, as_form, example, loaded

TAKES_TYPING = ("text", "tel", "date", "time", "datetime-local")
VOID = ("input", "meta", "link", "img", "path", "circle", "br")


class Drawn(HTMLParser):
    """A page as a browser knows it: elements with their attributes, fields, and the words of each label."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[int, list[str]] = {}
        self.wraps: dict[int, int] = {}
        self.texts: dict[int, str] = {}
        self.menus: dict[int, list[dict[str, str | None]]] = {}
        self._open: list[int] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        place = len(self.elements)
        self.elements.append((tag, dict(attrs)))
        for parent in self._open:
            if self.elements[parent][0] == "label":
                self.wraps[place] = parent
            if self.elements[parent][0] == "select" and tag == "option":
                self.menus.setdefault(parent, []).append(dict(attrs))
        if tag not in VOID:
            self._open.append(place)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self.elements[self._open.pop()][0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for parent in self._open:
            self.words.setdefault(parent, []).append(data)
            if self.elements[parent][0] == "textarea":
                self.texts[parent] = self.texts.get(parent, "") + data

    def said(self, place: int) -> str:
        return " ".join("".join(self.words.get(place, ())).split())

    def fields(self) -> Iterator[tuple[int, str, dict[str, str | None]]]:
        for place, (tag, given) in enumerate(self.elements):
            if tag in ("input", "select", "textarea") and given.get("type") != "hidden":
                yield place, tag, given

    def ids(self) -> list[str]:
        return [str(given["id"]) for _, given in self.elements if given.get("id")]

    def label(self, place: int) -> str:
        """The words of the label of a field; empty where it has none."""
        if place in self.wraps:
            return self.said(self.wraps[place])
        own = self.elements[place][1].get("id")
        labels = [
            self.said(at)
            for at, (tag, given) in enumerate(self.elements)
            if tag == "label" and own and given.get("for") == own
        ]
        return " ".join(labels)

    def sent(self) -> dict[str, list[str]]:
        """What the form sends as it stands."""
        form: dict[str, list[str]] = {}
        for place, tag, given in self.fields():
            name, value = given.get("name"), given.get("value") or ""
            if tag == "select":
                options = self.menus[place]
                value = next((o for o in options if "selected" in o), options[0])["value"] or ""
            elif tag == "textarea":
                # A browser leaves out the first line break of a text box.
                value = self.texts.get(place, "").removeprefix("\n")
            elif given.get("type") in ("radio", "checkbox") and "checked" not in given:
                continue
            elif given.get("type") == "file":
                continue  # Files travel beside the fields and are put in their place on arrival.
            form.setdefault(str(name), []).append(value)
        return form

    def takes(self, name: str, value: str) -> bool:
        """Whether a person can make the form send this value under this name."""
        for place, tag, given in self.fields():
            if given.get("name") != name:
                continue
            if given.get("type") == "file":
                return True
            if tag == "textarea" or (tag == "input" and given.get("type") in TAKES_TYPING):
                return True
            if tag == "select" and value in [option.get("value") for option in self.menus[place]]:
                return True
            if given.get("type") in ("radio", "checkbox") and given.get("value") == value:
                return True
        return False


@pytest.fixture
def draw(app: EfmFlask) -> Any:
    """Draws the page of a definition with values and errors."""

    def drawn(definition: Definition, values: Any = None, errors: Any = None, **more: Any) -> Drawn:
        with app.test_request_context("/s/"):
            html = render_template(
                "answer/page.html",
                definition=definition,
                page=definition.pages[0],
                page_index=0,
                page_count=1,
                values=values or {},
                errors=errors or {},
                t=partial(translations.text, definition.language),
                language=definition.language,
                direction=definition.direction,
                **more,
            )
        return Drawn(html)

    return drawn


ASKED = [name for name in kinds.names() if kinds.kind(name).is_asked and name != "statement"]


@pytest.mark.parametrize("name", ASKED)
def test_what_is_sent_is_what_was_meant(draw: Any, name: str) -> None:
    definition = loaded(example(name))
    compiled = Compiled(definition)
    question = definition.question("q")
    page = draw(definition)
    assert compiled.clean_form_page(0, page.sent()).answers == {}, "unanswered stays unanswered"
    values = answered(question)
    form = as_form(question, values)
    assert set(form) == {atom.key for atom in kinds.atoms(question)}
    for key, typed in form.items():
        assert all(page.takes(key, each) for each in typed), key
    meant = compiled.clean_all(values)
    assert not meant.errors
    assert len(meant.answers) == len(values)
    assert compiled.clean_form_page(0, form).answers == meant.answers
    again = draw(definition, values)
    assert compiled.clean_form_page(0, again.sent()).answers == meant.answers, "saved ones return"
    typed_again = {key: each if len(each) > 1 else each[0] for key, each in form.items()}
    again = draw(definition, typed_again)
    assert compiled.clean_form_page(0, again.sent()).answers == meant.answers, "typed ones return"


@pytest.mark.parametrize("name", ASKED)
def test_each_field_says_what_it_asks(draw: Any, name: str) -> None:
    definition = loaded(example(name) | {"is_required": True, "help": "Some help."})
    question = definition.question("q")
    atoms = [atom.key for atom in kinds.atoms(question)]
    errors = dict.fromkeys(["q", *atoms], "Please look again.")
    for page in (draw(definition), draw(definition, {}, errors)):
        twice = [name for name, count in Counter(page.ids()).items() if count > 1]
        assert not twice
        for place, _, given in page.fields():
            assert page.label(place), given
        for tag, given in page.elements:
            for named in ("aria-describedby", "aria-labelledby", "for"):
                for each in (given.get(named) or "").split():
                    assert each in page.ids(), (tag, each)
    links = [str(given["href"]) for tag, given in page.elements if tag == "a"]
    assert links[0] == "#q-q"
    assert {f"#q-{key}" for key in atoms} <= set(links)
    assert all(link.removeprefix("#") in page.ids() for link in links)
    assert sum("autofocus" in given for _, given in page.elements) == 1
    count = sum(
        "Please look again." in page.said(at)
        for at, (tag, _) in enumerate(page.elements)
        if tag in ("p", "span")
    )
    assert count >= len(set(errors))


def test_numbers_of_every_row_share_their_name_with_nobody(draw: Any) -> None:
    page = draw(longest())
    twice = [name for name, count in Counter(page.ids()).items() if count > 1]
    assert not twice
    for place, _, given in page.fields():
        assert page.label(place), given


def test_the_gallery_shows_every_kind() -> None:
    assert {question.kind for question in survey().questions} == set(kinds.names())


@pytest.mark.parametrize("name", ["calculated", "hidden"])
def test_what_nobody_is_asked_is_not_drawn(draw: Any, name: str) -> None:
    page = draw(loaded(example(name), {"key": "other", "kind": "nps", "text": "?"}))
    assert {given.get("name") for _, _, given in page.fields()} == {"other"}
    assert "q-q" not in page.ids()


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"low": -5, "high": 5}, "radio"),
        ({"low": 0, "high": 100}, "text"),
        ({"low": 1, "high": 13, "labels": [f"Word {n}" for n in range(13)]}, "radio"),
    ],
)
def test_a_scale_of_any_length(draw: Any, settings: dict[str, Any], shown: str) -> None:
    definition = loaded({"key": "q", "kind": "scale", "text": "?", "settings": settings})
    page = draw(definition, {"q": settings["high"]})
    assert {given.get("type") for _, _, given in page.fields()} == {shown}
    answers = Compiled(definition).clean_form_page(0, page.sent()).answers
    assert answers["q"].number == settings["high"]


def test_a_slider_of_few_stops_is_pressed_and_another_is_typed(draw: Any) -> None:
    few = {"key": "q", "kind": "slider", "text": "?", "settings": {"step": 10, "low_label": "None"}}
    page = draw(loaded(few))
    assert [given["value"] for _, _, given in page.fields()] == [str(n) for n in range(0, 101, 10)]
    many = few | {"settings": {"low_label": "None", "high_label": "All", "step": 5}}
    page = draw(loaded(many))
    ((_, _, given),) = page.fields()
    assert given["inputmode"] == "decimal"
    help_place = next(at for at, (_, g) in enumerate(page.elements) if g.get("id") == "q-q-help")
    assert page.said(help_place) == "From 0 (None) to 100 (All) · In steps of 5"


def test_the_buttons_of_a_set_say_column_and_row(draw: Any) -> None:
    definition = loaded(example("max_diff"))
    page = draw(definition)
    said = {page.label(place) for place, _, _ in page.fields()}
    assert said == {f"{end}: Choice {key}" for end in ("Best", "Worst") for key in "abcde"}
    sets = sets_of(definition.question("q"))
    assert sum(tag == "table" for tag, _ in page.elements) == len(sets)


def test_pictures_come_from_here_only(draw: Any) -> None:
    addresses = [
        "/media/a.png",
        "data:image/png;base64,AA",
        "//else.example/a.png",
        "https://else.example/a",
    ]
    choices = [{"key": f"c{n}", "label": "L", "image": at} for n, at in enumerate(addresses)]
    page = draw(loaded({"key": "q", "kind": "single_choice", "text": "?", "choices": choices}))
    shown = [given["src"] for tag, given in page.elements if tag == "img"]
    assert shown == addresses[:2]


def test_entries_unfold_one_after_another(draw: Any) -> None:
    definition = loaded(example("entries"))
    assert sum(tag == "details" for tag, _ in draw(definition).elements) == 4
    page = draw(definition, {"q.3.p1": "Third"})
    assert sum(tag == "details" for tag, _ in page.elements) == 2, "what is filled in stands open"


def test_the_page_says_what_was_seen_and_left(draw: Any) -> None:
    definition = loaded(example("nps"), example("email") | {"key": "mail"})
    hidden = [
        (given["name"], given["value"])
        for _, given in draw(definition, left=["mail"], has_inner_logic=True).elements
        if given.get("type") == "hidden"
    ]
    assert hidden[1:] == [("_left", "mail"), ("_seen", "q"), ("_seen", "mail")]
    plain = [given for _, given in draw(definition).elements if given.get("type") == "hidden"]
    assert len(plain) == 1


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_particulars_are_named_in_the_language_of_the_page(app: EfmFlask, language: str) -> None:
    definition = loaded(example("address"))
    with app.test_request_context("/s/"):
        html = render_template(
            "gallery_answer.html",
            questions=definition.questions,
            values={},
            errors={},
            t=partial(translations.text, language),
        )
    assert translations.text(language, "particulars.street") in html


@pytest.mark.parametrize("name", ASKED)
def test_a_page_with_its_styles_is_small(app: EfmFlask, name: str) -> None:
    question = example(name)
    if "rows" in question:
        # A grid asks several questions in each row, here one of eleven points among them.
        count = 5 if "parts" in question else 10
        question["rows"] = [{"key": f"row_{n}", "label": f"Row number {n}"} for n in range(count)]
    definition = loaded(question)
    with app.test_request_context("/s/"):
        html = render_template(
            "answer/page.html",
            definition=definition,
            page=definition.pages[0],
            page_index=0,
            page_count=1,
            values={},
            errors={},
            t=partial(translations.text, "en"),
        )
    styles = (Path(app.root_path) / "static" / "answer.css").read_bytes()
    assert len(html.encode()) + len(styles) < 30_000
