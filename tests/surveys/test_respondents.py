"""Made-up respondents: they answer what is valid, reach what can be reached, and say where nobody can go on."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveys import library
from surveys.respondents import simulate
from surveys.statistics import share
from tests.drawing import many
from tests.surveys import logical_surveys
from tests.surveys.drawn_surveys import definitions
from tests.surveys.test_proof import ask, choice, nps, page, survey


@pytest.mark.parametrize("name", library.names())
def test_every_template_is_walked_to_its_end(name):
    found = simulate(library.template(name), 40, 1)
    assert found.endings == {"": 40}
    assert found.never_reached == found.dead_ends == found.disagreements == ()
    assert 0 < found.minutes.least <= found.minutes.middle <= found.minutes.most


def test_the_same_seed_gives_the_same_people_and_another_others():
    definition = logical_surveys.survey(4)
    assert simulate(definition, 50, 7) == simulate(definition, 50, 7)
    assert simulate(definition, 50, 7) != simulate(definition, 50, 8)


def test_reach_has_its_share_and_interval():
    definition = survey([nps(is_required=True)], [ask("low", show_if="nps <= 4")], [ask("all")])
    found = simulate(definition, 600, 3)
    low = next(each for each in found.questions if each.key == "low")
    assert low.share == share(low.met, 600)
    assert low.share.method == "Wilson"
    # Five of eleven points lead there.
    assert low.share.low < 5 / 11 < low.share.high
    assert [each.met for each in found.pages] == [600, low.met, 600]
    assert (found.page_count.least, found.page_count.most) == (2, 3)


def test_endings_quotas_and_what_nobody_reaches_are_told():
    definition = survey(
        page(choice("q", "ab", is_required=True), skips=[{"to": "out", "when": 'q == "b"'}]),
        [ask("x"), ask("never", show_if='q == "b"')],
        endings=[
            {"key": "out", "is_screen_out": True, "text": "Sorry"},
            {"key": "done", "text": "Bye"},
        ],
        quotas=[{"key": "as", "limit": 10, "when": 'q == "a"'}],
    )
    found = simulate(definition, 300, 1)
    assert found.endings["out"] + found.endings["done"] == 300
    assert found.quotas == {"as": found.endings["done"]}
    assert min(found.endings.values()) > 100
    assert found.never_reached == ("never",)


def test_a_page_nobody_can_leave_is_a_dead_end():
    check = {"valid_if": "n > 5 and n < 5", "message": "No"}
    definition = survey([ask("n", "number", is_required=True, checks=[check])], [ask("x")])
    found = simulate(definition, 20, 1)
    (dead,) = found.dead_ends
    assert (dead.page, dead.walks, dict(dead.codes)) == ("page_1", 20, {"n": "check"})
    assert found.never_reached == ("x",)
    assert found.endings == {}


def test_questions_brought_up_by_answers_of_their_page_are_answered_too():
    definition = survey(
        [choice("a", "xy", is_required=True), ask("b", show_if='a == "x"', is_required=True)]
    )
    found = simulate(definition, 100, 1)
    assert found.dead_ends == ()
    assert 20 < found.questions[1].met < 80


def test_random_blocks_are_reached_evenly():
    blocks = [{"key": each, "randomizer": "r"} for each in "xyz"]
    pages = [page(ask(f"q{each}"), block=each) for each in "xyz"]
    definition = survey(*pages, blocks=blocks, randomizers=[{"key": "r", "show": 1}])
    found = simulate(definition, 300, 1)
    assert sum(each.met for each in found.questions) == 300
    assert min(each.met for each in found.questions) > 70


@settings(max_examples=many(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions, st.integers(0, 99))
def test_all_kinds_are_answered_and_read_the_same_either_way(definition, seed):
    found = simulate(definition, 4, seed)
    assert found.disagreements == ()
    assert [each for each in found.dead_ends if each.walks == 4] == []


@pytest.mark.parametrize("seed", range(12))
def test_logic_is_read_the_same_page_by_page_and_as_a_whole(seed):
    found = simulate(logical_surveys.survey(seed), 60, seed)
    assert found.disagreements == ()
    assert found.dead_ends == ()


def test_nobody_is_a_walk_too():
    found = simulate(survey([nps()]), 0)
    assert found.n == 0
    assert found.questions[0].share.value is None
