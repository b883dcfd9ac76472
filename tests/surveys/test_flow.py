"""The way through a survey with logic: what is shown, skipped, carried over, judged and computed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import asking
from surveys.compiled import Compiled
from surveys.definition import Definition, dump, load
from surveys.logic import Context, draw
from tests.surveys.drawn_surveys import few


def survey(*pages, **more) -> Definition:
    listed = [page if isinstance(page, dict) else {"questions": page} for page in pages]
    return load({"title": "T", "language": "en", "pages": listed, **more})


def nps(key="nps", **more):
    return {"key": key, "kind": "nps", "text": key, **more}


def words(key, **more):
    return {"key": key, "kind": "short_text", "text": key, **more}


def choice(key, choices="abc", kind="single_choice", **more):
    listed = [
        each if isinstance(each, dict) else {"key": each, "label": each.upper()} for each in choices
    ]
    return {"key": key, "kind": kind, "text": key, "choices": listed, **more}


def shown(definition, answers, **context):
    compiled = Compiled(definition)
    context = Context(**context)
    cleaned = compiled.clean_all(answers, partial=True, context=context)
    assert cleaned.is_valid, cleaned.errors
    route = compiled.flow.walk(cleaned.answers, context)
    return [[question.key for question in stop.questions] for stop in route.stops]


def kept(definition, answers, **context):
    return set(
        Compiled(definition).clean_all(answers, partial=True, context=Context(**context)).answers
    )


def refused(definition, answers, **context):
    return dict(Compiled(definition).clean_all(answers, context=Context(**context)).codes)


@pytest.mark.parametrize(
    ("score", "expected"),
    [(3, [["nps"], ["why"]]), (9, [["nps"], ["joy"]]), (7, [["nps"]]), (None, [["nps"]])],
)
def test_a_condition_shows_a_question_and_its_page(score, expected):
    found = survey(
        [nps()],
        [words("why", show_if="is_answered(nps) and nps <= 6"), words("joy", show_if="nps >= 9")],
    )
    assert shown(found, {"nps": score}) == expected


def test_an_answer_to_a_hidden_question_does_not_count():
    found = survey(
        [choice("a", "xy")],
        [choice("b", "xy", show_if='a == "x"')],
        [words("c", show_if='b == "x"')],
    )
    assert kept(found, {"a": "x", "b": "x", "c": "!"}) == {"a", "b", "c"}
    assert kept(found, {"a": "y", "b": "x", "c": "!"}) == {"a"}


def test_required_holds_only_for_what_is_shown():
    found = survey([choice("a", "xy")], [words("b", is_required=True, show_if='a == "x"')])
    assert refused(found, {"a": "y"}) == {}
    assert refused(found, {"a": "x"}) == {"b": "required"}


def test_required_on_a_condition():
    found = survey([choice("a", "xy"), words("b", required_if='a == "x"')])
    assert refused(found, {"a": "x"}) == {"b": "required"}
    assert refused(found, {"a": "y"}) == {}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"a": "a"}, [["a"], ["c"]]),
        ({"a": "b"}, [["a"]]),
        ({"a": "c"}, [["a"], ["b"], ["c"]]),
        ({}, [["a"], ["b"], ["c"]]),
    ],
)
def test_skips_lead_on_or_end(answers, expected):
    first = {
        "key": "one",
        "questions": [choice("a")],
        "skips": [{"to": "three", "when": 'a == "a"'}, {"to": "end", "when": 'a == "b"'}],
    }
    found = survey(first, [words("b")], {"key": "three", "questions": [words("c")]})
    assert shown(found, answers) == expected


def test_a_skip_backwards_is_passed_over():
    back = {"key": "two", "questions": [words("b")], "skips": [{"to": "one"}]}
    found = survey({"key": "one", "questions": [words("a")]}, back, [words("c")])
    assert shown(found, {}) == [["a"], ["b"], ["c"]]


def test_blocks_are_shown_together():
    blocks = [{"key": "gold", "show_if": '_data.tier == "gold"'}]
    found = survey(
        [words("a")],
        {"block": "gold", "questions": [words("b")]},
        {"block": "gold", "questions": [words("c")]},
        blocks=blocks,
        data=[{"key": "tier"}],
    )
    assert shown(found, {}, data={"tier": "gold"}) == [["a"], ["b"], ["c"]]
    assert shown(found, {}, data={"tier": "lead"}) == [["a"]]


def test_choices_and_rows_on_conditions():
    found = survey(
        [choice("a", "xy")],
        [
            choice("b", ["p", {"key": "q", "label": "Q", "show_if": 'a == "x"'}, "r"]),
            {
                "key": "m",
                "kind": "matrix_single",
                "text": "m",
                "choices": [{"key": "1", "label": "1"}, {"key": "2", "label": "2"}],
                "rows": [
                    {"key": "r1", "label": "r1"},
                    {"key": "r2", "label": "r2", "show_if": 'a == "x"'},
                ],
            },
        ],
    )
    answers = {"b": "q", "m": {"r1": "1", "r2": "2"}}
    assert kept(found, {"a": "x", **answers}) == {"a", "b", "m.r1", "m.r2"}
    assert kept(found, {"a": "y", **answers}) == {"a", "m.r1"}


def test_choices_are_carried_over():
    found = survey(
        [
            choice(
                "a",
                ["p", "q", {"key": "o", "label": "Other", "takes_text": True}],
                "multiple_choice",
            )
        ],
        [
            choice("b", [], choices_from={"question": "a"}),
            choice("c", [], choices_from={"question": "a", "which": "not_chosen"}),
        ],
    )
    compiled = Compiled(found)
    answers = compiled.clean_all({"a": ["p", "o"], "a.o.text": "Fax"}).answers
    route = compiled.flow.walk(answers, Context())
    labels = {q.key: [each.label for each in q.choices] for q in route.stops[1].questions}
    assert labels == {"b": ["P", "Fax"], "c": ["Q"]}
    assert kept(found, {"a": ["p"], "b": "p"}) == {"a", "b"}
    assert kept(found, {"a": ["q"], "b": "p"}) == {"a"}
    assert shown(found, {"a": ["p", "q", "o"]})[1] == ["b"]


def test_rows_are_carried_over():
    matrix = {
        "key": "m",
        "kind": "matrix_rating",
        "text": "m",
        "rows_from": {"question": "a"},
    }
    found = survey([choice("a", "pqr", "multiple_choice")], [matrix])
    assert kept(found, {"a": ["p", "r"], "m.p": 3, "m.q": 4, "m.r": 5}) == {"a", "m.p", "m.r"}


@pytest.mark.parametrize(("value", "expected"), [(3, 6.0), (None, None)])
def test_values_are_calculated_and_read(value, expected):
    found = survey(
        [
            {"key": "n", "kind": "number", "text": "n"},
            {
                "key": "twice",
                "kind": "calculated",
                "text": "",
                "value": "if(is_answered(n), n * 2, null)",
            },
        ],
        [words("b", show_if="twice > 5")],
    )
    answers = Compiled(found).clean_all({"n": value}, context=Context()).answers
    assert (answers["twice"].number if "twice" in answers else None) == expected
    assert len(shown(found, {"n": value})) == (2 if value else 1)


def test_a_check_across_questions_says_its_own_words():
    check = {"valid_if": "b >= a", "message": "The end comes after the beginning."}
    found = survey(
        [
            {"key": "a", "kind": "number", "text": "a"},
            {"key": "b", "kind": "number", "text": "b", "checks": [check]},
        ]
    )
    cleaned = Compiled(found).clean_all({"a": 5, "b": 3})
    assert cleaned.errors == {"b": "The end comes after the beginning."}
    assert Compiled(found).clean_all({"a": 3, "b": 5}).is_valid


def test_what_is_asked_for_softly_is_asked_for_once():
    found = Compiled(survey([words("a", is_requested=True)]))
    assert found.clean_form_page(0, {}).codes == {"a": "requested"}
    assert found.clean_form_page(0, {"_left": ["a"]}).is_valid
    assert found.clean_all({}).is_valid


def test_a_question_brought_up_on_the_same_page_is_not_an_error_yet():
    found = Compiled(survey([choice("a", "xy"), words("b", is_required=True, show_if='a == "x"')]))
    page = found.clean_form_page(0, {"a": ["x"], "_seen": ["a"]})
    assert page.is_valid
    assert page.unseen == ("b",)
    assert found.clean_form_page(0, {"a": ["x"], "_seen": ["a", "b"]}).codes == {"b": "required"}
    assert found.clean_form_page(
        0, {"a": ["y"], "b": ["!"], "_seen": ["a", "b"]}
    ).answers.keys() == {"a"}


def test_text_beside_a_choice():
    other = {"key": "o", "label": "Other", "takes_text": True, "is_text_required": True}
    found = survey([choice("a", ["x", other])], [words("b", show_if='_text.a.o == "Fax"')])
    assert refused(found, {"a": "o"}) == {"a.o.text": "required"}
    assert refused(found, {"a": "x"}) == {}
    assert shown(found, {"a": "o", "a.o.text": "Fax"}) == [["a"], ["b"]]


def test_random_orders_are_the_same_for_the_same_seed_and_fair():
    found = Compiled(
        survey(
            [
                choice(
                    "a",
                    ["p", "q", "r", {"key": "o", "label": "Other", "takes_text": True}],
                    choice_order="random",
                )
            ]
        )
    )
    first = {
        seed: found.flow.walk({}, Context(seed=seed)).stops[0].questions[0]
        for seed in map(str, range(300))
    }
    orders = [tuple(each.key for each in question.choices) for question in first.values()]
    assert all(order[-1] == "o" for order in orders)
    assert len(set(orders)) == 6
    assert all(orders.count(order) > 25 for order in set(orders))
    again = found.flow.walk({}, Context(seed="7")).stops[0].questions[0]
    assert again == first["7"]


def test_a_randomizer_shows_some_of_its_blocks():
    blocks = [{"key": key, "randomizer": "arm"} for key in "xyz"]
    pages = [{"block": key, "questions": [words(f"q{key}")]} for key in "xyz"]
    found = survey(
        [words("first")],
        *pages,
        [words("last")],
        blocks=blocks,
        randomizers=[{"key": "arm", "show": 1}],
    )
    ways = [shown(found, {}, seed=str(seed)) for seed in range(300)]
    assert {len(way) for way in ways} == {3}
    assert all(way[0] == ["first"] and way[-1] == ["last"] for way in ways)
    counts = [sum(way[1] == [f"q{key}"] for way in ways) for key in "xyz"]
    assert min(counts) > 70
    assert shown(found, {}, seed="1", drawn={"arm": ["z"]})[1] == ["qz"]


def test_the_feeling_of_a_comment_leads_the_way():
    found = survey(
        [{"key": "c", "kind": "long_text", "text": "c"}],
        [words("sorry", show_if="_sentiment.c < 0")],
    )
    feeling = lambda text, language: -0.5 if "bad" in text else 0.5  # noqa: E731
    assert shown(found, {"c": "so bad"}, feeling=feeling) == [["c"], ["sorry"]]
    assert shown(found, {"c": "nice"}, feeling=feeling) == [["c"]]
    assert shown(found, {"c": "so bad"}) == [["c"]]


def test_endings_are_chosen_by_condition_and_by_skip():
    endings = [
        {"key": "out", "text": "Not for you.", "is_screen_out": True},
        {"key": "sad", "text": "Sorry.", "show_if": "nps <= 6"},
        {"key": "rest", "text": "Thanks, {{name|you}}."},
    ]
    first = {"questions": [nps(), words("name")], "skips": [{"to": "out", "when": "nps == 5"}]}
    found = Compiled(survey(first, [words("z")], endings=endings))

    def ending(**values):
        route = found.flow.walk(found.clean_all(values).answers, Context())
        return asking.ended(route.ending, found, route).text

    assert ending(nps=3) == "Sorry."
    assert ending(nps=5) == "Not for you."
    assert ending(nps=9, name="Ada") == "Thanks, Ada."
    assert ending(nps=9) == "Thanks, you."


def test_answers_are_piped_once_and_by_their_words():
    found = Compiled(
        survey(
            [choice("a", ["x", "y"]), words("b")],
            [
                words(
                    "c",
                    text="You said {{a}} and {{b|nothing}}; {{_data.tier}}{{_data.secret}}{{c}}\\{{",
                )
            ],
            data=[{"key": "tier"}],
        )
    )
    answers = found.clean_all({"a": "x", "b": "{{a}} <b>"}).answers
    context = Context(data={"tier": "gold", "secret": "s"})
    page = asking.ask(found, 1, answers, context).page
    assert page.questions[0].text == "You said X and {{a}} <b>; gold{{"
    assert (
        asking.ask(found, 1, {}, context).page.questions[0].text == "You said  and nothing; gold{{"
    )


def test_entries_are_numbered_and_whole():
    entries = {
        "key": "e",
        "kind": "entries",
        "text": "e",
        "parts": [words("name", is_required=True), {"key": "age", "kind": "number", "text": "age"}],
        "settings": {"minimum": 1, "maximum": 3},
    }
    found = survey([entries], [words("z", show_if="e.2.age >= 18")])
    assert kept(found, {"e": [{"name": "A"}, {"name": "B", "age": 20}]}) == {
        "e.1.name",
        "e.2.name",
        "e.2.age",
    }
    assert len(shown(found, {"e": [{"name": "A"}, {"name": "B", "age": 20}]})) == 2
    assert refused(found, {"e": [{"age": 20}]}) == {"e": "entry_incomplete"}


@pytest.mark.parametrize(
    ("kind", "more", "value", "code"),
    [
        ("constant_sum", {}, {"a": 60, "b": 40}, None),
        ("constant_sum", {}, {"a": 60, "b": 30}, "total"),
        ("ranking", {}, ["b", "a", "c"], None),
        ("ranking", {}, ["b", "b", "c"], "rank_twice"),
        ("ranking", {}, ["b", "c"], "rank_all"),
        ("ranking", {"settings": {"minimum": 1}}, ["b"], None),
        (
            "max_diff",
            {"settings": {"sets": 1, "size": 3}},
            {"1": {"best": "a", "worst": "a"}},
            "best_is_worst",
        ),
        (
            "max_diff",
            {"settings": {"sets": 1, "size": 3}},
            {"1": {"best": "a", "worst": "b"}},
            None,
        ),
    ],
)
def test_weighing_choices(kind, more, value, code):
    found = survey([choice("q", "abc", kind, **more)])
    codes = refused(found, {"q": value})
    assert codes == ({} if code is None else {"q": code})


def test_rows_each_once_and_at_least():
    matrix = {
        "key": "m",
        "kind": "matrix_single",
        "text": "m",
        "is_required": True,
        "choices": [{"key": key, "label": key} for key in "123"],
        "rows": [{"key": key, "label": key} for key in "abc"],
        "settings": {"is_unique": True, "least_rows": 2},
    }
    found = survey([matrix])
    assert refused(found, {"m": {"a": "1"}}) == {"m": "too_few_rows"}
    assert refused(found, {"m": {"a": "1", "b": "1"}}) == {"m": "not_unique"}
    assert refused(found, {"m": {"a": "1", "b": "2"}}) == {}


def test_none_of_these_goes_with_nothing():
    none = {"key": "n", "label": "None", "is_exclusive": True}
    found = survey([choice("q", ["a", "b", none], "multiple_choice", settings={"minimum": 2})])
    assert refused(found, {"q": ["n"]}) == {}
    assert refused(found, {"q": ["a", "n"]}) == {"q": "exclusive"}


def test_another_language_falls_back_text_by_text():
    found = Compiled(
        survey(
            [choice("a", "xy"), {"key": "b", "kind": "yes_no", "text": "Sure?"}],
            translations={"de": {"a.text": "Was?", "a.choices.x": "Ix"}},
        )
    )
    german = found.speaking("de").definition
    assert [german.questions[0].text, *(each.label for each in german.questions[0].choices)] == [
        "Was?",
        "Ix",
        "Y",
    ]
    assert [each.label for each in german.questions[1].choices] == ["Ja", "Nein"]
    assert german.questions[1].text == "Sure?"
    assert found.speaking("fr") is found


@few
@given(st.text(max_size=20), st.text(max_size=20))
def test_a_draw_is_a_number_of_32_bits_that_depends_on_both(seed, name):
    assert 0 <= draw(seed, name) < 2**32
    assert draw(seed, name) == draw(seed, name)


def test_the_sets_of_best_and_worst_are_the_same_in_any_order():
    found = Compiled(survey([choice("q", "abcde", "max_diff", choice_order="random")]))
    asked = [
        found.flow.walk({}, Context(seed=str(seed))).stops[0].questions[0] for seed in range(9)
    ]
    assert {tuple(each.key for each in question.choices) for question in asked} == {tuple("abcde")}


def test_defaults_stand_on_a_page_until_something_is_answered():
    found = Compiled(
        survey(
            [
                choice("a", default="b"),
                words("b", default={"cat": ["Hello ", {"var": "_data.name"}]}),
            ],
            [choice("c", "abc", "multiple_choice", default=["a", "c"])],
            data=[{"key": "name"}],
        )
    )
    context = Context(data={"name": "Ada"})
    assert asking.ask(found, 0, {}, context).defaults == {"a": "b", "b": "Hello Ada"}
    assert asking.ask(found, 1, {}, context).defaults == {"c": ["a", "c"]}
    answers = found.clean_all({"a": "c"}).answers
    assert asking.ask(found, 0, answers, context).defaults == {}


def test_a_ranking_asks_for_the_choices_that_are_offered():
    found = survey(
        [choice("a", "xy")],
        [
            choice(
                "r",
                ["p", "q", {"key": "s", "label": "S", "show_if": 'a == "x"'}],
                "ranking",
                is_required=True,
            )
        ],
    )
    assert refused(found, {"a": "y", "r": ["q", "p"]}) == {}
    assert refused(found, {"a": "x", "r": ["q", "p"]}) == {"r": "rank_all"}
    page = Compiled(found).clean_form_page(
        1, {"r": ["q=1", "p=2"]}, Compiled(found).clean_all({"a": "y"}, partial=True).answers
    )
    assert page.is_valid


@pytest.mark.parametrize("logic", ['"abc"', '"a b"', "true", "12", "a"])
def test_constant_logic_is_kept(logic):
    made = survey([words("a"), {"key": "v", "kind": "calculated", "text": "", "value": logic}])
    assert load(dump(made)) == made


def test_words_beside_a_choice_are_piped_by_either_name():
    other = {"key": "o", "label": "Other", "takes_text": True}
    found = Compiled(
        survey([choice("a", ["x", other])], [words("b", text="{{_text.a.o}} {{a.o.text}}")])
    )
    answers = found.clean_all({"a": "o", "a.o.text": "Fax"}).answers
    assert asking.ask(found, 1, answers, Context()).page.questions[0].text == "Fax Fax"
