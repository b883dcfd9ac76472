"""Every finding of the proof: a survey that has it, and one nearly the same that has not."""

from __future__ import annotations

import pytest

from surveys import library
from surveys.definition import Definition, load
from surveys.proof import errors, prove


def survey(*pages, **more) -> Definition:
    listed = [page if isinstance(page, dict) else {"questions": page} for page in pages]
    return load({"title": "T", "language": "en", "thank_you": "Bye", "pages": listed, **more})


def ask(key, kind="short_text", **more):
    return {"key": key, "kind": kind, "text": key, **more}


def nps(**more):
    return ask("nps", "nps", **more)


def choice(key, choices="abc", kind="single_choice", **more):
    listed = [
        each if isinstance(each, dict) else {"key": each, "label": each.upper()} for each in choices
    ]
    return ask(key, kind, choices=listed, **more)


def offered(key, when):
    return {"key": key, "label": key, "show_if": when}


def arm(*pages, **more):
    """Two blocks in a random order."""
    blocks = [{"key": "x", "randomizer": "r"}, {"key": "y", "randomizer": "r"}]
    listed = [{"block": key, "questions": page} for key, page in zip("xy", pages, strict=True)]
    return survey(*listed, blocks=blocks, randomizers=[{"key": "r"}], **more)


def page(*questions, **more):
    return {"questions": list(questions), **more}


def out(**more):
    return [{"key": "out", "text": "Sorry", "is_screen_out": True, **more}]


def mixed_up(order):
    first = choice("a", choices="xy")
    return survey(
        [ask("first")],
        page(first, ask("b", show_if='a == "x"'), question_order=order),
    )


Q1 = "pages[1].questions[0]"
TABLE = [
    # code, level, path, has it, has it not
    (
        "unresolved", "error", "unresolved[0]",
        survey([nps()], unresolved=[{"path": "q1", "text": "a + b", "reason": "No such function."}]),
        survey([nps()]),
    ),
    (
        "unknown_reference", "error", f"{Q1}.show_if",
        survey([nps()], [ask("a", show_if="npss > 3")]),
        survey([nps()], [ask("a", show_if="nps > 3")]),
    ),
    (
        "unknown_reference", "error", f"{Q1}.show_if",
        survey([nps()], [ask("a", show_if='_data.tear == "x"')], data=[{"key": "tier"}]),
        survey([nps()], [ask("a", show_if='_data.tier == "x"')], data=[{"key": "tier"}]),
    ),
    (
        "unknown_reference", "error", f"{Q1}.show_if",
        survey([ask("m", "matrix_rating", rows=[offered("r", None)])], [ask("a", show_if="m.s > 3")]),
        survey([ask("m", "matrix_rating", rows=[offered("r", None)])], [ask("a", show_if="m.r > 3")]),
    ),
    (
        "unknown_reference", "error", f"{Q1}.show_if",
        survey([choice("q")], [ask("a", show_if='_text.q.a == "x"')]),
        survey([choice("q", [{"key": "a", "label": "A", "takes_text": True}, "b"])],
               [ask("a", show_if='_text.q.a == "x"')]),
    ),
    (
        "unknown_choice", "error", f"{Q1}.show_if",
        survey([choice("q")], [ask("a", show_if='q == "a" or q == "z"')]),
        survey([choice("q")], [ask("a", show_if='q == "a" or q == "b"')]),
    ),
    (
        "unknown_choice", "error", f"{Q1}.show_if",
        survey([choice("q", kind="multiple_choice")], [ask("a", show_if='any_of(q, ["a", "z"])')]),
        survey([choice("q", kind="multiple_choice")], [ask("a", show_if='any_of(q, ["a", "b"])')]),
    ),
    (
        "unknown_choice", "error", f"{Q1}.show_if",
        survey([choice("q", kind="multiple_choice")], [ask("a", show_if='"z" in q or "a" in q')]),
        survey([choice("q", kind="multiple_choice")], [ask("a", show_if='"b" in q or "a" in q')]),
    ),
    (
        "unknown_choice", "error", f"{Q1}.show_if",
        survey([nps()], [ask("a", show_if='_language == "fr" or nps > 3')]),
        survey([nps()], [ask("a", show_if='_language == "fr" or nps > 3')], translations={"fr": {}}),
    ),
    (
        "unknown_choice", "error", f"{Q1}.show_if",
        survey([nps()], [ask("a", show_if='_data.arm == "z" or nps > 3')],
               data=[{"key": "arm", "source": "random", "choices": ["x", "y"]}]),
        survey([nps()], [ask("a", show_if='_data.arm == "x" or nps > 3')],
               data=[{"key": "arm", "source": "random", "choices": ["x", "y"]}]),
    ),
    (
        "outside_scale", "warning", f"{Q1}.show_if",
        survey([nps()], [ask("a", show_if="nps == 11 or nps == 3")]),
        survey([nps()], [ask("a", show_if="nps == 10 or nps == 3")]),
    ),
    (
        "later_reference", "error", "pages[0].questions[0].show_if",
        survey([ask("a", show_if="nps > 3")], [nps()]),
        survey([nps(), ask("a", show_if="nps > 3")]),
    ),
    (
        "later_reference", "error", "pages[0].questions[0].show_if",
        survey([ask("a", show_if="nps > 3"), nps()]),
        survey([nps(), ask("a", show_if="nps > 3")]),
    ),
    (
        "later_reference", "error", "pages[0].show_if",
        survey(page(nps(), show_if="nps > 3"), [ask("a")]),
        survey([nps()], page(ask("a"), show_if="nps > 3")),
    ),
    (
        "later_reference", "error", "pages[0].skips[0].when",
        survey(page(ask("a"), skips=[{"to": "end", "when": "nps > 3"}]), [nps()]),
        survey(page(nps(), skips=[{"to": "end", "when": "nps > 3"}]), [ask("a")]),
    ),
    (
        "own_answer", "error", "pages[0].questions[0].show_if",
        survey([nps(show_if="nps > 3")]),
        survey([nps(required_if="nps > 3")]),
    ),
    (
        "circular_value", "error", "pages[0].questions[1].value",
        survey([nps(), ask("v", "calculated", value="v + nps")]),
        survey([nps(), ask("v", "calculated", value="nps + 1")]),
    ),
    (
        "later_value", "error", "pages[0].questions[0].value",
        survey([ask("v", "calculated", value="nps + 1"), nps()]),
        survey([nps(), ask("v", "calculated", value="nps + 1")]),
    ),
    (
        "circular_value", "error", "data[0].value",
        survey([nps()], data=[{"key": "a", "source": "value", "value": "_data.b + 1"},
                              {"key": "b", "source": "value", "value": "1"}]),
        survey([nps()], data=[{"key": "b", "source": "value", "value": "1"},
                              {"key": "a", "source": "value", "value": "_data.b + 1"}]),
    ),
    (
        "contradiction", "error", f"{Q1}.show_if",
        survey([nps()], [ask("a", show_if="nps > 6 and nps < 7")]),
        survey([ask("n", "number", settings={"decimals": 1})], [ask("a", show_if="n > 6 and n < 7")]),
    ),
    (
        "contradiction", "error", f"{Q1}.show_if",
        survey([ask("n", "number")], [ask("a", show_if="n > 6 and n < 7")]),
        survey([ask("n", "number")], [ask("a", show_if="n > 6 and n < 8")]),
    ),
    (
        "contradiction", "error", f"{Q1}.show_if",
        survey([choice("q")], [ask("a", show_if='q == "a" and q == "b"')]),
        survey([choice("q")], [ask("a", show_if='q == "a" or q == "b"')]),
    ),
    (
        "contradiction", "error", f"{Q1}.show_if",
        survey([choice("q", is_required=True)], [ask("a", show_if='none_of(q, ["a", "b", "c"])')]),
        survey([choice("q")], [ask("a", show_if='none_of(q, ["a", "b", "c"])')]),
    ),
    (
        "contradiction", "error", f"{Q1}.show_if",
        survey([choice("q", [*"abcdefghi", "k"], "multiple_choice")],
               [ask("a", show_if='"k" in q and none_of(q, ["k"])')]),
        survey([choice("q", [*"abcdefghi", "k"], "multiple_choice")],
               [ask("a", show_if='"k" in q and none_of(q, ["a"])')]),
    ),
    (
        "contradiction", "error", f"{Q1}.show_if",
        survey([ask("w")], [ask("a", show_if='w == "x" and w == "y"')]),
        survey([ask("w")], [ask("a", show_if='w == "x" or w == "y"')]),
    ),
    (
        "contradiction", "error", f"{Q1}.show_if",
        survey([ask("d", "date")], [ask("a", show_if='d > "2026-01-01" and d < "2026-01-02"')]),
        survey([ask("d", "date")], [ask("a", show_if='d > "2026-01-01" and d < "2026-01-03"')]),
    ),
    (
        "contradiction", "error", f"{Q1}.show_if",
        survey([ask("x", "number"), ask("y", "number")], [ask("a", show_if="x > y and not (x > y)")]),
        survey([ask("x", "number"), ask("y", "number")], [ask("a", show_if="x > y and not (y > x)")]),
    ),
    (
        "switched_off", "warning", f"{Q1}.show_if",
        survey([nps()], [ask("a", show_if=False)]),
        survey([nps()], [ask("a")]),
    ),
    (
        "always_true", "warning", f"{Q1}.show_if",
        survey([nps(is_required=True)], [ask("a", show_if="nps <= 6 or nps > 6")]),
        survey([nps(is_required=True)], [ask("a", show_if="nps <= 6 or nps > 7")]),
    ),
    (
        "unreachable_page", "error", "pages[1]",
        survey(page(nps(), skips=[{"to": "end"}]), [ask("a")]),
        survey(page(nps(), skips=[{"to": "end", "when": "nps > 6"}]), [ask("a")]),
    ),
    (
        "unreachable_page", "error", "pages[1]",
        survey(page(nps(is_required=True), skips=[{"to": "three", "when": "nps > 6"},
                                                  {"to": "end", "when": "nps <= 6"}]),
               [ask("a")], {"key": "three", "questions": [ask("b")]}),
        survey(page(nps(is_required=True), skips=[{"to": "three", "when": "nps > 6"},
                                                  {"to": "end", "when": "nps < 6"}]),
               [ask("a")], {"key": "three", "questions": [ask("b")]}),
    ),
    (
        "unreachable_page", "error", "pages[1]",
        survey([choice("q")], page(ask("a"), block="b", show_if='q == "a"'),
               blocks=[{"key": "b", "show_if": 'q == "b"'}]),
        survey([choice("q")], page(ask("a"), block="b", show_if='q != "a"'),
               blocks=[{"key": "b", "show_if": 'q == "b"'}]),
    ),
    (
        "unreachable_question", "error", Q1,
        survey([choice("q")], page(ask("a", show_if='q == "b"'), ask("b"), show_if='q == "a"')),
        survey([choice("q")], page(ask("a", show_if='q != "b"'), ask("b"), show_if='q == "a"')),
    ),
    (
        "contradiction", "error", "pages[2].questions[0].show_if",
        survey([choice("q")], [choice("r", show_if='q == "a"')],
               [ask("a", show_if='r == "a" and q == "b"')]),
        survey([choice("q")], [choice("r", show_if='q == "a"')],
               [ask("a", show_if='r == "a" or q == "b"')]),
    ),
    (
        "unreachable_choice", "warning", f"{Q1}.choices[1].show_if",
        survey([choice("q")], page(choice("r", ["x", offered("y", 'q == "b"'), "z"]), show_if='q == "a"')),
        survey([choice("q")], page(choice("r", ["x", offered("y", 'q == "b"'), "z"]), show_if='q != "a"')),
    ),
    (
        "unreachable_row", "warning", f"{Q1}.rows[0].show_if",
        survey([choice("q")], page(ask("m", "matrix_rating", rows=[
            offered("r", 'q == "b"'), offered("s", None)]), show_if='q == "a"')),
        survey([choice("q")], page(ask("m", "matrix_rating", rows=[
            offered("r", 'q == "a"'), offered("s", None)]), show_if='q == "a"')),
    ),
    (
        "unreachable_ending", "warning", "endings[1]",
        survey([nps()], endings=[{"key": "a", "text": "A"}, {"key": "b", "text": "B"}]),
        survey([nps()], endings=[{"key": "a", "text": "A", "show_if": "nps > 5"},
                                 {"key": "b", "text": "B"}]),
    ),
    (
        "unreachable_ending", "warning", "endings[0]",
        survey([nps()], endings=out()),
        survey(page(nps(), skips=[{"to": "out", "when": "nps > 3"}]), endings=out()),
    ),
    (
        "dead_skip", "warning", "pages[0].skips[1]",
        survey(page(nps(), skips=[{"to": "end"}, {"to": "p", "when": "nps > 3"}]), {"key": "p", **page(ask("a"))}),
        survey(page(nps(), skips=[{"to": "end", "when": "nps < 3"}, {"to": "p", "when": "nps > 3"}]),
               {"key": "p", **page(ask("a"))}),
    ),
    (
        "loop", "error", "pages[1].skips[0].to",
        survey({"key": "one", **page(nps())}, page(ask("a"), skips=[{"to": "one"}])),
        survey({"key": "one", **page(nps(), skips=[{"to": "two"}])}, {"key": "two", **page(ask("a"))}),
    ),
    (
        "dead_quota", "error", "quotas[0].when",
        survey([nps()], quotas=[{"key": "k", "limit": 5, "when": "nps > 10"}]),
        survey([nps()], quotas=[{"key": "k", "limit": 5, "when": "nps > 9"}]),
    ),
    (
        "overlapping_quotas", "note", "quotas[1].when",
        survey([nps()], quotas=[{"key": "k", "limit": 5, "when": "nps > 5"},
                                {"key": "l", "limit": 5, "when": "nps > 7"}]),
        survey([nps()], quotas=[{"key": "k", "limit": 5, "when": "nps > 5"},
                                {"key": "l", "limit": 5, "when": "nps <= 5"}]),
    ),
    (
        "same_quota", "warning", "quotas[1].when",
        survey([nps()], quotas=[{"key": "k", "limit": 5, "when": "nps > 5"},
                                {"key": "l", "limit": 9, "when": "nps > 5"}]),
        survey([nps()], quotas=[{"key": "k", "limit": 5, "when": "nps > 5"}]),
    ),
    (
        "full_quota", "warning", "quotas[0].limit",
        survey([nps()], quotas=[{"key": "k", "limit": 0, "when": "nps > 5"}]),
        survey([nps()], quotas=[{"key": "k", "limit": 1, "when": "nps > 5"}]),
    ),
    (
        "untranslated", "warning", "translations.de",
        survey([nps()], translations={"de": {"title": "T", "thank_you": "Danke"}}),
        survey([nps()], translations={"de": {"title": "T", "thank_you": "Danke", "nps.text": "Wie?"}}),
    ),
    (
        "missing_end", "warning", "endings[0].text",
        survey(page(nps(), skips=[{"to": "out"}]), endings=out(text="")),
        survey(page(nps(), skips=[{"to": "out"}]), endings=out()),
    ),
    (
        "missing_end", "note", "thank_you",
        survey([nps()], thank_you="", endings=[{"key": "a", "text": "A", "show_if": "nps > 5"}]),
        survey([nps()], thank_you="", endings=[{"key": "a", "text": "A", "show_if": "nps > 5"},
                                               {"key": "b", "text": "B"}]),
    ),
    (
        "redirect", "note", "endings[0].redirect",
        survey([nps()], endings=[{"key": "a", "redirect": "https://example.org/x"}]),
        survey([nps()], endings=[{"key": "a", "text": "A"}]),
    ),
    (
        "open_redirect", "warning", "endings[0].redirect",
        survey([nps()], endings=[{"key": "a", "redirect": "http://example.org/x"}]),
        survey([nps()], endings=[{"key": "a", "redirect": "https://example.org/x"}]),
    ),
    (
        "unknown_pipe", "error", f"{Q1}.text",
        survey([ask("w")], [{"key": "a", "kind": "short_text", "text": "You said {{v}}"}]),
        survey([ask("w")], [{"key": "a", "kind": "short_text", "text": "You said {{w|that}}"}]),
    ),
    (
        "unknown_pipe", "error", "thank_you",
        survey([ask("w")], thank_you="Bye {{_data.nobody}}"),
        survey([ask("w")], thank_you="Bye {{_data.nobody}}", data=[{"key": "nobody"}]),
    ),
    (
        "unknown_pipe", "error", "endings[0].redirect",
        survey([ask("w")], endings=[{"key": "a", "redirect": "https://example.org/{{v}}"}]),
        survey([ask("w")], endings=[{"key": "a", "redirect": "https://example.org/{{w}}"}]),
    ),
    (
        "sensitive_pipe", "warning", "endings[0].redirect",
        survey([ask("w", "email")], endings=[{"key": "a", "redirect": "https://example.org/{{w}}"}]),
        survey([ask("w")], endings=[{"key": "a", "redirect": "https://example.org/{{w}}"}]),
    ),
    (
        "later_pipe", "error", "pages[0].questions[0].help",
        survey([ask("a", help="{{w}}")], [ask("w")]),
        survey([ask("w")], [ask("a", help="{{w}}")]),
    ),
    (
        "same_page_pipe", "warning", "pages[0].questions[1].help",
        survey([ask("w"), ask("a", help="{{w}}")]),
        survey([ask("w")], [ask("a", help="{{w}}")]),
    ),
    (
        "sensitive_pipe", "warning", f"{Q1}.help",
        survey([ask("w", "email")], [ask("a", help="{{w}}")]),
        survey([ask("w")], [ask("a", help="{{w}}")]),
    ),
    (
        "carried_from_hidden", "warning", f"{Q1}.choices_from",
        survey([nps(), choice("q", show_if="nps > 5")], [choice("r", [], choices_from={"question": "q"})]),
        survey([nps(), choice("q", show_if="nps > 5")],
               [choice("r", [], choices_from={"question": "q"}, show_if="nps > 7")]),
    ),
    (
        "no_way_to_answer", "error", "pages[0].questions[0].settings",
        survey([ask("m", "matrix_single", is_required=True, choices=[offered("a", None), offered("b", None)],
                    rows=[offered(each, None) for each in "xyz"], settings={"is_unique": True})]),
        survey([ask("m", "matrix_single", is_required=True, choices=[offered("a", None), offered("b", None)],
                    rows=[offered(each, None) for each in "xy"], settings={"is_unique": True})]),
    ),
    (
        "no_choices", "error", f"{Q1}.choices",
        survey([choice("q")], page(choice("r", [offered("x", 'q == "b"'), offered("y", 'q == "c"')],
                                          is_required=True), show_if='q == "a"')),
        survey([choice("q")], page(choice("r", [offered("x", 'q == "a"'), offered("y", 'q == "c"')],
                                          is_required=True), show_if='q == "a"')),
    ),
    (
        "never_valid", "error", "pages[0].questions[0].checks[0].valid_if",
        survey([ask("n", "number", checks=[{"valid_if": "n > 5 and n < 5"}])]),
        survey([ask("n", "number", checks=[{"valid_if": "n > 5 and n < 9"}])]),
    ),
    (
        "personal_though_anonymous", "warning", "pages[0].questions[0]",
        survey([ask("w", "email")], anonymous=True),
        survey([ask("w", "email")], anonymous=False),
    ),
    (
        "data_though_anonymous", "warning", "data[0]",
        survey([nps()], data=[{"key": "who", "source": "contact", "name": "name"}], anonymous=True),
        survey([nps()], data=[{"key": "tier"}], anonymous=True),
    ),
    (
        "random_reference", "warning", "pages[1].questions[0].show_if",
        arm([nps()], [ask("a", show_if="nps > 3")]),
        survey([nps()], [ask("a", show_if="nps > 3")]),
    ),
    (
        "random_reference", "warning", "pages[1].questions[1].show_if",
        mixed_up("random"), mixed_up("as_given"),
    ),
    (
        "nothing_to_draw", "warning", "randomizers[0]",
        survey([nps()], randomizers=[{"key": "r"}]),
        arm([nps()], [ask("a")]),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "level", "path", "with_it", "without_it"),
    TABLE,
    ids=[f"{number}-{row[0]}" for number, row in enumerate(TABLE)],
)
def test_it_is_found_where_it_is_and_nowhere_else(code, level, path, with_it, without_it):
    found = [each for each in prove(with_it) if each.code == code]
    assert [(each.level, each.path) for each in found] == [(level, path)], found
    assert found[0].message.endswith(".")
    assert not [each for each in prove(without_it) if each.code == code]


def test_the_nearly_same_surveys_can_be_published():
    wrong = {row[0]: errors(row[4]) for row in TABLE if errors(row[4])}
    assert wrong == {}


@pytest.mark.parametrize("name", library.names())
def test_nothing_is_said_against_our_templates(name):
    assert [each for each in prove(library.template(name)) if each.level != "note"] == []


def test_errors_come_first_and_by_their_paths():
    found = prove(survey([nps(), ask("e", "email")], [ask("a", show_if="nps > 10 or nobody > 3")]))
    assert [each.level for each in found] == sorted(
        (each.level for each in found), key=["error", "warning", "note"].index
    )
    kept = errors(survey([nps()], [ask("a", show_if="nobody > 3")]))
    assert list(kept) == [f"{Q1}.show_if"]
    assert "nobody" in kept[f"{Q1}.show_if"]
    assert str(found[0]).startswith(f"{Q1}.show_if (a): ")


def test_a_name_nearly_right_is_proposed():
    (found,) = errors(survey([nps()], [ask("a", show_if="npss > 3")])).values()
    assert "Perhaps nps is meant." in found


def test_logic_that_may_read_anything_is_not_judged():
    (found,) = prove(survey([nps()], [ask("a", show_if={"var": {"cat": ["n", "ps"]}})]))
    assert (found.level, found.code) == ("note", "not_provable")


def test_a_condition_that_may_run_beyond_its_bounds_is_not_called_always_true():
    long = {"cat": [{"var": "w"}] * 3}
    logic = {"or": [{"==": [long, "x"]}, {"!": [{"==": [long, "x"]}]}]}
    assert [
        each.code for each in prove(survey([ask("w", "long_text")], [ask("a", show_if=logic)]))
    ] == []
    plain = {"or": [{"contains": [{"var": "w"}, "x"]}, {"!": [{"contains": [{"var": "w"}, "x"]}]}]}
    assert [each.code for each in prove(survey([ask("w")], [ask("a", show_if=plain)]))] == [
        "always_true"
    ]
