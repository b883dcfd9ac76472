"""Pages asked once for each of several things: who has a turn, in which order, under which keys."""

from __future__ import annotations

import pytest

from surveys import asking, codebook
from surveys.compiled import Compiled
from surveys.definition import dump, load
from surveys.errors import DefinitionError
from surveys.localizing import untranslated
from surveys.logic import Context
from surveys.looping import unrolled
from surveys.proof import errors, prove
from surveys.respondents import simulate
from tests.surveys.test_entries import entries, grid, number
from tests.surveys.test_flow import choice, kept, shown, survey, words

BRANDS = [
    {"key": "a", "label": "Aqua"},
    {"key": "b", "label": "Bolt"},
    {"key": "other", "label": "Other", "takes_text": True},
]


def used(kind="multiple_choice", **more):
    return choice("used", more.pop("choices", BRANDS), kind, **more)


def looped(*questions, key="each", **loop):
    more = loop.pop("page", {})
    return {"key": key, "loop": {"over": "used", **loop}, "questions": list(questions), **more}


SCORE = {"key": "score", "kind": "scale", "text": "How is {{_loop.text}}?", "is_required": True}
WHY = words("why", show_if="is_answered(score) and score <= 2")


def asked(definition, answers, seed=""):
    """The pages on the way of these answers, by their keys."""
    compiled = Compiled(definition)
    context = Context(seed=seed)
    route = compiled.flow.walk(
        compiled.clean_all(answers, partial=True, context=context).answers, context
    )
    return [compiled.definition.pages[stop.place].key for stop in route.stops]


@pytest.mark.parametrize(
    ("which", "source", "answers", "expected"),
    [
        ("chosen", used(), {"used": ["a", "other"]}, ["each.a", "each.other"]),
        ("not_chosen", used(), {"used": ["a"]}, ["each.b", "each.other"]),
        ("offered", used(), {}, ["each.a", "each.b", "each.other"]),
        ("chosen", used("single_choice"), {"used": "b"}, ["each.b"]),
        ("chosen", used("ranking", settings={"minimum": 1}), {"used": ["b", "a"]}, ["each.a", "each.b"]),
        (
            "chosen",
            used("matrix_rating", choices=[], rows=BRANDS[:2]),
            {"used": {"b": 3}},
            ["each.b"],
        ),
        ("offered", used("matrix_rating", choices=[], rows=BRANDS[:2]), {}, ["each.a", "each.b"]),
        ("chosen", used("constant_sum"), {"used.a": 0, "used.b": 100}, ["each.b"]),
        ("chosen", number("used", settings={"maximum": 3}), {"used": 2}, ["each.1", "each.2"]),
        ("chosen", {**entries(words("x")), "key": "used"}, {"used": [{"x": "A"}, {}, {"x": "C"}]},
         ["each.1", "each.3"]),
        ("chosen", {**grid(words("x"), words("y")), "key": "used"}, {"used": {"b": {"y": "?"}}}, ["each.b"]),
    ],
    ids=["several", "not chosen", "all", "one", "ranked", "rows answered", "all rows", "shares",
         "a number", "entries", "rows of a grid"],
)  # fmt: skip
def test_who_has_a_turn(which, source, answers, expected):
    assert asked(survey([source], looped(SCORE, which=which)), answers)[1:] == expected


def test_answers_are_kept_by_what_they_are_about():
    found = survey([used()], looped(SCORE, WHY), [words("z", show_if="score.a <= 2")])
    given = {"used": ["a", "other"], "score": {"a": 1, "b": 2, "other": 5}, "z": "!"}
    given |= {"why.a": "bad", "why.other": "good"}
    assert kept(found, given) == {"used", "score.a", "score.other", "why.a", "z"}
    names = [each.name for each in codebook.variables([(1, found)])]
    assert {"score.a", "score.b", "score.other", "why.other"} <= set(names)


def test_renamed_and_moved_things_keep_their_keys():
    before = survey([used()], looped(SCORE))
    turned = {**used(), "choices": [{**each, "label": "New"} for each in reversed(BRANDS)]}
    after = survey([turned], looped(SCORE))
    assert [each.key for each in unrolled(after).questions[1:]] == [
        "score.other",
        "score.b",
        "score.a",
    ]
    assert kept(after, {"used": ["a"], "score.a": 3}) == kept(before, {"used": ["a"], "score.a": 3})


def texts(definition, answers, place):
    compiled = Compiled(definition)
    page = asking.ask(
        compiled, place, compiled.clean_all(answers, partial=True).answers, Context()
    ).page
    return page.title, page.questions[0].text


def test_words_name_the_thing_its_fields_and_what_was_typed():
    items = [{"key": "a", "fields": {"price": "5 €"}}]
    page = {"title": "{{_loop.number}}: {{_loop.text}} for {{_loop.price|nothing}}"}
    found = survey([used()], looped(SCORE, items=items, page=page))
    given = {"used": ["a", "b", "other"], "used.other.text": "Zoo"}
    assert texts(found, given, 1) == ("1: Aqua for 5 €", "How is Aqua?")
    assert texts(found, given, 2) == ("2: Bolt for nothing", "How is Bolt?")
    assert texts(found, given, 3) == ("3: Zoo for nothing", "How is Zoo?")


def test_entries_are_named_by_what_was_answered_of_them():
    kids = {**entries(words("name"), number("age")), "key": "used"}
    school = words("school", text="School of {{_loop.name}}?", show_if="_loop.age >= 6")
    found = survey([kids], looped(school, page={"title": "{{_loop.text}}"}))
    given = {"used": [{"name": "Ada", "age": 8}, {"name": "Bo", "age": 3}]}
    assert asked(found, given)[1:] == ["each.1"]
    assert texts(found, given, 1) == ("Ada", "School of Ada?")


def test_a_list_of_its_own_and_its_logic():
    items = [
        {"key": "s", "label": "Small", "fields": {"size": "1"}},
        {"key": "l", "label": "Large"},
    ]
    loop = {"over": "", "items": items}
    page = {"show_if": '_loop.key != "l" or is_answered(first)'}
    found = survey(
        [words("first")],
        looped(
            words("w", show_if='_loop.size == "1"'), words("v"), page=page, **{**loop, "over": None}
        ),
    )
    assert asked(found, {}) == ["page_1", "each.s"]
    assert shown(found, {"first": "x"}) == [["first"], ["w.s", "v.s"], ["v.l"]]


def test_a_block_goes_through_all_of_its_pages_about_one_thing_before_the_next():
    found = survey(
        [used()],
        {"key": "one", "block": "rate", "questions": [SCORE], "skips": [{"to": "end", "when": "score == 1"}]},
        {"key": "two", "block": "rate", "questions": [WHY]},
        [words("z")],
        blocks=[{"key": "rate", "loop": {"over": "used"}}],
    )  # fmt: skip
    given = {"used": ["a", "b"], "score.a": 2, "score.b": 2}
    assert asked(found, given) == ["page_1", "one.a", "two.a", "one.b", "two.b", "page_4"]
    assert asked(found, {**given, "score.a": 1}) == ["page_1", "one.a"]


def test_a_skip_leads_to_a_loop_and_within_a_turn():
    found = survey(
        {"questions": [used(), words("go")], "skips": [{"to": "one", "when": 'go == "x"'}]},
        [words("between")],
        {"key": "one", "block": "b", "questions": [SCORE], "skips": [{"to": "three", "when": "score == 1"}]},
        {"key": "two", "block": "b", "questions": [words("w")]},
        {"key": "three", "block": "b", "questions": [words("v")]},
        blocks=[{"key": "b", "loop": {"over": "used"}}],
    )  # fmt: skip
    given = {"used": ["b", "other"], "go": "x", "score.b": 1, "score.other": 5}
    assert asked(found, given) == [
        "page_1", "one.b", "three.b", "one.other", "two.other", "three.other",
    ]  # fmt: skip


def test_turns_are_drawn_and_bounded():
    found = survey([used()], looped(SCORE, WHY, order="random", most=2), [words("z")])
    given = {"used": ["a", "b", "other"]}
    ways = {tuple(asked(found, given, seed=str(seed))) for seed in range(40)}
    assert len(ways) == 6
    assert {len(way) for way in ways} == {4}
    assert asked(found, given, seed="7") == asked(found, given, seed="7")


def test_a_random_order_of_pages_keeps_turns_together():
    found = survey(
        [used()],
        {"key": "one", "block": "b", "questions": [SCORE]},
        {"key": "two", "block": "b", "questions": [words("w")]},
        blocks=[{"key": "b", "loop": {"over": "used"}, "page_order": "random"}],
    )
    ways = {tuple(asked(found, {"used": ["a", "b"]}, seed=str(seed))) for seed in range(30)}
    assert {tuple(key.partition(".")[2] for key in way[1:]) for way in ways} == {
        ("a", "a", "b", "b")
    }
    assert len(ways) == 4


@pytest.mark.parametrize(
    ("loop", "path"),
    [
        ({"over": "nobody"}, "pages[1].loop.over"),
        ({"over": "w"}, "pages[1].loop.over"),
        ({"over": "n"}, "pages[1].loop.most"),
        ({"over": None}, "pages[1].loop"),
        ({"over": None, "items": [{"key": "x"}]}, "pages[1].loop.items"),
        ({"items": [{"key": "zz", "label": "?"}]}, "pages[1].loop.items[0].key"),
        ({"items": [{"key": "a", "fields": {"text": "?"}}]}, "pages[1].loop.items[0].fields.text"),
        ({"which": "some"}, "pages[1].loop.which"),
        ({"over": "score"}, "pages[1].loop.over"),
    ],
)
def test_what_cannot_be_a_loop_is_refused(loop, path):
    with pytest.raises(DefinitionError) as refused:
        survey([used(), words("w"), number("n")], looped(SCORE, **loop))
    assert path in {each.path for each in refused.value.problems}


def test_loops_do_not_stand_in_loops():
    inner = {**looped(SCORE), "block": "b"}
    with pytest.raises(DefinitionError):
        survey([used()], inner, blocks=[{"key": "b", "loop": {"over": "used"}}])
    with pytest.raises(DefinitionError):
        survey([used()], looped(choice("again", "ab")), looped(SCORE, key="more", over="again"))


def test_it_is_written_as_it_was_read():
    items = [{"key": "a", "fields": {"price": "5"}}]
    found = survey([used()], looped(SCORE, items=items, order="random", most=2), title="T")
    assert load(dump(found)) == found
    assert dump(found)["pages"][1]["loop"] == {
        "over": "used", "items": items, "order": "random", "most": 2,
    }  # fmt: skip


def test_the_proof_says_where_it_is_written():
    show = words("w", show_if='_loop.key == "a"')
    never = words("v", show_if="score == 9 and is_answered(nobody)")
    found = survey([used()], looped(SCORE, show, never), [words("z", text="{{score.a}} {{score}}")])
    assert {(each.code, each.path) for each in prove(found) if each.level != "note"} == {
        ("unknown_reference", "pages[1].questions[2].show_if"),
        ("contradiction", "pages[1].questions[2].show_if"),
        ("outside_scale", "pages[1].questions[2].show_if"),
        ("unknown_pipe", "pages[2].questions[0].text"),
    }
    assert errors(survey([used()], looped(SCORE, WHY))) == {}


def test_things_of_a_list_are_translated():
    items = [{"key": "s", "label": "Small", "fields": {"note": "A cup"}}]
    page = looped(words("w", text="{{_loop.text}}: {{_loop.note}}"), over=None, items=items)
    german = {"pages.each.loop.s": "Klein", "w.text": "{{_loop.text}}, {{_loop.note}}"}
    found = survey(page, translations={"de": german})
    assert untranslated(found, "de") == ("title", "pages.each.loop.s.note")
    page = asking.ask(Compiled(found).speaking("de"), 0, {}, Context()).page
    assert page.questions[0].text == "Klein, A cup"


def test_respondents_walk_through_loops():
    found = survey([used()], looped(SCORE, WHY, order="random", most=2), [words("z")])
    walked = simulate(found, 60)
    assert (walked.disagreements, walked.dead_ends) == ((), ())
    assert walked.page_count.most == 4
